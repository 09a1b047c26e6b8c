/*
 * One NATS connection, and JetStream over it: publishing with acknowledgements, pulling, reading a stream in
 * order, administration. nats.c is the transport; JetStream is spoken here (docs/ARCHITECTURE.md says why).
 *
 * All functions may be called from any thread. Handlers run on threads of the connection, or on the one that
 * reads it in their place (bus_lead()): a handler must not call a function that waits (bus_request,
 * bus_publish_wait, bus_close, the *_stop functions, …) and should be short. Message data handed to a handler
 * is valid until it returns, unless it says otherwise.
 */
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/status.h"
#include "core/str.h"
#include "core/value.h"

struct bus;

struct bus_options {
    const char *servers; /* "nats://host:4222,…" */
    const char *name;    /* how the server's monitoring shows the connection */
    const char *user, *password, *token, *credentials, *nkey; /* credentials, nkey: files */
    const char *tls_cert, *tls_key, *tls_ca;
    const char *inbox_prefix; /* NULL: "_INBOX"; each role has its own */
    int64_t connect_timeout_ms;
    bool retry_connect; /* keep trying in the background when no server answers at the start */
    /* The connection went away, came back, or something was refused; any thread. May be NULL. */
    void (*on_event)(void *context, bool connected, const char *detail);
    void *context;
};

enum status bus_open(const struct bus_options *options, struct bus **out, struct error *err) MUST_CHECK;
/*
 * Sends what is buffered, fails the publishes that are still open with STATUS_CANCELLED, ends subscriptions,
 * pulls and readers that are left (their handles are gone with it) and frees. Handlers do not run after it.
 * NULL is allowed.
 */
void bus_close(struct bus **bus);
/*
 * For a thread that would sleep until a pull or a reader delivers it something: it reads the connection
 * itself meanwhile and runs the handlers of both, which saves waking it. Ends when `has_work` says so, which
 * is asked after all that was read and must not wait, or at `until_ns` (monotonic). False, at once, when
 * another thread reads. It has to be over before bus_close().
 */
bool bus_lead(struct bus *bus, int64_t until_ns, bool (*has_work)(void *context), void *context);
/* Makes the thread that reads ask its `has_work` again: for work that no handler brings. */
void bus_lead_look(struct bus *bus);
/* By a handler that woke a thread which will lead when it has nothing to do: it is to find the place free. */
void bus_lead_offer(struct bus *bus);
bool bus_is_connected(struct bus *bus);
/* A number that grows with each connection; 0: there was none. What was asked on an earlier one may be lost.
 */
uint32_t bus_connections(struct bus *bus);
/* Of the server, for choosing features: major * 10000 + minor * 100 + patch, 20910 for 2.9.10; 0 if unknown.
 */
uint32_t bus_server_version(struct bus *bus);
int64_t bus_max_payload(struct bus *bus);
/* Waits until the server has seen all that was published. */
enum status bus_flush(struct bus *bus, int64_t timeout_ms, struct error *err) MUST_CHECK;

/* ---- core NATS --------------------------------------------------------------------------------------- */

struct bus_header {
    const char *name, *value;
};

struct bus_message {
    const char *subject;
    const char *reply; /* NULL if none */
    struct str payload;
    void *native; /* for bus_message_header() */
};
/* A header's value, or NULL. */
const char *bus_message_header(const struct bus_message *m, const char *name);

typedef void bus_handler(void *context, const struct bus_message *message);

/* Fire and forget; STATUS_UNAVAILABLE while there is no connection. `headers` may be NULL. */
enum status bus_publish(struct bus *bus, const char *subject, const char *reply,
                        const struct bus_header *headers, size_t header_count, struct str payload,
                        struct error *err) MUST_CHECK;
/* The same of a payload alone, which leaves with the next bus_push(): for many at a time. */
enum status bus_publish_later(struct bus *bus, const char *subject, struct str payload,
                              struct error *err) MUST_CHECK;
/*
 * Waits for one answer, copied into `a`, and before that for a connection if there is none.
 * STATUS_UNAVAILABLE when nobody listens or no connection came, STATUS_TIMEOUT.
 */
enum status bus_request(struct bus *bus, const char *subject, const struct bus_header *headers,
                        size_t header_count, struct str payload, int64_t timeout_ms, struct arena *a,
                        struct str *reply, struct error *err) MUST_CHECK;

/*
 * One request that many may answer: the answers that come until none has come for `quiet_ms`, at most
 * `first_ms` in all, copied into `a`, in the order in which they came. None, at once, when nobody listens.
 */
enum status bus_gather(struct bus *bus, const char *subject, struct str payload, int64_t first_ms,
                       int64_t quiet_ms, struct arena *a, struct str **answers, size_t *count,
                       struct error *err) MUST_CHECK;
/*
 * bus_request() for a request that somebody may give up: `is_over` (may be NULL) is asked some times a
 * second, and the answer is STATUS_CANCELLED once it says yes. The reply has its headers, a map of lists of
 * texts.
 */
struct bus_ask {
    const char *subject;
    const struct bus_header *headers; /* may be NULL */
    size_t header_count;
    struct str payload;
    int64_t timeout_ms;
    bool (*is_over)(void *context);
    void *context;
};
struct bus_reply {
    struct str payload;
    struct value headers;
};
enum status bus_ask(struct bus *bus, const struct bus_ask *ask, struct arena *a, struct bus_reply *reply,
                    struct error *err) MUST_CHECK;
/*
 * Publishes, and waits until the server has taken the message: STATUS_DENIED if it refuses the subject. That
 * somebody gets it is not known.
 */
enum status bus_publish_through(struct bus *bus, const char *subject, const struct bus_header *headers,
                                size_t header_count, struct str payload, int64_t timeout_ms,
                                struct error *err) MUST_CHECK;

/*
 * A new subject for answers, which this login may listen to and others may not: to be subscribed to, and
 * given as `reply`, by whoever expects several.
 */
enum { BUS_INBOX_MAX = 512 };
void bus_new_inbox(struct bus *bus, char out[BUS_INBOX_MAX]);

struct bus_subscription;
/* `queue` may be NULL. One thread per subscription calls the handler. */
enum status bus_subscribe(struct bus *bus, const char *subject, const char *queue, bus_handler *handler,
                          void *context, struct bus_subscription **out, struct error *err) MUST_CHECK;
void bus_unsubscribe(struct bus_subscription **s);

/* ---- publishing to streams --------------------------------------------------------------------------- */

struct bus_ack { /* what the stream said */
    char stream[64];
    uint64_t sequence;
    bool duplicate;
};

/*
 * The end of one publish: err is NULL when the stream has the message, else says what failed for good
 * (STATUS_CONFLICT: the subject had a message already; STATUS_LIMIT: stream full or message too large;
 * STATUS_UNAVAILABLE: no answer within the time given, or its permit has ended). On a thread of the
 * connection, or on the caller's if there is no permit to begin with.
 */
typedef void bus_published(void *context, const struct bus_ack *ack, const struct error *err);

enum { BUS_MOST_HEADERS = 64 };

/*
 * Whether a message may be sent (still): asked before each copy, also one that had to wait for a place or a
 * connection. `context` lives until the publish has ended; any thread asks, and must not be kept waiting.
 */
struct bus_permit {
    bool (*lasts)(const void *context); /* NULL: it may */
    const void *context;
};
struct bus_publication {
    const char *subject;
    const char *message_id;           /* Nats-Msg-Id; repeats after a lost answer are safe only with one */
    const char *traceparent;          /* or NULL */
    const struct bus_header *headers; /* further ones, at most BUS_MOST_HEADERS; may be NULL */
    size_t header_count;
    struct bus_header repeated; /* on each copy but the first, and on that too if it could not be sent at once
                                   and had to wait for another connection; a NULL name: nothing */
    bool
        needs_stream; /* that no stream listens is an answer: STATUS_UNAVAILABLE at once, not after a while */
    bool only_first;  /* refuse if the subject has a message (Nats-Expected-Last-Subject-Sequence: 0) */
    bool only_known;  /* refuse unless the stream knows the id: bus_publish_known() */
    bool later;       /* it leaves with the next bus_push(), which is the caller's to call soon */
    struct str payload; /* copied */
    struct bus_permit permit;
    int64_t give_up_ms;  /* 0: never; repeated with the same id until the stream answers */
    bus_published *done; /* may be NULL */
    void *context;
};

/*
 * Sends now and returns; `done` is called once, later. When as many publishes are open as the window allows
 * (bus_set_window), waits for a place, except on a thread of the connection, where it goes over the window.
 */
enum status bus_publish_async(struct bus *bus, const struct bus_publication *p, struct error *err) MUST_CHECK;
/* Waits for the answer. `done` and `context` are not used. */
enum status bus_publish_wait(struct bus *bus, const struct bus_publication *p, struct bus_ack *ack,
                             struct error *err) MUST_CHECK;
/*
 * Whether the subject's stream has taken a message of this id within its window of ids. Nothing is stored,
 * nor is the id remembered. Waits, not on a thread of the connection. Not for a stream of which
 * bus_spoils_ids() is true.
 */
enum status bus_publish_known(struct bus *bus, const char *subject, const char *message_id,
                              int64_t give_up_ms, bool *known, struct error *err) MUST_CHECK;
void bus_set_window(struct bus *bus, uint32_t open_publishes); /* 4,096 by default */
/* A publish is open until its `done` has returned: 0 means that all was told. */
uint32_t bus_open_publishes(struct bus *bus);
/* Sends what is buffered: now, or, if much was sent just now, within 0.1 ms. Everything here does so itself;
 * cheap when nothing is. */
void bus_push(struct bus *bus);
/* The same within 2 ms: for what nobody waits for, so that it leaves together with something else. */
void bus_push_soon(struct bus *bus);

/* ---- messages of a stream ---------------------------------------------------------------------------- */

/* Owned by whoever got it from a handler; outlives the handler. */
struct bus_delivery {
    const char *subject;
    struct str payload;
    uint64_t stream_sequence;
    int64_t time_ns;            /* when the stream stored it */
    uint64_t deliveries;        /* 1 at the first */
    uint64_t consumer_sequence; /* grows with each delivery of the consumer, as long as that is the same */
    uint64_t pending;           /* messages of the consumer behind it */
    int64_t left_after_ns;      /* of a pull: monotonic; it left the server after that, as far as is known */
    const char *reply;
    void *native;
    void *owned; /* memory that is freed with it, if subject or payload were replaced; else NULL */
};
const char *bus_delivery_header(const struct bus_delivery *d, const char *name);
void bus_delivery_free(struct bus_delivery *d);
/* A pulled message ends with one of these, which do not free it. */
void bus_deliver_ack(struct bus *bus, const struct bus_delivery *d);
void bus_deliver_nak(struct bus *bus, const struct bus_delivery *d, int64_t delay_ms);
void bus_deliver_term(struct bus *bus, const struct bus_delivery *d, const char *reason);
/* Buys time. The number of the connection that took it (bus_reached_ns()), 0: none did. */
uint32_t bus_deliver_working(struct bus *bus, const struct bus_delivery *d);
/*
 * Monotonic: all that was sent on the connection of that number before then has reached its server, for what
 * was sent then has been answered. 0: nothing is known, or that is not the connection any more.
 */
int64_t bus_reached_ns(struct bus *bus, uint32_t connection);

/* Takes the delivery over. */
typedef void bus_deliver(void *context, struct bus_delivery *d);

/*
 * A standing pull on a durable consumer: asks for as many messages as there is demand for, and asks again
 * after reconnects and expired requests. `trouble` (may be NULL) hears of what keeps it from working
 * (consumer deleted, no permission), once per change; NULL when it works again.
 */
struct bus_pull;
enum status bus_pull_start(struct bus *bus, const char *stream, const char *consumer, bus_deliver *deliver,
                           void (*trouble)(void *context, const struct error *err), void *context,
                           struct bus_pull **out, struct error *err) MUST_CHECK;
/*
 * For how long a delivery is this process's, counted from when it left the server. What is not wanted after
 * all (the pull ends, or it is more than was asked for) goes back only within that time: later it may be in
 * other hands, from which giving it back would take it. 0, as at first: it always goes back.
 */
void bus_pull_holds_for(struct bus_pull *p, int64_t ms);
/* `more` further messages are welcome. */
void bus_pull_want(struct bus_pull *p, uint32_t more);
/*
 * The consumer is there by now. A server says nothing to who asks for messages of one that is missing, which
 * is noticed after 7.5 s of silence; after this call they are asked for anew at once, unless an answer came.
 */
void bus_pull_again(struct bus_pull *p);
/* No delivery comes after it; what was asked for and not yet delivered is not wanted any more. */
void bus_pull_stop(struct bus_pull **p);

/*
 * A place in a stream, behind one of its messages. Sequences are given a second time by a stream that lost
 * its tail, was restored or made anew, so a place that is to outlive that has the time too at which the
 * message was stored. sequence and time_ns  behind exactly that message, if it is still there sequence alone
 * behind that sequence; 0: at the beginning time_ns alone         behind all that was stored up to then
 */
struct bus_place {
    uint64_t sequence;
    int64_t time_ns;
};

/*
 * Every message of a stream whose subject matches, in order, once each, from a place on: through an ephemeral
 * consumer that is made anew from the right place after any gap, silence or reconnect.
 * Who reads the connection calls `deliver`, one message after the other. Starting asks and does not wait:
 * many readers start together, and what is wrong (no such stream) is told to `trouble` while the reader goes
 * on trying.
 *
 * Each consumer begins with the message that was read last, and is used only if that is the same one still.
 * If it is not (the stream lost its tail, was made anew or restored, or the message is gone by age or by
 * hand), nothing more is delivered and `trouble` hears STATUS_CONFLICT: stop the reader and start one behind
 * a time. A sequence alone that stands behind the stream's end is waited for by a server of 2.15; one of 2.10
 * begins earlier, which is STATUS_CONFLICT too. `filter` may be NULL: every subject; else the message of the
 * place has a subject that matches.
 */
struct bus_reader;
enum status bus_reader_start(struct bus *bus, const char *stream, const char *filter, struct bus_place behind,
                             bus_deliver *deliver, void (*trouble)(void *context, const struct error *err),
                             void *context, struct bus_reader **out, struct error *err) MUST_CHECK;
/*
 * Backpressure: while it holds, nothing more is asked of the server; up to a thousand messages that are on
 * their way still come. Any thread, handlers too.
 */
void bus_reader_hold(struct bus_reader *r, bool hold);
/* No delivery comes after it. */
void bus_reader_stop(struct bus_reader **r);

/* ---- administration ---------------------------------------------------------------------------------- */

struct bus_stream {
    const char *name;
    const char *description; /* what it is made for, which cannot be changed later; NULL: none */
    const char *subjects[4];
    bool work_queue; /* retention: else limits */
    bool discard_new;
    bool memory;
    int64_t max_age_ms;       /* 0: none */
    int64_t max_messages;     /* 0: none */
    int64_t max_bytes;        /* 0: none */
    int64_t duplicates_ms;    /* window of Nats-Msg-Id */
    uint32_t replicas;        /* 0: 1 */
    uint32_t max_per_subject; /* 0: none */
    bool allow_direct;
};
struct bus_stream_info {
    uint64_t messages, bytes, first_sequence, last_sequence;
    uint64_t max_messages, max_bytes; /* 0: none */
    uint32_t consumers, replicas;
    int64_t created_ns;
    char description[128]; /* its beginning; "": none */
};
/*
 * Creates the stream, or compares the one that is there: what differs and can be changed is changed, what
 * cannot is STATUS_CONFLICT and names the member. Reads back, because old servers drop what they don't know.
 */
enum status bus_stream_ensure(struct bus *bus, const struct bus_stream *config, struct error *err) MUST_CHECK;
enum status bus_stream_info(struct bus *bus, const char *stream, struct bus_stream_info *out,
                            struct error *err) MUST_CHECK;
/*
 * Whether the stream remembers the id of a message that it refused: for as long as it keeps ids it then
 * answers that it has such a message, and takes none. Seen with replicas in 2.10.27, not in 2.9.10
 * and 2.15.1. Goes by the server that this connection has, and may ask it for its version.
 */
bool bus_spoils_ids(struct bus *bus, const struct bus_stream_info *info);

struct bus_consumer {
    const char *stream, *durable, *filter;
    int64_t ack_wait_ms;
    uint32_t max_deliver; /* 0: no bound */
    uint32_t max_ack_pending;
    uint32_t max_waiting;
};
struct bus_consumer_info {
    uint64_t pending, ack_pending, redelivered, waiting, delivered_stream_sequence;
    uint64_t ack_floor_stream_sequence;    /* up to here all is acknowledged */
    uint64_t max_ack_pending, max_deliver; /* 0: none */
    int64_t ack_wait_ms;
    bool paused; /* by an administrator; servers from 2.11 on */
};
enum status bus_consumer_ensure(struct bus *bus, const struct bus_consumer *config,
                                struct error *err) MUST_CHECK;
enum status bus_consumer_info(struct bus *bus, const char *stream, const char *durable,
                              struct bus_consumer_info *out, struct error *err) MUST_CHECK;

/*
 * What is there against what bus_stream_ensure() and bus_consumer_ensure() would make, and nothing changed:
 * STATUS_NOT_FOUND if it is not there; *difference, in `a`, is the first member of the configuration that is
 * another, "" if none is.
 */
enum status bus_stream_compare(struct bus *bus, const struct bus_stream *config, struct arena *a,
                               struct str *difference, struct error *err) MUST_CHECK;
enum status bus_consumer_compare(struct bus *bus, const struct bus_consumer *config, struct arena *a,
                                 struct str *difference, struct error *err) MUST_CHECK;

/* One stored message, copied into `a`; STATUS_NOT_FOUND. */
struct bus_stored {
    struct str subject, payload;
    struct str headers; /* bus_stored_header() reads them */
    uint64_t sequence;
    int64_t time_ns;
};
enum status bus_stream_last(struct bus *bus, const char *stream, const char *subject, struct arena *a,
                            struct bus_stored *out, struct error *err) MUST_CHECK;
/* The first one of a subject whose sequence is `sequence` or above. */
enum status bus_stream_next(struct bus *bus, const char *stream, const char *subject, uint64_t sequence,
                            struct arena *a, struct bus_stored *out, struct error *err) MUST_CHECK;
enum status bus_stream_get(struct bus *bus, const char *stream, uint64_t sequence, struct arena *a,
                           struct bus_stored *out, struct error *err) MUST_CHECK;
/* "" when it has none of that name. */
struct str bus_stored_header(const struct bus_stored *m, const char *name);
/* Removes that message; STATUS_NOT_FOUND. */
enum status bus_stream_remove(struct bus *bus, const char *stream, uint64_t sequence,
                              struct error *err) MUST_CHECK;
/* Removes the messages whose subjects match; how many, in *purged (may be NULL). */
enum status bus_stream_purge(struct bus *bus, const char *stream, const char *filter, uint64_t *purged,
                             struct error *err) MUST_CHECK;
/* $JS.API.<verb> with a JSON body, the answer as a value in `a`; an error of the API becomes `err`. */
enum status bus_api(struct bus *bus, const char *verb, struct str body, struct arena *a, struct value *out,
                    struct error *err) MUST_CHECK;

/* ---- key-value buckets ------------------------------------------------------------------------------- */

enum { BUS_SUBJECT_MAX = 1024 };
/* The stream of a bucket and the subject of a key of it. STATUS_INVALID for what cannot be their names. */
enum status bus_kv_subject(const char *bucket, const char *key, char stream[BUS_SUBJECT_MAX],
                           char subject[BUS_SUBJECT_MAX], struct error *err) MUST_CHECK;
enum status bus_kv_ensure(struct bus *bus, const char *bucket, uint32_t history, uint32_t replicas,
                          struct error *err) MUST_CHECK;
/* As bus_stream_compare(). */
enum status bus_kv_compare(struct bus *bus, const char *bucket, uint32_t history, uint32_t replicas,
                           struct arena *a, struct str *difference, struct error *err) MUST_CHECK;
enum status bus_kv_put(struct bus *bus, const char *bucket, const char *key, struct str value,
                       uint64_t *revision, struct error *err) MUST_CHECK;
/* revision 0: the newest. STATUS_NOT_FOUND also for a deleted key. `found` (may be NULL) gets its revision.
 */
enum status bus_kv_get(struct bus *bus, const char *bucket, const char *key, uint64_t revision,
                       struct arena *a, struct str *value, uint64_t *found, int64_t *time_ns,
                       struct error *err) MUST_CHECK;
/* The list of keys that have a value: {"key", "revision", "created_ns"} maps. */
enum status bus_kv_keys(struct bus *bus, const char *bucket, struct arena *a, struct value *out,
                        struct error *err) MUST_CHECK;
/* The revisions of one key that the bucket still has, the oldest first, in the same form: none without key.
 */
enum status bus_kv_revisions(struct bus *bus, const char *bucket, const char *key, struct arena *a,
                             struct value *out, struct error *err) MUST_CHECK;

#endif
