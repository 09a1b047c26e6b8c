#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "ask.h"
#include "parcel.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/pulse.h"
#include "service_private.h"

enum {
    QUEUE_MAX = 4096,
    QUEUE_BYTES_MAX = 64 << 20,
    FLUSH_MS = 2000,
};

/* A request that waits for a thread: one block of memory, with its strings behind it. */
struct request {
    struct request *next;
    struct endpoint *endpoint;
    const char *reply; /* NULL: nobody waits for the answer */
    struct str payload, traceparent;
    char bytes[];
};

static struct request *request_new(struct endpoint *e, const struct bus_message *m)
{
    struct str traceparent = str_of(bus_message_header(m, "traceparent"));
    struct str reply = str_of(m->reply);
    struct request *r = malloc(sizeof *r + m->payload.len + traceparent.len + reply.len + 1);
    if (!r)
        return NULL;
    char *at = r->bytes;
    *r = (struct request){.endpoint = e,
                          .payload = {at, m->payload.len},
                          .traceparent = {at + m->payload.len, traceparent.len}};
    if (m->payload.len > 0)
        memcpy(at, m->payload.ptr, m->payload.len);
    at += m->payload.len;
    if (traceparent.len > 0)
        memcpy(at, traceparent.ptr, traceparent.len);
    at += traceparent.len;
    if (m->reply) {
        memcpy(at, m->reply, reply.len + 1);
        r->reply = at;
    }
    return r;
}

/* ---- answering ---------------------------------------------------------------------------------------- */

/* A header's value is one line. */
static void header_text(const char *text, char *out, size_t size)
{
    size_t i = 0;
    for (; text[i] && i + 1 < size; i++)
        out[i] = text[i] == '\r' || text[i] == '\n' ? ' ' : text[i];
    out[i] = '\0';
}

static void send_answer(struct service *s, const char *reply, struct str text, enum status status,
                        const struct error *err)
{
    if (!reply)
        return;
    char message[512], code[16];
    struct bus_header headers[] = {{"Nats-Service-Error", message}, {"Nats-Service-Error-Code", code}};
    size_t count = 0;
    if (status != STATUS_OK) {
        header_text(err->message, message, sizeof message);
        snprintf(code, sizeof code, "%d", error_code_of(err));
        count = 2;
    }
    struct error lost;
    if (bus_publish(s->options.bus, reply, NULL, headers, count, text, &lost) != STATUS_OK)
        LOG(LOG_WARN, "an answer could not be sent", LOG_ERR(&lost));
    else
        bus_push(s->options.bus);
}

static void count_call(struct endpoint *e, enum status status, const struct error *err, int64_t took_ns)
{
    pthread_mutex_lock(&e->service->lock);
    e->requests++;
    e->busy_ns += took_ns;
    if (status != STATUS_OK) {
        e->errors++;
        snprintf(e->last_error, sizeof e->last_error, "%d:%.200s", error_code_of(err), err->message);
    }
    pthread_mutex_unlock(&e->service->lock);
}

/* The status is of the operation, or of what kept it from being asked or answered. */
static enum status run_request(struct service *s, const struct operation *operation, struct call *call,
                               struct str *text, struct error *err)
{
    enum status status =
        parcel_text(s->options.bus, s->options.subjects, call->payload, call->arena, &call->payload, err);
    if (status == STATUS_OK) {
        struct error lost;
        status = operation_run(&s->options.table, operation, call, BLOB_MAX, text, err);
        if (ask_answer(s->options.bus, s->options.subjects, operation->name, *text, call->arena, text,
                       &lost) == STATUS_OK)
            return status;
        *err = lost;
        status = lost.status;
    }
    *text = error_json(call->arena, err, (struct value){0});
    return status;
}

static void answer_request(struct request *r)
{
    struct endpoint *e = r->endpoint;
    struct service *s = e->service;
    struct mono_time start = mono_now();
    struct arena a;
    arena_init(&a, OPERATION_MEMORY_MAX);
    struct call call = {.payload = r->payload,
                        .traceparent = r->traceparent,
                        .requested_by = STR("api"),
                        .service_id = s->id,
                        .arena = &a};
    struct str text;
    struct error err;
    enum status status = run_request(s, e->operation, &call, &text, &err);
    send_answer(s, r->reply, text, status, &err);
    count_call(e, status, &err, mono_now().ns - start.ns);
    if (status == STATUS_INTERNAL || status == STATUS_NO_MEMORY)
        LOG(LOG_ERROR, "an operation failed", LOG_TEXT("operation", e->operation->name), LOG_ERR(&err));
    arena_free(&a);
}

/* ---- the queue and its threads ------------------------------------------------------------------------ */

/* NULL when the service stops and all is answered. */
static struct request *take(struct service *s)
{
    pthread_mutex_lock(&s->lock);
    while (!s->first && !s->stopping)
        pthread_cond_wait(&s->work, &s->lock);
    struct request *r = s->first;
    s->said_full = s->said_full && s->queued > QUEUE_MAX / 2;
    if (r) {
        s->first = r->next;
        if (!s->first)
            s->last = NULL;
        s->queued--;
        if (s->options.table.metrics)
            metric_set(s->options.table.metrics->queued, 0, (int64_t)s->queued);
        s->queued_bytes -= r->payload.len;
    }
    pthread_mutex_unlock(&s->lock);
    return r;
}

static void *serve(void *context)
{
    struct service *s = context;
    struct request *r;
    pulse_begin(s->options.name);
    while ((r = take(s))) {
        pulse_work();
        answer_request(r);
        free(r);
        pulse_rest();
    }
    pulse_end();
    return NULL;
}

/* False when the queue is full. */
static bool enqueue(struct service *s, struct request *r)
{
    pthread_mutex_lock(&s->lock);
    bool room = s->queued < QUEUE_MAX && s->queued_bytes + r->payload.len <= QUEUE_BYTES_MAX;
    if (room) {
        if (s->last)
            s->last->next = r;
        else
            s->first = r;
        s->last = r;
        s->queued++;
        if (s->options.table.metrics)
            metric_set(s->options.table.metrics->queued, 0, (int64_t)s->queued);
        s->queued_bytes += r->payload.len;
        pthread_cond_signal(&s->work);
    }
    pthread_mutex_unlock(&s->lock);
    return room;
}

static void say_full(struct endpoint *e)
{
    struct service *s = e->service;
    pthread_mutex_lock(&s->lock);
    bool said = s->said_full;
    s->said_full = true;
    pthread_mutex_unlock(&s->lock);
    if (s->options.table.metrics)
        metric_add(s->options.table.metrics->turned_away, 0, 1);
    if (!said)
        LOG(LOG_WARN, "more requests wait than the service takes; further ones are refused",
            LOG_NUM("requests", QUEUE_MAX));
}

static void refuse(struct endpoint *e, const char *reply)
{
    struct error err;
    say_full(e);
    struct arena a;
    error_set(&err, STATUS_UNAVAILABLE, "the service has more requests waiting than it takes");
    error_place(&err, "%s", e->subject);
    error_hint(&err, "try again, or start another %s", e->service->options.name);
    arena_init(&a, 0);
    send_answer(e->service, reply, error_json(&a, &err, (struct value){0}), err.status, &err);
    count_call(e, err.status, &err, 0);
    arena_free(&a);
}

static void on_request(void *context, const struct bus_message *m)
{
    struct endpoint *e = context;
    if (m->reply && !subject_may_be_answered(e->service->options.subjects, m->reply)) {
        LOG(LOG_WARN, "a request is not served, as its answer would not go to an inbox",
            LOG_TEXT("subject", m->subject), LOG_TEXT("reply", m->reply));
        return;
    }
    struct request *r = request_new(e, m);
    if (!r || !enqueue(e->service, r)) {
        refuse(e, m->reply);
        free(r);
    }
}

/* ---- start and stop ----------------------------------------------------------------------------------- */

static enum status start_threads(struct service *s, struct error *err)
{
    for (; s->thread_count < s->options.threads; s->thread_count++)
        if (pthread_create(&s->threads[s->thread_count], NULL, serve, s) != 0)
            return error_set(err, STATUS_NO_MEMORY, "the system gives no more threads for %s",
                             s->options.name);
    return STATUS_OK;
}

static void name_endpoint(struct service *s, struct endpoint *e, const struct operation *operation,
                          bool is_of_all)
{
    const struct service_options *o = &s->options;
    e->service = s;
    e->operation = operation;
    e->queue = o->kind ? "" : o->name;
    snprintf(e->name, sizeof e->name, "%s%s", e->operation->name, is_of_all ? "_of_all" : "");
    if (o->kind)
        subject_daemon(o->subjects, o->kind, is_of_all ? NULL : s->id, e->operation->name, e->subject);
    else
        subject_api(o->subjects, e->operation->name, e->subject);
}

static enum status start_endpoints(struct service *s, struct error *err)
{
    size_t operations = s->options.table.count;
    for (size_t i = 0; i < s->endpoint_count; i++) {
        struct endpoint *e = &s->endpoints[i];
        bool is_of_all = i >= operations;
        name_endpoint(s, e, &s->options.table.operations[is_of_all ? i - operations : i], is_of_all);
        TRY(bus_subscribe(s->options.bus, e->subject, e->queue[0] ? e->queue : NULL, on_request, e,
                          &e->subscription, err));
    }
    return STATUS_OK;
}

static enum status start_all(struct service *s, struct error *err)
{
    uint8_t random[(SERVICE_ID_SIZE - 1) / 2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return error_set(err, STATUS_IO, "the system gave no random bytes for the id of %s", s->options.name);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(s->id + 2 * i, 3, "%02x", random[i]);
    TRY(start_threads(s, err));
    TRY(start_endpoints(s, err));
    return discovery_start(s, err);
}

enum status service_start(const struct service_options *options, struct service **out, struct error *err)
{
    *out = NULL;
    struct service *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for %s", options->name);
    s->options = *options;
    s->started_ns = wall_now().ns;
    daemon_host(s->host);
    snprintf(s->pid, sizeof s->pid, "%d", (int)getpid());
    s->endpoint_count = options->table.count * (options->kind ? 2 : 1);
    s->endpoints = calloc(s->endpoint_count, sizeof *s->endpoints);
    s->threads = calloc(options->threads, sizeof *s->threads);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->work, NULL);
    enum status status = s->endpoints && s->threads
                             ? start_all(s, err)
                             : error_set(err, STATUS_NO_MEMORY, "there is no memory for %s", options->name);
    if (status != STATUS_OK) {
        service_stop(&s);
        return status;
    }
    *out = s;
    return STATUS_OK;
}

void service_stop(struct service **service)
{
    struct service *s = *service;
    *service = NULL;
    if (!s)
        return;
    discovery_stop(s);
    for (size_t i = 0; s->endpoints && i < s->endpoint_count; i++)
        bus_unsubscribe(&s->endpoints[i].subscription);

    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
    for (uint32_t i = 0; i < s->thread_count; i++)
        pthread_join(s->threads[i], NULL);

    struct error err;
    if (bus_flush(s->options.bus, FLUSH_MS, &err) != STATUS_OK)
        LOG(LOG_WARN, "the last answers may be lost", LOG_ERR(&err));
    pthread_cond_destroy(&s->work);
    pthread_mutex_destroy(&s->lock);
    free(s->endpoints);
    free(s->threads);
    free(s);
}
