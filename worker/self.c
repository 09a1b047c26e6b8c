#include "self.h"

static const char *const STAGES[] = {
    [LEASE_WAITS] = "waiting", [LEASE_RUNS] = "running", [LEASE_REPORTS] = "reporting"};

static enum status tools_value(struct arena *a, struct value *out, struct error *err)
{
    struct list_builder list;
    list_begin(&list, a);
    for (const char *const *name = tool_names(); *name; name++)
        list_add(&list, value_text(*name));
    return list_end(&list, out, err);
}

/* <prefix>.tasks.<pool>.<execution_id>.<task_id> */
static void put_subject(struct map_builder *m, const char *subject)
{
    struct str rest = str_of(subject), token = {0};
    for (int i = 0; i < 4; i++)
        token = str_split(&rest, '.');
    map_put(m, STR("execution_id"), value_str(token));
    map_put(m, STR("task_id"), value_str(rest));
}

static enum status task_value(struct arena *a, const struct lease_view *v, struct value *out,
                              struct error *err)
{
    struct map_builder m;
    map_begin(&m, a);
    put_subject(&m, v->subject);
    map_put(&m, STR("state"), value_text(STAGES[v->stage]));
    if (v->stage != LEASE_WAITS) {
        map_put(&m, STR("step"), value_text(v->step));
        map_put(&m, STR("type"), value_text(v->type));
        map_put(&m, STR("attempt"), value_int(v->attempt));
    }
    TRY(put_time(&m, STR("since"), v->since_ns, err));
    map_put(&m, STR("delivery"), value_int((int64_t)v->deliveries));
    map_put(&m, STR("sequence"), value_int((int64_t)v->stream_sequence));
    map_put(&m, STR("stopping"), value_bool(v->is_over));
    return map_end(&m, out, err);
}

/* *running: how many of them a tool runs for. */
static enum status tasks_value(const struct worker_self *self, struct arena *a, struct value *out,
                               int64_t *running, struct error *err)
{
    struct lease_view *views;
    size_t count;
    struct list_builder list;
    TRY(lease_keeper_look(self->station->keeper, a, &views, &count, err));
    list_begin(&list, a);
    *running = 0;
    for (size_t i = 0; i < count; i++) {
        struct value v = {0};
        TRY(task_value(a, &views[i], &v, err));
        list_add(&list, v);
        *running += views[i].stage == LEASE_RUNS;
    }
    return list_end(&list, out, err);
}

static enum status tell_status(void *context, const struct call *call, struct answer *answer,
                               struct error *err)
{
    const struct worker_self *self = context;
    const struct settings *s = self->station->settings;
    struct value tools, tasks;
    int64_t running;
    struct map_builder m;
    TRY(tools_value(call->arena, &tools, err));
    TRY(tasks_value(self, call->arena, &tasks, &running, err));
    TRY(identity_begin(&m, &self->identity, call, "a request for a worker's status", err));
    map_put(&m, STR("pool"), value_text(self->pool));
    map_put(&m, STR("tools"), tools);
    map_put(&m, STR("concurrency"), value_int(settings_int(s, SETTING_WORKER_CONCURRENCY)));
    map_put(&m, STR("running"), value_int(running));
    map_put(&m, STR("tasks"), tasks);
    return map_end(&m, &answer->body, err);
}

enum status worker_self_serve(struct worker_self *self, struct service **out, struct error *err)
{
    static const struct operation operations[] = {
        {"status", tell_status, "the worker's pool and tools, and the tasks that it has"}};
    self->labels[0] = (struct service_label){"name", self->station->name};
    self->labels[1] = (struct service_label){"pool", self->pool};
    const struct service_options options = {.bus = self->station->bus,
                                            .subjects = self->station->subjects,
                                            .name = "noetl-worker",
                                            .description = "runs the tasks of a pool",
                                            .table = {operations, 1, self, NULL},
                                            .threads = 1,
                                            .kind = "worker",
                                            .labels = self->labels,
                                            .label_count = 2};
    return service_start(&options, out, err);
}
