#include "desk.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/log.h"
#include "runtime/pulse.h"

struct desk {
    struct desk_options options;
    struct bus_pull *pull;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    uint32_t first, count;
    bool busy, closing;
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
    const struct desk *desk = context;
    if (err)
        LOG(LOG_ERROR, "messages cannot be read", LOG_TEXT("what", desk->options.what), LOG_ERR(err));
    else
        LOG(LOG_INFO, "messages are read again", LOG_TEXT("what", desk->options.what));
}

/* NULL when the thread is to end. */
static struct bus_delivery *take(struct desk *desk)
{
    struct bus_delivery *d = NULL;
    pthread_mutex_lock(&desk->lock);
    while (desk->count == 0 && !desk->closing)
        pthread_cond_wait(&desk->filled, &desk->lock);
    if (!desk->closing) {
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
    struct bus_delivery *d;
    pulse_begin(desk->options.what);
    while ((d = take(desk))) {
        pulse_work();
        desk->options.handle(desk->options.context, d);
        bus_delivery_free(d);
        done(desk);
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
    pthread_mutex_init(&desk->lock, NULL);
    pthread_cond_init(&desk->filled, NULL);
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
