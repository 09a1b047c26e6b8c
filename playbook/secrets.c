/* What a step of type secrets needs. */
#include "compile.h"

static const char *const PROVIDERS[] = {"env", "file", "credential", NULL};

void secrets_check(struct compilation *c, const struct ynode *in, const struct fields *f, const char *what)
{
    const struct child *provider = fields_get(f, "provider"), *field = fields_get(f, "field");
    bool is_template = provider && template_is_template(value_as_str(provider->node->value));
    int word = provider && !is_template ? word_read(c, provider, PROVIDERS, what) : -1;
    if (!fields_has(f, "name") && !fields_has(f, "secret_name"))
        diagnostics_add(c->diagnostics, DIAGNOSTIC_MISSING_KEY, in->at, "%s has no \"name\"", what);
    if (!field || word < 0 || strcmp(PROVIDERS[word], "credential") == 0)
        return;
    diagnostics_add(c->diagnostics, DIAGNOSTIC_MISPLACED_KEY, field->key_at,
                    "\"field\" of %s means nothing beside \"provider: %s\"", what, PROVIDERS[word]);
    diagnostics_hint(c->diagnostics, "only a credential has fields");
}
