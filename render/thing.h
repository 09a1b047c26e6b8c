/*
 * Values that only templates have: VALUE_OBJECT points to one of these, whose first member says which. They
 * live in the render's arena and never leave the render: thing_freeze() makes plain values of them.
 */
#ifndef RENDER_THING_H
#define RENDER_THING_H

#include "iter.h"
#include "vm.h"

enum thing_kind {
    THING_LIST, /* a list that can change */
    THING_MAP,  /* a dict that can change */
    THING_RANGE,
    THING_ITERATOR, /* used up by looping over it */
    THING_VIEW,     /* dict.keys(), .values(), .items() */
    THING_LOOP,
    THING_MACRO,
    THING_NAMESPACE,
    THING_CYCLER,
    THING_JOINER,
    THING_MODULE,   /* an imported template */
    THING_SELF,     /* the blocks of a template */
    THING_BLOCK,    /* one of them, or super */
    THING_METHOD,   /* a method with the value that it is of */
    THING_FUNCTION, /* a global */
    THING_BYTES,
};

/* Items that a list or a map moves for one step of a render: 64 bytes, as of texts. */
enum { ITEMS_A_STEP = 4 };

struct thing_list {
    enum thing_kind kind;
    struct value *items; /* shared with another value while cap is 0 */
    uint32_t len, cap;
};

struct thing_map {
    enum thing_kind kind; /* THING_MAP or THING_NAMESPACE */
    uint32_t len, cap;
    struct value_entry *entries;
    uint32_t *index;
    struct value_map map; /* what others see: entries and index again */
};

struct thing_range {
    enum thing_kind kind;
    struct value start, stop, step; /* integers */
    uint64_t len;
};

struct thing_iterator {
    enum thing_kind kind;
    const char *name; /* Python's type: "generator", "list_reverseiterator" */
    struct iterator it;
};

struct thing_view {
    enum thing_kind kind;
    enum member which; /* MEMBER_KEYS, MEMBER_VALUES, MEMBER_ITEMS */
    struct value map;
};

struct thing_macro {
    enum thing_kind kind;
    const struct template *t;
    const struct code *code;
    const struct frame *outer;
    struct context *context;
    bool autoescape; /* where it is written */
};

struct thing_cycler {
    enum thing_kind kind;
    const struct value *items;
    uint32_t len, position;
};

struct thing_joiner {
    enum thing_kind kind;
    bool used;
    struct value separator;
};

struct thing_module {
    enum thing_kind kind;
    struct str name;
    struct value names; /* a map of what it exports */
    struct value body;  /* its text */
};

struct thing_self {
    enum thing_kind kind;
    struct context *context;
};

struct thing_block {
    enum thing_kind kind;
    struct context *context;
    const struct block_stack *block;
};

struct thing_method {
    enum thing_kind kind;
    struct value self;
    enum member which;
};

struct thing_function {
    enum thing_kind kind;
    const struct builtin *builtin;
};

struct thing_bytes {
    enum thing_kind kind;
    struct str bytes;
};

struct thing_loop {
    enum thing_kind kind;
    struct iterator *it;
    const struct frame *frame; /* where a recursive loop runs; NULL of others */
    uint32_t depth;            /* from 0 */
    struct value changed;      /* what loop.changed() saw last; absent before */
};

static inline struct value thing_value(const void *thing)
{
    return (struct value){.type = VALUE_OBJECT, .u.object = thing};
}
static inline bool thing_is(struct value v, enum thing_kind kind)
{
    return v.type == VALUE_OBJECT && *(const enum thing_kind *)v.u.object == kind;
}
/* The thing of a value whose kind was checked; they are all made mutable. */
#define THING(type, v) ((struct type *)own((v).u.object))

/* A list or map that can change as the list or map that it is now; other values as they are. */
static inline struct value thing_view(struct value v)
{
    if (v.type != VALUE_OBJECT)
        return v;
    enum thing_kind kind = *(const enum thing_kind *)v.u.object;
    if (kind == THING_LIST) {
        const struct thing_list *l = THING(thing_list, v);
        return (struct value){.type = VALUE_LIST, .len = l->len, .u.list = l->items};
    }
    if (kind == THING_MAP) {
        const struct thing_map *m = THING(thing_map, v);
        return (struct value){.type = VALUE_MAP, .len = m->len, .u.map = &m->map};
    }
    return v;
}

/* A list or map as one that can change, sharing its items until then; other values as they are. */
enum status thing_thaw(struct vm *vm, struct value v, struct value *out) MUST_CHECK;
/* The same with items of its own: for a value that may share them with another that can change. */
enum status thing_thaw_copy(struct vm *vm, struct value v, struct value *out) MUST_CHECK;
/* The item of a changeable container, made changeable itself, in its place. */
enum status thing_thaw_item(struct vm *vm, struct value *item) MUST_CHECK;
/* Plain values all the way down; STATUS_RUNTIME for a value that has no plain form. */
enum status thing_freeze(struct vm *vm, struct value v, struct value *out) MUST_CHECK;

enum status thing_list_reserve(struct vm *vm, struct thing_list *l, uint32_t more) MUST_CHECK;
enum status thing_list_add(struct vm *vm, struct thing_list *l, struct value v) MUST_CHECK;
enum status thing_map_new(struct vm *vm, enum thing_kind kind, struct thing_map **out) MUST_CHECK;
enum status thing_map_put(struct vm *vm, struct thing_map *m, struct value key, struct value v) MUST_CHECK;
/* The entry of a key, or NULL. */
struct value_entry *thing_map_find(const struct thing_map *m, struct value key);
enum status thing_map_remove(struct vm *vm, struct thing_map *m, struct value_entry *entry) MUST_CHECK;
static inline struct value thing_map_as_value(const struct thing_map *m)
{
    return (struct value){.type = VALUE_MAP, .len = m->len, .u.map = &m->map};
}

#endif
