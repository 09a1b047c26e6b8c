#include "difference.h"

struct search {
    struct arena *a;
    struct difference *out;
    size_t room, count;
    struct error *err;
};

static enum status compare(struct search *s, struct str path, struct value left, struct value right);

static enum status join(struct search *s, struct str path, struct str key, struct str *out)
{
    *out = path.len ? arena_printf(s->a, "%" PRISTR ".%" PRISTR, ARGSTR(path), ARGSTR(key)) : key;
    return out->ptr ? STATUS_OK : arena_error(s->a, s->err, "the place of a difference");
}

static enum status compare_maps(struct search *s, struct str path, struct value left, struct value right)
{
    struct str inner;
    for (uint32_t i = 0; i < left.len && s->count < s->room; i++) {
        const struct value_entry *e = &left.u.map->entries[i];
        TRY(join(s, path, value_as_str(e->key), &inner));
        TRY(compare(s, inner, e->value, value_get_by_value(right, e->key)));
    }
    for (uint32_t i = 0; i < right.len && s->count < s->room; i++) {
        const struct value_entry *e = &right.u.map->entries[i];
        if (!value_is_absent(value_get_by_value(left, e->key)))
            continue;
        TRY(join(s, path, value_as_str(e->key), &inner));
        TRY(compare(s, inner, (struct value){0}, e->value));
    }
    return STATUS_OK;
}

static enum status compare_lists(struct search *s, struct str path, struct value left, struct value right)
{
    uint32_t longer = left.len > right.len ? left.len : right.len;
    for (uint32_t i = 0; i < longer && s->count < s->room; i++) {
        struct value l = i < left.len ? left.u.list[i] : (struct value){0},
                     r = i < right.len ? right.u.list[i] : (struct value){0};
        if (value_identical(l, r))
            continue;
        struct str inner = arena_printf(s->a, "%" PRISTR "[%u]", ARGSTR(path), i);
        if (!inner.ptr)
            return arena_error(s->a, s->err, "the place of a difference");
        TRY(compare(s, inner, l, r));
    }
    return STATUS_OK;
}

static enum status compare(struct search *s, struct str path, struct value left, struct value right)
{
    if (s->count == s->room || value_identical(left, right))
        return STATUS_OK;
    if (left.type == VALUE_MAP && right.type == VALUE_MAP)
        return compare_maps(s, path, left, right);
    if (left.type == VALUE_LIST && right.type == VALUE_LIST)
        return compare_lists(s, path, left, right);
    s->out[s->count++] = (struct difference){path, left, right};
    return STATUS_OK;
}

enum status differences(struct arena *a, struct value left, struct value right, struct difference *out,
                        size_t room, size_t *count, struct error *err)
{
    struct search s = {.a = a, .out = out, .room = room, .err = err};
    *count = 0;
    TRY(compare(&s, STR(""), left, right));
    *count = s.count;
    return STATUS_OK;
}
