#include "save_sql.h"

#include "core/buf.h"

/* ---- names ---------------------------------------------------------------------------------------- */

enum { MOST_PARTS = 3 }; /* database.schema.table */

static void add_quoted(struct buf *sql, struct str name)
{
    buf_add_char(sql, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"')
            buf_add_char(sql, '"');
        buf_add_char(sql, name.ptr[i]);
    }
    buf_add_char(sql, '"');
}

/* Takes the next part of a table's name, up to a point that stands outside of quotes. */
static bool next_part(struct str *rest, struct str *part)
{
    bool quoted = false;
    size_t end = 0;
    while (end < rest->len && (quoted || rest->ptr[end] != '.'))
        quoted ^= rest->ptr[end++] == '"';
    *part = (struct str){rest->ptr, end};
    bool more = end < rest->len;
    rest->ptr += end + more;
    rest->len -= end + more;
    return more;
}

/* "x" in its quotes, with each quote inside it doubled. */
static bool is_quoted(struct str part)
{
    if (part.len < 3 || part.ptr[0] != '"' || part.ptr[part.len - 1] != '"')
        return false;
    for (size_t i = 1; i < part.len - 1; i++)
        if (part.ptr[i] == '"' && (++i == part.len - 1 || part.ptr[i] != '"'))
            return false;
    return true;
}

static bool is_good_part(struct str part)
{
    bool has_zero = part.len > 0 && memchr(part.ptr, 0, part.len);
    return part.len > 0 && !has_zero && (is_quoted(part) || !memchr(part.ptr, '"', part.len));
}

enum status save_table_check(struct str name, struct error *err)
{
    struct str rest = name, part;
    uint32_t count = 0;
    bool more = true, good = true;
    while (more && good) {
        more = next_part(&rest, &part);
        good = ++count <= MOST_PARTS && is_good_part(part);
    }
    if (good)
        return STATUS_OK;
    error_set(err, STATUS_SYNTAX, "\"%" PRISTR "\" is no name of a table", ARGSTR(name));
    return error_hint(err, "A table is named like orders, sales.orders or \"a name.with points\".orders.");
}

static void add_table(struct buf *sql, struct str name)
{
    struct str part;
    for (bool more = true; more;) {
        more = next_part(&name, &part);
        if (is_quoted(part))
            buf_add_str(sql, part);
        else
            add_quoted(sql, part);
        if (more)
            buf_add_char(sql, '.');
    }
}

static void add_names(struct buf *sql, struct save_names names)
{
    for (uint32_t i = 0; i < names.count; i++) {
        buf_add_text(sql, i ? ", " : "");
        add_quoted(sql, names.items[i]);
    }
}

static bool is_among(struct str name, struct save_names names)
{
    for (uint32_t i = 0; i < names.count; i++)
        if (str_equal(names.items[i], name))
            return true;
    return false;
}

/* ---- statements ----------------------------------------------------------------------------------- */

static void add_insert(struct buf *sql, const struct save_table *table, struct save_names columns)
{
    buf_add_text(sql, "INSERT INTO ");
    add_table(sql, table->name);
    buf_add_text(sql, " (");
    add_names(sql, columns);
    buf_add_text(sql, ") VALUES (");
    for (uint32_t i = 0; i < columns.count; i++)
        buf_printf(sql, "%s$%u", i ? ", " : "", i + 1);
    buf_add_char(sql, ')');
}

static uint32_t count_others(const struct save_table *table, struct save_names columns)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < columns.count; i++)
        count += !is_among(columns.items[i], table->keys);
    return count;
}

/* "a" = $1, "b" = $2 of the columns that are keys, or of those that are not. */
static void add_equations(struct buf *sql, const struct save_table *table, struct save_names columns,
                          bool of_keys, const char *between)
{
    const char *before = "";
    for (uint32_t i = 0; i < columns.count; i++) {
        if (is_among(columns.items[i], table->keys) != of_keys)
            continue;
        buf_add_text(sql, before);
        add_quoted(sql, columns.items[i]);
        buf_printf(sql, " = $%u", i + 1);
        before = between;
    }
}

static void add_where(struct buf *sql, const struct save_table *table, struct save_names columns)
{
    buf_add_text(sql, " WHERE ");
    add_equations(sql, table, columns, true, " AND ");
}

static void add_upsert(struct buf *sql, const struct save_table *table, struct save_names columns)
{
    const char *before = "";
    add_insert(sql, table, columns);
    buf_add_text(sql, " ON CONFLICT (");
    add_names(sql, table->keys);
    buf_add_text(sql, count_others(table, columns) > 0 ? ") DO UPDATE SET " : ") DO NOTHING");
    for (uint32_t i = 0; i < columns.count; i++) {
        if (is_among(columns.items[i], table->keys))
            continue;
        buf_add_text(sql, before);
        add_quoted(sql, columns.items[i]);
        buf_add_text(sql, " = EXCLUDED.");
        add_quoted(sql, columns.items[i]);
        before = ", ";
    }
}

static void add_update(struct buf *sql, const struct save_table *table, struct save_names columns)
{
    buf_add_text(sql, "UPDATE ");
    add_table(sql, table->name);
    buf_add_text(sql, " SET ");
    add_equations(sql, table, columns, false, ", ");
    add_where(sql, table, columns);
}

static void add_delete(struct buf *sql, const struct save_table *table, struct save_names columns)
{
    buf_add_text(sql, "DELETE FROM ");
    add_table(sql, table->name);
    add_where(sql, table, columns);
}

enum status save_sql(struct arena *a, const struct save_table *table, enum save_verb verb,
                     struct save_names columns, struct str *out, struct error *err)
{
    static void (*const adders[])(struct buf *, const struct save_table *, struct save_names) = {
        [SAVE_INSERT] = add_insert,
        [SAVE_UPSERT] = add_upsert,
        [SAVE_UPDATE] = add_update,
        [SAVE_DELETE] = add_delete,
    };
    if (verb == SAVE_UPDATE && count_others(table, columns) == 0)
        return error_set(err, STATUS_INVALID, "there is no column to update beside those of \"key\"");
    struct buf sql;
    buf_init(&sql, 0);
    adders[verb](&sql, table, columns);
    enum status s = buf_status(&sql, err);
    char *text = s == STATUS_OK ? arena_strdup(a, buf_str(&sql)) : NULL;
    *out = (struct str){text, text ? sql.len : 0};
    buf_free(&sql);
    return s == STATUS_OK && !text ? arena_error(a, err, "the statement") : s;
}
