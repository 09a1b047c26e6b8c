/* An execution that cannot go on: whom its end is told, and that nothing goes on from there. */
#include "fixture.h"

enum { EVENT_ID = 900, CALLER = 7 };

static struct decisions give_up(struct fixture *f, struct event fact, const struct decisions *undone)
{
    struct decisions out;
    struct error why = {0}, e = {0};
    error_set(&why, STATUS_LIMIT, "it is too large");
    fact.execution_id = EXECUTION;
    decisions_init(&out, &f->arena);
    assert_ok(execution_give_up(f->x, &fact, EVENT_ID, &why, undone, &out, &e), &e);
    assert_int_equal(out.event_count, 1);
    assert_int_equal(out.events[0].type, EVENT_EXECUTION_FAILED);
    assert_int_equal(out.events[0].event_id, EVENT_ID);
    assert_str(out.events[0].error, "the engine could not go on: it is too large");
    assert_int_equal(out.task_count + out.timer_count + out.child_count + out.listing_count, 0);
    assert_true(out.withdraw);
    return out;
}

static size_t cancelled(const struct decisions *d)
{
    size_t count = 0;
    for (uint32_t i = 0; i < d->notice_count; i++)
        count += d->notices[i].fact.type == EVENT_CANCEL_REQUESTED;
    return count;
}

/* What a fact led to, which cannot be carried out. */
static struct decisions undone_by(struct fixture *f, struct event fact)
{
    struct decisions d;
    struct error e = {0};
    assert_ok(fixture_try(f, fact, &d, &e), &e);
    assert_null(d.ignored);
    return d;
}

static void who_was_called_is_told_to_end(void **state)
{
    struct fixture *f = *state;
    const struct event fact = {.type = EVENT_SIGNAL_RECEIVED,
                               .context = fixture_map(f, "name", value_text("third"), NULL, value_null())};
    struct decisions undone = undone_by(f, fact), end = give_up(f, fact, &undone);
    assert_int_equal(end.notice_count, 1);
    assert_int_equal(cancelled(&end), 1);
    assert_true(execution_is_over(f->x));
}

/* The cancel has told the one that `call` waits for to end, in decisions that are not carried out. */
static void who_was_told_to_end_by_what_is_undone_is_told_all_the_same(void **state)
{
    struct fixture *f = *state;
    const struct event fact = {.type = EVENT_CANCEL_REQUESTED};
    struct decisions undone = undone_by(f, fact);
    assert_int_equal(cancelled(&undone), 1);
    struct decisions end = give_up(f, fact, &undone);
    assert_int_equal(end.notice_count, 1);
    assert_int_equal(end.notices[0].fact.execution_id, undone.notices[0].fact.execution_id);
    assert_true(str_equal(end.notices[0].message_id, undone.notices[0].message_id));
}

static void a_state_that_is_not_to_be_trusted_tells_nobody(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(give_up(f, (struct event){.type = EVENT_ACTION_COMPLETED}, NULL).notice_count, 0);
}

static void nothing_goes_on_from_there(void **state)
{
    struct fixture *f = *state;
    struct decisions d;
    struct error e = {0};
    give_up(f, (struct event){.type = EVENT_ACTION_COMPLETED}, NULL);
    f->x->next_event_id = EVENT_ID + 1;
    assert_ok(fixture_try(f, (struct event){.type = EVENT_RETRY_REQUESTED}, &d, &e), &e);
    assert_non_null(d.ignored);
    assert_int_equal(d.event_count, 0);
}

static void its_end_names_the_run(void **state)
{
    struct fixture *f = *state;
    fixture_give(f, (struct event){.type = EVENT_CANCEL_REQUESTED});
    fixture_give(f, (struct event){.type = EVENT_RETRY_REQUESTED});
    struct decisions end = give_up(f, (struct event){.type = EVENT_ACTION_COMPLETED}, NULL);
    assert_int_equal(VALUE_GET(end.events[0].meta, "run").u.i, 1);
}

static void those_that_items_call_are_told_to_end(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    fixture_request(&f, "metadata: {path: test}\n"
                        "workflow:\n"
                        "  - step: start\n"
                        "    type: iterator\n"
                        "    collection: [1, 2, 3]\n"
                        "    element: n\n"
                        "    mode: async\n"
                        "    concurrency: 2\n"
                        "    task: {type: playbook, path: other}\n");
    const struct event fact = {.type = EVENT_PAUSE_REQUESTED};
    struct decisions undone = undone_by(&f, fact), end = give_up(&f, fact, &undone);
    assert_int_equal(end.notice_count, 2);
    assert_int_equal(cancelled(&end), 2);
    fixture_close(&f);
}

/* Its request could not be folded, so it is the request that says who called. */
static void who_called_learns_it_from_the_request_alone(void **state)
{
    struct fixture f;
    (void)state;
    fixture_open(&f);
    struct value parent = fixture_map(&f, "execution_id", value_text("7"), "task_id", value_text("s1v2a3"));
    const struct event request = {.type = EVENT_EXECUTION_REQUESTED,
                                  .node_name = STR("test"),
                                  .context = fixture_map(&f, "parent", parent, NULL, value_null())};
    struct decisions end = give_up(&f, request, NULL);
    assert_int_equal(end.notice_count, 1);
    const struct event *told = &end.notices[0].fact;
    assert_int_equal(told->type, EVENT_CHILD_FAILED);
    assert_int_equal(told->execution_id, CALLER);
    assert_str(told->task_id, "s1v2a3");
    assert_int_equal(told->visit, 2);
    assert_int_equal(told->attempt, 3);
    assert_str(told->error, "the engine could not go on: it is too large");
    fixture_close(&f);
}

/* What a stranger wrote for a caller is nobody that could be told. */
static void a_caller_that_cannot_be_read_is_told_nothing(void **state)
{
    static const char *const callers[][2] = {{"7", ""}, {"7", "step"}, {"seven", "s1v1a1"}};
    (void)state;
    for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++) {
        struct fixture f;
        fixture_open(&f);
        struct value parent =
            fixture_map(&f, "execution_id", value_text(callers[i][0]), "task_id", value_text(callers[i][1]));
        const struct event request = {.type = EVENT_EXECUTION_REQUESTED,
                                      .context = fixture_map(&f, "parent", parent, NULL, value_null())};
        assert_int_equal(give_up(&f, request, NULL).notice_count, 0);
        fixture_close(&f);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_of_everything, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(who_was_called_is_told_to_end),
        TEST(who_was_told_to_end_by_what_is_undone_is_told_all_the_same),
        TEST(a_state_that_is_not_to_be_trusted_tells_nobody),
        TEST(nothing_goes_on_from_there),
        TEST(its_end_names_the_run),
        cmocka_unit_test(those_that_items_call_are_told_to_end),
        cmocka_unit_test(who_called_learns_it_from_the_request_alone),
        cmocka_unit_test(a_caller_that_cannot_be_read_is_told_nothing),
    };
#undef TEST
    return cmocka_run_group_tests_name("executions that are given up", tests, NULL, NULL);
}
