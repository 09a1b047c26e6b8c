/* str() and repr() of every value, and escaping. */
#include <stdio.h>

#include "builtin.h"
#include "strings.h"
#include "thing.h"
#include "unicode.h"

static void write_escape(struct writer *w, uint32_t c)
{
    char text[12];
    snprintf(text, sizeof text, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
    writer_text(w, text);
}

void text_repr_string(struct writer *w, struct str s)
{
    bool single = memchr(s.ptr, '\'', s.len) != NULL, twice = memchr(s.ptr, '"', s.len) != NULL;
    char quote = single && !twice ? '"' : '\'';
    writer_char(w, quote);
    for (size_t at = 0; at < s.len;) {
        size_t start = at;
        uint32_t c = string_next(s, &at);
        if (c == (uint32_t)quote || c == '\\') {
            writer_char(w, '\\');
            writer_char(w, (char)c);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            writer_text(w, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        } else if (unicode_is_printable(c)) {
            writer_add(w, s.ptr + start, at - start);
        } else {
            write_escape(w, c);
        }
    }
    writer_char(w, quote);
}

static enum status repr_deep(struct writer *w, struct value v, uint32_t depth);

static enum status repr_items(struct writer *w, const struct value *items, uint32_t count, uint32_t depth)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i)
            writer_add(w, ", ", 2);
        TRY(repr_deep(w, items[i], depth));
    }
    return STATUS_OK;
}

static enum status repr_list(struct writer *w, struct value v, uint32_t depth)
{
    bool tuple = v.flags & VALUE_TUPLE;
    writer_char(w, tuple ? '(' : '[');
    TRY(repr_items(w, v.u.list, v.len, depth));
    if (tuple && v.len == 1)
        writer_char(w, ',');
    writer_char(w, tuple ? ')' : ']');
    return STATUS_OK;
}

static enum status repr_map(struct writer *w, struct value v, uint32_t depth)
{
    writer_char(w, '{');
    for (uint32_t i = 0; i < v.len; i++) {
        if (i)
            writer_add(w, ", ", 2);
        TRY(repr_deep(w, v.u.map->entries[i].key, depth));
        writer_add(w, ": ", 2);
        TRY(repr_deep(w, v.u.map->entries[i].value, depth));
    }
    writer_char(w, '}');
    return STATUS_OK;
}

static enum status repr_view(struct writer *w, struct value v, uint32_t depth)
{
    static const char *const NAMES[] = {"dict_keys", "dict_values", "dict_items"};
    const struct thing_view *view = THING(thing_view, v);
    const struct value *items;
    uint32_t count;
    TRY(iter_all(w->vm, v, &items, &count));
    writer_text(w, NAMES[view->which == MEMBER_KEYS ? 0 : view->which == MEMBER_VALUES ? 1 : 2]);
    writer_add(w, "([", 2);
    TRY(repr_items(w, items, count, depth));
    writer_add(w, "])", 2);
    return STATUS_OK;
}

static enum status repr_range(struct writer *w, struct value v)
{
    const struct thing_range *r = THING(thing_range, v);
    writer_text(w, "range(");
    TRY(text_str(w, r->start));
    writer_add(w, ", ", 2);
    TRY(text_str(w, r->stop));
    if (r->step.type != VALUE_INT || r->step.u.i != 1) {
        writer_add(w, ", ", 2);
        TRY(text_str(w, r->step));
    }
    writer_char(w, ')');
    return STATUS_OK;
}

static void repr_bytes(struct writer *w, struct str s)
{
    bool single = memchr(s.ptr, '\'', s.len) != NULL, twice = memchr(s.ptr, '"', s.len) != NULL;
    char quote = single && !twice ? '"' : '\'';
    writer_char(w, 'b');
    writer_char(w, quote);
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == quote || c == '\\') {
            writer_char(w, '\\');
            writer_char(w, c);
        } else if (c == '\n' || c == '\t' || c == '\r') {
            writer_text(w, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
        } else if (c >= 0x20 && c < 0x7f) {
            writer_char(w, c);
        } else {
            write_escape(w, (unsigned char)c);
        }
    }
    writer_char(w, quote);
}

static void repr_address(struct writer *w, const char *what)
{
    writer_char(w, '<');
    writer_text(w, what);
    writer_text(w, " object at 0x7f0000000000>");
}

static enum status repr_thing(struct writer *w, struct value v, uint32_t depth)
{
    struct value plain = thing_view(v);
    switch ((int)*(const enum thing_kind *)v.u.object) {
    case THING_LIST: return repr_list(w, plain, depth);
    case THING_MAP: return repr_map(w, plain, depth);
    case THING_RANGE: return repr_range(w, v);
    case THING_VIEW: return repr_view(w, v, depth);
    case THING_BYTES: repr_bytes(w, THING(thing_bytes, v)->bytes); return STATUS_OK;
    case THING_NAMESPACE:
        writer_text(w, "<Namespace ");
        TRY(repr_map(w, thing_map_as_value(THING(thing_map, v)), depth));
        writer_char(w, '>');
        return STATUS_OK;
    case THING_MACRO: {
        const struct thing_macro *m = THING(thing_macro, v);
        struct str name = value_as_str(m->t->constants[m->code->name]);
        writer_text(w, name.len ? "<Macro " : "<Macro anonymous"); /* of a call block */
        if (name.len)
            text_repr_string(w, name);
        writer_char(w, '>');
        return STATUS_OK;
    }
    case THING_LOOP: {
        const struct thing_loop *l = THING(thing_loop, v);
        uint64_t remaining;
        char text[64];
        TRY(iter_remaining(w->vm, l->it, &remaining));
        snprintf(text, sizeof text, "<LoopContext %llu/%llu>", (unsigned long long)l->it->given,
                 (unsigned long long)(l->it->given + remaining));
        writer_text(w, text);
        return STATUS_OK;
    }
    case THING_MODULE:
        writer_text(w, "<TemplateModule ");
        text_repr_string(w, THING(thing_module, v)->name);
        writer_char(w, '>');
        return STATUS_OK;
    case THING_ITERATOR: repr_address(w, THING(thing_iterator, v)->name); return STATUS_OK;
    case THING_FUNCTION:
        writer_text(w, "<function ");
        writer_text(w, THING(thing_function, v)->builtin->name);
        writer_char(w, '>');
        return STATUS_OK;
    default: repr_address(w, type_name(v)); return STATUS_OK;
    }
}

static void write_int(struct writer *w, int64_t i)
{
    char text[24];
    char *end = text + sizeof text, *p = end;
    uint64_t rest = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (i < 0)
        *--p = '-';
    writer_add(w, p, (size_t)(end - p));
}

static void write_float(struct writer *w, double f)
{
    char text[32];
    writer_add(w, text, float_format(f, text));
}

static enum status repr_deep(struct writer *w, struct value v, uint32_t depth)
{
    TRY(vm_tick(w->vm, 2));
    if (depth > VM_MAX_VALUE_DEPTH)
        return vm_limit(w->vm, "a value nested more than %d levels deep", VM_MAX_VALUE_DEPTH);
    switch (v.type) {
    case VALUE_UNDEFINED: writer_text(w, "Undefined"); break;
    case VALUE_NULL: writer_text(w, "None"); break;
    case VALUE_BOOL: writer_text(w, v.u.b ? "True" : "False"); break;
    case VALUE_INT: write_int(w, v.u.i); break;
    case VALUE_BIGINT: writer_add(w, v.u.s, v.len); break;
    case VALUE_FLOAT: write_float(w, v.u.f); break;
    case VALUE_STRING:
        if (v.flags & VALUE_MARKUP)
            writer_text(w, "Markup(");
        text_repr_string(w, value_as_str(v));
        if (v.flags & VALUE_MARKUP)
            writer_char(w, ')');
        break;
    case VALUE_LIST: return repr_list(w, v, depth + 1);
    case VALUE_MAP: return repr_map(w, v, depth + 1);
    default: return repr_thing(w, v, depth + 1);
    }
    return w->status;
}

enum status text_repr(struct writer *w, struct value v)
{
    return repr_deep(w, v, 0);
}

enum status text_repr_ascii(struct writer *w, struct value v)
{
    struct writer wide;
    struct value text;
    writer_begin(&wide, w->vm);
    TRY(text_repr(&wide, v));
    TRY(writer_end(&wide, &text));
    struct str s = value_as_str(text);
    for (size_t at = 0; at < s.len;) {
        uint32_t c = string_next(s, &at);
        if (c < 0x80)
            writer_char(w, (char)c);
        else
            write_escape(w, c);
    }
    return w->status;
}

enum status text_str(struct writer *w, struct value v)
{
    switch (v.type) {
    case VALUE_STRING: writer_add(w, v.u.s, v.len); return w->status;
    case VALUE_INT: write_int(w, v.u.i); return w->status;
    case VALUE_UNDEFINED: return undefined_strict(w->vm, v);
    default: break;
    }
    if (thing_is(v, THING_MODULE))
        return text_str(w, THING(thing_module, v)->body);
    return text_repr(w, v);
}

enum status text_of(struct vm *vm, struct value v, struct value *out)
{
    if (v.type == VALUE_STRING) {
        *out = v;
        return STATUS_OK;
    }
    struct writer w;
    writer_begin(&w, vm);
    TRY(text_str(&w, v));
    return writer_end(&w, out);
}

void text_escape(struct writer *w, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        const char *entity;
        switch (s.ptr[i]) {
        case '&': entity = "&amp;"; break;
        case '<': entity = "&lt;"; break;
        case '>': entity = "&gt;"; break;
        case '\'': entity = "&#39;"; break;
        case '"': entity = "&#34;"; break;
        default: continue;
        }
        writer_add(w, s.ptr + from, i - from);
        writer_text(w, entity);
        from = i + 1;
    }
    writer_add(w, s.ptr + from, s.len - from);
}

bool text_is_html(const struct vm *vm, struct value v)
{
    return (v.type == VALUE_STRING && (v.flags & VALUE_MARKUP)) || thing_is(v, THING_MODULE) ||
           (is_undefined(v) && vm->undefined == UNDEFINED_CHAINABLE);
}

enum status text_escaped(struct vm *vm, struct value v, struct value *out)
{
    struct value text;
    TRY(text_of(vm, v, &text));
    *out = text;
    if (!text_is_html(vm, v)) {
        struct writer w;
        writer_begin(&w, vm);
        text_escape(&w, value_as_str(text));
        TRY(writer_end(&w, out));
    }
    out->flags |= VALUE_MARKUP;
    return STATUS_OK;
}
