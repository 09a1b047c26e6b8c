#include "waiting.h"

#include <stdlib.h>

#include "runtime/metrics.h"

enum {
    MOST = 1000, /* each fact is compared with all that wait, so they are few */
    MOST_BYTES = 16 << 20,
    FIRST_LOOK_MS = 100, /* doubled each time */
    LONGEST_LOOK_MS = 1600,
    LOOKS_APART = 4,    /* times as long as the look took */
    MOST_DOUBLINGS = 5, /* of the patience: then it is more than a session's statement_timeout */
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
    if (!answers && w->first)
        w->first->failures = 0;
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
    metric_set(METRIC_BROKER_WAITING, 0, (int64_t)w->count);
}

static void append(struct waiting *w, struct waiting_fact *f)
{
    f->next = NULL;
    if (w->first)
        w->last->next = f;
    else
        w->first = f;
    w->last = f;
    w->count++;
    w->bytes += f->delivery->payload.len;
    measure(w);
}

enum status waiting_add(struct waiting *w, const struct waiting_fact *fact, struct error *err)
{
    struct waiting_fact *f = malloc(sizeof(*f));
    if (!f)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a fact that waits for the log");
    *f = *fact;
    append(w, f);
    return STATUS_OK;
}

bool waiting_is_full(const struct waiting *w)
{
    return w->count >= MOST || w->bytes >= MOST_BYTES;
}

bool waiting_has(const struct waiting *w, int64_t execution_id)
{
    for (const struct waiting_fact *f = w->first; f; f = f->next) {
        if (f->at.execution_id == execution_id)
            return true;
    }
    return false;
}

int64_t waiting_patience_ms(const struct waiting *w)
{
    int doublings = w->first->failures < MOST_DOUBLINGS ? w->first->failures : MOST_DOUBLINGS;
    return (int64_t)WAITING_ASK_MS << doublings;
}

void waiting_failed(struct waiting *w)
{
    if (w->first->failures++ == 0)
        w->first->failing_since = mono_now();
}

bool waiting_is_hopeless(const struct waiting *w, struct mono_time now)
{
    return w->first->failures >= HOPELESS_FAILURES &&
           now.ns - w->first->failing_since.ns >= HOPELESS_MS * INT64_C(1000000);
}

/* Takes the first out. */
static struct waiting_fact *take(struct waiting *w)
{
    struct waiting_fact *f = w->first;
    w->first = f->next;
    w->count--;
    w->bytes -= f->delivery->payload.len;
    measure(w);
    return f;
}

void waiting_drop_first(struct waiting *w)
{
    struct waiting_fact *f = take(w);
    bus_delivery_free(f->delivery);
    free(f);
}

void waiting_drop_partition(struct waiting *w, uint32_t partition)
{
    for (size_t left = w->count; left > 0; left--) {
        if (w->first->at.partition == partition)
            waiting_drop_first(w);
        else
            append(w, take(w));
    }
}

void waiting_free(struct waiting *w)
{
    while (w->first)
        waiting_drop_first(w);
}
