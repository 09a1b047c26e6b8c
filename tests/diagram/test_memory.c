/* Whatever request for memory fails: a drawing is whole, or an error says that there is none. */
#include "check.h"
#include "diagram/diagram.h"
#include "failing_memory.h"

#define TEXT                                                                                                 \
    "apiVersion: noetl.io/v1\nkind: Playbook\nmetadata: {path: examples/memory}\nworkflow:\n"                \
    "  - {step: start, next: [{step: a, when: x}, {step: b, when: y}, {else: end}]}\n"                       \
    "  - {step: a, type: playbook, path: 'examples/{{ workload.name }}', next: [c, d]}\n"                    \
    "  - {step: b, type: noop, join: any, timeout: 3, next: [d, c, e, start], on_error: {step: c}}\n"        \
    "  - {step: c, type: iterator, collection: [1], element: n, task: {type: noop}}\n"                       \
    "  - {step: d, type: noop}\n  - {step: e, next: b}\n  - {step: end}\n"

static size_t measure(struct str s)
{
    return s.len;
}

static void add(struct buf *out, struct str s, size_t width)
{
    buf_add_str(out, width && width < s.len ? str_head(s, width) : s);
}

static void ink(const void *user, struct buf *out, enum diagram_ink ink, bool on)
{
    (void)user;
    (void)ink;
    buf_add_text(out, on ? "<" : ">");
}

static struct playbook *compile(void)
{
    struct diagnostics d;
    struct playbook *p;
    struct error err;
    diagnostics_init(&d);
    assert_ok(playbook_compile(STR(TEXT), "memory.yaml", &d, &p, &err), &err);
    diagnostics_free(&d);
    return p;
}

static enum status draw(const struct playbook *p, enum diagram_format format, size_t width, struct buf *out)
{
    const struct diagram_pen pen = {.width = width, .measure = measure, .add = add, .ink = ink};
    struct error err = {0};
    buf_init(out, 0);
    enum status status = diagram_draw(p, format, &pen, out, &err);
    assert_true(status == STATUS_OK || err.message[0]);
    return status;
}

static void check(const struct playbook *p, enum diagram_format format, size_t width)
{
    struct buf expected, drawn;
    assert_int_equal(draw(p, format, width, &expected), STATUS_OK);
    for (size_t n = 0;; n++) {
        size_t held = memory_held();
        memory_fail_at(n, false);
        enum status status = draw(p, format, width, &drawn);
        size_t requests = memory_fail_never();
        if (status == STATUS_OK)
            assert_string_equal(drawn.data, expected.data);
        else
            assert_status(status, STATUS_NO_MEMORY);
        buf_free(&drawn);
        assert_int_equal(memory_held(), held);
        if (requests <= n)
            break;
    }
    buf_free(&expected);
}

static void a_drawing_is_whole_or_an_error(void **state)
{
    (void)state;
    struct playbook *p = compile();
    check(p, DIAGRAM_ASCII, 200);
    check(p, DIAGRAM_ASCII, 20);
    check(p, DIAGRAM_DOT, 0);
    check(p, DIAGRAM_MERMAID, 0);
    playbook_unref(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drawing_is_whole_or_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
