#include "tool.h"

#define X(name) extern const struct tool tool_##name;
#include "tools/tools.def"
#undef X

static const struct tool *const tools[] = {
#define X(name) &tool_##name,
#include "tools/tools.def"
#undef X
};
enum { TOOL_COUNT = sizeof(tools) / sizeof(tools[0]), MAX_KEYS = 64 };

const struct tool *tool_find(struct str name)
{
    for (size_t i = 0; i < TOOL_COUNT; i++)
        if (str_is(name, tools[i]->name))
            return tools[i];
    return NULL;
}

enum status tool_lookup(struct str name, const struct tool **out, struct error *err)
{
    *out = tool_find(name);
    if (*out)
        return STATUS_OK;
    struct buf names;
    buf_init(&names, 200);
    for (size_t i = 0; i < TOOL_COUNT; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", tools[i]->name);
    error_set(err, STATUS_UNSUPPORTED, "this worker has no tool \"%" PRISTR "\"", ARGSTR(name));
    error_hint(err, "The tools are: %.*s.", ARGSTR(buf_str(&names)));
    buf_free(&names);
    return STATUS_UNSUPPORTED;
}

static struct str nearest_key(const struct tool *tool, struct str key)
{
    struct str known[MAX_KEYS];
    size_t count = 0;
    while (count < MAX_KEYS && tool->keys[count]) {
        known[count] = str_of(tool->keys[count]);
        count++;
    }
    return str_nearest(key, known, count);
}

static enum status refuse_key(const struct tool *tool, struct str key, struct error *err)
{
    struct str near = nearest_key(tool, key);
    error_set(err, STATUS_INVALID, "a %s step has no key \"%" PRISTR "\"", tool->name, ARGSTR(key));
    if (near.len > 0)
        return error_hint(err, "Did you mean \"%" PRISTR "\"?", ARGSTR(near));
    return error_hint(err, "docs/TOOLS.md lists the keys of each tool.");
}

enum status tool_check_keys(const struct tool *tool, struct value config, struct error *err)
{
    if (config.type != VALUE_MAP)
        return STATUS_OK;
    for (uint32_t i = 0; i < config.len; i++) {
        struct str key = value_as_str(config.u.map->entries[i].key);
        bool known = str_starts_with(key, STR("x-"));
        for (size_t k = 0; !known && tool->keys[k]; k++)
            known = str_is(key, tool->keys[k]);
        if (!known)
            return refuse_key(tool, key, err);
    }
    return STATUS_OK;
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
