/*
 * shell: runs a command in a process group of its own. The group is killed when the command has ended, when
 * the time is over and when the execution is cancelled, so nothing that it started in the background outlives
 * the attempt.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "core/json.h"
#include "worker/child_run.h"
#include "worker/text.h"
#include "worker/tool.h"

enum { MAX_ARGUMENTS = 1024 };

static const char *const keys[] = {"command", "env", "cwd", "stdin", NULL};

struct tool_thread {
    size_t output_max; /* of stdout: it is the result */
    size_t error_max;  /* of stderr */
};

static enum status open_thread(const struct tool_host *host, struct tool_thread **out, struct error *err)
{
    struct tool_thread *t = calloc(1, sizeof(*t));
    if (!t)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a shell");
    t->output_max = (size_t)settings_int(host->settings, SETTING_WORKER_RESULT_LIMIT);
    t->error_max = (size_t)settings_int(host->settings, SETTING_WORKER_LOG_LIMIT);
    *out = t;
    return STATUS_OK;
}

static void close_thread(struct tool_thread *t)
{
    free(t);
}

/* ---- what to run ---------------------------------------------------------------------------------- */

static enum status argument_text(struct arena *a, struct value v, uint32_t number, const char **out,
                                 struct error *err)
{
    struct str text = value_as_str(v);
    if (v.type == VALUE_INT)
        text = arena_printf(a, "%lld", (long long)v.u.i);
    else if (v.type != VALUE_STRING)
        return error_set(err, STATUS_INVALID, "command[%u] must be text, not a %s", number,
                         value_type_name(v));
    if (text.len > 0 && memchr(text.ptr, 0, text.len))
        return error_set(err, STATUS_INVALID, "command[%u] has a zero byte", number);
    *out = arena_strdup(a, text);
    return *out ? STATUS_OK : arena_error(a, err, "the command");
}

static enum status list_command(struct arena *a, struct value list, const char **argv, struct error *err)
{
    if (list.len == 0 || list.len >= MAX_ARGUMENTS)
        return error_set(err, STATUS_INVALID,
                         "\"command\" has %u items; it needs the program and at most %d arguments", list.len,
                         MAX_ARGUMENTS - 2);
    for (uint32_t i = 0; i < list.len; i++)
        TRY(argument_text(a, list.u.list[i], i, &argv[i], err));
    return STATUS_OK;
}

static enum status text_command(struct arena *a, struct value config, const char **argv, struct error *err)
{
    struct str text;
    TRY(tool_config_text(config, TOOL_KEYS("command"), &text, err));
    if (text.len == 0)
        return error_set(err, STATUS_INVALID, "a shell step needs \"command\": a list, or text for /bin/sh");
    argv[0] = "/bin/sh";
    argv[1] = "-c";
    return argument_text(a, value_str(text), 0, &argv[2], err);
}

static enum status read_command(struct arena *a, struct value config, const char ***out, struct error *err)
{
    struct value command = VALUE_GET(config, "command");
    const char **argv = ARENA_ARRAY(a, const char *, MAX_ARGUMENTS);
    if (!argv)
        return arena_error(a, err, "the command");
    *out = argv;
    return command.type == VALUE_LIST ? list_command(a, command, argv, err)
                                      : text_command(a, config, argv, err);
}

/* Looked at here: the system's own error would name the program. */
static enum status read_folder(struct arena *a, struct value config, const char **out, struct error *err)
{
    struct str cwd;
    struct stat st;
    *out = NULL;
    TRY(tool_config_text(config, TOOL_KEYS("cwd"), &cwd, err));
    if (cwd.len == 0)
        return STATUS_OK;
    *out = arena_strdup(a, cwd);
    if (!*out)
        return arena_error(a, err, "the folder");
    if (stat(*out, &st) != 0)
        return error_set(err, STATUS_NOT_FOUND, "the folder \"cwd\": %s: %m", *out);
    return S_ISDIR(st.st_mode) ? STATUS_OK : error_set(err, STATUS_INVALID, "\"cwd\": %s is no folder", *out);
}

/* Text goes in as it is, any other value as JSON. */
static enum status read_stdin(struct arena *a, struct value config, struct str *out, struct error *err)
{
    struct value v = VALUE_GET(config, "stdin");
    *out = value_as_str(v);
    if (value_is_absent(v) || v.type == VALUE_NULL || v.type == VALUE_STRING)
        return STATUS_OK;
    return json_text(a, v, out, err);
}

/* ---- running -------------------------------------------------------------------------------------- */

/* What the step adds to this process's environment, and what the engine does. */
static enum status read_environment(struct child_run *r, struct arena *a, const struct task *task,
                                    struct error *err)
{
    struct value extra = VALUE_GET(task->config, "env"), all;
    struct map_builder m;
    if (!value_is_absent(extra) && extra.type != VALUE_MAP && extra.type != VALUE_NULL)
        return error_set(err, STATUS_INVALID, "\"env\" must be a map of names and texts, not a %s",
                         value_type_name(extra));
    struct str key = task_idempotency_key(task, a);
    if (!key.ptr)
        return arena_error(a, err, "the environment");
    map_begin(&m, a);
    map_put(&m, STR(IDEMPOTENCY_VARIABLE), value_str(key));
    if (task->traceparent.len > 0)
        map_put(&m, STR(TRACE_VARIABLE), value_str(task->traceparent));
    if (extra.type == VALUE_MAP)
        map_put_all(&m, extra);
    TRY(map_end(&m, &all, err));
    return child_environment(a, all, &r->env, err);
}

static enum status read_run(struct child_run *r, struct arena *a, const struct task *task, struct error *err)
{
    struct value config = task->config;
    const char **argv = NULL;
    TRY(read_command(a, config, &argv, err));
    r->argv = argv;
    TRY(read_folder(a, config, &r->cwd, err));
    TRY(read_stdin(a, config, &r->input, err));
    return read_environment(r, a, task, err);
}

static enum status result(const struct child_run *r, struct arena *a, struct value *out, struct error *err)
{
    struct str text = text_clean(a, buf_str(&r->output)), errors = text_clean(a, buf_str(&r->errors));
    if (!text.ptr || !errors.ptr)
        return arena_error(a, err, "the command's output");
    struct map_builder map;
    map_begin(&map, a);
    map_put(&map, STR("exit_code"), value_int(r->exit_code));
    map_put(&map, STR("stdout"), value_str(text));
    map_put(&map, STR("stderr"), value_str(errors));
    struct value parsed;
    if (str_trim(text).len > 0 && json_read(a, text, NULL, &parsed, NULL) == STATUS_OK)
        map_put(&map, STR("json"), parsed);
    return map_end(&map, out, err);
}

/* The last line of what the command complained about. */
static struct str last_line(struct str text)
{
    text = str_trim(text);
    for (size_t i = text.len; i > 0; i--)
        if (text.ptr[i - 1] == '\n')
            return (struct str){text.ptr + i, text.len - i};
    return text;
}

static enum status judge(const struct child_run *r, struct tool_thread *t, const struct task_stop *stop,
                         struct outcome *out, struct error *err)
{
    if (stop->reason != 0)
        return error_set(err, (enum status)stop->reason, "the command was stopped");
    if (r->output_bytes > t->output_max) {
        error_set(err, STATUS_LIMIT, "the command printed more than %zu bytes, the limit for a result",
                  t->output_max);
        return error_hint(err, "Write to a file and print its name, or raise worker.result_limit.");
    }
    if (r->exit_code == 0)
        return STATUS_OK;
    struct str said = last_line(value_as_str(VALUE_GET(out->data, "stderr")));
    return error_set(err, STATUS_FAILED, "the command ended with exit code %d%s%.300s", r->exit_code,
                     said.len > 0 ? ": " : "", said.len > 0 ? said.ptr : "");
}

static enum status run_command(struct tool_thread *t, const struct task *task, const struct task_stop *stop,
                               struct arena *a, struct outcome *out, struct error *err)
{
    struct child_run r = {.output_max = t->output_max, .error_max = t->error_max};
    TRY(read_run(&r, a, task, err));
    enum status s = child_run(&r, stop, err);
    if (s == STATUS_OK)
        s = result(&r, a, &out->data, err);
    if (s == STATUS_OK)
        s = judge(&r, t, stop, out, err);
    child_run_free(&r);
    return s;
}

/* What is to be saved goes in as standard input, unless the entry has another. */
static enum status save(struct tool_thread *t, const struct task *task, struct value data,
                        const struct task_stop *stop, struct arena *a, struct outcome *out, struct error *err)
{
    struct task step = *task;
    struct map_builder map;
    map_begin(&map, a);
    map_put(&map, STR("stdin"), data);
    map_put_all(&map, task->config);
    TRY(map_end(&map, &step.config, err));
    return run_command(t, &step, stop, a, out, err);
}

const struct tool tool_shell = {.name = "shell",
                                .keys = keys,
                                .open = open_thread,
                                .run = run_command,
                                .save = save,
                                .close = close_thread};
