/* Streams, the consumers of pools, and the workers behind them. */
#include <time.h>

#include "broker/stranded.h"
#include "core/event.h"
#include "core/id.h"
#include "inner.h"
#include "publisher/roll_call.h"

/* A pull that ends is asked anew at once: a look or two later it is there again. */
enum { LOOKS = 3, BETWEEN_LOOKS_MS = 60 };

static enum status see_consumer(struct doctor *d, const char *stream, const char *consumer,
                                struct bus_consumer_info *info, struct error *err)
{
    for (int look = 0; look < LOOKS; look++) {
        const struct timespec pause = {0, BETWEEN_LOOKS_MS * 1000000L};
        if (look > 0)
            nanosleep(&pause, NULL);
        TRY(bus_consumer_info(d->bus, stream, consumer, info, err));
        if (info->waiting > 0)
            break;
    }
    return STATUS_OK;
}

static int64_t number(struct value map, const char *key)
{
    struct value v = value_get(map, str_of(key));
    return v.type == VALUE_INT && v.u.i > 0 && v.u.i < 1000000 ? v.u.i : 0;
}

static void count_workers(const struct crowd *crowd, struct pool_evidence *p)
{
    for (uint32_t i = 0; i < crowd->workers.len; i++) {
        struct value w = crowd->workers.u.list[i];
        if (!str_equal(value_as_str(VALUE_GET(w, "pool")), p->name))
            continue;
        int64_t free = number(w, "concurrency") - number(w, "running");
        p->workers++;
        p->free_threads += free > 0 ? (uint32_t)free : 0;
        if (VALUE_GET(w, "because").type == VALUE_STRING)
            p->because = value_as_str(VALUE_GET(w, "because"));
    }
}

enum status see_pool(struct doctor *d, struct str pool, const struct crowd *crowd, struct arena *a,
                     struct pool_evidence *out, struct error *err)
{
    char stream[96], consumer[96];
    struct bus_consumer_info c = {0};
    struct bus_stream_info info = {0};
    struct str name = arena_printf(a, "%" PRISTR, ARGSTR(pool));
    if (!name.ptr)
        return arena_error(a, err, "a pool");
    *out = (struct pool_evidence){.name = name, .because = STR("")};
    count_workers(crowd, out);
    stream_name(&d->subjects, STREAM_TASKS, stream);
    enum status status = see_consumer(d, stream, pool_consumer(name.ptr, consumer), &c, err);
    if (status == STATUS_OK)
        status = bus_stream_info(d->bus, stream, &info, err); /* afterwards: its end only moves on */
    if (status == STATUS_NOT_FOUND)
        out->consumer = SIGHT_ABSENT;
    if (status != STATUS_OK)
        return is_blind(status) ? STATUS_OK : status;
    out->consumer = SIGHT_THERE;
    out->delivered = c.delivered_stream_sequence;
    out->settled = stranded_settled_until(&c);
    out->stream_last = info.last_sequence;
    out->waiting = c.waiting;
    out->pending = c.pending;
    out->ack_pending = c.ack_pending;
    out->max_ack_pending = c.max_ack_pending;
    out->paused = c.paused;
    return STATUS_OK;
}

enum status find_holder(const struct crowd *crowd, int64_t execution_id, struct str task_id, struct arena *a,
                        const struct holder_evidence **out, struct error *err)
{
    *out = NULL;
    for (uint32_t i = 0; i < crowd->workers.len; i++) {
        struct value worker = crowd->workers.u.list[i], task = roll_call_task(worker, execution_id, task_id);
        if (value_is_absent(task))
            continue;
        struct holder_evidence *h = ARENA_NEW(a, struct holder_evidence);
        if (!h)
            return arena_error(a, err, "who has a task");
        *h = (struct holder_evidence){.worker = value_as_str(VALUE_GET(worker, "name")),
                                      .state = value_as_str(VALUE_GET(task, "state")),
                                      .delivery = (uint64_t)number(task, "delivery")};
        if (time_parse(value_as_str(VALUE_GET(task, "since")), &h->since_ns, NULL) != STATUS_OK)
            h->since_ns = 0;
        *out = h;
        return STATUS_OK;
    }
    return STATUS_OK;
}

enum status see_stream(struct doctor *d, enum stream_id id, struct arena *a, struct stream_evidence *out,
                       uint64_t *last, struct error *err)
{
    char name[96];
    struct bus_stream_info info = {0};
    stream_name(&d->subjects, id, name);
    *out = (struct stream_evidence){.name = arena_printf(a, "%s", name)};
    if (!out->name.ptr)
        return arena_error(a, err, "a stream");
    enum status status = bus_stream_info(d->bus, name, &info, err);
    out->messages = info.messages;
    out->bytes = info.bytes;
    out->max_messages = info.max_messages;
    out->max_bytes = info.max_bytes;
    if (last)
        *last = info.last_sequence;
    return status;
}
