#include "again.h"

#include <inttypes.h>
#include <stdio.h>

#include "runtime/clock.h"

#define ASK_AGAIN_NS INT64_C(1000000000)

void again_init(struct again *g, struct bus *bus, const struct subjects *subjects,
                const struct settings *settings)
{
    *g = (struct again){.bus = bus, .subjects = subjects};
    again_learn(g, settings_int(settings, SETTING_WORKER_ACK_WAIT),
                (uint64_t)settings_int(settings, SETTING_WORKER_MAX_DELIVER));
    pthread_mutex_init(&g->mutex, NULL);
}

void again_learn(struct again *g, int64_t ack_wait_ms, uint64_t max_deliver)
{
    atomic_store(&g->ack_wait_ns, ack_wait_ms * INT64_C(1000000));
    atomic_store(&g->max_deliver, max_deliver);
}

void again_note(struct again *g, const struct bus_delivery *d)
{
    if (d->consumer_sequence < atomic_exchange(&g->newest, d->consumer_sequence))
        again_doubt(g);
}

void again_doubt(struct again *g)
{
    atomic_fetch_add(&g->doubts, 1);
}

void again_free(struct again *g)
{
    pthread_mutex_destroy(&g->mutex);
}

/* With the mutex held. True when what is known is of this connection and this consumer. */
static bool ask(struct again *g)
{
    uint32_t connection = bus_connections(g->bus);
    char stream[96];
    struct bus_stream_info info;
    uint32_t doubts = atomic_load(&g->doubts); /* before the question: there may be another meanwhile */
    if (g->connection == connection && g->doubts_then == doubts)
        return true;
    if (g->failed_ns != 0 && mono_now().ns - g->failed_ns < ASK_AGAIN_NS)
        return false;
    stream_name(g->subjects, STREAM_TASKS, stream);
    bool failed = bus_stream_info(g->bus, stream, &info, NULL) != STATUS_OK;
    g->failed_ns = failed ? mono_now().ns : 0;
    if (failed)
        return false;
    g->connection = connection;
    g->doubts_then = doubts;
    g->stored_until = info.last_sequence;
    g->spoils_ids = bus_spoils_ids(g->bus, &info);
    return true;
}

void again_look(struct again *g)
{
    pthread_mutex_lock(&g->mutex);
    (void)ask(g); /* else the first task does */
    pthread_mutex_unlock(&g->mutex);
}

static bool was_stored_before(struct again *g, uint64_t sequence)
{
    pthread_mutex_lock(&g->mutex);
    bool was = !ask(g) || sequence <= g->stored_until;
    pthread_mutex_unlock(&g->mutex);
    return was;
}

bool again_ids_tell(struct again *g)
{
    pthread_mutex_lock(&g->mutex);
    bool tell = !ask(g) || !g->spoils_ids;
    pthread_mutex_unlock(&g->mutex);
    return tell;
}

bool again_is_copy(const struct bus_delivery *d, const struct task *task)
{
    const char *id = bus_delivery_header(d, "Nats-Msg-Id");
    char own[128];
    snprintf(own, sizeof(own), "%" PRId64 ".%" PRISTR, task->execution_id, ARGSTR(task->task_id));
    return !id || strcmp(id, own) != 0;
}

static int64_t age_ns(const struct bus_delivery *d)
{
    return mono_now().ns - d->left_after_ns;
}

bool again_is_last(const struct again *g, uint64_t deliveries)
{
    uint64_t most = atomic_load(&g->max_deliver);
    return most > 0 && deliveries >= most;
}

/* Half of the time that a delivery has: the other half is for what the task does first. */
bool again_is_told(const struct again *g, const struct bus_delivery *d)
{
    return d->deliveries > 1 || bus_delivery_header(d, TASK_AGAIN_HEADER) ||
           age_ns(d) > atomic_load(&g->ack_wait_ns) / 2;
}

bool again_is_possible(struct again *g, const struct bus_delivery *d)
{
    return again_is_told(g, d) || was_stored_before(g, d->stream_sequence);
}
