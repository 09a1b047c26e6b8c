#include "parser.h"

#include <stdarg.h>
#include <stdio.h>

enum status parser_fail(struct parser *p, uint32_t offset, const char *fmt, ...)
{
    char message[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    uint32_t line, column;
    offset_position(p->lexer.source, offset, &line, &column);
    error_set(p->err, STATUS_SYNTAX, "%s", message);
    return error_at(p->err, line, column);
}

struct str parser_describe(const struct token *t)
{
    return t->type == TOKEN_NAME ? t->text : str_of(token_type_text(t->type));
}

/* ---- The stream of tokens ----------------------------------------------------------------------- */

static enum status lex(struct parser *p, struct token *out)
{
    uint32_t last = p->has_following ? p->following.offset : p->token.offset;
    TRY(lexer_next(&p->lexer, out, p->err));
    if (out->type == TOKEN_EOF) /* the end is reported where the last token was */
        out->offset = last;
    return STATUS_OK;
}

enum status parser_next(struct parser *p)
{
    if (p->has_following) {
        p->token = p->following;
        p->has_following = false;
        return STATUS_OK;
    }
    return p->token.type == TOKEN_EOF && p->token.offset ? STATUS_OK : lex(p, &p->token);
}

enum status parser_look(struct parser *p, struct token *out)
{
    if (!p->has_following) {
        TRY(lex(p, &p->following));
        p->has_following = true;
    }
    *out = p->following;
    return STATUS_OK;
}

enum status parser_skip(struct parser *p, enum token_type type, bool *skipped)
{
    *skipped = p->token.type == type;
    return *skipped ? parser_next(p) : STATUS_OK;
}

enum status parser_skip_name(struct parser *p, const char *name, bool *skipped)
{
    *skipped = parser_at_name(p, name);
    return *skipped ? parser_next(p) : STATUS_OK;
}

static enum status fail_expected(struct parser *p, const char *what)
{
    if (p->token.type == TOKEN_EOF)
        return parser_fail(p, p->token.offset, "unexpected end of template, expected '%s'.", what);
    struct str got = parser_describe(&p->token);
    return parser_fail(p, p->token.offset, "expected token '%s', got '%" PRISTR "'", what, ARGSTR(got));
}

enum status parser_expect(struct parser *p, enum token_type type, struct token *out)
{
    if (p->token.type != type)
        return fail_expected(p, token_type_text(type));
    if (out)
        *out = p->token;
    return parser_next(p);
}

enum status parser_expect_name(struct parser *p, const char *name)
{
    if (!parser_at_name(p, name))
        return fail_expected(p, name);
    return parser_next(p);
}

enum status parser_begin(struct parser *p, struct arena *arena, struct str source, bool expression,
                         const struct template_options *options, struct error *err)
{
    *p = (struct parser){.arena = arena, .err = err, .options = options};
    TRY(lexer_begin(&p->lexer, arena, source, expression, options, err));
    return lex(p, &p->token);
}

/* ---- Nodes -------------------------------------------------------------------------------------- */

static enum status too_deep(struct parser *p)
{
    error_set(p->err, STATUS_LIMIT, "the template is nested more than %d levels deep", PARSER_MAX_DEPTH);
    uint32_t line, column;
    offset_position(p->lexer.source, p->token.offset, &line, &column);
    return error_at(p->err, line, column);
}

static enum status too_many(struct parser *p)
{
    error_set(p->err, STATUS_LIMIT, "the template has more than %d items side by side", PARSER_MAX_ITEMS);
    uint32_t line, column;
    offset_position(p->lexer.source, p->token.offset, &line, &column);
    return error_at(p->err, line, column);
}

enum status parser_enter(struct parser *p)
{
    return ++p->depth > PARSER_MAX_DEPTH ? too_deep(p) : STATUS_OK;
}

void parser_leave(struct parser *p)
{
    p->depth--;
}

enum status node_new(struct parser *p, enum node_kind kind, uint32_t offset, struct node **out)
{
    struct node *n = ARENA_NEW(p->arena, struct node);
    if (!n)
        return arena_error(p->arena, p->err, "the template's syntax tree");
    n->kind = (uint8_t)kind;
    n->offset = offset;
    *out = n;
    return STATUS_OK;
}

enum status node_finish(struct parser *p, struct node *n)
{
    const struct node *members[] = {n->a, n->b, n->c, n->d};
    uint32_t depth = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t count = 0;
        for (const struct node *m = members[i]; m; m = m->next, count++)
            depth = m->depth > depth ? m->depth : depth;
        if (count > PARSER_MAX_ITEMS)
            return too_many(p);
    }
    if (depth >= PARSER_MAX_DEPTH)
        return too_deep(p);
    n->depth = (uint8_t)(depth + 1);
    return STATUS_OK;
}
