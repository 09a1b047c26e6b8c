/* The invariants of execution.h, looked at one by one. */
#include "execution.h"

static enum status broken(const struct execution *x, struct error *err, int number, const char *what)
{
    return error_set(err, STATUS_INTERNAL, "invariant %d of execution %lld does not hold: %s", number,
                     (long long)x->id, what);
}

/* ---- works -------------------------------------------------------------------------------------------- */

struct work_counts {
    uint32_t queued, waiting;
};

static enum status check_work(const struct execution *x, const struct work *w, struct work_counts *counts,
                              struct error *err);

static enum status check_loop(const struct execution *x, const struct work *w, struct work_counts *counts,
                              struct error *err)
{
    const struct loop *loop = w->loop;
    uint32_t running = 0, done = 0;
    for (uint32_t i = 0; i < loop->items.len; i++) {
        const struct work *item = loop->active[i];
        running += item != NULL;
        done += !value_is_absent(loop->results[i]);
        if ((item || !value_is_absent(loop->results[i])) != (i < loop->next))
            return broken(x, err, 10, "items are not started in their order");
        if (item && (item->parent != w || item->item != i || item->visit != w->visit))
            return broken(x, err, 10, "an item's work is in another's place");
        if (item)
            TRY(check_work(x, item, counts, err));
    }
    if (loop->concurrency == 0 || (w->action->iterator->task_count > 1) != (loop->earlier != NULL))
        return broken(x, err, 10, "a loop cannot go on");
    if (running != loop->running || done != loop->done || running + done != loop->next || loop->pumping)
        return broken(x, err, 10, "items are not counted right");
    return STATUS_OK;
}

static enum status check_work(const struct execution *x, const struct work *w, struct work_counts *counts,
                              struct error *err)
{
    bool timed = w->state == WORK_DELAYED || (w->state == WORK_SIGNAL && w->action->timeout_ms);
    bool may_queue = w->state == WORK_READY || w->state == WORK_LOOP;
    if (timed != (w->due_ns != 0) || (w->state == WORK_CHILD) != (w->child != 0))
        return broken(x, err, 8, "a timer or a child is not its work's state");
    if (w->loop ? w->state != WORK_LOOP && w->state != WORK_STOPPED : w->state == WORK_LOOP)
        return broken(x, err, 8, "a loop is not its work's state");
    if (w->attempt == 0 && w->state != WORK_READY && w->state != WORK_STOPPED)
        return broken(x, err, 8, "an attempt that never began is under way");
    if (execution_is_over(x) != (w->state == WORK_STOPPED))
        return broken(x, err, 2, "works stop with their execution, and only then");
    if (w->list && w->list != (w->state == WORK_SIGNAL ? &x->waiting : &x->queue))
        return broken(x, err, 11, "a work is in the wrong list");
    if ((w->list == &x->queue && (!may_queue || !x->paused)) || (w->state == WORK_READY && !w->list) ||
        (w->state == WORK_SIGNAL && !w->list))
        return broken(x, err, 11, "a work is not in the list that its state wants");
    counts->queued += w->list == &x->queue;
    counts->waiting += w->list == &x->waiting;
    return w->loop ? check_loop(x, w, counts, err) : STATUS_OK;
}

static uint32_t length_of(const struct work_list *list)
{
    uint32_t n = 0;
    for (const struct work *w = list->first; w; w = w->next)
        n++;
    return n;
}

/* ---- visits ------------------------------------------------------------------------------------------- */

static enum status check_visit(const struct execution *x, uint32_t index, const struct visit *v,
                               struct work_counts *counts, struct error *err)
{
    if (v->step != index || v->number == 0 || v->number > x->steps[index].visits)
        return broken(x, err, 4, "a visit has a number that its step did not give");
    if (v->next && v->next->number >= v->number)
        return broken(x, err, 4, "two open visits have one number, or they are not in order");
    if (visit_find(x, v->step, v->number) != v)
        return broken(x, err, 3, "an open visit is not found by its number");
    if (v->state != VISIT_GATHERING && v->state != VISIT_RUNNING)
        return broken(x, err, 3, "a visit that ended is in the list of open ones");
    if ((v->state == VISIT_RUNNING) != (v->work != NULL))
        return broken(x, err, 8, "a visit has a work exactly if it is running");
    return v->work ? check_work(x, v->work, counts, err) : STATUS_OK;
}

static enum status check_step(const struct execution *x, uint32_t index, struct work_counts *counts,
                              struct error *err)
{
    const struct step_state *s = &x->steps[index];
    uint32_t n = x->playbook->step_count, open = 0, joining = 0, gathering = 0, before = 0;
    for (const struct visit *v = s->open; v; v = v->next) {
        open++;
        joining += v->joins;
        gathering += v->state == VISIT_GATHERING;
        TRY(check_visit(x, index, v, counts, err));
    }
    for (uint32_t b = 0; b < n; b++)
        before += x->playbook->reach[(size_t)b * n + index] ? x->steps[b].open_visits : 0;
    if (open != s->open_visits || gathering != s->gathering)
        return broken(x, err, 3, "open visits are not counted right");
    if (joining > 1)
        return broken(x, err, 5, "two visits of one step wait for further branches");
    if (before != s->open_before)
        return broken(x, err, 9, "the visits before a step are not counted right");
    return STATUS_OK;
}

static uint32_t gathering_listed(const struct execution *x)
{
    uint32_t n = 0;
    for (const struct visit *v = x->first_gathering; v; v = v->next_gathering)
        n++;
    return n;
}

static enum status check_totals(const struct execution *x, uint32_t open, uint32_t gathering,
                                const struct work_counts *counts, struct error *err)
{
    if (open != x->open_total || gathering != gathering_listed(x))
        return broken(x, err, 3, "the open visits of all steps are not counted right");
    if (counts->queued != length_of(&x->queue) || counts->waiting != length_of(&x->waiting))
        return broken(x, err, 11, "a list has works that no visit has");
    const struct step_state *end = x->playbook->end >= 0 ? &x->steps[x->playbook->end] : NULL;
    if (end && end->open_visits > 1)
        return broken(x, err, 6, "end was reached twice");
    if (x->phase == PHASE_RUNNING && !x->paused && open == 0)
        return broken(x, err, 1, "it runs, but nothing in it is open");
    if (x->phase == PHASE_COMPLETED && open > 0)
        return broken(x, err, 2, "it is complete, but something in it is open");
    return STATUS_OK;
}

enum status execution_check(const struct execution *x, struct error *err)
{
    struct work_counts counts = {0};
    uint32_t total = 0, gathering = 0;
    if (!x->playbook)
        return x->open_total == 0 ? STATUS_OK : broken(x, err, 3, "visits without a playbook");
    for (uint32_t i = 0; i < x->playbook->step_count; i++) {
        TRY(check_step(x, i, &counts, err));
        total += x->steps[i].open_visits;
        gathering += x->steps[i].gathering;
    }
    return check_totals(x, total, gathering, &counts, err);
}
