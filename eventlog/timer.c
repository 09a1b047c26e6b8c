#include "timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/id.h"
#include "eventlog_inner.h"

enum { PAGE = 10000 };

/* ---- writing ------------------------------------------------------------------------------------------ */

/* By execution and timer, then by time: changes are in one array, in which later ones come behind. */
static int compare(const void *left, const void *right)
{
    const struct timer_change *a = *(const struct timer_change *const *)left,
                              *b = *(const struct timer_change *const *)right;
    if (a->execution_id != b->execution_id)
        return a->execution_id < b->execution_id ? -1 : 1;
    size_t shorter = a->timer_id.len < b->timer_id.len ? a->timer_id.len : b->timer_id.len;
    int order = shorter ? memcmp(a->timer_id.ptr, b->timer_id.ptr, shorter) : 0;
    if (order == 0)
        order = (a->timer_id.len > b->timer_id.len) - (a->timer_id.len < b->timer_id.len);
    return order ? order : (a > b) - (a < b);
}

static bool is_of_all(const struct timer_change *c)
{
    return c->timer_id.len == 0;
}

static bool same_timer(const struct timer_change *a, const struct timer_change *b)
{
    return a->execution_id == b->execution_id && str_equal(a->timer_id, b->timer_id);
}

/*
 * Keeps of each timer the last change only, because a statement may touch a row once, and none that comes
 * before its execution's timers were all gone. Those, "" for an id, stand first of their execution. Returns
 * how many are left.
 */
static size_t settle(const struct timer_change **list, size_t count)
{
    const struct timer_change *gone = NULL; /* the newest "all of them" of the execution */
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct timer_change *c = list[i];
        if (i + 1 < count && same_timer(c, list[i + 1]))
            continue;
        if (gone && gone->execution_id != c->execution_id)
            gone = NULL;
        if (is_of_all(c))
            gone = c;
        else if (gone && (c < gone || c->due_ns == 0))
            continue;
        list[kept++] = c;
    }
    return kept;
}

/* One statement for those of `list` that `is_one` picks: `before`, a row for each, `after`. */
static void write_statement(struct buf *sql, const struct timer_change **list, size_t count,
                            bool (*is_one)(const struct timer_change *),
                            void (*write_row)(struct buf *, const struct timer_change *), const char *before,
                            const char *after)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (!is_one(list[i]))
            continue;
        buf_add_text(sql, any ? "," : before);
        write_row(sql, list[i]);
        any = true;
    }
    if (any)
        buf_add_text(sql, after);
}

static bool is_gone(const struct timer_change *c)
{
    return !is_of_all(c) && c->due_ns == 0;
}

static bool is_set(const struct timer_change *c)
{
    return !is_of_all(c) && c->due_ns != 0;
}

static void write_execution(struct buf *sql, const struct timer_change *c)
{
    buf_printf(sql, "%lld", (long long)c->execution_id);
}

static void write_key(struct buf *sql, const struct timer_change *c)
{
    buf_printf(sql, "(%lld,'%" PRISTR "')", (long long)c->execution_id, ARGSTR(c->timer_id));
}

static void write_row(struct buf *sql, const struct timer_change *c)
{
    buf_printf(sql, "(%lld,'%" PRISTR "',%u,%lld)", (long long)c->execution_id, ARGSTR(c->timer_id),
               c->partition, (long long)c->due_ns);
}

static void write_statements(struct buf *sql, const struct timer_change **list, size_t count)
{
    write_statement(sql, list, count, is_of_all, write_execution,
                    "DELETE FROM noetl.timer WHERE execution_id IN (", ");");
    write_statement(sql, list, count, is_gone, write_key,
                    "DELETE FROM noetl.timer WHERE (execution_id, timer_id) IN (", ");");
    write_statement(sql, list, count, is_set, write_row,
                    "INSERT INTO noetl.timer (execution_id, timer_id, partition, due_ns) VALUES ",
                    " ON CONFLICT (execution_id, timer_id) DO UPDATE SET due_ns = excluded.due_ns;");
}

enum status timer_statements(struct buf *sql, const struct timer_change *changes, size_t count,
                             struct error *err)
{
    if (count == 0)
        return STATUS_OK;
    const struct timer_change **list = calloc(count, sizeof(struct timer_change *));
    if (!list)
        return error_set(err, STATUS_NO_MEMORY, "no memory for %zu timers", count);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        list[i] = &changes[i];
        /* It goes into the statement's text. */
        if (!is_of_all(&changes[i]) && !timer_id_is_valid(changes[i].timer_id))
            status = error_set(err, STATUS_INVALID, "a timer has an id that none can have");
    }
    if (status == STATUS_OK) {
        qsort(list, count, sizeof(struct timer_change *), compare);
        write_statements(sql, list, settle(list, count));
    }
    free(list);
    return status;
}

bool timer_id_is_valid(struct str id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '_' && c != '-')
            return false;
    }
    return id.len > 0 && id.len < TASK_ID_TEXT;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

/* A page behind a key, so that however many there are, few are in memory twice. */
static const struct statement TIMERS = {STATEMENT_TIMERS,
                                        "SELECT execution_id, timer_id, due_ns FROM noetl.timer"
                                        " WHERE partition >= $1::integer AND partition < $2::integer"
                                        " AND (execution_id, timer_id) > ($3::bigint, $4::text)"
                                        " ORDER BY execution_id, timer_id LIMIT $5::integer"};

/* Where the next page begins. */
struct page {
    char first[16], end[16], execution[32], timer[TASK_ID_TEXT + 1], limit[16];
};

static enum status take_rows(const PGresult *r, struct page *p, timer_reader *take, void *context,
                             struct error *err)
{
    for (int row = 0; row < PQntuples(r); row++) {
        int64_t execution_id = result_int(r, row, 0, 0);
        struct str id = {PQgetvalue(r, row, 1), (size_t)PQgetlength(r, row, 1)};
        TRY(take(context, execution_id, id, result_int(r, row, 2, 0), err));
        snprintf(p->execution, sizeof p->execution, "%lld", (long long)execution_id);
        snprintf(p->timer, sizeof p->timer, "%" PRISTR, ARGSTR(id));
    }
    return STATUS_OK;
}

enum status eventlog_timers(struct eventlog *log, uint32_t first, uint32_t end, timer_reader *take,
                            void *context, struct error *err)
{
    struct page p = {.execution = "0"};
    snprintf(p.first, sizeof p.first, "%u", first);
    snprintf(p.end, sizeof p.end, "%u", end);
    snprintf(p.limit, sizeof p.limit, "%d", PAGE);
    TRY(connection_ready(&log->connection, err));
    for (int rows = PAGE; rows == PAGE;) {
        const char *const params[] = {p.first, p.end, p.execution, p.timer, p.limit};
        PGresult *r;
        TRY(connection_query_prepared(&log->connection, &TIMERS, params, 5, &r, err));
        rows = PQntuples(r);
        enum status status = take_rows(r, &p, take, context, err);
        PQclear(r);
        TRY(status);
    }
    return STATUS_OK;
}
