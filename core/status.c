#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    bool retry;
    int exit;
} STATUSES[STATUS_COUNT] = {
#define X(name, text, retry, exit) {text, retry, exit},
#include "status.def"
#undef X
};

const char *status_name(enum status s)
{
    return STATUSES[s < STATUS_COUNT ? s : STATUS_INTERNAL].name;
}

enum status status_from_name(const char *name)
{
    for (int s = 0; name != NULL && s < STATUS_COUNT; s++) {
        if (strcmp(name, STATUSES[s].name) == 0)
            return (enum status)s;
    }
    return STATUS_INTERNAL;
}

bool status_may_retry(enum status s)
{
    return STATUSES[s < STATUS_COUNT ? s : STATUS_INTERNAL].retry;
}

bool error_may_retry(const struct error *err)
{
    return err->passes || status_may_retry(err->status);
}

int status_exit_code(enum status s)
{
    return STATUSES[s < STATUS_COUNT ? s : STATUS_INTERNAL].exit;
}

static const char ELLIPSIS[] = "\xE2\x80\xA6";

/* `wanted` is how long the text would have been: ends one that was cut with "…", between two characters. */
static void mark_cut(char *text, size_t size, size_t wanted)
{
    if (wanted < size || size < sizeof ELLIPSIS)
        return;
    size_t end = size - sizeof ELLIPSIS;
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--;
    memcpy(text + end, ELLIPSIS, sizeof ELLIPSIS);
}

PRINTF_LIKE(3, 0)
static void print(char *text, size_t size, const char *fmt, va_list args)
{
    int wanted = vsnprintf(text, size, fmt, args);
    if (wanted < 0)
        snprintf(text, size, "%s", "a message that cannot be printed");
    else
        mark_cut(text, size, (size_t)wanted);
}

/* Appends to the text of `used` bytes; returns the new length, which may be beyond `size` when it was cut. */
static size_t append(char *text, size_t size, size_t used, const char *part)
{
    size_t len = strlen(part);
    if (used < size) {
        size_t fits = len < size - used ? len : size - used - 1;
        memcpy(text + used, part, fits);
        text[used + fits] = '\0';
    }
    return used + len;
}

/*
 * What error_set() last said on this thread to a caller who did not want to hear it, so that
 * `return error_hint(err, …)` behind it returns the right status all the same.
 */
static _Thread_local enum status unheard = STATUS_INTERNAL;

enum status error_set(struct error *err, enum status s, const char *fmt, ...)
{
    if (err == NULL)
        return unheard = s;
    char message[sizeof err->message]; /* an argument may be a member of *err */
    va_list args;
    va_start(args, fmt);
    print(message, sizeof message, fmt, args);
    va_end(args);
    err->status = s;
    err->passes = false;
    err->line = err->column = 0;
    err->place[0] = err->hint[0] = '\0';
    memcpy(err->message, message, strlen(message) + 1);
    return s;
}

enum status error_place(struct error *err, const char *fmt, ...)
{
    if (err == NULL)
        return unheard;
    char place[sizeof err->place];
    va_list args;
    va_start(args, fmt);
    print(place, sizeof place, fmt, args);
    va_end(args);
    memcpy(err->place, place, strlen(place) + 1);
    return err->status;
}

enum status error_at(struct error *err, uint32_t line, uint32_t column)
{
    if (err == NULL)
        return unheard;
    err->line = line;
    err->column = column;
    return err->status;
}

enum status error_hint(struct error *err, const char *fmt, ...)
{
    if (err == NULL)
        return unheard;
    char hint[sizeof err->hint];
    va_list args;
    va_start(args, fmt);
    print(hint, sizeof hint, fmt, args);
    va_end(args);
    memcpy(err->hint, hint, strlen(hint) + 1);
    return err->status;
}

enum status error_wrap(struct error *err, const char *fmt, ...)
{
    if (err == NULL)
        return unheard;
    char message[sizeof err->message];
    va_list args;
    va_start(args, fmt);
    print(message, sizeof message, fmt, args);
    va_end(args);
    size_t used = append(message, sizeof message, strlen(message), ": ");
    used = append(message, sizeof message, used, err->message);
    mark_cut(message, sizeof message, used);
    memcpy(err->message, message, strlen(message) + 1);
    return err->status;
}

static size_t append_position(const struct error *err, char *text, size_t size, size_t used)
{
    char number[24];
    if (err->line == 0)
        return used;
    snprintf(number, sizeof number, "%s%u", used != 0 ? ":" : "", err->line);
    used = append(text, size, used, number);
    if (err->column == 0)
        return used;
    snprintf(number, sizeof number, ":%u", err->column);
    return append(text, size, used, number);
}

const char *error_text(const struct error *err, char *buffer, unsigned long size)
{
    if (size == 0)
        return buffer;
    buffer[0] = '\0';
    size_t used = append_position(err, buffer, size, append(buffer, size, 0, err->place));
    if (used != 0)
        used = append(buffer, size, used, ": ");
    used = append(buffer, size, used, err->message);
    if (err->hint[0] != '\0') {
        used = append(buffer, size, used, " (");
        used = append(buffer, size, used, err->hint);
        used = append(buffer, size, used, ")");
    }
    mark_cut(buffer, size, used);
    return buffer;
}
