#include "timer_fact.h"

#include "core/id.h"
#include "core/json.h"

/* Where the timer is of, as far as memory tells. */
static void name_node(const struct execution *x, struct event *e)
{
    struct task_id id;
    bool is_of_step = task_id_parse(e->task_id, &id, NULL) == STATUS_OK;
    if (is_of_step) {
        e->visit = id.visit;
        e->attempt = id.places[id.depth].attempt;
    }
    if (!x || !x->playbook || (is_of_step && id.step >= x->playbook->step_count))
        return;
    const struct step *step = is_of_step ? &x->playbook->steps[id.step] : NULL;
    e->node_name = step ? step->name : x->playbook->path;
    e->node_type = step ? str_of(step_type_name(step->type)) : STR("playbook");
}

static enum status fact_text(const struct execution *x, const struct due_timer *t, struct arena *a,
                             struct str *out, struct error *err)
{
    struct event e = {.execution_id = t->execution_id, .type = EVENT_TIMER_FIRED, .task_id = t->id};
    struct map_builder m;
    struct value v;
    char due[32];
    name_node(x, &e);
    time_format(t->due_ns, due);
    map_begin(&m, a);
    map_put(&m, STR("due_at"), value_text(due));
    TRY(map_end(&m, &e.context, err));
    TRY(event_to_value(a, &e, &v, err));
    return json_text(a, v, out, err);
}

/*
 * The id has the time in it: a timer that is set again, to be due later, fires again. The stream drops a
 * repetition for as long as it remembers ids, the transition one that comes later.
 */
enum status timer_fact(struct arena *a, const struct subjects *s, const struct execution *x,
                       const struct due_timer *t, struct timer_fact *out, struct error *err)
{
    out->message_id = arena_printf(a, "%lld.timer.%" PRISTR ".%lld", (long long)t->execution_id,
                                   ARGSTR(t->id), (long long)t->due_ns);
    if (!out->message_id.ptr)
        return arena_error(a, err, "a timer's fact");
    subject_event(s, t->execution_id, EVENT_TIMER_FIRED, out->subject);
    return fact_text(x, t, a, &out->payload, err);
}
