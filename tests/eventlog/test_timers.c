/* Timers that wait are in the log's database, as of its newest commit. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct timer_change set(int64_t execution_id, const char *id, int64_t due_ns)
{
    return (struct timer_change){execution_id, str_of(id), 3, due_ns};
}

static struct timer_change gone(int64_t execution_id, const char *id)
{
    return set(execution_id, id, 0);
}

static void write_changes(struct eventlog *log, const struct timer_change *changes, size_t count)
{
    struct error err;
    assert_ok(eventlog_write(log, &(struct commit){.timers = changes, .timer_count = count}, &err), &err);
}

#define WRITE(log, ...)                                                                                      \
    write_changes((log), (const struct timer_change[]){__VA_ARGS__},                                         \
                  sizeof((const struct timer_change[]){__VA_ARGS__}) / sizeof(struct timer_change))

static const char *timers(void)
{
    return query("SELECT string_agg(concat_ws(' ', execution_id, timer_id, due_ns), ', '"
                 " ORDER BY execution_id, timer_id) FROM noetl.timer");
}

static void the_table_has_what_was_set_and_is_not_gone(void **state)
{
    (void)state;
    struct eventlog *log = log_new();
    WRITE(log, set(1, "s1v1a2", 10), set(1, "execution", 20), set(2, "s1v1a2", 30));
    assert_string_equal(timers(), "1 execution 20, 1 s1v1a2 10, 2 s1v1a2 30");
    WRITE(log, set(1, "execution", 25), gone(2, "s1v1a2"), gone(2, "never-set"));
    assert_string_equal(timers(), "1 execution 25, 1 s1v1a2 10");
    WRITE(log, gone(1, ""));
    assert_string_equal(timers(), "");
    eventlog_close(&log);
}

static void of_several_changes_in_one_commit_the_last_counts(void **state)
{
    (void)state;
    struct eventlog *log = log_new();
    WRITE(log, set(1, "a", 1), set(1, "a", 2), set(1, "b", 3), gone(1, "b"), gone(1, "c"), set(1, "c", 4));
    assert_string_equal(timers(), "1 a 2, 1 c 4");
    WRITE(log, set(1, "d", 5), gone(1, ""), set(1, "a", 6), set(2, "d", 7), gone(1, "a"), set(1, "e", 8));
    assert_string_equal(timers(), "1 e 8, 2 d 7");
    eventlog_close(&log);
}

static void timers_stay_as_they_are_when_the_commit_is_refused(void **state)
{
    (void)state;
    struct error err;
    struct checkpoint mine, other;
    struct eventlog *log = log_new();
    WRITE(log, set(1, "a", 1));
    assert_ok(eventlog_take_partitions(log, &(uint32_t){3}, NULL, 1, "one", &mine, &err), &err);
    assert_ok(eventlog_take_partitions(log, &(uint32_t){3}, NULL, 1, "two", &other, &err), &err);
    const struct timer_change changes[] = {gone(1, "a"), set(1, "b", 2)};
    struct commit c = {.checkpoints = &mine, .checkpoint_count = 1, .timers = changes, .timer_count = 2};
    assert_int_equal(eventlog_write(log, &c, &err), STATUS_CONFLICT);
    assert_string_equal(timers(), "1 a 1");
    c.checkpoints = &other;
    assert_ok(eventlog_write(log, &c, &err), &err);
    assert_string_equal(timers(), "1 b 2");
    eventlog_close(&log);
}

static void an_id_that_no_timer_can_have_is_refused(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    const struct timer_change changes[] = {set(1, "a'); DROP TABLE noetl.event; --", 1)};
    assert_int_equal(eventlog_write(log, &(struct commit){.timers = changes, .timer_count = 1}, &err),
                     STATUS_INVALID);
    WRITE(log, set(1, "a", 1));
    eventlog_close(&log);
}

struct seen {
    size_t count;
    int64_t due_sum;
};

static enum status see(void *context, int64_t execution_id, struct str timer_id, int64_t due_ns,
                       struct error *err)
{
    struct seen *s = context;
    (void)err;
    assert_true(execution_id > 0 && timer_id.len > 0);
    s->count++;
    s->due_sum += due_ns;
    return STATUS_OK;
}

static double seconds_since(struct timespec start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9;
}

static void a_hundred_thousand_are_written_and_read_back_once_each(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    struct error err;
    struct seen seen = {0};
    struct timespec start;
    struct eventlog *log = log_new();
    struct timer_change *changes = calloc(COUNT, sizeof(*changes));
    char(*ids)[24] = calloc(COUNT, sizeof(*ids));
    for (int i = 0; i < COUNT; i++) {
        snprintf(ids[i], sizeof ids[i], "s3v1a1i%da2", i);
        changes[i] = (struct timer_change){1 + i / 1000, str_of(ids[i]), (uint32_t)(i / 1000) % 32, i + 1};
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    write_changes(log, changes, COUNT);
    print_message("written in %.3f s\n", seconds_since(start));
    clock_gettime(CLOCK_MONOTONIC, &start);
    assert_ok(eventlog_timers(log, 0, 32, see, &seen, &err), &err);
    print_message("read in %.3f s\n", seconds_since(start));
    assert_int_equal(seen.count, COUNT);
    assert_int_equal(seen.due_sum, (int64_t)COUNT * (COUNT + 1) / 2);
    seen = (struct seen){0};
    assert_ok(eventlog_timers(log, 1, 2, see, &seen, &err), &err);
    assert_int_equal(seen.count, 4000); /* executions 2, 34, 66 and 98 */
    free(changes);
    free(ids);
    eventlog_close(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_what_was_set_and_is_not_gone),
        cmocka_unit_test(of_several_changes_in_one_commit_the_last_counts),
        cmocka_unit_test(timers_stay_as_they_are_when_the_commit_is_refused),
        cmocka_unit_test(an_id_that_no_timer_can_have_is_refused),
        cmocka_unit_test(a_hundred_thousand_are_written_and_read_back_once_each),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
