#include "member.h"

#include <inttypes.h>

#include "id.h"

enum status member_check_map(const struct member_reader *r)
{
    if (r->map.type != VALUE_MAP)
        return error_set(r->err, STATUS_INVALID, "the %s has to be a map, not a value of type %s", r->thing,
                         value_type_name(r->map));
    return STATUS_OK;
}

static enum status wrong(const struct member_reader *r, const char *name, const char *expected)
{
    struct value v = value_get(r->map, str_of(name));
    if (value_is_absent(v))
        return error_set(r->err, STATUS_INVALID, "the %s has no \"%s\", which has to be %s", r->thing, name,
                         expected);
    return error_set(r->err, STATUS_INVALID, "the %s's \"%s\" has to be %s, and is of type %s", r->thing,
                     name, expected, value_type_name(v));
}

enum status member_id(const struct member_reader *r, const char *name, int64_t *out)
{
    struct value v = value_get(r->map, str_of(name));
    if (v.type != VALUE_STRING)
        return wrong(r, name, "an id in quotes");
    enum status s = id_parse(value_as_str(v), out, r->err);
    if (s != STATUS_OK)
        error_wrap(r->err, "the %s's \"%s\"", r->thing, name);
    return s;
}

enum status member_text(const struct member_reader *r, const char *name, bool required, struct str *out)
{
    struct value v = value_get(r->map, str_of(name));
    bool none = value_is_absent(v) || v.type == VALUE_NULL;
    *out = value_as_str(v);
    if (v.type != VALUE_STRING && (required || !none))
        return wrong(r, name, "a string");
    if (required && v.len == 0)
        return error_set(r->err, STATUS_INVALID, "the %s's \"%s\" is empty", r->thing, name);
    return STATUS_OK;
}

enum status member_int64(const struct member_reader *r, const char *name, int64_t min, int64_t *out)
{
    struct value v = value_get(r->map, str_of(name));
    *out = 0;
    if (v.type == VALUE_INT)
        *out = v.u.i;
    else if (!value_is_absent(v) && v.type != VALUE_NULL)
        return wrong(r, name, "an integer");
    if (*out < min)
        return error_set(r->err, STATUS_INVALID,
                         "the %s's \"%s\" has to be at least %" PRId64 ", and is %" PRId64, r->thing, name,
                         min, *out);
    return STATUS_OK;
}

enum status member_uint32(const struct member_reader *r, const char *name, uint32_t min, uint32_t *out)
{
    int64_t n;
    TRY(member_int64(r, name, min, &n));
    if (n > UINT32_MAX)
        return error_set(r->err, STATUS_INVALID, "the %s's \"%s\" is too large: %" PRId64, r->thing, name, n);
    *out = (uint32_t)n;
    return STATUS_OK;
}

enum status member_map(const struct member_reader *r, const char *name, struct value *out)
{
    struct value v = value_get(r->map, str_of(name));
    *out = value_is_absent(v) ? VALUE_EMPTY_MAP : v;
    return out->type == VALUE_MAP ? STATUS_OK : wrong(r, name, "a map");
}

enum status member_list(const struct member_reader *r, const char *name, struct value *out)
{
    *out = value_get(r->map, str_of(name));
    return value_is_absent(*out) || out->type == VALUE_LIST ? STATUS_OK : wrong(r, name, "a list");
}
