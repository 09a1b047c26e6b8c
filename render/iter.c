#include "builtin.h"
#include "number.h"
#include "thing.h"

/* ---- Beginning ---------------------------------------------------------------------------------- */

bool iter_can(struct value v)
{
    v = thing_view(v);
    return v.type == VALUE_UNDEFINED || v.type == VALUE_STRING || v.type == VALUE_LIST ||
           v.type == VALUE_MAP || thing_is(v, THING_RANGE) || thing_is(v, THING_ITERATOR) ||
           thing_is(v, THING_VIEW) || thing_is(v, THING_BYTES) || thing_is(v, THING_LOOP);
}

/* What is in a map that can change becomes what can change too, as with items of a list. */
static enum status begin_map(struct vm *vm, struct iterator *it, struct value map, uint8_t kind)
{
    struct thing_map *m =
        vm->mutates && kind != ITER_KEYS && thing_is(map, THING_MAP) ? THING(thing_map, map) : NULL;
    TRY(vm_tick(vm, m ? m->len / 4 : 0));
    for (uint32_t i = 0; m && i < m->len; i++)
        TRY(thing_thaw_item(vm, &m->entries[i].value));
    map = thing_view(map);
    it->kind = kind;
    it->len = map.len;
    it->u.entries = map.len ? map.u.map->entries : NULL;
    return STATUS_OK;
}

static enum status begin_bytes(struct vm *vm, struct iterator *it, struct str bytes)
{
    struct value *items = (struct value *)vm_alloc(vm, bytes.len * sizeof *items);
    if (!items)
        return vm_no_memory(vm, "a list of bytes");
    TRY(vm_tick(vm, bytes.len));
    for (size_t i = 0; i < bytes.len; i++)
        items[i] = value_int((unsigned char)bytes.ptr[i]);
    it->kind = ITER_ITEMS;
    it->len = (uint32_t)bytes.len;
    it->u.items = items;
    return STATUS_OK;
}

static enum status begin_thing(struct vm *vm, struct iterator *it, struct value over)
{
    switch ((int)*(const enum thing_kind *)over.u.object) {
    case THING_LIST:
        it->kind = ITER_LIVE;
        it->u.live = THING(thing_list, over);
        return STATUS_OK;
    case THING_MAP: return begin_map(vm, it, over, ITER_KEYS);
    case THING_RANGE:
        it->kind = ITER_RANGE;
        it->u.range = THING(thing_range, over);
        return STATUS_OK;
    case THING_ITERATOR:
        it->kind = ITER_THING;
        it->u.source = &THING(thing_iterator, over)->it;
        return STATUS_OK;
    case THING_VIEW: {
        enum member which = THING(thing_view, over)->which;
        return begin_map(vm, it, THING(thing_view, over)->map,
                         which == MEMBER_KEYS     ? ITER_KEYS
                         : which == MEMBER_VALUES ? ITER_VALUES
                                                  : ITER_PAIRS);
    }
    case THING_BYTES: return begin_bytes(vm, it, THING(thing_bytes, over)->bytes);
    default: return vm_fail(vm, "'%s' object is not iterable", type_name(over));
    }
}

enum status iter_begin(struct vm *vm, struct iterator *it, struct value over)
{
    *it = (struct iterator){.kind = ITER_ITEMS};
    switch (over.type) {
    case VALUE_LIST:
        it->len = over.len;
        it->u.items = over.u.list;
        return STATUS_OK;
    case VALUE_MAP: return begin_map(vm, it, over, ITER_KEYS);
    case VALUE_STRING:
        it->kind = ITER_CHARS;
        it->u.chars = value_as_str(over);
        return STATUS_OK;
    case VALUE_UNDEFINED: return undefined_strict(vm, over);
    case VALUE_OBJECT: return begin_thing(vm, it, over);
    default: return vm_fail(vm, "'%s' object is not iterable", type_name(over));
    }
}

enum status iter_new(struct vm *vm, const char *name, const struct iterator *it, struct value *out)
{
    struct thing_iterator *thing = (struct thing_iterator *)vm_alloc(vm, sizeof *thing);
    if (!thing)
        return vm_no_memory(vm, "an iterator");
    *thing = (struct thing_iterator){THING_ITERATOR, name, *it};
    *out = thing_value(thing);
    return STATUS_OK;
}

/* ---- One item ----------------------------------------------------------------------------------- */

static enum status next_pair(struct vm *vm, const struct value_entry *e, struct value *item)
{
    struct value *pair = (struct value *)vm_alloc(vm, 2 * sizeof *pair);
    if (!pair)
        return vm_no_memory(vm, "a pair");
    pair[0] = e->key;
    pair[1] = e->value;
    *item = (struct value){.type = VALUE_LIST, .flags = VALUE_TUPLE, .len = 2, .u.list = pair};
    return STATUS_OK;
}

static enum status next_live(struct vm *vm, struct iterator *it, struct value *item, bool *more)
{
    struct thing_list *l = it->u.live;
    *more = it->position < l->len;
    if (!*more)
        return STATUS_OK;
    struct value *at = &l->items[it->position];
    if (vm->mutates && (at->type == VALUE_LIST || at->type == VALUE_MAP)) {
        if (l->cap == 0)
            TRY(thing_list_reserve(vm, l, 1));
        at = &l->items[it->position];
        TRY(thing_thaw_item(vm, at));
    }
    it->position++;
    *item = *at;
    return STATUS_OK;
}

static enum status next_range(struct vm *vm, struct iterator *it, struct value *item, bool *more)
{
    const struct thing_range *r = it->u.range;
    *more = it->position < r->len;
    if (!*more)
        return STATUS_OK;
    int64_t offset, i;
    if (r->start.type == VALUE_INT && r->step.type == VALUE_INT &&
        !__builtin_mul_overflow((int64_t)it->position, r->step.u.i, &offset) &&
        !__builtin_add_overflow(r->start.u.i, offset, &i)) {
        *item = value_int(i);
    } else {
        struct value product;
        TRY(op_binary(vm, OPCODE_MUL, r->step, value_int((int64_t)it->position), &product));
        TRY(op_binary(vm, OPCODE_ADD, r->start, product, item));
    }
    it->position++;
    return STATUS_OK;
}

static bool next_char(struct iterator *it, struct value *item)
{
    struct str s = it->u.chars;
    size_t at = it->position, end = at + 1;
    if (at >= s.len)
        return false;
    while (end < s.len && ((unsigned char)s.ptr[end] & 0xC0) == 0x80)
        end++;
    *item = value_str((struct str){s.ptr + at, end - at});
    it->position = end;
    return true;
}

/* Whether a loop's condition holds for the item: runs its function. */
static enum status loop_condition(struct vm *vm, const struct thing_macro *condition, struct value item,
                                  bool *out)
{
    struct frame *f;
    struct value result;
    TRY(vm_new_frame(vm, condition->t, condition->code, &f));
    f->outer = condition->outer;
    f->context = condition->context;
    f->slots[0] = item;
    TRY(vm_run(vm, f, &result));
    return op_truth(vm, result, out);
}

/* The item's attribute, where one was asked for. */
static enum status attribute_of(struct vm *vm, const struct iterator_call *c, struct value item,
                                struct value *out)
{
    *out = item;
    if (!c->by_attribute)
        return STATUS_OK;
    TRY(attr_path(vm, item, c->attribute, out));
    if (is_undefined(*out) && is_given(c->fallback))
        *out = c->fallback;
    return STATUS_OK;
}

static enum status apply(struct vm *vm, const struct iterator_call *c, struct value item, struct value *out)
{
    const struct arguments *more = c->arguments;
    struct value *values = (struct value *)vm_alloc(vm, ((size_t)more->count + 1) * sizeof *values);
    if (!values)
        return vm_no_memory(vm, "the arguments of a filter");
    values[0] = item;
    if (more->count)
        memcpy(values + 1, more->values, more->count * sizeof *values);
    struct arguments all = {values, more->count + 1, more->names, more->named, more->named_count};
    return builtin_call(vm, c->builtin, &all, out);
}

static enum status next_mapped(struct vm *vm, struct iterator *it, struct value *item, bool *more)
{
    const struct iterator_call *c = (const struct iterator_call *)it->extra;
    struct value v;
    TRY(iter_next(vm, it->u.source, &v, more));
    if (!*more)
        return STATUS_OK;
    TRY(attribute_of(vm, c, v, item));
    return c->builtin ? apply(vm, c, *item, item) : STATUS_OK;
}

static enum status next_selected(struct vm *vm, struct iterator *it, struct value *item, bool *more)
{
    const struct iterator_call *c = (const struct iterator_call *)it->extra;
    for (;;) {
        struct value judged;
        bool yes;
        TRY(iter_next(vm, it->u.source, item, more));
        if (!*more)
            return STATUS_OK;
        TRY(attribute_of(vm, c, *item, &judged));
        if (c->builtin)
            TRY(apply(vm, c, judged, &judged));
        TRY(op_truth(vm, judged, &yes));
        if (yes != c->negated)
            return STATUS_OK;
    }
}

static enum status next_unique(struct vm *vm, struct iterator *it, struct value *item, bool *more)
{
    const struct iterator_unique *u = (const struct iterator_unique *)it->extra;
    for (;;) {
        struct value key;
        TRY(iter_next(vm, it->u.source, item, more));
        if (!*more)
            return STATUS_OK;
        key = *item;
        if (is_given(u->attribute))
            TRY(attr_path(vm, key, u->attribute, &key));
        if (!u->case_sensitive)
            TRY(text_ignore_case(vm, key, &key));
        TRY(op_hashable(vm, key));
        TRY(vm_tick(vm, 1));
        if (thing_map_find(u->seen, key))
            continue;
        return thing_map_put(vm, u->seen, key, value_null());
    }
}

/* batch and slice: a function that makes the list. */
static enum status next_delayed(struct vm *vm, struct iterator *it, struct value *item, bool *more)
{
    const struct iterator_call *c = (const struct iterator_call *)it->extra;
    struct value list;
    TRY(builtin_call(vm, c->builtin, c->arguments, &list));
    it->kind = ITER_ITEMS;
    it->len = list.len;
    it->u.items = list.u.list;
    it->position = 0;
    return iter_next(vm, it, item, more);
}

static enum status next_if(struct vm *vm, struct iterator *it, struct value *item, bool *more)
{
    for (;;) {
        bool yes;
        TRY(iter_next(vm, it->u.source, item, more));
        if (!*more)
            return STATUS_OK;
        TRY(loop_condition(vm, (const struct thing_macro *)it->extra, *item, &yes));
        if (yes)
            return STATUS_OK;
    }
}

static enum status step(struct vm *vm, struct iterator *it, struct value *item, bool *more)
{
    *more = it->position < it->len;
    switch (it->kind) {
    case ITER_ITEMS:
        if (*more)
            *item = it->u.items[it->position++];
        return STATUS_OK;
    case ITER_KEYS:
        if (*more)
            *item = it->u.entries[it->position++].key;
        return STATUS_OK;
    case ITER_VALUES:
        if (*more)
            *item = it->u.entries[it->position++].value;
        return STATUS_OK;
    case ITER_PAIRS: return *more ? next_pair(vm, &it->u.entries[it->position++], item) : STATUS_OK;
    case ITER_LIVE: return next_live(vm, it, item, more);
    case ITER_RANGE: return next_range(vm, it, item, more);
    case ITER_CHARS: *more = next_char(it, item); return STATUS_OK;
    case ITER_THING: return iter_next(vm, it->u.source, item, more);
    case ITER_IF: return next_if(vm, it, item, more);
    case ITER_MAP: return next_mapped(vm, it, item, more);
    case ITER_SELECT: return next_selected(vm, it, item, more);
    case ITER_UNIQUE: return next_unique(vm, it, item, more);
    default: return next_delayed(vm, it, item, more);
    }
}

enum status iter_next(struct vm *vm, struct iterator *it, struct value *item, bool *more)
{
    TRY(vm_tick(vm, 2));
    if (!it->keeps)
        return step(vm, it, item, more);
    if (it->has_ahead) {
        *item = it->ahead;
        it->has_ahead = false;
        *more = true;
    } else {
        *more = false;
        if (!it->ended)
            TRY(step(vm, it, item, more));
        it->ended = !*more;
    }
    if (*more) {
        it->given++;
        it->previous = it->current;
        it->current = *item;
    }
    return STATUS_OK;
}

enum status iter_peek(struct vm *vm, struct iterator *it, struct value *item, bool *more)
{
    if (!it->has_ahead && !it->ended) {
        TRY(step(vm, it, &it->ahead, &it->has_ahead));
        it->ended = !it->has_ahead;
    }
    *more = it->has_ahead;
    *item = it->ahead;
    return STATUS_OK;
}

/* ---- All items ---------------------------------------------------------------------------------- */

static enum status collect(struct vm *vm, struct iterator *it, struct value *out)
{
    struct list_builder b;
    bool more;
    list_begin(&b, vm->arena);
    for (;;) {
        struct value item;
        TRY(iter_next(vm, it, &item, &more));
        if (!more)
            return list_end(&b, out, vm->err);
        list_add(&b, item);
        if (b.failed)
            return vm_no_memory(vm, "a list");
    }
}

enum status iter_remaining(struct vm *vm, struct iterator *it, uint64_t *out)
{
    uint64_t ahead = it->has_ahead;
    switch (it->kind) {
    case ITER_ITEMS:
    case ITER_KEYS:
    case ITER_VALUES:
    case ITER_PAIRS: *out = it->len - it->position + ahead; return STATUS_OK;
    case ITER_LIVE:
        *out = (it->position < it->u.live->len ? it->u.live->len - it->position : 0) + ahead;
        return STATUS_OK;
    case ITER_RANGE: *out = it->u.range->len - it->position + ahead; return STATUS_OK;
    default: break;
    }
    struct iterator rest = *it; /* what is still to come is taken out, and given from the list */
    struct value list = VALUE_EMPTY_LIST;
    rest.keeps = rest.has_ahead = false;
    if (!it->ended)
        TRY(collect(vm, &rest, &list));
    it->kind = ITER_ITEMS;
    it->u.items = list.u.list;
    it->len = list.len;
    it->position = 0;
    *out = list.len + ahead;
    it->ended = list.len == 0;
    return STATUS_OK;
}

static const struct value NO_ITEM; /* of an empty list: never read, but not NULL */

enum status iter_all(struct vm *vm, struct value over, const struct value **items, uint32_t *count)
{
    struct value list = over;
    if (over.type != VALUE_LIST) {
        struct iterator it;
        TRY(iter_begin(vm, &it, over));
        if (it.kind == ITER_RANGE && it.u.range->len > 0)
            TRY(vm_tick(vm, it.u.range->len)); /* refuses a range that is too long before it takes memory */
        if (it.kind == ITER_RANGE)
            vm->steps += it.u.range->len;
        TRY(collect(vm, &it, &list));
    }
    *items = list.len > 0 ? list.u.list : &NO_ITEM;
    *count = list.len;
    return STATUS_OK;
}

enum status iter_length(struct vm *vm, struct value v, uint64_t *out)
{
    struct value plain = thing_view(v);
    *out = plain.len;
    switch (plain.type) {
    case VALUE_STRING: *out = text_length(value_as_str(plain)); return vm_tick(vm, plain.len / 64);
    case VALUE_LIST:
    case VALUE_MAP: return STATUS_OK;
    case VALUE_UNDEFINED: *out = 0; return undefined_strict(vm, v);
    default: break;
    }
    if (thing_is(v, THING_RANGE)) {
        *out = THING(thing_range, v)->len;
    } else if (thing_is(v, THING_VIEW)) {
        *out = thing_view(THING(thing_view, v)->map).len;
    } else if (thing_is(v, THING_BYTES)) {
        *out = THING(thing_bytes, v)->bytes.len;
    } else if (thing_is(v, THING_LOOP)) {
        struct iterator *it = THING(thing_loop, v)->it;
        TRY(iter_remaining(vm, it, out));
        *out += it->given;
    } else {
        return vm_fail(vm, "object of type '%s' has no len()", type_name(v));
    }
    return STATUS_OK;
}
