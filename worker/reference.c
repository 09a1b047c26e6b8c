#include "reference.h"

#include "core/buf.h"
#include "core/digest.h"

#define PREFIX "noetl_secret."
enum { SEAL_TEXT = 32 };

/* ---- writing -------------------------------------------------------------------------------------- */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static void add_part(struct buf *b, struct str part)
{
    for (size_t i = 0; i < part.len; i++)
        if (is_plain(part.ptr[i]))
            buf_add_char(b, part.ptr[i]);
        else
            buf_printf(b, "~%02x", (unsigned)(unsigned char)part.ptr[i]);
    buf_add_char(b, '.');
}

/* Half of a SHA-256: what is left out of it keeps anybody from going on with the digest. */
static void seal_of(struct str seal, struct str parts, char out[SEAL_TEXT + 1])
{
    static const char hex[] = "0123456789abcdef";
    struct sha256 h;
    uint8_t digest[32];
    sha256_begin(&h);
    sha256_add(&h, seal.ptr, seal.len);
    sha256_add(&h, ":", 1);
    sha256_add(&h, parts.ptr, parts.len);
    sha256_end(&h, digest);
    for (size_t i = 0; i < SEAL_TEXT / 2; i++) {
        out[2 * i] = hex[digest[i] >> 4];
        out[2 * i + 1] = hex[digest[i] & 15];
    }
    out[SEAL_TEXT] = '\0';
}

struct str reference_write(struct arena *a, struct str seal, const struct secret_name *name)
{
    struct buf b;
    struct error ignored;
    char sealed[SEAL_TEXT + 1];
    buf_init(&b, 0);
    buf_add_text(&b, PREFIX);
    add_part(&b, name->provider);
    add_part(&b, name->name);
    add_part(&b, name->field);
    seal_of(seal, buf_str(&b), sealed);
    buf_add_text(&b, sealed);
    char *text = buf_status(&b, &ignored) == STATUS_OK ? arena_strdup(a, buf_str(&b)) : NULL;
    struct str out = {text, text ? b.len : 0};
    buf_free(&b);
    return out;
}

/* ---- reading -------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Cuts a part and the point behind it off `rest`; false if there is none. `out` NULL: only looks. */
static bool take_part(struct str *rest, struct buf *out)
{
    size_t i = 0;
    for (; i < rest->len && rest->ptr[i] != '.'; i++) {
        char c = rest->ptr[i];
        if (c == '~' && i + 2 < rest->len && hex_digit(rest->ptr[i + 1]) >= 0 &&
            hex_digit(rest->ptr[i + 2]) >= 0) {
            c = (char)(hex_digit(rest->ptr[i + 1]) * 16 + hex_digit(rest->ptr[i + 2]));
            i += 2;
        } else if (!is_plain(c)) {
            return false;
        }
        buf_add_char(out, c);
    }
    bool ended = i < rest->len;
    *rest = (struct str){rest->ptr + i + ended, rest->len - i - ended};
    return ended;
}

static bool take_seal(struct str *rest, struct str *out)
{
    *out = (struct str){rest->ptr, SEAL_TEXT};
    if (rest->len < SEAL_TEXT)
        return false;
    for (size_t i = 0; i < SEAL_TEXT; i++)
        if (hex_digit(rest->ptr[i]) < 0)
            return false;
    *rest = (struct str){rest->ptr + SEAL_TEXT, rest->len - SEAL_TEXT};
    return true;
}

struct reference {
    struct str text, seal;
    struct secret_name name;
};

static enum status keep_part(struct arena *a, struct str *rest, bool *is_part, struct str *out,
                             struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    *is_part = *is_part && take_part(rest, &b);
    enum status s = buf_status(&b, err);
    *out = (struct str){s == STATUS_OK ? arena_strdup(a, buf_str(&b)) : NULL, b.len};
    buf_free(&b);
    return s == STATUS_OK && !out->ptr ? arena_error(a, err, "a reference to a secret") : s;
}

/* Whether a reference begins at `text`, which begins with the prefix. */
static enum status read_reference(struct arena *a, struct str text, bool *is_one, struct reference *out,
                                  struct error *err)
{
    struct str rest = {text.ptr + strlen(PREFIX), text.len - strlen(PREFIX)};
    *is_one = true;
    TRY(keep_part(a, &rest, is_one, &out->name.provider, err));
    TRY(keep_part(a, &rest, is_one, &out->name.name, err));
    TRY(keep_part(a, &rest, is_one, &out->name.field, err));
    *is_one = *is_one && take_seal(&rest, &out->seal);
    out->text = (struct str){text.ptr, text.len - rest.len};
    return STATUS_OK;
}

/* ---- in place of references ----------------------------------------------------------------------- */

struct resolver {
    struct secret_source *source;
    struct str seal;
    struct arena *arena;
    struct secrets *used;
    struct error *err;
};

static enum status check_seal(const struct resolver *r, const struct reference *ref)
{
    char sealed[SEAL_TEXT + 1];
    seal_of(r->seal, (struct str){ref->text.ptr, ref->text.len - SEAL_TEXT}, sealed);
    if (r->seal.len > 0 && str_is(ref->seal, sealed))
        return STATUS_OK;
    error_set(r->err, STATUS_DENIED, "the reference to the secret %" PRISTR " was not made in this execution",
              ARGSTR(str_head(ref->name.name, 100)));
    return error_hint(r->err,
                      "A reference is good in the execution whose step fetched it: fetch the secret in "
                      "this playbook, by a step of type secrets.");
}

static enum status add_secret(struct resolver *r, const struct reference *ref, struct buf *out)
{
    struct str secret, mark = {arena_strdup(r->arena, ref->text), ref->text.len};
    if (!mark.ptr)
        return arena_error(r->arena, r->err, "a reference to a secret");
    TRY(check_seal(r, ref));
    TRY(secret_source_read(r->source, &ref->name, r->arena, &secret, r->err));
    buf_add_str(out, secret);
    return secrets_add_marked(r->used, r->arena, secret, mark, r->err);
}

static enum status resolve_into(struct resolver *r, struct str text, struct buf *out)
{
    for (ptrdiff_t at; (at = str_find(text, STR(PREFIX))) >= 0;) {
        struct reference ref;
        bool is_one;
        buf_add(out, text.ptr, (size_t)at);
        text = (struct str){text.ptr + at, text.len - (size_t)at};
        TRY(read_reference(r->arena, text, &is_one, &ref, r->err));
        size_t taken = is_one ? ref.text.len : strlen(PREFIX);
        if (is_one)
            TRY(add_secret(r, &ref, out));
        else
            buf_add(out, text.ptr, taken);
        text = (struct str){text.ptr + taken, text.len - taken};
    }
    buf_add_str(out, text);
    return buf_status(out, r->err);
}

static enum status resolve_text(struct resolver *r, struct value v, struct value *out)
{
    struct str text = value_as_str(v);
    struct buf b;
    *out = v;
    if (str_find(text, STR(PREFIX)) < 0)
        return STATUS_OK;
    buf_init(&b, 0);
    enum status s = resolve_into(r, text, &b);
    if (s == STATUS_OK) {
        char *copy = arena_strdup(r->arena, buf_str(&b));
        *out = value_str((struct str){copy, b.len});
        s = copy ? STATUS_OK : arena_error(r->arena, r->err, "the task");
    }
    buf_free(&b);
    return s;
}

static enum status resolve(struct resolver *r, struct value v, struct value *out);

static enum status resolve_list(struct resolver *r, struct value v, struct value *out)
{
    struct list_builder list;
    list_begin(&list, r->arena);
    for (uint32_t i = 0; i < v.len; i++) {
        struct value item;
        TRY(resolve(r, v.u.list[i], &item));
        list_add(&list, item);
    }
    return list_end(&list, out, r->err);
}

static enum status resolve_map(struct resolver *r, struct value v, struct value *out)
{
    struct map_builder map;
    map_begin(&map, r->arena);
    for (uint32_t i = 0; i < v.len; i++) {
        struct value key, value;
        TRY(resolve_text(r, v.u.map->entries[i].key, &key));
        TRY(resolve(r, v.u.map->entries[i].value, &value));
        map_put_value(&map, key, value);
    }
    return map_end(&map, out, r->err);
}

static enum status resolve(struct resolver *r, struct value v, struct value *out)
{
    *out = v;
    if (v.type == VALUE_STRING)
        return resolve_text(r, v, out);
    if (v.type == VALUE_LIST)
        return resolve_list(r, v, out);
    return v.type == VALUE_MAP ? resolve_map(r, v, out) : STATUS_OK;
}

/* Most values have none, and are not written anew. */
static bool has_prefix(struct value v)
{
    if (v.type == VALUE_STRING)
        return str_find(value_as_str(v), STR(PREFIX)) >= 0;
    for (uint32_t i = 0; v.type == VALUE_LIST && i < v.len; i++)
        if (has_prefix(v.u.list[i]))
            return true;
    for (uint32_t i = 0; v.type == VALUE_MAP && i < v.len; i++)
        if (has_prefix(v.u.map->entries[i].key) || has_prefix(v.u.map->entries[i].value))
            return true;
    return false;
}

enum status references_resolve(struct secret_source *source, struct str seal, struct value v, struct arena *a,
                               struct secrets *used, struct value *out, struct error *err)
{
    struct resolver r = {.source = source, .seal = seal, .arena = a, .used = used, .err = err};
    *out = v;
    return has_prefix(v) ? resolve(&r, v, out) : STATUS_OK;
}
