/* Filters, tests, global functions and methods: their tables, and how arguments reach them. */
#ifndef RENDER_BUILTIN_H
#define RENDER_BUILTIN_H

#include "vm.h"

/* The arguments of a call as they were written. */
struct arguments {
    const struct value *values; /* for a filter or test, the first is what it is applied to */
    uint32_t count;
    const struct value *names, *named; /* keyword arguments */
    uint32_t named_count;
};

enum { BUILTIN_MAX_PARAMETERS = 8 };

/*
 * A function of the engine. `argv` holds one value a parameter, absent ones included; with VARIADIC, further
 * arguments are allowed and are in `all`.
 */
struct builtin {
    const char *name;   /* in templates */
    const char *python; /* in messages */
    /* "value default_value boolean": their names, for keywords; those before a "/" cannot be given so; "*" at
     * the end: variadic */
    const char *parameters;
    uint8_t required;
    enum status (*call)(struct vm *vm, const struct value *argv, const struct arguments *all,
                        struct value *out);
};

/* Numbers in the tables, or -1. */
int filter_find(struct str name);
int test_find(struct str name);
const struct builtin *filter_get(int number);
const struct builtin *test_get(int number);
/* The global function, or NULL. */
const struct builtin *global_find(struct str name);

/* Sorts the arguments into parameters and calls. */
enum status builtin_call(struct vm *vm, const struct builtin *b, const struct arguments *all,
                         struct value *out) MUST_CHECK;

/* The truth of an argument that may be left out. */
enum status argument_flag(struct vm *vm, struct value v, bool otherwise, bool *out) MUST_CHECK;

/* Adds *list and **map to the arguments. */
enum status arguments_spread(struct vm *vm, struct arguments *args, int flags, struct value list,
                             struct value map) MUST_CHECK;

/* Calls any value. */
enum status call_value(struct vm *vm, struct value f, const struct arguments *args,
                       struct value *out) MUST_CHECK;
/* Calls x.name(...). */
enum status call_method(struct vm *vm, struct value of, const struct value *name, enum member member,
                        const struct arguments *args, struct value *out) MUST_CHECK;

/* The method of a value, or NULL. */
const struct builtin *method_of(struct value v, enum member m);

#define BUILTIN_TABLE_SIZE(table) (sizeof(table) / sizeof *(table))

#endif
