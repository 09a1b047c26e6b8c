/*
 * What hostile.jsonl holds ends as it says, within the limits of a render, and never hangs or crashes. A
 * template is given whole or as `parts`, texts and how often they are repeated ("#" is the number of the
 * repetition); data that is too large to be written down is described by `make`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"
#include "read_file.h"
#include "case.h"

static const size_t MEMORY = (size_t)64 << 20;

static struct str repeat_parts(struct buf *b, struct value parts)
{
    for (uint32_t i = 0; i < parts.len; i++) {
        struct str text = value_as_str(parts.u.list[i].u.list[0]);
        int64_t times = parts.u.list[i].u.list[1].u.i;
        ptrdiff_t number = str_find(text, STR("#"));
        for (int64_t n = 0; n < times; n++) {
            if (number < 0)
                buf_add_str(b, text);
            else
                buf_printf(b, "%.*s%d%" PRISTR, (int)number, text.ptr, (int)n,
                           ARGSTR(((struct str){text.ptr + number + 1, text.len - (size_t)number - 1})));
        }
    }
    return buf_str(b);
}

static struct value one_list(struct arena *a, struct value item)
{
    struct value *items = ARENA_NEW(a, struct value);
    assert_non_null(items);
    *items = item;
    return (struct value){.type = VALUE_LIST, .len = 1, .u.list = items};
}

static struct value one_map(struct arena *a, struct value item)
{
    struct map_builder b;
    struct value map;
    map_begin(&b, a);
    map_put(&b, STR("a"), item);
    assert_int_equal(map_end(&b, &map, NULL), STATUS_OK);
    return map;
}

static struct value nested(struct arena *a, int64_t depth, struct value (*wrap)(struct arena *, struct value))
{
    struct value v = wrap(a, value_int(1));
    for (int64_t i = 0; i < depth; i++)
        v = wrap(a, v);
    return v;
}

static struct value list_of(struct arena *a, int64_t count, const char *kind)
{
    struct list_builder b;
    struct value list;
    list_begin(&b, a);
    for (int64_t i = 0; i < count; i++) {
        struct value mixed[] = {value_int(1), value_text("a"), value_null()};
        list_add(&b, strcmp(kind, "list of lists") == 0 ? one_list(a, value_int(i))
                     : strcmp(kind, "mixed list") == 0  ? mixed[i % 3]
                                                        : value_int(i));
    }
    assert_int_equal(list_end(&b, &list, NULL), STATUS_OK);
    return list;
}

static struct value text_of(struct arena *a, struct value make)
{
    struct str piece = value_as_str(make.u.list[1]), end = value_as_str(make.u.list[3]);
    struct buf b;
    buf_init(&b, 0);
    for (int64_t i = 0; i < make.u.list[2].u.i; i++)
        buf_add_str(&b, piece);
    buf_add_str(&b, end);
    struct value v = value_str((struct str){arena_strdup(a, buf_str(&b)), b.len});
    buf_free(&b);
    return v;
}

static struct value bytes_of(struct arena *a, struct value make)
{
    char *bytes = (char *)arena_alloc(a, make.len);
    assert_non_null(bytes);
    for (uint32_t i = 1; i < make.len; i++)
        bytes[i - 1] = (char)make.u.list[i].u.i;
    return value_str((struct str){bytes, make.len - 1});
}

static struct value make_data(struct arena *a, struct value make)
{
    const char *kind = arena_strdup(a, value_as_str(make.u.list[0]));
    assert_non_null(kind);
    if (strcmp(kind, "nested list") == 0)
        return nested(a, make.u.list[1].u.i, one_list);
    if (strcmp(kind, "nested map") == 0)
        return nested(a, make.u.list[1].u.i, one_map);
    if (strcmp(kind, "text") == 0)
        return text_of(a, make);
    return strcmp(kind, "bytes") == 0 ? bytes_of(a, make) : list_of(a, make.u.list[1].u.i, kind);
}

/* The case with its template and data in full. */
static struct value prepare(struct arena *a, struct value c, struct buf *source)
{
    struct value parts = VALUE_GET(c, "parts"), make = VALUE_GET(c, "make");
    struct map_builder b;
    map_begin(&b, a);
    map_put_all(&b, c);
    if (parts.type == VALUE_LIST)
        map_put(&b, STR("template"), value_str(repeat_parts(source, parts)));
    if (make.type == VALUE_LIST) {
        struct map_builder context;
        struct value v;
        map_begin(&context, a);
        map_put(&context, STR("d"), make_data(a, make));
        assert_int_equal(map_end(&context, &v, NULL), STATUS_OK);
        map_put(&b, STR("context"), v);
    }
    assert_int_equal(map_end(&b, &c, NULL), STATUS_OK);
    return c;
}

static bool ends_well(struct str want, enum status s)
{
    if (str_is(want, "limit"))
        return s == STATUS_LIMIT;
    if (str_is(want, "finish"))
        return s == STATUS_OK;
    return s != STATUS_INTERNAL && s != STATUS_NO_MEMORY;
}

static bool run_case(struct str text)
{
    struct arena input, output;
    struct value c, result;
    struct error err = {0};
    struct buf source;
    arena_init(&input, 0);
    arena_init(&output, 0);
    buf_init(&source, 0);
    assert_int_equal(json_read(&input, text, NULL, &c, &err), STATUS_OK);
    c = prepare(&input, c, &source);
    enum status s = case_render(c, NULL, &output, &result, &err);
    struct str want = value_as_str(VALUE_GET(c, "want"));
    bool good = ends_well(want, s) && output.used <= MEMORY + (1 << 20);
    if (!good)
        print_message("%" PRISTR ": want %" PRISTR ", got %s: %s; %zu bytes\n",
                      ARGSTR(value_as_str(VALUE_GET(c, "id"))), ARGSTR(want), status_name(s),
                      s == STATUS_OK ? "" : err.message, output.used);
    buf_free(&source);
    arena_free(&input);
    arena_free(&output);
    return good;
}

static void every_hostile_template_ends_within_the_limits(void **state)
{
    (void)state;
    struct buf cases = read_test_file("hostile.jsonl");
    struct str rest = buf_str(&cases);
    unsigned bad = 0;
    while (rest.len > 0) {
        struct str line = str_split(&rest, '\n');
        bad += line.len > 0 && !run_case(line);
    }
    buf_free(&cases);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_hostile_template_ends_within_the_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
