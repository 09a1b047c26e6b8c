#include "dispatch.h"

#include <stdio.h>

#include "core/id.h"
#include "core/json.h"
#include "large.h"
#include "publisher/parcel.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

enum { HEADERS_BYTES = 512 }; /* room for the headers of a message, which count towards the server's limit */

/* A refused message waits no more. */
static void taken(struct dispatcher *d)
{
    metric_add(METRIC_BROKER_REFUSED_WAITING, 0, -1);
    if (atomic_fetch_sub(&d->refused, 1) == 1)
        LOG_LINE(LOG_INFO, "no message waits any more that its stream had refused");
}

/* It is in its stream, or not to be sent any more. */
static void done(struct outgoing *o)
{
    if (o->refusal.status != STATUS_OK)
        taken(o->dispatcher);
    writer_acknowledged(o->dispatcher->writer, o->batch);
}

static void refused(struct outgoing *o, const struct error *err)
{
    metric_add(METRIC_BROKER_REFUSED, 0, 1);
    if (o->refusal.status == STATUS_OK) {
        metric_add(METRIC_BROKER_REFUSED_WAITING, 0, 1);
        o->is_first = atomic_fetch_add(&o->dispatcher->refused, 1) == 0;
    }
    o->refusal = *err;
}

/* On any thread. What the broker may not say now is not refused. */
static void published(void *context, const struct bus_ack *ack, const struct error *err)
{
    (void)ack;
    struct outgoing *o = context;
    if (!err) {
        done(o);
        return;
    }
    if (tenure_permits(&o->tenure))
        refused(o, err);
    mailbox_post(o->dispatcher->engine, (struct mail){.kind = MAIL_REFUSED, .u.outgoing = o});
}

struct task_origin task_origin_now(const struct dispatcher *d)
{
    /* The lease may have lapsed while the log was asked for the execution. */
    const struct fence *fence = d->tenure.fence;
    bool shared = fence_may_be_shared(fence, d->tenure.partition, d->fact_sequence);
    struct task_origin o = {.again = d->may_repeat || shared || !fence_lease_lasts(fence)};
    snprintf(o.behind, sizeof(o.behind), "%llu", (unsigned long long)d->fact_sequence);
    return o;
}

void task_origin_say(const struct task_origin *o, struct bus_header *header, struct bus_publication *p)
{
    if (!o->behind[0])
        return;
    *header = (struct bus_header){TASK_AGAIN_HEADER, o->behind};
    p->repeated = *header;
    if (o->again) {
        p->headers = header;
        p->header_count = 1;
    }
}

static enum status send(struct outgoing *o, struct error *err)
{
    struct bus_header header;
    struct bus_publication p = {
        .subject = o->subject,
        .message_id = o->message_id,
        .traceparent = o->traceparent,
        .payload = o->payload,
        .permit = tenure_permit(&o->tenure),
        .later = true, /* the engine pushes */
        .done = published,
        .context = o,
    };
    task_origin_say(&o->origin, &header, &p);
    return bus_publish_async(o->dispatcher->bus, &p, err);
}

void dispatch_refused(struct dispatcher *d, struct outgoing *o)
{
    if (o->is_first)
        LOG(LOG_WARN, "a stream refuses messages; they are sent again until it takes them",
            LOG_SUBJECT(o->subject), LOG_ERR(&o->refusal));
    o->is_first = false;
    o->next = NULL;
    if (d->to_resend)
        d->last_to_resend->next = o;
    else
        d->to_resend = o;
    d->last_to_resend = o;
    d->resend_at.ns = mono_now().ns + RESEND_AFTER_MS * INT64_C(1000000);
}

bool dispatch_is_refused(const struct dispatcher *d)
{
    return d->to_resend && atomic_load(&d->refused) > 0;
}

enum status dispatch_resend(struct dispatcher *d, struct error *err)
{
    if (!d->to_resend || mono_now().ns < d->resend_at.ns)
        return STATUS_OK;
    struct outgoing *list = d->to_resend;
    d->to_resend = NULL;
    while (list) {
        struct outgoing *o = list;
        list = o->next;
        o->origin.again = true;
        if (tenure_stands(&o->tenure))
            TRY(send(o, err));
        else
            done(o);
    }
    return STATUS_OK;
}

/* A copy that lives as long as the batch; NULL if there is none. */
static enum status keep_trace(struct batch *b, struct str traceparent, const char **out, struct error *err)
{
    *out = traceparent.len > 0 ? arena_strdup(&b->arena, traceparent) : NULL;
    return *out || traceparent.len == 0 ? STATUS_OK : arena_error(&b->arena, err, "a message");
}

static enum status publish(struct dispatcher *d, struct batch *b, const char *subject, struct str message_id,
                           struct str traceparent, struct str payload, const struct task_origin *origin,
                           struct error *err)
{
    const char *trace;
    TRY(keep_trace(b, traceparent, &trace, err));
    struct outgoing *o = ARENA_NEW(&b->arena, struct outgoing);
    if (!o)
        return arena_error(&b->arena, err, "a message");
    *o = (struct outgoing){
        .dispatcher = d,
        .batch = b,
        .tenure = d->tenure,
        .subject = arena_strdup(&b->arena, str_of(subject)),
        .message_id = message_id.ptr,
        .traceparent = trace,
        .payload = payload,
    };
    if (origin)
        o->origin = *origin;
    if (!o->subject || !o->message_id)
        return arena_error(&b->arena, err, "a message");
    atomic_fetch_add(&b->open_publishes, 1);
    enum status status = send(o, err);
    if (status != STATUS_OK)
        atomic_fetch_sub(&b->open_publishes, 1);
    return status;
}

static bool fits(const struct dispatcher *d, struct str text)
{
    return (int64_t)text.len + HEADERS_BYTES <= bus_max_payload(d->bus);
}

static enum status publish_task(struct dispatcher *d, struct batch *b, const struct task_order *order,
                                struct error *err)
{
    struct value v;
    struct str text, id;
    char subject[SUBJECT_MAX], task_id[TASK_ID_TEXT];
    const struct task *task = &order->task;
    TRY(task_to_value(&b->arena, task, &v, err));
    TRY(json_text(&b->arena, v, &text, err));
    snprintf(task_id, sizeof(task_id), "%" PRISTR, ARGSTR(task->task_id));
    subject_task(&d->subjects, order->pool, task->execution_id, task_id, subject);
    id = arena_printf(&b->arena, "%lld.%s", (long long)task->execution_id, task_id);
    if (text.len > parcel_inline_limit(d->bus, &d->subjects))
        return large_task_send(d, b, task, subject, id, text, err);
    const struct task_origin origin = task_origin_now(d);
    return publish(d, b, subject, id, task->traceparent, text, &origin, err);
}

static enum status event_text(struct batch *b, const struct event *e, struct str *out, struct error *err)
{
    struct value v;
    TRY(event_to_value(&b->arena, e, &v, err));
    return json_text(&b->arena, v, out, err);
}

/* A result that no message can carry is in the log; watchers of the stream learn that and how it ended. */
static enum status publish_lifecycle(struct dispatcher *d, struct batch *b, const struct event *e,
                                     struct str traceparent, struct error *err)
{
    struct str text, id;
    char subject[SUBJECT_MAX];
    TRY(event_text(b, e, &text, err));
    if (!fits(d, text))
        TRY(parcel_event_excerpt(&b->arena, e, &text, err));
    id = arena_printf(&b->arena, "%lld.%u", (long long)e->execution_id, e->event_id);
    subject_event(&d->subjects, e->execution_id, e->type, subject);
    return publish(d, b, subject, id, traceparent, text, NULL, err);
}

static enum status publish_notice(struct dispatcher *d, struct batch *b, const struct execution *from,
                                  const struct notice *notice, struct error *err)
{
    struct str text, trace = str_of(from->traceparent);
    const struct event *fact = &notice->fact;
    char subject[SUBJECT_MAX];
    TRY(event_text(b, fact, &text, err));
    struct str id = arena_printf(&b->arena, "%" PRISTR, ARGSTR(notice->message_id));
    subject_event(&d->subjects, fact->execution_id, fact->type, subject);
    if (fact->type != EVENT_CANCEL_REQUESTED && text.len > parcel_inline_limit(d->bus, &d->subjects))
        return large_notice_send(d, b, fact, subject, id, trace, text, err);
    if (fact->type != EVENT_CANCEL_REQUESTED)
        return publish(d, b, subject, id, trace, text, NULL, err);
    struct bus_publication p = {
        .subject = arena_strdup(&b->arena, str_of(subject)), .message_id = id.ptr, .payload = text};
    TRY(keep_trace(b, trace, &p.traceparent, err));
    if (!p.subject || !id.ptr)
        return arena_error(&b->arena, err, "a message");
    return child_desk_tell(d->children, b, d->tenure, fact->execution_id, from->id, &p, err);
}

/* Once the log has that nobody waits for it. */
static enum status withdraw_task(struct dispatcher *d, struct batch *b, int64_t execution_id,
                                 const struct withdrawal *withdrawal, struct error *err)
{
    char subject[SUBJECT_MAX], task_id[TASK_ID_TEXT];
    snprintf(task_id, sizeof(task_id), "%" PRISTR, ARGSTR(withdrawal->task_id));
    subject_task(&d->subjects, withdrawal->pool, execution_id, task_id, subject);
    const char *kept = arena_strdup(&b->arena, str_of(subject));
    return kept ? batch_add_given_up(b, execution_id, kept, err)
                : arena_error(&b->arena, err, "a task's subject");
}

enum status dispatch_decisions(struct dispatcher *d, struct batch *b, const struct execution *x,
                               const struct decisions *decisions, struct error *err)
{
    for (uint32_t i = 0; i < decisions->task_count; i++)
        TRY(publish_task(d, b, &decisions->tasks[i], err));
    for (uint32_t i = 0; i < decisions->withdrawal_count; i++)
        TRY(withdraw_task(d, b, x->id, &decisions->withdrawals[i], err));
    for (uint32_t i = 0; i < decisions->child_count; i++)
        TRY(child_desk_give(d->children, b, d->tenure, x->id, &decisions->children[i], err));
    for (uint32_t i = 0; i < decisions->listing_count; i++)
        TRY(child_desk_list(d->children, b, d->tenure, x->id, &decisions->listings[i], err));
    for (uint32_t i = 0; i < decisions->notice_count; i++)
        TRY(publish_notice(d, b, x, &decisions->notices[i], err));
    for (uint32_t i = 0; i < decisions->event_count; i++) {
        if (event_type_kind(decisions->events[i].type) == EVENT_KIND_LIFECYCLE)
            TRY(publish_lifecycle(d, b, &decisions->events[i], str_of(x->traceparent), err));
    }
    return STATUS_OK;
}
