/*
 * The machine that renders: its state, and what every part of it uses. One render, one thread, no globals;
 * all memory is the caller's arena.
 *
 *   vm.c  the instructions       call.c  what can be called        ops.c   operators
 *   attr.c  x.y, x[y], x[a:b]    iter.c  what can be looped over   text.c  str() and repr()
 */
#ifndef RENDER_VM_H
#define RENDER_VM_H

#include "code.h"
#include "member.h"

/* The same pointer, for who knows that what it points to is its own to change. */
static inline void *own(const void *pointer)
{
    void *same;
    memcpy(&same, &pointer, sizeof same);
    return same;
}

/* ---- Text under construction -------------------------------------------------------------------- */

struct vm;

/* A growing text in the render's arena. A failure sticks, and is reported by writer_end(). */
struct writer {
    struct vm *vm;
    char *data;
    size_t len, cap;
    enum status status;
};

void writer_begin(struct writer *w, struct vm *vm);
/* Room for `len` more bytes, which the caller fills and adds to w->len; NULL when there is none. */
char *writer_grow(struct writer *w, size_t len);
static inline void writer_add(struct writer *w, const char *bytes, size_t len)
{
    char *to = len <= w->cap - w->len ? w->data + w->len : writer_grow(w, len);
    if (to && len) {
        memcpy(to, bytes, len);
        w->len += len;
    }
}
static inline void writer_str(struct writer *w, struct str s)
{
    writer_add(w, s.ptr, s.len);
}
static inline void writer_text(struct writer *w, const char *s)
{
    writer_add(w, s, strlen(s));
}
static inline void writer_char(struct writer *w, char c)
{
    writer_add(w, &c, 1);
}
void writer_repeat(struct writer *w, struct str s, uint64_t times);
void writer_code_point(struct writer *w, uint32_t c);
/* The text so far as a string; fails with what failed. */
enum status writer_end(struct writer *w, struct value *out) MUST_CHECK;

/* ---- The machine -------------------------------------------------------------------------------- */

/* What a template's names are looked up in: variables that were set, then the maps of the scope. */
struct context {
    struct thing_map *variables; /* set at the top level; NULL until one is */
    const struct scope *scope;
    struct block_stack *blocks; /* by inheritance, the youngest first */
};

/* One name's blocks: the one that is shown and those that super() goes to. */
struct block_stack {
    struct str name;
    const struct template *t;
    const struct code *code;
    struct block_stack *super; /* the parent's */
    struct block_stack *next;  /* of another name */
};

struct frame {
    const struct template *t;
    const struct code *code;
    struct value *slots;
    const struct frame *outer;  /* of the function that this one is written in; NULL if none */
    const struct frame *caller; /* who runs it; for messages */
    struct context *context;
    const struct block_stack *block; /* that this is, for super() */
    uint32_t loop_depth;             /* of a recursive loop */
    const struct template *parent;   /* what {% extends %} named; NULL if there was none */
};

struct vm {
    const struct render_inputs *inputs;
    struct arena *arena;
    struct error *err;
    uint64_t steps, max_steps; /* left, and altogether */
    size_t max_output;
    uint32_t max_digits, max_depth, depth;
    bool autoescape;
    bool mutates; /* lists and maps are made changeable where they are met */
    enum undefined_mode undefined;
    bool refuses_undefined; /* in what an expression gives, and in parts of it */
    struct writer out;
    struct capture *captures; /* of the running function, innermost first */
    struct frame *frame;
    uint64_t random;
    struct thing_map *changeable; /* of the context's values, those that were made so, by name */
    struct module_entry *modules; /* imported without context */
};

/* Counts work; fails with STATUS_LIMIT when there was too much. */
enum status vm_out_of_steps(struct vm *vm);
static inline enum status vm_tick(struct vm *vm, uint64_t steps)
{
    if (vm->steps < steps)
        return vm_out_of_steps(vm);
    vm->steps -= steps;
    return STATUS_OK;
}
enum status vm_no_memory(struct vm *vm, const char *what);
/* A RUNTIME error with Python's words. */
enum status vm_fail(struct vm *vm, const char *fmt, ...) PRINTF_LIKE(2, 3);
enum status vm_limit(struct vm *vm, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* One level of recursion deeper (of values, calls or includes); vm_leave() is the way back. */
enum { VM_MAX_VALUE_DEPTH = 128 };

static inline void *vm_alloc(struct vm *vm, size_t size)
{
    return arena_alloc(vm->arena, size);
}
/* A string that borrows nothing. */
enum status vm_string(struct vm *vm, struct str s, struct value *out) MUST_CHECK;
enum status vm_printf(struct vm *vm, struct value *out, const char *fmt, ...) PRINTF_LIKE(3, 4) MUST_CHECK;

/* Runs a function with the slots that the frame has; *out is the value of an expression. */
enum status vm_run(struct vm *vm, struct frame *f, struct value *out) MUST_CHECK;
/* A frame with zeroed slots, in the arena. */
enum status vm_new_frame(struct vm *vm, const struct template *t, const struct code *code,
                         struct frame **out) MUST_CHECK;
/* Runs a function whose output is its value: a macro's body, a block. The autoescape flag decides the mark.
 */
enum status vm_run_captured(struct vm *vm, struct frame *f, struct value *out) MUST_CHECK;
/* The value of a name: context, then globals, else undefined. */
enum status vm_resolve(struct vm *vm, struct context *context, const struct value *name,
                       struct value *out) MUST_CHECK;
/* From here output is collected; capture_end() gives it. */
enum status capture_begin(struct vm *vm) MUST_CHECK;
enum status capture_end(struct vm *vm, struct value *out) MUST_CHECK;
/* Writes as {{ }} does. */
enum status vm_output(struct vm *vm, struct value v) MUST_CHECK;

/* ---- Undefined ---------------------------------------------------------------------------------- */

/* value.extra of VALUE_UNDEFINED. */
enum undefined_kind {
    UNDEFINED_ABSENT = 0, /* no argument; a slot that was not looked up yet */
    UNDEFINED_MISSING,    /* a slot that nothing was stored in */
    UNDEFINED_NAME,       /* u.object: the name */
    UNDEFINED_ATTRIBUTE,  /* u.object: {the object's type, the name} */
    UNDEFINED_ITEM,       /* u.object: the same */
    UNDEFINED_HINT,       /* u.object: the message */
    UNDEFINED_LENIENT,    /* the same, of an if without else: as by default in every mode */
};
struct undefined_member {
    struct value of; /* what has no such member */
    struct value name;
};
static inline bool is_undefined(struct value v)
{
    return v.type == VALUE_UNDEFINED;
}
static inline bool is_given(struct value v)
{
    return v.type != VALUE_UNDEFINED || v.extra != UNDEFINED_ABSENT;
}
struct value undefined_name(const struct value *name);
enum status undefined_member(struct vm *vm, enum undefined_kind kind, struct value of, struct value name,
                             struct value *out) MUST_CHECK;
enum status undefined_hint(struct vm *vm, struct value *out, const char *fmt, ...)
    PRINTF_LIKE(3, 4) MUST_CHECK;
/* STATUS_UNDEFINED with the message, the names in scope and the nearest of them. */
enum status undefined_fail(struct vm *vm, struct value v);
static inline bool undefined_is_strict(const struct vm *vm, struct value v)
{
    return vm->undefined == UNDEFINED_STRICT && is_undefined(v) && v.extra != UNDEFINED_LENIENT;
}
/* What strict mode does not allow: printing, looping, testing. */
static inline enum status undefined_strict(struct vm *vm, struct value v)
{
    return undefined_is_strict(vm, v) ? undefined_fail(vm, v) : STATUS_OK;
}

/* ---- Operators ---------------------------------------------------------------------------------- */

/* What Python calls the type. */
const char *type_name(struct value v);
/* What Jinja calls the object of a missing attribute: "dict object", "None". */
const char *object_name(struct value v);

enum status op_truth(struct vm *vm, struct value v, bool *out) MUST_CHECK;
enum status op_binary(struct vm *vm, enum op op, struct value x, struct value y,
                      struct value *out) MUST_CHECK;
enum status op_equal(struct vm *vm, struct value x, struct value y, bool *out) MUST_CHECK;
enum compare { COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };
enum status op_compare(struct vm *vm, enum compare how, struct value x, struct value y, bool *out) MUST_CHECK;
enum status op_contains(struct vm *vm, struct value x, struct value in, bool *out) MUST_CHECK;
enum status op_negate(struct vm *vm, struct value v, bool plus, struct value *out) MUST_CHECK;
enum status op_concat(struct vm *vm, const struct value *values, uint32_t count,
                      struct value *out) MUST_CHECK;
/* Fails unless the value may be a key. */
enum status op_hashable(struct vm *vm, struct value v) MUST_CHECK;
/* An index or count: an integer that fits; `what` for messages. */
enum status op_index(struct vm *vm, struct value v, int64_t *out) MUST_CHECK;

/* value.extra of a tuple that groupby made: it has the attributes grouper and list. */
enum { VALUE_EXTRA_GROUP = 1 };

enum status attr_get(struct vm *vm, struct value of, const struct value *name, enum member member,
                     struct value *out) MUST_CHECK;
enum status attr_item(struct vm *vm, struct value of, struct value key, struct value *out) MUST_CHECK;
enum status attr_slice(struct vm *vm, struct value of, const struct value parts[3],
                       struct value *out) MUST_CHECK;
/* What the attribute filter and map(attribute=…) do: items first, "a.b.0" by parts. */
enum status attr_path(struct vm *vm, struct value of, struct value path, struct value *out) MUST_CHECK;

/* ---- Text --------------------------------------------------------------------------------------- */

enum status text_str(struct writer *w, struct value v) MUST_CHECK;
enum status text_repr(struct writer *w, struct value v) MUST_CHECK;
/* repr() with escapes for what is not ASCII. */
enum status text_repr_ascii(struct writer *w, struct value v) MUST_CHECK;
void text_repr_string(struct writer *w, struct str s);
/* & < > ' " as Markup.escape() writes them. */
void text_escape(struct writer *w, struct str s);
/* str() as a string value; strings as they are, flags too. */
enum status text_of(struct vm *vm, struct value v, struct value *out) MUST_CHECK;
/* Whether a value says itself how it looks in HTML: Markup, a template's module, and what is undefined but
 * chainable. */
bool text_is_html(const struct vm *vm, struct value v);
/* escape(): the text as safe HTML. */
enum status text_escaped(struct vm *vm, struct value v, struct value *out) MUST_CHECK;
/* Lower case if it is text: what sort, unique, … compare unless they are case sensitive. */
enum status text_ignore_case(struct vm *vm, struct value v, struct value *out) MUST_CHECK;
/* Characters. */
size_t text_length(struct str s);
/* `indent`: what each level is moved by; NULL: all on one line. */
enum status text_json(struct vm *vm, struct value v, const struct str *indent, struct value *out) MUST_CHECK;
enum status text_pretty(struct vm *vm, struct value v, struct value *out) MUST_CHECK;

#endif
