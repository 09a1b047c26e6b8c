/*
 * The subjects of NATS, in one place (docs/ARCHITECTURE.md has the table). `prefix` is the setting
 * nats.prefix, "noetl" by default.
 *
 *   <prefix>.commands.run|cancel|…
 *   <prefix>.events.<partition>.<execution_id>.<event_type>
 *   <prefix>.live.<execution_id>.<event_type>
 *   <prefix>.tasks.<pool>.<execution_id>.<task_id>
 *   <prefix>.api.<operation>
 *   <prefix>.broker.<id>.<operation>, <prefix>.worker.<id>.<operation>; without <id> all of them answer
 *   <prefix>.results.<execution_id>.<digest>.<n>, <prefix>.exchange.<operation>.<digest>.<n>   (blob.h)
 */
#ifndef PUBLISHER_SUBJECT_H
#define PUBLISHER_SUBJECT_H

#include "config/settings.h"
#include "core/event.h"
#include "core/id.h"
#include "core/status.h"

enum { SUBJECT_MAX = 512 };

struct subjects {
    char prefix[64];
    uint32_t partitions;
    size_t inline_limit; /* bytes; larger messages travel by reference (parcel.h) */
};

/* The longest name of a pool, a bucket's or a stream's part: what fits into every name made from it. */
enum { SUBJECT_NAME_MAX = 60, PARTITIONS_MAX = 4096 };

/* From nats.prefix, events.partitions and results.inline. STATUS_INVALID names the setting that cannot be
 * used. */
enum status subjects_from_settings(const struct settings *settings, struct subjects *out,
                                   struct error *err) MUST_CHECK;
/* The same from values: a prefix of 1–32 of [A-Za-z0-9_-] and 1–4096 partitions; the inline limit is its
 * default. */
enum status subjects_init(struct subjects *s, struct str prefix, int64_t partitions,
                          struct error *err) MUST_CHECK;

/* Each writes a zero-terminated subject into `out` and returns it. */
const char *subject_event(const struct subjects *s, int64_t execution_id, enum event_type type,
                          char out[SUBJECT_MAX]);
/* All events of an execution, whatever the number of partitions: a pattern. */
const char *subject_execution_events(const struct subjects *s, int64_t execution_id, char out[SUBJECT_MAX]);
/* Events of one type, of whatever execution: a pattern. */
const char *subject_all_events_of(const struct subjects *s, enum event_type type, char out[SUBJECT_MAX]);
/* All events of a partition: the filter of its reader. */
const char *subject_partition(const struct subjects *s, uint32_t partition, char out[SUBJECT_MAX]);
const char *subject_live(const struct subjects *s, int64_t execution_id, const char *type_or_wildcard,
                         char out[SUBJECT_MAX]);
/* The events of every execution: a pattern. */
const char *subject_all_live(const struct subjects *s, char out[SUBJECT_MAX]);
const char *subject_task(const struct subjects *s, struct str pool, int64_t execution_id, const char *task_id,
                         char out[SUBJECT_MAX]);
/* Where brokers say that they are there. */
const char *subject_brokers(const struct subjects *s, char out[SUBJECT_MAX]);
/* All tasks of a pool, and all tasks of an execution in every pool. */
const char *subject_pool(const struct subjects *s, struct str pool, char out[SUBJECT_MAX]);
const char *subject_execution_tasks(const struct subjects *s, int64_t execution_id, char out[SUBJECT_MAX]);
const char *subject_command(const struct subjects *s, const char *command, char out[SUBJECT_MAX]);
const char *subject_api(const struct subjects *s, const char *operation, char out[SUBJECT_MAX]);
/* What one daemon is asked; `id` NULL: all of that kind ("worker") are. */
const char *subject_daemon(const struct subjects *s, const char *kind, const char *id, const char *operation,
                           char out[SUBJECT_MAX]);

/*
 * Whether a reply may be published there for whoever asked: it must not be a subject that this process may
 * publish on and the asker may not. What begins with "$" or with the prefix is none.
 */
bool subject_may_be_answered(const struct subjects *s, const char *reply);

/* Names of the streams and buckets: upper-case prefix + "_EVENTS", lower-case prefix + "_catalog". */
enum stream_id {
    STREAM_COMMANDS,
    STREAM_EVENTS,
    STREAM_TASKS,
    STREAM_ADVISORIES,
    STREAM_RESULTS,
    STREAM_EXCHANGE
};
const char *stream_name(const struct subjects *s, enum stream_id id, char out[96]);
const char *catalog_bucket(const struct subjects *s, char out[96]);

struct event_subject {
    uint32_t partition;
    int64_t execution_id;
    enum event_type type;
};
/* Takes apart the subject of an event; STATUS_INVALID says which token is wrong. out->partition is set then,
 * too: it is s->partitions if the subject is under none of them. */
enum status subject_parse_event(const struct subjects *s, const char *subject, struct event_subject *out,
                                struct error *err) MUST_CHECK;

#endif
