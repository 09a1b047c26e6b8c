#include "crowd.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "core/json.h"
#include "publisher/roll_call.h"
#include "runtime/clock.h"

/* The answers of brokers and workers come one kind after the other. */
enum { LOOK_EVERY_MS = 20, QUIET_MS = 150 };

/* Filled by a thread of the connection while the other one waits. */
struct listening {
    pthread_mutex_t lock;
    struct arena arena;  /* with the lock held, as all that follows */
    struct value *beats; /* the newest of each broker */
    uint32_t count, capacity;
    bool failed;
};

static struct value *place_of(struct listening *l, struct value v)
{
    for (size_t i = 0; i < l->count; i++) {
        if (value_equal(VALUE_GET(l->beats[i], "broker"), VALUE_GET(v, "broker")))
            return &l->beats[i];
    }
    if (l->count == CROWD_MOST)
        return NULL;
    struct value *room = arena_grow(&l->arena, l->beats, sizeof(*room), l->count, &l->capacity);
    if (!room)
        return NULL;
    l->beats = room;
    return &l->beats[l->count++];
}

/* What is no JSON map is passed over: anybody may publish there who may. */
static void on_beat(void *context, const struct bus_message *message)
{
    struct listening *l = context;
    struct value v;
    struct error err;
    pthread_mutex_lock(&l->lock);
    const char *copy = arena_strdup(&l->arena, message->payload);
    if (!copy) {
        l->failed = true;
    } else if (json_read_map(&l->arena, (struct str){copy, message->payload.len}, "a beat", &v, &err) ==
               STATUS_OK) {
        struct value *place = place_of(l, v);
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
    for (uint32_t i = 0; i < c->brokers.len; i++) {
        if (str_equal(value_as_str(VALUE_GET(c->brokers.u.list[i], "name")), name))
            return c->brokers.u.list[i];
    }
    return (struct value){0};
}

static bool all_heard(struct listening *l, const struct str *expected, size_t count)
{
    bool all = true;
    pthread_mutex_lock(&l->lock);
    const struct crowd c = {.beats = l->beats, .beat_count = l->count};
    for (size_t i = 0; i < count; i++)
        all = all && (expected[i].len == 0 || crowd_has_broker(&c, expected[i]));
    pthread_mutex_unlock(&l->lock);
    return all;
}

static enum status ask(struct bus *bus, const struct subjects *s, struct arena *a, struct crowd *out,
                       struct error *err)
{
    TRY(roll_call(bus, s, "broker", QUIET_MS, a, &out->brokers, err));
    return roll_call(bus, s, "worker", QUIET_MS, a, &out->workers, err);
}

enum status crowd_hear(struct bus *bus, const struct subjects *s, const struct str *expected,
                       size_t expected_count, int64_t listen_ms, int64_t longest_ms, struct arena *a,
                       struct crowd *out, struct error *err)
{
    struct listening l = {.failed = false};
    struct bus_subscription *beats = NULL;
    char subject[SUBJECT_MAX];
    const struct timespec pause = {0, LOOK_EVERY_MS * 1000000L};
    *out = (struct crowd){0};
    arena_init(&l.arena, 0);
    pthread_mutex_init(&l.lock, NULL);
    struct mono_time start = mono_now();
    enum status status = bus_subscribe(bus, subject_brokers(s, subject), NULL, on_beat, &l, &beats, err);
    if (status == STATUS_OK)
        status = ask(bus, s, a, out, err);
    while (status == STATUS_OK &&
           (mono_ms_since(start) < listen_ms ||
            (mono_ms_since(start) < longest_ms && !all_heard(&l, expected, expected_count))))
        nanosleep(&pause, NULL);
    bus_unsubscribe(&beats);
    pthread_mutex_destroy(&l.lock);
    arena_adopt(a, &l.arena);
    out->beats = l.beats;
    out->beat_count = l.count;
    return status == STATUS_OK && l.failed ? arena_error(a, err, "who is there") : status;
}
