/* A log that this program would not have written is noticed when it is folded; and which facts are taken. */
#include "fixture.h"

static enum status replay(struct fixture *f, struct error *e)
{
    struct execution *x;
    assert_int_equal(execution_new(EXECUTION, &x, e), STATUS_OK);
    enum status s = execution_replay(x, f->log, f->logged, f->playbooks, e);
    execution_free(x);
    return s;
}

static void a_log_that_lacks_an_event_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct error e = {0};
    assert_ok(replay(f, &e), &e);
    for (size_t gone = 0; gone < f->logged; gone++) {
        struct event kept = f->log[gone];
        bool fact = event_type_kind(kept.type) == EVENT_KIND_FACT, last = gone + 1 == f->logged;
        memmove(&f->log[gone], &f->log[gone + 1], (f->logged - gone - 1) * sizeof kept);
        f->logged--;
        if (fact && !last)
            assert_int_equal(replay(f, &e), STATUS_INTERNAL);
        memmove(&f->log[gone + 1], &f->log[gone], (f->logged - gone) * sizeof kept);
        f->log[gone] = kept;
        f->logged++;
    }
}

static void a_log_that_lacks_its_end_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct error e = {0};
    for (size_t whole = f->logged; f->logged > 0; f->logged--) {
        bool at_a_fact = f->logged == whole || event_type_kind(f->log[f->logged].type) == EVENT_KIND_FACT;
        if (at_a_fact)
            assert_ok(replay(f, &e), &e);
        else
            assert_int_equal(replay(f, &e), STATUS_INTERNAL);
    }
    assert_ok(replay(f, &e), &e);
}

/* A stream that lost its tail gives places again, at a later time. */
static void a_place_that_is_given_again_is_read(void **state)
{
    struct fixture *f = *state;
    struct decisions d;
    struct error e = {0};
    struct event fact = {.execution_id = EXECUTION,
                         .type = EVENT_RESUME_REQUESTED,
                         .stream_seq = f->x->last_seq,
                         .time_ns = f->x->last_time_ns};
    decisions_init(&d, &f->arena);
    assert_ok(transition(f->x, &fact, f->playbooks, &d, &e), &e);
    assert_string_equal(d.ignored, "it was read before");
    fact.time_ns++;
    decisions_init(&d, &f->arena);
    assert_ok(transition(f->x, &fact, f->playbooks, &d, &e), &e);
    assert_null(d.ignored);
}

static void a_thousand_signals_are_kept(void **state)
{
    struct fixture *f = *state;
    struct decisions d;
    struct error e = {0};
    struct event one_more = {.type = EVENT_SIGNAL_RECEIVED,
                             .context = fixture_map(f, "name", value_text("many"), NULL, value_null())};
    while (f->x->signal_count < SIGNALS_KEPT)
        fixture_signal(f, "many");
    assert_ok(fixture_try(f, one_more, &d, &e), &e);
    assert_string_equal(d.ignored, "too many signals came before anybody waits for them");
    assert_int_equal(f->x->signal_count, SIGNALS_KEPT);
    fixture_signal(f, "go"); /* which is waited for */
}

static void a_fact_that_was_never_taken_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct error e = {0};
    f->log[f->logged] = (struct event){.execution_id = EXECUTION,
                                       .event_id = (uint32_t)f->logged + 1,
                                       .type = EVENT_TIMER_FIRED,
                                       .task_id = STR("s9v9a9"),
                                       .time_ns = f->clock_ns + 1,
                                       .stream_seq = UINT64_MAX / 2};
    f->logged++;
    assert_int_equal(replay(f, &e), STATUS_INTERNAL);
    assert_non_null(strstr(e.message, "nothing waits for that timer"));
}

static void what_is_no_fact_of_the_execution_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct decisions d;
    struct error e = {0};
    struct event other = {.execution_id = EXECUTION + 1, .type = EVENT_PAUSE_REQUESTED};
    struct event decision = {.execution_id = EXECUTION, .type = EVENT_STEP_STARTED};
    decisions_init(&d, &f->arena);
    assert_int_equal(transition(f->x, &other, f->playbooks, &d, &e), STATUS_INTERNAL);
    assert_int_equal(transition(f->x, &decision, f->playbooks, &d, &e), STATUS_INTERNAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_of_everything, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_log_that_lacks_an_event_is_noticed),
        TEST(a_log_that_lacks_its_end_is_noticed),
        TEST(a_fact_that_was_never_taken_is_noticed),
        TEST(a_place_that_is_given_again_is_read),
        TEST(a_thousand_signals_are_kept),
        TEST(what_is_no_fact_of_the_execution_is_an_error),
    };
#undef TEST
    return cmocka_run_group_tests_name("logs", tests, NULL, NULL);
}
