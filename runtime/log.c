#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "core/buf.h"
#include "core/json.h"

enum { LINE_MAX_BYTES = 64 * 1024 };

static struct {
    const char *part;
    enum log_level least;
    bool json;
} settings = {"noetl", LOG_INFO, false}; /* set before threads start, read by all */

static const char *const LEVELS[] = {"debug", "info", "warn", "error"};

void log_setup(const char *part, enum log_level least, bool json)
{
    settings.part = part;
    settings.least = least;
    settings.json = json;
}

/* ---- members ----------------------------------------------------------------------------------------- */

/* Whether logfmt can have it as it stands. */
static bool is_bare(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f)
            return false;
    }
    return s.len > 0;
}

static void add_name(struct buf *b, const char *prefix, const char *name)
{
    if (b->len > 1)
        buf_add_char(b, settings.json ? ',' : ' ');
    if (settings.json)
        buf_printf(b, "\"%s%s\":", prefix, name);
    else
        buf_printf(b, "%s%s=", prefix, name);
}

static void add_text(struct buf *b, const char *prefix, const char *name, struct str text)
{
    add_name(b, prefix, name);
    if (!settings.json && is_bare(text))
        buf_add_str(b, text);
    else
        json_write_string(b, text);
}

/* "place:line:column" with the parts that are there. */
static void add_place(struct buf *b, const char *name, const struct error *e)
{
    char text[sizeof(e->place) + 32];
    int len = snprintf(text, sizeof(text), "%s", e->place);
    if (e->line > 0)
        len += snprintf(text + len, sizeof(text) - (size_t)len, ":%u", e->line);
    if (e->line > 0 && e->column > 0)
        snprintf(text + len, sizeof(text) - (size_t)len, ":%u", e->column);
    if (text[0])
        add_text(b, name, "_place", str_of(text));
}

/* Flat, so that logfmt and JSON have the same names: error, error_kind, error_place, error_hint. */
static void add_error(struct buf *b, const char *name, const struct error *e)
{
    if (!e)
        return;
    add_text(b, "", name, str_of(e->message));
    add_text(b, name, "_kind", str_of(status_name(e->status)));
    add_place(b, name, e);
    if (e->hint[0])
        add_text(b, name, "_hint", str_of(e->hint));
}

static void add_field(struct buf *b, const struct log_field *f)
{
    switch (f->kind) {
    case LOG_FIELD_TEXT: add_text(b, "", f->name, f->text); break;
    case LOG_FIELD_INT:
        add_name(b, "", f->name);
        buf_printf(b, "%" PRId64, f->number);
        break;
    case LOG_FIELD_ID:
        add_name(b, "", f->name);
        buf_printf(b, settings.json ? "\"%" PRId64 "\"" : "%" PRId64, f->number);
        break;
    case LOG_FIELD_ERROR: add_error(b, f->name, f->error); break;
    }
}

static void add_time(struct buf *b)
{
    struct wall_time now = wall_now();
    time_t seconds = (time_t)(now.ns / 1000000000);
    struct tm t;
    char date[32], text[48];
    gmtime_r(&seconds, &t);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &t);
    snprintf(text, sizeof(text), "%s.%03dZ", date, (int)(now.ns % 1000000000 / 1000000));
    add_text(b, "", "time", str_of(text));
}

/* ---- lines ------------------------------------------------------------------------------------------- */

static void add_line(struct buf *b, enum log_level level, const char *message, const struct log_field *fields,
                     size_t count)
{
    if (settings.json)
        buf_add_char(b, '{');
    add_time(b);
    add_text(b, "", "level", str_of(LEVELS[level]));
    add_text(b, "", "part", str_of(settings.part));
    add_text(b, "", "msg", str_of(message));
    for (size_t i = 0; i < count; i++)
        add_field(b, &fields[i]);
    buf_add_text(b, settings.json ? "}\n" : "\n");
}

/* Standard error may be gone, and a log that cannot be written has nobody to be told. */
static void write_whole(struct str line)
{
    while (line.len > 0) {
        ssize_t n = write(STDERR_FILENO, line.ptr, line.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        line.ptr += n;
        line.len -= (size_t)n;
    }
}

void log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
    struct buf b;
    if (level < settings.least)
        return;
    buf_init(&b, LINE_MAX_BYTES);
    add_line(&b, level, message, fields, count);
    if (b.status != STATUS_OK) { /* too long, or no memory: the event counts more than its details */
        buf_clear(&b);
        add_line(&b, level, message, NULL, 0);
    }
    if (b.status == STATUS_OK)
        write_whole(buf_str(&b));
    buf_free(&b);
}
