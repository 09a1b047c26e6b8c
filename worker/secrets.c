#include "secrets.h"

#include <stdio.h>

#include "core/buf.h"
#include "core/json.h"

/* Lines of a secret that are shorter are met without it. */
enum { LEAST_LINE = 8, LEAST_CUT = 1024 /* texts that are shorter are not cut off anywhere */ };

static const char *const public_fields[] = {"type",     "credential", "name",     "description", "host",
                                            "db_host",  "port",       "db_port",  "db_name",     "dbname",
                                            "database", "user",       "username", "db_user",     "sslmode",
                                            "header",   "scheme",     "prefix",   NULL};

void secrets_add(struct secrets *s, struct str secret)
{
    if (secret.len >= SECRETS_LEAST && s->count < SECRETS_MAX)
        s->items[s->count++] = secret;
}

bool secrets_is_public(struct str field)
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
        if (!secrets_is_public(value_as_str(e.key)))
            secrets_add(s, value_as_str(e.value));
    }
}

/* ---- secrets with marks --------------------------------------------------------------------------- */

static enum status add(struct secrets *s, struct str secret, struct str mark, struct error *err)
{
    if (secret.len < SECRETS_LEAST)
        return STATUS_OK;
    if (s->count == SECRETS_MAX) {
        error_set(err, STATUS_LIMIT, "the secrets of one attempt have more than %d parts", SECRETS_MAX);
        return error_hint(err, "A secret of many lines counts for each of them.");
    }
    s->items[s->count] = secret;
    s->marks[s->count++] = mark;
    return STATUS_OK;
}

/* As another program may print it; nothing if that is the secret itself. */
static enum status add_form(struct secrets *s, struct arena *a, struct str secret, struct buf *form,
                            struct error *err)
{
    enum status status = buf_status(form, err);
    if (status == STATUS_OK && !str_equal(buf_str(form), secret)) {
        struct str copy = {arena_strdup(a, buf_str(form)), form->len};
        status = copy.ptr ? add(s, copy, STR(""), err) : arena_error(a, err, "a secret");
    }
    buf_free(form);
    return status;
}

static enum status add_json(struct secrets *s, struct arena *a, struct str secret, struct error *err)
{
    struct buf quoted, form;
    buf_init(&quoted, 0);
    buf_init(&form, 0);
    json_write_string(&quoted, secret);
    if (quoted.len > 2)
        buf_add(&form, quoted.data + 1, quoted.len - 2);
    buf_free(&quoted);
    return add_form(s, a, secret, &form, err);
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && strchr("-_.~", c));
}

static enum status add_percent(struct secrets *s, struct arena *a, struct str secret, const char *space,
                               struct error *err)
{
    struct buf form;
    buf_init(&form, 0);
    for (size_t i = 0; i < secret.len; i++) {
        if (is_plain(secret.ptr[i]))
            buf_add_char(&form, secret.ptr[i]);
        else if (secret.ptr[i] == ' ')
            buf_add_text(&form, space);
        else
            buf_printf(&form, "%%%02X", (unsigned)(unsigned char)secret.ptr[i]);
    }
    return add_form(s, a, secret, &form, err);
}

static enum status add_lines(struct secrets *s, struct str secret, struct error *err)
{
    if (!memchr(secret.ptr, '\n', secret.len))
        return STATUS_OK;
    while (secret.len > 0) {
        struct str line = str_trim(str_split(&secret, '\n'));
        if (line.len >= LEAST_LINE)
            TRY(add(s, line, STR(""), err));
    }
    return STATUS_OK;
}

enum status secrets_add_marked(struct secrets *s, struct arena *a, struct str secret, struct str mark,
                               struct error *err)
{
    for (size_t i = 0; i < s->count; i++)
        if (str_equal(s->items[i], secret))
            return STATUS_OK;
    TRY(add(s, secret, mark, err));
    TRY(add_json(s, a, secret, err));
    TRY(add_percent(s, a, secret, "%20", err));
    TRY(add_percent(s, a, secret, "+", err));
    return add_lines(s, secret, err);
}

/* ---- replacing ------------------------------------------------------------------------------------ */

/* The secret that starts at `rest`, the longest if one is the beginning of another; SECRETS_MAX: none. */
static size_t secret_at(const struct secrets *s, struct str rest)
{
    size_t found = SECRETS_MAX;
    for (size_t i = 0; i < s->count; i++)
        if (str_starts_with(rest, s->items[i]) &&
            (found == SECRETS_MAX || s->items[i].len > s->items[found].len))
            found = i;
    return found;
}

static bool has_secret(const struct secrets *s, struct str text)
{
    for (size_t i = 0; i < s->count; i++)
        if (str_find(text, s->items[i]) >= 0)
            return true;
    return false;
}

static void replace_into(const struct secrets *s, struct str text, bool with_marks, struct buf *out)
{
    for (size_t at = 0; at < text.len;) {
        size_t i = secret_at(s, (struct str){text.ptr + at, text.len - at});
        if (i == SECRETS_MAX) {
            buf_add_char(out, text.ptr[at++]);
            continue;
        }
        buf_add_str(out, with_marks && s->marks[i].len > 0 ? s->marks[i] : STR("***"));
        at += s->items[i].len;
    }
}

/* Without the beginning of a secret at its end: the rest of it may have been cut off. */
static struct str without_cut_secret(const struct secrets *s, struct str text)
{
    for (size_t i = 0; i < s->count; i++)
        for (size_t len = s->items[i].len - 1; len >= SECRETS_LEAST; len--)
            if (str_ends_with(text, (struct str){s->items[i].ptr, len}))
                return (struct str){text.ptr, text.len - len};
    return text;
}

/* Cuts off what stands behind the place where a text was cut, if it says so (task_log_end()). */
static struct str behind_cut(struct str *text)
{
    struct str rest = *text;
    for (ptrdiff_t at; (at = str_find(rest, STR("\n[cut: "))) >= 0;) {
        *text = (struct str){text->ptr, (size_t)(rest.ptr - text->ptr) + (size_t)at};
        rest = (struct str){rest.ptr + at + 1, rest.len - (size_t)at - 1};
    }
    return (struct str){text->ptr + text->len, (size_t)(rest.ptr + rest.len - text->ptr) - text->len};
}

/* In the arena; ptr NULL when there is no memory. */
static struct str replaced(const struct secrets *s, struct arena *a, struct str text, bool with_marks)
{
    struct buf b;
    struct error ignored;
    struct str head = text, tail = behind_cut(&head);
    struct str whole = head.len < LEAST_CUT && tail.len == 0 ? head : without_cut_secret(s, head);
    if (whole.len == head.len && !has_secret(s, text))
        return text;
    buf_init(&b, 0);
    replace_into(s, whole, with_marks, &b);
    if (whole.len < head.len)
        buf_add_text(&b, "***");
    replace_into(s, tail, with_marks, &b);
    char *copy = buf_status(&b, &ignored) == STATUS_OK ? arena_strdup(a, buf_str(&b)) : NULL;
    struct str out = {copy, copy ? b.len : 0};
    buf_free(&b);
    return out;
}

struct str secrets_redact(const struct secrets *s, struct arena *a, struct str text)
{
    struct str out = replaced(s, a, text, false);
    return out.ptr ? out : STR("***");
}

/* Texts of errors are cut in many places, and say so by "…" at most. */
static void redact_member(const struct secrets *s, char *member, size_t size)
{
    struct buf b;
    struct str before = str_of(member), head = before;
    if (str_ends_with(head, STR("…")))
        head.len -= strlen("…");
    struct str whole = without_cut_secret(s, head);
    if (whole.len == head.len && !has_secret(s, before))
        return;
    buf_init(&b, 0);
    replace_into(s, whole, false, &b);
    if (whole.len < head.len)
        buf_add_text(&b, "***");
    snprintf(member, size, "%s", b.data ? b.data : "***");
    buf_free(&b);
}

void secrets_redact_error(const struct secrets *s, struct error *err)
{
    redact_member(s, err->message, sizeof(err->message));
    redact_member(s, err->place, sizeof(err->place));
    redact_member(s, err->hint, sizeof(err->hint));
}

/* ---- values --------------------------------------------------------------------------------------- */

static enum status mask_text(const struct secrets *s, struct arena *a, struct value v, bool with_marks,
                             struct value *out, struct error *err)
{
    *out = v;
    if (v.type != VALUE_STRING)
        return STATUS_OK;
    struct str text = value_as_str(v), masked = replaced(s, a, text, with_marks);
    if (masked.ptr != text.ptr)
        *out = value_str(masked);
    return masked.ptr ? STATUS_OK : arena_error(a, err, "the outcome");
}

static enum status mask_list(const struct secrets *s, struct arena *a, struct value v, bool with_marks,
                             struct value *out, struct error *err)
{
    struct list_builder list;
    list_begin(&list, a);
    for (uint32_t i = 0; i < v.len; i++) {
        struct value item;
        TRY(secrets_mask(s, a, v.u.list[i], with_marks, &item, err));
        list_add(&list, item);
    }
    return list_end(&list, out, err);
}

static enum status mask_map(const struct secrets *s, struct arena *a, struct value v, bool with_marks,
                            struct value *out, struct error *err)
{
    struct map_builder map;
    map_begin(&map, a);
    for (uint32_t i = 0; i < v.len; i++) {
        struct value key, value;
        TRY(mask_text(s, a, v.u.map->entries[i].key, with_marks, &key, err));
        TRY(secrets_mask(s, a, v.u.map->entries[i].value, with_marks, &value, err));
        map_put_value(&map, key, value);
    }
    return map_end(&map, out, err);
}

enum status secrets_mask(const struct secrets *s, struct arena *a, struct value v, bool with_marks,
                         struct value *out, struct error *err)
{
    *out = v;
    if (s->count == 0)
        return STATUS_OK;
    if (v.type == VALUE_STRING)
        return mask_text(s, a, v, with_marks, out, err);
    if (v.type == VALUE_LIST)
        return mask_list(s, a, v, with_marks, out, err);
    return v.type == VALUE_MAP ? mask_map(s, a, v, with_marks, out, err) : STATUS_OK;
}
