/* The syntax tree to instructions. compiler.c has the parts that both halves use. */
#ifndef RENDER_COMPILER_H
#define RENDER_COMPILER_H

#include "code.h"
#include "node.h"

struct symbols;

/* A loop that is being compiled, for break and continue. */
struct loop {
    uint32_t start;  /* instruction of NEXT */
    uint32_t breaks; /* chain of jumps to the end, through their operand; 0 ends it */
    uint32_t captures;
    uint32_t escapes;
    struct loop *outer;
};

/* A function under construction. */
struct function {
    uint32_t code; /* its number */
    struct instruction *instructions;
    uint32_t *offsets;
    uint32_t count, capacity;
    uint32_t *slot_names;
    uint32_t slots, slot_capacity;
    uint32_t depth, max_depth; /* of the stack */
    struct loop *loop;
    uint32_t captures, escapes; /* open CAPTUREs and AUTOESCAPEs */
    struct function *outer;
};

/* Where statements are compiled: what Jinja calls a frame. */
struct place {
    struct symbols *symbols;
    bool toplevel;      /* of the template: what is set is exported */
    bool rootlevel;     /* and not inside an if either */
    bool checks_parent; /* output is for the parent's place once there is one */
    bool soft;          /* an unknown filter is an error when it is used, not before */
};

struct compiler {
    struct arena *scratch; /* until the compile is done */
    struct template *t;    /* its arena has what lives on */
    struct str source;     /* the lexer's */
    struct error *err;
    struct function *function;
    uint32_t constant_capacity, code_capacity, block_capacity, export_capacity;
    uint32_t *block_of_name; /* by number of constant: number of the block + 1 */
    uint32_t block_name_capacity;
    uint32_t *constant_index; /* open addressing over strings: number + 1 */
    uint32_t constant_mask;
    bool extends, known_extends; /* {% extends %} occurs anywhere; was passed for certain */
    uint32_t extends_so_far;
    bool exports; /* other templates may see this one's variables */
};

/* Compiles a parsed template or expression into c->t. */
enum status compile_template(struct compiler *c, const struct node *body) MUST_CHECK;
enum status compile_expression_template(struct compiler *c, const struct node *expression) MUST_CHECK;

/* ---- Between the halves ------------------------------------------------------------------------- */

enum status compiler_no_memory(struct compiler *c);
enum status compiler_fail(struct compiler *c, uint32_t offset, const char *fmt, ...) PRINTF_LIKE(3, 4);
enum status compiler_constant(struct compiler *c, struct value v, uint32_t *number) MUST_CHECK;
/* A string constant; the same number for the same text. */
enum status compiler_name(struct compiler *c, struct str text, uint32_t *number) MUST_CHECK;

enum status function_begin(struct compiler *c, struct function *f, struct str name) MUST_CHECK;
/* Ends it with RETURN, and makes its code. */
enum status function_end(struct compiler *c, uint32_t offset) MUST_CHECK;
enum status function_add_slot(struct compiler *c, struct function *f, uint32_t name,
                              uint32_t *slot) MUST_CHECK;

/* Adds an instruction, whose effect on the stack is `change`. */
enum status emit_full(struct compiler *c, uint32_t offset, struct instruction i, int change) MUST_CHECK;
enum status emit(struct compiler *c, uint32_t offset, enum op op, uint32_t a) MUST_CHECK;
static inline uint32_t emit_here(const struct compiler *c)
{
    return c->function->count;
}
/* Lets the jump at `at` go to the next instruction. */
void emit_land(struct compiler *c, uint32_t at);

enum status compile_expression(struct compiler *c, const struct place *p, const struct node *n) MUST_CHECK;
/* Arguments on the stack and a call of them; `call` has op and b set, `extra` values are on the stack
 * already. */
enum status compile_call(struct compiler *c, const struct place *p, uint32_t offset, struct instruction call,
                         uint32_t extra, const struct node *arguments) MUST_CHECK;
/* The body of a call block as the keyword argument "caller" of the call. */
enum status compile_call_with_caller(struct compiler *c, const struct place *p,
                                     const struct node *block) MUST_CHECK;
enum status compile_load(struct compiler *c, const struct place *p, struct str name,
                         uint32_t offset) MUST_CHECK;
/* The value on the stack goes to a target. */
enum status compile_store(struct compiler *c, const struct place *p, const struct node *target) MUST_CHECK;
/* A filter without a value, applied to the one on the stack; chains too. */
enum status compile_filters(struct compiler *c, const struct place *p, const struct node *filter) MUST_CHECK;
/* A macro, with its parameters and body, as a value on the stack. */
enum status compile_macro(struct compiler *c, const struct place *p, const struct node *n, struct str name,
                          const struct node *parameters, const struct node *body) MUST_CHECK;
enum status compile_statements(struct compiler *c, struct place *p, const struct node *list) MUST_CHECK;
/* Code at the entry of a scope: what its variables start as. */
enum status compile_enter(struct compiler *c, const struct symbols *s, uint32_t offset) MUST_CHECK;

#endif
