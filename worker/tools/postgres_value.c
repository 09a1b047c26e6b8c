#include "postgres_value.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "core/json.h"
#include "sql_value.h"

/* The numbers that every Postgres gives to its own types (src/include/catalog/pg_type.dat). */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_NAME = 19,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_OID = 26,
    OID_JSON = 114,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_BPCHAR = 1042,
    OID_VARCHAR = 1043,
    OID_DATE = 1082,
    OID_TIMESTAMP = 1114,
    OID_TIMESTAMPTZ = 1184,
    OID_NUMERIC = 1700,
    OID_VOID = 2278,
    OID_UUID = 2950,
    OID_JSONB = 3802,
};

static const struct {
    uint32_t array, element;
} arrays[] = {
    {1000, OID_BOOL},      {1001, OID_BYTEA},  {1003, OID_NAME},        {1005, OID_INT2},
    {1007, OID_INT4},      {1009, OID_TEXT},   {1014, OID_BPCHAR},      {1015, OID_VARCHAR},
    {1016, OID_INT8},      {1021, OID_FLOAT4}, {1022, OID_FLOAT8},      {1028, OID_OID},
    {1115, OID_TIMESTAMP}, {1182, OID_DATE},   {1185, OID_TIMESTAMPTZ}, {1231, OID_NUMERIC},
    {199, OID_JSON},       {2951, OID_UUID},   {3807, OID_JSONB},
};

enum { MAX_ARRAY_DEPTH = 6 }; /* 6: what Postgres allows */

static uint32_t element_of(uint32_t oid)
{
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        if (arrays[i].array == oid)
            return arrays[i].element;
    return 0;
}

bool postgres_is_array(uint32_t oid)
{
    return element_of(oid) != 0;
}

/* ---- scalars -------------------------------------------------------------------------------------- */

static enum status floating(struct arena *a, struct str text, struct value *out, struct error *err)
{
    char *copy = arena_strdup(a, text);
    if (!copy)
        return arena_error(a, err, "the rows");
    double number = strtod(copy, NULL);
    *out = isfinite(number) ? value_float(number) : value_str((struct str){copy, text.len});
    return STATUS_OK;
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

/* "\x6869" */
static enum status bytes(struct arena *a, struct str text, struct value *out, struct error *err)
{
    if (!str_starts_with(text, STR("\\x")))
        return sql_text(a, text, out, err);
    struct buf raw;
    buf_init(&raw, 0);
    for (size_t i = 2; i + 1 < text.len; i += 2)
        buf_add_char(&raw, (char)(hex_digit(text.ptr[i]) << 4 | hex_digit(text.ptr[i + 1])));
    enum status s = buf_status(&raw, err);
    if (s == STATUS_OK)
        s = sql_bytes(a, buf_str(&raw), out, err);
    buf_free(&raw);
    return s;
}

/* "2026-01-02 03:04:05.6+05:30" with a T, and with minutes in the zone; other forms (infinity, BC) stay. */
static enum status timestamp(struct arena *a, struct str text, struct value *out, struct error *err)
{
    enum { DATE_LENGTH = 10, SECONDS_END = 19 };
    if (text.len < SECONDS_END || text.ptr[DATE_LENGTH] != ' ' || str_ends_with(text, STR("BC")))
        return sql_text(a, text, out, err);
    bool short_zone = text.ptr[text.len - 3] == '+' || text.ptr[text.len - 3] == '-';
    struct str iso = arena_printf(a, "%.*sT%.*s%s", DATE_LENGTH, text.ptr, (int)(text.len - DATE_LENGTH - 1),
                                  text.ptr + DATE_LENGTH + 1, short_zone ? ":00" : "");
    *out = value_str(iso);
    return iso.ptr ? STATUS_OK : arena_error(a, err, "the rows");
}

/* ---- arrays --------------------------------------------------------------------------------------- */

/* {1,NULL,"a \"b\"",{2,3}} */
struct array_reader {
    struct arena *arena;
    struct str text;
    size_t at;
    uint32_t element;
};

static char peek(const struct array_reader *r)
{
    return r->at < r->text.len ? r->text.ptr[r->at] : 0;
}

static enum status bad_array(struct error *err)
{
    return error_set(err, STATUS_INTERNAL, "Postgres sent an array that could not be read");
}

static enum status array_scalar(struct array_reader *r, struct value *out, struct error *err)
{
    char *text = arena_alloc(r->arena, r->text.len - r->at + 1);
    if (!text)
        return arena_error(r->arena, err, "the rows");
    size_t len = 0;
    bool quoted = peek(r) == '"';
    r->at += quoted;
    while (r->at < r->text.len && (quoted ? peek(r) != '"' : peek(r) != ',' && peek(r) != '}')) {
        r->at += quoted && peek(r) == '\\';
        text[len++] = peek(r);
        r->at++;
    }
    if (r->at >= r->text.len)
        return bad_array(err);
    r->at += quoted;
    text[len] = 0;
    if (!quoted && strcasecmp(text, "null") == 0) {
        *out = value_null();
        return STATUS_OK;
    }
    return postgres_to_value(r->arena, r->element, (struct str){text, len}, out, err);
}

static enum status array_list(struct array_reader *r, int depth, struct value *out, struct error *err)
{
    struct list_builder list;
    list_begin(&list, r->arena);
    r->at++; /* { */
    while (peek(r) != '}') {
        struct value v = value_null();
        if (peek(r) == '{' && depth < MAX_ARRAY_DEPTH)
            TRY(array_list(r, depth + 1, &v, err));
        else
            TRY(array_scalar(r, &v, err));
        list_add(&list, v);
        if (peek(r) == ',')
            r->at++;
        else if (peek(r) != '}')
            return bad_array(err);
    }
    r->at++; /* } */
    return list_end(&list, out, err);
}

static enum status array(struct arena *a, uint32_t element, struct str text, struct value *out,
                         struct error *err)
{
    struct array_reader r = {.arena = a, .text = text, .element = element};
    if (peek(&r) == '[') { /* "[0:2]={…}": bounds that don't begin at 1 */
        ptrdiff_t begin = str_find(text, STR("={"));
        r.at = begin < 0 ? text.len : (size_t)begin + 1;
    }
    return peek(&r) == '{' ? array_list(&r, 1, out, err) : bad_array(err);
}

enum status postgres_to_value(struct arena *a, uint32_t oid, struct str text, struct value *out,
                              struct error *err)
{
    switch (oid) {
    case OID_BOOL: *out = value_bool(str_is(text, "t")); return STATUS_OK;
    case OID_VOID: *out = value_null(); return STATUS_OK;
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_OID: return sql_integer(a, text, out, err);
    case OID_NUMERIC: return sql_numeric(a, text, out, err);
    case OID_FLOAT4:
    case OID_FLOAT8: return floating(a, text, out, err);
    case OID_JSON:
    case OID_JSONB: return sql_json(a, text, out, err);
    case OID_BYTEA: return bytes(a, text, out, err);
    case OID_TIMESTAMP:
    case OID_TIMESTAMPTZ: return timestamp(a, text, out, err);
    default: break;
    }
    uint32_t element = element_of(oid);
    return element ? array(a, element, text, out, err) : sql_text(a, text, out, err);
}

/* ---- parameters ----------------------------------------------------------------------------------- */

static enum status add_literal(struct buf *b, struct value v, struct error *err)
{
    if (v.type == VALUE_NULL) {
        buf_add_text(b, "NULL");
    } else if (v.type == VALUE_LIST) {
        buf_add_char(b, '{');
        for (uint32_t i = 0; i < v.len; i++) {
            if (i > 0)
                buf_add_char(b, ',');
            TRY(add_literal(b, v.u.list[i], err));
        }
        buf_add_char(b, '}');
    } else {
        struct buf plain;
        buf_init(&plain, 0);
        enum status s = STATUS_OK;
        if (v.type == VALUE_STRING)
            buf_add_str(&plain, value_as_str(v));
        else
            s = json_write(&plain, v, JSON_COMPACT, err);
        buf_add_char(b, '"');
        for (size_t i = 0; i < plain.len; i++) {
            if (plain.data[i] == '"' || plain.data[i] == '\\')
                buf_add_char(b, '\\');
            buf_add_char(b, plain.data[i]);
        }
        buf_add_char(b, '"');
        buf_free(&plain);
        return s;
    }
    return STATUS_OK;
}

enum status postgres_parameter(struct arena *a, struct value v, bool as_array, const char **out,
                               struct error *err)
{
    *out = NULL;
    if (v.type == VALUE_NULL || value_is_absent(v))
        return STATUS_OK;
    if (v.type == VALUE_STRING && v.len > 0 && memchr(v.u.s, 0, v.len))
        return error_set(err, STATUS_INVALID, "the text has a zero byte, which Postgres cannot hold");
    struct buf b;
    buf_init(&b, 0);
    enum status s = STATUS_OK;
    if (v.type == VALUE_STRING)
        buf_add_str(&b, value_as_str(v));
    else if (v.type == VALUE_LIST && as_array)
        s = add_literal(&b, v, err);
    else
        s = json_write(&b, v, JSON_COMPACT, err);
    if (s == STATUS_OK)
        s = buf_status(&b, err);
    if (s == STATUS_OK && !(*out = arena_strdup(a, buf_str(&b))))
        s = arena_error(a, err, "the parameters");
    buf_free(&b);
    return s;
}
