/* x.y, x[y] and x[a:b:c]. */
#include "builtin.h"
#include "core/utf8.h"
#include "inherit.h"
#include "number.h"
#include "thing.h"

/* In a map or list that can change, an item that could change becomes one that does. */
static enum status own_item(struct vm *vm, struct value of, struct value *item)
{
    return vm->mutates && of.type == VALUE_OBJECT ? thing_thaw_item(vm, item) : STATUS_OK;
}

/* ---- Maps --------------------------------------------------------------------------------------- */

static enum status map_item(struct vm *vm, struct value of, struct value key, struct value *out)
{
    if (thing_is(of, THING_MAP)) {
        struct value_entry *e = thing_map_find(THING(thing_map, of), key);
        if (e)
            TRY(own_item(vm, of, &e->value));
        *out = e ? e->value : (struct value){0};
        return STATUS_OK;
    }
    *out = value_get_by_value(of, key);
    return STATUS_OK;
}

/* ---- Lists, strings, ranges ---------------------------------------------------------------------- */

static size_t char_offset(struct str s, uint64_t number)
{
    size_t at = 0;
    for (; number > 0 && at < s.len; number--) {
        do
            at++;
        while (at < s.len && ((unsigned char)s.ptr[at] & 0xC0) == 0x80);
    }
    return at;
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] & 0x80)
            return false;
    }
    return true;
}

static enum status string_item(struct vm *vm, struct value of, int64_t index, struct value *out)
{
    struct str s = value_as_str(of);
    TRY(vm_tick(vm, s.len / 64));
    int64_t len = (int64_t)utf8_length(s);
    index += index < 0 ? len : 0;
    if (index < 0 || index >= len)
        return STATUS_OK;
    size_t from = (size_t)len == s.len ? (size_t)index : char_offset(s, (uint64_t)index);
    size_t to = from + char_offset((struct str){s.ptr + from, s.len - from}, 1);
    *out = value_str((struct str){s.ptr + from, to - from});
    out->flags = of.flags & VALUE_MARKUP;
    return STATUS_OK;
}

static enum status range_item(struct vm *vm, const struct thing_range *r, int64_t index, struct value *out)
{
    int64_t len = (int64_t)(r->len > INT64_MAX ? INT64_MAX : r->len);
    index += index < 0 ? len : 0;
    if (index < 0 || index >= len)
        return STATUS_OK;
    struct value offset;
    TRY(op_binary(vm, OPCODE_MUL, r->step, value_int(index), &offset));
    return op_binary(vm, OPCODE_ADD, r->start, offset, out);
}

static enum status sequence_item(struct vm *vm, struct value of, struct value key, struct value *out)
{
    int64_t index;
    if (!number_is_int(key) || !number_to_int64(key, &index))
        return STATUS_OK;
    if (of.type == VALUE_STRING)
        return string_item(vm, of, index, out);
    if (thing_is(of, THING_RANGE))
        return range_item(vm, THING(thing_range, of), index, out);
    if (thing_is(of, THING_BYTES)) {
        struct str bytes = THING(thing_bytes, of)->bytes;
        index += index < 0 ? (int64_t)bytes.len : 0;
        if (index >= 0 && index < (int64_t)bytes.len)
            *out = value_int((unsigned char)bytes.ptr[index]);
        return STATUS_OK;
    }
    struct value list = thing_view(of);
    index += index < 0 ? (int64_t)list.len : 0;
    if (index < 0 || index >= (int64_t)list.len)
        return STATUS_OK;
    if (of.type == VALUE_OBJECT && vm->mutates) {
        struct thing_list *l = THING(thing_list, of);
        if (l->items[index].type == VALUE_LIST || l->items[index].type == VALUE_MAP) {
            if (l->cap == 0)
                TRY(thing_list_reserve(vm, l, 1));
            TRY(own_item(vm, of, &l->items[index]));
        }
        list = thing_view(of);
    }
    *out = list.u.list[index];
    return STATUS_OK;
}

/* ---- Slices ------------------------------------------------------------------------------------- */

static enum status slice_bound(struct vm *vm, struct value v, int64_t otherwise, int64_t *out)
{
    *out = otherwise;
    if (v.type == VALUE_NULL)
        return STATUS_OK;
    if (is_undefined(v))
        return undefined_fail(vm, v);
    if (!number_is_int(v))
        return vm_fail(vm, "slice indices must be integers or None or have an __index__ method");
    return op_index(vm, v, out);
}

static int64_t clamp(int64_t index, int64_t len, int64_t low, int64_t high)
{
    if (index < 0)
        index = index < -len ? low : index + len;
    return index < low ? low : index > high ? high : index;
}

struct range_of_slice {
    int64_t start, stop, step;
    uint64_t count;
};

static enum status resolve_slice(struct vm *vm, const struct value parts[3], int64_t len,
                                 struct range_of_slice *r)
{
    int64_t start, stop, step;
    TRY(slice_bound(vm, parts[2], 1, &step));
    if (step == 0)
        return vm_fail(vm, "slice step cannot be zero");
    step = step == INT64_MIN ? -INT64_MAX : step;
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? len - 1 : len;
    TRY(slice_bound(vm, parts[0], step < 0 ? INT64_MAX : 0, &start));
    TRY(slice_bound(vm, parts[1], step < 0 ? INT64_MIN : INT64_MAX, &stop));
    start = clamp(start, len, low, high);
    stop = parts[1].type == VALUE_NULL && step < 0 ? -1 : clamp(stop, len, low, high);
    uint64_t distance = step > 0 ? (stop > start ? (uint64_t)(stop - start) : 0)
                                 : (start > stop ? (uint64_t)(start - stop) : 0);
    uint64_t width = step > 0 ? (uint64_t)step : (uint64_t)-step;
    *r = (struct range_of_slice){start, stop, step, (distance + width - 1) / width};
    if (distance == 0)
        r->count = 0;
    return vm_tick(vm, r->count / 4 + 1);
}

static enum status slice_list(struct vm *vm, struct value of, const struct value parts[3], struct value *out)
{
    struct range_of_slice r = {0};
    TRY(resolve_slice(vm, parts, of.len, &r));
    *out = (struct value){.type = VALUE_LIST, .flags = of.flags & VALUE_TUPLE, .len = (uint32_t)r.count};
    if (r.step == 1) { /* values do not change: share the items */
        out->u.list = r.count > 0 ? of.u.list + r.start : NULL;
        return STATUS_OK;
    }
    struct value *items = (struct value *)vm_alloc(vm, r.count * sizeof *items);
    if (!items)
        return vm_no_memory(vm, "a slice");
    for (uint64_t i = 0; i < r.count; i++)
        items[i] = of.u.list[r.start + (int64_t)i * r.step];
    out->u.list = items;
    return STATUS_OK;
}

/* Steps other than 1 over text with characters of several bytes: by a table of where they begin. */
static enum status slice_wide(struct vm *vm, struct str s, const struct range_of_slice *r, size_t len,
                              struct writer *w)
{
    uint32_t *starts = (uint32_t *)vm_alloc(vm, (len + 1) * sizeof *starts);
    if (!starts)
        return vm_no_memory(vm, "a slice");
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (((unsigned char)s.ptr[i] & 0xC0) != 0x80)
            starts[count++] = (uint32_t)i;
    }
    starts[count] = (uint32_t)s.len;
    for (uint64_t i = 0; i < r->count; i++) {
        int64_t at = r->start + (int64_t)i * r->step;
        writer_add(w, s.ptr + starts[at], starts[at + 1] - starts[at]);
    }
    return STATUS_OK;
}

static enum status slice_string(struct vm *vm, struct value of, const struct value parts[3],
                                struct value *out)
{
    struct str s = value_as_str(of);
    struct range_of_slice r = {0};
    TRY(vm_tick(vm, s.len / 64));
    size_t len = utf8_length(s);
    TRY(resolve_slice(vm, parts, (int64_t)len, &r));
    if (r.step == 1) {
        bool ascii = len == s.len;
        size_t from = ascii ? (size_t)r.start : char_offset(s, (uint64_t)r.start);
        size_t bytes = ascii ? r.count : char_offset((struct str){s.ptr + from, s.len - from}, r.count);
        *out = value_str((struct str){s.ptr + from, bytes});
    } else {
        struct writer w;
        writer_begin(&w, vm);
        if (is_ascii(s)) {
            for (uint64_t i = 0; i < r.count; i++)
                writer_char(&w, s.ptr[r.start + (int64_t)i * r.step]);
        } else {
            TRY(slice_wide(vm, s, &r, len, &w));
        }
        TRY(writer_end(&w, out));
    }
    out->flags = of.flags & VALUE_MARKUP;
    return STATUS_OK;
}

/* A range of a range: start + i × step for the i of the slice. */
static enum status slice_range(struct vm *vm, const struct thing_range *of, const struct value parts[3],
                               struct value *out)
{
    struct range_of_slice r = {0};
    struct value first = {0}, last = {0};
    struct thing_range *range = (struct thing_range *)vm_alloc(vm, sizeof *range);
    if (!range)
        return vm_no_memory(vm, "a range");
    TRY(resolve_slice(vm, parts, (int64_t)(of->len > INT64_MAX ? INT64_MAX : of->len), &r));
    TRY(op_binary(vm, OPCODE_MUL, of->step, value_int(r.start), &first));
    TRY(op_binary(vm, OPCODE_MUL, of->step, value_int(r.stop), &last));
    *range = (struct thing_range){.kind = THING_RANGE, .len = r.count};
    TRY(op_binary(vm, OPCODE_ADD, of->start, first, &range->start));
    TRY(op_binary(vm, OPCODE_ADD, of->start, last, &range->stop));
    TRY(op_binary(vm, OPCODE_MUL, of->step, value_int(r.step), &range->step));
    *out = thing_value(range);
    return STATUS_OK;
}

enum status attr_slice(struct vm *vm, struct value of, const struct value parts[3], struct value *out)
{
    of = thing_view(of);
    if (of.type == VALUE_STRING)
        return slice_string(vm, of, parts, out);
    if (of.type == VALUE_LIST)
        return slice_list(vm, of, parts, out);
    if (thing_is(of, THING_RANGE))
        return slice_range(vm, THING(thing_range, of), parts, out);
    if (is_undefined(of)) {
        if (vm->undefined != UNDEFINED_CHAINABLE)
            return undefined_fail(vm, of);
        *out = of;
        return STATUS_OK;
    }
    if (of.type == VALUE_MAP)
        return vm_fail(vm, "unhashable type: 'slice'");
    return vm_fail(vm, "'%s' object is not subscriptable", type_name(of));
}

/* ---- Attributes --------------------------------------------------------------------------------- */

static enum status loop_attribute(struct vm *vm, struct thing_loop *l, enum member m, struct value *out)
{
    uint64_t remaining = 0;
    bool more;
    struct iterator *it = l->it;
    switch ((int)m) {
    case MEMBER_INDEX: *out = value_int((int64_t)it->given); return STATUS_OK;
    case MEMBER_INDEX0: *out = value_int((int64_t)it->given - 1); return STATUS_OK;
    case MEMBER_FIRST: *out = value_bool(it->given == 1); return STATUS_OK;
    case MEMBER_DEPTH: *out = value_int(l->depth + 1); return STATUS_OK;
    case MEMBER_DEPTH0: *out = value_int(l->depth); return STATUS_OK;
    case MEMBER_LAST:
        TRY(iter_peek(vm, it, out, &more));
        *out = value_bool(!more);
        return STATUS_OK;
    case MEMBER_NEXTITEM:
        TRY(iter_peek(vm, it, out, &more));
        return more ? STATUS_OK : undefined_hint(vm, out, "there is no next item");
    case MEMBER_PREVITEM:
        *out = it->previous;
        return it->given > 1 ? STATUS_OK : undefined_hint(vm, out, "there is no previous item");
    case MEMBER_LENGTH:
    case MEMBER_REVINDEX:
    case MEMBER_REVINDEX0: break;
    default: return STATUS_OK;
    }
    TRY(iter_remaining(vm, it, &remaining));
    *out =
        value_int((int64_t)(m == MEMBER_LENGTH ? it->given + remaining : remaining + (m == MEMBER_REVINDEX)));
    return STATUS_OK;
}

static enum status macro_attribute(struct vm *vm, const struct thing_macro *macro, enum member m,
                                   struct value *out)
{
    const struct code *code = macro->code;
    struct value *names;
    switch ((int)m) {
    case MEMBER_NAME: {
        struct value name = macro->t->constants[code->name];
        *out = name.len ? name : value_null();
        return STATUS_OK;
    }
    case MEMBER_CALLER: *out = value_bool(code->uses_caller); return STATUS_OK;
    case MEMBER_CATCH_KWARGS: *out = value_bool(code->uses_kwargs); return STATUS_OK;
    case MEMBER_CATCH_VARARGS: *out = value_bool(code->uses_varargs); return STATUS_OK;
    case MEMBER_ARGUMENTS: break;
    default: return STATUS_OK;
    }
    names = (struct value *)vm_alloc(vm, code->parameters * sizeof *names);
    if (!names)
        return vm_no_memory(vm, "a list");
    for (uint32_t i = 0; i < code->parameters; i++)
        names[i] = macro->t->constants[code->slot_names[i]];
    *out = (struct value){.type = VALUE_LIST, .flags = VALUE_TUPLE, .len = code->parameters, .u.list = names};
    return STATUS_OK;
}

static enum status self_attribute(struct vm *vm, const struct thing_self *self, struct value name,
                                  struct value *out)
{
    for (const struct block_stack *b = self->context->blocks; b; b = b->next) {
        if (!str_equal(b->name, value_as_str(name)))
            continue;
        struct thing_block *block = (struct thing_block *)vm_alloc(vm, sizeof *block);
        if (!block)
            return vm_no_memory(vm, "a block");
        *block = (struct thing_block){THING_BLOCK, self->context, b};
        *out = thing_value(block);
        break;
    }
    return STATUS_OK;
}

static enum status thing_attribute(struct vm *vm, struct value of, struct value name, enum member m,
                                   struct value *out)
{
    switch ((int)*(const enum thing_kind *)of.u.object) {
    case THING_LOOP: return loop_attribute(vm, THING(thing_loop, of), m, out);
    case THING_MACRO: return macro_attribute(vm, THING(thing_macro, of), m, out);
    case THING_BLOCK:
        return m == MEMBER_SUPER ? inherit_super_of(vm, THING(thing_block, of), out) : STATUS_OK;
    case THING_SELF: return self_attribute(vm, THING(thing_self, of), name, out);
    case THING_NAMESPACE: {
        const struct value_entry *e = thing_map_find(THING(thing_map, of), name);
        *out = e ? e->value : *out;
        return STATUS_OK;
    }
    case THING_MODULE: *out = value_get_by_value(THING(thing_module, of)->names, name); return STATUS_OK;
    case THING_RANGE: {
        const struct thing_range *r = THING(thing_range, of);
        *out = m == MEMBER_START ? r->start : m == MEMBER_STOP ? r->stop : m == MEMBER_STEP ? r->step : *out;
        return STATUS_OK;
    }
    case THING_CYCLER: {
        const struct thing_cycler *c = THING(thing_cycler, of);
        *out = m == MEMBER_CURRENT ? c->items[c->position] : *out;
        return STATUS_OK;
    }
    default: return STATUS_OK;
    }
}

/* What is an attribute without being called: numbers' parts, the two halves of a group. */
static enum status plain_attribute(struct vm *vm, struct value of, enum member m, struct value *out)
{
    if (of.type == VALUE_LIST && of.extra == VALUE_EXTRA_GROUP && (m == MEMBER_GROUPER || m == MEMBER_LIST)) {
        *out = of.u.list[m == MEMBER_LIST];
        return STATUS_OK;
    }
    if (!number_is(of))
        return STATUS_OK;
    bool is_float = of.type == VALUE_FLOAT;
    if (m == MEMBER_REAL || (m == MEMBER_NUMERATOR && !is_float))
        *out = number_of_bool(of);
    else if (m == MEMBER_IMAG)
        *out = is_float ? value_float(0) : value_int(0);
    else if (m == MEMBER_DENOMINATOR && !is_float)
        *out = value_int(1);
    (void)vm;
    return STATUS_OK;
}

static enum status bound_method(struct vm *vm, struct value of, enum member m, struct value *out)
{
    if (m == MEMBER_NONE || !method_of(of, m))
        return STATUS_OK;
    struct thing_method *method = (struct thing_method *)vm_alloc(vm, sizeof *method);
    if (!method)
        return vm_no_memory(vm, "a method");
    *method = (struct thing_method){THING_METHOD, of, m};
    *out = thing_value(method);
    return STATUS_OK;
}

/* What an attribute without a key of its own is; absent if nothing. */
static enum status find_attribute(struct vm *vm, struct value of, struct value name, enum member m,
                                  struct value *out)
{
    if ((of.flags & VALUE_STEP_DATA) && of.type != VALUE_UNDEFINED &&
        (m == MEMBER_DATA || m == MEMBER_RESULT)) {
        *out = of;
        return STATUS_OK;
    }
    if (of.type == VALUE_OBJECT)
        TRY(thing_attribute(vm, of, name, m, out));
    else if (m != MEMBER_NONE)
        TRY(plain_attribute(vm, of, m, out));
    return is_given(*out) ? STATUS_OK : bound_method(vm, of, m, out);
}

static enum status of_undefined(struct vm *vm, struct value of, struct value *out)
{
    *out = of;
    bool chains = vm->undefined == UNDEFINED_CHAINABLE && of.extra != UNDEFINED_LENIENT;
    return chains ? STATUS_OK : undefined_fail(vm, of);
}

enum status attr_get(struct vm *vm, struct value of, const struct value *name, enum member member,
                     struct value *out)
{
    *out = (struct value){0};
    if (of.type == VALUE_MAP) {
        *out = value_get(of, value_as_str(*name));
    } else if (of.type == VALUE_UNDEFINED) {
        return of_undefined(vm, of, out);
    } else if (thing_is(of, THING_MAP)) {
        TRY(map_item(vm, of, *name, out));
    }
    if (is_given(*out))
        return STATUS_OK;
    TRY(find_attribute(vm, of, *name, member, out));
    return is_given(*out) ? STATUS_OK : undefined_member(vm, UNDEFINED_ATTRIBUTE, of, *name, out);
}

enum status attr_item(struct vm *vm, struct value of, struct value key, struct value *out)
{
    *out = (struct value){0};
    if (of.type == VALUE_UNDEFINED)
        return of_undefined(vm, of, out);
    if (of.type == VALUE_MAP || thing_is(of, THING_MAP)) {
        TRY(undefined_strict(vm, key)); /* which has no hash */
        bool unhashable = (key.type == VALUE_LIST && !(key.flags & VALUE_TUPLE)) || key.type == VALUE_MAP;
        if (!unhashable)
            TRY(map_item(vm, of, key, out));
    } else if (of.type == VALUE_LIST || of.type == VALUE_STRING || of.type == VALUE_OBJECT) {
        bool sequence = of.type != VALUE_OBJECT || thing_is(of, THING_LIST) || thing_is(of, THING_RANGE) ||
                        thing_is(of, THING_BYTES);
        if (sequence)
            TRY(sequence_item(vm, of, key, out));
    }
    if (is_given(*out))
        return STATUS_OK;
    if (key.type == VALUE_STRING) /* as in Jinja, an attribute if there is no such item */
        TRY(find_attribute(vm, of, key, member_find(value_as_str(key)), out));
    if (is_given(*out))
        return STATUS_OK;
    return undefined_member(vm, key.type == VALUE_STRING ? UNDEFINED_ATTRIBUTE : UNDEFINED_ITEM, of, key,
                            out);
}

enum status attr_path(struct vm *vm, struct value of, struct value path, struct value *out)
{
    *out = of;
    if (path.type != VALUE_STRING)
        return attr_item(vm, of, path, out);
    struct str rest = value_as_str(path);
    bool more = true;
    while (more) {
        more = memchr(rest.ptr, '.', rest.len) != NULL;
        struct str part = str_split(&rest, '.');
        int64_t index;
        bool digits = part.len > 0 && part.ptr[0] >= '0' && part.ptr[0] <= '9' && str_to_int64(part, &index);
        TRY(vm_tick(vm, 1));
        TRY(attr_item(vm, *out, digits ? value_int(index) : value_str(part), out));
    }
    return STATUS_OK;
}
