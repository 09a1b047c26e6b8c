#include "secret_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "text.h"

enum status secret_source_open(struct secret_source *s, const struct settings *settings, struct error *err)
{
    s->folder = settings_text(settings, SETTING_WORKER_SECRETS);
    return credentials_open(settings_text(settings, SETTING_WORKER_CREDENTIALS), &s->credentials, err);
}

void secret_source_close(struct secret_source *s)
{
    credentials_close(&s->credentials);
}

/* ---- env ------------------------------------------------------------------------------------------ */

static enum status read_variable(struct secret_source *s, const struct secret_name *name, struct arena *a,
                                 struct str *out, struct error *err)
{
    (void)s;
    const char *variable = arena_strdup(a, name->name);
    if (!variable)
        return arena_error(a, err, "a secret");
    if (child_variable_is_hidden(variable)) {
        error_set(err, STATUS_DENIED, "the variable holds the worker's own access");
        return error_hint(err, "Variables that begin with NOETL_, NATS_ or PG are not for playbooks.");
    }
    const char *text = getenv(variable);
    if (!text) {
        error_set(err, STATUS_NOT_FOUND, "the worker has no such environment variable");
        return error_hint(err, "Set %s where the worker is started.", variable);
    }
    *out = (struct str){arena_strdup(a, str_of(text)), strlen(text)};
    return out->ptr ? STATUS_OK : arena_error(a, err, "a secret");
}

/* ---- file ----------------------------------------------------------------------------------------- */

static enum status read_all(int fd, struct arena *a, struct str *out, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return error_set(err, STATUS_INVALID, "it is no file");
    if (st.st_size > SECRET_BYTES_MAX)
        return error_set(err, STATUS_LIMIT, "the file has %lld bytes; a secret may have %d",
                         (long long)st.st_size, SECRET_BYTES_MAX);
    char *bytes = arena_alloc(a, SECRET_BYTES_MAX);
    if (!bytes)
        return arena_error(a, err, "a secret");
    *out = (struct str){bytes, 0};
    for (;;) {
        ssize_t n = read(fd, bytes + out->len, SECRET_BYTES_MAX - out->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, STATUS_IO, "the file cannot be read: %m");
        if (n == 0)
            return STATUS_OK;
        out->len += (size_t)n;
    }
}

static void drop_line_end(struct str *text)
{
    if (text->len > 0 && text->ptr[text->len - 1] == '\n')
        text->len--;
    if (text->len > 0 && text->ptr[text->len - 1] == '\r')
        text->len--;
}

static enum status read_file(struct secret_source *s, const struct secret_name *name, struct arena *a,
                             struct str *out, struct error *err)
{
    bool is_whole = name->name.len > 0 && name->name.ptr[0] == '/';
    const char *path =
        arena_printf(a, "%s%s%" PRISTR, is_whole ? "" : s->folder, is_whole ? "" : "/", ARGSTR(name->name))
            .ptr;
    if (!path)
        return arena_error(a, err, "a secret");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        error_set(err, errno == EACCES ? STATUS_DENIED : STATUS_NOT_FOUND, "%s: %m", path);
        return error_hint(err, "A name that is no path is looked for in the folder worker.secrets.");
    }
    enum status status = read_all(fd, a, out, err);
    close(fd);
    drop_line_end(out);
    return status;
}

/* ---- credential ----------------------------------------------------------------------------------- */

/* The only field that is a secret by its name. */
static enum status only_field(struct value credential, struct str *out, struct error *err)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < credential.len; i++) {
        struct value_entry e = credential.u.map->entries[i];
        if (secrets_is_public(value_as_str(e.key)) || e.value.type != VALUE_STRING)
            continue;
        *out = value_as_str(e.value);
        count++;
    }
    if (count == 1)
        return STATUS_OK;
    error_set(err, STATUS_INVALID, "the credential has %u fields that are secret", count);
    return error_hint(err, "Say with \"field\" which of its fields is meant.");
}

static enum status read_credential(struct secret_source *s, const struct secret_name *name, struct arena *a,
                                   struct str *out, struct error *err)
{
    struct value credential;
    TRY(credentials_find(s->credentials, name->name, a, &credential, err));
    if (name->field.len == 0)
        return only_field(credential, out, err);
    struct value field = value_get(credential, name->field);
    if (field.type != VALUE_STRING)
        return error_set(err, STATUS_NOT_FOUND, "the credential has no field \"%" PRISTR "\"",
                         ARGSTR(name->field));
    *out = value_as_str(field);
    return STATUS_OK;
}

/* ---- all of them ---------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum status (*read)(struct secret_source *s, const struct secret_name *name, struct arena *a,
                        struct str *out, struct error *err);
} providers[] = {{"env", read_variable}, {"file", read_file}, {"credential", read_credential}};
enum { PROVIDER_COUNT = sizeof(providers) / sizeof(providers[0]) };

static enum status find_provider(struct str word, size_t *out, struct error *err)
{
    for (*out = 0; *out < PROVIDER_COUNT; ++*out)
        if (str_is(word, providers[*out].word))
            return STATUS_OK;
    error_set(err, STATUS_UNSUPPORTED, "this worker has no provider \"%" PRISTR "\" of secrets",
              ARGSTR(word));
    return error_hint(err, "The providers are env, file and credential.");
}

static enum status check_text(struct str text, struct error *err)
{
    if (!is_text(text))
        return error_set(err, STATUS_INVALID, "the secret is no UTF-8 text");
    if (text.len < SECRETS_LEAST)
        return error_set(err, STATUS_INVALID,
                         "the secret has fewer than %d bytes, too few to be kept out of outcomes",
                         SECRETS_LEAST);
    return STATUS_OK;
}

enum status secret_source_read(struct secret_source *s, const struct secret_name *name, struct arena *a,
                               struct str *out, struct error *err)
{
    size_t provider;
    bool is_name = name->name.len > 0 && name->name.len <= SECRET_NAME_MAX && is_text(name->name) &&
                   name->field.len <= SECRET_NAME_MAX && is_text(name->field);
    *out = STR("");
    if (!is_name)
        return error_set(err, STATUS_INVALID, "a secret's name has 1 to %d bytes of text", SECRET_NAME_MAX);
    TRY(find_provider(name->provider, &provider, err));
    enum status status = providers[provider].read(s, name, a, out, err);
    if (status == STATUS_OK)
        status = check_text(*out, err);
    if (status != STATUS_OK && !err->place[0])
        error_place(err, "secret %" PRISTR " of %s", ARGSTR(str_head(name->name, 100)),
                    providers[provider].word);
    return status;
}
