/* Filters of numbers and single values, JSON and base64. */
#include <math.h>
#include <stdio.h>

#include "core/digest.h"
#include "core/json.h"
#include "core/utf8.h"
#include "number.h"
#include "strings.h"
#include "tables.h"
#include "thing.h"

static enum status check_number(struct vm *vm, enum number_error e)
{
    return e == NUMBER_OK          ? STATUS_OK
           : e == NUMBER_NO_MEMORY ? vm_no_memory(vm, "an integer")
                                   : vm_limit(vm, "an integer of more than %u digits", vm->max_digits);
}

BUILTIN(filter_default)
{
    bool use = is_undefined(argv[0]), boolean = false;
    if (is_given(argv[2]))
        TRY(op_truth(vm, argv[2], &boolean));
    if (!use && boolean) {
        bool truth;
        TRY(op_truth(vm, argv[0], &truth));
        use = !truth;
    }
    if (use)
        *out = all->count > 1 ? all->values[1] : is_given(argv[1]) ? argv[1] : value_text("");
    else
        *out = all->values[0]; /* the thing itself, if it is one that can change */
    return STATUS_OK;
}

BUILTIN(filter_abs)
{
    struct value v = number_of_bool(argv[0]);
    (void)all;
    if (!number_is(v))
        return vm_fail(vm, "bad operand type for abs(): '%s'", type_name(v));
    *out = v;
    if (v.type == VALUE_FLOAT)
        *out = value_float(fabs(v.u.f));
    else if (number_sign(v) < 0)
        return check_number(vm, number_negate(vm->arena, v, out));
    return STATUS_OK;
}

BUILTIN(filter_attr)
{
    struct value name;
    (void)all;
    TRY(text_of(vm, argv[1], &name));
    struct str s = value_as_str(name);
    /* Only attributes: a map's keys are none. */
    if (argv[0].type == VALUE_MAP && !method_of(argv[0], member_find(s)))
        return undefined_member(vm, UNDEFINED_ATTRIBUTE, argv[0], name, out);
    return attr_get(vm, argv[0], &name, member_find(s), out);
}

/* ---- int, float, round -------------------------------------------------------------------------- */

/* Python's int(text, base): white space around, a sign, a prefix that fits the base. */
static enum status int_of_text(struct vm *vm, struct str text, int64_t base, struct value *out, bool *valid)
{
    struct str s = string_strip(text, NULL, STRIP_LEFT | STRIP_RIGHT);
    bool sign = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+');
    struct str digits = {s.ptr + sign, s.len - sign};
    char prefix = digits.len > 2 && digits.ptr[0] == '0' ? digits.ptr[1] | 0x20 : 0;
    int says = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 0;
    *valid = base == 0 || (base >= 2 && base <= 36);
    if (!*valid)
        return STATUS_OK;
    if (says && (base == 0 || base == says)) {
        digits = (struct str){digits.ptr + 2, digits.len - 2};
        if (digits.len > 0 && digits.ptr[0] == '_')
            digits = (struct str){digits.ptr + 1, digits.len - 1};
        base = says;
    } else if (base == 0) {
        base = 10;
        bool zeros = true;
        for (size_t i = 0; i < digits.len; i++)
            zeros = zeros && (digits.ptr[i] == '0' || digits.ptr[i] == '_');
        if (digits.len > 1 && digits.ptr[0] == '0' && !zeros) {
            *valid = false;
            return STATUS_OK;
        }
    }
    if (digits.len > 0 && (digits.ptr[0] == '-' || digits.ptr[0] == '+')) {
        *valid = false;
        return STATUS_OK;
    }
    TRY(vm_tick(vm, digits.len < vm->max_digits ? digits.len * digits.len / 512 + 1 : 1));
    TRY(check_number(vm, number_parse_int(vm->arena, digits, (int)base, vm->max_digits, out, valid)));
    if (*valid && sign && s.ptr[0] == '-')
        TRY(check_number(vm, number_negate(vm->arena, *out, out)));
    return STATUS_OK;
}

/* Digits of other scripts as ASCII, as int() and float() read them. */
static enum status ascii_digits(struct vm *vm, struct value text, struct value *out)
{
    struct str s = value_as_str(text);
    struct writer w;
    *out = text;
    if (utf8_length(s) == s.len)
        return STATUS_OK;
    writer_begin(&w, vm);
    for (size_t at = 0; at < s.len;) {
        size_t start = at;
        int32_t c = utf8_next(s, &at);
        int digit = c < 128 ? -1 : unicode_decimal_value((uint32_t)c);
        at += c < 0;
        if (digit >= 0)
            writer_char(&w, (char)('0' + digit));
        else if (c >= 128 && unicode_is_space((uint32_t)c))
            writer_char(&w, ' ');
        else
            writer_add(&w, s.ptr + start, at - start);
    }
    return writer_end(&w, out);
}

BUILTIN(filter_int)
{
    struct value v = argv[0], otherwise = is_given(argv[1]) ? argv[1] : value_int(0);
    int64_t base = 10;
    bool valid = false;
    double f = 0;
    (void)all;
    if (is_given(argv[2]))
        TRY(op_index(vm, argv[2], &base));
    if (is_undefined(v))
        return undefined_fail(vm, v);
    if (number_is_int(v)) {
        *out = number_of_bool(v);
        return STATUS_OK;
    }
    *out = otherwise;
    if (v.type == VALUE_STRING) {
        struct value number;
        TRY(ascii_digits(vm, v, &v));
        TRY(int_of_text(vm, value_as_str(v), base, &number, &valid));
        if (valid) {
            *out = number;
            return STATUS_OK;
        }
        if (v.len > vm->max_digits || !number_parse_float(value_as_str(v), &f))
            return STATUS_OK;
    } else if (v.type == VALUE_FLOAT) {
        f = v.u.f;
    } else {
        return STATUS_OK;
    }
    if (isinf(f))
        return vm_fail(vm, "cannot convert float infinity to integer");
    return isfinite(f) ? check_number(vm, number_truncate(vm->arena, f, out)) : STATUS_OK;
}

BUILTIN(filter_float)
{
    struct value v = argv[0];
    double f;
    (void)all;
    if (is_undefined(v))
        return undefined_fail(vm, v);
    *out = is_given(argv[1]) ? argv[1] : value_float(0);
    if (number_is(v)) {
        f = number_to_double(v);
        if (isinf(f) && v.type == VALUE_BIGINT)
            return vm_fail(vm, "int too large to convert to float");
        *out = value_float(f);
        return STATUS_OK;
    }
    if (v.type != VALUE_STRING)
        return STATUS_OK;
    TRY(ascii_digits(vm, v, &v));
    TRY(vm_tick(vm, v.len / 16));
    if (number_parse_float(value_as_str(v), &f))
        *out = value_float(f);
    return STATUS_OK;
}

/* round() of Python: of integers an integer, half to even. */
static enum status round_common(struct vm *vm, struct value v, int64_t precision, struct value *out)
{
    if (v.type == VALUE_FLOAT) {
        int digits = precision > 400 ? 400 : precision < -400 ? -400 : (int)precision;
        double f = number_round_float(v.u.f, digits);
        if (isinf(f) && isfinite(v.u.f))
            return vm_fail(vm, "rounded value too large to represent");
        *out = value_float(f);
        return STATUS_OK;
    }
    if (v.type == VALUE_BIGINT)
        TRY(vm_tick(vm, v.len));
    return check_number(
        vm, number_round_int(vm->arena, v, precision < INT64_MIN / 2 ? INT64_MIN / 2 : precision, out));
}

BUILTIN(filter_round)
{
    struct value v = argv[0];
    int64_t precision = 0;
    struct str method = is_given(argv[2]) ? value_as_str(argv[2]) : STR("common");
    bool ceil_it = str_is(method, "ceil");
    (void)all;
    if (!ceil_it && !str_is(method, "floor") && !str_is(method, "common"))
        return vm_fail(vm, "method must be common, ceil or floor");
    if (is_given(argv[1]))
        TRY(op_index(vm, argv[1], &precision));
    if (str_is(method, "common")) {
        if (!number_is(v))
            return vm_fail(vm, "type %s doesn't define __round__ method", type_name(v));
        return round_common(vm, v, precision, out);
    }
    struct value power, scaled;
    TRY(op_binary(vm, OPCODE_POW, value_int(10), value_int(precision), &power));
    TRY(op_binary(vm, OPCODE_MUL, v, power, &scaled));
    if (!number_is(scaled))
        return vm_fail(vm, "must be real number, not %s", type_name(v));
    if (scaled.type == VALUE_FLOAT) {
        if (!isfinite(scaled.u.f))
            return vm_fail(vm, "cannot convert float infinity to integer");
        double f = ceil_it ? ceil(scaled.u.f) : floor(scaled.u.f);
        TRY(check_number(vm, number_truncate(vm->arena, f, &scaled)));
    }
    return op_binary(vm, OPCODE_DIV, scaled, power, out);
}

/* ---- JSON and base64 ---------------------------------------------------------------------------- */

BUILTIN(filter_tojson)
{
    struct value indent = argv[1];
    struct writer w;
    int64_t spaces;
    (void)all;
    if (!is_given(indent) || indent.type == VALUE_NULL)
        return text_json(vm, argv[0], NULL, out);
    if (indent.type != VALUE_STRING) {
        TRY(op_index(vm, indent, &spaces));
        writer_begin(&w, vm);
        writer_repeat(&w, STR(" "), spaces < 0 ? 0 : (uint64_t)spaces);
        TRY(writer_end(&w, &indent));
    }
    struct str by = value_as_str(indent);
    return text_json(vm, argv[0], &by, out);
}

BUILTIN(filter_fromjson)
{
    (void)all;
    if (is_undefined(argv[0]))
        return undefined_fail(vm, argv[0]);
    if (argv[0].type != VALUE_STRING)
        return vm_fail(vm, "fromjson: the JSON object must be text, not %s", type_name(argv[0]));
    TRY(vm_tick(vm, argv[0].len / 8));
    struct error why = {0};
    enum status s = json_read(vm->arena, value_as_str(argv[0]), NULL, out, &why);
    if (s == STATUS_SYNTAX)
        return vm_fail(vm, "fromjson: %s (line %u, column %u of the text)", why.message, why.line,
                       why.column);
    return s == STATUS_OK ? s : error_set(vm->err, s, "fromjson: %s", why.message);
}

static enum status base64(struct vm *vm, struct value v, bool decode, struct value *out)
{
    struct value text;
    struct buf b;
    bool valid = true;
    TRY(text_of(vm, v, &text));
    struct str bytes = thing_is(v, THING_BYTES) ? THING(thing_bytes, v)->bytes : value_as_str(text);
    TRY(vm_tick(vm, bytes.len / 16));
    buf_init(&b, vm->max_output);
    if (decode)
        valid = base64_decode(&b, bytes);
    else
        base64_encode(&b, bytes);
    enum status s = buf_status(&b, vm->err);
    if (s == STATUS_OK && !valid)
        s = vm_fail(vm, "b64decode: the text is not base64");
    if (s == STATUS_OK && decode && utf8_check(buf_str(&b)) < b.len)
        s = vm_fail(vm, "b64decode: the decoded bytes are not UTF-8 text");
    if (s == STATUS_OK)
        s = vm_string(vm, buf_str(&b), out);
    buf_free(&b);
    return s;
}

BUILTIN(filter_b64encode)
{
    (void)all;
    return base64(vm, argv[0], false, out);
}

BUILTIN(filter_b64decode)
{
    (void)all;
    return base64(vm, argv[0], true, out);
}

/* ---- filesizeformat and pprint ------------------------------------------------------------------ */

BUILTIN(filter_filesizeformat)
{
    static const char *const UNITS[2][8] = {{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"},
                                            {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}};
    struct value number = {0};
    bool binary = false;
    if (is_given(argv[1]))
        TRY(op_truth(vm, argv[1], &binary));
    TRY(filter_float(vm, (const struct value[]){argv[0], value_null()}, all, &number));
    if (number.type != VALUE_FLOAT)
        return vm_fail(vm, argv[0].type == VALUE_STRING
                               ? "could not convert string to float"
                               : "float() argument must be a string or a real number");
    double bytes = number.u.f, base = binary ? 1024 : 1000;
    long double unit = base; /* 10**24 is no double */
    if (bytes == 1)
        return vm_string(vm, STR("1 Byte"), out);
    if (isinf(bytes) && bytes < 0)
        return vm_fail(vm, "cannot convert float infinity to integer");
    if (bytes < base) /* with all digits; + 0.0, so that there is no -0 */
        return vm_printf(vm, out, "%.0f Bytes", trunc(bytes) + 0.0);
    int i = 0;
    for (unit *= base; i < 7 && bytes >= unit; i++)
        unit *= base;
    return vm_printf(vm, out, "%.1f %s", base * bytes / (double)unit, UNITS[binary][i]);
}

BUILTIN(filter_pprint)
{
    (void)all;
    return text_pretty(vm, argv[0], out);
}
