#include "secrets.h"

enum { LEAST_SECRET = 4 };

static const char *const public_fields[] = {"type",     "credential", "name",     "description", "host",
                                            "db_host",  "port",       "db_port",  "db_name",     "dbname",
                                            "database", "user",       "username", "db_user",     "sslmode",
                                            "header",   "scheme",     "prefix",   NULL};

void secrets_add(struct secrets *s, struct str secret)
{
    if (secret.len >= LEAST_SECRET && s->count < SECRETS_MAX)
        s->items[s->count++] = secret;
}

static bool is_public(struct str field)
{
    for (size_t i = 0; public_fields[i]; i++)
        if (str_is(field, public_fields[i]))
            return true;
    return false;
}

void secrets_add_credential(struct secrets *s, struct value credential)
{
    if (credential.type != VALUE_MAP)
        return;
    for (uint32_t i = 0; i < credential.len; i++) {
        struct value_entry e = credential.u.map->entries[i];
        if (!is_public(value_as_str(e.key)))
            secrets_add(s, value_as_str(e.value));
    }
}

/* The secret that starts at `rest`, the longest if one is the beginning of another. */
static size_t secret_at(const struct secrets *s, struct str rest)
{
    size_t longest = 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].len > longest && str_starts_with(rest, s->items[i]))
            longest = s->items[i].len;
    return longest;
}

static bool has_secret(const struct secrets *s, struct str text)
{
    for (size_t i = 0; i < s->count; i++)
        if (str_find(text, s->items[i]) >= 0)
            return true;
    return false;
}

/* `out` has room for text.len bytes: no secret is shorter than what replaces it. */
static size_t redact_into(const struct secrets *s, struct str text, char *out)
{
    size_t len = 0;
    for (size_t at = 0; at < text.len;) {
        size_t secret = secret_at(s, (struct str){text.ptr + at, text.len - at});
        if (secret > 0) {
            memcpy(out + len, "***", 3);
            len += 3;
            at += secret;
        } else {
            out[len++] = text.ptr[at++];
        }
    }
    return len;
}

struct str secrets_redact(const struct secrets *s, struct arena *a, struct str text)
{
    if (!has_secret(s, text))
        return text;
    char *out = arena_alloc(a, text.len);
    if (!out)
        return STR("***");
    return (struct str){out, redact_into(s, text, out)};
}

static void redact_member(const struct secrets *s, char *member, size_t size)
{
    char text[sizeof(((struct error *)0)->message)];
    struct str before = str_of(member);
    if (before.len >= sizeof(text) || !has_secret(s, before))
        return;
    size_t len = redact_into(s, before, text);
    if (len < size) {
        memcpy(member, text, len);
        member[len] = 0;
    }
}

void secrets_redact_error(const struct secrets *s, struct error *err)
{
    redact_member(s, err->message, sizeof(err->message));
    redact_member(s, err->place, sizeof(err->place));
    redact_member(s, err->hint, sizeof(err->hint));
}
