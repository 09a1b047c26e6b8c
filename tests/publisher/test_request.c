/* The catalog and requests for executions, on a real server. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"
#include "playbooks.h"
#include "publisher/control.h"
#include "publisher/parcel.h"
#include "publisher/request.h"
#include "publisher/topology.h"
#include "servers.h"

#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static struct servers servers;
static struct bus *bus, *other_bus; /* of two publishers */
static struct subjects subjects;

static void must(enum status status, const struct error *err)
{
    char text[2048];
    if (status != STATUS_OK)
        fail_msg("%s", error_text(err, text, sizeof text));
}

static int start(void **state)
{
    (void)state;
    static const char *const pools[] = {"default", NULL};
    struct topology_options options = {.replicas = 1,
                                       .duplicates_ms = 120000,
                                       .task_ack_wait_ms = 30000,
                                       .task_max_deliver = 5,
                                       .pools = pools};
    struct error err;
    servers_start_nats(&servers);
    bus = servers_connect(&servers, "test publisher 1");
    other_bus = servers_connect(&servers, "test publisher 2");
    must(subjects_init(&subjects, STR("noetl"), 4, &err), &err);
    must(topology_ensure(bus, &subjects, &options, &err), &err);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    bus_close(&bus);
    bus_close(&other_bus);
    servers_stop(&servers);
    return 0;
}

static enum status put(const char *text, struct arena *a, struct registration *out, struct error *err)
{
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    enum status status =
        catalog_register(bus, &subjects, str_of(text), "test.yaml", &diagnostics, a, out, err);
    diagnostics_free(&diagnostics);
    return status;
}

static uint64_t must_put(const char *text)
{
    struct arena a;
    struct registration r;
    struct error err;
    arena_init(&a, 0);
    must(put(text, &a, &r, &err), &err);
    arena_free(&a);
    return r.version;
}

/* The stored request of an execution, as a map in `a`. */
static struct value stored_request(int64_t id, struct arena *a)
{
    char subject[SUBJECT_MAX], stream[96];
    struct bus_stored stored;
    struct value v;
    struct error err;
    subject_event(&subjects, id, EVENT_EXECUTION_REQUESTED, subject);
    must(bus_stream_last(bus, stream_name(&subjects, STREAM_EVENTS, stream), subject, a, &stored, &err),
         &err);
    must(json_read(a, stored.payload, NULL, &v, &err), &err);
    return v;
}

/* ---- the catalog -------------------------------------------------------------------------------------- */

static void the_same_text_keeps_its_version_and_another_gets_a_new_one(void **state)
{
    (void)state;
    struct arena a;
    struct registration first, again, changed;
    struct error err;
    arena_init(&a, 0);
    must(put(PLAYBOOK("tests/versions", "one"), &a, &first, &err), &err);
    must(put(PLAYBOOK("tests/versions", "one"), &a, &again, &err), &err);
    must(put(PLAYBOOK("tests/versions", "two"), &a, &changed, &err), &err);
    assert_true(str_is(first.path, "tests/versions"));
    assert_false(first.unchanged);
    assert_true(again.unchanged);
    assert_int_equal(again.version, first.version);
    assert_false(changed.unchanged);
    assert_true(changed.version > first.version);

    struct str text;
    uint64_t version;
    must(catalog_get(bus, &subjects, STR("tests/versions"), first.version, &a, &text, &version, &err), &err);
    assert_true(str_is(text, PLAYBOOK("tests/versions", "one")));
    must(catalog_get(bus, &subjects, STR("tests/versions"), 0, &a, &text, &version, &err), &err);
    assert_true(str_is(text, PLAYBOOK("tests/versions", "two")));
    assert_int_equal(version, changed.version);
    arena_free(&a);
}

static void a_text_with_errors_is_not_stored(void **state)
{
    (void)state;
    struct arena a;
    struct registration r;
    struct error err;
    struct str text;
    arena_init(&a, 0);
    assert_int_equal(put(BROKEN, &a, &r, &err), STATUS_INVALID);
    assert_non_null(strstr(err.message, "nowhere"));
    assert_int_equal(catalog_get(bus, &subjects, STR("tests/broken"), 0, &a, &text, &r.version, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(put("workflow: [", &a, &r, &err), STATUS_SYNTAX);
    arena_free(&a);
}

static void a_playbook_that_no_message_can_carry_is_refused(void **state)
{
    (void)state;
    struct arena a;
    struct registration r;
    struct error err;
    size_t size = (size_t)bus_max_payload(bus);
    char *text = calloc(1, size + sizeof HELLO + 2);
    arena_init(&a, 0);
    memcpy(text, HELLO "# ", sizeof HELLO + 1);
    memset(text + sizeof HELLO + 1, 'x', size - sizeof HELLO - 1000);
    assert_int_equal(put(text, &a, &r, &err), STATUS_LIMIT);
    assert_non_null(strstr(err.message, HELLO_PATH));
    free(text);
    arena_free(&a);
}

static void a_missing_playbook_or_version_says_what_there_is(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    struct str text;
    uint64_t version = must_put(PLAYBOOK("tests/missing", "x"));
    arena_init(&a, 0);
    assert_int_equal(catalog_get(bus, &subjects, STR("tests/mising"), 0, &a, &text, &version, &err),
                     STATUS_NOT_FOUND);
    assert_string_equal(err.place, "path");
    assert_non_null(strstr(err.hint, "\"tests/missing\""));
    assert_int_equal(catalog_get(bus, &subjects, STR("tests/missing"), 9999, &a, &text, &version, &err),
                     STATUS_NOT_FOUND);
    assert_string_equal(err.place, "version");
    assert_non_null(strstr(err.message, "no version 9999"));
    assert_int_equal(catalog_get(bus, &subjects, STR("tests/*"), 0, &a, &text, &version, &err),
                     STATUS_INVALID);
    arena_free(&a);
}

static void paths_are_those_that_a_bucket_can_have(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "examples/hello", "a.b/c-d_e=f", "A0"};
    static const char *const bad[] = {"",     "/a",  "a/", ".a", "a.",      "a..b",
                                      "a//b", "a b", "a*", "a>", "\xc3\xa4"};
    struct error err;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(catalog_check_path(str_of(good[i]), &err), STATUS_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(catalog_check_path(str_of(bad[i]), &err), STATUS_INVALID);
}

static void the_list_has_each_path_once_with_its_newest_version(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    struct value list;
    must_put(PLAYBOOK("tests/listed", "one"));
    uint64_t newest = must_put(PLAYBOOK("tests/listed", "two"));
    uint32_t found = 0;
    arena_init(&a, 0);
    must(catalog_list(bus, &subjects, &a, &list, &err), &err);
    for (uint32_t i = 0; i < list.len; i++) {
        struct value entry = list.u.list[i];
        if (!str_is(value_as_str(VALUE_GET(entry, "path")), "tests/listed"))
            continue;
        found++;
        assert_true(value_equal(VALUE_GET(entry, "version"), value_int((int64_t)newest)));
        int64_t time_ns;
        must(time_parse(value_as_str(VALUE_GET(entry, "registered_at")), &time_ns, &err), &err);
    }
    assert_int_equal(found, 1);
    arena_free(&a);
}

/* ---- requests ----------------------------------------------------------------------------------------- */

static void a_request_holds_the_playbook_and_the_merged_workload(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    struct run_answer answer;
    struct value workload, expected;
    uint64_t version = must_put(HELLO);
    arena_init(&a, 0);
    must(json_read(&a, STR("{\"who\":{\"name\":\"you\"},\"list\":[1,9007199254740993]}"), NULL, &workload,
                   &err),
         &err);
    struct run_request request = {.path = STR(HELLO_PATH),
                                  .workload = workload,
                                  .traceparent = STR(TRACE),
                                  .requested_by = STR("test")};
    must(request_execution(bus, &subjects, 1, &request, &a, &answer, &err), &err);
    assert_false(answer.duplicate);
    assert_int_equal(answer.version, version);

    struct value stored = stored_request(answer.execution_id, &a), context = VALUE_GET(stored, "context");
    must(json_read(&a,
                   STR("{\"greeting\":\"hello\",\"who\":{\"name\":\"you\",\"title\":\"none\"},"
                       "\"list\":[1,9007199254740993]}"),
                   NULL, &expected, &err),
         &err);
    assert_true(value_equal(VALUE_GET(context, "workload"), expected));
    assert_true(str_is(value_as_str(VALUE_GET(context, "playbook")), HELLO));
    assert_true(str_is(value_as_str(VALUE_GET(context, "path")), HELLO_PATH));
    assert_true(str_is(value_as_str(VALUE_GET(context, "requested_by")), "test"));
    assert_int_equal(VALUE_GET(context, "token_seed").len, 32);
    assert_int_equal(VALUE_GET(context, "digest").len, 64);
    assert_true(str_is(value_as_str(VALUE_GET(stored, "event_type")), "execution_requested"));
    assert_true(str_is(value_as_str(value_get_path(stored, STR("meta.traceparent"))), TRACE));
    assert_int_equal(VALUE_GET(stored, "execution_id").type, VALUE_STRING);
    arena_free(&a);
}

static void requests_without_a_key_are_executions_of_their_own(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    struct run_answer one, two;
    struct run_request request = {.path = STR(HELLO_PATH), .requested_by = STR("test")};
    must_put(HELLO);
    arena_init(&a, 0);
    must(request_execution(bus, &subjects, 1, &request, &a, &one, &err), &err);
    must(request_execution(bus, &subjects, 1, &request, &a, &two, &err), &err);
    assert_true(two.execution_id > one.execution_id);
    assert_false(one.duplicate || two.duplicate);
    arena_free(&a);
}

static void one_key_is_one_execution_whichever_publisher_is_asked(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    struct run_answer one, two, other_key;
    struct run_request request = {
        .path = STR("tests/idempotent"), .idempotency_key = STR("order 7"), .requested_by = STR("test")};
    uint64_t version = must_put(PLAYBOOK("tests/idempotent", "one"));
    arena_init(&a, 0);
    must(request_execution(bus, &subjects, 1, &request, &a, &one, &err), &err);
    /* A newer version does not change what was asked for before. */
    must_put(PLAYBOOK("tests/idempotent", "two"));
    must(request_execution(other_bus, &subjects, 2, &request, &a, &two, &err), &err);
    assert_false(one.duplicate);
    assert_true(two.duplicate);
    assert_int_equal(one.execution_id, two.execution_id);
    assert_int_equal(two.version, version);
    assert_true(str_is(two.path, "tests/idempotent"));
    request.idempotency_key = STR("order 8");
    must(request_execution(other_bus, &subjects, 2, &request, &a, &other_key, &err), &err);
    assert_false(other_key.duplicate);
    assert_true(other_key.execution_id != one.execution_id);
    arena_free(&a);
}

/* Beyond the window in which a stream knows message ids, it still has the first message of the subject. */
static void a_key_used_long_ago_is_still_the_same_execution(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    struct bus_ack ack;
    struct run_answer answer;
    char subject[SUBJECT_MAX];
    struct run_request request = {
        .path = STR(HELLO_PATH), .idempotency_key = STR("long ago"), .requested_by = STR("test")};
    int64_t id = id_from_key(request.path, request.idempotency_key);
    must_put(HELLO);
    arena_init(&a, 0);
    struct str text = arena_printf(&a,
                                   "{\"execution_id\":\"%" PRId64 "\",\"event_type\":\"execution_requested\","
                                   "\"node_name\":\"" HELLO_PATH "\",\"node_type\":\"playbook\",\"context\":"
                                   "{\"path\":\"" HELLO_PATH "\",\"version\":77,\"token_seed\":\"other\"}}",
                                   id);
    struct bus_publication first = {.subject =
                                        subject_event(&subjects, id, EVENT_EXECUTION_REQUESTED, subject),
                                    .payload = text,
                                    .give_up_ms = 10000};
    must(bus_publish_wait(bus, &first, &ack, &err), &err);
    must(request_execution(bus, &subjects, 1, &request, &a, &answer, &err), &err);
    assert_true(answer.duplicate);
    assert_int_equal(answer.execution_id, id);
    assert_int_equal(answer.version, 77);
    arena_free(&a);
}

static void publish_nonsense(int64_t execution_id)
{
    char subject[SUBJECT_MAX];
    struct error err;
    struct bus_ack ack;
    struct bus_publication nonsense = {
        .subject = subject_event(&subjects, execution_id, EVENT_EXECUTION_REQUESTED, subject),
        .payload = STR("{"),
        .give_up_ms = 10000};
    must(bus_publish_wait(bus, &nonsense, &ack, &err), &err);
}

static void what_others_publish_on_a_requests_subject_is_passed_over(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    struct run_answer one, two;
    struct run_request request = {
        .path = STR(HELLO_PATH), .idempotency_key = STR("spoilt later"), .requested_by = STR("test")};
    must_put(HELLO);
    arena_init(&a, 0);
    must(request_execution(bus, &subjects, 1, &request, &a, &one, &err), &err);
    publish_nonsense(one.execution_id);
    must(request_execution(other_bus, &subjects, 2, &request, &a, &two, &err), &err);
    assert_true(two.duplicate && two.execution_id == one.execution_id && two.version == one.version);
    request.idempotency_key = STR("spoilt before");
    publish_nonsense(id_from_key(request.path, request.idempotency_key));
    assert_int_not_equal(request_execution(bus, &subjects, 1, &request, &a, &one, &err), STATUS_OK);
    assert_non_null(strstr(err.message, "none is a request"));
    assert_non_null(strstr(err.hint, "idempotency_key"));
    arena_free(&a);
}

static void a_command_that_is_delivered_again_is_one_execution(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    struct run_answer one, two;
    struct run_request request = {
        .path = STR(HELLO_PATH), .execution_id = 4242, .requested_by = STR("command")};
    must_put(HELLO);
    arena_init(&a, 0);
    must(request_execution(bus, &subjects, 1, &request, &a, &one, &err), &err);
    must(request_execution(other_bus, &subjects, 2, &request, &a, &two, &err), &err);
    assert_int_equal(one.execution_id, 4242);
    assert_int_equal(two.execution_id, 4242);
    assert_false(one.duplicate);
    assert_true(two.duplicate);
    arena_free(&a);
}

static void a_playbook_that_was_put_unchecked_is_checked_when_it_is_run(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    struct run_answer answer;
    struct run_request request = {.path = STR("tests/raw"), .requested_by = STR("test")};
    uint64_t revision;
    char bucket[96];
    arena_init(&a, 0);
    must(bus_kv_put(bus, catalog_bucket(&subjects, bucket), "tests/raw", STR(BROKEN), &revision, &err), &err);
    assert_int_equal(request_execution(bus, &subjects, 1, &request, &a, &answer, &err), STATUS_INVALID);
    assert_non_null(strstr(err.message, "tests/raw"));
    assert_non_null(strstr(err.message, "nowhere"));
    must(bus_kv_put(bus, bucket, "tests/raw", STR(PLAYBOOK("tests/raw", "x")), &revision, &err), &err);
    must(request_execution(bus, &subjects, 1, &request, &a, &answer, &err), &err);
    assert_int_equal(answer.version, revision);
    arena_free(&a);
}

/* The event that a request is, whether it stands in its message or is referred to. */
static struct event request_of(int64_t id, bool *is_reference, struct arena *a)
{
    char stream[96], subject[SUBJECT_MAX];
    struct bus_stored stored;
    struct str text;
    struct value v;
    struct event e;
    struct error err;
    subject_event(&subjects, id, EVENT_EXECUTION_REQUESTED, subject);
    must(bus_stream_last(bus, stream_name(&subjects, STREAM_EVENTS, stream), subject, a, &stored, &err),
         &err);
    *is_reference = parcel_is_reference(stored.payload);
    must(parcel_text(bus, &subjects, stored.payload, a, &text, &err), &err);
    must(json_read(a, text, NULL, &v, &err), &err);
    must(event_from_value(v, &e, &err), &err);
    return e;
}

static void a_workload_that_no_message_can_carry_travels_by_reference(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    struct run_answer answer, again;
    struct map_builder m;
    struct run_request request = {
        .path = STR(HELLO_PATH), .requested_by = STR("test"), .idempotency_key = STR("large")};
    bool is_reference;
    must_put(HELLO);
    arena_init(&a, 0);
    size_t size = 5 << 20;
    char *bytes = arena_alloc(&a, size);
    memset(bytes, 'x', size);
    map_begin(&m, &a);
    map_put(&m, STR("big"), value_str((struct str){bytes, size}));
    must(map_end(&m, &request.workload, &err), &err);
    must(request_execution(bus, &subjects, 1, &request, &a, &answer, &err), &err);
    struct event e = request_of(answer.execution_id, &is_reference, &a);
    assert_true(is_reference);
    assert_true(
        value_equal(value_get_path(e.context, STR("workload.big")), VALUE_GET(request.workload, "big")));
    must(request_execution(bus, &subjects, 1, &request, &a, &again, &err), &err);
    assert_true(again.duplicate && again.execution_id == answer.execution_id);
    assert_true(str_is(again.path, HELLO_PATH) && again.version == answer.version);
    arena_free(&a);
}

static void a_small_request_is_its_message(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    struct run_answer answer;
    struct run_request request = {.path = STR(HELLO_PATH), .requested_by = STR("test")};
    bool is_reference;
    must_put(HELLO);
    arena_init(&a, 0);
    must(request_execution(bus, &subjects, 1, &request, &a, &answer, &err), &err);
    request_of(answer.execution_id, &is_reference, &a);
    assert_false(is_reference);
    arena_free(&a);
}

static void a_timeout_is_seconds_and_goes_into_the_request(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1: wrong */
    } cases[] = {{"2", 2000}, {"0.25", 250}, {"null", 0}, {"0", -1}, {"-1", -1}, {"\"5\"", -1}, {"1e12", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a;
        struct error err;
        struct value v;
        struct run_request request;
        arena_init(&a, 0);
        struct str text = arena_printf(&a, "{\"path\":\"a\",\"timeout\":%s}", cases[i].text);
        must(json_read(&a, text, NULL, &v, &err), &err);
        if (cases[i].ms < 0) {
            assert_int_equal(run_request_from_value(v, &request, &err), STATUS_INVALID);
            assert_string_equal(err.place, "timeout");
        } else {
            must(run_request_from_value(v, &request, &err), &err);
            assert_int_equal(request.timeout_ms, cases[i].ms);
        }
        arena_free(&a);
    }
}

static void cancelling_publishes_a_fact_with_the_reason(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    struct bus_stored stored;
    struct value v;
    char subject[SUBJECT_MAX], stream[96];
    arena_init(&a, 0);
    struct control_request r = {.control = CONTROL_cancel, .execution_id = 4711};
    must(json_read(&a, STR("{\"reason\":\"no longer needed\"}"), NULL, &r.context, &err), &err);
    must(control_publish(bus, &subjects, &r, STR("4711.cancel"), &err), &err);
    must(control_publish(bus, &subjects, &r, STR("4711.cancel"), &err), &err);
    subject_event(&subjects, 4711, EVENT_CANCEL_REQUESTED, subject);
    must(bus_stream_last(bus, stream_name(&subjects, STREAM_EVENTS, stream), subject, &a, &stored, &err),
         &err);
    must(json_read(&a, stored.payload, NULL, &v, &err), &err);
    assert_true(str_is(value_as_str(value_get_path(v, STR("context.reason"))), "no longer needed"));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_text_keeps_its_version_and_another_gets_a_new_one),
        cmocka_unit_test(a_text_with_errors_is_not_stored),
        cmocka_unit_test(a_playbook_that_no_message_can_carry_is_refused),
        cmocka_unit_test(a_missing_playbook_or_version_says_what_there_is),
        cmocka_unit_test(paths_are_those_that_a_bucket_can_have),
        cmocka_unit_test(the_list_has_each_path_once_with_its_newest_version),
        cmocka_unit_test(a_request_holds_the_playbook_and_the_merged_workload),
        cmocka_unit_test(requests_without_a_key_are_executions_of_their_own),
        cmocka_unit_test(one_key_is_one_execution_whichever_publisher_is_asked),
        cmocka_unit_test(a_key_used_long_ago_is_still_the_same_execution),
        cmocka_unit_test(what_others_publish_on_a_requests_subject_is_passed_over),
        cmocka_unit_test(a_command_that_is_delivered_again_is_one_execution),
        cmocka_unit_test(a_playbook_that_was_put_unchecked_is_checked_when_it_is_run),
        cmocka_unit_test(a_workload_that_no_message_can_carry_travels_by_reference),
        cmocka_unit_test(a_small_request_is_its_message),
        cmocka_unit_test(a_timeout_is_seconds_and_goes_into_the_request),
        cmocka_unit_test(cancelling_publishes_a_fact_with_the_reason),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
