#include "desk.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/log.h"

enum { AT_A_TIME = 64 };

struct desk {
    struct bus *bus;
    struct bus_pull *pull;
    const char *what;
    desk_handler *handle;
    void *context;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct bus_delivery *waiting[AT_A_TIME]; /* a ring: never more than were asked for */
    uint32_t first, count;
    bool closing;
};

static void give_back(struct desk *desk, struct bus_delivery *d)
{
    bus_deliver_nak(desk->bus, d, 0);
    bus_delivery_free(d);
}

static void deliver(void *context, struct bus_delivery *d)
{
    struct desk *desk = context;
    pthread_mutex_lock(&desk->lock);
    bool room = desk->count < AT_A_TIME && !desk->closing;
    if (room) {
        desk->waiting[(desk->first + desk->count++) % AT_A_TIME] = d;
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
        LOG(LOG_ERROR, "messages cannot be read", LOG_TEXT("what", desk->what), LOG_ERR(err));
    else
        LOG(LOG_INFO, "messages are read again", LOG_TEXT("what", desk->what));
}

static void *run(void *context)
{
    struct desk *desk = context;
    pthread_mutex_lock(&desk->lock);
    while (!desk->closing) {
        if (desk->count == 0) {
            pthread_cond_wait(&desk->filled, &desk->lock);
            continue;
        }
        struct bus_delivery *d = desk->waiting[desk->first];
        desk->first = (desk->first + 1) % AT_A_TIME;
        desk->count--;
        pthread_mutex_unlock(&desk->lock);
        desk->handle(desk->context, d);
        bus_delivery_free(d);
        bus_pull_want(desk->pull, 1);
        pthread_mutex_lock(&desk->lock);
    }
    pthread_mutex_unlock(&desk->lock);
    return NULL;
}

enum status desk_open(struct bus *bus, const char *stream, const char *consumer, const char *what,
                      desk_handler *handle, void *context, struct desk **out, struct error *err)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    if (!desk)
        return error_set(err, STATUS_NO_MEMORY, "no memory for reading %s", what);
    *desk = (struct desk){.bus = bus, .what = what, .handle = handle, .context = context};
    pthread_mutex_init(&desk->lock, NULL);
    pthread_cond_init(&desk->filled, NULL);
    enum status status = bus_pull_start(bus, stream, consumer, deliver, trouble, desk, &desk->pull, err);
    int code = status == STATUS_OK ? pthread_create(&desk->thread, NULL, run, desk) : 0;
    if (code != 0) {
        bus_pull_stop(&desk->pull);
        status =
            error_set(err, STATUS_IO, "no thread could be started for reading %s: %s", what, strerror(code));
    }
    if (status != STATUS_OK) {
        free(desk);
        return error_wrap(err, "reading %s from the stream %s", what, stream);
    }
    bus_pull_want(desk->pull, AT_A_TIME);
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
        give_back(gone, gone->waiting[(gone->first + k) % AT_A_TIME]);
    pthread_cond_destroy(&gone->filled);
    pthread_mutex_destroy(&gone->lock);
    free(gone);
}
