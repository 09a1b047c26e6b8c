#include "fixture.h"

static const char EVERYTHING[] =
    "metadata: {path: test, timeout: 60}\n"
    "workflow:\n"
    "  - {step: start, next: [loop, wait, call, slow, join, fork, each]}\n"
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
    "  - {step: join, type: noop}\n"
    "  - {step: fork, next: each}\n"
    "  - {step: each, type: noop, join: each}\n"
    "  - {step: end}\n";

void fixture_open(struct fixture *f)
{
    struct error e = {0};
    *f = (struct fixture){.clock_ns = INT64_C(1700000000000000000)};
    arena_init(&f->arena, 0);
    assert_ok(playbook_cache_new(2, &f->playbooks, &e), &e);
    assert_ok(execution_new(EXECUTION, &f->x, &e), &e);
}

void fixture_close(struct fixture *f)
{
    execution_free(f->x);
    playbook_cache_free(&f->playbooks);
    arena_free(&f->arena);
}

/* ---- facts -------------------------------------------------------------------------------------------- */

enum status fixture_try(struct fixture *f, struct event fact, struct decisions *out, struct error *err)
{
    f->clock_ns += 1000;
    fact.execution_id = EXECUTION;
    fact.time_ns = f->clock_ns;
    fact.stream_seq = (uint64_t)f->clock_ns / 1000;
    fact.node_name = STR("test");
    decisions_init(out, &f->arena);
    struct event *kept = ARENA_NEW(&f->arena, struct event);
    assert_non_null(kept);
    *kept = fact;
    return transition(f->x, kept, f->playbooks, out, err);
}

void fixture_give(struct fixture *f, struct event fact)
{
    struct decisions d;
    struct error e = {0};
    assert_ok(fixture_try(f, fact, &d, &e), &e);
    assert_null(d.ignored);
    assert_true(f->logged + d.event_count <= FIXTURE_EVENTS && f->task_count + d.task_count <= FIXTURE_TASKS);
    for (uint32_t i = 0; i < d.event_count; i++)
        f->log[f->logged++] = d.events[i];
    for (uint32_t i = 0; i < d.task_count; i++) {
        f->tasks[f->task_count] = d.tasks[i].task.task_id;
        f->tokens[f->task_count++] = d.tasks[i].task.token;
    }
}

struct value fixture_map(struct fixture *f, const char *key, struct value v, const char *key2,
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

void fixture_request(struct fixture *f, const char *playbook)
{
    struct value context = fixture_map(f, "playbook", value_text(playbook), "token_seed", value_text("s"));
    fixture_give(f, (struct event){.type = EVENT_EXECUTION_REQUESTED, .context = context});
}

static void end_task(struct fixture *f, const char *id, enum event_type type, struct value data)
{
    size_t i = 0;
    while (!str_is(f->tasks[i], id))
        assert_true(++i < f->task_count);
    fixture_give(
        f, (struct event){.type = type,
                          .task_id = f->tasks[i],
                          .result = fixture_map(f, "data", data, NULL, value_null()),
                          .meta = fixture_map(f, "token", value_str(f->tokens[i]), NULL, value_null())});
}

void fixture_end_task(struct fixture *f, const char *id, enum event_type type)
{
    end_task(f, id, type, value_int(1));
}

void fixture_task_gives(struct fixture *f, const char *id, struct value data)
{
    end_task(f, id, EVENT_ACTION_COMPLETED, data);
}

void fixture_signal(struct fixture *f, const char *name)
{
    fixture_give(
        f, (struct event){.type = EVENT_SIGNAL_RECEIVED,
                          .context = fixture_map(f, "name", value_text(name), "payload", value_int(7))});
}

/* ---- a state with something of everything ------------------------------------------------------------- */

int fixture_of_everything(void **state)
{
    static struct fixture f;
    *state = &f;
    fixture_open(&f);
    fixture_request(&f, EVERYTHING);
    fixture_end_task(&f, "s1v1a1i0a1", EVENT_ACTION_COMPLETED);
    fixture_end_task(&f, "s1v1a1i1a1", EVENT_ACTION_ERROR);
    fixture_end_task(&f, "s1v1a1i0t1a1", EVENT_ACTION_COMPLETED);
    fixture_signal(&f, "other");
    fixture_end_task(&f, "s4v1a1", EVENT_ACTION_ERROR);
    fixture_give(&f, (struct event){.type = EVENT_PAUSE_REQUESTED});
    fixture_give(&f, (struct event){.type = EVENT_TIMER_FIRED, .task_id = STR("s4v1a2")});
    fixture_end_task(&f, "s1v1a1i2a1", EVENT_ACTION_COMPLETED);
    return 0;
}

int fixture_tear_down(void **state)
{
    fixture_close(*state);
    return 0;
}

struct visit *fixture_visit(struct fixture *f, const char *step)
{
    int32_t index = playbook_find_step(f->x->playbook, str_of(step));
    assert_true(index >= 0 && f->x->steps[index].open);
    return f->x->steps[index].open;
}
