/* What a playbook may cost is bounded, and what is beyond is told of, not done. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "playbook/playbook.h"
#include "playbook/ynode.h"

#define HEAD "apiVersion: noetl.io/v1\nkind: Playbook\nmetadata: {path: test}\n"

struct attempt {
    struct diagnostics diagnostics;
    struct playbook *playbook;
    enum status status;
    struct error err;
};

static void compile(struct attempt *t, struct buf *text)
{
    diagnostics_init(&t->diagnostics);
    assert_int_equal(text->status, STATUS_OK);
    t->status = playbook_compile(buf_str(text), "test.yaml", &t->diagnostics, &t->playbook, &t->err);
}

static void end(struct attempt *t)
{
    playbook_unref(t->playbook);
    diagnostics_free(&t->diagnostics);
}

static void assert_refused(struct attempt *t, enum diagnostic_code code)
{
    assert_status(t->status, STATUS_INVALID);
    assert_null(t->playbook);
    assert_true(t->diagnostics.count > 0);
    assert_str(t->diagnostics.items[0].code, diagnostic_code_name(code));
}

static void add_chain(struct buf *text, unsigned steps)
{
    buf_add_text(text, HEAD "workflow:\n  - {step: start, next: s1}\n");
    for (unsigned i = 1; i < steps; i++)
        buf_printf(text, "  - {step: s%u, type: noop, next: s%u}\n", i, i + 1 < steps ? i + 1 : 1);
}

static void two_thousand_steps_compile(void **state)
{
    (void)state;
    struct attempt t;
    struct buf text;
    buf_init(&text, 0);
    add_chain(&text, 2000);
    compile(&t, &text);
    assert_status(t.status, STATUS_OK);
    assert_int_equal(t.playbook->step_count, 2000);
    assert_int_equal(playbook_find_step(t.playbook, STR("s1999")), 1999);
    assert_true(t.playbook->reach[0 * 2000 + 1999]);
    assert_false(t.playbook->reach[(size_t)1999 * 2000 + 1]);
    assert_true(t.playbook->steps[1999].edges[0].is_loop);
    end(&t);
    buf_free(&text);
}

static void more_steps_are_refused(void **state)
{
    (void)state;
    struct attempt t;
    struct buf text;
    buf_init(&text, 0);
    add_chain(&text, 2001);
    compile(&t, &text);
    assert_refused(&t, DIAGNOSTIC_LIMIT);
    assert_int_equal(t.diagnostics.items[0].at.line, 4);
    end(&t);
    buf_free(&text);
}

static void more_than_a_mebibyte_is_refused(void **state)
{
    (void)state;
    struct attempt t;
    struct buf text;
    buf_init(&text, 0);
    buf_add_text(&text, HEAD "# ");
    while (text.len <= YAML_MAX_BYTES)
        buf_add_char(&text, 'x');
    compile(&t, &text);
    assert_refused(&t, DIAGNOSTIC_LIMIT);
    end(&t);
    buf_free(&text);
}

static void merge_keys_cannot_expand_without_end(void **state)
{
    (void)state;
    struct attempt t;
    struct buf text;
    buf_init(&text, 0);
    buf_add_text(&text, HEAD "workload:\n  a: &a\n");
    for (int i = 0; i < 2000; i++)
        buf_printf(&text, "    k%d: 1\n", i);
    for (int i = 0; i < 500; i++)
        buf_printf(&text, "  m%d: {<<: *a}\n", i);
    buf_add_text(&text, "workflow: [{step: start}]\n");
    compile(&t, &text);
    assert_refused(&t, DIAGNOSTIC_LIMIT);
    end(&t);
    buf_free(&text);
}

static void aliases_cannot_nest_without_end(void **state)
{
    (void)state;
    struct attempt t;
    struct buf text;
    buf_init(&text, 0);
    buf_add_text(&text, HEAD "workload:\n  a0: &a0 [1]\n");
    for (int i = 1; i < 200; i++)
        buf_printf(&text, "  a%d: &a%d [*a%d]\n", i, i, i - 1);
    buf_add_text(&text, "workflow: [{step: start}]\n");
    compile(&t, &text);
    assert_refused(&t, DIAGNOSTIC_LIMIT);
    end(&t);
    buf_free(&text);
}

static void one_large_action_cannot_be_used_without_end(void **state)
{
    (void)state;
    struct attempt t;
    struct buf text;
    buf_init(&text, 0);
    buf_add_text(&text, HEAD "workbook:\n  - name: large\n    type: python\n    code: ");
    for (int i = 0; i < 500000; i++)
        buf_add_char(&text, 'x');
    buf_add_text(&text, "\nworkflow:\n  - {step: start, type: workbook, name: large, next: [");
    for (int i = 0; i < 1000; i++)
        buf_printf(&text, "s%d, ", i);
    buf_add_text(&text, "]}\n");
    for (int i = 0; i < 1000; i++)
        buf_printf(&text, "  - {step: s%d, type: workbook, name: large}\n", i);
    compile(&t, &text);
    assert_refused(&t, DIAGNOSTIC_LIMIT);
    assert_int_equal(t.diagnostics.errors, 1);
    end(&t);
    buf_free(&text);
}

/* Three iterators in each other, with `tasks` tasks each; 1 + tasks + tasks^2 + tasks^3 actions a step. */
static void add_nested_iterators(struct buf *text, unsigned tasks, const char *where)
{
    static const char *const NAMES[] = {"leaf", "inner", "middle", "outer"};
    buf_add_text(text, HEAD "workbook:\n  - {name: leaf, type: noop}\n");
    for (int i = 1; i < 4; i++) {
        buf_printf(text, "  - {name: %s, type: iterator, collection: [1], element: x, where: %s, task: [",
                   NAMES[i], where);
        for (unsigned t = 0; t < tasks; t++)
            buf_printf(text, "{type: workbook, name: %s}, ", NAMES[i - 1]);
        buf_add_text(text, "]}\n");
    }
    buf_add_text(text, "workflow:\n");
}

static void iterators_in_each_other_cannot_grow_without_end(void **state)
{
    (void)state;
    struct attempt t;
    struct buf text;
    buf_init(&text, 0);
    add_nested_iterators(&text, 20, "x");
    buf_add_text(&text, "  - {step: start, type: workbook, name: outer}\n");
    compile(&t, &text);
    assert_int_equal(t.diagnostics.errors, 0);
    end(&t);
    buf_clear(&text);
    add_nested_iterators(&text, 100, "x");
    buf_add_text(&text, "  - {step: start, type: workbook, name: outer}\n");
    compile(&t, &text);
    assert_refused(&t, DIAGNOSTIC_LIMIT);
    assert_int_equal(t.diagnostics.errors, 1);
    end(&t);
    buf_free(&text);
}

static void one_large_condition_cannot_be_used_without_end(void **state)
{
    (void)state;
    struct attempt t;
    struct buf text, where;
    buf_init(&text, 0);
    buf_init(&where, 0);
    for (int i = 0; i < 200000; i++)
        buf_add_char(&where, 'x');
    add_nested_iterators(&text, 1, where.data);
    buf_add_text(&text, "  - {step: start, next: [");
    for (int i = 0; i < 1000; i++)
        buf_printf(&text, "s%d, ", i);
    buf_add_text(&text, "]}\n");
    for (int i = 0; i < 1000; i++)
        buf_printf(&text, "  - {step: s%d, type: workbook, name: outer}\n", i);
    compile(&t, &text);
    assert_refused(&t, DIAGNOSTIC_LIMIT);
    end(&t);
    buf_free(&text);
    buf_free(&where);
}

static void anchors_cannot_be_too_many(void **state)
{
    (void)state;
    struct attempt t;
    struct buf text;
    buf_init(&text, 0);
    buf_add_text(&text, HEAD "workload:\n");
    for (int i = 0; i <= YAML_MAX_ANCHORS; i++)
        buf_printf(&text, "  a%d: &a%d 1\n", i, i);
    buf_add_text(&text, "workflow: [{step: start}]\n");
    compile(&t, &text);
    assert_refused(&t, DIAGNOSTIC_LIMIT);
    end(&t);
    buf_free(&text);
}

static void many_diagnostics_are_counted_but_not_all_kept(void **state)
{
    (void)state;
    struct attempt t;
    struct buf text, shown;
    buf_init(&text, 0);
    buf_init(&shown, 0);
    buf_add_text(&text, HEAD "workflow:\n  - step: start\n    next:\n");
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "    - nowhere%d\n", i);
    compile(&t, &text);
    assert_status(t.status, STATUS_INVALID);
    assert_int_equal(t.diagnostics.count, MAX_DIAGNOSTICS);
    assert_int_equal(t.diagnostics.errors, 20000);
    assert_int_equal(t.diagnostics.dropped, 20000 - MAX_DIAGNOSTICS);
    diagnostics_print(&t.diagnostics, buf_str(&text), "test.yaml", &shown);
    assert_true(str_ends_with(buf_str(&shown), STR("test.yaml: and 19800 more\n")));
    end(&t);
    buf_free(&text);
    buf_free(&shown);
}

static void long_names_are_cut_in_messages(void **state)
{
    (void)state;
    struct attempt t;
    struct buf text;
    buf_init(&text, 0);
    buf_add_text(&text, HEAD "workflow:\n  - step: start\n    ");
    for (int i = 0; i < 900; i++)
        buf_add_text(&text, "é");
    buf_add_text(&text, ": 1\n    next: \"a\\nb\\e[31m\"\n");
    compile(&t, &text);
    assert_status(t.status, STATUS_INVALID);
    assert_int_equal(t.diagnostics.count, 2);
    assert_true(str_ends_with(t.diagnostics.items[0].message, STR("…")));
    assert_str(t.diagnostics.items[1].message, "unknown step \"a?b?[31m\" in next");
    end(&t);
    buf_free(&text);
}

/* As long as nothing but the number of diagnostics grows, time does not grow with its square. */
static void unknown_keys_by_the_thousand_are_told_of(void **state)
{
    (void)state;
    struct attempt t;
    struct buf text;
    buf_init(&text, 0);
    buf_add_text(&text, HEAD "workflow: [{step: start}]\n");
    for (int i = 0; i < 50000; i++)
        buf_printf(&text, "unknown_key_%d: 1\n", i);
    compile(&t, &text);
    assert_status(t.status, STATUS_INVALID);
    assert_int_equal(t.diagnostics.errors, 50000);
    end(&t);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_thousand_steps_compile),
        cmocka_unit_test(more_steps_are_refused),
        cmocka_unit_test(more_than_a_mebibyte_is_refused),
        cmocka_unit_test(merge_keys_cannot_expand_without_end),
        cmocka_unit_test(aliases_cannot_nest_without_end),
        cmocka_unit_test(one_large_action_cannot_be_used_without_end),
        cmocka_unit_test(iterators_in_each_other_cannot_grow_without_end),
        cmocka_unit_test(one_large_condition_cannot_be_used_without_end),
        cmocka_unit_test(anchors_cannot_be_too_many),
        cmocka_unit_test(many_diagnostics_are_counted_but_not_all_kept),
        cmocka_unit_test(long_names_are_cut_in_messages),
        cmocka_unit_test(unknown_keys_by_the_thousand_are_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
