/*
 * The program's settings: declared once in settings.def, read from a YAML file, the nats CLI's context, the
 * environment and flags, and where each value came from.
 *
 * A source never replaces what a stronger one said, whatever the order of the calls; the same source again
 * replaces what it said before. Settings are read by any thread once they are loaded, and changed by one.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/status.h"
#include "core/value.h"

enum setting {
#define X(id, name, type, default_text, unit, doc) SETTING_##id,
#include "settings.def"
#undef X
    SETTING_COUNT
};

enum setting_type {
    SETTING_TEXT,
    SETTING_SECRET,
    SETTING_INTEGER,
    SETTING_DURATION,
    SETTING_SIZE,
    SETTING_FLAG,
    SETTING_LIST
};

/*
 * From the weakest to the strongest. SOURCE_SELECTED: the context of the nats CLI that happens to be
 * selected; SOURCE_CONTEXT: one that was named (nats_context.h).
 */
enum setting_source {
    SOURCE_DEFAULT,
    SOURCE_FILE,
    SOURCE_SELECTED,
    SOURCE_CONTEXT,
    SOURCE_ENVIRONMENT,
    SOURCE_FLAG
};

struct settings;

/* All defaults. */
enum status settings_new(struct settings **out, struct error *err) MUST_CHECK;
void settings_free(struct settings **s);

/*
 * `path` NULL: $NOETL_CONFIG, else $XDG_CONFIG_HOME/noetl/config.yaml (~/.config/noetl/config.yaml) if there
 * is one. A file that was named and is not there is STATUS_NOT_FOUND; errors have its name, line and column.
 */
enum status settings_load_file(struct settings *s, const char *path, struct error *err) MUST_CHECK;
/* NOETL_<NAME WITH _ FOR .>; an unknown NOETL_ variable is an error with a suggestion. */
enum status settings_load_environment(struct settings *s, const char *const *environment,
                                      struct error *err) MUST_CHECK;
/* As from a flag: --set-option name=value, or a flag of a command. `where` is copied; it names the place in
 * errors. */
enum status settings_set(struct settings *s, enum setting_source source, const char *where, struct str name,
                         struct str text, struct error *err) MUST_CHECK;
/* Back to the default, as if no source had said anything. */
void settings_reset(struct settings *s, enum setting id);

/*
 * All of it, over the flags that were set already: the file, the context and variables of the nats CLI,
 * NOETL_*, and then who logs in (nats_context.h).
 */
struct settings_sources {
    const char *file;               /* NULL: the usual place, if it is there */
    const char *context;            /* --context; NULL: none */
    const char *const *environment; /* "NAME=value", NULL-ended */
};
enum status settings_load(struct settings *s, const struct settings_sources *from,
                          struct error *err) MUST_CHECK;

enum setting setting_find(struct str name); /* SETTING_COUNT if there is none */
/* The name closest to `name`, for "did you mean"; an empty slice if none is close. */
struct str setting_suggest(struct str name);
const char *setting_name(enum setting id);
enum setting_type setting_type_of(enum setting id);
const char *setting_type_name(enum setting_type type);
const char *setting_default(enum setting id);
const char *setting_unit(enum setting id);
const char *setting_doc(enum setting id);

/* Text as given; "" when unset. The pointer lives as long as the settings. */
const char *settings_text(const struct settings *s, enum setting id);
int64_t settings_int(const struct settings *s,
                     enum setting id); /* durations in milliseconds, sizes in bytes */
bool settings_flag(const struct settings *s, enum setting id);
/* The items of a list, NULL-ended. */
const char *const *settings_list(const struct settings *s, enum setting id);
/* `where` (may be NULL) gets "file.yaml:3", "NOETL_NATS_URL", "--server"; "" for a default. */
enum setting_source settings_source(const struct settings *s, enum setting id, const char **where);
const char *setting_source_name(enum setting_source source);
/* A list of {"name","value","source","where","unit","doc"}; secrets show as "***". */
enum status settings_to_value(const struct settings *s, struct arena *a, struct value *out,
                              struct error *err) MUST_CHECK;

#endif
