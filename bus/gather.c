/* One request that many answer. */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"
#include "runtime/clock.h"

enum { MOST_BYTES = 64 << 20 };

struct gathered {
    struct gathered *next;
    size_t len;
    char text[];
};

struct gathering {
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct gathered *first, **last;
    size_t count, bytes;
    bool nobody; /* the server says that nobody listens */
    bool failed; /* there was no memory for an answer */
    struct mono_time heard;
};

static void receive(void *context, const struct bus_message *m)
{
    struct gathering *g = context;
    bool is_status = wire_status(m->native, NULL) == 503;
    struct gathered *answer = is_status ? NULL : malloc(sizeof(*answer) + m->payload.len);
    pthread_mutex_lock(&g->lock);
    g->nobody = g->nobody || is_status;
    g->failed = g->failed || (!is_status && (!answer || g->bytes + m->payload.len > MOST_BYTES));
    if (answer && !g->failed) {
        *answer = (struct gathered){.len = m->payload.len};
        memcpy(answer->text, m->payload.ptr, answer->len);
        *g->last = answer;
        g->last = &answer->next;
        g->bytes += answer->len;
        g->count++;
        answer = NULL;
    }
    g->heard = mono_now();
    pthread_cond_signal(&g->news);
    pthread_mutex_unlock(&g->lock);
    free(answer);
}

/* With the lock held: until when it is worth to wait. */
static int64_t end_ns(const struct gathering *g, struct mono_time since, int64_t first_ms, int64_t quiet_ms)
{
    int64_t quiet_ns = g->heard.ns + quiet_ms * NS_PER_MS, last_ns = since.ns + first_ms * NS_PER_MS;
    return g->count > 0 && quiet_ns < last_ns ? quiet_ns : last_ns;
}

static void wait_for_all(struct gathering *g, int64_t first_ms, int64_t quiet_ms)
{
    struct mono_time since = mono_now();
    pthread_mutex_lock(&g->lock);
    while (!g->nobody && !g->failed && mono_now().ns < end_ns(g, since, first_ms, quiet_ms))
        (void)mono_cond_wait_until(&g->news, &g->lock, end_ns(g, since, first_ms, quiet_ms));
    pthread_mutex_unlock(&g->lock);
}

/* No thread is in receive() any more. */
static enum status hand_over(struct gathering *g, struct arena *a, struct str **answers, size_t *count,
                             struct error *err)
{
    size_t at = 0;
    enum status status = STATUS_OK;
    struct str *list = ARENA_ARRAY(a, struct str, g->count + 1);
    if (!list)
        status = arena_error(a, err, "the answers");
    else if (g->failed)
        status = error_set(err, STATUS_LIMIT, "the answers are larger than %d bytes", MOST_BYTES);
    for (struct gathered *answer = g->first, *next; answer; answer = next) {
        next = answer->next;
        if (status == STATUS_OK) {
            list[at] = (struct str){arena_strdup(a, (struct str){answer->text, answer->len}), answer->len};
            status = list[at++].ptr ? STATUS_OK : arena_error(a, err, "the answers");
        }
        free(answer);
    }
    *answers = list;
    *count = status == STATUS_OK ? at : 0;
    return status;
}

enum status bus_gather(struct bus *bus, const char *subject, struct str payload, int64_t first_ms,
                       int64_t quiet_ms, struct arena *a, struct str **answers, size_t *count,
                       struct error *err)
{
    char inbox[SUBJECT_MAX];
    struct bus_subscription *subscription = NULL;
    struct gathering g = {.last = &g.first};
    *count = 0;
    TRY(inbox_check(bus, err));
    (void)snprintf(inbox, sizeof(inbox), "%s.M.%llu", bus->inbox,
                   (unsigned long long)atomic_fetch_add(&bus->ids, 1));
    pthread_mutex_init(&g.lock, NULL);
    mono_cond_init(&g.news);
    enum status status = bus_subscribe(bus, inbox, NULL, receive, &g, &subscription, err);
    if (status == STATUS_OK)
        status = bus_publish(bus, subject, inbox, NULL, 0, payload, err);
    if (status == STATUS_OK)
        wait_for_all(&g, first_ms, quiet_ms);
    bus_unsubscribe(&subscription);
    enum status handed = hand_over(&g, a, answers, count, status == STATUS_OK ? err : NULL);
    pthread_cond_destroy(&g.news);
    pthread_mutex_destroy(&g.lock);
    return status == STATUS_OK ? handed : status;
}
