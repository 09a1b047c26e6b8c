#include "save_rows.h"

#include <stdio.h>

#include "worker/tool.h"

enum { MOST_COLUMNS = 1600 }; /* that a table of Postgres can have */

static const struct {
    const char *word;
    enum save_verb verb;
    bool needs_keys;
    bool deletes; /* the rows with these keys first */
} modes[] = {
    {"insert", SAVE_INSERT, false, false}, {"append", SAVE_INSERT, false, false},
    {"upsert", SAVE_UPSERT, true, false},  {"update", SAVE_UPDATE, true, false},
    {"replace", SAVE_INSERT, true, true},
};
enum { MODE_COUNT = sizeof(modes) / sizeof(modes[0]) };

struct reader {
    struct save_rows *out;
    struct arena *arena;
    struct error *err;
    struct save_table table;
    size_t mode;       /* in modes */
    struct value rows; /* a list */
};

/* ---- where to, and how ---------------------------------------------------------------------------- */

static enum status read_table(struct reader *r, struct value config)
{
    TRY(tool_config_text(config, TOOL_KEYS("table"), &r->table.name, r->err));
    if (r->table.name.len == 0) {
        error_set(r->err, STATUS_INVALID, "the entry names no table");
        return error_hint(r->err, "Give it \"table\", or a \"statement\".");
    }
    r->out->table = r->table.name;
    return save_table_check(r->table.name, r->err);
}

static enum status read_mode(struct reader *r, struct value config)
{
    struct str word, words[MODE_COUNT];
    TRY(tool_config_text(config, TOOL_KEYS("mode"), &word, r->err));
    for (size_t i = 0; i < MODE_COUNT; i++) {
        words[i] = str_of(modes[i].word);
        r->mode = i;
        if (str_equal(word, words[i]))
            return STATUS_OK;
    }
    r->mode = 0;
    if (word.len == 0)
        return STATUS_OK;
    struct str near = str_nearest(word, words, MODE_COUNT);
    error_set(r->err, STATUS_INVALID, "\"%" PRISTR "\" is no mode of a save", ARGSTR(word));
    return error_hint(r->err, "The modes are insert, append, upsert, update and replace.%s%" PRISTR "%s",
                      near.len > 0 ? " Did you mean \"" : "", ARGSTR(near), near.len > 0 ? "\"?" : "");
}

static enum status bad_key(struct reader *r, struct value v)
{
    error_set(r->err, STATUS_INVALID, "\"key\" must be a column's name or a list of them, not %s%s",
              v.type == VALUE_LIST || v.type == VALUE_STRING ? "an empty one" : "a ",
              v.type == VALUE_LIST || v.type == VALUE_STRING ? "" : value_type_name(v));
    return error_hint(r->err, "For example: key: id, or key: [day, city].");
}

static enum status read_keys(struct reader *r, struct value config)
{
    struct value v = tool_config(config, TOOL_KEYS("key", "keys"));
    uint32_t count = v.type == VALUE_LIST ? v.len : !value_is_absent(v);
    struct str *names = ARENA_ARRAY(r->arena, struct str, (size_t)count + 1);
    if (!names)
        return arena_error(r->arena, r->err, "the keys");
    for (uint32_t i = 0; i < count; i++) {
        struct value item = v.type == VALUE_LIST ? v.u.list[i] : v;
        names[i] = value_as_str(item);
        if (names[i].len == 0)
            return bad_key(r, item);
    }
    r->table.keys = (struct save_names){names, count};
    if (count > 0 || !modes[r->mode].needs_keys)
        return STATUS_OK;
    error_set(r->err, STATUS_INVALID, "\"mode: %s\" needs \"key\"", modes[r->mode].word);
    return error_hint(r->err, "Set \"key\" to the columns by which a row is known.");
}

/* ---- rows ----------------------------------------------------------------------------------------- */

const char *save_rows_place(const struct save_rows *save, uint32_t row, char text[32])
{
    snprintf(text, 32, save->is_list ? "data[%u]" : "data", row);
    return text;
}

static enum status bad_row(struct reader *r, uint32_t row)
{
    char place[32];
    error_place(r->err, "table %" PRISTR ", %s", ARGSTR(r->table.name), save_rows_place(r->out, row, place));
    return r->err->status;
}

static enum status check_name(struct reader *r, struct str name)
{
    if (name.len > 0 && !memchr(name.ptr, 0, name.len))
        return STATUS_OK;
    return error_set(r->err, STATUS_INVALID, "\"%" PRISTR "\" is no name of a column", ARGSTR(name));
}

static enum status check_key(struct reader *r, struct value row, struct str key)
{
    struct value v = value_get(row, key);
    if (!value_is_absent(v) && v.type != VALUE_NULL)
        return STATUS_OK;
    error_set(r->err, STATUS_INVALID, "the row has no \"%" PRISTR "\", which is a \"key\"%s", ARGSTR(key),
              v.type == VALUE_NULL ? ": it is null" : "");
    return error_hint(r->err, "Each row needs a value for each column of \"key\".");
}

static enum status check_row(struct reader *r, struct value row)
{
    if (row.type != VALUE_MAP) {
        error_set(r->err, STATUS_INVALID, "a row must be a map of columns, not a %s", value_type_name(row));
        return error_hint(r->err, "\"data\" is a map for one row, or a list of maps.");
    }
    if (row.len == 0 || row.len > MOST_COLUMNS)
        return error_set(r->err, row.len ? STATUS_LIMIT : STATUS_INVALID,
                         "the row has %u columns; there may be 1 to %d", row.len, MOST_COLUMNS);
    for (uint32_t i = 0; i < row.len; i++)
        TRY(check_name(r, value_as_str(row.u.map->entries[i].key)));
    for (uint32_t i = 0; modes[r->mode].needs_keys && i < r->table.keys.count; i++)
        TRY(check_key(r, row, r->table.keys.items[i]));
    return STATUS_OK;
}

/* ---- statements ----------------------------------------------------------------------------------- */

static enum status read_columns(struct reader *r, struct value row, struct save_names *columns,
                                struct value **values)
{
    struct str *names = ARENA_ARRAY(r->arena, struct str, row.len);
    *values = ARENA_ARRAY(r->arena, struct value, row.len);
    if (!names || !*values)
        return arena_error(r->arena, r->err, "the rows");
    for (uint32_t i = 0; i < row.len; i++) {
        names[i] = value_as_str(row.u.map->entries[i].key);
        (*values)[i] = row.u.map->entries[i].value;
    }
    *columns = (struct save_names){names, row.len};
    return STATUS_OK;
}

static enum status key_columns(struct reader *r, struct value row, struct save_names *columns,
                               struct value **values)
{
    *columns = r->table.keys;
    *values = ARENA_ARRAY(r->arena, struct value, columns->count);
    if (!*values)
        return arena_error(r->arena, r->err, "the rows");
    for (uint32_t i = 0; i < columns->count; i++)
        (*values)[i] = value_get(row, columns->items[i]);
    return STATUS_OK;
}

static bool same_columns(struct value a, struct value b)
{
    if (a.len != b.len)
        return false;
    for (uint32_t i = 0; i < a.len; i++)
        if (!value_equal(a.u.map->entries[i].key, b.u.map->entries[i].key))
            return false;
    return true;
}

/* Rows mostly have the same columns as the one before them, and then its text. */
static enum status add_statement(struct reader *r, uint32_t number, enum save_verb verb)
{
    struct save_statement *s = &r->out->statements[r->out->count];
    struct value row = r->rows.u.list[number], *values;
    struct save_names columns = {NULL, 0};
    bool deletes = verb == SAVE_DELETE;
    TRY(deletes ? key_columns(r, row, &columns, &values) : read_columns(r, row, &columns, &values));
    *s = (struct save_statement){.values = values, .count = columns.count, .row = number, .counts = !deletes};
    if (number > 0 && (deletes || same_columns(row, r->rows.u.list[number - 1])))
        s->text = s[-1].text;
    else
        TRY(save_sql(r->arena, &r->table, verb, columns, &s->text, r->err));
    r->out->count++;
    return STATUS_OK;
}

static enum status add_statements(struct reader *r, enum save_verb verb)
{
    for (uint32_t i = 0; i < r->rows.len; i++)
        if (add_statement(r, i, verb) != STATUS_OK)
            return bad_row(r, i);
    return STATUS_OK;
}

static enum status read_rows(struct reader *r, struct value data)
{
    struct list_builder one;
    list_begin(&one, r->arena);
    list_add(&one, data);
    r->rows = data;
    r->out->is_list = data.type == VALUE_LIST;
    if (!r->out->is_list)
        TRY(list_end(&one, &r->rows, r->err));
    for (uint32_t i = 0; i < r->rows.len; i++)
        if (check_row(r, r->rows.u.list[i]) != STATUS_OK)
            return bad_row(r, i);
    r->out->statements = ARENA_ARRAY(r->arena, struct save_statement, (size_t)r->rows.len * 2 + 1);
    return r->out->statements ? STATUS_OK : arena_error(r->arena, r->err, "the rows");
}

enum status save_rows_read(struct save_rows *save, struct value config, struct value data, struct arena *a,
                           struct error *err)
{
    struct reader r = {.out = save, .arena = a, .err = err};
    *save = (struct save_rows){0};
    TRY(read_table(&r, config));
    TRY(read_mode(&r, config));
    TRY(read_keys(&r, config));
    TRY(read_rows(&r, data));
    if (modes[r.mode].deletes)
        TRY(add_statements(&r, SAVE_DELETE));
    return add_statements(&r, modes[r.mode].verb);
}
