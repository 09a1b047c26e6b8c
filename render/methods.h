/* The methods of lists, maps and the rest; those of strings are in methods_text.c. */
#ifndef RENDER_METHODS_H
#define RENDER_METHODS_H

#include "builtin.h"
#include "thing.h"

/* A row of a table of methods; the first parameter is the value itself. */
struct method {
    enum member member;
    struct builtin builtin;
};
const struct builtin *method_find(const struct method *table, size_t count, enum member m);

const struct builtin *text_method(enum member m, bool markup);
const struct builtin *list_method(enum member m, bool tuple);
const struct builtin *map_method(enum member m);
const struct builtin *number_method(enum member m, bool is_float);
const struct builtin *thing_method_of(enum thing_kind kind, enum member m);

/* globals.c: what dict() and dict.update() do. */
enum status map_update(struct vm *vm, struct thing_map *m, struct value from) MUST_CHECK;
enum status map_update_named(struct vm *vm, struct thing_map *m, const struct arguments *all) MUST_CHECK;

#define METHOD(name)                                                                                         \
    static enum status name(struct vm *vm, const struct value *argv, const struct arguments *all,            \
                            struct value *out)

#endif
