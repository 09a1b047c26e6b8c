#include "http.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "answer.h"
#include "ask.h"
#include "core/json.h"
#include "http_listen.h"
#include "http_route.h"
#include "runtime/log.h"

enum {
    CONNECTIONS_MAX = 256,
    IDLE_SECONDS = 60,
    REMOTE_MS = 60000, /* longer than an operation takes that waits for the log, and reads much of it */
    BODY_MAX = 64 << 20,
    RECEIVED_MAX = 128 << 20, /* of a body, before the connection is closed without an answer */
};

struct http {
    struct http_options options;
    struct MHD_Daemon *daemon;
    uint16_t port;
};

/* A request while its body comes in. */
struct exchange {
    struct buf body; /* STATUS_LIMIT: it is too large, and what comes is dropped */
    size_t received;
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
    return code_of(c->route, status);
}

static int health(const struct http *h, struct str *text)
{
    bool connected = bus_is_connected(h->options.bus);
    *text = connected ? STR("{\"status\":\"ok\",\"nats\":\"connected\"}")
                      : STR("{\"status\":\"unavailable\",\"nats\":\"disconnected\"}");
    return connected ? 200 : 503;
}

static enum MHD_Result add_query(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    struct map_builder *m = context;
    map_put(m, str_of(key), value_text(value ? value : ""));
    return MHD_YES;
}

/* Code and text of the answer to a request whose body is complete. */
static int answer(struct http *h, struct MHD_Connection *connection, const char *method, const char *path,
                  struct str body, struct arena *a, struct str *text, const char **allow)
{
    struct http_call c = {.http = h, .arena = a};
    struct error err;
    enum status status = http_route_find(method, path, &c.route, allow, &err);
    if (status != STATUS_OK) {
        *text = error_json(a, &err, (struct value){0});
        return status == STATUS_UNSUPPORTED ? 405 : error_code(status);
    }
    if (!c.route->operation)
        return health(h, text);

    struct map_builder m;
    struct value query;
    map_begin(&m, a);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_query, &m);
    status = map_end(&m, &query, &err);
    if (status == STATUS_OK)
        status = http_route_payload(c.route, path, query, body, a, &c.payload, &err);
    if (status != STATUS_OK) {
        *text = error_json(a, &err, (struct value){0});
        return error_code(status);
    }
    c.traceparent = str_of(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "traceparent"));
    return call_operation(&c, text);
}

/* ---- libmicrohttpd ------------------------------------------------------------------------------------ */

static enum MHD_Result respond(struct MHD_Connection *connection, int code, struct str text,
                               const char *allow)
{
    char *copy = malloc(text.len + 1);
    if (!copy)
        return MHD_NO;
    memcpy(copy, text.ptr, text.len);
    struct MHD_Response *response = MHD_create_response_from_buffer(text.len, copy, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(copy);
        return MHD_NO;
    }
    enum MHD_Result done =
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    if (done == MHD_YES && allow)
        done = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
    if (done == MHD_YES)
        done = MHD_queue_response(connection, (unsigned)code, response);
    MHD_destroy_response(response);
    return done;
}

static enum MHD_Result respond_too_large(struct MHD_Connection *connection)
{
    struct error err;
    struct arena a;
    error_set(&err, STATUS_LIMIT, "the body of the request has more than %d bytes", (int)BODY_MAX);
    error_hint(&err, "let a step fetch the data");
    arena_init(&a, 0);
    enum MHD_Result done =
        respond(connection, error_code(err.status), error_json(&a, &err, (struct value){0}), NULL);
    arena_free(&a);
    return done;
}

static enum MHD_Result answer_complete(struct http *h, struct MHD_Connection *connection, const char *method,
                                       const char *path, const struct buf *body)
{
    struct arena a;
    struct str text;
    const char *allow = NULL;
    arena_init(&a, OPERATION_MEMORY_MAX);
    int code = answer(h, connection, method, path, buf_str(body), &a, &text, &allow);
    enum MHD_Result done = respond(connection, code, text, allow);
    arena_free(&a);
    return done;
}

/* Called at the head of a request, with each part of its body, and at its end. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data, size_t *size,
                                  void **state)
{
    (void)version;
    struct http *h = context;
    struct exchange *exchange = *state;
    if (!exchange) {
        exchange = malloc(sizeof *exchange);
        if (!exchange)
            return MHD_NO;
        exchange->received = 0;
        buf_init(&exchange->body, BODY_MAX);
        *state = exchange;
        return MHD_YES;
    }
    if (*size > 0) {
        /* Read on though it is too large: who still sends when the connection is closed does not see the
         * answer. */
        exchange->received += *size;
        buf_add(&exchange->body, data, *size);
        *size = 0;
        return exchange->received <= RECEIVED_MAX ? MHD_YES : MHD_NO;
    }
    enum status status = buf_status(&exchange->body, NULL);
    if (status == STATUS_LIMIT)
        return respond_too_large(connection);
    return status == STATUS_OK ? answer_complete(h, connection, method, path, &exchange->body) : MHD_NO;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
    (void)context;
    (void)connection;
    (void)how;
    struct exchange *exchange = *state;
    *state = NULL;
    if (exchange)
        buf_free(&exchange->body);
    free(exchange);
}

static void on_message(void *context, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
static void on_message(void *context, const char *fmt, va_list args)
{
    (void)context;
    char text[512];
    vsnprintf(text, sizeof text, fmt, args);
    LOG(LOG_DEBUG, "libmicrohttpd", LOG_STR("says", str_trim(str_of(text))));
}

static enum status start(struct http *h, struct error *err)
{
    int fd = -1;
    TRY(http_listen(h->options.listen, &fd, err));
    h->port = http_listen_port(fd);
    h->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ERROR_LOG, 0,
        NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_END);
    if (h->daemon)
        return STATUS_OK;
    close(fd);
    error_set(err, STATUS_IO, "the HTTP server does not start at %s", h->options.listen);
    return error_place(err, "publisher.http");
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
        free(h);
        return status;
    }
    *out = h;
    return STATUS_OK;
}

uint16_t http_port(const struct http *h)
{
    return h->port;
}

void http_stop(struct http **http)
{
    struct http *h = *http;
    *http = NULL;
    if (!h)
        return;
    MHD_stop_daemon(h->daemon); /* waits for the threads of the connections, closes the socket */
    free(h);
}
