#include "http.h"

#include <stdio.h>
#include <stdlib.h>

#include "answer.h"
#include "ask.h"
#include "core/json.h"
#include "event_stream.h"
#include "http_check.h"
#include "openapi.h"
#include "runtime/log.h"
#include "runtime/problem.h"

enum {
    REMOTE_MS = 60000, /* longer than an operation takes that waits for the log, and reads much of it */
    BODY_MAX = 64 << 20,
    KEEPALIVE_MS = 15000,
    DRAIN_MS = 3000, /* for streams of events, when the publisher stops */
};

struct http {
    struct http_options options;
    struct event_streams *streams;
    struct http_server *server;
};

/* ---- from a request to an answer ---------------------------------------------------------------------- */

/* One request as the operations see it. */
struct http_call {
    struct http *http;
    const struct http_route *route;
    const struct http_request *request;
    struct str payload;
};

static int code_of(const struct http_route *route, enum status status)
{
    if (route->renders && status == STATUS_SYNTAX)
        return 422;
    return error_code(status);
}

/* The error that the answer of an operation is; absent if it is none. Only what begins like one is read. */
static struct value error_of(struct str answer, struct arena *a)
{
    struct value v;
    struct error ignored;
    if (!str_starts_with(answer, STR("{\"error\":")) || json_read(a, answer, NULL, &v, NULL) != STATUS_OK ||
        answer_error(v, &ignored) == STATUS_OK)
        return (struct value){0};
    return VALUE_GET(v, "error");
}

/* By way of NATS, from the service that has the operation. */
static enum status ask_service(const struct http_call *c, struct str *text, struct error *err)
{
    struct http *h = c->http;
    struct arena *a = c->request->arena;
    struct question q = {.operation = c->route->operation,
                         .traceparent =
                             arena_strdup(a, str_of(http_request_header(c->request, "traceparent"))),
                         .payload = c->payload,
                         .timeout_ms = REMOTE_MS};
    enum status status = ask(h->options.bus, h->options.subjects, &q, a, text, err);
    if (status == STATUS_UNAVAILABLE && err->hint[0] == '\0')
        error_hint(err, "see whether a `noetl serve render` runs and is connected to the same NATS");
    return status;
}

static void call_remote(const struct http_call *c, struct http_reply *reply)
{
    struct arena *a = c->request->arena;
    struct error err;
    enum status status = ask_service(c, &reply->body, &err);
    struct value error = status == STATUS_OK ? error_of(reply->body, a) : (struct value){0};
    if (status != STATUS_OK) {
        problem_answer(reply, a, error_code_of(&err), c->request->path, &err);
    } else if (!value_is_absent(error)) {
        char kind[64];
        snprintf(kind, sizeof kind, "%" PRISTR, ARGSTR(value_as_str(VALUE_GET(error, "kind"))));
        problem_answer_map(reply, a, code_of(c->route, status_from_name(kind)), c->request->path, error);
    } else {
        reply->code = 200;
    }
}

static void call_operation(const struct http_call *c, struct http_reply *reply)
{
    const struct operation_table *table = &c->http->options.table;
    const struct operation *operation = operation_find(table, c->route->operation);
    if (!operation) {
        call_remote(c, reply);
        return;
    }
    struct call call = {.payload = c->payload,
                        .traceparent = str_of(http_request_header(c->request, "traceparent")),
                        .requested_by = STR("http"),
                        .arena = c->request->arena};
    struct error err;
    enum status status = operation_run(table, operation, &call, SIZE_MAX, &reply->body, &err);
    reply->code = 200;
    if (status == STATUS_INTERNAL || status == STATUS_NO_MEMORY)
        LOG(LOG_ERROR, "an operation failed", LOG_TEXT("operation", operation->name), LOG_ERR(&err));
    if (status != STATUS_OK)
        problem_answer_map(reply, c->request->arena,
                           err.passes ? error_code_of(&err) : code_of(c->route, status), c->request->path,
                           error_of(reply->body, c->request->arena));
}

static void open_stream(const struct http_call *c, struct http_reply *reply)
{
    const struct http_request *r = c->request;
    struct error err;
    bool ended = false;
    enum status status =
        event_stream_open(c->http->streams, c->payload, http_request_header(r, "Last-Event-ID"), r->arena,
                          &reply->stream, &ended, &err);
    reply->code = ended ? 204 : 200; /* which tells a browser not to come again */
    reply->type = "text/event-stream";
    if (status != STATUS_OK)
        problem_answer(reply, r->arena, error_code_of(&err), r->path, &err);
}

static void health(const struct http *h, struct http_reply *reply)
{
    bool connected = bus_is_connected(h->options.bus);
    reply->code = connected ? 200 : 503;
    reply->body = connected ? STR("{\"status\":\"ok\",\"nats\":\"connected\"}")
                            : STR("{\"status\":\"unavailable\",\"nats\":\"disconnected\"}");
}

static void describe(const struct http_request *r, struct http_reply *reply)
{
    struct value document;
    struct error err;
    enum status status = openapi_document(r->arena, &document, &err);
    if (status == STATUS_OK)
        status = json_text(r->arena, document, &reply->body, &err);
    reply->code = 200;
    if (status != STATUS_OK)
        problem_answer(reply, r->arena, error_code_of(&err), r->path, &err);
}

static enum status read_payload(struct http_call *c, struct error *err)
{
    const struct http_request *r = c->request;
    struct map_builder m;
    struct value query;
    map_begin(&m, r->arena);
    http_request_query(r, &m);
    TRY(map_end(&m, &query, err));
    return http_route_payload(c->route, r->path, query, r->body, http_check_key(r), r->arena, &c->payload,
                              err);
}

static void answer_route(struct http_call *c, struct http_reply *reply)
{
    const struct http_request *r = c->request;
    struct error err;
    int code = http_check_request(c->route, r, &err);
    if (code == 0 && read_payload(c, &err) != STATUS_OK)
        code = error_code_of(&err);
    if (code != 0)
        problem_answer(reply, r->arena, code, r->path, &err);
    else if (c->route->kind == ROUTE_DOCUMENT)
        describe(r, reply);
    else if (c->route->kind == ROUTE_STREAM)
        open_stream(c, reply);
    else
        call_operation(c, reply);
}

static void on_request(void *context, const struct http_request *r, struct http_reply *reply)
{
    struct http *h = context;
    struct http_call c = {.http = h, .request = r};
    struct error err;
    /* Whoever looks after the daemon is told how it is, however many others ask. */
    if (h->options.monitor && monitor_answer(h->options.monitor, r, reply))
        return;
    enum status status = http_route_find(r->method, r->path, &c.route, &reply->allow, &err);
    if (status == STATUS_OK && c.route->kind == ROUTE_HEALTH)
        health(h, reply);
    else if (r->trouble != HTTP_FINE)
        problem_answer(reply, r->arena, http_check_trouble(r->trouble, BODY_MAX, &err), r->path, &err);
    else if (status != STATUS_OK)
        problem_answer(reply, r->arena, status == STATUS_UNSUPPORTED ? 405 : error_code(status), r->path,
                       &err);
    else
        answer_route(&c, reply);
}

static void note_trouble(void *context, enum http_trouble t)
{
    (void)context;
    metric_add(METRIC_PUBLISHER_HTTP_REFUSED, (size_t)t - 1, 1);
}

/* ---- its life ----------------------------------------------------------------------------------------- */

enum status http_measure(struct error *err)
{
    /* At the places of enum http_trouble, but for the first. */
    static const char *const reasons[] = {"size", "connections", "rate", "slow"};
    static const struct metric_label label = {reasons, sizeof reasons / sizeof reasons[0]};
    return metrics_label(METRIC_PUBLISHER_HTTP_REFUSED, &label, 1, err);
}

static enum status start(struct http *h, struct error *err)
{
    const struct http_options *o = &h->options;
    int64_t third = o->idle_ms / 3;
    struct event_streams_options streams = {.bus = o->bus,
                                            .subjects = o->subjects,
                                            .most = o->connections / 2,
                                            .keepalive_ms = third < KEEPALIVE_MS ? third : KEEPALIVE_MS,
                                            .timeout_ms = REMOTE_MS};
    struct http_server_options server = {
        .place = {.address = o->listen, .setting = "publisher.http", .what = "the HTTP API"},
        .body_max = BODY_MAX,
        .memory_max = OPERATION_MEMORY_MAX,
        .connections = o->connections,
        .rate = o->rate,
        .idle_ms = o->idle_ms,
        .handle = on_request,
        .note = note_trouble,
        .context = h};
    TRY(event_streams_new(&streams, &h->streams, err));
    return http_server_start(&server, &h->server, err);
}

enum status http_start(const struct http_options *options, struct http **out, struct error *err)
{
    *out = NULL;
    struct http *h = calloc(1, sizeof *h);
    if (!h)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for the HTTP server");
    h->options = *options;
    enum status status = start(h, err);
    if (status != STATUS_OK) {
        event_streams_free(&h->streams);
        free(h);
        return status;
    }
    *out = h;
    return STATUS_OK;
}

uint16_t http_port(const struct http *h)
{
    return http_server_port(h->server);
}

void http_stop(struct http **http)
{
    struct http *h = *http;
    *http = NULL;
    if (!h)
        return;
    http_server_quiesce(h->server);
    event_streams_end(h->streams, DRAIN_MS);
    http_server_stop(&h->server);
    event_streams_free(&h->streams);
    free(h);
}
