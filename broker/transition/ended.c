#include "ended.h"

enum standing { BEHIND, HERE, AHEAD };

/* Of the attempt that `place` names, at a work that is open. */
static enum standing attempt_standing(const struct work *w, const struct task_place *place)
{
    if (place->attempt == w->attempt)
        return HERE;
    return place->attempt < w->attempt ? BEHIND : AHEAD;
}

/* Of an item's task within the attempt that `w` is at; *inner: its work, if it is open. */
static enum standing item_standing(const struct work *w, const struct task_place *place,
                                   const struct work **inner)
{
    const struct loop *loop = w->loop;
    if (!loop)
        return w->state == WORK_LISTING ? AHEAD : BEHIND;
    if (place->item >= loop->next)
        return AHEAD;
    *inner = loop->active[place->item];
    if (!*inner)
        return BEHIND;
    if (place->task == (*inner)->task)
        return HERE;
    return place->task < (*inner)->task ? BEHIND : AHEAD;
}

static bool is_with_somebody(const struct work *w)
{
    return w->state == WORK_TASK || w->state == WORK_CHILD || w->state == WORK_LISTING;
}

static enum standing standing_within(const struct work *w, const struct task_id *id)
{
    for (uint32_t k = 0; k <= id->depth; k++) {
        enum standing s = k == 0 ? HERE : item_standing(w, &id->places[k], &w);
        if (s == HERE)
            s = attempt_standing(w, &id->places[k]);
        if (s != HERE)
            return s;
    }
    return is_with_somebody(w) ? HERE : BEHIND;
}

bool execution_attempt_has_ended(const struct execution *x, const struct task_id *id)
{
    if (execution_is_over(x))
        return true;
    if (x->phase == PHASE_NEW || id->step >= x->playbook->step_count || id->visit > x->steps[id->step].visits)
        return false;
    const struct visit *v = visit_find(x, id->step, id->visit);
    if (!v)
        return true;
    return v->work && standing_within(v->work, id) == BEHIND;
}
