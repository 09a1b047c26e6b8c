/* What a client may write into a run request: the cases are in run_requests.jsonl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"
#include "publisher/payload.h"
#include "publisher/request.h"

static void check_request(struct value expected, const struct run_request *r)
{
    assert_true(value_equal(VALUE_GET(expected, "path"), value_str(r->path)));
    assert_true(value_equal(VALUE_GET(expected, "version"), value_int((int64_t)r->version)));
    assert_true(value_equal(VALUE_GET(expected, "key"), value_str(r->idempotency_key)));
    struct value workload = value_is_absent(r->workload) ? value_null() : r->workload;
    assert_true(value_identical(VALUE_GET(expected, "workload"), workload));
}

static void check_error(struct arena *a, struct value expected, const struct error *err)
{
    const char *contains = arena_strdup(a, value_as_str(VALUE_GET(expected, "contains")));
    const char *hint = arena_strdup(a, value_as_str(VALUE_GET(expected, "hint")));
    if (!strstr(err->message, contains))
        fail_msg("\"%s\" does not say \"%s\"", err->message, contains);
    if (!strstr(err->hint, hint))
        fail_msg("the hint \"%s\" does not say \"%s\"", err->hint, hint);
    assert_true(str_is(value_as_str(VALUE_GET(expected, "place")), err->place));
}

static void check_case(struct arena *a, struct str line)
{
    struct value v;
    struct error err;
    struct run_request request;
    assert_int_equal(json_read(a, line, NULL, &v, &err), STATUS_OK);
    struct str name = value_as_str(VALUE_GET(v, "name"));
    enum status status = run_request_from_value(VALUE_GET(v, "payload"), &request, &err);
    struct value wanted = VALUE_GET(v, "error");
    if ((status == STATUS_OK) != value_is_absent(wanted))
        fail_msg("%" PRISTR ": %s", ARGSTR(name), status == STATUS_OK ? "was taken" : err.message);
    if (status == STATUS_OK) {
        check_request(VALUE_GET(v, "request"), &request);
    } else {
        assert_int_equal(status, STATUS_INVALID);
        check_error(a, wanted, &err);
    }
}

static void run_requests_are_read_strictly(void **state)
{
    (void)state;
    char path[512], *line = NULL;
    size_t size = 0, cases = 0;
    snprintf(path, sizeof path, "%s/tests/publisher/run_requests.jsonl", getenv("NOETL_SOURCE_DIR"));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    for (ssize_t len; (len = getline(&line, &size, f)) > 0; cases++) {
        struct arena a;
        arena_init(&a, 0);
        check_case(&a, str_trim((struct str){line, (size_t)len}));
        arena_free(&a);
    }
    free(line);
    fclose(f);
    assert_true(cases > 10);
}

static void an_id_must_be_text(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum status status;
        int64_t id;
    } cases[] = {
        {"{\"execution_id\":\"213437568143953920\"}", STATUS_OK, INT64_C(213437568143953920)},
        {"{\"execution_id\":213437568143953920}", STATUS_INVALID, 0},
        {"{\"execution_id\":\"-1\"}", STATUS_INVALID, 0},
        {"{\"execution_id\":\"abc\"}", STATUS_INVALID, 0},
        {"{\"execution_id\":\"99999999999999999999\"}", STATUS_INVALID, 0},
        {"{\"execution_id\":null}", STATUS_INVALID, 0},
        {"{}", STATUS_INVALID, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a;
        struct value v;
        struct error err;
        int64_t id = 0;
        arena_init(&a, 0);
        assert_int_equal(json_read(&a, str_of(cases[i].json), NULL, &v, &err), STATUS_OK);
        assert_int_equal(payload_execution_id(v, &id, &err), cases[i].status);
        if (cases[i].status == STATUS_OK)
            assert_int_equal(id, cases[i].id);
        else
            assert_string_equal(err.place, "execution_id");
        arena_free(&a);
    }
}

static void an_empty_payload_is_an_empty_map(void **state)
{
    (void)state;
    struct arena a;
    struct value v;
    struct error err;
    arena_init(&a, 0);
    assert_int_equal(payload_read(&a, STR(" \n"), "the request", &v, &err), STATUS_OK);
    assert_int_equal(v.type, VALUE_MAP);
    assert_int_equal(v.len, 0);
    assert_int_equal(payload_read(&a, STR("{\"a\":"), "the request", &v, &err), STATUS_SYNTAX);
    assert_int_equal(payload_read(&a, STR("[]"), "the request", &v, &err), STATUS_INVALID);
    assert_non_null(strstr(err.message, "the request"));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_requests_are_read_strictly),
        cmocka_unit_test(an_id_must_be_text),
        cmocka_unit_test(an_empty_payload_is_an_empty_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
