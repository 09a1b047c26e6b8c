#include "http.h"

#include <stdlib.h>

#include "answer.h"
#include "ask.h"
#include "core/json.h"
#include "http_route.h"
#include "runtime/http_server.h"
#include "runtime/log.h"

enum {
    CONNECTIONS_MAX = 256,
    REMOTE_MS = 60000, /* longer than an operation takes that waits for the log, and reads much of it */
    BODY_MAX = 64 << 20,
};

struct http {
    struct http_options options;
    struct http_server *server;
};

/* ---- from a request to an answer ---------------------------------------------------------------------- */

/* One request as the operations see it. */
struct http_call {
    struct http *http;
    const struct http_route *route;
    struct str payload, traceparent;
    struct arena *arena;
};

static int code_of(const struct http_route *route, enum status status)
{
    if (route->renders && status == STATUS_SYNTAX)
        return 422;
    return error_code(status);
}

/* Whether the answer is an error; only what begins like one is read. */
static enum status answered_status(struct str reply, struct arena *a)
{
    struct value v;
    struct error ignored;
    if (!str_starts_with(reply, STR("{\"error\":")) || json_read(a, reply, NULL, &v, NULL) != STATUS_OK)
        return STATUS_OK;
    return answer_error(v, &ignored);
}

/* By way of NATS, from the service that has the operation. */
static int call_remote(const struct http_call *c, struct str *text)
{
    struct http *h = c->http;
    struct error err;
    struct question q = {.operation = c->route->operation,
                         .traceparent = arena_strdup(c->arena, c->traceparent),
                         .payload = c->payload,
                         .timeout_ms = REMOTE_MS};
    enum status status = ask(h->options.bus, h->options.subjects, &q, c->arena, text, &err);
    if (status == STATUS_OK)
        return code_of(c->route, answered_status(*text, c->arena));
    if (status == STATUS_UNAVAILABLE && err.hint[0] == '\0')
        error_hint(&err, "see whether a `noetl serve render` runs and is connected to the same NATS");
    *text = error_json(c->arena, &err, (struct value){0});
    return error_code(status);
}

static int call_operation(const struct http_call *c, struct str *text)
{
    const struct operation_table *table = &c->http->options.table;
    const struct operation *operation = operation_find(table, c->route->operation);
    if (!operation)
        return call_remote(c, text);
    struct call call = {
        .payload = c->payload, .traceparent = c->traceparent, .requested_by = STR("http"), .arena = c->arena};
    struct error err;
    enum status status = operation_run(table, operation, &call, SIZE_MAX, text, &err);
    if (status == STATUS_INTERNAL || status == STATUS_NO_MEMORY)
        LOG(LOG_ERROR, "an operation failed", LOG_TEXT("operation", operation->name), LOG_ERR(&err));
    return err.passes ? error_code_of(&err) : code_of(c->route, status);
}

static int health(const struct http *h, struct str *text)
{
    bool connected = bus_is_connected(h->options.bus);
    *text = connected ? STR("{\"status\":\"ok\",\"nats\":\"connected\"}")
                      : STR("{\"status\":\"unavailable\",\"nats\":\"disconnected\"}");
    return connected ? 200 : 503;
}

/* Code and text of the answer to a request whose body is complete. */
static int answer(struct http *h, const struct http_request *r, struct str *text, const char **allow)
{
    struct http_call c = {.http = h, .arena = r->arena};
    struct error err;
    enum status status = http_route_find(r->method, r->path, &c.route, allow, &err);
    if (status != STATUS_OK) {
        *text = error_json(r->arena, &err, (struct value){0});
        return status == STATUS_UNSUPPORTED ? 405 : error_code(status);
    }
    if (!c.route->operation)
        return health(h, text);

    struct map_builder m;
    struct value query;
    map_begin(&m, r->arena);
    http_request_query(r, &m);
    status = map_end(&m, &query, &err);
    if (status == STATUS_OK)
        status = http_route_payload(c.route, r->path, query, r->body, r->arena, &c.payload, &err);
    if (status != STATUS_OK) {
        *text = error_json(r->arena, &err, (struct value){0});
        return error_code(status);
    }
    c.traceparent = str_of(http_request_header(r, "traceparent"));
    return call_operation(&c, text);
}

static int too_large(struct arena *a, struct str *text)
{
    struct error err;
    error_set(&err, STATUS_LIMIT, "the body of the request has more than %d bytes", (int)BODY_MAX);
    error_hint(&err, "let a step fetch the data");
    *text = error_json(a, &err, (struct value){0});
    return error_code(err.status);
}

static void on_request(void *context, const struct http_request *r, struct http_reply *reply)
{
    struct http *h = context;
    if (h->options.monitor && monitor_answer(h->options.monitor, r, reply))
        return;
    reply->code =
        r->too_large ? too_large(r->arena, &reply->body) : answer(h, r, &reply->body, &reply->allow);
}

/* ---- its life ----------------------------------------------------------------------------------------- */

enum status http_start(const struct http_options *options, struct http **out, struct error *err)
{
    *out = NULL;
    struct http *h = calloc(1, sizeof *h);
    if (!h)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for the HTTP server");
    h->options = *options;
    struct http_server_options server = {
        .place = {.address = options->listen, .setting = "publisher.http", .what = "the HTTP API"},
        .body_max = BODY_MAX,
        .memory_max = OPERATION_MEMORY_MAX,
        .connections = CONNECTIONS_MAX,
        .handle = on_request,
        .context = h};
    enum status status = http_server_start(&server, &h->server, err);
    if (status != STATUS_OK) {
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
    http_server_stop(&h->server);
    free(h);
}
