/* Lines of an export: read as they are written, and each kind of bad line said to be what it is. */
#include "check.h"
#include "replay/export.h"
#include "test_arena.h"

static void a_header_is_read_as_it_is_written(void **state)
{
    (void)state;
    const struct export_header h = {
        .execution_id = 7, .path = STR("a/b"), .playbook_version = 3, .status = STR("failed"), .events = 12};
    struct export_header again;
    struct str line;
    struct error e = {0};
    assert_ok(export_header_write(&arena, &h, &line, &e), &e);
    assert_str(line, "{\"format\":\"noetl execution\",\"version\":1,\"execution_id\":\"7\",\"path\":\"a/b\","
                     "\"playbook_version\":3,\"status\":\"failed\",\"events\":12}");
    assert_ok(export_header_read(&arena, line, &again, &e), &e);
    assert_int_equal(again.execution_id, 7);
    assert_str(again.path, "a/b");
    assert_int_equal(again.playbook_version, 3);
    assert_str(again.status, "failed");
    assert_int_equal(again.events, 12);
}

static void assert_no_header(const char *line, enum status status, const char *says)
{
    struct export_header h;
    struct error e = {0};
    assert_status(export_header_read(&arena, str_of(line), &h, &e), status);
    if (!strstr(e.message, says))
        fail_msg("\"%s\" does not say \"%s\"", e.message, says);
}

static void what_is_no_header_is_said_to_be_none(void **state)
{
    (void)state;
    assert_no_header("", STATUS_INVALID, "no export");
    assert_no_header("apiVersion: noetl.io/v1", STATUS_INVALID, "no export");
    assert_no_header("[1]", STATUS_INVALID, "no export");
    assert_no_header("{\"execution_id\":\"7\",\"event_id\":1}", STATUS_INVALID, "no export");
    assert_no_header("{\"format\":\"noetl execution\",\"version\":2}", STATUS_UNSUPPORTED, "another version");
    assert_no_header("{\"format\":\"noetl execution\",\"version\":1,\"execution_id\":\"7\"}", STATUS_INVALID,
                     "how many");
    assert_no_header("{\"format\":\"noetl execution\",\"version\":1,\"execution_id\":\"x\",\"events\":1}",
                     STATUS_INVALID, "\"x\"");
}

static const struct export_header OF_SEVEN = {.execution_id = 7, .events = 2};
#define REQUEST                                                                                              \
    "{\"execution_id\":\"7\",\"event_id\":1,\"event_type\":\"execution_requested\",\"created_at\":"          \
    "\"2026-01-02T03:04:05Z\",\"stream_seq\":9}"

static void an_event_has_its_place_in_the_stream(void **state)
{
    (void)state;
    struct event e;
    struct error err = {0};
    assert_ok(export_event_read(&arena, STR(REQUEST), &OF_SEVEN, 1, &e, &err), &err);
    assert_int_equal(e.stream_seq, 9);
    assert_int_equal(e.type, EVENT_EXECUTION_REQUESTED);
}

static void assert_no_event(const char *line, uint32_t number, enum status status, const char *says)
{
    struct event event;
    struct error e = {0};
    assert_status(export_event_read(&arena, str_of(line), &OF_SEVEN, number, &event, &e), status);
    if (!strstr(e.message, says))
        fail_msg("\"%s\" does not say \"%s\"", e.message, says);
}

static void what_is_not_the_next_event_is_said_to_be_none(void **state)
{
    (void)state;
    assert_no_event("{\"execution_id\"", 1, STATUS_SYNTAX, "");
    assert_no_event("{\"execution_id\":\"7\",\"event_id\":1,\"event_type\":\"from_the_future\"}", 1,
                    STATUS_INVALID, "from_the_future");
    assert_no_event(REQUEST, 2, STATUS_INVALID, "should be event 2");
    assert_no_event("{\"execution_id\":\"8\",\"event_id\":1,\"event_type\":\"execution_requested\"}", 1,
                    STATUS_INVALID, "of execution 8");
    assert_no_event("{\"execution_id\":\"7\",\"event_id\":1,\"event_type\":\"execution_requested\"}", 1,
                    STATUS_INVALID, "created_at");
    assert_no_event("{\"execution_id\":\"7\",\"event_id\":1,\"event_type\":\"step_failed\",\"created_at\":"
                    "\"2026-01-02T03:04:05Z\"}",
                    1, STATUS_INVALID, "step_failed");
}

#define T(test) cmocka_unit_test_setup_teardown(test, arena_begin, arena_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_header_is_read_as_it_is_written),
        T(what_is_no_header_is_said_to_be_none),
        T(an_event_has_its_place_in_the_stream),
        T(what_is_not_the_next_event_is_said_to_be_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
