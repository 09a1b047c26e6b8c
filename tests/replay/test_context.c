/* What templates see, folded from the log by the render part, is what the broker's state has. */
#include "core/json.h"
#include "render/context.h"
#include "replay/view.h"

#include "play.h"

/* A step that fails at first and not when it is visited again; the one that comes between sees the error. */
static const char AGAIN[] =
    "metadata: {path: test}\nworkflow:\n"
    "  - {step: start, next: a}\n"
    "  - step: a\n"
    "    type: noop\n"
    "    args: {fail: '{{ b is not defined }}'}\n"
    "    on_error: continue\n"
    "    next: [{step: b, when: '{{ b is not defined }}'}, {step: end, when: '{{ b is defined }}'}]\n"
    "  - {step: b, type: noop, args: {saw: '{{ a.error.kind }}'}, next: a}\n"
    "  - {step: end, result: {saw: '{{ b.saw }}', fails: '{{ a.error is defined }}'}}\n";

static struct value folded(const struct run *r)
{
    struct execution_context x;
    struct value names;
    struct error e = {0};
    assert_ok(fetch_execution_context(&arena, r->log, r->logged, &x, &e), &e);
    struct context_source source = {.execution_id = x.execution_id,
                                    .workload = x.workload,
                                    .results = x.results,
                                    .errors = x.errors,
                                    .variables = x.variables};
    assert_ok(build_rendering_context(&arena, &source, &names, &e), &e);
    return names;
}

static void assert_agree(const struct run *r)
{
    struct value names;
    struct str left, right;
    struct error e = {0};
    assert_ok(view_of_context(&arena, r->x, &names, &e), &e);
    assert_ok(json_text(&arena, names, &left, &e), &e);
    assert_ok(json_text(&arena, folded(r), &right, &e), &e);
    assert_string_equal(left.ptr, right.ptr);
}

static void the_log_and_the_state_agree_at_every_moment(void **state)
{
    static struct run r;
    (void)state;
    for (size_t p = 0; p <= PLAYBOOK_COUNT; p++) {
        for (uint64_t order = 0; order < ORDERS; order++) {
            begin(&r, ID, p < PLAYBOOK_COUNT ? PLAYBOOKS[p] : AGAIN, value_null(), order);
            assert_agree(&r);
            while (r.open > 0 && r.x->phase == PHASE_RUNNING) {
                end_one(&r);
                if (r.x->phase != PHASE_FAILED)
                    assert_agree(&r);
            }
            execution_free(r.x);
        }
    }
}

static void an_error_is_gone_with_the_next_end_of_its_step(void **state)
{
    static struct run r;
    (void)state;
    begin(&r, ID, AGAIN, value_null(), 0);
    end_one(&r);
    assert_true(VALUE_GET(VALUE_GET(folded(&r), "a"), "error").type == VALUE_MAP);
    finish(&r);
    assert_true(value_is_absent(VALUE_GET(VALUE_GET(folded(&r), "a"), "error")));
    assert_string_equal(ending(&r).ptr, "execution_complete {\"saw\":\"failed\",\"fails\":false} ");
    execution_free(r.x);
}

/* Nobody but who looks at the execution sees it. */
static void the_failure_that_ended_an_execution_is_seen_until_it_is_retried(void **state)
{
    static struct run r;
    (void)state;
    begin(&r, ID, PLAYBOOKS[3], value_null(), 0);
    finish(&r);
    assert_true(VALUE_GET(VALUE_GET(folded(&r), "b"), "error").type == VALUE_MAP);
    give(&r, (struct event){.type = EVENT_RETRY_REQUESTED});
    assert_true(value_is_absent(VALUE_GET(folded(&r), "b")));
    assert_agree(&r);
    execution_free(r.x);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_log_and_the_state_agree_at_every_moment),
        T(an_error_is_gone_with_the_next_end_of_its_step),
        T(the_failure_that_ended_an_execution_is_seen_until_it_is_retried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
