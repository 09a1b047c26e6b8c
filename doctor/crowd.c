#include "crowd.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "core/json.h"
#include "runtime/clock.h"

enum { LOOK_EVERY_MS = 20 };

/* Of one kind. Filled by a thread of the connection while the other one waits. */
struct heard {
    struct listening *of;
    struct value *items;
    uint32_t count, capacity;
    bool replaces; /* a later one of the same broker takes the place of an earlier one */
};

struct listening {
    pthread_mutex_t lock;
    struct arena *arena; /* with the lock held */
    struct heard beats, brokers, workers;
    bool failed;
};

static struct value *place_of(struct listening *l, struct heard *h, struct value v)
{
    for (size_t i = 0; h->replaces && i < h->count; i++) {
        if (value_equal(VALUE_GET(h->items[i], "broker"), VALUE_GET(v, "broker")))
            return &h->items[i];
    }
    if (h->count == CROWD_MOST)
        return NULL;
    struct value *room = arena_grow(l->arena, h->items, sizeof(*room), h->count, &h->capacity);
    if (!room)
        return NULL;
    h->items = room;
    return &h->items[h->count++];
}

/* What is no JSON map is passed over: anybody may publish there who may. */
static void on_message(void *context, const struct bus_message *message)
{
    struct heard *h = context;
    struct listening *l = h->of;
    struct value v;
    struct error err;
    pthread_mutex_lock(&l->lock);
    const char *copy = arena_strdup(l->arena, message->payload);
    if (!copy) {
        l->failed = true;
    } else if (json_read_map(l->arena, (struct str){copy, message->payload.len}, "an answer", &v, &err) ==
               STATUS_OK) {
        struct value *place = place_of(l, h, v);
        if (place)
            *place = v;
    }
    pthread_mutex_unlock(&l->lock);
}

bool crowd_has_broker(const struct crowd *c, struct str name)
{
    for (size_t i = 0; i < c->beat_count; i++) {
        if (str_equal(value_as_str(VALUE_GET(c->beats[i], "broker")), name))
            return !value_equal(VALUE_GET(c->beats[i], "leaving"), value_bool(true));
    }
    return false;
}

struct value crowd_broker(const struct crowd *c, struct str name)
{
    for (size_t i = 0; i < c->broker_count; i++) {
        if (str_equal(value_as_str(VALUE_GET(c->brokers[i], "name")), name))
            return c->brokers[i];
    }
    return (struct value){0};
}

static struct crowd seen(const struct listening *l)
{
    return (struct crowd){l->beats.items, l->brokers.items, l->workers.items,
                          l->beats.count, l->brokers.count, l->workers.count};
}

static bool all_heard(struct listening *l, const struct str *expected, size_t count)
{
    bool all = true;
    pthread_mutex_lock(&l->lock);
    struct crowd c = seen(l);
    for (size_t i = 0; i < count; i++)
        all = all && (expected[i].len == 0 || crowd_has_broker(&c, expected[i]));
    pthread_mutex_unlock(&l->lock);
    return all;
}

/* All that are of a kind answer at `subject`. */
static enum status ask_all(struct bus *bus, const char *subject, struct heard *h,
                           struct bus_subscription **out, struct error *err)
{
    char inbox[BUS_INBOX_MAX];
    bus_new_inbox(bus, inbox);
    TRY(bus_subscribe(bus, inbox, NULL, on_message, h, out, err));
    TRY(bus_publish(bus, subject, inbox, NULL, 0, STR(""), err));
    bus_push(bus);
    return STATUS_OK;
}

static enum status listen(struct listening *l, struct bus *bus, const struct subjects *s,
                          struct bus_subscription *subscriptions[3], struct error *err)
{
    char subject[SUBJECT_MAX];
    TRY(bus_subscribe(bus, subject_brokers(s, subject), NULL, on_message, &l->beats, &subscriptions[0], err));
    TRY(ask_all(bus, subject_daemon(s, "broker", NULL, "status", subject), &l->brokers, &subscriptions[1],
                err));
    return ask_all(bus, subject_daemon(s, "worker", NULL, "status", subject), &l->workers, &subscriptions[2],
                   err);
}

enum status crowd_hear(struct bus *bus, const struct subjects *s, const struct str *expected,
                       size_t expected_count, int64_t listen_ms, int64_t longest_ms, struct arena *a,
                       struct crowd *out, struct error *err)
{
    struct listening l = {.arena = a, .beats.replaces = true};
    struct bus_subscription *subscriptions[3] = {0};
    const struct timespec pause = {0, LOOK_EVERY_MS * 1000000L};
    l.beats.of = l.brokers.of = l.workers.of = &l;
    pthread_mutex_init(&l.lock, NULL);
    struct mono_time start = mono_now();
    enum status status = listen(&l, bus, s, subscriptions, err);
    while (status == STATUS_OK &&
           (mono_ms_since(start) < listen_ms ||
            (mono_ms_since(start) < longest_ms && !all_heard(&l, expected, expected_count))))
        nanosleep(&pause, NULL);
    for (size_t i = 0; i < 3; i++)
        bus_unsubscribe(&subscriptions[i]);
    pthread_mutex_destroy(&l.lock);
    *out = seen(&l);
    return status == STATUS_OK && l.failed ? arena_error(a, err, "who is there") : status;
}
