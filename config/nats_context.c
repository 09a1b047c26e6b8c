#include "nats_context.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/json.h"

#include "settings_private.h"

enum { CONTEXT_MAX_BYTES = 1 << 20 };

struct mapping {
    const char *name; /* of the variable, or of the member of a context */
    enum setting id;
    bool is_file;
};

static const struct mapping VARIABLES[] = {
    {"NATS_URL", SETTING_NATS_URL, false},           {"NATS_USER", SETTING_NATS_USER, false},
    {"NATS_PASSWORD", SETTING_NATS_PASSWORD, false}, {"NATS_CREDS", SETTING_NATS_CREDS, true},
    {"NATS_NKEY", SETTING_NATS_NKEY, true},          {"NATS_CERT", SETTING_NATS_TLS_CERT, true},
    {"NATS_KEY", SETTING_NATS_TLS_KEY, true},        {"NATS_CA", SETTING_NATS_TLS_CA, true},
    {"NATS_TIMEOUT", SETTING_NATS_TIMEOUT, false},
};
static const struct mapping MEMBERS[] = {
    {"url", SETTING_NATS_URL, false},           {"user", SETTING_NATS_USER, false},
    {"password", SETTING_NATS_PASSWORD, false}, {"token", SETTING_NATS_TOKEN, false},
    {"creds", SETTING_NATS_CREDS, true},        {"nkey", SETTING_NATS_NKEY, true},
    {"cert", SETTING_NATS_TLS_CERT, true},      {"key", SETTING_NATS_TLS_KEY, true},
    {"ca", SETTING_NATS_TLS_CA, true},
};
/* Members that change how the nats CLI connects. Others (description, colours, inbox prefix) do no harm. */
static const char *const UNSUPPORTED[] = {"nsc",
                                          "user_jwt",
                                          "user_seed",
                                          "socks_proxy",
                                          "tls_first",
                                          "jetstream_domain",
                                          "jetstream_api_prefix",
                                          "jetstream_event_prefix"};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Files may start with "~/", as the nats CLI allows in contexts. */
static enum status assign(struct settings *s, const struct mapping *m, enum setting_source source,
                          const char *where, struct str text, const char *const *environment,
                          struct error *err)
{
    char path[PATH_MAX];
    const char *home = environment_get(environment, "HOME");
    if (m->is_file && home && str_starts_with(text, STR("~/"))) {
        int len = snprintf(path, sizeof(path), "%s%" PRISTR, home, (int)text.len - 1, text.ptr + 1);
        if (len < 0 || (size_t)len >= sizeof(path))
            return error_set(err, STATUS_LIMIT, "the path \"%" PRISTR "\" is too long", ARGSTR(text));
        text = (struct str){path, (size_t)len};
    }
    return settings_assign(s, m->id, source, where, text, err);
}

enum status nats_load_environment(struct settings *s, const char *const *environment, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(VARIABLES); i++) {
        const struct mapping *m = &VARIABLES[i];
        const char *text = environment_get(environment, m->name);
        if (text && assign(s, m, SOURCE_ENVIRONMENT, m->name, str_of(text), environment, err) != STATUS_OK)
            return error_place(err, "environment variable %s", m->name);
    }
    return STATUS_OK;
}

/* ---- contexts ----------------------------------------------------------------------------------------- */

static bool is_set(struct value v)
{
    return (v.type == VALUE_STRING && v.len > 0) || (v.type == VALUE_BOOL && v.u.b);
}

static enum status refuse_unsupported(struct value context, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(UNSUPPORTED); i++) {
        if (!is_set(value_get(context, str_of(UNSUPPORTED[i]))))
            continue;
        (void)error_set(err, STATUS_UNSUPPORTED, "the context has \"%s\", which noetl cannot connect with",
                        UNSUPPORTED[i]);
        return error_hint(err, "Give the connection with --server and --creds, or use another context.");
    }
    return STATUS_OK;
}

static enum status take_members(struct settings *s, enum setting_source source, struct value context,
                                const char *path, const char *const *environment, struct error *err)
{
    TRY(refuse_unsupported(context, err));
    for (size_t i = 0; i < COUNT_OF(MEMBERS); i++) {
        const struct mapping *m = &MEMBERS[i];
        struct value v = value_get(context, str_of(m->name));
        if (v.type != VALUE_STRING && v.type != VALUE_UNDEFINED && v.type != VALUE_NULL)
            return error_set(err, STATUS_INVALID, "\"%s\" is a %s, and must be text", m->name,
                             value_type_name(v));
        if (is_set(v))
            TRY(assign(s, m, source, path, value_as_str(v), environment, err));
    }
    return STATUS_OK;
}

static enum status read_context(struct settings *s, enum setting_source source, const char *path,
                                const char *const *environment, struct error *err)
{
    struct arena a;
    arena_init(&a, (size_t)4 * CONTEXT_MAX_BYTES);
    struct str text;
    struct value context;
    enum status status = config_read_file(&a, path, CONTEXT_MAX_BYTES, &text, err);
    if (status == STATUS_OK)
        status = json_read_map(&a, text, "the context", &context, err);
    if (status == STATUS_OK)
        status = take_members(s, source, context, path, environment, err);
    if (status != STATUS_OK)
        (void)error_place(err, "%s", path);
    arena_free(&a);
    return status;
}

/* The names of all contexts, separated by commas, as far as they fit. */
static void list_contexts(const char *folder, char *out, size_t size)
{
    DIR *dir = opendir(folder);
    out[0] = '\0';
    if (!dir)
        return;
    for (const struct dirent *e; (e = readdir(dir));) {
        struct str name = str_of(e->d_name);
        if (name.len <= 5 || !str_ends_with(name, STR(".json")))
            continue;
        size_t used = strlen(out);
        if (used + name.len + 2 < size)
            (void)snprintf(out + used, size - used, "%s%" PRISTR, used ? ", " : "", (int)name.len - 5,
                           name.ptr);
    }
    (void)closedir(dir);
}

static enum status unknown_context(const char *name, const char *folder, struct error *err)
{
    char names[160];
    list_contexts(folder, names, sizeof(names));
    (void)error_set(err, STATUS_NOT_FOUND, "there is no NATS context \"%s\" in %s", name, folder);
    if (names[0])
        return error_hint(err, "Known contexts: %s.", names);
    return error_hint(err, "`nats context add %.100s` makes it; --server names a server without one.", name);
}

static bool is_context_name(const char *name)
{
    return !strstr(name, "..") && !strchr(name, '/');
}

static enum status load_named(struct settings *s, enum setting_source source, const char *name,
                              const char *const *environment, struct error *err)
{
    if (str_ends_with(str_of(name), STR(".json")) && access(name, F_OK) == 0)
        return read_context(s, source, name, environment, err);
    char folder[PATH_MAX], path[PATH_MAX];
    if (!is_context_name(name))
        return error_set(err, STATUS_INVALID, "\"%s\" cannot be the name of a NATS context", name);
    if (!config_home_path(environment, "nats/context", folder, sizeof(folder)) ||
        (size_t)snprintf(path, sizeof(path), "%s/%s.json", folder, name) >= sizeof(path))
        return error_set(err, STATUS_NOT_FOUND, "there is no folder for NATS contexts: HOME is not set");
    if (access(path, F_OK) != 0)
        return unknown_context(name, folder, err);
    return read_context(s, source, path, environment, err);
}

/* The name in context.txt, in `a`; "" if no context is selected. */
static enum status selected_context(struct arena *a, const char *const *environment, const char **out,
                                    struct error *err)
{
    char path[PATH_MAX];
    struct str text;
    *out = "";
    if (!config_home_path(environment, "nats/context.txt", path, sizeof(path)) || access(path, F_OK) != 0)
        return STATUS_OK;
    TRY(config_read_file(a, path, 4096, &text, err));
    *out = arena_strdup(a, str_trim(text));
    return *out ? STATUS_OK : arena_error(a, err, "the name of the NATS context");
}

static enum status load_selected(struct settings *s, const char *const *environment, struct error *err)
{
    struct arena a;
    const char *name;
    arena_init(&a, 0);
    enum status status = selected_context(&a, environment, &name, err);
    if (status == STATUS_OK && name[0] && load_named(s, SOURCE_SELECTED, name, environment, err) != STATUS_OK)
        status = error_wrap(err, "the selected NATS context");
    arena_free(&a);
    return status;
}

enum status nats_load_context(struct settings *s, const char *name, const char *const *environment,
                              struct error *err)
{
    if (!name)
        name = environment_get(environment, "NATS_CONTEXT");
    return name ? load_named(s, SOURCE_CONTEXT, name, environment, err) : load_selected(s, environment, err);
}
