#include "ask.h"

#include "core/value.h"
#include "parcel.h"

enum { HEADERS_BYTES = 1024 };

/* Of an exchange the summary is nothing: it is read at once, by the other side. */
static enum status shorten(struct bus *bus, const struct subjects *s, const char *operation, struct str text,
                           struct arena *a, struct str *out, struct error *err)
{
    *out = text;
    if ((int64_t)text.len + HEADERS_BYTES <= bus_max_payload(bus))
        return STATUS_OK;
    return parcel_wrap(bus, s, BLOB_EXCHANGE, operation, text, VALUE_EMPTY_MAP, a, out, err);
}

enum status ask_answer(struct bus *bus, const struct subjects *s, const char *operation, struct str text,
                       struct arena *a, struct str *out, struct error *err)
{
    return shorten(bus, s, operation, text, a, out, err);
}

enum status ask(struct bus *bus, const struct subjects *s, const struct question *q, struct arena *a,
                struct str *answer, struct error *err)
{
    char subject[SUBJECT_MAX];
    struct str payload, reply;
    struct bus_header header = {"traceparent", q->traceparent ? q->traceparent : ""};
    TRY(shorten(bus, s, q->operation, q->payload, a, &payload, err));
    subject_api(s, q->operation, subject);
    TRY(bus_request(bus, subject, &header, q->traceparent && q->traceparent[0] ? 1 : 0, payload,
                    q->timeout_ms, a, &reply, err));
    return parcel_text(bus, s, reply, a, answer, err);
}
