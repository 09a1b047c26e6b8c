#include "event_stream.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "answer.h"
#include "ask.h"
#include "core/event.h"
#include "core/json.h"
#include "payload.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The memory is of one page: its values take more than its text has bytes. */
enum { PAGE_EVENTS = 200, RETRY_MS = 1000 };
#define PAGE_MEMORY ((size_t)2 << 30)

struct event_streams {
    struct event_streams_options options;
    pthread_mutex_t lock;
    pthread_cond_t left; /* a stream was closed */
    pthread_condattr_t monotonic;
    struct event_stream *first;
    uint32_t open;
    bool ending;
};

struct event_stream {
    struct event_streams *all;
    struct event_stream *next;
    pthread_cond_t news; /* `look` is true, or all are ending */
    struct bus_subscription *live;
    int64_t execution_id;
    uint32_t sent; /* the number of the last event that is in `out` or before it */
    bool look;     /* there may be more in the log; behind the lock */
    bool over;     /* nothing comes behind `out` */
    struct buf out;
    size_t at;              /* how much of it is sent */
    struct mono_time spoke; /* when something was sent last */
};

/* ---- all of them -------------------------------------------------------------------------------------- */

enum status event_streams_new(const struct event_streams_options *options, struct event_streams **out,
                              struct error *err)
{
    struct event_streams *s = calloc(1, sizeof *s);
    *out = s;
    if (!s)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for streams of events");
    s->options = *options;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&s->monotonic);
    pthread_condattr_setclock(&s->monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->left, &s->monotonic);
    return STATUS_OK;
}

void event_streams_free(struct event_streams **s)
{
    struct event_streams *gone = *s;
    *s = NULL;
    if (!gone)
        return;
    pthread_cond_destroy(&gone->left);
    pthread_condattr_destroy(&gone->monotonic);
    pthread_mutex_destroy(&gone->lock);
    free(gone);
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

void event_streams_end(struct event_streams *s, int64_t wait_ms)
{
    struct timespec until = in_ms(wait_ms);
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    for (struct event_stream *x = s->first; x; x = x->next)
        pthread_cond_signal(&x->news);
    while (s->open > 0 && pthread_cond_timedwait(&s->left, &s->lock, &until) == 0) {
    }
    uint32_t left = s->open;
    pthread_mutex_unlock(&s->lock);
    if (left > 0)
        LOG(LOG_WARN, "streams of events are cut off: their clients do not take what is sent",
            LOG_NUM("streams", left));
}

static enum status no_room(const struct event_streams *s, bool ending, struct error *err)
{
    if (ending)
        return error_set(err, STATUS_UNAVAILABLE, "this publisher stops");
    error_set(err, STATUS_UNAVAILABLE, "%" PRIu32 " streams of events are open, and no more are served",
              s->options.most);
    error_place(err, "publisher.http_connections");
    return error_hint(err, "try again later, or start another publisher");
}

static enum status link_in(struct event_streams *s, struct event_stream *x, struct error *err)
{
    pthread_mutex_lock(&s->lock);
    bool ending = s->ending, room = !ending && s->open < s->options.most;
    if (room) {
        x->next = s->first;
        s->first = x;
        metric_set(METRIC_PUBLISHER_STREAMS, 0, ++s->open);
    }
    pthread_mutex_unlock(&s->lock);
    return room ? STATUS_OK : no_room(s, ending, err);
}

static void link_out(struct event_streams *s, struct event_stream *x)
{
    pthread_mutex_lock(&s->lock);
    struct event_stream **at = &s->first;
    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    metric_set(METRIC_PUBLISHER_STREAMS, 0, --s->open);
    pthread_cond_signal(&s->left);
    pthread_mutex_unlock(&s->lock);
}

/* ---- reading the log ---------------------------------------------------------------------------------- */

static enum status ask_events(const struct event_stream *x, uint32_t after, const char *types,
                              struct arena *a, struct value *out, struct error *err)
{
    const struct event_streams_options *o = &x->all->options;
    struct question q = {.operation = "events", .timeout_ms = o->timeout_ms};
    struct str text;
    q.payload = arena_printf(
        a, "{\"execution_id\":\"%" PRId64 "\",\"after\":%" PRIu32 ",\"limit\":%d,\"type\":\"%s\"}",
        x->execution_id, after, PAGE_EVENTS, types);
    if (!q.payload.ptr)
        return arena_error(a, err, "a request for events");
    TRY(ask(o->bus, o->subjects, &q, a, &text, err));
    TRY(json_read_map(a, text, "the answer of the render service", out, err));
    return answer_error(*out, err);
}

static enum status add_event(struct event_stream *x, struct value v, struct error *err)
{
    struct value number = VALUE_GET(v, "event_id");
    /* The request of an execution that the log does not have yet has none: it comes with the log. */
    if (number.type != VALUE_INT || number.u.i <= x->sent)
        return STATUS_OK;
    buf_printf(&x->out, "id: %" PRId64 "\ndata: ", number.u.i);
    TRY(json_write(&x->out, v, JSON_COMPACT, err));
    buf_add_text(&x->out, "\n\n");
    x->sent = (uint32_t)number.u.i;
    return buf_status(&x->out, err);
}

/* The number of the last event of a page if it is an execution's end, else 0: what comes later is of a retry.
 */
static int64_t end_of(struct value page)
{
    struct value events = VALUE_GET(page, "events");
    if (events.type != VALUE_LIST || events.len == 0 || !value_is_absent(VALUE_GET(page, "next")))
        return 0;
    struct value last = events.u.list[events.len - 1], number = VALUE_GET(last, "event_id");
    enum event_type t = event_type_from_name(value_as_str(VALUE_GET(last, "event_type")));
    return t != EVENT_COUNT && event_type_is_final(t) && number.type == VALUE_INT ? number.u.i : 0;
}

/* The next page behind what is sent. */
static enum status read_page(struct event_stream *x, struct arena *a, struct error *err)
{
    struct value page = {0};
    TRY(ask_events(x, x->sent, "", a, &page, err));
    struct value events = VALUE_GET(page, "events");
    for (uint32_t i = 0; events.type == VALUE_LIST && i < events.len; i++)
        TRY(add_event(x, events.u.list[i], err));
    bool more = !value_is_absent(VALUE_GET(page, "next"));
    x->over = end_of(page) > 0;
    pthread_mutex_lock(&x->all->lock);
    x->look = x->look || more;
    pthread_mutex_unlock(&x->all->lock);
    return STATUS_OK;
}

/* ---- being read --------------------------------------------------------------------------------------- */

static void on_live(void *context, const struct bus_message *m)
{
    struct event_stream *x = context;
    (void)m;
    pthread_mutex_lock(&x->all->lock);
    x->look = true;
    pthread_cond_signal(&x->news);
    pthread_mutex_unlock(&x->all->lock);
}

/* Until the log is to be looked at. False: it ends instead. */
static bool await_news(struct event_stream *x)
{
    struct event_streams *s = x->all;
    bool silent = mono_ms_since(x->spoke) >= s->options.keepalive_ms;
    struct timespec until = in_ms(s->options.keepalive_ms - mono_ms_since(x->spoke));
    pthread_mutex_lock(&s->lock);
    while (!x->look && !s->ending && !silent)
        silent = pthread_cond_timedwait(&x->news, &s->lock, &until) != 0;
    bool ending = s->ending;
    x->look = false;
    pthread_mutex_unlock(&s->lock);
    if (ending) {
        buf_add_text(&x->out, "event: shutdown\ndata: {}\n\n");
        x->over = true;
    } else if (silent) {
        buf_add_text(&x->out, ": keep-alive\n\n");
    }
    return !ending;
}

static void sleep_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* The client is told nothing, and kept: the log will answer again, and nothing is lost. */
static void note_trouble(struct event_stream *x, const struct error *err)
{
    LOG(LOG_WARN, "a stream of events waits for the log", LOG_NUM("execution", x->execution_id),
        LOG_ERR(err));
    buf_add_text(&x->out, ": the log does not answer\n\n");
    pthread_mutex_lock(&x->all->lock);
    x->look = true;
    pthread_mutex_unlock(&x->all->lock);
    sleep_ms(RETRY_MS);
}

static size_t read_stream(void *context, char *out, size_t room)
{
    struct event_stream *x = context;
    while (x->at == x->out.len && !x->over) {
        struct arena a;
        struct error err;
        buf_free(&x->out); /* a page may be large, and the next one is not here for long */
        x->at = 0;
        if (!await_news(x))
            break;
        arena_init(&a, PAGE_MEMORY);
        if (read_page(x, &a, &err) != STATUS_OK)
            note_trouble(x, &err);
        arena_free(&a);
    }
    x->spoke = mono_now();
    size_t left = x->out.len - x->at, n = left < room ? left : room;
    if (n > 0)
        memcpy(out, x->out.data + x->at, n);
    x->at += n;
    return n;
}

/* After link_out(), or before link_in(). */
static void stream_free(struct event_stream *x)
{
    bus_unsubscribe(&x->live);
    pthread_cond_destroy(&x->news);
    buf_free(&x->out);
    free(x);
}

static void close_stream(void *context)
{
    struct event_stream *x = context;
    struct event_streams *all = x->all;
    bus_unsubscribe(&x->live);
    link_out(all, x);
    stream_free(x);
}

/* ---- opening ------------------------------------------------------------------------------------------ */

static enum status read_request(struct event_stream *x, struct str text, const char *last_id, struct arena *a,
                                struct error *err)
{
    static const struct str members[] = {STR("execution_id"), STR("after")};
    struct value payload;
    int64_t after;
    TRY(payload_read(a, text, "the request", &payload, err));
    TRY(payload_known(payload, members, COUNT(members), "a request for a stream of events", err));
    TRY(payload_execution_id(payload, &x->execution_id, err));
    TRY(payload_number(payload, STR("after"), UINT32_MAX, &after, err));
    if (last_id && (!str_to_int64(str_of(last_id), &after) || after < 0 || after > UINT32_MAX)) {
        error_set(err, STATUS_INVALID, "the header is no number of an event");
        return error_place(err, "Last-Event-ID");
    }
    x->sent = (uint32_t)after;
    return STATUS_OK;
}

/* Whether the client, for whom there was nothing new, has seen the end, and not one that came just now. */
static enum status look_back(const struct event_stream *x, struct arena *a, bool *ended, struct error *err)
{
    struct value marks = {0};
    *ended = false;
    if (x->out.len > 0)
        return STATUS_OK;
    TRY(ask_events(x, 0, "execution_complete,execution_failed,execution_cancelled,execution_retried", a,
                   &marks, err));
    int64_t end = end_of(marks);
    *ended = end > 0 && end <= x->sent;
    return STATUS_OK;
}

static enum status begin(struct event_stream *x, struct str payload, const char *last_id, struct arena *a,
                         bool *ended, struct error *err)
{
    char subject[SUBJECT_MAX];
    const struct event_streams_options *o = &x->all->options;
    TRY(read_request(x, payload, last_id, a, err));
    subject_live(o->subjects, x->execution_id, ">", subject);
    /* First: what comes between the log's answer and the subscription would not be heard of. */
    TRY(bus_subscribe(o->bus, subject, NULL, on_live, x, &x->live, err));
    TRY(bus_flush(o->bus, o->timeout_ms, err));
    TRY(read_page(x, a, err));
    return look_back(x, a, ended, err);
}

enum status event_stream_open(struct event_streams *s, struct str payload, const char *last_id,
                              struct arena *a, struct http_stream *out, bool *ended, struct error *err)
{
    struct event_stream *x = calloc(1, sizeof *x);
    if (!x)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for a stream of events");
    x->all = s;
    x->spoke = mono_now();
    pthread_cond_init(&x->news, &s->monotonic);
    buf_init(&x->out, 0);
    enum status status = link_in(s, x, err);
    if (status != STATUS_OK) {
        stream_free(x);
        return status;
    }
    status = begin(x, payload, last_id, a, ended, err);
    if (status == STATUS_OK && !*ended)
        *out = (struct http_stream){read_stream, close_stream, x};
    else
        close_stream(x);
    return status;
}
