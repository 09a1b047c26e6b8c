#include "play.h"

#include "core/digest.h"
#include "core/json.h"

struct arena arena;
struct playbook_cache *playbooks;

const char *const PLAYBOOKS[PLAYBOOK_COUNT] = {
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

int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    return playbook_cache_new(4, &playbooks, NULL) == STATUS_OK ? 0 : -1;
}

int tear_down(void **state)
{
    (void)state;
    playbook_cache_free(&playbooks);
    arena_free(&arena);
    return 0;
}

/* ---- running ------------------------------------------------------------------------------------------ */

void give(struct run *r, struct event fact)
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

void end_one(struct run *r)
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

void finish(struct run *r)
{
    while (r->open > 0 && !execution_is_over(r->x))
        end_one(r);
    assert_true(execution_is_over(r->x));
}

void begin(struct run *r, int64_t id, const char *playbook, struct value fork, uint64_t chance)
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

struct str ending(const struct run *r)
{
    const struct event *last = &r->log[r->logged - 1];
    struct str text;
    assert_int_equal(
        json_text(&arena, value_is_absent(last->result) ? value_null() : last->result, &text, NULL),
        STATUS_OK);
    return arena_printf(&arena, "%s %" PRISTR " %" PRISTR, event_type_name(last->type), ARGSTR(text),
                        ARGSTR(last->error));
}
