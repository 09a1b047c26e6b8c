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

/* A text that is to be parsed, and how it is written. */
struct leaf {
    struct str text;
    enum scalar_style style;
    struct position at;
    bool decoded;
    const char *kind; /* "template", "condition" */
};

static void add_error(struct compilation *c, const struct leaf *leaf, const struct error *e)
{
    enum diagnostic_code code = e->status == STATUS_LIMIT ? DIAGNOSTIC_LIMIT : DIAGNOSTIC_TEMPLATE_SYNTAX;
    struct position at = leaf->at;
    if (e->status == STATUS_NO_MEMORY) {
        *c->err = *e;
        compilation_stop(c, e->status);
        return;
    }
    if (leaf->decoded) {
        diagnostics_add(c->diagnostics, code, at, "the %s does not parse, in line %u of what is encoded: %s",
                        leaf->kind, e->line, e->message);
        return;
    }
    if (e->line && c->diagnostics->dropped == 0)
        at = source_position_in_scalar(c->source, source_offset(c->source, at), leaf->style, leaf->text,
                                       offset_in(leaf->text, e->line, e->column ? e->column : 1));
    diagnostics_add(c->diagnostics, code, at, "the %s does not parse: %s", leaf->kind, e->message);
    if (e->hint[0])
        diagnostics_hint(c->diagnostics, "%s", e->hint);
}

static void check_template(struct compilation *c, const struct leaf *leaf)
{
    struct template *t = NULL;
    struct error e = {0};
    if (!template_is_template(leaf->text))
        return;
    if (template_compile(leaf->text, TEMPLATE_NATIVE, "", &t, &e) == STATUS_OK)
        template_free(t);
    else
        add_error(c, leaf, &e);
}

void leaves_check(struct compilation *c, const struct ynode *node)
{
    if (node->value.type == VALUE_STRING) {
        const struct leaf leaf = {value_as_str(node->value), node->style, node->at, node->decoded,
                                  "template"};
        check_template(c, &leaf);
    }
    for (uint32_t i = 0; i < node->count && c->status == STATUS_OK; i++) {
        const struct child *child = &node->children[i];
        const struct leaf key = {child->key, child->key_style, child->key_at, false, "template"};
        check_template(c, &key);
        leaves_check(c, child->node);
    }
}

void condition_check(struct compilation *c, const struct ynode *node)
{
    const struct leaf leaf = {value_as_str(node->value), node->style, node->at, node->decoded, "condition"};
    struct template *t = NULL;
    struct error e = {0};
    if (node->value.type != VALUE_STRING)
        return;
    if (str_trim(leaf.text).len == 0)
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, node->at, "a condition cannot be empty");
    else if (condition_compile(leaf.text, "", &t, &e) == STATUS_OK)
        template_free(t);
    else
        add_error(c, &leaf, &e);
}

struct str condition_read(struct compilation *c, const struct fields *f, const char *key)
{
    const struct child *child = fields_get(f, key);
    if (!child)
        return STR("");
    condition_check(c, child->node);
    if (child->node->value.type == VALUE_BOOL)
        return child->node->value.u.b ? STR("true") : STR("false");
    return value_as_str(child->node->value);
}
