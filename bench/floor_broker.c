#include "floor.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "eventlog/eventlog.h"
#include "publisher/subject.h"
#include "bus/connect.h"
#include "runtime/daemon.h"
#include "traffic.h"

enum { SLOTS = 1 << 20 };

/* Rows and checkpoints that gather while the ones before are committed. */
struct rows {
    struct event *items;
    size_t count, capacity;
    struct checkpoint *checkpoints;
    bool *dirty;
};

struct floor_broker {
    struct bus *bus;
    struct subjects subjects;
    struct eventlog *log;
    struct shape shape;
    struct bus_reader **readers;
    struct {
        int64_t id;
        uint32_t facts, events;
    } * executions;               /* by hash of the id, linear probing, never emptied */
    struct value context, result; /* of the rows: as large as the engine's */
    struct arena arena;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct rows filling, committing;
    bool stopping;
};

static void add_row(struct floor_broker *f, int64_t id, uint32_t event_id, enum event_type type,
                    const struct bus_delivery *d)
{
    struct rows *r = &f->filling;
    if (r->count == r->capacity) {
        r->capacity = r->capacity ? 2 * r->capacity : 4096;
        r->items = realloc(r->items, r->capacity * sizeof(*r->items));
        if (!r->items)
            abort();
    }
    r->items[r->count] = (struct event){.execution_id = id,
                                        .event_id = event_id,
                                        .type = type,
                                        .time_ns = d->time_ns,
                                        .stream_seq = d->stream_sequence,
                                        .node_name = STR("step_1"),
                                        .node_type = STR("noop"),
                                        .visit = 1,
                                        .attempt = 1,
                                        .context = f->context};
    if (type == EVENT_ACTION_COMPLETED)
        r->items[r->count].result = f->result;
    r->count++;
}

/* What the engine shows to watchers for each row. */
static void show(struct floor_broker *f, int64_t id, enum event_type type, const char *payload, size_t len)
{
    char subject[SUBJECT_MAX];
    struct error err;
    subject_live(&f->subjects, id, event_type_name(type), subject);
    if (bus_publish(f->bus, subject, NULL, NULL, 0, (struct str){payload, len}, &err) != STATUS_OK)
        fprintf(stderr, "floor broker: %s\n", err.message);
}

static void publish(struct floor_broker *f, const char *subject, const char *id, const char *payload,
                    size_t len)
{
    struct bus_publication p = {.subject = subject, .message_id = id, .payload = {payload, len}};
    struct error err;
    if (bus_publish_async(f->bus, &p, &err) != STATUS_OK)
        fprintf(stderr, "floor broker: %s\n", err.message);
}

static void publish_task(struct floor_broker *f, int64_t id, uint32_t step)
{
    char subject[SUBJECT_MAX], message_id[ID_TEXT + TASK_ID_TEXT], task_id[TASK_ID_TEXT],
        payload[TRAFFIC_MESSAGE];
    task_id_format(&(struct task_id){.step = step, .visit = 1, .places = {{.attempt = 1}}}, task_id);
    subject_task(&f->subjects, STR("default"), id, task_id, subject);
    snprintf(message_id, sizeof(message_id), "%lld.%s", (long long)id, task_id);
    publish(f, subject, message_id, payload, traffic_task(id, task_id, payload));
}

static void publish_mark(struct floor_broker *f, int64_t id, uint32_t event_id, enum event_type type)
{
    char subject[SUBJECT_MAX], message_id[96], payload[TRAFFIC_MESSAGE];
    subject_event(&f->subjects, id, type, subject);
    snprintf(message_id, sizeof(message_id), "%lld.%u", (long long)id, event_id);
    publish(f, subject, message_id, payload, traffic_task(id, "s0v1a1", payload));
}

/* What a fact leads to, as the engine would decide: rows, and the tasks first … first + tasks - 1. */
struct consequence {
    enum event_type types[4];
    size_t count;
    uint32_t first, tasks; /* each has a row step_started behind the others */
};

static void follow(const struct shape *s, enum event_type fact, uint32_t facts_before, struct consequence *c)
{
    uint32_t done = facts_before; /* the first fact is the request */
    *c = (struct consequence){.types = {fact}, .count = 1};
    if (done == 0)
        c->types[c->count++] = EVENT_EXECUTION_START;
    c->types[c->count++] = EVENT_STEP_COMPLETED;
    if (done == 0) {
        c->first = 1;
        c->tasks = s->width;
    } else if (done == shape_tasks(s)) {
        c->types[c->count++] = EVENT_EXECUTION_COMPLETE;
    } else if (done >= s->width) {
        c->first = done + 1;
        c->tasks = 1;
    }
}

static void write_rows(struct floor_broker *f, int64_t id, uint32_t *events, const struct consequence *c,
                       const struct event_subject *at, const struct bus_delivery *d)
{
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < c->count; i++)
        add_row(f, id, ++*events, c->types[i], d);
    for (uint32_t i = 0; i < c->tasks; i++)
        add_row(f, id, ++*events, EVENT_STEP_STARTED, d);
    f->filling.checkpoints[at->partition].stream_seq = d->stream_sequence;
    f->filling.checkpoints[at->partition].stream_time_ns = d->time_ns;
    f->filling.dirty[at->partition] = true;
    pthread_cond_signal(&f->filled);
    pthread_mutex_unlock(&f->lock);
}

static void tell(struct floor_broker *f, int64_t id, uint32_t event_id, const struct consequence *c,
                 const struct bus_delivery *d)
{
    for (size_t i = 0; i < c->count; i++) {
        if (event_type_kind(c->types[i]) == EVENT_KIND_LIFECYCLE)
            publish_mark(f, id, event_id, c->types[i]);
        show(f, id, c->types[i], d->payload.ptr, d->payload.len);
    }
    for (uint32_t i = 0; i < c->tasks; i++)
        show(f, id, EVENT_STEP_STARTED, d->payload.ptr, d->payload.len);
}

static size_t slot_of(const struct floor_broker *f, int64_t id)
{
    size_t slot = ((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15)) >> 44;
    while (f->executions[slot].id && f->executions[slot].id != id)
        slot = (slot + 1) % SLOTS;
    f->executions[slot].id = id;
    return slot;
}

static void deliver(void *context, struct bus_delivery *d)
{
    struct floor_broker *f = context;
    struct event_subject at;
    struct consequence c;
    if (subject_parse_event(&f->subjects, d->subject, &at, NULL) != STATUS_OK ||
        event_type_kind(at.type) != EVENT_KIND_FACT) {
        bus_delivery_free(d);
        return;
    }
    size_t slot = slot_of(f, at.execution_id);
    uint32_t *events = &f->executions[slot].events;
    follow(&f->shape, at.type, f->executions[slot].facts++, &c);
    for (uint32_t i = 0; i < c.tasks; i++)
        publish_task(f, at.execution_id, c.first + i);
    write_rows(f, at.execution_id, events, &c, &at, d);
    tell(f, at.execution_id, *events, &c, d);
    bus_delivery_free(d);
}

static void swap(struct floor_broker *f)
{
    struct rows full = f->filling;
    f->filling = f->committing;
    f->committing = full;
    f->filling.count = 0;
    memcpy(f->filling.checkpoints, full.checkpoints, f->subjects.partitions * sizeof(*full.checkpoints));
    memset(f->filling.dirty, 0, f->subjects.partitions * sizeof(bool));
}

static void *commit_all(void *context)
{
    struct floor_broker *f = context;
    struct checkpoint *dirty = calloc(f->subjects.partitions, sizeof(*dirty));
    pthread_mutex_lock(&f->lock);
    while (!f->stopping) {
        if (f->filling.count == 0) {
            pthread_cond_wait(&f->filled, &f->lock);
            continue;
        }
        swap(f);
        pthread_mutex_unlock(&f->lock);
        size_t count = 0;
        struct error err = {0};
        for (uint32_t p = 0; p < f->subjects.partitions; p++) {
            if (f->committing.dirty[p])
                dirty[count++] = f->committing.checkpoints[p];
        }
        if (eventlog_commit(f->log, f->committing.items, f->committing.count, dirty, count, &err) !=
            STATUS_OK)
            fprintf(stderr, "floor broker: %s\n", err.message);
        pthread_mutex_lock(&f->lock);
    }
    pthread_mutex_unlock(&f->lock);
    free(dirty);
    return NULL;
}

static enum status prepare(struct floor_broker *f, const struct settings *s, struct error *err)
{
    TRY(subjects_from_settings(s, &f->subjects, err));
    TRY(eventlog_open(settings_text(s, SETTING_POSTGRES_URL), "floor", &f->log, err));
    uint32_t n = f->subjects.partitions;
    f->executions = calloc(SLOTS, sizeof(*f->executions));
    f->readers = calloc(n, sizeof(struct bus_reader *));
    f->filling =
        (struct rows){.checkpoints = calloc(n, sizeof(struct checkpoint)), .dirty = calloc(n, sizeof(bool))};
    f->committing =
        (struct rows){.checkpoints = calloc(n, sizeof(struct checkpoint)), .dirty = calloc(n, sizeof(bool))};
    if (!f->executions || !f->readers || !f->filling.checkpoints || !f->filling.dirty ||
        !f->committing.checkpoints || !f->committing.dirty)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the floor");
    TRY(json_read(&f->arena, STR("{\"type\":\"noop\",\"pool\":\"default\",\"args\":{\"n\":1},\"config\":{}}"),
                  NULL, &f->context, err));
    TRY(json_read(&f->arena, STR("{\"status\":\"success\",\"data\":{\"n\":1}}"), NULL, &f->result, err));
    for (uint32_t p = 0; p < n; p++)
        TRY(eventlog_take_partitions(f->log, &p, NULL, 1, "floor", &f->filling.checkpoints[p], err));
    return STATUS_OK;
}

static void free_rows(struct rows *r)
{
    free(r->items);
    free(r->checkpoints);
    free(r->dirty);
}

static void free_all(struct floor_broker *f)
{
    bus_close(&f->bus);
    eventlog_close(&f->log);
    free_rows(&f->filling);
    free_rows(&f->committing);
    free(f->executions);
    free(f->readers);
    arena_free(&f->arena);
}

static enum status read_all(struct floor_broker *f, struct error *err)
{
    char stream[96], filter[SUBJECT_MAX];
    stream_name(&f->subjects, STREAM_EVENTS, stream);
    for (uint32_t p = 0; p < f->subjects.partitions; p++) {
        struct bus_place place = {.sequence = f->filling.checkpoints[p].stream_seq};
        subject_partition(&f->subjects, p, filter);
        TRY(bus_reader_start(f->bus, stream, filter, place, deliver, NULL, f, &f->readers[p], err));
    }
    daemon_wait(NULL, NULL);
    return STATUS_OK;
}

/* With the readers, until it is told to end. */
static enum status run(struct floor_broker *f, struct error *err)
{
    pthread_t committer;
    if (pthread_create(&committer, NULL, commit_all, f) != 0)
        return error_set(err, STATUS_IO, "no thread for the floor");
    enum status status = read_all(f, err);
    for (uint32_t p = 0; p < f->subjects.partitions; p++)
        bus_reader_stop(&f->readers[p]);
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_cond_signal(&f->filled);
    pthread_mutex_unlock(&f->lock);
    pthread_join(committer, NULL);
    return status;
}

enum status floor_broker(const struct settings *s, const struct shape *shape, struct error *err)
{
    struct floor_broker f = {
        .shape = *shape, .lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};
    arena_init(&f.arena, 0);
    enum status status = prepare(&f, s, err);
    if (status == STATUS_OK)
        status = bus_connect(s, "floor_broker", false, &f.bus, err);
    if (status == STATUS_OK)
        status = run(&f, err);
    free_all(&f);
    return status;
}
