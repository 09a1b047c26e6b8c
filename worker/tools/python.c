/*
 * python: hands the code and the args to a warm Python process and reads its answer. What the code may do,
 * and what its author is told when it goes wrong, is in python_child.py.
 */
#include <stdlib.h>

#include "core/id.h"
#include "core/json.h"
#include "python_child.h"
#include "worker/task_log.h"

enum {
    ANSWER_SLACK = 64 << 10,
    ANSWER_DEPTH = 256
}; /* room for a traceback, or for what stands around the data */

static const char *const keys[] = {"code", "file", NULL};

struct tool_thread {
    const char *program; /* lives as long as the settings */
    size_t result_max;
    struct python_child child;
};

static enum status open_thread(const struct tool_host *host, struct tool_thread **out, struct error *err)
{
    struct tool_thread *t = calloc(1, sizeof(*t));
    if (!t)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a Python process");
    t->program = settings_text(host->settings, SETTING_WORKER_PYTHON);
    t->result_max = (size_t)settings_int(host->settings, SETTING_WORKER_RESULT_LIMIT);
    python_child_init(&t->child);
    *out = t;
    return STATUS_OK;
}

static void close_thread(struct tool_thread *t)
{
    python_child_kill(&t->child);
    free(t);
}

/* ---- request -------------------------------------------------------------------------------------- */

static enum status put_code(struct map_builder *request, struct value config, struct error *err)
{
    struct str code, file;
    TRY(tool_config_text(config, TOOL_KEYS("code"), &code, err));
    TRY(tool_config_text(config, TOOL_KEYS("file"), &file, err));
    if (code.len == 0 && file.len == 0)
        return error_set(err, STATUS_INVALID, "a python step needs \"code\" or \"file\"");
    if (code.len > 0 && file.len > 0)
        return error_set(err, STATUS_INVALID, "a python step has either \"code\" or \"file\", not both");
    map_put(request, code.len > 0 ? STR("code") : STR("file"), value_str(code.len > 0 ? code : file));
    return STATUS_OK;
}

static enum status put_context(struct arena *a, struct map_builder *request, const struct task *task,
                               struct error *err)
{
    char id[ID_TEXT];
    id_format(task->execution_id, id);
    char *id_text = arena_strdup(a, str_of(id));
    if (!id_text)
        return arena_error(a, err, "the task");
    struct map_builder context;
    map_begin(&context, a);
    map_put(&context, STR("execution_id"), value_text(id_text));
    map_put(&context, STR("path"), value_str(task->path));
    map_put(&context, STR("step"), value_str(task->step));
    map_put(&context, STR("visit"), value_int(task->visit));
    map_put(&context, STR("attempt"), value_int(task->attempt));
    map_put(&context, STR("args"), task->args);
    struct value value;
    TRY(map_end(&context, &value, err));
    map_put(request, STR("context"), value);
    return STATUS_OK;
}

static enum status make_request(struct tool_thread *t, const struct task *task, struct arena *a,
                                struct str *out, struct error *err)
{
    struct map_builder request;
    map_begin(&request, a);
    map_put(&request, STR("name"), value_str(task->step));
    TRY(put_code(&request, task->config, err));
    map_put(&request, STR("args"), task->args.type == VALUE_MAP ? task->args : VALUE_EMPTY_MAP);
    TRY(put_context(a, &request, task, err));
    struct str key = task_idempotency_key(task, a);
    if (!key.ptr)
        return arena_error(a, err, "the task");
    map_put(&request, STR("idempotency_key"), value_str(key));
    map_put(&request, STR("traceparent"), value_str(task->traceparent));
    map_put(&request, STR("limit"), value_int((int64_t)t->result_max));
    struct value value;
    TRY(map_end(&request, &value, err));
    return json_text(a, value, out, err);
}

/* ---- answer --------------------------------------------------------------------------------------- */

static enum status told_error(struct value error, struct outcome *out, struct error *err)
{
    struct str message = value_as_str(VALUE_GET(error, "message")),
               hint = value_as_str(VALUE_GET(error, "hint"));
    struct str kind = value_as_str(VALUE_GET(error, "kind"));
    char name[32];
    size_t len = kind.len < sizeof(name) ? kind.len : 0;
    memcpy(name, kind.ptr, len);
    name[len] = 0;
    out->error = error;
    enum status s = str_is(kind, "exception") ? STATUS_RUNTIME : status_from_name(name);
    error_set(err, s, "%" PRISTR, ARGSTR(message));
    if (hint.len > 0)
        error_hint(err, "%" PRISTR, ARGSTR(hint));
    return s;
}

static enum status read_answer(struct tool_thread *t, struct arena *a, struct str text, struct outcome *out,
                               struct error *err)
{
    const struct json_limits limits = {.max_bytes = t->result_max + ANSWER_SLACK, .max_depth = ANSWER_DEPTH};
    struct value answer;
    enum status s = json_read(a, text, &limits, &answer, err);
    if (s != STATUS_OK) {
        error_wrap(err, "the result");
        return s;
    }
    if (VALUE_GET(answer, "restart").u.b)
        python_child_kill(&t->child);
    if (!VALUE_GET(answer, "ok").u.b)
        return told_error(VALUE_GET(answer, "error"), out, err);
    out->data = VALUE_GET(answer, "data");
    return STATUS_OK;
}

static enum status run(struct tool_thread *t, const struct task *task, const struct task_stop *stop,
                       struct arena *a, struct outcome *out, struct error *err)
{
    struct str request = {0};
    TRY(make_request(t, task, a, &request, err));
    TRY(python_child_start(&t->child, t->program, stop, err));
    struct buf answer;
    buf_init(&answer, 0);
    uint64_t printed;
    enum status s = python_child_ask(&t->child, request, stop, t->result_max + ANSWER_SLACK, &answer,
                                     out->log, &printed, err);
    task_log_end(out->log, printed);
    if (s == STATUS_OK)
        s = read_answer(t, a, buf_str(&answer), out, err);
    buf_free(&answer);
    return s;
}

/* What is to be saved is the args; anything but a map is one of them, `data`. */
static enum status save(struct tool_thread *t, const struct task *task, struct value data,
                        const struct task_stop *stop, struct arena *a, struct outcome *out, struct error *err)
{
    struct task step = *task;
    struct map_builder map;
    map_begin(&map, a);
    map_put(&map, STR("data"), data);
    step.args = data;
    if (data.type != VALUE_MAP)
        TRY(map_end(&map, &step.args, err));
    return run(t, &step, stop, a, out, err);
}

const struct tool tool_python = {.name = "python",
                                 .keys = keys,
                                 .open = open_thread,
                                 .run = run,
                                 .save = save,
                                 .verbatim = "code",
                                 .close = close_thread};
