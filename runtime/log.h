/*
 * What a daemon says while it works: one line an event on standard error, logfmt or JSON.
 *
 *   time=2026-01-02T03:04:05.678Z level=info part=broker msg="partition taken" partition=7 epoch=3
 *
 * What a line is about has the same names everywhere: execution, step, task, attempt.
 *
 * A line is written whole, with one write(2). Any thread.
 */
#ifndef RUNTIME_LOG_H
#define RUNTIME_LOG_H

#include <stdint.h>

#include "core/status.h"
#include "core/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *name;
    enum { LOG_FIELD_TEXT, LOG_FIELD_INT, LOG_FIELD_ID, LOG_FIELD_ERROR } kind;
    struct str text;
    int64_t number;
    const struct error *error;
};
#define LOG_STR(n, s) ((struct log_field){.name = (n), .kind = LOG_FIELD_TEXT, .text = (s)})
#define LOG_TEXT(n, zero_terminated)                                                                         \
    ((struct log_field){.name = (n), .kind = LOG_FIELD_TEXT, .text = str_of(zero_terminated)})
#define LOG_NUM(n, i) ((struct log_field){.name = (n), .kind = LOG_FIELD_INT, .number = (int64_t)(i)})
/* An execution's id: text in JSON, where many readers lose digits of such numbers. */
#define LOG_ID(n, i) ((struct log_field){.name = (n), .kind = LOG_FIELD_ID, .number = (int64_t)(i)})
/* What a message is about whose subject is of an execution (publisher/subject.h). */
#define LOG_SUBJECT(s) LOG_STR("execution", str_token(str_of(s), '.', 3)), LOG_TEXT("subject", (s))
/* All that names a struct task. */
#define LOG_TASK(t)                                                                                          \
    LOG_ID("execution", (t)->execution_id), LOG_STR("step", (t)->step), LOG_STR("task", (t)->task_id),       \
        LOG_NUM("attempt", (t)->attempt)
/* kind, message, place, hint */
#define LOG_ERR(e) ((struct log_field){.name = "error", .kind = LOG_FIELD_ERROR, .error = (e)})

/* Once, before threads start. `part`: "broker", … */
void log_setup(const char *part, enum log_level least, bool json);
void log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count);

#define LOG_FIELDS_(...)                                                                                     \
    (const struct log_field[]){__VA_ARGS__},                                                                 \
        sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field)
#define LOG(level, message, ...) log_write((level), (message), LOG_FIELDS_(__VA_ARGS__))
/* Without fields. */
#define LOG_LINE(level, message) log_write((level), (message), NULL, 0)

#endif
