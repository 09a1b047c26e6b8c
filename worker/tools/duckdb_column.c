#include "duckdb_column.h"

struct reader {
    const struct duckdb_api *api;
    struct arena *arena;
    struct error *err;
};

static enum status read_type(const struct reader *r, duckdb_handle type, struct duckdb_column *out);

static enum status make_children(const struct reader *r, uint64_t count, struct duckdb_column *out)
{
    out->child_count = (uint32_t)count;
    out->children = ARENA_ARRAY(r->arena, struct duckdb_column, (size_t)count + 1);
    out->labels = ARENA_ARRAY(r->arena, struct str, (size_t)count + 1);
    return out->children && out->labels ? STATUS_OK : arena_error(r->arena, r->err, "the columns");
}

/* Takes the type over. */
static enum status read_child(const struct reader *r, duckdb_handle type, struct duckdb_column *out,
                              uint32_t number)
{
    enum status s = read_type(r, type, &out->children[number]);
    r->api->destroy_logical_type(&type);
    return s;
}

/* Takes the text over. */
static enum status keep_label(const struct reader *r, char *text, struct str *out)
{
    struct str label = str_of(text);
    *out = (struct str){arena_strdup(r->arena, label), label.len};
    r->api->free(text);
    return out->ptr ? STATUS_OK : arena_error(r->arena, r->err, "the columns");
}

static enum status read_struct(const struct reader *r, duckdb_handle type, struct duckdb_column *out)
{
    TRY(make_children(r, r->api->struct_type_child_count(type), out));
    for (uint32_t i = 0; i < out->child_count; i++) {
        TRY(keep_label(r, r->api->struct_type_child_name(type, i), &out->labels[i]));
        TRY(read_child(r, r->api->struct_type_child_type(type, i), out, i));
    }
    return STATUS_OK;
}

static enum status read_map_type(const struct reader *r, duckdb_handle type, struct duckdb_column *out)
{
    TRY(make_children(r, 2, out));
    TRY(read_child(r, r->api->map_type_key_type(type), out, 0));
    return read_child(r, r->api->map_type_value_type(type), out, 1);
}

static enum status read_list_type(const struct reader *r, duckdb_handle type, struct duckdb_column *out)
{
    bool is_array = out->type == DUCKDB_ARRAY;
    out->array_size = is_array ? r->api->array_type_array_size(type) : 0;
    TRY(make_children(r, 1, out));
    return read_child(r, is_array ? r->api->array_type_child_type(type) : r->api->list_type_child_type(type),
                      out, 0);
}

static enum status read_enum_type(const struct reader *r, duckdb_handle type, struct duckdb_column *out)
{
    uint32_t count = r->api->enum_dictionary_size(type);
    out->internal = r->api->enum_internal_type(type);
    out->labels = ARENA_ARRAY(r->arena, struct str, (size_t)count + 1);
    if (!out->labels)
        return arena_error(r->arena, r->err, "the columns");
    for (uint32_t i = 0; i < count; i++)
        TRY(keep_label(r, r->api->enum_dictionary_value(type, i), &out->labels[i]));
    return STATUS_OK;
}

static bool is_json(const struct reader *r, duckdb_handle type)
{
    char *alias = r->api->logical_type_get_alias(type);
    bool found = alias && str_is(STR("JSON"), alias);
    if (alias)
        r->api->free(alias);
    return found;
}

static bool is_known(enum duckdb_type type)
{
    return (type >= DUCKDB_BOOLEAN && type <= DUCKDB_UUID) || type == DUCKDB_TIMESTAMP_TZ ||
           type == DUCKDB_UHUGEINT || type == DUCKDB_ARRAY || type == DUCKDB_SQLNULL;
}

static enum status read_type(const struct reader *r, duckdb_handle type, struct duckdb_column *out)
{
    *out = (struct duckdb_column){.type = r->api->get_type_id(type)};
    if (!is_known(out->type)) {
        error_set(r->err, STATUS_UNSUPPORTED, "the result has a type that has no value here (number %d)",
                  (int)out->type);
        return error_hint(r->err, "Cast the column: column::VARCHAR.");
    }
    if (out->type == DUCKDB_VARCHAR)
        out->is_json = is_json(r, type);
    else if (out->type == DUCKDB_STRUCT)
        return read_struct(r, type, out);
    else if (out->type == DUCKDB_MAP)
        return read_map_type(r, type, out);
    else if (out->type == DUCKDB_LIST || out->type == DUCKDB_ARRAY)
        return read_list_type(r, type, out);
    else if (out->type == DUCKDB_ENUM)
        return read_enum_type(r, type, out);
    else if (out->type == DUCKDB_DECIMAL) {
        out->internal = r->api->decimal_internal_type(type);
        out->scale = r->api->decimal_scale(type);
    }
    return STATUS_OK;
}

enum status duckdb_column_read(const struct duckdb_api *api, duckdb_handle type, struct arena *a,
                               struct duckdb_column *out, struct error *err)
{
    const struct reader r = {api, a, err};
    return read_type(&r, type, out);
}
