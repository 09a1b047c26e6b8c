#include "request.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "compiled.h"
#include "core/json.h"
#include "core/trace.h"
#include "execution_id.h"
#include "parcel.h"
#include "payload.h"

enum {
    PUBLISH_MS = 10000, /* after which the stream counts as unavailable */
    ID_ATTEMPTS = 16,
    MOST_READ = 64, /* messages on the subject of a request */
    TIMEOUT_MAX_S = 10 * 366 * 86400,
};

/* ---- what a client asks for --------------------------------------------------------------------------- */

static const struct str RUN_MEMBERS[] = {STR("path"),        STR("version"), STR("workload"),
                                         STR("parameters"),  STR("payload"), STR("idempotency_key"),
                                         STR("traceparent"), STR("timeout")};

/* The workload may have one of three names. */
static enum status read_workload(struct value v, struct value *out, struct error *err)
{
    static const struct str names[] = {STR("workload"), STR("parameters"), STR("payload")};
    *out = (struct value){0};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct value named;
        TRY(payload_map(v, names[i], &named, err));
        if (value_is_absent(named))
            continue;
        if (!value_is_absent(*out)) {
            error_set(err, STATUS_INVALID, "the workload is given twice, as \"%" PRISTR "\" too",
                      ARGSTR(names[i]));
            error_place(err, "%" PRISTR, ARGSTR(names[i]));
            return error_hint(err,
                              "\"parameters\" and \"payload\" are other names of \"workload\": give one");
        }
        *out = named;
    }
    return STATUS_OK;
}

/* Seconds, of which there may be parts; 0 if absent. */
static enum status read_timeout(struct value v, int64_t *out_ms, struct error *err)
{
    struct value timeout = VALUE_GET(v, "timeout");
    double seconds = timeout.type == VALUE_INT     ? (double)timeout.u.i
                     : timeout.type == VALUE_FLOAT ? timeout.u.f
                                                   : 0;
    *out_ms = 0;
    if (value_is_absent(timeout) || timeout.type == VALUE_NULL)
        return STATUS_OK;
    if (seconds >= 0.001 && seconds <= TIMEOUT_MAX_S) {
        *out_ms = (int64_t)(seconds * 1000);
        return STATUS_OK;
    }
    error_set(err, STATUS_INVALID, "a timeout is a number of seconds above 0, and at most %d", TIMEOUT_MAX_S);
    return error_place(err, "timeout");
}

/* What both kinds of request have. */
static enum status read_common(struct value v, struct run_request *out, struct error *err)
{
    TRY(payload_version(v, &out->version, err));
    TRY(read_workload(v, &out->workload, err));
    TRY(payload_text(v, STR("idempotency_key"), &out->idempotency_key, err));
    TRY(payload_text(v, STR("traceparent"), &out->traceparent, err));
    TRY(read_timeout(v, &out->timeout_ms, err));
    if (out->idempotency_key.len <= RUN_KEY_MAX)
        return STATUS_OK;
    error_set(err, STATUS_INVALID, "the idempotency key has %zu bytes, and the most is %d",
              out->idempotency_key.len, RUN_KEY_MAX);
    return error_place(err, "idempotency_key");
}

enum status run_request_from_value(struct value v, struct run_request *out, struct error *err)
{
    *out = (struct run_request){0};
    TRY(payload_known(v, RUN_MEMBERS, sizeof RUN_MEMBERS / sizeof RUN_MEMBERS[0], "a run request", err));
    TRY(payload_required_text(v, STR("path"), &out->path, err));
    return read_common(v, out, err);
}

static const struct str FORK_MEMBERS[] = {STR("playbook"), STR("fork"),        STR("version"),
                                          STR("workload"), STR("parameters"),  STR("payload"),
                                          STR("timeout"),  STR("traceparent"), STR("idempotency_key")};

/* Every step that was open there has to be in the playbook. */
static enum status check_fork(struct value fork, const struct playbook *playbook, struct error *err)
{
    struct value open = VALUE_GET(fork, "open");
    if (open.type != VALUE_LIST || open.len == 0) {
        error_set(err, STATUS_INVALID, "the fork says of no step that it was open");
        return error_place(err, "fork.open");
    }
    for (uint32_t i = 0; i < open.len; i++) {
        struct str step = value_as_str(VALUE_GET(open.u.list[i], "step"));
        if (playbook_find_step(playbook, step) >= 0)
            continue;
        error_set(err, STATUS_INVALID, "the playbook has no step \"%" PRISTR "\", which was open there",
                  ARGSTR(str_head(step, 60)));
        return error_place(err, "fork.open[%u]", i);
    }
    return STATUS_OK;
}

enum status run_request_from_fork(struct value v, struct arena *a, struct run_request *out, struct error *err)
{
    struct playbook *playbook = NULL;
    *out = (struct run_request){0};
    TRY(payload_known(v, FORK_MEMBERS, sizeof FORK_MEMBERS / sizeof FORK_MEMBERS[0], "a request for a fork",
                      err));
    TRY(payload_required_text(v, STR("playbook"), &out->text, err));
    TRY(payload_map(v, STR("fork"), &out->fork, err));
    TRY(read_common(v, out, err));
    if (compiled_playbook(out->text, "playbook", &playbook, err) != STATUS_OK)
        return error_hint(err, "`noetl lint` shows all errors of a playbook");
    out->path = (struct str){arena_strdup(a, playbook->path), playbook->path.len};
    enum status status = out->path.ptr ? check_fork(out->fork, playbook, err) : arena_error(a, err, "a path");
    playbook_unref(playbook);
    return status;
}

void run_request_trace(struct run_request *r, struct str header)
{
    if (!traceparent_is_valid(r->traceparent))
        r->traceparent = header;
}

/* ---- the fact ------------------------------------------------------------------------------------------ */

/* What of a request does not change when another id is tried. */
struct prepared {
    const struct run_request *request;
    struct str text; /* of the playbook */
    uint64_t version;
    char digest[65];
    char token_seed[33];
    struct value workload;
};

static enum status random_hex(char out[33], struct error *err)
{
    uint8_t bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return error_set(err, STATUS_IO, "the system gave no random bytes for the execution's token");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    return STATUS_OK;
}

/* A text in the catalog that was not checked on its way in (`nats kv put`) is checked here. */
static enum status merge_workload(struct prepared *p, struct arena *a, struct error *err)
{
    struct playbook *playbook = NULL;
    const char *path = arena_strdup(a, p->request->path);
    if (!path)
        return arena_error(a, err, "the playbook's path");
    enum status status = compiled_playbook(p->text, path, &playbook, err);
    if (status != STATUS_OK) {
        error_wrap(err, "the playbook \"%s\" version %" PRIu64 " in the catalog cannot be run", path,
                   p->version);
        if (status == STATUS_INVALID || status == STATUS_SYNTAX)
            error_hint(err, "correct it and register it again; `noetl lint` shows all of its errors");
        return status;
    }
    memcpy(p->digest, playbook->digest, sizeof p->digest);
    struct value merged = playbook->workload;
    if (!value_is_absent(p->request->workload))
        status = value_merge(a, playbook->workload, p->request->workload, &merged, err);
    if (status == STATUS_OK) /* away from the playbook's memory, which may go */
        status = value_copy(a, merged, &p->workload, err);
    playbook_unref(playbook);
    return status;
}

static enum status prepare(struct bus *bus, const struct subjects *s, const struct run_request *r,
                           struct arena *a, struct prepared *p, struct error *err)
{
    *p = (struct prepared){.request = r, .text = r->text, .version = r->version};
    if (r->text.len == 0)
        TRY(catalog_get(bus, s, r->path, r->version, a, &p->text, &p->version, err));
    TRY(merge_workload(p, a, err));
    return random_hex(p->token_seed, err);
}

static enum status request_context(const struct prepared *p, struct arena *a, struct value *out,
                                   struct error *err)
{
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("path"), value_str(p->request->path));
    map_put(&m, STR("version"), value_int((int64_t)p->version));
    map_put(&m, STR("digest"), value_text(p->digest));
    map_put(&m, STR("playbook"), value_str(p->text));
    map_put(&m, STR("workload"), p->workload);
    map_put(&m, STR("token_seed"), value_text(p->token_seed));
    map_put(&m, STR("requested_by"), value_str(p->request->requested_by));
    if (p->request->env.type == VALUE_MAP)
        map_put(&m, STR("env"), p->request->env);
    if (p->request->fork.type == VALUE_MAP)
        map_put(&m, STR("fork"), p->request->fork);
    if (p->request->parent.type == VALUE_MAP)
        map_put(&m, STR("parent"), p->request->parent);
    if (p->request->timeout_ms > 0)
        map_put(&m, STR("timeout_ms"), value_int(p->request->timeout_ms));
    return map_end(&m, out, err);
}

static enum status request_meta(const struct run_request *r, struct arena *a, struct value *out,
                                struct error *err)
{
    *out = (struct value){0};
    bool has_trace = traceparent_is_valid(r->traceparent);
    if (r->idempotency_key.len == 0 && !has_trace)
        return STATUS_OK;
    struct map_builder m;
    map_begin(&m, a);
    if (r->idempotency_key.len > 0)
        map_put(&m, STR("idempotency_key"), value_str(r->idempotency_key));
    if (has_trace)
        map_put(&m, STR("traceparent"), value_str(r->traceparent));
    return map_end(&m, out, err);
}

/* The message that asks: the event `execution_requested`, or a reference to it. */
static enum status request_text(struct bus *bus, const struct subjects *s, const struct prepared *p,
                                int64_t id, struct arena *a, struct str *out, struct error *err)
{
    struct event e = {.execution_id = id,
                      .type = EVENT_EXECUTION_REQUESTED,
                      .node_name = p->request->path,
                      .node_type = STR("playbook")};
    TRY(request_context(p, a, &e.context, err));
    TRY(request_meta(p->request, a, &e.meta, err));
    struct value v;
    TRY(event_to_value(a, &e, &v, err));
    TRY(json_text(a, v, out, err));
    enum status status = parcel_event(bus, s, &e, a, out, err);
    if (status == STATUS_LIMIT)
        error_place(err, "workload");
    return status;
}

/* ---- publishing --------------------------------------------------------------------------------------- */

/* What the request that is stored asked for; an error when it is none. */
static enum status read_stored(struct bus *bus, const struct subjects *s, struct str payload,
                               const struct prepared *p, struct run_answer *answer, struct arena *a,
                               struct error *err)
{
    struct value v;
    struct event e;
    TRY(parcel_text(bus, s, payload, a, &payload, err));
    TRY(json_read(a, payload, NULL, &v, err));
    TRY(event_from_value(v, &e, err));
    answer->duplicate = !str_is(value_as_str(VALUE_GET(e.context, "token_seed")), p->token_seed);
    answer->path = value_as_str(VALUE_GET(e.context, "path"));
    struct value version = VALUE_GET(e.context, "version");
    answer->version = version.type == VALUE_INT ? (uint64_t)version.u.i : 0;
    return STATUS_OK;
}

/* Of the messages on the subject the first that is a request. *err says already why the last is none. */
static enum status read_any(struct bus *bus, const struct subjects *s, const char *stream,
                            const char *subject, const struct prepared *p, struct run_answer *answer,
                            struct arena *a, struct error *err)
{
    struct bus_stored stored = {0};
    for (int n = 0; n < MOST_READ; n++) {
        struct error why;
        enum status status = bus_stream_next(bus, stream, subject, stored.sequence + 1, a, &stored, &why);
        if (status == STATUS_NOT_FOUND)
            break;
        if (status == STATUS_OK)
            status = read_stored(bus, s, stored.payload, p, answer, a, &why);
        if (status == STATUS_OK)
            return STATUS_OK;
        if (status_may_retry(status)) {
            *err = why;
            return status;
        }
    }
    error_wrap(err, "the event stream has messages on %s, and none is a request", subject);
    return error_hint(err,
                      "Ask with another idempotency_key: somebody else published on this one's subject.");
}

/*
 * The stream has a request of this id. Whose it is tells its token: this one's own, whose acknowledgement was
 * lost, or another's. In *answer is then what that other asked for.
 */
static enum status read_first(struct bus *bus, const struct subjects *s, const struct prepared *p,
                              struct run_answer *answer, struct arena *a, struct error *err)
{
    char stream[96], subject[SUBJECT_MAX];
    struct bus_stored stored;
    stream_name(s, STREAM_EVENTS, stream);
    subject_event(s, answer->execution_id, EVENT_EXECUTION_REQUESTED, subject);
    enum status status = bus_stream_last(bus, stream, subject, a, &stored, err);
    if (status == STATUS_NOT_FOUND) { /* grown too old since; only others' requests do */
        answer->duplicate = true;
        return STATUS_OK;
    }
    TRY(status);
    status = read_stored(bus, s, stored.payload, p, answer, a, err);
    return status == STATUS_OK || status_may_retry(status)
               ? status
               : read_any(bus, s, stream, subject, p, answer, a, err);
}

/* One try with one id. */
static enum status publish_request(struct bus *bus, const struct subjects *s, const struct prepared *p,
                                   struct run_answer *answer, struct arena *a, struct error *err)
{
    struct str text;
    TRY(request_text(bus, s, p, answer->execution_id, a, &text, err));
    char subject[SUBJECT_MAX], message_id[ID_TEXT + 16];
    snprintf(message_id, sizeof message_id, "%" PRId64 ".requested", answer->execution_id);
    const char *traceparent = NULL;
    if (traceparent_is_valid(p->request->traceparent)) {
        traceparent = arena_strdup(a, p->request->traceparent);
        if (!traceparent)
            return arena_error(a, err, "the request");
    }
    struct bus_publication publication = {
        .subject = subject_event(s, answer->execution_id, EVENT_EXECUTION_REQUESTED, subject),
        .message_id = message_id,
        .traceparent = traceparent,
        .only_first = true,
        .payload = text,
        .permit = p->request->permit,
        .give_up_ms = PUBLISH_MS,
    };
    struct bus_ack ack;
    enum status status = bus_publish_wait(bus, &publication, &ack, err);
    if (status == STATUS_CONFLICT || (status == STATUS_OK && ack.duplicate))
        return read_first(bus, s, p, answer, a, err);
    if (status != STATUS_OK)
        error_wrap(err, "publishing the request for \"%" PRISTR "\"", ARGSTR(p->request->path));
    return status;
}

enum status request_execution(struct bus *bus, const struct subjects *s, uint32_t node,
                              const struct run_request *r, struct arena *a, struct run_answer *out,
                              struct error *err)
{
    struct prepared p;
    *out = (struct run_answer){0};
    TRY(prepare(bus, s, r, a, &p, err));

    bool given = r->execution_id != 0 || r->idempotency_key.len > 0;
    for (int attempt = 0; attempt < ID_ATTEMPTS; attempt++) {
        *out = (struct run_answer){.path = r->path, .version = p.version};
        if (r->execution_id != 0)
            out->execution_id = r->execution_id;
        else
            out->execution_id = given ? id_from_key(r->path, r->idempotency_key) : execution_id_next(node);
        TRY(publish_request(bus, s, &p, out, a, err));
        /* An id made here that another publisher gave too: another one. */
        if (given || !out->duplicate)
            return STATUS_OK;
    }
    error_set(err, STATUS_CONFLICT, "%d ids in a row belong to other executions", ID_ATTEMPTS);
    error_place(err, "publisher.node");
    return error_hint(err,
                      "give each publisher another publisher.node, and look at the clock of this machine");
}
