/* postgres: the statements of a step, in one transaction unless it says otherwise, with bound parameters. */
#include <stdlib.h>
#include <string.h>

#include "postgres_query.h"
#include "postgres_save.h"
#include "sql_script.h"
#include "worker/task_log.h"

static const char *const keys[] = {"command",    "commands",           "sql", "query", "params",
                                   "autocommit", POSTGRES_TARGET_KEYS, NULL};
static const char *const save_keys[] = {"table", "mode", "key", "keys", "statement", NULL};

struct tool_thread {
    struct credentials *credentials;
    struct postgres_pool pool;
    size_t result_max;
};

static enum status open_thread(const struct tool_host *host, struct tool_thread **out, struct error *err)
{
    struct tool_thread *t = calloc(1, sizeof(*t));
    if (!t)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a database connection");
    t->result_max = (size_t)settings_int(host->settings, SETTING_WORKER_RESULT_LIMIT);
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
    postgres_pool_close(&t->pool);
    credentials_close(&t->credentials);
    free(t);
}

/* ---- running -------------------------------------------------------------------------------------- */

struct work {
    const struct task *task;
    struct postgres_query query;
    struct sql_script script;
    struct sql_parameters parameters;
    const struct save_rows *save; /* NULL: the script */
    bool own_transaction;         /* BEGIN and COMMIT are ours */
    struct map_builder results;
    struct value last;
};

static enum status run_one(struct work *w, uint32_t number, struct outcome *out, struct error *err)
{
    const struct sql_statement *statement = &w->script.statements[number];
    struct sql_bound bound;
    struct value *values;
    TRY(sql_parameters_bind(&w->parameters, statement, w->query.arena, &bound, &values, err));
    struct value failure = {.type = VALUE_UNDEFINED};
    enum status s = postgres_run(&w->query, statement, &bound, values, &w->last, &failure, err);
    if (s != STATUS_OK) {
        out->error = failure;
        return w->script.count > 1 ? error_place(err, "command_%u", number) : error_place(err, "command");
    }
    struct str name = arena_printf(w->query.arena, "command_%u", number);
    if (!name.ptr)
        return arena_error(w->query.arena, err, "the result");
    map_put(&w->results, name, w->last);
    return STATUS_OK;
}

static enum status make_data(struct work *w, struct value *out, struct error *err)
{
    struct map_builder map;
    map_begin(&map, w->query.arena);
    map_put(&map, STR("rows"), VALUE_GET(w->last, "rows"));
    map_put(&map, STR("columns"), VALUE_GET(w->last, "columns"));
    map_put(&map, STR("rowcount"), VALUE_GET(w->last, "rowcount"));
    struct value all;
    TRY(map_end(&w->results, &all, err));
    if (w->script.count > 1)
        map_put_all(&map, all);
    return map_end(&map, out, err);
}

static enum status run_script(struct work *w, struct outcome *out, struct error *err)
{
    for (uint32_t i = 0; i < w->script.count; i++)
        TRY(run_one(w, i, out, err));
    return STATUS_OK;
}

static enum status rows_written(struct work *w, int64_t count, struct error *err)
{
    struct map_builder map;
    map_begin(&map, w->query.arena);
    map_put(&map, STR("rows"), VALUE_EMPTY_LIST);
    map_put(&map, STR("columns"), VALUE_EMPTY_LIST);
    map_put(&map, STR("rowcount"), value_int(count));
    return map_end(&map, &w->last, err);
}

static enum status run_save(struct work *w, struct outcome *out, struct error *err)
{
    int64_t count;
    struct value failure = {.type = VALUE_UNDEFINED};
    enum status s = postgres_save_run(&w->query, w->save, &count, &failure, err);
    if (s == STATUS_OK)
        return rows_written(w, count, err);
    out->error = failure;
    return s;
}

/* Sets noetl.idempotency_key for statements that ask for it; for others it is no round trip worth. */
static enum status set_idempotency_key(struct work *w, struct outcome *out, struct error *err)
{
    static const char NAME[] = "noetl.idempotency_key";
    bool asked_for = false;
    for (uint32_t i = 0; i < w->script.count; i++) {
        struct str text = w->script.statements[i].text;
        asked_for = asked_for || memmem(text.ptr, text.len, NAME, sizeof(NAME) - 1);
    }
    if (!asked_for)
        return STATUS_OK;
    struct str key = task_idempotency_key(w->task, w->query.arena); /* of [0-9A-Za-z.] */
    struct str sql = arena_printf(w->query.arena, "SET %s = '%" PRISTR "'", NAME, ARGSTR(key));
    if (!key.ptr || !sql.ptr)
        return arena_error(w->query.arena, err, "the statements");
    return postgres_do(&w->query, sql.ptr, &out->error, err);
}

static enum status run_all(struct work *w, struct outcome *out, struct error *err)
{
    TRY(set_idempotency_key(w, out, err));
    if (w->own_transaction)
        TRY(postgres_do(&w->query, "BEGIN", &out->error, err));
    TRY(w->save ? run_save(w, out, err) : run_script(w, out, err));
    if (w->own_transaction)
        TRY(postgres_do(&w->query, "COMMIT", &out->error, err));
    return STATUS_OK;
}

/* After an error: what was done stands only where each statement was its own transaction. */
static enum status after_error(struct work *w, enum status s, struct outcome *out, struct error *err)
{
    bool stands = !w->own_transaction && w->script.count > 1 && w->results.len > 0;
    if (stands && map_end(&w->results, &out->data, NULL) != STATUS_OK)
        out->data = (struct value){.type = VALUE_UNDEFINED};
    if (str_is(value_as_str(VALUE_GET(out->error, "sqlstate")), "25001") && w->own_transaction)
        error_hint(err, "Set autocommit: true on the step, so that its commands don't share a transaction.");
    return s;
}

static void take_notice(void *log, const char *message)
{
    struct buf *b = log;
    struct str text = str_of(message);
    if (b->len + text.len <= task_log_limit(b))
        buf_add_str(b, text);
}

static void ignore_notice(void *nothing, const char *message)
{
    (void)nothing;
    (void)message;
}

/* The connection goes back to the pool only when it is between transactions. */
static enum status finish(struct tool_thread *t, struct work *w, enum status s, struct error *err)
{
    PGTransactionStatusType state = PQtransactionStatus(w->query.conn);
    bool open = state == PQTRANS_INTRANS || state == PQTRANS_INERROR;
    struct value ignored;
    if (open && postgres_do(&w->query, "ROLLBACK", &ignored, NULL) != STATUS_OK)
        state = PQTRANS_UNKNOWN;
    PQsetNoticeProcessor(w->query.conn, ignore_notice, NULL); /* the log is the task's */
    if (state == PQTRANS_ACTIVE || state == PQTRANS_UNKNOWN)
        postgres_pool_drop(&t->pool, w->query.conn);
    if (s == STATUS_OK && open) {
        error_set(err, STATUS_INVALID, "the commands end inside a transaction, which was rolled back");
        return error_hint(err,
                          "End with COMMIT, or leave BEGIN out: the commands of a step share a transaction.");
    }
    return s;
}

static enum status run_at(struct tool_thread *t, struct work *w, const struct postgres_target *target,
                          struct outcome *out, struct error *err)
{
    PGconn *conn;
    TRY(postgres_pool_get(&t->pool, target, w->query.stop, &conn, err));
    w->query.conn = conn;
    map_begin(&w->results, w->query.arena);
    PQsetNoticeProcessor(conn, take_notice, out->log);
    enum status s = run_all(w, out, err);
    s = s == STATUS_OK ? make_data(w, &out->data, err) : after_error(w, s, out, err);
    s = finish(t, w, s, err);
    return s;
}

static enum status run_work(struct tool_thread *t, struct work *w, struct value config, struct outcome *out,
                            struct error *err)
{
    struct postgres_target target;
    enum status s = postgres_target_read(&target, t->credentials, config, w->query.arena, err);
    if (s == STATUS_OK)
        s = run_at(t, w, &target, out, err);
    if (s != STATUS_OK)
        secrets_redact_error(&target.secrets, err);
    return s;
}

static struct work work_of(const struct tool_thread *t, const struct task *task, const struct task_stop *stop,
                           struct arena *a)
{
    return (struct work){
        .task = task,
        .query = {.stop = stop, .arena = a, .bytes_left = t->result_max, .bytes_max = t->result_max}};
}

static enum status run(struct tool_thread *t, const struct task *task, const struct task_stop *stop,
                       struct arena *a, struct outcome *out, struct error *err)
{
    struct work w = work_of(t, task, stop, a);
    TRY(sql_script_read(&w.script, task, a, err));
    TRY(sql_parameters_read(&w.parameters, task, err));
    w.own_transaction = sql_script_is_one_transaction(&w.script, task);
    return run_work(t, &w, task->config, out, err);
}

/* ---- save ----------------------------------------------------------------------------------------- */

static enum status nothing_to_save(struct work *w, struct outcome *out, struct error *err)
{
    map_begin(&w->results, w->query.arena);
    TRY(rows_written(w, 0, err));
    return make_data(w, &out->data, err);
}

static enum status save(struct tool_thread *t, const struct task *task, struct value data,
                        const struct task_stop *stop, struct arena *a, struct outcome *out, struct error *err)
{
    struct str statement;
    TRY(tool_config_text(task->config, TOOL_KEYS("statement"), &statement, err));
    if (statement.len > 0) {
        struct task step;
        TRY(sql_statement_of_save(task, data, a, &step, err));
        return run(t, &step, stop, a, out, err);
    }
    struct work w = work_of(t, task, stop, a);
    struct save_rows rows;
    TRY(save_rows_read(&rows, task->config, data, a, err));
    w.save = &rows;
    w.own_transaction = true;
    return rows.count > 0 ? run_work(t, &w, task->config, out, err) : nothing_to_save(&w, out, err);
}

const struct tool tool_postgres = {.name = "postgres",
                                   .keys = keys,
                                   .open = open_thread,
                                   .run = run,
                                   .save = save,
                                   .save_keys = save_keys,
                                   .close = close_thread};
