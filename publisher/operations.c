#include "operations.h"

#include <inttypes.h>
#include <stdio.h>

#include "catalog.h"
#include "answer.h"
#include "core/json.h"
#include "payload.h"
#include "request.h"

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

/* ---- run ------------------------------------------------------------------------------------------------
 */

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

static enum status run(void *context, const struct call *call, struct answer *answer, struct error *err)
{
    struct publisher *p = context;
    struct value payload;
    struct run_request request;
    struct run_answer done;
    TRY(payload_read(call->arena, call->payload, "the run request", &payload, err));
    TRY(run_request_from_value(payload, &request, err));
    if (request.traceparent.len == 0)
        request.traceparent = call->traceparent;
    request.requested_by = call->requested_by;
    request.env = p->env;
    TRY(request_execution(p->bus, p->subjects, p->node, &request, call->arena, &done, err));
    return run_answer_value(call->arena, &done, &answer->body, err);
}

/* ---- register, playbooks, playbook -----------------------------------------------------------------------
 */

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

/* ---- cancel
 * --------------------------------------------------------------------------------------------------- */

/* Whether the stream of events has this event of an execution. */
static enum status has_event(struct publisher *p, int64_t id, enum event_type type, struct arena *a,
                             bool *out, struct error *err)
{
    char stream[96], subject[SUBJECT_MAX];
    struct bus_stored stored;
    stream_name(p->subjects, STREAM_EVENTS, stream);
    subject_event(p->subjects, id, type, subject);
    enum status status = bus_stream_last(p->bus, stream, subject, a, &stored, err);
    *out = status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The log knows executions whose request has left the stream since: the render service reads it. */
static enum status check_in_log(struct publisher *p, int64_t id, struct arena *a, struct error *err)
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
    return status == STATUS_OK ? STATUS_OK : error_place(err, "execution_id");
}

static enum status check_cancellable(struct publisher *p, int64_t id, struct arena *a, struct error *err)
{
    static const enum event_type ends[] = {EVENT_EXECUTION_COMPLETE, EVENT_EXECUTION_FAILED,
                                           EVENT_EXECUTION_CANCELLED};
    bool found;
    TRY(has_event(p, id, EVENT_EXECUTION_REQUESTED, a, &found, err));
    if (!found)
        return check_in_log(p, id, a, err);
    for (size_t i = 0; i < COUNT(ends); i++) {
        TRY(has_event(p, id, ends[i], a, &found, err));
        if (found) {
            error_set(err, STATUS_CONFLICT, "the execution %" PRId64 " has ended already, with %s", id,
                      event_type_name(ends[i]));
            return error_place(err, "execution_id");
        }
    }
    return STATUS_OK;
}

static enum status cancel(void *context, const struct call *call, struct answer *answer, struct error *err)
{
    static const struct str members[] = {STR("execution_id"), STR("reason")};
    struct publisher *p = context;
    struct value payload, id_text = {0};
    struct str reason;
    int64_t id;
    char message_id[ID_TEXT + 16];
    TRY(payload_read(call->arena, call->payload, "the request", &payload, err));
    TRY(payload_known(payload, members, COUNT(members), "a request to cancel", err));
    TRY(payload_execution_id(payload, &id, err));
    TRY(payload_text(payload, STR("reason"), &reason, err));
    TRY(check_cancellable(p, id, call->arena, err));
    snprintf(message_id, sizeof message_id, "%" PRId64 ".cancel", id);
    TRY(request_cancel(p->bus, p->subjects, id, reason, str_of(message_id), err));
    TRY(id_value(call->arena, id, &id_text, err));
    struct map_builder m;
    map_begin(&m, call->arena);
    map_put(&m, STR("execution_id"), id_text);
    map_put(&m, STR("requested"), value_bool(true));
    return map_end(&m, &answer->body, err);
}

struct operation_table publisher_operations(struct publisher *publisher)
{
    static const struct operation table[] = {
        {"run", run, "asks for an execution of a playbook"},
        {"register", register_playbook, "checks a playbook and puts it into the catalog"},
        {"playbooks", list_playbooks, "lists the catalog"},
        {"playbook", show_playbook, "gives the text of a playbook"},
        {"cancel", cancel, "asks for an execution to be cancelled"},
    };
    return (struct operation_table){table, COUNT(table), publisher};
}
