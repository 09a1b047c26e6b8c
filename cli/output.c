#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "core/json.h"
#include "core/utf8.h"

enum { MAX_COLUMNS = 10000 };

/* What --color says, once for the program, so that errors go by it as well. */
enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
static enum color_choice color_choice = COLOR_AUTO;

enum status output_choose_color(const char *when, struct error *err)
{
    static const char *const names[] = {"auto", "always", "never"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(when, names[i]) == 0) {
            color_choice = (enum color_choice)i;
            return STATUS_OK;
        }
    }
    (void)error_set(err, STATUS_INVALID, "\"%s\" does not say when to use colour", when);
    (void)error_place(err, "--color");
    return error_hint(err, "It is one of auto, always, never.");
}

static bool wants_color(bool terminal)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    if (color_choice != COLOR_AUTO)
        return color_choice == COLOR_ALWAYS;
    return terminal && (!no_color || no_color[0] == '\0') && !(term && strcmp(term, "dumb") == 0);
}

/* COLUMNS, which shells keep to themselves unless somebody exports it, goes before the terminal's own. */
static int width_of(FILE *file, bool terminal)
{
    struct winsize size;
    int64_t columns;
    if (str_to_int64(str_of(getenv("COLUMNS")), &columns) && columns > 0 && columns <= MAX_COLUMNS)
        return (int)columns;
    return terminal && ioctl(fileno(file), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void output_init(struct output *o, FILE *file, enum output_format format)
{
    *o = (struct output){.file = file, .format = format, .terminal = isatty(fileno(file)) == 1};
    o->color = wants_color(o->terminal);
    o->width = width_of(file, o->terminal);
}

enum status output_format_parse(const char *text, enum output_format *out, struct error *err)
{
    static const char *const names[] = {"table", "json", "jsonl"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum output_format)i;
            return STATUS_OK;
        }
    }
    (void)error_set(err, STATUS_INVALID, "\"%s\" is no form of output", text);
    (void)error_place(err, "--output");
    return error_hint(err, "It is one of table, json, jsonl.");
}

enum status output_buf(struct output *o, const struct buf *text, struct error *err)
{
    TRY(buf_status(text, err));
    struct str s = buf_str(text);
    if (fwrite(s.ptr, 1, s.len, o->file) == s.len && fflush(o->file) == 0)
        return STATUS_OK;
    o->reader_gone = errno == EPIPE;
    return error_set(err, STATUS_IO, "cannot write the output: %s", strerror(errno));
}

enum status output_text(struct output *o, struct str text, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    buf_add_str(&b, text);
    if (!str_ends_with(text, STR("\n")))
        buf_add_char(&b, '\n');
    enum status status = output_buf(o, &b, err);
    buf_free(&b);
    return status;
}

enum status output_value(struct output *o, struct value v, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    enum status status = json_write(&b, v, o->format == OUTPUT_JSONL ? JSON_COMPACT : JSON_PRETTY, err);
    buf_add_char(&b, '\n');
    if (status == STATUS_OK)
        status = output_buf(o, &b, err);
    buf_free(&b);
    return status;
}

enum status output_list(struct output *o, struct value list, struct error *err)
{
    if (o->format != OUTPUT_JSONL || list.type != VALUE_LIST)
        return output_value(o, list, err);
    for (uint32_t i = 0; i < list.len; i++)
        TRY(output_value(o, list.u.list[i], err));
    return STATUS_OK;
}

/* ---- text --------------------------------------------------------------------------------------------- */

static bool is_control(int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/*
 * Columns of one character as add_cut() shows it; -1 is a byte that is no UTF-8. main() has set the locale's
 * characters to UTF-8, so that wcwidth() knows them all.
 */
static size_t columns_of(int32_t c)
{
    if (c == '\t')
        return 1;
    if (c < 0 || is_control(c))
        return strlen("\\x00");
    int width = wcwidth((wchar_t)c);
    return width < 0 ? 1 : (size_t)width;
}

/* As utf8_next(), but moves on behind a wrong byte. */
static int32_t next_character(struct str s, size_t *at)
{
    int32_t c = utf8_next(s, at);
    if (c < 0)
        (*at)++;
    return c;
}

size_t display_width(struct str s)
{
    size_t width = 0;
    for (size_t at = 0; at < s.len;)
        width += columns_of(next_character(s, &at));
    return width;
}

void add_cut(struct buf *b, struct str s, size_t width)
{
    size_t used = 0, at = 0;
    bool cut = width > 0 && display_width(s) > width;
    while (at < s.len) {
        size_t from = at;
        int32_t c = next_character(s, &at);
        used += columns_of(c);
        if (cut && used + 1 > width)
            break;
        if (c == '\t')
            buf_add_char(b, ' ');
        else if (c < 0 || is_control(c))
            buf_printf(b, "\\x%02x", (unsigned)(c < 0 ? (unsigned char)s.ptr[from] : c));
        else
            buf_add(b, s.ptr + from, at - from);
    }
    if (cut)
        buf_add_text(b, "…");
}

void add_clean(struct buf *b, struct str s)
{
    add_cut(b, s, 0);
}

void paint(const struct output *o, struct buf *b, enum paint p)
{
    static const char *const codes[] = {"",         "\033[1m",  "\033[2m", "\033[31m",
                                        "\033[32m", "\033[33m", "\033[34m"};
    if (o->color)
        buf_add_text(b, codes[p]);
}

void unpaint(const struct output *o, struct buf *b, enum paint p)
{
    if (o->color && p != PAINT_NONE)
        buf_add_text(b, "\033[0m");
}

void add_painted(const struct output *o, struct buf *b, enum paint p, struct str s)
{
    paint(o, b, p);
    add_clean(b, s);
    unpaint(o, b, p);
}

void add_duration(struct buf *b, int64_t ms)
{
    if (ms < 0)
        ms = 0;
    if (ms < 1000)
        buf_printf(b, "%lld ms", (long long)ms);
    else if (ms < 60000)
        buf_printf(b, "%lld.%02lld s", (long long)(ms / 1000), (long long)(ms % 1000 / 10));
    else if (ms < 3600000)
        buf_printf(b, "%lld min %02lld s", (long long)(ms / 60000), (long long)(ms % 60000 / 1000));
    else
        buf_printf(b, "%lld h %02lld min", (long long)(ms / 3600000), (long long)(ms % 3600000 / 60000));
}

void add_time(struct buf *b, int64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / 1000000000);
    struct tm tm;
    char text[32];
    if (localtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0)
        buf_add_text(b, text);
}

void add_short_time(struct buf *b, int64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / 1000000000), age = time(NULL) - seconds;
    struct tm tm;
    char text[16];
    if (age < 0 || age > (time_t)12 * 3600)
        add_time(b, time_ns);
    else if (localtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%H:%M:%S", &tm) > 0)
        buf_add_text(b, text);
}

/* ---- standard error ----------------------------------------------------------------------------------- */

/* What does not fit the buffer is lost; what stays is whole lines of text. */
static void print_to_stderr(struct buf *b)
{
    struct str s = buf_str(b);
    (void)fwrite(s.ptr, 1, s.len, stderr);
    buf_free(b);
}

/* Line by line, so that tracebacks keep their lines. */
static void add_lines(struct buf *b, struct str text, const char *indent)
{
    bool first = true;
    while (text.len > 0) {
        struct str line = str_split(&text, '\n');
        buf_add_text(b, first ? "" : indent);
        add_clean(b, line);
        buf_add_char(b, '\n');
        first = false;
    }
}

void say_error(const struct error *err)
{
    struct output o;
    struct buf b;
    output_init(&o, stderr, OUTPUT_TABLE);
    buf_init(&b, 0);
    add_painted(&o, &b, PAINT_RED, STR("error:"));
    buf_add_char(&b, ' ');
    if (err->place[0]) {
        add_clean(&b, str_of(err->place));
        if (err->line)
            buf_printf(&b, ":%u", err->line);
        if (err->line && err->column)
            buf_printf(&b, ":%u", err->column);
        buf_add_text(&b, ": ");
    }
    add_lines(&b, str_of(err->message[0] ? err->message : status_name(err->status)), "       ");
    if (err->hint[0]) {
        buf_add_text(&b, "       ");
        add_lines(&b, str_of(err->hint), "       ");
    }
    print_to_stderr(&b);
}

void say_note(const char *fmt, ...)
{
    char text[1024];
    struct buf b;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    buf_init(&b, 0);
    add_clean(&b, str_of(text));
    buf_add_char(&b, '\n');
    print_to_stderr(&b);
}
