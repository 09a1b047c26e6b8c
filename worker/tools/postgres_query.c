#include "postgres_query.h"

#include <stdlib.h>

#include "postgres_value.h"
#include "sql_value.h"

/* ---- errors --------------------------------------------------------------------------------------- */

static struct str field(struct arena *a, const PGresult *r, int code)
{
    return str_of(arena_strdup(a, str_of(PQresultErrorField(r, code))));
}

static void put_field(struct map_builder *map, struct arena *a, const PGresult *r, const char *name, int code)
{
    struct str text = field(a, r, code);
    if (text.len > 0)
        map_put(map, str_of(name), value_str(text));
}

static enum status class_of(struct str sqlstate)
{
    if (str_starts_with(sqlstate, STR("08")) || str_starts_with(sqlstate, STR("57P")))
        return STATUS_UNAVAILABLE;
    if (str_starts_with(sqlstate, STR("28")) || str_is(sqlstate, "42501"))
        return STATUS_DENIED;
    return STATUS_RUNTIME;
}

static void locate(const PGresult *r, const struct sql_statement *statement, const struct sql_bound *bound,
                   uint32_t *line, uint32_t *column)
{
    const char *position = PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION);
    *line = *column = 0;
    if (position && statement)
        sql_locate(statement, bound, (uint32_t)strtoul(position, NULL, 10), line, column);
}

/* `statement` NULL: one of our own. */
static enum status sql_error(struct postgres_query *q, const PGresult *r,
                             const struct sql_statement *statement, const struct sql_bound *bound,
                             struct value *failure, struct error *err)
{
    struct str state = field(q->arena, r, PG_DIAG_SQLSTATE),
               message = field(q->arena, r, PG_DIAG_MESSAGE_PRIMARY);
    struct str hint = field(q->arena, r, PG_DIAG_MESSAGE_HINT),
               detail = field(q->arena, r, PG_DIAG_MESSAGE_DETAIL);
    if (message.len == 0)
        return postgres_connection_error(q->conn, err);
    uint32_t line, column;
    locate(r, statement, bound, &line, &column);
    struct map_builder map;
    map_begin(&map, q->arena);
    map_put(&map, STR("kind"), value_text("sql"));
    map_put(&map, STR("sqlstate"), value_str(state));
    if (line > 0) {
        map_put(&map, STR("line"), value_int(line));
        map_put(&map, STR("column"), value_int(column));
    }
    put_field(&map, q->arena, r, "detail", PG_DIAG_MESSAGE_DETAIL);
    put_field(&map, q->arena, r, "hint", PG_DIAG_MESSAGE_HINT);
    put_field(&map, q->arena, r, "constraint", PG_DIAG_CONSTRAINT_NAME);
    put_field(&map, q->arena, r, "table", PG_DIAG_TABLE_NAME);
    TRY(map_end(&map, failure, err));
    enum status s = class_of(state);
    error_set(err, s, "%" PRISTR " (SQLSTATE %" PRISTR ")%s%" PRISTR, ARGSTR(message), ARGSTR(state),
              detail.len > 0 ? "; " : "", ARGSTR(detail));
    if (hint.len > 0)
        error_hint(err, "%" PRISTR, ARGSTR(hint));
    error_at(err, line, column);
    return s;
}

/* ---- rows ----------------------------------------------------------------------------------------- */

struct rows {
    struct list_builder list;
    struct str *names; /* of the columns; NULL before the first result */
    int columns;
};

static enum status name_columns(struct postgres_query *q, const PGresult *r, struct rows *rows,
                                struct error *err)
{
    rows->columns = PQnfields(r);
    rows->names = ARENA_ARRAY(q->arena, struct str, (size_t)rows->columns + 1);
    for (int i = 0; rows->names && i < rows->columns; i++)
        rows->names[i] = str_of(PQfname(r, i));
    return sql_name_columns(q->arena, rows->names, (uint32_t)rows->columns, err);
}

static enum status count_bytes(struct postgres_query *q, size_t bytes, struct error *err)
{
    if (bytes <= q->bytes_left) {
        q->bytes_left -= bytes;
        return STATUS_OK;
    }
    error_set(err, STATUS_LIMIT, "the rows take more than %zu bytes, the limit for a result", q->bytes_max);
    return error_hint(err, "Select fewer rows or columns, or raise worker.result_limit.");
}

static enum status take_row(struct postgres_query *q, const PGresult *r, int row, struct rows *rows,
                            struct error *err)
{
    struct map_builder map;
    map_begin(&map, q->arena);
    for (int i = 0; i < rows->columns; i++) {
        struct value v = value_null();
        struct str text = {PQgetvalue(r, row, i), (size_t)PQgetlength(r, row, i)};
        TRY(count_bytes(q, text.len + rows->names[i].len, err));
        if (!PQgetisnull(r, row, i))
            TRY(postgres_to_value(q->arena, PQftype(r, i), text, &v, err));
        map_put(&map, rows->names[i], v);
    }
    struct value v;
    TRY(map_end(&map, &v, err));
    list_add(&rows->list, v);
    return STATUS_OK;
}

static enum status take_rows(struct postgres_query *q, const PGresult *r, struct rows *rows,
                             struct error *err)
{
    if (!rows->names)
        TRY(name_columns(q, r, rows, err));
    for (int i = 0; i < PQntuples(r); i++)
        TRY(take_row(q, r, i, rows, err));
    return STATUS_OK;
}

static enum status make_result(struct postgres_query *q, struct rows *rows, int64_t affected,
                               struct str message, struct value *out, struct error *err)
{
    struct list_builder columns;
    list_begin(&columns, q->arena);
    for (int i = 0; rows->names && i < rows->columns; i++)
        list_add(&columns, value_str(rows->names[i]));
    struct value names, list;
    TRY(list_end(&columns, &names, err));
    TRY(list_end(&rows->list, &list, err));
    struct map_builder map;
    map_begin(&map, q->arena);
    map_put(&map, STR("status"), value_text("success"));
    map_put(&map, STR("rows"), list);
    map_put(&map, STR("columns"), names);
    map_put(&map, STR("rowcount"), value_int(affected));
    map_put(&map, STR("row_count"), value_int(affected));
    map_put(&map, STR("message"), value_str(message));
    return map_end(&map, out, err);
}

/* ---- one statement -------------------------------------------------------------------------------- */

struct answer {
    struct rows rows;
    int64_t affected;
    struct str message;
};

static enum status take_result(struct postgres_query *q, PGresult *r, const struct sql_statement *statement,
                               const struct sql_bound *bound, struct answer *answer, struct value *failure,
                               struct error *err)
{
    ExecStatusType type = PQresultStatus(r);
    if (type == PGRES_COPY_IN || type == PGRES_COPY_OUT || type == PGRES_COPY_BOTH) {
        error_set(err, STATUS_UNSUPPORTED, "COPY from and to the client is not done here");
        return error_hint(err, "Use INSERT or SELECT, or COPY with a file of the server.");
    }
    if (type == PGRES_FATAL_ERROR || type == PGRES_BAD_RESPONSE || type == PGRES_NONFATAL_ERROR)
        return sql_error(q, r, statement, bound, failure, err);
    if (type == PGRES_SINGLE_TUPLE || type == PGRES_TUPLES_OK)
        TRY(take_rows(q, r, &answer->rows, err));
    if (type == PGRES_TUPLES_OK || type == PGRES_COMMAND_OK) {
        answer->affected = strtoll(PQcmdTuples(r), NULL, 10);
        answer->message = str_of(arena_strdup(q->arena, str_of(PQcmdStatus(r))));
    }
    return STATUS_OK;
}

/* Every result of what was sent, also behind an error, so that the connection is ready for the next. */
static enum status take_results(struct postgres_query *q, const struct sql_statement *statement,
                                const struct sql_bound *bound, struct answer *answer, struct value *failure,
                                struct error *err)
{
    list_begin(&answer->rows.list, q->arena);
    enum status first = STATUS_OK;
    for (;;) {
        TRY(postgres_wait(q->conn, q->stop, err));
        PGresult *r = PQgetResult(q->conn);
        if (!r)
            return first;
        enum status s =
            first == STATUS_OK ? take_result(q, r, statement, bound, answer, failure, err) : STATUS_OK;
        PQclear(r);
        first = first == STATUS_OK ? s : first;
        /* Only after an error of SQL does the server end by itself; a limit or a COPY ends the connection. */
        if (s != STATUS_OK && value_is_absent(*failure))
            return s;
    }
}

static enum status sent(struct postgres_query *q, int ok, struct error *err)
{
    return ok ? STATUS_OK : postgres_connection_error(q->conn, err);
}

/* Makes it the connection's unnamed statement, and asks which of its parameters are arrays. */
static enum status prepare(struct postgres_query *q, const struct sql_statement *statement,
                           const struct sql_bound *bound, bool *is_array, struct value *failure,
                           struct error *err)
{
    struct answer ignored = {0};
    TRY(sent(q, PQsendPrepare(q->conn, "", bound->text.ptr, 0, NULL), err));
    TRY(take_results(q, statement, bound, &ignored, failure, err));
    TRY(sent(q, PQsendDescribePrepared(q->conn, ""), err));
    TRY(postgres_wait(q->conn, q->stop, err));
    PGresult *r = PQgetResult(q->conn);
    for (uint32_t i = 0; r && i < bound->count; i++)
        is_array[i] = postgres_is_array(PQparamtype(r, (int)i));
    PQclear(r);
    return take_results(q, statement, bound, &ignored, failure, err);
}

/* Only the server knows whether a list is meant as an array or as JSON: it is asked when there is a list. */
static enum status ask_types(struct postgres_query *q, const struct sql_statement *statement,
                             const struct sql_bound *bound, const struct value *parameters, bool *is_array,
                             struct value *failure, struct error *err)
{
    bool has_list = false;
    for (uint32_t i = 0; i < bound->count; i++)
        has_list = has_list || parameters[i].type == VALUE_LIST;
    return has_list ? prepare(q, statement, bound, is_array, failure, err) : STATUS_OK;
}

static enum status parameter_texts(struct postgres_query *q, const struct sql_bound *bound,
                                   const struct value *parameters, const bool *is_array, const char **texts,
                                   struct error *err)
{
    for (uint32_t i = 0; i < bound->count; i++) {
        enum status s = postgres_parameter(q->arena, parameters[i], is_array[i], &texts[i], err);
        if (s != STATUS_OK) {
            error_wrap(err, "parameter %u", i + 1);
            return s;
        }
    }
    return STATUS_OK;
}

enum status postgres_run(struct postgres_query *q, const struct sql_statement *statement,
                         const struct sql_bound *bound, const struct value *parameters, struct value *result,
                         struct value *failure, struct error *err)
{
    bool *is_array = ARENA_ARRAY(q->arena, bool, (size_t)bound->count + 1);
    const char **texts = ARENA_ARRAY(q->arena, const char *, (size_t)bound->count + 1);
    if (!is_array || !texts)
        return arena_error(q->arena, err, "the parameters");
    TRY(ask_types(q, statement, bound, parameters, is_array, failure, err));
    TRY(parameter_texts(q, bound, parameters, is_array, texts, err));
    TRY(sent(q, PQsendQueryParams(q->conn, bound->text.ptr, (int)bound->count, NULL, texts, NULL, NULL, 0),
             err));
    PQsetSingleRowMode(q->conn);
    struct answer answer = {.message = {"", 0}};
    TRY(take_results(q, statement, bound, &answer, failure, err));
    return make_result(q, &answer.rows, answer.affected, answer.message, result, err);
}

enum status postgres_do(struct postgres_query *q, const char *sql, struct value *failure, struct error *err)
{
    struct answer answer = {.message = {"", 0}};
    *failure = (struct value){.type = VALUE_UNDEFINED};
    TRY(sent(q, PQsendQueryParams(q->conn, sql, 0, NULL, NULL, NULL, NULL, 0), err));
    return take_results(q, NULL, NULL, &answer, failure, err);
}

/* ---- one statement, many times --------------------------------------------------------------------- */

enum { SENT_AT_ONCE = 256 };

/* The runs that are sent together: a round trip for all of them. */
struct batch {
    const struct sql_bound *bound;
    const char **texts; /* of the parameters: those of a run behind those of the run before it */
    uint32_t count, failed;
    int64_t affected;
};

static enum status fill_batch(struct postgres_query *q, struct batch *b, const struct value *const *runs,
                              const bool *is_array, struct error *err)
{
    b->texts = ARENA_ARRAY(q->arena, const char *, (size_t)b->count * b->bound->count + 1);
    if (!b->texts)
        return arena_error(q->arena, err, "the parameters");
    for (b->failed = 0; b->failed < b->count; b->failed++)
        TRY(parameter_texts(q, b->bound, runs[b->failed], is_array,
                            b->texts + (size_t)b->failed * b->bound->count, err));
    return STATUS_OK;
}

/* Each answer is asked for at once, so that it is known which run is waited for. */
static enum status send_batch(struct postgres_query *q, const struct batch *b, struct error *err)
{
    uint32_t width = b->bound->count;
    int ok = 1;
    for (uint32_t i = 0; i < b->count && ok; i++)
        ok = PQsendQueryPrepared(q->conn, "", (int)width, b->texts + (size_t)i * width, NULL, NULL, 0) &&
             PQsendFlushRequest(q->conn);
    return sent(q, ok && PQpipelineSync(q->conn), err);
}

/* What comes behind a run that failed was not run, and says so; behind the last comes a mark. */
static enum status take_batch(struct postgres_query *q, struct batch *b, struct value *failure,
                              struct error *err)
{
    enum status first = STATUS_OK;
    for (uint32_t i = 0; i < b->count; i++) {
        struct answer answer = {.affected = 0};
        enum status s = take_results(q, NULL, b->bound, &answer, failure, err);
        b->affected += answer.affected;
        if (s == STATUS_OK)
            continue;
        b->failed = first == STATUS_OK ? i : b->failed;
        if (first != STATUS_OK || value_is_absent(*failure))
            return s;
        first = s;
    }
    TRY(postgres_wait(q->conn, q->stop, err));
    PQclear(PQgetResult(q->conn));
    return first;
}

static enum status run_batch(struct postgres_query *q, struct batch *b, const struct value *const *runs,
                             const bool *is_array, struct value *failure, struct error *err)
{
    TRY(fill_batch(q, b, runs, is_array, err));
    TRY(sent(q, PQenterPipelineMode(q->conn), err));
    TRY(send_batch(q, b, err));
    enum status s = take_batch(q, b, failure, err);
    /* Not possible when answers are still to come: the connection is then to be dropped anyway. */
    if (!PQexitPipelineMode(q->conn) && s == STATUS_OK)
        return postgres_connection_error(q->conn, err);
    return s;
}

enum status postgres_run_each(struct postgres_query *q, const struct sql_bound *bound,
                              const struct value *const *runs, uint32_t count, struct postgres_runs *out,
                              struct value *failure, struct error *err)
{
    *out = (struct postgres_runs){0};
    bool *is_array = ARENA_ARRAY(q->arena, bool, (size_t)bound->count + 1);
    if (!is_array)
        return arena_error(q->arena, err, "the parameters");
    TRY(prepare(q, NULL, bound, is_array, failure, err));
    for (uint32_t i = 0; i < count; i += SENT_AT_ONCE) {
        uint32_t left = count - i;
        struct batch b = {.bound = bound, .count = left < SENT_AT_ONCE ? left : SENT_AT_ONCE};
        enum status s = run_batch(q, &b, runs + i, is_array, failure, err);
        out->affected += b.affected;
        out->failed = i + b.failed;
        TRY(s);
    }
    return STATUS_OK;
}
