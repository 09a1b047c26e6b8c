/* Expressions. The order of the functions is that of precedence, loosest first. */
#include "number.h"
#include "parser.h"

static enum status parse_or(struct parser *p, struct node **out);
static enum status parse_unary(struct parser *p, bool with_filter, struct node **out);

static enum status make(struct parser *p, enum node_kind kind, uint32_t offset, struct node *a,
                        struct node *b, struct node **out)
{
    TRY(node_new(p, kind, offset, out));
    (*out)->a = a;
    (*out)->b = b;
    return node_finish(p, *out);
}

/* x if test else y, any number of times. */
static enum status parse_conditional(struct parser *p, struct node **out)
{
    TRY(parse_or(p, out));
    for (;;) {
        struct node *n, *then = *out;
        bool skipped;
        uint32_t offset = p->token.offset;
        TRY(parser_skip_name(p, "if", &skipped));
        if (!skipped)
            return STATUS_OK;
        TRY(node_new(p, NODE_CONDITIONAL, offset, &n));
        n->b = then;
        TRY(parse_or(p, &n->a));
        TRY(parser_skip_name(p, "else", &skipped));
        if (skipped)
            TRY(parse_expression(p, &n->c));
        TRY(node_finish(p, n));
        *out = n;
    }
}

enum status parse_expression(struct parser *p, struct node **out)
{
    TRY(parser_enter(p));
    TRY(parse_conditional(p, out));
    parser_leave(p);
    return STATUS_OK;
}

static enum status parse_not(struct parser *p, struct node **out);

static enum status parse_and(struct parser *p, struct node **out)
{
    TRY(parse_not(p, out));
    while (parser_at_name(p, "and")) {
        struct node *right;
        uint32_t offset = p->token.offset;
        TRY(parser_next(p));
        TRY(parse_not(p, &right));
        TRY(make(p, NODE_AND, offset, *out, right, out));
    }
    return STATUS_OK;
}

static enum status parse_or(struct parser *p, struct node **out)
{
    TRY(parse_and(p, out));
    while (parser_at_name(p, "or")) {
        struct node *right;
        uint32_t offset = p->token.offset;
        TRY(parser_next(p));
        TRY(parse_and(p, &right));
        TRY(make(p, NODE_OR, offset, *out, right, out));
    }
    return STATUS_OK;
}

static enum status parse_sum(struct parser *p, struct node **out);

/* The comparison operator at the token, which is passed; -1 if there is none. */
static enum status comparison_operator(struct parser *p, int *op)
{
    static const struct {
        enum token_type token;
        enum compare_op op;
    } OPERATORS[] = {{TOKEN_EQ, OP_EQ},   {TOKEN_NE, OP_NE}, {TOKEN_LT, OP_LT},
                     {TOKEN_LTEQ, OP_LE}, {TOKEN_GT, OP_GT}, {TOKEN_GTEQ, OP_GE}};
    *op = -1;
    for (size_t i = 0; i < sizeof OPERATORS / sizeof *OPERATORS; i++) {
        if (p->token.type == OPERATORS[i].token) {
            *op = OPERATORS[i].op;
            return parser_next(p);
        }
    }
    if (parser_at_name(p, "in")) {
        *op = OP_IN;
        return parser_next(p);
    }
    if (!parser_at_name(p, "not"))
        return STATUS_OK;
    struct token following;
    TRY(parser_look(p, &following));
    if (following.type != TOKEN_NAME || !str_is(following.text, "in"))
        return STATUS_OK;
    *op = OP_NOT_IN;
    TRY(parser_next(p));
    return parser_next(p);
}

static enum status parse_comparison(struct parser *p, struct node **out)
{
    struct node_list operands = {0};
    uint32_t offset = p->token.offset;
    TRY(parse_sum(p, out));
    for (;;) {
        int op;
        struct node *operand;
        uint32_t at = p->token.offset;
        TRY(comparison_operator(p, &op));
        if (op < 0)
            break;
        TRY(node_new(p, NODE_OPERAND, at, &operand));
        operand->op = (uint8_t)op;
        TRY(parse_sum(p, &operand->a));
        TRY(node_finish(p, operand));
        node_list_add(&operands, operand);
    }
    return operands.first ? make(p, NODE_COMPARE, offset, *out, operands.first, out) : STATUS_OK;
}

static enum status parse_not(struct parser *p, struct node **out)
{
    uint32_t offset = p->token.offset;
    if (!parser_at_name(p, "not"))
        return parse_comparison(p, out);
    struct node *inner;
    TRY(parser_next(p));
    TRY(parser_enter(p));
    TRY(parse_not(p, &inner));
    parser_leave(p);
    return make(p, NODE_NOT, offset, inner, NULL, out);
}

static enum status parse_concat(struct parser *p, struct node **out);

static int binary_operator(enum token_type type)
{
    return type == TOKEN_ADD        ? OP_ADD
           : type == TOKEN_SUB      ? OP_SUB
           : type == TOKEN_MUL      ? OP_MUL
           : type == TOKEN_DIV      ? OP_DIV
           : type == TOKEN_FLOORDIV ? OP_FLOORDIV
           : type == TOKEN_MOD      ? OP_MOD
           : type == TOKEN_POW      ? OP_POW
                                    : -1;
}

/* Operands of one precedence, from the left: those whose operator is in [low, high]. */
static enum status parse_binary(struct parser *p, int low, int high,
                                enum status (*operand)(struct parser *, struct node **), struct node **out)
{
    TRY(operand(p, out));
    for (;;) {
        int op = binary_operator(p->token.type);
        if (op < low || op > high)
            return STATUS_OK;
        struct node *right, *left = *out;
        uint32_t offset = p->token.offset;
        TRY(parser_next(p));
        TRY(operand(p, &right));
        TRY(make(p, NODE_BINARY, offset, left, right, out));
        (*out)->op = (uint8_t)op;
    }
}

static enum status parse_sum(struct parser *p, struct node **out)
{
    return parse_binary(p, OP_ADD, OP_SUB, parse_concat, out);
}

static enum status parse_operand(struct parser *p, struct node **out)
{
    return parse_unary(p, true, out);
}

static enum status parse_power(struct parser *p, struct node **out)
{
    return parse_binary(p, OP_POW, OP_POW, parse_operand, out);
}

static enum status parse_product(struct parser *p, struct node **out)
{
    return parse_binary(p, OP_MUL, OP_MOD, parse_power, out);
}

static enum status parse_concat(struct parser *p, struct node **out)
{
    struct node_list operands = {0};
    uint32_t offset = p->token.offset;
    TRY(parse_product(p, out));
    if (p->token.type != TOKEN_TILDE)
        return STATUS_OK;
    node_list_add(&operands, *out);
    while (p->token.type == TOKEN_TILDE) {
        struct node *right;
        TRY(parser_next(p));
        TRY(parse_product(p, &right));
        node_list_add(&operands, right);
    }
    return make(p, NODE_CONCAT, offset, operands.first, NULL, out);
}

/* ---- Primary expressions ------------------------------------------------------------------------ */

static enum status constant(struct parser *p, uint32_t offset, struct value v, struct node **out)
{
    TRY(node_new(p, NODE_CONST, offset, out));
    (*out)->value = v;
    return node_finish(p, *out);
}

static enum status parse_name(struct parser *p, struct node **out)
{
    struct token t = p->token;
    TRY(parser_next(p));
    if (str_is(t.text, "true") || str_is(t.text, "True"))
        return constant(p, t.offset, value_bool(true), out);
    if (str_is(t.text, "false") || str_is(t.text, "False"))
        return constant(p, t.offset, value_bool(false), out);
    if (str_is(t.text, "none") || str_is(t.text, "None"))
        return constant(p, t.offset, value_null(), out);
    TRY(node_new(p, NODE_NAME, t.offset, out));
    (*out)->name = t.text;
    return node_finish(p, *out);
}

/* Strings side by side are one string. */
static enum status parse_string(struct parser *p, struct node **out)
{
    uint32_t offset = p->token.offset;
    struct str text = p->token.text;
    TRY(parser_next(p));
    if (p->token.type == TOKEN_STRING) {
        struct buf joined;
        buf_init(&joined, 0);
        buf_add_str(&joined, text);
        enum status s = STATUS_OK;
        while (s == STATUS_OK && p->token.type == TOKEN_STRING) {
            buf_add_str(&joined, p->token.text);
            s = parser_next(p);
        }
        if (s == STATUS_OK)
            s = buf_status(&joined, p->err);
        text.len = joined.len;
        text.ptr = s == STATUS_OK ? arena_strdup(p->arena, buf_str(&joined)) : NULL;
        buf_free(&joined);
        TRY(s);
        if (!text.ptr)
            return arena_error(p->arena, p->err, "a string of the template");
    }
    return constant(p, offset, value_str(text), out);
}

static enum status parse_number(struct parser *p, struct node **out)
{
    struct token t = p->token;
    struct value v;
    TRY(parser_next(p));
    if (number_from_literal(p->arena, t.text, t.type == TOKEN_FLOAT, &v, p->err) != STATUS_OK) {
        uint32_t line, column;
        offset_position(p->lexer.source, t.offset, &line, &column);
        return error_at(p->err, line, column);
    }
    return constant(p, t.offset, v, out);
}

static enum status parse_list(struct parser *p, struct node **out)
{
    struct node_list items = {0};
    uint32_t offset = p->token.offset;
    TRY(parser_next(p));
    while (p->token.type != TOKEN_RBRACKET) {
        struct node *item = NULL;
        if (items.first)
            TRY(parser_expect(p, TOKEN_COMMA, NULL));
        if (p->token.type == TOKEN_RBRACKET)
            break;
        TRY(parse_expression(p, &item));
        node_list_add(&items, item);
    }
    TRY(parser_expect(p, TOKEN_RBRACKET, NULL));
    return make(p, NODE_LIST, offset, items.first, NULL, out);
}

static enum status parse_dict(struct parser *p, struct node **out)
{
    struct node_list pairs = {0};
    uint32_t offset = p->token.offset;
    TRY(parser_next(p));
    while (p->token.type != TOKEN_RBRACE) {
        struct node *key, *value, *pair;
        if (pairs.first)
            TRY(parser_expect(p, TOKEN_COMMA, NULL));
        if (p->token.type == TOKEN_RBRACE)
            break;
        uint32_t at = p->token.offset;
        TRY(parse_expression(p, &key));
        TRY(parser_expect(p, TOKEN_COLON, NULL));
        TRY(parse_expression(p, &value));
        TRY(make(p, NODE_PAIR, at, key, value, &pair));
        node_list_add(&pairs, pair);
    }
    TRY(parser_expect(p, TOKEN_RBRACE, NULL));
    return make(p, NODE_DICT, offset, pairs.first, NULL, out);
}

static enum status parse_primary(struct parser *p, struct node **out)
{
    struct str got = parser_describe(&p->token);
    switch ((int)p->token.type) {
    case TOKEN_NAME: return parse_name(p, out);
    case TOKEN_STRING: return parse_string(p, out);
    case TOKEN_INTEGER:
    case TOKEN_FLOAT: return parse_number(p, out);
    case TOKEN_LBRACKET: return parse_list(p, out);
    case TOKEN_LBRACE: return parse_dict(p, out);
    case TOKEN_LPAREN:
        TRY(parser_next(p));
        TRY(parse_tuple(p, TUPLE_PARENTHESES, NULL, out));
        return parser_expect(p, TOKEN_RPAREN, NULL);
    default: return parser_fail(p, p->token.offset, "unexpected '%" PRISTR "'", ARGSTR(got));
    }
}

/* ---- What may follow one ------------------------------------------------------------------------ */

/* a or a:b or a:b:c, each of them optional. */
static enum status parse_subscribed(struct parser *p, struct node **out)
{
    uint32_t offset = p->token.offset;
    struct node *parts[3] = {NULL, NULL, NULL};
    int colons = 0;
    while (p->token.type != TOKEN_RBRACKET && p->token.type != TOKEN_COMMA) {
        if (p->token.type == TOKEN_COLON && colons < 2) {
            colons++;
            TRY(parser_next(p));
        } else if (parts[colons]) {
            return parser_expect(p, colons < 2 ? TOKEN_COLON : TOKEN_RBRACKET, NULL);
        } else {
            TRY(parse_expression(p, &parts[colons]));
            if (colons == 0 && p->token.type != TOKEN_COLON) {
                *out = parts[0];
                return STATUS_OK;
            }
        }
    }
    TRY(node_new(p, NODE_SLICE, offset, out));
    (*out)->a = parts[0];
    (*out)->b = parts[1];
    (*out)->c = parts[2];
    return node_finish(p, *out);
}

static enum status parse_brackets(struct parser *p, struct node *of, uint32_t offset, struct node **out)
{
    struct node_list items = {0};
    while (p->token.type != TOKEN_RBRACKET) {
        struct node *item = NULL;
        if (items.first)
            TRY(parser_expect(p, TOKEN_COMMA, NULL));
        TRY(parse_subscribed(p, &item));
        node_list_add(&items, item);
    }
    TRY(parser_expect(p, TOKEN_RBRACKET, NULL));
    struct node *index = items.first;
    if (!index || index->next)
        TRY(make(p, NODE_TUPLE, offset, items.first, NULL, &index));
    return make(p, NODE_GETITEM, offset, of, index, out);
}

static enum status parse_subscript(struct parser *p, struct node *of, struct node **out)
{
    struct token t = p->token;
    TRY(parser_next(p));
    if (t.type == TOKEN_LBRACKET)
        return parse_brackets(p, of, t.offset, out);
    struct token attribute = p->token;
    TRY(parser_next(p));
    if (attribute.type == TOKEN_INTEGER) {
        struct value v;
        struct node *index;
        TRY(number_from_literal(p->arena, attribute.text, false, &v, p->err));
        TRY(constant(p, attribute.offset, v, &index));
        return make(p, NODE_GETITEM, t.offset, of, index, out);
    }
    if (attribute.type != TOKEN_NAME)
        return parser_fail(p, attribute.offset, "expected name or number");
    TRY(make(p, NODE_GETATTR, t.offset, of, NULL, out));
    (*out)->name = attribute.text;
    return STATUS_OK;
}

/* One argument of a call; `seen` holds which kinds came before. */
enum { SEEN_KEYWORD = 1, SEEN_SPREAD = 2, SEEN_SPREAD_MAP = 4 };

static enum status parse_argument(struct parser *p, uint32_t call, int *seen, struct node **out)
{
    uint32_t offset = p->token.offset;
    enum node_kind kind = p->token.type == TOKEN_MUL   ? NODE_SPREAD
                          : p->token.type == TOKEN_POW ? NODE_SPREAD_MAP
                                                       : NODE_CONST;
    struct str keyword = {0};
    if (p->token.type == TOKEN_NAME) {
        struct token following;
        TRY(parser_look(p, &following));
        if (following.type == TOKEN_ASSIGN) {
            kind = NODE_KEYWORD;
            keyword = p->token.text;
            TRY(parser_next(p));
        }
    }
    int before = kind == NODE_SPREAD       ? SEEN_SPREAD | SEEN_SPREAD_MAP
                 : kind == NODE_SPREAD_MAP ? SEEN_SPREAD_MAP
                 : kind == NODE_KEYWORD    ? SEEN_SPREAD_MAP
                                           : SEEN_KEYWORD | SEEN_SPREAD | SEEN_SPREAD_MAP;
    if (*seen & before)
        return parser_fail(p, call, "invalid syntax for function call expression");
    if (kind == NODE_CONST)
        return parse_expression(p, out);
    *seen |= kind == NODE_SPREAD ? SEEN_SPREAD : kind == NODE_SPREAD_MAP ? SEEN_SPREAD_MAP : SEEN_KEYWORD;
    struct node *value;
    TRY(parser_next(p));
    TRY(parse_expression(p, &value));
    TRY(make(p, kind, offset, value, NULL, out));
    (*out)->name = keyword;
    return STATUS_OK;
}

static enum status parse_arguments(struct parser *p, struct node **out)
{
    struct node_list arguments = {0};
    uint32_t offset = p->token.offset;
    int seen = 0;
    TRY(parser_expect(p, TOKEN_LPAREN, NULL));
    while (p->token.type != TOKEN_RPAREN) {
        struct node *argument = NULL;
        if (arguments.first) {
            TRY(parser_expect(p, TOKEN_COMMA, NULL));
            if (p->token.type == TOKEN_RPAREN)
                break;
        }
        TRY(parse_argument(p, offset, &seen, &argument));
        node_list_add(&arguments, argument);
    }
    *out = arguments.first;
    return parser_expect(p, TOKEN_RPAREN, NULL);
}

static enum status parse_call(struct parser *p, struct node *of, struct node **out)
{
    struct node *arguments;
    uint32_t offset = p->token.offset;
    TRY(parse_arguments(p, &arguments));
    return make(p, NODE_CALL, offset, of, arguments, out);
}

static enum status parse_postfix(struct parser *p, struct node **out)
{
    for (;;) {
        if (p->token.type == TOKEN_DOT || p->token.type == TOKEN_LBRACKET)
            TRY(parse_subscript(p, *out, out));
        else if (p->token.type == TOKEN_LPAREN)
            TRY(parse_call(p, *out, out));
        else
            return STATUS_OK;
    }
}

/* The name of a filter or test: "a" or "a.b". */
static enum status parse_dotted_name(struct parser *p, struct str *name)
{
    struct token t;
    TRY(parser_expect(p, TOKEN_NAME, &t));
    *name = t.text;
    while (p->token.type == TOKEN_DOT) {
        TRY(parser_next(p));
        TRY(parser_expect(p, TOKEN_NAME, &t));
        *name = arena_printf(p->arena, "%" PRISTR ".%" PRISTR, ARGSTR(*name), ARGSTR(t.text));
        if (!name->ptr)
            return arena_error(p->arena, p->err, "the name of a filter");
    }
    return STATUS_OK;
}

static enum status parse_filter(struct parser *p, struct node *of, bool is_inline, struct node **out)
{
    uint32_t offset = p->token.offset;
    struct str name;
    struct node *arguments = NULL;
    if (!is_inline)
        TRY(parser_next(p));
    TRY(parse_dotted_name(p, &name));
    if (p->token.type == TOKEN_LPAREN)
        TRY(parse_arguments(p, &arguments));
    TRY(make(p, NODE_FILTER, offset, of, arguments, out));
    (*out)->name = name;
    return STATUS_OK;
}

enum status parse_filters(struct parser *p, struct node *n, bool inline_first, struct node **out)
{
    *out = n;
    while (inline_first || p->token.type == TOKEN_PIPE) {
        TRY(parse_filter(p, *out, inline_first, out));
        inline_first = false;
    }
    return STATUS_OK;
}

/* The argument of a test without parentheses: `x is divisibleby 3`. */
static enum status parse_test_operand(struct parser *p, struct node **out)
{
    switch ((int)p->token.type) {
    case TOKEN_NAME:
        if (parser_at_name(p, "else") || parser_at_name(p, "or") || parser_at_name(p, "and"))
            return STATUS_OK;
        if (parser_at_name(p, "is"))
            return parser_fail(p, p->token.offset, "You cannot chain multiple tests with is");
        break;
    case TOKEN_STRING:
    case TOKEN_INTEGER:
    case TOKEN_FLOAT:
    case TOKEN_LBRACKET:
    case TOKEN_LBRACE: break;
    default: return STATUS_OK;
    }
    TRY(parse_primary(p, out));
    return parse_postfix(p, out);
}

static enum status parse_test(struct parser *p, struct node *of, struct node **out)
{
    uint32_t offset = p->token.offset;
    struct node *arguments = NULL;
    struct str name;
    bool negated;
    TRY(parser_next(p));
    TRY(parser_skip_name(p, "not", &negated));
    TRY(parse_dotted_name(p, &name));
    if (p->token.type == TOKEN_LPAREN)
        TRY(parse_arguments(p, &arguments));
    else
        TRY(parse_test_operand(p, &arguments));
    TRY(make(p, NODE_TEST, offset, of, arguments, out));
    (*out)->name = name;
    return negated ? make(p, NODE_NOT, offset, *out, NULL, out) : STATUS_OK;
}

static enum status parse_filters_and_tests(struct parser *p, struct node **out)
{
    for (;;) {
        if (p->token.type == TOKEN_PIPE)
            TRY(parse_filter(p, *out, false, out));
        else if (parser_at_name(p, "is"))
            TRY(parse_test(p, *out, out));
        else if (p->token.type == TOKEN_LPAREN)
            TRY(parse_call(p, *out, out));
        else
            return STATUS_OK;
    }
}

static enum status parse_unary(struct parser *p, bool with_filter, struct node **out)
{
    uint32_t offset = p->token.offset;
    bool negate = p->token.type == TOKEN_SUB;
    TRY(parser_enter(p));
    if (negate || p->token.type == TOKEN_ADD) {
        struct node *inner;
        TRY(parser_next(p));
        TRY(parse_unary(p, false, &inner));
        TRY(make(p, negate ? NODE_NEGATE : NODE_PLUS, offset, inner, NULL, out));
    } else {
        TRY(parse_primary(p, out));
    }
    TRY(parse_postfix(p, out));
    if (with_filter)
        TRY(parse_filters_and_tests(p, out));
    parser_leave(p);
    return STATUS_OK;
}

/* ---- Tuples and targets ------------------------------------------------------------------------- */

static bool at_tuple_end(const struct parser *p, const char *stop)
{
    return p->token.type == TOKEN_VARIABLE_END || p->token.type == TOKEN_BLOCK_END ||
           p->token.type == TOKEN_RPAREN || (stop && parser_at_name(p, stop));
}

enum status parse_tuple(struct parser *p, int flags, const char *stop, struct node **out)
{
    struct node_list items = {0};
    uint32_t offset = p->token.offset;
    bool is_tuple = false;
    TRY(parser_enter(p));
    for (;;) {
        struct node *item = NULL;
        if (items.first)
            TRY(parser_expect(p, TOKEN_COMMA, NULL));
        if (at_tuple_end(p, stop))
            break;
        if (flags & TUPLE_PRIMARY)
            TRY(parse_primary(p, &item));
        else if (flags & TUPLE_NO_CONDITIONAL)
            TRY(parse_or(p, &item));
        else
            TRY(parse_expression(p, &item));
        node_list_add(&items, item);
        if (p->token.type != TOKEN_COMMA)
            break;
        is_tuple = true;
    }
    parser_leave(p);
    if (!is_tuple && items.first) {
        *out = items.first;
        return STATUS_OK;
    }
    if (!is_tuple && !(flags & TUPLE_PARENTHESES)) {
        struct str got = parser_describe(&p->token);
        return parser_fail(p, p->token.offset, "Expected an expression, got '%" PRISTR "'", ARGSTR(got));
    }
    return make(p, NODE_TUPLE, offset, items.first, NULL, out);
}

/* What messages call a primary that cannot be assigned to: the class that it has in Jinja. */
static const char *class_name(const struct node *n)
{
    return n->kind == NODE_CONST  ? "const"
           : n->kind == NODE_LIST ? "list"
           : n->kind == NODE_DICT ? "dict"
                                  : "tuple";
}

static bool is_target(const struct node *n)
{
    if (n->kind != NODE_TUPLE)
        return n->kind == NODE_NAME || n->kind == NODE_NSREF;
    for (const struct node *item = n->a; item; item = item->next) {
        if (!is_target(item))
            return false;
    }
    return true;
}

enum status parse_target(struct parser *p, int flags, const char *stop, struct node **out)
{
    uint32_t offset = p->token.offset;
    struct token name;
    if ((flags & TARGET_NAMESPACE) && p->token.type == TOKEN_NAME) {
        struct token following;
        TRY(parser_look(p, &following));
        if (following.type == TOKEN_DOT) {
            struct token attribute;
            TRY(parser_expect(p, TOKEN_NAME, &name));
            TRY(parser_next(p));
            TRY(parser_expect(p, TOKEN_NAME, &attribute));
            TRY(make(p, NODE_NSREF, offset, NULL, NULL, out));
            (*out)->name = name.text;
            (*out)->value = value_str(attribute.text);
            return STATUS_OK;
        }
    }
    if (flags & TARGET_NAME_ONLY) {
        if (p->token.type != TOKEN_NAME)
            return parser_expect(p, TOKEN_NAME, &name);
        TRY(parse_name(p, out));
    } else {
        TRY(parse_tuple(p, TUPLE_PRIMARY, stop, out));
    }
    if (!is_target(*out))
        return parser_fail(p, offset, "can't assign to '%s'", class_name(*out));
    return STATUS_OK;
}

enum status parse_bare_expression(struct parser *p, struct node **out)
{
    TRY(parse_expression(p, out));
    if (p->token.type != TOKEN_EOF)
        return parser_fail(p, p->token.offset, "chunk after expression");
    return STATUS_OK;
}
