#include "attempt.h"

#include "core/path.h"
#include "outcome.h"
#include "runtime/clock.h"
#include "save.h"
#include "unseal.h"

static const struct value absent = {.type = VALUE_UNDEFINED};

/* ---- assert --------------------------------------------------------------------------------------- */

static enum status named(struct arena *a, struct value data, struct value *out, struct error *err)
{
    struct map_builder map;
    map_begin(&map, a);
    map_put(&map, STR("result"), data);
    map_put(&map, STR("this"), data);
    map_put(&map, STR("data"), data);
    map_put(&map, STR("status"), value_text("success"));
    return map_end(&map, out, err);
}

static enum status read_paths(struct value list, struct arena *a, struct str **out, struct error *err)
{
    *out = ARENA_ARRAY(a, struct str, (size_t)list.len + 1);
    if (!*out)
        return arena_error(a, err, "the paths of assert");
    for (uint32_t i = 0; i < list.len; i++)
        (*out)[i] = value_as_str(list.u.list[i]);
    return STATUS_OK;
}

static enum status fail_assert(struct arena *a, struct str message, struct outcome *out, struct error *err)
{
    struct map_builder map;
    map_begin(&map, a);
    map_put(&map, STR("kind"), value_text("assert"));
    TRY(map_end(&map, &out->error, err));
    return error_set(err, STATUS_FAILED, "%" PRISTR, ARGSTR(message));
}

static enum status check_returns(const struct task *task, struct arena *a, struct outcome *out,
                                 struct error *err)
{
    struct value data = value_is_absent(out->data) ? value_null() : out->data, names;
    struct str *paths, message;
    if (task->returns.type != VALUE_LIST || task->returns.len == 0)
        return STATUS_OK;
    TRY(named(a, data, &names, err));
    TRY(read_paths(task->returns, a, &paths, err));
    TRY(paths_missing(a, paths, task->returns.len, names, data, &message, err));
    return message.len > 0 ? fail_assert(a, message, out, err) : STATUS_OK;
}

/* ---- the order ------------------------------------------------------------------------------------ */

enum status attempt_run(const struct tool_runner *tools, struct secret_source *secrets,
                        const struct task *task, size_t result_limit, struct arena *a, struct outcome *out,
                        struct error *failure)
{
    int64_t now_ns = wall_now().ns;
    struct unsealing unsealing;
    const struct tool_runner runner = unsealing_begin(&unsealing, tools, secrets, a);
    enum status s = runner.run(runner.context, task, absent, out, failure);
    TRY(outcome_settle(out, result_limit, a, s, failure));
    TRY(check_returns(task, a, out, failure));
    return save_all(&runner, task, now_ns, a, out, failure);
}
