/*
 * A broker, as broker/fold.c and batch.h have it: facts are folded into a batch, what they lead to is
 * published at once (dispatch.c), and the batch is committed when every message of it is acknowledged.
 */
#include "core/json.h"
#include "core/id.h"
#include "dump.h"
#include "transition/ended.h"
#include "world.h"

#include <stdlib.h>

/* ---- folding ------------------------------------------------------------------------------------------ */

struct execution *fold_back(struct world *w, uint32_t record)
{
    const struct record *r = &w->records[record];
    struct execution *x;
    struct error err = {0};
    world_must(w, execution_new(r->id, &x, &err), &err);
    enum status s = execution_replay(x, r->rows.items, r->rows.count, w->playbooks, &err);
    world_must(w, s, &err);
    return x;
}

/* The state that was written down last, with the rows behind it; or NULL. */
static struct execution *read_back(struct world *w, uint32_t record)
{
    const struct record *r = &w->records[record];
    struct execution *x = NULL;
    struct playbook *playbook = NULL;
    struct error err = {0};
    if (r->snapshot.len == 0)
        return NULL;
    world_must(w, playbook_cache_get(w->playbooks, w->texts[r->draft], "playbook", &playbook, &err), &err);
    if (!w->failed)
        world_must(w, execution_decode(r->snapshot, playbook, &x, &err), &err);
    if (playbook)
        playbook_unref(playbook);
    uint32_t behind = r->rows.count - r->snapshot_rows;
    if (x && behind)
        world_must(w, execution_replay(x, r->rows.items + r->snapshot_rows, behind, w->playbooks, &err),
                   &err);
    return x;
}

/* NULL if the fact is of no execution that could take it. */
static struct execution *find(struct world *w, struct broker *b, uint32_t record, const struct event *fact)
{
    struct held *h = &b->held[record];
    struct error err = {0};
    const struct record *r = &w->records[record];
    if (h->x)
        return h->x;
    if (b->shares[r->partition].epoch != w->ledger.epochs[r->partition])
        return NULL; /* the rows may be another's, of facts that this one has passed over */
    if (r->rows.count > 0 && record_is_over(r) && fact->type != EVENT_RETRY_REQUESTED)
        return NULL;
    if (r->rows.count > 0 && chance_one_in(&w->random, 2))
        h->x = read_back(w, record);
    if (h->x)
        return h->x;
    if (r->rows.count > 0)
        h->x = fold_back(w, record);
    else if (fact->type == EVENT_EXECUTION_REQUESTED)
        world_must(w, execution_new(r->id, &h->x, &err), &err);
    return h->x;
}

/* Whether what workers are told agrees with what the transition does: a fact about an attempt is taken once.
 */
static bool has_ended(const struct execution *x, const struct event *fact)
{
    struct task_id id;
    return x->phase != PHASE_NEW && task_id_parse(fact->task_id, &id, NULL) == STATUS_OK &&
           execution_attempt_has_ended(x, &id);
}

static void must_have_ended(struct world *w, const struct execution *x, const struct event *fact, bool before,
                            const struct decisions *d)
{
    struct error err = {0};
    enum event_type t = fact->type;
    bool is_end = t == EVENT_ACTION_COMPLETED || t == EVENT_ACTION_ERROR || t == EVENT_ACTION_LOST;
    if (is_end && !d->ignored && (before || !has_ended(x, fact)))
        world_must(w,
                   error_set(&err, STATUS_INTERNAL, "%" PRISTR " was said to have ended %s its end",
                             ARGSTR(fact->task_id), before ? "before" : "not even behind"),
                   &err);
    for (uint32_t i = 0; i < d->task_count && !execution_is_over(x); i++) {
        const struct event task = {.task_id = d->tasks[i].task.task_id};
        if (has_ended(x, &task))
            world_must(w,
                       error_set(&err, STATUS_INTERNAL, "%" PRISTR " begins as ended", ARGSTR(task.task_id)),
                       &err);
    }
}

static void fold(struct world *w, uint32_t broker, const struct event *fact)
{
    struct broker *b = &w->brokers[broker];
    uint32_t record = record_find(w, fact->execution_id);
    struct decisions d;
    struct error err = {0};
    struct execution *x = record == RECORDS_MAX ? NULL : find(w, b, record, fact);
    if (!x || w->failed)
        return;
    decisions_init(&d, &batch_open(b)->arena);
    bool ended = has_ended(x, fact);
    enum heed expected = steering_expected(w, x, fact);
    world_must(w, transition(x, fact, w->playbooks, &d, &err), &err);
    if (!w->failed)
        world_must(w, execution_check(x, &err), &err);
    if (!w->failed)
        must_have_ended(w, x, fact, ended, &d);
    if (!w->failed)
        steering_check(w, x, fact, expected, d.ignored);
    if (w->failed)
        return;
    w->transitions++;
    if (d.ignored)
        world_say(w, "    ignored: %s\n", d.ignored);
    else
        batch_take(w, broker, record, fact, &d);
}

/* Of what may come at any time nothing may come, in any world; so it is no fault, and takes no randomness. */
static void must_be_ignored(struct world *w, const struct broker *b, struct event fact, const char *why)
{
    uint32_t record = record_find(w, fact.execution_id);
    struct execution *x = record == RECORDS_MAX ? NULL : b->held[record].x;
    struct arena scratch;
    struct decisions d;
    struct error err = {0};
    if (w->failed || !x || event_type_kind(fact.type) != EVENT_KIND_FACT)
        return;
    fact.event_id = 0;
    arena_init(&scratch, 0);
    decisions_init(&d, &scratch);
    world_must(w, transition(x, &fact, w->playbooks, &d, &err), &err);
    if (!w->failed && !d.ignored)
        world_fail(w, "execution %lld: %s %" PRISTR " %s, and is taken again", (long long)fact.execution_id,
                   event_type_name(fact.type), ARGSTR(fact.task_id), why);
    arena_free(&scratch);
}

/* A reader that begins further back gives what its execution, as the broker has it, has taken or passed over.
 */
static void read_again(struct world *w, const struct broker *b, uint32_t partition)
{
    uint64_t random = chance_mix(w->random, w->ticks);
    uint32_t i = chance_below(&random, b->shares[partition].next);
    must_be_ignored(w, b, w->streams[partition].messages.items[i].event, "was read before");
}

/* A stream that has forgotten its id stores what is sent once more as another message. */
static void send_again(struct world *w, const struct broker *b, struct event fact)
{
    if (fact.task_id.len == 0)
        return; /* nothing tells it from another one of its kind */
    fact.stream_seq += UINT32_MAX;
    fact.time_ns++;
    must_be_ignored(w, b, fact, "came before");
}

void broker_read(struct world *w, uint32_t broker, uint32_t partition)
{
    struct broker *b = &w->brokers[broker];
    struct share *share = &b->shares[partition];
    /* A copy: folding may let the stream grow. What it points to stays. */
    struct event *fact = ARENA_NEW(&w->arena, struct event);
    struct batch *batch = batch_open(b);
    if (!fact)
        abort();
    *fact = w->streams[partition].messages.items[share->next++].event;
    fact->event_id = 0;
    share->read_ns = fact->time_ns;
    batch->dirty[partition] = true;
    batch->checkpoints[partition] = share->next;
    batch->checkpoint_ns[partition] = share->read_ns;
    world_say(w, "    %s of %lld %" PRISTR "\n", event_type_name(fact->type), (long long)fact->execution_id,
              ARGSTR(fact->task_id));
    if (event_type_kind(fact->type) == EVENT_KIND_FACT)
        fold(w, broker, fact);
    read_again(w, b, partition);
    send_again(w, b, *fact);
}

/* ---- committing --------------------------------------------------------------------------------------- */

void broker_close_batch(struct world *w, uint32_t broker)
{
    struct broker *b = &w->brokers[broker];
    b->batches.items[b->batches.count - 1]->closed = true;
}

static void drop(struct held *h)
{
    execution_free(h->x);
    h->x = NULL;
}

/* Whether what the broker holds is what folding the log gives. It may go on with what its text gives. */
void broker_audit(struct world *w, uint32_t broker, uint32_t record)
{
    struct held *h = &w->brokers[broker].held[record];
    struct execution *folded = fold_back(w, record), *read = NULL;
    if (!w->failed)
        read = dump_compare(w, h->x, folded);
    execution_free(folded);
    if (read && h->uncommitted == 0 && chance_one_in(&w->random, 2)) {
        execution_free(h->x);
        h->x = read;
    } else {
        execution_free(read);
    }
}

static void committed(struct world *w, uint32_t broker, struct batch *batch)
{
    struct broker *b = &w->brokers[broker];
    for (uint32_t i = 0; i < batch->rows.count; i++)
        b->held[batch->rows.items[i].record].uncommitted--;
    for (uint32_t i = 0; i < batch->rows.count && !w->failed; i++) {
        uint32_t record = batch->rows.items[i].record;
        struct held *h = &b->held[record];
        if (!h->x || h->uncommitted || !execution_is_over(h->x))
            continue;
        broker_audit(w, broker, record);
        drop(h);
    }
    for (uint32_t i = 0; i < batch->given_up.count; i++) {
        const struct given_up *g = &batch->given_up.items[i];
        if (!chance_one_in(&w->random, 4))
            queue_give_up(w, w->records[g->record].id, g->task_id);
    }
    for (uint32_t i = 0; i < batch->withdrawn.count; i += 2) {
        if (!chance_one_in(&w->random, 4))
            queue_withdraw(w, w->records[batch->withdrawn.items[i]].id, batch->withdrawn.items[i + 1]);
    }
}

void broker_commit(struct world *w, uint32_t broker)
{
    struct broker *b = &w->brokers[broker];
    struct batch *batch = b->batches.items[0];
    if (!ledger_commit(w, b, batch)) {
        world_say(w, "    another broker has the partition: it ends\n");
        broker_crash(w, broker);
        return;
    }
    memmove(&b->batches.items[0], &b->batches.items[1], (b->batches.count - 1) * sizeof(*b->batches.items));
    b->batches.count--;
    committed(w, broker, batch);
    batch_free(batch);
}

/* ---- living and dying --------------------------------------------------------------------------------- */

void broker_start(struct world *w, uint32_t broker)
{
    w->brokers[broker].alive = true;
    w->brokers[broker].incarnation++;
}

/* Behind the checkpoint's message, or, if the stream does not have that any more, behind its time. */
void broker_take(struct world *w, uint32_t broker, uint32_t partition)
{
    struct share s = {.owns = true,
                      .epoch = ++w->ledger.epochs[partition],
                      .next = w->ledger.checkpoints[partition],
                      .read_ns = w->ledger.checkpoint_ns[partition]};
    if (!stream_has_place(w, partition, s.next, s.read_ns)) {
        s.next = stream_behind(w, partition, s.read_ns);
        s.read_ns = s.next ? w->streams[partition].messages.items[s.next - 1].event.time_ns : 0;
    }
    w->brokers[broker].shares[partition] = s;
}

/* Everything that it has read is committed: it forgets the partition, and takes it again. */
void broker_rebase(struct world *w, uint32_t broker, uint32_t partition)
{
    struct broker *b = &w->brokers[broker];
    if (b->shares[partition].epoch != w->ledger.epochs[partition]) {
        broker_crash(w, broker);
        return;
    }
    for (uint32_t r = 0; r < w->record_count; r++) {
        if (w->records[r].partition == partition)
            drop(&b->held[r]);
    }
    broker_take(w, broker, partition);
}

void broker_crash(struct world *w, uint32_t broker)
{
    struct broker *b = &w->brokers[broker];
    b->alive = false;
    streams_sender_died(w, FROM_BROKER, broker);
    for (uint32_t i = 0; i < w->publications.count; i++) {
        if (w->publications.items[i]->sender == FROM_BROKER && w->publications.items[i]->number == broker)
            w->publications.items[i]->batch = NULL;
    }
    for (uint32_t i = 0; i < b->batches.count; i++)
        batch_free(b->batches.items[i]);
    b->batches.count = 0;
    for (uint32_t i = 0; i < RECORDS_MAX; i++) {
        drop(&b->held[i]);
        b->held[i].uncommitted = 0;
    }
    memset(b->shares, 0, sizeof(b->shares));
}

/* An execution that is not needed now may be written down first. */
void broker_evict(struct world *w, uint32_t broker, uint32_t record)
{
    struct held *h = &w->brokers[broker].held[record];
    struct record *r = &w->records[record];
    struct error err = {0};
    if (h->x->playbook && chance_one_in(&w->random, 2)) {
        world_must(w, execution_encode(h->x, &w->arena, &r->snapshot, &err), &err);
        r->snapshot_rows = r->rows.count;
    }
    drop(h);
}

/* ---- what can happen ---------------------------------------------------------------------------------- */

static bool has_owner(const struct world *w, uint32_t partition)
{
    for (uint32_t i = 0; i < BROKERS; i++) {
        const struct share *s = &w->brokers[i].shares[partition];
        if (w->brokers[i].alive && s->owns && s->epoch == w->ledger.epochs[partition])
            return true;
    }
    return false;
}

static bool can_read(const struct world *w, const struct broker *b, uint32_t partition)
{
    const struct share *s = &b->shares[partition];
    if (!s->owns || s->next >= w->streams[partition].messages.count ||
        !stream_has_place(w, partition, s->next, s->read_ns))
        return false;
    if (!w->ledger.away)
        return true;
    uint32_t record = record_find(w, w->streams[partition].messages.items[s->next].event.execution_id);
    return record == RECORDS_MAX || b->held[record].x;
}

static bool has_to_rebase(const struct world *w, const struct broker *b, uint32_t partition)
{
    const struct share *s = &b->shares[partition];
    return s->owns && b->batches.count == 0 && !w->ledger.away &&
           !stream_has_place(w, partition, s->next, s->read_ns);
}

static void offer_batches(struct world *w, uint32_t i, bool faults)
{
    const struct broker *b = &w->brokers[i];
    if (b->batches.count == 0)
        return;
    const struct batch *first = b->batches.items[0], *last = b->batches.items[b->batches.count - 1];
    if (!faults && !last->closed)
        world_offer(w, ACT_CLOSE, i, 0);
    if (first->closed && first->open_publishes == 0 && !w->ledger.away)
        world_offer(w, faults ? ACT_COMMIT_CRASH : ACT_COMMIT, i, 0);
}

static void offer_held(struct world *w, uint32_t i, bool faults)
{
    const struct broker *b = &w->brokers[i];
    for (uint32_t r = 0; r < w->record_count && !w->ledger.away; r++) {
        const struct share *s = &b->shares[w->records[r].partition];
        bool current = s->owns && s->epoch == w->ledger.epochs[w->records[r].partition];
        if (b->held[r].x && b->held[r].uncommitted == 0 && current && w->records[r].rows.count)
            world_offer(w, faults ? ACT_EVICT : ACT_AUDIT, i, r);
    }
}

static void offer_lists(struct world *w, uint32_t partition)
{
    for (uint32_t i = 0; i < w->streams[partition].messages.count; i++) {
        if (w->streams[partition].messages.items[i].event.type == EVENT_PLAYBOOKS_LISTED)
            world_offer(w, ACT_RELIST, partition, i);
    }
}

void broker_offer(struct world *w, bool faults)
{
    for (uint32_t i = 0; i < BROKERS; i++) {
        const struct broker *b = &w->brokers[i];
        if (!b->alive) {
            if (!faults)
                world_offer(w, ACT_START, i, 0);
            continue;
        }
        if (faults)
            world_offer(w, ACT_CRASH, i, 0);
        for (uint32_t p = 0; p < PARTITIONS; p++) {
            if (!b->shares[p].owns && !w->ledger.away && has_owner(w, p) == faults)
                world_offer(w, faults ? ACT_MOVE : ACT_TAKE, i, p);
            if (!faults && can_read(w, b, p))
                world_offer(w, ACT_READ, i, p);
            if (!faults && has_to_rebase(w, b, p))
                world_offer(w, ACT_REBASE, i, p);
        }
        offer_batches(w, i, faults);
        if (faults || chance_one_in(&w->random, 40))
            offer_held(w, i, faults);
    }
    for (uint32_t p = 0; faults && p < PARTITIONS; p++)
        offer_lists(w, p);
}
