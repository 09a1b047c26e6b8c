/*
 * docs/API.md is true: every `nats req` and `curl` in it is run, in order, and its answer has the members, of
 * the same types, that the page shows. Of the values only words are compared that name something: kind,
 * status, place, path.
 */
#include <curl/curl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"
#include "fixture.h"
#include "http_client.h"

static struct fixture fixture;
static struct arena arena;

static int start(void **state)
{
    (void)state;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    arena_init(&arena, 0);
    fixture_start(&fixture);
    struct event_list events = fixture_events("greet", INT64_C(213437568143953920), &arena);
    fixture_commit(&fixture, events.items, events.count);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fixture_stop(&fixture);
    arena_free(&arena);
    curl_global_cleanup();
    return 0;
}

/* ---- reading the page --------------------------------------------------------------------------------- */

struct block {
    struct str language, text;
};

/* The next ``` block of the page. */
static bool next_block(struct str *page, struct block *out)
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

static struct str read_page(void)
{
    char path[512];
    snprintf(path, sizeof path, "%s/docs/API.md", getenv("NOETL_SOURCE_DIR"));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t most = 1 << 18;
    char *text = arena_alloc(&arena, most);
    size_t len = fread(text, 1, most, f);
    fclose(f);
    return (struct str){text, len};
}

/* What stands behind the first `mark` up to the next `end`; all of the rest without one. "" if there is no
 * mark. */
static struct str between(struct str text, const char *mark, char end)
{
    ptrdiff_t at = str_find(text, str_of(mark));
    if (at < 0)
        return STR("");
    struct str rest = {text.ptr + at + strlen(mark), text.len - (size_t)at - strlen(mark)};
    return str_split(&rest, end);
}

/* ---- running an example ------------------------------------------------------------------------------- */

static struct value parse(struct str text, const char *what)
{
    struct value v;
    struct error err;
    if (json_read(&arena, text, NULL, &v, &err) != STATUS_OK)
        fail_msg("%s: %u:%u: %s\n%.*s", what, err.line, err.column, err.message, ARGSTR(text));
    return v;
}

/* nats req [--no-templates] noetl.api.OPERATION 'PAYLOAD' | "$(cat greet.yaml)" */
static struct value run_nats(struct str command, struct str yaml)
{
    struct str operation = between(command, "noetl.api.", ' ');
    struct str payload = between(command, "'", '\'');
    if (payload.len == 0)
        payload = yaml;
    return fixture_ask(&fixture, arena_strdup(&arena, operation), arena_strdup(&arena, payload), &arena);
}

/* curl -s [--data-binary @greet.yaml | -d 'BODY'] URL */
static struct value run_curl(struct str command, struct str yaml)
{
    struct str body = between(command, "-d '", '\'');
    if (str_find(command, STR("@greet.yaml")) >= 0)
        body = yaml;
    struct str path = between(command, "127.0.0.1:8082", '\n');
    while (path.len > 0 && (path.ptr[path.len - 1] == '\'' || path.ptr[path.len - 1] == ' '))
        path.len--;
    struct http_answer answer;
    http_send(http_port(fixture.http), body.len > 0 ? "POST" : "GET", arena_strdup(&arena, path),
              body.len > 0 ? body.ptr : NULL, body.len, false, &answer);
    const char *text = arena_strdup(&arena, (struct str){answer.text, answer.len});
    free(answer.text);
    return parse(str_of(text), "the answer");
}

/* ---- comparing ---------------------------------------------------------------------------------------- */

static bool is_word(struct str name)
{
    static const char *const words[] = {"kind", "status", "place",     "path",     "event_type",
                                        "step", "type",   "duplicate", "unchanged"};
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

static void every_example_of_the_page_answers_as_shown(void **state)
{
    (void)state;
    struct str page = read_page(), yaml = STR("");
    struct value made = {0};
    const char *command = NULL;
    struct block block;
    int examples = 0;
    /* The playbook stands behind the first example, of an error about it: it is registered from the start. */
    struct str look = page;
    while (yaml.len == 0 && next_block(&look, &block))
        if (str_is(block.language, "yaml"))
            yaml = block.text;
    fixture_ask(&fixture, "register",
                arena_strdup(&arena, STR("apiVersion: noetl.io/v1\nkind: Playbook\n"
                                         "metadata: {name: greet, path: docs/greet}\n"
                                         "workflow: [{step: start}]\n")),
                &arena);
    while (next_block(&page, &block)) {
        if (str_is(block.language, "sh")) {
            command = arena_strdup(&arena, block.text);
            made = str_starts_with(block.text, STR("nats req")) ? run_nats(block.text, yaml)
                                                                : run_curl(block.text, yaml);
        } else if (str_is(block.language, "json")) {
            assert_non_null(command);
            compare(parse(block.text, "the page"), made, STR(""), command);
            examples++;
        }
    }
    assert_true(examples >= 12);
}

/* The table at the top of the page has every route and every operation. */
static void every_operation_is_on_the_page(void **state)
{
    (void)state;
    struct str page = read_page();
    struct operation_table tables[] = {render_service_operations(&fixture.render),
                                       publisher_operations(&fixture.publisher)};
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            char cell[64];
            snprintf(cell, sizeof cell, "| [`%s`](", tables[t].operations[i].name);
            if (str_find(page, str_of(cell)) < 0)
                fail_msg("the table has no %s", tables[t].operations[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_of_the_page_answers_as_shown),
        cmocka_unit_test(every_operation_is_on_the_page),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
