#include "elsewhere.h"

#include "publisher/roll_call.h"
#include "runtime/clock.h"
#include "runtime/log.h"

#define NS_PER_MS INT64_C(1000000)

enum {
    KEPT_MS = 1000,
    CONNECTING_MS = 10000, /* until all have connected again */
    SILENT_MS = 30000      /* who may not ask hears nothing, and asks again after this */
};

void elsewhere_init(struct elsewhere *e, struct bus *bus, const struct subjects *subjects,
                    const struct again *g, const char *worker)
{
    *e = (struct elsewhere){.bus = bus, .subjects = subjects, .again = g, .worker = worker};
    pthread_mutex_init(&e->mutex, NULL);
    arena_init(&e->arena, 0);
}

void elsewhere_free(struct elsewhere *e)
{
    arena_free(&e->arena);
    pthread_mutex_destroy(&e->mutex);
}

static bool is_within(int64_t since_ns, int64_t ms)
{
    return since_ns != 0 && mono_now().ns - since_ns < ms * NS_PER_MS;
}

static bool is_known(const struct elsewhere *e, bool is_new)
{
    bool all_had_come = e->asked_ns - e->since_ns > CONNECTING_MS * NS_PER_MS;
    return e->asked_ns != 0 && e->connection == bus_connections(e->bus) &&
           e->doubts == atomic_load(&e->again->doubts) &&
           ((all_had_come && !is_new) || is_within(e->asked_ns, KEPT_MS));
}

static bool is_own(const struct elsewhere *e, struct value worker)
{
    return str_is(value_as_str(VALUE_GET(worker, "name")), e->worker);
}

/* This worker answers itself, if anybody can be heard. */
static bool hears_itself(const struct elsewhere *e)
{
    for (uint32_t i = 0; e->workers.type == VALUE_LIST && i < e->workers.len; i++) {
        if (is_own(e, e->workers.u.list[i]))
            return true;
    }
    return false;
}

/* With the mutex held. False: there is no connection now, or another. */
static bool ask(struct elsewhere *e)
{
    struct error err = {0};
    uint32_t connection = bus_connections(e->bus), doubts = atomic_load(&e->again->doubts);
    arena_reset(&e->arena);
    e->workers = (struct value){0};
    e->asked_ns = 0;
    enum status status =
        roll_call(e->bus, e->subjects, "worker", ROLL_CALL_QUIET_MS, &e->arena, &e->workers, &err);
    bool heard = status == STATUS_OK && hears_itself(e);
    if (!heard && (!bus_is_connected(e->bus) || connection != bus_connections(e->bus)))
        return false;
    if (!heard)
        LOG(LOG_WARN,
            "what other workers have at work cannot be heard; tasks that come again may run beside them",
            LOG_ERR(&err));
    e->asked_ns = mono_now().ns;
    e->silent_ns = heard ? 0 : e->asked_ns;
    if (e->connection != connection || e->doubts != doubts || e->since_ns == 0)
        e->since_ns = e->asked_ns;
    e->connection = connection;
    e->doubts = doubts;
    return true;
}

static bool has_at_work(const struct elsewhere *e, struct value worker, const struct task *task)
{
    struct value known = roll_call_task(worker, task->execution_id, task->task_id);
    struct str state = value_as_str(VALUE_GET(known, "state"));
    return !is_own(e, worker) && (str_is(state, "running") || str_is(state, "reporting")) &&
           !value_equal(VALUE_GET(known, "stopping"), value_bool(true));
}

static bool somebody_has(const struct elsewhere *e, const struct task *task)
{
    bool has = false;
    for (uint32_t i = 0; e->workers.type == VALUE_LIST && i < e->workers.len && !has; i++)
        has = has_at_work(e, e->workers.u.list[i], task);
    return has;
}

/* With the mutex held. */
static bool look(struct elsewhere *e, const struct task *task, bool is_new, int64_t came_ns, bool *has)
{
    if (is_within(e->silent_ns, SILENT_MS))
        return true;
    if (!is_known(e, is_new) && !ask(e))
        return false;
    bool is_old = e->asked_ns < came_ns;
    *has = somebody_has(e, task);
    if (*has && is_old) {
        if (!ask(e))
            return false;
        *has = somebody_has(e, task);
    }
    return true;
}

bool elsewhere_has(struct elsewhere *e, const struct task *task, bool is_new, int64_t came_ns, bool *has)
{
    *has = false;
    pthread_mutex_lock(&e->mutex);
    bool known = look(e, task, is_new, came_ns, has);
    pthread_mutex_unlock(&e->mutex);
    return known;
}
