/* What the files of this room share: the values of a struct settings, and its table. */
#ifndef CONFIG_SETTINGS_PRIVATE_H
#define CONFIG_SETTINGS_PRIVATE_H

#include "settings.h"

struct setting_value {
    const char *text;         /* as given, in the arena */
    int64_t number;           /* of an INTEGER, DURATION, SIZE or FLAG */
    const char *const *items; /* of a LIST */
    enum setting_source source;
    const char *where; /* "" for a default */
};

struct settings {
    struct arena arena;
    struct setting_value values[SETTING_COUNT];
    struct setting_value defaults[SETTING_COUNT];
};

/* Reads `text` as the setting's type and checks its limits; fills text, number and items. */
enum status setting_parse(struct arena *a, enum setting id, struct str text, struct setting_value *out,
                          struct error *err) MUST_CHECK;
/* Whether some setting's name starts with "name." */
bool setting_is_section(struct str name);
/* Sets and returns STATUS_INVALID: `what` (a key, a variable) `name` is not known, with a suggestion. */
enum status setting_unknown(const char *what, struct str name, struct str suggestion, struct error *err);
/* As settings_set(), for a known setting; the error has no place yet. */
enum status settings_assign(struct settings *s, enum setting id, enum setting_source source,
                            const char *where, struct str text, struct error *err) MUST_CHECK;

/* $NOETL_CONFIG of that environment, else <config home>/noetl/config.yaml if there is one. */
enum status settings_load_usual_file(struct settings *s, const char *const *environment,
                                     struct error *err) MUST_CHECK;

/* The value of a variable in "NAME=value" entries, or NULL; an empty one counts as unset. */
const char *environment_get(const char *const *environment, const char *name);
/* <configuration folder of the user>/rest, by XDG_CONFIG_HOME or HOME; false if neither is set or it is too
 * long. */
bool config_home_path(const char *const *environment, const char *rest, char *out, size_t size);
/* A whole file of at most `max_bytes`, zero-terminated, in `a`; STATUS_NOT_FOUND when there is none. */
enum status config_read_file(struct arena *a, const char *path, size_t max_bytes, struct str *out,
                             struct error *err) MUST_CHECK;

#endif
