#include "progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>

#include "core/id.h"
#include "core/json.h"
#include "runtime/clock.h"

#include "timeline.h"

enum { PICTURE_MS = 100, SLOW_PICTURE_MS = 1000, MANY_EVENTS = 2000, USUAL_ROWS = 24, NO_PICTURE_MS = 1000 };

void progress_begin(struct progress *p, struct output *out, enum progress_style style)
{
    *p = (struct progress){.out = out, .style = style};
    arena_init(&p->scratch, 0);
}

void progress_end(struct progress *p)
{
    arena_free(&p->scratch);
}

int64_t progress_interval(const struct progress *p, size_t events)
{
    if (p->style != PROGRESS_PICTURE)
        return NO_PICTURE_MS;
    return events > MANY_EVENTS ? SLOW_PICTURE_MS
                                : PICTURE_MS; /* drawing costs as much as there are events */
}

/* ---- lines -------------------------------------------------------------------------------------------- */

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

static void add_line(const struct progress *p, struct buf *b, const struct event *e)
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
    paint(p->out, b, paints[e->type]);
    buf_printf(b, "%-20s", event_type_name(e->type));
    unpaint(p->out, b, paints[e->type]);
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

static enum status json_line(struct progress *p, const struct event *e, struct buf *b, struct error *err)
{
    struct value v;
    arena_reset(&p->scratch);
    TRY(event_to_value(&p->scratch, e, &v, err));
    TRY(json_write(b, v, JSON_COMPACT, err));
    buf_add_char(b, '\n');
    return STATUS_OK;
}

enum status progress_event(struct progress *p, const struct event *e, struct error *err)
{
    struct buf b;
    enum status status = STATUS_OK;
    if (p->style == PROGRESS_NONE || p->style == PROGRESS_PICTURE)
        return STATUS_OK;
    buf_init(&b, 0);
    if (p->style == PROGRESS_JSON)
        status = json_line(p, e, &b, err);
    else
        add_line(p, &b, e);
    if (status == STATUS_OK)
        status = output_buf(p->out, &b, err);
    buf_free(&b);
    return status;
}

/* ---- the picture -------------------------------------------------------------------------------------- */

/* To the first line of the picture, and everything from there on away. */
static void add_erase(struct progress *p, struct buf *b)
{
    if (p->drawn > 0)
        buf_printf(b, "\r\033[%zuA\033[J", p->drawn);
    p->drawn = 0;
}

enum status progress_hide(struct progress *p, struct error *err)
{
    struct buf b;
    if (p->drawn == 0)
        return STATUS_OK;
    buf_init(&b, 0);
    add_erase(p, &b);
    enum status status = output_buf(p->out, &b, err);
    buf_free(&b);
    return status;
}

static size_t terminal_rows(const struct progress *p)
{
    struct winsize size;
    return ioctl(fileno(p->out->file), TIOCGWINSZ, &size) == 0 && size.ws_row > 4 ? size.ws_row : USUAL_ROWS;
}

static int64_t spent_ms(const struct timeline_step *s)
{
    int64_t end_ns = s->ended_ns ? s->ended_ns : wall_now().ns;
    return (end_ns - s->started_ns) / 1000000;
}

static void add_step(struct progress *p, struct buf *b, const struct timeline_step *s)
{
    static const char *const spinner[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
    bool running = s->ended_ns == 0;
    const char *icon =
        running ? spinner[p->turn % (sizeof(spinner) / sizeof(spinner[0]))] : status_icon(s->status);
    buf_add_text(b, "  ");
    add_painted(p->out, b, status_paint(s->status), str_of(icon));
    buf_add_char(b, ' ');
    add_clean(b, s->name);
    if (s->visit > 1)
        buf_printf(b, " #%u", s->visit);
    paint(p->out, b, PAINT_DIM);
    buf_add_text(b, "  ");
    add_duration(b, spent_ms(s));
    if (s->progress.attempts > 1)
        buf_printf(b, "  attempt %u", s->progress.attempts);
    struct str waits = running ? timeline_step_waits(s, &p->scratch) : STR("");
    if (waits.len > 0)
        buf_add_text(b, "  ");
    add_clean(b, waits);
    unpaint(p->out, b, PAINT_DIM);
    buf_add_char(b, '\n');
}

static void draw(struct progress *p, const struct timeline *t, struct buf *b)
{
    size_t room = terminal_rows(p) - 3, from = t->count > room ? t->count - room : 0;
    add_erase(p, b);
    buf_add_text(b, "\033[?7l"); /* long lines are cut, so that the picture has as many lines as we count */
    add_clean(b, t->path.len > 0 ? t->path : STR("execution"));
    buf_printf(b, "  %s\n", t->status);
    for (size_t i = from; i < t->count; i++)
        add_step(p, b, &t->steps[i]);
    buf_add_text(b, "\033[?7h");
    p->drawn = 1 + t->count - from;
    p->turn++;
}

enum status progress_tick(struct progress *p, const struct event *events, size_t count, struct error *err)
{
    struct timeline t;
    struct buf b;
    if (p->style != PROGRESS_PICTURE)
        return STATUS_OK;
    arena_reset(&p->scratch);
    TRY(timeline_build(&p->scratch, events, count, &t, err));
    buf_init(&b, 0);
    draw(p, &t, &b);
    enum status status = output_buf(p->out, &b, err);
    buf_free(&b);
    return status;
}
