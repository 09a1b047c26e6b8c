#include "broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child_desk.h"
#include "dead_letter.h"
#include "engine.h"
#include "intake.h"
#include "publisher/environment.h"
#include "publisher/topology.h"
#include "runtime/clock.h"
#include "runtime/connect.h"
#include "runtime/daemon.h"
#include "runtime/log.h"

enum { MAX_FACTS_IN_MAILBOX = 20000, STOP_WITHIN_MS = 10000 };

struct broker {
    const struct settings *settings;
    struct subjects subjects;
    char name[128];
    struct bus *bus;
    struct mailbox mailbox;
    bool has_mailbox;
    struct writer *writer;
    struct engine *engine;
    struct child_desk *children;
    struct arena arena;
    struct value env; /* of executions that are requested here */
    struct intake *intake;
    struct dead_letters *dead_letters;
    struct checkpoint *checkpoints;
    struct bus_reader **readers;
    uint32_t reader_count;
    int64_t stream_created_ns;
    uint64_t stream_last;
};

static void name_broker(struct broker *b)
{
    const char *given = settings_text(b->settings, SETTING_BROKER_NAME);
    char host[64] = "host";
    if (gethostname(host, sizeof(host)) == 0)
        host[sizeof(host) - 1] = '\0';
    if (*given)
        snprintf(b->name, sizeof(b->name), "%s", given);
    else
        snprintf(b->name, sizeof(b->name), "%s-%ld", host, (long)getpid());
}

static enum status open_log(struct broker *b, const char *what, struct eventlog **out, struct error *err)
{
    char name[160];
    snprintf(name, sizeof(name), "noetl broker %s", what);
    const char *url = settings_text(b->settings, SETTING_POSTGRES_URL);
    if (!*url) {
        error_set(err, STATUS_INVALID, "the broker needs the event log's database");
        return error_hint(
            err, "Set postgres.url (NOETL_POSTGRES_URL, or postgres: {url: …} in the configuration file).");
    }
    TRY(eventlog_open(url, name, out, err));
    enum status status = eventlog_check(*out, err);
    if (status != STATUS_OK)
        eventlog_close(out);
    return status;
}

static enum status look_at_stream(struct broker *b, struct error *err)
{
    char stream[96];
    struct bus_stream_info info;
    stream_name(&b->subjects, STREAM_EVENTS, stream);
    if (bus_stream_info(b->bus, stream, &info, err) != STATUS_OK) {
        error_hint(err, "`noetl setup` makes the streams.");
        return error_wrap(err, "the stream %s", stream);
    }
    b->stream_created_ns = info.created_ns;
    b->stream_last = info.last_sequence;
    return STATUS_OK;
}

static struct bus_place place_of(const struct broker *b, const struct checkpoint *c)
{
    (void)b;
    return (struct bus_place){c->stream_seq, c->stream_time_ns};
}

static enum status take_partitions(struct broker *b, struct eventlog *log, struct error *err)
{
    b->checkpoints = calloc(b->subjects.partitions, sizeof(*b->checkpoints));
    if (!b->checkpoints)
        return error_set(err, STATUS_NO_MEMORY, "no memory for %u partitions", b->subjects.partitions);
    for (uint32_t p = 0; p < b->subjects.partitions; p++)
        TRY(eventlog_take_partition(log, p, b->name, &b->checkpoints[p], err));
    return STATUS_OK;
}

static void deliver(void *context, struct bus_delivery *d)
{
    struct broker *b = context;
    struct error err = {0};
    if (mailbox_post(&b->mailbox, (struct mail){.kind = MAIL_FACT, .u.fact = d}, &err) == STATUS_OK)
        return;
    /* A fact must not be left out of its order: without memory for it the broker ends, and reads it again. */
    LOG(LOG_ERROR, "an event cannot be taken; the broker ends to read it again", LOG_ERR(&err));
    _exit(status_exit_code(STATUS_NO_MEMORY));
}

static void trouble(void *context, const struct error *err)
{
    (void)context;
    if (err)
        LOG(LOG_ERROR, "events cannot be read", LOG_ERR(err));
    else
        LOG_LINE(LOG_INFO, "events are read again");
}

static enum status start_readers(struct broker *b, struct error *err)
{
    char stream[96], filter[SUBJECT_MAX];
    stream_name(&b->subjects, STREAM_EVENTS, stream);
    b->readers = calloc(b->subjects.partitions, sizeof(struct bus_reader *));
    if (!b->readers)
        return error_set(err, STATUS_NO_MEMORY, "no memory for %u readers", b->subjects.partitions);
    for (uint32_t p = 0; p < b->subjects.partitions; p++) {
        subject_partition(&b->subjects, p, filter);
        TRY(bus_reader_start(b->bus, stream, filter, place_of(b, &b->checkpoints[p]), deliver, trouble,
                             b, &b->readers[p], err));
        b->reader_count++;
    }
    return STATUS_OK;
}

static enum status start(struct broker *b, struct error *err)
{
    const struct settings *s = b->settings;
    struct eventlog *writing = NULL, *reading = NULL;
    name_broker(b);
    TRY(subjects_from_settings(s, &b->subjects, err));
    TRY(open_log(b, "writer", &writing, err));
    enum status status = bus_connect(s, "broker", true, &b->bus, err);
    if (status == STATUS_OK)
        status = look_at_stream(b, err);
    if (status == STATUS_OK)
        status = take_partitions(b, writing, err);
    if (status == STATUS_OK)
        status = mailbox_init(&b->mailbox, MAX_FACTS_IN_MAILBOX, err);
    b->has_mailbox = status == STATUS_OK;
    if (status == STATUS_OK)
        status = writer_start(writing, b->bus, &b->subjects, &b->mailbox, &b->writer, err);
    if (status != STATUS_OK) {
        eventlog_close(&writing);
        return status;
    }
    TRY(environment_for_templates(s, &b->arena, &b->env, err));
    TRY(child_desk_open(b->bus, &b->subjects, b->env, b->writer, &b->children, err));
    TRY(open_log(b, "reader", &reading, err));
    struct engine_options options = {
        .batch_rows = (size_t)settings_int(s, SETTING_BROKER_BATCH),
        .backlog_rows = (size_t)settings_int(s, SETTING_BROKER_BACKLOG),
        .stream_created_ns = b->stream_created_ns,
    };
    status = engine_start(&options, &b->subjects, b->bus, reading, &b->mailbox, b->writer, b->children,
                          b->checkpoints, &b->engine, err);
    if (status != STATUS_OK) {
        eventlog_close(&reading);
        return status;
    }
    TRY(start_readers(b, err));
    TRY(dead_letters_start(b->bus, &b->subjects, &b->dead_letters, err));
    return intake_start(b->bus, &b->subjects, b->env, &b->intake, err);
}

/*
 * The order matters: first nothing new comes in, then what is in hand is committed, then the connection
 * closes so that no acknowledgement comes any more, and only then is freed what acknowledgements and batches
 * point to.
 */
static void stop(struct broker *b)
{
    intake_stop(&b->intake);
    dead_letters_stop(&b->dead_letters);
    if (b->has_mailbox)
        mailbox_close(&b->mailbox);
    for (uint32_t p = 0; p < b->reader_count; p++)
        bus_reader_stop(&b->readers[p]);
    if (b->engine)
        engine_stop(b->engine);
    if (b->writer)
        writer_stop(b->writer, STOP_WITHIN_MS);
    child_desk_close(&b->children);
    bus_close(&b->bus);
    engine_free(&b->engine);
    writer_free(&b->writer);
    if (b->has_mailbox)
        mailbox_free(&b->mailbox);
    free(b->readers);
    free(b->checkpoints);
    arena_free(&b->arena);
}

static bool cannot_go_on(void *context)
{
    struct broker *b = context;
    struct error ignored;
    return engine_failed(b->engine, &ignored);
}

enum status broker_serve(const struct settings *settings, struct error *err)
{
    struct broker b = {.settings = settings};
    arena_init(&b.arena, 0);
    enum status status = start(&b, err);
    if (status == STATUS_OK) {
        LOG(LOG_INFO, "ready", LOG_TEXT("name", b.name), LOG_NUM("partitions", b.subjects.partitions));
        daemon_wait(cannot_go_on, &b);
        daemon_draining();
        if (engine_failed(b.engine, err))
            status = err->status;
        LOG_LINE(LOG_INFO, "stopping");
    }
    stop(&b);
    return status;
}
