/*
 * Facts that steer, from clients and from the deadline: each is taken exactly where it means something.
 * Whoever is not listened to would otherwise go unnoticed, for an execution may well do without.
 */
#include "transition/open_work.h"
#include "world.h"

static bool may_be_retried(const struct execution *x, const struct event *fact)
{
    struct str from = value_as_str(VALUE_GET(fact->context, "from"));
    if ((x->phase != PHASE_FAILED && x->phase != PHASE_CANCELLED) || !x->playbook)
        return false;
    int32_t step = playbook_find_step(x->playbook, from);
    bool is_end = step >= 0 && step == x->playbook->end;
    return from.len == 0 || (step >= 0 && !(is_end && x->steps[step].visits > 0));
}

static bool is_deadline(struct world *w, const struct execution *x, const struct event *fact)
{
    return x->timeout_ms && str_equal(fact->task_id, execution_deadline_id(x, &w->arena));
}

enum heed steering_expected(struct world *w, const struct execution *x, const struct event *fact)
{
    bool runs = x->phase == PHASE_RUNNING, means_something = false;
    switch ((int)fact->type) {
    case EVENT_PAUSE_REQUESTED: means_something = runs && !x->paused; break;
    case EVENT_RESUME_REQUESTED: means_something = runs && x->paused; break;
    case EVENT_CANCEL_REQUESTED: means_something = runs; break;
    case EVENT_SIGNAL_RECEIVED:
        means_something = runs && value_as_str(VALUE_GET(fact->context, "name")).len > 0;
        break;
    case EVENT_RETRY_REQUESTED: means_something = may_be_retried(x, fact); break;
    case EVENT_TIMER_FIRED:
        if (!is_deadline(w, x, fact))
            return HEED_EITHER;
        means_something = runs;
        break;
    default: return HEED_EITHER;
    }
    return means_something ? HEED_TAKEN : HEED_IGNORED;
}

static bool has_come_of_it(const struct execution *x, enum event_type type)
{
    switch ((int)type) {
    case EVENT_PAUSE_REQUESTED: return x->paused;
    case EVENT_RESUME_REQUESTED: return !x->paused;
    case EVENT_CANCEL_REQUESTED: return x->phase == PHASE_CANCELLED;
    case EVENT_TIMER_FIRED: return x->phase == PHASE_FAILED;
    default: return true;
    }
}

void steering_check(struct world *w, const struct execution *x, const struct event *fact, enum heed expected,
                    const char *ignored)
{
    if (expected == HEED_EITHER)
        return;
    if ((expected == HEED_IGNORED) != (ignored != NULL))
        world_fail(w, "execution %lld: %s of message %llu should be %s, and is not", (long long)x->id,
                   event_type_name(fact->type), (unsigned long long)fact->stream_seq,
                   expected == HEED_TAKEN ? "taken" : "ignored");
    else if (expected == HEED_TAKEN && !has_come_of_it(x, fact->type))
        world_fail(w, "execution %lld: nothing comes of %s of message %llu", (long long)x->id,
                   event_type_name(fact->type), (unsigned long long)fact->stream_seq);
}
