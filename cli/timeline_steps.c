/* The steps of the story: what each did, what it called, and which way it went. */
#include <stdio.h>

#include "timeline_inner.h"

void timeline_write_verdict(const struct timeline *t, const struct output *o, struct buf *out)
{
    add_painted(o, out, status_paint(t->status), str_of(status_icon(t->status)));
    buf_add_char(out, ' ');
    paint(o, out, PAINT_BOLD);
    add_clean(out, t->path);
    if (t->version > 0)
        buf_printf(out, "@%lld", (long long)t->version);
    unpaint(o, out, PAINT_BOLD);
    buf_printf(out, " %s", t->status);
    if (t->ended_ns == 0 || t->started_ns == 0)
        return;
    buf_add_text(out, strcmp(t->status, "completed") == 0 ? " in " : " after ");
    add_duration(out, (t->ended_ns - t->started_ns) / 1000000);
}

/* ---- a step ------------------------------------------------------------------------------------------- */

/* "fetch", "fetch #2" for its second visit. */
static struct str step_label(const struct timeline_step *s, struct arena *a)
{
    return s->visit > 1 ? arena_printf(a, "%" PRISTR " #%u", ARGSTR(s->name), s->visit) : s->name;
}

/* Of one that runs, so far. */
static struct str duration_label(const struct timeline_step *s, int64_t now_ns, struct arena *a)
{
    struct buf b;
    int64_t end_ns = s->ended_ns ? s->ended_ns : strcmp(s->status, "running") == 0 ? now_ns : 0;
    if (end_ns == 0 || s->started_ns == 0)
        return STR("");
    buf_init(&b, 64);
    add_duration(&b, (end_ns - s->started_ns) / 1000000);
    struct str text = arena_printf(a, "%" PRISTR, ARGSTR(buf_str(&b)));
    buf_free(&b);
    return text;
}

/* A step that waits for workers that there are not looks like one that runs: the pool tells them apart. */
static struct str running_where(const struct timeline_step *s, struct arena *a)
{
    struct str pool = value_as_str(VALUE_GET(s->input, "pool"));
    if (pool.len == 0 || str_is(pool, "default"))
        return str_of(s->status);
    return arena_printf(a, "%s, in the pool %" PRISTR, s->status, ARGSTR(pool));
}

/* "2026-01-02 03:04:05" of an event's text of a time, in local time; "" if it is none. */
static struct str time_label(struct value time, struct arena *a)
{
    int64_t time_ns;
    struct buf b;
    if (time_parse(value_as_str(time), &time_ns, NULL) != STATUS_OK)
        return STR("");
    buf_init(&b, 64);
    add_time(&b, time_ns);
    struct str copy = arena_printf(a, "%" PRISTR, ARGSTR(buf_str(&b)));
    buf_free(&b);
    return copy;
}

static long long int_of(struct value v)
{
    return v.type == VALUE_INT ? (long long)v.u.i : 0;
}

/* The next attempt, when it comes, and what was wrong with the one before. */
static struct str retry_label(struct value retried, struct arena *a)
{
    struct str at = time_label(VALUE_GET(retried, "due_at"), a);
    struct str why = value_as_str(value_get_path(retried, STR("error.message"))),
               line = str_split(&why, '\n');
    return arena_printf(a, "attempt %lld of %lld%s%" PRISTR "%s%" PRISTR,
                        int_of(VALUE_GET(retried, "attempt")), int_of(VALUE_GET(retried, "max_attempts")),
                        at.len ? " at " : "", ARGSTR(at), line.len ? ", after: " : "", ARGSTR(line));
}

static struct str signal_label(struct value started, struct arena *a)
{
    struct str until = time_label(VALUE_GET(started, "due_at"), a);
    return arena_printf(a, "waits for the signal %" PRISTR "%s%" PRISTR,
                        ARGSTR(value_as_str(VALUE_GET(started, "name"))), until.len ? ", until " : "",
                        ARGSTR(until));
}

struct str timeline_step_waits(const struct timeline_step *s, struct arena *a)
{
    const struct step_progress *p = &s->progress;
    struct str kind = step_progress_kind(p);
    if (!value_is_absent(p->retried))
        return retry_label(p->retried, a);
    if (p->items > 0)
        return p->items_failed > 0
                   ? arena_printf(a, "%u/%u items, %u failed", p->items_done, p->items, p->items_failed)
                   : arena_printf(a, "%u/%u items", p->items_done, p->items);
    if (str_is(kind, "signal"))
        return signal_label(p->started, a);
    if (str_is(kind, "playbook"))
        return arena_printf(a, "waits for execution %" PRISTR,
                            ARGSTR(value_as_str(VALUE_GET(p->started, "child"))));
    return STR("");
}

static struct str running_remark(const struct timeline_step *s, struct arena *a)
{
    struct str waits = timeline_step_waits(s, a);
    return waits.len > 0 ? arena_printf(a, "%s, %" PRISTR, s->status, ARGSTR(waits)) : running_where(s, a);
}

/* "100 items, 3 failed" */
static struct str items_label(const struct step_progress *p, struct arena *a)
{
    const char *noun = p->items == 1 ? "item" : "items";
    return p->items_failed > 0 ? arena_printf(a, "%u %s, %u failed", p->items, noun, p->items_failed)
                               : arena_printf(a, "%u %s", p->items, noun);
}

/* Whether its executions are told of below it, where their ids are. */
static bool tells_children(const struct timeline_step *s)
{
    return s->child_count > 0 && s->children[s->child_count - 1].story;
}

/* What a step did: its items, the execution that it called, its attempts; of the first two one attempt is
 * nothing to speak of. */
static struct str ended_remark(const struct timeline_step *s, struct arena *a)
{
    const struct step_progress *p = &s->progress;
    struct str child = value_as_str(VALUE_GET(p->started, "child"));
    struct str attempts = arena_printf(a, p->attempts == 1 ? "%u attempt" : "%u attempts", p->attempts), what;
    if (p->items > 0)
        what = items_label(p, a);
    else if (child.len > 0 && !tells_children(s))
        what = arena_printf(a, "execution %" PRISTR, ARGSTR(child));
    else
        return child.len > 0 && p->attempts == 1 ? STR("") : attempts;
    return p->attempts > 1 ? arena_printf(a, "%" PRISTR ", %" PRISTR, ARGSTR(what), ARGSTR(attempts)) : what;
}

static struct str remark(const struct timeline_step *s, struct arena *a)
{
    if (strcmp(s->status, "running") == 0)
        return running_remark(s, a);
    if (strcmp(s->status, "cancelled") == 0)
        return str_of(s->status);
    if (s->progress.attempts == 0)
        return STR(""); /* it only routes, or its task has no outcome yet */
    return ended_remark(s, a);
}

static bool is_true(struct value v)
{
    return v.type == VALUE_BOOL && v.u.b;
}

/* Why a transition fired, or did not: by a condition, by its not being true, or as the `else` of them all. */
static void add_reason(struct value entry, bool taken, struct buf *line)
{
    struct str when = value_as_str(VALUE_GET(entry, "when"));
    bool otherwise = is_true(VALUE_GET(entry, "else"));
    bool was_true = taken != otherwise;
    if (when.len == 0 && !otherwise && taken)
        return;
    buf_add_text(line, taken ? "   because " : "   not taken: ");
    if (when.len > 0) {
        add_clean(line, when);
        buf_add_text(line, was_true ? " is true" : " is not true");
    } else if (otherwise) {
        buf_add_text(line, was_true ? "a condition was true" : "no condition was true");
    } else {
        buf_add_text(line, "its branch was not");
    }
}

static void write_transition(const struct output *o, struct value entry, size_t indent, struct buf *out)
{
    bool taken = is_true(VALUE_GET(entry, "fired"));
    struct buf line;
    buf_init(&line, 0);
    buf_printf(&line, "%*s%s", (int)indent, "", taken ? "      → " : "      · ");
    add_clean(&line, value_as_str(VALUE_GET(entry, "step")));
    add_reason(entry, taken, &line);
    paint(o, out, taken ? PAINT_NONE : PAINT_DIM);
    add_cut(out, buf_str(&line), o->width > 0 ? (size_t)o->width : 0);
    unpaint(o, out, taken ? PAINT_NONE : PAINT_DIM);
    buf_add_char(out, '\n');
    buf_free(&line);
}

static bool has_conditions(struct value next)
{
    for (uint32_t i = 0; next.type == VALUE_LIST && i < next.len; i++) {
        if (!value_is_absent(VALUE_GET(next.u.list[i], "when")))
            return true;
    }
    return false;
}

static bool is_worth_telling(struct value next)
{
    return next.type == VALUE_LIST && (next.len > 1 || has_conditions(next));
}

/* The rows of all steps in one table, so that their columns align, then cut into lines to put transitions
 * between. */
static enum status step_lines(const struct timeline *t, const struct output *o, size_t indent,
                              struct arena *a, struct buf *lines, struct error *err)
{
    struct table table;
    table_init(&table, a, (const char *const[]){"", "", "", "", "", NULL});
    table.right[3] = true;
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_step *s = &t->steps[i];
        const struct cell cells[] = {
            {str_of(status_icon(s->status)), status_paint(s->status)},
            {step_label(s, a), PAINT_NONE},
            {s->type, PAINT_DIM},
            {duration_label(s, t->now_ns, a), PAINT_NONE},
            {remark(s, a), PAINT_DIM},
        };
        table_add(&table, cells);
    }
    if (table.failed)
        return arena_error(a, err, "the steps");
    table_write(&table, o, indent + 2, lines);
    return buf_status(lines, err);
}

/* ---- executions that a step called -------------------------------------------------------------------- */

static enum status write_child(const struct timeline_child *child, const struct output *o, size_t indent,
                               struct arena *a, struct buf *out, struct error *err)
{
    const struct timeline *t = child->story;
    struct str why = t->error_text;
    buf_printf(out, "%*s", (int)indent, "");
    timeline_write_verdict(t, o, out);
    paint(o, out, PAINT_DIM);
    if (child->item >= 0)
        buf_printf(out, "  item %lld", (long long)child->item);
    buf_printf(out, "  execution %lld", (long long)child->execution_id);
    unpaint(o, out, PAINT_DIM);
    buf_add_char(out, '\n');
    TRY(timeline_write_steps(t, o, indent, a, out, err));
    if (why.len == 0 || strcmp(t->status, "failed") != 0)
        return buf_status(out, err);
    buf_printf(out, "%*s  ", (int)indent, "");
    add_painted(o, out, PAINT_RED, str_split(&why, '\n'));
    buf_add_char(out, '\n');
    return buf_status(out, err);
}

static enum status write_children(const struct timeline_step *s, const struct output *o, size_t indent,
                                  struct arena *a, struct buf *out, struct error *err)
{
    size_t untold = 0;
    for (size_t i = 0; i < s->child_count; i++) {
        if (s->children[i].story)
            TRY(write_child(&s->children[i], o, indent + 6, a, out, err));
        else
            untold++;
    }
    if (untold == 0 || untold == s->child_count)
        return STATUS_OK;
    buf_printf(out, "%*s      … and %zu more execution%s\n", (int)indent, "", untold, untold == 1 ? "" : "s");
    return STATUS_OK;
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

static enum status write_below(const struct timeline_step *s, const struct output *o, size_t indent,
                               struct arena *a, struct buf *out, struct error *err)
{
    TRY(write_children(s, o, indent, a, out, err));
    for (uint32_t n = 0; is_worth_telling(s->next) && n < s->next.len; n++)
        write_transition(o, s->next.u.list[n], indent, out);
    return STATUS_OK;
}

enum status timeline_write_steps(const struct timeline *t, const struct output *o, size_t indent,
                                 struct arena *a, struct buf *out, struct error *err)
{
    struct buf lines;
    buf_init(&lines, 0);
    enum status status = step_lines(t, o, indent, a, &lines, err);
    struct str rest = buf_str(&lines);
    for (size_t i = 0; status == STATUS_OK && i < t->count; i++) {
        buf_add_str(out, str_split(&rest, '\n'));
        buf_add_char(out, '\n');
        status = write_below(&t->steps[i], o, indent, a, out, err);
    }
    buf_free(&lines);
    return status;
}
