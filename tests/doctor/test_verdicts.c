/*
 * Each verdict is given for what it is about, and docs/DOCTOR.md has a section for each: its sentence, and
 * what is printed. NOETL_UPDATE_EXPECTED=1 writes the sections.
 */
#include <stdlib.h>

#include "check.h"
#include "cli/doctor_print.h"
#include "files.h"
#include "scenes.h"

static bool has(const struct report *r, enum verdict v)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->items[i].verdict == v)
            return true;
    }
    return false;
}

static void write_section(enum verdict v, struct buf *out)
{
    static const char *const GRAVITIES[] = {"Well", "Waits", "Trouble"};
    static const char *const REPAIRS[] = {"", " `--fix`: made by setup's own code.",
                                          " `--fix`: looked at as the broker's reconciler does.",
                                          " `--fix`: what cannot be delivered is dropped and made again."};
    struct arena a;
    struct report r;
    struct output o = {.format = OUTPUT_TABLE};
    struct error err = {0};
    const struct doctor_page page = {.execution_id = scene_is_of_execution(v) ? SCENE_EXECUTION : 0,
                                     .now_ns = SCENE_NOW_NS};
    arena_init(&a, 0);
    report_init(&r, &a);
    assert_true(scene_judge(v, &r));
    assert_ok(report_status(&r, &err), &err);
    if (!has(&r, v))
        fail_msg("what shows %s does not give it", verdict_name(v));
    buf_printf(out, "\n### %s\n%s: %s.%s\n\n```text\n", verdict_name(v), GRAVITIES[verdict_gravity(v)],
               verdict_doc(v), REPAIRS[verdict_repair(v)]);
    doctor_write(&r, &page, &o, out);
    buf_add_text(out, "```\n");
    arena_free(&a);
}

static void each_verdict_is_documented_with_what_is_printed(void **state)
{
    (void)state;
    struct buf page, expected;
    buf_init(&page, 0);
    buf_init(&expected, 0);
    file_load("docs/DOCTOR.md", &page);
    struct str text = buf_str(&page);
    ptrdiff_t at = str_find(text, STR("\n## Verdicts\n"));
    assert_true(at > 0);
    buf_add(&expected, text.ptr, (size_t)at);
    buf_add_text(&expected, "\n## Verdicts\n");
    for (int v = 0; v < VERDICT_COUNT; v++)
        write_section((enum verdict)v, &expected);
    if (getenv("NOETL_UPDATE_EXPECTED"))
        file_store("docs/DOCTOR.md", buf_str(&expected));
    else
        assert_str(buf_str(&expected), page.data);
    buf_free(&page);
    buf_free(&expected);
}

/* What is under way is not taken for stuck, and what has stood for long is. */
static void a_broker_is_called_stalled_only_after_a_while(void **state)
{
    (void)state;
    struct arena a;
    struct report r;
    struct partition_evidence p = {.log = SIGHT_THERE,
                                   .owner = STR("b"),
                                   .owner_heard = true,
                                   .hindered_by = STR(""),
                                   .committed = 1,
                                   .newest = 2,
                                   .stream_last = 2,
                                   .oldest_unread_ns = SCENE_NOW_NS - 100000000};
    arena_init(&a, 0);
    report_init(&r, &a);
    judge_partition(&r, &p, SCENE_NOW_NS);
    assert_int_equal(r.count, 0);
    judge_partition(&r, &p, SCENE_NOW_NS + INT64_C(60000000000));
    assert_int_equal(r.count, 1);
    assert_int_equal(r.items[0].verdict, VERDICT_BROKER_STALLED);
    assert_int_equal(report_gravity(&r), GRAVITY_TROUBLE);
    arena_free(&a);
}

static void a_report_without_memory_says_so(void **state)
{
    (void)state;
    struct arena a;
    struct report r;
    struct error err = {0};
    arena_init(&a, 1);
    report_init(&r, &a);
    assert_true(scene_judge(VERDICT_NO_WORKER, &r));
    assert_int_equal(report_status(&r, &err), STATUS_LIMIT);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verdict_is_documented_with_what_is_printed),
        cmocka_unit_test(a_broker_is_called_stalled_only_after_a_while),
        cmocka_unit_test(a_report_without_memory_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
