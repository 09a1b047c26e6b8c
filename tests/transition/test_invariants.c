/* Whatever is wrong with a state, execution_check() says which invariant it is; and what would lead to a
 * wrong one is refused. */
#include <stdio.h>

#include "fixture.h"

/* The state of fixture_of_everything(), and where to damage it. */
struct scene {
    struct execution *x;
    struct visit *join, *each;
    struct work *iterator, *wait, *call, *slow;
    struct work *delayed; /* of item 1 */
    struct loop *loop;
};

static struct scene scene_of(struct fixture *f)
{
    struct scene s = {
        .x = f->x,
        .join = fixture_visit(f, "join"),
        .each = fixture_visit(f, "each"),
        .iterator = fixture_visit(f, "loop")->work,
        .wait = fixture_visit(f, "wait")->work,
        .call = fixture_visit(f, "call")->work,
        .slow = fixture_visit(f, "slow")->work,
    };
    s.loop = s.iterator->loop;
    s.delayed = s.loop->active[1];
    return s;
}

struct damage {
    int invariant;
    const char *finding;
    const char *what;
    void (*apply)(struct scene *s);
};

/* Each line of damage.def is a function damage_<line>(). */
#define PASTE(a, b) a##b
#define NAME(line)  PASTE(damage_, line)
#define D(invariant, finding, ...)                                                                           \
    static void NAME(__LINE__)(struct scene * s)                                                             \
    {                                                                                                        \
        __VA_ARGS__;                                                                                         \
    }
#include "damage.def"
#undef D
static const struct damage DAMAGES[] = {
#define D(invariant, finding, ...) {invariant, finding, #__VA_ARGS__, NAME(__LINE__)},
#include "damage.def"
#undef D
};

static void assert_finds(const struct execution *x, int invariant, const char *finding, const char *what)
{
    char expected[256];
    struct error e = {0};
    snprintf(expected, sizeof(expected), "invariant %d of execution %d does not hold: %s", invariant,
             EXECUTION, finding);
    enum status status = execution_check(x, &e);
    if (status != STATUS_INTERNAL || strcmp(e.message, expected) != 0)
        fail_msg("%s: found is \"%s\", not \"%s\"", what, e.message, expected);
}

static void each_damage_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof DAMAGES / sizeof *DAMAGES; i++) {
        void *fixture;
        struct error e = {0};
        fixture_of_everything(&fixture);
        struct scene s = scene_of(fixture);
        assert_ok(execution_check(s.x, &e), &e);
        DAMAGES[i].apply(&s);
        assert_finds(s.x, DAMAGES[i].invariant, DAMAGES[i].finding, DAMAGES[i].what);
        fixture_tear_down(&fixture);
    }
}

/* ---- of small states ---------------------------------------------------------------------------------- */

static const char CHAIN[] = "metadata: {path: test}\n"
                            "workflow:\n"
                            "  - {step: start, type: noop, next: second}\n"
                            "  - {step: second, type: noop}\n";

static int fixture_of_chain(void **state)
{
    static struct fixture f;
    *state = &f;
    fixture_open(&f);
    fixture_request(&f, CHAIN);
    return 0;
}

static void finish_start_in_a_pause(struct fixture *f)
{
    fixture_give(f, (struct event){.type = EVENT_PAUSE_REQUESTED});
    fixture_end_task(f, "s0v1a1", EVENT_ACTION_COMPLETED);
}

static void what_runs_has_something_open(void **state)
{
    struct fixture *f = *state;
    fixture_end_task(f, "s0v1a1", EVENT_ACTION_COMPLETED);
    fixture_end_task(f, "s1v1a1", EVENT_ACTION_COMPLETED);
    assert_int_equal(f->x->phase, PHASE_COMPLETED);
    f->x->phase = PHASE_RUNNING;
    assert_finds(f->x, 1, "it runs, but nothing in it is open", "complete, but running");
}

static void what_is_complete_has_nothing_open(void **state)
{
    struct fixture *f = *state;
    finish_start_in_a_pause(f);
    f->x->phase = PHASE_COMPLETED;
    assert_finds(f->x, 2, "it is complete, but something in it is open", "complete, but gathering");
}

static void without_a_playbook_nothing_is_open(void **state)
{
    struct fixture empty;
    struct error e = {0};
    (void)state;
    fixture_open(&empty);
    assert_ok(execution_check(empty.x, &e), &e);
    empty.x->open_total = 1;
    assert_finds(empty.x, 3, "visits without a playbook", "a visit of no playbook");
    fixture_close(&empty);
}

/* ---- what a damaged state does with a fact --------------------------------------------------------------
 */

static void assert_refused(struct fixture *f, struct event fact, const char *what)
{
    struct decisions d;
    struct error e = {0};
    assert_status(fixture_try(f, fact, &d, &e), STATUS_INTERNAL);
    if (!strstr(e.message, what))
        fail_msg("\"%s\" does not say \"%s\"", e.message, what);
}

static void a_visit_that_does_not_gather_does_not_start(void **state)
{
    struct fixture *f = *state;
    finish_start_in_a_pause(f);
    fixture_visit(f, "second")->state = VISIT_RUNNING;
    assert_refused(f, (struct event){.type = EVENT_RESUME_REQUESTED}, "cannot go from RUNNING to RUNNING");
}

static void a_visit_that_ended_does_not_end_again(void **state)
{
    struct fixture *f = *state;
    struct value meta = fixture_map(f, "token", value_str(f->tokens[0]), NULL, value_null());
    fixture_visit(f, "start")->state = VISIT_COMPLETED;
    assert_refused(f, (struct event){.type = EVENT_ACTION_COMPLETED, .task_id = STR("s0v1a1"), .meta = meta},
                   "cannot go from COMPLETED to COMPLETED");
}

static void a_visit_that_ended_is_not_given_up(void **state)
{
    struct fixture *f = *state;
    fixture_end_task(f, "s0v1a1", EVENT_ACTION_ERROR);
    assert_int_equal(f->x->phase, PHASE_FAILED);
    fixture_visit(f, "start")->state = VISIT_FAILED;
    struct value from = fixture_map(f, "from", value_text("start"), NULL, value_null());
    assert_refused(f, (struct event){.type = EVENT_RETRY_REQUESTED, .context = from},
                   "cannot go from FAILED to DROPPED");
}

static void a_work_moves_as_the_table_says(void **state)
{
    struct fixture *f = *state;
    struct error e = {0};
    struct work *w = fixture_visit(f, "start")->work;
    assert_status(work_move(f->x, w, WORK_CHILD, &e), STATUS_INTERNAL);
    assert_non_null(strstr(e.message, "cannot go from TASK to CHILD"));
    assert_int_equal(w->state, WORK_TASK);
}

/* In a build with assertions, every fact is followed by a look at the invariants. */
static void a_fact_does_not_leave_a_broken_state(void **state)
{
#ifdef NDEBUG
    (void)state;
    skip();
#else
    struct fixture *f = *state;
    f->x->steps[0].open_before++;
    assert_refused(f, (struct event){.type = EVENT_PAUSE_REQUESTED}, "invariant 9");
#endif
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_of_chain, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_damage_is_found),
        TEST(what_runs_has_something_open),
        TEST(what_is_complete_has_nothing_open),
        cmocka_unit_test(without_a_playbook_nothing_is_open),
        TEST(a_visit_that_does_not_gather_does_not_start),
        TEST(a_visit_that_ended_does_not_end_again),
        TEST(a_visit_that_ended_is_not_given_up),
        TEST(a_work_moves_as_the_table_says),
        TEST(a_fact_does_not_leave_a_broken_state),
    };
#undef TEST
    return cmocka_run_group_tests_name("invariants", tests, NULL, NULL);
}
