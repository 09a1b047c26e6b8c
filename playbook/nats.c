/* What each action of a nats step needs. */
#include "compile.h"

static const char *const ACTIONS[] = {"publish", "request", "kv_get", "kv_put", "kv_delete", NULL};

static const struct {
    const char *action, *key;
} NEEDS[] = {
    {"publish", "subject"}, {"request", "subject"},  {"kv_get", "bucket"},
    {"kv_get", "key"},      {"kv_put", "bucket"},    {"kv_put", "key"},
    {"kv_put", "value"},    {"kv_delete", "bucket"}, {"kv_delete", "key"},
};

void nats_check(struct compilation *c, const struct ynode *in, const struct fields *f, const char *what)
{
    const struct child *action = fields_get(f, "action");
    if (!action || template_is_template(value_as_str(action->node->value)))
        return;
    int word = word_read(c, action, ACTIONS, what);
    for (size_t i = 0; word >= 0 && i < sizeof(NEEDS) / sizeof(*NEEDS); i++) {
        if (strcmp(NEEDS[i].action, ACTIONS[word]) != 0 || fields_has(f, NEEDS[i].key))
            continue;
        diagnostics_add(c->diagnostics, DIAGNOSTIC_MISSING_KEY, in->at, "%s has no \"%s\"", what,
                        NEEDS[i].key);
        diagnostics_hint(c->diagnostics, "\"action: %s\" needs it", ACTIONS[word]);
    }
}
