#include "drive.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/clock.h"
#include "bus/connect.h"
#include "traffic.h"

enum { PATIENCE_S = 60 };

struct driver {
    struct bus *bus;
    struct subjects subjects;
    const struct drive_plan *plan;
    struct drive_result *result;
    int64_t first_id;
    struct mono_time *asked; /* by number of the execution */
    uint32_t open;
    pthread_mutex_t lock;
    pthread_cond_t ended;
};

static void on_end(void *context, const struct bus_message *m)
{
    struct driver *d = context;
    struct event_subject at;
    if (subject_parse_event(&d->subjects, m->subject, &at, NULL) != STATUS_OK ||
        !event_type_is_final(at.type))
        return;
    int64_t n = at.execution_id - d->first_id;
    if (n < 0 || n >= d->plan->executions)
        return;
    pthread_mutex_lock(&d->lock);
    if (at.type == EVENT_EXECUTION_COMPLETE)
        d->result->latencies_ms[d->result->count++] = (double)(mono_now().ns - d->asked[n].ns) / 1e6;
    else
        d->result->failed++;
    d->open--;
    pthread_cond_signal(&d->ended);
    pthread_mutex_unlock(&d->lock);
}

/* Waits until fewer than `most` executions are open; false: nothing ended for too long. */
static bool wait_below(struct driver *d, uint32_t most)
{
    bool moving = true;
    pthread_mutex_lock(&d->lock);
    while (d->open >= most && moving) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += PATIENCE_S;
        moving = pthread_cond_timedwait(&d->ended, &d->lock, &until) == 0;
    }
    pthread_mutex_unlock(&d->lock);
    return moving;
}

static enum status request(struct bus *bus, const struct subjects *subjects, int64_t execution,
                           struct value context, struct arena *a, struct error *err)
{
    char subject[SUBJECT_MAX], id[64];
    snprintf(id, sizeof(id), "%lld.requested", (long long)execution);
    subject_event(subjects, execution, EVENT_EXECUTION_REQUESTED, subject);
    struct bus_publication p = {.subject = subject,
                                .message_id = id,
                                .only_first = true,
                                .payload = traffic_request(a, execution, context)};
    enum status status = bus_publish_async(bus, &p, err);
    arena_reset(a);
    return status;
}

static enum status ask(struct driver *d, uint32_t n, struct arena *a, struct value context, struct error *err)
{
    pthread_mutex_lock(&d->lock);
    d->asked[n] = mono_now();
    d->open++;
    pthread_mutex_unlock(&d->lock);
    return request(d->bus, &d->subjects, d->first_id + n, context, a, err);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A drive takes ids one after the other; 4 million of them are of one millisecond. */
static int64_t first_id(void)
{
    return id_from_time(wall_now().ns / 1000000, 0, 0);
}

static enum status drive_all(struct driver *d, struct error *err)
{
    struct arena keep, scratch;
    arena_init(&keep, 0);
    arena_init(&scratch, 0);
    struct value context = traffic_request_context(&keep, traffic_playbook(&keep, &d->plan->shape));
    struct mono_time start = mono_now();
    enum status status = STATUS_OK;
    bool moving = true;
    for (uint32_t n = 0; n < d->plan->executions && status == STATUS_OK && moving; n++) {
        moving = wait_below(d, d->plan->at_a_time);
        status = ask(d, n, &scratch, context, err);
    }
    moving = moving && wait_below(d, 1);
    d->result->seconds = (double)(mono_now().ns - start.ns) / 1e9;
    if (status == STATUS_OK && !moving)
        status =
            error_set(err, STATUS_TIMEOUT, "%u of %u executions had not ended when nothing ended for %d s",
                      d->open, d->plan->executions, PATIENCE_S);
    qsort(d->result->latencies_ms, d->result->count, sizeof(double), by_size);
    arena_free(&keep);
    arena_free(&scratch);
    return status;
}

static enum status listen(struct driver *d, enum event_type type, struct bus_subscription **out,
                          struct error *err)
{
    char filter[SUBJECT_MAX];
    snprintf(filter, sizeof(filter), "%s.events.*.*.%s", d->subjects.prefix, event_type_name(type));
    return bus_subscribe(d->bus, filter, NULL, on_end, d, out, err);
}

enum status drive(const struct settings *s, const struct drive_plan *plan, struct drive_result *out,
                  struct error *err)
{
    struct driver d = {
        .plan = plan, .result = out, .lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};
    struct bus_subscription *completed = NULL, *failed = NULL;
    *out = (struct drive_result){.latencies_ms = calloc(plan->executions, sizeof(double))};
    d.asked = calloc(plan->executions, sizeof(*d.asked));
    if (!out->latencies_ms || !d.asked) {
        free(d.asked);
        return error_set(err, STATUS_NO_MEMORY, "no memory for %u executions", plan->executions);
    }
    d.first_id = first_id();
    enum status status = subjects_from_settings(s, &d.subjects, err);
    if (status == STATUS_OK)
        status = bus_connect(s, "bench", false, &d.bus, err);
    if (status == STATUS_OK)
        status = listen(&d, EVENT_EXECUTION_COMPLETE, &completed, err);
    if (status == STATUS_OK)
        status = listen(&d, EVENT_EXECUTION_FAILED, &failed, err);
    if (status == STATUS_OK)
        status = bus_flush(d.bus, 5000, err);
    if (status == STATUS_OK)
        status = drive_all(&d, err);
    bus_unsubscribe(&completed);
    bus_unsubscribe(&failed);
    bus_close(&d.bus);
    free(d.asked);
    return status;
}

static enum status request_all(struct bus *bus, const struct subjects *subjects, struct str playbook,
                               uint32_t executions, struct error *err)
{
    struct arena keep, scratch;
    arena_init(&keep, 0);
    arena_init(&scratch, 0);
    struct value context = traffic_request_context(&keep, playbook);
    int64_t first = first_id();
    enum status status = STATUS_OK;
    for (uint32_t n = 0; n < executions && status == STATUS_OK; n++)
        status = request(bus, subjects, first + n, context, &scratch, err);
    for (int i = 0; i < PATIENCE_S * 100 && bus_open_publishes(bus) > 0; i++)
        nanosleep(&(struct timespec){0, 10 * 1000000L}, NULL);
    if (status == STATUS_OK && bus_open_publishes(bus) > 0)
        status =
            error_set(err, STATUS_TIMEOUT, "the stream did not take all requests within %d s", PATIENCE_S);
    arena_free(&keep);
    arena_free(&scratch);
    return status;
}

enum status drive_requests(const struct settings *s, struct str playbook, uint32_t executions,
                           struct error *err)
{
    struct bus *bus = NULL;
    struct subjects subjects;
    TRY(subjects_from_settings(s, &subjects, err));
    TRY(bus_connect(s, "bench_requests", false, &bus, err));
    enum status status = request_all(bus, &subjects, playbook, executions, err);
    bus_close(&bus);
    return status;
}
