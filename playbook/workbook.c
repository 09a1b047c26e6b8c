/*
 * The workbook: named actions, each read once, and used by steps and by tasks of iterators. An iterator of
 * the workbook may use actions that are written behind it, so that one is read when the first asks for it.
 */
#include "compile.h"

enum { MAX_ACTIONS = PLAYBOOK_MAX_STEPS };

struct named_action {
    struct draft_action action;
    const struct ynode *node;
    const char *what;                                       /* in messages */
    enum { ACTION_UNREAD, ACTION_OPEN, ACTION_READ } state; /* OPEN: an iterator whose tasks are being read */
};

/* ---- reading them ----------------------------------------------------------------------------- */

static void check_type(struct compilation *c, const struct named_action *named)
{
    const struct draft_action *action = &named->action;
    const struct child *type = ynode_get(named->node, STR("type"));
    if (action->type == STEP_NONE && !named->node->broken)
        diagnostics_add(c->diagnostics, DIAGNOSTIC_MISSING_KEY, action->at, "%s has no \"type\"",
                        named->what);
    else if (action->type == STEP_START || action->type == STEP_END || action->type == STEP_WORKBOOK ||
             action->type == STEP_SIGNAL)
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, type->node->at,
                        "\"type\" of %s cannot be \"%s\"", named->what, step_type_name(action->type));
}

static void read_keys(struct compilation *c, struct named_action *named)
{
    struct fields f;
    bool known;
    struct draft_action *out = &named->action;
    out->type = action_type(c, named->node, named->what, &known);
    if (known)
        check_type(c, named);
    bool free_keys = !known || out->type == STEP_NONE;
    keys_read(c, named->node, keys_bit(KEYS_ACTION) | keys_bit(KEYS_WORK) | keys_bit(KEYS_TYPE + out->type),
              free_keys, named->what, &f);
    if (c->status == STATUS_OK)
        action_read(c, named->node, &f, named->what, out);
}

/* Once; whoever asks for it. */
static void read_named(struct compilation *c, struct named_action *named)
{
    bool outer = c->in_workbook;
    if (named->state != ACTION_UNREAD)
        return;
    c->in_workbook = true;
    named->state = ACTION_OPEN;
    read_keys(c, named);
    named->state = ACTION_READ;
    c->in_workbook = outer;
}

static void check_name(struct compilation *c, const struct draft_action *action)
{
    for (uint32_t i = 0; i < c->action_count; i++) {
        const struct draft_action *other = &c->actions[i].action;
        if (action->name.len && str_equal(other->name, action->name)) {
            diagnostics_add(c->diagnostics, DIAGNOSTIC_DUPLICATE_ACTION, action->at,
                            "the workbook has two actions named \"%" PRISTR "\"", ARGSTR(action->name));
            diagnostics_hint(c->diagnostics, "the first is at line %u", other->at.line);
            return;
        }
    }
}

static void add_named(struct compilation *c, const struct ynode *node)
{
    const struct child *name = ynode_get(node, STR("name"));
    struct str label = name ? value_as_str(name->node->value) : STR("");
    struct named_action *named = &c->actions[c->action_count];
    named->node = node;
    named->what = label.len ? compilation_printf(c, "action \"%" PRISTR "\"", ARGSTR(label))
                            : "an action of the workbook";
    named->action = (struct draft_action){.name = label, .at = name ? name->node->at : node->at};
    check_name(c, &named->action);
    c->action_count++;
}

void workbook_read(struct compilation *c, const struct child *workbook)
{
    uint32_t count = workbook ? workbook->node->count : 0;
    if (count > MAX_ACTIONS) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_LIMIT, workbook->key_at,
                        "the workbook has %u actions, %d are allowed", count, MAX_ACTIONS);
        return;
    }
    c->actions = compilation_alloc(c, count, sizeof(*c->actions));
    for (uint32_t i = 0; i < count && c->status == STATUS_OK; i++) {
        const struct ynode *item = workbook->node->children[i].node;
        if (item_check(c, item, "workbook"))
            add_named(c, item);
    }
    for (uint32_t i = 0; i < c->action_count && c->status == STATUS_OK; i++)
        read_named(c, &c->actions[i]);
}

/* ---- using them ------------------------------------------------------------------------------- */

static void add_unknown_action(struct compilation *c, struct str name, struct position at)
{
    diagnostics_add(c->diagnostics, DIAGNOSTIC_UNKNOWN_ACTION, at,
                    "the workbook has no action \"%" PRISTR "\"", ARGSTR(name));
    if (c->diagnostics->dropped)
        return;
    struct str *names = compilation_alloc(c, c->action_count, sizeof(*names));
    for (uint32_t i = 0; names && i < c->action_count; i++)
        names[i] = c->actions[i].action.name;
    struct str near = names ? str_nearest(name, names, c->action_count) : STR("");
    if (near.len)
        diagnostics_hint(c->diagnostics, "did you mean \"%" PRISTR "\"?", ARGSTR(near));
}

static const struct draft_action *find_action(struct compilation *c, const struct child *name)
{
    struct str text = value_as_str(name->node->value);
    struct named_action *named = NULL;
    for (uint32_t i = 0; i < c->action_count && !named; i++)
        named = str_equal(c->actions[i].action.name, text) ? &c->actions[i] : NULL;
    if (!named) {
        add_unknown_action(c, text, name->node->at);
        return NULL;
    }
    if (named->state == ACTION_OPEN) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, name->node->at,
                        "%s would run itself: an iterator cannot be in itself", named->what);
        return NULL;
    }
    read_named(c, named);
    return &named->action;
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
