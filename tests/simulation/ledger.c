/* The log: rows of every execution, and the checkpoints, epochs and timers that are committed with them. */
#include "core/json.h"
#include "world.h"

enum { VISITS_MAX = 120 };

/* ---- records ------------------------------------------------------------------------------------------ */

uint32_t record_add(struct world *w, int64_t id, uint32_t draft, struct value workload)
{
    if (w->record_count == RECORDS_MAX) {
        w->crowded = true;
        return 0;
    }
    w->records[w->record_count] = (struct record){
        .id = id, .draft = draft, .partition = id_partition(id, PARTITIONS), .workload = workload};
    return w->record_count++;
}

uint32_t record_find(const struct world *w, int64_t id)
{
    for (uint32_t i = 0; i < w->record_count; i++) {
        if (w->records[i].id == id)
            return i;
    }
    return RECORDS_MAX;
}

bool record_is_over(const struct record *r)
{
    return r->rows.count && event_type_is_final(r->rows.items[r->rows.count - 1].type);
}

void record_evaluated(struct world *w, uint32_t record, const struct event *fact, uint64_t hash)
{
    struct record *r = &w->records[record];
    uint64_t stream_seq = fact->stream_seq;
    for (uint32_t i = 0; i < r->evaluations.count; i++) {
        const struct evaluation *before = &r->evaluations.items[i];
        if (before->stream_seq != stream_seq || before->time_ns != fact->time_ns)
            continue;
        /* Who read facts that were lost before they were in the log knew more than whoever comes after. */
        if (r->evaluations.items[i].hash != hash && w->losses == 0)
            world_fail(w, "execution %lld: message %llu led to other decisions the second time",
                       (long long)r->id, (unsigned long long)stream_seq);
        return;
    }
    LIST_ADD(&r->evaluations, (struct evaluation){stream_seq, hash, fact->time_ns});
}

/* ---- committing --------------------------------------------------------------------------------------- */

static void add_row(struct world *w, const struct row *row)
{
    struct record *r = &w->records[row->record];
    struct value v = value_null();
    struct event e;
    struct error err = {0};
    world_must(w, json_read(&w->arena, row->text, NULL, &v, &err), &err);
    world_must(w, event_from_value(v, &e, &err), &err);
    if (w->failed)
        return;
    e.stream_seq = row->stream_seq;
    if (e.event_id != r->rows.count + 1)
        world_fail(w, "execution %lld: event %u (%s) comes behind event %u", (long long)r->id, e.event_id,
                   event_type_name(e.type), r->rows.count);
    world_say(w, "    row %" PRISTR "\n", ARGSTR(row->text));
    LIST_ADD(&r->rows, e);
    w->crowded = w->crowded || e.visit > VISITS_MAX; /* such loops go on for too long for this */
    w->events++;
}

static void set_timer(struct world *w, const struct timer *t)
{
    for (uint32_t i = 0; t->over && i < w->ledger.timers.count; i++) {
        struct timer *set = &w->ledger.timers.items[i];
        if (set->record == t->record && str_equal(set->id, t->id) && !set->firing)
            set->over = true;
    }
    if (!t->over)
        LIST_ADD(&w->ledger.timers, *t);
}

bool ledger_commit(struct world *w, const struct broker *b, const struct batch *batch)
{
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        if (batch->dirty[p] && b->shares[p].epoch != w->ledger.epochs[p])
            return false;
    }
    for (uint32_t i = 0; i < batch->rows.count && !w->failed; i++)
        add_row(w, &batch->rows.items[i]);
    for (uint32_t i = 0; i < batch->timers.count; i++)
        set_timer(w, &batch->timers.items[i]);
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        if (!batch->dirty[p])
            continue;
        if (batch->checkpoint_ns[p] < w->ledger.checkpoint_ns[p])
            world_fail(w, "the checkpoint of partition %u goes back", p);
        w->ledger.checkpoints[p] = batch->checkpoints[p];
        w->ledger.checkpoint_ns[p] = batch->checkpoint_ns[p];
    }
    return true;
}

/* ---- timers ------------------------------------------------------------------------------------------- */

struct value timer_context(struct world *w, int64_t due_ns)
{
    char text[32];
    struct map_builder m;
    struct value v = value_null();
    struct error err = {0};
    time_format(due_ns, text);
    map_begin(&m, &w->arena);
    map_put(&m, STR("due_at"), value_str((struct str){arena_strdup(&w->arena, str_of(text)), strlen(text)}));
    world_must(w, map_end(&m, &v, &err), &err);
    return v;
}

void ledger_fire_timer(struct world *w, uint32_t index)
{
    struct timer *t = &w->ledger.timers.items[index];
    const struct record *r = &w->records[t->record];
    struct event e = {.execution_id = r->id,
                      .type = EVENT_TIMER_FIRED,
                      .node_name = draft_path(r->draft),
                      .node_type = STR("playbook"),
                      .task_id = t->id,
                      .context = timer_context(w, t->due_ns)};
    struct str id = arena_printf(&w->arena, "%lld.%" PRISTR ".%lld", (long long)r->id, ARGSTR(t->id),
                                 (long long)t->due_ns);
    if (record_is_over(r))
        world_fail(w, "execution %lld is over, and its timer %" PRISTR " is still set", (long long)r->id,
                   ARGSTR(t->id));
    t->firing = true;
    publish_event(w, FROM_TIMER, index, id, &e);
}

void ledger_offer(struct world *w)
{
    if (w->ledger.away) {
        world_offer(w, ACT_LOG_BACK, 0, 0);
        return;
    }
    for (uint32_t i = 0; i < w->ledger.timers.count; i++) {
        const struct timer *t = &w->ledger.timers.items[i];
        if (!t->over && !t->firing && t->due_ns <= w->clock_ns)
            world_offer(w, ACT_FIRE, i, 0);
    }
}
