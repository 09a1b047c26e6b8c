#include "engine.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/id.h"
#include "runtime/clock.h"
#include "runtime/log.h"

enum { RESEND_AFTER_MS = 500, LONGEST_WAIT_MS = 10000 };

struct engine {
    struct engine_options options;
    struct bus *bus;
    struct mailbox *mailbox;
    struct writer *writer;
    struct dispatcher dispatcher;
    struct folder folder;
    struct timekeeper timers;
    struct checkpoint *checkpoints; /* of each partition: how far it has been folded */
    struct batch *current;
    uint64_t next_number;
    struct outgoing *refused; /* messages that their stream would not take; sent again soon */
    struct mono_time resend_at;
    bool over_backlog, stopping;
    atomic_bool failed;
    struct error failure; /* before `failed` is set */
    pthread_t thread;
};

static void fail(struct engine *e, const struct error *err)
{
    e->failure = *err;
    atomic_store(&e->failed, true);
    mailbox_close(e->mailbox);
}

static enum status new_current(struct engine *e, struct error *err)
{
    return batch_new(e->next_number++, e->folder.subjects.partitions, &e->current, err);
}

/* Gives the current batch to the writer, if there is reason to. */
static enum status offer(struct engine *e, bool always, struct error *err)
{
    if (batch_is_empty(e->current))
        return STATUS_OK;
    if (!always && e->current->event_count < e->options.batch_rows && !writer_is_idle(e->writer))
        return STATUS_OK;
    writer_give(e->writer, e->current);
    e->current = NULL;
    return new_current(e, err);
}

/* Holds the readers back while too many rows wait for the database. */
static void wait_for_backlog(struct engine *e)
{
    if (writer_backlog(e->writer) + e->current->event_count < e->options.backlog_rows) {
        e->over_backlog = false;
        return;
    }
    if (!e->over_backlog)
        LOG(LOG_WARN,
            "too many log rows wait for Postgres; no further events are taken until some are written",
            LOG_NUM("rows", writer_backlog(e->writer)));
    e->over_backlog = true;
    writer_wait_below(e->writer, e->options.backlog_rows / 2, 1000);
}

/* An execution that has to be read back waits for the database; so does everything behind it in the streams.
 */
static enum status fold_until_done(struct engine *e, const struct bus_delivery *d, struct event_subject *at,
                                   struct error *err)
{
    bool said = false;
    for (;;) {
        size_t rows = e->current->event_count;
        enum status status = fold_message(&e->folder, e->current, d, at, err);
        if (status != STATUS_UNAVAILABLE || e->current->event_count != rows)
            return status;
        if (!said)
            LOG(LOG_ERROR, "an execution cannot be read back from the log; waiting for Postgres",
                LOG_TEXT("subject", d->subject), LOG_ERR(err));
        said = true;
        TRY(offer(e, true, err));
        struct timespec pause = {0, 200 * 1000000L};
        nanosleep(&pause, NULL);
        if (mailbox_is_closed(e->mailbox))
            return error_set(err, STATUS_CANCELLED, "the broker stops");
    }
}

static enum status take_fact(struct engine *e, struct bus_delivery *d, struct error *err)
{
    struct event_subject at;
    wait_for_backlog(e);
    enum status status = fold_until_done(e, d, &at, err);
    /* A message of no partition moves none on: it is passed over again after a start. */
    if (status == STATUS_OK && at.type != EVENT_COUNT) {
        struct checkpoint *c = &e->checkpoints[at.partition];
        c->stream_seq = d->stream_sequence;
        c->stream_time_ns = d->time_ns;
        c->stream_created_ns = e->options.stream_created_ns;
        batch_advance(e->current, c);
    }
    bus_delivery_free(d);
    return status == STATUS_OK ? offer(e, false, err) : status;
}

static void take_refused(struct engine *e, struct outgoing *o)
{
    if (!e->refused)
        LOG(LOG_WARN, "a stream refuses messages; they are sent again until it takes them",
            LOG_TEXT("subject", o->subject), LOG_ERR(&o->refusal));
    o->next = e->refused;
    e->refused = o;
    e->resend_at.ns = mono_now().ns + RESEND_AFTER_MS * INT64_C(1000000);
}

static enum status resend(struct engine *e, struct error *err)
{
    if (!e->refused || mono_now().ns < e->resend_at.ns)
        return STATUS_OK;
    struct outgoing *list = e->refused;
    e->refused = NULL;
    while (list) {
        struct outgoing *o = list;
        list = o->next;
        TRY(dispatch_again(o, err));
    }
    return STATUS_OK;
}

static enum status take(struct engine *e, const struct mail *mail, struct error *err)
{
    switch (mail->kind) {
    case MAIL_FACT: return take_fact(e, mail->u.fact, err);
    case MAIL_COMMITTED:
        fold_committed(&e->folder, mail->u.batch);
        batch_free(mail->u.batch);
        return offer(e, false, err);
    case MAIL_REFUSED: take_refused(e, mail->u.outgoing); return STATUS_OK;
    case MAIL_FIRED: timekeeper_fired(&e->timers, mail->u.firing); return STATUS_OK;
    case MAIL_FATAL: *err = *mail->u.error; return err->status;
    case MAIL_STOP: e->stopping = true; return STATUS_OK;
    }
    return STATUS_OK;
}

/* Until a timer is due or something is to be sent again, if no mail comes before. */
static int64_t longest_wait_ms(const struct engine *e)
{
    return timekeeper_wait_ms(&e->timers, e->refused ? RESEND_AFTER_MS : LONGEST_WAIT_MS);
}

static void free_mail(const struct mail *mail)
{
    if (mail->kind == MAIL_FACT)
        bus_delivery_free(mail->u.fact);
    else if (mail->kind == MAIL_FIRED)
        free(mail->u.firing);
}

static void *run(void *context)
{
    struct engine *e = context;
    struct mail *items = NULL;
    size_t capacity = 0;
    struct error err = {0};
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !e->stopping) {
        size_t count = mailbox_take(e->mailbox, &items, &capacity, longest_wait_ms(e));
        for (size_t i = 0; i < count; i++) {
            if (status == STATUS_OK)
                status = take(e, &items[i], &err);
            else
                free_mail(&items[i]);
        }
        if (status == STATUS_OK)
            status = resend(e, &err);
        if (status == STATUS_OK)
            status = timekeeper_fire(&e->timers, &e->folder.executions, &err);
        bus_push(e->bus);
    }
    free(items);
    if (status == STATUS_OK)
        status = offer(e, true, &err);
    if (status != STATUS_OK && status != STATUS_CANCELLED)
        fail(e, &err);
    return NULL;
}

enum status engine_start(const struct engine_options *options, const struct subjects *s, struct bus *bus,
                         struct eventlog *log, struct mailbox *mailbox, struct writer *writer,
                         struct child_desk *children, const struct checkpoint *checkpoints,
                         struct engine **out, struct error *err)
{
    struct engine *e = calloc(1, sizeof(*e));
    struct checkpoint *own = calloc(s->partitions, sizeof(*own));
    if (!e || !own) {
        free(e);
        free(own);
        return error_set(err, STATUS_NO_MEMORY, "no memory for the engine");
    }
    memcpy(own, checkpoints, s->partitions * sizeof(*own));
    *e = (struct engine){.options = *options,
                         .bus = bus,
                         .mailbox = mailbox,
                         .writer = writer,
                         .checkpoints = own,
                         .next_number = 1};
    e->dispatcher = (struct dispatcher){
        .bus = bus, .subjects = *s, .writer = writer, .children = children, .engine = mailbox};
    timekeeper_init(&e->timers, bus, s, mailbox);
    enum status status = folder_init(&e->folder, s, &e->dispatcher, &e->timers, log, err);
    if (status == STATUS_OK)
        status = timekeeper_load(&e->timers, log, err);
    if (status == STATUS_OK)
        status = new_current(e, err);
    int code = status == STATUS_OK ? pthread_create(&e->thread, NULL, run, e) : 0;
    if (code != 0)
        status = error_set(err, STATUS_IO, "the engine could not start a thread: %s", strerror(code));
    if (status != STATUS_OK) {
        folder_free(&e->folder);
        timekeeper_free(&e->timers);
        batch_free(e->current);
        free(own);
        free(e);
        return status;
    }
    *out = e;
    return STATUS_OK;
}

bool engine_failed(struct engine *e, struct error *err)
{
    if (!atomic_load(&e->failed))
        return false;
    *err = e->failure;
    return true;
}

void engine_stop(struct engine *e)
{
    struct error err = {0};
    if (mailbox_post(e->mailbox, (struct mail){.kind = MAIL_STOP}, &err) != STATUS_OK)
        LOG(LOG_ERROR, "the engine cannot be told to stop", LOG_ERR(&err));
    pthread_join(e->thread, NULL);
}

void engine_free(struct engine **e)
{
    if (!*e)
        return;
    struct engine *gone = *e;
    *e = NULL;
    folder_free(&gone->folder);
    timekeeper_free(&gone->timers);
    eventlog_close(&gone->folder.log);
    batch_free(gone->current);
    free(gone->checkpoints);
    free(gone);
}
