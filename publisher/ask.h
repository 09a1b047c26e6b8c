/* Asking a service of the API, whatever the size of the request and of its answer. */
#ifndef PUBLISHER_ASK_H
#define PUBLISHER_ASK_H

#include "core/arena.h"
#include "bus/bus.h"
#include "subject.h"

struct question {
    const char *operation;   /* "run", "show", … */
    const char *traceparent; /* or NULL */
    struct str payload;
    int64_t timeout_ms; /* for the answer; large ones take longer to come */
};

/*
 * The answer's text in `a`. What no message can hold goes through the stream of exchanges (blob.h). Errors
 * are those of bus_request(), and of blob_put() and blob_get().
 */
enum status ask(struct bus *bus, const struct subjects *s, const struct question *q, struct arena *a,
                struct str *answer, struct error *err) MUST_CHECK;

/* The other side: what goes out as the answer. An answer that a message can hold is given back as it is. */
enum status ask_answer(struct bus *bus, const struct subjects *s, const char *operation, struct str text,
                       struct arena *a, struct str *out, struct error *err) MUST_CHECK;

#endif
