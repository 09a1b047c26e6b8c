#include "case_runner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/digest.h"
#include "core/json.h"
#include "transition/transition.h"

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
    int64_t clock_ns;
    bool refold;         /* fold the state back from the log before each fact */
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

static struct str text_of(struct world *w, struct value v)
{
    struct str s;
    struct error e = {0};
    if (json_text(&w->arena, v, &s, &e) != STATUS_OK)
        fail_msg("%s", e.message);
    return s;
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

/* ---- what came out, as lines -----------------------------------------------------------------------------
 */

static void print_next(struct buf *out, struct value next)
{
    bool first = true;
    for (uint32_t i = 0; i < next.len; i++) {
        if (!VALUE_GET(next.u.list[i], "fired").u.b)
            continue;
        buf_printf(out, "%s%" PRISTR, first ? " -> " : ", ",
                   ARGSTR(value_as_str(VALUE_GET(next.u.list[i], "step"))));
        first = false;
    }
}

static void print_event(struct world *w, const struct event *e, struct buf *out)
{
    buf_printf(out, "  %s", event_type_name(e->type));
    if (e->visit)
        buf_printf(out, " %" PRISTR, ARGSTR(e->node_name));
    if (e->visit > 1)
        buf_printf(out, " (visit %u)", e->visit);
    if (e->type == EVENT_STEP_STARTED) {
        buf_printf(out, " %" PRISTR, ARGSTR(text_of(w, VALUE_GET(e->context, "args"))));
        struct value config = VALUE_GET(e->context, "config");
        if (config.len)
            buf_printf(out, " config %" PRISTR, ARGSTR(text_of(w, config)));
    }
    print_next(out, VALUE_GET(e->context, "next"));
    if (!value_is_absent(e->result) && event_type_kind(e->type) != EVENT_KIND_FACT)
        buf_printf(out, " %" PRISTR, ARGSTR(text_of(w, e->result)));
    if (e->error.len && event_type_kind(e->type) != EVENT_KIND_FACT)
        buf_printf(out, ": %" PRISTR, ARGSTR(e->error));
    struct value handled = VALUE_GET(e->context, "handled");
    if (handled.type == VALUE_STRING)
        buf_printf(out, " [%" PRISTR "]", ARGSTR(value_as_str(handled)));
    buf_add_char(out, '\n');
}

static void digest_value(struct world *w, struct value v)
{
    struct str s = text_of(w, v);
    sha256_add(&w->bytes, s.ptr, s.len);
}

static void keep(struct world *w, const struct decisions *d, struct buf *out)
{
    for (uint32_t i = 0; i < d->event_count; i++) {
        struct value v;
        assert_true(w->logged < MAX_LOG);
        w->log[w->logged++] = d->events[i];
        assert_int_equal(d->events[i].event_id, w->logged);
        assert_int_equal(event_to_value(&w->arena, &d->events[i], &v, NULL), STATUS_OK);
        digest_value(w, v);
        if (i > 0)
            print_event(w, &d->events[i], out);
    }
    for (uint32_t i = 0; i < d->task_count; i++) {
        struct value v;
        assert_true(w->task_count < MAX_TASKS);
        w->tasks[w->task_count++] = d->tasks[i].task;
        assert_int_equal(task_to_value(&w->arena, &d->tasks[i].task, &v, NULL), STATUS_OK);
        digest_value(w, v);
    }
    if (d->ignored)
        buf_printf(out, "  ignored: %s\n", d->ignored);
    if (d->withdraw)
        buf_add_text(out, "  queued tasks are withdrawn\n");
}

/* ---- facts
 * --------------------------------------------------------------------------------------------------- */

static void check(enum status status, const struct error *e)
{
    char text[1500];
    if (status != STATUS_OK)
        fail_msg("%s", error_text(e, text, sizeof(text)));
}

static void fold_back(struct world *w)
{
    struct error e = {0};
    execution_free(w->x);
    check(execution_new(EXECUTION, &w->x, &e), &e);
    if (w->logged)
        check(execution_replay(w->x, w->log, w->logged, w->playbooks, &e), &e);
}

static void give(struct world *w, const struct event *fact, struct buf *out)
{
    struct decisions d;
    struct error e = {0};
    w->last = *fact;
    if (w->refold)
        fold_back(w);
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

static void request(struct world *w, struct str workload, struct buf *out)
{
    struct event fact = fact_of(w, EVENT_EXECUTION_REQUESTED);
    struct map_builder m;
    map_begin(&m, &w->arena);
    map_put(&m, STR("path"), value_text("test"));
    map_put(&m, STR("version"), value_int(1));
    map_put(&m, STR("playbook"), value_str(w->playbook));
    map_put(&m, STR("workload"), workload.len ? json(w, workload) : VALUE_EMPTY_MAP);
    map_put(&m, STR("token_seed"), value_text("seed"));
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

/* ---- the script
 * ------------------------------------------------------------------------------------------------ */

static void command(struct world *w, struct str line, struct buf *out)
{
    struct str rest = line, word = str_split(&rest, ' ');
    if (str_is(word, "request")) {
        request(w, rest, out);
    } else if (str_is(word, "again")) {
        give(w, &w->last, out);
    } else if (str_is(word, "cancel")) {
        cancel(w, rest, out);
    } else if (str_is(word, "done") || str_is(word, "forged")) {
        struct str step = str_split(&rest, ' ');
        struct value data = rest.len ? json(w, rest) : value_null();
        outcome(w, EVENT_ACTION_COMPLETED, step, map2(w, "status", value_text("success"), "data", data),
                str_is(word, "forged"), out);
    } else if (str_is(word, "error")) {
        struct str step = str_split(&rest, ' '), kind = str_split(&rest, ' ');
        struct value error = map2(w, "kind", value_str(kind), "message", value_str(rest));
        outcome(w, EVENT_ACTION_ERROR, step, map2(w, "status", value_text("error"), "error", error), false,
                out);
    } else {
        fail_msg("a script has no command \"%" PRISTR "\"", ARGSTR(word));
    }
}

static void run_script(struct str playbook, struct str script, bool refold, struct buf *out, char digest[65])
{
    struct world *w = calloc(1, sizeof(*w));
    struct error e = {0};
    uint8_t sum[32];
    assert_non_null(w);
    arena_init(&w->arena, 0);
    sha256_begin(&w->bytes);
    w->playbook = playbook;
    w->refold = refold;
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
    execution_free(w->x);
    playbook_cache_free(&w->playbooks);
    arena_free(&w->arena);
    free(w);
}

void case_run(struct str text, const char *name, struct buf *actual)
{
    const struct str mark = STR("\n--- script\n");
    ptrdiff_t at = str_find(text, mark);
    if (at < 0)
        fail_msg("%s has no line \"--- script\"", name);
    struct str playbook = {text.ptr, (size_t)at + 1};
    struct str script = {text.ptr + at + mark.len, text.len - (size_t)at - mark.len};
    char first[65], second[65], refolded[65];
    struct buf again;

    buf_add_str(actual, playbook);
    buf_add_text(actual, "--- script\n");
    run_script(playbook, script, false, actual, first);
    buf_init(&again, 0);
    run_script(playbook, script, false, &again, second);
    assert_string_equal(first, second);
    run_script(playbook, script, true, &again, refolded);
    assert_string_equal(first, refolded);
    buf_free(&again);
}
