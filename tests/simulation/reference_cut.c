/* An execution that was retried: how far it had come, and what the retry gives up. */
#include "reference_run.h"

#include "chance.h"

/* ---- as far as it had come ---------------------------------------------------------------------------- */

static struct str name_of(const struct run *r, const struct reference_visit *v)
{
    return r->playbook->steps[v->step].name;
}

static bool is_at(const struct run *r, const struct reference_visit *v, const struct reference_place *place)
{
    return place->number == v->number && str_equal(place->step, name_of(r, v));
}

static bool is_done(const struct run *r, const struct reference_cut *cut, const struct reference_visit *v)
{
    for (uint32_t i = 0; i < cut->done_count; i++) {
        if (is_at(r, v, &cut->done[i]))
            return true;
    }
    return false;
}

/* One of those that had ended and may run, at random; UINT32_MAX: none may. */
static uint32_t pick(struct run *r, const struct reference_cut *cut)
{
    uint32_t picked = UINT32_MAX, seen = 0;
    for (uint32_t i = 0; i < r->out->count; i++) {
        const struct reference_visit *v = &r->out->visits[i];
        if (is_done(r, cut, v) && reference_may_run(r, v) && chance_one_in(&r->random, ++seen))
            picked = i;
    }
    return picked;
}

static uint32_t count_ended(const struct run *r, const struct reference_cut *cut)
{
    uint32_t ended = 0;
    for (uint32_t i = 0; i < r->out->count; i++) {
        enum reference_end end = r->out->visits[i].end;
        ended += is_done(r, cut, &r->out->visits[i]) &&
                 (end == REFERENCE_COMPLETED || end == REFERENCE_SKIPPED || end == REFERENCE_FAILED);
    }
    return ended;
}

static enum status run_what_was_done(struct run *r, const struct reference_cut *cut)
{
    for (;;) {
        uint32_t next = pick(r, cut);
        if (next != UINT32_MAX)
            TRY(reference_run_visit(r, next));
        else if (count_ended(r, cut) < cut->done_count && reference_reaches_end(r))
            TRY(reference_arrive(r, (uint32_t)r->playbook->end, false, ABSENT));
        else
            return STATUS_OK;
    }
}

/* `end` is reached without an edge when nothing else is open. */
static enum status begin_end(struct run *r, const struct reference_cut *cut)
{
    int32_t end = r->playbook->end;
    if (end < 0 || cut->end_visits <= r->steps[end].visits)
        return STATUS_OK;
    return reference_arrive(r, (uint32_t)end, false, ABSENT);
}

/* ---- what is given up --------------------------------------------------------------------------------- */

/* The first visit too many of the step that the execution ended by; visits that an earlier retry let through
 * are open. UINT32_MAX: it ended otherwise. */
static uint32_t find_too_many(const struct run *r, const struct reference_cut *cut)
{
    for (uint32_t i = 0; i < r->out->count; i++) {
        const struct reference_visit *v = &r->out->visits[i];
        if (v->end == REFERENCE_FATAL && str_equal(cut->too_many, name_of(r, v)))
            return i;
    }
    return UINT32_MAX;
}

static bool is_given_up(const struct run *r, const struct reference_cut *cut, const struct reference_visit *v)
{
    int32_t from = playbook_find_step(r->playbook, cut->from);
    return from >= 0 && (reference_comes_behind(r, (uint32_t)from, v->step) || is_at(r, v, &cut->failed));
}

/* `end` comes after everything: where it was at work it begins anew, behind what the retry begins. */
static bool has_ended(const struct run *r)
{
    for (uint32_t i = 0; i < r->out->count; i++) {
        enum reference_end end = r->out->visits[i].end;
        if ((int32_t)r->out->visits[i].step == r->playbook->end &&
            (end == REFERENCE_COMPLETED || end == REFERENCE_SKIPPED || end == REFERENCE_FAILED))
            return true;
    }
    return false;
}

static bool is_to_end_later(const struct run *r, const struct reference_cut *cut,
                            const struct reference_visit *v)
{
    int32_t from = playbook_find_step(r->playbook, cut->from);
    return from >= 0 && (int32_t)v->step == r->playbook->end && v->number <= cut->end_visits &&
           !reference_comes_behind(r, (uint32_t)from, v->step);
}

/* It had done a part of what it would have. */
static enum status give_up(struct run *r, struct reference_visit *v)
{
    struct value variables = r->variables;
    bool vague = r->out->vague;
    struct outcome o;
    TRY(reference_perform(r, v, &o));
    r->variables = variables;
    r->out->vague = vague;
    v->end = REFERENCE_DROPPED;
    return STATUS_OK;
}

/* It had done all that it does; where only what follows could not be chosen, its data is there. */
static enum status give_up_failed(struct run *r, uint32_t index)
{
    TRY(reference_run_visit(r, index));
    r->out->impossible = r->out->impossible || r->out->visits[index].end != REFERENCE_FATAL;
    r->out->visits[index].end = REFERENCE_DROPPED;
    return STATUS_OK;
}

static enum status give_up_open(struct run *r, const struct reference_cut *cut)
{
    bool end_again = cut->from.len && has_ended(r);
    struct value end_args = ABSENT;
    uint32_t too_many = cut->from.len ? find_too_many(r, cut) : UINT32_MAX;
    for (uint32_t i = 0; i < r->out->count; i++) {
        struct reference_visit *v = &r->out->visits[i];
        if (v->end != REFERENCE_OPEN && v->end != REFERENCE_FATAL)
            continue;
        v->end = REFERENCE_OPEN;
        v->too_many = false; /* it is let through */
        bool again = is_to_end_later(r, cut, v);
        struct value args = v->args;
        if (i != too_many && !again && !is_given_up(r, cut, v))
            continue;
        if (is_at(r, v, &cut->failed))
            TRY(give_up_failed(r, i));
        else
            TRY(give_up(r, v));
        r->out->vague = r->out->vague || r->out->visits[i].may_have_result;
        end_again = end_again || again;
        end_args = again ? args : end_args;
    }
    r->out->fails = false;
    return end_again ? reference_arrive(r, (uint32_t)r->playbook->end, false, end_args) : STATUS_OK;
}

/* What begins anew may find what it reads, or not yet: that depends on when the steps before it end. */
static bool is_overtaken(const struct run *r, uint32_t from)
{
    for (uint32_t i = 0; i < r->out->count; i++) {
        const struct reference_visit *v = &r->out->visits[i];
        if (v->end == REFERENCE_OPEN && reference_comes_behind(r, v->step, from))
            return true;
    }
    return false;
}

enum status reference_cut(struct run *r, const struct reference_cut *cut)
{
    int32_t from = playbook_find_step(r->playbook, cut->from);
    TRY(run_what_was_done(r, cut));
    r->out->impossible = count_ended(r, cut) != cut->done_count;
    if (r->out->impossible)
        return STATUS_OK;
    TRY(begin_end(r, cut));
    TRY(give_up_open(r, cut));
    r->out->overtaken = r->out->overtaken || (from >= 0 && is_overtaken(r, (uint32_t)from));
    return from < 0 ? STATUS_OK : reference_arrive(r, (uint32_t)from, true, ABSENT);
}
