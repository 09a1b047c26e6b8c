#include <inttypes.h>
#include <stdlib.h>

#include "judge.h"

enum { NEAR_FULL_PERCENT = 80, CLOCKS_AGREE_MS = 1000 };

/* ---- streams ---------------------------------------------------------------------------------------------
 */

void judge_part(struct report *r, const struct part_evidence *p)
{
    if (p->seen == SIGHT_THERE && p->difference.len == 0)
        return;
    enum verdict v = p->seen == SIGHT_NONE     ? VERDICT_NATS_DENIED
                     : p->seen == SIGHT_ABSENT ? VERDICT_SETUP_MISSING
                                               : VERDICT_SETUP_DIFFERS;
    struct finding *f = report_add(r, v);
    f->subject = REPORT_TEXT(r, "%s %" PRISTR, p->kind, ARGSTR(p->name));
    f->part = p->name;
    if (v == VERDICT_NATS_DENIED) {
        f->text = STR("This login may not look at it ($JS.API.STREAM.INFO, CONSUMER.INFO).");
        f->advice = STR("Give doctor a login that may, as docs/SECURITY.md has it.");
    } else if (v == VERDICT_SETUP_MISSING) {
        f->text = STR("It is not there: `noetl setup` was not run on this server, or somebody deleted it.");
        f->advice = STR("noetl doctor --fix");
    } else {
        f->text = REPORT_TEXT(
            r,
            "Its \"%" PRISTR "\" is not what `noetl setup` would make of the settings that doctor was given.",
            ARGSTR(p->difference));
        f->advice = STR("noetl setup");
    }
}

static unsigned percent(const struct stream_evidence *s)
{
    uint64_t messages = s->max_messages ? s->messages * 100 / s->max_messages : 0;
    uint64_t bytes = s->max_bytes ? s->bytes * 100 / s->max_bytes : 0;
    return (unsigned)(messages > bytes ? messages : bytes);
}

void judge_stream(struct report *r, const struct stream_evidence *s)
{
    if (percent(s) < NEAR_FULL_PERCENT)
        return;
    struct finding *f = report_add(r, stream_is_full(s) ? VERDICT_STREAM_FULL : VERDICT_STREAM_FILLS);
    f->subject = REPORT_TEXT(r, "stream %" PRISTR, ARGSTR(s->name));
    f->text = REPORT_TEXT(r, "It holds %" PRIu64 " messages of %" PRIu64 " bytes, %u %% of its limit.%s",
                          s->messages, s->bytes, percent(s),
                          stream_is_full(s) ? " What is published there waits at whoever publishes." : "");
    f->advice = STR(
        "Raise its limit (events.max_…, tasks.max_…) and run `noetl setup`; for tasks, start more workers.");
}

/* ---- pools ------------------------------------------------------------------------------------------------
 */

void judge_pool(struct report *r, const struct pool_evidence *p)
{
    bool is_busy = p->ack_pending > 0 && (p->workers == 0 || p->free_threads == 0);
    bool is_served = p->waiting > 0 || (p->pending == 0 && p->workers > 0) || is_busy;
    if (p->consumer != SIGHT_THERE)
        return; /* that is said of the consumer */
    enum verdict v = p->paused        ? VERDICT_CONSUMER_PAUSED
                     : is_served      ? VERDICT_POOL_WELL
                     : p->workers > 0 ? VERDICT_WORKER_DEAF
                                      : VERDICT_NO_WORKER;
    struct finding *f = report_add(r, v);
    f->subject = REPORT_TEXT(r, "pool %" PRISTR, ARGSTR(p->name));
    f->text =
        REPORT_TEXT(r, "%u worker%s; %" PRIu64 " task%s %s, %" PRIu64 " %s with workers.", p->workers,
                    p->workers == 1 ? "" : "s", p->pending, p->pending == 1 ? "" : "s",
                    p->pending == 1 ? "waits" : "wait", p->ack_pending, p->ack_pending == 1 ? "is" : "are");
    if (v == VERDICT_NO_WORKER) {
        f->advice = REPORT_TEXT(r, "noetl serve worker --pool %" PRISTR, ARGSTR(p->name));
    } else if (v == VERDICT_CONSUMER_PAUSED) {
        f->advice = REPORT_TEXT(r, "nats consumer resume: the consumer %" PRISTR " of the tasks stream",
                                ARGSTR(p->name));
    } else if (v == VERDICT_WORKER_DEAF) {
        f->text = REPORT_TEXT(
            r, "%" PRISTR " No worker asks for tasks: %" PRISTR ".", ARGSTR(f->text),
            ARGSTR(p->because.len > 0 ? p->because : STR("its login may not pull from the pool's consumer")));
        f->advice = STR("Look at the worker's log; docs/SECURITY.md has what a worker's login needs.");
    }
}

void judge_dead_letters(struct report *r, uint64_t count, int64_t last_ns)
{
    if (count == 0)
        return;
    struct finding *f = report_add(r, VERDICT_DEAD_LETTERS);
    f->subject = STR("dead letters");
    f->since_ns = last_ns;
    f->text = REPORT_TEXT(
        r,
        "%" PRIu64 " task%s given up within the last week, because worker after worker fell silent over "
        "%s or refused %s.",
        count, count == 1 ? " was" : "s were", count == 1 ? "it" : "them", count == 1 ? "it" : "them");
    f->advice = STR("noetl list --status failed");
}

/* ---- the log
 * ------------------------------------------------------------------------------------------------ */

static enum verdict verdict_of_log(const struct log_evidence *l)
{
    if (l->log == SIGHT_THERE)
        return l->may_read ? VERDICT_LOG_WELL : VERDICT_LOG_DENIED;
    if (l->log == SIGHT_NONE)
        return VERDICT_LOG_UNSEEN;
    enum status why = l->trouble.status;
    if (why == STATUS_CONFLICT || why == STATUS_UNSUPPORTED || why == STATUS_NOT_FOUND)
        return VERDICT_LOG_SCHEMA;
    return why == STATUS_DENIED ? VERDICT_LOG_DENIED : VERDICT_LOG_AWAY;
}

void judge_log(struct report *r, const struct log_evidence *l)
{
    enum verdict v = verdict_of_log(l);
    struct finding *f = report_add(r, v);
    f->subject = STR("the log");
    if (v == VERDICT_LOG_WELL) {
        f->text =
            REPORT_TEXT(r, "Postgres %" PRISTR ", %" PRId64 " MiB%s%s.", ARGSTR(l->version),
                        l->size_bytes >> 20, l->is_standby ? ", a standby: brokers need the primary" : "",
                        l->may_write ? "" : "; this login may read it only, which is enough here");
        return;
    }
    f->text = v == VERDICT_LOG_DENIED && l->log == SIGHT_THERE ? STR("This login may not read noetl.event.")
                                                               : REPORT_TEXT(r, "%s.", l->trouble.message);
    f->advice = v == VERDICT_LOG_UNSEEN
                    ? STR("NOETL_POSTGRES_URL=postgresql://user@host/database noetl doctor")
                : v == VERDICT_LOG_SCHEMA ? STR("noetl setup")
                : v == VERDICT_LOG_DENIED ? STR("Give doctor a login that may, as docs/SECURITY.md has it.")
                                          : STR("Start Postgres, or correct postgres.url.");
}

/* ---- the rest
 * ------------------------------------------------------------------------------------------------ */

void judge_clocks(struct report *r, const struct clocks_evidence *c)
{
    bool nats_off = c->has_nats && llabs(c->nats_ahead_ms) > CLOCKS_AGREE_MS;
    bool postgres_off = c->has_postgres && llabs(c->postgres_ahead_ms) > CLOCKS_AGREE_MS;
    if (!c->has_nats && !c->has_postgres)
        return;
    struct finding *f = report_add(r, nats_off || postgres_off ? VERDICT_CLOCK_OFF : VERDICT_CLOCK_WELL);
    f->subject = STR("clocks");
    if (f->verdict == VERDICT_CLOCK_WELL) {
        f->text = STR("They agree to a second.");
        return;
    }
    f->text =
        REPORT_TEXT(r,
                    "Against this machine's, that of NATS is %" PRId64 " ms ahead, that of Postgres %" PRId64
                    " ms. Times of events are those of NATS; timers go by the brokers' machines.",
                    c->nats_ahead_ms, c->postgres_ahead_ms);
    f->advice = STR("Let the machines take their time from one source (chrony, systemd-timesyncd).");
}

void judge_service(struct report *r, const char *part, bool answers)
{
    struct finding *f = report_add(r, answers ? VERDICT_PART_WELL : VERDICT_PART_SILENT);
    f->subject = REPORT_TEXT(r, "%s", part);
    f->text = answers ? STR("It answers.") : STR("Nobody answers for it: it does not run, or stands still.");
    if (!answers)
        f->advice = REPORT_TEXT(r, "noetl serve %s", part);
}

void judge_still(struct report *r, const struct report *of_execution, int64_t id)
{
    for (size_t i = 0; i < of_execution->count; i++) {
        const struct finding *found = &of_execution->items[i];
        if (verdict_gravity(found->verdict) != GRAVITY_TROUBLE || found->execution_id == 0)
            continue;
        struct finding *f = report_add(r, VERDICT_STANDS_STILL);
        f->execution_id = id;
        f->since_ns = found->since_ns;
        f->subject = REPORT_TEXT(r, "execution %" PRId64, id);
        f->text = REPORT_TEXT(r, "%" PRISTR "%s%s. %" PRISTR, ARGSTR(found->subject),
                              found->subject.len > 0 ? ": " : "", verdict_name(found->verdict),
                              ARGSTR(found->text));
        f->advice = REPORT_TEXT(r, "noetl doctor %" PRId64, id);
        return;
    }
}
