/* The schema's versions, made from migrations/NNNN_name.sql when the program is built (embed.cmake). */
#ifndef EVENTLOG_MIGRATION_H
#define EVENTLOG_MIGRATION_H

#include <stdint.h>

#include "core/status.h"

struct migration {
    int version; /* 1, 2, 3, … without gaps */
    const char *name;
    const char *sql;
};

extern const struct migration MIGRATIONS[];
extern const int MIGRATION_COUNT;

/* The error for a schema that a newer program made. */
enum status migration_too_new(int64_t version, struct error *err) MUST_CHECK;

#endif
