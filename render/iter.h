/* Everything that can be looped over, behind one way of asking for the next item. */
#ifndef RENDER_ITER_H
#define RENDER_ITER_H

#include "vm.h"

enum iterator_kind {
    ITER_ITEMS, /* of an array */
    ITER_KEYS,  /* of a map's entries */
    ITER_VALUES,
    ITER_PAIRS,
    ITER_LIVE, /* of a list that may change meanwhile */
    ITER_RANGE,
    ITER_CHARS,
    ITER_THING,  /* of an iterator that others hold too */
    ITER_IF,     /* of a loop with a condition */
    ITER_MAP,    /* map(): a filter, or an attribute, of each */
    ITER_SELECT, /* select(), reject() and their kin */
    ITER_UNIQUE,
    ITER_DELAYED, /* a list that is made when the first item is asked for: batch, slice */
};

struct builtin;
struct arguments;

/* How map() and select() make of an item what they give or judge. */
struct iterator_call {
    const struct builtin *builtin; /* filter or test; NULL: none */
    bool by_attribute;
    bool negated;
    struct value attribute, fallback;
    const struct arguments *arguments; /* further ones of the filter or test */
};

struct iterator {
    uint8_t kind;
    uint32_t len; /* ITEMS, KEYS, VALUES, PAIRS */
    uint64_t position;
    union {
        const struct value *items;
        const struct value_entry *entries;
        struct thing_list *live;
        const struct thing_range *range;
        struct str chars;
        struct iterator *source; /* THING, IF, MAP, SELECT, UNIQUE */
    } u;
    const void *extra; /* IF: struct thing_macro; MAP, SELECT, DELAYED: struct iterator_call; UNIQUE: struct
                          iterator_unique */
    /* For the loop object: items given so far, the last two, and one that was asked for early. */
    uint64_t given;
    bool keeps;
    bool has_ahead, ended;
    struct value previous, current, ahead;
};

struct thing_map;
struct iterator_unique {
    struct thing_map *seen;
    bool case_sensitive;
    struct value attribute;
};

/* Starts looping over a value; fails if that cannot be done. */
enum status iter_begin(struct vm *vm, struct iterator *it, struct value over) MUST_CHECK;
/* *more is false at the end. */
enum status iter_next(struct vm *vm, struct iterator *it, struct value *item, bool *more) MUST_CHECK;
/* How many items there are still; may collect them. */
enum status iter_remaining(struct vm *vm, struct iterator *it, uint64_t *out) MUST_CHECK;
/* The next item without passing it. */
enum status iter_peek(struct vm *vm, struct iterator *it, struct value *item, bool *more) MUST_CHECK;
/* All items: of a list or tuple, its own array. */
enum status iter_all(struct vm *vm, struct value over, const struct value **items,
                     uint32_t *count) MUST_CHECK;
/* A new iterator as a value. */
enum status iter_new(struct vm *vm, const char *name, const struct iterator *it,
                     struct value *out) MUST_CHECK;
bool iter_can(struct value v);
/* len(): fails for what has none. */
enum status iter_length(struct vm *vm, struct value v, uint64_t *out) MUST_CHECK;

#endif
