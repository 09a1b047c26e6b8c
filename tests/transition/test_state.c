/*
 * A state that was written down: whatever becomes of the text, reading it gives a state whose invariants
 * hold, or says that it is none. And a log that this program would not have written is noticed when it is
 * folded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check.h"
#include "core/json.h"
#include "transition/transition.h"

enum { EXECUTION = 42 };

static const char PLAYBOOK[] =
    "metadata: {path: test, timeout: 60}\n"
    "workflow:\n"
    "  - {step: start, next: [loop, wait, call, slow, join]}\n"
    "  - step: loop\n"
    "    type: iterator\n"
    "    collection: [1, 2, 3, 4]\n"
    "    element: n\n"
    "    mode: async\n"
    "    concurrency: 2\n"
    "    task: [{name: one, type: noop, args: {n: '{{ n }}'}, retry: 3}, {type: noop}]\n"
    "    next: join\n"
    "  - {step: wait, type: signal, name: go, timeout: 5, next: join}\n"
    "  - {step: call, type: playbook, path: other, next: join}\n"
    "  - {step: slow, type: noop, retry: 2, save: {name: kept, data: 1}, next: join}\n"
    "  - {step: join, type: noop}\n";

struct fixture {
    struct arena arena;
    struct playbook_cache *playbooks;
    struct execution *x;
    struct event log[64];
    size_t logged;
    int64_t clock_ns;
    struct str tokens[16], tasks[16];
    size_t task_count;
};

/* ---- a state with something of everything ------------------------------------------------------------- */

static void give(struct fixture *f, struct event fact)
{
    struct decisions d;
    struct error e = {0};
    f->clock_ns += 1000;
    fact.execution_id = EXECUTION;
    fact.time_ns = f->clock_ns;
    fact.stream_seq = (uint64_t)f->clock_ns / 1000;
    fact.node_name = STR("test");
    decisions_init(&d, &f->arena);
    assert_ok(transition(f->x, &fact, f->playbooks, &d, &e), &e);
    assert_null(d.ignored);
    for (uint32_t i = 0; i < d.event_count; i++)
        f->log[f->logged++] = d.events[i];
    for (uint32_t i = 0; i < d.task_count; i++) {
        f->tasks[f->task_count] = d.tasks[i].task.task_id;
        f->tokens[f->task_count++] = d.tasks[i].task.token;
    }
}

static struct value map_of(struct fixture *f, const char *key, struct value v, const char *key2,
                           struct value v2)
{
    struct map_builder m;
    struct value out;
    map_begin(&m, &f->arena);
    map_put(&m, str_of(key), v);
    if (key2)
        map_put(&m, str_of(key2), v2);
    assert_int_equal(map_end(&m, &out, NULL), STATUS_OK);
    return out;
}

static void end_task(struct fixture *f, const char *id, enum event_type type)
{
    size_t i = 0;
    while (!str_is(f->tasks[i], id))
        assert_true(++i < f->task_count);
    give(f, (struct event){.type = type,
                           .task_id = f->tasks[i],
                           .result = map_of(f, "data", value_int(1), NULL, value_null()),
                           .meta = map_of(f, "token", value_str(f->tokens[i]), NULL, value_null())});
}

static void signal_comes(struct fixture *f, const char *name)
{
    give(f, (struct event){.type = EVENT_SIGNAL_RECEIVED,
                           .context = map_of(f, "name", value_text(name), "payload", value_int(7))});
}

static int set_up(void **state)
{
    static struct fixture f;
    struct error e = {0};
    f = (struct fixture){.clock_ns = INT64_C(1700000000000000000)};
    *state = &f;
    arena_init(&f.arena, 0);
    assert_ok(playbook_cache_new(2, &f.playbooks, &e), &e);
    assert_ok(execution_new(EXECUTION, &f.x, &e), &e);
    give(&f, (struct event){.type = EVENT_EXECUTION_REQUESTED,
                            .context =
                                map_of(&f, "playbook", value_text(PLAYBOOK), "token_seed", value_text("s"))});
    end_task(&f, "s1v1a1i0a1", EVENT_ACTION_COMPLETED);
    end_task(&f, "s1v1a1i1a1", EVENT_ACTION_ERROR);
    end_task(&f, "s1v1a1i0t1a1", EVENT_ACTION_COMPLETED);
    signal_comes(&f, "other");
    end_task(&f, "s4v1a1", EVENT_ACTION_ERROR);
    give(&f, (struct event){.type = EVENT_PAUSE_REQUESTED});
    give(&f, (struct event){.type = EVENT_TIMER_FIRED, .task_id = STR("s4v1a2")});
    end_task(&f, "s1v1a1i2a1", EVENT_ACTION_COMPLETED);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    execution_free(f->x);
    playbook_cache_free(&f->playbooks);
    arena_free(&f->arena);
    return 0;
}

/* ---- damage ------------------------------------------------------------------------------------------- */

/* The value with its `n`-th part, counted in depth, put in another's place; *n is what is left to count. */
static struct value damage(struct arena *a, struct value v, size_t *n, struct value other)
{
    if ((*n)-- == 0)
        return other;
    if (v.type == VALUE_LIST) {
        struct list_builder b;
        list_begin(&b, a);
        for (uint32_t i = 0; i < v.len; i++)
            list_add(&b, damage(a, v.u.list[i], n, other));
        assert_int_equal(list_end(&b, &v, NULL), STATUS_OK);
    } else if (v.type == VALUE_MAP) {
        struct map_builder b;
        map_begin(&b, a);
        for (uint32_t i = 0; i < v.len; i++)
            map_put_value(&b, v.u.map->entries[i].key, damage(a, v.u.map->entries[i].value, n, other));
        assert_int_equal(map_end(&b, &v, NULL), STATUS_OK);
    }
    return v;
}

static size_t count_parts(struct value v)
{
    size_t n = 1;
    for (uint32_t i = 0; v.type == VALUE_LIST && i < v.len; i++)
        n += count_parts(v.u.list[i]);
    for (uint32_t i = 0; v.type == VALUE_MAP && i < v.len; i++)
        n += count_parts(v.u.map->entries[i].value);
    return n;
}

static bool is_refused_or_sound(struct fixture *f, struct str text)
{
    struct execution *x;
    struct error e = {0};
    enum status s = execution_decode(text, f->x->playbook, &x, &e);
    if (s != STATUS_OK)
        return x == NULL && (s == STATUS_INVALID || s == STATUS_SYNTAX) && e.message[0] != '\0';
    bool sound = execution_check(x, &e) == STATUS_OK;
    execution_free(x);
    return sound;
}

static void a_damaged_state_is_refused_or_sound(void **state)
{
    struct fixture *f = *state;
    const struct value others[] = {value_null(),    value_int(-1),    value_int(1),     value_int(INT64_MAX),
                                   value_text("x"), value_bool(true), VALUE_EMPTY_LIST, VALUE_EMPTY_MAP};
    struct str text, damaged;
    struct value v;
    assert_int_equal(execution_encode(f->x, &f->arena, &text, NULL), STATUS_OK);
    assert_int_equal(json_read(&f->arena, text, NULL, &v, NULL), STATUS_OK);
    size_t parts = count_parts(v);
    assert_true(parts > 100);
    for (size_t part = 0; part < parts; part++) {
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
            struct arena a;
            size_t n = part;
            arena_init(&a, 0);
            assert_int_equal(json_text(&a, damage(&a, v, &n, others[i]), &damaged, NULL), STATUS_OK);
            if (!is_refused_or_sound(f, damaged))
                fail_msg("part %zu, damage %zu: %" PRISTR, part, i, ARGSTR(damaged));
            arena_free(&a);
        }
    }
}

static void a_text_cut_short_is_refused(void **state)
{
    struct fixture *f = *state;
    struct str text;
    assert_int_equal(execution_encode(f->x, &f->arena, &text, NULL), STATUS_OK);
    for (size_t len = 0; len < text.len; len++)
        assert_true(is_refused_or_sound(f, (struct str){text.ptr, len}));
}

static void a_state_is_of_its_playbook(void **state)
{
    struct fixture *f = *state;
    struct playbook *other;
    struct execution *x;
    struct str text;
    struct error e = {0};
    assert_ok(playbook_cache_get(f->playbooks, STR("metadata: {path: test}\nworkflow: [{step: start}]\n"),
                                 "other", &other, &e),
              &e);
    assert_int_equal(execution_encode(f->x, &f->arena, &text, NULL), STATUS_OK);
    assert_int_equal(execution_decode(text, other, &x, &e), STATUS_INVALID);
    assert_non_null(strstr(e.message, "another playbook"));
    playbook_unref(other);
}

/* ---- logs --------------------------------------------------------------------------------------------- */

static enum status replay(struct fixture *f, struct error *e)
{
    struct execution *x;
    assert_int_equal(execution_new(EXECUTION, &x, e), STATUS_OK);
    enum status s = execution_replay(x, f->log, f->logged, f->playbooks, e);
    execution_free(x);
    return s;
}

static void a_log_that_lacks_an_event_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct error e = {0};
    assert_ok(replay(f, &e), &e);
    for (size_t gone = 0; gone < f->logged; gone++) {
        struct event kept = f->log[gone];
        bool fact = event_type_kind(kept.type) == EVENT_KIND_FACT, last = gone + 1 == f->logged;
        memmove(&f->log[gone], &f->log[gone + 1], (f->logged - gone - 1) * sizeof kept);
        f->logged--;
        if (fact && !last)
            assert_int_equal(replay(f, &e), STATUS_INTERNAL);
        memmove(&f->log[gone + 1], &f->log[gone], (f->logged - gone) * sizeof kept);
        f->log[gone] = kept;
        f->logged++;
    }
}

static void a_fact_that_was_never_taken_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct error e = {0};
    f->log[f->logged] = (struct event){.execution_id = EXECUTION,
                                       .event_id = (uint32_t)f->logged + 1,
                                       .type = EVENT_TIMER_FIRED,
                                       .task_id = STR("s9v9a9"),
                                       .time_ns = f->clock_ns + 1,
                                       .stream_seq = UINT64_MAX / 2};
    f->logged++;
    assert_int_equal(replay(f, &e), STATUS_INTERNAL);
    assert_non_null(strstr(e.message, "nothing waits for that timer"));
}

static void what_is_no_fact_of_the_execution_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct decisions d;
    struct error e = {0};
    struct event other = {.execution_id = EXECUTION + 1, .type = EVENT_PAUSE_REQUESTED};
    struct event decision = {.execution_id = EXECUTION, .type = EVENT_STEP_STARTED};
    decisions_init(&d, &f->arena);
    assert_int_equal(transition(f->x, &other, f->playbooks, &d, &e), STATUS_INTERNAL);
    assert_int_equal(transition(f->x, &decision, f->playbooks, &d, &e), STATUS_INTERNAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_damaged_state_is_refused_or_sound),
        TEST(a_text_cut_short_is_refused),
        TEST(a_state_is_of_its_playbook),
        TEST(a_log_that_lacks_an_event_is_noticed),
        TEST(a_fact_that_was_never_taken_is_noticed),
        TEST(what_is_no_fact_of_the_execution_is_an_error),
    };
#undef TEST
    return cmocka_run_group_tests_name("states and logs", tests, NULL, NULL);
}
