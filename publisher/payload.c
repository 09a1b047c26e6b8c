#include "payload.h"

#include <inttypes.h>

#include "core/event.h"
#include "core/id.h"
#include "core/json.h"

static enum status wrong_type(struct error *err, struct str name, const char *expected, struct value found)
{
    error_set(err, STATUS_INVALID, "\"%" PRISTR "\" must be %s, and it is of type %s", ARGSTR(name), expected,
              value_type_name(found));
    return error_place(err, "%" PRISTR, ARGSTR(name));
}

static enum status missing(struct error *err, struct str name)
{
    error_set(err, STATUS_INVALID, "\"%" PRISTR "\" is missing", ARGSTR(name));
    return error_place(err, "%" PRISTR, ARGSTR(name));
}

/* Absent also for null. */
static struct value member(struct value map, struct str name)
{
    struct value v = value_get(map, name);
    return v.type == VALUE_NULL ? (struct value){0} : v;
}

static enum status unknown(struct error *err, struct str key, const struct str *known, size_t count,
                           const char *what)
{
    error_set(err, STATUS_INVALID, "%s has no member \"%" PRISTR "\"", what, ARGSTR(key));
    error_place(err, "%" PRISTR, ARGSTR(key));
    struct str near = str_nearest(key, known, count);
    if (near.len > 0)
        return error_hint(err, "did you mean \"%" PRISTR "\"?", ARGSTR(near));
    struct buf names;
    buf_init(&names, 0);
    for (size_t i = 0; i < count; i++)
        buf_printf(&names, "%s%" PRISTR, i > 0 ? ", " : "", ARGSTR(known[i]));
    struct str all = buf_str(&names);
    error_hint(err, all.len > 0 ? "its members are %" PRISTR : "it has no members%" PRISTR, ARGSTR(all));
    buf_free(&names);
    return STATUS_INVALID;
}

enum status payload_read(struct arena *a, struct str text, const char *what, struct value *out,
                         struct error *err)
{
    if (str_trim(text).len == 0) {
        *out = VALUE_EMPTY_MAP;
        return STATUS_OK;
    }
    return json_read_map(a, text, what, out, err);
}

enum status payload_known(struct value map, const struct str *known, size_t count, const char *what,
                          struct error *err)
{
    if (map.type != VALUE_MAP)
        return error_set(err, STATUS_INVALID, "%s must be a map, and it is of type %s", what,
                         value_type_name(map));
    for (uint32_t i = 0; i < map.len; i++) {
        struct str key = value_as_str(map.u.map->entries[i].key);
        size_t at = 0;
        while (at < count && !str_equal(known[at], key))
            at++;
        if (at == count)
            return unknown(err, key, known, count, what);
    }
    return STATUS_OK;
}

enum status payload_text(struct value map, struct str name, struct str *out, struct error *err)
{
    struct value v = member(map, name);
    if (!value_is_absent(v) && v.type != VALUE_STRING)
        return wrong_type(err, name, "a string", v);
    *out = value_as_str(v);
    return STATUS_OK;
}

enum status payload_required_text(struct value map, struct str name, struct str *out, struct error *err)
{
    TRY(payload_text(map, name, out, err));
    return out->len > 0 ? STATUS_OK : missing(err, name);
}

enum status payload_map(struct value map, struct str name, struct value *out, struct error *err)
{
    *out = member(map, name);
    if (!value_is_absent(*out) && out->type != VALUE_MAP)
        return wrong_type(err, name, "a map", *out);
    return STATUS_OK;
}

enum status payload_flag(struct value map, struct str name, bool absent, bool *out, struct error *err)
{
    struct value v = member(map, name);
    if (value_is_absent(v)) {
        *out = absent;
        return STATUS_OK;
    }
    if (v.type != VALUE_BOOL)
        return wrong_type(err, name, "true or false", v);
    *out = v.u.b;
    return STATUS_OK;
}

enum status payload_number(struct value map, struct str name, int64_t max, int64_t *out, struct error *err)
{
    struct value v = member(map, name);
    *out = v.type == VALUE_INT ? v.u.i : 0;
    if (v.type == VALUE_STRING && !str_to_int64(value_as_str(v), out))
        return wrong_type(err, name, "a number", v);
    if (!value_is_absent(v) && v.type != VALUE_INT && v.type != VALUE_STRING)
        return wrong_type(err, name, "a number", v);
    if (*out < 0 || *out > max) {
        error_set(err, STATUS_INVALID, "\"%" PRISTR "\" must be from 0 to %" PRId64 ", and it is %" PRId64,
                  ARGSTR(name), max, *out);
        return error_place(err, "%" PRISTR, ARGSTR(name));
    }
    return STATUS_OK;
}

enum status payload_time(struct value map, struct str name, int64_t *out, struct error *err)
{
    struct str text = {0};
    *out = 0;
    TRY(payload_text(map, name, &text, err));
    if (text.len == 0)
        return STATUS_OK;
    enum status status = time_parse(text, out, err);
    if (status != STATUS_OK) {
        error_place(err, "%" PRISTR, ARGSTR(name));
        return error_hint(err, "write it as 2026-01-02T03:04:05Z");
    }
    return STATUS_OK;
}

enum status payload_execution_id(struct value map, int64_t *out, struct error *err)
{
    struct value v = member(map, STR("execution_id"));
    if (value_is_absent(v))
        return missing(err, STR("execution_id"));
    if (v.type != VALUE_STRING) {
        wrong_type(err, STR("execution_id"), "a string", v);
        return error_hint(err, "many JSON readers lose digits of large numbers: write the id in quotes");
    }
    enum status status = id_parse(value_as_str(v), out, err);
    if (status != STATUS_OK)
        error_place(err, "execution_id");
    return status;
}

enum status payload_version(struct value map, uint64_t *out, struct error *err)
{
    if (str_is(value_as_str(value_get(map, STR("version"))), "latest")) {
        *out = 0;
        return STATUS_OK;
    }
    int64_t version = 0;
    TRY(payload_number(map, STR("version"), INT64_MAX, &version, err));
    *out = (uint64_t)version;
    return STATUS_OK;
}
