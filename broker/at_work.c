#include "at_work.h"

#include "publisher/roll_call.h"
#include "runtime/clock.h"
#include "runtime/log.h"

enum { KEPT_MS = 2000 };

enum status at_work_see(struct at_work *w, struct bus *bus, const struct subjects *s, int64_t *waited_ms,
                        struct error *err)
{
    struct mono_time start = mono_now();
    if (w->asked_ns != 0 && start.ns - w->asked_ns < KEPT_MS * INT64_C(1000000))
        return STATUS_OK;
    at_work_free(w);
    arena_init(&w->arena, 0);
    enum status status = roll_call(bus, s, "worker", ROLL_CALL_QUIET_MS, &w->arena, &w->workers, err);
    *waited_ms += mono_ms_since(start);
    if (status != STATUS_OK)
        w->workers = (struct value){0};
    if (status == STATUS_DENIED || status == STATUS_LIMIT)
        LOG(LOG_WARN, "what the workers have cannot be heard; tasks are looked for in the streams alone",
            LOG_ERR(err));
    else if (status != STATUS_OK)
        return status;
    w->asked_ns = mono_now().ns;
    return STATUS_OK;
}

bool at_work_has(const struct at_work *w, int64_t execution_id, struct str task_id)
{
    bool has = false;
    for (uint32_t i = 0; w->workers.type == VALUE_LIST && i < w->workers.len && !has; i++) {
        struct value task = roll_call_task(w->workers.u.list[i], execution_id, task_id);
        has = !value_is_absent(task) && !value_equal(VALUE_GET(task, "stopping"), value_bool(true));
    }
    return has;
}

struct pool_at_work at_work_pool(const struct at_work *w, struct str pool)
{
    struct pool_at_work p = {0};
    for (uint32_t i = 0; w->workers.type == VALUE_LIST && i < w->workers.len; i++) {
        struct value worker = w->workers.u.list[i], tasks = VALUE_GET(worker, "tasks"),
                     most = VALUE_GET(worker, "concurrency");
        if (!str_equal(value_as_str(VALUE_GET(worker, "pool")), pool) || tasks.type != VALUE_LIST)
            continue;
        p.tasks += tasks.len;
        p.has_room = p.has_room || (most.type == VALUE_INT && most.u.i > (int64_t)tasks.len);
    }
    return p;
}

void at_work_free(struct at_work *w)
{
    arena_free(&w->arena);
    *w = (struct at_work){0};
}
