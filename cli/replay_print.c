#include "replay_print.h"

#include "core/json.h"
#include "core/preview.h"

#include "event_line.h"
#include "timeline.h"

enum { PIPE_WIDTH = 120, LEAST_WIDTH = 20, NUMBER_WIDTH = 4 };

/* ---- values ------------------------------------------------------------------------------------------- */

static enum status preview_text(struct arena *a, struct value v, struct str *out)
{
    TRY(mask_secrets(a, v, &v, NULL));
    TRY(value_preview(a, v, &v, NULL));
    return json_text(a, v, out, NULL);
}

void add_value_preview(struct buf *b, const struct output *o, size_t used, struct value v)
{
    struct arena a;
    struct str text = STR("nothing");
    size_t width = o->width ? (size_t)o->width : PIPE_WIDTH;
    arena_init(&a, 0);
    if (!value_is_absent(v) && preview_text(&a, v, &text) != STATUS_OK)
        text = STR("?"); /* there is no memory for more */
    add_cut(b, text, width > used + LEAST_WIDTH ? width - used : LEAST_WIDTH);
    arena_free(&a);
}

static void add_names(const struct output *o, struct value names, struct buf *b)
{
    for (uint32_t i = 0; i < names.len; i++) {
        const struct value_entry *e = &names.u.map->entries[i];
        struct str name = value_as_str(e->key);
        buf_printf(b, "%*s", NUMBER_WIDTH + 4, "");
        add_painted(o, b, PAINT_BLUE, name);
        buf_add_text(b, " = ");
        add_value_preview(b, o, NUMBER_WIDTH + 7 + display_width(name), e->value);
        buf_add_char(b, '\n');
    }
}

/* ---- a fact ------------------------------------------------------------------------------------------- */

static void add_event(const struct output *o, const struct event *e, bool is_fact, struct buf *b)
{
    if (e->event_id)
        buf_printf(b, "%*u ", NUMBER_WIDTH, e->event_id);
    else
        buf_printf(b, "%*s ", NUMBER_WIDTH, "-");
    buf_add_text(b, is_fact ? "" : "  ");
    event_line_write(o, e, b);
}

static void add_line(const struct output *o, struct buf *b, const char *mark, struct str text)
{
    buf_printf(b, "%*s%s ", NUMBER_WIDTH + 4, "", mark);
    add_painted(o, b, PAINT_DIM, text);
    buf_add_char(b, '\n');
}

static void add_orders(const struct output *o, const struct decisions *d, struct arena *a, struct buf *b)
{
    for (uint32_t i = 0; i < d->task_count; i++)
        add_line(o, b, "→",
                 arena_printf(a, "task %" PRISTR " of %" PRISTR " (%" PRISTR ") to the pool %" PRISTR,
                              ARGSTR(d->tasks[i].task.task_id), ARGSTR(d->tasks[i].task.step),
                              ARGSTR(d->tasks[i].task.type), ARGSTR(d->tasks[i].pool)));
    for (uint32_t i = 0; i < d->timer_count; i++) {
        char time[32];
        time_format(d->timers[i].due_ns, time);
        add_line(o, b, "→",
                 d->timers[i].cancelled
                     ? arena_printf(a, "timer %" PRISTR " is called off", ARGSTR(d->timers[i].id))
                     : arena_printf(a, "timer %" PRISTR " at %s", ARGSTR(d->timers[i].id), time));
    }
    for (uint32_t i = 0; i < d->child_count; i++)
        add_line(o, b, "→",
                 arena_printf(a, "execution %lld of %" PRISTR " is asked for",
                              (long long)d->children[i].execution_id, ARGSTR(d->children[i].path)));
    for (uint32_t i = 0; i < d->listing_count; i++)
        add_line(o, b, "→",
                 arena_printf(a, "the catalog is asked for what is under %" PRISTR,
                              ARGSTR(d->listings[i].prefix)));
    for (uint32_t i = 0; i < d->notice_count; i++)
        add_line(o, b, "→",
                 arena_printf(a, "execution %lld is told: %s", (long long)d->notices[i].fact.execution_id,
                              event_type_name(d->notices[i].fact.type)));
}

static void add_open(const struct output *o, struct value state, struct arena *a, struct buf *b)
{
    struct value open = VALUE_GET(state, "open");
    struct str text = value_as_str(VALUE_GET(state, "status"));
    for (uint32_t i = 0; i < open.len && text.ptr; i++) {
        struct value v = open.u.list[i];
        text = arena_printf(a, "%" PRISTR "%s%" PRISTR " waits for %" PRISTR, ARGSTR(text), i ? "; " : ": ",
                            ARGSTR(value_as_str(VALUE_GET(v, "step"))),
                            ARGSTR(value_as_str(VALUE_GET(v, "waits_for"))));
    }
    size_t width = o->width ? (size_t)o->width : PIPE_WIDTH;
    buf_printf(b, "%*s= ", NUMBER_WIDTH + 4, "");
    paint(o, b, PAINT_DIM);
    add_cut(b, text.ptr ? text : STR(""), width > NUMBER_WIDTH + 6 ? width - NUMBER_WIDTH - 6 : 1);
    unpaint(o, b, PAINT_DIM);
    buf_add_char(b, '\n');
}

static enum status write_fact(const struct output *o, const struct replay *r, struct arena *a, struct buf *b,
                              struct error *err)
{
    const struct decisions *d = &r->decisions;
    struct value state, changes;
    add_event(o, d->event_count ? &d->events[0] : &r->fact, true, b);
    if (d->ignored) {
        add_line(o, b, "=", arena_printf(a, "changes nothing: %s", d->ignored));
        return STATUS_OK;
    }
    for (uint32_t i = 1; i < d->event_count; i++)
        add_event(o, &d->events[i], false, b);
    add_orders(o, d, a, b);
    TRY(view_of_changes(a, r, &changes, err));
    add_names(o, changes, b);
    TRY(view_of_state(a, r->x, &state, err));
    add_open(o, state, a, b);
    return STATUS_OK;
}

enum status replay_print_fact(struct invocation *in, const struct replay *r, struct error *err)
{
    struct arena a;
    struct buf b;
    struct value v;
    enum status status;
    arena_init(&a, 0);
    buf_init(&b, 0);
    if (in->out.format == OUTPUT_TABLE) {
        status = write_fact(&in->out, r, &a, &b, err);
        if (status == STATUS_OK)
            status = output_buf(&in->out, &b, err);
    } else {
        status = view_of_fact(&a, r, &v, err);
        if (status == STATUS_OK)
            status = mask_secrets(&a, v, &v, err);
        if (status == STATUS_OK)
            status = output_value(&in->out, v, err);
    }
    buf_free(&b);
    arena_free(&a);
    return status;
}

/* ---- the end ------------------------------------------------------------------------------------------ */

static enum status end_value(struct arena *a, const struct replay *r, struct value *out, struct error *err)
{
    struct map_builder m;
    struct value v;
    map_begin(&m, a);
    TRY(view_of_state(a, r->x, &v, err));
    map_put(&m, STR("state"), v);
    TRY(view_of_context(a, r->x, &v, err));
    map_put(&m, STR("context"), v);
    TRY(map_end(&m, &v, err));
    map_begin(&m, a);
    map_put(&m, STR("end"), v);
    TRY(map_end(&m, &v, err));
    return mask_secrets(a, v, out, err);
}

static enum status print_end(struct invocation *in, const struct replay *r, struct arena *a,
                             struct error *err)
{
    struct value v;
    struct buf b;
    if (in->out.format != OUTPUT_TABLE) {
        TRY(end_value(a, r, &v, err));
        return output_value(&in->out, v, err);
    }
    TRY(view_of_context(a, r->x, &v, err));
    buf_init(&b, 0);
    buf_printf(&b, "\nWhat templates see then:\n");
    add_names(&in->out, v, &b);
    enum status status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}

enum status replay_print_end(struct invocation *in, const struct replay *r, struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    enum status status = print_end(in, r, &a, err);
    arena_free(&a);
    return status;
}

/* ---- differences -------------------------------------------------------------------------------------- */

static const char *mismatch_name(enum mismatch_kind kind)
{
    static const char *const names[] = {
        [MISMATCH_NONE] = "none",       [MISMATCH_EVENT] = "event",
        [MISMATCH_MISSING] = "missing", [MISMATCH_ADDITIONAL] = "additional",
        [MISMATCH_IGNORED] = "ignored", [MISMATCH_ORDER] = "order",
        [MISMATCH_FAILED] = "failed",
    };
    return names[kind];
}

static void add_side(const struct output *o, size_t indent, const char *title, struct value v, struct buf *b)
{
    buf_printf(b, "%*s%-10s", (int)indent, "", title);
    add_value_preview(b, o, indent + 10, v);
    buf_add_char(b, '\n');
}

void mismatch_write(const struct mismatch *m, const struct output *o, size_t indent, struct buf *b)
{
    struct value event = value_is_absent(m->recorded) ? m->evaluated : m->recorded;
    buf_printf(b, "%*sevent %u, %" PRISTR " of %" PRISTR ": %s\n", (int)indent, "", m->event_id,
               ARGSTR(value_as_str(VALUE_GET(event, "event_type"))),
               ARGSTR(value_as_str(VALUE_GET(event, "node_name"))), mismatch_text(m->kind));
    if (m->why.len) {
        buf_printf(b, "%*s%-10s", (int)indent, "", "because");
        add_clean(b, m->why);
        buf_add_char(b, '\n');
        return;
    }
    if (m->at.path.len) {
        buf_printf(b, "%*s%-10s", (int)indent, "", "at");
        add_clean(b, m->at.path);
        buf_add_char(b, '\n');
    }
    add_side(o, indent, "recorded", m->at.left, b);
    add_side(o, indent, "now", m->at.right, b);
}

enum status mismatch_value(struct arena *a, const struct mismatch *m, struct value *out, struct error *err)
{
    struct map_builder map;
    map_begin(&map, a);
    map_put(&map, STR("event_id"), value_int(m->event_id));
    map_put(&map, STR("kind"), value_text(mismatch_name(m->kind)));
    map_put(&map, STR("says"), value_text(mismatch_text(m->kind)));
    map_put(&map, STR("path"), value_str(m->at.path));
    map_put(&map, STR("recorded"), value_is_absent(m->at.left) ? value_null() : m->at.left);
    map_put(&map, STR("evaluated"), value_is_absent(m->at.right) ? value_null() : m->at.right);
    if (m->why.len)
        map_put(&map, STR("why"), value_str(m->why));
    TRY(map_end(&map, out, err));
    TRY(mask_secrets(a, *out, out, err));
    return value_copy_plain(a, *out, out, err);
}
