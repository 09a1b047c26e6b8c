#include "page.h"

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

static void compare(struct value shown, struct value made, struct str name, const char *command)
{
    if (shown.type != made.type)
        fail_msg("%s: \"%.*s\" is shown as %s and is %s", command, ARGSTR(name), value_type_name(shown),
                 value_type_name(made));
    /* A place may have a line and a column behind it. */
    if (str_is(name, "place"))
        assert_true(str_equal(before_colon(shown), before_colon(made)));
    if (is_word(name) && !value_equal(shown, made))
        fail_msg("%s: \"%.*s\" is shown as \"%.*s\" and is \"%.*s\"", command, ARGSTR(name),
                 ARGSTR(value_as_str(shown)), ARGSTR(value_as_str(made)));
    if (shown.type == VALUE_LIST && shown.len > 0 && made.len == 0)
        fail_msg("%s: \"%.*s\" is empty", command, ARGSTR(name));
    if (shown.type == VALUE_LIST)
        for (uint32_t i = 0; i < shown.len && i < made.len; i++)
            compare(shown.u.list[i], made.u.list[i], name, command);
    if (shown.type != VALUE_MAP)
        return;
    for (uint32_t i = 0; i < shown.len; i++) {
        struct str key = value_as_str(shown.u.map->entries[i].key);
        struct value member = value_get(made, key);
        if (value_is_absent(member))
            fail_msg("%s: the answer has no \"%.*s\"", command, ARGSTR(key));
        compare(shown.u.map->entries[i].value, member, key, command);
    }
    for (uint32_t i = 0; i < made.len; i++) {
        struct str key = value_as_str(made.u.map->entries[i].key);
        if (value_is_absent(value_get(shown, key)))
            fail_msg("%s: the page does not show \"%.*s\"", command, ARGSTR(key));
    }
}

void page_compare(struct value shown, struct value made, const char *command)
{
    compare(shown, made, STR(""), command);
}
