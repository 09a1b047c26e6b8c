/* Secrets: fetched by reference, used by reference, and never in what an attempt reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/json.h"
#include "tool_cases.h"
#include "worker/reference.h"

#define SECRET "s3cr\"t/+ wörd"
#define PEM    "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END KEY-----\n"

static char folder[] = "/tmp/noetl-test-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int start(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    write_file("api key", SECRET "\n");
    write_file("pem", PEM);
    write_file("short", "abc\n");
    write_file("bytes", "\xff\xfe\xfd\xfc");
    write_file("credentials.yaml",
               "tickets: {type: bearer, token: ticket-token}\n"
               "shop: {type: postgres, db_user: etl, db_password: shop-word, url: shop-url}\n");
    assert_int_equal(setenv("NOETL_CASE_SECRET", "not-for-playbooks", 1), 0);
    assert_int_equal(setenv("CASE_SECRET", SECRET, 1), 0);
    return 0;
}

static int stop(void **state)
{
    static const char *const names[] = {"api key", "pem", "short", "bytes", "credentials.yaml"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static void open_bench(struct tool_bench *b, const char *tool)
{
    char path[128];
    bench_open(b, tool);
    b->seal = "0123456789abcdef0123456789abcdef";
    snprintf(path, sizeof(path), "%s/credentials.yaml", folder);
    bench_set(b, "worker.credentials", path);
    bench_set(b, "worker.secrets", folder);
}

/* The reference that a step of type secrets gives. */
static const char *fetch(struct tool_bench *b, const char *config)
{
    const char *tool = b->tool;
    b->tool = "secrets";
    struct value event = bench_run_json(b, config, "{}");
    b->tool = tool;
    const char *text = bench_text(b, event, "result.data.secret_value");
    if (!text[0])
        fail_msg("%s", bench_text(b, event, "error"));
    return text;
}

static struct value run(struct tool_bench *b, const char *tool, const char *config, const char *args)
{
    b->tool = tool;
    return bench_run_json(b, config, args);
}

static struct str whole(struct tool_bench *b, struct value event)
{
    struct str text;
    struct error err;
    assert_int_equal(json_text(&b->arena, event, &text, &err), STATUS_OK);
    return text;
}

static void steps_of_secrets_do_what_their_cases_say(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "secrets");
    tool_cases_run(&b, "secrets.txt", VALUE_EMPTY_MAP, "@FOLDER@", folder);
    bench_close(&b);
}

static void a_broker_without_seals_is_told_of(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "secrets");
    b.seal = NULL;
    struct value event = bench_run_json(&b, "{\"provider\": \"env\", \"name\": \"CASE_SECRET\"}", "{}");
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "unsupported");
    bench_close(&b);
}

/* What a tool gets is the secret; what it gives back is the reference. */
static void a_tool_gets_the_secret_and_gives_the_reference_back(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "noop");
    const char *ref = fetch(&b, "{\"provider\": \"file\", \"name\": \"api key\"}");
    struct value event = run(
        &b, "python",
        "{\"code\": \"import os\\nprint(key)\\nresult = {'same': key == os.environ['CASE_SECRET'], 'key': "
        "key, key: ['Bearer ' + key]}\"}",
        arena_printf(&b.arena, "{\"key\": \"%s\"}", ref).ptr);
    assert_string_equal(bench_text(&b, event, "result.data.same"), "true");
    assert_string_equal(bench_text(&b, event, "result.data.key"), ref);
    assert_string_equal(bench_text(&b, event, "meta.log"), "***\n");
    assert_int_equal(str_find(whole(&b, event), STR("wörd")), -1);
    bench_close(&b);
}

static void no_form_of_a_secret_is_in_an_outcome(void **state)
{
    static const char code[] =
        "{\"code\": \"import json, urllib.parse, sys\\nprint(json.dumps(key), json.dumps(key, "
        "ensure_ascii=False), "
        "urllib.parse.quote(key, safe=''), urllib.parse.quote_plus(key), repr(pem), pem)\\nraise "
        "ValueError(f'no {key} and {pem}')\"}";
    struct tool_bench b;
    (void)state;
    open_bench(&b, "noop");
    const char *key = fetch(&b, "{\"provider\": \"env\", \"name\": \"CASE_SECRET\"}");
    const char *pem = fetch(&b, "{\"provider\": \"file\", \"name\": \"pem\"}");
    struct value event =
        run(&b, "python", code, arena_printf(&b.arena, "{\"key\": \"%s\", \"pem\": \"%s\"}", key, pem).ptr);
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "exception");
    assert_non_null(strstr(bench_text(&b, event, "error"), "ValueError: no *** and ***"));
    static const char *const parts[] = {"wörd", "w\\u00f6rd", "w%C3%B6rd", "MIIEvQIBADANBgkqhkiG9w0B",
                                        "AQEFAASC"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (str_find(whole(&b, event), str_of(parts[i])) >= 0)
            fail_msg("%s is in: %.*s", parts[i], ARGSTR(whole(&b, event)));
    bench_close(&b);
}

static void what_is_cut_off_leaves_no_part_of_a_secret(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "noop");
    bench_set(&b, "worker.log_limit", "2KiB");
    const char *key = fetch(&b, "{\"provider\": \"credential\", \"name\": \"tickets\"}");
    struct value event =
        run(&b, "shell",
            arena_printf(&b.arena,
                         "{\"command\": \"head -c 2040 /dev/zero | tr '\\\\0' . >&2; printf %%s \\\"$K\\\" "
                         ">&2\", \"env\": {\"K\": \"%s\"}}",
                         key)
                .ptr,
            "{}");
    const char *error = bench_text(&b, event, "result.data.stderr");
    assert_string_equal(bench_text(&b, event, "event_type"), "action_completed");
    assert_non_null(strstr(error, "....***\n[cut: "));
    assert_null(strstr(error, "tick"));
    event = run(&b, "python", "{\"code\": \"print('.' * 2040 + key, end='')\"}",
                arena_printf(&b.arena, "{\"key\": \"%s\"}", key).ptr);
    assert_non_null(strstr(bench_text(&b, event, "meta.log"), "...***\n[cut: "));
    assert_null(strstr(bench_text(&b, event, "meta.log"), "tick"));
    bench_close(&b);
}

static void an_error_that_is_cut_leaves_no_part_of_a_secret(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "noop");
    const char *key = fetch(&b, "{\"provider\": \"credential\", \"name\": \"tickets\"}");
    for (int dots = 280; dots < 310; dots++) {
        struct str config = arena_printf(
            &b.arena,
            "{\"command\": \"printf '%%%d.s%%s' . \\\"$K\\\" >&2; exit 1\", \"env\": {\"K\": \"%s\"}}", dots,
            key);
        const char *error = bench_text(&b, run(&b, "shell", config.ptr, "{}"), "error");
        assert_non_null(strstr(error, "exit code 1: "));
        assert_null(strstr(error, "tick"));
    }
    bench_close(&b);
}

static void what_is_saved_is_the_secret_and_what_is_told_is_not(void **state)
{
    char path[128];
    struct tool_bench b;
    struct error err;
    (void)state;
    open_bench(&b, "noop");
    const char *key =
        fetch(&b, "{\"provider\": \"credential\", \"name\": \"tickets\", \"field\": \"token\"}");
    snprintf(path, sizeof(path), "%s/saved", folder);
    struct str after =
        arena_printf(&b.arena,
                     "{\"saves\": [{\"tool\": \"shell\", \"keys\": {\"command\": \"cat > %s; cat %s >&2; "
                     "exit 7\", \"data\": \"{{ result.key }}\"}}]}",
                     path, path);
    assert_int_equal(json_read(&b.arena, after, NULL, &b.after, &err), STATUS_OK);
    struct value event = run(&b, "noop", "{}", arena_printf(&b.arena, "{\"key\": \"%s\"}", key).ptr);
    char saved[32] = "";
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    assert_non_null(fgets(saved, sizeof(saved), f));
    fclose(f);
    unlink(path);
    assert_string_equal(saved, "ticket-token");
    assert_string_equal(bench_text(&b, event, "result.data.key"), key);
    assert_non_null(strstr(bench_text(&b, event, "error"), "save to shell: "));
    assert_int_equal(str_find(whole(&b, event), STR("ticket-token")), -1);
    bench_close(&b);
}

static void a_reference_is_good_only_in_its_execution(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "noop");
    const char *ref = fetch(&b, "{\"provider\": \"env\", \"name\": \"CASE_SECRET\"}");
    const char *args = arena_printf(&b.arena, "{\"text\": \"<%s>\"}", ref).ptr;
    assert_string_equal(bench_text(&b, run(&b, "noop", "{}", args), "event_type"), "action_completed");
    b.seal = "ffffffffffffffffffffffffffffffff";
    struct value event = run(&b, "noop", "{}", args);
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "denied");
    assert_non_null(strstr(bench_text(&b, event, "error"), "CASE_SECRET was not made in this execution"));
    b.seal = NULL;
    assert_string_equal(bench_text(&b, run(&b, "noop", "{}", args), "result.error.kind"), "denied");
    bench_close(&b);
}

/* Nobody who can put a text into an execution gets another secret by it. */
static void no_part_of_a_reference_can_be_changed(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "noop");
    const char *ref = fetch(&b, "{\"provider\": \"env\", \"name\": \"CASE_SECRET\"}");
    size_t prefix = strlen("noetl_secret.");
    for (size_t i = prefix; ref[i]; i++) {
        char *other = arena_strdup(&b.arena, str_of(ref));
        other[i] = other[i] == 'a' ? 'b' : 'a';
        struct value event = run(&b, "shell", "{\"command\": \"printf %s \\\"$0\\\"\"}", "{}");
        event = run(&b, "shell",
                    arena_printf(&b.arena, "{\"command\": [\"printf\", \"%%s\", \"%s\"]}", other).ptr, "{}");
        bool is_denied = strcmp(bench_text(&b, event, "result.error.kind"), "denied") == 0;
        bool is_text = strcmp(bench_text(&b, event, "result.data.stdout"), other) == 0;
        if (!is_denied && !is_text)
            fail_msg("%s: %s", other, bench_text(&b, event, "error"));
    }
    bench_close(&b);
}

static void names_of_any_bytes_come_back(void **state)
{
    static const struct secret_name names[] = {
        {STR("file"), STR("/a b/c.d~e\n%ü"), STR("")},
        {STR("credential"), STR("0123456789abcdef0123456789abcdef"), STR("0123456789abcdef0123456789abcdef")},
        {STR("env"), STR("."), STR(".")}};
    const struct str seal = STR("0123456789abcdef0123456789abcdef");
    struct tool_bench b;
    (void)state;
    open_bench(&b, "noop");
    struct secret_source source;
    struct error err;
    assert_int_equal(secret_source_open(&source, b.settings, &err), STATUS_OK);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct secrets used = {.count = 0};
        struct value out;
        struct str ref = reference_write(&b.arena, seal, &names[i]);
        struct str text = arena_printf(&b.arena, "%.*sf0f0 noetl_secret.", ARGSTR(ref));
        /* It is understood: the only complaint is that there is no such secret, by its name. */
        assert_int_equal(references_resolve(&source, seal, value_str(text), &b.arena, &used, &out, &err),
                         STATUS_NOT_FOUND);
        for (size_t k = 0; k < ref.len; k++)
            assert_true((ref.ptr[k] >= 'a' && ref.ptr[k] <= 'z') ||
                        (ref.ptr[k] >= 'A' && ref.ptr[k] <= 'Z') ||
                        (ref.ptr[k] >= '0' && ref.ptr[k] <= '9') || strchr("_-.~", ref.ptr[k]));
    }
    secret_source_close(&source);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_of_secrets_do_what_their_cases_say),
        cmocka_unit_test(a_broker_without_seals_is_told_of),
        cmocka_unit_test(a_tool_gets_the_secret_and_gives_the_reference_back),
        cmocka_unit_test(no_form_of_a_secret_is_in_an_outcome),
        cmocka_unit_test(what_is_cut_off_leaves_no_part_of_a_secret),
        cmocka_unit_test(an_error_that_is_cut_leaves_no_part_of_a_secret),
        cmocka_unit_test(what_is_saved_is_the_secret_and_what_is_told_is_not),
        cmocka_unit_test(a_reference_is_good_only_in_its_execution),
        cmocka_unit_test(no_part_of_a_reference_can_be_changed),
        cmocka_unit_test(names_of_any_bytes_come_back),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
