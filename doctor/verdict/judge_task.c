#include <inttypes.h>

#include "judge.h"

bool stream_is_full(const struct stream_evidence *s)
{
    return (s->max_messages > 0 && s->messages >= s->max_messages) ||
           (s->max_bytes > 0 && s->bytes >= s->max_bytes);
}

/* ---- the task is not in its stream -------------------------------------------------------------------- */

static enum verdict not_there(struct report *r, const struct execution_evidence *x, struct finding *f)
{
    if (stream_is_full(&x->tasks_fill)) {
        finding_hop(f, "task", HOP_HERE,
                    REPORT_TEXT(r, "not in %" PRISTR ", which is full", ARGSTR(x->tasks_stream)), 0);
        f->text = REPORT_TEXT(r,
                              "%" PRISTR
                              " has reached its limit, so it does not take the task; the broker offers it "
                              "again and again.",
                              ARGSTR(x->tasks_stream));
        f->advice =
            STR("Start more workers, or raise tasks.max_messages or tasks.max_bytes and run `noetl setup`.");
        return VERDICT_TASK_UNSENT;
    }
    finding_hop(f, "task", HOP_HERE, REPORT_TEXT(r, "not in %" PRISTR, ARGSTR(x->tasks_stream)), 0);
    f->text = STR(
        "Its task is in no stream, and it has no outcome: it was removed, or lost with the stream's end. The "
        "broker's reconciler makes the attempt again within broker.reconcile, or --fix does now.");
    f->advice = REPORT_TEXT(r, "noetl doctor %" PRId64 " --fix", x->id);
    return VERDICT_TASK_LOST;
}

/* ---- a worker has it ----------------------------------------------------------------------------------- */

static enum verdict at_worker(struct report *r, const struct execution_evidence *x,
                              const struct work_evidence *w, struct finding *f)
{
    const struct holder_evidence *h = w->holder;
    f->since_ns = h->since_ns;
    finding_hop(f, "delivery", HOP_PASSED,
                REPORT_TEXT(r, "to %" PRISTR ", delivery %" PRIu64, ARGSTR(h->worker), h->delivery), 0);
    bool reports = str_is(h->state, "reporting");
    bool is_new = x->now_ns - h->since_ns < ON_ITS_WAY_MS * INT64_C(1000000);
    if (reports && !is_new) {
        finding_hop(f, "worker", HOP_PASSED, STR("has run it"), 0);
        finding_hop(f, "outcome", HOP_HERE, REPORT_TEXT(r, "not in %" PRISTR, ARGSTR(x->events_stream)),
                    h->since_ns);
        f->text = stream_is_full(&x->events_fill)
                      ? REPORT_TEXT(r,
                                    "%" PRISTR
                                    " is full, so it does not take the outcome; the worker offers it again.",
                                    ARGSTR(x->events_stream))
                      : REPORT_TEXT(r,
                                    "%" PRISTR " has run it, and its outcome does not get into %" PRISTR
                                    ": its login may not publish there, or the stream does not answer.",
                                    ARGSTR(h->worker), ARGSTR(x->events_stream));
        f->advice = stream_is_full(&x->events_fill)
                        ? STR("Raise events.max_messages or events.max_bytes and run `noetl setup`.")
                        : STR("Look at the worker's log; docs/SECURITY.md has what a worker's login needs.");
        return VERDICT_OUTCOME_UNSENT;
    }
    finding_hop(f, "worker", HOP_HERE, h->state, h->since_ns);
    if (str_is(h->state, "waiting")) {
        f->text =
            REPORT_TEXT(r, "%" PRISTR " has it, and runs as many others as it may (worker.concurrency).",
                        ARGSTR(h->worker));
        return VERDICT_TASK_AT_WORKER;
    }
    f->text = REPORT_TEXT(r, "%" PRISTR " runs it.", ARGSTR(h->worker));
    return VERDICT_TASK_RUNNING;
}

/* ---- it was delivered, and nobody says that he has it -------------------------------------------------- */

static enum verdict delivered(struct report *r, const struct execution_evidence *x,
                              const struct work_evidence *w, struct finding *f)
{
    if (w->left) {
        finding_hop(f, "delivery", HOP_HERE, STR("its consumer has it as acknowledged"), 0);
        f->text =
            STR("Its message is in the stream still, but no consumer delivers it any more: a server that was "
                "killed "
                "kept it although it was acknowledged, or somebody acknowledged it without an outcome. The "
                "broker's reconciler makes the attempt again within broker.reconcile, or --fix does now.");
        f->advice = REPORT_TEXT(r, "noetl doctor %" PRId64 " --fix", x->id);
        return VERDICT_TASK_LOST;
    }
    if (w->dead) {
        finding_hop(f, "delivery", HOP_HERE, STR("as often as it may be (worker.max_deliver)"), 0);
        f->text = STR(
            "It was delivered worker.max_deliver times, and each time its worker fell silent: the task may "
            "kill "
            "its workers. The broker makes the attempt a failure once it has read the server's advisory.");
        f->advice =
            STR("Start a broker if none runs; look at the workers' logs for what the task does to them.");
        return VERDICT_TASK_DEAD;
    }
    finding_hop(f, "delivery", HOP_HERE,
                STR("delivered, and not acknowledged; no worker that answers has it"), 0);
    f->text = REPORT_TEXT(
        r,
        "A worker that does not answer got it: it was killed, stands still, or is cut off. The task is "
        "delivered to another one %" PRId64 " s after that worker last spoke of it "
        "(worker.ack_wait); if its server never does that, the broker makes the attempt again after twice "
        "that time.",
        x->ack_wait_ms / 1000);
    f->advice = w->pool->workers == 0
                    ? REPORT_TEXT(r, "noetl serve worker --pool %" PRISTR, ARGSTR(w->pool->name))
                    : STR("");
    return VERDICT_TASK_HELD;
}

/* ---- it is in its stream, and was not delivered ----------------------------------------------------------
 */

static struct str start_worker(struct report *r, const struct pool_evidence *p)
{
    return REPORT_TEXT(r, "noetl serve worker --pool %" PRISTR, ARGSTR(p->name));
}

static enum verdict nobody_asks(struct report *r, const struct pool_evidence *p, struct finding *f)
{
    finding_hop(f, "delivery", HOP_HERE,
                REPORT_TEXT(r, "nobody asks for tasks of the pool \"%" PRISTR "\"", ARGSTR(p->name)), 0);
    if (p->ack_pending > 0 && (p->workers == 0 || p->free_threads == 0)) {
        f->text = REPORT_TEXT(r,
                              "The workers of the pool \"%" PRISTR "\" have %" PRIu64
                              " tasks and ask for no more; it comes when one of these is done.",
                              ARGSTR(p->name), p->ack_pending);
        f->advice = start_worker(r, p);
        return VERDICT_WORKERS_BUSY;
    }
    if (p->workers > 0) {
        f->text = REPORT_TEXT(
            r, "Of the pool \"%" PRISTR "\" %u worker%s, and none asks for tasks: %" PRISTR ".",
            ARGSTR(p->name), p->workers, p->workers == 1 ? " is there" : "s are there",
            ARGSTR(p->because.len > 0 ? p->because : STR("its login may not pull from the pool's consumer")));
        f->advice = STR("Look at the worker's log; docs/SECURITY.md has what a worker's login needs.");
        return VERDICT_WORKER_DEAF;
    }
    f->text = REPORT_TEXT(r, "No worker of the pool \"%" PRISTR "\" is there.", ARGSTR(p->name));
    f->advice = start_worker(r, p);
    return VERDICT_NO_WORKER;
}

static enum verdict not_delivered(struct report *r, const struct execution_evidence *x,
                                  const struct work_evidence *w, struct finding *f)
{
    const struct pool_evidence *p = w->pool;
    if (p->consumer == SIGHT_ABSENT) {
        finding_hop(f, "delivery", HOP_HERE,
                    REPORT_TEXT(r, "the consumer \"%" PRISTR "\" is not there", ARGSTR(p->name)), 0);
        f->text = REPORT_TEXT(
            r,
            "%" PRISTR " has no consumer \"%" PRISTR "\": the pool is not among the setting pools, or "
            "somebody deleted it. A worker of the pool that runs or starts makes it; --fix does now.",
            ARGSTR(x->tasks_stream), ARGSTR(p->name));
        f->advice = REPORT_TEXT(r, "noetl doctor %" PRId64 " --fix", x->id);
        f->part = p->name;
        return VERDICT_CONSUMER_MISSING;
    }
    if (p->paused) {
        finding_hop(f, "delivery", HOP_HERE, STR("its consumer is paused"), 0);
        f->text =
            REPORT_TEXT(r, "The consumer \"%" PRISTR "\" is paused by an administrator.", ARGSTR(p->name));
        f->advice = REPORT_TEXT(r, "nats consumer resume %" PRISTR " %" PRISTR, ARGSTR(x->tasks_stream),
                                ARGSTR(p->name));
        return VERDICT_CONSUMER_PAUSED;
    }
    if (p->max_ack_pending > 0 && p->ack_pending >= p->max_ack_pending) {
        finding_hop(f, "delivery", HOP_HERE,
                    REPORT_TEXT(r, "%" PRIu64 " of at most %" PRIu64 " tasks are with workers",
                                p->ack_pending, p->max_ack_pending),
                    0);
        f->text = STR("As many tasks of the pool are with its workers as tasks.max_running allows.");
        f->advice = STR("Raise tasks.max_running and run `noetl setup`.");
        return VERDICT_POOL_FULL;
    }
    if (p->waiting == 0)
        return nobody_asks(r, p, f);
    finding_hop(f, "delivery", HOP_HERE,
                REPORT_TEXT(r,
                            "workers ask for tasks of the pool \"%" PRISTR "\", of which %" PRIu64 " wait%s",
                            ARGSTR(p->name), p->pending, p->pending == 1 ? "s" : ""),
                0);
    f->text = STR("It is about to be delivered.");
    return VERDICT_TASK_QUEUED;
}

enum verdict judge_task(struct report *r, const struct execution_evidence *x, const struct work_evidence *w,
                        struct finding *f)
{
    if (w->task != SIGHT_THERE)
        return not_there(r, x, f);
    f->since_ns = w->task_stored_ns;
    finding_hop(f, "task", HOP_PASSED,
                REPORT_TEXT(r, "sequence %" PRIu64 " of %" PRISTR, w->task_sequence, ARGSTR(x->tasks_stream)),
                w->task_stored_ns);
    if (w->holder)
        return at_worker(r, x, w, f);
    const struct pool_evidence *p = w->pool;
    if (p->consumer == SIGHT_THERE && p->delivered > p->stream_last) {
        finding_hop(f, "delivery", HOP_HERE,
                    REPORT_TEXT(r, "the consumer stands at %" PRIu64 ", the stream ends at %" PRIu64,
                                p->delivered, p->stream_last),
                    0);
        f->text =
            STR("The stream lost its end and gives its sequences again, below the place where the consumer "
                "looks. The "
                "broker's reconciler moves the stream on, and makes what it drops again; --fix does now.");
        f->advice = REPORT_TEXT(r, "noetl doctor %" PRId64 " --fix", x->id);
        return VERDICT_CONSUMER_AHEAD;
    }
    if (p->consumer == SIGHT_THERE && p->delivered >= w->task_sequence)
        return delivered(r, x, w, f);
    return not_delivered(r, x, w, f);
}
