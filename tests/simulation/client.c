/* Clients: ask for executions, steer them, and forge an outcome now and then. */
#include "world.h"

#include <stdlib.h>

static struct value finished(struct map_builder *m)
{
    struct value v;
    if (map_end(m, &v, NULL) != STATUS_OK)
        abort();
    return v;
}

struct event request_of(struct world *w, uint32_t record, struct value parent, uint32_t timeout_ms)
{
    const struct record *r = &w->records[record];
    struct map_builder m;
    map_begin(&m, &w->arena);
    map_put(&m, STR("path"), value_str(draft_path(r->draft)));
    map_put(&m, STR("version"), value_int(1));
    map_put(&m, STR("playbook"), value_str(w->texts[r->draft]));
    map_put(&m, STR("workload"), r->workload);
    map_put(&m, STR("token_seed"), value_text("seed"));
    if (!value_is_absent(parent))
        map_put(&m, STR("parent"), parent);
    if (timeout_ms)
        map_put(&m, STR("timeout_ms"), value_int(timeout_ms));
    return (struct event){
        .execution_id = r->id,
        .type = EVENT_EXECUTION_REQUESTED,
        .node_name = draft_path(r->draft),
        .node_type = STR("playbook"),
        .context = finished(&m),
    };
}

/* The defaults that every draft has, with what is given over them. */
struct value child_workload(struct world *w, struct value given)
{
    struct map_builder m;
    map_begin(&m, &w->arena);
    map_put(&m, STR("flag"), value_bool(false));
    map_put(&m, STR("limit"), value_int(10));
    if (given.type == VALUE_MAP)
        map_put_all(&m, given);
    struct value v = finished(&m);
    if (value_copy(&w->arena, v, &v, NULL) != STATUS_OK)
        abort();
    return v;
}

static int64_t execution_id(const struct world *w, uint32_t execution)
{
    return (int64_t)(chance_mix(w->scenario->seed, execution) >> 2 | 1);
}

/* The record that a command is about; RECORDS_MAX: there is none yet. */
static uint32_t record_of(const struct world *w, const struct command *c)
{
    uint32_t skip = c->execution - COMMAND_CHILD;
    if (c->execution < COMMAND_CHILD)
        return record_find(w, execution_id(w, c->execution));
    for (uint32_t i = 0; i < w->record_count; i++) {
        if (w->records[i].is_child && !w->records[i].alike && skip-- == 0)
            return i;
    }
    return RECORDS_MAX;
}

static struct event command_of(struct world *w, const struct command *c, struct str *id)
{
    uint32_t record = record_of(w, c);
    int64_t execution = record < RECORDS_MAX ? w->records[record].id : execution_id(w, c->execution);
    struct map_builder m;
    map_begin(&m, &w->arena);
    if (c->type == EVENT_EXECUTION_REQUESTED) {
        map_put(&m, STR("flag"), value_bool(c->flag));
        record = record_add(w, execution, c->draft, child_workload(w, finished(&m)));
        w->records[record].timeout_ms =
            c->timeout_ms ? c->timeout_ms : w->scenario->drafts[c->draft].timeout_ms;
        *id = arena_printf(&w->arena, "%lld.request", (long long)execution);
        return request_of(w, record, (struct value){.type = VALUE_UNDEFINED}, c->timeout_ms);
    }
    if (c->type == EVENT_CANCEL_REQUESTED)
        map_put(&m, STR("reason"), value_text("nobody wants it"));
    if (c->type == EVENT_SIGNAL_RECEIVED) {
        struct str name =
            draft_signal(&w->scenario->drafts[w->scenario->commands[c->execution].draft], c->step);
        map_put(&m, STR("name"), value_str(name));
        map_put(&m, STR("payload"), nature_signal(w->scenario->nature, name, &w->arena));
    }
    if (c->steers_step)
        map_put(&m, STR("from"), value_text(draft_step_name(c->step)));
    *id = arena_printf(&w->arena, "%lld.command.%u", (long long)execution, w->commands_sent);
    return (struct event){
        .execution_id = execution,
        .type = c->type,
        .node_name = STR("client"),
        .node_type = STR("playbook"),
        .context = finished(&m),
    };
}

void client_send(struct world *w, uint32_t command)
{
    struct str id;
    struct event e = command_of(w, &w->scenario->commands[command], &id);
    publish_event(w, FROM_CLIENT, command, id, &e);
    w->commands_sent++;
}

/* A claim that a task has ended, or is lost, of somebody who never got it: with a wrong token or with none.
 */
void client_forge(struct world *w, uint32_t task)
{
    const struct task *t = &w->queue.tasks.items[task].task;
    struct map_builder m;
    uint64_t random = chance_mix(w->random, w->ticks);
    map_begin(&m, &w->arena);
    if (chance_one_in(&random, 2))
        map_put(&m, STR("token"), value_text("0123456789abcdef0123456789abcdef"));
    struct event e = {
        .execution_id = t->execution_id,
        .type = chance_one_in(&random, 3) ? EVENT_ACTION_LOST : EVENT_ACTION_COMPLETED,
        .node_name = t->step,
        .node_type = t->type,
        .task_id = t->task_id,
        .visit = t->visit,
        .attempt = t->attempt,
        .meta = finished(&m),
    };
    struct str id = arena_printf(&w->arena, "forged.%u", w->ticks);
    publish_event(w, FROM_CLIENT, task, id, &e);
}

static bool is_paused(const struct record *r)
{
    bool paused = false;
    for (uint32_t i = 0; i < r->rows.count; i++) {
        enum event_type type = r->rows.items[i].type;
        if (type == EVENT_EXECUTION_PAUSED || type == EVENT_EXECUTION_RESUMED || event_type_is_final(type))
            paused = type == EVENT_EXECUTION_PAUSED;
    }
    return paused;
}

static bool is_at_end(const struct record *r)
{
    bool at_end = false;
    for (uint32_t i = 0; i < r->rows.count; i++) {
        const struct event *e = &r->rows.items[i];
        if (str_is(e->node_name, "end"))
            at_end = e->type == EVENT_STEP_STARTED;
    }
    return at_end;
}

/* A command whose moment does not come is mostly left out: only what has failed can be retried. */
static bool is_timely(const struct world *w, const struct command *c)
{
    uint32_t record = record_of(w, c);
    if (record == RECORDS_MAX)
        return false;
    const struct record *r = &w->records[record];
    if (c->type == EVENT_RETRY_REQUESTED)
        return record_is_over(r) && r->rows.items[r->rows.count - 1].type != EVENT_EXECUTION_COMPLETE;
    if (c->type == EVENT_RESUME_REQUESTED)
        return is_paused(r);
    return !record_is_over(r) && (!c->at_end || is_at_end(r));
}

/* What steers takes its time, so that it meets executions at every age; `end` has a short one. */
static bool comes_now(struct world *w, const struct command *c, bool timely)
{
    if (c->at_end)
        return timely && chance_one_in(&w->random, 3);
    return chance_one_in(&w->random, timely ? 20 : 400);
}

void client_offer(struct world *w)
{
    bool quiet = w->possible.count == 0;
    while (w->commands_sent < w->scenario->command_count) {
        const struct command *c = &w->scenario->commands[w->commands_sent];
        bool asks = c->type == EVENT_EXECUTION_REQUESTED, timely = !asks && is_timely(w, c);
        if (asks || (timely && quiet) || (record_of(w, c) < RECORDS_MAX && comes_now(w, c, timely)))
            world_offer(w, ACT_COMMAND, w->commands_sent, 0);
        if (asks || timely || !quiet)
            return;
        w->commands_sent++;
    }
}
