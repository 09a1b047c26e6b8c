#include "dead_letter.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/json.h"
#include "desk.h"
#include "outcome.h"
#include "publisher/topology.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

enum { RETRY_AFTER_MS = 1000, ANSWER_WITHIN_MS = 5000, ROOM_BESIDE = 8192, AT_A_TIME = 64 };

struct dead_letters {
    struct bus *bus;
    struct subjects subjects;
    char tasks[96];
    struct desk *desk;
};

/*
 * What is kept of a task that is given up: all that is not for its worker only, if a message has room for it
 * beside the rest; its input is in the log anyway, with the event that started it.
 */
static enum status keep_task(struct dead_letters *l, struct arena *a, const struct task *task, size_t size,
                             int64_t deliveries, struct value *out, struct error *err)
{
    struct map_builder dead, m;
    struct task shown = *task;
    struct value v;
    shown.token = shown.seal = STR("");
    map_begin(&dead, a);
    map_put(&dead, STR("deliveries"), value_int(deliveries));
    if ((int64_t)size + ROOM_BESIDE < bus_max_payload(l->bus)) {
        TRY(task_to_value(a, &shown, &v, err));
        map_put(&dead, STR("task"), v);
    }
    TRY(map_end(&dead, &v, err));
    map_begin(&m, a);
    map_put(&m, STR("dead_letter"), v);
    return map_end(&m, out, err);
}

static enum status report_failed(struct dead_letters *l, struct arena *a, const struct task *task,
                                 struct value context, int64_t deliveries, struct error *err)
{
    struct failed_outcome outcome;
    struct bus_ack ack;
    struct str message = arena_printf(
        a,
        "the task was given to workers %lld times, and none of them came to its end or reported how it ended",
        (long long)deliveries);
    if (!message.ptr)
        return arena_error(a, err, "an error's text");
    TRY(failed_outcome(a, &l->subjects, task, STATUS_UNAVAILABLE, message, context, &outcome, err));
    struct bus_publication p = {
        .subject = outcome.subject,
        .message_id = outcome.message_id.ptr,
        .payload = outcome.payload,
        .give_up_ms = ANSWER_WITHIN_MS,
    };
    return bus_publish_wait(l->bus, &p, &ack, err);
}

/*
 * Whether it is the message that the advisory is about. A stream that was made anew, or restored, gives its
 * sequences again: to what was stored later than the advisory was sent. STATUS_NOT_FOUND when it is another.
 */
static enum status check_is_meant(struct value advisory, const struct bus_delivery *d,
                                  const struct bus_stored *stored, struct error *err)
{
    struct error ignored;
    int64_t sent_ns;
    if (time_parse(value_as_str(VALUE_GET(advisory, "timestamp")), &sent_ns, &ignored) != STATUS_OK)
        sent_ns = d->time_ns;
    return stored->time_ns <= sent_ns
               ? STATUS_OK
               : error_set(err, STATUS_NOT_FOUND, "another task has the sequence of the dead one by now");
}

/* The same of whose it is: a consumer has no tasks of a pool that has one of its own. */
static enum status check_consumer(struct dead_letters *l, struct value advisory,
                                  const struct bus_stored *stored, struct error *err)
{
    struct str consumer = value_as_str(VALUE_GET(advisory, "consumer")), rest = stored->subject;
    struct bus_consumer_info info;
    struct error ignored;
    char pool[96], name[96];
    str_split(&rest, '.'); /* the prefix, and "tasks" */
    str_split(&rest, '.');
    struct str token = str_split(&rest, '.');
    snprintf(pool, sizeof(pool), "%" PRISTR, ARGSTR(token));
    pool_consumer(pool, name);
    if (str_is(consumer, name) || bus_consumer_info(l->bus, l->tasks, name, &info, &ignored) != STATUS_OK)
        return STATUS_OK;
    return error_set(err, STATUS_NOT_FOUND,
                     "the task is one of the pool %s, and the dead one was of %" PRISTR, pool,
                     ARGSTR(consumer));
}

/* The task of an advisory, from the stream; it stays there until its failure is reported. */
static enum status bury(struct dead_letters *l, struct arena *a, struct value advisory,
                        const struct bus_delivery *d, struct error *err)
{
    struct value sequence = VALUE_GET(advisory, "stream_seq"), deliveries = VALUE_GET(advisory, "deliveries");
    struct bus_stored stored;
    struct value v, kept;
    struct task task;
    int64_t count = deliveries.type == VALUE_INT ? deliveries.u.i : 0;
    if (sequence.type != VALUE_INT)
        return error_set(err, STATUS_INVALID, "the advisory names no stream_seq");
    TRY(bus_stream_get(l->bus, l->tasks, (uint64_t)sequence.u.i, a, &stored, err));
    TRY(check_is_meant(advisory, d, &stored, err));
    TRY(check_consumer(l, advisory, &stored, err));
    TRY(json_read_map(a, stored.payload, "the task", &v, err));
    TRY(task_from_value(v, &task, err));
    TRY(keep_task(l, a, &task, stored.payload.len, count, &kept, err));
    TRY(report_failed(l, a, &task, kept, count, err));
    metric_add(METRIC_BROKER_GIVEN_UP, 0, 1);
    LOG(LOG_WARN, "a task was delivered as often as it may be and is given up", LOG_TASK(&task));
    return bus_stream_remove(l->bus, l->tasks, (uint64_t)sequence.u.i, err);
}

static void handle(void *context, struct bus_delivery *d)
{
    struct dead_letters *l = context;
    struct arena a;
    struct value advisory;
    struct error err = {0};
    arena_init(&a, 0);
    enum status status = json_read_map(&a, d->payload, "the advisory", &advisory, &err);
    if (status == STATUS_OK)
        status = bury(l, &a, advisory, d, &err);
    arena_free(&a);
    if (status != STATUS_OK && error_may_retry(&err)) {
        LOG(LOG_WARN, "a dead task has to wait", LOG_NUM("sequence", d->stream_sequence), LOG_ERR(&err));
        bus_deliver_nak(l->bus, d, RETRY_AFTER_MS);
        return;
    }
    /* Not found: its outcome came after all, or its execution is over and its tasks were withdrawn. */
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        LOG(LOG_ERROR, "an advisory about a dead task cannot be used",
            LOG_NUM("sequence", d->stream_sequence), LOG_ERR(&err));
    bus_deliver_ack(l->bus, d);
}

enum status dead_letters_start(struct bus *bus, const struct subjects *s, atomic_bool *missing,
                               struct dead_letters **out, struct error *err)
{
    char stream[96];
    struct dead_letters *l = calloc(1, sizeof(*l));
    if (!l)
        return error_set(err, STATUS_NO_MEMORY, "no memory for reading advisories");
    l->bus = bus;
    l->subjects = *s;
    stream_name(s, STREAM_TASKS, l->tasks);
    struct desk_options options = {.bus = bus,
                                   .subjects = &l->subjects,
                                   .make = topology_ensure_dead_letters,
                                   .missing = missing,
                                   .stream = stream_name(s, STREAM_ADVISORIES, stream),
                                   .consumer = DEAD_LETTERS_CONSUMER,
                                   .what = "advisories about dead tasks",
                                   .handle = handle,
                                   .context = l,
                                   .at_a_time = AT_A_TIME};
    enum status status = desk_open(&options, &l->desk, err);
    if (status != STATUS_OK) {
        free(l);
        return status;
    }
    *out = l;
    return STATUS_OK;
}

void dead_letters_stop(struct dead_letters **l)
{
    if (!*l)
        return;
    desk_close(&(*l)->desk);
    free(*l);
    *l = NULL;
}
