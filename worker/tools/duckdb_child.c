#include "duckdb_child.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/json.h"
#include "duckdb_session.h"

enum { MOST_REQUEST = 256 << 20, BEFORE_ALL = INT32_MAX };

bool duckdb_child_wanted(int argc, char **argv)
{
    return argc == 2 && strcmp(argv[1], DUCKDB_CHILD) == 0;
}

static struct duckdb_session session; /* for the signal's handler */

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    duckdb_session_interrupt(&session);
}

/* ---- the request ---------------------------------------------------------------------------------- */

struct job {
    struct arena arena;
    struct value request;
    struct list_builder results;
    int64_t rowcount;
    uint32_t statement; /* the one that is run; BEFORE_ALL before the first */
    struct str attach;  /* the source that is attached; "" later */
};

static enum status read_request(struct job *j, struct error *err)
{
    struct buf b;
    ssize_t n = 1;
    buf_init(&b, MOST_REQUEST);
    while (n > 0) {
        char *room = buf_reserve(&b, 64 << 10);
        n = room ? read(STDIN_FILENO, room, 64 << 10) : 0;
        buf_claim(&b, n > 0 ? (size_t)n : 0);
    }
    enum status s = buf_status(&b, err);
    if (s == STATUS_OK)
        s = json_read_map(&j->arena, buf_str(&b), "the request", &j->request, err);
    buf_free(&b);
    return s;
}

static bool wants(const struct job *j, const char *key)
{
    struct value v = value_get(j->request, str_of(key));
    return v.type == VALUE_BOOL && v.u.b;
}

/* ---- the work ------------------------------------------------------------------------------------- */

static enum status run_plain(struct str sql, struct error *err)
{
    struct value ignored;
    int64_t count;
    return duckdb_session_run(&session, sql, VALUE_EMPTY_LIST, false, &ignored, &count, err);
}

static enum status attach_all(struct job *j, struct error *err)
{
    struct value list = VALUE_GET(j->request, "attach");
    for (uint32_t i = 0; list.type == VALUE_LIST && i < list.len; i++) {
        j->attach = value_as_str(VALUE_GET(list.u.list[i], "name"));
        TRY(run_plain(value_as_str(VALUE_GET(list.u.list[i], "sql")), err));
    }
    j->attach = STR("");
    return STATUS_OK;
}

static enum status run_statement(struct job *j, struct value statement, struct error *err)
{
    struct value result, counts = VALUE_GET(statement, "counts");
    int64_t rowcount = 0;
    TRY(duckdb_session_run(&session, value_as_str(VALUE_GET(statement, "sql")),
                           VALUE_GET(statement, "values"), wants(j, "rows"), &result, &rowcount, err));
    if (!value_is_absent(result))
        list_add(&j->results, result);
    if (counts.type == VALUE_BOOL && counts.u.b)
        j->rowcount += rowcount;
    return STATUS_OK;
}

static enum status run_statements(struct job *j, struct error *err)
{
    struct value list = VALUE_GET(j->request, "statements");
    for (j->statement = 0; list.type == VALUE_LIST && j->statement < list.len; j->statement++)
        TRY(run_statement(j, list.u.list[j->statement], err));
    return STATUS_OK;
}

static enum status work(struct job *j, const struct duckdb_api *api, struct error *err)
{
    struct value limit = VALUE_GET(j->request, "limit");
    session.bytes_max = limit.type == VALUE_INT && limit.u.i > 0 ? (size_t)limit.u.i : 0;
    TRY(duckdb_session_open(&session, api, &j->arena, value_as_str(VALUE_GET(j->request, "database")),
                            VALUE_GET(j->request, "options"), err));
    TRY(attach_all(j, err));
    if (!wants(j, "transaction"))
        return run_statements(j, err);
    TRY(run_plain(STR("BEGIN"), err));
    enum status s = run_statements(j, err);
    struct error ignored;
    if (s == STATUS_OK)
        return run_plain(STR("COMMIT"), err);
    if (run_plain(STR("ROLLBACK"), &ignored) != STATUS_OK) {
        /* Closing the connection does it too. */
    }
    return s;
}

/* ---- the answer ----------------------------------------------------------------------------------- */

static enum status put_error(struct job *j, struct map_builder *answer, const struct error *failure,
                             struct error *err)
{
    struct map_builder map;
    struct value v;
    map_begin(&map, &j->arena);
    map_put(&map, STR("status"), value_text(status_name(failure->status)));
    map_put(&map, STR("message"), value_text(failure->message));
    map_put(&map, STR("hint"), value_text(failure->hint));
    map_put(&map, STR("line"), value_int(failure->line));
    map_put(&map, STR("statement"), value_int(j->statement));
    map_put(&map, STR("attach"), value_str(j->attach));
    TRY(map_end(&map, &v, err));
    map_put(answer, STR("error"), v);
    return STATUS_OK;
}

static enum status make_answer(struct job *j, enum status s, const struct error *failure, struct value *out,
                               struct error *err)
{
    struct map_builder map;
    struct value results;
    TRY(list_end(&j->results, &results, err));
    map_begin(&map, &j->arena);
    map_put(&map, STR("results"), results);
    map_put(&map, STR("rowcount"), value_int(j->rowcount));
    if (s != STATUS_OK)
        TRY(put_error(j, &map, failure, err));
    return map_end(&map, out, err);
}

static bool write_all(int fd, struct str text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);
        if (n <= 0)
            return false;
        text = (struct str){text.ptr + n, text.len - (size_t)n};
    }
    return true;
}

static enum status answer(struct job *j, int fd, enum status s, const struct error *failure,
                          struct error *err)
{
    struct value v;
    struct str text;
    TRY(make_answer(j, s, failure, &v, err));
    TRY(json_text(&j->arena, v, &text, err));
    return write_all(fd, text) ? STATUS_OK : error_set(err, STATUS_IO, "nobody reads the answer");
}

/* What the library prints belongs to the log. */
static int take_output(void)
{
    int fd = dup(STDOUT_FILENO);
    return fd >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 ? fd : -1;
}

int duckdb_child_main(void)
{
    static struct duckdb_api api;
    struct job j = {.statement = BEFORE_ALL};
    struct error failure = {0}, err = {0};
    int out = take_output();
    struct sigaction interrupt = {.sa_handler = on_interrupt};
    if (out < 0 || sigaction(SIGINT, &interrupt, NULL) != 0)
        return 1;
    arena_init(&j.arena, 0);
    list_begin(&j.results, &j.arena);
    enum status s = read_request(&j, &failure);
    const char *library = arena_strdup(&j.arena, value_as_str(VALUE_GET(j.request, "library")));
    if (s == STATUS_OK)
        s = duckdb_api_load(library ? library : "", &api, &failure);
    if (s == STATUS_OK)
        s = work(&j, &api, &failure);
    if (session.api)
        duckdb_session_close(&session);
    s = answer(&j, out, s, &failure, &err);
    if (s != STATUS_OK)
        fprintf(stderr, "%s\n", err.message);
    /* At once: what the library would do at an ordinary end is of no use any more. */
    _exit(s == STATUS_OK ? 0 : 1);
}
