/* What an execution carries is bounded, however it is put together: no row of the log can become too large.
 */
#include <stdio.h>

#include "core/json.h"
#include "fixture.h"

/* JSON writes each of these characters as six. */
static struct value text_of(struct fixture *f, size_t json_bytes)
{
    size_t len = json_bytes / 6;
    char *text = arena_alloc(&f->arena, len + 1);
    assert_non_null(text);
    memset(text, 1, len);
    return value_str((struct str){text, len});
}

static const struct event *newest(const struct fixture *f, enum event_type type)
{
    size_t i = f->logged;
    while (i > 0 && f->log[i - 1].type != type)
        i--;
    assert_true(i > 0);
    return &f->log[i - 1];
}

static void assert_failed(const struct fixture *f, const char *message)
{
    struct value error = VALUE_GET(newest(f, EVENT_EXECUTION_FAILED)->context, "error");
    char text[1024];
    snprintf(text, sizeof(text), "%" PRISTR, ARGSTR(value_as_str(VALUE_GET(error, "message"))));
    assert_string_equal(text, message);
    snprintf(text, sizeof(text), "%" PRISTR, ARGSTR(value_as_str(VALUE_GET(error, "kind"))));
    assert_string_equal(text, "limit");
}

/* Folding the log gives this state again. */
static void assert_folds(struct fixture *f)
{
    struct execution *x;
    struct error e = {0};
    assert_ok(execution_new(EXECUTION, &x, &e), &e);
    assert_ok(execution_replay(x, f->log, f->logged, f->playbooks, &e), &e);
    assert_int_equal(x->phase, f->x->phase);
    execution_free(x);
}

enum { MIB = 1 << 20 };

static void an_iterator_collects_no_more_than_its_bound(void **state)
{
    (void)state;
    static struct fixture f;
    fixture_open(&f);
    fixture_request(&f, "metadata: {path: test}\n"
                        "workflow:\n"
                        "  - step: start\n"
                        "    type: iterator\n"
                        "    collection: [1, 2, 3, 4]\n"
                        "    element: n\n"
                        "    mode: async\n"
                        "    on_error: collect\n"
                        "    task: {type: noop}\n");
    fixture_task_gives(&f, "s0v1a1i1a1", text_of(&f, 100 * MIB));
    fixture_task_gives(&f, "s0v1a1i0a1", text_of(&f, 100 * MIB));
    assert_true(f.x->phase == PHASE_RUNNING);
    fixture_task_gives(&f, "s0v1a1i3a1", text_of(&f, 100 * MIB));
    assert_failed(&f, "item 3: what the items give has more than 256 MiB as JSON, which is the most that a "
                      "step collects");
    assert_int_equal(VALUE_GET(newest(&f, EVENT_TASKS_WITHDRAWN)->context, "tasks").len, 1);
    assert_folds(&f);
    fixture_close(&f);
}

static void what_an_iterator_has_collected_is_known_of_a_state_that_is_read_back(void **state)
{
    struct fixture *f = *state;
    struct execution *back;
    struct error e = {0};
    struct str text;
    const struct visit *v = fixture_visit(f, "loop");
    assert_int_equal(v->work->loop->bytes, 1);
    assert_ok(execution_encode(f->x, &f->arena, &text, &e), &e);
    assert_ok(execution_decode(text, f->x->playbook, &back, &e), &e);
    assert_int_equal(visit_find(back, v->step, v->number)->work->loop->bytes, 1);
    execution_free(back);
}

static void args_are_bounded(void **state)
{
    (void)state;
    static struct fixture f;
    fixture_open(&f);
    fixture_request(&f, "metadata: {path: test}\n"
                        "workflow:\n"
                        "  - {step: start, type: noop, next: a}\n"
                        "  - {step: a, type: noop, args: {one: '{{ start }}', two: '{{ start }}'}}\n");
    fixture_task_gives(&f, "s0v1a1", text_of(&f, 130 * MIB));
    assert_failed(&f, "a.args: it has more than 256 MiB as JSON");
    assert_folds(&f);
    fixture_close(&f);
}

static void args_of_several_arrivals_are_bounded_together(void **state)
{
    (void)state;
    static struct fixture f;
    fixture_open(&f);
    fixture_request(&f, "metadata: {path: test}\n"
                        "workflow:\n"
                        "  - {step: start, type: noop, next: [l, r]}\n"
                        "  - {step: l, next: {step: a, args: {one: '{{ start }}'}}}\n"
                        "  - {step: r, next: {step: a, args: {two: '{{ start }}'}}}\n"
                        "  - {step: a, type: noop}\n");
    fixture_task_gives(&f, "s0v1a1", text_of(&f, 130 * MIB));
    assert_failed(&f, "args: it has more than 256 MiB as JSON");
    fixture_close(&f);
}

static void what_is_saved_is_bounded_together(void **state)
{
    (void)state;
    static struct fixture f;
    fixture_open(&f);
    fixture_request(
        &f, "metadata: {path: test}\n"
            "workflow:\n"
            "  - step: start\n"
            "    type: noop\n"
            "    save: [{name: one, data: '{{ result }}'}, {storage: event, data: '{{ result }}'}]\n");
    fixture_task_gives(&f, "s0v1a1", text_of(&f, 130 * MIB));
    assert_failed(&f, "save: it has more than 256 MiB as JSON");
    assert_int_equal(f.x->variables.len, 0);
    fixture_close(&f);
}

static void the_result_of_an_execution_is_bounded(void **state)
{
    (void)state;
    static struct fixture f;
    fixture_open(&f);
    fixture_request(&f, "metadata: {path: test}\n"
                        "workflow:\n"
                        "  - {step: start, next: [l, r]}\n"
                        "  - {step: l, type: noop}\n"
                        "  - {step: r, type: noop}\n");
    fixture_task_gives(&f, "s1v1a1", text_of(&f, 130 * MIB));
    fixture_task_gives(&f, "s2v1a1", text_of(&f, 130 * MIB));
    assert_failed(&f, "the result of the execution: it has more than 256 MiB as JSON");
    assert_folds(&f);
    fixture_give(&f, (struct event){.type = EVENT_RETRY_REQUESTED});
    assert_int_equal(newest(&f, EVENT_EXECUTION_FAILED)->event_id, f.logged);
    assert_folds(&f);
    fixture_close(&f);
}

static struct value nested(struct fixture *f, uint32_t levels)
{
    struct value v = value_int(1);
    for (; levels > 0; levels--)
        v = fixture_map(f, "x", v, NULL, value_null());
    return v;
}

static void values_are_no_deeper_than_a_message_can_be(void **state)
{
    (void)state;
    for (uint32_t levels = 124; levels <= 125; levels++) {
        static struct fixture f;
        fixture_open(&f);
        fixture_request(&f, "metadata: {path: test}\n"
                            "workflow:\n"
                            "  - {step: start, type: noop, next: a}\n"
                            "  - {step: a, type: noop, args: {one: '{{ start }}'}}\n");
        fixture_task_gives(&f, "s0v1a1", nested(&f, levels));
        if (levels == 125) {
            const struct event *e = newest(&f, EVENT_EXECUTION_FAILED);
            assert_non_null(strstr(e->error.ptr, "it is nested more than 125 levels deep"));
            assert_non_null(strstr(e->error.ptr, "a.args.one.x.x."));
        } else {
            assert_int_equal(f.x->phase, PHASE_RUNNING);
        }
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_iterator_collects_no_more_than_its_bound),
        cmocka_unit_test_setup_teardown(what_an_iterator_has_collected_is_known_of_a_state_that_is_read_back,
                                        fixture_of_everything, fixture_tear_down),
        cmocka_unit_test(args_are_bounded),
        cmocka_unit_test(args_of_several_arrivals_are_bounded_together),
        cmocka_unit_test(what_is_saved_is_bounded_together),
        cmocka_unit_test(the_result_of_an_execution_is_bounded),
        cmocka_unit_test(values_are_no_deeper_than_a_message_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
