#include "intake.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/id.h"
#include "core/json.h"
#include "core/utf8.h"
#include "desk.h"
#include "measure.h"
#include "publisher/control.h"
#include "publisher/request.h"
#include "publisher/topology.h"
#include "rejection.h"
#include "stranded_commands.h"
#include "runtime/log.h"

enum { RETRY_AFTER_MS = 1000, RETRY_MOST_MS = 10000, NODE_OF_COMMANDS = 1023 };

struct intake {
    struct bus *bus;
    struct subjects subjects;
    struct desk *desk;
    struct value env; /* of executions that are requested here */
    const struct occupancy *occupancy;
    struct stranded_commands stranded;
    bool said_full; /* that run commands wait for room */
    bool waits;     /* that commands have to wait has been said, and none has been done since */
};

/*
 * The id that a command's execution gets: of its own key if it has one (the same command published twice is
 * one execution), else of the place and time of its message, which are the same however often it is
 * delivered.
 */
static int64_t id_for(const struct command *c, const struct run_request *r)
{
    char place[64];
    if (r->idempotency_key.len)
        return id_from_key(r->path, r->idempotency_key);
    if (c->message_id.len)
        return id_from_key(r->path, c->message_id);
    int len =
        snprintf(place, sizeof(place), "%llu.%lld", (unsigned long long)c->sequence, (long long)c->time_ns);
    return id_from_key(STR("command"), (struct str){place, (size_t)len});
}

/*
 * What the log knows the execution by, which may be asked for again as late as one with a key: the message's
 * id, or, if that is no text or too long for a key, what the execution's id was made of it.
 */
static enum status key_of_message(struct str message_id, int64_t execution_id, struct arena *a,
                                  struct str *out, struct error *err)
{
    *out = message_id;
    if (utf8_check(message_id) == message_id.len && message_id.len <= RUN_KEY_MAX)
        return STATUS_OK;
    *out = arena_printf(a, "message-%" PRId64, execution_id);
    return out->ptr ? STATUS_OK : arena_error(a, err, "a key");
}

static enum status on_run(struct intake *i, const struct command *c, struct value payload, struct arena *a,
                          struct error *err)
{
    struct run_request r;
    struct run_answer answer;
    TRY(run_request_from_value(payload, &r, err));
    r.execution_id = id_for(c, &r);
    if (r.idempotency_key.len == 0 && c->message_id.len > 0)
        TRY(key_of_message(c->message_id, r.execution_id, a, &r.idempotency_key, err));
    r.requested_by = STR("command");
    r.env = i->env;
    run_request_trace(&r, c->traceparent);
    TRY(request_execution(i->bus, &i->subjects, NODE_OF_COMMANDS, &r, a, &answer, err));
    LOG(LOG_INFO,
        answer.duplicate ? "a run command asks for an execution that exists" : "an execution was requested",
        LOG_ID("execution", answer.execution_id), LOG_STR("path", answer.path),
        LOG_NUM("version", answer.version));
    return STATUS_OK;
}

/* Whether the event stream has the command's fact. */
static enum status is_done(struct intake *i, const struct control_request *r, struct str message_id,
                           struct arena *a, bool *done, struct error *err)
{
    char stream[96], subject[SUBJECT_MAX];
    struct bus_stored fact = {0};
    enum status status = STATUS_OK;
    stream_name(&i->subjects, STREAM_EVENTS, stream);
    subject_event(&i->subjects, r->execution_id, control_fact(r->control), subject);
    for (*done = false; status == STATUS_OK && !*done;) {
        status = bus_stream_next(i->bus, stream, subject, fact.sequence + 1, a, &fact, err);
        *done = status == STATUS_OK && str_equal(bus_stored_header(&fact, "Nats-Msg-Id"), message_id);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The same message gives the same fact, however often it is delivered. */
static enum status on_control(struct intake *i, enum control_id control, const struct command *c,
                              struct value payload, struct arena *a, struct error *err)
{
    struct control_request r;
    bool done = false;
    TRY(control_from_value(control, payload, a, &r, err));
    struct str message_id =
        arena_printf(a, "%lld.%s.%llu.%lld", (long long)r.execution_id, control_name(control),
                     (unsigned long long)c->sequence, (long long)c->time_ns);
    if (!message_id.ptr)
        return arena_error(a, err, "the message's id");
    if (c->may_be_done)
        TRY(is_done(i, &r, message_id, a, &done, err));
    return done ? STATUS_OK : control_publish(i->bus, &i->subjects, &r, message_id, err);
}

static enum status unknown_command(const char *command, struct error *err)
{
    error_set(err, STATUS_UNSUPPORTED, "there is no command \"%s\"", command);
    return error_hint(err, "This version knows run"
#define X(id, fact, members, doc) ", " #id
#include "publisher/control.def"
#undef X
                           ".");
}

static enum status handle_in(struct intake *i, const struct command *c, struct arena *a, struct error *err)
{
    struct value payload;
    bool is_run = strcmp(c->name, "run") == 0;
    enum control_id control = control_from_name(c->name);
    if (!is_run && control == CONTROL_COUNT)
        return unknown_command(c->name, err);
    TRY(json_read_map(a, c->payload, "the command", &payload, err));
    return is_run ? on_run(i, c, payload, a, err) : on_control(i, control, c, payload, a, err);
}

static enum status handle(struct intake *i, const struct command *c, struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    enum status status = handle_in(i, c, &a, err);
    arena_free(&a);
    return status;
}

/* Whether a command has to wait for room. */
static bool has_to_wait(struct intake *i, const char *command)
{
    if (strcmp(command, "run") != 0)
        return false;
    bool full = occupancy_is_full(i->occupancy);
    if (full && !i->said_full)
        LOG(LOG_WARN, "as many executions are at work as broker.in_flight allows; run commands wait",
            LOG_NUM("executions", i->occupancy->most));
    if (!full && i->said_full)
        LOG_LINE(LOG_INFO, "run commands are taken again");
    metric_add(METRIC_BROKER_IN_FLIGHT_REACHED, 0, full && !i->said_full);
    i->said_full = full;
    return full;
}

/* The event stream is full, or NATS away: the command stays in its stream and is tried again, less and less
 * often. */
static void put_back(struct intake *i, const char *command, const struct bus_delivery *d,
                     const struct error *why)
{
    int64_t delay_ms = d->deliveries < RETRY_MOST_MS / RETRY_AFTER_MS
                           ? (int64_t)d->deliveries * RETRY_AFTER_MS
                           : RETRY_MOST_MS;
    LOG(i->waits ? LOG_DEBUG : LOG_WARN,
        "commands have to wait; they stay in their stream and are tried again", LOG_TEXT("command", command),
        LOG_NUM("sequence", d->stream_sequence), LOG_ERR(why));
    i->waits = true;
    measure_command(COMMAND_PUT_BACK);
    bus_deliver_nak(i->bus, d, delay_ms);
}

static void finish(struct intake *i, const struct bus_delivery *d)
{
    if (i->waits)
        LOG_LINE(LOG_INFO, "commands are done again");
    i->waits = false;
    measure_command(COMMAND_DONE);
    bus_deliver_ack(i->bus, d);
}

static void take(void *context, struct bus_delivery *d)
{
    struct intake *i = context;
    struct command c = command_of_delivery(d);
    struct error err = {0};
    char reason[1536];
    if (has_to_wait(i, c.name)) {
        measure_command(COMMAND_PUT_BACK);
        bus_deliver_nak(i->bus, d, RETRY_AFTER_MS);
        return;
    }
    enum status status = handle(i, &c, &err);
    if (status == STATUS_OK) {
        finish(i, d);
    } else if (error_may_retry(&err)) {
        put_back(i, c.name, d, &err);
    } else {
        measure_command(COMMAND_REJECTED);
        reject_command(i->bus, &i->subjects, &c, &err);
        bus_deliver_term(i->bus, d, error_text(&err, reason, sizeof(reason)));
    }
}

/* ---- what is not delivered ---------------------------------------------------------------------------- */

static bool take_stranded(void *context, const struct bus_stored *m)
{
    struct intake *i = context;
    struct command c;
    struct error err = {0};
    struct arena a;
    arena_init(&a, 0);
    enum status status = STATUS_UNAVAILABLE;
    bool known = command_of_stored(m, &a, &c);
    if (known && (strcmp(c.name, "run") != 0 || !occupancy_is_full(i->occupancy)))
        status = handle(i, &c, &err);
    bool over = status == STATUS_OK || (known && err.status != STATUS_OK && !error_may_retry(&err));
    if (status == STATUS_OK) {
        LOG(LOG_WARN, "a command that its consumer does not deliver is done", LOG_TEXT("command", c.name),
            LOG_NUM("sequence", c.sequence));
        measure_repair(REPAIR_COMMAND);
        measure_command(COMMAND_DONE);
    } else if (over) {
        measure_command(COMMAND_REJECTED);
        reject_command(i->bus, &i->subjects, &c, &err);
    }
    arena_free(&a);
    return over;
}

enum status intake_look_for_stranded(struct intake *i, struct error *err)
{
    return stranded_commands_take(&i->stranded, i->bus, &i->subjects, take_stranded, i, err);
}

/* ---- opening and closing ------------------------------------------------------------------------------ */

enum status intake_start(struct bus *bus, const struct subjects *s, struct value env,
                         const struct occupancy *occupancy, uint32_t at_a_time, atomic_bool *missing,
                         struct intake **out, struct error *err)
{
    static const struct desk_limit limit = {.setting = "broker.commands",
                                            .held = METRIC_BROKER_COMMANDS_HELD,
                                            .most = METRIC_BROKER_COMMANDS_LIMIT,
                                            .reached = METRIC_BROKER_COMMANDS_REACHED};
    char stream[96];
    struct intake *i = calloc(1, sizeof(*i));
    if (!i)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the intake of commands");
    i->bus = bus;
    i->subjects = *s;
    i->env = env;
    i->occupancy = occupancy;
    struct desk_options options = {.bus = bus,
                                   .subjects = &i->subjects,
                                   .make = topology_ensure_intake,
                                   .missing = missing,
                                   .stream = stream_name(s, STREAM_COMMANDS, stream),
                                   .consumer = INTAKE_CONSUMER,
                                   .what = "commands",
                                   .handle = take,
                                   .context = i,
                                   .at_a_time = at_a_time,
                                   .limit = &limit};
    enum status status = desk_open(&options, &i->desk, err);
    if (status != STATUS_OK) {
        intake_stop(&i);
        return status;
    }
    *out = i;
    return STATUS_OK;
}

void intake_stop(struct intake **i)
{
    if (!*i)
        return;
    desk_close(&(*i)->desk);
    free(*i);
    *i = NULL;
}
