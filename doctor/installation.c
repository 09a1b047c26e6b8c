/* A whole installation. */
#include <stdio.h>
#include <string.h>

#include "core/id.h"
#include "core/json.h"
#include "inner.h"
#include "runtime/clock.h"
#include "verdict/judge.h"

enum { PAGE = 500, MOST_LOOKED_AT = 50, MOST_STILL = 20 };

struct survey {
    struct doctor *doctor;
    struct report *report;
    struct arena *arena;
    struct crowd crowd;
};

/* ---- NATS and its streams ---------------------------------------------------------------------------------
 */

static enum status compare_part(void *context, const struct topology_part *part, struct error *err)
{
    static const char *const KINDS[] = {
        [TOPOLOGY_STREAM] = "stream", [TOPOLOGY_CONSUMER] = "consumer", [TOPOLOGY_BUCKET] = "bucket"};
    struct survey *s = context;
    struct part_evidence e = {.kind = KINDS[part->kind], .seen = SIGHT_THERE, .difference = STR("")};
    e.name = arena_printf(s->arena, "%s", part->name);
    if (!e.name.ptr)
        return arena_error(s->arena, err, "a stream");
    enum status status = topology_compare(s->doctor->bus, part, s->arena, &e.difference, err);
    if (status == STATUS_NOT_FOUND)
        e.seen = SIGHT_ABSENT;
    else if (is_blind(status))
        e.seen = SIGHT_NONE;
    else
        TRY(status);
    judge_part(s->report, &e);
    return STATUS_OK;
}

static enum status see_topology(struct survey *s, struct error *err)
{
    struct doctor *d = s->doctor;
    size_t before = s->report->count;
    uint32_t version = bus_server_version(d->bus);
    struct finding *f = report_add(s->report, VERDICT_NATS_WELL);
    f->subject = STR("NATS");
    f->text =
        REPORT_TEXT(s->report, "nats-server %u.%u.%u.", version / 10000, version / 100 % 100, version % 100);
    TRY(topology_each(&d->subjects, &d->topology, compare_part, s, err));
    if (s->report->count == before + 1) {
        f = report_add(s->report, VERDICT_SETUP_WELL);
        f->subject = STR("streams");
        f->text = STR("They, their consumers and the buckets are as `noetl setup` makes them.");
    }
    return STATUS_OK;
}

static enum status see_fill(struct survey *s, struct error *err)
{
    static const enum stream_id STREAMS[] = {STREAM_COMMANDS, STREAM_EVENTS, STREAM_TASKS, STREAM_RESULTS};
    for (size_t i = 0; i < sizeof(STREAMS) / sizeof(STREAMS[0]); i++) {
        struct stream_evidence e;
        enum status status = see_stream(s->doctor, STREAMS[i], s->arena, &e, NULL, err);
        if (status == STATUS_OK)
            judge_stream(s->report, &e);
        else if (!is_blind(status))
            return status;
    }
    return STATUS_OK;
}

static enum status see_dead_letters(struct survey *s, struct error *err)
{
    char stream[96];
    struct bus_stream_info info;
    struct bus_stored last = {0};
    stream_name(&s->doctor->subjects, STREAM_ADVISORIES, stream);
    enum status status = bus_stream_info(s->doctor->bus, stream, &info, err);
    if (status == STATUS_OK && info.messages > 0)
        status = bus_stream_get(s->doctor->bus, stream, info.last_sequence, s->arena, &last, err);
    if (status != STATUS_OK)
        return is_blind(status) ? STATUS_OK : status;
    judge_dead_letters(s->report, info.messages, last.time_ns);
    return STATUS_OK;
}

/* Every consumer of the tasks stream is a pool's, named in the settings or made by a worker. */
static enum status see_pools(struct survey *s, struct error *err)
{
    char stream[96], verb[160];
    struct value answer;
    stream_name(&s->doctor->subjects, STREAM_TASKS, stream);
    snprintf(verb, sizeof verb, "CONSUMER.NAMES.%s", stream);
    enum status status = bus_api(s->doctor->bus, verb, STR(""), s->arena, &answer, err);
    if (status != STATUS_OK)
        return is_blind(status) ? STATUS_OK : status;
    struct value names = VALUE_GET(answer, "consumers");
    for (uint32_t i = 0; names.type == VALUE_LIST && i < names.len; i++) {
        struct pool_evidence e;
        TRY(see_pool(s->doctor, value_as_str(names.u.list[i]), &s->crowd, s->arena, &e, err));
        judge_pool(s->report, &e);
    }
    return STATUS_OK;
}

/* ---- the log and the brokers ------------------------------------------------------------------------------
 */

static enum status see_log(struct survey *s, int64_t *ahead_ms, struct error *err)
{
    struct doctor *d = s->doctor;
    struct log_survey seen = {0};
    struct log_evidence e = {.log = SIGHT_NONE, .trouble = d->log_trouble, .version = STR("")};
    int64_t before_ns = wall_now().ns;
    if (d->log)
        e.log = d->log_trouble.status == STATUS_OK ? SIGHT_THERE : SIGHT_ABSENT;
    if (e.log == SIGHT_THERE)
        TRY(eventlog_survey(d->log, s->arena, &seen, err));
    e.version = seen.version;
    e.size_bytes = seen.size_bytes;
    e.may_read = seen.may_read;
    e.may_write = seen.may_write;
    e.is_standby = seen.is_standby;
    judge_log(s->report, &e);
    *ahead_ms = (seen.now_ns - (before_ns + wall_now().ns) / 2) / 1000000;
    return STATUS_OK;
}

/* Of each partition, the owner that the log names; "" for those that it has no row of. */
static enum status read_rows(struct survey *s, struct partition_row **rows, struct str **owners,
                             struct error *err)
{
    struct doctor *d = s->doctor;
    uint32_t partitions = d->subjects.partitions;
    struct partition_row *found;
    size_t count;
    *rows = ARENA_ARRAY(s->arena, struct partition_row, partitions);
    *owners = ARENA_ARRAY(s->arena, struct str, partitions);
    if (!*rows || !*owners)
        return arena_error(s->arena, err, "the partitions");
    TRY(eventlog_partitions(d->log, 0, partitions, s->arena, &found, &count, err));
    for (size_t i = 0; i < count; i++) {
        (*rows)[found[i].at.partition] = found[i];
        (*owners)[found[i].at.partition] = found[i].owner;
    }
    return STATUS_OK;
}

static enum status see_partitions(struct survey *s, struct error *err)
{
    struct doctor *d = s->doctor;
    uint32_t partitions = d->subjects.partitions;
    struct partition_row *rows;
    struct str *owners;
    struct partition_evidence *seen = ARENA_ARRAY(s->arena, struct partition_evidence, partitions);
    if (!seen)
        return arena_error(s->arena, err, "the partitions");
    TRY(read_rows(s, &rows, &owners, err));
    TRY(hear_crowd(d, owners, partitions, s->arena, &s->crowd, err));
    for (uint32_t p = 0; p < partitions; p++)
        TRY(see_partition(d, p, &s->crowd, owners[p].ptr ? &rows[p] : NULL, s->arena, &seen[p], err));
    judge_partitions(s->report, seen, partitions, wall_now().ns);
    return STATUS_OK;
}

/* ---- clocks, and who answers
 * --------------------------------------------------------------------------------- */

/* What the server answers to "make a consumer" has its time; the consumer is removed again. */
static bool ask_nats_time(struct survey *s, int64_t *ahead_ms)
{
    char stream[96], verb[160];
    struct value answer, body_of;
    int64_t created_ns, before_ns = wall_now().ns;
    stream_name(&s->doctor->subjects, STREAM_EVENTS, stream);
    struct str body =
        arena_printf(s->arena,
                     "{\"stream_name\":\"%s\",\"config\":{\"ack_policy\":\"none\",\"deliver_policy\":\"new\","
                     "\"inactive_threshold\":1000000000}}",
                     stream);
    snprintf(verb, sizeof verb, "CONSUMER.CREATE.%s", stream);
    if (!body.ptr || bus_api(s->doctor->bus, verb, body, s->arena, &answer, NULL) != STATUS_OK)
        return false;
    int64_t after_ns = wall_now().ns;
    snprintf(verb, sizeof verb, "CONSUMER.DELETE.%s.%" PRISTR, stream,
             ARGSTR(value_as_str(VALUE_GET(answer, "name"))));
    enum status ignored = bus_api(s->doctor->bus, verb, STR(""), s->arena, &body_of, NULL);
    (void)ignored; /* the server removes it after a second */
    if (time_parse(value_as_str(VALUE_GET(answer, "created")), &created_ns, NULL) != STATUS_OK)
        return false;
    *ahead_ms = (created_ns - (before_ns + after_ns) / 2) / 1000000;
    return true;
}

/* An operation that each part answers at once, with an error at the worst. */
static bool answers(struct survey *s, const char *operation)
{
    char subject[SUBJECT_MAX];
    struct str reply;
    return bus_request(s->doctor->bus, subject_api(&s->doctor->subjects, operation, subject), NULL, 0,
                       STR("{}"), settings_int(s->doctor->settings, SETTING_NATS_TIMEOUT), s->arena, &reply,
                       NULL) == STATUS_OK;
}

/* ---- executions that stand still
 * -------------------------------------------------------------------------------- */

static enum status look_at_open(struct survey *s, const struct standing *open, size_t *looked_at,
                                size_t *still, struct error *err)
{
    struct arena arena;
    struct report of_execution;
    if (++*looked_at > MOST_LOOKED_AT || *still >= MOST_STILL)
        return STATUS_OK;
    arena_init(&arena, 0);
    report_init(&of_execution, &arena);
    size_t before = s->report->count;
    enum status status = doctor_look(s->doctor, &s->crowd, open->execution_id, &of_execution, err);
    if (status == STATUS_OK)
        judge_still(s->report, &of_execution, open->execution_id);
    *still += s->report->count - before;
    arena_free(&arena);
    return status;
}

static enum status see_still(struct survey *s, int64_t still_ms, struct error *err)
{
    struct begun_cursor cursor = {0};
    struct standing *page = ARENA_ARRAY(s->arena, struct standing, PAGE);
    size_t count = PAGE, looked_at = 0, still = 0;
    int64_t before_ns = wall_now().ns - still_ms * INT64_C(1000000);
    if (!page)
        return arena_error(s->arena, err, "executions that stand still");
    while (count == PAGE) {
        TRY(eventlog_begun(s->doctor->log, &cursor, page, PAGE, &count, err));
        for (size_t i = 0; i < count; i++) {
            if (!page[i].is_over && page[i].last_time_ns < before_ns)
                TRY(look_at_open(s, &page[i], &looked_at, &still, err));
        }
    }
    return STATUS_OK;
}

enum status doctor_installation(struct doctor *d, int64_t still_ms, struct report *r, struct error *err)
{
    struct survey s = {.doctor = d, .report = r, .arena = r->arena};
    struct clocks_evidence clocks = {0};
    TRY(see_topology(&s, err));
    TRY(see_fill(&s, err));
    TRY(see_log(&s, &clocks.postgres_ahead_ms, err));
    bool has_log = d->log && d->log_trouble.status == STATUS_OK;
    clocks.has_postgres = has_log;
    if (has_log)
        TRY(see_partitions(&s, err));
    else
        TRY(hear_crowd(d, NULL, 0, s.arena, &s.crowd, err));
    TRY(see_pools(&s, err));
    judge_service(r, "publisher", answers(&s, "playbooks"));
    judge_service(r, "render", answers(&s, "status"));
    clocks.has_nats = ask_nats_time(&s, &clocks.nats_ahead_ms);
    judge_clocks(r, &clocks);
    TRY(see_dead_letters(&s, err));
    if (has_log)
        TRY(see_still(&s, still_ms, err));
    return report_status(r, err);
}
