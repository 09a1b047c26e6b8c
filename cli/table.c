/* Tables of output.h: columns as wide as their widest cell, as far as there is room. */
#include "output.h"

enum { GAP = 2, NARROWEST = 8 };

void table_init(struct table *t, struct arena *a, const char *const *titles)
{
    *t = (struct table){.arena = a};
    for (; titles[t->columns] && t->columns < TABLE_COLUMNS; t->columns++)
        t->titles[t->columns] = titles[t->columns];
}

static bool grow(struct table *t)
{
    size_t capacity = t->capacity ? t->capacity * 2 : 32;
    struct cell *cells = ARENA_ARRAY(t->arena, struct cell, capacity * t->columns);
    if (!cells)
        return false;
    if (t->rows > 0)
        memcpy(cells, t->cells, t->rows * t->columns * sizeof(*cells));
    t->cells = cells;
    t->capacity = capacity;
    return true;
}

void table_add(struct table *t, const struct cell *cells)
{
    if (t->failed || (t->rows == t->capacity && !grow(t))) {
        t->failed = true;
        return;
    }
    memcpy(t->cells + t->rows++ * t->columns, cells, t->columns * sizeof(*cells));
}

static bool has_titles(const struct table *t)
{
    return t->titles[0][0] != '\0';
}

static void measure(const struct table *t, size_t widths[TABLE_COLUMNS])
{
    for (size_t c = 0; c < t->columns; c++) {
        widths[c] = has_titles(t) ? display_width(str_of(t->titles[c])) : 0;
        for (size_t r = 0; r < t->rows; r++) {
            size_t width = display_width(t->cells[r * t->columns + c].text);
            if (width > widths[c])
                widths[c] = width;
        }
    }
}

static void add_spaces(struct buf *b, size_t count)
{
    while (count-- > 0)
        buf_add_char(b, ' ');
}

static size_t total(const struct table *t, size_t indent, const size_t *widths)
{
    size_t sum = indent;
    for (size_t c = 0; c < t->columns; c++)
        sum += widths[c] + (c > 0 ? GAP : 0);
    return sum;
}

/* The widest column that may still be cut, or t->columns. */
static size_t widest(const struct table *t, const size_t *widths)
{
    size_t found = t->columns;
    for (size_t c = 0; c < t->columns; c++) {
        bool shrinks = t->shrinks[c] || c + 1 == t->columns;
        if (shrinks && widths[c] > NARROWEST && (found == t->columns || widths[c] > widths[found]))
            found = c;
    }
    return found;
}

/* Until the table fits, or nothing more may be cut. */
static void fit(const struct table *t, const struct output *o, size_t indent, size_t *widths)
{
    size_t c;
    while (o->width > 0 && total(t, indent, widths) > (size_t)o->width &&
           (c = widest(t, widths)) < t->columns)
        widths[c]--;
}

static void write_row(const struct table *t, const struct cell *cells, const struct output *o, size_t indent,
                      const size_t *widths, struct buf *out)
{
    size_t owed = indent; /* spaces that are due only if something follows: lines have none at their end */
    for (size_t c = 0; c < t->columns; c++) {
        size_t width = display_width(cells[c].text), pad = widths[c] > width ? widths[c] - width : 0;
        if (t->right[c])
            owed += pad;
        if (width > 0) {
            add_spaces(out, owed);
            owed = 0;
            paint(o, out, cells[c].paint);
            add_cut(out, cells[c].text, widths[c]);
            unpaint(o, out, cells[c].paint);
        }
        owed += (t->right[c] ? 0 : pad) + GAP;
    }
    buf_add_char(out, '\n');
}

void table_write(const struct table *t, const struct output *o, size_t indent, struct buf *out)
{
    size_t widths[TABLE_COLUMNS];
    struct cell titles[TABLE_COLUMNS];
    measure(t, widths);
    fit(t, o, indent, widths);
    for (size_t c = 0; c < t->columns; c++)
        titles[c] = (struct cell){str_of(t->titles[c]), PAINT_DIM};
    if (has_titles(t))
        write_row(t, titles, o, indent, widths, out);
    for (size_t r = 0; r < t->rows; r++)
        write_row(t, t->cells + r * t->columns, o, indent, widths, out);
}

enum status table_print(const struct table *t, struct output *o, size_t indent, struct error *err)
{
    struct buf b;
    if (t->failed)
        return arena_error(t->arena, err, "a table");
    buf_init(&b, 0);
    table_write(t, o, indent, &b);
    enum status status = output_buf(o, &b, err);
    buf_free(&b);
    return status;
}
