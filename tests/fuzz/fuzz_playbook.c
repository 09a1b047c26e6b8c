/*
 * Any bytes compile or are refused with at least one error that has a place in the text; what is said of them
 * can be printed and written as JSON, and is the same the second time. Start with
 * tests/playbook/cases/*.yaml.
 */
#include <stdlib.h>

#include "core/json.h"
#include "playbook/playbook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_graph(const struct playbook *p)
{
    require(p->step_count > 0 && p->start < p->step_count && p->end < (int32_t)p->step_count);
    for (uint32_t s = 0; s < p->step_count; s++) {
        const struct step *step = &p->steps[s];
        require(step->index == s && playbook_find_step(p, step->name) == (int32_t)s && step->action.config);
        for (uint32_t e = 0; e < step->edge_count; e++) {
            uint32_t target = step->edges[e].target;
            require(target < p->step_count);
            /* Back, if and only if it is a loop edge: without those there is no cycle. */
            require((p->reach[(size_t)target * p->step_count + s] != 0) == step->edges[e].is_loop);
        }
    }
}

static void describe(struct str text, struct buf *out)
{
    struct diagnostics d;
    struct playbook *p;
    struct error err = {.status = STATUS_OK};
    struct arena a;
    struct value list;
    diagnostics_init(&d);
    arena_init(&a, 0);
    enum status s = playbook_compile(text, "fuzz.yaml", &d, &p, &err);
    require((s == STATUS_OK) == (p != NULL) && (s == STATUS_OK) == (d.errors == 0) && s == err.status);
    for (uint32_t i = 0; i < d.count; i++)
        require(d.items[i].at.line > 0 && d.items[i].at.column > 0 && d.items[i].message.len > 0);
    diagnostics_print(&d, text, "fuzz.yaml", out);
    require(diagnostics_to_value(&d, "fuzz.yaml", &a, &list, &err) == STATUS_OK);
    require(json_write(out, list, JSON_COMPACT, &err) == STATUS_OK);
    if (p)
        check_graph(p);
    playbook_unref(p);
    arena_free(&a);
    diagnostics_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct buf first, second;
    buf_init(&first, 0);
    buf_init(&second, 0);
    describe(text, &first);
    describe(text, &second);
    require(str_equal(buf_str(&first), buf_str(&second)));
    buf_free(&first);
    buf_free(&second);
    return 0;
}
