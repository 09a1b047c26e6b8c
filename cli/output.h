/*
 * What the commands print: to people with icons, colours and aligned tables, to programs as JSON. Colour only
 * on a terminal, and not with NO_COLOR set or TERM=dumb, unless --color says otherwise. Tables and pictures
 * keep within the terminal's width, or within COLUMNS if that is set. Text from outside is shown without
 * control characters.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/buf.h"
#include "core/status.h"
#include "core/value.h"

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_JSONL };

enum paint { PAINT_NONE, PAINT_BOLD, PAINT_DIM, PAINT_RED, PAINT_GREEN, PAINT_YELLOW, PAINT_BLUE };

struct output {
    FILE *file;
    enum output_format format;
    bool terminal; /* `file` is one */
    bool color;
    int width;        /* of the terminal; 0: no bound */
    bool reader_gone; /* the pipe is closed: `| head` has seen enough */
};

/* --color: "auto", "always" or "never", for all outputs that are made from here on. STATUS_INVALID. */
enum status output_choose_color(const char *when, struct error *err) MUST_CHECK;
void output_init(struct output *o, FILE *file, enum output_format format);
/* "table", "json", "jsonl"; STATUS_INVALID. */
enum status output_format_parse(const char *text, enum output_format *out, struct error *err) MUST_CHECK;

/* A whole line, or several; everything printed goes through this. STATUS_IO when the reader is gone. */
enum status output_buf(struct output *o, const struct buf *text, struct error *err) MUST_CHECK;
/* A text as it stands, with a line's end behind it unless it has one. */
enum status output_text(struct output *o, struct str text, struct error *err) MUST_CHECK;
/* One document: indented for json, on one line for jsonl. */
enum status output_value(struct output *o, struct value v, struct error *err) MUST_CHECK;
/* The items of a list: one document for json, one line an item for jsonl. */
enum status output_list(struct output *o, struct value list, struct error *err) MUST_CHECK;

/* Columns of the terminal that a text takes: 2 for wide characters, 0 for combining ones. */
size_t display_width(struct str s);
/* Without control characters and broken UTF-8 (which show as escapes); a tab is a space. */
void add_clean(struct buf *b, struct str s);
/* add_clean() of at most `width` columns, cut with "…"; 0: no bound. */
void add_cut(struct buf *b, struct str s, size_t width);
/* Starts and ends a colour; nothing without colour. */
void paint(const struct output *o, struct buf *b, enum paint p);
void unpaint(const struct output *o, struct buf *b, enum paint p);
void add_painted(const struct output *o, struct buf *b, enum paint p, struct str s);

/* "48 ms", "1.24 s", "2 min 05 s", "3 h 07 min" */
void add_duration(struct buf *b, int64_t milliseconds);
/* "2026-01-02 03:04:05" in local time */
void add_time(struct buf *b, int64_t time_ns);
/* The same of what was within the last twelve hours without its day: "03:04:05". */
void add_short_time(struct buf *b, int64_t time_ns);

/* ---- tables ------------------------------------------------------------------------------------------- */

enum { TABLE_COLUMNS = 8 };
struct cell {
    struct str text;
    enum paint paint;
};
struct table {
    const char *titles[TABLE_COLUMNS]; /* NULL-ended; without titles if the first is "" */
    bool right[TABLE_COLUMNS];         /* aligned to the right */
    bool shrinks[TABLE_COLUMNS]; /* cut where the table would be wider than the terminal; the last always */
    size_t columns;
    struct cell *cells; /* columns × rows */
    size_t rows, capacity;
    struct arena *arena;
    bool failed;
};
void table_init(struct table *t, struct arena *a, const char *const *titles);
/* `cells` has one for each column; texts are borrowed. */
void table_add(struct table *t, const struct cell *cells);
/* Columns aligned, the last one cut at the terminal's edge; `indent` spaces before each line. */
enum status table_print(const struct table *t, struct output *o, size_t indent, struct error *err) MUST_CHECK;
void table_write(const struct table *t, const struct output *o, size_t indent, struct buf *out);

/* An error for a person, on standard error: place, message, and the hint on a line of its own. */
void say_error(const struct error *err);
/* One line on standard error that is no error: progress, advice. */
void say_note(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
