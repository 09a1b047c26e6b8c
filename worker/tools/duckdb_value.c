#include "duckdb_value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "duckdb_time.h"
#include "sql_value.h"

struct reader {
    const struct duckdb_api *api;
    struct arena *arena;
    struct error *err;
};

/* ---- numbers -------------------------------------------------------------------------------------- */

static int64_t small_integer(enum duckdb_type type, const void *data, uint64_t row)
{
    switch ((int)type) { /* those that fit */
    case DUCKDB_TINYINT: return ((const int8_t *)data)[row];
    case DUCKDB_SMALLINT: return ((const int16_t *)data)[row];
    case DUCKDB_INTEGER: return ((const int32_t *)data)[row];
    case DUCKDB_UTINYINT: return ((const uint8_t *)data)[row];
    case DUCKDB_USMALLINT: return ((const uint16_t *)data)[row];
    case DUCKDB_UINTEGER: return ((const uint32_t *)data)[row];
    default: return ((const int64_t *)data)[row];
    }
}

enum { WIDE_TEXT = 48 };

/* The digits of 128 bits, with a point before the last `scale` of them. */
static struct str wide_text(uint64_t upper, uint64_t lower, bool is_signed, unsigned scale,
                            char out[WIDE_TEXT])
{
    unsigned __int128 n = (unsigned __int128)upper << 64 | lower;
    bool is_negative = is_signed && (int64_t)upper < 0;
    size_t at = WIDE_TEXT;
    if (is_negative)
        n = -n;
    for (unsigned digits = 0; n > 0 || digits <= scale; digits++, n /= 10) {
        if (scale > 0 && digits == scale)
            out[--at] = '.';
        out[--at] = (char)('0' + (int)(n % 10));
    }
    if (is_negative)
        out[--at] = '-';
    return (struct str){out + at, WIDE_TEXT - at};
}

static struct str huge_text(const struct duckdb_hugeint *h, bool is_signed, char out[WIDE_TEXT])
{
    return wide_text((uint64_t)h->upper, h->lower, is_signed, 0, out);
}

/* A fraction of nothing but zeros is none. */
static struct str without_zeros(struct str text)
{
    size_t len = text.len;
    while (len > 1 && text.ptr[len - 1] == '0')
        len--;
    return len > 1 && text.ptr[len - 1] == '.' ? (struct str){text.ptr, len - 1} : text;
}

static enum status read_decimal(const struct duckdb_column *c, const void *data, uint64_t row,
                                struct arena *a, struct value *out, struct error *err)
{
    char text[WIDE_TEXT];
    struct duckdb_hugeint h;
    if (c->internal == DUCKDB_HUGEINT) {
        h = ((const struct duckdb_hugeint *)data)[row];
    } else {
        int64_t n = small_integer(c->internal, data, row);
        h = (struct duckdb_hugeint){.lower = (uint64_t)n, .upper = n < 0 ? -1 : 0};
    }
    return sql_numeric(a, without_zeros(wide_text((uint64_t)h.upper, h.lower, true, c->scale, text)), out,
                       err);
}

static enum status read_double(double number, struct arena *a, struct value *out, struct error *err)
{
    *out = value_float(number);
    if (isfinite(number))
        return STATUS_OK;
    return sql_text(a,
                    isnan(number) ? STR("NaN")
                    : number > 0  ? STR("Infinity")
                                  : STR("-Infinity"),
                    out, err);
}

/* Its upper bit is turned, so that it sorts. */
static enum status read_uuid(const struct duckdb_hugeint *h, struct arena *a, struct value *out,
                             struct error *err)
{
    uint64_t upper = (uint64_t)h->upper ^ UINT64_C(1) << 63;
    struct str text = arena_printf(a, "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
                                   upper >> 32, upper >> 16 & 0xffff, upper & 0xffff, h->lower >> 48,
                                   h->lower & UINT64_C(0xffffffffffff));
    *out = value_str(text);
    return text.ptr ? STATUS_OK : arena_error(a, err, "the rows");
}

/* ---- texts and times ------------------------------------------------------------------------------ */

static struct str bytes_of(const struct duckdb_string *s)
{
    return (struct str){s->length <= 12 ? s->start : s->u.all, s->length};
}

static enum status read_time(enum duckdb_type type, const void *data, uint64_t row, struct arena *a,
                             struct value *out, struct error *err)
{
    char text[DUCKDB_TIME_TEXT];
    const int64_t *times = data;
    if (type == DUCKDB_DATE)
        duckdb_date_text(((const int32_t *)data)[row], text);
    else if (type == DUCKDB_TIME)
        duckdb_time_text(times[row], 1000000, text);
    else if (type == DUCKDB_INTERVAL)
        duckdb_interval_text(&((const struct duckdb_interval *)data)[row], text);
    else
        duckdb_timestamp_text(times[row],
                              type == DUCKDB_TIMESTAMP_S    ? 1
                              : type == DUCKDB_TIMESTAMP_MS ? 1000
                              : type == DUCKDB_TIMESTAMP_NS ? 1000000000
                                                            : 1000000,
                              type == DUCKDB_TIMESTAMP_TZ ? "+00:00" : "", text);
    return sql_text(a, str_of(text), out, err);
}

/* ---- containers ----------------------------------------------------------------------------------- */

static enum status read_items(const struct reader *r, const struct duckdb_column *c, duckdb_handle vector,
                              uint64_t begin, uint64_t count, struct value *out)
{
    struct list_builder list;
    list_begin(&list, r->arena);
    for (uint64_t i = 0; i < count; i++) {
        struct value v;
        TRY(duckdb_value_read(r->api, c, vector, begin + i, r->arena, &v, r->err));
        list_add(&list, v);
    }
    return list_end(&list, out, r->err);
}

static enum status read_members(const struct reader *r, const struct duckdb_column *c, duckdb_handle vector,
                                uint64_t row, struct value *out)
{
    struct map_builder map;
    map_begin(&map, r->arena);
    for (uint32_t i = 0; i < c->child_count; i++) {
        struct value v;
        duckdb_handle child = r->api->struct_vector_get_child(vector, i);
        TRY(duckdb_value_read(r->api, &c->children[i], child, row, r->arena, &v, r->err));
        map_put(&map, c->labels[i], v);
    }
    return map_end(&map, out, r->err);
}

static enum status read_pair(const struct reader *r, const struct duckdb_column *c, duckdb_handle entries,
                             uint64_t row, struct value *key, struct value *value)
{
    TRY(duckdb_value_read(r->api, &c->children[0], r->api->struct_vector_get_child(entries, 0), row, r->arena,
                          key, r->err));
    return duckdb_value_read(r->api, &c->children[1], r->api->struct_vector_get_child(entries, 1), row,
                             r->arena, value, r->err);
}

static enum status read_text_map(const struct reader *r, const struct duckdb_column *c, duckdb_handle entries,
                                 struct duckdb_list_entry at, struct value *out)
{
    struct map_builder map;
    map_begin(&map, r->arena);
    for (uint64_t i = 0; i < at.length; i++) {
        struct value key, value;
        TRY(read_pair(r, c, entries, at.offset + i, &key, &value));
        map_put_value(&map, key, value);
    }
    return map_end(&map, out, r->err);
}

static enum status read_other_map(const struct reader *r, const struct duckdb_column *c,
                                  duckdb_handle entries, struct duckdb_list_entry at, struct value *out)
{
    struct list_builder list;
    list_begin(&list, r->arena);
    for (uint64_t i = 0; i < at.length; i++) {
        struct value key, value, pair;
        struct map_builder map;
        TRY(read_pair(r, c, entries, at.offset + i, &key, &value));
        map_begin(&map, r->arena);
        map_put(&map, STR("key"), key);
        map_put(&map, STR("value"), value);
        TRY(map_end(&map, &pair, r->err));
        list_add(&list, pair);
    }
    return list_end(&list, out, r->err);
}

static enum status read_container(const struct reader *r, const struct duckdb_column *c, duckdb_handle vector,
                                  uint64_t row, struct value *out)
{
    if (c->type == DUCKDB_STRUCT)
        return read_members(r, c, vector, row, out);
    if (c->type == DUCKDB_ARRAY)
        return read_items(r, c->children, r->api->array_vector_get_child(vector), row * c->array_size,
                          c->array_size, out);
    struct duckdb_list_entry at = ((const struct duckdb_list_entry *)r->api->vector_get_data(vector))[row];
    duckdb_handle child = r->api->list_vector_get_child(vector);
    if (c->type == DUCKDB_LIST)
        return read_items(r, c->children, child, at.offset, at.length, out);
    bool has_texts = c->children[0].type == DUCKDB_VARCHAR && !c->children[0].is_json;
    return has_texts ? read_text_map(r, c, child, at, out) : read_other_map(r, c, child, at, out);
}

/* ---- one value ------------------------------------------------------------------------------------ */

static enum status read_scalar(const struct reader *r, const struct duckdb_column *c, const void *data,
                               uint64_t row, struct value *out)
{
    char text[WIDE_TEXT];
    const struct duckdb_hugeint *huge = data;
    const struct duckdb_string *strings = data;
    switch ((int)c->type) { /* the others are integers */
    case DUCKDB_BOOLEAN: *out = value_bool(((const bool *)data)[row]); return STATUS_OK;
    case DUCKDB_FLOAT: return read_double(((const float *)data)[row], r->arena, out, r->err);
    case DUCKDB_DOUBLE: return read_double(((const double *)data)[row], r->arena, out, r->err);
    case DUCKDB_DECIMAL: return read_decimal(c, data, row, r->arena, out, r->err);
    case DUCKDB_HUGEINT: return sql_integer(r->arena, huge_text(&huge[row], true, text), out, r->err);
    case DUCKDB_UHUGEINT: return sql_integer(r->arena, huge_text(&huge[row], false, text), out, r->err);
    case DUCKDB_UBIGINT:
        return sql_integer(r->arena, wide_text(0, ((const uint64_t *)data)[row], false, 0, text), out,
                           r->err);
    case DUCKDB_UUID: return read_uuid(&huge[row], r->arena, out, r->err);
    case DUCKDB_VARCHAR:
        return c->is_json ? sql_json(r->arena, bytes_of(&strings[row]), out, r->err)
                          : sql_text(r->arena, bytes_of(&strings[row]), out, r->err);
    case DUCKDB_BLOB: return sql_bytes(r->arena, bytes_of(&strings[row]), out, r->err);
    case DUCKDB_ENUM:
        return sql_text(r->arena, c->labels[small_integer(c->internal, data, row)], out, r->err);
    case DUCKDB_DATE:
    case DUCKDB_TIME:
    case DUCKDB_INTERVAL:
    case DUCKDB_TIMESTAMP:
    case DUCKDB_TIMESTAMP_S:
    case DUCKDB_TIMESTAMP_MS:
    case DUCKDB_TIMESTAMP_NS:
    case DUCKDB_TIMESTAMP_TZ: return read_time(c->type, data, row, r->arena, out, r->err);
    default: *out = value_int(small_integer(c->type, data, row)); return STATUS_OK;
    }
}

static bool is_container(enum duckdb_type type)
{
    return type == DUCKDB_LIST || type == DUCKDB_ARRAY || type == DUCKDB_STRUCT || type == DUCKDB_MAP;
}

enum status duckdb_value_read(const struct duckdb_api *api, const struct duckdb_column *c,
                              duckdb_handle vector, uint64_t row, struct arena *a, struct value *out,
                              struct error *err)
{
    const struct reader r = {api, a, err};
    const uint64_t *validity = api->vector_get_validity(vector);
    bool is_null = c->type == DUCKDB_SQLNULL || (validity && !(validity[row / 64] >> row % 64 & 1));
    *out = value_null();
    if (is_null)
        return STATUS_OK;
    return is_container(c->type) ? read_container(&r, c, vector, row, out)
                                 : read_scalar(&r, c, api->vector_get_data(vector), row, out);
}
