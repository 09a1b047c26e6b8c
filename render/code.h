/* What a template is compiled to: instructions over constants and numbered variables (slots). */
#ifndef RENDER_CODE_H
#define RENDER_CODE_H

#include "core/arena.h"
#include "core/value.h"
#include "template.h"

enum op {
#define X(name, stack, what) OPCODE_##name,
#include "op.def"
#undef X
    OPCODE_COUNT
};

enum { CALL_LIST = 1, CALL_MAP = 2 }; /* flags of calls: f(*list, **map) */

struct instruction {
    uint8_t op;
    uint8_t flags;
    uint16_t n;
    uint32_t a, b;
};

/*
 * A function: the template itself, a block, a macro, the body of a call block or of a recursive loop, the
 * condition of a loop. Its parameters are its first slots; a macro's are followed by caller, kwargs and
 * varargs as far as it uses them.
 */
struct code {
    struct instruction *instructions;
    uint32_t *offsets; /* of each instruction, in the source */
    uint32_t count;
    uint32_t slots, stack; /* how many values a frame has */
    uint32_t *slot_names;  /* numbers of constants */
    uint32_t name;         /* number of a constant */
    uint32_t parameters;
    bool uses_caller, uses_kwargs, uses_varargs;
    bool explicit_caller; /* a parameter has that name */
};

struct block {
    uint32_t name; /* number of a constant */
    uint32_t code;
};

/* A variable of the template's top level that import shows. */
struct export
{
    uint32_t name, slot;
};

struct template
{
    unsigned references;
    struct arena arena; /* of all that is in here */
    struct str name, source;
    enum template_mode mode;
    bool autoescape;
    bool refuses_undefined; /* in strict mode, as the value of the whole expression too */
    bool mutates;           /* calls a method that may change a list or map: they are made changeable then */
    struct template_loader loader;
    struct value *constants;
    uint16_t *members;  /* for each constant: its enum member, if it is such a name */
    struct code *codes; /* the first is the template itself */
    struct block *blocks;
    struct export *exports;
    uint32_t constant_count, code_count, block_count, export_count;
};

#endif
