#include "intake.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/id.h"
#include "core/json.h"
#include "desk.h"
#include "measure.h"
#include "publisher/control.h"
#include "publisher/request.h"
#include "publisher/topology.h"
#include "rejection.h"
#include "runtime/log.h"

enum { RETRY_AFTER_MS = 1000, RETRY_MOST_MS = 10000, NODE_OF_COMMANDS = 1023 };

struct intake {
    struct bus *bus;
    struct subjects subjects;
    struct desk *desk;
    struct value env; /* of executions that are requested here */
    const struct occupancy *occupancy;
    bool said_full; /* that run commands wait for room */
    bool waits;     /* that commands have to wait has been said, and none has been done since */
};

/*
 * The id that a command's execution gets: of its own key if it has one (the same command published twice is
 * one execution), else of the place and time of its message, which are the same however often it is
 * delivered.
 */
static int64_t id_for(const struct bus_delivery *d, const struct run_request *r)
{
    char place[64];
    const char *message_id = bus_delivery_header(d, "Nats-Msg-Id");
    if (r->idempotency_key.len)
        return id_from_key(r->path, r->idempotency_key);
    if (message_id && *message_id)
        return id_from_key(r->path, str_of(message_id));
    int len = snprintf(place, sizeof(place), "%llu.%lld", (unsigned long long)d->stream_sequence,
                       (long long)d->time_ns);
    return id_from_key(STR("command"), (struct str){place, (size_t)len});
}

static enum status on_run(struct intake *i, const struct bus_delivery *d, struct value payload,
                          struct arena *a, struct error *err)
{
    struct run_request r;
    struct run_answer answer;
    TRY(run_request_from_value(payload, &r, err));
    r.execution_id = id_for(d, &r);
    r.requested_by = STR("command");
    r.env = i->env;
    run_request_trace(&r, str_of(bus_delivery_header(d, "traceparent")));
    TRY(request_execution(i->bus, &i->subjects, NODE_OF_COMMANDS, &r, a, &answer, err));
    LOG(LOG_INFO,
        answer.duplicate ? "a run command asks for an execution that exists" : "an execution was requested",
        LOG_ID("execution", answer.execution_id), LOG_STR("path", answer.path),
        LOG_NUM("version", answer.version));
    return STATUS_OK;
}

/* The same message gives the same fact, however often it is delivered. */
static enum status on_control(struct intake *i, enum control_id control, const struct bus_delivery *d,
                              struct value payload, struct arena *a, struct error *err)
{
    struct control_request r;
    TRY(control_from_value(control, payload, a, &r, err));
    struct str message_id = arena_printf(a, "%lld.%s.%llu", (long long)r.execution_id, control_name(control),
                                         (unsigned long long)d->stream_sequence);
    if (!message_id.ptr)
        return arena_error(a, err, "the message's id");
    return control_publish(i->bus, &i->subjects, &r, message_id, err);
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

static enum status handle_in(struct intake *i, const char *command, const struct bus_delivery *d,
                             struct arena *a, struct error *err)
{
    struct value payload;
    bool is_run = strcmp(command, "run") == 0;
    enum control_id control = control_from_name(command);
    if (!is_run && control == CONTROL_COUNT)
        return unknown_command(command, err);
    TRY(json_read_map(a, d->payload, "the command", &payload, err));
    return is_run ? on_run(i, d, payload, a, err) : on_control(i, control, d, payload, a, err);
}

static enum status handle(struct intake *i, const char *command, const struct bus_delivery *d,
                          struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    enum status status = handle_in(i, command, d, &a, err);
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
    const char *dot = strrchr(d->subject, '.');
    const char *command = dot ? dot + 1 : d->subject;
    struct error err = {0};
    if (has_to_wait(i, command)) {
        measure_command(COMMAND_PUT_BACK);
        bus_deliver_nak(i->bus, d, RETRY_AFTER_MS);
        return;
    }
    enum status status = handle(i, command, d, &err);
    if (status == STATUS_OK) {
        finish(i, d);
    } else if (error_may_retry(&err)) {
        put_back(i, command, d, &err);
    } else {
        measure_command(COMMAND_REJECTED);
        reject_command(i->bus, &i->subjects, command, d, &err);
    }
}

enum status intake_start(struct bus *bus, const struct subjects *s, struct value env,
                         const struct occupancy *occupancy, uint32_t at_a_time, struct intake **out,
                         struct error *err)
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
