#include "case_runner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"
#include "decisions_text.h"
#include "transition/open_work.h"

enum { MAX_LOG = 4096, MAX_TASKS = 1024 };

struct world {
    struct arena arena;
    struct playbook_cache *playbooks;
    struct execution *x;
    struct str playbook;
    struct event log[MAX_LOG];
    size_t logged;
    struct task tasks[MAX_TASKS];
    size_t task_count;
    struct event last; /* fact */
    struct timer_order timers[MAX_TASKS];
    size_t timer_count;
    int64_t clock_ns;
    void (*fail_at)(size_t n); /* memory runs out; NULL: it does not */
    size_t (*fail_never)(void);
    enum {
        KEEP_STATE,
        FOLD_STATE,
        SNAPSHOT_STATE,
        MOVE_STATE
    } before_each;       /* what becomes of the state before a fact */
    struct sha256 bytes; /* of everything that came out */
};

static const int64_t EXECUTION = 42;

static struct value json(struct world *w, struct str text)
{
    struct value v;
    struct error e = {0};
    char message[1500];
    if (json_read(&w->arena, text, NULL, &v, &e) != STATUS_OK)
        fail_msg("%" PRISTR ": %s", ARGSTR(text), error_text(&e, message, sizeof(message)));
    return v;
}

static struct value map2(struct world *w, const char *k1, struct value v1, const char *k2, struct value v2)
{
    struct map_builder m;
    struct value out;
    map_begin(&m, &w->arena);
    map_put(&m, str_of(k1), v1);
    if (k2)
        map_put(&m, str_of(k2), v2);
    assert_int_equal(map_end(&m, &out, NULL), STATUS_OK);
    return out;
}

/* ---- what came out ------------------------------------------------------------------------------------ */

static void keep_timer(struct world *w, const struct timer_order *timer)
{
    size_t i = 0;
    while (i < w->timer_count && !str_equal(w->timers[i].id, timer->id))
        i++;
    if (timer->cancelled && i < w->timer_count)
        w->timers[i] = w->timers[--w->timer_count];
    if (timer->cancelled)
        return;
    assert_true(w->timer_count < MAX_TASKS);
    w->timers[w->timer_count++] = *timer;
}

static void keep(struct world *w, const struct decisions *d, struct buf *out)
{
    for (uint32_t i = 0; i < d->event_count; i++) {
        assert_true(w->logged < MAX_LOG);
        w->log[w->logged++] = d->events[i];
        assert_int_equal(d->events[i].event_id, w->logged);
    }
    for (uint32_t i = 0; i < d->task_count; i++) {
        assert_true(w->task_count < MAX_TASKS);
        w->tasks[w->task_count++] = d->tasks[i].task;
    }
    for (uint32_t i = 0; i < d->timer_count; i++)
        keep_timer(w, &d->timers[i]);
    decisions_digest(&w->arena, d, &w->bytes);
    decisions_print(&w->arena, w->clock_ns, d, out);
}

/* ---- facts -------------------------------------------------------------------------------------------- */

static void check(enum status status, const struct error *e)
{
    char text[1500];
    if (status != STATUS_OK)
        fail_msg("%s", error_text(e, text, sizeof(text)));
}

static struct execution *folded(struct world *w)
{
    struct execution *x;
    struct error e = {0};
    check(execution_new(EXECUTION, &x, &e), &e);
    if (w->logged)
        check(execution_replay(x, w->log, w->logged, w->playbooks, &e), &e);
    return x;
}

static struct str state_of(struct world *w, const struct execution *x)
{
    struct str text;
    struct error e = {0};
    check(execution_encode(x, &w->arena, &text, &e), &e);
    return text;
}

static void take_its_place(struct world *w, struct execution *other)
{
    struct str mine = state_of(w, w->x), its = state_of(w, other);
    if (!str_equal(mine, its))
        fail_msg("the state is\n%" PRISTR "\nbut another way to it gives\n%" PRISTR, ARGSTR(mine),
                 ARGSTR(its));
    execution_free(w->x);
    w->x = other;
}

static void move_state(struct world *w)
{
    struct str before = state_of(w, w->x), after;
    struct error e = {0};
    check(execution_move(w->x, &w->arena, &e), &e);
    check(execution_check(w->x, &e), &e);
    after = state_of(w, w->x);
    if (!str_equal(before, after))
        fail_msg("the state is\n%" PRISTR "\nbut moved it is\n%" PRISTR, ARGSTR(before), ARGSTR(after));
}

static void renew_state(struct world *w)
{
    struct execution *other;
    struct error e = {0};
    if (w->before_each == MOVE_STATE && w->x->playbook)
        move_state(w);
    if (w->before_each == FOLD_STATE)
        take_its_place(w, folded(w));
    if (w->before_each != SNAPSHOT_STATE || !w->x->playbook)
        return;
    check(execution_decode(state_of(w, w->x), w->x->playbook, &other, &e), &e);
    take_its_place(w, other);
}

/* Everything that is done with a state: a fact, asking what it waits for, writing it down, reading it back,
 * moving it. */
static enum status do_all(struct world *w, struct execution *x, const struct event *fact, struct decisions *d,
                          struct str *state, struct error *e)
{
    struct execution *back;
    struct open_work *open;
    size_t count;
    TRY(transition(x, fact, w->playbooks, d, e));
    TRY(execution_open_works(x, d->arena, &open, &count, e));
    TRY(execution_encode(x, d->arena, state, e));
    if (!x->playbook)
        return STATUS_OK;
    TRY(execution_decode(*state, x->playbook, &back, e));
    execution_free(back);
    return execution_move(x, d->arena, e);
}

/* What a fact led to: the digest of the state and of the decisions, and how many events. */
struct effect {
    char digest[65];
    uint32_t event_count;
};

/* A fact with room for so many events beforehand, the n-th request for memory refused. */
struct attempt {
    const struct event *fact;
    uint32_t room;
    size_t n;
};
static const size_t NONE = SIZE_MAX;

/* Returns how many requests there were; *s is how it ended, and *out what it led to if it went well. */
static size_t attempt(struct world *w, struct attempt a, enum status *s, struct effect *out)
{
    struct arena scratch;
    struct decisions d;
    struct str state;
    struct sha256 bytes;
    struct error e = {0};
    uint8_t sum[32];
    arena_init(&scratch, 0);
    decisions_init(&d, &scratch);
    d.events = ARENA_ARRAY(&scratch, struct event, a.room);
    d.event_capacity = a.room;
    struct execution *x = folded(w);
    w->fail_at(a.n);
    *s = do_all(w, x, a.fact, &d, &state, &e);
    size_t requests = w->fail_never();
    if (*s == STATUS_OK) {
        sha256_begin(&bytes);
        sha256_add(&bytes, state.ptr, state.len);
        decisions_digest(&scratch, &d, &bytes);
        sha256_end(&bytes, sum);
        sha256_hex((struct str){(const char *)sum, sizeof(sum)}, out->digest);
        out->event_count = d.event_count;
    } else if (*s != STATUS_NO_MEMORY) {
        check(*s, &e);
    }
    execution_free(x);
    arena_free(&scratch);
    return requests;
}

/* What is taken although a request was refused leads to what it leads to with all the memory. */
static void refuse_each(struct world *w, const struct event *fact, uint32_t room,
                        const struct effect *expected)
{
    enum { MOST_REQUESTS = 100000 };
    size_t n = 0, requests;
    do {
        struct effect effect;
        enum status s;
        requests = attempt(w, (struct attempt){fact, room, n}, &s, &effect);
        if (s == STATUS_OK)
            assert_string_equal(effect.digest, expected->digest);
        assert_true(n < MOST_REQUESTS);
    } while (n++ < requests);
}

/*
 * The array of events grows when the first is added, and then not for long; with less room it grows at any of
 * them. A request compiles its playbook, and finds it compiled the second time.
 */
static void try_short_of_memory(struct world *w, const struct event *fact)
{
    struct effect expected;
    struct error e = {0};
    enum status s;
    attempt(w, (struct attempt){fact, 0, NONE}, &s, &expected);
    assert_int_equal(s, STATUS_OK);
    if (w->logged == 0) {
        playbook_cache_free(&w->playbooks);
        check(playbook_cache_new(4, &w->playbooks, &e), &e);
        refuse_each(w, fact, 0, &expected);
    }
    for (uint32_t room = 0; room == 0 || room < expected.event_count; room++)
        refuse_each(w, fact, room, &expected);
}

static void give(struct world *w, const struct event *fact, struct buf *out)
{
    if (w->fail_at)
        try_short_of_memory(w, fact);
    struct decisions d;
    struct error e = {0};
    w->last = *fact;
    renew_state(w);
    decisions_init(&d, &w->arena);
    check(transition(w->x, fact, w->playbooks, &d, &e), &e);
    check(execution_check(w->x, &e), &e);
    keep(w, &d, out);
}

static struct event fact_of(struct world *w, enum event_type type)
{
    w->clock_ns += 1000000;
    return (struct event){.execution_id = EXECUTION,
                          .type = type,
                          .time_ns = w->clock_ns,
                          .stream_seq = (uint64_t)(w->clock_ns / 1000000),
                          .node_name = STR("test"),
                          .node_type = STR("playbook")};
}

/* `more`, a map, goes over what a request's context is made of; or absent. */
static void request(struct world *w, struct str workload, struct value more, struct buf *out)
{
    struct event fact = fact_of(w, EVENT_EXECUTION_REQUESTED);
    struct map_builder m;
    map_begin(&m, &w->arena);
    map_put(&m, STR("path"), value_text("test"));
    map_put(&m, STR("version"), value_int(1));
    map_put(&m, STR("playbook"), value_str(w->playbook));
    map_put(&m, STR("workload"), workload.len ? json(w, workload) : VALUE_EMPTY_MAP);
    map_put(&m, STR("token_seed"), value_text("seed"));
    map_put_all(&m, more);
    assert_int_equal(map_end(&m, &fact.context, NULL), STATUS_OK);
    give(w, &fact, out);
}

static void outcome(struct world *w, enum event_type type, struct str step, struct value result, bool forged,
                    struct buf *out)
{
    const struct task *task = NULL;
    for (size_t i = 0; i < w->task_count; i++) {
        if (str_equal(w->tasks[i].step, step))
            task = &w->tasks[i];
    }
    for (size_t i = 0; i < w->task_count; i++) {
        if (str_equal(w->tasks[i].task_id, step))
            task = &w->tasks[i];
    }
    if (!task)
        fail_msg("no task of step %" PRISTR " was published", ARGSTR(step));
    struct event fact = fact_of(w, type);
    fact.node_name = task->step;
    fact.node_type = task->type;
    fact.task_id = task->task_id;
    fact.visit = task->visit;
    fact.attempt = task->attempt;
    fact.result = result;
    fact.meta = map2(w, "token", forged ? value_text("0123") : value_str(task->token), NULL, value_null());
    give(w, &fact, out);
}

static void cancel(struct world *w, struct str reason, struct buf *out)
{
    struct event fact = fact_of(w, EVENT_CANCEL_REQUESTED);
    fact.context = map2(w, "reason", value_str(reason), NULL, value_null());
    give(w, &fact, out);
}

static void timer(struct world *w, struct str rest, struct buf *out)
{
    size_t first = 0;
    struct event fact;
    struct map_builder m;
    struct str id = str_split(&rest, ' ');
    for (size_t i = 1; id.len == 0 && i < w->timer_count; i++)
        first = w->timers[i].due_ns < w->timers[first].due_ns ? i : first;
    if (id.len == 0 && w->timer_count == 0)
        fail_msg("no timer is set");
    if (id.len == 0) {
        w->clock_ns = w->timers[first].due_ns;
        id = w->timers[first].id;
        w->timers[first] = w->timers[--w->timer_count];
    }
    fact = fact_of(w, EVENT_TIMER_FIRED);
    fact.task_id = id;
    if (rest.len) {
        map_begin(&m, &w->arena);
        map_put(&m, STR("due_at"), value_str(rest));
        assert_int_equal(map_end(&m, &fact.context, NULL), STATUS_OK);
    }
    give(w, &fact, out);
}

static void child_ended(struct world *w, enum event_type type, struct str rest, struct buf *out)
{
    struct event fact = fact_of(w, type);
    fact.task_id = str_split(&rest, ' ');
    fact.node_name = STR("child");
    if (type == EVENT_CHILD_COMPLETED)
        fact.result = rest.len ? json(w, rest) : value_null();
    else
        fact.error = rest;
    give(w, &fact, out);
}

/* "s0v1a1 [{…}, …]", or "s0v1a1 kind why". */
static void listed(struct world *w, struct str rest, struct buf *out)
{
    struct event fact = fact_of(w, EVENT_PLAYBOOKS_LISTED);
    fact.task_id = str_split(&rest, ' ');
    if (rest.len && rest.ptr[0] == '[') {
        fact.context = map2(w, "playbooks", json(w, rest), NULL, value_null());
    } else {
        struct str kind = str_split(&rest, ' ');
        fact.context = map2(w, "error", map2(w, "kind", value_str(kind), "message", value_str(rest)), NULL,
                            value_null());
    }
    give(w, &fact, out);
}

/* Any fact, as the stream might bring it. */
static void give_fact(struct world *w, struct str text, struct buf *out)
{
    struct event read, fact;
    struct error e = {0};
    check(event_from_value(json(w, text), &read, &e), &e);
    fact = fact_of(w, read.type);
    fact.node_name = read.node_name;
    fact.task_id = read.task_id;
    fact.context = read.context;
    fact.result = read.result;
    fact.meta = read.meta;
    fact.error = read.error;
    give(w, &fact, out);
}

static void steer(struct world *w, enum event_type type, const char *key, struct str text, struct buf *out)
{
    struct event fact = fact_of(w, type);
    if (text.len)
        fact.context = map2(w, key, value_str(text), NULL, value_null());
    give(w, &fact, out);
}

static void send_signal(struct world *w, struct str rest, struct buf *out)
{
    struct event fact = fact_of(w, EVENT_SIGNAL_RECEIVED);
    struct str name = str_split(&rest, ' ');
    fact.context = map2(w, "name", value_str(name), "payload", rest.len ? json(w, rest) : value_null());
    give(w, &fact, out);
}

/* ---- the script --------------------------------------------------------------------------------------- */

static void command(struct world *w, struct str line, struct buf *out)
{
    struct str rest = line, word = str_split(&rest, ' ');
    if (str_is(word, "request")) {
        request(w, rest, (struct value){.type = VALUE_UNDEFINED}, out);
    } else if (str_is(word, "request_from")) {
        request(w, STR(""), map2(w, "parent", json(w, rest), NULL, value_null()), out);
    } else if (str_is(word, "request_with")) {
        request(w, STR(""), json(w, rest), out);
    } else if (str_is(word, "fact")) {
        give_fact(w, rest, out);
    } else if (str_is(word, "again")) {
        w->last.time_ns = w->clock_ns += 1000000;
        w->last.stream_seq++;
        give(w, &w->last, out);
    } else if (str_is(word, "reread")) {
        give(w, &w->last, out);
    } else if (str_is(word, "cancel")) {
        cancel(w, rest, out);
    } else if (str_is(word, "pause")) {
        steer(w, EVENT_PAUSE_REQUESTED, "reason", rest, out);
    } else if (str_is(word, "resume")) {
        steer(w, EVENT_RESUME_REQUESTED, "reason", rest, out);
    } else if (str_is(word, "retry")) {
        steer(w, EVENT_RETRY_REQUESTED, "from", rest, out);
    } else if (str_is(word, "timer")) {
        timer(w, rest, out);
    } else if (str_is(word, "signal")) {
        send_signal(w, rest, out);
    } else if (str_is(word, "child_done")) {
        child_ended(w, EVENT_CHILD_COMPLETED, rest, out);
    } else if (str_is(word, "listed")) {
        listed(w, rest, out);
    } else if (str_is(word, "child_failed")) {
        child_ended(w, EVENT_CHILD_FAILED, rest, out);
    } else if (str_is(word, "done") || str_is(word, "forged")) {
        struct str step = str_split(&rest, ' ');
        struct value data = rest.len ? json(w, rest) : value_null();
        outcome(w, EVENT_ACTION_COMPLETED, step, map2(w, "status", value_text("success"), "data", data),
                str_is(word, "forged"), out);
    } else if (str_is(word, "lost")) {
        outcome(w, EVENT_ACTION_LOST, rest, (struct value){0}, false, out);
    } else if (str_is(word, "error")) {
        struct str step = str_split(&rest, ' '), kind = str_split(&rest, ' ');
        struct value error = map2(w, "kind", value_str(kind), "message", value_str(rest));
        outcome(w, EVENT_ACTION_ERROR, step, map2(w, "status", value_text("error"), "error", error), false,
                out);
    } else {
        fail_msg("a script has no command \"%" PRISTR "\"", ARGSTR(word));
    }
}

static void run_in(struct world *w, struct str playbook, struct str script, struct buf *out, char digest[65])
{
    struct error e = {0};
    uint8_t sum[32];
    arena_init(&w->arena, 0);
    sha256_begin(&w->bytes);
    w->playbook = playbook;
    w->clock_ns = INT64_C(1700000000000000000);
    check(playbook_cache_new(4, &w->playbooks, &e), &e);
    check(execution_new(EXECUTION, &w->x, &e), &e);
    while (script.len) {
        struct str line = str_split(&script, '\n');
        if (line.len == 0 || line.ptr[0] == ' ')
            continue;
        buf_printf(out, "%" PRISTR "\n", ARGSTR(line));
        if (line.ptr[0] != '#')
            command(w, line, out);
    }
    sha256_end(&w->bytes, sum);
    sha256_hex((struct str){(const char *)sum, sizeof(sum)}, digest);
    take_its_place(w, folded(w));
    execution_free(w->x);
    playbook_cache_free(&w->playbooks);
    arena_free(&w->arena);
}

static void run_script(struct str playbook, struct str script, int before_each, struct buf *out,
                       char digest[65])
{
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    w->before_each = before_each;
    run_in(w, playbook, script, out, digest);
    free(w);
}

/* The playbook and the script that a case consists of. */
static void split(struct str text, const char *name, struct str *playbook, struct str *script)
{
    const struct str mark = STR("\n--- script\n");
    ptrdiff_t at = str_find(text, mark);
    if (at < 0)
        fail_msg("%s has no line \"--- script\"", name);
    *playbook = (struct str){text.ptr, (size_t)at + 1};
    *script = (struct str){text.ptr + at + mark.len, text.len - (size_t)at - mark.len};
}

void case_run_short_of_memory(struct str text, const char *name, void (*fail_at)(size_t n),
                              size_t (*fail_never)(void))
{
    struct str playbook, script;
    char plain[65], short_of_memory[65];
    struct buf out;
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    split(text, name, &playbook, &script);
    buf_init(&out, 0);
    run_script(playbook, script, KEEP_STATE, &out, plain);
    w->fail_at = fail_at;
    w->fail_never = fail_never;
    run_in(w, playbook, script, &out, short_of_memory);
    assert_string_equal(plain, short_of_memory);
    buf_free(&out);
    free(w);
}

void case_run(struct str text, const char *name, struct buf *actual)
{
    struct str playbook, script;
    char first[65], second[65], refolded[65], from_snapshots[65], moved[65];
    struct buf again;

    split(text, name, &playbook, &script);
    buf_add_str(actual, playbook);
    buf_add_text(actual, "--- script\n");
    run_script(playbook, script, KEEP_STATE, actual, first);
    buf_init(&again, 0);
    run_script(playbook, script, KEEP_STATE, &again, second);
    assert_string_equal(first, second);
    run_script(playbook, script, FOLD_STATE, &again, refolded);
    assert_string_equal(first, refolded);
    run_script(playbook, script, SNAPSHOT_STATE, &again, from_snapshots);
    assert_string_equal(first, from_snapshots);
    run_script(playbook, script, MOVE_STATE, &again, moved);
    assert_string_equal(first, moved);
    buf_free(&again);
}
