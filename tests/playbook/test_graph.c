/*
 * Random workflows: what the compiler says of the graph is held against a slow reading of the definitions.
 *   loop edges   without them nothing reaches itself; each of them leads back
 *   reach        the transitive closure of the other edges, each step reaching itself
 *   incoming     the sources of the other edges, each once
 * An on_error step counts as an edge; it leads back if its target reaches the step.
 */
#include <stdio.h>

#include "check.h"
#include "core/digest.h"
#include "playbook/playbook.h"

enum { MAX_STEPS = 14, ROUNDS = 3000 };

static void add_random_playbook(struct buf *text, uint64_t *seed)
{
    uint32_t steps = 1 + splitmix64(seed) % MAX_STEPS;
    buf_add_text(text, "metadata: {path: random}\nworkflow:\n");
    for (uint32_t s = 0; s < steps; s++) {
        buf_printf(text, "  - {step: s%u, type: noop, next: [", s);
        for (uint32_t e = splitmix64(seed) % 4; e > 0; e--)
            buf_printf(text, "s%u, ", (uint32_t)(splitmix64(seed) % steps));
        buf_add_text(text, "]");
        if (splitmix64(seed) % 4 == 0)
            buf_printf(text, ", on_error: {step: s%u}", (uint32_t)(splitmix64(seed) % steps));
        buf_add_text(text, "}\n");
    }
}

static bool reaches(const struct playbook *p, uint32_t from, uint32_t to)
{
    return p->reach[(size_t)from * p->step_count + to] != 0;
}

/* forward[a][b]: whether there is an edge from a to b that is no loop edge. */
static void read_edges(const struct playbook *p, bool forward[MAX_STEPS][MAX_STEPS])
{
    for (uint32_t s = 0; s < p->step_count; s++) {
        const struct step *step = &p->steps[s];
        for (uint32_t e = 0; e < step->edge_count; e++) {
            uint32_t target = step->edges[e].target;
            assert_int_equal(step->edges[e].is_loop, reaches(p, target, s));
            if (!step->edges[e].is_loop)
                forward[s][target] = true;
        }
        if (step->on_error == ON_ERROR_STEP && !reaches(p, step->on_error_step, s))
            forward[s][step->on_error_step] = true;
    }
}

static void check_incoming(const struct playbook *p, bool forward[MAX_STEPS][MAX_STEPS])
{
    for (uint32_t s = 0; s < p->step_count; s++) {
        uint32_t sources = 0;
        for (uint32_t from = 0; from < p->step_count; from++)
            sources += forward[from][s];
        assert_int_equal(p->steps[s].incoming_count, sources);
        for (uint32_t i = 0; i < sources; i++) {
            assert_true(forward[p->steps[s].incoming[i]][s]);
            assert_true(i == 0 || p->steps[s].incoming[i] > p->steps[s].incoming[i - 1]);
        }
    }
}

/* Floyd and Warshall's closure of the edges is the reach matrix, and has no cycle. */
static void check_reach(const struct playbook *p, bool forward[MAX_STEPS][MAX_STEPS])
{
    bool closure[MAX_STEPS][MAX_STEPS];
    memcpy(closure, forward, sizeof closure);
    for (uint32_t k = 0; k < p->step_count; k++)
        for (uint32_t a = 0; a < p->step_count; a++)
            for (uint32_t b = 0; b < p->step_count; b++)
                closure[a][b] = closure[a][b] || (closure[a][k] && closure[k][b]);
    for (uint32_t a = 0; a < p->step_count; a++) {
        assert_false(closure[a][a]);
        for (uint32_t b = 0; b < p->step_count; b++)
            assert_int_equal(reaches(p, a, b), a == b || closure[a][b]);
    }
}

static void random_graphs_are_read_as_defined(void **state)
{
    (void)state;
    uint64_t seed = 20251018;
    for (int round = 0; round < ROUNDS; round++) {
        bool forward[MAX_STEPS][MAX_STEPS] = {{false}};
        struct diagnostics d;
        struct playbook *p;
        struct error err;
        struct buf text;
        buf_init(&text, 0);
        diagnostics_init(&d);
        add_random_playbook(&text, &seed);
        assert_ok(playbook_compile(buf_str(&text), "random", &d, &p, &err), &err);
        read_edges(p, forward);
        check_incoming(p, forward);
        check_reach(p, forward);
        playbook_unref(p);
        diagnostics_free(&d);
        buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_graphs_are_read_as_defined)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
