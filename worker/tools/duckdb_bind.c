#include "duckdb_bind.h"

#include "core/json.h"

/* ---- shapes: one type for all items of a list ------------------------------------------------------ */

enum shape_kind {
    SHAPE_NULL,
    SHAPE_BOOL,
    SHAPE_INTEGER,
    SHAPE_HUGE,
    SHAPE_NUMBER,
    SHAPE_TEXT,
    SHAPE_LIST,
    SHAPE_MAP
};

struct shape {
    enum shape_kind kind;
    struct str *names; /* of a map's members */
    struct shape *children;
    uint32_t count; /* of the children: of a list one */
};

struct maker {
    const struct duckdb_api *api;
    struct arena *arena;
    struct error *err;
};

static enum status no_memory(const struct maker *m)
{
    return arena_error(m->arena, m->err, "the parameters");
}

static enum status give_children(const struct maker *m, struct shape *s, uint32_t count)
{
    s->names = ARENA_ARRAY(m->arena, struct str, (size_t)count + 1);
    s->children = ARENA_ARRAY(m->arena, struct shape, (size_t)count + 1);
    s->count = count;
    return s->names && s->children ? STATUS_OK : no_memory(m);
}

static struct shape *find_child(const struct shape *s, struct str name)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (str_equal(s->names[i], name))
            return &s->children[i];
    return NULL;
}

static enum status merge(const struct maker *m, struct shape *into, const struct shape *other, bool *fits);

/* The members of both; one that only some items have is NULL in the others. */
static enum status merge_maps(const struct maker *m, struct shape *into, const struct shape *other,
                              bool *fits)
{
    struct shape both = {.kind = SHAPE_MAP};
    TRY(give_children(m, &both, into->count + other->count));
    both.count = into->count;
    for (uint32_t i = 0; i < into->count; i++) {
        both.names[i] = into->names[i];
        both.children[i] = into->children[i];
    }
    for (uint32_t i = 0; i < other->count && *fits; i++) {
        struct shape *child = find_child(&both, other->names[i]);
        if (child) {
            TRY(merge(m, child, &other->children[i], fits));
        } else {
            both.names[both.count] = other->names[i];
            both.children[both.count++] = other->children[i];
        }
    }
    *into = both;
    return STATUS_OK;
}

static bool is_number(enum shape_kind k)
{
    return k == SHAPE_INTEGER || k == SHAPE_HUGE || k == SHAPE_NUMBER;
}

static enum status merge(const struct maker *m, struct shape *into, const struct shape *other, bool *fits)
{
    if (other->kind == SHAPE_NULL)
        return STATUS_OK;
    if (into->kind == SHAPE_NULL)
        *into = *other;
    else if (is_number(into->kind) && is_number(other->kind))
        into->kind = into->kind > other->kind ? into->kind : other->kind;
    else if (into->kind != other->kind)
        *fits = false;
    else if (into->kind == SHAPE_LIST)
        return merge(m, into->children, other->children, fits);
    else if (into->kind == SHAPE_MAP)
        return merge_maps(m, into, other, fits);
    return STATUS_OK;
}

static bool read_huge(const struct maker *m, struct value v, struct duckdb_hugeint *out)
{
    struct str digits;
    unsigned __int128 n = 0, most = ((unsigned __int128)1 << 127) - 1;
    if (json_text(m->arena, v, &digits, NULL) != STATUS_OK)
        return false;
    bool is_negative = digits.len > 0 && digits.ptr[0] == '-';
    for (size_t i = is_negative; i < digits.len; i++) {
        unsigned digit = (unsigned)(digits.ptr[i] - '0');
        if (n > (most - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    n = is_negative ? -n : n;
    *out = (struct duckdb_hugeint){.lower = (uint64_t)n, .upper = (int64_t)(uint64_t)(n >> 64)};
    return true;
}

static enum status shape_of(const struct maker *m, struct value v, struct shape *out, bool *fits);

static enum status shape_of_list(const struct maker *m, struct value v, struct shape *out, bool *fits)
{
    TRY(give_children(m, out, 1));
    out->children[0] = (struct shape){.kind = SHAPE_NULL};
    for (uint32_t i = 0; i < v.len && *fits; i++) {
        struct shape item = {.kind = SHAPE_NULL};
        TRY(shape_of(m, v.u.list[i], &item, fits));
        TRY(merge(m, out->children, &item, fits));
    }
    return STATUS_OK;
}

static enum status shape_of_map(const struct maker *m, struct value v, struct shape *out, bool *fits)
{
    TRY(give_children(m, out, v.len));
    *fits = *fits && v.len > 0; /* a STRUCT has a member */
    for (uint32_t i = 0; i < v.len && *fits; i++) {
        out->names[i] = value_as_str(v.u.map->entries[i].key);
        bool is_name = out->names[i].len > 0 && !memchr(out->names[i].ptr, 0, out->names[i].len);
        *fits = is_name;
        TRY(shape_of(m, v.u.map->entries[i].value, &out->children[i], fits));
    }
    return STATUS_OK;
}

static enum status shape_of(const struct maker *m, struct value v, struct shape *out, bool *fits)
{
    struct duckdb_hugeint ignored;
    *out = (struct shape){.kind = SHAPE_TEXT};
    switch (v.type) {
    case VALUE_NULL:
    case VALUE_UNDEFINED: out->kind = SHAPE_NULL; return STATUS_OK;
    case VALUE_BOOL: out->kind = SHAPE_BOOL; return STATUS_OK;
    case VALUE_INT: out->kind = SHAPE_INTEGER; return STATUS_OK;
    case VALUE_BIGINT: out->kind = read_huge(m, v, &ignored) ? SHAPE_HUGE : SHAPE_TEXT; return STATUS_OK;
    case VALUE_FLOAT: out->kind = SHAPE_NUMBER; return STATUS_OK;
    case VALUE_LIST: out->kind = SHAPE_LIST; return shape_of_list(m, v, out, fits);
    case VALUE_MAP: out->kind = SHAPE_MAP; return shape_of_map(m, v, out, fits);
    default: return STATUS_OK;
    }
}

/* ---- types ---------------------------------------------------------------------------------------- */

static void destroy_types(const struct maker *m, duckdb_handle *types, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (types[i])
            m->api->destroy_logical_type(&types[i]);
}

static duckdb_handle make_type(const struct maker *m, const struct shape *s);

static duckdb_handle make_struct_type(const struct maker *m, const struct shape *s)
{
    duckdb_handle *types = ARENA_ARRAY(m->arena, duckdb_handle, s->count);
    const char **names = ARENA_ARRAY(m->arena, const char *, s->count);
    duckdb_handle type = NULL;
    bool ok = types && names;
    for (uint32_t i = 0; ok && i < s->count; i++) {
        types[i] = make_type(m, &s->children[i]);
        names[i] = arena_strdup(m->arena, s->names[i]);
        ok = names[i] != NULL;
    }
    if (ok)
        type = m->api->create_struct_type(types, names, s->count);
    if (types)
        destroy_types(m, types, s->count);
    return type;
}

static duckdb_handle make_type(const struct maker *m, const struct shape *s)
{
    static const enum duckdb_type types[] = {
        [SHAPE_NULL] = DUCKDB_SQLNULL, [SHAPE_BOOL] = DUCKDB_BOOLEAN,  [SHAPE_INTEGER] = DUCKDB_BIGINT,
        [SHAPE_HUGE] = DUCKDB_HUGEINT, [SHAPE_NUMBER] = DUCKDB_DOUBLE, [SHAPE_TEXT] = DUCKDB_VARCHAR};
    if (s->kind == SHAPE_MAP)
        return make_struct_type(m, s);
    if (s->kind != SHAPE_LIST)
        return m->api->create_logical_type(types[s->kind]);
    duckdb_handle child = make_type(m, s->children), type = m->api->create_list_type(child);
    m->api->destroy_logical_type(&child);
    return type;
}

/* ---- values --------------------------------------------------------------------------------------- */

static enum status make(const struct maker *m, const struct shape *s, struct value v, duckdb_handle *out);

static void destroy_values(const struct maker *m, duckdb_handle *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (values[i])
            m->api->destroy_value(&values[i]);
}

static enum status make_items(const struct maker *m, const struct shape *s, struct value v,
                              duckdb_handle *values)
{
    for (uint32_t i = 0; i < v.len; i++)
        TRY(make(m, s->children, v.u.list[i], &values[i]));
    return STATUS_OK;
}

static enum status make_list(const struct maker *m, const struct shape *s, struct value v, duckdb_handle *out)
{
    duckdb_handle *values = ARENA_ARRAY(m->arena, duckdb_handle, (size_t)v.len + 1);
    if (!values)
        return no_memory(m);
    memset(values, 0, ((size_t)v.len + 1) * sizeof(*values));
    enum status status = make_items(m, s, v, values);
    if (status == STATUS_OK) {
        duckdb_handle child = make_type(m, s->children);
        *out = m->api->create_list_value(child, values, v.len);
        m->api->destroy_logical_type(&child);
    }
    destroy_values(m, values, v.len);
    return status;
}

static enum status make_members(const struct maker *m, const struct shape *s, struct value v,
                                duckdb_handle *values)
{
    for (uint32_t i = 0; i < s->count; i++)
        TRY(make(m, &s->children[i], value_get(v, s->names[i]), &values[i]));
    return STATUS_OK;
}

static enum status make_map(const struct maker *m, const struct shape *s, struct value v, duckdb_handle *out)
{
    duckdb_handle *values = ARENA_ARRAY(m->arena, duckdb_handle, (size_t)s->count + 1);
    if (!values)
        return no_memory(m);
    memset(values, 0, ((size_t)s->count + 1) * sizeof(*values));
    enum status status = make_members(m, s, v, values);
    if (status == STATUS_OK) {
        duckdb_handle type = make_struct_type(m, s);
        *out = m->api->create_struct_value(type, values);
        m->api->destroy_logical_type(&type);
    }
    destroy_values(m, values, s->count);
    return status;
}

static enum status make_text(const struct maker *m, struct value v, duckdb_handle *out)
{
    struct str text = value_as_str(v);
    if (v.type != VALUE_STRING)
        TRY(json_text(m->arena, v, &text, m->err));
    *out = m->api->create_varchar_length(text.ptr, text.len);
    return STATUS_OK;
}

static double number_of(struct value v, const struct duckdb_hugeint *huge)
{
    if (v.type == VALUE_FLOAT)
        return v.u.f;
    return v.type == VALUE_INT ? (double)v.u.i : (double)huge->upper * 0x1p64 + (double)huge->lower;
}

static enum status make(const struct maker *m, const struct shape *s, struct value v, duckdb_handle *out)
{
    struct duckdb_hugeint huge = {0};
    bool is_null = v.type == VALUE_NULL || value_is_absent(v);
    if (v.type == VALUE_BIGINT)
        (void)read_huge(m, v, &huge); /* its shape says that it can be */
    else if (v.type == VALUE_INT)
        huge = (struct duckdb_hugeint){(uint64_t)v.u.i, v.u.i < 0 ? -1 : 0};
    if (is_null)
        *out = m->api->create_null_value();
    else if (s->kind == SHAPE_BOOL)
        *out = m->api->create_bool(v.u.b);
    else if (s->kind == SHAPE_INTEGER)
        *out = m->api->create_int64(v.u.i);
    else if (s->kind == SHAPE_HUGE)
        *out = m->api->create_hugeint(huge);
    else if (s->kind == SHAPE_NUMBER)
        *out = m->api->create_double(number_of(v, &huge));
    else if (s->kind == SHAPE_LIST)
        TRY(make_list(m, s, v, out));
    else if (s->kind == SHAPE_MAP)
        TRY(make_map(m, s, v, out));
    else
        TRY(make_text(m, v, out));
    return *out ? STATUS_OK : error_set(m->err, STATUS_UNSUPPORTED, "DuckDB has no value for it");
}

enum status duckdb_value_make(const struct duckdb_api *api, struct value v, struct arena *a,
                              duckdb_handle *out, struct error *err)
{
    const struct maker m = {api, a, err};
    struct shape shape;
    bool fits = true;
    *out = NULL;
    TRY(shape_of(&m, v, &shape, &fits));
    return fits ? make(&m, &shape, v, out) : make_text(&m, v, out);
}
