/* Tasks and outcomes that no message holds, and a worker that dies between the two halves of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/json.h"
#include "fleet.h"
#include "publisher/parcel.h"

enum { LARGE = 3000000 };

static uint64_t chunks_stored(struct fleet *f)
{
    struct error err;
    struct bus_stream_info info;
    fleet_ok(bus_stream_info(f->bus, "NOETL_RESULTS", &info, &err), &err);
    return info.messages;
}

static const char *text(struct fleet *f, struct value event, const char *path)
{
    struct str s = value_as_str(value_get_path(event, str_of(path)));
    const char *copy = arena_strdup(&f->arena, s);
    assert_non_null(copy);
    return copy;
}

/* The outcome with its large part. */
static struct value whole_outcome(struct fleet *f, int64_t id, bool *is_reference)
{
    struct error err;
    struct str message, all;
    struct value v;
    fleet_ok(json_text(&f->arena, fleet_outcome(f, id), &message, &err), &err);
    *is_reference = parcel_is_reference(message);
    fleet_ok(parcel_text(f->bus, &f->subjects, message, &f->arena, &all, &err), &err);
    fleet_ok(json_read(&f->arena, all, NULL, &v, &err), &err);
    return v;
}

static void a_large_outcome_is_stored_and_referred_to(void **state)
{
    struct fleet *f = *state;
    bool is_reference;
    struct process w = fleet_worker(f, NULL);
    int64_t id = fleet_task(f, "python", "{\"code\": \"result = 'x' * 3000000\"}", "{}", 0);
    struct value e = whole_outcome(f, id, &is_reference);
    assert_true(is_reference);
    assert_int_equal(value_get_path(e, STR("result.data")).len, LARGE);
    e = fleet_outcome(f, id); /* what the message says by itself */
    assert_string_equal(text(f, e, "task_id"), "s1v1a1");
    assert_int_equal(value_get_path(e, STR("meta.token")).type, VALUE_STRING);
    assert_true(value_get_path(e, STR("result.data")).len < 300);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
}

static void a_small_outcome_is_its_message(void **state)
{
    struct fleet *f = *state;
    bool is_reference;
    uint64_t before = chunks_stored(f);
    struct process w = fleet_worker(f, NULL);
    int64_t id = fleet_task(f, "python", "{\"code\": \"result = 'x' * 200000\"}", "{}", 0);
    struct value e = whole_outcome(f, id, &is_reference);
    assert_false(is_reference);
    assert_int_equal(value_get_path(e, STR("result.data")).len, 200000);
    assert_int_equal(chunks_stored(f), before);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
}

/* Publishes a task for python, `args` being a large text, by reference; returns its execution. */
static int64_t large_task(struct fleet *f)
{
    struct error err;
    struct value args, summary, v;
    struct map_builder m;
    struct str json, message;
    char owner[ID_TEXT];
    char *bytes = arena_alloc(&f->arena, LARGE);
    assert_non_null(bytes);
    memset(bytes, 'y', LARGE);
    map_begin(&m, &f->arena);
    map_put(&m, STR("t"), value_str((struct str){bytes, LARGE}));
    fleet_ok(map_end(&m, &args, &err), &err);
    map_begin(&m, &f->arena);
    map_put(&m, STR("code"), value_text("def main(t):\n    return len(t)"));
    fleet_ok(map_end(&m, &v, &err), &err);
    struct task task = {.execution_id = f->next_execution++,
                        .task_id = STR("s1v1a1"),
                        .step = STR("probe"),
                        .type = STR("python"),
                        .path = STR("test"),
                        .visit = 1,
                        .attempt = 1,
                        .token = STR("secret"),
                        .args = args,
                        .config = v};
    id_format(task.execution_id, owner);
    fleet_ok(task_to_value(&f->arena, &task, &v, &err), &err);
    fleet_ok(json_text(&f->arena, v, &json, &err), &err);
    fleet_ok(parcel_task_summary(&f->arena, &task, &summary, &err), &err);
    fleet_ok(parcel_wrap(f->bus, &f->subjects, BLOB_RESULTS, owner, json, summary, &f->arena, &message, &err),
             &err);
    fleet_message(f, "default", task.execution_id, "s1v1a1", message.ptr);
    return task.execution_id;
}

static void a_large_task_is_fetched_and_run(void **state)
{
    struct fleet *f = *state;
    struct process w = fleet_worker(f, NULL);
    struct value e = fleet_outcome(f, large_task(f));
    assert_int_equal(value_get_path(e, STR("result.data")).u.i, LARGE);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
}

static void a_task_whose_chunks_are_gone_is_an_outcome_that_says_so(void **state)
{
    struct fleet *f = *state;
    struct error err;
    int64_t id = large_task(f);
    fleet_ok(bus_stream_purge(f->bus, "NOETL_RESULTS", NULL, NULL, &err), &err);
    struct process w = fleet_worker(f, NULL);
    struct value e = fleet_outcome(f, id);
    assert_string_equal(text(f, e, "event_type"), "action_error");
    assert_string_equal(text(f, e, "result.error.kind"), "not_found");
    assert_non_null(strstr(text(f, e, "error"), "NOETL_RESULTS"));
    assert_string_equal(text(f, e, "meta.token"), "secret");
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
}

static void a_worker_killed_between_the_chunks_and_the_outcome_loses_nothing(void **state)
{
    struct fleet *f = *state;
    bool is_reference;
    uint64_t before = chunks_stored(f);
    struct process first = fleet_worker(f, NULL);
    fleet_limit_events(f, true); /* takes no outcome */
    int64_t id = fleet_task(f, "python", "{\"code\": \"result = 'x' * 3000000\"}", "{}", 0);
    while (chunks_stored(f) < before + LARGE / (256 << 10) + 1) /* ctest bounds the wait */
        usleep(20000);
    fleet_kill_worker(&first);
    assert_int_equal(fleet_outcomes(f, id), 0);
    fleet_limit_events(f, false);
    struct process second = fleet_worker(f, NULL);
    struct value e = whole_outcome(f, id, &is_reference);
    assert_true(is_reference);
    assert_int_equal(value_get_path(e, STR("result.data")).len, LARGE);
    assert_int_equal(value_get_path(e, STR("meta.delivery")).u.i, 2);
    fleet_wait_empty(f);
    assert_int_equal(fleet_outcomes(f, id), 1);
    assert_int_equal(fleet_end_worker(&second), 0);
}

static void a_result_above_the_limit_is_an_error(void **state)
{
    static const char *const low[] = {"worker.result_limit=1MiB", NULL};
    struct fleet *f = *state;
    struct process w = fleet_worker(f, low);
    int64_t id = fleet_task(f, "python", "{\"code\": \"result = 'x' * 3000000\"}", "{}", 0);
    struct value e = fleet_outcome(f, id);
    assert_string_equal(text(f, e, "result.error.kind"), "limit");
    assert_non_null(strstr(text(f, e, "error"), "1048576"));
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
}

static void without_its_stream_a_large_outcome_is_an_error_that_names_it(void **state)
{
    struct fleet *f = *state;
    struct error err;
    struct value answer;
    struct topology_options options;
    fleet_ok(bus_api(f->bus, "STREAM.DELETE.NOETL_RESULTS", STR(""), &f->arena, &answer, &err), &err);
    struct process w = fleet_worker(f, NULL);
    int64_t id = fleet_task(f, "python", "{\"code\": \"result = 'x' * 3000000\"}", "{}", 0);
    struct value e = fleet_outcome(f, id);
    assert_string_equal(text(f, e, "result.error.kind"), "not_found");
    assert_non_null(strstr(text(f, e, "error"), "noetl setup"));
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
    topology_options_from_settings(f->settings, &options);
    fleet_ok(topology_ensure(f->bus, &f->subjects, &options, &err), &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_outcome_is_stored_and_referred_to),
        cmocka_unit_test(a_small_outcome_is_its_message),
        cmocka_unit_test(a_large_task_is_fetched_and_run),
        cmocka_unit_test(a_task_whose_chunks_are_gone_is_an_outcome_that_says_so),
        cmocka_unit_test(a_worker_killed_between_the_chunks_and_the_outcome_loses_nothing),
        cmocka_unit_test(a_result_above_the_limit_is_an_error),
        cmocka_unit_test(without_its_stream_a_large_outcome_is_an_error_that_names_it),
    };
    return cmocka_run_group_tests(tests, fleet_start, fleet_stop);
}
