/* The functions of playbook.h and diagnostic.h beside what cases/ shows. */
#include <pthread.h>

#include "check.h"
#include "core/digest.h"
#include "core/json.h"
#include "playbook/playbook.h"

#define TEXT                                                                                                 \
    "apiVersion: noetl.io/v1\nkind: Playbook\nmetadata: {path: examples/api}\nworkflow:\n"                   \
    "  - {step: start, next: work_a}\n  - {step: work_a, type: noop}\n"

static struct playbook *compile(struct str text)
{
    struct diagnostics d;
    struct playbook *p;
    struct error err;
    diagnostics_init(&d);
    assert_ok(playbook_compile(text, "api.yaml", &d, &p, &err), &err);
    diagnostics_free(&d);
    return p;
}

static void *take_and_let_go(void *playbook)
{
    for (int i = 0; i < 10000; i++)
        playbook_unref(playbook_ref(playbook));
    playbook_unref(playbook);
    return NULL;
}

static void references_may_be_counted_by_many_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    struct playbook *p = compile(STR(TEXT));
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_let_go, playbook_ref(p)), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(p->references, 1);
    playbook_unref(p);
    playbook_unref(NULL);
}

static void digest_is_of_the_text(void **state)
{
    (void)state;
    char expected[65];
    struct playbook *p = compile(STR(TEXT));
    sha256_hex(STR(TEXT), expected);
    assert_string_equal(p->digest, expected);
    playbook_unref(p);
}

static void steps_are_found_by_name(void **state)
{
    (void)state;
    struct playbook *p = compile(STR(TEXT));
    assert_int_equal(playbook_find_step(p, STR("start")), 0);
    assert_int_equal(playbook_find_step(p, STR("work_a")), 1);
    assert_int_equal(playbook_find_step(p, STR("work_")), -1);
    assert_int_equal(playbook_find_step(p, STR("")), -1);
    playbook_unref(p);
}

/* Nothing of a playbook points into the text that it was made of. */
static void playbook_outlives_its_text(void **state)
{
    (void)state;
    char text[] = TEXT;
    struct playbook *p = compile(str_of(text));
    memset(text, 'x', sizeof text);
    assert_str(p->path, "examples/api");
    assert_str(p->steps[1].name, "work_a");
    assert_str(p->steps[1].pool, "default");
    playbook_unref(p);
}

static void assert_path(const char *text, const char *expected)
{
    struct arena a;
    struct str path;
    struct error err;
    arena_init(&a, 0);
    assert_ok(playbook_path(&a, str_of(text), &path, &err), &err);
    assert_str(path, expected);
    arena_free(&a);
}

static void path_is_found_without_compiling(void **state)
{
    (void)state;
    assert_path(TEXT, "examples/api");
    assert_path("metadata: {name: only-name}", "only-name");
    assert_path("path: old\nmetadata: {name: n}", "old");
    assert_path("name: oldest", "oldest");
    assert_path("metadata: {path: 7}", "");
    assert_path("metadata: {path: a, path: b}", "a");
    assert_path("[]", "");
    assert_path("a: [", "");
    assert_path("", "");
}

static void errors_say_the_first_and_how_many(void **state)
{
    (void)state;
    struct diagnostics d;
    struct playbook *p;
    struct error err;
    char text[1600];
    diagnostics_init(&d);
    assert_status(playbook_compile(STR("metadata: {path: a}\nworkflow:\n  - {step: start, next: [a, b]}\n"),
                                   "x.yaml", &d, &p, &err),
                  STATUS_INVALID);
    assert_null(p);
    assert_string_equal(error_text(&err, text, sizeof text),
                        "x.yaml:3:26: unknown step \"a\" in next (the first of 2 errors)");
    assert_int_equal(d.errors, 2);
    assert_int_equal(d.warnings, 2);
    diagnostics_free(&d);
}

static void an_error_need_not_be_wanted(void **state)
{
    (void)state;
    struct diagnostics d;
    struct playbook *p;
    diagnostics_init(&d);
    assert_status(playbook_compile(STR("a: ["), "x.yaml", &d, &p, NULL), STATUS_SYNTAX);
    diagnostics_free(&d);
}

static void diagnostics_have_a_json_form(void **state)
{
    (void)state;
    struct diagnostics d;
    struct arena a;
    struct value list;
    struct str json;
    struct playbook *p;
    struct error err;
    arena_init(&a, 0);
    diagnostics_init(&d);
    assert_status(playbook_compile(STR("apiVersion: noetl.io/v1\nkind: Playbook\nmetadata: {path: "
                                       "a}\nworkflow:\n  - {step: start, next: "
                                       "starts}\n"),
                                   "x.yaml", &d, &p, &err),
                  STATUS_INVALID);
    assert_ok(diagnostics_to_value(&d, "x.yaml", &a, &list, &err), &err);
    diagnostics_free(&d);
    assert_ok(json_text(&a, list, &json, &err), &err);
    assert_str(
        json,
        "[{\"severity\":\"error\",\"code\":\"unknown-step\",\"file\":\"x.yaml\",\"line\":5,\"column\":25,"
        "\"message\":\"unknown step \\\"starts\\\" in next\",\"hint\":\"did you mean \\\"start\\\"?\"}]");
    arena_free(&a);
}

static void types_have_words(void **state)
{
    (void)state;
    assert_string_equal(step_type_name(STEP_POSTGRES), "postgres");
    assert_string_equal(step_type_name(STEP_NONE), "");
    assert_true(step_type_is_tool(STEP_NOOP));
    assert_false(step_type_is_tool(STEP_WORKBOOK));
    assert_false(step_type_is_tool(STEP_TYPE_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_may_be_counted_by_many_threads),
        cmocka_unit_test(digest_is_of_the_text),
        cmocka_unit_test(steps_are_found_by_name),
        cmocka_unit_test(playbook_outlives_its_text),
        cmocka_unit_test(path_is_found_without_compiling),
        cmocka_unit_test(errors_say_the_first_and_how_many),
        cmocka_unit_test(an_error_need_not_be_wanted),
        cmocka_unit_test(diagnostics_have_a_json_form),
        cmocka_unit_test(types_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
