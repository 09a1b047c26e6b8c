#include "duckdb_session.h"

#include <stdlib.h>
#include <time.h>

#include "duckdb_bind.h"
#include "duckdb_value.h"
#include "sql_value.h"

enum { LOCKED_PAUSE_MS = 50 };

static volatile int interrupted; /* by a signal */

/* ---- errors --------------------------------------------------------------------------------------- */

/* "…\n\nLINE 3: SELECT x\n          ^": the message is what stands before it. */
static void place_line(struct str text, struct str *message, struct error *err)
{
    ptrdiff_t at = str_find(text, STR("\nLINE "));
    *message = str_trim(at < 0 ? text : (struct str){text.ptr, (size_t)at});
    long line = at < 0 ? 0 : strtol(text.ptr + at + strlen("\nLINE "), NULL, 10);
    if (line > 0)
        error_at(err, (uint32_t)line, 0);
}

static enum status sql_error(const char *text, struct error *err)
{
    struct str message;
    struct error placed = {0};
    if (interrupted)
        return error_set(err, STATUS_CANCELLED, "the query was interrupted");
    place_line(str_of(text ? text : "DuckDB does not say what is wrong"), &message, &placed);
    error_set(err, STATUS_FAILED, "%" PRISTR, ARGSTR(message));
    error_at(err, placed.line, 0);
    if (str_find(message, STR("a single transaction can only write to a single attached database")) >= 0)
        error_hint(err, "Set autocommit: true on the step, so that its commands don't share a transaction.");
    if (str_find(message, STR("extension")) >= 0 && str_find(message, STR("http")) >= 0)
        error_hint(err, "The library does not have this extension, and it could not be downloaded.");
    return STATUS_FAILED;
}

/* ---- the database --------------------------------------------------------------------------------- */

static enum status make_config(const struct duckdb_api *api, struct value options, struct arena *a,
                               duckdb_handle *out, struct error *err)
{
    if (api->create_config(out) != DUCKDB_DONE)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a database");
    for (uint32_t i = 0; options.type == VALUE_MAP && i < options.len; i++) {
        const char *name = arena_strdup(a, value_as_str(options.u.map->entries[i].key)),
                   *text = arena_strdup(a, value_as_str(options.u.map->entries[i].value));
        if (!name || !text)
            return arena_error(a, err, "a database");
        if (api->set_config(*out, name, text) != DUCKDB_DONE)
            return error_set(err, STATUS_INVALID, "DuckDB does not take \"%s\" for its option %s", text,
                             name);
    }
    return STATUS_OK;
}

/* A file that is opened for writing is its process's alone until that ends. */
static bool is_locked(const char *message)
{
    return message && strstr(message, "Could not set lock on file");
}

static enum status open_database(struct duckdb_session *s, const char *path, duckdb_handle config,
                                 struct error *err)
{
    const struct timespec pause = {.tv_nsec = LOCKED_PAUSE_MS * 1000000L};
    for (;;) {
        char *why = NULL;
        if (s->api->open_ext(path, &s->database, config, &why) == DUCKDB_DONE)
            return STATUS_OK;
        bool goes_on = is_locked(why) && !interrupted;
        if (!goes_on) {
            enum status status = is_locked(why) ? STATUS_TIMEOUT : STATUS_INVALID;
            error_set(err, status, "the database cannot be opened: %.600s", why ? why : "no reason is given");
        }
        s->api->free(why);
        if (!goes_on)
            return err->status;
        nanosleep(&pause, NULL);
    }
}

enum status duckdb_session_open(struct duckdb_session *s, const struct duckdb_api *api, struct arena *a,
                                struct str path, struct value options, struct error *err)
{
    duckdb_handle config = NULL;
    const char *file = arena_strdup(a, path);
    s->api = api;
    s->arena = a;
    if (!file)
        return arena_error(a, err, "a database");
    enum status status = make_config(api, options, a, &config, err);
    if (status == STATUS_OK)
        status = open_database(s, file, config, err);
    api->destroy_config(&config);
    TRY(status);
    if (api->connect(s->database, &s->connection) != DUCKDB_DONE)
        return error_set(err, STATUS_NO_MEMORY, "DuckDB gives no connection to the database");
    return STATUS_OK;
}

void duckdb_session_close(struct duckdb_session *s)
{
    if (s->statement)
        s->api->destroy_prepare(&s->statement);
    if (s->connection)
        s->api->disconnect(&s->connection);
    if (s->database)
        s->api->close(&s->database);
}

void duckdb_session_interrupt(const struct duckdb_session *s)
{
    interrupted = 1;
    if (s->connection)
        s->api->interrupt(s->connection);
}

/* ---- rows ----------------------------------------------------------------------------------------- */

struct table {
    struct duckdb_session *session;
    struct duckdb_result *result;
    struct duckdb_column *columns;
    struct str *names;
    uint32_t count;
    struct list_builder rows;
};

static enum status read_columns(struct table *t, struct error *err)
{
    const struct duckdb_api *api = t->session->api;
    struct arena *a = t->session->arena;
    t->count = (uint32_t)api->column_count(t->result);
    t->columns = ARENA_ARRAY(a, struct duckdb_column, (size_t)t->count + 1);
    t->names = ARENA_ARRAY(a, struct str, (size_t)t->count + 1);
    if (!t->columns || !t->names)
        return arena_error(a, err, "the columns");
    for (uint32_t i = 0; i < t->count; i++) {
        duckdb_handle type = api->column_logical_type(t->result, i);
        t->names[i] = str_of(api->column_name(t->result, i));
        enum status status = duckdb_column_read(api, type, a, &t->columns[i], err);
        api->destroy_logical_type(&type);
        if (status != STATUS_OK)
            return error_wrap(err, "column %" PRISTR, ARGSTR(t->names[i]));
    }
    return sql_name_columns(a, t->names, t->count, err);
}

static enum status take_row(struct table *t, duckdb_handle chunk, uint64_t row, struct error *err)
{
    struct map_builder map;
    struct value v;
    map_begin(&map, t->session->arena);
    for (uint32_t i = 0; i < t->count; i++) {
        duckdb_handle vector = t->session->api->data_chunk_get_vector(chunk, i);
        TRY(duckdb_value_read(t->session->api, &t->columns[i], vector, row, t->session->arena, &v, err));
        map_put(&map, t->names[i], v);
    }
    TRY(map_end(&map, &v, err));
    list_add(&t->rows, v);
    return STATUS_OK;
}

/* The worker looks at the JSON; this keeps the memory within bounds on the way there. */
static enum status check_limit(const struct duckdb_session *s, struct error *err)
{
    enum { MEMORY_FOR_JSON = 64 };
    if (s->arena->used / MEMORY_FOR_JSON <= s->bytes_max)
        return STATUS_OK;
    error_set(err, STATUS_LIMIT, "the rows take more than %zu bytes, the limit for a result", s->bytes_max);
    return error_hint(err, "Select fewer rows or columns, or raise worker.result_limit.");
}

static enum status take_chunk(struct table *t, duckdb_handle chunk, struct error *err)
{
    uint64_t size = t->session->api->data_chunk_get_size(chunk);
    for (uint64_t row = 0; row < size; row++)
        TRY(take_row(t, chunk, row, err));
    return check_limit(t->session, err);
}

static enum status take_rows(struct table *t, struct error *err)
{
    for (;;) {
        duckdb_handle chunk = t->session->api->fetch_chunk(*t->result);
        if (!chunk)
            return STATUS_OK;
        enum status status = take_chunk(t, chunk, err);
        t->session->api->destroy_data_chunk(&chunk);
        TRY(status);
    }
}

static enum status make_result(struct table *t, int64_t rowcount, struct value *out, struct error *err)
{
    struct value rows, columns;
    struct list_builder names;
    struct map_builder map;
    list_begin(&names, t->session->arena);
    for (uint32_t i = 0; i < t->count; i++)
        list_add(&names, value_str(t->names[i]));
    TRY(list_end(&names, &columns, err));
    TRY(list_end(&t->rows, &rows, err));
    map_begin(&map, t->session->arena);
    map_put(&map, STR("status"), value_text("success"));
    map_put(&map, STR("rows"), rows);
    map_put(&map, STR("columns"), columns);
    map_put(&map, STR("rowcount"), value_int(rowcount));
    map_put(&map, STR("row_count"), value_int(rowcount));
    return map_end(&map, out, err);
}

/* ---- one statement -------------------------------------------------------------------------------- */

static enum status prepare(struct duckdb_session *s, struct str sql, struct error *err)
{
    if (s->statement && str_equal(s->sql, sql))
        return STATUS_OK;
    if (s->statement)
        s->api->destroy_prepare(&s->statement);
    const char *text = arena_strdup(s->arena, sql);
    if (!text)
        return arena_error(s->arena, err, "the command");
    s->sql = sql;
    if (s->api->prepare(s->connection, text, &s->statement) == DUCKDB_DONE)
        return STATUS_OK;
    sql_error(s->api->prepare_error(s->statement), err);
    s->api->destroy_prepare(&s->statement);
    return err->status;
}

static enum status bind(struct duckdb_session *s, struct value values, struct error *err)
{
    for (uint32_t i = 0; i < values.len; i++) {
        duckdb_handle v;
        enum status status = duckdb_value_make(s->api, values.u.list[i], s->arena, &v, err);
        if (status == STATUS_OK && s->api->bind_value(s->statement, i + 1, v) != DUCKDB_DONE)
            status = sql_error(s->api->prepare_error(s->statement), err);
        if (v)
            s->api->destroy_value(&v);
        if (status != STATUS_OK)
            return error_wrap(err, "parameter %u", i + 1);
    }
    return STATUS_OK;
}

static enum status take_result(struct duckdb_session *s, struct duckdb_result *r, bool rows,
                               struct value *result, int64_t *rowcount, struct error *err)
{
    struct table t = {.session = s, .result = r};
    enum duckdb_result_kind kind = s->api->result_return_type(*r);
    list_begin(&t.rows, s->arena);
    if (rows && kind == DUCKDB_ROWS) {
        TRY(read_columns(&t, err));
        TRY(take_rows(&t, err));
    }
    *rowcount = kind == DUCKDB_CHANGED_ROWS ? (int64_t)s->api->rows_changed(r) : (int64_t)t.rows.len;
    return rows ? make_result(&t, *rowcount, result, err) : STATUS_OK;
}

enum status duckdb_session_run(struct duckdb_session *s, struct str sql, struct value values, bool rows,
                               struct value *result, int64_t *rowcount, struct error *err)
{
    struct duckdb_result r;
    *result = (struct value){.type = VALUE_UNDEFINED};
    TRY(prepare(s, sql, err));
    TRY(bind(s, values, err));
    enum status status = s->api->execute_prepared(s->statement, &r) == DUCKDB_DONE
                             ? take_result(s, &r, rows, result, rowcount, err)
                             : sql_error(s->api->result_error(&r), err);
    s->api->destroy_result(&r);
    return status;
}
