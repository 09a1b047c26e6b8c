#include "tool.h"

#define X(name) extern const struct tool tool_##name;
#include "tools/tools.def"
#undef X

static const struct tool *const tools[] = {
#define X(name) &tool_##name,
#include "tools/tools.def"
#undef X
};
static const char *const all_names[] = {
#define X(name) #name,
#include "tools/tools.def"
#undef X
    NULL};
enum { TOOL_COUNT = sizeof(tools) / sizeof(tools[0]), MAX_KEYS = 64 };

const char *const *tool_names(void)
{
    return all_names;
}

const struct tool *tool_find(struct str name)
{
    for (size_t i = 0; i < TOOL_COUNT; i++)
        if (str_is(name, tools[i]->name))
            return tools[i];
    return NULL;
}

static bool is_wanted(const struct tool *tool, bool as_storage)
{
    return !as_storage || tool->save;
}

static enum status refuse_name(struct str name, bool as_storage, struct error *err)
{
    struct buf names;
    buf_init(&names, 200);
    for (size_t i = 0; i < TOOL_COUNT; i++)
        if (is_wanted(tools[i], as_storage))
            buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", tools[i]->name);
    error_set(err, STATUS_UNSUPPORTED, "this worker has no %s \"%" PRISTR "\"",
              as_storage ? "storage" : "tool", ARGSTR(name));
    error_hint(err, "The %ss are: %" PRISTR ".", as_storage ? "storage" : "tool", ARGSTR(buf_str(&names)));
    buf_free(&names);
    return STATUS_UNSUPPORTED;
}

/* The keys of `more`, NULL-ended or NULL, behind the `count` that are there. */
static size_t add_keys(struct str known[MAX_KEYS], size_t count, const char *const *more)
{
    for (; more && *more && count < MAX_KEYS; more++)
        known[count++] = str_of(*more);
    return count;
}

static enum status refuse_key(const struct tool *tool, bool as_storage, struct str key, struct str near,
                              struct error *err)
{
    error_set(err, STATUS_INVALID, "a %s %s has no key \"%" PRISTR "\"", tool->name,
              as_storage ? "save" : "step", ARGSTR(key));
    if (near.len > 0)
        return error_hint(err, "Did you mean \"%" PRISTR "\"?", ARGSTR(near));
    return error_hint(err, "docs/TOOLS.md lists the keys of each tool.");
}

static enum status check_keys(const struct tool *tool, bool as_storage, struct value config,
                              struct error *err)
{
    struct str known[MAX_KEYS];
    size_t count = add_keys(known, 0, tool->keys);
    if (as_storage)
        count = add_keys(known, count, tool->save_keys);
    for (uint32_t i = 0; config.type == VALUE_MAP && i < config.len; i++) {
        struct str key = value_as_str(config.u.map->entries[i].key);
        bool is_known = str_starts_with(key, STR("x-"));
        for (size_t k = 0; !is_known && k < count; k++)
            is_known = str_equal(key, known[k]);
        if (!is_known)
            return refuse_key(tool, as_storage, key, str_nearest(key, known, count), err);
    }
    return STATUS_OK;
}

enum status tool_for(const struct task *task, bool as_storage, const struct tool **out, struct error *err)
{
    *out = tool_find(task->type);
    if (!*out || !is_wanted(*out, as_storage))
        return refuse_name(task->type, as_storage, err);
    return check_keys(*out, as_storage, task->config, err);
}

struct str task_idempotency_key(const struct task *task, struct arena *a)
{
    return arena_printf(a, "%lld.%" PRISTR, (long long)task->execution_id, ARGSTR(task->task_id));
}

struct value tool_config(struct value config, const char *const *keys)
{
    for (; *keys; keys++) {
        struct value v = value_get(config, str_of(*keys));
        if (!value_is_absent(v) && v.type != VALUE_NULL)
            return v;
    }
    return (struct value){.type = VALUE_UNDEFINED};
}

enum status tool_config_text(struct value config, const char *const *keys, struct str *out, struct error *err)
{
    struct value v = tool_config(config, keys);
    *out = value_as_str(v);
    if (!value_is_absent(v) && v.type != VALUE_STRING)
        return error_set(err, STATUS_INVALID, "\"%s\" must be text, not a %s", keys[0], value_type_name(v));
    return STATUS_OK;
}
