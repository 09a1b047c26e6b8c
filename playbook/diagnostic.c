#include "diagnostic.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/utf8.h"

#include "source.h"

static const struct code_info {
    const char *name, *doc;
    enum severity severity;
} CODES[] = {
#define X(id, code, level, text) {code, text, SEVERITY_##level},
#include "diagnostic.def"
#undef X
};

/* All of them: 200 messages of at most a few hundred bytes. */
enum { DIAGNOSTICS_MEMORY = 1 << 20 };

const char *diagnostic_code_name(enum diagnostic_code c)
{
    return c < DIAGNOSTIC_CODE_COUNT ? CODES[c].name : "?";
}

enum severity diagnostic_code_severity(enum diagnostic_code c)
{
    return c < DIAGNOSTIC_CODE_COUNT ? CODES[c].severity : SEVERITY_ERROR;
}

const char *diagnostic_code_doc(enum diagnostic_code c)
{
    return c < DIAGNOSTIC_CODE_COUNT ? CODES[c].doc : "?";
}

const char *severity_name(enum severity s)
{
    switch (s) {
    case SEVERITY_ERROR: return "error";
    case SEVERITY_WARNING: return "warning";
    case SEVERITY_HINT: return "hint";
    }
    return "?";
}

void diagnostics_init(struct diagnostics *d)
{
    *d = (struct diagnostics){0};
    arena_init(&d->arena, DIAGNOSTICS_MEMORY);
}

void diagnostics_free(struct diagnostics *d)
{
    arena_free(&d->arena);
    *d = (struct diagnostics){0};
}

/* Room for one more among those that are kept; NULL when there is none. */
static struct diagnostic *next_item(struct diagnostics *d)
{
    if (!d->items) {
        d->items = ARENA_ARRAY(&d->arena, struct diagnostic, MAX_DIAGNOSTICS);
        d->capacity = d->items ? MAX_DIAGNOSTICS : 0;
        d->failed = d->failed || !d->items;
    }
    return d->count < d->capacity ? &d->items[d->count] : NULL;
}

static bool is_known(const struct diagnostics *d, const struct diagnostic *item)
{
    for (uint32_t i = 0; i < d->count; i++) {
        const struct diagnostic *other = &d->items[i];
        if (other->at.line == item->at.line && other->at.column == item->at.column &&
            str_equal(other->code, item->code) && str_equal(other->message, item->message))
            return true;
    }
    return false;
}

/* One line of at most sizeof(error.message) bytes, cut at a character: names in it may be as long as a
 * playbook. */
static PRINTF_LIKE(2, 0) struct str format(struct diagnostics *d, const char *fmt, va_list args)
{
    struct error cut = {0};
    char whole[2 * sizeof(cut.message)];
    if (vsnprintf(whole, sizeof(whole), fmt, args) < 0)
        whole[0] = '\0';
    error_set(&cut, STATUS_INVALID, "%s", whole);
    for (char *c = cut.message; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    struct str s = str_of(cut.message);
    s.ptr = arena_strdup(&d->arena, s);
    d->failed = d->failed || !s.ptr;
    return s.ptr ? s : STR("");
}

void diagnostics_add(struct diagnostics *d, enum diagnostic_code code, struct position at, const char *fmt,
                     ...)
{
    enum severity severity = diagnostic_code_severity(code);
    struct diagnostic *item = next_item(d);
    if (item) {
        va_list args;
        va_start(args, fmt);
        *item = (struct diagnostic){severity, at, str_of(diagnostic_code_name(code)), format(d, fmt, args),
                                    STR("")};
        va_end(args);
        if (is_known(d, item))
            return;
        d->count++;
    } else {
        d->dropped++;
    }
    d->errors += severity == SEVERITY_ERROR;
    d->warnings += severity == SEVERITY_WARNING;
}

void diagnostics_hint(struct diagnostics *d, const char *fmt, ...)
{
    if (d->count == 0 || d->dropped > 0)
        return;
    va_list args;
    va_start(args, fmt);
    d->items[d->count - 1].hint = format(d, fmt, args);
    va_end(args);
}

static bool is_before(const struct diagnostic *a, const struct diagnostic *b)
{
    return a->at.line != b->at.line ? a->at.line < b->at.line : a->at.column < b->at.column;
}

/* By insertion: few, and those of one place stay in the order in which they were found. */
void diagnostics_sort(struct diagnostics *d)
{
    for (uint32_t i = 1; i < d->count; i++) {
        struct diagnostic item = d->items[i];
        uint32_t j = i;
        for (; j > 0 && is_before(&item, &d->items[j - 1]); j--)
            d->items[j] = d->items[j - 1];
        d->items[j] = item;
    }
}

/* ---- text ------------------------------------------------------------------------------------- */

enum { MAX_SHOWN = 160 }; /* characters of a source line */

/* A line as it can be shown: what would move the cursor, or is not UTF-8, becomes U+FFFD. */
static void add_shown(struct buf *out, struct str line)
{
    size_t at = 0;
    while (at < line.len) {
        size_t from = at;
        int32_t c = utf8_next(line, &at);
        if (c < 0)
            at++;
        if (c == '\t' || (c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0)))
            buf_add(out, line.ptr + from, at - from);
        else
            buf_add_text(out, "\xef\xbf\xbd");
    }
}

/* Byte offset of the character with that number (from 0), or the line's length. */
static size_t character_offset(struct str line, uint32_t number)
{
    size_t at = 0;
    for (uint32_t i = 0; i < number && at < line.len; i++) {
        if (utf8_next(line, &at) < 0)
            at++;
    }
    return at;
}

static uint32_t characters(struct str s)
{
    uint32_t n = 0;
    for (size_t at = 0; at < s.len; n++) {
        if (utf8_next(s, &at) < 0)
            at++;
    }
    return n;
}

/* White space under the part before the caret; tabs stay tabs, so that the caret stands under its character.
 */
static void add_indent(struct buf *out, struct str before)
{
    size_t at = 0;
    while (at < before.len) {
        int32_t c = utf8_next(before, &at);
        if (c < 0)
            at++;
        buf_add_char(out, c == '\t' ? '\t' : ' ');
    }
}

static void add_excerpt(struct buf *out, const struct source *source, struct position at)
{
    struct str line = source_line(source, at.line);
    uint32_t column = at.column ? at.column : 1;
    uint32_t first = column > MAX_SHOWN / 2 ? column - MAX_SHOWN / 2 : 0;
    if (character_offset(line, MAX_SHOWN) == line.len)
        first = 0;
    size_t from = character_offset(line, first), to = character_offset(line, first + MAX_SHOWN);
    size_t caret = character_offset(line, column - 1);
    struct str shown = {line.ptr + from, to - from};

    buf_printf(out, "%5u | ", at.line);
    add_shown(out, shown);
    buf_add_text(out, "\n      | ");
    add_indent(out, (struct str){line.ptr + from, caret - from});
    buf_add_char(out, '^');
    uint32_t left = characters((struct str){line.ptr + caret, to - caret});
    for (uint32_t i = 1; i < at.length && i < left; i++)
        buf_add_char(out, '~');
    buf_add_char(out, '\n');
}

static void print_one(const struct diagnostic *item, const struct source *source, const char *file,
                      struct buf *out)
{
    buf_add_text(out, file);
    if (item->at.line)
        buf_printf(out, ":%u:%u", item->at.line, item->at.column);
    buf_printf(out, ": %s: %" PRISTR, severity_name(item->severity), ARGSTR(item->message));
    if (item->hint.len)
        buf_printf(out, "; %" PRISTR, ARGSTR(item->hint));
    buf_add_char(out, '\n');
    if (item->at.line && item->at.line <= source->line_count)
        add_excerpt(out, source, item->at);
}

void diagnostics_print(const struct diagnostics *d, struct str text, const char *file, struct buf *out)
{
    struct arena a;
    struct source source;
    struct error err;
    arena_init(&a, 0);
    if (source_open(&source, &a, text, &err) != STATUS_OK)
        source = (struct source){0};
    for (uint32_t i = 0; i < d->count; i++)
        print_one(&d->items[i], &source, file, out);
    if (d->dropped)
        buf_printf(out, "%s: and %u more\n", file, d->dropped);
    arena_free(&a);
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static enum status item_to_value(const struct diagnostic *item, const char *file, struct arena *a,
                                 struct value *out, struct error *err)
{
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("severity"), value_text(severity_name(item->severity)));
    map_put(&m, STR("code"), value_str(item->code));
    map_put(&m, STR("file"), value_text(file));
    map_put(&m, STR("line"), value_int(item->at.line));
    map_put(&m, STR("column"), value_int(item->at.column));
    map_put(&m, STR("message"), value_str(item->message));
    map_put(&m, STR("hint"), value_str(item->hint));
    struct value shared;
    TRY(map_end(&m, &shared, err));
    return value_copy(a, shared, out, err);
}

enum status diagnostics_to_value(const struct diagnostics *d, const char *file, struct arena *a,
                                 struct value *out, struct error *err)
{
    struct list_builder list;
    list_begin(&list, a);
    for (uint32_t i = 0; i < d->count; i++) {
        struct value item;
        TRY(item_to_value(&d->items[i], file, a, &item, err));
        list_add(&list, item);
    }
    return list_end(&list, out, err);
}
