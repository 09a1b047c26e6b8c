/* Workers: take any task that waits, answer as nature says, and die at any moment. */
#include "world.h"

#include <stdlib.h>

static struct value finished(struct map_builder *m)
{
    struct value v;
    if (map_end(m, &v, NULL) != STATUS_OK)
        abort();
    return v;
}

static struct value envelope(struct world *w, const struct answer *a)
{
    struct map_builder m;
    map_begin(&m, &w->arena);
    map_put(&m, STR("status"), value_text(a->success ? "success" : "error"));
    if (!value_is_absent(a->data))
        map_put(&m, STR("data"), a->data);
    if (!value_is_absent(a->error))
        map_put(&m, STR("error"), a->error);
    return finished(&m);
}

static struct answer answer_of(struct world *w, const struct task *t)
{
    struct answer none = {.success = false};
    struct task_id id;
    struct error err = {0};
    uint32_t record = record_find(w, t->execution_id);
    world_must(w, task_id_parse(t->task_id, &id, &err), &err);
    if (w->failed || record == RECORDS_MAX)
        return none;
    const struct nature nature = {w->scenario->nature, &w->scenario->drafts[w->records[record].draft]};
    return nature_answer(&nature, t->step, &id, t->args, &w->arena);
}

void worker_take(struct world *w, uint32_t worker, uint32_t task)
{
    struct queued *q = &w->queue.tasks.items[task];
    q->state = QUEUED_OUT;
    q->worker = worker;
    q->deliveries++;
    w->workers[worker].task = task;
    w->workers[worker].phase = WORKER_HAS_TASK;
}

/* assert.returns: paths that lead into {"result": data}. A success without one is none. */
static void check_returns(struct world *w, const struct task *t, struct answer *a)
{
    struct map_builder m;
    map_begin(&m, &w->arena);
    map_put(&m, STR("result"), a->data);
    struct value names = finished(&m);
    for (uint32_t i = 0; a->success && i < t->returns.len; i++) {
        if (!value_is_absent(value_get_path(names, value_as_str(t->returns.u.list[i]))))
            continue;
        map_begin(&m, &w->arena);
        map_put(&m, STR("kind"), value_text("assert"));
        map_put(&m, STR("message"), value_text("something is missing"));
        *a = (struct answer){.error = finished(&m)};
    }
}

static struct event outcome_of(struct world *w, const struct task *t)
{
    struct answer answer = answer_of(w, t);
    check_returns(w, t, &answer);
    struct map_builder m;
    map_begin(&m, &w->arena);
    map_put(&m, STR("token"), value_str(t->token));
    return (struct event){
        .execution_id = t->execution_id,
        .type = answer.success ? EVENT_ACTION_COMPLETED : EVENT_ACTION_ERROR,
        .node_name = t->step,
        .node_type = t->type,
        .task_id = t->task_id,
        .visit = t->visit,
        .attempt = t->attempt,
        .error = value_as_str(VALUE_GET(answer.error, "message")),
        .result = envelope(w, &answer),
        .meta = finished(&m),
    };
}

void worker_report(struct world *w, uint32_t worker)
{
    const struct task *t = &w->queue.tasks.items[w->workers[worker].task].task;
    struct event e = outcome_of(w, t);
    struct str id =
        arena_printf(&w->arena, "%lld.%" PRISTR ".outcome", (long long)t->execution_id, ARGSTR(t->task_id));
    publish_event(w, FROM_WORKER, worker, id, &e);
    w->workers[worker].phase = WORKER_REPORTING;
}

void worker_acknowledge(struct world *w, uint32_t worker)
{
    w->queue.tasks.items[w->workers[worker].task].state = QUEUED_GONE;
    w->workers[worker].phase = WORKER_IDLE;
}

void worker_crash(struct world *w, uint32_t worker)
{
    struct queued *q = &w->queue.tasks.items[w->workers[worker].task];
    if (q->state == QUEUED_OUT && q->worker == worker)
        q->worker = WORKERS;
    w->workers[worker].incarnation++;
    w->workers[worker].phase = WORKER_IDLE;
    streams_sender_died(w, FROM_WORKER, worker);
}

void worker_repeat(struct world *w, uint32_t task)
{
    const struct task *t = &w->queue.tasks.items[task].task;
    struct event e = outcome_of(w, t);
    struct str id = arena_printf(&w->arena, "repeated.%u", w->ticks);
    publish_event(w, FROM_CLIENT, task, id, &e);
}

void worker_offer(struct world *w, bool faults)
{
    for (uint32_t i = 0; faults && i < 3 && w->queue.tasks.count; i++)
        world_offer(w, ACT_REPEAT, chance_below(&w->random, w->queue.tasks.count), 0);
    for (uint32_t i = 0; i < WORKERS; i++) {
        enum worker_phase phase = w->workers[i].phase;
        if (faults) {
            if (phase != WORKER_IDLE)
                world_offer(w, ACT_WORKER_CRASH, i, 0);
            continue;
        }
        if (phase == WORKER_HAS_TASK)
            world_offer(w, ACT_REPORT, i, 0);
        if (phase == WORKER_REPORTED)
            world_offer(w, ACT_DONE, i, 0);
        for (uint32_t t = 0; phase == WORKER_IDLE && t < w->queue.tasks.count; t++) {
            if (w->queue.tasks.items[t].state == QUEUED_WAITING)
                world_offer(w, ACT_FETCH, i, t);
        }
    }
}
