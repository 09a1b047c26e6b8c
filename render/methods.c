/* Methods of maps, views, numbers, loops, cyclers and macros' kin; and which value has which. */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "core/utf8.h"
#include "methods.h"
#include "number.h"

const struct builtin *method_find(const struct method *table, size_t count, enum member m)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].member == m)
            return &table[i].builtin;
    }
    return NULL;
}

const struct builtin *method_of(struct value v, enum member m)
{
    struct value plain = thing_view(v);
    switch (plain.type) {
    case VALUE_STRING: return text_method(m, plain.flags & VALUE_MARKUP);
    case VALUE_LIST: return list_method(m, plain.flags & VALUE_TUPLE);
    case VALUE_MAP: return map_method(m);
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_BIGINT: return number_method(m, false);
    case VALUE_FLOAT: return number_method(m, true);
    case VALUE_OBJECT: return thing_method_of(*(const enum thing_kind *)v.u.object, m);
    default: return NULL;
    }
}

/* ---- Maps --------------------------------------------------------------------------------------- */

static enum status view(struct vm *vm, struct value map, enum member which, struct value *out)
{
    struct thing_view *v = (struct thing_view *)vm_alloc(vm, sizeof *v);
    if (!v)
        return vm_no_memory(vm, "a view");
    *v = (struct thing_view){THING_VIEW, which, map};
    *out = thing_value(v);
    return STATUS_OK;
}

METHOD(map_keys)
{
    (void)argv;
    return view(vm, all->values[0], MEMBER_KEYS, out);
}

METHOD(map_values)
{
    (void)argv;
    return view(vm, all->values[0], MEMBER_VALUES, out);
}

METHOD(map_items)
{
    (void)argv;
    return view(vm, all->values[0], MEMBER_ITEMS, out);
}

METHOD(map_get)
{
    (void)vm;
    (void)all;
    TRY(op_hashable(vm, argv[1]));
    *out = value_get_by_value(argv[0], argv[1]);
    if (value_is_absent(*out))
        *out = is_given(argv[2]) ? argv[2] : value_null();
    return STATUS_OK;
}

/* The map that a method changes. One that is not changeable was made for this call alone: a copy will do. */
static enum status changeable(struct vm *vm, const struct arguments *all, struct thing_map **out)
{
    struct value v = all->values[0];
    if (!thing_is(v, THING_MAP))
        TRY(thing_thaw(vm, v, &v));
    *out = THING(thing_map, v);
    return STATUS_OK;
}

METHOD(map_copy)
{
    struct thing_map *m;
    (void)all;
    TRY(thing_map_new(vm, THING_MAP, &m));
    TRY(map_update(vm, m, argv[0]));
    *out = thing_value(m);
    return STATUS_OK;
}

static enum status key_error(struct vm *vm, struct value key)
{
    struct writer w;
    struct value text;
    writer_begin(&w, vm);
    TRY(text_repr(&w, key));
    TRY(writer_end(&w, &text));
    return vm_fail(vm, "%" PRISTR, ARGSTR(value_as_str(text)));
}

METHOD(map_pop)
{
    struct thing_map *m;
    TRY(changeable(vm, all, &m));
    TRY(op_hashable(vm, argv[1]));
    struct value_entry *e = thing_map_find(m, argv[1]);
    if (!e && !is_given(argv[2]))
        return key_error(vm, argv[1]);
    *out = e ? e->value : argv[2];
    return e ? thing_map_remove(vm, m, e) : STATUS_OK;
}

METHOD(map_popitem)
{
    struct thing_map *m;
    struct value *pair = (struct value *)vm_alloc(vm, 2 * sizeof *pair);
    (void)argv;
    TRY(changeable(vm, all, &m));
    if (!pair)
        return vm_no_memory(vm, "a pair");
    if (m->len == 0)
        return vm_fail(vm, "'popitem(): dictionary is empty'");
    struct value_entry *e = &m->entries[m->len - 1];
    pair[0] = e->key;
    pair[1] = e->value;
    *out = (struct value){.type = VALUE_LIST, .flags = VALUE_TUPLE, .len = 2, .u.list = pair};
    return thing_map_remove(vm, m, e);
}

METHOD(map_setdefault)
{
    struct thing_map *m;
    TRY(changeable(vm, all, &m));
    TRY(op_hashable(vm, argv[1]));
    struct value_entry *e = thing_map_find(m, argv[1]);
    if (!e) {
        struct value v = all->count > 2 ? all->values[2] : is_given(argv[2]) ? argv[2] : value_null();
        TRY(thing_map_put(vm, m, argv[1], v));
        e = thing_map_find(m, argv[1]);
    }
    *out = e ? e->value : value_null();
    return STATUS_OK;
}

METHOD(map_update_method)
{
    struct thing_map *m;
    (void)argv;
    TRY(changeable(vm, all, &m));
    if (all->count > 2)
        return vm_fail(vm, "update expected at most 1 argument, got %u", all->count - 1);
    if (all->count == 2)
        TRY(map_update(vm, m, all->values[1]));
    *out = value_null();
    return map_update_named(vm, m, all);
}

METHOD(map_clear)
{
    struct thing_map *m;
    (void)argv;
    TRY(changeable(vm, all, &m));
    *m = (struct thing_map){.kind = THING_MAP};
    *out = value_null();
    return STATUS_OK;
}

METHOD(map_fromkeys)
{
    struct thing_map *m;
    struct iterator it;
    bool more;
    (void)all;
    TRY(thing_map_new(vm, THING_MAP, &m));
    TRY(iter_begin(vm, &it, argv[1]));
    for (;;) {
        struct value key;
        TRY(iter_next(vm, &it, &key, &more));
        if (!more)
            break;
        TRY(op_hashable(vm, key));
        TRY(thing_map_put(vm, m, key, is_given(argv[2]) ? argv[2] : value_null()));
    }
    *out = thing_value(m);
    return STATUS_OK;
}

static const struct method MAP_METHODS[] = {
    {MEMBER_CLEAR, {"clear", "clear", "self", 1, map_clear}},
    {MEMBER_COPY, {"copy", "copy", "self", 1, map_copy}},
    {MEMBER_FROMKEYS, {"fromkeys", "fromkeys", "self iterable value /", 2, map_fromkeys}},
    {MEMBER_GET, {"get", "get", "self key default /", 2, map_get}},
    {MEMBER_ITEMS, {"items", "items", "self", 1, map_items}},
    {MEMBER_KEYS, {"keys", "keys", "self", 1, map_keys}},
    {MEMBER_POP, {"pop", "pop", "self key default /", 2, map_pop}},
    {MEMBER_POPITEM, {"popitem", "popitem", "self", 1, map_popitem}},
    {MEMBER_SETDEFAULT, {"setdefault", "setdefault", "self key default /", 2, map_setdefault}},
    {MEMBER_UPDATE, {"update", "update", "self *", 1, map_update_method}},
    {MEMBER_VALUES, {"values", "values", "self", 1, map_values}},
};

const struct builtin *map_method(enum member m)
{
    return method_find(MAP_METHODS, BUILTIN_TABLE_SIZE(MAP_METHODS), m);
}

/* ---- Numbers ------------------------------------------------------------------------------------ */

METHOD(float_is_integer)
{
    (void)vm;
    (void)all;
    double f = argv[0].u.f;
    *out = value_bool(isfinite(f) && f == floor(f));
    return STATUS_OK;
}

METHOD(number_conjugate)
{
    (void)vm;
    (void)all;
    *out = number_of_bool(argv[0]);
    return STATUS_OK;
}

static enum status digits_of(struct vm *vm, struct value v, int base, struct str *out)
{
    TRY(vm_tick(vm, v.type == VALUE_BIGINT ? v.len * (uint64_t)v.len / 16 : 1));
    *out = number_digits(vm->arena, number_of_bool(v), base);
    return out->ptr ? STATUS_OK : vm_no_memory(vm, "digits");
}

METHOD(number_bit_length)
{
    struct str digits;
    (void)all;
    TRY(digits_of(vm, argv[0], 2, &digits));
    *out = value_int(number_sign(argv[0]) == 0 ? 0 : (int64_t)digits.len);
    return STATUS_OK;
}

METHOD(number_bit_count)
{
    struct str digits;
    int64_t count = 0;
    (void)all;
    TRY(digits_of(vm, argv[0], 2, &digits));
    for (size_t i = 0; i < digits.len; i++)
        count += digits.ptr[i] == '1';
    *out = value_int(count);
    return STATUS_OK;
}

/* A float as the exact fraction that it is, in lowest terms. */
METHOD(number_as_integer_ratio)
{
    struct value *pair = (struct value *)vm_alloc(vm, 2 * sizeof *pair);
    int exponent = 0;
    (void)all;
    if (!pair)
        return vm_no_memory(vm, "a pair");
    pair[0] = number_of_bool(argv[0]);
    pair[1] = value_int(1);
    if (argv[0].type == VALUE_FLOAT) {
        double f = frexp(argv[0].u.f, &exponent);
        if (!isfinite(argv[0].u.f))
            return vm_fail(vm, "cannot convert %s to integer ratio", isnan(argv[0].u.f) ? "NaN" : "Infinity");
        for (int i = 0; i < 300 && f != floor(f); i++, exponent--)
            f *= 2;
        struct value power;
        TRY(op_binary(vm, OPCODE_POW, value_int(2), value_int(exponent < 0 ? -exponent : exponent), &power));
        pair[0] = value_int((int64_t)f);
        if (exponent >= 0)
            TRY(op_binary(vm, OPCODE_MUL, pair[0], power, &pair[0]));
        else
            pair[1] = power;
    }
    *out = (struct value){.type = VALUE_LIST, .flags = VALUE_TUPLE, .len = 2, .u.list = pair};
    return STATUS_OK;
}

static enum status bytes_new(struct vm *vm, int64_t length, struct thing_bytes **out, char **bytes)
{
    if (length > 1 << 20)
        return vm_limit(vm, "more than 1 MiB of bytes");
    *out = (struct thing_bytes *)vm_alloc(vm, sizeof **out);
    *bytes = (char *)arena_zalloc(vm->arena, (size_t)length, 1);
    if (!*out || !*bytes)
        return vm_no_memory(vm, "bytes");
    **out = (struct thing_bytes){THING_BYTES, {*bytes, (size_t)length}};
    return STATUS_OK;
}

/* (255).to_bytes(1, 'big'): unsigned. */
METHOD(number_to_bytes)
{
    int64_t length = 1;
    struct thing_bytes *b = NULL;
    char *bytes = NULL;
    struct str order = is_given(argv[2]) ? value_as_str(argv[2]) : STR("big");
    bool little = str_is(order, "little");
    (void)all;
    if (is_given(argv[1]))
        TRY(op_index(vm, argv[1], &length));
    if (!little && !str_is(order, "big"))
        return vm_fail(vm, "byteorder must be either 'little' or 'big'");
    if (length < 0)
        return vm_fail(vm, "length argument must be non-negative");
    if (number_sign(argv[0]) < 0)
        return vm_fail(vm, "can't convert negative int to unsigned");
    struct str digits;
    TRY(digits_of(vm, argv[0], 16, &digits));
    if (number_sign(argv[0]) != 0 && (int64_t)(digits.len + 1) / 2 > length)
        return vm_fail(vm, "int too big to convert");
    TRY(bytes_new(vm, length, &b, &bytes));
    for (int64_t i = 0; i < (int64_t)digits.len && i / 2 < length; i++) { /* from the lowest digit on */
        char c = digits.ptr[digits.len - 1 - (size_t)i];
        int digit = c <= '9' ? c - '0' : c - 'a' + 10;
        bytes[little ? i / 2 : length - 1 - i / 2] |= (char)(digit << (i % 2 ? 4 : 0));
    }
    *out = thing_value(b);
    return STATUS_OK;
}

/* One bit, a point and 52 bits, for subnormals as well. */
METHOD(float_hex)
{
    double f = argv[0].u.f;
    int exponent = 0;
    (void)all;
    if (!isfinite(f))
        return vm_string(vm, isnan(f) ? STR("nan") : f < 0 ? STR("-inf") : STR("inf"), out);
    const char *sign = signbit(f) ? "-" : "";
    if (f == 0)
        return vm_printf(vm, out, "%s0x0.0p+0", sign);
    double m = frexp(fabs(f), &exponent);
    int shift = exponent < DBL_MIN_EXP ? 1 - (DBL_MIN_EXP - exponent) : 1;
    uint64_t bits = (uint64_t)ldexp(m, shift + 52);
    return vm_printf(vm, out, "%s0x%d.%013llxp%+d", sign, (int)(bits >> 52),
                     (unsigned long long)(bits & ((UINT64_C(1) << 52) - 1)), exponent - shift);
}

static const struct method NUMBER_METHODS[] = {
    {MEMBER_AS_INTEGER_RATIO, {"as_integer_ratio", "as_integer_ratio", "self", 1, number_as_integer_ratio}},
    {MEMBER_CONJUGATE, {"conjugate", "conjugate", "self", 1, number_conjugate}},
    {MEMBER_BIT_LENGTH, {"bit_length", "bit_length", "self", 1, number_bit_length}},
    {MEMBER_BIT_COUNT, {"bit_count", "bit_count", "self", 1, number_bit_count}},
    {MEMBER_TO_BYTES, {"to_bytes", "to_bytes", "self length byteorder", 1, number_to_bytes}},
};
static const struct method FLOAT_METHODS[] = {
    {MEMBER_AS_INTEGER_RATIO, {"as_integer_ratio", "as_integer_ratio", "self", 1, number_as_integer_ratio}},
    {MEMBER_CONJUGATE, {"conjugate", "conjugate", "self", 1, number_conjugate}},
    {MEMBER_HEX, {"hex", "hex", "self", 1, float_hex}},
    {MEMBER_IS_INTEGER, {"is_integer", "is_integer", "self", 1, float_is_integer}},
};

const struct builtin *number_method(enum member m, bool is_float)
{
    if (is_float)
        return method_find(FLOAT_METHODS, BUILTIN_TABLE_SIZE(FLOAT_METHODS), m);
    return method_find(NUMBER_METHODS, BUILTIN_TABLE_SIZE(NUMBER_METHODS), m);
}

/* ---- loop, cycler, bytes ------------------------------------------------------------------------ */

METHOD(loop_cycle)
{
    const struct thing_loop *l = THING(thing_loop, argv[0]);
    if (all->count < 2)
        return vm_fail(vm, "no items for cycling given");
    *out = all->values[1 + (l->it->given - 1) % (all->count - 1)];
    return STATUS_OK;
}

METHOD(loop_changed)
{
    struct thing_loop *l = THING(thing_loop, argv[0]);
    struct value *items = (struct value *)vm_alloc(vm, all->count * sizeof *items);
    bool same = false;
    if (!items)
        return vm_no_memory(vm, "a list");
    for (uint32_t i = 1; i < all->count; i++)
        items[i - 1] = all->values[i];
    struct value now = {.type = VALUE_LIST, .flags = VALUE_TUPLE, .len = all->count - 1, .u.list = items};
    if (is_given(l->changed))
        TRY(op_equal(vm, l->changed, now, &same));
    l->changed = now;
    *out = value_bool(!same);
    return STATUS_OK;
}

METHOD(cycler_next)
{
    struct thing_cycler *c = THING(thing_cycler, argv[0]);
    (void)vm;
    (void)all;
    *out = c->items[c->position];
    c->position = (c->position + 1) % c->len;
    return STATUS_OK;
}

METHOD(cycler_reset)
{
    (void)vm;
    (void)all;
    THING(thing_cycler, argv[0])->position = 0;
    *out = value_null();
    return STATUS_OK;
}

METHOD(bytes_decode)
{
    struct str bytes = THING(thing_bytes, argv[0])->bytes;
    (void)all;
    if (utf8_check(bytes) < bytes.len)
        return vm_fail(vm, "the bytes are no UTF-8 text from number %zu on", utf8_check(bytes));
    return vm_string(vm, bytes, out);
}

METHOD(bytes_hex)
{
    struct str s = THING(thing_bytes, argv[0])->bytes;
    struct writer w;
    (void)all;
    writer_begin(&w, vm);
    for (size_t i = 0; i < s.len; i++) {
        writer_char(&w, "0123456789abcdef"[(unsigned char)s.ptr[i] >> 4]);
        writer_char(&w, "0123456789abcdef"[(unsigned char)s.ptr[i] & 15]);
    }
    return writer_end(&w, out);
}

const struct builtin *thing_method_of(enum thing_kind kind, enum member m)
{
    static const struct method LOOP[] = {
        {MEMBER_CYCLE, {"cycle", "cycle", "self *", 1, loop_cycle}},
        {MEMBER_CHANGED, {"changed", "changed", "self *", 1, loop_changed}},
    };
    static const struct method CYCLER[] = {
        {MEMBER_NEXT, {"next", "next", "self", 1, cycler_next}},
        {MEMBER_RESET, {"reset", "reset", "self", 1, cycler_reset}},
    };
    static const struct method BYTES[] = {
        {MEMBER_DECODE, {"decode", "decode", "self encoding errors", 1, bytes_decode}},
        {MEMBER_HEX, {"hex", "hex", "self", 1, bytes_hex}},
    };
    if (kind == THING_LOOP)
        return method_find(LOOP, BUILTIN_TABLE_SIZE(LOOP), m);
    if (kind == THING_CYCLER)
        return method_find(CYCLER, BUILTIN_TABLE_SIZE(CYCLER), m);
    return kind == THING_BYTES ? method_find(BYTES, BUILTIN_TABLE_SIZE(BYTES), m) : NULL;
}
