#include "comparison_print.h"

#include "replay_print.h"
#include "timeline.h"

struct printer {
    const struct output *o;
    struct buf *b;
    size_t name_width, left_width; /* of the steps' table */
};

static struct str text_at(struct value map, const char *key)
{
    return value_as_str(value_get(map, str_of(key)));
}

static int64_t int_at(struct value map, const char *key)
{
    struct value v = value_get(map, str_of(key));
    return v.type == VALUE_INT ? v.u.i : 0;
}

static bool is_same(struct value map)
{
    struct value v = VALUE_GET(map, "same");
    return v.type == VALUE_BOOL && v.u.b;
}

static void pad(struct buf *b, size_t used, size_t width)
{
    buf_printf(b, "%*s", used < width ? (int)(width - used) : 0, "");
}

/* ---- both sides --------------------------------------------------------------------------------------- */

static void write_side(struct printer *p, const char *name, struct value side)
{
    struct buf *b = p->b;
    struct str status = text_at(side, "status");
    char word[32];
    (void)snprintf(word, sizeof(word), "%" PRISTR, ARGSTR(status));
    buf_printf(b, "%-9s", name);
    add_painted(p->o, b, status_paint(word), str_of(status_icon(word)));
    buf_printf(b, " %s in ", word);
    add_duration(b, int_at(side, "duration_ms"));
    buf_printf(b, ": %" PRISTR " of ", ARGSTR(text_at(side, "execution_id")));
    add_clean(b, text_at(side, "path"));
    if (int_at(side, "version") > 0)
        buf_printf(b, "@%lld", (long long)int_at(side, "version"));
    buf_add_char(b, '\n');
}

/* ---- places ------------------------------------------------------------------------------------------- */

static void write_value(struct printer *p, size_t indent, const char *mark, enum paint paint_as,
                        struct value v)
{
    buf_printf(p->b, "%*s", (int)indent, "");
    add_painted(p->o, p->b, paint_as, str_of(mark));
    buf_add_char(p->b, ' ');
    add_value_preview(p->b, p->o, indent + 2, v);
    buf_add_char(p->b, '\n');
}

/* "input args.url" and both values, one below the other: they may be long. */
static void write_places(struct printer *p, size_t indent, const char *of, struct value places)
{
    for (uint32_t i = 0; places.type == VALUE_LIST && i < places.len; i++) {
        struct value place = places.u.list[i];
        struct str path = text_at(place, "path");
        if (of[0] || path.len) {
            buf_printf(p->b, "%*s%s%s", (int)indent, "", of, of[0] && path.len ? " " : "");
            add_clean(p->b, path);
            buf_add_char(p->b, '\n');
        }
        size_t deeper = of[0] || path.len ? indent + 2 : indent;
        write_value(p, deeper, "-", PAINT_RED, VALUE_GET(place, "left"));
        write_value(p, deeper, "+", PAINT_GREEN, VALUE_GET(place, "right"));
    }
}

static void write_section(struct printer *p, const char *title, struct value places)
{
    if (places.len == 0)
        return;
    buf_printf(p->b, "\n%s\n", title);
    write_places(p, 2, "", places);
}

static void write_playbook(struct printer *p, struct value lines)
{
    if (lines.len == 0)
        return;
    buf_add_text(p->b, "\nPlaybook\n");
    for (uint32_t i = 0; i < lines.len; i++) {
        bool is_left = !value_is_absent(VALUE_GET(lines.u.list[i], "left"));
        paint(p->o, p->b, is_left ? PAINT_RED : PAINT_GREEN);
        buf_add_text(p->b, is_left ? "  - " : "  + ");
        add_clean(p->b, text_at(lines.u.list[i], is_left ? "left" : "right"));
        unpaint(p->o, p->b, is_left ? PAINT_RED : PAINT_GREEN);
        buf_add_char(p->b, '\n');
    }
}

/* ---- steps -------------------------------------------------------------------------------------------- */

/* "completed, 2 visits, 3 attempts, 12 ms", or "not reached". */
static void add_step(struct buf *b, struct value side)
{
    int64_t visits = int_at(side, "visits"), attempts = int_at(side, "attempts");
    if (side.type != VALUE_MAP) {
        buf_add_text(b, "not reached");
        return;
    }
    buf_add_str(b, text_at(side, "status"));
    if (visits == 0)
        return; /* taken over from another execution */
    if (visits > 1)
        buf_printf(b, ", %lld visits", (long long)visits);
    if (attempts > 1)
        buf_printf(b, ", %lld attempts", (long long)attempts);
    buf_add_text(b, ", ");
    add_duration(b, int_at(side, "duration_ms"));
}

static void measure(struct printer *p, struct value steps)
{
    for (uint32_t i = 0; i < steps.len; i++) {
        struct buf b;
        size_t name = display_width(text_at(steps.u.list[i], "step"));
        buf_init(&b, 0);
        add_step(&b, VALUE_GET(steps.u.list[i], "left"));
        p->name_width = name > p->name_width ? name : p->name_width;
        p->left_width = b.len > p->left_width ? b.len : p->left_width;
        buf_free(&b);
    }
}

static void write_step(struct printer *p, struct value step)
{
    static const char *const members[] = {"input", "result", "error", "next"};
    struct buf *b = p->b;
    bool same = is_same(step);
    struct str name = text_at(step, "step");
    buf_add_text(b, "  ");
    add_painted(p->o, b, same ? PAINT_DIM : PAINT_YELLOW, str_of(same ? "=" : "≠"));
    buf_add_char(b, ' ');
    add_clean(b, name);
    pad(b, display_width(name), p->name_width + 2);
    size_t before = b->len;
    add_step(b, VALUE_GET(step, "left"));
    pad(b, b->len - before, p->left_width + 2);
    add_step(b, VALUE_GET(step, "right"));
    buf_add_char(b, '\n');
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        write_places(p, 6, members[i], value_get(step, str_of(members[i])));
}

static void write_steps(struct printer *p, struct value steps)
{
    measure(p, steps);
    if (steps.len)
        buf_add_text(p->b, "\nSteps\n");
    for (uint32_t i = 0; i < steps.len; i++)
        write_step(p, steps.u.list[i]);
}

void comparison_write(struct value comparison, const char *left, const char *right, const struct output *o,
                      struct buf *b)
{
    struct printer p = {.o = o, .b = b};
    write_side(&p, left, VALUE_GET(comparison, "left"));
    write_side(&p, right, VALUE_GET(comparison, "right"));
    write_playbook(&p, VALUE_GET(comparison, "playbook"));
    write_section(&p, "Workload", VALUE_GET(comparison, "workload"));
    write_steps(&p, VALUE_GET(comparison, "steps"));
    write_section(&p, "Result", VALUE_GET(comparison, "result"));
    write_section(&p, "Error", VALUE_GET(comparison, "error"));
    if (is_same(comparison))
        buf_add_text(b, "\nNothing differs but times.\n");
}
