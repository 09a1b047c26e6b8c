/* Operators, with Python's rules and words. */
#include <math.h>

#include "builtin.h"
#include "number.h"
#include "percent.h"
#include "thing.h"

const char *type_name(struct value v)
{
    static const char *const THINGS[] = {[THING_LIST] = "list",
                                         [THING_MAP] = "dict",
                                         [THING_RANGE] = "range",
                                         [THING_ITERATOR] = "generator",
                                         [THING_VIEW] = "dict_items",
                                         [THING_LOOP] = "LoopContext",
                                         [THING_MACRO] = "Macro",
                                         [THING_NAMESPACE] = "Namespace",
                                         [THING_CYCLER] = "Cycler",
                                         [THING_JOINER] = "Joiner",
                                         [THING_MODULE] = "TemplateModule",
                                         [THING_SELF] = "TemplateReference",
                                         [THING_BLOCK] = "BlockReference",
                                         [THING_METHOD] = "builtin_function_or_method",
                                         [THING_FUNCTION] = "function",
                                         [THING_BYTES] = "bytes"};
    switch (v.type) {
    case VALUE_UNDEFINED: return "Undefined";
    case VALUE_NULL: return "NoneType";
    case VALUE_BOOL: return "bool";
    case VALUE_INT:
    case VALUE_BIGINT: return "int";
    case VALUE_FLOAT: return "float";
    case VALUE_STRING: return v.flags & VALUE_MARKUP ? "Markup" : "str";
    case VALUE_LIST: return v.flags & VALUE_TUPLE ? "tuple" : "list";
    case VALUE_MAP: return "dict";
    default: break;
    }
    if (thing_is(v, THING_VIEW)) {
        enum member which = THING(thing_view, v)->which;
        return which == MEMBER_KEYS ? "dict_keys" : which == MEMBER_VALUES ? "dict_values" : "dict_items";
    }
    return thing_is(v, THING_ITERATOR) ? THING(thing_iterator, v)->name
                                       : THINGS[*(const enum thing_kind *)v.u.object];
}

const char *object_name(struct value v)
{
    switch (v.type) {
    case VALUE_NULL: return "None";
    case VALUE_BOOL: return "bool object";
    case VALUE_INT:
    case VALUE_BIGINT: return "int object";
    case VALUE_FLOAT: return "float object";
    case VALUE_STRING: return v.flags & VALUE_MARKUP ? "markupsafe.Markup object" : "str object";
    case VALUE_LIST: return v.flags & VALUE_TUPLE ? "tuple object" : "list object";
    case VALUE_MAP: return "dict object";
    default: break;
    }
    if (v.type != VALUE_OBJECT)
        return "object";
    switch ((int)*(const enum thing_kind *)v.u.object) {
    case THING_LIST: return "list object";
    case THING_MAP: return "dict object";
    case THING_RANGE: return "range object";
    case THING_ITERATOR: return "generator object";
    case THING_LOOP: return "jinja2.runtime.LoopContext object";
    case THING_MACRO: return "jinja2.runtime.Macro object";
    case THING_NAMESPACE: return "jinja2.utils.Namespace object";
    case THING_CYCLER: return "jinja2.utils.Cycler object";
    case THING_JOINER: return "jinja2.utils.Joiner object";
    case THING_MODULE: return "jinja2.environment.TemplateModule object";
    case THING_SELF: return "jinja2.runtime.TemplateReference object";
    case THING_BLOCK: return "jinja2.runtime.BlockReference object";
    case THING_BYTES: return "bytes object";
    default: return "builtin_function_or_method object";
    }
}

enum status op_truth(struct vm *vm, struct value v, bool *out)
{
    v = thing_view(v);
    switch (v.type) {
    case VALUE_UNDEFINED: *out = false; return undefined_strict(vm, v);
    case VALUE_NULL: *out = false; break;
    case VALUE_BOOL: *out = v.u.b; break;
    case VALUE_INT: *out = v.u.i != 0; break;
    case VALUE_FLOAT: *out = v.u.f != 0; break;
    case VALUE_STRING:
    case VALUE_LIST:
    case VALUE_MAP: *out = v.len > 0; break;
    case VALUE_OBJECT:
        *out = true;
        if (thing_is(v, THING_RANGE))
            *out = THING(thing_range, v)->len > 0;
        else if (thing_is(v, THING_VIEW))
            *out = thing_view(THING(thing_view, v)->map).len > 0;
        else if (thing_is(v, THING_BYTES))
            *out = THING(thing_bytes, v)->bytes.len > 0;
        break;
    default: *out = true; break;
    }
    return STATUS_OK;
}

/* ---- Equality ----------------------------------------------------------------------------------- */

static enum status equal_deep(struct vm *vm, struct value x, struct value y, uint32_t depth, bool *out);

static enum status equal_maps(struct vm *vm, struct value x, struct value y, uint32_t depth, bool *out)
{
    *out = x.len == y.len;
    for (uint32_t i = 0; *out && i < x.len; i++) {
        const struct value_entry *e = &x.u.map->entries[i];
        struct value other = value_get_by_value(y, e->key);
        *out = !value_is_absent(other);
        if (*out)
            TRY(equal_deep(vm, e->value, other, depth, out));
    }
    return STATUS_OK;
}

static enum status equal_ranges(struct vm *vm, const struct thing_range *x, const struct thing_range *y,
                                bool *out)
{
    *out = x->len == y->len;
    if (*out && x->len > 0)
        TRY(op_equal(vm, x->start, y->start, out));
    if (*out && x->len > 1)
        TRY(op_equal(vm, x->step, y->step, out));
    return STATUS_OK;
}

/* Keys and items are sets; the values of a map equal nothing but themselves. */
static enum status equal_views(struct vm *vm, const struct thing_view *x, const struct thing_view *y,
                               uint32_t depth, bool *out)
{
    struct value mx = thing_view(x->map), my = thing_view(y->map);
    if (x->which != y->which || x->which == MEMBER_VALUES)
        return STATUS_OK;
    if (x->which == MEMBER_ITEMS)
        return equal_maps(vm, mx, my, depth, out);
    *out = mx.len == my.len;
    for (uint32_t i = 0; *out && i < mx.len; i++)
        *out = !value_is_absent(value_get_by_value(my, mx.u.map->entries[i].key));
    return vm_tick(vm, mx.len);
}

static enum status equal_things(struct vm *vm, struct value x, struct value y, uint32_t depth, bool *out)
{
    *out = x.type == y.type && x.u.object == y.u.object;
    if (thing_is(x, THING_RANGE) && thing_is(y, THING_RANGE))
        return equal_ranges(vm, THING(thing_range, x), THING(thing_range, y), out);
    if (thing_is(x, THING_BYTES) && thing_is(y, THING_BYTES))
        *out = str_equal(THING(thing_bytes, x)->bytes, THING(thing_bytes, y)->bytes);
    if (thing_is(x, THING_VIEW) && thing_is(y, THING_VIEW))
        return equal_views(vm, THING(thing_view, x), THING(thing_view, y), depth, out);
    return STATUS_OK;
}

static enum status equal_deep(struct vm *vm, struct value x, struct value y, uint32_t depth, bool *out)
{
    TRY(vm_tick(vm, 1));
    if (depth > VM_MAX_VALUE_DEPTH)
        return vm_limit(vm, "a value nested more than %d levels deep", VM_MAX_VALUE_DEPTH);
    x = thing_view(x);
    y = thing_view(y);
    *out = false;
    if (number_is(x) && number_is(y)) {
        bool unordered;
        *out = number_compare(x, y, &unordered) == 0 && !unordered;
        return STATUS_OK;
    }
    if (x.type == VALUE_UNDEFINED || y.type == VALUE_UNDEFINED) {
        TRY(undefined_strict(vm, x));
        TRY(undefined_strict(vm, y));
    }
    if (x.type == VALUE_OBJECT || y.type == VALUE_OBJECT)
        return equal_things(vm, x, y, depth + 1, out);
    if (x.type != y.type)
        return STATUS_OK;
    if (x.type == VALUE_STRING) {
        TRY(vm_tick(vm, x.len / 64));
        *out = str_equal(value_as_str(x), value_as_str(y));
    } else if (x.type == VALUE_MAP) {
        return equal_maps(vm, x, y, depth + 1, out);
    } else if (x.type == VALUE_LIST) {
        *out = x.len == y.len && (x.flags & VALUE_TUPLE) == (y.flags & VALUE_TUPLE);
        for (uint32_t i = 0; *out && i < x.len; i++)
            TRY(equal_deep(vm, x.u.list[i], y.u.list[i], depth + 1, out));
    } else {
        *out = true; /* None, undefined */
    }
    return STATUS_OK;
}

enum status op_equal(struct vm *vm, struct value x, struct value y, bool *out)
{
    return equal_deep(vm, x, y, 0, out);
}

/* ---- Order -------------------------------------------------------------------------------------- */

static enum status compare_deep(struct vm *vm, enum compare how, struct value x, struct value y,
                                uint32_t depth, bool *out);

static bool order_says(enum compare how, int order)
{
    return how == COMPARE_LT   ? order < 0
           : how == COMPARE_LE ? order <= 0
           : how == COMPARE_GT ? order > 0
                               : order >= 0;
}

/* By the first pair that is not equal. */
static enum status compare_lists(struct vm *vm, enum compare how, struct value x, struct value y,
                                 uint32_t depth, bool *out)
{
    for (uint32_t i = 0; i < x.len && i < y.len; i++) {
        bool equal;
        TRY(equal_deep(vm, x.u.list[i], y.u.list[i], depth, &equal));
        if (!equal)
            return compare_deep(vm, how, x.u.list[i], y.u.list[i], depth, out);
    }
    *out = order_says(how, x.len < y.len ? -1 : x.len > y.len);
    return STATUS_OK;
}

static enum status compare_deep(struct vm *vm, enum compare how, struct value x, struct value y,
                                uint32_t depth, bool *out)
{
    static const char *const SIGNS[] = {"<", "<=", ">", ">="};
    TRY(vm_tick(vm, 1));
    if (depth > VM_MAX_VALUE_DEPTH)
        return vm_limit(vm, "a value nested more than %d levels deep", VM_MAX_VALUE_DEPTH);
    x = thing_view(x);
    y = thing_view(y);
    if (number_is(x) && number_is(y)) {
        bool unordered;
        int order = number_compare(x, y, &unordered);
        *out = !unordered && order_says(how, order);
        return STATUS_OK;
    }
    if (x.type == VALUE_STRING && y.type == VALUE_STRING) {
        *out = order_says(how, str_compare(value_as_str(x), value_as_str(y)));
        return vm_tick(vm, (x.len < y.len ? x.len : y.len) / 64);
    }
    if (x.type == VALUE_LIST && y.type == VALUE_LIST && (x.flags & VALUE_TUPLE) == (y.flags & VALUE_TUPLE))
        return compare_lists(vm, how, x, y, depth + 1, out);
    if (is_undefined(x) || is_undefined(y))
        return undefined_fail(vm, is_undefined(x) ? x : y);
    return vm_fail(vm, "'%s' not supported between instances of '%s' and '%s'", SIGNS[how], type_name(x),
                   type_name(y));
}

enum status op_compare(struct vm *vm, enum compare how, struct value x, struct value y, bool *out)
{
    return compare_deep(vm, how, x, y, 0, out);
}

enum status op_hashable(struct vm *vm, struct value v)
{
    if ((v.type == VALUE_LIST && !(v.flags & VALUE_TUPLE)) || v.type == VALUE_MAP ||
        thing_is(v, THING_LIST) || thing_is(v, THING_MAP))
        return vm_fail(vm, "unhashable type: '%s'", type_name(v));
    if (is_undefined(v))
        return undefined_strict(vm, v);
    if (v.type == VALUE_LIST) {
        for (uint32_t i = 0; i < v.len; i++)
            TRY(op_hashable(vm, v.u.list[i]));
    }
    return STATUS_OK;
}

static enum status contains_pair(struct vm *vm, struct value map, struct value pair, bool *out)
{
    *out = false;
    if (pair.type != VALUE_LIST || pair.len != 2)
        return STATUS_OK;
    struct value v = value_get_by_value(map, pair.u.list[0]);
    return value_is_absent(v) ? STATUS_OK : op_equal(vm, v, pair.u.list[1], out);
}

static enum status contains_item(struct vm *vm, struct value x, struct value in, bool *out)
{
    struct iterator it;
    bool more;
    *out = false;
    TRY(iter_begin(vm, &it, in));
    for (;;) {
        struct value item;
        TRY(iter_next(vm, &it, &item, &more));
        if (!more)
            return STATUS_OK;
        TRY(op_equal(vm, item, x, out));
        if (*out)
            return STATUS_OK;
    }
}

/* Python's kind of error also for an undefined value; which it is, and the names that there are, is the hint.
 */
static enum status fail_in_text(struct vm *vm, struct value x)
{
    static const char *const UNDEFINED[] = {
        [UNDEFINED_DEFAULT] = "Undefined",
        [UNDEFINED_STRICT] = "StrictUndefined",
        [UNDEFINED_CHAINABLE] = "ChainableUndefined",
    };
    if (!is_undefined(x))
        return vm_fail(vm, "'in <string>' requires string as left operand, not %s", type_name(x));
    if (undefined_fail(vm, x) != STATUS_UNDEFINED)
        return vm->err->status;
    const struct error cause = *vm->err;
    vm_fail(vm, "'in <string>' requires string as left operand, not %s", UNDEFINED[vm->undefined]);
    return error_hint(vm->err, "%s", cause.message);
}

enum status op_contains(struct vm *vm, struct value x, struct value in, bool *out)
{
    in = thing_view(in);
    if (in.type == VALUE_STRING) {
        if (x.type != VALUE_STRING)
            return fail_in_text(vm, x);
        TRY(vm_tick(vm, in.len / 16));
        *out = str_find(value_as_str(in), value_as_str(x)) >= 0;
        return STATUS_OK;
    }
    if (in.type == VALUE_MAP) {
        TRY(op_hashable(vm, x));
        *out = !value_is_absent(value_get_by_value(in, x));
        return STATUS_OK;
    }
    if (is_undefined(in)) {
        *out = false;
        return undefined_strict(vm, in);
    }
    if (thing_is(in, THING_VIEW)) {
        const struct thing_view *view = THING(thing_view, in);
        struct value map = thing_view(view->map);
        if (view->which == MEMBER_KEYS)
            return op_contains(vm, x, map, out);
        if (view->which == MEMBER_ITEMS)
            return contains_pair(vm, map, x, out);
    }
    if (!iter_can(in))
        return vm_fail(vm, "argument of type '%s' is not iterable", type_name(in));
    return contains_item(vm, x, in, out);
}

/* ---- Arithmetic --------------------------------------------------------------------------------- */

static const char *sign_of(enum op op)
{
    switch ((int)op) {
    case OPCODE_ADD: return "+";
    case OPCODE_SUB: return "-";
    case OPCODE_MUL: return "*";
    case OPCODE_DIV: return "/";
    case OPCODE_FLOORDIV: return "//";
    case OPCODE_MOD: return "%";
    default: return "** or pow()";
    }
}

static enum status fail_number(struct vm *vm, enum op op, struct value x, struct value y, enum number_error e)
{
    bool is_float = x.type == VALUE_FLOAT || y.type == VALUE_FLOAT;
    switch (e) {
    case NUMBER_NO_MEMORY: return vm_no_memory(vm, "an integer");
    case NUMBER_TOO_LARGE: return vm_limit(vm, "an integer of more than %u digits", vm->max_digits);
    case NUMBER_ZERO_NEGATIVE_POWER: return vm_fail(vm, "0.0 cannot be raised to a negative power");
    case NUMBER_COMPLEX: return vm_fail(vm, "a negative number raised to a fraction is a complex number");
    case NUMBER_FLOAT_OVERFLOW:
        return vm_fail(vm, op == OPCODE_POW ? "(34, 'Numerical result out of range')"
                                            : "integer division result too large for a float");
    case NUMBER_OK:
    case NUMBER_ZERO_DIVISION: break;
    }
    if (op == OPCODE_DIV)
        return vm_fail(vm, is_float ? "float division by zero" : "division by zero");
    if (op == OPCODE_FLOORDIV)
        return vm_fail(vm, is_float ? "float floor division by zero" : "integer division or modulo by zero");
    return vm_fail(vm, is_float ? "float modulo" : "integer modulo by zero");
}

static bool exceeds_float(struct value v)
{
    return v.type == VALUE_BIGINT && isinf(number_to_double(v));
}

static enum status numbers(struct vm *vm, enum op op, struct value x, struct value y, struct value *out)
{
    enum number_error e;
    if (x.type == VALUE_BIGINT || y.type == VALUE_BIGINT)
        TRY(vm_tick(vm, number_work(x, y)));
    bool as_floats =
        x.type == VALUE_FLOAT || y.type == VALUE_FLOAT || (op == OPCODE_POW && number_sign(y) < 0);
    if (as_floats && (exceeds_float(x) || exceeds_float(y)))
        return vm_fail(vm, "int too large to convert to float");
    switch ((int)op) {
    case OPCODE_ADD: e = number_add(vm->arena, x, y, out); break;
    case OPCODE_SUB: e = number_subtract(vm->arena, x, y, out); break;
    case OPCODE_MUL: e = number_multiply(vm->arena, vm->max_digits, x, y, out); break;
    case OPCODE_DIV: e = number_divide(vm->arena, x, y, out); break;
    case OPCODE_FLOORDIV: e = number_floor_divide(vm->arena, x, y, out); break;
    case OPCODE_MOD: e = number_modulo(vm->arena, x, y, out); break;
    default:
        TRY(vm_tick(vm, (uint64_t)vm->max_digits /
                            100)); /* of what power may take, which is bounded by the digits */
        e = number_power(vm->arena, vm->max_digits, x, y, out);
        break;
    }
    return e == NUMBER_OK ? STATUS_OK : fail_number(vm, op, x, y, e);
}

static enum status repeat(struct vm *vm, struct value v, struct value times, struct value *out)
{
    int64_t n;
    if (!number_to_int64(times, &n))
        return vm_fail(vm, "cannot fit 'int' into an index-sized integer");
    n = n < 0 ? 0 : n;
    if (v.type == VALUE_STRING) {
        struct writer w;
        writer_begin(&w, vm);
        writer_repeat(&w, value_as_str(v), (uint64_t)n);
        TRY(writer_end(&w, out));
        out->flags = v.flags;
        return vm_tick(vm, out->len / 64);
    }
    if (v.len > 0 && (uint64_t)n > UINT32_MAX / v.len)
        return vm_limit(vm, "a list of more than %u items", UINT32_MAX);
    uint32_t len = v.len * (uint32_t)n;
    TRY(vm_tick(vm, len));
    struct value *items = (struct value *)vm_alloc(vm, len * sizeof *items);
    if (!items)
        return vm_no_memory(vm, "a list");
    for (uint32_t i = 0; i < len; i++)
        items[i] = v.u.list[i % v.len];
    *out = (struct value){.type = VALUE_LIST, .flags = v.flags & VALUE_TUPLE, .len = len, .u.list = items};
    return STATUS_OK;
}

/* Of strings: if one is Markup, the other is escaped. */
static enum status join_two(struct vm *vm, struct value x, struct value y, struct value *out)
{
    bool markup = (x.flags | y.flags) & VALUE_MARKUP;
    struct writer w;
    if (markup) {
        TRY(text_escaped(vm, x, &x));
        TRY(text_escaped(vm, y, &y));
    }
    writer_begin(&w, vm);
    writer_str(&w, value_as_str(x));
    writer_str(&w, value_as_str(y));
    TRY(vm_tick(vm, w.len / 64));
    TRY(writer_end(&w, out));
    out->flags = markup ? VALUE_MARKUP : 0;
    return STATUS_OK;
}

static enum status add_lists(struct vm *vm, struct value x, struct value y, struct value *out)
{
    TRY(vm_tick(vm, (uint64_t)x.len + y.len));
    struct value *items = (struct value *)vm_alloc(vm, ((size_t)x.len + y.len) * sizeof *items);
    if (!items || y.len > UINT32_MAX - x.len)
        return vm_no_memory(vm, "a list");
    if (x.len)
        memcpy(items, x.u.list, x.len * sizeof *items);
    if (y.len)
        memcpy(items + x.len, y.u.list, y.len * sizeof *items);
    *out = (struct value){
        .type = VALUE_LIST, .flags = x.flags & VALUE_TUPLE, .len = x.len + y.len, .u.list = items};
    return STATUS_OK;
}

static enum status add(struct vm *vm, struct value x, struct value y, struct value *out)
{
    if (x.type == VALUE_STRING) {
        if (y.type == VALUE_STRING)
            return join_two(vm, x, y, out);
        return vm_fail(vm, "can only concatenate str (not \"%s\") to str", type_name(y));
    }
    if (x.type == VALUE_LIST) {
        if (y.type == VALUE_LIST && (x.flags & VALUE_TUPLE) == (y.flags & VALUE_TUPLE))
            return add_lists(vm, x, y, out);
        return vm_fail(vm, "can only concatenate %s (not \"%s\") to %s", type_name(x), type_name(y),
                       type_name(x));
    }
    return vm_fail(vm, "unsupported operand type(s) for +: '%s' and '%s'", type_name(x), type_name(y));
}

static bool is_sequence(struct value v)
{
    return v.type == VALUE_STRING || v.type == VALUE_LIST;
}

enum status op_binary(struct vm *vm, enum op op, struct value x, struct value y, struct value *out)
{
    if (number_is(x) && number_is(y))
        return numbers(vm, op, x, y, out);
    x = thing_view(x);
    y = thing_view(y);
    if (op == OPCODE_MOD && x.type == VALUE_STRING)
        return percent_format(vm, x, y, out);
    if (is_undefined(x) || is_undefined(y))
        return undefined_fail(vm, is_undefined(x) ? x : y);
    if (op == OPCODE_ADD)
        return add(vm, x, y, out);
    if (op == OPCODE_MUL && is_sequence(x) && number_is_int(y))
        return repeat(vm, x, y, out);
    if (op == OPCODE_MUL && is_sequence(y) && number_is_int(x))
        return repeat(vm, y, x, out);
    if (op == OPCODE_MUL && (is_sequence(x) || is_sequence(y)))
        return vm_fail(vm, "can't multiply sequence by non-int of type '%s'",
                       type_name(is_sequence(x) ? y : x));
    return vm_fail(vm, "unsupported operand type(s) for %s: '%s' and '%s'", sign_of(op), type_name(x),
                   type_name(y));
}

enum status op_negate(struct vm *vm, struct value v, bool plus, struct value *out)
{
    if (is_undefined(v))
        return undefined_fail(vm, v);
    if (!number_is(v))
        return vm_fail(vm, "bad operand type for unary %c: '%s'", plus ? '+' : '-', type_name(v));
    *out = number_of_bool(v);
    if (plus)
        return STATUS_OK;
    enum number_error e = number_negate(vm->arena, *out, out);
    return e == NUMBER_OK ? STATUS_OK : fail_number(vm, OPCODE_SUB, v, v, e);
}

enum status op_concat(struct vm *vm, const struct value *values, uint32_t count, struct value *out)
{
    struct writer w;
    bool markup = false;
    for (uint32_t i = 0; vm->autoescape && i < count; i++)
        markup = markup || (values[i].type == VALUE_STRING && (values[i].flags & VALUE_MARKUP));
    writer_begin(&w, vm);
    for (uint32_t i = 0; i < count; i++) {
        struct value text = values[i];
        if (markup) {
            TRY(text_escaped(vm, text, &text));
        }
        TRY(text_str(&w, text));
    }
    TRY(vm_tick(vm, w.len / 64));
    TRY(writer_end(&w, out));
    out->flags = markup ? VALUE_MARKUP : 0;
    return STATUS_OK;
}

enum status op_index(struct vm *vm, struct value v, int64_t *out)
{
    if (is_undefined(v))
        return undefined_fail(vm, v);
    if (!number_is_int(v))
        return vm_fail(vm, "'%s' object cannot be interpreted as an integer", type_name(v));
    if (!number_to_int64(v, out))
        *out = number_sign(v) < 0 ? INT64_MIN : INT64_MAX;
    return STATUS_OK;
}
