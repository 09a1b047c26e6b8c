#include "brokers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "runtime/clock.h"

enum { MOST = 256, LATELY_MS = 3000, NAME_TEXT = 160 };

struct heard {
    char name[NAME_TEXT];
    struct mono_time at;
    bool full;
};

struct brokers {
    struct bus_subscription *listening;
    pthread_mutex_t lock;
    struct heard items[MOST];
    size_t count;
};

/* With the lock held. Its place, or one that can be taken; NULL: there are too many. */
static struct heard *place_of(struct brokers *b, struct str name)
{
    struct heard *old = NULL;
    for (size_t i = 0; i < b->count; i++) {
        if (str_is(name, b->items[i].name))
            return &b->items[i];
        if (mono_ms_since(b->items[i].at) > LATELY_MS)
            old = &b->items[i];
    }
    return old ? old : b->count < MOST ? &b->items[b->count++] : NULL;
}

static void on_beat(void *context, const struct bus_message *message)
{
    struct brokers *b = context;
    struct arena a;
    struct value v;
    struct error err;
    arena_init(&a, 0);
    if (json_read_map(&a, message->payload, "a broker's beat", &v, &err) == STATUS_OK) {
        struct str name = value_as_str(VALUE_GET(v, "broker"));
        struct value full = VALUE_GET(v, "full");
        pthread_mutex_lock(&b->lock);
        struct heard *h = name.len < NAME_TEXT ? place_of(b, name) : NULL;
        if (h) {
            *h = (struct heard){.at = mono_now(), .full = full.type == VALUE_BOOL && full.u.b};
            memcpy(h->name, name.ptr, name.len);
        }
        pthread_mutex_unlock(&b->lock);
    }
    arena_free(&a);
}

enum status brokers_listen(struct bus *bus, const struct subjects *s, struct brokers **out, struct error *err)
{
    char subject[SUBJECT_MAX];
    struct brokers *b = calloc(1, sizeof(*b));
    if (!b)
        return error_set(err, STATUS_NO_MEMORY, "no memory for what brokers say");
    pthread_mutex_init(&b->lock, NULL);
    enum status status =
        bus_subscribe(bus, subject_brokers(s, subject), NULL, on_beat, b, &b->listening, err);
    if (status != STATUS_OK)
        brokers_close(&b);
    *out = b;
    return status;
}

void brokers_close(struct brokers **b)
{
    struct brokers *gone = *b;
    if (!gone)
        return;
    *b = NULL;
    bus_unsubscribe(&gone->listening);
    pthread_mutex_destroy(&gone->lock);
    free(gone);
}

enum status brokers_have_room(struct brokers *b, struct error *err)
{
    size_t heard = 0, full = 0;
    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; i < b->count; i++) {
        bool lately = mono_ms_since(b->items[i].at) <= LATELY_MS;
        heard += lately;
        full += lately && b->items[i].full;
    }
    pthread_mutex_unlock(&b->lock);
    if (heard == 0 || full < heard)
        return STATUS_OK;
    error_set(err, STATUS_UNAVAILABLE, "the brokers have as many executions at work as they may have");
    error_place(err, "broker.in_flight");
    return error_hint(err,
                      "Ask again later, or publish on commands.run, where requests wait for their turn.");
}
