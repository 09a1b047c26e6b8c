#include "large.h"

#include "core/id.h"
#include "core/json.h"
#include "outcome.h"
#include "publisher/parcel.h"
#include "runtime/log.h"

enum { ANSWER_WITHIN_MS = 10000 };

struct large {
    struct dispatcher *dispatcher;
    bool is_task; /* else it is a fact */
    struct task_origin origin;
    int64_t execution_id; /* that it is of, or for */
    struct value summary; /* reads back as the task or the fact, without what is large */
    const char *subject, *message_id, *traceparent; /* the last may be NULL */
    struct str text;
};

/* ---- what can never be stored ------------------------------------------------------------------------- */

/* The task ends as if a worker had failed it. */
static enum status fail_task(const struct large *l, const struct error *why, struct arena *a,
                             struct bus_publication *out, struct error *err)
{
    struct failed_outcome outcome;
    struct str message =
        arena_printf(a, "the task with its rendered input cannot be passed to a worker: %s", why->message);
    struct task task;
    if (!message.ptr)
        return arena_error(a, err, "an error's text");
    TRY(task_from_value(l->summary, &task, err));
    TRY(failed_outcome(a, &l->dispatcher->subjects, &task, why->status, message, (struct value){0}, &outcome,
                       err));
    *out = (struct bus_publication){.subject = arena_strdup(a, str_of(outcome.subject)),
                                    .message_id = outcome.message_id.ptr,
                                    .payload = outcome.payload};
    return out->subject ? STATUS_OK : arena_error(a, err, "an outcome");
}

/* Whoever waits for what the other execution gives learns that it failed. */
static enum status fail_notice(const struct large *l, const struct error *why, struct arena *a,
                               struct bus_publication *out, struct error *err)
{
    struct map_builder m;
    struct value error, v;
    struct event fact;
    char subject[SUBJECT_MAX];
    TRY(event_from_value(l->summary, &fact, err));
    fact.type = EVENT_CHILD_FAILED;
    fact.result = (struct value){0};
    fact.error = arena_printf(a, "what it gives cannot be passed on: %s", why->message);
    if (!fact.error.ptr)
        return arena_error(a, err, "an error's text");
    map_begin(&m, a);
    map_put(&m, STR("kind"), value_text(status_name(why->status)));
    map_put(&m, STR("message"), value_str(fact.error));
    TRY(map_end(&m, &error, err));
    map_begin(&m, a);
    map_put(&m, STR("execution_id"), VALUE_GET(fact.context, "execution_id"));
    map_put(&m, STR("error"), error);
    TRY(map_end(&m, &fact.context, err));
    subject_event(&l->dispatcher->subjects, fact.execution_id, fact.type, subject);
    *out = (struct bus_publication){.subject = arena_strdup(a, str_of(subject)), .message_id = l->message_id};
    if (!out->subject)
        return arena_error(a, err, "a fact");
    TRY(event_to_value(a, &fact, &v, err));
    return json_text(a, v, &out->payload, err);
}

/* ---- an errand of the desk ---------------------------------------------------------------------------- */

static enum status refer(const struct large *l, struct arena *a, struct bus_publication *out,
                         struct error *err)
{
    struct dispatcher *d = l->dispatcher;
    char owner[ID_TEXT];
    id_format(l->execution_id, owner);
    *out = (struct bus_publication){
        .subject = l->subject, .message_id = l->message_id, .traceparent = l->traceparent};
    return parcel_wrap(d->bus, &d->subjects, BLOB_RESULTS, owner, l->text, l->summary, a, &out->payload, err);
}

static enum status send_in(const struct large *l, struct bus_permit permit, struct arena *a,
                           struct error *err)
{
    struct bus_publication p;
    struct bus_header header;
    struct bus_ack ack;
    enum status status = refer(l, a, &p, err);
    if (status != STATUS_OK && !status_may_retry(status)) {
        const struct error why = *err;
        LOG(LOG_WARN, "a large message cannot be passed on, and counts as failed", LOG_SUBJECT(l->subject),
            LOG_NUM("bytes", l->text.len), LOG_ERR(&why));
        status = l->is_task ? fail_task(l, &why, a, &p, err) : fail_notice(l, &why, a, &p, err);
    } else if (status == STATUS_OK)
        task_origin_say(&l->origin, &header, &p);
    TRY(status);
    p.permit = permit;
    p.give_up_ms = ANSWER_WITHIN_MS;
    return bus_publish_wait(l->dispatcher->bus, &p, &ack, err);
}

static bool send(void *context, struct bus_permit permit, struct error *err)
{
    struct large *l = context;
    struct arena a;
    arena_init(&a, 0);
    enum status status = send_in(l, permit, &a, err);
    arena_free(&a);
    return status == STATUS_OK;
}

static enum status give(struct dispatcher *d, struct batch *b, const struct large *l, struct str traceparent,
                        struct value summary, struct error *err)
{
    struct large *own = ARENA_NEW(&b->arena, struct large);
    if (!own)
        return arena_error(&b->arena, err, "a message");
    *own = *l;
    own->dispatcher = d;
    own->subject = arena_strdup(&b->arena, str_of(l->subject));
    own->traceparent = traceparent.len > 0 ? arena_strdup(&b->arena, traceparent) : NULL;
    if (!own->subject || !own->message_id || (traceparent.len > 0 && !own->traceparent))
        return arena_error(&b->arena, err, "a message");
    TRY(value_copy_plain(&b->arena, summary, &own->summary, err));
    return child_desk_run(d->children, b, d->tenure, l->execution_id, send, own, err);
}

enum status large_task_send(struct dispatcher *d, struct batch *b, const struct task *task,
                            const char *subject, struct str message_id, struct str text, struct error *err)
{
    struct value summary;
    struct large l = {.is_task = true,
                      .origin = task_origin_now(d),
                      .execution_id = task->execution_id,
                      .subject = subject,
                      .message_id = message_id.ptr,
                      .text = text};
    l.origin.again = true; /* another broker may have sent it by the time that it is stored */
    TRY(parcel_task_summary(&b->arena, task, &summary, err));
    return give(d, b, &l, task->traceparent, summary, err);
}

enum status large_notice_send(struct dispatcher *d, struct batch *b, const struct event *fact,
                              const char *subject, struct str message_id, struct str traceparent,
                              struct str text, struct error *err)
{
    struct value summary;
    struct large l = {
        .execution_id = fact->execution_id, .subject = subject, .message_id = message_id.ptr, .text = text};
    TRY(parcel_event_summary(&b->arena, fact, &summary, err));
    return give(d, b, &l, traceparent, summary, err);
}
