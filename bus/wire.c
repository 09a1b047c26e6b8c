/* What may stand on the wire, and what the codes of nats.c and of JetStream mean here. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "internal.h"

_Thread_local bool bus_on_handler_thread;

/* ---- subjects and headers ---------------------------------------------------------------------------- */

static bool token_is_valid(struct str token, bool wildcards)
{
    if (token.len == 0)
        return false;
    for (size_t i = 0; i < token.len; i++) {
        unsigned char c = (unsigned char)token.ptr[i];
        if (c <= ' ' || c == 0x7f)
            return false;
        if ((c == '*' || c == '>') && !(wildcards && token.len == 1))
            return false;
    }
    return true;
}

enum status wire_check_subject(const char *subject, bool wildcards, struct error *err)
{
    struct str rest = str_of(subject);
    bool valid = rest.len > 0 && rest.len <= SUBJECT_MAX && rest.ptr[rest.len - 1] != '.';
    while (valid && rest.len > 0) {
        struct str token = str_split(&rest, '.');
        valid = token_is_valid(token, wildcards) && (rest.len == 0 || token.ptr[0] != '>');
    }
    if (valid)
        return STATUS_OK;
    error_set(err, STATUS_INVALID, "\"%s\" cannot be a subject", subject ? subject : "");
    return error_hint(err, "A subject is 1-%d characters: tokens without spaces%s, joined by dots.",
                      SUBJECT_MAX, wildcards ? "" : " and wildcards");
}

static enum status check_header(const struct bus_header *h, struct error *err)
{
    if (!h->name[0] || strpbrk(h->name, ": \t\r\n"))
        return error_set(err, STATUS_INVALID, "\"%s\" cannot be the name of a header", h->name);
    if (strpbrk(h->value, "\r\n"))
        return error_set(err, STATUS_INVALID, "the value of header %s has a line break", h->name);
    return STATUS_OK;
}

/* ---- messages ---------------------------------------------------------------------------------------- */

/* The version line, the empty line, and "Name: value\r\n" each. */
static size_t header_size(const struct bus_header *headers, size_t count)
{
    size_t size = count ? strlen("NATS/1.0\r\n\r\n") : 0;
    for (size_t i = 0; i < count; i++)
        size += strlen(headers[i].name) + strlen(headers[i].value) + 4;
    return size;
}

enum status wire_check_message(struct bus *bus, const char *subject, size_t size, struct error *err)
{
    TRY(wire_check_subject(subject, false, err));
    int64_t most = bus_max_payload(bus);
    if ((int64_t)size <= most)
        return STATUS_OK;
    error_set(err, STATUS_LIMIT, "the message of %zu bytes is larger than the %lld that the server takes",
              size, (long long)most);
    error_hint(err, "Send less, or raise max_payload in nats-server's configuration.");
    return error_place(err, "%s", subject);
}

enum status wire_message(struct bus *bus, const char *subject, const char *reply,
                         const struct bus_header *headers, size_t header_count, struct str payload,
                         natsMsg **out, struct error *err)
{
    natsMsg *msg = NULL;
    for (size_t i = 0; i < header_count; i++)
        TRY(check_header(&headers[i], err));
    TRY(wire_check_message(bus, subject, payload.len + header_size(headers, header_count), err));
    natsStatus s = natsMsg_Create(&msg, subject, reply, payload.ptr, (int)payload.len);
    for (size_t i = 0; s == NATS_OK && i < header_count; i++)
        s = natsMsgHeader_Set(msg, headers[i].name, headers[i].value);
    if (s != NATS_OK) {
        natsMsg_Destroy(msg);
        return wire_error(s, err, "making a message", subject);
    }
    *out = msg;
    return STATUS_OK;
}

void wire_ask_next(struct bus *bus, const char *next_subject, const char *inbox, uint32_t batch)
{
    char body[128];
    int len =
        snprintf(body, sizeof(body), "{\"batch\":%u,\"expires\":%" PRId64 ",\"idle_heartbeat\":%" PRId64 "}",
                 batch, WIRE_EXPIRES_MS * NS_PER_MS, WIRE_HEARTBEAT_MS * NS_PER_MS);
    /* A request that is not sent is missed by its silence. */
    (void)loop_send(bus, next_subject, inbox, (struct str){body, (size_t)len}, NULL);
    bus_push(bus);
}

const char *wire_header(natsMsg *msg, const char *name)
{
    const char *value = NULL;
    return natsMsgHeader_Get(msg, name, &value) == NATS_OK ? value : NULL;
}

int wire_status(natsMsg *msg, const char **text)
{
    if (natsMsg_GetDataLength(msg) > 0) /* control messages have headers only */
        return 0;
    const char *code = wire_header(msg, "Status");
    const char *description = code ? wire_header(msg, "Description") : NULL;
    if (text)
        *text = description ? description : "";
    return code ? (int)strtol(code, NULL, 10) : 0;
}

/* ---- errors ------------------------------------------------------------------------------------------ */

static enum status native_status(natsStatus s)
{
    /* NOLINTNEXTLINE: what is not named is the library's or the network's trouble */
    switch ((int)s) {
    case NATS_NO_MEMORY: return STATUS_NO_MEMORY;
    case NATS_MAX_PAYLOAD: return STATUS_LIMIT;
    case NATS_TIMEOUT: return STATUS_TIMEOUT;
    case NATS_CONNECTION_AUTH_FAILED:
    case NATS_NOT_PERMITTED: return STATUS_DENIED;
    case NATS_INVALID_SUBJECT:
    case NATS_INVALID_ARG:
    case NATS_INVALID_QUEUE_NAME:
    case NATS_ADDRESS_MISSING: return STATUS_INVALID;
    default: return STATUS_UNAVAILABLE;
    }
}

enum status wire_error(natsStatus s, struct error *err, const char *what, const char *subject)
{
    const char *detail = nats_GetLastError(NULL);
    if (s == NATS_CONNECTION_DISCONNECTED) /* what line_hold() says; the library was not asked */
        error_set(err, STATUS_UNAVAILABLE, "%s: there is no connection to NATS", what);
    else
        error_set(err, native_status(s), "%s: %s%s%s", what, natsStatus_GetText(s),
                  detail && *detail ? ": " : "", detail ? detail : "");
    return error_place(err, "%s", subject);
}

/* https://github.com/nats-io/nats-server/blob/main/server/errors.json */
static const struct {
    int64_t code;
    enum status status;
} API_ERRORS[] = {
    {10008, STATUS_UNAVAILABLE}, /* temporarily unavailable */
    {10009, STATUS_UNAVAILABLE}, /* not the leader */
    {10012, STATUS_INVALID},     /* consumer as it is asked for, said with code 500 */
    {10013, STATUS_CONFLICT},    /* consumer name in use */
    {10014, STATUS_NOT_FOUND},   /* consumer */
    {10023, STATUS_LIMIT},       /* insufficient resources */
    {10028, STATUS_LIMIT},       /* memory of the account */
    {10035, STATUS_NOT_FOUND},   /* no account */
    {10037, STATUS_NOT_FOUND},   /* message */
    {10039, STATUS_UNSUPPORTED}, /* JetStream not enabled for the account */
    {10047, STATUS_LIMIT},       /* storage of the account */
    {10049, STATUS_INVALID},     /* stream as it is asked for, said with code 500 */
    {10052, STATUS_INVALID},     /* the same */
    {10054, STATUS_LIMIT},       /* message larger than the stream takes */
    {10058, STATUS_CONFLICT},    /* stream name in use */
    {10059, STATUS_NOT_FOUND},   /* stream */
    {10065, STATUS_CONFLICT},    /* subjects overlap with another stream's */
    {10069, STATUS_INVALID},     /* change of a stream, said with code 500 */
    {10071, STATUS_CONFLICT},    /* wrong last sequence */
    {10076, STATUS_UNSUPPORTED}, /* JetStream not enabled */
    {10105, STATUS_CONFLICT},    /* consumer exists and is still active */
    {10111, STATUS_CONFLICT},    /* the stream takes no rollup, or not this one: bus_publish_known() */
    {10148, STATUS_CONFLICT},    /* consumer exists */
    {10158, STATUS_UNAVAILABLE}, /* the first copy is still on its way: ask again */
    {10164, STATUS_CONFLICT},    /* wrong last sequence, said otherwise */
};

static enum status api_status(int64_t error_code, int64_t code, struct str description)
{
    /* "store failed" is said of a full stream and of a broken disk alike. */
    if (error_code == 10077)
        return str_find(description, STR("maximum")) >= 0 ? STATUS_LIMIT : STATUS_UNAVAILABLE;
    for (size_t i = 0; i < sizeof(API_ERRORS) / sizeof(API_ERRORS[0]); i++)
        if (API_ERRORS[i].code == error_code)
            return API_ERRORS[i].status;
    if (code == 404)
        return STATUS_NOT_FOUND;
    return code == 503 || code == 500 ? STATUS_UNAVAILABLE : STATUS_INVALID;
}

static int64_t as_int(struct value v)
{
    return v.type == VALUE_INT ? v.u.i : 0;
}

/* "maximum bytes exceeded", the account's storage: room comes back as messages leave. */
static bool is_full(int64_t error_code)
{
    return error_code == 10077 || error_code == 10023 || error_code == 10028 || error_code == 10047;
}

static enum status full(struct str description, int64_t error_code, const char *what, struct error *err)
{
    error_set(err, STATUS_LIMIT, "the stream is full and takes no message now: %" PRISTR " (%lld)",
              ARGSTR(description), (long long)error_code);
    error_hint(err,
               "Raise its limit (events.max_messages, tasks.max_messages, … or the server's storage) and run "
               "`noetl setup`, or let messages leave the stream.");
    if (err)
        err->passes = true;
    return error_place(err, "%s", what);
}

enum status wire_api_error(struct value error, const char *what, struct error *err)
{
    struct str description = value_as_str(VALUE_GET(error, "description"));
    int64_t error_code = as_int(VALUE_GET(error, "err_code"));
    int64_t code = as_int(VALUE_GET(error, "code"));
    enum status status = api_status(error_code, code, description);
    if (status == STATUS_LIMIT && is_full(error_code))
        return full(description, error_code, what, err);
    error_set(err, status, "JetStream refuses: %" PRISTR " (%lld)", ARGSTR(description),
              (long long)(error_code ? error_code : code));
    return error_place(err, "%s", what);
}
