/* secrets: looks whether a secret is there, and gives a reference to it (worker/reference.h). */
#include <stdlib.h>

#include "worker/reference.h"
#include "worker/tool.h"

static const char *const keys[] = {"provider", "name", "secret_name", "field", "as", NULL};

struct tool_thread {
    struct secret_source source;
};

static enum status open_thread(const struct tool_host *host, struct tool_thread **out, struct error *err)
{
    struct tool_thread *t = calloc(1, sizeof(*t));
    if (!t)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the secrets tool");
    enum status s = secret_source_open(&t->source, host->settings, err);
    if (s != STATUS_OK)
        free(t);
    else
        *out = t;
    return s;
}

static void close_thread(struct tool_thread *t)
{
    secret_source_close(&t->source);
    free(t);
}

static enum status read_name(struct value config, struct secret_name *name, struct str *as, struct error *err)
{
    TRY(tool_config_text(config, TOOL_KEYS("provider"), &name->provider, err));
    TRY(tool_config_text(config, TOOL_KEYS("secret_name", "name"), &name->name, err));
    TRY(tool_config_text(config, TOOL_KEYS("field"), &name->field, err));
    TRY(tool_config_text(config, TOOL_KEYS("as"), as, err));
    if (as->len == 0)
        *as = STR("secret_value");
    if (str_is(*as, "provider") || str_is(*as, "name"))
        return error_set(err, STATUS_INVALID, "\"as\" cannot be \"%" PRISTR "\": the data has that already",
                         ARGSTR(*as));
    return STATUS_OK;
}

static enum status run(struct tool_thread *t, const struct task *task, const struct task_stop *stop,
                       struct arena *a, struct outcome *out, struct error *err)
{
    struct secret_name name;
    struct str as, secret;
    struct map_builder map;
    (void)stop;
    TRY(read_name(task->config, &name, &as, err));
    if (task->seal.len == 0)
        return error_set(err, STATUS_UNSUPPORTED, "the broker that made the task is older than this worker");
    TRY(secret_source_read(&t->source, &name, a, &secret, err)); /* so that it fails here, not later */
    struct str reference = reference_write(a, task->seal, &name);
    if (!reference.ptr)
        return arena_error(a, err, "a reference to a secret");
    map_begin(&map, a);
    map_put(&map, as, value_str(reference));
    map_put(&map, STR("provider"), value_str(name.provider));
    map_put(&map, STR("name"), value_str(name.name));
    return map_end(&map, &out->data, err);
}

const struct tool tool_secrets = {
    .name = "secrets", .keys = keys, .open = open_thread, .run = run, .close = close_thread};
