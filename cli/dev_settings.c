#include "dev_settings.h"

#include <ctype.h>
#include <string.h>

extern char **environ;

static const enum setting LOGIN[] = {SETTING_NATS_USER,    SETTING_NATS_PASSWORD, SETTING_NATS_TOKEN,
                                     SETTING_NATS_CREDS,   SETTING_NATS_NKEY,     SETTING_NATS_TLS_CERT,
                                     SETTING_NATS_TLS_KEY, SETTING_NATS_TLS_CA};

enum status dev_settings_set(struct settings *s, enum setting id, const char *text, struct error *err)
{
    return settings_set(s, SOURCE_FLAG, "noetl dev", str_of(setting_name(id)), str_of(text), err);
}

enum status dev_settings_copy(const struct settings *from, struct settings **out, struct error *err)
{
    TRY(settings_new(out, err));
    for (int id = 0; id < SETTING_COUNT; id++) {
        const char *where;
        enum setting_source source = settings_source(from, (enum setting)id, &where);
        enum status s = source == SOURCE_DEFAULT
                            ? STATUS_OK
                            : settings_set(*out, source, where, str_of(setting_name((enum setting)id)),
                                           str_of(settings_text(from, (enum setting)id)), err);
        if (s != STATUS_OK) {
            settings_free(out);
            return s;
        }
    }
    return STATUS_OK;
}

bool dev_settings_names(const struct settings *s, enum setting url)
{
    enum setting_source source = settings_source(s, url, NULL);
    return settings_text(s, url)[0] != '\0' && source != SOURCE_DEFAULT && source != SOURCE_SELECTED;
}

void dev_settings_drop_login(struct settings *s)
{
    for (size_t i = 0; i < sizeof(LOGIN) / sizeof(LOGIN[0]); i++)
        settings_reset(s, LOGIN[i]);
}

/* ---- the environment ---------------------------------------------------------------------------------- */

static bool is_for(enum setting id, const char *part)
{
    if (id == SETTING_POSTGRES_URL)
        return strcmp(part, "broker") == 0 || strcmp(part, "render") == 0;
    if (id == SETTING_WORKER_CREDENTIALS)
        return strcmp(part, "worker") == 0;
    return true;
}

/* "NOETL_NATS_URL=…" */
static const char *variable(const struct settings *s, enum setting id, const char *part, struct arena *a)
{
    const char *name = setting_name(id);
    const char *text = is_for(id, part) ? settings_text(s, id) : setting_default(id);
    struct str line = arena_printf(a, "NOETL_%s=%s", name, text);
    char *copy = line.ptr ? arena_strdup(a, line) : NULL;
    for (size_t i = 0; copy && i < strlen(name); i++)
        copy[6 + i] = name[i] == '.' ? '_' : (char)toupper((unsigned char)name[i]);
    return copy;
}

static bool is_inherited(const char *line)
{
    return strncmp(line, "NOETL_", 6) != 0 && strncmp(line, "NATS_", 5) != 0;
}

enum status dev_environment(const struct settings *s, const char *part, struct arena *a,
                            const char *const **out, struct error *err)
{
    size_t inherited = 0, count = 0;
    while (environ[inherited])
        inherited++;
    const char **lines = ARENA_ARRAY(a, const char *, inherited + SETTING_COUNT + 1);
    if (!lines)
        return arena_error(a, err, "the environment of a part");
    for (size_t i = 0; i < inherited; i++)
        if (is_inherited(environ[i]))
            lines[count++] = environ[i];
    for (int id = 0; id < SETTING_COUNT; id++) {
        lines[count] = variable(s, (enum setting)id, part, a);
        if (!lines[count++])
            return arena_error(a, err, "the environment of a part");
    }
    *out = lines;
    return STATUS_OK;
}
