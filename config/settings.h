/*
 * The program's settings: declared once in settings.def, read from a YAML file, then NOETL_* variables, then
 * flags, each over the one before; and where each value came from.
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

enum setting_type { SETTING_TEXT, SETTING_SECRET, SETTING_INTEGER, SETTING_DURATION, SETTING_SIZE, SETTING_FLAG, SETTING_LIST };
enum setting_source { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_FLAG };

struct settings;

/* All defaults. */
enum status settings_new(struct settings **out, struct error *err) MUST_CHECK;
void settings_free(struct settings **s);
/* `path` NULL: $NOETL_CONFIG, else ~/.config/noetl/config.yaml if there is one. */
enum status settings_load_file(struct settings *s, const char *path, struct error *err) MUST_CHECK;
/* NOETL_<NAME WITH _ FOR .>; an unknown NOETL_ variable is an error with a suggestion. */
enum status settings_load_environment(struct settings *s, const char *const *environment, struct error *err) MUST_CHECK;
/* As from a flag: --set-option name=value, or a flag of a command. */
enum status settings_set(struct settings *s, enum setting_source source, const char *where, struct str name,
                         struct str text, struct error *err) MUST_CHECK;
enum setting setting_find(struct str name); /* SETTING_COUNT if there is none */
const char *setting_name(enum setting id);

/* Text as given; "" when unset. The pointer lives as long as the settings. */
const char *settings_text(const struct settings *s, enum setting id);
int64_t settings_int(const struct settings *s, enum setting id); /* durations in milliseconds, sizes in bytes */
bool settings_flag(const struct settings *s, enum setting id);
/* The items of a list, NULL-ended. */
const char *const *settings_list(const struct settings *s, enum setting id);
enum setting_source settings_source(const struct settings *s, enum setting id, const char **where);
/* A list of {"name","value","source","where","unit","doc"}; secrets show as "***". */
enum status settings_to_value(const struct settings *s, struct arena *a, struct value *out, struct error *err) MUST_CHECK;

#endif
