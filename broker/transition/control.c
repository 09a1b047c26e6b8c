/* Facts that steer an execution from outside, or by the time: pause, resume, timers, signals. */
#include "open_work.h"
#include "turn.h"

#include <stdio.h>

enum status ignore_fact(struct turn *t, const char *why)
{
    t->out->ignored = why;
    return STATUS_OK;
}

static enum status emit_mark(struct turn *t, enum event_type type)
{
    return emit_event(t, type) ? STATUS_OK : arena_error(t->out->arena, t->err, "an event");
}

/* ---- pause, resume ------------------------------------------------------------------------------------ */

enum status on_pause(struct turn *t)
{
    if (t->x->paused)
        return ignore_fact(t, "the execution is paused already");
    TRY(emit_fact(t));
    t->x->paused = true;
    return emit_mark(t, EVENT_EXECUTION_PAUSED);
}

enum status on_resume(struct turn *t)
{
    struct execution *x = t->x;
    if (!x->paused)
        return ignore_fact(t, "the execution is not paused");
    TRY(emit_fact(t));
    x->paused = false;
    TRY(emit_mark(t, EVENT_EXECUTION_RESUMED));
    /* What fails the execution leaves an empty queue. */
    for (struct work *w = x->queue.first; w; w = x->queue.first) {
        work_remove(w);
        TRY(w->state == WORK_READY ? work_begin(t, w) : loop_pump(t, w));
    }
    return STATUS_OK;
}

/* ---- the deadline ------------------------------------------------------------------------------------- */

/* The timer of each run has its own name, so that an older one says nothing to a retried execution. */
enum status deadline_id(struct turn *t, struct str *out)
{
    *out = execution_deadline_id(t->x, t->out->arena);
    return out->ptr ? STATUS_OK : arena_error(t->out->arena, t->err, "a timer");
}

enum status set_deadline(struct turn *t)
{
    struct str id;
    if (!t->x->timeout_ms)
        return STATUS_OK;
    TRY(deadline_id(t, &id));
    return emit_timer(t, id, t->fact->time_ns + t->x->timeout_ms * 1000000);
}

/* "; still open: fetch, wait": the steps that kept it from ending in time. */
static void add_open_steps(const struct execution *x, struct buf *text)
{
    uint32_t named = 0;
    for (uint32_t s = 0; s < x->playbook->step_count && named < 10; s++) {
        if (x->steps[s].open_visits > 0)
            buf_printf(text, "%s%" PRISTR,
                       named++ ? ", " : "; still open: ", ARGSTR(x->playbook->steps[s].name));
    }
}

static enum status deadline_passed(struct turn *t)
{
    struct buf text;
    struct failure why = {.kind = STR("timeout")};
    buf_init(&text, 0);
    buf_printf(&text, "the execution took longer than %lld.%03lld s", (long long)(t->x->timeout_ms / 1000),
               (long long)(t->x->timeout_ms % 1000));
    add_open_steps(t->x, &text);
    enum status s = buf_status(&text, t->err);
    if (s == STATUS_OK)
        s = keep_text(t, buf_str(&text), &why.message);
    buf_free(&text);
    TRY(s);
    TRY(emit_fact(t));
    return execution_end_failed(t, NULL, &why);
}

/* ---- timers ------------------------------------------------------------------------------------------- */

static enum status signal_timed_out(struct turn *t, struct work *w)
{
    struct str name = value_as_str(w->signal);
    struct failure why = {
        .kind = STR("timeout"),
        .message = arena_printf(t->out->arena, "the signal %" PRISTR " did not come within %lld ms",
                                ARGSTR(name), (long long)w->action->timeout_ms),
    };
    if (!why.message.ptr)
        return arena_error(t->out->arena, t->err, "an error's text");
    return attempt_ended(t, w, value_null(), &why);
}

/*
 * The timer that begins an attempt has the name of the one that ends its waiting for a signal: they differ in
 * when they were due, which the fact says. One that comes a second time when the stream has forgotten its id
 * would end the wait at once. A fact of the log was believed when it came there.
 */
static bool is_of_its_time(const struct event *fact, const struct work *w)
{
    char due[32];
    struct value said = VALUE_GET(fact->context, "due_at");
    if (fact->event_id || value_is_absent(said))
        return true;
    time_format(w->due_ns, due);
    return str_is(value_as_str(said), due);
}

static bool is_due(const struct work *w, uint32_t attempt)
{
    return (w->state == WORK_DELAYED && attempt == w->attempt + 1) ||
           (w->state == WORK_SIGNAL && w->due_ns && attempt == w->attempt);
}

enum status on_timer(struct turn *t)
{
    struct task_id id;
    struct work *w = NULL;
    struct str deadline;
    TRY(deadline_id(t, &deadline));
    if (t->x->timeout_ms && str_equal(t->fact->task_id, deadline))
        return deadline_passed(t);
    if (task_id_parse(t->fact->task_id, &id, NULL) == STATUS_OK)
        w = work_find(t->x, &id);
    if (!w || !is_due(w, id.places[id.depth].attempt) || !is_of_its_time(t->fact, w))
        return ignore_fact(t, "nothing waits for that timer");
    TRY(emit_fact(t));
    if (w->state == WORK_SIGNAL)
        return signal_timed_out(t, w);
    TRY(work_move(t->x, w, WORK_READY, t->err));
    return work_begin(t, w);
}

/* ---- signals ------------------------------------------------------------------------------------------ */

static enum status signal_name(struct turn *t, struct work *w, struct str *out, struct trial *trial)
{
    struct input in;
    struct value v;
    TRY(render_input(t, w->visit, w, &in, trial));
    TRY(render_object(t, w->action->signal, w, in.args, &v, trial));
    *out = value_as_str(v);
    if (out->len == 0)
        trial_fail(trial, "invalid", STR("name: a signal's name is a text"));
    return STATUS_OK;
}

static enum status emit_waiting(struct turn *t, const struct work *w, struct str name)
{
    struct event *e = emit_work_event(t, EVENT_STEP_STARTED, EVENT_ITERATION_STARTED, w, w->attempt);
    struct map_builder m;
    struct value due;
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    map_begin(&m, t->out->arena);
    map_put(&m, STR("type"), value_text("signal"));
    map_put(&m, STR("name"), value_str(name));
    if (w->due_ns) {
        TRY(time_text(t, w->due_ns, &due));
        map_put(&m, STR("due_at"), due);
    }
    return map_end(&m, &e->context, t->err);
}

/* Of those that came before, the first with the name; they move up. False if there is none. */
static bool take_signal(struct execution *x, struct str name, struct value *payload)
{
    for (uint32_t i = 0; i < x->signal_count; i++) {
        if (!str_equal(value_as_str(VALUE_GET(x->signals[i], "name")), name))
            continue;
        *payload = VALUE_GET(x->signals[i], "payload");
        x->garbage += value_size(x->signals[i]);
        memmove(&x->signals[i], &x->signals[i + 1], (x->signal_count - i - 1) * sizeof(*x->signals));
        x->signal_count--;
        return true;
    }
    return false;
}

static enum status wait_for_signal(struct turn *t, struct work *w, struct str name)
{
    struct str id;
    TRY(value_copy_plain(&t->x->arena, value_str(name), &w->signal, t->err));
    if (w->action->timeout_ms) {
        w->due_ns = t->fact->time_ns + w->action->timeout_ms * 1000000;
        TRY(attempt_id(t, w, w->attempt, &id));
        TRY(emit_timer(t, id, w->due_ns));
    }
    return emit_waiting(t, w, name);
}

enum status signal_begin(struct turn *t, struct work *w)
{
    struct trial trial = {0};
    struct str name;
    struct value payload;
    TRY(signal_name(t, w, &name, &trial));
    if (trial.failed)
        return work_failed(t, w, value_null(), &trial.why);
    TRY(attempt_begins(t, w, WORK_SIGNAL));
    if (!take_signal(t->x, name, &payload))
        return wait_for_signal(t, w, name);
    TRY(emit_waiting(t, w, name));
    return attempt_ended(t, w, payload, NULL);
}

static struct work *first_waiting(const struct execution *x, struct str name)
{
    struct work *w = x->waiting.first;
    while (w && !str_equal(value_as_str(w->signal), name))
        w = w->next;
    return w;
}

enum status signal_keep(struct turn *t, struct str name, struct value payload)
{
    struct execution *x = t->x;
    struct map_builder m;
    struct value v;
    if (!x->signals && !(x->signals = ARENA_ARRAY(&x->arena, struct value, SIGNALS_KEPT)))
        return arena_error(&x->arena, t->err, "signals");
    map_begin(&m, t->out->arena);
    map_put(&m, STR("name"), value_str(name));
    map_put(&m, STR("payload"), payload);
    TRY(map_end(&m, &v, t->err));
    return value_copy_plain(&x->arena, v, &x->signals[x->signal_count++], t->err);
}

enum status on_signal(struct turn *t)
{
    struct str name = value_as_str(VALUE_GET(t->fact->context, "name")), id;
    struct value payload = VALUE_GET(t->fact->context, "payload");
    struct work *w = first_waiting(t->x, name);
    if (name.len == 0)
        return ignore_fact(t, "the signal has no name");
    if (!w && t->x->signal_count == SIGNALS_KEPT)
        return ignore_fact(t, "too many signals came before anybody waits for them");
    TRY(emit_fact(t));
    payload = value_is_absent(payload) ? value_null() : payload;
    if (!w)
        return signal_keep(t, name, payload);
    if (w->due_ns) {
        TRY(attempt_id(t, w, w->attempt, &id));
        TRY(emit_timer_cancelled(t, id));
    }
    return attempt_ended(t, w, payload, NULL);
}
