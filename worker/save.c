#include "save.h"

#include "core/digest.h"
#include "outcome.h"
#include "render/context.h"
#include "render/object.h"

static const struct value absent = {.type = VALUE_UNDEFINED};

/* ---- names ---------------------------------------------------------------------------------------- */

static struct value map_or_empty(struct value v)
{
    return v.type == VALUE_MAP ? v : VALUE_EMPTY_MAP;
}

/* What templates see of the outcome; over the args, and these over the names that came with the task. */
static enum status outcome_names(const struct task *task, struct value data, struct arena *a,
                                 struct value *out, struct error *err)
{
    struct map_builder map;
    struct value seen;
    TRY(context_step_value(a, value_is_absent(data) ? value_null() : data, absent, &seen, err));
    map_begin(&map, a);
    map_put(&map, STR("result"), seen);
    map_put(&map, STR("this"), seen);
    map_put(&map, STR("data"), seen);
    map_put(&map, STR("error"), value_null());
    map_put(&map, STR("status"), value_text("success"));
    map_put(&map, STR("success"), value_bool(true));
    map_put(&map, STR("attempt"), value_int(task->attempt));
    return map_end(&map, out, err);
}

struct saving {
    const struct tool_runner *runner;
    const struct task *task;
    struct arena *arena;
    struct scope names, args, outcome; /* from the outermost to the innermost */
    struct render_inputs inputs;
    struct list_builder saved;
};

static enum status open_saving(struct saving *s, const struct task *task, int64_t now_ns, struct value data,
                               struct error *err)
{
    s->names = (struct scope){.names = map_or_empty(task->names)};
    s->args = (struct scope){.names = map_or_empty(task->args), .outer = &s->names};
    s->outcome = (struct scope){.outer = &s->args};
    s->inputs = (struct render_inputs){.undefined = UNDEFINED_STRICT, .now_ns = now_ns};
    list_begin(&s->saved, s->arena);
    return outcome_names(task, data, s->arena, &s->outcome.names, err);
}

/* ---- keys ----------------------------------------------------------------------------------------- */

static enum status without(struct arena *a, struct value map, const char *const *keys, struct value *out,
                           struct error *err)
{
    struct map_builder b;
    map_begin(&b, a);
    for (uint32_t i = 0; i < map.len; i++) {
        const struct value_entry *e = &map.u.map->entries[i];
        bool left_out = false;
        for (const char *const *k = keys; *k; k++)
            left_out = left_out || str_is(value_as_str(e->key), *k);
        if (!left_out)
            map_put_value(&b, e->key, e->value);
    }
    return map_end(&b, out, err);
}

static enum status render(struct saving *s, struct value written, struct value *out, struct error *err)
{
    struct object_template *template;
    TRY(object_compile(written, "save", &template, err));
    enum status status = object_render(template, &s->outcome, &s->inputs, s->arena, out, err);
    object_free(template);
    return status;
}

/* The keys, all but the verbatim one rendered. */
static enum status read_keys(struct saving *s, const struct tool *tool, struct value written,
                             struct value *out, struct error *err)
{
    if (written.type != VALUE_MAP)
        return error_set(err, STATUS_INVALID, "the entry's keys are a %s, not a map",
                         value_type_name(written));
    if (!tool || !tool->verbatim)
        return render(s, written, out, err);
    struct value rest = absent, kept = value_get(written, str_of(tool->verbatim));
    struct map_builder b;
    TRY(without(s->arena, written, TOOL_KEYS(tool->verbatim), &rest, err));
    TRY(render(s, rest, &rest, err));
    map_begin(&b, s->arena);
    if (!value_is_absent(kept))
        map_put(&b, str_of(tool->verbatim), kept);
    map_put_all(&b, rest);
    return map_end(&b, out, err);
}

/* `data`, or `args`; without them the whole result. */
static enum status take_data(const struct saving *s, struct value keys, struct value *out, struct error *err)
{
    struct value data = VALUE_GET(keys, "data"), args = VALUE_GET(keys, "args");
    if (!value_is_absent(data) && !value_is_absent(args)) {
        error_set(err, STATUS_INVALID, "the entry has both \"data\" and \"args\"");
        return error_hint(err, "They mean the same, what to save: leave one out.");
    }
    *out = !value_is_absent(data)   ? data
           : !value_is_absent(args) ? args
                                    : VALUE_GET(s->outcome.names, "result");
    return STATUS_OK;
}

/* ---- one entry ------------------------------------------------------------------------------------ */

static enum status run_entry(struct saving *s, struct task *save, struct value written, struct outcome *out,
                             struct error *err)
{
    struct value keys = absent, data = absent;
    TRY(read_keys(s, tool_find(save->type), written, &keys, err));
    TRY(take_data(s, keys, &data, err));
    TRY(without(s->arena, keys, TOOL_KEYS("data", "args", "name"), &save->config, err));
    enum status status = s->runner->run(s->runner->context, save, data, out, err);
    return outcome_settle(out, SIZE_MAX, s->arena, status, err);
}

/* What is worth telling of an answer: {"storage": "postgres", "rowcount": 3}. */
static enum status tell(struct saving *s, struct str storage, struct value answer, struct error *err)
{
    static const char *const told[] = {"rowcount", "status_code", "exit_code", NULL};
    struct map_builder map;
    struct value v;
    map_begin(&map, s->arena);
    map_put(&map, STR("storage"), value_str(storage));
    for (const char *const *k = told; *k; k++) {
        v = value_get(answer, str_of(*k));
        if (v.type == VALUE_INT)
            map_put(&map, str_of(*k), v);
    }
    TRY(map_end(&map, &v, err));
    list_add(&s->saved, v);
    return STATUS_OK;
}

/* The place goes into the message: it is one of the entry, not of the step. Line and column go with it. */
static void name_entry(struct error *failure, struct str storage)
{
    char text[sizeof(failure->message) + sizeof(failure->place) + 32], hint[sizeof(failure->hint)];
    memcpy(hint, failure->hint, sizeof(hint));
    failure->hint[0] = 0;
    error_text(failure, text, sizeof(text));
    error_set(failure, failure->status, "save to %" PRISTR ": %s", ARGSTR(storage), text);
    if (hint[0])
        error_hint(failure, "%s", hint);
}

static enum status fail_entry(struct saving *s, const struct task *save, uint32_t number, struct value added,
                              struct outcome *out, struct error *failure)
{
    enum status status = failure->status;
    struct map_builder map;
    struct error ignored;
    name_entry(failure, save->type);
    map_begin(&map, s->arena);
    map_put_all(&map, map_or_empty(added));
    map_put(&map, STR("save"), value_int(number));
    if (map_end(&map, &out->error, &ignored) != STATUS_OK)
        out->error = absent; /* without memory the message has to do */
    return status;
}

static enum status save_one(struct saving *s, struct value entry, uint32_t number, struct outcome *out,
                            struct error *failure)
{
    struct outcome answer = {.log = out->log};
    struct task save = *s->task;
    save.type = value_as_str(VALUE_GET(entry, "tool"));
    save.args = VALUE_EMPTY_MAP;
    save.returns = save.saves = save.names = absent;
    /* From what stays the same when the attempt is delivered again: uuid() then gives the same. */
    s->inputs.seed = (uint64_t)save.execution_id ^ (uint64_t)fnv1a32(save.task_id) << 32 ^ number;
    enum status status = run_entry(s, &save, VALUE_GET(entry, "keys"), &answer, failure);
    if (status == STATUS_OK)
        status = tell(s, save.type, answer.data, failure);
    return status == STATUS_OK ? status : fail_entry(s, &save, number, answer.error, out, failure);
}

static enum status put_saved(struct saving *s, struct outcome *out, struct error *err)
{
    struct map_builder map;
    struct value saved;
    if (s->saved.len == 0)
        return STATUS_OK;
    TRY(list_end(&s->saved, &saved, err));
    map_begin(&map, s->arena);
    map_put_all(&map, map_or_empty(out->meta));
    map_put(&map, STR("saved"), saved);
    return map_end(&map, &out->meta, err);
}

enum status save_all(const struct tool_runner *runner, const struct task *task, int64_t now_ns,
                     struct arena *a, struct outcome *out, struct error *failure)
{
    if (task->saves.type != VALUE_LIST || task->saves.len == 0)
        return STATUS_OK;
    struct saving s = {.runner = runner, .task = task, .arena = a};
    struct error told;
    enum status status = open_saving(&s, task, now_ns, out->data, failure);
    for (uint32_t i = 0; status == STATUS_OK && i < task->saves.len; i++)
        status = save_one(&s, task->saves.u.list[i], i + 1, out, failure);
    enum status put = put_saved(&s, out, &told);
    if (status != STATUS_OK || put == STATUS_OK)
        return status;
    *failure = told;
    return put;
}
