#include "waiting.h"

#include "runtime/metrics.h"

enum {
    MOST = 1000, /* each fact is compared with all that wait, so they are few */
    MOST_BYTES = 16 << 20,
    FIRST_LOOK_MS = 100, /* doubled each time */
    LONGEST_LOOK_MS = 1600,
    LOOKS_APART = 4,          /* times as long as the look took */
    MOST_PATIENCE_MS = 60000, /* is doubled once more, and then more than a session's statement_timeout */
    HOPELESS_FAILURES = 8,
    HOPELESS_MS = 60000,
};

void waiting_begin(struct waiting *w)
{
    w->look_ms = FIRST_LOOK_MS;
    w->look_at.ns = mono_now().ns + WAITING_LOOKS_APART_MS * INT64_C(1000000);
}

bool waiting_is_due(const struct waiting *w)
{
    return mono_now().ns >= w->look_at.ns;
}

bool waiting_look(struct waiting *w, struct eventlog *log)
{
    struct error why = {0};
    eventlog_wait_at_most(log, w->look_ms);
    enum status status = eventlog_check(log, &why);
    bool answers = !status_may_retry(status); /* that its schema is of a newer program is an answer, too */
    eventlog_wait_at_most(log, WAITING_ASK_MS);
    if (!answers)
        w->failures = 0;
    return answers;
}

void waiting_look_later(struct waiting *w, struct mono_time since)
{
    int64_t now_ns = mono_now().ns, least_ns = WAITING_LOOKS_APART_MS * INT64_C(1000000);
    int64_t pause_ns = LOOKS_APART * (now_ns - since.ns);
    w->look_at.ns = now_ns + (pause_ns > least_ns ? pause_ns : least_ns);
    if (w->look_ms < LONGEST_LOOK_MS)
        w->look_ms *= 2;
}

/* ---- the facts ---------------------------------------------------------------------------------------- */

static void measure(const struct waiting *w)
{
    metric_set(METRIC_BROKER_WAITING, 0, (int64_t)w->facts.count);
}

enum status waiting_add(struct waiting *w, struct bus_delivery *d, const struct event_subject *at,
                        int64_t epoch, struct error *err)
{
    TRY(fact_queue_add(&w->facts, d, at, epoch, err));
    measure(w);
    return STATUS_OK;
}

bool waiting_is_full(const struct waiting *w)
{
    return w->facts.count >= MOST || w->facts.bytes >= MOST_BYTES;
}

bool waiting_has(const struct waiting *w, int64_t execution_id)
{
    for (const struct queued_fact *f = w->facts.first; f; f = f->next) {
        if (f->at.execution_id == execution_id)
            return true;
    }
    return false;
}

int64_t waiting_patience_ms(const struct waiting *w)
{
    return w->patience_ms ? w->patience_ms : WAITING_ASK_MS;
}

void waiting_failed(struct waiting *w, int64_t took_ms)
{
    int64_t patience_ms = waiting_patience_ms(w);
    if (w->failures++ == 0)
        w->failing_since = mono_now();
    if (took_ms >= patience_ms && patience_ms < MOST_PATIENCE_MS)
        w->patience_ms = 2 * patience_ms;
}

bool waiting_is_hopeless(const struct waiting *w, struct mono_time now)
{
    return w->failures >= HOPELESS_FAILURES && now.ns - w->failing_since.ns >= HOPELESS_MS * INT64_C(1000000);
}

/* Another is the first. */
static void begin_with_first(struct waiting *w)
{
    w->failures = 0;
    w->patience_ms = 0;
}

void waiting_drop_first(struct waiting *w)
{
    fact_queue_drop_first(&w->facts);
    begin_with_first(w);
    measure(w);
}

void waiting_drop_partition(struct waiting *w, uint32_t partition)
{
    if (w->facts.first && w->facts.first->at.partition == partition)
        begin_with_first(w);
    fact_queue_drop_partition(&w->facts, partition);
    measure(w);
}

void waiting_free(struct waiting *w)
{
    fact_queue_free(&w->facts);
    measure(w);
}
