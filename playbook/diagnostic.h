/*
 * What a reader of a playbook has to say about it: place, message, and the line with a caret under it.
 *
 *   flow.yaml:12:17: error: unknown step "hott" in next; did you mean "hot"?
 *      12 |         - step: hott
 *         |                 ^~~~
 */
#ifndef PLAYBOOK_DIAGNOSTIC_H
#define PLAYBOOK_DIAGNOSTIC_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/value.h"

struct position {
    uint32_t line, column; /* from 1 (columns in characters); 0: none */
    uint32_t length;       /* characters to underline; 0: one */
};

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_HINT };

enum diagnostic_code {
#define X(name, code, severity, doc) DIAGNOSTIC_##name,
#include "diagnostic.def"
#undef X
    DIAGNOSTIC_CODE_COUNT
};

struct diagnostic {
    enum severity severity;
    struct position at;
    struct str code; /* "unknown-step", "duplicate-key", …: stable names, listed in docs/LINT.md */
    struct str message;
    struct str hint; /* "" if none */
};

struct diagnostics {
    struct arena arena;
    struct diagnostic *items; /* in the order of their positions, after playbook_compile() */
    uint32_t count, capacity;
    uint32_t errors, warnings; /* of all that were found, also of those beyond the MAX_DIAGNOSTICS kept */
    uint32_t dropped;          /* how many are not in `items` */
    bool failed;               /* there was no memory for one: sticks, and playbook_compile() says so */
};

enum { MAX_DIAGNOSTICS = 200 };

/* "unknown-step" and what it is about. */
const char *diagnostic_code_name(enum diagnostic_code c);
enum severity diagnostic_code_severity(enum diagnostic_code c);
const char *diagnostic_code_doc(enum diagnostic_code c);
/* "error", "warning", "hint" */
const char *severity_name(enum severity s);

void diagnostics_init(struct diagnostics *d);
void diagnostics_free(struct diagnostics *d);
/* Adds one, unless the same is there already. */
void diagnostics_add(struct diagnostics *d, enum diagnostic_code code, struct position at, const char *fmt,
                     ...) PRINTF_LIKE(4, 5);
/* Gives the newest one a hint: what to do about it. */
void diagnostics_hint(struct diagnostics *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Puts them into the order of their positions. */
void diagnostics_sort(struct diagnostics *d);
/* The text form of all of them, with the source lines. */
void diagnostics_print(const struct diagnostics *d, struct str text, const char *file, struct buf *out);
/* A list of {"severity","code","file","line","column","message","hint"}. */
enum status diagnostics_to_value(const struct diagnostics *d, const char *file, struct arena *a,
                                 struct value *out, struct error *err) MUST_CHECK;

#endif
