/* Settings: defaults, the file, the environment, flags, and what is said about mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/quantity.h"
#include "config/settings.h"
#include "core/json.h"

#include "scratch.h"

static struct settings *fresh(void)
{
    struct settings *s = NULL;
    assert_int_equal(settings_new(&s, NULL), STATUS_OK);
    return s;
}

static void set(struct settings *s, enum setting_source source, const char *where, const char *name,
                const char *text)
{
    struct error err;
    if (settings_set(s, source, where, str_of(name), str_of(text), &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

static void every_default_is_readable(void **state)
{
    (void)state;
    struct settings *s = fresh();
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *where = NULL;
        assert_int_equal(settings_source(s, (enum setting)i, &where), SOURCE_DEFAULT);
        assert_string_equal(where, "");
        assert_string_equal(settings_text(s, (enum setting)i), setting_default((enum setting)i));
        assert_int_equal(setting_find(str_of(setting_name((enum setting)i))), i);
        assert_true(strlen(setting_doc((enum setting)i)) > 0);
    }
    assert_int_equal(settings_int(s, SETTING_NATS_TIMEOUT), 5000);
    assert_int_equal(settings_int(s, SETTING_WORKER_LOG_LIMIT), 65536);
    assert_int_equal(settings_int(s, SETTING_EVENTS_MAX_AGE), INT64_C(30) * 24 * 3600 * 1000);
    assert_string_equal(settings_list(s, SETTING_POOLS)[0], "default");
    assert_null(settings_list(s, SETTING_POOLS)[1]);
    settings_free(&s);
    assert_null(s);
}

static void a_stronger_source_wins_in_any_order(void **state)
{
    (void)state;
    struct settings *s = fresh();
    const char *where = NULL;
    set(s, SOURCE_FLAG, "--server", "nats.url", "nats://flag");
    set(s, SOURCE_FILE, "f.yaml:1", "nats.url", "nats://file");
    assert_string_equal(settings_text(s, SETTING_NATS_URL), "nats://flag");
    assert_int_equal(settings_source(s, SETTING_NATS_URL, &where), SOURCE_FLAG);
    assert_string_equal(where, "--server");
    set(s, SOURCE_FILE, "f.yaml:2", "pools", "a, b,,c");
    set(s, SOURCE_ENVIRONMENT, "NOETL_POOLS", "pools", "d");
    assert_string_equal(settings_list(s, SETTING_POOLS)[0], "d");
    settings_reset(s, SETTING_POOLS);
    assert_string_equal(settings_list(s, SETTING_POOLS)[0], "default");
    assert_int_equal(settings_source(s, SETTING_POOLS, NULL), SOURCE_DEFAULT);
    settings_free(&s);
}

static void a_list_is_split_at_commas(void **state)
{
    (void)state;
    struct settings *s = fresh();
    set(s, SOURCE_FLAG, "--pools", "pools", " a, b,,c ");
    const char *const *items = settings_list(s, SETTING_POOLS);
    assert_string_equal(items[0], "a");
    assert_string_equal(items[1], "b");
    assert_string_equal(items[2], "c");
    assert_null(items[3]);
    set(s, SOURCE_FLAG, "--pools", "pools", "");
    assert_null(settings_list(s, SETTING_POOLS)[0]);
    settings_free(&s);
}

/* What a wrong value, or a wrong name, is answered with. */
struct refusal {
    const char *name, *text, *message, *hint;
};

static void wrong_values_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"nats.ulr", "x", "unknown setting \"nats.ulr\"", "Did you mean \"nats.url\"?"},
        {"zzzzzzzzzzzz", "x", "unknown setting \"zzzzzzzzzzzz\"", "`noetl config show` lists all settings."},
        {"nats.timeout", "5", "nats.timeout: \"5\" is no duration",
         "Write a number with ms, s, m, h or d, as in 250ms, 30s or 1.5h."},
        {"nats.timeout", "-5s", "nats.timeout: \"-5s\" is no duration",
         "Write a number with ms, s, m, h or d, as in 250ms, 30s or 1.5h."},
        {"nats.timeout", "0", "nats.timeout is \"0\", and must be between 1 and 3600000 milliseconds", ""},
        {"worker.log_limit", "64kb", "worker.log_limit: \"64kb\" is no size",
         "Write a number of bytes, or one with B, KiB, MiB or GiB, as in 64KiB."},
        {"worker.concurrency", "many", "worker.concurrency: \"many\" is no whole number", ""},
        {"worker.concurrency", "0", "worker.concurrency is \"0\", and must be between 1 and 4096", ""},
        {"nats.replicas", "99999999999999999999",
         "nats.replicas: \"99999999999999999999\" is no whole number", ""},
        {"log.level", "loud", "log.level is \"loud\", and must be one of debug, info, warn, error", ""},
    };
    struct settings *s = fresh();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err;
        assert_int_equal(
            settings_set(s, SOURCE_FLAG, "--x", str_of(cases[i].name), str_of(cases[i].text), &err),
            STATUS_INVALID);
        assert_string_equal(err.message, cases[i].message);
        assert_string_equal(err.hint, cases[i].hint);
        assert_string_equal(err.place, "--x");
    }
    assert_int_equal(settings_int(s, SETTING_NATS_TIMEOUT), 5000);
    settings_free(&s);
}

static void durations_and_sizes_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } durations[] = {{"250ms", 250}, {"30s", 30000},    {"1.5h", 5400000},
                     {"0", 0},       {" 2 m ", 120000}, {"0.25s", 250}};
    static const struct {
        const char *text;
        int64_t bytes;
    } sizes[] = {{"0", 0},         {"17", 17},          {"17B", 17},
                 {"64KiB", 65536}, {"1.5MiB", 1572864}, {"2G", INT64_C(2) << 30}};
    static const char *const wrong[] = {
        "", "s", "1x", "1..5s", "1.s", "99999999999999999999ms", "9999999999999999d", "1 2s"};
    int64_t out;
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        assert_int_equal(duration_parse(str_of(durations[i].text), &out, NULL), STATUS_OK);
        assert_int_equal(out, durations[i].ms);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(size_parse(str_of(sizes[i].text), &out, NULL), STATUS_OK);
        assert_int_equal(out, sizes[i].bytes);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(duration_parse(str_of(wrong[i]), &out, NULL), STATUS_INVALID);
}

static void flags_read_the_usual_words(void **state)
{
    (void)state;
    bool out;
    assert_int_equal(flag_parse(STR("Yes"), &out, NULL), STATUS_OK);
    assert_true(out);
    assert_int_equal(flag_parse(STR("off"), &out, NULL), STATUS_OK);
    assert_false(out);
    assert_int_equal(flag_parse(STR("maybe"), &out, NULL), STATUS_INVALID);
}

/* ---- the file ----------------------------------------------------------------------------------------- */

static void a_file_sets_values_with_their_lines(void **state)
{
    (void)state;
    (void)scratch_begin();
    const char *path = scratch_file("c.yaml", "# comment\nnats:\n  url: nats://a:1\n  timeout: 2s\n"
                                              "pools:\n  - x\n  - y\nworker.concurrency: 3\nbroker:\n");
    struct settings *s = fresh();
    const char *where = NULL;
    char expected[256];
    assert_int_equal(settings_load_file(s, path, NULL), STATUS_OK);
    assert_string_equal(settings_text(s, SETTING_NATS_URL), "nats://a:1");
    assert_int_equal(settings_source(s, SETTING_NATS_URL, &where), SOURCE_FILE);
    (void)snprintf(expected, sizeof(expected), "%s:3", path);
    assert_string_equal(where, expected);
    assert_int_equal(settings_int(s, SETTING_NATS_TIMEOUT), 2000);
    assert_string_equal(settings_list(s, SETTING_POOLS)[1], "y");
    assert_int_equal(settings_int(s, SETTING_WORKER_CONCURRENCY), 3);
    settings_free(&s);
    scratch_end();
}

static void mistakes_in_a_file_have_line_and_column(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        enum status status;
        uint32_t line, column;
    } cases[] = {
        {"nats:\n  ulr: x\n", "unknown setting \"nats.ulr\"", STATUS_INVALID, 2, 8},
        {"natz:\n  url: x\n", "unknown setting \"natz\"", STATUS_INVALID, 2, 3},
        {"nats: {timeout: soon}\n", "nats.timeout: \"soon\" is no duration", STATUS_INVALID, 1, 17},
        {"nats: {url: a, url: b}\n", "nats.url is set twice, first on line 1", STATUS_INVALID, 1, 21},
        {"nats:\n  url:\n", "nats.url has no value", STATUS_INVALID, 2, 7},
        {"nats: [a]\n", "unknown setting \"nats\"", STATUS_INVALID, 1, 7},
        {"log: {level: [a]}\n", "log.level is a text, not a list", STATUS_INVALID, 1, 14},
        {"log: {level: {a: b}}\n", "log.level is a text, not a map", STATUS_INVALID, 1, 14},
        {"- a\n", "the file must be a map of settings", STATUS_INVALID, 1, 1},
        {"{}\n---\n{}\n", "the file has a second document", STATUS_INVALID, 2, 1},
        {"a: &x b\nc: *x\n", "unknown setting \"a\"", STATUS_INVALID, 1, 4},
        {"log:\n  level: &x info\n  format: *x\n", "anchors and aliases are not read in settings",
         STATUS_UNSUPPORTED, 3, 11},
        {"pools: [\"a,b\"]\n", "an item of a list must be text without a comma", STATUS_INVALID, 1, 9},
    };
    (void)scratch_begin();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct settings *s = fresh();
        struct error err;
        const char *path = scratch_file("c.yaml", cases[i].text);
        assert_int_equal(settings_load_file(s, path, &err), cases[i].status);
        assert_string_equal(err.message, cases[i].message);
        assert_string_equal(err.place, path);
        assert_int_equal(err.line, cases[i].line);
        assert_int_equal(err.column, cases[i].column);
        settings_free(&s);
    }
    scratch_end();
}

static void a_file_that_is_no_yaml_is_a_syntax_error(void **state)
{
    (void)state;
    (void)scratch_begin();
    struct settings *s = fresh();
    struct error err;
    assert_int_equal(settings_load_file(s, scratch_file("c.yaml", "nats: [\n"), &err), STATUS_SYNTAX);
    assert_true(err.line > 0);
    assert_int_equal(settings_load_file(s, "/nowhere/c.yaml", &err), STATUS_NOT_FOUND);
    assert_string_equal(err.place, "/nowhere/c.yaml");
    assert_int_equal(settings_load_file(s, scratch_file("empty.yaml", ""), &err), STATUS_OK);
    settings_free(&s);
    scratch_end();
}

/* ---- the environment ---------------------------------------------------------------------------------- */

static void variables_are_named_after_settings(void **state)
{
    (void)state;
    static const char *const environment[] = {"PATH=/bin", "NOETL_WORKER_TASK_TIMEOUT=7s", "NOETL_CONFIG=x",
                                              NULL};
    struct settings *s = fresh();
    const char *where = NULL;
    assert_int_equal(settings_load_environment(s, environment, NULL), STATUS_OK);
    assert_int_equal(settings_int(s, SETTING_WORKER_TASK_TIMEOUT), 7000);
    assert_int_equal(settings_source(s, SETTING_WORKER_TASK_TIMEOUT, &where), SOURCE_ENVIRONMENT);
    assert_string_equal(where, "NOETL_WORKER_TASK_TIMEOUT");
    settings_free(&s);
}

static void an_unknown_variable_is_an_error(void **state)
{
    (void)state;
    static const char *const environment[] = {"NOETL_WORKER_CONCURENCY=7", NULL};
    struct settings *s = fresh();
    struct error err;
    assert_int_equal(settings_load_environment(s, environment, &err), STATUS_INVALID);
    assert_string_equal(err.message, "unknown variable \"NOETL_WORKER_CONCURENCY\"");
    assert_string_equal(err.hint, "Did you mean \"NOETL_WORKER_CONCURRENCY\"?");
    settings_free(&s);
}

/* ---- showing ------------------------------------------------------------------------------------------ */

static struct value shown(struct value list, enum setting id)
{
    return VALUE_GET(list.u.list[id], "value");
}

static void secrets_are_not_shown(void **state)
{
    (void)state;
    struct settings *s = fresh();
    struct arena a;
    struct value list;
    arena_init(&a, 0);
    set(s, SOURCE_FLAG, "x", "nats.password", "hunter2");
    set(s, SOURCE_FLAG, "x", "nats.url", "nats://me:hunter2@a:1,nats://tok@b,nats://c");
    assert_int_equal(settings_to_value(s, &a, &list, NULL), STATUS_OK);
    assert_int_equal(list.len, SETTING_COUNT);
    assert_true(str_is(value_as_str(shown(list, SETTING_NATS_PASSWORD)), "***"));
    assert_true(str_is(value_as_str(shown(list, SETTING_NATS_TOKEN)), ""));
    assert_true(
        str_is(value_as_str(shown(list, SETTING_NATS_URL)), "nats://me:***@a:1,nats://***@b,nats://c"));
    arena_free(&a);
    settings_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_default_is_readable),
        cmocka_unit_test(a_stronger_source_wins_in_any_order),
        cmocka_unit_test(a_list_is_split_at_commas),
        cmocka_unit_test(wrong_values_are_refused_with_a_reason),
        cmocka_unit_test(durations_and_sizes_are_exact),
        cmocka_unit_test(flags_read_the_usual_words),
        cmocka_unit_test(a_file_sets_values_with_their_lines),
        cmocka_unit_test(mistakes_in_a_file_have_line_and_column),
        cmocka_unit_test(a_file_that_is_no_yaml_is_a_syntax_error),
        cmocka_unit_test(variables_are_named_after_settings),
        cmocka_unit_test(an_unknown_variable_is_an_error),
        cmocka_unit_test(secrets_are_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
