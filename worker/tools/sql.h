/*
 * As much of Postgres's lexical rules as it takes to split a text into statements and to find :names in it:
 * quotes, E'' strings, dollar quotes, nested comments, SQL-standard function bodies. Pure.
 */
#ifndef WORKER_TOOLS_SQL_H
#define WORKER_TOOLS_SQL_H

#include "core/arena.h"
#include "core/status.h"
#include "core/str.h"

struct sql_statement {
    struct str text;   /* without the semicolon and without space or comments around it */
    struct str source; /* the whole text that it is a part of, for line and column */
};

/* Statements in order; empty ones are left out. STATUS_SYNTAX with line and column for what is not closed. */
enum status sql_split(struct arena *a, struct str source, struct sql_statement **out, uint32_t *count,
                      struct error *err) MUST_CHECK;

/* Where a name stood, for taking positions back. */
struct sql_edit {
    size_t after;    /* first byte in the bound text behind "$n" */
    size_t original; /* the same place in the statement */
};

struct sql_bound {
    struct str text;   /* zero-terminated, with $1… for the names */
    struct str *names; /* of $1, $2, … */
    uint32_t count;
    struct sql_edit *edits;
    uint32_t edit_count;
};

enum sql_placeholder { SQL_NAMES, SQL_NUMBERS }; /* :name, $1 */

/*
 * Replaces the placeholders of the kind by $1, $2, … without gaps; one that stands twice has one number. Of
 * names, only those that `is_name(context, name)` accepts are replaced (NULL: none). Casts (::), := and
 * slices (a[1:n]) are left alone. The names of numbers are their digits.
 */
enum status sql_bind(struct arena *a, struct str statement, enum sql_placeholder kind,
                     bool (*is_name)(void *context, struct str name), void *context, struct sql_bound *out,
                     struct error *err) MUST_CHECK;

/* Line and column in the source of the character (from 1) of a bound statement that Postgres complains about.
 */
void sql_locate(const struct sql_statement *s, const struct sql_bound *b, uint32_t character, uint32_t *line,
                uint32_t *column);

/* Whether the first word of the statement is this one, in any case. */
bool sql_begins_with(struct str statement, const char *word);

#endif
