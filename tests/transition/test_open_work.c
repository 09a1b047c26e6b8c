/* What an execution waits for, and who brings it. */
#include "core/buf.h"
#include "fixture.h"
#include "transition/open_work.h"

static void add_line(struct buf *out, const struct execution *x, const struct open_work *o)
{
    buf_printf(out, "%s %" PRISTR " %" PRISTR " %" PRISTR, work_state_name(o->state), ARGSTR(o->type),
               ARGSTR(o->step), ARGSTR(o->task_id));
    if (o->due_ns)
        buf_printf(out, " timer %" PRISTR, ARGSTR(o->timer_id));
    if (o->child)
        buf_add_text(out, " child");
    buf_printf(out, ": %s\n", work_state_owner(o->state));
    assert_int_equal(o->token.len, 32);
    assert_int_equal(o->visit > 0 && o->visit <= x->steps[playbook_find_step(x->playbook, o->step)].visits,
                     true);
}

static void assert_waits_for(struct fixture *f, const char *expected)
{
    struct open_work *open;
    size_t count;
    struct buf out;
    struct error e = {0};
    buf_init(&out, 0);
    assert_ok(execution_open_works(f->x, &f->arena, &open, &count, &e), &e);
    for (size_t i = 0; i < count; i++)
        add_line(&out, f->x, &open[i]);
    assert_str(buf_str(&out), expected);
    buf_free(&out);
}

static void whoever_brings_a_fact_is_named(void **state)
{
    assert_waits_for(*state, "DELAYED noop loop s1v1a1i1a1 timer s1v1a1i1a2: a timer\n"
                             "SIGNAL signal wait s2v1a1 timer s2v1a1: whoever sends it\n"
                             "CHILD playbook call s3v1a1 child: another execution\n"
                             "TASK noop each s7v2a1: a task or its outcome\n"
                             "TASK noop each s7v1a1: a task or its outcome\n");
}

static void a_gate_names_the_steps_that_it_waits_for(void **state)
{
    struct fixture *f = *state;
    struct open_join *joins;
    size_t count;
    struct buf out;
    struct error e = {0};
    buf_init(&out, 0);
    assert_ok(execution_open_joins(f->x, &f->arena, &joins, &count, &e), &e);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&out, "%" PRISTR "/%u:", ARGSTR(joins[i].step), joins[i].visit);
        for (size_t n = 0; n < joins[i].arm_count; n++)
            buf_printf(&out, " %" PRISTR, ARGSTR(joins[i].arms[n]));
        buf_add_char(&out, '\n');
    }
    assert_str(buf_str(&out), "join/1: loop wait call slow\n");
    buf_free(&out);
}

static void the_pool_and_the_signal_are_named(void **state)
{
    struct fixture *f = *state;
    struct open_work *open;
    size_t count, seen = 0;
    struct error e = {0};
    assert_ok(execution_open_works(f->x, &f->arena, &open, &count, &e), &e);
    for (size_t i = 0; i < count; i++) {
        if (open[i].state == WORK_SIGNAL)
            assert_str(open[i].signal, "go");
        if (open[i].state == WORK_TASK)
            assert_str(open[i].pool, "default");
        seen += open[i].state == WORK_SIGNAL || open[i].state == WORK_TASK;
    }
    assert_int_equal(seen, 3);
}

static void what_is_over_waits_for_nothing(void **state)
{
    struct fixture *f = *state;
    fixture_give(f, (struct event){.type = EVENT_CANCEL_REQUESTED});
    assert_waits_for(f, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_of_everything, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(whoever_brings_a_fact_is_named),
        TEST(a_gate_names_the_steps_that_it_waits_for),
        TEST(the_pool_and_the_signal_are_named),
        TEST(what_is_over_waits_for_nothing),
    };
#undef TEST
    return cmocka_run_group_tests_name("open works", tests, NULL, NULL);
}
