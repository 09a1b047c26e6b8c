/* Daemons whose setting is another number of partitions than the one that the streams were made for. */
#include "daemons.h"

static int start(void **state)
{
    daemons_start(state);
    daemons_set_up(*state);
    daemons_set(*state, "broker.reconcile", "1s");
    return 0;
}

static void assert_says_which(struct daemons *d, enum part log)
{
    assert_int_equal(daemon_says(d, log, "made for 4 partitions, and the setting says 8"), 1);
    assert_int_equal(daemon_says(d, log, "set events.partitions to 4"), 1);
}

/* It would look for executions, or report on them, where nobody else does. */
static void whoever_has_another_number_ends_and_says_which(void **state)
{
    static const enum part PARTS[] = {BROKER, WORKER, PUBLISHER, RENDER};
    static const char *const COMMANDS[] = {"setup", "doctor"};
    struct daemons *d = *state;
    daemons_set(d, "events.partitions", "8");
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        assert_int_equal(daemon_start_in_vain(d, PARTS[i]), 4);
        assert_says_which(d, PARTS[i]);
    }
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++) {
        assert_int_equal(daemons_command(d, COMMANDS[i], BROKER), 4);
        assert_says_which(d, BROKER);
    }
    daemons_set(d, "events.partitions", "4");
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        daemon_start(d, PARTS[i]);
        daemon_await_ready(d, PARTS[i]);
    }
}

/* The only way to another number. */
static void streams_that_are_made_anew_for_another_number_end_whoever_has_the_old_one(void **state)
{
    struct daemons *d = *state;
    struct error err = {0};
    nats_api(d, "STREAM.DELETE.NOETL_TASKS");
    nats_api(d, "STREAM.DELETE.NOETL_EVENTS");
    daemons_set(d, "events.partitions", "8");
    assert_ok(subjects_from_settings(d->settings, &d->subjects, &err), &err);
    daemons_set_up(d);
    assert_int_equal(daemon_await_end(d, WORKER), 4);
    assert_int_equal(daemon_says(d, WORKER, "made for 8 partitions, and the setting says 4"), 1);
    assert_int_equal(daemon_await_end(d, BROKER), 4);
    assert_true(daemon_says(d, BROKER, "made for 8 partitions, and the setting says 4") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_has_another_number_ends_and_says_which),
        cmocka_unit_test(streams_that_are_made_anew_for_another_number_end_whoever_has_the_old_one),
    };
    return cmocka_run_group_tests(tests, start, daemons_stop);
}
