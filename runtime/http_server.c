#include "http_server.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/buf.h"
#include "log.h"

enum {
    IDLE_SECONDS = 60,
    RECEIVED_BEYOND =
        64 << 20, /* of a body over what is taken, before the connection is closed without an answer */
};

struct http_server {
    struct http_server_options options;
    struct MHD_Daemon *daemon;
    uint16_t port;
};

/* A request while its body comes in. */
struct incoming {
    struct buf body; /* STATUS_LIMIT: it is too large, and what comes is dropped */
    size_t received;
};

const char *http_request_header(const struct http_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->native, MHD_HEADER_KIND, name);
}

static enum MHD_Result add_query(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    struct map_builder *m = context;
    map_put(m, str_of(key), value_text(value ? value : ""));
    return MHD_YES;
}

void http_request_query(const struct http_request *r, struct map_builder *m)
{
    MHD_get_connection_values(r->native, MHD_GET_ARGUMENT_KIND, add_query, m);
}

/* ---- answering ---------------------------------------------------------------------------------------- */

static enum MHD_Result respond(struct MHD_Connection *connection, const struct http_reply *reply)
{
    char *copy = malloc(reply->body.len + 1);
    if (!copy)
        return MHD_NO;
    if (reply->body.len > 0)
        memcpy(copy, reply->body.ptr, reply->body.len);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body.len, copy, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(copy);
        return MHD_NO;
    }
    enum MHD_Result done = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                                   reply->type ? reply->type : "application/json");
    if (done == MHD_YES && reply->allow)
        done = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
    if (done == MHD_YES)
        done = MHD_queue_response(connection, (unsigned)reply->code, response);
    MHD_destroy_response(response);
    return done;
}

static enum MHD_Result answer(struct http_server *s, struct MHD_Connection *connection, const char *method,
                              const char *path, const struct buf *body, bool too_large)
{
    struct arena a;
    struct http_reply reply = {.code = 500};
    struct http_request r = {.method = method,
                             .path = path,
                             .body = too_large ? STR("") : buf_str(body),
                             .too_large = too_large,
                             .arena = &a,
                             .native = connection};
    arena_init(&a, s->options.memory_max);
    s->options.handle(s->options.context, &r, &reply);
    enum MHD_Result done = respond(connection, &reply);
    arena_free(&a);
    return done;
}

/* Called at the head of a request, with each part of its body, and at its end. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data, size_t *size,
                                  void **state)
{
    (void)version;
    struct http_server *s = context;
    struct incoming *incoming = *state;
    if (!incoming) {
        incoming = malloc(sizeof *incoming);
        if (!incoming)
            return MHD_NO;
        incoming->received = 0;
        buf_init(&incoming->body, s->options.body_max);
        *state = incoming;
        return MHD_YES;
    }
    if (*size > 0) {
        /* Read on though it is too large: who still sends when the connection is closed does not see the
         * answer. */
        incoming->received += *size;
        buf_add(&incoming->body, data, *size);
        *size = 0;
        return incoming->received <= s->options.body_max + RECEIVED_BEYOND ? MHD_YES : MHD_NO;
    }
    enum status status = buf_status(&incoming->body, NULL);
    if (status != STATUS_OK && status != STATUS_LIMIT)
        return MHD_NO;
    return answer(s, connection, method, path, &incoming->body, status == STATUS_LIMIT);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
    (void)context;
    (void)connection;
    (void)how;
    struct incoming *incoming = *state;
    *state = NULL;
    if (incoming)
        buf_free(&incoming->body);
    free(incoming);
}

static void on_message(void *context, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
static void on_message(void *context, const char *fmt, va_list args)
{
    (void)context;
    char text[512];
    vsnprintf(text, sizeof text, fmt, args);
    LOG(LOG_DEBUG, "libmicrohttpd", LOG_STR("says", str_trim(str_of(text))));
}

/* ---- its life ----------------------------------------------------------------------------------------- */

static enum status start(struct http_server *s, struct error *err)
{
    const struct http_place *place = &s->options.place;
    int fd = -1;
    TRY(http_listen(place, &fd, err));
    s->port = http_listen_port(fd);
    s->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                                     MHD_USE_POLL | MHD_USE_ERROR_LOG,
                                 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL,
                                 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                                 NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)s->options.connections,
                                 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_END);
    if (s->daemon)
        return STATUS_OK;
    close(fd);
    error_set(err, STATUS_IO, "%s does not start at %s", place->what, place->address);
    return error_place(err, "%s", place->setting);
}

enum status http_server_start(const struct http_server_options *options, struct http_server **out,
                              struct error *err)
{
    *out = NULL;
    struct http_server *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for %s", options->place.what);
    s->options = *options;
    enum status status = start(s, err);
    if (status != STATUS_OK) {
        free(s);
        return status;
    }
    *out = s;
    return STATUS_OK;
}

uint16_t http_server_port(const struct http_server *s)
{
    return s->port;
}

void http_server_stop(struct http_server **server)
{
    struct http_server *s = *server;
    *server = NULL;
    if (!s)
        return;
    MHD_stop_daemon(s->daemon); /* waits for the threads of the connections, closes the socket */
    free(s);
}
