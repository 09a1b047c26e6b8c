/* What a fact led to, as broker/dispatch.c and the desks have it: rows of a batch, and messages. */
#include "core/json.h"
#include "core/id.h"
#include "dump.h"
#include "world.h"

#include <stdlib.h>

/* ---- batches ----------------------------------------------------------------------------------------- */

struct batch *batch_open(struct broker *b)
{
    struct batch *last = b->batches.count ? b->batches.items[b->batches.count - 1] : NULL;
    if (last && !last->closed)
        return last;
    struct batch *batch = calloc(1, sizeof(*batch));
    if (!batch)
        abort();
    arena_init(&batch->arena, 0);
    LIST_ADD(&b->batches, batch);
    return batch;
}

void batch_free(struct batch *batch)
{
    free(batch->rows.items);
    free(batch->timers.items);
    free(batch->withdrawn.items);
    free(batch->given_up.items);
    arena_free(&batch->arena);
    free(batch);
}

static void publish_in(struct batch *batch, struct publication *p)
{
    p->batch = batch;
    batch->open_publishes++;
}

/* ---- what a fact led to -------------------------------------------------------------------------------- */

static void add_rows(struct world *w, struct batch *batch, uint32_t record, const struct decisions *d)
{
    for (uint32_t i = 0; i < d->event_count; i++) {
        struct value v = value_null();
        struct row row = {.record = record, .stream_seq = d->events[i].stream_seq};
        struct error err = {0};
        world_must(w, event_to_value(&batch->arena, &d->events[i], &v, &err), &err);
        world_must(w, json_text(&batch->arena, v, &row.text, &err), &err);
        LIST_ADD(&batch->rows, row);
    }
}

static void order_tasks(struct world *w, uint32_t broker, struct batch *batch, const struct decisions *d)
{
    for (uint32_t i = 0; i < d->task_count; i++) {
        const struct task *t = &d->tasks[i].task;
        struct str id =
            arena_printf(&batch->arena, "%lld.%" PRISTR, (long long)t->execution_id, ARGSTR(t->task_id));
        publish_in(batch, publish_task(w, broker, id, t));
    }
}

static void order_timers(struct world *w, struct batch *batch, uint32_t record, const struct decisions *d)
{
    for (uint32_t i = 0; i < d->timer_count; i++) {
        char *id = arena_strdup(&w->arena, d->timers[i].id);
        if (!id)
            abort();
        LIST_ADD(&batch->timers, (struct timer){.record = record,
                                                .id = {id, d->timers[i].id.len},
                                                .due_ns = d->timers[i].due_ns,
                                                .over = d->timers[i].cancelled});
    }
}

static void order_notices(struct world *w, uint32_t broker, struct batch *batch, const struct decisions *d)
{
    for (uint32_t i = 0; i < d->notice_count; i++)
        publish_in(batch,
                   publish_event(w, FROM_BROKER, broker, d->notices[i].message_id, &d->notices[i].fact));
    for (uint32_t i = 0; i < d->event_count; i++) {
        const struct event *e = &d->events[i];
        if (event_type_kind(e->type) != EVENT_KIND_LIFECYCLE)
            continue;
        struct str id = arena_printf(&batch->arena, "%lld.%u", (long long)e->execution_id, e->event_id);
        publish_in(batch, publish_event(w, FROM_BROKER, broker, id, e));
    }
}

static uint32_t draft_of_path(const struct world *w, struct str path)
{
    uint32_t draft = 0;
    while (draft < w->scenario->draft_count && !str_equal(draft_path(draft), path))
        draft++;
    return draft;
}

static void refuse_child(struct world *w, uint32_t broker, struct batch *batch, const struct child_order *o,
                         int64_t parent)
{
    struct event e = {.execution_id = parent,
                      .type = EVENT_CHILD_FAILED,
                      .node_name = o->path,
                      .node_type = STR("playbook"),
                      .task_id = o->task_id,
                      .error = STR("there is no such playbook")};
    struct str id =
        arena_printf(&batch->arena, "%lld.%" PRISTR ".refused", (long long)parent, ARGSTR(o->task_id));
    publish_in(batch, publish_event(w, FROM_BROKER, broker, id, &e));
}

/* Whether the step that calls may be visited several times at once, or its execution is called so itself. */
static bool is_called_alike(const struct world *w, uint32_t parent, const struct decisions *d,
                            struct str task_id)
{
    const struct record *r = &w->records[parent];
    const struct draft *draft = &w->scenario->drafts[r->draft];
    int step = DRAFT_NONE;
    for (uint32_t i = 0; i < d->event_count; i++) {
        if (str_equal(d->events[i].task_id, task_id))
            step = draft_find(draft, d->events[i].node_name);
    }
    return r->alike || step < 0 || draft->steps[step].several;
}

/*
 * What the catalog has at the moment: some of the playbooks from that of the prefix on, or nothing, or it
 * cannot be known. Where steps are to come to the same, it has always the same.
 */
static struct value listed_now(struct world *w, uint32_t parent, const struct decisions *d,
                               const struct listing_order *o)
{
    uint64_t random = is_called_alike(w, parent, d, o->task_id) ? chance_of_text(w->scenario->seed, o->prefix)
                                                                : chance_mix(w->random, w->ticks);
    struct error err = {0};
    struct map_builder m, one;
    struct list_builder list;
    struct value v = value_null();
    map_begin(&m, &w->arena);
    list_begin(&list, &w->arena);
    for (uint32_t i = 0; i < w->scenario->draft_count; i++) {
        if (i < (uint32_t)(o->prefix.ptr[o->prefix.len - 2] - 'a') || chance_one_in(&random, 4))
            continue;
        map_begin(&one, &w->arena);
        map_put(&one, STR("path"), value_str(draft_path(i)));
        map_put(&one, STR("version"), value_int(1 + chance_below(&random, 3)));
        world_must(w, map_end(&one, &v, &err), &err);
        list_add(&list, v);
    }
    world_must(w, list_end(&list, &v, &err), &err);
    if (!chance_one_in(&random, 20)) {
        map_put(&m, STR("playbooks"), v);
    } else {
        map_begin(&one, &w->arena);
        map_put(&one, STR("kind"), value_text("limit"));
        world_must(w, map_end(&one, &v, &err), &err);
        map_put(&m, STR("error"), v);
    }
    world_must(w, map_end(&m, &v, &err), &err);
    return v;
}

static void order_listings(struct world *w, uint32_t broker, struct batch *batch, uint32_t parent,
                           const struct decisions *d)
{
    for (uint32_t i = 0; i < d->listing_count; i++) {
        const struct listing_order *o = &d->listings[i];
        struct event e = {.execution_id = w->records[parent].id,
                          .type = EVENT_PLAYBOOKS_LISTED,
                          .node_name = o->prefix,
                          .node_type = STR("playbooks"),
                          .task_id = o->task_id,
                          .context = listed_now(w, parent, d, o)};
        struct str id = arena_printf(&batch->arena, "%lld.%" PRISTR ".listed", (long long)e.execution_id,
                                     ARGSTR(o->task_id));
        publish_in(batch, publish_event(w, FROM_BROKER, broker, id, &e));
    }
}

/* By a broker that took its time, of an attempt that may be over: the first list counted. */
void broker_relist(struct world *w, uint32_t partition, uint32_t message)
{
    struct event e = w->streams[partition].messages.items[message].event;
    struct map_builder m;
    struct error err = {0};
    map_begin(&m, &w->arena);
    map_put(&m, STR("playbooks"), (struct value){.type = VALUE_LIST});
    world_must(w, map_end(&m, &e.context, &err), &err);
    struct str id = arena_printf(&w->arena, "relisted.%u", w->ticks);
    publish_event(w, FROM_CLIENT, 0, id, &e);
}

static void order_children(struct world *w, uint32_t broker, struct batch *batch, uint32_t parent,
                           const struct decisions *d)
{
    for (uint32_t i = 0; i < d->child_count && !w->failed; i++) {
        const struct child_order *o = &d->children[i];
        uint32_t draft = draft_of_path(w, o->path), record = record_find(w, o->execution_id);
        if (draft == w->scenario->draft_count) {
            refuse_child(w, broker, batch, o, w->records[parent].id);
            continue;
        }
        if (record == RECORDS_MAX)
            record = record_add(w, o->execution_id, draft, child_workload(w, o->args));
        w->records[record].is_child = true;
        w->records[record].alike = is_called_alike(w, parent, d, o->task_id);
        struct event e = request_of(w, record, o->parent, 0);
        struct str id = arena_printf(&batch->arena, "%lld.request", (long long)o->execution_id);
        publish_in(batch, publish_event(w, FROM_BROKER, broker, id, &e));
    }
}

void batch_take(struct world *w, uint32_t broker, uint32_t record, const struct event *fact,
                const struct decisions *d)
{
    struct broker *b = &w->brokers[broker];
    struct batch *batch = batch_open(b);
    record_evaluated(w, record, fact, dump_decisions(w, d));
    add_rows(w, batch, record, d);
    b->held[record].uncommitted += d->event_count;
    order_tasks(w, broker, batch, d);
    order_timers(w, batch, record, d);
    order_children(w, broker, batch, record, d);
    order_listings(w, broker, batch, record, d);
    order_notices(w, broker, batch, d);
    for (uint32_t i = 0; i < d->withdrawal_count; i++)
        LIST_ADD(&batch->given_up, (struct given_up){record, d->withdrawals[i].task_id});
    if (d->withdraw) {
        LIST_ADD(&batch->withdrawn, record);
        LIST_ADD(&batch->withdrawn, w->queue.tasks.count);
    }
}
