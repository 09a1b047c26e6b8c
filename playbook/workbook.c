/* Named actions, where they are used: by a step, or by a task of an iterator. */
#include "compile.h"

static void add_unknown_action(struct compilation *c, struct str name, struct position at)
{
    diagnostics_add(c->diagnostics, DIAGNOSTIC_UNKNOWN_ACTION, at,
                    "the workbook has no action \"%" PRISTR "\"", ARGSTR(name));
    if (c->diagnostics->dropped)
        return;
    struct str *names = compilation_alloc(c, c->action_count, sizeof(*names));
    for (uint32_t i = 0; names && i < c->action_count; i++)
        names[i] = c->actions[i].name;
    struct str near = names ? str_nearest(name, names, c->action_count) : STR("");
    if (near.len)
        diagnostics_hint(c->diagnostics, "did you mean \"%" PRISTR "\"?", ARGSTR(near));
}

static const struct draft_action *find_action(struct compilation *c, const struct child *name)
{
    struct str text = value_as_str(name->node->value);
    for (uint32_t i = 0; i < c->action_count; i++) {
        if (str_equal(c->actions[i].name, text))
            return &c->actions[i];
    }
    add_unknown_action(c, text, name->node->at);
    return NULL;
}

static void use_auth(struct compilation *c, const struct draft_action *action, const char *what,
                     struct draft_action *own)
{
    if (own->config.len && !action_logs_in(action->type)) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_UNUSED_AUTH, own->at,
                        "\"auth\" of %s means nothing: its action logs in nowhere", what);
        own->config = VALUE_EMPTY_MAP;
    }
    own->config = compilation_overlay(c, action->config, own->config);
}

struct str action_use(struct compilation *c, const struct child *name, const char *what,
                      struct draft_action *own)
{
    const struct draft_action *action = name ? find_action(c, name) : NULL;
    if (!action)
        return STR("");
    own->type = action->type;
    own->verbatim = action->verbatim;
    own->timeout_ms = own->timeout_ms ? own->timeout_ms : action->timeout_ms;
    own->iterator = action->iterator;
    own->return_step = action->return_step;
    if (!own->has_retry)
        own->retry = action->retry;
    if (!own->has_saves) {
        own->saves = action->saves;
        own->save_count = action->save_count;
    }
    if (!own->assertion)
        own->assertion = action->assertion;
    use_auth(c, action, what, own);
    own->args = compilation_overlay(c, action->args, own->args);
    return action->name;
}
