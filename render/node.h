/* The syntax tree between the parser and the compiler; lives in the compile's arena. */
#ifndef RENDER_NODE_H
#define RENDER_NODE_H

#include "core/value.h"

enum node_kind {
#define X(name, members) NODE_##name,
#include "node.def"
#undef X
};

enum {
    NODE_RECURSIVE = 1,
    NODE_SCOPED = 1,
    NODE_REQUIRED = 2,
    NODE_WITH_CONTEXT = 1,
    NODE_IGNORE_MISSING = 2,
    NODE_TEXT = 1,
};

enum binary_op { OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_FLOORDIV, OP_MOD, OP_POW };
enum compare_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_IN, OP_NOT_IN };

struct node {
    uint8_t kind;
    uint8_t op;
    uint8_t flags;
    uint8_t depth;   /* of the tree below, so that no later pass recurses too deep */
    uint32_t offset; /* in the lexer's source */
    struct node *next;
    struct str name;
    struct value value;
    struct node *a, *b, *c, *d;
};

#endif
