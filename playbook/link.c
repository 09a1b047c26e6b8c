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

bool link_count(struct compilation *c, struct value v, struct position at)
{
    return link_count_bytes(c, value_size(v), at);
}

bool link_count_bytes(struct compilation *c, size_t bytes, struct position at)
{
    if (c->input_bytes > PLAYBOOK_MAX_INPUT)
        return false; /* told of */
    c->input_bytes += bytes;
    if (c->input_bytes <= PLAYBOOK_MAX_INPUT)
        return true;
    diagnostics_add(
        c->diagnostics, DIAGNOSTIC_LIMIT, at,
        "up to this step the input of the steps takes more than %d bytes, actions and aliases written out",
        PLAYBOOK_MAX_INPUT);
    return false;
}

struct object_template *link_object(struct compilation *c, struct value v, struct position at,
                                    const char *name)
{
    struct object_template *object = NULL;
    struct error e = {0};
    if (value_is_absent(v) || !link_count(c, v, at))
        return NULL;
    if (object_compile(v, name, &object, &e) != STATUS_OK)
        add_failure(c, at, &e);
    return object;
}

struct template *link_condition(struct compilation *c, struct str text, struct position at, const char *name)
{
    struct template *condition = NULL;
    struct error e = {0};
    if (text.len && link_count_bytes(c, text.len, at) &&
        condition_compile(text, name, &condition, &e) != STATUS_OK)
        add_failure(c, at, &e);
    return condition;
}

static void link_step(struct compilation *c, struct step *step, const struct draft_step *draft)
{
    int length = (int)step->name.len;
    const char *name = step->name.ptr;
    link_action(c, &draft->action, compilation_printf(c, "%.*s", length, name), &step->action);
    step->result =
        link_object(c, draft->result, step->at, compilation_printf(c, "%.*s.result", length, name));
    for (uint32_t i = 0; i < step->edge_count; i++) {
        const struct draft_edge *edge = &draft->edges[i];
        step->edges[i].args =
            link_object(c, edge->args, edge->at, compilation_printf(c, "%.*s.next.args", length, name));
    }
    for (uint32_t i = 0; i < step->node_count; i++) {
        struct next_node *node = &step->nodes[i];
        if (node->kind == NEXT_WHEN)
            node->when = link_condition(c, node->when_text, node->at,
                                        compilation_printf(c, "%.*s.next[%u].when", length, name, i));
    }
}

void playbook_link(struct compilation *c)
{
    for (uint32_t i = 0; i < c->playbook->step_count && c->status == STATUS_OK && !c->diagnostics->errors;
         i++)
        link_step(c, &c->playbook->steps[i], &c->drafts[i]);
}
