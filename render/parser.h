/* Tokens to the syntax tree, by recursive descent; Jinja's grammar and, as far as possible, its words. */
#ifndef RENDER_PARSER_H
#define RENDER_PARSER_H

#include "lexer.h"
#include "node.h"

/* Of levels inside one another, and of statements, operands, arguments or items in one list. */
enum { PARSER_MAX_DEPTH = 200, PARSER_MAX_ITEMS = 65536 };

struct tag; /* an open block statement */

struct parser {
    struct arena *arena;
    struct error *err;
    const struct template_options *options;
    struct token token;     /* where the parser stands */
    struct token following; /* valid if has_following */
    bool has_following;
    uint32_t depth;
    uint32_t loops;   /* that the parser is in */
    struct tag *tags; /* innermost first */
    struct lexer lexer;
};

/* A whole template: the list of its statements. */
enum status parse_template(struct parser *p, struct node **body) MUST_CHECK;
/* A bare expression, with nothing behind it. */
enum status parse_bare_expression(struct parser *p, struct node **out) MUST_CHECK;
enum status parser_begin(struct parser *p, struct arena *arena, struct str source, bool expression,
                         const struct template_options *options, struct error *err) MUST_CHECK;

/* ---- Between parser.c and its parts ------------------------------------------------------------- */

/* A list of nodes under construction. */
struct node_list {
    struct node *first, **end;
};
static inline void node_list_add(struct node_list *l, struct node *n)
{
    if (!l->end)
        l->end = &l->first;
    *l->end = n;
    l->end = &n->next;
}

enum status parser_next(struct parser *p) MUST_CHECK;
enum status parser_look(struct parser *p, struct token *out) MUST_CHECK;
static inline bool parser_at_name(const struct parser *p, const char *name)
{
    return p->token.type == TOKEN_NAME && str_is(p->token.text, name);
}
/* Whether the token was of the type (or that name), which is then passed. */
enum status parser_skip(struct parser *p, enum token_type type, bool *skipped) MUST_CHECK;
enum status parser_skip_name(struct parser *p, const char *name, bool *skipped) MUST_CHECK;
enum status parser_expect(struct parser *p, enum token_type type, struct token *out) MUST_CHECK;
enum status parser_expect_name(struct parser *p, const char *name) MUST_CHECK;
enum status parser_fail(struct parser *p, uint32_t offset, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* What a message calls the token. */
struct str parser_describe(const struct token *t);

enum status parser_enter(struct parser *p) MUST_CHECK; /* one level deeper; parser_leave() is the way back */
void parser_leave(struct parser *p);
enum status node_new(struct parser *p, enum node_kind kind, uint32_t offset, struct node **out) MUST_CHECK;
/* Once its members are set: notes the depth of the tree, and fails if it is too deep. */
enum status node_finish(struct parser *p, struct node *n) MUST_CHECK;

enum { TUPLE_NO_CONDITIONAL = 1, TUPLE_PRIMARY = 2, TUPLE_PARENTHESES = 4 };
enum status parse_expression(struct parser *p, struct node **out) MUST_CHECK;
/* One expression, or several with commas as a tuple. `stop`: a name that ends it as well, or NULL. */
enum status parse_tuple(struct parser *p, int flags, const char *stop, struct node **out) MUST_CHECK;
enum { TARGET_NAME_ONLY = 1, TARGET_NAMESPACE = 2 };
enum status parse_target(struct parser *p, int flags, const char *stop, struct node **out) MUST_CHECK;
/* Filters behind `n`; `inline_first`: the first is named without a bar. */
enum status parse_filters(struct parser *p, struct node *n, bool inline_first, struct node **out) MUST_CHECK;

#endif
