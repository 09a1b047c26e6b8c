#include "operations.h"

#include <inttypes.h>
#include <stdio.h>

#include "catalog.h"
#include "answer.h"
#include "control.h"
#include "core/json.h"
#include "execution_id.h"
#include "payload.h"
#include "request.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static enum status id_value(struct arena *a, int64_t id, struct value *out, struct error *err)
{
    char text[ID_TEXT];
    id_format(id, text);
    const char *copy = arena_strdup(a, str_of(text));
    if (!copy)
        return arena_error(a, err, "the answer");
    *out = value_text(copy);
    return STATUS_OK;
}

/* ---- run ---------------------------------------------------------------------------------------------- */

static enum status run_answer_value(struct arena *a, const struct run_answer *run, struct value *out,
                                    struct error *err)
{
    struct value id = {0};
    TRY(id_value(a, run->execution_id, &id, err));
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("execution_id"), id);
    map_put(&m, STR("path"), value_str(run->path));
    map_put(&m, STR("version"), value_int((int64_t)run->version));
    map_put(&m, STR("duplicate"), value_bool(run->duplicate));
    map_put(&m, STR("status"), value_text("requested"));
    return map_end(&m, out, err);
}

/* Whether the brokers have room; that they have none, or have again, is said once. */
static enum status see_room(struct publisher *p, struct error *err)
{
    enum status status = brokers_have_room(p->brokers, err);
    bool full = status != STATUS_OK, before = atomic_exchange(&p->full, full);
    metric_add(METRIC_PUBLISHER_IN_FLIGHT_REFUSED, 0, full);
    if (full && !before)
        LOG(LOG_WARN, "requests for executions are refused until the brokers have room", LOG_ERR(err));
    if (!full && before)
        LOG_LINE(LOG_INFO, "requests for executions are taken again");
    return status;
}

static enum status ask_for(struct publisher *p, const struct call *call, struct run_request *request,
                           struct answer *answer, struct error *err)
{
    struct run_answer done;
    run_request_trace(request, call->traceparent);
    request->requested_by = call->requested_by;
    request->env = p->env;
    TRY(see_room(p, err));
    TRY(request_execution(p->bus, p->subjects, p->node, request, call->arena, &done, err));
    return run_answer_value(call->arena, &done, &answer->body, err);
}

static enum status run(void *context, const struct call *call, struct answer *answer, struct error *err)
{
    struct value payload;
    struct run_request request;
    TRY(payload_read(call->arena, call->payload, "the run request", &payload, err));
    TRY(run_request_from_value(payload, &request, err));
    return ask_for(context, call, &request, answer, err);
}

static enum status fork_execution(void *context, const struct call *call, struct answer *answer,
                                  struct error *err)
{
    struct value payload;
    struct run_request request;
    TRY(payload_read(call->arena, call->payload, "the request for a fork", &payload, err));
    TRY(run_request_from_fork(payload, call->arena, &request, err));
    return ask_for(context, call, &request, answer, err);
}

/* ---- register, playbooks, playbook -------------------------------------------------------------------- */

/*
 * The playbook is the payload itself, or its member "playbook". YAML includes JSON, so a JSON map can be
 * either: it is the playbook itself if it has the members of one.
 */
static enum status read_playbook(const struct call *call, struct str *text, struct error *err)
{
    static const struct str members[] = {STR("playbook")};
    struct value v;
    *text = call->payload;
    if (str_trim(call->payload).len == 0) {
        error_set(err, STATUS_INVALID, "the payload is empty, and should be the text of a playbook");
        return error_hint(err, "send the YAML text, or {\"playbook\": \"<the YAML text>\"}");
    }
    if (!str_starts_with(str_trim(call->payload), STR("{")) ||
        json_read_map(call->arena, call->payload, "the payload", &v, NULL) != STATUS_OK ||
        !value_is_absent(VALUE_GET(v, "workflow")) || !value_is_absent(VALUE_GET(v, "apiVersion")))
        return STATUS_OK;
    TRY(payload_known(v, members, COUNT(members), "a registration", err));
    return payload_required_text(v, STR("playbook"), text, err);
}

static enum status diagnostics_map(struct arena *a, const struct diagnostics *d, struct value *out,
                                   struct error *err)
{
    struct value list;
    TRY(diagnostics_to_value(d, "playbook", a, &list, err));
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("diagnostics"), list);
    return map_end(&m, out, err);
}

static enum status registration_value(struct arena *a, const struct registration *r,
                                      const struct diagnostics *d, struct value *out, struct error *err)
{
    struct value warnings;
    TRY(diagnostics_to_value(d, "playbook", a, &warnings, err));
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("path"), value_str(r->path));
    map_put(&m, STR("version"), value_int((int64_t)r->version));
    map_put(&m, STR("unchanged"), value_bool(r->unchanged));
    map_put(&m, STR("warnings"), warnings);
    return map_end(&m, out, err);
}

static enum status register_text(struct publisher *p, const struct call *call, struct str text,
                                 struct diagnostics *diagnostics, struct answer *answer, struct error *err)
{
    struct registration registration;
    enum status status =
        catalog_register(p->bus, p->subjects, text, "playbook", diagnostics, call->arena, &registration, err);
    if (status == STATUS_OK)
        return registration_value(call->arena, &registration, diagnostics, &answer->body, err);
    /* The failure stands, whether or not there is memory for its details. */
    if (diagnostics->count > 0 &&
        diagnostics_map(call->arena, diagnostics, &answer->details, NULL) != STATUS_OK)
        answer->details = (struct value){0};
    return status;
}

static enum status register_playbook(void *context, const struct call *call, struct answer *answer,
                                     struct error *err)
{
    struct str text;
    TRY(read_playbook(call, &text, err));
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    enum status status = register_text(context, call, text, &diagnostics, answer, err);
    diagnostics_free(&diagnostics);
    return status;
}

static enum status list_playbooks(void *context, const struct call *call, struct answer *answer,
                                  struct error *err)
{
    struct publisher *p = context;
    struct value payload, list;
    TRY(payload_read(call->arena, call->payload, "the request", &payload, err));
    TRY(payload_known(payload, NULL, 0, "a request for the list of playbooks", err));
    TRY(catalog_list(p->bus, p->subjects, call->arena, &list, err));
    struct map_builder m;
    map_begin(&m, call->arena);
    map_put(&m, STR("playbooks"), list);
    return map_end(&m, &answer->body, err);
}

static enum status show_playbook(void *context, const struct call *call, struct answer *answer,
                                 struct error *err)
{
    static const struct str members[] = {STR("path"), STR("version")};
    struct publisher *p = context;
    struct value payload;
    struct str path, text;
    uint64_t version;
    TRY(payload_read(call->arena, call->payload, "the request", &payload, err));
    TRY(payload_known(payload, members, COUNT(members), "a request for a playbook", err));
    TRY(payload_required_text(payload, STR("path"), &path, err));
    TRY(payload_version(payload, &version, err));
    TRY(catalog_get(p->bus, p->subjects, path, version, call->arena, &text, &version, err));
    struct map_builder m;
    map_begin(&m, call->arena);
    map_put(&m, STR("path"), value_str(path));
    map_put(&m, STR("version"), value_int((int64_t)version));
    map_put(&m, STR("text"), value_str(text));
    return map_end(&m, &answer->body, err);
}

static enum status list_versions(void *context, const struct call *call, struct answer *answer,
                                 struct error *err)
{
    static const struct str members[] = {STR("path")};
    struct publisher *p = context;
    struct value payload, list;
    struct str path;
    TRY(payload_read(call->arena, call->payload, "the request", &payload, err));
    TRY(payload_known(payload, members, COUNT(members), "a request for the versions of a playbook", err));
    TRY(payload_required_text(payload, STR("path"), &path, err));
    TRY(catalog_versions(p->bus, p->subjects, path, call->arena, &list, err));
    struct map_builder m;
    map_begin(&m, call->arena);
    map_put(&m, STR("path"), value_str(path));
    map_put(&m, STR("versions"), list);
    return map_end(&m, &answer->body, err);
}

/* ---- cancel, pause, resume, signal, retry ------------------------------------------------------------- */

/* How an execution stands. */
struct life {
    enum event_type mark; /* the newest of its life that it was found by; EXECUTION_START while it runs */
    const char *status;
};

static const struct life LIVES[] = {
    {EVENT_EXECUTION_START, "running"},       {EVENT_EXECUTION_RETRIED, "running"},
    {EVENT_EXECUTION_RESUMED, "running"},     {EVENT_EXECUTION_PAUSED, "paused"},
    {EVENT_EXECUTION_COMPLETE, "completed"},  {EVENT_EXECUTION_FAILED, "failed"},
    {EVENT_EXECUTION_CANCELLED, "cancelled"},
};

/* Sequence of the newest event of that type that the stream has of an execution; 0: none. */
static enum status find_event(struct publisher *p, int64_t id, enum event_type type, struct arena *a,
                              uint64_t *sequence, struct error *err)
{
    char stream[96], subject[SUBJECT_MAX];
    struct bus_stored stored;
    stream_name(p->subjects, STREAM_EVENTS, stream);
    subject_event(p->subjects, id, type, subject);
    enum status status = bus_stream_last(p->bus, stream, subject, a, &stored, err);
    *sequence = status == STATUS_OK ? stored.sequence : 0;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The log knows executions whose request has left the stream since: the render service reads it. */
static enum status read_life_in_log(struct publisher *p, int64_t id, struct arena *a, struct life *out,
                                    struct error *err)
{
    char subject[SUBJECT_MAX];
    struct str payload = arena_printf(a, "{\"execution_id\":\"%" PRId64 "\"}", id), reply;
    if (!payload.ptr)
        return arena_error(a, err, "the request");
    enum status status = bus_request(p->bus, subject_api(p->subjects, "status", subject), NULL, 0, payload,
                                     p->timeout_ms, a, &reply, err);
    if (status != STATUS_OK)
        return error_wrap(err, "asking whether there is an execution %" PRId64, id);
    struct value v;
    TRY(json_read_map(a, reply, "the answer of the render service", &v, err));
    status = answer_error(v, err);
    if (status != STATUS_OK)
        return error_place(err, "execution_id");
    *out = LIVES[0];
    for (size_t i = 0; i < COUNT(LIVES); i++)
        if (str_is(value_as_str(VALUE_GET(v, "status")), LIVES[i].status))
            *out = LIVES[i];
    return STATUS_OK;
}

static enum status read_life(struct publisher *p, int64_t id, struct arena *a, struct life *out,
                             struct error *err)
{
    uint64_t sequence, newest = 0;
    TRY(find_event(p, id, EVENT_EXECUTION_REQUESTED, a, &sequence, err));
    if (sequence == 0)
        return read_life_in_log(p, id, a, out, err);
    *out = LIVES[0];
    for (size_t i = 1; i < COUNT(LIVES); i++) {
        TRY(find_event(p, id, LIVES[i].mark, a, &sequence, err));
        if (sequence <= newest)
            continue;
        newest = sequence;
        *out = LIVES[i];
    }
    return STATUS_OK;
}

/* What can be seen now: the fact's folding decides. */
static enum status check_life(const struct control_request *r, const struct life *life, struct error *err)
{
    bool stopped = life->mark == EVENT_EXECUTION_FAILED || life->mark == EVENT_EXECUTION_CANCELLED;
    if (r->control == CONTROL_retry ? stopped : !event_type_is_final(life->mark))
        return STATUS_OK;
    if (r->control == CONTROL_retry)
        error_set(err, STATUS_CONFLICT, "the execution %" PRId64 " has not failed: it is %s", r->execution_id,
                  life->status);
    else
        error_set(err, STATUS_CONFLICT, "the execution %" PRId64 " has ended already, with %s",
                  r->execution_id, event_type_name(life->mark));
    return error_place(err, "execution_id");
}

/* Each call is a request of its own: who pauses, resumes and pauses again means it. */
static enum status steer(struct publisher *p, enum control_id control, const struct call *call,
                         struct answer *answer, struct error *err)
{
    struct value payload, id_text = {0};
    struct control_request r;
    struct life life = LIVES[0];
    char what[64];
    snprintf(what, sizeof what, "the request to %s", control_name(control));
    TRY(payload_read(call->arena, call->payload, what, &payload, err));
    TRY(control_from_value(control, payload, call->arena, &r, err));
    TRY(read_life(p, r.execution_id, call->arena, &life, err));
    TRY(check_life(&r, &life, err));
    struct str message_id = arena_printf(call->arena, "%" PRId64 ".%s.%" PRId64, r.execution_id,
                                         control_name(control), execution_id_next(p->node));
    if (!message_id.ptr)
        return arena_error(call->arena, err, "the message's id");
    TRY(control_publish(p->bus, p->subjects, &r, message_id, err));
    TRY(id_value(call->arena, r.execution_id, &id_text, err));
    struct map_builder m;
    map_begin(&m, call->arena);
    map_put(&m, STR("execution_id"), id_text);
    map_put(&m, STR("requested"), value_bool(true));
    return map_end(&m, &answer->body, err);
}

#define X(id, fact, members, doc)                                                                            \
    static enum status id##_execution(void *context, const struct call *call, struct answer *answer,         \
                                      struct error *err)                                                     \
    {                                                                                                        \
        return steer(context, CONTROL_##id, call, answer, err);                                              \
    }
#include "control.def"
#undef X

struct operation_table publisher_operations(struct publisher *publisher)
{
    static const struct operation table[] = {
        {"run", run, "asks for an execution of a playbook"},
        {"fork", fork_execution, "asks for an execution that begins where another one was"},
        {"register", register_playbook, "checks a playbook and puts it into the catalog"},
        {"playbooks", list_playbooks, "lists the catalog"},
        {"playbook", show_playbook, "gives the text of a playbook"},
        {"versions", list_versions, "lists the versions of a playbook"},
#define X(id, fact, members, doc) {#id, id##_execution, doc},
#include "control.def"
#undef X
    };
    static const struct operation_metrics metrics = {METRIC_PUBLISHER_REQUESTS, METRIC_PUBLISHER_DURATION,
                                                     METRIC_PUBLISHER_QUEUED, METRIC_PUBLISHER_TURNED_AWAY};
    return (struct operation_table){table, COUNT(table), publisher, &metrics};
}
