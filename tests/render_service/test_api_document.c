/*
 * docs/API.md is true: every request of noetl.api and every `curl` in it is made, in order, and its answer
 * has the members, of the same types, that the page shows (page.h). What daemons are asked one by one is
 * tested in tests/daemons/test_services.c.
 */
#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "core/json.h"
#include "fixture.h"
#include "http_client.h"
#include "page.h"

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
    struct str operation = page_between(command, "noetl.api.", ' ');
    struct str payload = page_between(command, "'", '\'');
    if (payload.len == 0)
        payload = yaml;
    return fixture_ask(&fixture, arena_strdup(&arena, operation), arena_strdup(&arena, payload), &arena);
}

/* curl -s [-N] [-H 'HEADER'] [--data-binary @greet.yaml | -d 'BODY'] URL */
static struct str run_curl(struct str command, struct str yaml)
{
    struct str header = page_between(command, "-H '", '\''), body = page_between(command, "-d '", '\'');
    if (str_find(command, STR("@greet.yaml")) >= 0)
        body = yaml;
    struct str path = page_between(command, "127.0.0.1:8082", '\n');
    while (path.len > 0 && (path.ptr[path.len - 1] == '\'' || path.ptr[path.len - 1] == ' '))
        path.len--;
    struct http_answer answer;
    http_send_with(http_port(fixture.http), body.len > 0 ? "POST" : "GET", arena_strdup(&arena, path),
                   header.len > 0 ? arena_strdup(&arena, header) : NULL,
                   body.len > 0 ? arena_strdup(&arena, body) : NULL, &answer);
    const char *text = arena_strdup(&arena, (struct str){answer.text, answer.len});
    free(answer.text);
    return str_of(text);
}

/* As far as the page shows it, up to "…". */
static void compare_text(struct str shown, struct str made, const char *command)
{
    ptrdiff_t cut = str_find(shown, STR("…"));
    if (cut >= 0)
        shown.len = (size_t)cut;
    if (!str_starts_with(made, shown))
        fail_msg("%s: %.*s", command, ARGSTR(made));
}

static void every_example_of_the_page_answers_as_shown(void **state)
{
    (void)state;
    struct str page = page_read("docs/API.md", &arena), yaml = STR(""), text = STR("");
    struct value made = {0};
    const char *command = NULL;
    struct page_block block;
    int examples = 0;
    /* The playbook stands behind the first example, of an error about it: it is registered from the start. */
    struct str look = page;
    while (yaml.len == 0 && page_next(&look, &block))
        if (str_is(block.language, "yaml"))
            yaml = block.text;
    fixture_ask(&fixture, "register",
                arena_strdup(&arena, STR("apiVersion: noetl.io/v1\nkind: Playbook\n"
                                         "metadata: {name: greet, path: docs/greet}\n"
                                         "workflow: [{step: start}]\n")),
                &arena);
    while (page_next(&page, &block)) {
        if (str_is(block.language, "sh")) {
            command = arena_strdup(&arena, block.text);
            made = (struct value){0};
            text = str_starts_with(block.text, STR("curl")) ? run_curl(block.text, yaml) : STR("");
            if (text.len > 0 && str_find(block.text, STR("-sN")) < 0)
                made = parse(text, "the answer");
            else if (str_find(block.text, STR("noetl.api.")) >= 0)
                made = run_nats(block.text, yaml);
        } else if (str_is(block.language, "text") && text.len > 0) {
            compare_text(block.text, text, command);
            examples++;
        } else if (str_is(block.language, "json") && !value_is_absent(made)) {
            assert_non_null(command);
            page_compare(parse(block.text, "the page"), made, command);
            examples++;
        }
    }
    assert_true(examples >= 12);
}

/* The table at the top of the page has every route and every operation. */
static void every_operation_is_on_the_page(void **state)
{
    (void)state;
    struct str page = page_read("docs/API.md", &arena);
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
