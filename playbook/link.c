/* The templates of a playbook without errors, compiled for running. They were all parsed once by leaves.c
 * already. */
#include "compile.h"

static void add_failure(struct compilation *c, struct position at, const struct error *e)
{
    if (e->status == STATUS_NO_MEMORY) {
        *c->err = *e;
        compilation_stop(c, e->status);
        return;
    }
    diagnostics_add(c->diagnostics, e->status == STATUS_LIMIT ? DIAGNOSTIC_LIMIT : DIAGNOSTIC_TEMPLATE_SYNTAX,
                    at, "%s: %s", e->place, e->message);
}

/* False if the steps' input would become too large: one action of the workbook may be used by every step. */
static bool count_input(struct compilation *c, struct value v, struct position at)
{
    c->input_bytes += value_size(v);
    if (c->input_bytes <= PLAYBOOK_MAX_INPUT)
        return true;
    diagnostics_add(
        c->diagnostics, DIAGNOSTIC_LIMIT, at,
        "up to this step the input of the steps takes more than %d bytes, actions and aliases written out",
        PLAYBOOK_MAX_INPUT);
    return false;
}

/* NULL for an absent value. */
static struct object_template *link_object(struct compilation *c, struct value v, struct position at,
                                           const char *name)
{
    struct object_template *object = NULL;
    struct error e = {0};
    if (value_is_absent(v) || !count_input(c, v, at))
        return NULL;
    if (object_compile(v, name, &object, &e) != STATUS_OK)
        add_failure(c, at, &e);
    return object;
}

static void link_conditions(struct compilation *c, struct step *step)
{
    for (uint32_t i = 0; i < step->node_count; i++) {
        struct next_node *node = &step->nodes[i];
        struct error e = {0};
        const char *name = compilation_printf(c, "%" PRISTR ".next[%u].when", ARGSTR(step->name), i);
        if (node->kind == NEXT_WHEN && condition_compile(node->when_text, name, &node->when, &e) != STATUS_OK)
            add_failure(c, node->at, &e);
    }
}

static void link_step(struct compilation *c, struct step *step, const struct draft_step *draft)
{
    const struct draft_action *from = &draft->action;
    struct action *action = &step->action;
    int length = (int)step->name.len;
    const char *name = step->name.ptr;
    action->type = from->type;
    action->timeout_ms = from->timeout_ms;
    if (count_input(c, from->verbatim, step->at))
        action->verbatim = compilation_keep_value(c, from->verbatim);
    action->args = link_object(c, from->args, step->at, compilation_printf(c, "%.*s.args", length, name));
    action->config = link_object(c, from->config, step->at, compilation_printf(c, "%.*s", length, name));
    step->result =
        link_object(c, draft->result, step->at, compilation_printf(c, "%.*s.result", length, name));
    for (uint32_t i = 0; i < step->edge_count; i++) {
        const struct draft_edge *edge = &draft->edges[i];
        step->edges[i].args =
            link_object(c, edge->args, edge->at, compilation_printf(c, "%.*s.next.args", length, name));
    }
    link_conditions(c, step);
}

void playbook_link(struct compilation *c)
{
    for (uint32_t i = 0; i < c->playbook->step_count && c->status == STATUS_OK && !c->diagnostics->errors;
         i++)
        link_step(c, &c->playbook->steps[i], &c->drafts[i]);
}
