#include "timekeeper.h"

#include <stdlib.h>

#include "core/id.h"
#include "core/json.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "timer_fact.h"

enum { AT_ONCE = 1000, RETRY_MS = 500 };

void timekeeper_init(struct timekeeper *k, struct bus *bus, const struct subjects *s,
                     const struct fence *fence, struct mailbox *engine)
{
    *k = (struct timekeeper){.bus = bus, .subjects = *s, .fence = fence, .engine = engine};
    timer_queue_init(&k->queue);
}

void timekeeper_free(struct timekeeper *k)
{
    timer_queue_free(&k->queue);
}

enum status timekeeper_load(struct timekeeper *k, int64_t execution_id, struct str id, int64_t due_ns,
                            struct error *err)
{
    return timer_queue_set(&k->queue, execution_id, id, due_ns, err);
}

struct of_partition {
    uint32_t partition, partitions;
};

static bool is_of_partition(void *context, int64_t execution_id)
{
    const struct of_partition *of = context;
    return id_partition(execution_id, of->partitions) == of->partition;
}

void timekeeper_forget_partition(struct timekeeper *k, uint32_t partition)
{
    struct of_partition of = {partition, k->subjects.partitions};
    timer_queue_drop_of(&k->queue, is_of_partition, &of);
}

/* ---- setting and cancelling --------------------------------------------------------------------------- */

/* due_ns 0: gone. The id is in the batch's arena, or "". */
static enum status change_row(struct timekeeper *k, struct batch *b, int64_t execution_id, struct str id,
                              int64_t due_ns, struct error *err)
{
    struct timer_change change = {execution_id, id, id_partition(execution_id, k->subjects.partitions),
                                  due_ns};
    return batch_add_timer(b, &change, err);
}

static enum status take_order(struct timekeeper *k, struct batch *b, int64_t execution_id,
                              const struct timer_order *order, struct error *err)
{
    int64_t due_ns = order->cancelled ? 0 : order->due_ns > 0 ? order->due_ns : 1;
    if (!timer_id_is_valid(order->id))
        return error_set(err, STATUS_INTERNAL, "execution %lld sets a timer with an id that none can have",
                         (long long)execution_id);
    if (order->cancelled)
        timer_queue_cancel(&k->queue, execution_id, order->id);
    else
        TRY(timer_queue_set(&k->queue, execution_id, order->id, due_ns, err));
    return change_row(k, b, execution_id, order->id, due_ns, err);
}

enum status timekeeper_take(struct timekeeper *k, struct batch *b, int64_t execution_id,
                            const struct decisions *decisions, struct error *err)
{
    for (uint32_t i = 0; i < decisions->timer_count; i++)
        TRY(take_order(k, b, execution_id, &decisions->timers[i], err));
    return STATUS_OK;
}

enum status timekeeper_over(struct timekeeper *k, struct batch *b, int64_t execution_id, struct error *err)
{
    /* Every row has its timer in the queue, but those whose fact is in the stream, and reading that deletes
     * the row. */
    return timer_queue_drop(&k->queue, execution_id) ? change_row(k, b, execution_id, STR(""), 0, err)
                                                     : STATUS_OK;
}

/* It was set again since, for what the attempt waits for next: the fact is of its earlier self. */
static bool is_of_earlier(const struct timekeeper *k, const struct event *fact)
{
    char due[32];
    int64_t due_ns;
    struct str said = value_as_str(VALUE_GET(fact->context, "due_at"));
    if (said.len == 0 || !timer_queue_due(&k->queue, fact->execution_id, fact->task_id, &due_ns))
        return false;
    time_format(due_ns, due);
    return !str_is(said, due);
}

enum status timekeeper_read(struct timekeeper *k, struct batch *b, const struct event *fact,
                            struct error *err)
{
    if (!timer_id_is_valid(fact->task_id) || is_of_earlier(k, fact))
        return STATUS_OK;
    timer_queue_cancel(&k->queue, fact->execution_id, fact->task_id);
    return change_row(k, b, fact->execution_id, fact->task_id, 0, err);
}

/* ---- firing ------------------------------------------------------------------------------------------- */

int64_t timekeeper_wait_ms(const struct timekeeper *k, int64_t most)
{
    int64_t next = timer_queue_next(&k->queue), now = wall_now().ns;
    if (next <= now)
        return 0;
    int64_t wait = (next - now - 1) / 1000000 + 1;
    return wait < most ? wait : most;
}

/* On a thread of the connection. */
static void published(void *context, const struct bus_ack *ack, const struct error *err)
{
    struct firing *f = context;
    (void)ack;
    f->refused = err != NULL;
    if (err)
        f->refusal = *err;
    mailbox_post(f->keeper->engine, (struct mail){.kind = MAIL_FIRED, .u.firing = f});
}

static struct firing *firing_new(struct timekeeper *k, const struct due_timer *t)
{
    struct firing *f = malloc(sizeof(*f) + t->id.len);
    if (!f)
        return NULL;
    *f = (struct firing){.keeper = k, .timer = *t, .tenure = fence_tenure(k->fence, t->execution_id)};
    memcpy(f->id, t->id.ptr, t->id.len);
    f->timer.id.ptr = f->id;
    return f;
}

static enum status publish_fact(struct timekeeper *k, const struct execution *x, struct firing *f,
                                struct arena *a, struct error *err)
{
    struct timer_fact fact;
    TRY(timer_fact(a, &k->subjects, x, &f->timer, &fact, err));
    struct bus_publication p = {.subject = fact.subject,
                                .message_id = fact.message_id.ptr,
                                .payload = fact.payload,
                                .permit = tenure_permit(&f->tenure),
                                .done = published,
                                .context = f};
    return bus_publish_async(k->bus, &p, err);
}

static enum status fire_one(struct timekeeper *k, const struct execution_table *executions,
                            const struct due_timer *t, struct error *err)
{
    struct arena a;
    struct firing *f = firing_new(k, t);
    if (!f)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a timer's fact");
    arena_init(&a, 0);
    enum status status = publish_fact(k, execution_table_find(executions, t->execution_id), f, &a, err);
    arena_free(&a);
    if (status != STATUS_OK)
        free(f);
    return status;
}

enum status timekeeper_fire(struct timekeeper *k, const struct execution_table *executions, struct error *err)
{
    int64_t now_ns = wall_now().ns;
    struct due_timer t;
    for (int count = 0; count < AT_ONCE && timer_queue_take(&k->queue, now_ns, &t); count++)
        TRY(fire_one(k, executions, &t, err));
    return STATUS_OK;
}

static void say_refused(struct timekeeper *k, const struct firing *f)
{
    LOG(k->refused ? LOG_DEBUG : LOG_WARN, "the event stream refuses a timer's fact; it is published again",
        LOG_ID("execution", f->timer.execution_id), LOG_STR("timer", f->timer.id), LOG_ERR(&f->refusal));
    k->refused = true;
}

void timekeeper_fired(struct timekeeper *k, struct firing *f)
{
    if (f->refused) {
        if (tenure_permits(&f->tenure)) /* what may not be said now is not refused */
            say_refused(k, f);
        timer_queue_postpone(&k->queue, &f->timer, wall_now().ns + RETRY_MS * INT64_C(1000000));
    } else {
        k->refused = false;
        metric_add(METRIC_BROKER_TIMERS_FIRED, 0, 1);
        timer_queue_fired(&k->queue, &f->timer);
    }
    free(f);
}
