#include "fold.h"

#include <stdlib.h>

#include "core/id.h"
#include "core/json.h"
#include "runtime/log.h"

enum { OVER_KEPT = 256, PLAYBOOKS_KEPT = 256 };

enum status folder_init(struct folder *f, const struct subjects *s, struct dispatcher *d,
                        struct eventlog *log, struct error *err)
{
    *f = (struct folder){.subjects = *s, .dispatcher = d, .log = log};
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

/* ---- the message -----------------------------------------------------------------------------------------
 */

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

static void pass_over(const struct bus_delivery *d, const struct error *why)
{
    LOG(LOG_WARN, "a message on the event stream was passed over; it stays in the stream",
        LOG_TEXT("subject", d->subject), LOG_NUM("sequence", d->stream_sequence), LOG_ERR(why));
}

/* ---- the execution
 * ----------------------------------------------------------------------------------------- */

/* Folds an execution back from the log; *out is NULL if the log says that it is over, or has nothing of it.
 */
static enum status load(struct folder *f, int64_t id, struct execution **out, struct error *err)
{
    struct arena scratch;
    struct event_list events;
    struct execution *x = NULL;
    *out = NULL;
    arena_init(&scratch, 0);
    enum status status = eventlog_events(f->log, id, 0, 0, &scratch, &events, err);
    if (status == STATUS_OK && events.count > 0 && event_type_is_final(events.items[events.count - 1].type)) {
        remember_over(f, id);
        events.count = 0;
    }
    if (status == STATUS_OK && events.count > 0)
        status = execution_new(id, &x, err);
    if (x)
        status = execution_replay(x, events.items, events.count, f->playbooks, err);
    if (x && status == STATUS_OK)
        status = execution_table_add(&f->executions, x, err);
    if (status == STATUS_OK)
        *out = x;
    else
        execution_free(x);
    arena_free(&scratch);
    return status;
}

static enum status find(struct folder *f, const struct event *fact, struct execution **out, struct error *err)
{
    *out = execution_table_find(&f->executions, fact->execution_id);
    if (*out || ended_lately(f, fact->execution_id))
        return STATUS_OK;
    if (fact->type != EVENT_EXECUTION_REQUESTED)
        return load(f, fact->execution_id, out, err);
    TRY(execution_new(fact->execution_id, out, err));
    enum status status = execution_table_add(&f->executions, *out, err);
    if (status != STATUS_OK)
        execution_free(*out);
    return status;
}

/*
 * A state that cannot take a fact is a bug, or a log that somebody changed. The execution ends as failed with
 * that reason; it must not stand still, and it must not keep the others from going on.
 */
static enum status give_up(struct folder *f, struct batch *b, struct execution *x, const struct event *fact,
                           uint32_t event_id, const struct error *why, struct error *err)
{
    LOG(LOG_ERROR, "an execution cannot go on and is failed", LOG_NUM("execution", fact->execution_id),
        LOG_ERR(why));
    char text[2048];
    struct map_builder m;
    struct value error;
    struct event failed = {
        .execution_id = fact->execution_id,
        .event_id = event_id,
        .type = EVENT_EXECUTION_FAILED,
        .time_ns = fact->time_ns,
        .stream_seq = fact->stream_seq,
        .node_type = STR("playbook"),
        .error =
            arena_printf(&b->arena, "the engine could not go on: %s", error_text(why, text, sizeof(text))),
    };
    if (!failed.error.ptr)
        return arena_error(&b->arena, err, "an error's text");
    map_begin(&m, &b->arena);
    map_put(&m, STR("kind"), value_text(status_name(why->status)));
    map_put(&m, STR("message"), value_str(failed.error));
    TRY(map_end(&m, &error, err));
    map_begin(&m, &b->arena);
    map_put(&m, STR("error"), error);
    TRY(map_end(&m, &failed.context, err));
    TRY(batch_add_events(b, &failed, 1, err));
    TRY(batch_add_ended(b, fact->execution_id, true, err));
    remember_over(f, fact->execution_id);
    if (x)
        x->phase = PHASE_FAILED;
    return STATUS_OK;
}

static enum status apply(struct folder *f, struct batch *b, struct execution *x, const struct event *fact,
                         struct error *err)
{
    struct decisions decisions;
    struct error why = {0};
    uint32_t event_id = x->next_event_id;
    decisions_init(&decisions, &b->arena);
    enum status status = transition(x, fact, f->playbooks, &decisions, &why);
    if (status == STATUS_NO_MEMORY) {
        *err = why;
        return status;
    }
    if (status != STATUS_OK)
        return give_up(f, b, x, fact, event_id, &why, err);
    if (decisions.ignored) {
        LOG(LOG_DEBUG, "a fact changed nothing", LOG_NUM("execution", fact->execution_id),
            LOG_TEXT("type", event_type_name(fact->type)), LOG_NUM("sequence", fact->stream_seq),
            LOG_TEXT("why", decisions.ignored));
        return STATUS_OK;
    }
    TRY(batch_add_events(b, decisions.events, decisions.event_count, err));
    if (execution_is_over(x)) {
        TRY(batch_add_ended(b, x->id, decisions.withdraw, err));
        remember_over(f, x->id);
    }
    return dispatch_decisions(f->dispatcher, b, &decisions, err);
}

enum status fold_message(struct folder *f, struct batch *b, const struct bus_delivery *d,
                         struct event_subject *at, struct error *err)
{
    struct event fact;
    struct execution *x;
    struct error why = {0};
    if (subject_parse_event(&f->subjects, d->subject, at, &why) != STATUS_OK) {
        at->type = EVENT_COUNT;
        pass_over(d, &why);
        return STATUS_OK;
    }
    if (event_type_kind(at->type) != EVENT_KIND_FACT)
        return STATUS_OK; /* of the execution's life: written by a broker, for watchers */
    enum status status = read_event(d, at, b, &fact, &why);
    if (status == STATUS_NO_MEMORY) {
        *err = why;
        return status;
    }
    if (status != STATUS_OK) {
        pass_over(d, &why);
        return STATUS_OK;
    }
    status = find(f, &fact, &x, &why);
    if (status == STATUS_INTERNAL)
        return give_up(f, b, NULL, &fact, UINT32_MAX, &why, err);
    if (status != STATUS_OK) {
        *err = why;
        return status;
    }
    if (!x)
        return STATUS_OK;
    return apply(f, b, x, &fact, err);
}

void fold_committed(struct folder *f, const struct batch *b)
{
    for (size_t i = 0; i < b->ended_count; i++)
        execution_table_drop(&f->executions, b->ended[i]);
}
