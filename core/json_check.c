/* Whether JSON can carry a value, and how much text it would be. */
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "json_refusal.h"

enum { FLOAT_BYTES = 24, KEY_SHOWN = 40, DEEP_PATH_SHOWN = 48, PATH_BYTES = 256 };

/* Where in the value the check is: a key, or an item's number. */
struct at {
    const struct at *outer;
    struct value key; /* no string: it is an item */
    uint32_t index;
};

struct checker {
    size_t bytes, max_bytes;
    uint32_t max_depth;
    struct error *err;
};

static enum status check(struct checker *c, struct value v, const struct at *at, uint32_t depth);

/* ---- what is wrong ------------------------------------------------------------------------------------ */

static size_t add_path(const struct at *at, char *text, size_t size)
{
    if (!at)
        return 0;
    size_t used = add_path(at->outer, text, size);
    if (used >= size)
        return used;
    int added = at->key.type == VALUE_STRING
                    ? snprintf(text + used, size - used, "%s%" PRISTR, used ? "." : "",
                               ARGSTR(str_head(value_as_str(at->key), KEY_SHOWN)))
                    : snprintf(text + used, size - used, "[%u]", at->index);
    return added < 0 ? used : used + (size_t)added;
}

/* What is refused, is refused there. */
static enum status place(const struct checker *c, const struct at *at)
{
    char path[PATH_BYTES] = "";
    add_path(at, path, sizeof(path));
    return error_place(c->err, "%s", path);
}

static enum status too_deep(const struct checker *c, const struct at *at)
{
    char path[PATH_BYTES] = "";
    add_path(at, path, sizeof(path));
    struct str beginning = str_head(str_of(path), DEEP_PATH_SHOWN);
    error_set(c->err, STATUS_LIMIT, "it is nested more than %u levels deep", c->max_depth);
    return error_place(c->err, "%" PRISTR "%s", ARGSTR(beginning), beginning.len < strlen(path) ? "…" : "");
}

static enum status too_large(const struct checker *c)
{
    if (c->max_bytes >> 20 << 20 == c->max_bytes)
        return error_set(c->err, STATUS_LIMIT, "it has more than %zu MiB as JSON", c->max_bytes >> 20);
    return error_set(c->err, STATUS_LIMIT, "it has more than %zu bytes as JSON", c->max_bytes);
}

/* ---- the parts ---------------------------------------------------------------------------------------- */

static enum status count(struct checker *c, size_t bytes)
{
    c->bytes += bytes;
    return c->max_bytes && c->bytes > c->max_bytes ? too_large(c) : STATUS_OK;
}

/* With its quotes and escapes (json_write.c). */
static size_t text_bytes(const char *s, size_t len)
{
    size_t more = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char ch = (unsigned char)s[i];
        more += (ch == '"') + (ch == '\\');
        if (ch < 0x20)
            more += ch == '\b' || ch == '\t' || ch == '\n' || ch == '\f' || ch == '\r' ? 1 : 5;
    }
    return len + more + 2;
}

static size_t int_bytes(int64_t i)
{
    size_t digits = 1 + (i < 0);
    for (; i <= -10 || i >= 10; i /= 10)
        digits++;
    return digits;
}

static enum status check_list(struct checker *c, struct value v, const struct at *outer, uint32_t depth)
{
    struct at at = {.outer = outer};
    TRY(count(c, 2 + (size_t)v.len));
    for (; at.index < v.len; at.index++)
        TRY(check(c, v.u.list[at.index], &at, depth + 1));
    return STATUS_OK;
}

static enum status check_map(struct checker *c, struct value v, const struct at *outer, uint32_t depth)
{
    TRY(count(c, 2 + (size_t)v.len));
    for (uint32_t i = 0; i < v.len; i++) {
        const struct value_entry *e = &v.u.map->entries[i];
        const struct at at = {.outer = outer, .key = e->key};
        if (e->key.type != VALUE_STRING) {
            json_refuse_key(e->key, c->err);
            return place(c, outer);
        }
        TRY(count(c, text_bytes(e->key.u.s, e->key.len) + 1));
        TRY(check(c, e->value, &at, depth + 1));
    }
    return STATUS_OK;
}

static enum status check(struct checker *c, struct value v, const struct at *at, uint32_t depth)
{
    bool holds_others = v.type == VALUE_LIST || v.type == VALUE_MAP;
    if (holds_others && depth == c->max_depth)
        return too_deep(c, at);
    switch ((enum value_type)v.type) {
    case VALUE_NULL: return count(c, 4);
    case VALUE_BOOL: return count(c, v.u.b ? 4 : 5);
    case VALUE_INT: return count(c, int_bytes(v.u.i));
    case VALUE_BIGINT: return count(c, v.len);
    case VALUE_FLOAT:
        if (isfinite(v.u.f))
            return count(c, FLOAT_BYTES);
        json_refuse_number(v.u.f, c->err);
        return place(c, at);
    case VALUE_STRING: return count(c, text_bytes(v.u.s, v.len));
    case VALUE_LIST: return check_list(c, v, at, depth);
    case VALUE_MAP: return check_map(c, v, at, depth);
    case VALUE_UNDEFINED:
    case VALUE_OBJECT: json_refuse_other(v, c->err); return place(c, at);
    }
    return STATUS_OK;
}

enum status json_check(struct value v, const struct json_bounds *bounds, size_t *bytes, struct error *err)
{
    struct checker c = {.max_bytes = bounds->max_bytes,
                        .max_depth = bounds->max_depth ? bounds->max_depth : VALUE_MAX_DEPTH,
                        .err = err};
    TRY(check(&c, v, NULL, 0));
    if (bytes)
        *bytes = c.bytes;
    return STATUS_OK;
}
