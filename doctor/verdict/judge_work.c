#include <inttypes.h>

#include "judge.h"

enum { OVERDUE_MS = 3000 };

static const struct unread_fact *unread_outcome(const struct execution_evidence *x, struct str task_id)
{
    for (size_t i = 0; i < x->unread_count; i++) {
        if (x->unread[i].task_id.len > 0 && str_equal(x->unread[i].task_id, task_id))
            return &x->unread[i];
    }
    return NULL;
}

static void name_subject(struct report *r, const struct open_work *w, struct finding *f)
{
    f->step = w->step;
    f->task_id = w->task_id;
    f->visit = w->visit;
    f->attempt = w->attempt;
    f->subject = w->visit > 1 ? REPORT_TEXT(r, "step %" PRISTR ", visit %u", ARGSTR(w->step), w->visit)
                              : REPORT_TEXT(r, "step %" PRISTR, ARGSTR(w->step));
    if (w->attempt > 1)
        f->subject = REPORT_TEXT(r, "%" PRISTR ", attempt %u", ARGSTR(f->subject), w->attempt);
}

static void decided(struct report *r, const struct work_evidence *w, struct finding *f)
{
    if (w->decision_id > 0)
        finding_hop(f, "decision", HOP_PASSED,
                    REPORT_TEXT(r, "%s, event %u of the log", event_type_name(w->decision), w->decision_id),
                    w->since_ns);
}

void hop_in_log(struct report *r, const struct execution_evidence *x, struct finding *f)
{
    const struct partition_evidence *p = &x->partition;
    struct str text = p->log == SIGHT_THERE ? REPORT_TEXT(r, "has partition %u up to sequence %" PRIu64,
                                                          p->partition, p->committed)
                                            : STR("not looked at");
    finding_hop(f, "log", HOP_HERE, text, p->committed_ns);
}

static enum verdict outcome_unread(struct report *r, const struct execution_evidence *x,
                                   const struct unread_fact *u, struct finding *f)
{
    f->since_ns = u->time_ns;
    finding_hop(f, "outcome", HOP_PASSED,
                REPORT_TEXT(r, "%s, sequence %" PRIu64 " of %" PRISTR, event_type_name(u->type), u->sequence,
                            ARGSTR(x->events_stream)),
                u->time_ns);
    hop_in_log(r, x, f);
    f->text = STR("Its outcome is in the event stream, and the broker has not put it into the log yet.");
    return VERDICT_OUTCOME_UNREAD;
}

static enum verdict judge_child(struct report *r, const struct execution_evidence *x,
                                const struct work_evidence *w, struct finding *f)
{
    int64_t child = w->work->child;
    if (w->child == SIGHT_ABSENT && !w->child_requested) {
        finding_hop(f, "call", HOP_HERE, REPORT_TEXT(r, "execution %" PRId64 " is nowhere", child), 0);
        f->text = REPORT_TEXT(
            r,
            "The execution %" PRId64 " that it called is neither in the log nor requested. The broker's "
            "reconciler makes the attempt again within broker.reconcile, or --fix does now.",
            child);
        f->advice = REPORT_TEXT(r, "noetl doctor %" PRId64 " --fix", x->id);
        return VERDICT_CHILD_LOST;
    }
    finding_hop(f, "call", HOP_PASSED, REPORT_TEXT(r, "execution %" PRId64, child), w->since_ns);
    if (w->child_over) {
        finding_hop(f, "outcome", HOP_HERE, STR("the execution is over, and its end was not heard"), 0);
        f->text = REPORT_TEXT(r,
                              "The execution %" PRId64
                              " that it called is over, and says so no more. The broker's reconciler "
                              "tells its end again within broker.reconcile, or --fix does now.",
                              child);
        f->advice = REPORT_TEXT(r, "noetl doctor %" PRId64 " --fix", x->id);
        return VERDICT_CHILD_UNHEARD;
    }
    finding_hop(f, "outcome", HOP_AHEAD, STR("comes with that execution's end"), 0);
    f->text = REPORT_TEXT(r, "It waits for the execution %" PRId64 ", which is looked at below.", child);
    return VERDICT_CHILD_OPEN;
}

static bool is_overdue(const struct execution_evidence *x, const struct open_work *w)
{
    return w->due_ns > 0 && w->due_ns + OVERDUE_MS * INT64_C(1000000) < x->now_ns;
}

static enum verdict overdue(struct report *r, const struct execution_evidence *x, const struct open_work *w,
                            struct finding *f)
{
    f->since_ns = w->due_ns;
    finding_hop(f, "timer", HOP_HERE, STR("was due, and has not fired"), w->due_ns);
    f->text = STR(
        "Its time has come, and timer_fired is not in the event stream: a broker that runs fires it, and its "
        "reconciler looks within broker.reconcile; --fix fires it now.");
    f->advice = REPORT_TEXT(r, "noetl doctor %" PRId64 " --fix", x->id);
    return VERDICT_TIMER_OVERDUE;
}

static enum verdict judge_signal(struct report *r, const struct execution_evidence *x,
                                 const struct open_work *w, struct finding *f)
{
    if (is_overdue(x, w))
        return overdue(r, x, w, f);
    finding_hop(f, "signal", HOP_HERE, REPORT_TEXT(r, "\"%" PRISTR "\" has not come", ARGSTR(w->signal)), 0);
    if (w->due_ns > 0)
        finding_hop(f, "timer", HOP_AHEAD, STR("then it fails"), w->due_ns);
    f->text = REPORT_TEXT(r, "It waits for the signal \"%" PRISTR "\"%s.", ARGSTR(w->signal),
                          w->due_ns > 0 ? ", and has a timeout" : ", for as long as it takes");
    f->advice = REPORT_TEXT(r, "noetl signal %" PRId64 " %" PRISTR, x->id, ARGSTR(w->signal));
    return VERDICT_SIGNAL_AWAITED;
}

static enum verdict judge_state(struct report *r, const struct execution_evidence *x,
                                const struct work_evidence *w, struct finding *f)
{
    switch (w->work->state) {
    case WORK_TASK: return judge_task(r, x, w, f);
    case WORK_CHILD: return judge_child(r, x, w, f);
    case WORK_SIGNAL: return judge_signal(r, x, w->work, f);
    case WORK_DELAYED:
        if (is_overdue(x, w->work))
            return overdue(r, x, w->work, f);
        finding_hop(f, "timer", HOP_HERE, STR("is set"), w->work->due_ns);
        f->text = STR("Its next attempt begins when its time has come.");
        return VERDICT_TIMER_SET;
    case WORK_LISTING:
        finding_hop(f, "list", HOP_HERE, STR("not in the event stream"), 0);
        f->text = STR("The catalog was asked which playbooks there are. If the answer is lost, the broker's "
                      "reconciler asks "
                      "again within broker.reconcile, or --fix does now.");
        f->advice = REPORT_TEXT(r, "noetl doctor %" PRId64 " --fix", x->id);
        return VERDICT_LIST_AWAITED;
    case WORK_READY:
    case WORK_LOOP:
    case WORK_STOPPED:
    case WORK_STATE_COUNT: break;
    }
    return VERDICT_PAUSED;
}

void judge_work(struct report *r, const struct execution_evidence *x, const struct work_evidence *w)
{
    const struct open_work *work = w->work;
    const struct unread_fact *u =
        unread_outcome(x, work->state == WORK_DELAYED ? work->timer_id : work->task_id);
    struct finding *f = report_add(r, VERDICT_TASK_QUEUED);
    f->execution_id = x->id;
    f->depth = x->depth;
    f->since_ns = w->since_ns;
    name_subject(r, work, f);
    decided(r, w, f);
    f->verdict = u ? outcome_unread(r, x, u, f) : judge_state(r, x, w, f);
}
