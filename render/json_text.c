/* tojson: json.dumps with sorted keys, ASCII only, and safe inside HTML. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/utf8.h"
#include "sort.h"
#include "thing.h"

struct json_writer {
    struct vm *vm;
    struct writer w;
    const struct str *indent; /* NULL: all on one line */
};

static enum status write(struct json_writer *j, struct value v, uint32_t depth);

static void write_string(struct json_writer *j, struct str s)
{
    char text[16];
    writer_char(&j->w, '"');
    for (size_t at = 0; at < s.len;) {
        size_t start = at;
        int32_t c = utf8_next(s, &at);
        const char *simple = c == '"'    ? "\\\""
                             : c == '\\' ? "\\\\"
                             : c == '\n' ? "\\n"
                             : c == '\r' ? "\\r"
                             : c == '\t' ? "\\t"
                             : c == '\b' ? "\\b"
                             : c == '\f' ? "\\f"
                                         : NULL;
        at += c < 0;
        if (simple) {
            writer_text(&j->w, simple);
        } else if (c >= 0x20 && c < 0x7f && !strchr("<>&'", c)) {
            writer_add(&j->w, s.ptr + start, 1);
        } else if (c < 0x10000) {
            snprintf(text, sizeof text, "\\u%04x", c < 0 ? 0xfffdu : (unsigned)c);
            writer_text(&j->w, text);
        } else {
            unsigned rest = (unsigned)c - 0x10000;
            snprintf(text, sizeof text, "\\u%04x\\u%04x", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
            writer_text(&j->w, text);
        }
    }
    writer_char(&j->w, '"');
}

static void write_float(struct json_writer *j, double f)
{
    char text[32];
    if (isfinite(f))
        writer_add(&j->w, text, float_format(f, text));
    else
        writer_text(&j->w, isnan(f) ? "NaN" : f > 0 ? "Infinity" : "-Infinity");
}

static void new_line(struct json_writer *j, uint32_t depth)
{
    if (!j->indent)
        return;
    writer_char(&j->w, '\n');
    writer_repeat(&j->w, *j->indent, depth);
}

static void separate(struct json_writer *j, uint32_t number, uint32_t depth)
{
    if (number > 0)
        writer_text(&j->w, j->indent ? "," : ", ");
    new_line(j, depth);
}

static enum status write_list(struct json_writer *j, struct value v, uint32_t depth)
{
    writer_char(&j->w, '[');
    for (uint32_t i = 0; i < v.len; i++) {
        separate(j, i, depth + 1);
        TRY(write(j, v.u.list[i], depth + 1));
    }
    if (v.len)
        new_line(j, depth);
    writer_char(&j->w, ']');
    return j->w.status;
}

static enum status write_key(struct json_writer *j, struct value key)
{
    switch (key.type) {
    case VALUE_STRING: write_string(j, value_as_str(key)); return STATUS_OK;
    case VALUE_NULL:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_BIGINT:
    case VALUE_FLOAT:
        writer_char(&j->w, '"');
        TRY(write(j, key, 0));
        writer_char(&j->w, '"');
        return STATUS_OK;
    default: return vm_fail(j->vm, "keys must be str, int, float, bool or None, not %s", type_name(key));
    }
}

static enum status write_map(struct json_writer *j, struct value v, uint32_t depth)
{
    struct sort_item *sorted = (struct sort_item *)vm_alloc(j->vm, v.len * sizeof *sorted);
    if (!sorted)
        return vm_no_memory(j->vm, "sorted keys");
    for (uint32_t i = 0; i < v.len; i++)
        sorted[i] = (struct sort_item){v.u.map->entries[i].key, v.u.map->entries[i].value};
    TRY(sort_items(j->vm, sorted, v.len, 0));
    writer_char(&j->w, '{');
    for (uint32_t i = 0; i < v.len; i++) {
        separate(j, i, depth + 1);
        TRY(write_key(j, sorted[i].key));
        writer_text(&j->w, ": ");
        TRY(write(j, sorted[i].value, depth + 1));
    }
    if (v.len)
        new_line(j, depth);
    writer_char(&j->w, '}');
    return j->w.status;
}

static enum status write(struct json_writer *j, struct value v, uint32_t depth)
{
    TRY(vm_tick(j->vm, 1));
    if (depth > VM_MAX_VALUE_DEPTH)
        return vm_limit(j->vm, "a value nested more than %d levels deep", VM_MAX_VALUE_DEPTH);
    v = thing_view(v);
    switch (v.type) {
    case VALUE_NULL: writer_text(&j->w, "null"); break;
    case VALUE_BOOL: writer_text(&j->w, v.u.b ? "true" : "false"); break;
    case VALUE_INT:
    case VALUE_BIGINT: return text_str(&j->w, v);
    case VALUE_FLOAT: write_float(j, v.u.f); break;
    case VALUE_STRING: write_string(j, value_as_str(v)); break;
    case VALUE_LIST: return write_list(j, v, depth);
    case VALUE_MAP: return write_map(j, v, depth);
    default: return vm_fail(j->vm, "Object of type %s is not JSON serializable", type_name(v));
    }
    return j->w.status;
}

enum status text_json(struct vm *vm, struct value v, const struct str *indent, struct value *out)
{
    struct json_writer j = {.vm = vm, .indent = indent};
    writer_begin(&j.w, vm);
    TRY(write(&j, v, 0));
    TRY(writer_end(&j.w, out));
    out->flags = VALUE_MARKUP;
    return STATUS_OK;
}
