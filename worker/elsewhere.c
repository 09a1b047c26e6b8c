#include "elsewhere.h"

#include "publisher/roll_call.h"
#include "runtime/clock.h"
#include "runtime/log.h"

enum { KEPT_MS = 1000, CONNECTING_MS = 10000 };

void elsewhere_init(struct elsewhere *e, struct bus *bus, const struct subjects *subjects, const char *worker)
{
    *e = (struct elsewhere){.bus = bus, .subjects = subjects, .worker = worker};
    pthread_mutex_init(&e->mutex, NULL);
    arena_init(&e->arena, 0);
}

void elsewhere_free(struct elsewhere *e)
{
    arena_free(&e->arena);
    pthread_mutex_destroy(&e->mutex);
}

static bool is_known(const struct elsewhere *e, bool is_new)
{
    bool all_had_come = e->asked_ns - e->since_ns > CONNECTING_MS * INT64_C(1000000);
    return e->asked_ns != 0 && e->connection == bus_connections(e->bus) &&
           ((all_had_come && !is_new) || mono_now().ns - e->asked_ns < KEPT_MS * INT64_C(1000000));
}

/* With the mutex held. Who cannot be heard has nothing. */
static void ask(struct elsewhere *e)
{
    struct error err;
    uint32_t connection = bus_connections(e->bus);
    e->asked_ns = mono_now().ns;
    if (e->connection != connection || e->since_ns == 0)
        e->since_ns = e->asked_ns;
    e->connection = connection;
    arena_reset(&e->arena);
    if (roll_call(e->bus, e->subjects, "worker", ROLL_CALL_QUIET_MS, &e->arena, &e->workers, &err) ==
        STATUS_OK)
        return;
    e->workers = (struct value){0};
    LOG(LOG_DEBUG, "what other workers have cannot be heard", LOG_ERR(&err));
}

static bool has_at_work(const struct elsewhere *e, struct value worker, const struct task *task)
{
    if (str_is(value_as_str(VALUE_GET(worker, "name")), e->worker))
        return false;
    struct value known = roll_call_task(worker, task->execution_id, task->task_id);
    struct str state = value_as_str(VALUE_GET(known, "state"));
    return (str_is(state, "running") || str_is(state, "reporting")) &&
           !value_equal(VALUE_GET(known, "stopping"), value_bool(true));
}

bool elsewhere_has(struct elsewhere *e, const struct task *task, bool is_new)
{
    bool has = false;
    pthread_mutex_lock(&e->mutex);
    if (!is_known(e, is_new))
        ask(e);
    for (uint32_t i = 0; e->workers.type == VALUE_LIST && i < e->workers.len && !has; i++)
        has = has_at_work(e, e->workers.u.list[i], task);
    pthread_mutex_unlock(&e->mutex);
    return has;
}
