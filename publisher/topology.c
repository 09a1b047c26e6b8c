#include "topology.h"

#include <inttypes.h>
#include <stdio.h>

#define DAY_MS INT64_C(86400000)

enum {
    INTAKE_ACK_WAIT_MS = 30000,
    /* Far more than can ever be open: a bound that is reached would stop deliveries silently. */
    MAX_ACK_PENDING = 100000,
    /* The server's 512 is few for a fleet of workers, and cannot be raised later. */
    MAX_WAITING = 16384,
    CATALOG_HISTORY = 64,
    EXCHANGE_MAX_AGE_MS = 600000,
    DESCRIPTION_MAX = 32
};

void topology_options_from_settings(const struct settings *settings, struct topology_options *out)
{
    *out = (struct topology_options){
        .replicas = (uint32_t)settings_int(settings, SETTING_NATS_REPLICAS),
        .events_max_age_ms = settings_int(settings, SETTING_EVENTS_MAX_AGE),
        .results_max_age_ms = settings_int(settings, SETTING_RESULTS_MAX_AGE),
        .events_limit = {settings_int(settings, SETTING_EVENTS_MAX_MESSAGES),
                         settings_int(settings, SETTING_EVENTS_MAX_BYTES)},
        .tasks_limit = {settings_int(settings, SETTING_TASKS_MAX_MESSAGES),
                        settings_int(settings, SETTING_TASKS_MAX_BYTES)},
        .pool_max_running = (uint32_t)settings_int(settings, SETTING_TASKS_MAX_RUNNING),
        .duplicates_ms = settings_int(settings, SETTING_EVENTS_DUPLICATES),
        .task_ack_wait_ms = settings_int(settings, SETTING_WORKER_ACK_WAIT),
        .task_max_deliver = (uint32_t)settings_int(settings, SETTING_WORKER_MAX_DELIVER),
        .pools = settings_list(settings, SETTING_POOLS),
    };
}

/* ---- what there is to be ------------------------------------------------------------------------------ */

struct walk {
    const struct subjects *subjects;
    const struct topology_options *options;
    topology_visitor *visit;
    void *context;
};

static enum status see_stream(const struct walk *w, const struct bus_stream *stream, const char *limits,
                              struct error *err)
{
    const struct topology_part part = {
        .kind = TOPOLOGY_STREAM, .name = stream->name, .stream = *stream, .limits = limits};
    return w->visit(w->context, &part, err);
}

static enum status see_consumer(const struct walk *w, const struct bus_consumer *consumer, struct error *err)
{
    const struct topology_part part = {
        .kind = TOPOLOGY_CONSUMER, .name = consumer->durable, .consumer = *consumer};
    return w->visit(w->context, &part, err);
}

static enum status see_bucket(const struct walk *w, const char *name, uint32_t history, struct error *err)
{
    const struct topology_part part = {
        .kind = TOPOLOGY_BUCKET, .name = name, .history = history, .replicas = w->options->replicas};
    return w->visit(w->context, &part, err);
}

const char *pool_consumer(const char *pool, char out[96])
{
    snprintf(out, 96, "%s", pool);
    return out;
}

/* Without a bound on deliveries: the intake itself ends what can never succeed. */
static enum status see_intake(const struct walk *w, struct error *err)
{
    char name[96], subject[SUBJECT_MAX];
    return see_consumer(w,
                        &(struct bus_consumer){.stream = stream_name(w->subjects, STREAM_COMMANDS, name),
                                               .durable = INTAKE_CONSUMER,
                                               .filter = subject_command(w->subjects, ">", subject),
                                               .ack_wait_ms = INTAKE_ACK_WAIT_MS,
                                               .max_ack_pending = MAX_ACK_PENDING,
                                               .max_waiting = MAX_WAITING},
                        err);
}

static enum status see_commands(const struct walk *w, struct error *err)
{
    char name[96], subject[SUBJECT_MAX];
    const struct topology_options *o = w->options;
    stream_name(w->subjects, STREAM_COMMANDS, name);
    subject_command(w->subjects, ">", subject);
    TRY(see_stream(w,
                   &(struct bus_stream){.name = name,
                                        .subjects = {subject},
                                        .work_queue = true,
                                        .duplicates_ms = o->duplicates_ms,
                                        .replicas = o->replicas,
                                        .allow_direct = true},
                   NULL, err));
    return see_intake(w, err);
}

/* ---- limits ------------------------------------------------------------------------------------------- */

/* The first version that counts a message's subject and frame before it takes the message in. Those before it
 * find the stream too large once they have, and remove the oldest:
 * https://github.com/nats-io/nats-server/issues/4771 */
enum { EXACT_BYTES_SINCE = 21005 };

/* A limit below what is there would have the server remove the oldest, discard new or not. */
static enum status holds_more(const char *stream, const char *what, uint64_t there, int64_t limit,
                              const char *setting, struct error *err)
{
    error_set(err, STATUS_CONFLICT, "the stream %s holds %" PRIu64 " %s, and %s would allow %" PRId64, stream,
              there, what, setting, limit);
    error_place(err, "%s", setting);
    return error_hint(err, "The server would remove the oldest: set a higher limit, or none.");
}

/* `part`: "events" or "tasks", as in the settings. */
static enum status check_limit(struct bus *bus, const struct bus_stream *limit, const char *part,
                               struct error *err)
{
    struct bus_stream_info info;
    char messages[32], bytes[32];
    snprintf(messages, sizeof messages, "%s.max_messages", part);
    snprintf(bytes, sizeof bytes, "%s.max_bytes", part);
    if (limit->max_messages == 0 && limit->max_bytes == 0)
        return STATUS_OK;
    if (limit->max_bytes > 0 && bus_server_version(bus) < EXACT_BYTES_SINCE) {
        error_set(err, STATUS_UNSUPPORTED, "this nats-server removes old messages from a stream with %s",
                  bytes);
        error_place(err, "%s", bytes);
        return error_hint(err, "Set %s instead, or run nats-server 2.10.5 or newer.", messages);
    }
    enum status status = bus_stream_info(bus, limit->name, &info, err);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    if (limit->max_messages > 0 && info.messages > (uint64_t)limit->max_messages)
        return holds_more(limit->name, "messages", info.messages, limit->max_messages, messages, err);
    if (limit->max_bytes > 0 && info.bytes > (uint64_t)limit->max_bytes)
        return holds_more(limit->name, "bytes", info.bytes, limit->max_bytes, bytes, err);
    return STATUS_OK;
}

/* ---- the number of partitions ------------------------------------------------------------------------- */

/*
 * It decides where an execution's events are, so the first who makes the streams fixes it for all. It stands
 * in their descriptions: no message can change those, and whoever may see a stream can compare.
 */
static const char *describe(const struct subjects *s, char out[DESCRIPTION_MAX])
{
    snprintf(out, DESCRIPTION_MAX, "%" PRIu32 " partitions", s->partitions);
    return out;
}

static bool is_number_of_partitions(struct str description, int64_t *number)
{
    struct str digits = str_split(&description, ' ');
    return str_is(description, "partitions") && str_to_int64(digits, number) && *number >= 1;
}

enum status topology_check_partitions(struct bus *bus, const struct subjects *s, enum stream_id stream,
                                      struct error *err)
{
    char name[96], wanted[DESCRIPTION_MAX];
    struct bus_stream_info info;
    int64_t number = 0;
    TRY(bus_stream_info(bus, stream_name(s, stream, name), &info, err));
    if (info.description[0] == '\0' || strcmp(info.description, describe(s, wanted)) == 0)
        return STATUS_OK;
    if (!is_number_of_partitions(str_of(info.description), &number)) {
        error_set(err, STATUS_CONFLICT,
                  "the description of the stream %s is \"%s\", and has to be the number of its partitions",
                  name, info.description);
        error_place(err, "%s", name);
        return error_hint(err, "if it was made for %" PRIu32 ": nats stream edit %s --description \"%s\"",
                          s->partitions, name, wanted);
    }
    error_set(err, STATUS_CONFLICT,
              "the stream %s was made for %" PRId64 " partitions, and the setting says %" PRIu32, name,
              number, s->partitions);
    error_place(err, "events.partitions");
    return error_hint(
        err, "set events.partitions to %" PRId64 "; the number cannot be changed while the stream exists",
        number);
}

/* ---- streams ------------------------------------------------------------------------------------------ */

static enum status see_events(const struct walk *w, struct error *err)
{
    char name[96], subject[SUBJECT_MAX], description[DESCRIPTION_MAX];
    const struct topology_options *o = w->options;
    snprintf(subject, sizeof subject, "%s.events.>", w->subjects->prefix);
    return see_stream(w,
                      &(struct bus_stream){.name = stream_name(w->subjects, STREAM_EVENTS, name),
                                           .description = describe(w->subjects, description),
                                           .subjects = {subject},
                                           .discard_new = true,
                                           .max_age_ms = o->events_max_age_ms,
                                           .max_messages = o->events_limit.messages,
                                           .max_bytes = o->events_limit.bytes,
                                           .duplicates_ms = o->duplicates_ms,
                                           .replicas = o->replicas,
                                           .allow_direct = true},
                      "events", err);
}

/* A stream of chunks (blob.h): one message a subject, so that what is put again takes no more room. */
static enum status see_chunks(const struct walk *w, enum stream_id stream, const char *word,
                              int64_t max_age_ms, struct error *err)
{
    char name[96], subject[SUBJECT_MAX];
    const struct topology_options *o = w->options;
    snprintf(subject, sizeof subject, "%s.%s.>", w->subjects->prefix, word);
    /* The server takes no window of duplicates that is longer than the age. */
    bool is_short = max_age_ms > 0 && max_age_ms < o->duplicates_ms;
    return see_stream(w,
                      &(struct bus_stream){.name = stream_name(w->subjects, stream, name),
                                           .subjects = {subject},
                                           .max_age_ms = max_age_ms,
                                           .duplicates_ms = is_short ? max_age_ms : o->duplicates_ms,
                                           .replicas = o->replicas,
                                           .max_per_subject = 1,
                                           .allow_direct = true},
                      NULL, err);
}

static const char *subject_dead(const struct subjects *s, char out[SUBJECT_MAX])
{
    char tasks[96];
    snprintf(out, SUBJECT_MAX, "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.%s.*",
             stream_name(s, STREAM_TASKS, tasks));
    return out;
}

static enum status see_dead_letters(const struct walk *w, struct error *err)
{
    char name[96], dead[SUBJECT_MAX];
    return see_consumer(w,
                        &(struct bus_consumer){.stream = stream_name(w->subjects, STREAM_ADVISORIES, name),
                                               .durable = DEAD_LETTERS_CONSUMER,
                                               .filter = subject_dead(w->subjects, dead),
                                               .ack_wait_ms = INTAKE_ACK_WAIT_MS,
                                               .max_ack_pending = MAX_ACK_PENDING,
                                               .max_waiting = MAX_WAITING},
                        err);
}

/* Advisories are core messages, which are gone if nobody listens: the stream keeps them for the broker. */
static enum status see_advisories(const struct walk *w, struct error *err)
{
    char name[96], tasks[96], dead[SUBJECT_MAX], terminated[SUBJECT_MAX];
    const struct topology_options *o = w->options;
    stream_name(w->subjects, STREAM_TASKS, tasks);
    subject_dead(w->subjects, dead);
    snprintf(terminated, sizeof terminated, "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.%s.*", tasks);
    TRY(see_stream(w,
                   &(struct bus_stream){.name = stream_name(w->subjects, STREAM_ADVISORIES, name),
                                        .subjects = {dead, terminated},
                                        .max_age_ms = 7 * DAY_MS,
                                        .duplicates_ms = o->duplicates_ms,
                                        .replicas = o->replicas},
                   NULL, err));
    return see_dead_letters(w, err);
}

enum status topology_check_pool(const char *pool, const char *place, struct error *err)
{
    if (is_subject_token(str_of(pool)) && strlen(pool) <= SUBJECT_NAME_MAX)
        return STATUS_OK;
    error_set(err, STATUS_INVALID, "\"%s\" cannot be the name of a worker pool", pool);
    error_place(err, "%s", place);
    return error_hint(err, "a pool's name is 1 to %d characters of A-Z, a-z, 0-9, _ and -", SUBJECT_NAME_MAX);
}

static enum status see_pool(const struct walk *w, const char *pool, struct error *err)
{
    TRY(topology_check_pool(pool, "pools", err));
    char stream[96], consumer[96], filter[SUBJECT_MAX];
    return see_consumer(w,
                        &(struct bus_consumer){.stream = stream_name(w->subjects, STREAM_TASKS, stream),
                                               .durable = pool_consumer(pool, consumer),
                                               .filter = subject_pool(w->subjects, str_of(pool), filter),
                                               .ack_wait_ms = w->options->task_ack_wait_ms,
                                               .max_deliver = w->options->task_max_deliver,
                                               .max_ack_pending = w->options->pool_max_running,
                                               .max_waiting = MAX_WAITING},
                        err);
}

static enum status see_tasks(const struct walk *w, struct error *err)
{
    char name[96], subject[SUBJECT_MAX], description[DESCRIPTION_MAX];
    const struct topology_options *o = w->options;
    snprintf(subject, sizeof subject, "%s.tasks.>", w->subjects->prefix);
    TRY(see_stream(w,
                   &(struct bus_stream){.name = stream_name(w->subjects, STREAM_TASKS, name),
                                        .description = describe(w->subjects, description),
                                        .subjects = {subject},
                                        .work_queue = true,
                                        .discard_new = true,
                                        .max_messages = o->tasks_limit.messages,
                                        .max_bytes = o->tasks_limit.bytes,
                                        .duplicates_ms = o->duplicates_ms,
                                        .replicas = o->replicas,
                                        .allow_direct = true},
                   "tasks", err));
    for (const char *const *pool = o->pools; pool && *pool; pool++)
        TRY(see_pool(w, *pool, err));
    return STATUS_OK;
}

enum status topology_each(const struct subjects *s, const struct topology_options *options,
                          topology_visitor *visit, void *context, struct error *err)
{
    const struct walk w = {s, options, visit, context};
    char bucket[96];
    TRY(see_commands(&w, err));
    TRY(see_events(&w, err));
    TRY(see_tasks(&w, err));
    TRY(see_advisories(&w, err));
    TRY(see_chunks(&w, STREAM_RESULTS, "results", options->results_max_age_ms, err));
    TRY(see_chunks(&w, STREAM_EXCHANGE, "exchange", EXCHANGE_MAX_AGE_MS, err));
    return see_bucket(&w, catalog_bucket(s, bucket), CATALOG_HISTORY, err);
}

/* ---- making it, and comparing it ---------------------------------------------------------------------- */

enum status topology_make(struct bus *bus, const struct topology_part *part, struct error *err)
{
    switch (part->kind) {
    case TOPOLOGY_STREAM:
        if (part->limits)
            TRY(check_limit(bus, &part->stream, part->limits, err));
        return bus_stream_ensure(bus, &part->stream, err);
    case TOPOLOGY_CONSUMER: return bus_consumer_ensure(bus, &part->consumer, err);
    case TOPOLOGY_BUCKET: return bus_kv_ensure(bus, part->name, part->history, part->replicas, err);
    }
    return error_set(err, STATUS_INTERNAL, "an unknown part of the topology");
}

enum status topology_compare(struct bus *bus, const struct topology_part *part, struct arena *a,
                             struct str *difference, struct error *err)
{
    switch (part->kind) {
    case TOPOLOGY_STREAM: return bus_stream_compare(bus, &part->stream, a, difference, err);
    case TOPOLOGY_CONSUMER: return bus_consumer_compare(bus, &part->consumer, a, difference, err);
    case TOPOLOGY_BUCKET:
        return bus_kv_compare(bus, part->name, part->history, part->replicas, a, difference, err);
    }
    return error_set(err, STATUS_INTERNAL, "an unknown part of the topology");
}

static enum status make_part(void *bus, const struct topology_part *part, struct error *err)
{
    return topology_make(bus, part, err);
}

enum status topology_ensure_pool(struct bus *bus, const struct subjects *s,
                                 const struct topology_options *options, const char *pool, struct error *err)
{
    const struct walk w = {s, options, make_part, bus};
    return see_pool(&w, pool, err);
}

enum status topology_ensure_intake(struct bus *bus, const struct subjects *s, struct error *err)
{
    const struct walk w = {s, NULL, make_part, bus};
    return see_intake(&w, err);
}

enum status topology_ensure_dead_letters(struct bus *bus, const struct subjects *s, struct error *err)
{
    const struct walk w = {s, NULL, make_part, bus};
    return see_dead_letters(&w, err);
}

/* ---- setting up ---------------------------------------------------------------------------------------- */

enum status topology_check_all_partitions(struct bus *bus, const struct subjects *s, struct error *err)
{
    static const enum stream_id STREAMS[] = {STREAM_EVENTS, STREAM_TASKS};
    for (size_t i = 0; i < sizeof STREAMS / sizeof STREAMS[0]; i++) {
        enum status status = topology_check_partitions(bus, s, STREAMS[i], err);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
    }
    return STATUS_OK;
}

enum status topology_ensure(struct bus *bus, const struct subjects *s, const struct topology_options *options,
                            struct error *err)
{
    /* First, so that a wrong number of partitions changes nothing. */
    struct error why;
    TRY(topology_check_all_partitions(bus, s, err));
    enum status status = topology_each(s, options, make_part, bus, err);
    if (status != STATUS_OK && status != STATUS_CONFLICT)
        return status;
    if (topology_check_all_partitions(bus, s, &why) != STATUS_CONFLICT)
        return status;
    *err = why; /* others have made them meanwhile, for another number */
    return STATUS_CONFLICT;
}
