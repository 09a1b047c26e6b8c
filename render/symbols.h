/*
 * Which variable a name means. Every scope of the language (the template, a block, a macro, a loop's body,
 * with, …) has its own symbols; as in Jinja, a name is decided by reading the whole scope before it is
 * compiled: loaded before it is stored, it comes from the context; stored, it is the scope's own.
 */
#ifndef RENDER_SYMBOLS_H
#define RENDER_SYMBOLS_H

#include "compiler.h"
#include "node.h"

enum symbol_load {
    SYMBOL_PARAMETER, /* set by whoever enters the scope */
    SYMBOL_LAZY,      /* from the context */
    SYMBOL_ALIAS,     /* starts as the outer scope's variable */
    SYMBOL_MISSING,   /* starts undefined */
};

struct symbol {
    uint32_t name; /* number of the constant */
    uint32_t slot;
    uint32_t outer_slot; /* of SYMBOL_ALIAS */
    uint16_t outer_depth;
    uint8_t load;
    bool defined; /* false: undone when the other branch of an if was read */
    bool stored;
    uint8_t stored_in; /* while the branches of an if are merged: which of them stored it first */
};

struct symbols {
    struct symbols *parent; /* NULL for the template and for blocks */
    struct function *function;
    struct symbol *list;
    uint32_t count, capacity;
    uint32_t *index; /* open addressing: entry number + 1 by name */
    uint32_t index_mask;
    struct branch *branch; /* the branch of an if that is being read */
};

struct reference {
    uint32_t slot;
    uint16_t depth; /* functions between */
};

void symbols_begin(struct symbols *s, struct symbols *parent, struct function *function);
/* Where a name is found, from here outwards. */
bool symbols_find(const struct symbols *s, uint32_t name, struct reference *out);
enum status symbols_parameter(struct compiler *c, struct symbols *s, struct str name,
                              uint32_t *slot) MUST_CHECK;
/* Reads a scope's statements or expressions. */
enum status symbols_read(struct compiler *c, struct symbols *s, const struct node *list) MUST_CHECK;
/* Reads a target: its names are stored, or are parameters. */
enum status symbols_read_target(struct compiler *c, struct symbols *s, const struct node *target,
                                bool parameter) MUST_CHECK;

/* Whether the list loads the name before it stores it; blocks are not looked into. */
bool nodes_use(const struct node *list, const char *name);

#endif
