#include "progress.h"

#include <stdio.h>

#include "core/json.h"
#include "runtime/clock.h"

#include "event_line.h"
#include "timeline.h"

enum { PICTURE_MS = 100, SLOW_PICTURE_MS = 1000, MANY_EVENTS = 2000, NO_PICTURE_MS = 1000, BAR_COLUMNS = 20 };

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
        event_line_write(p->out, e, &b);
    if (status == STATUS_OK)
        status = output_buf(p->out, &b, err);
    buf_free(&b);
    return status;
}

/* ---- the picture -------------------------------------------------------------------------------------- */

enum status progress_hide(struct progress *p, struct error *err)
{
    return picture_hide(&p->picture, p->out, err);
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
    if (running && s->progress.items > 0) {
        add_bar(p->out, b, s->progress.items_done, s->progress.items, BAR_COLUMNS);
        buf_add_char(b, ' ');
    }
    add_clean(b, waits);
    unpaint(p->out, b, PAINT_DIM);
    buf_add_char(b, '\n');
}

static void describe(struct progress *p, const struct timeline *t, struct buf *b)
{
    size_t room = picture_rows(p->out), from = t->count > room ? t->count - room : 0;
    add_clean(b, t->path.len > 0 ? t->path : STR("execution"));
    buf_printf(b, "  %s\n", t->status);
    for (size_t i = from; i < t->count; i++)
        add_step(p, b, &t->steps[i]);
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
    describe(p, &t, &b);
    enum status status = picture_draw(&p->picture, p->out, buf_str(&b), err);
    buf_free(&b);
    return status;
}
