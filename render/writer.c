/* Text under construction, in the render's arena. */
#include "core/utf8.h"
#include "vm.h"

enum { WRITER_FIRST = 128 };

void writer_begin(struct writer *w, struct vm *vm)
{
    *w = (struct writer){.vm = vm, .data = (char *)own(""), .status = STATUS_OK};
}

char *writer_grow(struct writer *w, size_t len)
{
    struct vm *vm = w->vm;
    if (w->status != STATUS_OK)
        return NULL;
    if (len <= w->cap - w->len)
        return w->data + w->len;
    if (len > vm->max_output || w->len > vm->max_output - len) {
        w->status =
            vm_limit(vm, "a text of more than %zu bytes, the limit of a render's output", vm->max_output);
        return NULL;
    }
    size_t need = w->len + len, cap = w->cap ? w->cap * 2 : WRITER_FIRST;
    cap = cap < need ? need : cap;
    if (w->cap && arena_extend(vm->arena, w->data, w->cap, cap)) {
        w->cap = cap;
        return w->data + w->len;
    }
    char *data = (char *)vm_alloc(vm, cap);
    if (!data) {
        w->status = vm_no_memory(vm, "a text");
        return NULL;
    }
    if (w->len)
        memcpy(data, w->data, w->len);
    w->data = data;
    w->cap = cap;
    return w->data + w->len;
}

void writer_repeat(struct writer *w, struct str s, uint64_t times)
{
    if (s.len == 0 || times == 0)
        return;
    if (times > SIZE_MAX / s.len) {
        writer_grow(w, SIZE_MAX);
        return;
    }
    char *to = writer_grow(w, s.len * times);
    if (!to)
        return;
    if (s.len == 1) {
        memset(to, s.ptr[0], times);
    } else {
        for (uint64_t i = 0; i < times; i++)
            memcpy(to + i * s.len, s.ptr, s.len);
    }
    w->len += s.len * times;
}

void writer_code_point(struct writer *w, uint32_t c)
{
    char *to = writer_grow(w, 4);
    if (to)
        w->len += utf8_put(to, c);
}

enum status writer_end(struct writer *w, struct value *out)
{
    *out = value_str((struct str){w->data, w->len});
    return w->status;
}

/* ---- Captures ----------------------------------------------------------------------------------- */

struct capture {
    struct writer outer;
    struct capture *up;
};

enum status capture_begin(struct vm *vm)
{
    struct capture *c = (struct capture *)vm_alloc(vm, sizeof *c);
    if (!c)
        return vm_no_memory(vm, "collected output");
    *c = (struct capture){vm->out, vm->captures};
    vm->captures = c;
    writer_begin(&vm->out, vm);
    return STATUS_OK;
}

enum status capture_end(struct vm *vm, struct value *out)
{
    struct capture *c = vm->captures;
    struct writer inner = vm->out;
    vm->out = c->outer;
    vm->captures = c->up;
    return writer_end(&inner, out);
}
