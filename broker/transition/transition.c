#include "transition.h"

#include <stdio.h>

#include "turn.h"

/* ---- the facts ----------------------------------------------------------------------------------------- */

/* The execution is a span of the trace in which it was asked for. */
static void keep_trace(struct execution *x, struct str parent)
{
    char name[ID_TEXT];
    size_t len = id_format(x->id, name);
    (void)traceparent_of_span(parent, (struct str){name, len}, x->traceparent);
}

/* Keeps what the execution needs of its request for as long as it lives. */
static enum status keep_request(struct execution *x, struct value context, struct value meta,
                                struct error *err)
{
    struct value seed, version = VALUE_GET(context, "version");
    TRY(value_copy_plain(&x->arena, VALUE_GET(context, "token_seed"), &seed, err));
    x->token_seed = value_as_str(seed);
    x->version = version.type == VALUE_INT ? version.u.i : 0;
    keep_trace(x, value_as_str(VALUE_GET(meta, "traceparent")));
    TRY(value_copy_plain(&x->arena, VALUE_GET(context, "env"), &x->env, err));
    TRY(value_copy_plain(&x->arena, VALUE_GET(context, "workload"), &x->workload, err));
    if (x->workload.type != VALUE_MAP)
        x->workload = VALUE_EMPTY_MAP;
    struct value timeout = VALUE_GET(context, "timeout_ms");
    x->timeout_ms = timeout.type == VALUE_INT && timeout.u.i > 0 ? timeout.u.i : 0;
    return value_copy_plain(&x->arena, VALUE_GET(context, "parent"), &x->parent, err);
}

static enum status emit_start(struct turn *t, struct value context)
{
    struct event *e = emit_event(t, EVENT_EXECUTION_START);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    struct map_builder m;
    map_begin(&m, t->out->arena);
    map_put(&m, STR("path"), value_str(t->x->playbook->path));
    if (!value_is_absent(VALUE_GET(context, "version"))) /* whoever published it may have left it out */
        map_put(&m, STR("version"), VALUE_GET(context, "version"));
    map_put(&m, STR("digest"), value_text(t->x->playbook->digest));
    return map_end(&m, &e->context, t->err);
}

/* A request that was too large for a message, and whose rest is gone. */
static enum status fail_unreadable(struct turn *t, struct value error)
{
    struct failure why = {.kind = value_as_str(VALUE_GET(error, "kind")),
                          .message = value_as_str(VALUE_GET(error, "message"))};
    return execution_end_failed(t, NULL, &why);
}

static enum status on_requested(struct turn *t, struct playbook_cache *playbooks)
{
    struct execution *x = t->x;
    struct value context = t->fact->context;
    struct playbook *playbook = NULL;
    struct error e = {0};
    char name[256];
    snprintf(name, sizeof(name), "%" PRISTR, ARGSTR(t->fact->node_name));

    TRY(emit_fact(t));
    TRY(keep_request(x, context, t->fact->meta, t->err));
    t->inputs.env = x->env;
    if (VALUE_GET(context, "unreadable").type == VALUE_MAP)
        return fail_unreadable(t, VALUE_GET(context, "unreadable"));
    enum status status =
        playbook_cache_get(playbooks, value_as_str(VALUE_GET(context, "playbook")), name, &playbook, &e);
    if (status == STATUS_NO_MEMORY) {
        *t->err = e;
        return status;
    }
    if (status != STATUS_OK) {
        struct failure why;
        TRY(failure_from_error(t, &e, &why));
        return execution_end_failed(t, NULL, &why);
    }
    TRY(execution_set_playbook(x, playbook, t->err));
    x->phase = PHASE_RUNNING;
    if (!x->timeout_ms)
        x->timeout_ms = playbook->timeout_ms;
    TRY(emit_start(t, context));
    TRY(set_deadline(t));
    if (VALUE_GET(context, "fork").type == VALUE_MAP)
        return fork_begin(t, VALUE_GET(context, "fork"));
    return join_arrive(t, playbook->start, false, ABSENT);
}

/*
 * Who reports an attempt has to know its token. A fact of the log, which no message is, was believed when it
 * came there, and may have been read from a copy without secrets (core/event.h).
 */
static bool is_believed(const struct turn *t, struct work *w)
{
    struct value token = VALUE_GET(t->fact->meta, "token");
    if (t->fact->event_id && value_is_absent(token))
        return true;
    return str_equal(value_as_str(token), task_token(t->x, w, t->fact->task_id));
}

/* The work whose current attempt the fact is about, if somebody outside has that; or why it is of none. */
static struct work *work_of_attempt(const struct turn *t, const char **why_not)
{
    struct task_id id;
    if (task_id_parse(t->fact->task_id, &id, NULL) != STATUS_OK) {
        *why_not = "its task_id is none";
        return NULL;
    }
    struct work *w = work_find(t->x, &id);
    if (!w || (w->state != WORK_TASK && w->state != WORK_CHILD && w->state != WORK_LISTING) ||
        w->attempt != id.places[id.depth].attempt) {
        *why_not = "the attempt has its outcome already, or never was";
        return NULL;
    }
    if (!is_believed(t, w)) {
        *why_not = "its token is not the task's";
        return NULL;
    }
    return w;
}

/* Why an attempt failed, from the envelope of its outcome. */
static struct failure failure_of(const struct event *outcome)
{
    struct value error = VALUE_GET(outcome->result, "error");
    struct failure why = {
        .kind = value_as_str(VALUE_GET(error, "kind")),
        .message = value_as_str(VALUE_GET(error, "message")),
        .detail = error,
    };
    if (why.kind.len == 0)
        why.kind = STR("failed");
    if (why.message.len == 0)
        why.message = outcome->error.len ? outcome->error : STR("the worker gave no reason");
    return why;
}

static enum status on_outcome(struct turn *t)
{
    const char *why_not = NULL;
    struct work *w = work_of_attempt(t, &why_not);
    if (!w || w->state != WORK_TASK)
        return ignore_fact(t, w ? "the attempt is with no worker" : why_not);
    TRY(emit_fact(t));
    struct value data = VALUE_GET(t->fact->result, "data");
    if (value_is_absent(data))
        data = value_null();
    if (t->fact->type == EVENT_ACTION_COMPLETED)
        return attempt_ended(t, w, data, NULL);
    struct failure why = failure_of(t->fact);
    return attempt_ended(t, w, data, &why);
}

/* Its place was looked at, and it was not there: broker/reconciler.h. */
static enum status on_lost(struct turn *t)
{
    const char *why_not = NULL;
    struct work *w = work_of_attempt(t, &why_not);
    if (!w)
        return ignore_fact(t, why_not);
    TRY(emit_fact(t));
    struct failure why = {.kind = STR("lost"), .message = t->fact->error};
    if (why.message.len == 0)
        why.message = STR("the attempt has left its place without an outcome");
    return attempt_lost(t, w, &why);
}

static enum status on_cancel(struct turn *t)
{
    TRY(emit_fact(t));
    return execution_end_cancelled(t, value_as_str(VALUE_GET(t->fact->context, "reason")));
}

/* ---- the table ---------------------------------------------------------------------------------------- */

typedef enum status on_fact(struct turn *t);

/* What a running execution does with each fact. A new one takes only its request, one that failed or was
 * cancelled only a retry, one that is complete nothing. */
static on_fact *const while_running[EVENT_COUNT] = {
    [EVENT_ACTION_COMPLETED] = on_outcome,    [EVENT_ACTION_ERROR] = on_outcome,
    [EVENT_CHILD_COMPLETED] = on_child_ended, [EVENT_CHILD_FAILED] = on_child_ended,
    [EVENT_TIMER_FIRED] = on_timer,           [EVENT_SIGNAL_RECEIVED] = on_signal,
    [EVENT_PAUSE_REQUESTED] = on_pause,       [EVENT_RESUME_REQUESTED] = on_resume,
    [EVENT_CANCEL_REQUESTED] = on_cancel,     [EVENT_ACTION_LOST] = on_lost,
    [EVENT_PLAYBOOKS_LISTED] = on_listed,
};

static on_fact *handler_for(const struct execution *x, enum event_type type, const char **why_not)
{
    bool stopped = x->phase == PHASE_FAILED || x->phase == PHASE_CANCELLED;
    if (stopped && type == EVENT_RETRY_REQUESTED)
        return on_retry;
    if (x->phase == PHASE_NEW)
        *why_not = "the execution was never requested";
    else if (execution_is_over(x))
        *why_not = "the execution is over";
    else if (type == EVENT_RETRY_REQUESTED)
        *why_not = "the execution has not failed";
    else if (!while_running[type])
        *why_not = "it has been taken already";
    else
        return while_running[type];
    return NULL;
}

/*
 * The stream is read in order, so what stands before the newest fact that was taken was looked at before: it
 * comes again to a broker that folded the state back from a log that is ahead of where it reads. A place
 * alone says nothing, for a stream that lost its tail gives places a second time; but it gives them at a
 * later time.
 */
static bool was_read_before(const struct execution *x, const struct event *fact)
{
    return x->phase != PHASE_NEW && fact->stream_seq <= x->last_seq && fact->time_ns <= x->last_time_ns;
}

static enum status handle(struct turn *t, struct playbook_cache *playbooks)
{
    enum event_type type = t->fact->type;
    if (t->x->phase == PHASE_NEW && type == EVENT_EXECUTION_REQUESTED)
        return on_requested(t, playbooks);
    if (was_read_before(t->x, t->fact))
        return ignore_fact(t, "it was read before");
    on_fact *handler = handler_for(t->x, type, &t->out->ignored);
    return handler ? handler(t) : STATUS_OK;
}

enum status transition(struct execution *x, const struct event *fact, struct playbook_cache *playbooks,
                       struct decisions *out, struct error *err)
{
    return transition_until(x, fact, playbooks, NULL, out, err);
}

enum status transition_until(struct execution *x, const struct event *fact, struct playbook_cache *playbooks,
                             struct stop *stop, struct decisions *out, struct error *err)
{
    if (event_type_kind(fact->type) != EVENT_KIND_FACT || fact->execution_id != x->id)
        return error_set(err, STATUS_INTERNAL, "%s of execution %lld is no fact of execution %lld",
                         event_type_name(fact->type), (long long)fact->execution_id, (long long)x->id);
    struct turn t = {
        .x = x,
        .fact = fact,
        .out = out,
        .stop = stop,
        .inputs = {.undefined = UNDEFINED_STRICT, .now_ns = fact->time_ns, .env = x->env},
        .err = err,
    };
    t.inputs.seed = (uint64_t)x->id ^ ((uint64_t)fact->time_ns << 1) ^ ((uint64_t)x->next_event_id << 48);
    TRY(handle(&t, playbooks));
    if (out->ignored)
        return STATUS_OK;
    TRY(join_settle(&t));
    if (execution_is_over(x) && out->withdrawal_count) { /* all of its tasks are withdrawn */
        out->withdraw = true;
        out->withdrawal_count = 0;
    }
    TRY(execution_compact(x, out->arena, err));
#ifndef NDEBUG
    TRY(execution_check(x, err));
#endif
    return STATUS_OK;
}

/*
 * A fact's decisions stand behind it in the log, so each is checked against what folding the fact gives now:
 * a log that this program would not have written is noticed before it is continued.
 */
static enum status replay_fact(struct execution *x, const struct event *e, struct playbook_cache *playbooks,
                               struct arena *scratch, struct error *err)
{
    struct decisions decisions;
    if (e->event_id != x->next_event_id)
        return error_set(err, STATUS_INTERNAL,
                         "event %u of execution %lld is a %s, but folding the log has come to event %u",
                         e->event_id, (long long)x->id, event_type_name(e->type), x->next_event_id);
    decisions_init(&decisions, scratch);
    TRY(transition(x, e, playbooks, &decisions, err));
    if (decisions.ignored)
        return error_set(err, STATUS_INTERNAL,
                         "event %u of execution %lld is in the log, but folding it says: %s", e->event_id,
                         (long long)x->id, decisions.ignored);
    return STATUS_OK;
}

enum status execution_replay(struct execution *x, const struct event *events, size_t count,
                             struct playbook_cache *playbooks, struct error *err)
{
    struct arena scratch;
    arena_init(&scratch, 0);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (event_type_kind(events[i].type) == EVENT_KIND_FACT)
            status = replay_fact(x, &events[i], playbooks, &scratch, err);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    if (status == STATUS_OK && count > 0 && events[count - 1].event_id + 1 != x->next_event_id)
        status = error_set(err, STATUS_INTERNAL,
                           "the log of execution %lld ends at event %u, folding it ends at %u",
                           (long long)x->id, events[count - 1].event_id, x->next_event_id - 1);
    return status;
}
