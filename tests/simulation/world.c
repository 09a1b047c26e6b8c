#include "world.h"

#include <stdarg.h>
#include <stdlib.h>

void list_room(void **items, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return;
    *capacity = *capacity ? *capacity * 2 : 16;
    *items = realloc(*items, *capacity * size);
    if (!*items)
        abort();
}

/* ---- telling ------------------------------------------------------------------------------------------ */

void world_fail(struct world *w, const char *fmt, ...)
{
    va_list args;
    if (w->failed)
        return;
    w->failed = true;
    va_start(args, fmt);
    vsnprintf(w->failure, sizeof(w->failure), fmt, args);
    va_end(args);
    world_say(w, "FAILED: %s\n", w->failure);
}

void world_say(struct world *w, const char *fmt, ...)
{
    va_list args;
    if (!w->trace)
        return;
    va_start(args, fmt);
    vfprintf(w->trace, fmt, args);
    va_end(args);
}

void world_must(struct world *w, enum status s, const struct error *e)
{
    char text[1600];
    if (s != STATUS_OK)
        world_fail(w, "%s", error_text(e, text, sizeof(text)));
}

/* ---- the ticks ---------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *doc;
    bool fault;
} actions[] = {
#define A(name, fault, doc) {#name, doc, fault},
#include "act.def"
#undef A
};

void world_offer(struct world *w, enum act_kind kind, uint32_t a, uint32_t b)
{
    if (actions[kind].fault && !(w->scenario->faults >> kind & 1))
        return;
    LIST_ADD(&w->possible, (struct act){kind, a, b});
}

/* A task that is lost gets another outcome than nature's. Of visits that come in any order none may be. */
static bool may_be_lost(const struct world *w, const struct queued *q)
{
    uint32_t record = record_find(w, q->task.execution_id);
    const struct draft *d = &w->scenario->drafts[w->records[record].draft];
    int step = draft_find(d, q->task.step);
    if (w->records[record].alike && q->deliveries >= DELIVERIES_MAX)
        return false;
    return q->deliveries < DELIVERIES_MAX || (step >= 0 && !d->steps[step].several);
}

static void worker_fault(struct world *w, const struct act *a)
{
    uint32_t task = a->kind == ACT_LATE ? a->a : w->workers[a->a].task;
    if (!may_be_lost(w, &w->queue.tasks.items[task]))
        return;
    if (a->kind == ACT_LATE)
        queue_redeliver(w, task);
    else
        worker_crash(w, a->a);
}

static void perform(struct world *w, const struct act *a)
{
    switch (a->kind) {
    case ACT_STORE: streams_store(w, a->a); break;
    case ACT_ACKNOWLEDGE: streams_acknowledge(w, a->a); break;
    case ACT_START: broker_start(w, a->a); break;
    case ACT_TAKE:
    case ACT_MOVE: broker_take(w, a->a, a->b); break;
    case ACT_READ: broker_read(w, a->a, a->b); break;
    case ACT_CLOSE: broker_close_batch(w, a->a); break;
    case ACT_COMMIT: broker_commit(w, a->a); break;
    case ACT_LOG_BACK: w->ledger.away = false; break;
    case ACT_FETCH: worker_take(w, a->a, a->b); break;
    case ACT_REPORT: worker_report(w, a->a); break;
    case ACT_DONE: worker_acknowledge(w, a->a); break;
    case ACT_EXPIRE: queue_redeliver(w, a->a); break;
    case ACT_BURY: queue_report_dead(w, a->a); break;
    case ACT_FIRE: ledger_fire_timer(w, a->a); break;
    case ACT_COMMAND: client_send(w, a->a); break;
    case ACT_AUDIT: broker_audit(w, a->a, a->b); break;
    case ACT_LOSE_ACK: streams_lose_acknowledgement(w, a->a); break;
    case ACT_FORGET_IDS: streams_forget_ids(w); break;
    case ACT_CRASH: broker_crash(w, a->a); break;
    case ACT_EVICT: broker_evict(w, a->a, a->b); break;
    case ACT_COMMIT_CRASH:
        ledger_commit(w, &w->brokers[a->a], w->brokers[a->a].batches.items[0]);
        broker_crash(w, a->a);
        break;
    case ACT_LOG_AWAY: w->ledger.away = true; break;
    case ACT_WORKER_CRASH:
    case ACT_LATE: worker_fault(w, a); break;
    case ACT_REPEAT: worker_repeat(w, a->a); break;
    case ACT_FORGE: client_forge(w, a->a); break;
    case ACT_RELIST: broker_relist(w, a->a, a->b); break;
    case ACT_REBASE: broker_rebase(w, a->a, a->b); break;
    case ACT_RECONCILE: reconcile(w, a->a); break;
    case ACT_LOSE_EVENTS: loss_of_events(w, a->a, a->b); break;
    case ACT_LOSE_TASKS: loss_of_tasks(w, a->a); break;
    case ACT_COUNT: break;
    }
}

static void offer(struct world *w, bool faults)
{
    w->possible.count = 0;
    streams_offer(w, faults);
    broker_offer(w, faults);
    worker_offer(w, faults);
    if (!faults) {
        ledger_offer(w);
        client_offer(w);
        reconcile_offer(w);
    } else {
        if (!w->ledger.away)
            world_offer(w, ACT_LOG_AWAY, 0, 0);
        loss_offer(w);
    }
}

/* When nothing else can happen, time passes until a timer is due; false if there is none. */
static bool pass_time(struct world *w)
{
    int64_t next = INT64_MAX;
    for (uint32_t i = 0; i < w->ledger.timers.count; i++) {
        const struct timer *t = &w->ledger.timers.items[i];
        if (!t->over && !t->firing && t->due_ns < next)
            next = t->due_ns;
    }
    if (next == INT64_MAX)
        return false;
    if (next > w->clock_ns)
        w->clock_ns = next;
    return true;
}

static void say_act(struct world *w, const struct act *a)
{
    world_say(w, "%5u %s(%u, %u)\n", w->ticks, actions[a->kind].name, a->a, a->b);
}

/* False when all is quiet. */
static bool tick(struct world *w)
{
    bool faults = w->faults < w->scenario->fault_budget && chance_one_in(&w->random, 12);
    w->ticks++;
    w->clock_ns += 1000 + (int64_t)chance_below(&w->random, 50000000);
    offer(w, faults);
    if (faults && w->possible.count == 0)
        return true;
    if (w->possible.count == 0)
        return reconcile_all(w) || pass_time(w);
    struct act picked = w->possible.items[chance_below(&w->random, w->possible.count)];
    w->faults += faults;
    say_act(w, &picked);
    perform(w, &picked);
    return true;
}

void world_run(struct world *w)
{
    while (!w->failed && !w->crowded && tick(w)) {
        if (w->ticks > TICKS_MAX)
            world_fail(w, "it does not come to rest within %d ticks", TICKS_MAX);
    }
    if (w->crowded)
        w->tally[TALLY_CROWDED] += w->record_count;
    else if (!w->failed)
        verdict_give(w);
}

/* ---- beginning and end -------------------------------------------------------------------------------- */

void world_begin(struct world *w, const struct scenario *s, FILE *trace)
{
    struct error err = {0};
    *w = (struct world){.scenario = s, .random = s->schedule, .trace = trace};
    w->clock_ns = INT64_C(1700000000000000000);
    arena_init(&w->arena, 0);
    world_must(w, playbook_cache_new(2 * SCENARIO_DRAFTS, &w->playbooks, &err), &err);
    for (uint32_t i = 0; i < s->draft_count; i++) {
        struct buf text;
        buf_init(&text, 0);
        draft_write(&s->drafts[i], draft_path(i), &text);
        w->texts[i] = (struct str){arena_strdup(&w->arena, buf_str(&text)), text.len};
        buf_free(&text);
    }
}

void world_end(struct world *w)
{
    for (uint32_t i = 0; i < BROKERS; i++) {
        broker_crash(w, i);
        free(w->brokers[i].batches.items);
    }
    for (uint32_t i = 0; i < w->record_count; i++) {
        free(w->records[i].rows.items);
        free(w->records[i].evaluations.items);
    }
    for (uint32_t i = 0; i < PARTITIONS; i++)
        free(w->streams[i].messages.items);
    free(w->queue.tasks.items);
    free(w->ledger.timers.items);
    free(w->publications.items);
    free(w->possible.items);
    playbook_cache_free(&w->playbooks);
    arena_free(&w->arena);
}
