/* Who owns which partition: taking, giving back, and seeing whether one is still the owner. */
#include <stdio.h>

#include "eventlog_inner.h"

/* What take_once() takes, and for whom. Only numbers are put into the texts; the owner is a parameter. */
struct claim {
    const uint32_t *partitions;
    const int64_t *lost_ns; /* of each; NULL: none has lost anything */
    size_t count;
    const char *owner;
};

/* "(7,0,0::bigint),(9,1,…)": each with its place in the answer, and when its stream had lost something. */
static void write_claims(struct buf *sql, const struct claim *c)
{
    for (size_t i = 0; i < c->count; i++)
        buf_printf(sql, "%s(%u,%zu,%lld::bigint)", i ? "," : "", c->partitions[i], i,
                   c->lost_ns ? (long long)c->lost_ns[i] : 0LL);
}

/*
 * An epoch is one that nobody had (or, of two takings of which the database forgot the first, the same once
 * in two million times), also not before the database lost commits or its clock was set back: its seconds
 * since 1970 and 21 random bits, which are 53 bits and so exact in JSON. If the newest that it knows is
 * larger already, it grows by these bits.
 */
static const char TAKE[] =
    "), taken AS (INSERT INTO noetl.partition AS p (partition, epoch, owner, taken_at, updated_at, "
    "stream_lost_ns)"
    " SELECT n, (extract(epoch FROM clock_timestamp())::bigint << 21) + floor(random() * (1 << 21))::bigint,"
    " $1::text, now(), now(), lost FROM claimed ORDER BY n"
    " ON CONFLICT (partition) DO UPDATE SET"
    " epoch = greatest(p.epoch + 1 + (excluded.epoch & ((1 << 21) - 1)), excluded.epoch),"
    " owner = excluded.owner, taken_at = now(),"
    " stream_lost_ns = greatest(p.stream_lost_ns, excluded.stream_lost_ns)"
    " RETURNING partition, epoch, stream_seq, stream_time_ns, stream_created_ns, stream_lost_ns)"
    " SELECT t.* FROM taken t JOIN claimed c ON c.n = t.partition ORDER BY c.place";

static enum status take_once(struct eventlog *log, const struct claim *c, struct checkpoint *out,
                             struct error *err)
{
    struct buf *sql = &log->rows;
    buf_clear(sql);
    buf_add_text(sql, "WITH claimed (n, place, lost) AS (VALUES ");
    write_claims(sql, c);
    buf_add_text(sql, TAKE);
    TRY(buf_status(sql, err));
    PGresult *r;
    TRY(connection_query(&log->connection, sql->data, &c->owner, 1, &r, err));
    for (size_t i = 0; i < c->count; i++)
        out[i] = (struct checkpoint){.partition = (uint32_t)result_int(r, (int)i, 0, 0),
                                     .epoch = result_int(r, (int)i, 1, 0),
                                     .stream_seq = (uint64_t)result_int(r, (int)i, 2, 0),
                                     .stream_time_ns = result_int(r, (int)i, 3, 0),
                                     .stream_created_ns = result_int(r, (int)i, 4, 0),
                                     .stream_lost_ns = result_int(r, (int)i, 5, 0)};
    PQclear(r);
    return STATUS_OK;
}

/*
 * A commit that waits for its rows from a broker that stands still, or from a host that is gone, holds the
 * locks of its partitions. Its session is ended; a broker that is only slow makes its commit again.
 */
static const char END_SILENT_COMMITS[] =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = current_user AND wait_event = 'ClientRead'"
    " AND query LIKE 'UPDATE noetl.partition %' AND query_start < now() - interval '1 second'";

static enum status take_unlocked(struct eventlog *log, const struct claim *c, struct checkpoint *out,
                                 struct error *err)
{
    enum status status = take_once(log, c, out, err);
    if (status != STATUS_TIMEOUT)
        return status;
    TRY(connection_run(&log->connection, END_SILENT_COMMITS, err));
    return take_once(log, c, out, err);
}

enum status eventlog_take_partitions(struct eventlog *log, const uint32_t *partitions, const int64_t *lost_ns,
                                     size_t count, const char *owner, struct checkpoint *out,
                                     struct error *err)
{
    const struct claim claim = {partitions, lost_ns, count, owner};
    if (count == 0)
        return STATUS_OK;
    TRY(connection_ready(&log->connection, err));
    TRY(connection_run(&log->connection, "SET lock_timeout = '1s'", err));
    enum status status = take_unlocked(log, &claim, out, err);
    enum status reset =
        connection_run(&log->connection, "SET lock_timeout = 0", status == STATUS_OK ? err : NULL);
    return status == STATUS_OK ? reset : status;
}

/* "(1,7::bigint),(2,9::bigint)": the partitions with the epochs under which they are held. */
static void write_epochs(struct buf *sql, const struct checkpoint *held, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_printf(sql, "%s(%u,%lld::bigint)", i ? "," : "", held[i].partition, (long long)held[i].epoch);
}

enum status eventlog_release_partitions(struct eventlog *log, const struct checkpoint *held, size_t count,
                                        struct error *err)
{
    struct buf *sql = &log->rows;
    if (count == 0)
        return STATUS_OK;
    buf_clear(sql);
    buf_add_text(sql, "UPDATE noetl.partition p SET owner = '' FROM (VALUES ");
    write_epochs(sql, held, count);
    buf_add_text(sql, ") n (p, e) WHERE p.partition = n.p AND p.epoch = n.e");
    TRY(buf_status(sql, err));
    TRY(connection_ready(&log->connection, err));
    return connection_run(&log->connection, sql->data, err);
}

/* Numbers as in enum hold. A row that is gone had been written. */
static const char HOLDS[] = "SELECT CASE WHEN p.epoch > n.e THEN 2"
                            " WHEN p.epoch IS NULL OR p.epoch < n.e THEN 3"
                            " WHEN p.stream_seq < n.s AND p.stream_time_ns < n.t THEN 3"
                            " WHEN p.stream_seq <> n.s OR p.stream_time_ns <> n.t THEN 1 ELSE 0 END"
                            " FROM (VALUES ";

enum status eventlog_holds(struct eventlog *log, const struct checkpoint *held, size_t count,
                           enum hold *holds, struct error *err)
{
    struct buf *sql = &log->rows;
    if (count == 0)
        return STATUS_OK;
    buf_clear(sql);
    buf_add_text(sql, HOLDS);
    for (size_t i = 0; i < count; i++)
        buf_printf(sql, "%s(%zu,%u,%lld::bigint,%lld::bigint,%lld::bigint)", i ? "," : "", i,
                   held[i].partition, (long long)held[i].epoch, (long long)held[i].stream_seq,
                   (long long)held[i].stream_time_ns);
    buf_add_text(sql, ") n (i, p, e, s, t) LEFT JOIN noetl.partition p ON p.partition = n.p ORDER BY n.i");
    TRY(buf_status(sql, err));
    TRY(connection_ready(&log->connection, err));
    PGresult *r;
    TRY(connection_query(&log->connection, sql->data, NULL, 0, &r, err));
    bool behind = false;
    for (size_t i = 0; i < count; i++) {
        holds[i] = (enum hold)result_int(r, (int)i, 0, HOLD_TAKEN);
        behind = behind || holds[i] == HOLD_BEHIND;
    }
    PQclear(r);
    if (behind) /* it may be a server that is no longer the one that is written */
        connection_drop(&log->connection);
    return STATUS_OK;
}

enum status eventlog_partition_owners(struct eventlog *log, struct arena *a, struct str *owners,
                                      uint32_t count, struct error *err)
{
    PGresult *r;
    for (uint32_t p = 0; p < count; p++)
        owners[p] = STR("");
    TRY(connection_ready(&log->connection, err));
    TRY(connection_query(&log->connection, "SELECT partition, owner FROM noetl.partition", NULL, 0, &r, err));
    enum status status = STATUS_OK;
    for (int row = 0; row < PQntuples(r) && status == STATUS_OK; row++) {
        int64_t p = result_int(r, row, 0, -1);
        struct str owner = {PQgetvalue(r, row, 1), (size_t)PQgetlength(r, row, 1)};
        if (p < 0 || p >= count)
            continue;
        owners[p] = (struct str){arena_strdup(a, owner), owner.len};
        if (!owners[p].ptr)
            status = arena_error(a, err, "the partitions' owners");
    }
    PQclear(r);
    return status;
}

enum status eventlog_checkpoint_time(struct eventlog *log, uint32_t partition, int64_t *time_ns,
                                     struct error *err)
{
    char sql[96];
    PGresult *r;
    snprintf(sql, sizeof sql, "SELECT stream_time_ns FROM noetl.partition WHERE partition = %u", partition);
    TRY(connection_ready(&log->connection, err));
    TRY(connection_query(&log->connection, sql, NULL, 0, &r, err));
    *time_ns = PQntuples(r) == 1 ? result_int(r, 0, 0, 0) : 0;
    PQclear(r);
    return STATUS_OK;
}
