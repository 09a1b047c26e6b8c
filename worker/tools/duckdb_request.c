#include "duckdb_request.h"

#include <inttypes.h>

#include "core/buf.h"
#include "core/json.h"

/* ---- sources -------------------------------------------------------------------------------------- */

static void add_quoted(struct buf *b, struct str text, char quote)
{
    buf_add_char(b, quote);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == quote)
            buf_add_char(b, quote);
        buf_add_char(b, text.ptr[i]);
    }
    buf_add_char(b, quote);
}

static struct str field(struct value source, const char *const *names)
{
    struct value v = tool_config(source, names);
    return value_as_str(v);
}

/* libpq's form: a value in quotes, with backslashes before quotes and backslashes. */
static void add_keyword(struct buf *b, const char *keyword, struct str text)
{
    if (text.len == 0)
        return;
    buf_printf(b, "%s=\'", keyword);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'' || text.ptr[i] == '\\')
            buf_add_char(b, '\\');
        buf_add_char(b, text.ptr[i]);
    }
    buf_add_text(b, "\' ");
}

static void add_postgres(struct buf *b, struct value source)
{
    buf_add_str(b, field(source, TOOL_KEYS("url", "dsn")));
    if (b->len > 0)
        return;
    add_keyword(b, "host", field(source, TOOL_KEYS("db_host", "host")));
    add_keyword(b, "port", field(source, TOOL_KEYS("db_port", "port")));
    add_keyword(b, "dbname", field(source, TOOL_KEYS("db_name", "dbname", "database")));
    add_keyword(b, "user", field(source, TOOL_KEYS("db_user", "user", "username")));
    add_keyword(b, "password", field(source, TOOL_KEYS("db_password", "password")));
    add_keyword(b, "sslmode", field(source, TOOL_KEYS("sslmode")));
}

static bool is_true(struct value v)
{
    return (v.type == VALUE_BOOL && v.u.b) || str_is(value_as_str(v), "true");
}

static enum status add_attach(struct buf *sql, struct str alias, struct value source, struct error *err)
{
    struct str type = field(source, TOOL_KEYS("type", "source"));
    struct buf where;
    buf_init(&where, 0);
    if (type.len == 0)
        type = STR("duckdb");
    if (str_is(type, "postgres"))
        add_postgres(&where, source);
    else if (str_is(type, "duckdb") || str_is(type, "sqlite"))
        buf_add_str(&where, field(source, TOOL_KEYS("path", "database", "db_name")));
    else {
        error_set(err, STATUS_UNSUPPORTED, "a source of the type \"%" PRISTR "\" is not attached",
                  ARGSTR(type));
        return error_hint(err, "The types are duckdb, sqlite and postgres.");
    }
    enum status s =
        where.len > 0 ? STATUS_OK : error_set(err, STATUS_INVALID, "the source does not say where it is");
    buf_add_text(sql, "ATTACH ");
    add_quoted(sql, buf_str(&where), '\'');
    buf_add_text(sql, " AS ");
    add_quoted(sql, alias, '"');
    buf_printf(sql, " (TYPE %" PRISTR "%s)", ARGSTR(type),
               is_true(tool_config(source, TOOL_KEYS("read_only", "readonly"))) ? ", READ_ONLY" : "");
    buf_free(&where);
    return s;
}

static enum status attach(struct duckdb_request *r, struct list_builder *list, struct str alias,
                          struct value auth, struct credentials *credentials, struct arena *a,
                          struct error *err)
{
    struct map_builder map;
    struct value one, source, v;
    struct buf sql;
    map_begin(&map, a);
    map_put(&map, STR("auth"), auth);
    TRY(map_end(&map, &one, err));
    TRY(credentials_resolve(credentials, one, a, &source, &r->secrets, err));
    buf_init(&sql, 0);
    enum status s = add_attach(&sql, alias, source, err);
    if (s == STATUS_OK)
        s = buf_status(&sql, err);
    const char *text = s == STATUS_OK ? arena_strdup(a, buf_str(&sql)) : NULL;
    buf_free(&sql);
    TRY(s);
    if (!text)
        return arena_error(a, err, "a source");
    map_begin(&map, a);
    map_put(&map, STR("name"), value_str(alias));
    map_put(&map, STR("sql"), value_text(text));
    TRY(map_end(&map, &v, err));
    list_add(list, v);
    return STATUS_OK;
}

/* A credential's name alone is its alias too; a map has aliases. */
static enum status attach_all(struct duckdb_request *r, struct value auth, struct credentials *credentials,
                              struct arena *a, struct error *err)
{
    struct list_builder list;
    list_begin(&list, a);
    if (auth.type == VALUE_STRING)
        TRY(attach(r, &list, value_as_str(auth), auth, credentials, a, err));
    else if (auth.type != VALUE_MAP && auth.type != VALUE_NULL && !value_is_absent(auth))
        return error_set(err, STATUS_INVALID, "\"auth\" must be a map of names and sources, not a %s",
                         value_type_name(auth));
    for (uint32_t i = 0; auth.type == VALUE_MAP && i < auth.len; i++) {
        struct str alias = value_as_str(auth.u.map->entries[i].key);
        enum status s = attach(r, &list, alias, auth.u.map->entries[i].value, credentials, a, err);
        if (s != STATUS_OK && !err->place[0])
            error_place(err, "auth.%" PRISTR, ARGSTR(alias));
        TRY(s);
    }
    return list_end(&list, &r->attach, err);
}

enum status duckdb_request_read(struct duckdb_request *r, const struct task *task,
                                struct credentials *credentials, struct arena *a, struct error *err)
{
    TRY(tool_config_text(task->config, TOOL_KEYS("database"), &r->database, err));
    if (r->database.len == 0)
        r->database = STR(":memory:");
    if (memchr(r->database.ptr, 0, r->database.len))
        return error_set(err, STATUS_INVALID, "\"database\" has a zero byte");
    r->readonly = is_true(VALUE_GET(task->config, "readonly"));
    return attach_all(r, tool_config(task->config, TOOL_KEYS("auth", "credential", "credentials")),
                      credentials, a, err);
}

/* ---- the script ----------------------------------------------------------------------------------- */

static enum status bind_all(struct duckdb_request *r, struct sql_parameters *p, struct arena *a,
                            struct error *err)
{
    r->bounds = ARENA_ARRAY(a, struct sql_bound, (size_t)r->script.count);
    r->values = ARENA_ARRAY(a, struct value *, (size_t)r->script.count);
    if (!r->bounds || !r->values)
        return arena_error(a, err, "the commands");
    for (uint32_t i = 0; i < r->script.count; i++)
        TRY(sql_parameters_bind(p, &r->script.statements[i], a, &r->bounds[i], &r->values[i], err));
    return STATUS_OK;
}

/* One transaction writes to one database only, so sources end the sharing. */
static bool shares_transaction(const struct duckdb_request *r, const struct task *task)
{
    static const char *const alone[] = {"attach", "detach",     "install", "load",
                                        "use",    "checkpoint", "vacuum",  NULL};
    bool shares = sql_script_is_one_transaction(&r->script, task) && r->attach.len == 0;
    for (uint32_t i = 0; i < r->script.count; i++)
        for (const char *const *word = alone; *word; word++)
            shares = shares && !sql_begins_with(r->script.statements[i].text, *word);
    return shares;
}

enum status duckdb_request_script(struct duckdb_request *r, const struct task *task, struct arena *a,
                                  struct error *err)
{
    struct sql_parameters parameters;
    TRY(sql_script_read(&r->script, task, a, err));
    TRY(sql_parameters_read(&parameters, task, err));
    r->transaction = shares_transaction(r, task);
    return bind_all(r, &parameters, a, err);
}

enum status duckdb_request_of_save(const struct task *save, struct value data, struct arena *a,
                                   struct task *out, struct error *err)
{
    struct value written = VALUE_GET(save->config, "statement");
    struct value command =
        value_is_absent(written) ? tool_config(save->config, TOOL_KEYS("command", "commands")) : written;
    struct task with_statement = *save;
    struct map_builder map;
    map_begin(&map, a);
    map_put_all(&map, save->config);
    map_put(&map, STR("statement"), command);
    TRY(map_end(&map, &with_statement.config, err));
    return sql_statement_of_save(&with_statement, data, a, out, err);
}

/* ---- as JSON -------------------------------------------------------------------------------------- */

static enum status add_statement(struct list_builder *list, struct arena *a, struct str sql,
                                 const struct value *values, uint32_t count, bool counts, struct error *err)
{
    struct list_builder bound;
    struct map_builder map;
    struct value v;
    list_begin(&bound, a);
    for (uint32_t i = 0; i < count; i++)
        list_add(&bound, values[i]);
    TRY(list_end(&bound, &v, err));
    map_begin(&map, a);
    map_put(&map, STR("sql"), value_str(sql));
    map_put(&map, STR("values"), v);
    map_put(&map, STR("counts"), value_bool(counts));
    TRY(map_end(&map, &v, err));
    list_add(list, v);
    return STATUS_OK;
}

static enum status statements_of(const struct duckdb_request *r, struct arena *a, struct value *out,
                                 struct error *err)
{
    struct list_builder list;
    list_begin(&list, a);
    for (uint32_t i = 0; r->save && i < r->save->count; i++) {
        const struct save_statement *s = &r->save->statements[i];
        TRY(add_statement(&list, a, s->text, s->values, s->count, s->counts, err));
    }
    for (uint32_t i = 0; !r->save && i < r->script.count; i++)
        TRY(add_statement(&list, a, r->bounds[i].text, r->values[i], r->bounds[i].count, true, err));
    return list_end(&list, out, err);
}

static enum status options_of(const struct duckdb_request *r, const struct settings *settings,
                              struct arena *a, struct value *out, struct error *err)
{
    struct map_builder map;
    struct str memory = arena_printf(a, "%" PRId64 "B", settings_int(settings, SETTING_WORKER_DUCKDB_MEMORY));
    if (!memory.ptr)
        return arena_error(a, err, "the request");
    map_begin(&map, a);
    map_put(&map, STR("memory_limit"), value_str(memory));
    map_put(&map, STR("temp_directory"), value_text(r->scratch));
    if (r->readonly)
        map_put(&map, STR("access_mode"), value_text("READ_ONLY"));
    return map_end(&map, out, err);
}

enum status duckdb_request_text(const struct duckdb_request *r, const struct settings *settings,
                                struct arena *a, struct str *out, struct error *err)
{
    struct map_builder map;
    struct value statements = VALUE_EMPTY_LIST, options = VALUE_EMPTY_MAP, request;
    TRY(statements_of(r, a, &statements, err));
    TRY(options_of(r, settings, a, &options, err));
    map_begin(&map, a);
    map_put(&map, STR("library"), value_text(settings_text(settings, SETTING_WORKER_DUCKDB_LIBRARY)));
    map_put(&map, STR("database"), value_str(r->database));
    map_put(&map, STR("options"), options);
    map_put(&map, STR("limit"), value_int(settings_int(settings, SETTING_WORKER_RESULT_LIMIT)));
    map_put(&map, STR("transaction"), value_bool(r->transaction));
    map_put(&map, STR("attach"), r->attach);
    map_put(&map, STR("statements"), statements);
    map_put(&map, STR("rows"), value_bool(!r->save));
    TRY(map_end(&map, &request, err));
    return json_text(a, request, out, err);
}

/* ---- places --------------------------------------------------------------------------------------- */

/* The line in the command's text of a line in one of its statements. */
static int64_t line_in_source(const struct sql_statement *s, int64_t line)
{
    for (const char *c = s->source.ptr; c < s->text.ptr; c++)
        line += *c == '\n';
    return line;
}

void duckdb_request_locate(const struct duckdb_request *r, uint32_t statement, int64_t *line,
                           struct error *err)
{
    char row[32];
    if (r->save && statement < r->save->count) {
        *line = 0; /* nobody wrote its text */
        error_place(err, "table %" PRISTR ", %s", ARGSTR(r->save->table),
                    save_rows_place(r->save, r->save->statements[statement].row, row));
    } else if (!r->save && statement < r->script.count) {
        if (r->script.count > 1)
            error_place(err, "command_%u", statement);
        else
            error_place(err, "command");
        *line = *line > 0 ? line_in_source(&r->script.statements[statement], *line) : 0;
        error_at(err, (uint32_t)*line, 0);
    }
}
