/*
 * How every operation of the program says how it ended.
 *
 * A function that can fail returns an `enum status` that its caller must look at, and fills a
 * `struct error` that the caller gave it. There is no global error state and no errno between rooms.
 */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

enum status {
#define X(name, text, retry, exit) STATUS_##name,
#include "status.def"
#undef X
    STATUS_COUNT
};

#define MUST_CHECK             __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * What went wrong, where, and what to do about it. Owned by the caller, usually on its stack; holds no
 * pointers, so it can be copied. `place` names the thing (a file, a subject, a step, "--timeout"); line and
 * column count from 1, and 0 means that there is none. `hint` is a whole sentence for the person, or "".
 */
struct error {
    enum status status;
    bool passes; /* a LIMIT that is not the caller's fault and passes: a stream is full */
    uint32_t line;
    uint32_t column;
    char place[192];
    char message[1024];
    char hint[256];
};

/* The name on the wire ("not_found"). */
const char *status_name(enum status s);
/* The status with that name; STATUS_INTERNAL for a name that is not in the table. */
enum status status_from_name(const char *name);
bool status_may_retry(enum status s);
/* Whether the same call may succeed later: by its status, or because the limit that it met passes. */
bool error_may_retry(const struct error *err);
int status_exit_code(enum status s);

/*
 * Each returns its status, so that a failing function ends with `return error_set(err, STATUS_…, …);`.
 * `err` may be NULL everywhere. error_set() clears place, line, column and hint; the others add to what
 * error_set() wrote. Text that does not fit is cut at a character's boundary and ends in "…".
 */
enum status error_set(struct error *err, enum status s, const char *fmt, ...) PRINTF_LIKE(3, 4);
enum status error_place(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
enum status error_at(struct error *err, uint32_t line, uint32_t column);
enum status error_hint(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Puts "fmt: " before the message: what the caller was doing when the callee failed. */
enum status error_wrap(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "place:line:column: message (hint)" with the parts that are there; returns buffer. */
const char *error_text(const struct error *err, char *buffer, unsigned long size);

/* Leaves the calling function with the status of `call` unless it is STATUS_OK. */
#define TRY(call)                                                                                            \
    do {                                                                                                     \
        enum status try_status_ = (call);                                                                    \
        if (try_status_ != STATUS_OK)                                                                        \
            return try_status_;                                                                              \
    } while (0)

#endif
