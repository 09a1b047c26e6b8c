/*
 * With the same playbook nothing would have gone differently, nor with one whose steps only stand in another
 * order; with another one it is said where the execution parts, and where the record ends.
 */
#include "replay/account.h"
#include "replay/comparison.h"
#include "replay/what_if.h"

#include "play.h"

static struct parting with(const struct run *r, const char *text, struct what_if *w)
{
    struct playbook *p = NULL;
    struct parting parting;
    struct error e = {0};
    assert_ok(playbook_cache_get(playbooks, str_of(text), "test", &p, &e), &e);
    assert_ok(what_if_make(&arena, r->log, r->logged, str_of(text), p, w, &e), &e);
    assert_ok(what_if_parting(&arena, r->log, r->logged, w, &parting, &e), &e);
    playbook_unref(p);
    return parting;
}

static void the_same_playbook_makes_no_difference(void **state)
{
    static struct run r;
    (void)state;
    for (size_t p = 0; p < PLAYBOOK_COUNT; p++) {
        for (uint64_t order = 0; order < ORDERS; order++) {
            struct what_if w;
            begin(&r, ID, PLAYBOOKS[p], (struct value){0}, order);
            finish(&r);
            assert_false(with(&r, PLAYBOOKS[p], &w).found);
            assert_int_equal(w.count, r.logged);
            assert_int_equal(w.left_over, 0);
            assert_int_equal(w.without_outcome_count, 0);
            execution_free(r.x);
        }
    }
}

#define STEP_A "  - {step: a, type: noop, args: {n: 1}, next: b}\n"
#define STEP_B "  - {step: b, type: noop, args: {n: '{{ a.n + 1 }}'}}\n"
#define START  "metadata: {path: test}\nworkflow:\n  - {step: start, next: a}\n"
static const char CHAIN[] = START STEP_A STEP_B;

static void steps_in_another_order_make_no_difference(void **state)
{
    static struct run r;
    struct what_if w;
    (void)state;
    begin(&r, ID, CHAIN, (struct value){0}, 1);
    finish(&r);
    assert_false(with(&r, START STEP_B STEP_A, &w).found);
    assert_int_equal(w.used, 2);
    execution_free(r.x);
}

static void where_the_record_ends_is_said(void **state)
{
    static struct run r;
    static const char longer[] =
        START STEP_A "  - {step: b, type: noop, args: {n: '{{ a.n + 1 }}'}, next: c}\n"
                     "  - {step: c, type: noop, args: {n: '{{ b.n }}'}}\n";
    struct what_if w;
    (void)state;
    begin(&r, ID, CHAIN, (struct value){0}, 1);
    finish(&r);
    struct parting p = with(&r, longer, &w);
    assert_true(p.found);
    assert_str(value_as_str(VALUE_GET(p.recorded, "event_type")), "step_completed");
    assert_str(value_as_str(VALUE_GET(p.recorded, "node_name")), "b");
    assert_int_equal(w.without_outcome_count, 1);
    assert_str(w.without_outcome[0].step, "c");
    execution_free(r.x);
}

static void another_input_is_where_they_part(void **state)
{
    static struct run r;
    static const char other[] = START STEP_A "  - {step: b, type: noop, args: {n: '{{ a.n + 7 }}'}}\n";
    struct what_if w;
    struct account left, right;
    struct value v;
    struct error e = {0};
    (void)state;
    begin(&r, ID, CHAIN, (struct value){0}, 1);
    finish(&r);
    struct parting p = with(&r, other, &w);
    assert_true(p.found);
    assert_str(p.at.path, "context.args.n");
    assert_int_equal(p.at.left.u.i, 2);
    assert_int_equal(p.at.right.u.i, 8);
    assert_ok(account_build(&arena, r.log, r.logged, &left, &e), &e);
    assert_ok(account_build(&arena, w.events, w.count, &right, &e), &e);
    assert_ok(comparison_make(&arena, &left, &right, &v, &e), &e);
    assert_false(VALUE_GET(v, "same").u.b);
    struct value steps = VALUE_GET(v, "steps");
    assert_int_equal(steps.len, 3);
    assert_true(VALUE_GET(steps.u.list[1], "same").u.b);
    assert_false(VALUE_GET(steps.u.list[2], "same").u.b);
    assert_int_equal(VALUE_GET(steps.u.list[2], "input").len, 1);
    assert_ok(comparison_make(&arena, &left, &left, &v, &e), &e);
    assert_true(VALUE_GET(v, "same").u.b);
    execution_free(r.x);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_same_playbook_makes_no_difference),
        T(steps_in_another_order_make_no_difference),
        T(where_the_record_ends_is_said),
        T(another_input_is_where_they_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
