#include "subject.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PREFIX_MAX = 32, INLINE_DEFAULT = 256 << 10 };

enum status subjects_init(struct subjects *s, struct str prefix, int64_t partitions, struct error *err)
{
    if (!is_subject_token(prefix) || prefix.len > PREFIX_MAX) {
        error_set(err, STATUS_INVALID, "\"%" PRISTR "\" cannot be the prefix of the subjects",
                  ARGSTR(prefix));
        error_place(err, "nats.prefix");
        return error_hint(err, "a prefix is 1 to %d characters of A-Z, a-z, 0-9, _ and -", PREFIX_MAX);
    }
    if (partitions < 1 || partitions > PARTITIONS_MAX) {
        error_set(err, STATUS_INVALID, "%" PRId64 " is no number of partitions", partitions);
        error_place(err, "events.partitions");
        return error_hint(err, "give a number from 1 to %d", PARTITIONS_MAX);
    }
    memcpy(s->prefix, prefix.ptr, prefix.len);
    s->prefix[prefix.len] = '\0';
    s->partitions = (uint32_t)partitions;
    s->inline_limit = INLINE_DEFAULT;
    return STATUS_OK;
}

enum status subjects_from_settings(const struct settings *settings, struct subjects *out, struct error *err)
{
    TRY(subjects_init(out, str_of(settings_text(settings, SETTING_NATS_PREFIX)),
                      settings_int(settings, SETTING_EVENTS_PARTITIONS), err));
    out->inline_limit = (size_t)settings_int(settings, SETTING_RESULTS_INLINE);
    return STATUS_OK;
}

/* What is put in is bounded (prefix, ids, tokens), so that all of it fits. */
static const char *write_name(char *out, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);
static const char *write_name(char *out, size_t size, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(out, size, fmt, args);
    va_end(args);
    assert(len >= 0 && (size_t)len < size);
    (void)len;
    return out;
}

const char *subject_event(const struct subjects *s, int64_t execution_id, enum event_type type,
                          char out[SUBJECT_MAX])
{
    return write_name(out, SUBJECT_MAX, "%s.events.%" PRIu32 ".%" PRId64 ".%s", s->prefix,
                      id_partition(execution_id, s->partitions), execution_id, event_type_name(type));
}

const char *subject_execution_events(const struct subjects *s, int64_t execution_id, char out[SUBJECT_MAX])
{
    return write_name(out, SUBJECT_MAX, "%s.events.*.%lld.*", s->prefix, (long long)execution_id);
}

const char *subject_all_events_of(const struct subjects *s, enum event_type type, char out[SUBJECT_MAX])
{
    return write_name(out, SUBJECT_MAX, "%s.events.*.*.%s", s->prefix, event_type_name(type));
}

const char *subject_partition(const struct subjects *s, uint32_t partition, char out[SUBJECT_MAX])
{
    return write_name(out, SUBJECT_MAX, "%s.events.%" PRIu32 ".>", s->prefix, partition);
}

const char *subject_live(const struct subjects *s, int64_t execution_id, const char *type_or_wildcard,
                         char out[SUBJECT_MAX])
{
    return write_name(out, SUBJECT_MAX, "%s.live.%" PRId64 ".%s", s->prefix, execution_id, type_or_wildcard);
}

const char *subject_brokers(const struct subjects *s, char out[SUBJECT_MAX])
{
    return write_name(out, SUBJECT_MAX, "%s.brokers", s->prefix);
}

const char *subject_all_live(const struct subjects *s, char out[SUBJECT_MAX])
{
    return write_name(out, SUBJECT_MAX, "%s.live.*.*", s->prefix);
}

const char *subject_task(const struct subjects *s, struct str pool, int64_t execution_id, const char *task_id,
                         char out[SUBJECT_MAX])
{
    return write_name(out, SUBJECT_MAX, "%s.tasks.%" PRISTR ".%" PRId64 ".%s", s->prefix, ARGSTR(pool),
                      execution_id, task_id);
}

const char *subject_pool(const struct subjects *s, struct str pool, char out[SUBJECT_MAX])
{
    return write_name(out, SUBJECT_MAX, "%s.tasks.%" PRISTR ".>", s->prefix, ARGSTR(pool));
}

const char *subject_execution_tasks(const struct subjects *s, int64_t execution_id, char out[SUBJECT_MAX])
{
    return write_name(out, SUBJECT_MAX, "%s.tasks.*.%" PRId64 ".>", s->prefix, execution_id);
}

const char *subject_command(const struct subjects *s, const char *command, char out[SUBJECT_MAX])
{
    return write_name(out, SUBJECT_MAX, "%s.commands.%s", s->prefix, command);
}

const char *subject_api(const struct subjects *s, const char *operation, char out[SUBJECT_MAX])
{
    return write_name(out, SUBJECT_MAX, "%s.api.%s", s->prefix, operation);
}

const char *subject_daemon(const struct subjects *s, const char *kind, const char *id, const char *operation,
                           char out[SUBJECT_MAX])
{
    return write_name(out, SUBJECT_MAX, "%s.%s%s%s.%s", s->prefix, kind, id ? "." : "", id ? id : "",
                      operation);
}

/* The prefix with its letters made large (streams) or small (buckets). */
static const char *cased_prefix(const struct subjects *s, int (*to_case)(int), char out[sizeof s->prefix])
{
    size_t i = 0;
    for (; s->prefix[i]; i++)
        out[i] = (char)to_case((unsigned char)s->prefix[i]);
    out[i] = '\0';
    return out;
}

const char *stream_name(const struct subjects *s, enum stream_id id, char out[96])
{
    static const char *const suffix[] = {
        [STREAM_COMMANDS] = "COMMANDS",     [STREAM_EVENTS] = "EVENTS",   [STREAM_TASKS] = "TASKS",
        [STREAM_ADVISORIES] = "ADVISORIES", [STREAM_RESULTS] = "RESULTS", [STREAM_EXCHANGE] = "EXCHANGE",
    };
    char prefix[sizeof s->prefix];
    return write_name(out, 96, "%s_%s", cased_prefix(s, toupper, prefix), suffix[id]);
}

const char *catalog_bucket(const struct subjects *s, char out[96])
{
    char prefix[sizeof s->prefix];
    return write_name(out, 96, "%s_catalog", cased_prefix(s, tolower, prefix));
}

bool subject_may_be_answered(const struct subjects *s, const char *reply)
{
    size_t len = strlen(s->prefix);
    bool is_own = strncmp(reply, s->prefix, len) == 0 && reply[len] == '.';
    return reply[0] != '$' && !is_own;
}

/* Says that a token of `subject` is not what stands there in subjects of events. */
static enum status wrong_token(struct error *err, const char *subject, const char *what, struct str token)
{
    error_set(err, STATUS_INVALID, "\"%" PRISTR "\" is not %s in the subject of an event", ARGSTR(token),
              what);
    return error_place(err, "%s", subject);
}

enum status subject_parse_event(const struct subjects *s, const char *subject, struct event_subject *out,
                                struct error *err)
{
    struct str rest = str_of(subject);
    struct str prefix = str_split(&rest, '.');
    out->partition = s->partitions;
    if (!str_is(prefix, s->prefix))
        return wrong_token(err, subject, "the prefix", prefix);
    struct str events = str_split(&rest, '.');
    if (!str_is(events, "events"))
        return wrong_token(err, subject, "the word \"events\"", events);

    struct str partition = str_split(&rest, '.');
    int64_t number = -1;
    if (!str_to_int64(partition, &number) || number < 0 || number >= s->partitions)
        return wrong_token(err, subject, "a partition", partition);
    out->partition = (uint32_t)number;
    struct str id = str_split(&rest, '.');
    if (id_parse(id, &out->execution_id, NULL) != STATUS_OK)
        return wrong_token(err, subject, "an execution id", id);
    if (id_partition(out->execution_id, s->partitions) != number)
        return wrong_token(err, subject, "the execution's partition", partition);
    out->type = event_type_from_name(rest);
    if (out->type == EVENT_COUNT)
        return wrong_token(err, subject, "an event's type", rest);
    return STATUS_OK;
}
