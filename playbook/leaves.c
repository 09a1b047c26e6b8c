/* The templates in a tree: each is parsed here, so that all the wrong ones are told of, each with its place
 * in the file. */
#include "compile.h"

/* Byte offset of a line and column (from 1) in a text. */
static size_t offset_in(struct str text, uint32_t line, uint32_t column)
{
    size_t at = 0;
    for (uint32_t l = 1; l < line && at < text.len; at++)
        l += text.ptr[at] == '\n';
    for (uint32_t i = 1; i < column && at < text.len; i++) {
        do
            at++;
        while (at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80);
    }
    return at;
}

static void add_template_error(struct compilation *c, struct str text, enum scalar_style style,
                               struct position at, bool decoded, const struct error *e)
{
    if (e->status == STATUS_NO_MEMORY) {
        *c->err = *e;
        compilation_stop(c, e->status);
        return;
    }
    if (!decoded && e->line && c->diagnostics->dropped == 0)
        at = source_position_in_scalar(c->source, source_offset(c->source, at), style, text,
                                       offset_in(text, e->line, e->column ? e->column : 1));
    diagnostics_add(c->diagnostics, e->status == STATUS_LIMIT ? DIAGNOSTIC_LIMIT : DIAGNOSTIC_TEMPLATE_SYNTAX,
                    at, "%s", e->message);
    if (e->hint[0])
        diagnostics_hint(c->diagnostics, "%s", e->hint);
}

static void check_text(struct compilation *c, struct str text, enum scalar_style style, struct position at,
                       bool decoded)
{
    struct template *t = NULL;
    struct error e = {0};
    if (!template_is_template(text))
        return;
    if (template_compile(text, TEMPLATE_NATIVE, "", &t, &e) != STATUS_OK)
        add_template_error(c, text, style, at, decoded, &e);
    template_free(t);
}

void leaves_check(struct compilation *c, const struct ynode *node)
{
    if (node->kind == NODE_SCALAR)
        check_text(c, value_as_str(node->value), node->style, node->at, node->decoded);
    for (uint32_t i = 0; i < node->count && c->status == STATUS_OK; i++) {
        const struct child *child = &node->children[i];
        if (node->kind == NODE_MAP)
            check_text(c, child->key, child->key_style, child->key_at, false);
        leaves_check(c, child->node);
    }
}

void condition_check(struct compilation *c, const struct ynode *node)
{
    struct template *t = NULL;
    struct error e = {0};
    struct str text = value_as_str(node->value);
    if (node->value.type != VALUE_STRING)
        return;
    if (str_trim(text).len == 0)
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, node->at, "a condition cannot be empty");
    else if (condition_compile(text, "", &t, &e) != STATUS_OK)
        add_template_error(c, text, node->style, node->at, node->decoded, &e);
    template_free(t);
}
