/*
 * An execution that is forked anywhere comes to what the other one comes to: playbooks whose tasks answer by
 * what they are given are run to their ends, in several orders, and from each step that was reached again.
 */
#include "check.h"

#include <stdio.h>

#include "replay/fork.h"
#include "replay/replay.h"

#include "play.h"

/* ---- forking ------------------------------------------------------------------------------------------ */

static void must_fork(const struct run *r, size_t count, const char *at, struct value *fork)
{
    struct value dropped;
    struct error e = {0};
    assert_ok(fork_make(&arena, r->log, count, str_of(at), r->x->playbook, fork, &dropped, &e), &e);
    assert_int_equal(dropped.len, 0);
}

/* The log alone gives the forked execution again. */
static void assert_replays(const struct run *r)
{
    struct replay again;
    struct mismatch found = {0};
    struct error e = {0};
    replay_open(&again, r->x->id, playbooks);
    for (size_t i = 0; i < r->logged && found.kind == MISMATCH_NONE; i++)
        assert_ok(replay_take(&again, &r->log[i], &found, &e), &e);
    assert_string_equal(mismatch_text(found.kind), mismatch_text(MISMATCH_NONE));
    replay_close(&again);
}

static void fork_at(const struct run *r, const char *playbook, struct str step, uint32_t visit)
{
    static struct run forked;
    char at[128];
    struct value fork;
    (void)snprintf(at, sizeof at, "%" PRISTR "#%u", ARGSTR(step), visit);
    must_fork(r, r->logged, at, &fork);
    for (uint64_t chance = 1; chance <= 2; chance++) {
        begin(&forked, ID + 1, playbook, fork, chance);
        finish(&forked);
        struct str expected = ending(r), got = ending(&forked);
        if (!str_equal(expected, got))
            fail_msg("at %s: %" PRISTR " instead of %" PRISTR, at, ARGSTR(got), ARGSTR(expected));
        assert_replays(&forked);
        execution_free(forked.x);
    }
}

static bool is_first_of_visit(const struct run *r, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (r->log[i].visit == r->log[at].visit && str_equal(r->log[i].node_name, r->log[at].node_name))
            return false;
    }
    return r->log[at].visit > 0;
}

static void a_fork_comes_to_what_the_other_one_came_to(void **state)
{
    static struct run r;
    (void)state;
    for (size_t p = 0; p < PLAYBOOK_COUNT; p++) {
        for (uint64_t order = 0; order < ORDERS; order++) {
            begin(&r, ID, PLAYBOOKS[p], (struct value){0}, order);
            finish(&r);
            for (size_t i = 0; i < r.logged; i++) {
                if (is_first_of_visit(&r, i) && event_type_kind(r.log[i].type) != EVENT_KIND_FACT)
                    fork_at(&r, PLAYBOOKS[p], r.log[i].node_name, r.log[i].visit);
            }
            execution_free(r.x);
        }
    }
}

static const char LOOP[] = "metadata: {path: test}\nworkflow:\n"
                           "  - {step: start, next: poll}\n"
                           "  - step: poll\n"
                           "    type: noop\n"
                           "    args: {n: '{{ (poll.n if poll is defined else 0) + 1 }}'}\n"
                           "    next: {step: poll, when: '{{ result.n < 4 }}'}\n"
                           "  - {step: end, result: {n: '{{ poll.n }}'}}\n";

static void a_fork_begins_with_the_visit_that_is_named(void **state)
{
    static struct run r;
    struct value fork;
    (void)state;
    begin(&r, ID, LOOP, (struct value){0}, 1);
    finish(&r);
    assert_str(ending(&r), "execution_complete {\"n\":4} ");
    must_fork(&r, r.logged, "poll", &fork);
    assert_int_equal(VALUE_GET(fork, "visit").u.i, 4);
    assert_int_equal(value_get_path(VALUE_GET(fork, "ended").u.list[1], STR("data.n")).u.i, 3);
    must_fork(&r, r.logged, "poll#2", &fork);
    assert_int_equal(VALUE_GET(fork, "visit").u.i, 2);
    assert_int_equal(value_get_path(VALUE_GET(fork, "ended").u.list[1], STR("data.n")).u.i, 1);
    execution_free(r.x);
}

/* A running execution, of which only a part is in the log. */
static void what_runs_still_is_forked_where_it_was(void **state)
{
    static struct run r;
    (void)state;
    begin(&r, ID, PLAYBOOKS[1], (struct value){0}, 3);
    end_one(&r);
    struct value fork;
    must_fork(&r, r.logged, "b", &fork);
    assert_int_equal(VALUE_GET(fork, "open").len, 2);
    while (!execution_is_over(r.x))
        end_one(&r);
    static struct run forked;
    begin(&forked, ID + 1, PLAYBOOKS[1], fork, 1);
    finish(&forked);
    assert_true(str_equal(ending(&r), ending(&forked)));
    execution_free(forked.x);
    execution_free(r.x);
}

static void assert_no_fork(const struct run *r, const char *at, const char *target, const char *says)
{
    struct playbook *p = NULL;
    struct value fork, dropped;
    struct error e = {0};
    assert_ok(playbook_cache_get(playbooks, str_of(target), "target", &p, &e), &e);
    assert_status(fork_make(&arena, r->log, r->logged, str_of(at), p, &fork, &dropped, &e), STATUS_INVALID);
    if (!strstr(e.message, says))
        fail_msg("\"%s\" does not say \"%s\"", e.message, says);
    playbook_unref(p);
}

static void what_cannot_be_forked_is_said(void **state)
{
    static struct run r;
    static const char without_b[] = "metadata: {path: test}\nworkflow:\n"
                                    "  - {step: start, next: join}\n  - {step: join, type: noop}\n";
    (void)state;
    begin(&r, ID, PLAYBOOKS[1], (struct value){0}, 1);
    finish(&r);
    assert_no_fork(&r, "joim", PLAYBOOKS[1], "no step \"joim\"");
    assert_no_fork(&r, "c", PLAYBOOKS[1], "not reached step \"c\"");
    assert_no_fork(&r, "a#2", PLAYBOOKS[1], "that often");
    assert_no_fork(&r, "b", without_b, "new playbook has no step \"");
    execution_free(r.x);
}

/* With another playbook, results of steps that it does not have are left out. */
static void what_the_new_playbook_does_not_have_is_left_out(void **state)
{
    static struct run r, forked;
    static const char other[] =
        "metadata: {path: test}\nworkflow:\n"
        "  - {step: start, next: join}\n"
        "  - {step: b, type: noop, next: join}\n"
        "  - {step: join, type: noop, args: {b: '{{ b.b }}', is_a: '{{ a is defined }}'}}\n";
    struct playbook *p = NULL;
    struct value fork, dropped;
    struct error e = {0};
    (void)state;
    begin(&r, ID, PLAYBOOKS[1], (struct value){0}, 1);
    finish(&r);
    assert_ok(playbook_cache_get(playbooks, str_of(other), "target", &p, &e), &e);
    assert_ok(fork_make(&arena, r.log, r.logged, STR("join"), p, &fork, &dropped, &e), &e);
    assert_int_equal(dropped.len, 1);
    assert_str(value_as_str(dropped.u.list[0]), "a");
    begin(&forked, ID + 1, other, fork, 1);
    finish(&forked);
    assert_str(ending(&forked),
               "execution_complete {\"join\":{\"b\":2,\"is_a\":false,\"from_b\":2,\"from_a\":1}} ");
    playbook_unref(p);
    execution_free(forked.x);
    execution_free(r.x);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_fork_comes_to_what_the_other_one_came_to),      T(a_fork_begins_with_the_visit_that_is_named),
        T(what_runs_still_is_forked_where_it_was),          T(what_cannot_be_forked_is_said),
        T(what_the_new_playbook_does_not_have_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
