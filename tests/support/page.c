#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* ---- reading the page --------------------------------------------------------------------------------- */

bool page_next(struct str *page, struct page_block *out)
{
    ptrdiff_t begin = str_find(*page, STR("\n```"));
    if (begin < 0)
        return false;
    struct str rest = {page->ptr + begin + 4, page->len - (size_t)begin - 4};
    out->before = (struct str){page->ptr, (size_t)begin};
    out->language = str_split(&rest, '\n');
    /* An empty block cannot be, so the end has a line end before it. */
    ptrdiff_t end = str_find(rest, STR("\n```"));
    assert_true(end >= 0);
    out->text = (struct str){rest.ptr, (size_t)end + 1};
    *page = (struct str){rest.ptr + end + 4, rest.len - (size_t)end - 4};
    return true;
}

struct str page_read(const char *name, struct arena *a)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", getenv("NOETL_SOURCE_DIR"), name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t most = 1 << 18;
    char *text = arena_alloc(a, most);
    size_t len = fread(text, 1, most, f);
    fclose(f);
    assert_true(len < most);
    return (struct str){text, len};
}

struct str page_between(struct str text, const char *mark, char end)
{
    ptrdiff_t at = str_find(text, str_of(mark));
    if (at < 0)
        return STR("");
    struct str rest = {text.ptr + at + strlen(mark), text.len - (size_t)at - strlen(mark)};
    return str_split(&rest, end);
}

/* ---- comparing ---------------------------------------------------------------------------------------- */

static bool is_word(struct str name)
{
    static const char *const words[] = {"kind", "status", "place",     "path",      "event_type",
                                        "step", "type",   "duplicate", "unchanged", "state"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (str_is(name, words[i]))
            return true;
    return false;
}

static struct str before_colon(struct value text)
{
    struct str s = value_as_str(text);
    return str_split(&s, ':');
}

static bool is_left_out(struct value v)
{
    return v.type == VALUE_STRING && str_is(value_as_str(v), "…");
}

static const char *differs(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *differs(const char *format, ...)
{
    static char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return text;
}

static const char *compare(struct value shown, struct value made, struct str name, bool exact);

static const char *compare_lists(struct value shown, struct value made, struct str name, bool exact)
{
    if (shown.len > 0 && made.len == 0)
        return differs("\"%.*s\" is empty", ARGSTR(name));
    bool has_more = shown.len > 0 && is_left_out(shown.u.list[shown.len - 1]);
    if (exact && !has_more && shown.len != made.len)
        return differs("\"%.*s\" has %u items", ARGSTR(name), made.len);
    for (uint32_t i = 0; i < shown.len && i < made.len; i++) {
        const char *difference = compare(shown.u.list[i], made.u.list[i], name, exact);
        if (difference)
            return difference;
    }
    return NULL;
}

static const char *compare_maps(struct value shown, struct value made, bool exact)
{
    bool has_more = !value_is_absent(value_get(shown, STR("…")));
    for (uint32_t i = 0; i < shown.len; i++) {
        struct str key = value_as_str(shown.u.map->entries[i].key);
        struct value member = value_get(made, key);
        if (str_is(key, "…"))
            continue;
        if (value_is_absent(member))
            return differs("the answer has no \"%.*s\"", ARGSTR(key));
        const char *difference = compare(shown.u.map->entries[i].value, member, key, exact);
        if (difference)
            return difference;
    }
    for (uint32_t i = 0; i < made.len && !has_more; i++) {
        struct str key = value_as_str(made.u.map->entries[i].key);
        if (value_is_absent(value_get(shown, key)))
            return differs("the page does not show \"%.*s\"", ARGSTR(key));
    }
    return NULL;
}

static const char *compare(struct value shown, struct value made, struct str name, bool exact)
{
    if (is_left_out(shown))
        return NULL;
    if (shown.type != made.type)
        return differs("\"%.*s\" is shown as %s and is %s", ARGSTR(name), value_type_name(shown),
                       value_type_name(made));
    /* A place may have a line and a column behind it. */
    if (str_is(name, "place") && !str_equal(before_colon(shown), before_colon(made)))
        return differs("the place is %.*s", ARGSTR(value_as_str(made)));
    bool is_whole = shown.type == VALUE_LIST || shown.type == VALUE_MAP;
    if ((is_word(name) || (exact && !is_whole)) && !value_equal(shown, made))
        return differs("\"%.*s\" is not as shown, but another %s: %.*s", ARGSTR(name), value_type_name(made),
                       ARGSTR(value_as_str(made)));
    if (shown.type == VALUE_LIST)
        return compare_lists(shown, made, name, exact);
    return shown.type == VALUE_MAP ? compare_maps(shown, made, exact) : NULL;
}

const char *page_difference(struct value shown, struct value made)
{
    return compare(shown, made, STR(""), true);
}

void page_compare(struct value shown, struct value made, const char *command)
{
    const char *difference = compare(shown, made, STR(""), false);
    if (difference)
        fail_msg("%s: %s", command, difference);
}
