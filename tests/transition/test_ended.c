/* Which attempts are behind an execution, and which it is at or has not come to. */
#include "fixture.h"
#include "transition/ended.h"

static bool has_ended(const struct fixture *f, const char *attempt)
{
    struct task_id id;
    struct error e = {0};
    assert_ok(task_id_parse(str_of(attempt), &id, &e), &e);
    return execution_attempt_has_ended(f->x, &id);
}

static void an_attempt_has_ended_once_nothing_waits_for_its_outcome(void **state)
{
    static const char *const ended[] = {
        "s0v1a1",       /* its step is done */
        "s1v1a1i0a1",   /* its item is done */
        "s1v1a1i0t1a1", /* and so is this task of it */
        "s1v1a1i1a1",   /* another attempt is to come */
        "s1v1a1i2a1",   /* the item's next task is to come */
        "s4v1a1",
    };
    for (size_t i = 0; i < sizeof(ended) / sizeof(ended[0]); i++) {
        if (!has_ended(*state, ended[i]))
            fail_msg("%s has ended", ended[i]);
    }
}

static void what_is_open_or_not_reached_has_not_ended(void **state)
{
    static const char *const open[] = {
        "s7v1a1",       "s7v2a1",       "s3v1a1", /* somebody has them */
        "s1v1a1i1a2",   "s1v1a1i2t1a1",           /* these wait */
        "s1v1a1i3a1",   "s1v1a1i9a1",             /* these items have not begun, or are none */
        "s1v1a2i0a1",   "s7v2a2",       "s7v3a1", /* further attempts and visits */
        "s1v1a1i1t1a1", "s5v1a1",       "s99v1a1",
    };
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        if (has_ended(*state, open[i]))
            fail_msg("%s has not ended", open[i]);
    }
}

static void an_outcome_ends_its_attempt(void **state)
{
    struct fixture *f = *state;
    fixture_end_task(f, "s7v2a1", EVENT_ACTION_COMPLETED);
    assert_true(has_ended(f, "s7v2a1"));
    assert_false(has_ended(f, "s7v1a1"));
}

static void nothing_of_an_execution_that_is_over_is_waited_for(void **state)
{
    struct fixture *f = *state;
    fixture_give(f, (struct event){.type = EVENT_CANCEL_REQUESTED});
    assert_true(has_ended(f, "s7v1a1"));
    assert_true(has_ended(f, "s1v1a1i3a1"));
}

static void nothing_of_an_execution_that_nobody_asked_for_has_ended(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    assert_false(has_ended(&f, "s0v1a1"));
    fixture_close(&f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_of_everything, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_attempt_has_ended_once_nothing_waits_for_its_outcome),
        TEST(what_is_open_or_not_reached_has_not_ended),
        TEST(an_outcome_ends_its_attempt),
        TEST(nothing_of_an_execution_that_is_over_is_waited_for),
        cmocka_unit_test(nothing_of_an_execution_that_nobody_asked_for_has_ended),
    };
#undef TEST
    return cmocka_run_group_tests_name("attempts that have ended", tests, NULL, NULL);
}
