#include "log_pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "runtime/clock.h"
#include "runtime/pulse.h"

enum { CHECK_WITHIN_MS = 3000 };

struct log_pool {
    pthread_mutex_t lock;
    pthread_cond_t given_back;
    struct eventlog **all;
    struct eventlog **idle; /* the first idle_count */
    uint32_t count, idle_count;
};

static enum status open_all(struct log_pool *pool, const char *url, uint32_t connections, struct error *err)
{
    for (; pool->count < connections; pool->count++) {
        TRY(eventlog_open(url, "noetl render", &pool->all[pool->count], err));
        eventlog_tell_waits(pool->all[pool->count], pulse_waits);
        pool->idle[pool->idle_count++] = pool->all[pool->count];
    }
    return STATUS_OK;
}

enum status log_pool_open(const char *url, uint32_t connections, struct log_pool **out, struct error *err)
{
    *out = NULL;
    struct log_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for the connections to the event log");
    pthread_mutex_init(&pool->lock, NULL);
    mono_cond_init(&pool->given_back);
    pool->all = calloc(connections, sizeof(struct eventlog *));
    pool->idle = calloc(connections, sizeof(struct eventlog *));
    enum status status =
        pool->all && pool->idle
            ? open_all(pool, url, connections, err)
            : error_set(err, STATUS_NO_MEMORY, "there is no memory for the connections to the event log");
    if (status != STATUS_OK) {
        log_pool_close(&pool);
        return status;
    }
    *out = pool;
    return STATUS_OK;
}

void log_pool_close(struct log_pool **p)
{
    struct log_pool *pool = *p;
    *p = NULL;
    if (!pool)
        return;
    for (uint32_t i = 0; i < pool->count; i++)
        eventlog_close(&pool->all[i]);
    pthread_cond_destroy(&pool->given_back);
    pthread_mutex_destroy(&pool->lock);
    free(pool->all);
    free(pool->idle);
    free(pool);
}

/* One that is not there within the time is NULL; 0: it is waited for. */
static struct eventlog *take_within(struct log_pool *pool, int64_t ms)
{
    int64_t until_ns = mono_now().ns + ms * 1000000;
    bool in_time = true;
    pthread_mutex_lock(&pool->lock);
    while (pool->idle_count == 0 && in_time) {
        pulse_rest();
        if (ms > 0)
            in_time = mono_cond_wait_until(&pool->given_back, &pool->lock, until_ns);
        else
            pthread_cond_wait(&pool->given_back, &pool->lock);
        pulse_work();
    }
    struct eventlog *log = pool->idle_count > 0 ? pool->idle[--pool->idle_count] : NULL;
    pthread_mutex_unlock(&pool->lock);
    return log;
}

static struct eventlog *take(struct log_pool *pool)
{
    return take_within(pool, 0);
}

static void give_back(struct log_pool *pool, struct eventlog *log)
{
    pthread_mutex_lock(&pool->lock);
    pool->idle[pool->idle_count++] = log;
    pthread_cond_signal(&pool->given_back);
    pthread_mutex_unlock(&pool->lock);
}

static enum status explain(enum status status, struct error *err)
{
    if (status != STATUS_UNAVAILABLE)
        return status;
    if (err && err->place[0] == '\0')
        error_place(err, "postgres.url");
    if (err && err->hint[0] == '\0')
        error_hint(err, "executions go on and are not lost: ask again when Postgres answers");
    return error_wrap(err, "reading the event log");
}

/*
 * The value of a function of the pool: that of `call`, which reads by the connection `log`. A connection that
 * was lost meanwhile is made again by the next use, so once more then.
 */
#define READ(pool, err, call)                                                                                \
    do {                                                                                                     \
        struct eventlog *log = take(pool);                                                                   \
        enum status status = (call);                                                                         \
        if (status == STATUS_UNAVAILABLE)                                                                    \
            status = (call);                                                                                 \
        give_back(pool, log);                                                                                \
        return explain(status, err);                                                                         \
    } while (0)

/* As eventlog_check(), and with a prefix as eventlog_check_prefix(). */
static enum status check(struct log_pool *pool, const char *prefix, struct error *err)
{
    struct eventlog *log = take_within(pool, CHECK_WITHIN_MS);
    if (!log)
        return explain(error_set(err, STATUS_UNAVAILABLE, "Postgres answers no connection of this service"),
                       err);
    eventlog_wait_at_most(log, CHECK_WITHIN_MS);
    enum status status = prefix ? eventlog_check_prefix(log, prefix, err) : eventlog_check(log, err);
    eventlog_wait_at_most(log, 0);
    give_back(pool, log);
    return explain(status, err);
}

enum status log_pool_check(struct log_pool *pool, struct error *err)
{
    return check(pool, NULL, err);
}

enum status log_pool_check_prefix(struct log_pool *pool, const char *prefix, struct error *err)
{
    return check(pool, prefix, err);
}

enum status log_pool_events(struct log_pool *pool, int64_t execution_id, uint32_t after_event_id,
                            uint32_t to_event_id, struct arena *a, struct event_list *out, struct error *err)
{
    READ(pool, err, eventlog_events(log, execution_id, after_event_id, to_event_id, a, out, err));
}

enum status log_pool_chosen_events(struct log_pool *pool, int64_t execution_id,
                                   const struct event_choice *choice, struct arena *a, struct event_list *out,
                                   struct error *err)
{
    READ(pool, err, eventlog_chosen_events(log, execution_id, choice, a, out, err));
}

enum status log_pool_executions(struct log_pool *pool, const struct execution_filter *filter, struct arena *a,
                                struct execution_row **rows, size_t *count, struct error *err)
{
    READ(pool, err, eventlog_executions(log, filter, a, rows, count, err));
}

enum status log_pool_ids(struct log_pool *pool, int64_t beginning, int64_t *out, size_t room, size_t *count,
                         struct error *err)
{
    READ(pool, err, eventlog_ids(log, beginning, out, room, count, err));
}

enum status log_pool_newest(struct log_pool *pool, struct str path, int64_t *id, int64_t *time_ns,
                            struct error *err)
{
    READ(pool, err, eventlog_newest(log, path, id, time_ns, err));
}
