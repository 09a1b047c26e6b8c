/* `assert`: paths that have to be there before an attempt, and after it. */
#include "compile.h"

#include "core/path.h"

static void check_path(struct compilation *c, const struct ynode *item, const char *key, const char *owner)
{
    struct error e = {0};
    if (item->broken)
        return;
    if (item->value.type != VALUE_STRING) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_WRONG_KIND, item->at,
                        "an item of \"%s\" of %s has to be the path of a value, not %s", key, owner,
                        ynode_kind_name(item));
    } else if (path_check(value_as_str(item->value), &e) != STATUS_OK) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, item->at, "%s", e.message);
        diagnostics_hint(c->diagnostics, "%s", e.hint);
    }
}

static struct value read_paths(struct compilation *c, const struct fields *f, const char *key,
                               const char *owner)
{
    const struct child *list = fields_get(f, key);
    for (uint32_t i = 0; list && i < list->node->count; i++)
        check_path(c, list->node->children[i].node, key, owner);
    return list ? list->node->value : VALUE_EMPTY_LIST;
}

void assertion_read(struct compilation *c, const struct child *value, const char *owner,
                    struct draft_action *out)
{
    struct fields f;
    if (!value)
        return;
    const char *what = compilation_printf(c, "assert of %s", owner);
    keys_read(c, value->node, keys_bit(KEYS_ASSERT), false, what, &f);
    out->assertion = compilation_alloc(c, 1, sizeof(*out->assertion));
    if (c->status != STATUS_OK || !out->assertion)
        return;
    out->assertion->expects = read_paths(c, &f, "expects", what);
    out->assertion->returns = read_paths(c, &f, "returns", what);
    const struct child *returns = fields_get(&f, "returns");
    out->assertion->returns_at = returns ? returns->key_at : value->node->at;
}
