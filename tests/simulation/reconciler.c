/*
 * The reconciler, as broker/inspection.c has it: what an open execution of the log waits for is looked up in
 * the streams, and what is missing is made good by a fact.
 */
#include "core/id.h"
#include "transition/open_work.h"
#include "world.h"

#include <stdlib.h>

static struct value token_of(struct world *w, const struct open_work *o)
{
    struct map_builder m;
    struct value v;
    map_begin(&m, &w->arena);
    map_put(&m, STR("token"), value_str(o->token));
    if (map_end(&m, &v, NULL) != STATUS_OK)
        abort();
    return v;
}

/* The stream may have the fact, from when it meant nothing to the execution. */
static struct str again(struct world *w, uint32_t record, struct str id)
{
    return arena_printf(&w->arena, "%" PRISTR ".again.%u", ARGSTR(id), w->records[record].rows.count);
}

/* Nothing but a loss loses anything. */
static void must_be_lost(struct world *w, const struct record *r, const char *what)
{
    if (w->losses == 0)
        world_fail(w, "execution %lld: %s is taken for lost, and nothing ever was", (long long)r->id, what);
}

static void publish_lost(struct world *w, const struct record *r, const struct open_work *o)
{
    struct event e = {.execution_id = r->id,
                      .type = EVENT_ACTION_LOST,
                      .node_name = o->step,
                      .node_type = o->type,
                      .task_id = o->task_id,
                      .visit = o->visit,
                      .attempt = o->attempt,
                      .meta = token_of(w, o)};
    struct str id = arena_printf(&w->arena, "%lld.%" PRISTR ".lost", (long long)r->id, ARGSTR(o->task_id));
    must_be_lost(w, r, "an attempt");
    world_say(w, "    %" PRISTR " of %lld is lost, and made again\n", ARGSTR(o->task_id), (long long)r->id);
    publish_event(w, FROM_CLIENT, 0, id, &e);
}

/* What the event stream has is in the log: an outcome that there is would be known. */
static bool is_read(const struct world *w, uint32_t partition)
{
    const struct stream *s = &w->streams[partition];
    int64_t last_ns = s->messages.count ? s->messages.items[s->messages.count - 1].event.time_ns : 0;
    return w->ledger.checkpoint_ns[partition] >= last_ns;
}

static bool has_task(const struct world *w, const struct record *r, struct str task_id)
{
    for (uint32_t i = 0; i < w->queue.tasks.count; i++) {
        const struct queued *q = &w->queue.tasks.items[i];
        if (q->state != QUEUED_GONE && q->task.execution_id == r->id && str_equal(q->task.task_id, task_id))
            return true;
    }
    return false;
}

static bool is_requested(const struct world *w, int64_t id)
{
    const struct stream *s = &w->streams[id_partition(id, PARTITIONS)];
    for (uint32_t i = 0; i < s->messages.count; i++) {
        const struct event *e = &s->messages.items[i].event;
        if (e->execution_id == id && e->type == EVENT_EXECUTION_REQUESTED)
            return true;
    }
    return false;
}

/* The row of the last fact by which the other one is told something; the number of rows if there is none. */
static uint32_t find_telling(struct world *w, const struct record *r, int64_t to)
{
    struct execution *x;
    struct error err = {0};
    uint32_t found = r->rows.count;
    world_must(w, execution_new(r->id, &x, &err), &err);
    for (uint32_t i = 0; !w->failed && i < r->rows.count; i++) {
        struct decisions d;
        if (event_type_kind(r->rows.items[i].type) != EVENT_KIND_FACT)
            continue;
        decisions_init(&d, &w->arena);
        world_must(w, transition(x, &r->rows.items[i], w->playbooks, &d, &err), &err);
        for (uint32_t n = 0; n < d.notice_count; n++)
            found = d.notices[n].fact.execution_id == to ? i : found;
    }
    execution_free(x);
    return found;
}

/* What led to its end, or to its waiting no more, is evaluated once more, for what it says to others. */
static bool repeat_notices(struct world *w, const struct record *r, int64_t to)
{
    struct execution *x;
    struct decisions d;
    struct error err = {0};
    uint32_t last = find_telling(w, r, to);
    bool any = false;
    if (w->failed || last == r->rows.count)
        return false;
    decisions_init(&d, &w->arena);
    world_must(w, execution_new(r->id, &x, &err), &err);
    world_must(w, execution_replay(x, r->rows.items, last, w->playbooks, &err), &err);
    if (!w->failed)
        world_must(w, transition(x, &r->rows.items[last], w->playbooks, &d, &err), &err);
    for (uint32_t i = 0; !w->failed && i < d.notice_count; i++) {
        if (d.notices[i].fact.execution_id != to)
            continue;
        world_say(w, "    %s of %lld is told again to %lld\n", event_type_name(d.notices[i].fact.type),
                  (long long)r->id, (long long)to);
        publish_event(w, FROM_CLIENT, 0, again(w, record_find(w, to), d.notices[i].message_id),
                      &d.notices[i].fact);
        any = true;
    }
    execution_free(x);
    return any;
}

static bool look_at_child(struct world *w, const struct record *r, const struct open_work *o)
{
    uint32_t child = record_find(w, o->child);
    const struct record *c = child == RECORDS_MAX ? NULL : &w->records[child];
    if (c && c->rows.count > 0 && record_is_over(c)) {
        if (!is_read(w, r->partition))
            return false;
        must_be_lost(w, r, "what a child says at its end");
        return repeat_notices(w, c, r->id);
    }
    if ((c && c->rows.count > 0) || is_requested(w, o->child))
        return false;
    publish_lost(w, r, o);
    return true;
}

/* A timer is there as long as nobody has fired it, or its fact is to be read. */
static bool has_timer(const struct world *w, uint32_t record, struct str id)
{
    for (uint32_t i = 0; i < w->ledger.timers.count; i++) {
        const struct timer *t = &w->ledger.timers.items[i];
        if (!t->over && t->record == record && str_equal(t->id, id))
            return true;
    }
    return false;
}

static bool look_at_timer(struct world *w, uint32_t record, struct str id, int64_t due_ns, bool quiet)
{
    const struct record *r = &w->records[record];
    if (has_timer(w, record, id) || !is_read(w, r->partition) || (!quiet && due_ns > w->clock_ns))
        return false;
    must_be_lost(w, r, "a timer");
    world_say(w, "    the timer %" PRISTR " of %lld is fired\n", ARGSTR(id), (long long)r->id);
    if (w->clock_ns < due_ns)
        w->clock_ns = due_ns;
    struct event e = {.execution_id = r->id,
                      .type = EVENT_TIMER_FIRED,
                      .node_name = draft_path(r->draft),
                      .node_type = STR("playbook"),
                      .task_id = id,
                      .context = timer_context(w, due_ns)};
    struct str message =
        arena_printf(&w->arena, "%lld.%" PRISTR ".%lld", (long long)r->id, ARGSTR(id), (long long)due_ns);
    publish_event(w, FROM_CLIENT, 0, again(w, record, message), &e);
    return true;
}

static bool look_at_deadline(struct world *w, uint32_t record, const struct execution *x, bool quiet)
{
    const struct record *r = &w->records[record];
    int64_t began_ns = 0;
    for (uint32_t i = 0; i < r->rows.count; i++) {
        enum event_type type = r->rows.items[i].type;
        if (type == EVENT_EXECUTION_REQUESTED || type == EVENT_EXECUTION_RETRIED)
            began_ns = r->rows.items[i].time_ns;
    }
    return x->timeout_ms && look_at_timer(w, record, execution_deadline_id(x, &w->arena),
                                          began_ns + x->timeout_ms * INT64_C(1000000), quiet);
}

/* Whoever is waited for by one that is over is told to end. */
static bool look_at_parent(struct world *w, const struct record *r, const struct execution *x)
{
    int64_t id;
    if (value_is_absent(VALUE_GET(x->parent, "task_id")) || x->retries ||
        id_parse(value_as_str(VALUE_GET(x->parent, "execution_id")), &id, NULL) != STATUS_OK)
        return false;
    uint32_t parent = record_find(w, id);
    if (parent == RECORDS_MAX || !record_is_over(&w->records[parent]) || !is_read(w, r->partition))
        return false;
    return w->losses > 0 && repeat_notices(w, &w->records[parent], r->id);
}

static bool look(struct world *w, uint32_t record, bool quiet)
{
    const struct record *r = &w->records[record];
    struct execution *x = fold_back(w, record);
    struct open_work *works = NULL;
    size_t count = 0;
    struct error err = {0};
    bool mended = false;
    if (!w->failed && x->playbook)
        world_must(w, execution_open_works(x, &w->arena, &works, &count, &err), &err);
    for (size_t i = 0; i < count && !w->failed; i++) {
        const struct open_work *o = &works[i];
        bool missing = o->state == WORK_LISTING || (o->state == WORK_TASK && !has_task(w, r, o->task_id));
        if (missing && is_read(w, r->partition)) {
            publish_lost(w, r, o);
            mended = true;
        }
        if (o->state == WORK_CHILD)
            mended |= look_at_child(w, r, o);
        if (o->due_ns)
            mended |= look_at_timer(w, record, o->timer_id, o->due_ns, quiet);
    }
    if (!w->failed && x->playbook && !execution_is_over(x))
        mended |= look_at_deadline(w, record, x, quiet) | look_at_parent(w, r, x);
    execution_free(x);
    return mended;
}

static bool is_open(const struct record *r)
{
    return r->rows.count > 0 && !record_is_over(r);
}

void reconcile(struct world *w, uint32_t record)
{
    if (is_open(&w->records[record]))
        (void)look(w, record, false);
}

void reconcile_offer(struct world *w)
{
    if (w->record_count > 0 && !w->ledger.away && w->possible.count > 0 && chance_one_in(&w->random, 30))
        world_offer(w, ACT_RECONCILE, chance_below(&w->random, w->record_count), 0);
}

bool reconcile_all(struct world *w)
{
    bool mended = false;
    if (w->losses == 0)
        return false;
    for (uint32_t i = 0; i < w->record_count && !w->failed; i++) {
        if (is_open(&w->records[i]))
            mended |= look(w, i, true);
    }
    return mended;
}
