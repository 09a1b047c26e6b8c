#include "format.h"

#include <math.h>
#include <stdio.h>

#include "core/utf8.h"
#include "number.h"

enum status format_check_width(struct vm *vm, int64_t width)
{
    if (width > FORMAT_MAX_WIDTH)
        return vm_limit(vm, "a width or precision of more than %d in a format", FORMAT_MAX_WIDTH);
    return STATUS_OK;
}

/* ---- Padding ------------------------------------------------------------------------------------ */

static void fill(struct writer *w, uint32_t c, size_t count)
{
    char bytes[4];
    writer_repeat(w, (struct str){bytes, utf8_put(bytes, c)}, count);
}

void format_padded(struct writer *w, struct str text, const struct format_spec *spec, char align)
{
    size_t len = utf8_length(text), width = spec->width > 0 ? (size_t)spec->width : 0;
    size_t pad = width > len ? width - len : 0;
    size_t before = align == '>' ? pad : align == '^' ? pad / 2 : 0;
    uint32_t c = spec->fill ? spec->fill : ' ';
    fill(w, c, before);
    writer_str(w, text);
    fill(w, c, pad - before);
}

/* ---- Numbers ------------------------------------------------------------------------------------ */

/* A number in parts: sign, prefix ("0x"), digits before the point, and what follows them. */
struct parts {
    const char *sign, *prefix;
    struct str whole, rest;
};

/* Separators every third digit (every fourth of b, o, x), counted from the right; zeros fill up to `width`.
 */
static void write_grouped(struct writer *w, struct str digits, char separator, size_t every, size_t width)
{
    size_t count = digits.len;
    while (separator && count + (count - 1) / every < width)
        count++;
    if (!separator && count < width)
        count = width;
    for (size_t i = 0; i < count; i++) {
        size_t left = count - i;
        if (i > 0 && separator && left % every == 0)
            writer_char(w, separator);
        writer_char(w, left > digits.len ? '0' : digits.ptr[digits.len - left]);
    }
}

static enum status write_parts(struct writer *w, const struct parts *p, const struct format_spec *spec)
{
    size_t every = spec->type && strchr("boxX", spec->type) ? 4 : 3;
    size_t around = strlen(p->sign) + strlen(p->prefix) + p->rest.len;
    size_t width = spec->width > 0 ? (size_t)spec->width : 0;
    char align = spec->align ? spec->align : spec->zero ? '=' : '>';
    bool zeros = align == '=' && (spec->zero || spec->fill == '0') && (!spec->fill || spec->fill == '0');
    struct writer number;
    struct value text;
    writer_begin(&number, w->vm);
    if (align != '=') {
        writer_text(&number, p->sign);
        writer_text(&number, p->prefix);
    }
    write_grouped(&number, p->whole, spec->grouping, every, zeros && width > around ? width - around : 0);
    writer_str(&number, p->rest);
    TRY(writer_end(&number, &text));
    if (align == '=') { /* the filling comes behind the sign */
        struct format_spec inside = *spec;
        size_t before = strlen(p->sign) + strlen(p->prefix);
        writer_text(w, p->sign);
        writer_text(w, p->prefix);
        inside.width = width > before ? (int32_t)(width - before) : 0;
        inside.fill = zeros ? '0' : spec->fill;
        format_padded(w, value_as_str(text), &inside, '>');
    } else {
        format_padded(w, value_as_str(text), spec, align);
    }
    return w->status;
}

static const char *sign_text(bool negative, const struct format_spec *spec)
{
    return negative ? "-" : spec->sign == '+' ? "+" : spec->sign == ' ' ? " " : "";
}

static enum status format_character(struct writer *w, struct value v, const struct format_spec *spec)
{
    int64_t code;
    char bytes[4];
    size_t len =
        number_to_int64(v, &code) && code >= 0 && code < 0x110000 ? utf8_put(bytes, (uint32_t)code) : 0;
    if (len == 0)
        return vm_fail(w->vm, "%%c arg not in range(0x110000)");
    format_padded(w, (struct str){bytes, len}, spec, spec->align ? spec->align : '>');
    return w->status;
}

enum status format_integer(struct writer *w, struct value v, const struct format_spec *spec)
{
    static const char KINDS[] = "boxX", *const PREFIXES[] = {"0b", "0o", "0x", "0X"};
    if (spec->type && strchr("eEfFgG%", spec->type))
        return format_float(w, number_to_double(v), spec);
    if (spec->precision >= 0)
        return vm_fail(w->vm, "Precision not allowed in integer format specifier");
    if (spec->grouping && spec->type && !strchr(spec->grouping == ',' ? "d" : "dboxX", spec->type))
        return vm_fail(w->vm, "Cannot specify '%c' with '%c'.", spec->grouping, spec->type);
    if (spec->type == 'c' && spec->sign)
        return vm_fail(w->vm, "Sign not allowed with integer format specifier 'c'");
    if (spec->type == 'c')
        return format_character(w, v, spec);
    const char *kind = spec->type ? strchr(KINDS, spec->type) : NULL;
    int base = !kind ? 10 : *kind == 'b' ? 2 : *kind == 'o' ? 8 : 16;
    TRY(vm_tick(w->vm, v.type == VALUE_BIGINT ? (uint64_t)v.len * v.len / 16 : 1));
    struct str digits = number_digits(w->vm->arena, v, base);
    if (!digits.ptr)
        return vm_no_memory(w->vm, "the digits of an integer");
    if (spec->type == 'X') {
        for (size_t i = 0; i < digits.len; i++) {
            if (digits.ptr[i] >= 'a')
                ((char *)own(digits.ptr))[i] -= 'a' - 'A';
        }
    }
    const char *prefix = kind && spec->alternate ? PREFIXES[kind - KINDS] : "";
    struct parts parts = {sign_text(number_sign(v) < 0, spec), prefix, digits, {"", 0}};
    return write_parts(w, &parts, spec);
}

/* inf and nan have no digits to be grouped or filled with zeros. */
static enum status format_special(struct writer *w, double f, const struct format_spec *spec)
{
    bool upper = spec->type && strchr("EFG", spec->type);
    const char *text = isnan(f) ? (upper ? "NAN" : "nan") : (upper ? "INF" : "inf");
    struct format_spec plain = *spec;
    plain.grouping = 0;
    struct parts parts = {
        sign_text(f < 0, spec), "", str_of(text), {spec->type == '%' ? "%" : "", spec->type == '%'}};
    return write_parts(w, &parts, &plain);
}

/* Without a type: as repr() unless there is a precision, and then like g but with one digit after the point.
 */
static size_t print_plain(double f, int precision, char *text, size_t size)
{
    if (precision < 0)
        return float_format(f, text);
    precision = precision ? precision : 1;
    size_t len = (size_t)snprintf(text, size, "%.*g", precision, f);
    if (memchr(text, '.', len) || memchr(text, 'e', len))
        return len;
    if ((int)len >= precision) { /* no room for ".0" within the precision: exponent form, as Python has it */
        while (len > 1 && text[len - 1] == '0')
            len--;
        return (size_t)snprintf(text, size, "%.*e", (int)len - 1, f);
    }
    memcpy(text + len, ".0", 3);
    return len + 2;
}

static size_t print_float(double f, const struct format_spec *spec, char *text, size_t size)
{
    int precision = spec->precision;
    char format[8];
    if (spec->type == 0)
        return print_plain(f, precision, text, size);
    char type = spec->type == '%' ? 'f' : spec->type == 'n' ? 'g' : spec->type;
    snprintf(format, sizeof format, "%%%s.*%c", spec->alternate ? "#" : "", type);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return (size_t)snprintf(text, size, format, precision < 0 ? 6 : precision, f);
#pragma GCC diagnostic pop
}

enum status format_float(struct writer *w, double f, const struct format_spec *spec)
{
    if (spec->type && !strchr("eEfFgG%n", spec->type))
        return vm_fail(w->vm, "Unknown format code '%c' for object of type 'float'", spec->type);
    if (!isfinite(f))
        return format_special(w, f, spec);
    size_t size = 400 + (size_t)(spec->precision > 0 ? spec->precision : 0);
    char *text = (char *)vm_alloc(w->vm, size);
    if (!text)
        return vm_no_memory(w->vm, "a number's text");
    TRY(vm_tick(w->vm, size / 16));
    double shown = fabs(spec->type == '%' ? f * 100 : f);
    size_t len = print_float(shown, spec, text, size - 2);
    if (spec->type == '%')
        text[len++] = '%';
    size_t whole = 0;
    while (whole < len && text[whole] >= '0' && text[whole] <= '9')
        whole++;
    struct parts parts = {sign_text(signbit(f), spec), "", {text, whole}, {text + whole, len - whole}};
    return write_parts(w, &parts, spec);
}

/* ---- The specification -------------------------------------------------------------------------- */

static bool read_align(struct str s, size_t *at, struct format_spec *out)
{
    size_t next = *at;
    int32_t c = utf8_next(s, &next);
    if (c >= 0 && next < s.len && strchr("<>=^", s.ptr[next])) {
        out->fill = (uint32_t)c;
        out->align = s.ptr[next];
        *at = next + 1;
        return true;
    }
    if (*at < s.len && strchr("<>=^", s.ptr[*at])) {
        out->align = s.ptr[(*at)++];
        return true;
    }
    return false;
}

static enum status read_count(struct vm *vm, struct str s, size_t *at, int32_t *out)
{
    int64_t count = 0;
    size_t start = *at;
    for (; *at < s.len && s.ptr[*at] >= '0' && s.ptr[*at] <= '9'; (*at)++) {
        count = count * 10 + (s.ptr[*at] - '0');
        TRY(format_check_width(vm, count));
    }
    *out = *at > start ? (int32_t)count : -1;
    return STATUS_OK;
}

static bool skip_char(struct str s, size_t *at, char c)
{
    bool found = *at < s.len && s.ptr[*at] == c;
    *at += found;
    return found;
}

static enum status parse_spec(struct vm *vm, struct str s, struct format_spec *out)
{
    size_t at = 0;
    *out = (struct format_spec){.width = -1, .precision = -1};
    bool aligned = s.len > 0 && read_align(s, &at, out);
    if (at < s.len && strchr("+- ", s.ptr[at]))
        out->sign = s.ptr[at++];
    out->alternate = skip_char(s, &at, '#');
    if (skip_char(s, &at, '0')) {
        out->zero = !aligned;
        out->fill = out->fill ? out->fill : '0';
    }
    TRY(read_count(vm, s, &at, &out->width));
    if (at < s.len && (s.ptr[at] == ',' || s.ptr[at] == '_'))
        out->grouping = s.ptr[at++];
    if (skip_char(s, &at, '.')) {
        TRY(read_count(vm, s, &at, &out->precision));
        if (out->precision < 0)
            return vm_fail(vm, "Format specifier missing precision");
    }
    if (at < s.len)
        out->type = s.ptr[at++];
    if (at < s.len)
        return vm_fail(vm, "Invalid format specifier");
    return STATUS_OK;
}

static enum status unknown_type(struct vm *vm, struct value v, char type)
{
    return vm_fail(vm, "Unknown format code '%c' for object of type '%s'", type, type_name(v));
}

static enum status format_text(struct writer *w, struct value v, const struct format_spec *spec)
{
    struct vm *vm = w->vm;
    struct value text;
    if (spec->type && spec->type != 's')
        return unknown_type(vm, v, spec->type);
    if (spec->sign)
        return vm_fail(vm, "Sign not allowed in string format specifier");
    if (spec->alternate)
        return vm_fail(vm, "Alternate form (#) not allowed in string format specifier");
    if (spec->grouping)
        return vm_fail(vm, "Cannot specify '%c' with 's'.", spec->grouping);
    if (spec->align == '=')
        return vm_fail(vm, "'=' alignment not allowed in string format specifier");
    TRY(text_of(vm, v, &text));
    struct str s = value_as_str(text);
    if (spec->precision >= 0) {
        struct value part, parts[3] = {value_null(), value_int(spec->precision), value_null()};
        TRY(attr_slice(vm, value_str(s), parts, &part));
        s = value_as_str(part);
    }
    format_padded(w, s, spec, spec->align ? spec->align : '<');
    return w->status;
}

enum status format_value(struct writer *w, struct value v, struct str text)
{
    struct format_spec spec;
    if (text.len == 0)
        return text_str(w, v);
    TRY(parse_spec(w->vm, text, &spec));
    if (v.type == VALUE_STRING)
        return format_text(w, v, &spec);
    if (number_is_int(v)) {
        if (spec.type && !strchr("bcdnoxXeEfFgG%", spec.type))
            return unknown_type(w->vm, v, spec.type);
        return format_integer(w, number_of_bool(v), &spec);
    }
    if (v.type == VALUE_FLOAT)
        return format_float(w, v.u.f, &spec);
    return vm_fail(w->vm, "unsupported format string passed to %s.__format__", type_name(v));
}
