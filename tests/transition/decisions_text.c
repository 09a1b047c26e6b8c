#include "decisions_text.h"

#include "check.h"
#include "core/json.h"

static struct str json_of(struct arena *a, struct value v)
{
    struct str s;
    struct error e = {0};
    assert_ok(json_text(a, v, &s, &e), &e);
    return s;
}

/* What is too long to be read is its size. */
static struct str shown(struct arena *a, struct value v)
{
    enum { MOST = 4000 };
    struct str s = json_of(a, v);
    return s.len > MOST ? arena_printf(a, "(%zu bytes)", s.len) : s;
}

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

/* What a step was started with: its input, or what it waits for. */
static void print_started(struct arena *a, struct value context, struct buf *out)
{
    struct value config = VALUE_GET(context, "config"), index = VALUE_GET(context, "index");
    struct value timeout = VALUE_GET(context, "timeout_ms");
    if (index.type == VALUE_INT)
        buf_printf(out, " [%lld]", (long long)index.u.i);
    if (value_is_absent(config)) {
        buf_printf(out, " %" PRISTR, ARGSTR(shown(a, context)));
        return;
    }
    buf_printf(out, " %" PRISTR, ARGSTR(shown(a, VALUE_GET(context, "args"))));
    if (timeout.type == VALUE_INT)
        buf_printf(out, " within %lld ms", (long long)timeout.u.i);
    if (config.len)
        buf_printf(out, " config %" PRISTR, ARGSTR(shown(a, config)));
}

static void print_retried(const struct event *e, struct buf *out)
{
    struct value delay = VALUE_GET(e->context, "delay_ms"), because = VALUE_GET(e->context, "because");
    buf_printf(out, " %" PRISTR " after %lld ms because of %" PRISTR, ARGSTR(e->task_id),
               (long long)delay.u.i, ARGSTR(value_as_str(because)));
}

static void print_saved(struct arena *a, struct value context, const char *key, struct buf *out)
{
    struct value saved = value_get(context, str_of(key));
    if (!value_is_absent(saved))
        buf_printf(out, " %s %" PRISTR, key, ARGSTR(shown(a, saved)));
}

static void print_event(struct arena *a, const struct event *e, struct buf *out)
{
    buf_printf(out, "  %s", event_type_name(e->type));
    if (e->visit)
        buf_printf(out, " %" PRISTR, ARGSTR(e->node_name));
    if (e->visit > 1)
        buf_printf(out, " (visit %u)", e->visit);
    if (e->attempt > 1 && e->type != EVENT_STEP_RETRIED)
        buf_printf(out, " (attempt %u)", e->attempt);
    if (e->type == EVENT_STEP_STARTED || e->type == EVENT_ITERATION_STARTED)
        print_started(a, e->context, out);
    if (e->type == EVENT_STEP_RETRIED)
        print_retried(e, out);
    print_saved(a, e->context, "saved", out);
    print_saved(a, e->context, "saved_events", out);
    print_next(out, VALUE_GET(e->context, "next"));
    if (!value_is_absent(e->result) && event_type_kind(e->type) != EVENT_KIND_FACT)
        buf_printf(out, " %" PRISTR, ARGSTR(shown(a, e->result)));
    if (e->error.len && event_type_kind(e->type) != EVENT_KIND_FACT)
        buf_printf(out, ": %" PRISTR, ARGSTR(e->error));
    struct value handled = VALUE_GET(e->context, "handled");
    if (handled.type == VALUE_STRING)
        buf_printf(out, " [%" PRISTR "]", ARGSTR(value_as_str(handled)));
    buf_add_char(out, '\n');
}

static void print_timer(int64_t now_ns, const struct timer_order *timer, struct buf *out)
{
    if (timer->cancelled)
        buf_printf(out, "  timer %" PRISTR " is cancelled\n", ARGSTR(timer->id));
    else
        buf_printf(out, "  timer %" PRISTR " in %lld ms\n", ARGSTR(timer->id),
                   (long long)((timer->due_ns - now_ns) / 1000000));
}

/* What the worker is to do when the tool has answered. */
static void print_afterwards(struct arena *a, const struct task *task, struct buf *out)
{
    if (value_is_absent(task->returns) && value_is_absent(task->saves))
        return;
    buf_printf(out, "  then %" PRISTR ":", ARGSTR(task->task_id));
    if (!value_is_absent(task->returns))
        buf_printf(out, " returns %" PRISTR, ARGSTR(shown(a, task->returns)));
    if (!value_is_absent(task->saves))
        buf_printf(out, " saves %" PRISTR " seeing %" PRISTR, ARGSTR(shown(a, task->saves)),
                   ARGSTR(shown(a, task->names)));
    buf_add_char(out, '\n');
}

static void print_child(struct arena *a, const struct child_order *child, struct buf *out)
{
    buf_printf(out, "  asks for %" PRISTR, ARGSTR(child->path));
    if (child->version)
        buf_printf(out, "@%lld", (long long)child->version);
    buf_printf(out, " with %" PRISTR " for %" PRISTR "\n", ARGSTR(shown(a, child->args)),
               ARGSTR(child->task_id));
}

static void print_listing(const struct listing_order *listing, struct buf *out)
{
    buf_printf(out, "  lists %" PRISTR " for %" PRISTR "\n", ARGSTR(listing->prefix),
               ARGSTR(listing->task_id));
}

static void print_notice(struct arena *a, const struct notice *notice, struct buf *out)
{
    const struct event *fact = &notice->fact;
    buf_printf(out, "  tells another execution %s", event_type_name(fact->type));
    if (fact->task_id.len)
        buf_printf(out, " %" PRISTR, ARGSTR(fact->task_id));
    if (!value_is_absent(fact->result))
        buf_printf(out, " %" PRISTR, ARGSTR(shown(a, fact->result)));
    if (fact->error.len)
        buf_printf(out, ": %" PRISTR, ARGSTR(fact->error));
    buf_add_char(out, '\n');
}

void decisions_print(struct arena *a, int64_t now_ns, const struct decisions *d, struct buf *out)
{
    for (uint32_t i = 1; i < d->event_count; i++)
        print_event(a, &d->events[i], out);
    for (uint32_t i = 0; i < d->task_count; i++)
        print_afterwards(a, &d->tasks[i].task, out);
    for (uint32_t i = 0; i < d->timer_count; i++)
        print_timer(now_ns, &d->timers[i], out);
    for (uint32_t i = 0; i < d->child_count; i++)
        print_child(a, &d->children[i], out);
    for (uint32_t i = 0; i < d->listing_count; i++)
        print_listing(&d->listings[i], out);
    for (uint32_t i = 0; i < d->notice_count; i++)
        print_notice(a, &d->notices[i], out);
    if (d->ignored)
        buf_printf(out, "  ignored: %s\n", d->ignored);
    for (uint32_t i = 0; i < d->withdrawal_count; i++)
        buf_printf(out, "  %" PRISTR " is withdrawn from the pool %" PRISTR "\n",
                   ARGSTR(d->withdrawals[i].task_id), ARGSTR(d->withdrawals[i].pool));
    if (d->withdraw)
        buf_add_text(out, "  queued tasks are withdrawn\n");
}

/* ---- as bytes ----------------------------------------------------------------------------------------- */

static void digest_value(struct arena *a, struct value v, struct sha256 *bytes)
{
    struct str s;
    assert_int_equal(json_text(a, v, &s, NULL), STATUS_OK);
    sha256_add(bytes, s.ptr, s.len);
}

void decisions_digest(struct arena *a, const struct decisions *d, struct sha256 *bytes)
{
    struct value v;
    for (uint32_t i = 0; i < d->event_count; i++) {
        assert_int_equal(event_to_value(a, &d->events[i], &v, NULL), STATUS_OK);
        digest_value(a, v, bytes);
    }
    for (uint32_t i = 0; i < d->task_count; i++) {
        assert_int_equal(task_to_value(a, &d->tasks[i].task, &v, NULL), STATUS_OK);
        digest_value(a, v, bytes);
    }
    for (uint32_t i = 0; i < d->notice_count; i++) {
        assert_int_equal(event_to_value(a, &d->notices[i].fact, &v, NULL), STATUS_OK);
        digest_value(a, v, bytes);
    }
    for (uint32_t i = 0; i < d->timer_count; i++) {
        sha256_add(bytes, d->timers[i].id.ptr, d->timers[i].id.len);
        sha256_add(bytes, &d->timers[i].due_ns, sizeof(d->timers[i].due_ns));
    }
}
