/*
 * duckdb: the statements of a step on a DuckDB database, in a process of its own (duckdb_child.h says why).
 * This side reads the step, starts the process, and reads what it answers.
 */
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/json.h"
#include "duckdb_child.h"
#include "duckdb_request.h"
#include "worker/child_run.h"
#include "worker/task_log.h"
#include "worker/text.h"

enum { GRACE_MS = 3000, ANSWER_ROOM = 64 << 10 };

static const char *const keys[] = {"command",  "commands", "sql",  "query",      "params",      "autocommit",
                                   "database", "readonly", "auth", "credential", "credentials", NULL};
static const char *const save_keys[] = {"table", "mode", "key", "keys", "statement", NULL};

struct tool_thread {
    const struct settings *settings;
    struct credentials *credentials;
};

static enum status open_thread(const struct tool_host *host, struct tool_thread **out, struct error *err)
{
    struct tool_thread *t = calloc(1, sizeof(*t));
    if (!t)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the duckdb tool");
    t->settings = host->settings;
    enum status s =
        credentials_open(settings_text(host->settings, SETTING_WORKER_CREDENTIALS), &t->credentials, err);
    if (s != STATUS_OK)
        free(t);
    else
        *out = t;
    return s;
}

static void close_thread(struct tool_thread *t)
{
    credentials_close(&t->credentials);
    free(t);
}

/* ---- the process ---------------------------------------------------------------------------------- */

struct work {
    struct duckdb_request request;
    const struct task_stop *stop;
    struct arena *arena;
    struct outcome *out;
    struct value answer;
};

static enum status ended(const struct child_run *r, struct error *err)
{
    if (r->output_bytes > r->output_max)
        return error_set(err, STATUS_LIMIT, "the rows are larger than a result may be");
    if (r->exit_code <= 128)
        return error_set(err, STATUS_RUNTIME, "the process of DuckDB ended with exit code %d and no answer",
                         r->exit_code);
    error_set(err, STATUS_RUNTIME, "the process of DuckDB was ended by signal %d (%s)", r->exit_code - 128,
              strsignal(r->exit_code - 128));
    return error_hint(err, r->exit_code == 128 + SIGKILL
                               ? "It may have been the system for want of memory: see worker.duckdb.memory."
                               : "That is a fault in the library.");
}

static void take_log(struct buf *log, const struct buf *printed)
{
    if (log->len + printed->len <= task_log_limit(log))
        buf_add_str(log, buf_str(printed));
}

/* ---- the folder for what does not fit into memory -------------------------------------------------- */

static enum status make_scratch(struct work *w, struct error *err)
{
    const char *place = getenv("TMPDIR");
    struct str path = arena_printf(w->arena, "%s/noetl-duckdb-XXXXXX", place && place[0] ? place : "/tmp");
    char *copy = path.ptr ? arena_strdup(w->arena, path) : NULL;
    if (!copy)
        return arena_error(w->arena, err, "a folder");
    w->request.scratch = copy;
    return mkdtemp(copy)
               ? STATUS_OK
               : error_set(err, STATUS_IO, "no folder can be made in %s: %m", place ? place : "/tmp");
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void remove_scratch(const struct work *w)
{
    nftw(w->request.scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static enum status ask(struct work *w, struct tool_thread *t, struct error *err)
{
    static const char *const argv[] = {"/proc/self/exe", DUCKDB_CHILD, NULL};
    size_t limit = (size_t)settings_int(t->settings, SETTING_WORKER_RESULT_LIMIT);
    struct child_run r = {.argv = argv,
                          .output_max = 8 * limit + ANSWER_ROOM,
                          .error_max = (size_t)settings_int(t->settings, SETTING_WORKER_LOG_LIMIT),
                          .polite_signal = SIGINT,
                          .grace_ms = GRACE_MS};
    TRY(duckdb_request_text(&w->request, t->settings, w->arena, &r.input, err));
    TRY(child_environment(w->arena, (struct value){.type = VALUE_UNDEFINED}, &r.env, err));
    enum status s = child_run(&r, w->stop, err);
    if (s == STATUS_OK && w->stop->reason != 0)
        s = error_set(err, (enum status)w->stop->reason, "the query was interrupted");
    else if (s == STATUS_OK && json_read(w->arena, buf_str(&r.output), NULL, &w->answer, NULL) != STATUS_OK)
        s = ended(&r, err);
    take_log(w->out->log, &r.errors);
    child_run_free(&r);
    return s;
}

/* ---- the answer ----------------------------------------------------------------------------------- */

static int64_t number(struct value map, const char *key)
{
    struct value v = value_get(map, str_of(key));
    return v.type == VALUE_INT ? v.u.i : 0;
}

/* Each command's result under its number. */
static enum status put_results(struct work *w, struct map_builder *map, struct error *err)
{
    struct value results = VALUE_GET(w->answer, "results");
    for (uint32_t i = 0; i < results.len; i++) {
        struct str name = arena_printf(w->arena, "command_%u", i);
        if (!name.ptr)
            return arena_error(w->arena, err, "the result");
        map_put(map, name, results.u.list[i]);
    }
    return STATUS_OK;
}

static enum status make_data(struct work *w, struct error *err)
{
    static const char *const told[] = {"rows", "columns", "rowcount", NULL};
    struct value results = VALUE_GET(w->answer, "results");
    struct map_builder map;
    map_begin(&map, w->arena);
    if (results.len == 0) {
        map_put(&map, STR("rows"), VALUE_EMPTY_LIST);
        map_put(&map, STR("columns"), VALUE_EMPTY_LIST);
        map_put(&map, STR("rowcount"), VALUE_GET(w->answer, "rowcount"));
    }
    for (const char *const *k = told; results.len > 0 && *k; k++)
        map_put(&map, str_of(*k), value_get(results.u.list[results.len - 1], str_of(*k)));
    if (results.len > 1)
        TRY(put_results(w, &map, err));
    return map_end(&map, &w->out->data, err);
}

/* Where each command was its own transaction, those before the one that failed stand. */
static void keep_results(struct work *w)
{
    struct map_builder map;
    struct error ignored;
    if (w->request.transaction || w->request.save || VALUE_GET(w->answer, "results").len == 0)
        return;
    map_begin(&map, w->arena);
    if (put_results(w, &map, &ignored) != STATUS_OK || map_end(&map, &w->out->data, &ignored) != STATUS_OK)
        w->out->data = (struct value){.type = VALUE_UNDEFINED};
}

static enum status put_kind(struct work *w, int64_t line, struct error *err)
{
    struct map_builder map;
    map_begin(&map, w->arena);
    map_put(&map, STR("kind"), value_text("sql"));
    if (line > 0)
        map_put(&map, STR("line"), value_int(line));
    return map_end(&map, &w->out->error, err);
}

static enum status fail(struct work *w, struct value failure, struct error *err)
{
    char kind[32];
    struct str attach = value_as_str(VALUE_GET(failure, "attach")),
               hint = value_as_str(VALUE_GET(failure, "hint"));
    uint32_t statement = (uint32_t)number(failure, "statement");
    int64_t line = number(failure, "line");
    snprintf(kind, sizeof(kind), "%" PRISTR, ARGSTR(value_as_str(VALUE_GET(failure, "status"))));
    enum status s = status_from_name(kind);
    error_set(err, s, "%" PRISTR, ARGSTR(value_as_str(VALUE_GET(failure, "message"))));
    error_hint(err, "%" PRISTR, ARGSTR(hint));
    if (attach.len > 0)
        error_place(err, "auth.%" PRISTR, ARGSTR(attach));
    else
        duckdb_request_locate(&w->request, statement, &line, err);
    keep_results(w);
    return s == STATUS_FAILED ? put_kind(w, line, err) == STATUS_OK ? s : STATUS_NO_MEMORY : s;
}

static enum status run_work(struct tool_thread *t, struct work *w, struct error *err)
{
    TRY(make_scratch(w, err));
    enum status s = ask(w, t, err);
    remove_scratch(w);
    if (s == STATUS_OK) {
        struct value failure = VALUE_GET(w->answer, "error");
        s = failure.type == VALUE_MAP ? fail(w, failure, err) : make_data(w, err);
    }
    if (s != STATUS_OK)
        secrets_redact_error(&w->request.secrets, err);
    return s;
}

static enum status run(struct tool_thread *t, const struct task *task, const struct task_stop *stop,
                       struct arena *a, struct outcome *out, struct error *err)
{
    struct work w = {.stop = stop, .arena = a, .out = out};
    TRY(duckdb_request_read(&w.request, task, t->credentials, a, err));
    TRY(duckdb_request_script(&w.request, task, a, err));
    return run_work(t, &w, err);
}

/* ---- save ----------------------------------------------------------------------------------------- */

static enum status save(struct tool_thread *t, const struct task *task, struct value data,
                        const struct task_stop *stop, struct arena *a, struct outcome *out, struct error *err)
{
    struct str statement;
    struct value command = tool_config(task->config, TOOL_KEYS("command", "commands"));
    TRY(tool_config_text(task->config, TOOL_KEYS("statement"), &statement, err));
    if (statement.len > 0 || !value_is_absent(command)) {
        struct task step;
        TRY(duckdb_request_of_save(task, data, a, &step, err));
        return run(t, &step, stop, a, out, err);
    }
    struct work w = {.stop = stop, .arena = a, .out = out};
    struct save_rows rows;
    TRY(save_rows_read(&rows, task->config, data, a, err));
    TRY(duckdb_request_read(&w.request, task, t->credentials, a, err));
    w.request.save = &rows;
    w.request.transaction = true;
    return run_work(t, &w, err);
}

const struct tool tool_duckdb = {.name = "duckdb",
                                 .keys = keys,
                                 .open = open_thread,
                                 .run = run,
                                 .save = save,
                                 .save_keys = save_keys,
                                 .close = close_thread};
