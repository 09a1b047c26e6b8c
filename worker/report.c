#include "report.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/json.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

#define AGAIN_NS INT64_C(1000000000)
enum { LOOK_MS = 5000, MOST_READ = 256 };

struct reporter {
    struct bus *bus;
    const struct subjects *subjects;
    struct lease_keeper *keeper;
    pthread_mutex_t mutex;
    struct lease *refused; /* linked by `next` */
};

enum status reporter_open(struct bus *bus, const struct subjects *subjects, struct lease_keeper *keeper,
                          struct reporter **out, struct error *err)
{
    struct reporter *r = calloc(1, sizeof(*r));
    if (!r)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the reporter");
    r->bus = bus;
    r->subjects = subjects;
    r->keeper = keeper;
    pthread_mutex_init(&r->mutex, NULL);
    *out = r;
    return STATUS_OK;
}

void reporter_close(struct reporter **r)
{
    if (!*r)
        return;
    pthread_mutex_destroy(&(*r)->mutex);
    free(*r);
    *r = NULL;
}

/* ---- publishing ----------------------------------------------------------------------------------- */

static void refuse(struct reporter *r, struct lease *l, const struct error *err)
{
    if (!l->reported_trouble)
        LOG(LOG_ERROR, "the stream refuses an outcome, which is offered again", LOG_SUBJECT(l->subject),
            LOG_TEXT("step", l->step), LOG_TEXT("task", l->task_id), LOG_NUM("attempt", l->attempt),
            LOG_TEXT("message_id", l->message_id), LOG_NUM("bytes", l->payload_len), LOG_ERR(err));
    l->reported_trouble = true;
    metric_add(METRIC_WORKER_REFUSED, 0, 1);
    metric_add(METRIC_WORKER_OUTCOMES_WAITING, 0, 1);
    l->again_ns = mono_now().ns + AGAIN_NS;
    pthread_mutex_lock(&r->mutex);
    l->next = r->refused;
    r->refused = l;
    pthread_mutex_unlock(&r->mutex);
}

static void published(void *context, const struct bus_ack *ack, const struct error *err)
{
    (void)ack;
    struct lease *l = context;
    struct reporter *r = l->owner;
    if (err) {
        refuse(r, l, err);
        return;
    }
    bus_deliver_ack(r->bus, l->delivery);
    lease_release(r->keeper, l);
}

static void name_outcome(const struct task *task, char *out, size_t size)
{
    char id[ID_TEXT];
    id_format(task->execution_id, id);
    snprintf(out, size, "%s.%" PRISTR ".outcome", id, ARGSTR(task->task_id));
}

static void offer(struct reporter *r, struct lease *l)
{
    struct bus_publication p = {.subject = l->subject,
                                .message_id = l->message_id,
                                .traceparent = bus_delivery_header(l->delivery, "traceparent"),
                                .payload = {l->payload, l->payload_len},
                                .done = published,
                                .context = l};
    struct error err;
    if (bus_publish_async(r->bus, &p, &err) != STATUS_OK)
        refuse(r, l, &err);
}

enum status report_outcome(struct reporter *r, struct lease *l, const struct task *task, enum event_type type,
                           struct str payload, struct error *err)
{
    char subject[SUBJECT_MAX];
    char *copy = malloc(payload.len + 1);
    if (!copy)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the outcome");
    memcpy(copy, payload.ptr, payload.len);
    copy[payload.len] = 0;
    free(l->payload);
    l->payload = copy;
    l->payload_len = payload.len;
    l->owner = r;
    snprintf(l->subject, sizeof(l->subject), "%s",
             subject_event(r->subjects, task->execution_id, type, subject));
    name_outcome(task, l->message_id, sizeof(l->message_id));
    offer(r, l);
    return STATUS_OK;
}

/* ---- refused ones --------------------------------------------------------------------------------- */

static struct lease *take_refused(struct reporter *r, int64_t due_ns)
{
    pthread_mutex_lock(&r->mutex);
    struct lease **link = &r->refused;
    while (*link && (*link)->again_ns > due_ns)
        link = &(*link)->next;
    struct lease *found = *link;
    if (found)
        *link = found->next;
    metric_add(METRIC_WORKER_OUTCOMES_WAITING, 0, found ? -1 : 0);
    pthread_mutex_unlock(&r->mutex);
    return found;
}

void reporter_tick(struct reporter *r)
{
    int64_t now_ns = mono_now().ns;
    struct lease *l;
    while ((l = take_refused(r, now_ns)))
        offer(r, l); /* one that is refused again is due later than `now_ns` */
}

void reporter_give_up(struct reporter *r)
{
    struct lease *l;
    while ((l = take_refused(r, INT64_MAX)))
        lease_give_back(r->keeper, l, 0);
}

/* ---- earlier outcomes ----------------------------------------------------------------------------- */

/* Without the token anybody can write one, and the broker does not take it. */
static bool is_of_task(struct arena *a, struct str payload, const struct task *task)
{
    struct value event;
    return json_read(a, payload, NULL, &event, NULL) == STATUS_OK &&
           str_equal(value_as_str(VALUE_GET(event, "task_id")), task->task_id) &&
           str_equal(value_as_str(value_get_path(event, STR("meta.token"))), task->token);
}

static enum status is_known(struct reporter *r, const struct task *task, bool *stands, struct error *err)
{
    char subject[SUBJECT_MAX], id[sizeof(((struct lease *)NULL)->message_id)];
    name_outcome(task, id, sizeof(id));
    subject_event(r->subjects, task->execution_id, EVENT_ACTION_COMPLETED, subject);
    return bus_publish_known(r->bus, subject, id, LOOK_MS, stands, err);
}

static enum status is_last(struct reporter *r, const struct task *task, enum event_type type, struct arena *a,
                           bool *stands, struct error *err)
{
    char stream[96], subject[SUBJECT_MAX];
    struct bus_stored last;
    stream_name(r->subjects, STREAM_EVENTS, stream);
    subject_event(r->subjects, task->execution_id, type, subject);
    enum status s = bus_stream_last(r->bus, stream, subject, a, &last, err);
    *stands = s == STATUS_OK && is_of_task(a, last.payload, task);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* Reads on behind the sequence. Of an iterator with many items many outcomes may follow: *ended is false if
 * these are more than are read. */
static enum status is_behind(struct reporter *r, uint64_t sequence, const struct task *task,
                             enum event_type type, struct arena *a, bool *stands, bool *ended,
                             struct error *err)
{
    char stream[96], subject[SUBJECT_MAX];
    struct bus_stored next = {.sequence = sequence};
    enum status s = STATUS_OK;
    stream_name(r->subjects, STREAM_EVENTS, stream);
    subject_event(r->subjects, task->execution_id, type, subject);
    for (int n = 0; n < MOST_READ && s == STATUS_OK && !*stands; n++) {
        arena_reset(a);
        s = bus_stream_next(r->bus, stream, subject, next.sequence + 1, a, &next, err);
        *stands = s == STATUS_OK && is_of_task(a, next.payload, task);
    }
    *ended = s == STATUS_NOT_FOUND;
    return *ended ? STATUS_OK : s;
}

static enum status follows(struct reporter *r, uint64_t sequence, const struct task *task, struct arena *a,
                           bool *stands, bool *known, struct error *err)
{
    bool no_result, no_error = false;
    enum status s = is_behind(r, sequence, task, EVENT_ACTION_COMPLETED, a, stands, &no_result, err);
    if (s == STATUS_OK && !*stands)
        s = is_behind(r, sequence, task, EVENT_ACTION_ERROR, a, stands, &no_error, err);
    *known = *stands || (no_result && no_error);
    return s;
}

static enum status shows(struct reporter *r, const struct task *task, bool ids_tell, struct arena *a,
                         bool *stands, struct error *err)
{
    bool known;
    enum status s = ids_tell ? is_known(r, task, stands, err) : STATUS_OK;
    if (s == STATUS_OK && !*stands)
        s = is_last(r, task, EVENT_ACTION_COMPLETED, a, stands, err);
    if (s == STATUS_OK && !*stands)
        s = is_last(r, task, EVENT_ACTION_ERROR, a, stands, err);
    if (s == STATUS_OK && !*stands && !ids_tell)
        s = follows(r, 0, task, a, stands, &known, err);
    return s;
}

enum status report_stands(struct reporter *r, const struct bus_delivery *d, const struct task *task,
                          bool ids_tell, bool *stands, struct error *err)
{
    const char *behind = bus_delivery_header(d, TASK_AGAIN_HEADER);
    int64_t sequence = 0;
    bool known = false;
    struct arena a;
    enum status s = STATUS_OK;
    *stands = false;
    arena_init(&a, 0);
    if (behind && str_to_int64(str_of(behind), &sequence) && sequence > 0)
        s = follows(r, (uint64_t)sequence, task, &a, stands, &known, err);
    if (s == STATUS_OK && !known)
        s = shows(r, task, ids_tell, &a, stands, err);
    arena_free(&a);
    return s;
}
