#include "http_server.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "core/buf.h"
#include "http_respond.h"
#include "log.h"
#include "rate_limit.h"

enum {
    IDLE_MS = 60000,
    SPARE_CONNECTIONS = 64,  /* that are told that it is too many; further ones wait to be accepted */
    LEAST_BYTES_PER_MS = 16, /* of a body that takes longer than a connection may stand still */
    RECEIVED_BEYOND =
        64 << 20, /* of a body over what is taken, before the connection is closed without an answer */
};
#define SAY_AGAIN_NS INT64_C(10000000000)

struct http_server {
    struct http_server_options options;
    struct MHD_Daemon *daemon;
    uint16_t port;
    int64_t idle_ms;
    struct rate_limit *rate; /* NULL: none */
    atomic_uint connected;
    _Atomic int64_t said_ns[HTTP_TROUBLES]; /* when it was logged last; 0: never */
    MHD_socket quiesced;                    /* no longer listened at, and still to be closed */
};

/* A request while its body comes in. */
struct incoming {
    struct buf body; /* STATUS_LIMIT: it is too large, and what comes is dropped */
    size_t received;
    struct mono_time started;
    enum http_trouble trouble; /* known from the head on */
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

/* ---- what bites --------------------------------------------------------------------------------------- */

static void tell(struct http_server *s, enum http_trouble t)
{
    static const char *const words[HTTP_TROUBLES] = {
        [HTTP_TOO_LARGE] = "a request is larger than is taken",
        [HTTP_TOO_MANY] = "more clients are connected than are served",
        [HTTP_TOO_FAST] = "a client makes more requests than it may",
        [HTTP_TOO_SLOW] = "a client stood still in the middle of a request and is cut off",
    };
    int64_t now = mono_now().ns, said = atomic_load(&s->said_ns[t]);
    if (t == HTTP_FINE)
        return;
    if (s->options.note)
        s->options.note(s->options.context, t);
    if ((said == 0 || now - said > SAY_AGAIN_NS) &&
        atomic_compare_exchange_strong(&s->said_ns[t], &said, now))
        LOG(LOG_WARN, words[t], LOG_TEXT("server", s->options.place.what));
}

static bool is_too_fast(struct http_server *s, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return s->rate && info && !rate_limit_take(s->rate, info->client_addr, mono_now().ns);
}

static enum http_trouble trouble_at_head(struct http_server *s, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (info && info->socket_context)
        return HTTP_TOO_MANY;
    return is_too_fast(s, connection) ? HTTP_TOO_FAST : HTTP_FINE;
}

/* One that comes when all places are taken is marked, and its requests are refused. */
static void on_connection(void *context, struct MHD_Connection *connection, void **mark,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_server *s = context;
    (void)connection;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED)
        atomic_fetch_sub(&s->connected, 1);
    else if (atomic_fetch_add(&s->connected, 1) >= s->options.connections)
        *mark = s;
}

/* ---- a request ---------------------------------------------------------------------------------------- */

static enum MHD_Result answer(struct http_server *s, struct MHD_Connection *connection, const char *method,
                              const char *path, const struct incoming *incoming)
{
    struct arena a;
    struct http_reply reply = {.code = 500};
    struct http_request r = {.method = method,
                             .path = path,
                             .body = incoming->trouble ? STR("") : buf_str(&incoming->body),
                             .trouble = incoming->trouble,
                             .arena = &a,
                             .native = connection};
    arena_init(&a, s->options.memory_max);
    s->options.handle(s->options.context, &r, &reply);
    if (reply.code >= 400) /* else it was answered nevertheless */
        tell(s, r.trouble);
    enum MHD_Result done = http_respond(connection, &reply, r.trouble == HTTP_TOO_MANY || reply.stream.read);
    arena_free(&a);
    return done;
}

static enum MHD_Result begin(struct http_server *s, struct MHD_Connection *connection,
                             struct incoming **incoming)
{
    *incoming = malloc(sizeof **incoming);
    if (!*incoming)
        return MHD_NO;
    **incoming = (struct incoming){.started = mono_now(), .trouble = trouble_at_head(s, connection)};
    buf_init(&(*incoming)->body, s->options.body_max);
    return MHD_YES;
}

/*
 * What is not wanted is read on nevertheless: who still sends when the connection is closed does not see the
 * answer. A body that trickles is as good as one that stands still.
 */
static enum MHD_Result receive(struct http_server *s, struct incoming *incoming, const char *data,
                               size_t size)
{
    incoming->received += size;
    if (incoming->trouble == HTTP_FINE)
        buf_add(&incoming->body, data, size);
    int64_t took_ms = mono_ms_since(incoming->started);
    if (took_ms > s->idle_ms && (int64_t)incoming->received / (took_ms - s->idle_ms) < LEAST_BYTES_PER_MS) {
        tell(s, HTTP_TOO_SLOW);
        return MHD_NO;
    }
    return incoming->received <= s->options.body_max + RECEIVED_BEYOND ? MHD_YES : MHD_NO;
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
        enum MHD_Result begun = begin(s, connection, &incoming);
        *state = incoming;
        return begun;
    }
    if (*size > 0) {
        size_t bytes = *size;
        *size = 0;
        return receive(s, incoming, data, bytes);
    }
    enum status status = buf_status(&incoming->body, NULL);
    if (status != STATUS_OK && status != STATUS_LIMIT)
        return MHD_NO;
    if (status == STATUS_LIMIT)
        incoming->trouble = HTTP_TOO_LARGE;
    return answer(s, connection, method, path, incoming);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
    (void)connection;
    struct incoming *incoming = *state;
    *state = NULL;
    if (how == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED)
        tell(context, HTTP_TOO_SLOW);
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
    s->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ERROR_LOG, 0,
        NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)s->options.connections + SPARE_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)((s->idle_ms + 999) / 1000), MHD_OPTION_END);
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
    s->idle_ms = options->idle_ms > 0 ? options->idle_ms : IDLE_MS;
    s->quiesced = MHD_INVALID_SOCKET;
    enum status status = options->rate > 0 ? rate_limit_new(options->rate, &s->rate, err) : STATUS_OK;
    if (status == STATUS_OK)
        status = start(s, err);
    if (status != STATUS_OK) {
        rate_limit_free(&s->rate);
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

void http_server_quiesce(struct http_server *s)
{
    s->quiesced = MHD_quiesce_daemon(s->daemon);
}

void http_server_stop(struct http_server **server)
{
    struct http_server *s = *server;
    *server = NULL;
    if (!s)
        return;
    MHD_stop_daemon(s->daemon); /* waits for the threads of the connections, closes the socket */
    if (s->quiesced != MHD_INVALID_SOCKET)
        close(s->quiesced);
    rate_limit_free(&s->rate);
    free(s);
}
