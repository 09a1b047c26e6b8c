#include "compile.h"

#include "core/id.h"

enum { MAX_NAME = 128, MOST_VISITS = 1000000 };

/* ---- name ------------------------------------------------------------------------------------- */

static void check_name(struct compilation *c, struct str name, struct position at)
{
    if (name.len == 0 || name.len > MAX_NAME || template_is_template(name))
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, at,
                        "the name of a step has 1 to %d bytes and no template in it", MAX_NAME);
    else if (!reserved_check(c, name, at, "this step's data") && !is_template_name(name)) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_AWKWARD_NAME, at,
                        "\"%" PRISTR "\" cannot be written as a name in templates", ARGSTR(name));
        diagnostics_hint(c->diagnostics,
                         "its data is results['%" PRISTR "']; letters, digits and _ make a name",
                         ARGSTR(name));
    }
    if (name.len && !value_is_absent(value_get(c->playbook->workload, name)))
        diagnostics_add(c->diagnostics, DIAGNOSTIC_SHADOWED_NAME, at,
                        "the step \"%" PRISTR "\" hides the workload key of that name in templates",
                        ARGSTR(name));
}

/* Where the name is, or would be, in by_name. */
static uint32_t find_place(const struct playbook *p, struct str name)
{
    uint32_t low = 0, high = p->named_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (str_compare(p->steps[p->by_name[middle]].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t playbook_find_step(const struct playbook *p, struct str name)
{
    uint32_t place = find_place(p, name);
    if (place == p->named_count || !str_equal(p->steps[p->by_name[place]].name, name))
        return -1;
    return (int32_t)p->by_name[place];
}

bool step_index(struct playbook *p, uint32_t index)
{
    struct str name = p->steps[index].name;
    if (playbook_find_step(p, name) >= 0)
        return false;
    uint32_t place = find_place(p, name);
    memmove(p->by_name + place + 1, p->by_name + place, (p->named_count - place) * sizeof(*p->by_name));
    p->by_name[place] = index;
    p->named_count++;
    return true;
}

/* ---- what the engine does with it ------------------------------------------------------------- */

static void read_join(struct compilation *c, struct step *step, const struct child *join, const char *what)
{
    static const char *const WORDS[] = {"all", "any", "each", NULL};
    int word = join ? word_read(c, join, WORDS, what) : JOIN_ALL;
    if (word >= 0)
        step->join = (enum join_mode)word;
    if (step->join != JOIN_ALL && str_is(step->name, "end"))
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, join->node->at,
                        "\"end\" waits for all branches: its join is \"all\"");
}

static void read_on_error(struct compilation *c, struct step *step, struct draft_step *draft,
                          const struct child *on_error, const char *what)
{
    static const char *const WORDS[] = {"fail", "continue", NULL};
    struct fields f;
    /* An iterator's words are of its items: iterator.c. */
    if (!on_error || (step_type_has_items(step->type) && on_error->node->kind == NODE_SCALAR))
        return;
    if (on_error->node->kind == NODE_SCALAR) {
        int word = word_read(c, on_error, WORDS, what);
        if (word >= 0)
            step->on_error = word ? ON_ERROR_CONTINUE : ON_ERROR_FAIL;
        else
            diagnostics_hint(c->diagnostics, "it is \"fail\", \"continue\" or {step: NAME}");
        return;
    }
    keys_read(c, on_error->node, keys_bit(KEYS_ON_ERROR), false,
              compilation_printf(c, "on_error of %s", what), &f);
    const struct child *target = fields_get(&f, "step");
    step->on_error = ON_ERROR_STEP;
    if (target) {
        draft->on_error = value_as_str(target->node->value);
        draft->on_error_at = target->node->at;
    } else {
        c->incomplete = true;
    }
}

static void read_pool(struct compilation *c, struct step *step, const struct child *pool, const char *what)
{
    struct str name = pool ? value_as_str(pool->node->value) : STR("default");
    if (pool && !is_subject_token(name))
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, pool->node->at,
                        "\"pool\" of %s has to be a name of letters, digits, - and _, not \"%" PRISTR "\"",
                        what, ARGSTR(name));
    step->pool = compilation_keep_str(c, name);
}

static void read_max_visits(struct compilation *c, struct step *step, const struct child *child,
                            const char *what)
{
    step->max_visits = PLAYBOOK_MAX_VISITS;
    if (!child)
        return;
    struct value v = child->node->value;
    if (v.type == VALUE_INT && v.u.i >= 1 && v.u.i <= MOST_VISITS)
        step->max_visits = (uint32_t)v.u.i;
    else
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, child->node->at,
                        "\"max_visits\" of %s has to be a whole number from 1 to %d", what, MOST_VISITS);
}

static void read_result(struct compilation *c, const struct step *step, struct draft_step *draft,
                        const struct child *result, const char *what)
{
    if (!result)
        return;
    bool is_end = str_is(step->name, "end");
    if (!is_end && (step_type_is_tool(step->type) || step->type == STEP_WORKBOOK)) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_MISPLACED_KEY, result->key_at,
                        "\"result\" of %s means nothing: its result is the tool's", what);
        diagnostics_hint(c->diagnostics, "\"result\" belongs to a step without a type, or to \"end\"");
        return;
    }
    leaves_check(c, result->node);
    draft->result = result->node->value;
}

/* ---- the whole -------------------------------------------------------------------------------- */

static void check_type_and_name(struct compilation *c, const struct step *step, struct position at)
{
    const char *word = step_type_name(step->type);
    if ((step->type != STEP_START && step->type != STEP_END) || str_is(step->name, word))
        return;
    diagnostics_add(c->diagnostics, DIAGNOSTIC_MISPLACED_TYPE, at,
                    "\"type: %s\" belongs to the step named %s; this one only routes", word, word);
}

static void check_end(struct compilation *c, const struct step *step, const struct child *next)
{
    if (!next || !str_is(step->name, "end") || (next->node->kind == NODE_LIST && next->node->count == 0))
        return;
    diagnostics_add(c->diagnostics, DIAGNOSTIC_MISPLACED_KEY, next->key_at,
                    "\"next\" of \"end\" means nothing: it runs after everything else");
}

static const char *step_label(struct compilation *c, const struct ynode *node, uint32_t index)
{
    const struct child *name = ynode_get(node, STR("step"));
    struct str text = name ? value_as_str(name->node->value) : STR("");
    if (text.len == 0)
        return compilation_printf(c, "step %u of workflow", index + 1);
    return compilation_printf(c, "step \"%" PRISTR "\"", ARGSTR(text));
}

static void read_keys(struct compilation *c, struct step *step, struct draft_step *draft,
                      const struct fields *f, const char *what)
{
    const struct child *pass = fields_get(f, "pass"), *next = fields_get(f, "next");
    step->desc = compilation_keep_str(c, fields_text(f, "desc"));
    step->pass = pass && pass->node->value.u.b;
    read_join(c, step, fields_get(f, "join"), what);
    read_on_error(c, step, draft, fields_get(f, "on_error"), what);
    read_pool(c, step, fields_get(f, "pool"), what);
    read_max_visits(c, step, fields_get(f, "max_visits"), what);
    read_result(c, step, draft, fields_get(f, "result"), what);
    check_end(c, step, next);
    if (next)
        next_read(c, next, step->index, what);
    c->incomplete = c->incomplete || (fields_has(f, "next") && !next);
}

/* What is said of attempts means nothing where there are none. */
static void check_attempts(struct compilation *c, const struct draft_action *action, const struct step *step,
                           const struct fields *f, const char *what)
{
    const struct child *retry = fields_get(f, "retry"), *timeout = fields_get(f, "timeout");
    if (step_type_has_attempts(action->type) || step->type == STEP_WORKBOOK)
        return;
    if (retry && action->retry)
        diagnostics_add(c->diagnostics, DIAGNOSTIC_MISPLACED_KEY, retry->key_at,
                        "\"retry\" of %s means nothing: it runs nothing that could fail", what);
    if (timeout)
        diagnostics_add(c->diagnostics, DIAGNOSTIC_MISPLACED_KEY, timeout->key_at,
                        "\"timeout\" of %s means nothing: it runs nothing that could take long", what);
    if (action->assertion && action->assertion->returns.len)
        diagnostics_add(c->diagnostics, DIAGNOSTIC_MISPLACED_KEY, action->assertion->returns_at,
                        "\"returns\" of %s means nothing: it runs nothing", what);
}

void step_read(struct compilation *c, const struct ynode *node, uint32_t index)
{
    struct step *step = &c->playbook->steps[index];
    struct draft_step *draft = &c->drafts[index];
    struct fields f;
    bool known, own_tool;
    const char *what = step_label(c, node, index);
    node = loop_rewrite(c, node, what, &own_tool);
    step->type = action_type(c, node, what, &known);
    keys_read(c, node, keys_bit(KEYS_STEP) | keys_bit(KEYS_WORK) | keys_bit(KEYS_TYPE + step->type), !known,
              what, &f);
    if (c->status != STATUS_OK)
        return;
    const struct child *name = fields_get(&f, "step"), *type = ynode_get(node, STR("type"));
    step->index = index;
    step->at = name ? name->node->at : node->at;
    step->name = compilation_keep_str(c, fields_text(&f, "step"));
    if (name)
        check_name(c, step->name, step->at);
    check_type_and_name(c, step, type ? type->node->at : step->at);
    draft->action = (struct draft_action){.type = step->type, .at = step->at};
    action_read(c, node, &f, what, &draft->action);
    if (draft->action.iterator)
        draft->action.iterator->values.own_tool = own_tool;
    if (step->type == STEP_WORKBOOK) {
        step->workbook_name =
            compilation_keep_str(c, action_use(c, fields_get(&f, "name"), what, &draft->action));
        timeout_check_type(c, fields_get(&f, "timeout"), draft->action.type, what);
    }
    if (known)
        check_attempts(c, &draft->action, step, &f, what);
    if (known)
        saves_check_type(c, &draft->action, what);
    read_keys(c, step, draft, &f, what);
}
