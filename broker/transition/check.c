/* The invariants of execution.h, looked at one by one. */
#include "execution.h"

static enum status broken(const struct execution *x, struct error *err, int number, const char *what)
{
    return error_set(err, STATUS_INTERNAL, "invariant %d of execution %lld does not hold: %s", number,
                     (long long)x->id, what);
}

static enum status check_step(const struct execution *x, uint32_t index, struct error *err)
{
    const struct step_state *s = &x->steps[index];
    uint32_t open = 0, joining = 0, gathering = 0;
    for (const struct visit *v = s->open; v; v = v->next) {
        open++;
        joining += v->joins;
        gathering += v->state == VISIT_GATHERING;
        if (v->step != index || v->number == 0 || v->number > s->visits)
            return broken(x, err, 4, "a visit has a number that its step did not give");
        for (const struct visit *w = v->next; w; w = w->next) {
            if (w->number == v->number)
                return broken(x, err, 4, "two open visits have one number");
        }
        if (v->state != VISIT_GATHERING && v->state != VISIT_SCHEDULED)
            return broken(x, err, 3, "a visit that ended is in the list of open ones");
        if ((v->state == VISIT_SCHEDULED) != (v->attempt > 0))
            return broken(x, err, 3, "a visit has a task exactly if it was attempted");
    }
    if (open != s->open_visits || gathering != s->gathering)
        return broken(x, err, 3, "open visits are not counted right");
    if (joining > 1)
        return broken(x, err, 5, "two visits of one step wait for further branches");
    return STATUS_OK;
}

enum status execution_check(const struct execution *x, struct error *err)
{
    if (!x->playbook)
        return x->open_total == 0 ? STATUS_OK : broken(x, err, 3, "visits without a playbook");
    uint32_t total = 0;
    for (uint32_t i = 0; i < x->playbook->step_count; i++) {
        TRY(check_step(x, i, err));
        total += x->steps[i].open_visits;
    }
    if (total != x->open_total)
        return broken(x, err, 3, "the open visits of all steps are not counted right");
    if (x->playbook->end >= 0 && x->steps[x->playbook->end].visits > 1)
        return broken(x, err, 6, "end was reached twice");
    if (x->phase == PHASE_RUNNING && total == 0)
        return broken(x, err, 1, "it runs, but nothing in it is open");
    if (execution_is_over(x) && total > 0)
        return broken(x, err, 2, "it is over, but something in it is open");
    return STATUS_OK;
}
