#include "path.h"

#include "buf.h"

/* One step of a path: a key, or a place in a list. */
struct part {
    struct str key; /* ptr NULL: it is a place */
    int64_t place;
};

static bool is_name_byte(char c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
    return letter || (!first && ((c >= '0' && c <= '9') || c == '-'));
}

static bool take_name(struct str path, size_t *at, struct part *out)
{
    size_t begin = *at;
    while (*at < path.len && is_name_byte(path.ptr[*at], *at == begin))
        ++*at;
    out->key = (struct str){path.ptr + begin, *at - begin};
    return *at > begin;
}

static bool take_quoted(struct str path, size_t *at, struct part *out)
{
    char quote = path.ptr[(*at)++];
    size_t begin = *at;
    while (*at < path.len && path.ptr[*at] != quote)
        ++*at;
    out->key = (struct str){path.ptr + begin, *at - begin};
    return *at < path.len && ++*at;
}

static bool take_place(struct str path, size_t *at, struct part *out)
{
    bool negative = path.ptr[*at] == '-';
    size_t begin = *at += negative;
    out->key.ptr = NULL;
    out->place = 0;
    for (; *at < path.len && path.ptr[*at] >= '0' && path.ptr[*at] <= '9' && *at - begin < 10; ++*at)
        out->place = out->place * 10 + (path.ptr[*at] - '0');
    out->place = negative ? -out->place : out->place;
    return *at > begin;
}

/* False at the end, and with *at before the end where the text goes wrong. */
static bool take_part(struct str path, size_t *at, struct part *out)
{
    size_t begin = *at;
    if (begin == path.len)
        return false;
    if (path.ptr[begin] != '[') {
        size_t name = begin + (begin > 0 && path.ptr[begin] == '.');
        *at = name;
        return (begin == 0 || name > begin) && take_name(path, at, out);
    }
    if (++*at == path.len)
        return false;
    bool quoted = path.ptr[*at] == '\'' || path.ptr[*at] == '"';
    if (!(quoted ? take_quoted(path, at, out) : take_place(path, at, out)))
        return false;
    return *at < path.len && path.ptr[*at] == ']' && ++*at;
}

enum status path_check(struct str path, struct error *err)
{
    size_t at = 0;
    struct part part;
    bool good = path.len > 0;
    while (good && at < path.len)
        good = take_part(path, &at, &part);
    if (good)
        return STATUS_OK;
    error_set(err, STATUS_SYNTAX, "\"%" PRISTR "\" is no path to a value: it goes wrong at byte %zu",
              ARGSTR(path), at + 1);
    error_at(err, 1, (uint32_t)at + 1);
    return error_hint(err, "a path is like result.rows[0].id or headers['x-id']");
}

static struct value step_into(struct value v, const struct part *part)
{
    const struct value none = {.type = VALUE_UNDEFINED};
    if (part->key.ptr)
        return value_get(v, part->key);
    int64_t place = part->place < 0 ? (int64_t)v.len + part->place : part->place;
    return v.type == VALUE_LIST && place >= 0 && place < v.len ? v.u.list[place] : none;
}

struct value value_at_path(struct value v, struct str path)
{
    const struct value none = {.type = VALUE_UNDEFINED};
    size_t at = 0;
    struct part part;
    if (path_check(path, NULL) != STATUS_OK)
        return none;
    while (!value_is_absent(v) && take_part(path, &at, &part))
        v = step_into(v, &part);
    return v;
}

/* ---- what is missing ------------------------------------------------------------------------------ */

enum { NAMES_SHOWN = 20 };

/* Whether one of the first `count` entries has this map: `this` is `result` by another name. */
static bool is_told(struct value in, uint32_t count, struct value map)
{
    for (uint32_t i = 0; in.type == VALUE_MAP && i < count; i++) {
        struct value v = in.u.map->entries[i].value;
        if (v.type == VALUE_MAP && v.u.map == map.u.map)
            return true;
    }
    return false;
}

static void list_rest(struct buf *text, struct value map)
{
    if (map.len > NAMES_SHOWN)
        buf_printf(text, ", and %u more", map.len - NAMES_SHOWN);
}

static void list_inner(struct buf *text, struct value map)
{
    for (uint32_t i = 0; i < map.len && i < NAMES_SHOWN; i++)
        buf_printf(text, "%s%" PRISTR, i ? ", " : " (", ARGSTR(value_as_str(map.u.map->entries[i].key)));
    list_rest(text, map);
    buf_add_text(text, ")");
}

/* The keys of a map that `before` does not have, and in parentheses those of the maps in it. */
static void list_keys(struct buf *text, struct value map, struct value before)
{
    const char *separator = before.len > 0 ? ", " : "";
    for (uint32_t i = 0; i < map.len && i < NAMES_SHOWN; i++) {
        struct value_entry e = map.u.map->entries[i];
        if (!value_is_absent(value_get_by_value(before, e.key)))
            continue;
        buf_printf(text, "%s%" PRISTR, separator, ARGSTR(value_as_str(e.key)));
        separator = ", ";
        if (e.value.type == VALUE_MAP && e.value.len > 0 && !is_told(map, i, e.value))
            list_inner(text, e.value);
    }
    list_rest(text, map);
}

static void list_there(struct buf *text, struct value names, struct value more)
{
    struct value first = names.type == VALUE_MAP ? names : VALUE_EMPTY_MAP;
    size_t begin = text->len;
    list_keys(text, first, VALUE_EMPTY_MAP);
    if (more.type == VALUE_MAP && !is_told(first, first.len, more))
        list_keys(text, more, first);
    if (text->len == begin)
        buf_add_text(text, "nothing");
}

static uint32_t list_missing(struct buf *text, const struct str *paths, uint32_t count, struct value names,
                             struct value more)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!value_is_absent(value_at_path(names, paths[i])) ||
            !value_is_absent(value_at_path(more, paths[i])))
            continue;
        buf_printf(text, "%s%" PRISTR, missing++ ? ", " : "", ARGSTR(paths[i]));
    }
    return missing;
}

enum status paths_missing(struct arena *a, const struct str *paths, uint32_t count, struct value names,
                          struct value more, struct str *message, struct error *err)
{
    struct buf text;
    *message = STR("");
    buf_init(&text, 0);
    uint32_t missing = list_missing(&text, paths, count, names, more);
    if (missing == 0) {
        buf_free(&text);
        return STATUS_OK;
    }
    buf_add_text(&text, missing > 1 ? " are missing; there is: " : " is missing; there is: ");
    list_there(&text, names, more);
    enum status s = buf_status(&text, err);
    *message = (struct str){arena_strdup(a, buf_str(&text)), text.len};
    buf_free(&text);
    TRY(s);
    return message->ptr ? STATUS_OK : arena_error(a, err, "an error's text");
}
