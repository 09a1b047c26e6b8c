#include "settings_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/buf.h"

#include "nats_context.h"

enum { MAX_MEMORY = 4 << 20 };

/*
 * NOETL_ variables that are no settings: the file's name, the nats-server to start, and what tests are told
 * (NOETL_TEST_… too).
 */
static const char *const OTHER_VARIABLES[] = {"NOETL_CONFIG", "NOETL_NATS_SERVER", "NOETL_BINARY",
                                              "NOETL_SOURCE_DIR", NULL};

static enum status set_default(struct settings *s, enum setting id, struct error *err)
{
    s->values[id] = (struct setting_value){.source = SOURCE_DEFAULT, .where = ""};
    return setting_parse(&s->arena, id, str_of(setting_default(id)), &s->values[id], err);
}

enum status settings_new(struct settings **out, struct error *err)
{
    struct settings *s = calloc(1, sizeof(*s));
    *out = NULL;
    if (!s)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the settings");
    arena_init(&s->arena, MAX_MEMORY);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        enum status status = set_default(s, (enum setting)i, err);
        if (status != STATUS_OK) {
            settings_free(&s);
            return status;
        }
        s->defaults[i] = s->values[i];
    }
    *out = s;
    return STATUS_OK;
}

void settings_free(struct settings **s)
{
    if (!*s)
        return;
    arena_free(&(*s)->arena);
    free(*s);
    *s = NULL;
}

void settings_reset(struct settings *s, enum setting id)
{
    s->values[id] = s->defaults[id];
}

enum status settings_assign(struct settings *s, enum setting id, enum setting_source source,
                            const char *where, struct str text, struct error *err)
{
    struct setting_value value = {.source = source};
    TRY(setting_parse(&s->arena, id, text, &value, err));
    if (source < s->values[id].source)
        return STATUS_OK;
    value.where = arena_strdup(&s->arena, str_of(where));
    if (!value.where)
        return arena_error(&s->arena, err, setting_name(id));
    s->values[id] = value;
    return STATUS_OK;
}

enum status settings_set(struct settings *s, enum setting_source source, const char *where, struct str name,
                         struct str text, struct error *err)
{
    enum setting id = setting_find(name);
    enum status status = id == SETTING_COUNT ? setting_unknown("setting", name, setting_suggest(name), err)
                                             : settings_assign(s, id, source, where, text, err);
    return status == STATUS_OK ? STATUS_OK : error_place(err, "%s", where);
}

/* ---- environment -------------------------------------------------------------------------------------- */

enum { VARIABLE_MAX = 64 };

/* "nats.url" → "NOETL_NATS_URL" */
static const char *variable_name(enum setting id, char out[VARIABLE_MAX])
{
    (void)snprintf(out, VARIABLE_MAX, "NOETL_%s", setting_name(id));
    for (char *c = out; *c; c++)
        *c = *c == '.' ? '_' : (char)toupper((unsigned char)*c);
    return out;
}

static enum setting variable_find(struct str variable)
{
    char name[VARIABLE_MAX];
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (str_is(variable, variable_name((enum setting)i, name)))
            return (enum setting)i;
    }
    return SETTING_COUNT;
}

static enum status variable_unknown(struct str variable, struct error *err)
{
    char texts[SETTING_COUNT][VARIABLE_MAX];
    struct str names[SETTING_COUNT];
    for (size_t i = 0; i < SETTING_COUNT; i++)
        names[i] = str_of(variable_name((enum setting)i, texts[i]));
    return setting_unknown("variable", variable, str_nearest(variable, names, SETTING_COUNT), err);
}

static bool is_other_variable(struct str variable)
{
    for (const char *const *name = OTHER_VARIABLES; *name; name++) {
        if (str_is(variable, *name))
            return true;
    }
    return str_starts_with(variable, STR("NOETL_TEST_"));
}

static enum status load_variable(struct settings *s, struct str variable, struct str text, struct error *err)
{
    enum setting id = variable_find(variable);
    if (id == SETTING_COUNT)
        return is_other_variable(variable) ? STATUS_OK : variable_unknown(variable, err);
    char name[VARIABLE_MAX];
    return settings_assign(s, id, SOURCE_ENVIRONMENT, variable_name(id, name), text, err);
}

enum status settings_load_environment(struct settings *s, const char *const *environment, struct error *err)
{
    for (; *environment; environment++) {
        struct str text = str_of(*environment);
        if (!str_starts_with(text, STR("NOETL_")))
            continue;
        struct str variable = str_split(&text, '=');
        if (load_variable(s, variable, text, err) != STATUS_OK)
            return error_place(err, "environment variable %" PRISTR, ARGSTR(variable));
    }
    return STATUS_OK;
}

const char *environment_get(const char *const *environment, const char *name)
{
    size_t len = strlen(name);
    for (; *environment; environment++) {
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=' &&
            (*environment)[len + 1] != '\0')
            return *environment + len + 1;
    }
    return NULL;
}

bool config_home_path(const char *const *environment, const char *rest, char *out, size_t size)
{
    const char *base = environment_get(environment, "XDG_CONFIG_HOME");
    const char *middle = "";
    if (!base) {
        base = environment_get(environment, "HOME");
        middle = "/.config";
    }
    return base && (size_t)snprintf(out, size, "%s%s/%s", base, middle, rest) < size;
}

enum status settings_load(struct settings *s, const struct settings_sources *from, struct error *err)
{
    TRY(from->file ? settings_load_file(s, from->file, err)
                   : settings_load_usual_file(s, from->environment, err));
    TRY(nats_load_context(s, from->context, from->environment, err));
    /* NATS_* first: the same source again replaces, so that NOETL_NATS_URL, which is ours alone, wins. */
    TRY(nats_load_environment(s, from->environment, err));
    TRY(settings_load_environment(s, from->environment, err));
    return nats_settle_login(s, err);
}

/* ---- reading ------------------------------------------------------------------------------------------ */

const char *settings_text(const struct settings *s, enum setting id)
{
    return s->values[id].text;
}

int64_t settings_int(const struct settings *s, enum setting id)
{
    return s->values[id].number;
}

bool settings_flag(const struct settings *s, enum setting id)
{
    return s->values[id].number != 0;
}

const char *const *settings_list(const struct settings *s, enum setting id)
{
    return s->values[id].items;
}

enum setting_source settings_source(const struct settings *s, enum setting id, const char **where)
{
    if (where)
        *where = s->values[id].where;
    return s->values[id].source;
}

const char *setting_source_name(enum setting_source source)
{
    static const char *const names[] = {"default", "file", "context", "context", "environment", "flag"};
    return names[source];
}

/* "nats://user:password@host" → "nats://user:***@host", for each of the URLs in a list. */
static enum status without_passwords(struct arena *a, struct str text, struct str *out, struct error *err)
{
    struct buf shown;
    buf_init(&shown, 0);
    while (text.len > 0) {
        struct str url = str_split(&text, ',');
        ptrdiff_t scheme = str_find(url, STR("://")), at = str_find(url, STR("@"));
        size_t from = scheme < 0 ? 0 : (size_t)scheme + 3;
        struct str login = {url.ptr + from, at > (ptrdiff_t)from ? (size_t)at - from : 0};
        ptrdiff_t colon = str_find(login, STR(":"));
        bool hide = login.len > 0;
        size_t keep = !hide ? url.len : colon < 0 ? from : from + (size_t)colon + 1;
        buf_add_text(&shown, shown.len ? "," : "");
        buf_add(&shown, url.ptr, keep);
        if (hide) {
            buf_add_text(&shown, "***");
            buf_add(&shown, url.ptr + at, url.len - (size_t)at);
        }
    }
    enum status status = buf_status(&shown, err);
    *out = (struct str){status == STATUS_OK ? arena_strdup(a, buf_str(&shown)) : NULL, shown.len};
    buf_free(&shown);
    return status == STATUS_OK && !out->ptr ? arena_error(a, err, "a setting") : status;
}

static enum status shown_text(const struct settings *s, enum setting id, struct arena *a, struct str *out,
                              struct error *err)
{
    *out = str_of(s->values[id].text);
    if (setting_type_of(id) == SETTING_SECRET)
        *out = out->len > 0 ? STR("***") : STR("");
    else if (str_find(*out, STR("@")) >= 0)
        return without_passwords(a, *out, out, err);
    return STATUS_OK;
}

static enum status setting_to_value(const struct settings *s, enum setting id, struct arena *a,
                                    struct value *out, struct error *err)
{
    struct str text;
    TRY(shown_text(s, id, a, &text, err));
    struct map_builder map;
    map_begin(&map, a);
    map_put(&map, STR("name"), value_text(setting_name(id)));
    map_put(&map, STR("value"), value_str(text));
    map_put(&map, STR("source"), value_text(setting_source_name(s->values[id].source)));
    map_put(&map, STR("where"), value_text(s->values[id].where));
    map_put(&map, STR("unit"), value_text(setting_unit(id)));
    map_put(&map, STR("doc"), value_text(setting_doc(id)));
    return map_end(&map, out, err);
}

enum status settings_to_value(const struct settings *s, struct arena *a, struct value *out, struct error *err)
{
    struct list_builder list;
    list_begin(&list, a);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        struct value item;
        TRY(setting_to_value(s, (enum setting)i, a, &item, err));
        list_add(&list, item);
    }
    return list_end(&list, out, err);
}
