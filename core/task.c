#include "task.h"

#include "id.h"
#include "member.h"

static void put_if_there(struct map_builder *b, const char *name, struct value v)
{
    if (!value_is_absent(v))
        map_put(b, str_of(name), v);
}

enum status task_to_value(struct arena *a, const struct task *t, struct value *out, struct error *err)
{
    struct map_builder b;
    char id[ID_TEXT];
    id_format(t->execution_id, id);
    const char *id_text = arena_strdup(a, str_of(id));
    if (id_text == NULL)
        return arena_error(a, err, "a task");
    map_begin(&b, a);
    map_put(&b, STR("execution_id"), value_text(id_text));
    map_put(&b, STR("task_id"), value_str(t->task_id));
    map_put(&b, STR("step"), value_str(t->step));
    map_put(&b, STR("type"), value_str(t->type));
    map_put(&b, STR("path"), value_str(t->path));
    map_put(&b, STR("visit"), value_int(t->visit));
    map_put(&b, STR("attempt"), value_int(t->attempt));
    if (t->timeout_ms != 0)
        map_put(&b, STR("timeout_ms"), value_int(t->timeout_ms));
    if (t->token.len != 0)
        map_put(&b, STR("token"), value_str(t->token));
    map_put(&b, STR("args"), value_is_absent(t->args) ? VALUE_EMPTY_MAP : t->args);
    map_put(&b, STR("config"), value_is_absent(t->config) ? VALUE_EMPTY_MAP : t->config);
    if (t->run != 0)
        map_put(&b, STR("run"), value_int(t->run));
    if (t->seal.len != 0)
        map_put(&b, STR("seal"), value_str(t->seal));
    if (t->traceparent.len != 0)
        map_put(&b, STR("traceparent"), value_str(t->traceparent));
    put_if_there(&b, "returns", t->returns);
    put_if_there(&b, "saves", t->saves);
    put_if_there(&b, "names", t->names);
    return map_end(&b, out, err);
}

enum status task_from_value(struct value v, struct task *out, struct error *err)
{
    struct member_reader r = {v, "task", err};
    struct task t;
    TRY(member_check_map(&r));
    TRY(member_id(&r, "execution_id", &t.execution_id));
    TRY(member_text(&r, "task_id", true, &t.task_id));
    TRY(member_text(&r, "step", true, &t.step));
    TRY(member_text(&r, "type", true, &t.type));
    TRY(member_text(&r, "path", true, &t.path));
    TRY(member_uint32(&r, "visit", 1, &t.visit));
    TRY(member_uint32(&r, "attempt", 1, &t.attempt));
    TRY(member_int64(&r, "timeout_ms", 0, &t.timeout_ms));
    TRY(member_text(&r, "token", false, &t.token));
    TRY(member_map(&r, "args", &t.args));
    TRY(member_map(&r, "config", &t.config));
    TRY(member_uint32(&r, "run", 0, &t.run));
    TRY(member_text(&r, "seal", false, &t.seal));
    TRY(member_text(&r, "traceparent", false, &t.traceparent));
    TRY(member_list(&r, "returns", &t.returns));
    TRY(member_list(&r, "saves", &t.saves));
    t.names = VALUE_GET(v, "names");
    *out = t;
    return STATUS_OK;
}
