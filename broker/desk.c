#include "desk.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/pulse.h"

/* Between looks for a consumer that may be missing; and for one that was said to be, lest they fill the
 * server's log where they are forbidden. */
enum { LOOK_MS = 1000, LOOK_AGAIN_MS = 5000 };

struct desk {
    struct desk_options options;
    char stream[96], consumer[96];
    struct bus_pull *pull;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    uint32_t first, count;
    bool busy, closing;
    bool troubled;                  /* nothing can be read; why is seen by who handles messages */
    bool said_missing;              /* that there is no consumer; its own thread's */
    struct mono_time look_at;       /* then, while troubled */
    bool full;                      /* that has been said, and more than half is held since */
    struct bus_delivery *waiting[]; /* a ring of at_a_time: never more than were asked for */
};

static void give_back(struct desk *desk, struct bus_delivery *d)
{
    bus_deliver_nak(desk->options.bus, d, 0);
    bus_delivery_free(d);
}

/* With the lock held. */
static void tell_held(struct desk *desk)
{
    const struct desk_limit *limit = desk->options.limit;
    uint32_t held = desk->count + desk->busy, most = desk->options.at_a_time;
    if (!limit)
        return;
    metric_set(limit->held, 0, held);
    if (held >= most && !desk->full) {
        metric_add(limit->reached, 0, 1);
        LOG(LOG_INFO, "as many messages are in hand as may be; further ones stay in their stream",
            LOG_TEXT("what", desk->options.what), LOG_NUM(limit->setting, most));
    }
    desk->full = held >= most || (desk->full && held > most / 2);
}

static void deliver(void *context, struct bus_delivery *d)
{
    struct desk *desk = context;
    uint32_t most = desk->options.at_a_time;
    pthread_mutex_lock(&desk->lock);
    bool room = desk->count < most && !desk->closing;
    if (room) {
        desk->waiting[(desk->first + desk->count++) % most] = d;
        tell_held(desk);
        pthread_cond_signal(&desk->filled);
    }
    pthread_mutex_unlock(&desk->lock);
    if (!room)
        give_back(desk, d);
}

static void trouble(void *context, const struct error *err)
{
    struct desk *desk = context;
    pthread_mutex_lock(&desk->lock);
    desk->troubled = err != NULL;
    if (!err || err->status == STATUS_NOT_FOUND)
        atomic_store(desk->options.missing, err != NULL);
    desk->look_at = mono_now();
    pthread_cond_signal(&desk->filled);
    pthread_mutex_unlock(&desk->lock);
    if (err)
        LOG(LOG_ERROR, "messages cannot be read", LOG_TEXT("what", desk->options.what), LOG_ERR(err));
    else
        LOG(LOG_INFO, "messages are read again", LOG_TEXT("what", desk->options.what));
}

/* ---- its consumer ------------------------------------------------------------------------------------- */

static enum status make_if_missing(struct desk *desk, bool *made, struct error *err)
{
    struct bus_consumer_info info;
    enum status status = bus_consumer_info(desk->options.bus, desk->stream, desk->consumer, &info, err);
    *made = status == STATUS_NOT_FOUND;
    return *made ? desk->options.make(desk->options.bus, desk->options.subjects, err) : status;
}

static void say_missing(struct desk *desk, const struct error *err)
{
    if (!desk->said_missing)
        LOG(LOG_ERROR, "a consumer is missing, and this broker cannot make it; `noetl setup` does",
            LOG_TEXT("what", desk->options.what), LOG_TEXT("consumer", desk->consumer),
            LOG_TEXT("stream", desk->stream), LOG_ERR(err));
    desk->said_missing = true;
}

/* Messages are asked for anew once it is there: who asked before gets no answer. */
static void look_for_consumer(struct desk *desk)
{
    struct error err = {0};
    bool made = false;
    if (!bus_is_connected(desk->options.bus))
        return;
    enum status status = make_if_missing(desk, &made, &err);
    bool missing = atomic_load(desk->options.missing) || made;
    atomic_store(desk->options.missing, missing && status != STATUS_OK);
    if (missing && status != STATUS_OK) {
        say_missing(desk, &err);
    } else if (missing) {
        LOG(LOG_WARN,
            made ? "a consumer was missing and has been made" : "a consumer was missing and is there again",
            LOG_TEXT("what", desk->options.what), LOG_TEXT("consumer", desk->consumer),
            LOG_TEXT("stream", desk->stream));
        bus_pull_again(desk->pull);
    }
    desk->said_missing = desk->said_missing && status != STATUS_OK;
}

/* ---- the thread --------------------------------------------------------------------------------------- */

/* With the lock held. */
static bool is_to_look(const struct desk *desk)
{
    return desk->troubled && mono_now().ns >= desk->look_at.ns;
}

/* With the lock held: until there is something to do. */
static void await(struct desk *desk)
{
    while (desk->count == 0 && !desk->closing && !is_to_look(desk)) {
        if (desk->troubled)
            mono_cond_wait_until(&desk->filled, &desk->lock, desk->look_at.ns);
        else
            pthread_cond_wait(&desk->filled, &desk->lock);
    }
}

/* NULL when the consumer is to be looked for, or the thread is to end. */
static struct bus_delivery *take(struct desk *desk, bool *closing)
{
    struct bus_delivery *d = NULL;
    pthread_mutex_lock(&desk->lock);
    await(desk);
    *closing = desk->closing;
    if (desk->count == 0) {
        desk->look_at.ns = mono_now().ns + (desk->said_missing ? LOOK_AGAIN_MS : LOOK_MS) * INT64_C(1000000);
    } else if (!desk->closing) {
        d = desk->waiting[desk->first];
        desk->first = (desk->first + 1) % desk->options.at_a_time;
        desk->count--;
        desk->busy = true; /* it counts as held until it is handled */
    }
    pthread_mutex_unlock(&desk->lock);
    return d;
}

static void done(struct desk *desk)
{
    pthread_mutex_lock(&desk->lock);
    desk->busy = false;
    tell_held(desk);
    pthread_mutex_unlock(&desk->lock);
    bus_pull_want(desk->pull, 1);
}

static void *run(void *context)
{
    struct desk *desk = context;
    bool closing = false;
    pulse_begin(desk->options.what);
    while (!closing) {
        struct bus_delivery *d = take(desk, &closing);
        pulse_work();
        if (d) {
            desk->options.handle(desk->options.context, d);
            bus_delivery_free(d);
            done(desk);
        } else if (!closing) {
            look_for_consumer(desk);
        }
        pulse_rest();
    }
    pulse_end();
    return NULL;
}

static enum status start(struct desk *desk, struct error *err)
{
    const struct desk_options *o = &desk->options;
    TRY(bus_pull_start(o->bus, o->stream, o->consumer, deliver, trouble, desk, &desk->pull, err));
    int code = pthread_create(&desk->thread, NULL, run, desk);
    if (code == 0)
        return STATUS_OK;
    bus_pull_stop(&desk->pull);
    return error_set(err, STATUS_IO, "no thread could be started for reading %s: %s", o->what,
                     strerror(code));
}

enum status desk_open(const struct desk_options *options, struct desk **out, struct error *err)
{
    struct desk *desk = calloc(1, sizeof(*desk) + options->at_a_time * sizeof(struct bus_delivery *));
    if (!desk)
        return error_set(err, STATUS_NO_MEMORY, "no memory for reading %s", options->what);
    desk->options = *options;
    snprintf(desk->stream, sizeof(desk->stream), "%s", options->stream);
    snprintf(desk->consumer, sizeof(desk->consumer), "%s", options->consumer);
    pthread_mutex_init(&desk->lock, NULL);
    mono_cond_init(&desk->filled);
    if (start(desk, err) != STATUS_OK) {
        free(desk);
        return error_wrap(err, "reading %s from the stream %s", options->what, options->stream);
    }
    if (options->limit)
        metric_set(options->limit->most, 0, options->at_a_time);
    bus_pull_want(desk->pull, options->at_a_time);
    *out = desk;
    return STATUS_OK;
}

void desk_close(struct desk **desk)
{
    struct desk *gone = *desk;
    *desk = NULL;
    if (!gone)
        return;
    pthread_mutex_lock(&gone->lock);
    gone->closing = true;
    pthread_cond_signal(&gone->filled);
    pthread_mutex_unlock(&gone->lock);
    pthread_join(gone->thread, NULL);
    bus_pull_stop(&gone->pull);
    for (uint32_t k = 0; k < gone->count; k++)
        give_back(gone, gone->waiting[(gone->first + k) % gone->options.at_a_time]);
    pthread_cond_destroy(&gone->filled);
    pthread_mutex_destroy(&gone->lock);
    free(gone);
}
