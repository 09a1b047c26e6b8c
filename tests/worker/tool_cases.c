#include "tool_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"

struct tool_case {
    struct str name;
    struct value config, args, data, has, error_has, saved; /* absent: not given */
    struct map_builder after;
    struct str error_kind, error_part, log, type;
};

struct cases {
    struct tool_bench *bench;
    struct value base;
    struct str rest;
    uint32_t run, failed;
};

static struct str read_whole(struct arena *a, const char *file)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/tests/worker/cases/%s", getenv("NOETL_SOURCE_DIR"), file);
    FILE *f = fopen(path, "re");
    if (!f)
        fail_msg("%s: no such file", path);
    struct buf b;
    char bytes[4096];
    buf_init(&b, 0);
    for (size_t n; (n = fread(bytes, 1, sizeof(bytes), f)) > 0;)
        buf_add(&b, bytes, n);
    fclose(f);
    struct str text = {arena_strdup(a, buf_str(&b)), b.len};
    buf_free(&b);
    return text;
}

static struct str replaced(struct arena *a, struct str text, struct str word, struct str by)
{
    struct buf b;
    buf_init(&b, 0);
    for (ptrdiff_t at; (at = str_find(text, word)) >= 0;) {
        buf_add(&b, text.ptr, (size_t)at);
        buf_add_str(&b, by);
        text.ptr += (size_t)at + word.len;
        text.len -= (size_t)at + word.len;
    }
    buf_add_str(&b, text);
    struct str out = {arena_strdup(a, buf_str(&b)), b.len};
    buf_free(&b);
    return out;
}

static struct value parse(struct cases *c, struct str json)
{
    struct value v;
    struct error err;
    char text[512];
    if (json_read(&c->bench->arena, json, NULL, &v, &err) != STATUS_OK)
        fail_msg("in the cases: %s: %.*s", error_text(&err, text, sizeof(text)), ARGSTR(json));
    return v;
}

static void put_config(struct cases *c, struct tool_case *t, struct value more)
{
    struct error err;
    assert_int_equal(value_merge(&c->bench->arena, t->config, more, &t->config, &err), STATUS_OK);
}

/* The lines up to ">>>". */
static struct str fenced(struct cases *c)
{
    const char *begin = c->rest.ptr;
    for (;;) {
        const char *line_begin = c->rest.ptr;
        struct str line = str_split(&c->rest, '\n');
        if (str_is(line, ">>>") || c->rest.len == 0)
            return (struct str){begin, (size_t)(line_begin - begin)};
    }
}

static void put_text(struct cases *c, struct tool_case *t, struct str key, struct str text)
{
    struct map_builder map;
    struct value v;
    struct error err;
    map_begin(&map, &c->bench->arena);
    map_put(&map, key, value_str(text));
    assert_int_equal(map_end(&map, &v, &err), STATUS_OK);
    put_config(c, t, v);
}

static void take_line(struct cases *c, struct tool_case *t, struct str line)
{
    struct str rest = line, word = str_split(&rest, ' ');
    if (str_is(rest, "<<<"))
        put_text(c, t, word, fenced(c));
    else if (str_is(word, "config"))
        put_config(c, t, parse(c, rest));
    else if (str_is(word, "args"))
        t->args = parse(c, rest);
    else if (str_is(word, "data"))
        t->data = parse(c, rest);
    else if (str_is(word, "has"))
        t->has = parse(c, rest);
    else if (str_is(word, "error_has"))
        t->error_has = parse(c, rest);
    else if (str_is(word, "returns") || str_is(word, "saves") || str_is(word, "names"))
        map_put(&t->after, word, parse(c, rest));
    else if (str_is(word, "type"))
        t->type = rest;
    else if (str_is(word, "saved"))
        t->saved = parse(c, rest);
    else if (str_is(word, "log"))
        t->log = rest;
    else if (str_is(word, "error")) {
        t->error_kind = str_split(&rest, ' ');
        t->error_part = rest;
    } else if (str_trim(line).len > 0 && line.ptr[0] != '#')
        fail_msg("in the cases: unknown line: %.*s", ARGSTR(line));
}

static bool next_case(struct cases *c, struct tool_case *t)
{
    while (c->rest.len > 0 && !str_starts_with(c->rest, STR("=== ")))
        str_split(&c->rest, '\n');
    if (c->rest.len == 0)
        return false;
    struct str name = str_split(&c->rest, '\n');
    *t = (struct tool_case){.name = {name.ptr + 4, name.len - 4}, .config = c->base, .args = VALUE_EMPTY_MAP};
    map_begin(&t->after, &c->bench->arena);
    while (c->rest.len > 0 && !str_starts_with(c->rest, STR("=== ")))
        take_line(c, t, str_split(&c->rest, '\n'));
    return true;
}

static bool contains(struct str text, struct str part)
{
    return part.len == 0 || str_find(text, part) >= 0;
}

static const char *complaint(const struct tool_case *t, struct value event)
{
    struct value data = value_get_path(event, STR("result.data")),
                 error = value_get_path(event, STR("result.error"));
    bool failed = str_is(value_as_str(VALUE_GET(event, "event_type")), "action_error");
    if (failed && t->error_kind.len == 0)
        return "it failed";
    if (!failed && t->error_kind.len > 0)
        return "it did not fail";
    if (failed && !str_equal(value_as_str(VALUE_GET(error, "kind")), t->error_kind))
        return "the kind of the error is another";
    if (failed && !contains(value_as_str(VALUE_GET(event, "error")), t->error_part))
        return "the error says something else";
    if (!value_is_absent(t->error_has) && !value_has(error, t->error_has))
        return "the error does not have the members";
    if (!value_is_absent(t->data) && !(data.type == t->data.type && value_equal(data, t->data)))
        return "the data are others";
    if (!value_is_absent(t->has) && !value_has(data, t->has))
        return "the data do not have the members";
    if (!value_is_absent(t->saved) && !value_equal(value_get_path(event, STR("result.meta.saved")), t->saved))
        return "what it tells of its saves is something else";
    if (!contains(value_as_str(value_get_path(event, STR("meta.log"))), t->log))
        return "the log says something else";
    return NULL;
}

void tool_cases_run(struct tool_bench *b, const char *file, struct value base, const char *word,
                    const char *text)
{
    struct cases c = {.bench = b, .base = base, .rest = read_whole(&b->arena, file)};
    struct tool_case t;
    const char *tool = b->tool;
    if (word)
        c.rest = replaced(&b->arena, c.rest, str_of(word), str_of(text));
    while (next_case(&c, &t)) {
        struct error err;
        assert_int_equal(map_end(&t.after, &b->after, &err), STATUS_OK);
        if (t.type.len > 0)
            b->tool = arena_strdup(&b->arena, t.type);
        struct value event = bench_run(b, t.config, t.args, (struct bench_stop){0});
        b->tool = tool;
        const char *why = complaint(&t, event);
        c.run++;
        if (!why)
            continue;
        c.failed++;
        struct str json;
        assert_int_equal(json_text(&b->arena, event, &json, &err), STATUS_OK);
        print_error("%s: %.*s: %s: %.*s\n", file, ARGSTR(t.name), why, ARGSTR(json));
    }
    assert_int_not_equal(c.run, 0);
    assert_int_equal(c.failed, 0);
}
