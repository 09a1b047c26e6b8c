#include "event_line.h"

#include <time.h>

#include "core/id.h"

static void add_clock(struct buf *b, int64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / 1000000000);
    struct tm tm;
    if (localtime_r(&seconds, &tm))
        buf_printf(b, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec,
                   (int)(time_ns / 1000000 % 1000));
}

static bool fired(struct value entry)
{
    struct value v = VALUE_GET(entry, "fired");
    return v.type == VALUE_BOOL && v.u.b;
}

static void add_fired(struct buf *b, struct value next)
{
    bool first = true;
    for (uint32_t i = 0; next.type == VALUE_LIST && i < next.len; i++) {
        if (!fired(next.u.list[i]))
            continue;
        buf_add_text(b, first ? "  → " : ", ");
        add_clean(b, value_as_str(VALUE_GET(next.u.list[i], "step")));
        first = false;
    }
}

static void add_first_line(struct buf *b, struct str text)
{
    if (text.len == 0)
        return;
    buf_add_text(b, "  ");
    add_clean(b, str_split(&text, '\n'));
}

static void add_member(struct buf *b, const char *before, struct value v)
{
    struct str text = value_as_str(v);
    if (v.type == VALUE_INT)
        buf_printf(b, "%s%lld", before, (long long)v.u.i);
    if (text.len == 0)
        return;
    buf_add_text(b, before);
    add_clean(b, text);
}

/* "  item 3", for what is of one item of an iterator. */
static void add_item(struct buf *b, const struct event *e)
{
    struct task_id id;
    if (task_id_parse(e->task_id, &id, NULL) == STATUS_OK && id.depth > 0)
        buf_printf(b, "  item %u", id.places[1].item);
}

/* What a step that was started waits for, if that is no worker. */
static void add_start(struct buf *b, const struct event *e)
{
    struct str type = value_as_str(VALUE_GET(e->context, "type"));
    if (str_is(type, "iterator"))
        add_member(b, "  items: ", VALUE_GET(e->context, "count"));
    if (str_is(type, "signal"))
        add_member(b, "  waits for the signal ", VALUE_GET(e->context, "name"));
    if (str_is(type, "playbook"))
        add_member(b, "  execution ", VALUE_GET(e->context, "child"));
}

static void add_retry(struct buf *b, const struct event *e)
{
    struct value delay = VALUE_GET(e->context, "delay_ms");
    if (delay.type != VALUE_INT || delay.u.i == 0)
        return;
    buf_add_text(b, " in ");
    add_duration(b, delay.u.i);
}

static void add_next(struct buf *b, const struct event *e)
{
    add_fired(b, VALUE_GET(e->context, "next"));
}

static void add_child(struct buf *b, const struct event *e)
{
    add_member(b, "  execution ", VALUE_GET(e->context, "execution_id"));
}

static void add_name(struct buf *b, const struct event *e)
{
    add_member(b, "  ", VALUE_GET(e->context, "name"));
}

static void add_from(struct buf *b, const struct event *e)
{
    add_member(b, "  from ", VALUE_GET(e->context, "from"));
}

static void add_reason(struct buf *b, const struct event *e)
{
    add_member(b, "  ", VALUE_GET(e->context, "reason"));
}

/* What is particular to an event of a type. */
typedef void particulars(struct buf *b, const struct event *e);
static particulars *const PARTICULARS[EVENT_COUNT] = {
    [EVENT_STEP_STARTED] = add_start,      [EVENT_ITERATION_STARTED] = add_start,
    [EVENT_STEP_RETRIED] = add_retry,      [EVENT_STEP_COMPLETED] = add_next,
    [EVENT_CHILD_COMPLETED] = add_child,   [EVENT_CHILD_FAILED] = add_child,
    [EVENT_SIGNAL_RECEIVED] = add_name,    [EVENT_RETRY_REQUESTED] = add_from,
    [EVENT_EXECUTION_RETRIED] = add_from,  [EVENT_PAUSE_REQUESTED] = add_reason,
    [EVENT_RESUME_REQUESTED] = add_reason, [EVENT_CANCEL_REQUESTED] = add_reason,
};

void event_line_write(const struct output *o, const struct event *e, struct buf *b)
{
    static const enum paint paints[EVENT_COUNT] = {
        [EVENT_ACTION_ERROR] = PAINT_RED,        [EVENT_STEP_FAILED] = PAINT_RED,
        [EVENT_EXECUTION_FAILED] = PAINT_RED,    [EVENT_EXECUTION_COMPLETE] = PAINT_GREEN,
        [EVENT_STEP_COMPLETED] = PAINT_GREEN,    [EVENT_EXECUTION_CANCELLED] = PAINT_YELLOW,
        [EVENT_CHILD_FAILED] = PAINT_RED,        [EVENT_STEP_RETRIED] = PAINT_YELLOW,
        [EVENT_EXECUTION_PAUSED] = PAINT_YELLOW,
    };
    add_clock(b, e->time_ns);
    buf_add_text(b, "  ");
    paint(o, b, paints[e->type]);
    buf_printf(b, "%-20s", event_type_name(e->type));
    unpaint(o, b, paints[e->type]);
    buf_add_char(b, ' ');
    add_clean(b, e->node_name);
    if (e->visit > 1)
        buf_printf(b, " #%u", e->visit);
    add_item(b, e);
    if (e->attempt > 1)
        buf_printf(b, "  attempt %u", e->attempt);
    if (PARTICULARS[e->type])
        PARTICULARS[e->type](b, e);
    add_first_line(b, e->error);
    buf_add_char(b, '\n');
}
