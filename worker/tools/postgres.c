/* postgres: the statements of a step, in one transaction unless it says otherwise, with bound parameters. */
#include <stdlib.h>

#include "postgres_query.h"
#include "postgres_save.h"
#include "worker/task_log.h"

enum { MAX_PARAMETERS = 65535 }; /* of the protocol */

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

/* ---- statements ----------------------------------------------------------------------------------- */

struct script {
    struct sql_statement *statements;
    uint32_t count;
};

static enum status append(struct script *s, struct arena *a, const struct sql_statement *more, uint32_t count,
                          struct error *err)
{
    if (count == 0)
        return STATUS_OK;
    struct sql_statement *all = ARENA_ARRAY(a, struct sql_statement, (size_t)s->count + count);
    if (!all)
        return arena_error(a, err, "the commands");
    if (s->count > 0)
        memcpy(all, s->statements, s->count * sizeof(*all));
    memcpy(all + s->count, more, count * sizeof(*all));
    s->statements = all;
    s->count += count;
    return STATUS_OK;
}

static enum status add_text(struct script *s, struct arena *a, struct str text, struct error *err)
{
    struct sql_statement *found;
    uint32_t count;
    TRY(sql_split(a, text, &found, &count, err));
    return append(s, a, found, count, err);
}

static enum status read_script(struct script *s, struct arena *a, struct value config, struct error *err)
{
    *s = (struct script){0};
    struct value command = tool_config(config, TOOL_KEYS("command", "commands", "sql", "query"));
    if (command.type == VALUE_STRING)
        TRY(add_text(s, a, value_as_str(command), err));
    else if (!value_is_absent(command) && command.type != VALUE_LIST)
        return error_set(err, STATUS_INVALID, "\"command\" must be text or a list of texts, not a %s",
                         value_type_name(command));
    for (uint32_t i = 0; command.type == VALUE_LIST && i < command.len; i++) {
        if (command.u.list[i].type != VALUE_STRING)
            return error_set(err, STATUS_INVALID, "command[%u] must be text, not a %s", i,
                             value_type_name(command.u.list[i]));
        TRY(add_text(s, a, value_as_str(command.u.list[i]), err));
    }
    if (s->count == 0)
        return error_set(err, STATUS_INVALID, "a postgres step needs \"command\": SQL, or a list of SQL");
    return STATUS_OK;
}

/* ---- parameters ----------------------------------------------------------------------------------- */

/* A map gives the :names, a list $1, $2, … of every statement. Without `params`, names are looked for in the
 * args. */
struct parameters {
    struct value given; /* a map or a list; absent: none */
    bool optional;      /* names that are not there stay as they are */
};

static enum status read_parameters(struct parameters *p, const struct task *task, struct error *err)
{
    *p = (struct parameters){.given = VALUE_GET(task->config, "params")};
    if (value_is_absent(p->given) || p->given.type == VALUE_NULL)
        *p = (struct parameters){.given = task->args, .optional = true};
    else if (p->given.type != VALUE_MAP && p->given.type != VALUE_LIST)
        return error_set(err, STATUS_INVALID, "\"params\" must be a map of names or a list, not a %s",
                         value_type_name(p->given));
    else if (p->given.len > MAX_PARAMETERS)
        return error_set(err, STATUS_LIMIT, "\"params\" has %u values; Postgres takes %d", p->given.len,
                         MAX_PARAMETERS);
    return STATUS_OK;
}

static bool is_given(void *context, struct str name)
{
    const struct parameters *p = context;
    return !p->optional || !value_is_absent(value_get(p->given, name));
}

static struct value parameter(const struct parameters *p, struct str name)
{
    int64_t number;
    if (p->given.type != VALUE_LIST)
        return value_get(p->given, name);
    if (!str_to_int64(name, &number) || number < 1 || number > p->given.len)
        return (struct value){.type = VALUE_UNDEFINED};
    return p->given.u.list[number - 1];
}

static enum status missing(const struct parameters *p, struct str name, struct error *err)
{
    if (p->given.type == VALUE_LIST)
        return error_set(err, STATUS_UNDEFINED, "the command uses $%" PRISTR ", and \"params\" has %u values",
                         ARGSTR(name), p->given.len);
    struct buf names;
    buf_init(&names, 160);
    for (uint32_t i = 0; i < p->given.len; i++)
        buf_printf(&names, "%s%" PRISTR, i ? ", " : "", ARGSTR(value_as_str(p->given.u.map->entries[i].key)));
    error_set(err, STATUS_UNDEFINED, "the command uses :%" PRISTR ", which is not among \"params\"",
              ARGSTR(name));
    error_hint(err, "There are: %" PRISTR ".", ARGSTR(buf_str(&names)));
    buf_free(&names);
    return STATUS_UNDEFINED;
}

static enum status bind(struct parameters *p, const struct sql_statement *statement, struct arena *a,
                        struct sql_bound *bound, struct value **values, struct error *err)
{
    enum sql_placeholder kind = p->given.type == VALUE_LIST ? SQL_NUMBERS : SQL_NAMES;
    TRY(sql_bind(a, statement->text, kind, p->given.len > 0 || !p->optional ? is_given : NULL, p, bound,
                 err));
    *values = ARENA_ARRAY(a, struct value, (size_t)bound->count + 1);
    if (!*values)
        return arena_error(a, err, "the parameters");
    for (uint32_t i = 0; i < bound->count; i++) {
        (*values)[i] = parameter(p, bound->names[i]);
        if (value_is_absent((*values)[i]))
            return missing(p, bound->names[i], err);
    }
    return STATUS_OK;
}

/* ---- running -------------------------------------------------------------------------------------- */

struct work {
    struct postgres_query query;
    struct script script;
    struct parameters parameters;
    const struct postgres_save *save; /* NULL: the script */
    bool own_transaction;             /* BEGIN and COMMIT are ours */
    struct map_builder results;
    struct value last;
};

static enum status run_one(struct work *w, uint32_t number, struct outcome *out, struct error *err)
{
    const struct sql_statement *statement = &w->script.statements[number];
    struct sql_bound bound;
    struct value *values;
    TRY(bind(&w->parameters, statement, w->query.arena, &bound, &values, err));
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

static enum status run_all(struct work *w, struct outcome *out, struct error *err)
{
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

static bool wants_autocommit(struct value config, const struct script *script)
{
    struct value wish = VALUE_GET(config, "autocommit");
    if ((wish.type == VALUE_BOOL && wish.u.b) || script->count <= 1)
        return true;
    const struct str first = script->statements[0].text;
    return sql_begins_with(first, "begin") || sql_begins_with(first, "start");
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

static struct work work_of(const struct tool_thread *t, const struct task_stop *stop, struct arena *a)
{
    return (struct work){
        .query = {.stop = stop, .arena = a, .bytes_left = t->result_max, .bytes_max = t->result_max}};
}

static enum status run(struct tool_thread *t, const struct task *task, const struct task_stop *stop,
                       struct arena *a, struct outcome *out, struct error *err)
{
    struct work w = work_of(t, stop, a);
    TRY(read_script(&w.script, a, task->config, err));
    TRY(read_parameters(&w.parameters, task, err));
    w.own_transaction = !wants_autocommit(task->config, &w.script);
    return run_work(t, &w, task->config, out, err);
}

/* ---- save ----------------------------------------------------------------------------------------- */

/* As a step whose command is the statement, and whose parameters are `params` or what is to be saved. */
static enum status save_statement(struct tool_thread *t, const struct task *task, struct value data,
                                  const struct task_stop *stop, struct arena *a, struct outcome *out,
                                  struct error *err)
{
    struct task step = *task;
    struct map_builder map;
    struct value given = VALUE_GET(task->config, "params");
    bool is_given = !value_is_absent(given) && given.type != VALUE_NULL;
    bool can_be_params = data.type == VALUE_MAP || data.type == VALUE_LIST;
    map_begin(&map, a);
    map_put_all(&map, task->config);
    map_put(&map, STR("command"), VALUE_GET(task->config, "statement"));
    map_put(&map, STR("params"), is_given ? given : can_be_params ? data : VALUE_EMPTY_MAP);
    TRY(map_end(&map, &step.config, err));
    return run(t, &step, stop, a, out, err);
}

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
    if (statement.len > 0)
        return save_statement(t, task, data, stop, a, out, err);
    struct work w = work_of(t, stop, a);
    struct postgres_save rows;
    TRY(postgres_save_read(&rows, task->config, data, a, err));
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
