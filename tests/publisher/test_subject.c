#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/digest.h"
#include "publisher/subject.h"
#include "publisher/topology.h"

static const int64_t ID = INT64_C(213437568143953920);

static struct subjects subjects_of(const char *prefix, int64_t partitions)
{
    struct subjects s;
    struct error err;
    assert_int_equal(subjects_init(&s, str_of(prefix), partitions, &err), STATUS_OK);
    return s;
}

static void subjects_are_as_documented(void **state)
{
    (void)state;
    struct subjects s = subjects_of("noetl", 1);
    char out[SUBJECT_MAX];
    assert_string_equal(subject_event(&s, ID, EVENT_ACTION_COMPLETED, out),
                        "noetl.events.0.213437568143953920.action_completed");
    assert_string_equal(subject_partition(&s, 7, out), "noetl.events.7.>");
    assert_string_equal(subject_live(&s, ID, ">", out), "noetl.live.213437568143953920.>");
    assert_string_equal(subject_task(&s, STR("gpu"), ID, "s3v1a2", out),
                        "noetl.tasks.gpu.213437568143953920.s3v1a2");
    assert_string_equal(subject_pool(&s, STR("gpu"), out), "noetl.tasks.gpu.>");
    assert_string_equal(subject_execution_tasks(&s, ID, out), "noetl.tasks.*.213437568143953920.>");
    assert_string_equal(subject_command(&s, "run", out), "noetl.commands.run");
    assert_string_equal(subject_api(&s, "status", out), "noetl.api.status");
}

static void streams_are_upper_case_and_buckets_lower_case(void **state)
{
    (void)state;
    struct subjects s = subjects_of("Team-a", 1);
    char out[96];
    assert_string_equal(stream_name(&s, STREAM_COMMANDS, out), "TEAM-A_COMMANDS");
    assert_string_equal(stream_name(&s, STREAM_EVENTS, out), "TEAM-A_EVENTS");
    assert_string_equal(stream_name(&s, STREAM_TASKS, out), "TEAM-A_TASKS");
    assert_string_equal(stream_name(&s, STREAM_ADVISORIES, out), "TEAM-A_ADVISORIES");
    assert_string_equal(catalog_bucket(&s, out), "team-a_catalog");
    assert_string_equal(pool_consumer("gpu", out), "gpu");
}

static void the_longest_names_fit(void **state)
{
    (void)state;
    struct subjects s = subjects_of("abcdefghijklmnopqrstuvwxyz012345", PARTITIONS_MAX);
    char out[SUBJECT_MAX], pool[SUBJECT_NAME_MAX + 1], task[TASK_ID_TEXT];
    memset(pool, 'p', SUBJECT_NAME_MAX);
    pool[SUBJECT_NAME_MAX] = '\0';
    memset(task, 't', sizeof task - 1);
    task[sizeof task - 1] = '\0';
    subject_task(&s, str_of(pool), INT64_MAX, task, out);
    assert_true(strlen(out) > 100);
    assert_true(str_ends_with(str_of(out), str_of(task)));
}

static void every_event_subject_can_be_taken_apart(void **state)
{
    (void)state;
    struct subjects s = subjects_of("noetl", 32);
    for (int64_t id = 1; id < 200; id++) {
        for (int type = 0; type < EVENT_COUNT; type++) {
            char out[SUBJECT_MAX];
            struct event_subject parsed;
            struct error err;
            subject_event(&s, id, (enum event_type)type, out);
            assert_int_equal(subject_parse_event(&s, out, &parsed, &err), STATUS_OK);
            assert_int_equal(parsed.execution_id, id);
            assert_int_equal(parsed.type, type);
            assert_int_equal(parsed.partition, id_partition(id, 32));
        }
    }
}

static void a_subject_of_no_event_names_the_wrong_token(void **state)
{
    (void)state;
    struct subjects s = subjects_of("noetl", 1);
    static const char *const wrong[][2] = {
        {"other.events.0.7.step_started", "\"other\""},
        {"noetl.tasks.0.7.step_started", "\"tasks\""},
        {"noetl.events.1.7.step_started", "\"1\""},
        {"noetl.events.x.7.step_started", "\"x\""},
        {"noetl.events.0.abc.step_started", "\"abc\""},
        {"noetl.events.0.-7.step_started", "\"-7\""},
        {"noetl.events.0.7.step_dreamt", "step_dreamt"},
        {"noetl.events.0.7", "\"\""},
        {"noetl.events.0.7.step_started.x", "\"step_started.x\""},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct event_subject parsed;
        struct error err;
        assert_int_equal(subject_parse_event(&s, wrong[i][0], &parsed, &err), STATUS_INVALID);
        assert_non_null(strstr(err.message, wrong[i][1]));
        assert_string_equal(err.place, wrong[i][0]);
    }
}

static void an_event_in_a_wrong_partition_is_refused(void **state)
{
    (void)state;
    struct subjects s = subjects_of("noetl", 32);
    char subject[SUBJECT_MAX];
    struct event_subject parsed;
    struct error err;
    snprintf(subject, sizeof subject, "noetl.events.%u.7.step_started", (id_partition(7, 32) + 1) % 32);
    assert_int_equal(subject_parse_event(&s, subject, &parsed, &err), STATUS_INVALID);
}

static void a_prefix_or_number_that_cannot_be_names_its_setting(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "a.b", "a b", "*", ">", "abcdefghijklmnopqrstuvwxyz0123456"};
    struct subjects s;
    struct error err;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(subjects_init(&s, str_of(wrong[i]), 1, &err), STATUS_INVALID);
        assert_string_equal(err.place, "nats.prefix");
    }
    assert_int_equal(subjects_init(&s, STR("noetl"), 0, &err), STATUS_INVALID);
    assert_string_equal(err.place, "events.partitions");
    assert_int_equal(subjects_init(&s, STR("noetl"), PARTITIONS_MAX + 1, &err), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subjects_are_as_documented),
        cmocka_unit_test(streams_are_upper_case_and_buckets_lower_case),
        cmocka_unit_test(the_longest_names_fit),
        cmocka_unit_test(every_event_subject_can_be_taken_apart),
        cmocka_unit_test(a_subject_of_no_event_names_the_wrong_token),
        cmocka_unit_test(an_event_in_a_wrong_partition_is_refused),
        cmocka_unit_test(a_prefix_or_number_that_cannot_be_names_its_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
