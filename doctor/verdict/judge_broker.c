#include <inttypes.h>

#include "judge.h"

static int64_t age_ms(int64_t now_ns, int64_t then_ns)
{
    return then_ns > 0 && now_ns > then_ns ? (now_ns - then_ns) / 1000000 : 0;
}

static void log_away(struct report *r, const struct partition_evidence *p)
{
    struct finding *f = report_add(r, VERDICT_LOG_AWAY);
    f->subject = STR("the log");
    f->text = REPORT_TEXT(r,
                          "Postgres does not answer: %" PRISTR ". Brokers go on until broker.backlog rows "
                          "wait, then they stop taking facts; nothing is lost.",
                          ARGSTR(p->log_trouble));
    f->advice = STR("Start Postgres, or correct postgres.url.");
}

static struct finding *about_partition(struct report *r, enum verdict v, const struct partition_evidence *p)
{
    struct finding *f = report_add(r, v);
    f->subject = REPORT_TEXT(r, "partition %u", p->partition);
    f->since_ns = p->oldest_unread_ns;
    return f;
}

static void silent_owner(struct report *r, const struct partition_evidence *p)
{
    struct finding *f = about_partition(r, VERDICT_BROKER_SILENT, p);
    f->text =
        REPORT_TEXT(r,
                    "The broker %" PRISTR " holds it, and is not heard: it was killed, stands still, or "
                    "has no connection. Another broker takes over after broker.lease.",
                    ARGSTR(p->owner));
    f->advice = STR("noetl serve broker");
}

static void stalled(struct report *r, const struct partition_evidence *p)
{
    struct finding *f = about_partition(r, VERDICT_BROKER_STALLED, p);
    f->text = REPORT_TEXT(r,
                          "The broker %" PRISTR " is there. The log has the stream up to sequence %" PRIu64
                          ", the stream goes up to %" PRIu64 ".",
                          ARGSTR(p->owner), p->committed, p->newest);
    if (p->hindered_by.len > 0)
        f->text =
            REPORT_TEXT(r, "%" PRISTR " It says: %" PRISTR ".", ARGSTR(f->text), ARGSTR(p->hindered_by));
    f->advice = STR("Look at the broker's log; restarting it is safe at any time.");
}

static void stream_behind(struct report *r, const struct partition_evidence *p)
{
    struct finding *f = about_partition(r, VERDICT_STREAM_BEHIND, p);
    f->text =
        REPORT_TEXT(r,
                    "The log has the stream up to sequence %" PRIu64 ", and the stream ends at %" PRIu64
                    ": it lost its end, was restored, or made anew. The broker notices and goes on behind "
                    "the time of its checkpoint; what was lost is made again.",
                    p->committed, p->stream_last);
    f->advice = STR("");
}

void judge_partition(struct report *r, const struct partition_evidence *p, int64_t now_ns)
{
    if (p->log == SIGHT_ABSENT) {
        log_away(r, p);
    } else if (p->log == SIGHT_NONE) {
        struct finding *f = report_add(r, VERDICT_LOG_UNSEEN);
        f->subject = STR("the log");
        f->text = REPORT_TEXT(r, "%" PRISTR, ARGSTR(p->log_trouble));
        f->advice = STR("NOETL_POSTGRES_URL=postgresql://user@host/database noetl doctor");
    } else if (p->owner.len == 0) {
        struct finding *f = about_partition(r, VERDICT_NO_OWNER, p);
        f->text =
            STR("No broker holds it, so nothing of it is read: no broker runs, or none has taken it yet.");
        f->advice = STR("noetl serve broker");
    } else if (!p->owner_heard) {
        silent_owner(r, p);
    } else if (p->stream_last < p->committed) {
        stream_behind(r, p);
    } else if (age_ms(now_ns, p->oldest_unread_ns) > ON_ITS_WAY_MS) {
        stalled(r, p);
    }
}
