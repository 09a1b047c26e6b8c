#include "fold.h"

#include <stdlib.h>

#include "core/id.h"
#include "core/json.h"
#include "measure.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "transition/ended.h"
#include "writable.h"

enum { OVER_KEPT = 256, PLAYBOOKS_KEPT = 256, CLOCKS_DIFFER_MS = 60000 };

enum status folder_init(struct folder *f, const struct subjects *s, struct dispatcher *d,
                        struct timekeeper *timers, struct fence *fence, struct eventlog *log,
                        struct error *err)
{
    *f = (struct folder){.subjects = *s, .dispatcher = d, .timers = timers, .fence = fence, .log = log};
    execution_table_init(&f->executions);
    f->over = calloc(OVER_KEPT, sizeof(*f->over));
    if (!f->over)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the broker's executions");
    return playbook_cache_new(PLAYBOOKS_KEPT, &f->playbooks, err);
}

void folder_free(struct folder *f)
{
    execution_table_free(&f->executions);
    playbook_cache_free(&f->playbooks);
    free(f->over);
}

static void remember_over(struct folder *f, int64_t id)
{
    f->over[f->over_next] = id;
    f->over_next = (f->over_next + 1) % OVER_KEPT;
    if (f->over_count < OVER_KEPT)
        f->over_count++;
}

/* Only a few are kept: what comes late comes soon. */
static bool ended_lately(const struct folder *f, int64_t id)
{
    for (size_t i = 0; i < f->over_count; i++) {
        if (f->over[i] == id)
            return true;
    }
    return false;
}

/* ---- the message -------------------------------------------------------------------------------------- */

/* Takes the message apart; the event borrows from the delivery's copy in the batch. */
static enum status read_event(const struct bus_delivery *d, const struct event_subject *at, struct batch *b,
                              struct event *out, struct error *err)
{
    struct value v;
    TRY(json_read_map(&b->arena, d->payload, "the event", &v, err));
    TRY(event_from_value(v, out, err));
    if (out->execution_id != at->execution_id || out->type != at->type)
        return error_set(err, STATUS_INVALID,
                         "the event says that it is %s of execution %lld, its subject says something else",
                         event_type_name(out->type), (long long)out->execution_id);
    out->time_ns = d->time_ns;
    out->stream_seq = d->stream_sequence;
    out->event_id = 0;
    return STATUS_OK;
}

void fold_pass_over(const struct bus_delivery *d, const struct error *why)
{
    metric_add(METRIC_BROKER_PASSED_OVER, 0, 1);
    LOG(LOG_WARN, "a message on the event stream was passed over; it stays in the stream",
        LOG_SUBJECT(d->subject), LOG_NUM("sequence", d->stream_sequence), LOG_ERR(why));
}

/* ---- the execution ------------------------------------------------------------------------------------ */

/* Whether the fact may make an execution go on that is over. */
static bool may_reopen(enum event_type type)
{
    return type == EVENT_RETRY_REQUESTED;
}

/* Whether the log says that the execution is over: nothing comes behind its final event but what reopens it.
 */
static bool log_is_over(const struct event_list *events)
{
    return events->count > 0 && event_type_is_final(events->items[events->count - 1].type);
}

/*
 * Whether the partition is still this broker's, after its rows were read: else they may be of another, and of
 * facts that this one has passed over; or rows are missing that had been written. It may not know yet. And
 * the fence may have it anew already, under an epoch that what the engine has folded is not of.
 */
static enum status still_holds(struct folder *f, int64_t id, int64_t epoch, bool *out, struct error *err)
{
    uint32_t partition = id_partition(id, f->subjects.partitions);
    struct checkpoint at = fence_known(f->fence, partition);
    enum hold hold = HOLD_TAKEN;
    at.epoch = epoch;
    TRY(eventlog_holds(f->log, &at, 1, &hold, err));
    *out = !fence_found(f->fence, partition, at.epoch, hold);
    return STATUS_OK;
}

/*
 * Folds an execution back from the log; *out is NULL if the log has nothing of it (`*is_new`), says that it
 * is over and `fact` is none that reopens it, that it was only imported, or if the partition is lost.
 */
static enum status load(struct folder *f, const struct event *fact, int64_t epoch, struct execution **out,
                        bool *is_new, struct error *err)
{
    int64_t id = fact->execution_id;
    struct arena scratch;
    struct event_list events;
    struct execution *x = NULL;
    bool ours = true;
    *out = NULL;
    arena_init(&scratch, 0);
    enum status status = eventlog_events(f->log, id, 0, 0, &scratch, &events, err);
    if (status == STATUS_OK)
        status = still_holds(f, id, epoch, &ours, err);
    *is_new = status == STATUS_OK && ours && events.count == 0;
    if (!ours)
        events.count = 0;
    bool is_history = events.count > 0 && event_is_imported(&events.items[0]);
    if (status == STATUS_OK && (is_history || (log_is_over(&events) && !may_reopen(fact->type)))) {
        remember_over(f, id);
        events.count = 0;
    }
    if (status == STATUS_OK && events.count > 0)
        status = execution_new(id, &x, err);
    if (x)
        status = execution_replay(x, events.items, events.count, f->playbooks, err);
    if (x && status == STATUS_OK)
        status = execution_table_add(&f->executions, x, mono_now().ns, err);
    if (status == STATUS_OK)
        *out = x;
    else
        execution_free(x);
    metric_add(METRIC_BROKER_LOADED, 0, *out != NULL);
    arena_free(&scratch);
    return status;
}

static void say_ignored(enum log_level level, const struct event *fact, const char *why)
{
    LOG(level, "a fact changed nothing", LOG_ID("execution", fact->execution_id),
        LOG_TEXT("type", event_type_name(fact->type)), LOG_NUM("sequence", fact->stream_seq),
        LOG_TEXT("why", why));
}

/* `may_be_known`: the log is to be asked whether it has the execution, although the fact is a request. */
static enum status find(struct folder *f, const struct event *fact, int64_t epoch, bool may_be_known,
                        struct execution **out, struct error *err)
{
    *out = execution_table_find(&f->executions, fact->execution_id);
    if (*out || (ended_lately(f, fact->execution_id) && !may_reopen(fact->type)))
        return STATUS_OK;
    if (fact->type != EVENT_EXECUTION_REQUESTED || may_be_known) {
        bool is_new = false;
        if (f->log_away)
            return error_set(err, STATUS_UNAVAILABLE, "the log does not answer");
        TRY(load(f, fact, epoch, out, &is_new, err));
        if (is_new && fact->type != EVENT_EXECUTION_REQUESTED)
            say_ignored(LOG_INFO, fact, "nobody has asked for the execution");
        if (fact->type != EVENT_EXECUTION_REQUESTED || !is_new)
            return STATUS_OK;
    }
    TRY(execution_new(fact->execution_id, out, err));
    enum status status = execution_table_add(&f->executions, *out, mono_now().ns, err);
    if (status != STATUS_OK)
        execution_free(*out);
    return status;
}

/* Of what the batch ends. */
static enum status end_execution(struct folder *f, struct batch *b, int64_t id, bool withdraw,
                                 struct error *err)
{
    remember_over(f, id);
    TRY(timekeeper_over(f->timers, b, id, err));
    return batch_add_ended(b, id, withdraw, err);
}

/* One that was folded back for a fact that changes nothing is over still, and leaves memory. */
static void forget_if_over(struct folder *f, const struct execution *x)
{
    if (execution_is_over(x) && execution_table_batch(&f->executions, x->id) == 0)
        execution_table_drop(&f->executions, x->id);
}

/* Whether the error is of this execution, whatever is tried again: then the others must not suffer from it.
 */
static bool is_its_own(const struct error *e)
{
    return e->status == STATUS_INVALID || (e->status == STATUS_LIMIT && !e->passes);
}

/* Rows into the batch, timers and messages on their way. */
static enum status carry_out(struct folder *f, struct batch *b, const struct execution *x,
                             const struct decisions *decisions, struct error *err)
{
    TRY(batch_add_events(b, decisions->events, decisions->event_count, err));
    TRY(timekeeper_take(f->timers, b, x->id, decisions, err));
    if (execution_is_over(x))
        TRY(end_execution(f, b, x->id, decisions->withdraw, err));
    return dispatch_decisions(f->dispatcher, b, x, decisions, err);
}

/*
 * A state that cannot take a fact is a bug, or a log that somebody changed, and so are decisions that cannot
 * be written down. The execution ends as failed with that reason; it must not stand still, and it must not
 * keep the others from going on, nor those that wait for it. `undone`: as execution_give_up() has it.
 */
static enum status give_up(struct folder *f, struct batch *b, struct execution *x, const struct event *fact,
                           uint32_t event_id, const struct error *why, const struct decisions *undone,
                           struct error *err)
{
    struct decisions end;
    struct error untold = {0};
    LOG(LOG_ERROR, "an execution cannot go on and is failed", LOG_ID("execution", fact->execution_id),
        LOG_ERR(why));
    decisions_init(&end, &b->arena);
    TRY(execution_give_up(x, fact, event_id, why, undone, &end, err));
    enum status status = carry_out(f, b, x, &end, &untold);
    if (status == STATUS_OK || !is_its_own(&untold)) {
        *err = untold;
        return status;
    }
    LOG(LOG_ERROR, "that an execution is failed cannot be said to all who wait for it",
        LOG_ID("execution", x->id), LOG_ERR(&untold));
    return STATUS_OK;
}

/* Of an execution that the log has and that cannot be folded back: who called it, from which run, and how it
 * is named. */
static enum status outline(const struct event_list *events, struct batch *b, struct execution *x,
                           struct event *fact, struct error *err)
{
    for (size_t i = 0; i < events->count; i++) {
        const struct event *e = &events->items[i];
        if (e->type == EVENT_EXECUTION_RETRIED)
            x->retries++;
        if (e->type != EVENT_EXECUTION_REQUESTED)
            continue;
        TRY(value_copy_plain(&x->arena, VALUE_GET(e->context, "parent"), &x->parent, err));
        fact->node_name = arena_printf(&b->arena, "%" PRISTR, ARGSTR(e->node_name));
        if (!fact->node_name.ptr)
            return arena_error(&b->arena, err, "a playbook's path");
    }
    return STATUS_OK;
}

/*
 * The events of one that cannot be folded back; none, if it is they that cannot be read. *over: it has been
 * given up before, as far as can be seen then.
 */
static enum status read_unfolded(struct folder *f, int64_t id, struct arena *scratch, struct event_list *out,
                                 bool *over, struct error *err)
{
    struct standing now = {.execution_id = id};
    *over = false;
    enum status status = eventlog_events(f->log, id, 0, 0, scratch, out, err);
    if (status != STATUS_INTERNAL)
        return status;
    out->count = 0;
    TRY(eventlog_standings(f->log, &now, 1, err));
    *over = now.is_over;
    return STATUS_OK;
}

/* The execution is none that anybody can use; it says who is told. */
static enum status give_up_outlined(struct folder *f, struct batch *b, const struct event_list *events,
                                    const struct event *fact, const struct error *why, struct error *err)
{
    struct event named = *fact;
    struct execution *x;
    TRY(execution_new(fact->execution_id, &x, err));
    enum status status = outline(events, b, x, &named, err);
    if (status == STATUS_OK)
        status = give_up(f, b, x, &named, UINT32_MAX, why, NULL, err);
    execution_free(x);
    return status;
}

static enum status give_up_unfolded(struct folder *f, struct batch *b, const struct event *fact,
                                    const struct error *why, struct error *err)
{
    struct arena scratch;
    struct event_list events;
    bool over;
    arena_init(&scratch, 0);
    enum status status = read_unfolded(f, fact->execution_id, &scratch, &events, &over, err);
    if (status == STATUS_OK && over)
        remember_over(f, fact->execution_id);
    else if (status == STATUS_OK)
        status = give_up_outlined(f, b, &events, fact, why, err);
    arena_free(&scratch);
    return status;
}

/* `undone` is NULL if the state could not take the fact. */
static enum status give_up_folded(struct folder *f, struct batch *b, struct execution *x,
                                  const struct event *fact, uint32_t event_id, const struct error *why,
                                  const struct decisions *undone, struct error *err)
{
    TRY(give_up(f, b, x, fact, event_id, why, undone, err));
    execution_table_touch(&f->executions, x->id, b->number, mono_now().ns);
    return STATUS_OK;
}

static enum status apply(struct folder *f, struct batch *b, struct execution *x, const struct event *fact,
                         struct error *err)
{
    struct decisions decisions;
    struct error why = {0};
    uint32_t event_id = x->next_event_id;
    bool was_over = execution_is_over(x);
    decisions_init(&decisions, &b->arena);
    enum status status = transition(x, fact, f->playbooks, &decisions, &why);
    bool taken = status == STATUS_OK;
    if (taken && !decisions.ignored)
        status = decisions_writable(&decisions, &why);
    if (status == STATUS_NO_MEMORY) {
        *err = why;
        return status;
    }
    if (status != STATUS_OK)
        return give_up_folded(f, b, x, fact, event_id, &why, taken ? &decisions : NULL, err);
    if (decisions.ignored) {
        say_ignored(LOG_DEBUG, fact, decisions.ignored);
        forget_if_over(f, x);
        return STATUS_OK;
    }
    size_t rows = b->event_count;
    execution_table_touch(&f->executions, x->id, b->number, mono_now().ns);
    if (was_over) {
        batch_spare(b, x->id);
        writer_spare(f->dispatcher->writer, x->id);
    }
    status = carry_out(f, b, x, &decisions, &why);
    if (status != STATUS_OK &&
        is_its_own(&why)) { /* what of it has been sent already is of an execution that is over */
        b->event_count = rows;
        return give_up_folded(f, b, x, fact, event_id, &why, &decisions, err);
    }
    if (status != STATUS_OK)
        *err = why;
    return status;
}

/* Finds the execution and has it take the fact. */
static enum status fold_fact(struct folder *f, struct batch *b, const struct event *fact, int64_t epoch,
                             bool may_be_known, struct error *err)
{
    struct execution *x;
    struct error why = {0};
    enum status status = find(f, fact, epoch, may_be_known, &x, &why);
    if (status == STATUS_OK)
        measure_fact(fact->type);
    if (status == STATUS_INTERNAL && may_reopen(fact->type)) {
        LOG(LOG_WARN, "an execution cannot be reopened", LOG_ID("execution", fact->execution_id),
            LOG_ERR(&why));
        return STATUS_OK;
    }
    if (status == STATUS_INTERNAL)
        return give_up_unfolded(f, b, fact, &why, err);
    if (status != STATUS_OK) {
        *err = why;
        return status;
    }
    return x ? apply(f, b, x, fact, err) : STATUS_OK;
}

/* What was published with bus_publication.only_first; a copy of it by somebody else was not, or was refused.
 */
static bool is_first_of_subject(const struct bus_delivery *d)
{
    const char *expected = bus_delivery_header(d, "Nats-Expected-Last-Subject-Sequence");
    return expected && strcmp(expected, "0") == 0;
}

/*
 * Whether the log may have the execution that is asked for. It does not while the stream has all requests
 * that it ever took, for then only the first of an execution is taken as the first. A request with an
 * idempotency key comes again however late, when the stream has dropped the first by age. And after the
 * stream has lost something only ids that are made from a later time are certain to be new; the clocks of
 * publishers differ.
 */
static bool log_may_have(const struct bus_delivery *d, const struct event *fact, int64_t stream_lost_ns)
{
    if (!is_first_of_subject(d) || !value_is_absent(VALUE_GET(fact->meta, "idempotency_key")))
        return true;
    return stream_lost_ns > 0 &&
           id_time_ms(fact->execution_id) <= stream_lost_ns / 1000000 + CLOCKS_DIFFER_MS;
}

enum status fold_message(struct folder *f, struct batch *b, const struct bus_delivery *d,
                         const struct event_subject *at, const struct checkpoint *held, struct error *err)
{
    struct event fact;
    struct error why = {0};
    if (event_type_kind(at->type) != EVENT_KIND_FACT)
        return STATUS_OK; /* of the execution's life: written by a broker, for watchers */
    enum status status = read_event(d, at, b, &fact, &why);
    if (status == STATUS_NO_MEMORY) {
        *err = why;
        return status;
    }
    if (status != STATUS_OK) {
        fold_pass_over(d, &why);
        return STATUS_OK;
    }
    if (fact.type == EVENT_TIMER_FIRED)
        TRY(timekeeper_read(f->timers, b, &fact, err));
    return fold_fact(f, b, &fact, held->epoch, log_may_have(d, &fact, held->stream_lost_ns), err);
}

enum status fold_look(struct folder *f, int64_t execution_id, const struct task_id *attempt, int64_t epoch,
                      bool *ended, struct error *err)
{
    const struct event outcome = {.execution_id = execution_id, .type = EVENT_ACTION_COMPLETED};
    struct execution *x = execution_table_find(&f->executions, execution_id);
    bool is_new = false;
    if (!x && !ended_lately(f, execution_id)) {
        if (f->log_away || atomic_load(&f->fence->log_away))
            return error_set(err, STATUS_UNAVAILABLE, "the log does not answer");
        TRY(load(f, &outcome, epoch, &x, &is_new, err));
    }
    *ended = x ? execution_attempt_has_ended(x, attempt) : !is_new;
    return STATUS_OK;
}

struct of_partition {
    uint32_t partition, partitions;
};

static bool is_of_partition(void *context, const struct execution_slot *slot)
{
    const struct of_partition *of = context;
    return id_partition(slot->execution->id, of->partitions) == of->partition;
}

void fold_forget_partition(struct folder *f, uint32_t partition)
{
    struct of_partition of = {partition, f->subjects.partitions};
    execution_table_drop_of(&f->executions, is_of_partition, &of);
    for (size_t i = 0; i < f->over_count; i++) {
        if (f->over[i] && id_partition(f->over[i], of.partitions) == partition)
            f->over[i] = 0;
    }
}

/*
 * What was reopened since, or ended again in a batch that is still to be committed, stays: the log does not
 * have all of it yet.
 */
void fold_committed(struct folder *f, const struct batch *b)
{
    for (size_t i = 0; i < b->ended_count; i++) {
        const struct execution *x = execution_table_find(&f->executions, b->ended[i]);
        if (x && execution_is_over(x) && execution_table_batch(&f->executions, x->id) <= b->number)
            execution_table_drop(&f->executions, x->id);
    }
}
