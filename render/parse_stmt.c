/* Statements: {% … %} and the text between. */
#include "core/buf.h"
#include "parser.h"
#include "unicode.h"

/* An open block statement: its word, and the words that end it or divide it. */
struct tag {
    struct str name;
    const char *const *ends; /* up to NULL; NULL until its body begins */
    struct tag *outer;
};

static enum status parse_body(struct parser *p, const char *const *ends, bool drop_end, struct node **out);
static enum status parse_statement(struct parser *p, struct node_list *out);

static enum status statement(struct parser *p, enum node_kind kind, uint32_t offset, struct node **out)
{
    return node_new(p, kind, offset, out);
}

/* ---- Bodies ------------------------------------------------------------------------------------- */

static bool at_one_of(const struct parser *p, const char *const *names)
{
    for (; names && *names; names++) {
        if (parser_at_name(p, *names))
            return true;
    }
    return false;
}

/* Text and prints that follow one another share an OUTPUT node. */
static enum status add_output(struct parser *p, struct node_list *body, struct node **output,
                              struct node_list *items, struct node *item)
{
    if (!*output) {
        TRY(node_new(p, NODE_OUTPUT, item->offset, output));
        *items = (struct node_list){0};
        node_list_add(body, *output);
    }
    node_list_add(items, item);
    (*output)->a = items->first;
    if (item->depth >= (*output)->depth)
        (*output)->depth = item->depth;
    return STATUS_OK;
}

static enum status parse_text(struct parser *p, struct node **out)
{
    TRY(node_new(p, NODE_CONST, p->token.offset, out));
    (*out)->value = value_str(p->token.text);
    (*out)->flags = NODE_TEXT;
    TRY(node_finish(p, *out));
    return parser_next(p);
}

static enum status parse_print(struct parser *p, struct node **out)
{
    TRY(parser_next(p));
    TRY(parse_tuple(p, 0, NULL, out));
    return parser_expect(p, TOKEN_VARIABLE_END, NULL);
}

/* Statements up to one of `ends`, in front of whose name the parser then stands, or up to the end. */
static enum status parse_statements(struct parser *p, const char *const *ends, struct node **out)
{
    struct node_list body = {0}, items = {0};
    struct node *output = NULL, *item;
    while (p->token.type != TOKEN_EOF) {
        if (p->token.type != TOKEN_BLOCK_BEGIN) {
            if (p->token.type == TOKEN_DATA)
                TRY(parse_text(p, &item));
            else
                TRY(parse_print(p, &item));
            TRY(add_output(p, &body, &output, &items, item));
            continue;
        }
        output = NULL;
        TRY(parser_next(p));
        if (at_one_of(p, ends))
            break;
        TRY(parse_statement(p, &body));
        TRY(parser_expect(p, TOKEN_BLOCK_END, NULL));
    }
    *out = body.first;
    return STATUS_OK;
}

/* "'endfor' or 'else'" */
static void add_choice(struct buf *b, const char *const *names)
{
    for (const char *const *n = names; *n; n++)
        buf_printf(b, "%s'%s'", n == names ? "" : " or ", *n);
}

/* An unknown tag (or, with an empty name, the end) where a body was still open. */
static enum status fail_unclosed(struct parser *p, struct str name)
{
    struct buf b;
    buf_init(&b, 4096);
    bool nesting = false;
    if (name.len == 0)
        buf_add_text(&b, "Unexpected end of template.");
    else
        buf_printf(&b, "Encountered unknown tag '%" PRISTR "'.", ARGSTR(name));
    for (const struct tag *t = p->tags; t; t = t->outer) {
        for (const char *const *n = t->ends; n && *n; n++)
            nesting = nesting || str_is(name, *n);
    }
    const struct tag *open = p->tags;
    if (open && open->ends) {
        buf_add_text(&b, nesting ? " You probably made a nesting mistake. Jinja is expecting this tag, but "
                                   "currently looking for "
                                 : " Jinja was looking for the following tags: ");
        add_choice(&b, open->ends);
        buf_add_char(&b, '.');
    }
    if (open)
        buf_printf(&b, " The innermost block that needs to be closed is '%" PRISTR "'.", ARGSTR(open->name));
    enum status s = buf_status(&b, p->err);
    if (s == STATUS_OK)
        s = parser_fail(p, p->token.offset, "%" PRISTR, ARGSTR(buf_str(&b)));
    buf_free(&b);
    return s;
}

/* The body of the innermost tag. The parser then stands at the name that ended it, or behind it. */
static enum status parse_body(struct parser *p, const char *const *ends, bool drop_end, struct node **out)
{
    bool colon;
    p->tags->ends = ends;
    TRY(parser_skip(p, TOKEN_COLON, &colon));
    TRY(parser_expect(p, TOKEN_BLOCK_END, NULL));
    TRY(parse_statements(p, ends, out));
    if (p->token.type == TOKEN_EOF)
        return fail_unclosed(p, (struct str){0});
    p->tags->ends = NULL;
    return drop_end ? parser_next(p) : STATUS_OK;
}

/* ---- Control ------------------------------------------------------------------------------------ */

/* Inside a loop, `loop` is not to be set. */
static enum status refuse_loop(struct parser *p, const struct node *target)
{
    if (target->kind == NODE_NAME && str_is(target->name, "loop"))
        return parser_fail(p, target->offset, "Can't assign to special loop variable in for-loop target");
    for (const struct node *item = target->kind == NODE_TUPLE ? target->a : NULL; item; item = item->next)
        TRY(refuse_loop(p, item));
    return STATUS_OK;
}

static enum status parse_for(struct parser *p, uint32_t offset, struct node **out)
{
    static const char *const BODY_ENDS[] = {"endfor", "else", NULL}, *const ELSE_ENDS[] = {"endfor", NULL};
    struct node *n, *rest;
    bool recursive, skipped;
    TRY(statement(p, NODE_FOR, offset, &n));
    TRY(statement(p, NODE_FOR_REST, offset, &rest));
    p->loops++;
    TRY(parse_target(p, 0, "in", &n->a));
    TRY(refuse_loop(p, n->a));
    TRY(parser_expect_name(p, "in"));
    TRY(parse_tuple(p, TUPLE_NO_CONDITIONAL, "recursive", &n->b));
    TRY(parser_skip_name(p, "if", &skipped));
    if (skipped)
        TRY(parse_expression(p, &rest->a));
    TRY(parser_skip_name(p, "recursive", &recursive));
    n->flags = recursive ? NODE_RECURSIVE : 0;
    TRY(parse_body(p, BODY_ENDS, false, &n->c));
    bool has_else = parser_at_name(p, "else");
    TRY(parser_next(p));
    if (has_else)
        TRY(parse_body(p, ELSE_ENDS, true, &rest->b));
    TRY(node_finish(p, rest));
    n->d = rest;
    *out = n;
    p->loops--;
    return STATUS_OK;
}

static enum status parse_if(struct parser *p, uint32_t offset, struct node **out)
{
    static const char *const ENDS[] = {"elif", "else", "endif", NULL}, *const ELSE_ENDS[] = {"endif", NULL};
    struct node *n;
    struct node_list elifs = {0};
    TRY(statement(p, NODE_IF, offset, &n));
    *out = n;
    struct node *branch = n;
    for (;;) {
        TRY(parse_tuple(p, TUPLE_NO_CONDITIONAL, NULL, &branch->a));
        TRY(parse_body(p, ENDS, false, &branch->b));
        if (branch != n) {
            TRY(node_finish(p, branch));
            node_list_add(&elifs, branch);
        }
        n->d = elifs.first;
        if (!parser_at_name(p, "elif"))
            break;
        uint32_t at = p->token.offset;
        TRY(parser_next(p));
        TRY(statement(p, NODE_IF, at, &branch));
    }
    bool has_else = parser_at_name(p, "else");
    TRY(parser_next(p));
    return has_else ? parse_body(p, ELSE_ENDS, true, &n->c) : STATUS_OK;
}

static enum status parse_with(struct parser *p, uint32_t offset, struct node **out)
{
    static const char *const ENDS[] = {"endwith", NULL};
    struct node_list sets = {0};
    TRY(statement(p, NODE_WITH, offset, out));
    while (p->token.type != TOKEN_BLOCK_END && p->token.type != TOKEN_EOF) {
        struct node *set;
        if (sets.first)
            TRY(parser_expect(p, TOKEN_COMMA, NULL));
        TRY(statement(p, NODE_SET, p->token.offset, &set));
        TRY(parse_target(p, 0, NULL, &set->a));
        TRY(parser_expect(p, TOKEN_ASSIGN, NULL));
        TRY(parse_expression(p, &set->b));
        TRY(node_finish(p, set));
        node_list_add(&sets, set);
    }
    (*out)->a = sets.first;
    return parse_body(p, ENDS, true, &(*out)->b);
}

static enum status parse_autoescape(struct parser *p, uint32_t offset, struct node **out)
{
    static const char *const ENDS[] = {"endautoescape", NULL};
    TRY(statement(p, NODE_AUTOESCAPE, offset, out));
    TRY(parse_expression(p, &(*out)->a));
    return parse_body(p, ENDS, true, &(*out)->b);
}

static enum status parse_print_statement(struct parser *p, uint32_t offset, struct node **out)
{
    struct node_list items = {0};
    TRY(statement(p, NODE_OUTPUT, offset, out));
    while (p->token.type != TOKEN_BLOCK_END) {
        struct node *item;
        if (items.first)
            TRY(parser_expect(p, TOKEN_COMMA, NULL));
        TRY(parse_expression(p, &item));
        node_list_add(&items, item);
    }
    (*out)->a = items.first;
    return STATUS_OK;
}

static enum status parse_set(struct parser *p, uint32_t offset, struct node **out)
{
    static const char *const ENDS[] = {"endset", NULL};
    struct node *target;
    bool assigned;
    TRY(parse_target(p, TARGET_NAMESPACE, NULL, &target));
    if (p->loops > 0)
        TRY(refuse_loop(p, target));
    TRY(parser_skip(p, TOKEN_ASSIGN, &assigned));
    TRY(statement(p, assigned ? NODE_SET : NODE_SET_BLOCK, offset, out));
    (*out)->a = target;
    if (assigned)
        return parse_tuple(p, 0, NULL, &(*out)->b);
    TRY(parse_filters(p, NULL, false, &(*out)->b));
    return parse_body(p, ENDS, true, &(*out)->c);
}

static enum status parse_do(struct parser *p, uint32_t offset, struct node **out)
{
    TRY(statement(p, NODE_DO, offset, out));
    return parse_tuple(p, 0, NULL, &(*out)->a);
}

static enum status parse_break(struct parser *p, uint32_t offset, struct node **out)
{
    return statement(p, NODE_BREAK, offset, out);
}

static enum status parse_continue(struct parser *p, uint32_t offset, struct node **out)
{
    return statement(p, NODE_CONTINUE, offset, out);
}

/* ---- Macros ------------------------------------------------------------------------------------- */

static enum status parse_signature(struct parser *p, struct node **out)
{
    struct node_list parameters = {0};
    bool defaults = false;
    TRY(parser_expect(p, TOKEN_LPAREN, NULL));
    while (p->token.type != TOKEN_RPAREN) {
        struct node *parameter;
        bool assigned;
        if (parameters.first)
            TRY(parser_expect(p, TOKEN_COMMA, NULL));
        TRY(parse_target(p, TARGET_NAME_ONLY, NULL, &parameter));
        TRY(parser_skip(p, TOKEN_ASSIGN, &assigned));
        if (assigned)
            TRY(parse_expression(p, &parameter->a));
        else if (defaults)
            return parser_fail(p, p->token.offset, "non-default argument follows default argument");
        defaults = assigned;
        TRY(node_finish(p, parameter));
        node_list_add(&parameters, parameter);
    }
    *out = parameters.first;
    return parser_expect(p, TOKEN_RPAREN, NULL);
}

static enum status parse_macro(struct parser *p, uint32_t offset, struct node **out)
{
    static const char *const ENDS[] = {"endmacro", NULL};
    struct node *name;
    TRY(statement(p, NODE_MACRO, offset, out));
    TRY(parse_target(p, TARGET_NAME_ONLY, NULL, &name));
    (*out)->name = name->name;
    TRY(parse_signature(p, &(*out)->a));
    return parse_body(p, ENDS, true, &(*out)->b);
}

static enum status parse_call_block(struct parser *p, uint32_t offset, struct node **out)
{
    static const char *const ENDS[] = {"endcall", NULL};
    TRY(statement(p, NODE_CALL_BLOCK, offset, out));
    if (p->token.type == TOKEN_LPAREN)
        TRY(parse_signature(p, &(*out)->b));
    TRY(parse_expression(p, &(*out)->a));
    if ((*out)->a->kind != NODE_CALL)
        return parser_fail(p, offset, "expected call");
    return parse_body(p, ENDS, true, &(*out)->c);
}

static enum status parse_filter_block(struct parser *p, uint32_t offset, struct node **out)
{
    static const char *const ENDS[] = {"endfilter", NULL};
    TRY(statement(p, NODE_FILTER_BLOCK, offset, out));
    TRY(parse_filters(p, NULL, true, &(*out)->a));
    return parse_body(p, ENDS, true, &(*out)->b);
}

/* ---- Several templates -------------------------------------------------------------------------- */

static bool is_blank(struct str s)
{
    return str_trim(s).len == 0;
}

static enum status check_required(struct parser *p, const struct node *block)
{
    for (const struct node *n = block->a; n; n = n->next) {
        bool blank = n->kind == NODE_OUTPUT;
        for (const struct node *item = n->a; blank && item; item = item->next)
            blank = (item->flags & NODE_TEXT) && is_blank(value_as_str(item->value));
        if (!blank)
            return parser_fail(p, p->token.offset, "Required blocks can only contain comments or whitespace");
    }
    return STATUS_OK;
}

static enum status parse_block(struct parser *p, uint32_t offset, struct node **out)
{
    static const char *const ENDS[] = {"endblock", NULL};
    struct token name;
    bool scoped, required, named;
    TRY(statement(p, NODE_BLOCK, offset, out));
    TRY(parser_expect(p, TOKEN_NAME, &name));
    TRY(parser_skip_name(p, "scoped", &scoped));
    TRY(parser_skip_name(p, "required", &required));
    (*out)->name = name.text;
    (*out)->flags = (uint8_t)((scoped ? NODE_SCOPED : 0) | (required ? NODE_REQUIRED : 0));
    if (p->token.type == TOKEN_SUB)
        return parser_fail(
            p, p->token.offset,
            "Block names in Jinja have to be valid Python identifiers and may not contain hyphens, "
            "use an underscore instead.");
    TRY(parse_body(p, ENDS, true, &(*out)->a));
    if (required)
        TRY(check_required(p, *out));
    if (p->token.type == TOKEN_NAME && str_equal(p->token.text, name.text)) {
        TRY(parser_skip(p, TOKEN_NAME, &named));
    }
    return STATUS_OK;
}

static enum status parse_extends(struct parser *p, uint32_t offset, struct node **out)
{
    TRY(statement(p, NODE_EXTENDS, offset, out));
    return parse_expression(p, &(*out)->a);
}

/* "with context" or "without context", if it stands here. */
static enum status parse_context_clause(struct parser *p, struct node *n, bool *found)
{
    struct token following;
    *found = false;
    if (!parser_at_name(p, "with") && !parser_at_name(p, "without"))
        return STATUS_OK;
    TRY(parser_look(p, &following));
    if (following.type != TOKEN_NAME || !str_is(following.text, "context"))
        return STATUS_OK;
    *found = true;
    n->flags &= (uint8_t)~NODE_WITH_CONTEXT;
    if (parser_at_name(p, "with"))
        n->flags |= NODE_WITH_CONTEXT;
    TRY(parser_next(p));
    return parser_next(p);
}

static enum status parse_include(struct parser *p, uint32_t offset, struct node **out)
{
    bool found;
    TRY(statement(p, NODE_INCLUDE, offset, out));
    (*out)->flags = NODE_WITH_CONTEXT;
    TRY(parse_expression(p, &(*out)->a));
    if (parser_at_name(p, "ignore")) {
        struct token following;
        TRY(parser_look(p, &following));
        if (following.type == TOKEN_NAME && str_is(following.text, "missing")) {
            (*out)->flags |= NODE_IGNORE_MISSING;
            TRY(parser_next(p));
            TRY(parser_next(p));
        }
    }
    return parse_context_clause(p, *out, &found);
}

static enum status parse_import(struct parser *p, uint32_t offset, struct node **out)
{
    struct node *name;
    bool found;
    TRY(statement(p, NODE_IMPORT, offset, out));
    TRY(parse_expression(p, &(*out)->a));
    TRY(parser_expect_name(p, "as"));
    TRY(parse_target(p, TARGET_NAME_ONLY, NULL, &name));
    (*out)->name = name->name;
    return parse_context_clause(p, *out, &found);
}

static enum status parse_imported_name(struct parser *p, struct node_list *names)
{
    struct node *name, *alias;
    bool as;
    TRY(parse_target(p, TARGET_NAME_ONLY, NULL, &name));
    if (name->name.ptr[0] == '_')
        return parser_fail(p, name->offset, "names starting with an underline can not be imported");
    TRY(parser_skip_name(p, "as", &as));
    if (as) {
        TRY(parse_target(p, TARGET_NAME_ONLY, NULL, &alias));
        name->value = value_str(alias->name);
    }
    node_list_add(names, name);
    return STATUS_OK;
}

static enum status parse_from(struct parser *p, uint32_t offset, struct node **out)
{
    struct node_list names = {0};
    bool done = false;
    TRY(statement(p, NODE_FROM_IMPORT, offset, out));
    TRY(parse_expression(p, &(*out)->a));
    TRY(parser_expect_name(p, "import"));
    while (!done) {
        if (names.first)
            TRY(parser_expect(p, TOKEN_COMMA, NULL));
        if (p->token.type != TOKEN_NAME)
            return parser_expect(p, TOKEN_NAME, NULL);
        TRY(parse_context_clause(p, *out, &done));
        if (done)
            break;
        TRY(parse_imported_name(p, &names));
        TRY(parse_context_clause(p, *out, &done));
        done = done || p->token.type != TOKEN_COMMA;
    }
    (*out)->b = names.first;
    return STATUS_OK;
}

/* ---- All of them -------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum status (*parse)(struct parser *p, uint32_t offset, struct node **out);
} STATEMENTS[] = {
    {"if", parse_if},
    {"for", parse_for},
    {"set", parse_set},
    {"macro", parse_macro},
    {"call", parse_call_block},
    {"filter", parse_filter_block},
    {"with", parse_with},
    {"autoescape", parse_autoescape},
    {"print", parse_print_statement},
    {"block", parse_block},
    {"extends", parse_extends},
    {"include", parse_include},
    {"import", parse_import},
    {"from", parse_from},
    {"do", parse_do},
    {"break", parse_break},
    {"continue", parse_continue},
};

static bool is_enabled(const struct parser *p, const char *word)
{
    if (strcmp(word, "do") == 0)
        return !p->options->without_do;
    if (strcmp(word, "break") == 0 || strcmp(word, "continue") == 0)
        return !p->options->without_loop_controls;
    return true;
}

static enum status parse_statement(struct parser *p, struct node_list *out)
{
    if (p->token.type != TOKEN_NAME)
        return parser_fail(p, p->token.offset, "tag name expected");
    struct token name = p->token;
    for (size_t i = 0; i < sizeof STATEMENTS / sizeof *STATEMENTS; i++) {
        if (!str_is(name.text, STATEMENTS[i].word) || !is_enabled(p, STATEMENTS[i].word))
            continue;
        struct tag tag = {name.text, NULL, p->tags};
        struct node *n;
        p->tags = &tag;
        enum status s = parser_enter(p);
        if (s == STATUS_OK)
            s = parser_next(p);
        if (s == STATUS_OK)
            s = STATEMENTS[i].parse(p, name.offset, &n);
        p->tags = tag.outer;
        TRY(s);
        parser_leave(p);
        TRY(node_finish(p, n));
        node_list_add(out, n);
        return STATUS_OK;
    }
    return fail_unclosed(p, name.text);
}

enum status parse_template(struct parser *p, struct node **body)
{
    return parse_statements(p, NULL, body);
}
