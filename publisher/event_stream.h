/*
 * The events of executions as they come: server-sent events, one stream a client.
 *
 *   id: 7
 *   data: {"execution_id":"…","event_id":7,"event_type":"step_started",…}
 *
 * What is sent is read from the log, page by page and only as fast as the client takes it, so a stream holds
 * one page whatever the client does, and has every event once and in order. noetl.live only says that it is
 * time to look: what of it is lost costs time, until the next keep-alive, and nothing else.
 */
#ifndef PUBLISHER_EVENT_STREAM_H
#define PUBLISHER_EVENT_STREAM_H

#include "runtime/http_server.h"
#include "subject.h"

struct bus;

struct event_streams_options {
    struct bus *bus;
    const struct subjects *subjects;
    uint32_t most;        /* streams at a time */
    int64_t keepalive_ms; /* silence after which a comment is sent, and the log looked at */
    int64_t timeout_ms;   /* for an answer of the render service */
};

struct event_streams;
enum status event_streams_new(const struct event_streams_options *options, struct event_streams **out,
                              struct error *err) MUST_CHECK;
/* Tells every client that the server stops, and waits up to `wait_ms` until all are gone. */
void event_streams_end(struct event_streams *s, int64_t wait_ms);
/* When no stream is open any more. NULL is allowed. */
void event_streams_free(struct event_streams **s);

/*
 * Opens a stream of what `payload` asks for ({"execution_id", "after"?}), behind the event `last_id` if that
 * is not NULL: the header Last-Event-ID. *ended is true, and no stream is opened, when the client has seen
 * the execution's end already. Errors are those of the operation `events`, and STATUS_UNAVAILABLE when there
 * are too many streams.
 */
enum status event_stream_open(struct event_streams *s, struct str payload, const char *last_id,
                              struct arena *a, struct http_stream *out, bool *ended,
                              struct error *err) MUST_CHECK;

#endif
