#include "reconciler.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/id.h"
#include "inspection.h"
#include "publisher/topology.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/pulse.h"
#include "stranded.h"

enum {
    PAGE = 1000,
    PLAYBOOKS_KEPT = 64,
    SHARE = 10,         /* at most one tenth of the time is spent on looking, waiting for others aside: */
    LOOK_MOST_MS = 100, /* what takes longer has waited for a server that was away, not worked */
};

struct open_execution {
    struct standing standing;
    uint32_t settled_at;   /* the event behind which nothing need be looked at; 0: none */
    int64_t look_again_ns; /* before another event; 0: need not */
    uint32_t seen_at;      /* the event that was its newest */
    int64_t seen_ns;       /* when that was seen first; monotonic; 0: never */
    uint32_t astray_at;    /* the event behind which a task was found astray: */
    int64_t astray_ns;     /* since when; 0: none is */
};

struct reconciler {
    struct reconciler_options options;
    struct inspector inspector;
    struct at_work at_work;
    int64_t busy_ms;     /* of the newest round */
    uint32_t connection; /* that it began with */
    int64_t *epochs;     /* of the partitions, when the list was begun */
    struct begun_cursor cursor;
    struct open_execution *open; /* by id */
    size_t count, capacity;
    bool said_blind;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
    struct error failure;
    _Atomic bool failed;
};

static bool is_stopping(struct reconciler *r)
{
    pthread_mutex_lock(&r->lock);
    bool stopping = r->stopping;
    pthread_mutex_unlock(&r->lock);
    return stopping;
}

/* ---- the list of open executions ---------------------------------------------------------------------- */

/* Whose partition was taken since, or lost, is found anew from the beginning of the log. */
static void see_partitions(struct reconciler *r)
{
    bool taken = false;
    for (uint32_t p = 0; p < r->options.fence->partitions; p++) {
        int64_t epoch = atomic_load(&r->options.fence->epochs[p]);
        taken = taken || (epoch != r->epochs[p] && epoch != 0);
        r->epochs[p] = epoch;
    }
    if (!taken)
        return;
    r->count = 0;
    r->cursor = (struct begun_cursor){0};
}

/* As its partition was seen. */
static struct tenure tenure_of(const struct reconciler *r, int64_t id)
{
    uint32_t partition = id_partition(id, r->options.fence->partitions);
    return (struct tenure){r->options.fence, partition, r->epochs[partition]};
}

static bool is_ours(const struct reconciler *r, int64_t id)
{
    return tenure_of(r, id).epoch != 0;
}

static enum status keep(struct reconciler *r, const struct standing *s, struct error *err)
{
    if (s->is_over || !is_ours(r, s->execution_id))
        return STATUS_OK;
    if (r->count == r->capacity) {
        size_t larger = r->capacity ? r->capacity * 2 : PAGE;
        struct open_execution *moved = realloc(r->open, larger * sizeof(*moved));
        if (!moved)
            return error_set(err, STATUS_NO_MEMORY, "no memory for %zu open executions", larger);
        r->open = moved;
        r->capacity = larger;
    }
    r->open[r->count++] = (struct open_execution){.standing = *s};
    return STATUS_OK;
}

/* By id; of one execution, what is known of it longest comes first. */
static int compare(const void *a, const void *b)
{
    const struct open_execution *x = a, *y = b;
    if (x->standing.execution_id != y->standing.execution_id)
        return x->standing.execution_id < y->standing.execution_id ? -1 : 1;
    if (x->settled_at != y->settled_at)
        return x->settled_at > y->settled_at ? -1 : 1;
    if (x->astray_ns != y->astray_ns)
        return x->astray_ns > y->astray_ns ? -1 : 1;
    return (x->seen_ns < y->seen_ns) - (x->seen_ns > y->seen_ns);
}

static void sort_out_doubles(struct reconciler *r)
{
    size_t kept = 0;
    if (r->count > 0)
        qsort(r->open, r->count, sizeof(*r->open), compare);
    for (size_t i = 0; i < r->count; i++) {
        if (kept == 0 || r->open[kept - 1].standing.execution_id != r->open[i].standing.execution_id)
            r->open[kept++] = r->open[i];
    }
    r->count = kept;
}

/*
 * The log may get an execution long after others that began later: each partition is committed as far as it
 * is read. So the list goes on behind the newest that it had, or before the oldest that this broker has
 * committed since; what others had committed before a partition was taken is found from the beginning on.
 */
static void go_back_to_late(struct reconciler *r)
{
    int64_t late_ns = progress_take_begun(r->options.progress);
    int64_t before_us = late_ns / 1000 - 1;
    if (late_ns > 0 && before_us < r->cursor.time_us)
        r->cursor = (struct begun_cursor){.time_us = before_us > 0 ? before_us : 0};
}

static enum status find_begun(struct reconciler *r, struct error *err)
{
    static struct standing page[PAGE];
    size_t count = PAGE;
    go_back_to_late(r);
    while (count == PAGE && !is_stopping(r)) {
        struct begun_cursor next = r->cursor;
        pulse_work();
        TRY(eventlog_begun(r->options.log, &next, page, PAGE, &count, err));
        for (size_t i = 0; i < count; i++)
            TRY(keep(r, &page[i], err));
        r->cursor = next;
    }
    sort_out_doubles(r);
    return STATUS_OK;
}

static void see(struct open_execution *o)
{
    if (o->seen_ns != 0 && o->seen_at == o->standing.last_event_id)
        return;
    o->seen_at = o->standing.last_event_id;
    o->seen_ns = mono_now().ns;
}

static enum status see_standings(struct reconciler *r, struct error *err)
{
    static struct standing page[PAGE];
    size_t kept = 0;
    for (size_t from = 0; from < r->count; from += PAGE) {
        size_t count = r->count - from < PAGE ? r->count - from : PAGE;
        for (size_t i = 0; i < count; i++)
            page[i] = r->open[from + i].standing;
        pulse_work();
        TRY(eventlog_standings(r->options.log, page, count, err));
        for (size_t i = 0; i < count; i++)
            r->open[from + i].standing = page[i];
    }
    for (size_t i = 0; i < r->count; i++) {
        if (r->open[i].standing.is_over || !is_ours(r, r->open[i].standing.execution_id))
            continue;
        see(&r->open[i]);
        r->open[kept++] = r->open[i];
    }
    r->count = kept;
    return STATUS_OK;
}

/* ---- looking ------------------------------------------------------------------------------------------ */

/* By the times that the stream gave its events; and by what was seen of it, as this clock may be behind that
 * one. */
static bool stands_still(const struct reconciler *r, const struct open_execution *o)
{
    int64_t least_ns = r->options.every_ms * INT64_C(1000000);
    return wall_now().ns - o->standing.last_time_ns >= least_ns || mono_now().ns - o->seen_ns >= least_ns;
}

static bool is_to_be_looked_at(const struct reconciler *r, const struct open_execution *o)
{
    int64_t now_ns = wall_now().ns;
    if (!stands_still(r, o))
        return false;
    if (o->settled_at != o->standing.last_event_id)
        return true;
    return o->look_again_ns != 0 && o->look_again_ns <= now_ns;
}

static void count_work(struct reconciler *r, struct mono_time start, int64_t waited_ms)
{
    int64_t ms = mono_ms_since(start) - waited_ms;
    r->busy_ms += ms < LOOK_MOST_MS ? ms : LOOK_MOST_MS;
}

/* An execution that cannot be folded is the engine's to fail; here it is passed over until it has a new
 * event. */
static enum status look_at(struct reconciler *r, struct open_execution *o, uint32_t *repaired,
                           struct error *err)
{
    struct inspection f;
    struct mono_time start = mono_now();
    int64_t astray_ns = o->astray_at == o->standing.last_event_id ? o->astray_ns : 0;
    const struct tenure tenure = tenure_of(r, o->standing.execution_id);
    struct inspector inspector = r->inspector;
    inspector.permit = tenure_permit(&tenure);
    enum status status = inspect_execution(&inspector, o->standing.execution_id, astray_ns, &f, err);
    if (status != STATUS_OK && error_may_retry(err))
        return status;
    if (status != STATUS_OK)
        LOG(LOG_WARN, "an open execution cannot be inspected", LOG_ID("execution", o->standing.execution_id),
            LOG_ERR(err));
    *repaired += f.repaired;
    o->astray_at = o->standing.last_event_id;
    o->astray_ns = f.astray_ns;
    count_work(r, start, f.waited_ms);
    if (status != STATUS_OK || f.settled) {
        o->settled_at = o->standing.last_event_id;
        o->look_again_ns = f.look_again_ns;
    }
    return STATUS_OK;
}

static enum status reconcile(struct reconciler *r, struct error *err)
{
    uint32_t looked_at = 0, repaired = 0;
    struct mono_time start = mono_now();
    see_partitions(r);
    TRY(intake_look_for_stranded(r->options.intake, err));
    TRY(stranded_tasks_drop(r->options.bus, r->options.subjects, &r->inspector.may_be_left, err));
    TRY(find_begun(r, err));
    TRY(see_standings(r, err));
    metric_set(METRIC_BROKER_OPEN, 0, (int64_t)r->count);
    count_work(r, start, 0);
    for (size_t i = 0; i < r->count && !is_stopping(r); i++) {
        if (!is_to_be_looked_at(r, &r->open[i]))
            continue;
        looked_at++;
        pulse_work();
        TRY(look_at(r, &r->open[i], &repaired, err));
    }
    LOG(repaired > 0 ? LOG_WARN : LOG_DEBUG, "open executions were looked at", LOG_NUM("open", r->count),
        LOG_NUM("looked_at", looked_at), LOG_NUM("repaired", repaired));
    return STATUS_OK;
}

/* ---- the thread --------------------------------------------------------------------------------------- */

static void say(struct reconciler *r, enum status status, const struct error *err)
{
    if (status != STATUS_OK && !r->said_blind)
        LOG(LOG_WARN, "open executions cannot be looked at now", LOG_ERR(err));
    r->said_blind = status != STATUS_OK;
}

/* False when the thread is to end. */
static bool rest_for(struct reconciler *r, int64_t ms)
{
    int64_t until_ns = mono_now().ns + ms * 1000000;
    pthread_mutex_lock(&r->lock);
    while (!r->stopping && mono_cond_wait_until(&r->changed, &r->lock, until_ns))
        continue;
    bool go_on = !r->stopping;
    pthread_mutex_unlock(&r->lock);
    return go_on;
}

/* The same. With a new connection streams may have lost what was seen in them. */
static bool rest(struct reconciler *r)
{
    int64_t left_ms = r->busy_ms * SHARE;
    do {
        if (!rest_for(r, r->options.every_ms))
            return false;
        left_ms -= r->options.every_ms;
    } while (left_ms > 0 && bus_connections(r->options.bus) == r->connection);
    return true;
}

static enum status look(struct reconciler *r, struct error *err)
{
    enum status status = topology_check_partitions(r->options.bus, r->options.subjects, STREAM_EVENTS, err);
    if (status == STATUS_OK)
        return reconcile(r, err);
    if (status == STATUS_CONFLICT && !atomic_load(&r->failed)) {
        r->failure = *err;
        atomic_store(&r->failed, true);
    }
    return status;
}

static void *run(void *context)
{
    struct reconciler *r = context;
    pulse_begin("reconciler");
    while (rest(r)) {
        pulse_work();
        struct error err = {0};
        enum status status = STATUS_OK;
        r->busy_ms = 0;
        r->connection = bus_connections(r->options.bus);
        if (fence_lease_lasts(r->options.fence)) {
            status = look(r, &err);
            say(r, status, &err);
        }
        if (status != STATUS_OK)
            r->busy_ms = 0; /* there was nobody to answer; it is tried again soon */
        pulse_rest();
    }
    pulse_end();
    return NULL;
}

static void reconciler_free(struct reconciler *r)
{
    playbook_cache_free(&r->inspector.playbooks);
    at_work_free(&r->at_work);
    eventlog_close(&r->options.log);
    free(r->epochs);
    free(r->open);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static enum status start(struct reconciler *r, struct error *err)
{
    TRY(playbook_cache_new(PLAYBOOKS_KEPT, &r->inspector.playbooks, err));
    int code = pthread_create(&r->thread, NULL, run, r);
    if (code != 0)
        return error_set(err, STATUS_IO, "no thread for looking at open executions: %s", strerror(code));
    r->has_thread = true;
    return STATUS_OK;
}

enum status reconciler_start(const struct reconciler_options *options, struct reconciler **out,
                             struct error *err)
{
    struct reconciler *r = calloc(1, sizeof(*r));
    int64_t *epochs = calloc(options->fence->partitions, sizeof(*epochs));
    if (!r || !epochs) {
        free(r);
        free(epochs);
        return error_set(err, STATUS_NO_MEMORY, "no memory for looking at open executions");
    }
    *r = (struct reconciler){.options = *options, .epochs = epochs};
    r->inspector = (struct inspector){.bus = options->bus,
                                      .log = options->log,
                                      .subjects = options->subjects,
                                      .overdue_ms = options->every_ms,
                                      .at_work = &r->at_work};
    pthread_mutex_init(&r->lock, NULL);
    mono_cond_init(&r->changed);
    enum status status = start(r, err);
    if (status != STATUS_OK) {
        r->options.log = NULL; /* the caller's still */
        reconciler_free(r);
        return status;
    }
    *out = r;
    return STATUS_OK;
}

bool reconciler_failed(struct reconciler *r, struct error *err)
{
    if (!atomic_load(&r->failed))
        return false;
    *err = r->failure;
    return true;
}

void reconciler_stop(struct reconciler **r)
{
    struct reconciler *gone = *r;
    if (!gone)
        return;
    *r = NULL;
    pthread_mutex_lock(&gone->lock);
    gone->stopping = true;
    pthread_cond_signal(&gone->changed);
    pthread_mutex_unlock(&gone->lock);
    pthread_join(gone->thread, NULL);
    reconciler_free(gone);
}
