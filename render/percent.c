#include "percent.h"

#include "core/utf8.h"
#include "format.h"
#include "number.h"
#include "thing.h"

struct percent {
    struct vm *vm;
    struct writer w;
    struct str format;
    size_t at;
    struct value args; /* as given */
    uint32_t next;     /* argument of the tuple */
    bool used_map;
    bool markup;
};

static enum status next_argument(struct percent *p, struct value *out)
{
    bool tuple = p->args.type == VALUE_LIST && (p->args.flags & VALUE_TUPLE);
    if (tuple ? p->next >= p->args.len : p->next > 0)
        return vm_fail(p->vm, "not enough arguments for format string");
    *out = tuple ? p->args.u.list[p->next] : p->args;
    p->next++;
    return STATUS_OK;
}

/* %(name): the value under that key. */
static enum status named_argument(struct percent *p, struct value *out)
{
    size_t start = ++p->at;
    int open = 1;
    for (; p->at < p->format.len; p->at++) {
        open += (p->format.ptr[p->at] == '(') - (p->format.ptr[p->at] == ')');
        if (open == 0)
            break;
    }
    if (open)
        return vm_fail(p->vm, "incomplete format key");
    struct str name = {p->format.ptr + start, p->at++ - start};
    p->used_map = true;
    if (is_undefined(p->args))
        return attr_item(p->vm, p->args, value_str(name), out);
    if (p->args.type != VALUE_MAP)
        return vm_fail(p->vm, "format requires a mapping");
    *out = value_get(p->args, name);
    if (is_undefined(*out) && out->extra == UNDEFINED_ABSENT)
        return vm_fail(p->vm, "'%" PRISTR "'", ARGSTR(name));
    return STATUS_OK;
}

/* Digits, or * for the next argument, which may be negative. */
static enum status read_number(struct percent *p, int32_t *out, bool *negative)
{
    struct str f = p->format;
    int64_t n = 0;
    if (p->at < f.len && f.ptr[p->at] == '*') {
        struct value v = {0};
        p->at++;
        TRY(next_argument(p, &v));
        if (!number_is_int(v) || !number_to_int64(v, &n))
            return vm_fail(p->vm, "* wants int");
        *negative = *negative || n < 0;
        n = n < 0 ? -n : n;
        TRY(format_check_width(p->vm, n));
        *out = (int32_t)n;
        return STATUS_OK;
    }
    bool any = false;
    for (; p->at < f.len && f.ptr[p->at] >= '0' && f.ptr[p->at] <= '9'; p->at++, any = true) {
        n = n * 10 + (f.ptr[p->at] - '0');
        TRY(format_check_width(p->vm, n));
    }
    *out = any ? (int32_t)n : -1;
    return STATUS_OK;
}

static enum status read_spec(struct percent *p, struct format_spec *spec)
{
    struct str f = p->format;
    bool left = false;
    *spec = (struct format_spec){.width = -1, .precision = -1};
    for (; p->at < f.len && strchr("-+ #0", f.ptr[p->at]); p->at++) {
        char c = f.ptr[p->at];
        left = left || c == '-';
        spec->zero = spec->zero || c == '0';
        spec->alternate = spec->alternate || c == '#';
        if (c == '+' || (c == ' ' && !spec->sign))
            spec->sign = c;
    }
    TRY(read_number(p, &spec->width, &left));
    if (p->at < f.len && f.ptr[p->at] == '.') {
        bool negative = false;
        p->at++;
        TRY(read_number(p, &spec->precision, &negative));
        if (spec->precision < 0 || negative)
            spec->precision = 0;
    }
    while (p->at < f.len && strchr("hlL", f.ptr[p->at]))
        p->at++;
    if (left) {
        spec->align = '<';
        spec->zero = false;
    }
    return STATUS_OK;
}

static enum status convert_integer(struct percent *p, struct value v, struct format_spec *spec, char c)
{
    if (v.type == VALUE_FLOAT && (c == 'd' || c == 'i' || c == 'u')) {
        enum number_error e = number_truncate(p->vm->arena, v.u.f, &v);
        if (e != NUMBER_OK)
            return vm_no_memory(p->vm, "an integer");
    }
    if (is_undefined(v) && strchr("diu", c))
        return undefined_fail(p->vm, v);
    if (!number_is_int(v) || (p->markup && strchr("oxX", c))) /* Markup gives an object around it */
        return vm_fail(p->vm,
                       c == 'd' || c == 'i' || c == 'u' ? "%%%c format: a real number is required, not %s"
                                                        : "%%%c format: an integer is required, not %s",
                       c, type_name(v));
    spec->type = c == 'i' || c == 'u' ? 'd' : c;
    int32_t digits = spec->precision; /* of an integer: at least so many digits */
    spec->precision = -1;
    if (digits <= 0)
        return format_integer(&p->w, number_of_bool(v), spec);
    struct format_spec wide = *spec;
    struct writer inner;
    struct value text;
    bool sign = number_sign(v) < 0 || spec->sign;
    writer_begin(&inner, p->vm);
    wide.width = digits + sign + (spec->alternate && c != 'd' ? 2 : 0);
    wide.zero = true;
    wide.align = 0;
    TRY(format_integer(&inner, number_of_bool(v), &wide));
    TRY(writer_end(&inner, &text));
    format_padded(&p->w, value_as_str(text), spec, spec->align ? spec->align : '>');
    return p->w.status;
}

static enum status convert_float(struct percent *p, struct value v, struct format_spec *spec, char c)
{
    if (is_undefined(v))
        return undefined_fail(p->vm, v);
    if (!number_is(v))
        return vm_fail(p->vm, "must be real number, not %s", type_name(v));
    spec->type = c;
    return format_float(&p->w, number_to_double(v), spec);
}

static enum status convert_char(struct percent *p, struct value v, struct format_spec *spec)
{
    if (v.type == VALUE_STRING && utf8_length(value_as_str(v)) == 1 && !p->markup) {
        format_padded(&p->w, value_as_str(v), spec, spec->align ? spec->align : '>');
        return p->w.status;
    }
    if (!number_is_int(v) || p->markup)
        return vm_fail(p->vm, "%%c requires int or char");
    spec->type = 'c';
    return format_integer(&p->w, number_of_bool(v), spec);
}

static enum status convert_text(struct percent *p, struct value v, const struct format_spec *spec, char c)
{
    struct value text;
    if (c == 's') {
        TRY(p->markup ? text_escaped(p->vm, v, &text) : text_of(p->vm, v, &text));
    } else {
        struct writer w;
        writer_begin(&w, p->vm);
        TRY(c == 'a' ? text_repr_ascii(&w, v) : text_repr(&w, v));
        TRY(writer_end(&w, &text));
        if (p->markup) {
            TRY(text_escaped(p->vm, text, &text));
        }
    }
    if (spec->precision >= 0) {
        struct value parts[3] = {value_null(), value_int(spec->precision), value_null()};
        TRY(attr_slice(p->vm, text, parts, &text));
    }
    format_padded(&p->w, value_as_str(text), spec, spec->align ? spec->align : '>');
    return p->w.status;
}

static enum status convert(struct percent *p)
{
    struct value v = {0};
    struct format_spec spec;
    bool named = p->at < p->format.len && p->format.ptr[p->at] == '(';
    if (named)
        TRY(named_argument(p, &v));
    TRY(read_spec(p, &spec));
    if (p->at >= p->format.len)
        return vm_fail(p->vm, "incomplete format");
    size_t start = p->at;
    int32_t c = utf8_next(p->format, &p->at);
    if (c == '%') {
        writer_char(&p->w, '%');
        return STATUS_OK;
    }
    if (c < 0 || c > 127 || !strchr("diouxXeEfFgGcrsa", c)) {
        struct str before = {p->format.ptr, start};
        return vm_fail(p->vm, "unsupported format character '%.*s' (0x%x) at index %zu", (int)(p->at - start),
                       p->format.ptr + start, (unsigned)c, utf8_length(before));
    }
    if (!named)
        TRY(next_argument(p, &v));
    v = thing_view(v);
    if (strchr("diouxX", c))
        return convert_integer(p, v, &spec, (char)c);
    if (strchr("eEfFgG", c))
        return convert_float(p, v, &spec, (char)c);
    return c == 'c' ? convert_char(p, v, &spec) : convert_text(p, v, &spec, (char)c);
}

/* What can be asked for items, a text apart; it need not be used up. That goes for an undefined value too. */
static bool counts_as_mapping(struct value args)
{
    return args.type == VALUE_MAP || args.type == VALUE_LIST || args.type == VALUE_UNDEFINED ||
           thing_is(args, THING_RANGE) || thing_is(args, THING_BYTES);
}

enum status percent_format(struct vm *vm, struct value format, struct value args, struct value *out)
{
    struct percent p = {
        .vm = vm, .format = value_as_str(format), .args = args, .markup = format.flags & VALUE_MARKUP};
    writer_begin(&p.w, vm);
    while (p.at < p.format.len) {
        const char *from = p.format.ptr + p.at;
        const char *hit = memchr(from, '%', p.format.len - p.at);
        size_t plain = hit ? (size_t)(hit - from) : p.format.len - p.at;
        writer_add(&p.w, from, plain);
        p.at += plain;
        if (!hit)
            break;
        p.at++;
        TRY(convert(&p));
        TRY(vm_tick(vm, 1));
    }
    bool tuple = args.type == VALUE_LIST && (args.flags & VALUE_TUPLE);
    bool left = tuple ? p.next < args.len : p.next == 0 && !counts_as_mapping(args);
    if (left && !p.used_map)
        return vm_fail(vm, "not all arguments converted during string formatting");
    TRY(writer_end(&p.w, out));
    out->flags = p.markup ? VALUE_MARKUP : 0;
    return STATUS_OK;
}
