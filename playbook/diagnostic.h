/*
 * What a reader of a playbook has to say about it: place, message, and the line with a caret under it.
 *
 *   flow.yaml:12:15: error: unknown step "hott" in next; did you mean "hot"?
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

struct diagnostic {
    enum severity severity;
    struct position at;
    struct str code;    /* "unknown-step", "duplicate-key", …: stable names, listed in docs/LINT.md */
    struct str message;
    struct str hint;    /* "" if none */
};

struct diagnostics {
    struct arena arena;
    struct diagnostic *items; /* in the order of their positions, after playbook_compile() */
    uint32_t count, capacity;
    uint32_t errors, warnings;
};

void diagnostics_init(struct diagnostics *d);
void diagnostics_free(struct diagnostics *d);
/* The text form of all of them, with the source lines. */
void diagnostics_print(const struct diagnostics *d, struct str text, const char *file, struct buf *out);
/* A list of {"severity","code","file","line","column","message","hint"}. */
enum status diagnostics_to_value(const struct diagnostics *d, const char *file, struct arena *a, struct value *out,
                                 struct error *err) MUST_CHECK;

#endif
