#include "doctor_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/event.h"

enum { SUBJECT_COLUMNS = 36, HOP_COLUMNS = 9 };

/* ---- for people -------------------------------------------------------------------------------------------
 */

static void add_spaces(struct buf *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_add_char(out, ' ');
}

static void add_mark(const struct output *o, enum gravity s, struct buf *out)
{
    static const struct {
        const char *icon;
        enum paint paint;
    } MARKS[] = {[GRAVITY_WELL] = {"✔", PAINT_GREEN},
                 [GRAVITY_WAITS] = {"◷", PAINT_YELLOW},
                 [GRAVITY_TROUBLE] = {"✘", PAINT_RED}};
    add_painted(o, out, MARKS[s].paint, str_of(MARKS[s].icon));
    buf_add_char(out, ' ');
}

/* "12.00 s ago"; of a time to come "in 12.00 s". */
static void add_age(struct buf *out, int64_t time_ns, int64_t now_ns)
{
    bool is_ahead = time_ns > now_ns;
    buf_add_text(out, is_ahead ? "in " : "");
    add_duration(out, (is_ahead ? time_ns - now_ns : now_ns - time_ns) / 1000000);
    buf_add_text(out, is_ahead ? "" : " ago");
}

static void write_hop(const struct hop *h, const struct doctor_page *page, const struct output *o,
                      size_t indent, enum gravity s, struct buf *out)
{
    add_spaces(out, indent + 4);
    if (h->state == HOP_AHEAD)
        add_painted(o, out, PAINT_DIM, STR("· "));
    else
        add_mark(o, h->state == HOP_HERE ? s : GRAVITY_WELL, out);
    buf_printf(out, "%-*s ", HOP_COLUMNS, h->name);
    add_clean(out, h->text);
    if (h->time_ns > 0) {
        buf_add_text(out, ", ");
        add_age(out, h->time_ns, page->now_ns);
    }
    buf_add_char(out, '\n');
}

static void write_line(struct str text, size_t indent, const char *mark, struct buf *out)
{
    if (text.len == 0)
        return;
    add_spaces(out, indent + 2);
    buf_add_text(out, mark);
    add_clean(out, text);
    buf_add_char(out, '\n');
}

static void write_head(const struct finding *f, const struct output *o, size_t indent, struct buf *out)
{
    struct str subject = f->subject.len > 0 ? f->subject : STR("execution");
    add_spaces(out, indent);
    add_mark(o, verdict_gravity(f->verdict), out);
    add_clean(out, subject);
    size_t width = display_width(subject) + indent;
    add_spaces(out, width < SUBJECT_COLUMNS ? SUBJECT_COLUMNS - width : 1);
    add_painted(o, out, PAINT_DIM, str_of(verdict_name(f->verdict)));
}

static void write_finding(const struct finding *f, const struct doctor_page *page, const struct output *o,
                          struct buf *out)
{
    size_t indent = (size_t)f->depth * 2 + (page->execution_id && f->execution_id ? 2 : 0);
    write_head(f, o, indent, out);
    if (f->since_ns > 0) {
        buf_add_text(out, ", for ");
        add_duration(out, (page->now_ns - f->since_ns) / 1000000);
    }
    buf_add_char(out, '\n');
    for (size_t i = 0; i < f->hop_count; i++)
        write_hop(&f->hops[i], page, o, indent, verdict_gravity(f->verdict), out);
    write_line(f->text, indent, "", out);
    write_line(f->advice, indent, "→ ", out);
}

static void write_notes(const struct doctor_page *page, const struct output *o, struct buf *out)
{
    buf_add_text(out, "\n--fix\n");
    for (size_t i = 0; i < page->note_count; i++) {
        const struct repair_note *n = &page->notes[i];
        buf_add_text(out, "  ");
        add_mark(o, n->done ? GRAVITY_WELL : GRAVITY_WAITS, out);
        add_clean(out, n->finding->subject.len > 0 ? n->finding->subject : STR("execution"));
        buf_printf(out, " (%s): ", verdict_name(n->finding->verdict));
        add_clean(out, n->text);
        buf_add_char(out, '\n');
    }
    if (page->note_count == 0)
        buf_add_text(out, "  There is nothing to repair.\n");
}

static void write_sum(const struct report *r, struct buf *out)
{
    size_t troubles = 0, waits = 0, fixable = 0;
    for (size_t i = 0; i < r->count; i++) {
        enum gravity s = verdict_gravity(r->items[i].verdict);
        troubles += s == GRAVITY_TROUBLE;
        waits += s == GRAVITY_WAITS;
        fixable += s == GRAVITY_TROUBLE && verdict_repair(r->items[i].verdict) != VERDICT_REPAIR_NONE;
    }
    if (troubles == 0)
        buf_printf(out, "\nNothing is wrong%s.\n", waits > 0 ? "; what waits is said above" : "");
    else
        buf_printf(out, "\n%zu thing%s wrong%s.\n", troubles, troubles == 1 ? " is" : "s are",
                   fixable > 0 ? "; --fix repairs what is safe to repair" : "");
}

void doctor_write(const struct report *r, const struct doctor_page *page, const struct output *o,
                  struct buf *out)
{
    int64_t at = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct finding *f = &r->items[i];
        if (page->execution_id && f->execution_id && f->execution_id != at) {
            add_spaces(out, (size_t)f->depth * 2);
            buf_printf(out, "execution %" PRId64 "\n", f->execution_id);
            at = f->execution_id;
        }
        write_finding(f, page, o, out);
    }
    if (page->tried)
        write_notes(page, o, out);
    else
        write_sum(r, out);
}

/* ---- for programs -----------------------------------------------------------------------------------------
 */

static void put_text(struct map_builder *m, struct str key, struct str text)
{
    if (text.len > 0)
        map_put(m, key, value_str(text));
}

static void put_moment(struct map_builder *m, struct str key, int64_t time_ns)
{
    char text[32];
    if (time_ns == 0)
        return;
    time_format(time_ns, text);
    const char *copy = arena_strdup(m->arena, str_of(text));
    if (copy)
        map_put(m, key, value_text(copy));
    else
        m->failed = true;
}

static void put_id(struct map_builder *m, struct str key, int64_t id)
{
    struct str text = arena_printf(m->arena, "%" PRId64, id);
    if (id == 0)
        return;
    if (text.ptr)
        map_put(m, key, value_str(text));
    else
        m->failed = true;
}

static enum status hops_value(const struct finding *f, struct arena *a, struct value *out, struct error *err)
{
    static const char *const STATES[] = {[HOP_PASSED] = "passed", [HOP_HERE] = "here", [HOP_AHEAD] = "ahead"};
    struct list_builder list;
    list_begin(&list, a);
    for (size_t i = 0; i < f->hop_count; i++) {
        struct map_builder m;
        struct value v;
        map_begin(&m, a);
        map_put(&m, STR("hop"), value_text(f->hops[i].name));
        map_put(&m, STR("state"), value_text(STATES[f->hops[i].state]));
        map_put(&m, STR("text"), value_str(f->hops[i].text));
        put_moment(&m, STR("at"), f->hops[i].time_ns);
        TRY(map_end(&m, &v, err));
        list_add(&list, v);
    }
    return list_end(&list, out, err);
}

static enum status finding_value(const struct finding *f, struct arena *a, struct value *out,
                                 struct error *err)
{
    struct map_builder m;
    struct value hops;
    map_begin(&m, a);
    map_put(&m, STR("verdict"), value_text(verdict_name(f->verdict)));
    map_put(&m, STR("severity"), value_text(gravity_name(verdict_gravity(f->verdict))));
    put_text(&m, STR("subject"), f->subject);
    put_id(&m, STR("execution_id"), f->execution_id);
    put_text(&m, STR("step"), f->step);
    put_text(&m, STR("task_id"), f->task_id);
    if (f->visit > 0)
        map_put(&m, STR("visit"), value_int(f->visit));
    if (f->attempt > 0)
        map_put(&m, STR("attempt"), value_int(f->attempt));
    put_moment(&m, STR("since"), f->since_ns);
    put_text(&m, STR("text"), f->text);
    put_text(&m, STR("advice"), f->advice);
    if (f->hop_count > 0) {
        TRY(hops_value(f, a, &hops, err));
        map_put(&m, STR("hops"), hops);
    }
    return map_end(&m, out, err);
}

static enum status notes_value(const struct doctor_page *page, struct arena *a, struct value *out,
                               struct error *err)
{
    struct list_builder list;
    list_begin(&list, a);
    for (size_t i = 0; i < page->note_count; i++) {
        const struct repair_note *n = &page->notes[i];
        struct map_builder m;
        struct value v;
        map_begin(&m, a);
        map_put(&m, STR("verdict"), value_text(verdict_name(n->finding->verdict)));
        put_text(&m, STR("subject"), n->finding->subject);
        map_put(&m, STR("done"), value_bool(n->done));
        map_put(&m, STR("text"), value_str(n->text));
        TRY(map_end(&m, &v, err));
        list_add(&list, v);
    }
    return list_end(&list, out, err);
}

enum status doctor_value(const struct report *r, const struct doctor_page *page, struct arena *a,
                         struct value *out, struct error *err)
{
    struct map_builder m;
    struct list_builder list;
    struct value v;
    list_begin(&list, a);
    for (size_t i = 0; i < r->count; i++) {
        TRY(finding_value(&r->items[i], a, &v, err));
        list_add(&list, v);
    }
    TRY(list_end(&list, &v, err));
    map_begin(&m, a);
    map_put(&m, STR("severity"), value_text(gravity_name(report_gravity(r))));
    put_id(&m, STR("execution_id"), page->execution_id);
    map_put(&m, STR("findings"), v);
    if (page->tried) {
        TRY(notes_value(page, a, &v, err));
        map_put(&m, STR("repairs"), v);
    }
    return map_end(&m, out, err);
}
