#include "copy_row.h"

#include <string.h>

#include "core/json.h"
#include "core/utf8.h"

enum { COLUMNS = 19 };
#define POSTGRES_EPOCH_US INT64_C(946684800000000) /* 2000-01-01 in microseconds since 1970 */

static void add_big_endian(struct buf *b, uint64_t v, int bytes)
{
    char *at = buf_reserve(b, (size_t)bytes);
    if (!at)
        return;
    for (int i = 0; i < bytes; i++)
        at[i] = (char)(v >> (8 * (bytes - 1 - i)));
    buf_claim(b, (size_t)bytes);
}

/* A field is its length and its bytes; the length -1 is NULL. */
static void add_null(struct buf *b)
{
    add_big_endian(b, UINT32_MAX, 4);
}

static void add_bigint(struct buf *b, int64_t v)
{
    add_big_endian(b, 8, 4);
    add_big_endian(b, (uint64_t)v, 8);
}

/* NULL for 0: the events have no such number then. */
static void add_integer(struct buf *b, uint32_t v)
{
    if (v == 0) {
        add_null(b);
        return;
    }
    add_big_endian(b, 4, 4);
    add_big_endian(b, v, 4);
}

static void add_double(struct buf *b, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    add_big_endian(b, 8, 4);
    add_big_endian(b, bits, 8);
}

/* Leaves room for a length and says where; end_field() fills it in. */
static size_t begin_field(struct buf *b)
{
    add_big_endian(b, 0, 4);
    return b->len;
}

static void end_field(struct buf *b, size_t start)
{
    if (b->status != STATUS_OK)
        return;
    size_t len = b->len - start;
    for (int i = 0; i < 4; i++)
        b->data[start - 4 + (size_t)i] = (char)(len >> (8 * (3 - i)));
}

/* NULL for "". */
static void add_text(struct buf *b, struct str s)
{
    if (s.len == 0) {
        add_null(b);
        return;
    }
    size_t start = begin_field(b);
    utf8_add_clean(b, s); /* a row that was refused would keep its whole partition from going on */
    end_field(b, start);
}

static enum status add_json(struct buf *b, const char *column, struct value v, struct error *err)
{
    if (value_is_absent(v)) {
        add_null(b);
        return STATUS_OK;
    }
    size_t start = begin_field(b);
    if (json_write(b, v, JSON_COMPACT, err) != STATUS_OK)
        return error_wrap(err, "%s of the event", column);
    end_field(b, start);
    return STATUS_OK;
}

/* Those that the envelope of an outcome carries (core/event.h); NULL elsewhere. */
static void add_duration(struct buf *b, struct value meta)
{
    struct value ms = VALUE_GET(meta, "duration_ms");
    if (ms.type == VALUE_INT)
        add_double(b, (double)ms.u.i);
    else if (ms.type == VALUE_FLOAT)
        add_double(b, ms.u.f);
    else
        add_null(b);
}

/* In the first event of a sub-playbook's execution; NULL elsewhere. */
static void add_parent(struct buf *b, const struct event *e)
{
    struct value parent = VALUE_GET(VALUE_GET(e->context, "parent"), "execution_id");
    int64_t id;
    if (e->type == EVENT_EXECUTION_REQUESTED && str_to_int64(value_as_str(parent), &id))
        add_bigint(b, id);
    else
        add_null(b);
}

static int64_t postgres_time(int64_t ns)
{
    int64_t us = ns / 1000 - (ns % 1000 < 0); /* towards the past, as the clock's microseconds */
    return us - POSTGRES_EPOCH_US;
}

void copy_begin(struct buf *b)
{
    static const char SIGNATURE[11] = "PGCOPY\n\377\r\n"; /* with its zero byte */
    buf_add(b, SIGNATURE, sizeof SIGNATURE);
    add_big_endian(b, 0, 4); /* flags */
    add_big_endian(b, 0, 4); /* length of a header's extension */
}

enum status copy_row(struct buf *b, const struct event *e, struct error *err)
{
    add_big_endian(b, COLUMNS, 2);
    add_bigint(b, e->execution_id);
    add_bigint(b, e->event_id);
    add_text(b, str_of(event_type_name(e->type)));
    add_text(b, e->node_name);
    add_text(b, e->node_type);
    add_text(b, str_of(event_type_status(e->type)));
    add_bigint(b, postgres_time(e->time_ns));
    add_text(b, e->task_id);
    add_integer(b, e->visit);
    add_integer(b, e->attempt);
    TRY(add_json(b, "context", e->context, err));
    TRY(add_json(b, "result", e->result, err));
    TRY(add_json(b, "meta", e->meta, err));
    add_text(b, e->error);
    add_parent(b, e);
    add_bigint(b, (int64_t)e->stream_seq);
    add_bigint(b, e->time_ns);
    add_duration(b, e->meta);
    add_text(b, value_as_str(VALUE_GET(e->meta, "worker")));
    return buf_status(b, err);
}

void copy_end(struct buf *b)
{
    add_big_endian(b, UINT16_MAX, 2);
}
