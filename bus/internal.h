/*
 * What the files of the bus share; nothing outside the room includes it.
 *
 * Threads of a bus: the loop's, or a guest in its place (reading, and the handlers of pulls and readers, see
 * loop.c), those of nats.c (asynchronous events, one per other subscription), the connector (connector.c),
 * and the keeper (deadlines, see keeper.c). Order of locks: lists (readers, pulls), the table of exchanges,
 * the line, the loop's `io`, the library's own. None but the last three is held while a callback or a call of
 * nats.c that may wait is running.
 */
#ifndef BUS_INTERNAL_H
#define BUS_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <nats/nats.h>

#include "bus.h"
#include "exchange.h"
#include "listener.h"

enum {
    INBOX_TEXT = 96,
    SUBJECT_MAX = BUS_SUBJECT_MAX,     /* longest subject that is sent */
    DEFAULT_MAX_PAYLOAD = 1024 * 1024, /* of a server that was not asked yet */
    MOST_ADDRESSES = 64,
};
/* Nothing yet, or nothing at all. */
#define NO_VALUE ((struct value){.type = VALUE_UNDEFINED})
enum { WIRE_EXPIRES_MS = 30000, WIRE_HEARTBEAT_MS = 3000 };
#define NS_PER_MS INT64_C(1000000)

/* Where servers are. */
struct addresses {
    char *urls[MOST_ADDRESSES];
    uint32_t count, given; /* the given ones come first */
};

struct line {
    pthread_rwlock_t lock;
    natsConnection *nc; /* NULL: there is none */
    uint32_t number;    /* of the connections that there were */
    bool ready;         /* all that is listened to is subscribed: now one may send */
};

struct connector {
    pthread_t thread;
    bool started, may_retry_login;
    natsOptions *options;
    struct addresses addresses; /* of the thread, as soon as that runs */
    char place[192];            /* where it connects to, for errors; no passwords */
    const char *there;          /* which of the addresses the last attempt was made to; of the thread */
    /* Under state_mutex: */
    bool stop;
    bool lost;                  /* the library has said its last word about the connection */
    bool told;                  /* how the first attempt went: */
    struct error error;         /* STATUS_OK if there is a connection */
    atomic_bool ended;          /* it makes no more */
    atomic_llong hangs_from_ns; /* monotonic; an attempt that lasts until then does not end any more */
};

struct loop {
    pthread_t thread;
    pthread_mutex_t io;         /* of whoever reads or writes */
    natsConnection *_Atomic nc; /* NULL: none; taken away under `io` */
    int epoll, bell, timer;
    atomic_int socket;     /* -1: none is read */
    atomic_uint attached;  /* sockets, the present one included */
    atomic_bool unsent;    /* the library has something to write */
    atomic_llong paced_ns; /* monotonic; until then the writes so far keep the pace */
    atomic_bool due;       /* the timer is set */
    atomic_bool due_soon;  /* to SOON_NS */
    bool awaits_room;      /* of the socket; under `io` */
    atomic_bool stop;
    bool started;
    pthread_mutex_t seat; /* of `led` and the grace timer */
    bool led;             /* some thread reads: it leads, and has the next two */
    bool offered;         /* a guest was woken, which may want to lead */
    uint32_t guests;      /* how often one led */
    int grace;            /* a timer: the loop's thread sleeps in it while it does not lead */
};

struct keeper {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool started, stop, hurry;
};

struct readers {
    pthread_mutex_t mutex;
    pthread_cond_t idle; /* a reader's `busy` fell to 0 */
    bool listening;      /* with the first reader, until the bus is closed */
    struct listener *listener;
    atomic_bool unserved; /* a reader's consumer is gone */
    struct bus_reader **slots;
    uint32_t count;       /* of slots */
    uint32_t generations; /* of all readers: no two consumers ever have one name */
};

struct pulls {
    pthread_mutex_t mutex;
    pthread_cond_t idle;
    struct bus_pull *first;
    uint32_t made; /* numbers the pulls for their inboxes */
};

struct bus {
    char inbox[INBOX_TEXT]; /* "<prefix>.<random>": all that is answered to this connection stands under it */
    char id[24];            /* the random part */
    int64_t request_timeout_ms;
    void (*on_event)(void *context, bool connected, const char *detail);
    void *on_event_context;
    bool is_daemon;          /* keeps trying when nobody answers at the start */
    pthread_mutex_t telling; /* of on_event */

    atomic_uint connections; /* line.number of the newest: what was sent on an earlier one may be lost */
    atomic_bool connected, closing;
    atomic_bool inbox_denied; /* the server forbids the inbox: nothing can be answered */
    atomic_llong max_payload; /* of the last server, as it greeted */
    struct line line;
    pthread_mutex_t state_mutex; /* of the members below */
    pthread_cond_t state_changed;
    struct connector connector;
    bool abandoned;             /* nats.c hangs in its connect and still refers to the bus */
    struct listener *listeners; /* all that are open */
    uint32_t version;
    unsigned version_of; /* the connection that `version` was asked on */

    struct exchange_table exchanges;
    struct listener *answers;
    struct arena answer_arena; /* of the thread that hears answers */
    struct loop loop;
    /* Monotonic; when the newest request was sent that has had its answer, or the connection was made. Set
     * behind `connections`: who sees the time of a new connection sees its number. */
    atomic_llong answered_ns;
    int64_t fresh_ns; /* what is read now left the server after that; of who leads */
    struct keeper keeper;
    struct readers readers;
    struct pulls pulls;

    pthread_mutex_t window_mutex;
    pthread_cond_t window_open;
    uint32_t window, open_publishes;
    bool window_full;  /* since then fewer than half of it were not open; that has been said */
    atomic_ullong ids; /* for message ids that the bus gives itself */
};

/* What was sent at that time has been answered. Answers may be handled in another order than they came in;
 * the newest counts. */
void bus_heard(struct bus *bus, int64_t sent_ns);

/* True on threads that run handlers: they must not wait for what only they can bring. */
extern _Thread_local bool bus_on_handler_thread;

/* ---- wire.c: what may stand on the wire, and what the library's codes mean --------------------------- */

/* STATUS_INVALID for what would break the protocol: white space, empty tokens, wildcards unless allowed. */
enum status wire_check_subject(const char *subject, bool wildcards, struct error *err) MUST_CHECK;
/* A status of nats.c as an error; `what` is what was being done. Not for NATS_OK. */
enum status wire_error(natsStatus s, struct error *err, const char *what, const char *subject);
/* An error object of the JetStream API ({"code","err_code","description"}). */
enum status wire_api_error(struct value error, const char *what, struct error *err);
/* Whether a message of that size, headers and all, can be published there. */
enum status wire_check_message(struct bus *bus, const char *subject, size_t size,
                               struct error *err) MUST_CHECK;
/* A message with headers. STATUS_LIMIT if it is larger than the server takes. */
enum status wire_message(struct bus *bus, const char *subject, const char *reply,
                         const struct bus_header *headers, size_t header_count, struct str payload,
                         natsMsg **out, struct error *err) MUST_CHECK;
/* The status code of a control message ("503"), or 0 for a message that is none. *text: its description. */
int wire_status(natsMsg *msg, const char **text);
const char *wire_header(natsMsg *msg, const char *name);
/* Asks a consumer for a batch of messages, for WIRE_EXPIRES_MS, with a heartbeat each WIRE_HEARTBEAT_MS. */
void wire_ask_next(struct bus *bus, const char *next_subject, const char *inbox, uint32_t batch);

/* ---- the rest ---------------------------------------------------------------------------------------- */

void loop_init(struct loop *l);
void loop_free(struct loop *l);
/* Makes the loop read and write the connections that are made with these options. */
natsStatus loop_set(natsOptions *options, struct bus *bus);
/* Before there is a connection. */
enum status loop_start(struct bus *bus, struct error *err) MUST_CHECK;
/* Before natsConnection_Destroy(): nobody reads or writes that connection any more. */
void loop_forget(struct bus *bus);
/* After natsConnection_Close(). */
void loop_stop(struct bus *bus);
/* As bus_push(), for a thread that is about to wait for an answer: at once. */
void loop_push(struct bus *bus);
/* Nothing is read or written in between; the connection is held (line_hold()) or the connector's. */
void loop_hold(struct bus *bus);
void loop_let_go(struct bus *bus);
/* Makes who reads serve the listeners, and write. */
void loop_ring(struct bus *bus);
/* A number for each connection as its socket comes and goes, which others hear of later; 0: there is none. */
uint32_t loop_connection(const struct bus *bus);
/* Publishing, for a thread that calls bus_push() or loop_push() soon. `reply` may be NULL. *number (may be
 * NULL): of the connection that took it (line.number); as it was, if none did. */
natsStatus loop_send_message(struct bus *bus, natsMsg *msg, uint32_t *number);
natsStatus loop_send(struct bus *bus, const char *subject, const char *reply, struct str payload,
                     uint32_t *number);

enum status keeper_start(struct bus *bus, struct error *err) MUST_CHECK;
void keeper_stop(struct bus *bus);
/* Looks after everything now instead of at the next tick. */
void keeper_hurry(struct bus *bus);

/* Says that the server forbids to publish on the subject; STATUS_DENIED. */
enum status publish_refused(const char *subject, struct error *err);
/* STATUS_DENIED once the server forbade the inbox: a client without it can publish and be told nothing. */
enum status inbox_check(struct bus *bus, struct error *err) MUST_CHECK;

/* Called by the keeper, several times a second. The inbox's fails what was being sent as the refusal came. */
void inbox_tend(struct bus *bus);
void readers_tend(struct bus *bus, int64_t now_ns);
void pulls_tend(struct bus *bus, int64_t now_ns);
/* The server refused this subject: whoever sends on it is told. */
void pulls_denied(struct bus *bus, const char *subject, const struct error *err);

void readers_init(struct bus *bus);
void readers_free(struct bus *bus);
void pulls_init(struct bus *bus);
void pulls_free(struct bus *bus);

void publish_init(struct bus *bus);
void publish_free(struct bus *bus);

/* ---- making connections ------------------------------------------------------------------------------ */

/* What comes of a list that commas separate; STATUS_INVALID for none. */
enum status addresses_read(struct addresses *a, const char *list, struct error *err) MUST_CHECK;
/* Takes up what the cluster has told on that connection, which was made to the address `there`. */
void addresses_learn(struct addresses *a, natsConnection *nc, const char *there);
const char *address_behind_scheme(const char *url);
/* An address without the credentials before its "@". */
const char *address_shown(const char *url);
/* All as a list, so. */
void addresses_show(const struct addresses *a, char *out, size_t size);
/* The n-th one to try, n < count: those that were given first, each kind in a circle that begins at `turn`.
 */
uint32_t addresses_nth(const struct addresses *a, uint32_t n, uint32_t turn);
void addresses_free(struct addresses *a);

/* Whether logging in with these means to sign what the server sends. */
bool options_sign(const struct bus_options *o);
/* The options of all connections of the bus, but for the addresses; natsOptions_Destroy() frees them. */
enum status options_make(const struct bus_options *o, struct bus *bus, natsOptions **out,
                         struct error *err) MUST_CHECK;

void connector_init(struct connector *c);
/* Starts the connector, and waits for how its first attempt goes, which a daemon's bus takes either way. */
enum status connector_start(const struct bus_options *o, struct bus *bus, struct error *err) MUST_CHECK;
/* The library has said its last word about the connection. */
void connector_lost(struct bus *bus);
/* Waits for an attempt that is on its way. The connection that is left stays. */
void connector_stop(struct bus *bus);
void connector_free(struct bus *bus);

void line_init(struct line *line);
void line_free(struct line *line);
/* The connection, for sending; it is not replaced before line_release(). NULL, and nothing to release: there
 * is none. Not twice at a time. */
natsConnection *line_hold(struct bus *bus);
/* The same for subscribing, which comes first; *number is that of line.number, also if there is none. */
natsConnection *line_hold_early(struct bus *bus, uint32_t *number);
void line_release(struct bus *bus);
/* By the connector: a new one, which gets that number; it may be sent on; it is taken away. */
uint32_t line_set(struct bus *bus, natsConnection *nc);
void line_open(struct bus *bus);
natsConnection *line_take(struct bus *bus);

/* events.c: what the library reports. */
natsStatus events_set(natsOptions *options, struct bus *bus);
/* Told by the connector: there is a connection (false, and nothing told: it is closed by now); there is none,
 * because of that; the server refuses the login. */
bool events_connected(struct bus *bus, natsConnection *nc, int64_t made_ns);
/* Nothing is told any more. */
void events_end(struct bus *bus);
void events_down(struct bus *bus, const char *detail);
void events_refused(struct bus *bus, const struct error *err, bool for_good);

/* Like bus_server_version(), but asks nobody: 0 until that was called. */
uint32_t bus_server_version_known(struct bus *bus);

/* Makes the delivery of a stream's message, taking `msg`; NULL (and msg destroyed) if it is none. */
struct bus_delivery *delivery_take(natsMsg *msg);

/* admin.c, for kv.c: makes a stream have the members of `wanted` (a map of the API's stream config).
 */
/* The first member of `wanted` that the stream's configuration has otherwise, "" if there is none. */
enum status stream_compare(struct bus *bus, const char *name, struct value wanted, struct arena *a,
                           struct str *difference, struct error *err) MUST_CHECK;
enum status stream_ensure(struct bus *bus, const char *name, struct value wanted, struct arena *a,
                          struct error *err) MUST_CHECK;
/* The "message" of a STREAM.MSG.GET answer. */
enum status stream_stored(struct bus *bus, const char *stream, struct str request, struct arena *a,
                          struct bus_stored *out, struct error *err) MUST_CHECK;

#endif
