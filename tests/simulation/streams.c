/* The event stream of each partition, the tasks stream, and messages on their way to them. */
#include "core/json.h"
#include "world.h"

#include <stdlib.h>

/* ---- through JSON, as on the wire --------------------------------------------------------------------- */

static struct value through_json(struct world *w, struct value v)
{
    struct error e = {0};
    struct str text;
    struct value back = value_null();
    enum status s = json_text(&w->arena, v, &text, &e);
    if (s == STATUS_OK)
        s = json_read(&w->arena, text, NULL, &back, &e);
    world_must(w, s, &e);
    return back;
}

static struct publication *add_publication(struct world *w, enum sender sender, uint32_t number,
                                           struct str id)
{
    struct publication *p = ARENA_NEW(&w->arena, struct publication);
    char *copy = arena_strdup(&w->arena, id);
    if (!p || !copy)
        abort();
    *p = (struct publication){.sender = sender, .number = number, .id = {copy, id.len}};
    if (sender == FROM_BROKER)
        p->incarnation = w->brokers[number].incarnation;
    else if (sender == FROM_WORKER)
        p->incarnation = w->workers[number].incarnation;
    LIST_ADD(&w->publications, p);
    return p;
}

struct publication *publish_event(struct world *w, enum sender sender, uint32_t number, struct str id,
                                  const struct event *e)
{
    struct publication *p = add_publication(w, sender, number, id);
    struct value v = value_null();
    struct error err = {0};
    world_must(w, event_to_value(&w->arena, e, &v, &err), &err);
    world_must(w, event_from_value(through_json(w, v), &p->event, &err), &err);
    return p;
}

struct publication *publish_task(struct world *w, uint32_t broker, struct str id, const struct task *t)
{
    struct publication *p = add_publication(w, FROM_BROKER, broker, id);
    struct value v = value_null();
    struct error err = {0};
    p->is_task = true;
    world_must(w, task_to_value(&w->arena, t, &v, &err), &err);
    world_must(w, task_from_value(through_json(w, v), &p->task, &err), &err);
    return p;
}

static bool sender_lives(const struct world *w, const struct publication *p)
{
    if (p->sender == FROM_BROKER)
        return w->brokers[p->number].alive && w->brokers[p->number].incarnation == p->incarnation;
    if (p->sender == FROM_WORKER)
        return w->workers[p->number].incarnation == p->incarnation;
    return true;
}

static void remove_publication(struct world *w, uint32_t i)
{
    w->publications.items[i] = w->publications.items[--w->publications.count];
}

void streams_sender_died(struct world *w, enum sender sender, uint32_t number)
{
    for (uint32_t i = w->publications.count; i-- > 0;) {
        const struct publication *p = w->publications.items[i];
        if (p->sender == sender && p->number == number && !sender_lives(w, p) &&
            (p->stored || p->event.type == EVENT_CANCEL_REQUESTED || chance_one_in(&w->random, 2)))
            remove_publication(w, i);
    }
}

/* ---- arriving ----------------------------------------------------------------------------------------- */

static void store_event(struct world *w, const struct publication *p, uint64_t id)
{
    struct stream *s = &w->streams[id_partition(p->event.execution_id, PARTITIONS)];
    /* The subject of a request takes one message only, for ever. */
    uint32_t from = p->event.type == EVENT_EXECUTION_REQUESTED ? 0 : s->remembered;
    for (uint32_t i = from; i < s->messages.count; i++) {
        if (s->messages.items[i].id == id)
            return;
    }
    struct message m = {.event = p->event, .id = id};
    m.event.time_ns = w->clock_ns;
    m.event.stream_seq = s->messages.count + 1;
    LIST_ADD(&s->messages, m);
}

static void store_task(struct world *w, const struct publication *p, uint64_t id)
{
    for (uint32_t i = w->queue.remembered; i < w->queue.tasks.count; i++) {
        if (w->queue.tasks.items[i].id == id)
            return;
    }
    if (!loss_of_doomed(w, &p->task))
        LIST_ADD(&w->queue.tasks, (struct queued){.task = p->task, .id = id});
}

void streams_store(struct world *w, uint32_t i)
{
    struct publication *p = w->publications.items[i];
    uint64_t id = chance_of_text(7, p->id);
    if (p->is_task)
        store_task(w, p, id);
    else
        store_event(w, p, id);
    p->stored = true;
    if (!sender_lives(w, p))
        remove_publication(w, i);
}

void streams_acknowledge(struct world *w, uint32_t i)
{
    const struct publication *p = w->publications.items[i];
    if (p->batch)
        p->batch->open_publishes--;
    if (p->sender == FROM_WORKER)
        w->workers[p->number].phase = WORKER_REPORTED;
    if (p->sender == FROM_DEAD_LETTERS)
        w->queue.tasks.items[p->number].state = QUEUED_GONE;
    if (p->sender == FROM_TIMER)
        w->ledger.timers.items[p->number].over = true;
    remove_publication(w, i);
}

void streams_lose_acknowledgement(struct world *w, uint32_t i)
{
    w->publications.items[i]->stored = false;
}

void streams_forget_ids(struct world *w)
{
    for (uint32_t i = 0; i < PARTITIONS; i++)
        w->streams[i].remembered = w->streams[i].messages.count;
    w->queue.remembered = w->queue.tasks.count;
}

/* ---- the tasks stream --------------------------------------------------------------------------------- */

void queue_redeliver(struct world *w, uint32_t task)
{
    struct queued *q = &w->queue.tasks.items[task];
    q->state = q->deliveries < DELIVERIES_MAX ? QUEUED_WAITING : QUEUED_DEAD;
    q->worker = WORKERS;
}

/* As broker/outcome.h has it: whichever outcome is first counts, so the id is that of the worker's own. */
void queue_report_dead(struct world *w, uint32_t index)
{
    const struct task *task = &w->queue.tasks.items[index].task;
    struct map_builder m;
    struct value error, token;
    struct error err = {0};
    struct event e = {.execution_id = task->execution_id,
                      .type = EVENT_ACTION_ERROR,
                      .node_name = task->step,
                      .node_type = task->type,
                      .task_id = task->task_id,
                      .visit = task->visit,
                      .attempt = task->attempt,
                      .error = STR("it was lost")};
    map_begin(&m, &w->arena);
    map_put(&m, STR("kind"), value_text("lost"));
    map_put(&m, STR("message"), value_text("it was lost"));
    world_must(w, map_end(&m, &error, &err), &err);
    map_begin(&m, &w->arena);
    map_put(&m, STR("status"), value_text("error"));
    map_put(&m, STR("error"), error);
    world_must(w, map_end(&m, &e.result, &err), &err);
    map_begin(&m, &w->arena);
    map_put(&m, STR("token"), value_str(task->token));
    world_must(w, map_end(&m, &token, &err), &err);
    e.meta = token;
    struct str id = arena_printf(&w->arena, "%lld.%" PRISTR ".outcome", (long long)task->execution_id,
                                 ARGSTR(task->task_id));
    publish_event(w, FROM_DEAD_LETTERS, index, id, &e);
    w->queue.tasks.items[index].state = QUEUED_OUT; /* until the report has arrived */
    w->queue.tasks.items[index].worker = WORKERS + 1;
}

void queue_withdraw(struct world *w, int64_t execution_id, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct queued *q = &w->queue.tasks.items[i];
        if (q->task.execution_id == execution_id && q->state == QUEUED_WAITING)
            q->state = QUEUED_GONE;
    }
}

void queue_give_up(struct world *w, int64_t execution_id, struct str task_id)
{
    for (uint32_t i = 0; i < w->queue.tasks.count; i++) {
        struct queued *q = &w->queue.tasks.items[i];
        if (q->task.execution_id != execution_id || !str_equal(q->task.task_id, task_id))
            continue;
        bool has_it = q->state == QUEUED_OUT && q->worker < WORKERS && w->workers[q->worker].task == i &&
                      w->workers[q->worker].phase == WORKER_HAS_TASK;
        if (has_it && chance_one_in(&w->random, 2)) {
            w->workers[q->worker].phase = WORKER_IDLE;
            q->state = QUEUED_GONE;
        }
        if (q->state == QUEUED_WAITING)
            q->state = QUEUED_GONE;
    }
}

/* ---- what can happen ---------------------------------------------------------------------------------- */

/* What is to cancel an execution goes behind the request for it, or nobody would know what it is about. */
static bool must_wait(const struct world *w, const struct publication *p)
{
    for (uint32_t i = 0; p->event.type == EVENT_CANCEL_REQUESTED && i < w->publications.count; i++) {
        const struct publication *other = w->publications.items[i];
        if (!other->is_task && !other->stored && other->event.type == EVENT_EXECUTION_REQUESTED &&
            other->event.execution_id == p->event.execution_id)
            return true;
    }
    return false;
}

static void offer_tasks(struct world *w, bool faults)
{
    for (uint32_t i = 0; i < w->queue.tasks.count; i++) {
        const struct queued *q = &w->queue.tasks.items[i];
        if (!faults && q->state == QUEUED_OUT && q->worker == WORKERS)
            world_offer(w, ACT_EXPIRE, i, 0);
        if (!faults && q->state == QUEUED_DEAD)
            world_offer(w, ACT_BURY, i, 0);
        if (faults && q->state == QUEUED_OUT && q->worker < WORKERS)
            world_offer(w, ACT_LATE, i, 0);
        if (faults && (q->state == QUEUED_OUT || q->state == QUEUED_WAITING))
            world_offer(w, ACT_FORGE, i, 0);
    }
}

void streams_offer(struct world *w, bool faults)
{
    for (uint32_t i = 0; i < w->publications.count; i++) {
        const struct publication *p = w->publications.items[i];
        if (faults && p->stored)
            world_offer(w, ACT_LOSE_ACK, i, 0);
        if (!faults && !must_wait(w, p))
            world_offer(w, p->stored ? ACT_ACKNOWLEDGE : ACT_STORE, i, 0);
    }
    if (faults)
        world_offer(w, ACT_FORGET_IDS, 0, 0);
    offer_tasks(w, faults);
}
