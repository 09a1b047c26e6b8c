#include "strformat.h"

#include "format.h"
#include "thing.h"

enum { NESTING = 2 }; /* {:{width}} but no deeper */

struct format_call {
    struct vm *vm;
    const struct arguments *all;
    struct value map;
    uint32_t next; /* automatic number */
    bool automatic, manual;
    bool markup;
    struct value kept; /* markup that the last field was given and that nothing is in front of */
};

/* ---- The field's value -------------------------------------------------------------------------- */

static enum status positional(struct format_call *c, uint64_t number, struct value *out)
{
    if (number + 1 >= c->all->count)
        return vm_fail(c->vm, "Replacement index %llu out of range for positional args tuple",
                       (unsigned long long)number);
    *out = c->all->values[number + 1];
    return STATUS_OK;
}

static enum status named(struct format_call *c, struct str name, struct value *out)
{
    if (is_given(c->map))
        *out = value_get(c->map, name);
    for (uint32_t i = 0; i < c->all->named_count; i++) {
        if (str_equal(value_as_str(c->all->names[i]), name))
            *out = c->all->named[i];
    }
    return is_given(*out) ? STATUS_OK : vm_fail(c->vm, "'%" PRISTR "'", ARGSTR(name));
}

static enum status first_part(struct format_call *c, struct str name, struct value *out)
{
    int64_t number;
    *out = (struct value){0};
    bool digits = name.len > 0 && name.ptr[0] >= '0' && name.ptr[0] <= '9' && str_to_int64(name, &number);
    if (name.len > 0 && !digits)
        return named(c, name, out);
    c->automatic = c->automatic || name.len == 0;
    c->manual = c->manual || digits;
    if (c->automatic && c->manual)
        return vm_fail(c->vm, "cannot switch from %s to %s",
                       digits ? "automatic field numbering" : "manual field specification",
                       digits ? "manual field specification" : "automatic field numbering");
    if (is_given(c->map))
        return vm_fail(c->vm, "Format string contains positional fields");
    return positional(c, digits ? (uint64_t)number : c->next++, out);
}

static enum status no_attribute(struct vm *vm, struct value of, struct value name)
{
    return vm_fail(vm, "'%s' object has no attribute '%" PRISTR "'", type_name(of),
                   ARGSTR(value_as_str(name)));
}

/* .name as an attribute, [key] as an item: unlike in Jinja, neither stands for the other. */
static enum status next_part(struct format_call *c, struct str *rest, struct value *v)
{
    struct vm *vm = c->vm;
    if (rest->ptr[0] == '.') {
        size_t end = 1;
        while (end < rest->len && rest->ptr[end] != '.' && rest->ptr[end] != '[')
            end++;
        struct value name = value_str((struct str){rest->ptr + 1, end - 1}), plain = thing_view(*v);
        *rest = (struct str){rest->ptr + end, rest->len - end};
        if (name.len == 0)
            return vm_fail(vm, "Empty attribute in format string");
        bool hidden = name.u.s[0] == '_' || plain.type == VALUE_MAP || plain.type == VALUE_STRING ||
                      plain.type == VALUE_LIST;
        if (hidden)
            return no_attribute(vm, *v, name);
        struct value of = *v;
        TRY(attr_get(vm, of, &name, member_find(value_as_str(name)), v));
        return is_undefined(*v) ? no_attribute(vm, of, name) : STATUS_OK;
    }
    const char *close = rest->ptr[0] == '[' ? memchr(rest->ptr, ']', rest->len) : NULL;
    if (!close)
        return vm_fail(vm, rest->ptr[0] == '[' ? "Missing ']' in format string"
                                               : "Only '.' or '[' may follow ']' in format field specifier");
    struct str key = {rest->ptr + 1, (size_t)(close - rest->ptr) - 1};
    int64_t index;
    bool digits = key.len > 0 && key.ptr[0] >= '0' && key.ptr[0] <= '9' && str_to_int64(key, &index);
    *rest = (struct str){close + 1, rest->len - key.len - 2};
    if (key.len == 0)
        return vm_fail(vm, "Empty attribute in format string");
    struct value of = *v;
    TRY(attr_item(vm, of, digits ? value_int(index) : value_str(key), v));
    if (!is_undefined(*v))
        return STATUS_OK;
    return thing_view(of).type == VALUE_MAP ? vm_fail(vm, "'%" PRISTR "'", ARGSTR(key))
                                            : vm_fail(vm, "%s index out of range", type_name(of));
}

static enum status field_value(struct format_call *c, struct str field, struct value *out)
{
    size_t end = 0;
    while (end < field.len && field.ptr[end] != '.' && field.ptr[end] != '[')
        end++;
    struct str rest = {field.ptr + end, field.len - end};
    TRY(first_part(c, (struct str){field.ptr, end}, out));
    while (rest.len > 0)
        TRY(next_part(c, &rest, out));
    return STATUS_OK;
}

/* ---- The format --------------------------------------------------------------------------------- */

static enum status format_into(struct format_call *c, struct writer *w, struct str s, int nesting);

static enum status convert(struct format_call *c, char conversion, struct value *v)
{
    struct writer w;
    if (conversion == 0)
        return STATUS_OK;
    if (!strchr("rsa", conversion))
        return vm_fail(c->vm, "Unknown conversion specifier '%c'", conversion);
    writer_begin(&w, c->vm);
    TRY(conversion == 's'   ? text_str(&w, *v)
        : conversion == 'r' ? text_repr(&w, *v)
                            : text_repr_ascii(&w, *v));
    return writer_end(&w, v);
}

/* "name!r:spec", the inside of the braces. */
static enum status format_field(struct format_call *c, struct writer *w, struct str field, int nesting)
{
    size_t end = 0;
    int brackets = 0;
    char conversion = 0;
    struct value v, spec;
    for (; end < field.len && (brackets > 0 || (field.ptr[end] != '!' && field.ptr[end] != ':')); end++)
        brackets += (field.ptr[end] == '[') - (field.ptr[end] == ']');
    struct str name = {field.ptr, end}, rest = {field.ptr + end, field.len - end};
    if (rest.len > 0 && rest.ptr[0] == '!') {
        if (rest.len < 2)
            return vm_fail(c->vm, "end of string while looking for conversion specifier");
        conversion = rest.ptr[1];
        rest = (struct str){rest.ptr + 2, rest.len - 2};
        if (rest.len > 0 && rest.ptr[0] != ':')
            return vm_fail(c->vm, "expected ':' after conversion specifier");
    }
    TRY(field_value(c, name, &v));
    TRY(convert(c, conversion, &v));
    struct writer inner;
    writer_begin(&inner, c->vm);
    if (rest.len > 1)
        TRY(format_into(c, &inner, (struct str){rest.ptr + 1, rest.len - 1}, nesting - 1));
    TRY(writer_end(&inner, &spec));
    v = thing_view(v);
    if (!c->markup) {
        bool keeps = w->len == 0 && spec.len > 0 && v.type == VALUE_STRING && (v.flags & VALUE_MARKUP);
        c->kept = keeps ? v : value_null();
        return format_value(w, v, value_as_str(spec));
    }
    if (v.type == VALUE_STRING && (v.flags & VALUE_MARKUP) && spec.len > 0)
        return vm_fail(c->vm, "Unsupported format specification for Markup.");
    struct writer text;
    struct value plain;
    writer_begin(&text, c->vm);
    TRY(format_value(&text, v, value_as_str(spec)));
    TRY(writer_end(&text, &plain));
    plain.flags = v.type == VALUE_STRING ? v.flags & VALUE_MARKUP : 0;
    TRY(text_escaped(c->vm, plain, &plain));
    writer_str(w, value_as_str(plain));
    return w->status;
}

/* Length of a field up to its closing brace, which nested ones do not end. */
static bool field_length(struct str s, size_t *len)
{
    int open = 1;
    for (*len = 0; *len < s.len; (*len)++) {
        open += (s.ptr[*len] == '{') - (s.ptr[*len] == '}');
        if (open == 0)
            return true;
    }
    return false;
}

static enum status format_into(struct format_call *c, struct writer *w, struct str s, int nesting)
{
    if (nesting < 1)
        return vm_fail(c->vm, "Max string recursion exceeded");
    for (size_t at = 0; at < s.len;) {
        char brace = s.ptr[at], next = at + 1 < s.len ? s.ptr[at + 1] : 0;
        if (brace != '{' && brace != '}') {
            size_t from = at;
            while (at < s.len && s.ptr[at] != '{' && s.ptr[at] != '}')
                at++;
            writer_add(w, s.ptr + from, at - from);
            continue;
        }
        TRY(vm_tick(c->vm, 1));
        if (brace == next && nesting == NESTING) {
            writer_char(w, brace);
            at += 2;
            continue;
        }
        size_t len;
        if (brace == '}' || next == 0)
            return vm_fail(c->vm, "Single '%c' encountered in format string", brace);
        if (!field_length((struct str){s.ptr + at + 1, s.len - at - 1}, &len))
            return vm_fail(c->vm, "expected '}' before end of string");
        TRY(format_field(c, w, (struct str){s.ptr + at + 1, len}, nesting));
        at += len + 2;
    }
    return w->status;
}

enum status str_format(struct vm *vm, const struct arguments *all, struct value map, struct value *out)
{
    struct value format = all->values[0];
    struct format_call c = {.vm = vm, .all = all, .map = map, .markup = format.flags & VALUE_MARKUP};
    struct writer w;
    writer_begin(&w, vm);
    TRY(format_into(&c, &w, value_as_str(format), NESTING));
    TRY(writer_end(&w, out));
    /* Python gives the very object that a specification of a width or a precision leaves as it is. */
    bool kept = c.kept.type == VALUE_STRING && str_equal(value_as_str(*out), value_as_str(c.kept));
    out->flags = c.markup || kept ? VALUE_MARKUP : 0;
    return STATUS_OK;
}
