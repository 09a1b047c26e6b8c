#include <inttypes.h>

#include "core/buf.h"
#include "judge.h"

static enum verdict verdict_of(const struct partition_evidence *p, int64_t now_ns)
{
    bool stuck = p->oldest_unread_ns > 0 && (now_ns - p->oldest_unread_ns) / 1000000 > ON_ITS_WAY_MS;
    if (p->owner.len == 0)
        return VERDICT_NO_OWNER;
    if (!p->owner_heard)
        return VERDICT_BROKER_SILENT;
    if (p->stream_last < p->committed)
        return VERDICT_STREAM_BEHIND;
    return stuck ? VERDICT_BROKER_STALLED : VERDICT_BROKER_WELL;
}

/* Partitions that are alike: of one verdict and one owner. */
struct group {
    enum verdict verdict;
    const struct partition_evidence *first;
    uint32_t count;
    int64_t oldest_unread_ns;
};

static bool belongs(const struct group *g, enum verdict v, const struct partition_evidence *p)
{
    return g->verdict == v && (v == VERDICT_NO_OWNER || str_equal(g->first->owner, p->owner));
}

static void add(struct group *g, const struct partition_evidence *p)
{
    g->count++;
    if (p->oldest_unread_ns > 0 && (g->oldest_unread_ns == 0 || p->oldest_unread_ns < g->oldest_unread_ns))
        g->oldest_unread_ns = p->oldest_unread_ns;
}

static struct str how_many(struct report *r, uint32_t count)
{
    return REPORT_TEXT(r, "%u partition%s", count, count == 1 ? "" : "s");
}

static void say(struct report *r, const struct group *g)
{
    const struct partition_evidence *p = g->first;
    struct finding *f = report_add(r, g->verdict);
    struct str many = how_many(r, g->count);
    f->since_ns = g->oldest_unread_ns;
    f->subject = g->verdict == VERDICT_NO_OWNER ? many : REPORT_TEXT(r, "broker %" PRISTR, ARGSTR(p->owner));
    if (g->verdict == VERDICT_BROKER_WELL) {
        f->text = REPORT_TEXT(r, "It holds %" PRISTR ", and the log has what the stream has of them.",
                              ARGSTR(many));
    } else if (g->verdict == VERDICT_NO_OWNER) {
        f->text = REPORT_TEXT(r, "No broker holds %s, so nothing of %s is read.",
                              g->count == 1 ? "it" : "them", g->count == 1 ? "it" : "them");
        f->advice = STR("noetl serve broker");
    } else if (g->verdict == VERDICT_BROKER_SILENT) {
        f->text = REPORT_TEXT(r,
                              "It holds %" PRISTR
                              ", and is not heard: it was killed, stands still, or has no connection. "
                              "Another broker takes over after broker.lease.",
                              ARGSTR(many));
        f->advice = STR("noetl serve broker");
    } else if (g->verdict == VERDICT_STREAM_BEHIND) {
        f->text = REPORT_TEXT(
            r,
            "Of %" PRISTR " the log has the stream up to sequence %" PRIu64 " or so, and the stream ends at "
            "%" PRIu64 ": it lost its end, was restored, or made anew. The broker goes on behind the "
            "time of its checkpoints.",
            ARGSTR(many), p->committed, p->stream_last);
    } else {
        f->text = REPORT_TEXT(
            r, "It is there, and of %" PRISTR " the log does not get what the stream has%s%" PRISTR ".",
            ARGSTR(many), p->hindered_by.len > 0 ? ": " : "", ARGSTR(p->hindered_by));
        f->advice = STR("Look at the broker's log; restarting it is safe at any time.");
    }
}

void judge_partitions(struct report *r, const struct partition_evidence *partitions, size_t count,
                      int64_t now_ns)
{
    struct group *groups = ARENA_ARRAY(r->arena, struct group, count + 1);
    size_t group_count = 0;
    r->failed = r->failed || !groups;
    for (size_t i = 0; groups && i < count; i++) {
        enum verdict v = verdict_of(&partitions[i], now_ns);
        size_t g = 0;
        while (g < group_count && !belongs(&groups[g], v, &partitions[i]))
            g++;
        if (g == group_count)
            groups[group_count++] = (struct group){.verdict = v, .first = &partitions[i]};
        add(&groups[g], &partitions[i]);
    }
    for (size_t g = 0; groups && g < group_count; g++)
        say(r, &groups[g]);
}
