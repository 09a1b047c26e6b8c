/*
 * An execution that is forked anywhere comes to what the other one comes to: playbooks whose tasks answer by
 * what they are given are run to their ends, in several orders, and from each step that was reached again.
 */
#include "check.h"

#include <stdio.h>

#include "core/digest.h"
#include "core/json.h"
#include "replay/fork.h"
#include "replay/replay.h"

enum { LOG_MAX = 1024, TASKS_MAX = 64, ID = 42, ORDERS = 8 };

static struct arena arena;
static struct playbook_cache *playbooks;

/* An execution, its log, and its tasks that have no outcome yet. */
struct run {
    struct execution *x;
    struct event log[LOG_MAX];
    size_t logged;
    struct task tasks[TASKS_MAX];
    size_t open;
    int64_t clock_ns;
    uint64_t chance;
};

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    return playbook_cache_new(4, &playbooks, NULL) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    playbook_cache_free(&playbooks);
    arena_free(&arena);
    return 0;
}

/* ---- running ------------------------------------------------------------------------------------------ */

static void give(struct run *r, struct event fact)
{
    struct decisions d;
    struct error e = {0};
    struct event *kept = ARENA_NEW(&arena, struct event);
    assert_non_null(kept);
    fact.execution_id = r->x->id;
    fact.time_ns = r->clock_ns += 1000;
    fact.stream_seq = (uint64_t)r->clock_ns;
    fact.event_id = r->x->next_event_id;
    *kept = fact;
    decisions_init(&d, &arena);
    assert_ok(transition(r->x, kept, playbooks, &d, &e), &e);
    assert_null(d.ignored);
    assert_ok(execution_check(r->x, &e), &e);
    for (uint32_t i = 0; i < d.event_count; i++)
        r->log[r->logged++] = d.events[i];
    for (uint32_t i = 0; i < d.task_count; i++)
        r->tasks[r->open++] = d.tasks[i].task;
    for (uint32_t i = 0; i < d.timer_count; i++) {
        if (!d.timers[i].cancelled)
            give(r, (struct event){.type = EVENT_TIMER_FIRED, .task_id = d.timers[i].id});
    }
}

static struct value map_of(const char *key, struct value v)
{
    struct map_builder m;
    struct value out;
    map_begin(&m, &arena);
    map_put(&m, str_of(key), v);
    assert_int_equal(map_end(&m, &out, NULL), STATUS_OK);
    return out;
}

/* A noop gives back its args; one with `fail` fails by them. */
static void end_one(struct run *r)
{
    size_t i = splitmix64(&r->chance) % r->open;
    struct task task = r->tasks[i];
    bool fails = VALUE_GET(task.args, "fail").type == VALUE_BOOL && VALUE_GET(task.args, "fail").u.b;
    r->tasks[i] = r->tasks[--r->open];
    give(r, (struct event){.type = fails ? EVENT_ACTION_ERROR : EVENT_ACTION_COMPLETED,
                           .node_name = task.step,
                           .task_id = task.task_id,
                           .result = map_of("data", task.args),
                           .meta = map_of("token", value_str(task.token))});
}

static void finish(struct run *r)
{
    while (r->open > 0 && !execution_is_over(r->x))
        end_one(r);
    assert_true(execution_is_over(r->x));
}

static void begin(struct run *r, int64_t id, const char *playbook, struct value fork, uint64_t chance)
{
    struct map_builder m;
    struct value context;
    struct error e = {0};
    memset(r, 0, sizeof *r);
    r->clock_ns = INT64_C(1700000000000000000);
    r->chance = chance;
    assert_ok(execution_new(id, &r->x, &e), &e);
    map_begin(&m, &arena);
    map_put(&m, STR("playbook"), value_text(playbook));
    map_put(&m, STR("token_seed"), value_text("s"));
    if (fork.type == VALUE_MAP)
        map_put(&m, STR("fork"), fork);
    assert_ok(map_end(&m, &context, &e), &e);
    give(r, (struct event){.type = EVENT_EXECUTION_REQUESTED, .node_name = STR("test"), .context = context});
}

/* How it ended, with what. */
static struct str ending(const struct run *r)
{
    const struct event *last = &r->log[r->logged - 1];
    struct str text;
    assert_int_equal(
        json_text(&arena, value_is_absent(last->result) ? value_null() : last->result, &text, NULL),
        STATUS_OK);
    return arena_printf(&arena, "%s %" PRISTR " %" PRISTR, event_type_name(last->type), ARGSTR(text),
                        ARGSTR(last->error));
}

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

static const char *const PLAYBOOKS[] = {
    "metadata: {path: test}\nworkflow:\n"
    "  - {step: start, next: a}\n"
    "  - {step: a, type: noop, args: {n: 1}, save: {name: kept, data: '{{ result.n + 1 }}'}, next: b}\n"
    "  - {step: b, type: noop, args: {n: '{{ a.n + kept }}'}, next: end}\n"
    "  - {step: end, result: {n: '{{ b.n }}', kept: '{{ kept }}'}}\n",

    "metadata: {path: test}\nworkflow:\n"
    "  - {step: start, next: [{step: a, args: {way: 1}}, b, {step: c, when: '{{ 1 > 2 }}'}]}\n"
    "  - {step: a, type: noop, args: {a: 1}, next: {step: join, args: {from_a: '{{ result.a }}'}}}\n"
    "  - {step: b, type: noop, args: {b: 2}, next: {step: join, args: {from_b: 2}}}\n"
    "  - {step: c, type: noop, next: join}\n"
    "  - {step: join, type: noop, args: {sum: '{{ a.a + b.b }}'}, next: [d, e]}\n"
    "  - {step: d, type: noop, args: {d: '{{ join.sum }}'}}\n"
    "  - {step: e, result: {e: 5}}\n",

    /* a failure that goes on, one that goes elsewhere, and a step that is passed over */
    "metadata: {path: test}\nworkflow:\n"
    "  - {step: start, next: [a, b, p]}\n"
    "  - {step: a, type: noop, args: {fail: true}, on_error: continue, next: join}\n"
    "  - {step: b, type: noop, args: {fail: true}, on_error: {step: rescue}, next: join}\n"
    "  - {step: rescue, type: noop, args: {r: '{{ b.error.kind }}'}, next: join}\n"
    "  - {step: p, type: noop, pass: true, next: join}\n"
    "  - {step: join, type: noop, args: {kind: '{{ a.error.kind }}'}, next: end}\n"
    "  - {step: end, result: {r: '{{ rescue.r }}', kind: '{{ join.kind }}'}}\n",

    /* the whole fails */
    "metadata: {path: test}\nworkflow:\n"
    "  - {step: start, next: a}\n"
    "  - {step: a, type: noop, args: {n: 1}, next: b}\n"
    "  - {step: b, type: noop, args: {fail: true}, retry: {max_attempts: 2, initial_delay: 1}}\n",

    /* joins of both other kinds, and an iterator */
    "metadata: {path: test}\nworkflow:\n"
    "  - {step: start, next: [a, b]}\n"
    "  - {step: a, type: noop, args: {n: 1}, next: [first, each]}\n"
    "  - {step: b, type: noop, args: {n: 1}, next: [first, each]}\n"
    "  - {step: first, type: noop, join: any, args: {n: 7}, next: loop}\n"
    "  - {step: each, type: noop, join: each, args: {n: 8}}\n"
    "  - step: loop\n"
    "    type: iterator\n"
    "    collection: [1, 2, 3]\n"
    "    element: n\n"
    "    task: {type: noop, args: {n: '{{ n }}'}}\n"
    "    next: end\n"
    "  - {step: end, result: {loop: '{{ loop }}', each: '{{ each.n }}'}}\n",
};

static void a_fork_comes_to_what_the_other_one_came_to(void **state)
{
    static struct run r;
    (void)state;
    for (size_t p = 0; p < sizeof(PLAYBOOKS) / sizeof(PLAYBOOKS[0]); p++) {
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
