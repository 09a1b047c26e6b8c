/* The story on the screen. */
#include <stdio.h>

#include "core/json.h"

#include "timeline.h"

enum { TAIL_LINES = 12, NARROW = 100, PRINTED_COLUMNS = 200, NO_BOUND = 0 };

static size_t screen_width(const struct output *o)
{
    return o->width > 0 ? (size_t)o->width : 0;
}

static void add_icon(const struct output *o, struct buf *out, const char *status)
{
    add_painted(o, out, status_paint(status), str_of(status_icon(status)));
}

/* ---- header ------------------------------------------------------------------------------------------- */

/* Why it was cancelled or paused, if that was said: without a reason the error is the word "cancelled". */
static void write_reason(const struct timeline *t, struct buf *out)
{
    bool cancelled = strcmp(t->status, "cancelled") == 0 && !str_is(t->error_text, t->status);
    struct str reason = cancelled                          ? t->error_text
                        : strcmp(t->status, "paused") == 0 ? t->pause_reason
                                                           : STR("");
    if (reason.len == 0)
        return;
    buf_add_text(out, "  reason: ");
    add_clean(out, reason);
    buf_add_char(out, '\n');
}

static void write_header(const struct timeline *t, const struct output *o, struct buf *out)
{
    add_icon(o, out, t->status);
    buf_add_char(out, ' ');
    paint(o, out, PAINT_BOLD);
    add_clean(out, t->path);
    if (t->version > 0)
        buf_printf(out, "@%lld", (long long)t->version);
    unpaint(o, out, PAINT_BOLD);
    buf_printf(out, " %s", t->status);
    if (t->ended_ns > 0 && t->started_ns > 0) {
        buf_add_text(out, strcmp(t->status, "completed") == 0 ? " in " : " after ");
        add_duration(out, (t->ended_ns - t->started_ns) / 1000000);
    }
    buf_printf(out, "\n  execution %lld", (long long)t->execution_id);
    if (t->started_ns > 0) {
        buf_add_text(out, ", started ");
        add_time(out, t->started_ns);
    }
    if (t->retries > 0)
        buf_printf(out, ", retried %u %s", t->retries, t->retries == 1 ? "time" : "times");
    buf_add_char(out, '\n');
    write_reason(t, out);
}

/* ---- steps -------------------------------------------------------------------------------------------- */

/* "fetch", "fetch #2" for its second visit. */
static struct str step_label(const struct timeline_step *s, struct arena *a)
{
    return s->visit > 1 ? arena_printf(a, "%" PRISTR " #%u", ARGSTR(s->name), s->visit) : s->name;
}

static struct str duration_label(const struct timeline_step *s, struct arena *a)
{
    struct buf b;
    if (s->ended_ns == 0 || s->started_ns == 0)
        return STR("");
    buf_init(&b, 64);
    add_duration(&b, (s->ended_ns - s->started_ns) / 1000000);
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
        return arena_printf(a, "%u/%u items", p->items_done, p->items);
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

/* What there was besides attempts: "12 items", "execution 42". */
static struct str ended_remark(const struct timeline_step *s, struct arena *a)
{
    const struct step_progress *p = &s->progress;
    struct str child = value_as_str(VALUE_GET(p->started, "child"));
    struct str attempts = arena_printf(a, p->attempts == 1 ? "%u attempt" : "%u attempts", p->attempts);
    if (p->items > 0)
        return arena_printf(a, "%u items, %" PRISTR, p->items, ARGSTR(attempts));
    if (child.len > 0)
        return arena_printf(a, "execution %" PRISTR ", %" PRISTR, ARGSTR(child), ARGSTR(attempts));
    return attempts;
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

static void write_transition(const struct output *o, struct value entry, struct buf *out)
{
    bool taken = is_true(VALUE_GET(entry, "fired"));
    struct buf line;
    buf_init(&line, 0);
    buf_add_text(&line, taken ? "      → " : "      · ");
    add_clean(&line, value_as_str(VALUE_GET(entry, "step")));
    add_reason(entry, taken, &line);
    paint(o, out, taken ? PAINT_NONE : PAINT_DIM);
    add_cut(out, buf_str(&line), screen_width(o));
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
static enum status step_lines(const struct timeline *t, const struct output *o, struct arena *a,
                              struct buf *lines, struct error *err)
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
            {duration_label(s, a), PAINT_NONE},
            {remark(s, a), PAINT_DIM},
        };
        table_add(&table, cells);
    }
    if (table.failed)
        return arena_error(a, err, "the steps");
    table_write(&table, o, 2, lines);
    return buf_status(lines, err);
}

static enum status write_steps(const struct timeline *t, const struct output *o, struct arena *a,
                               struct buf *out, struct error *err)
{
    struct buf lines;
    buf_init(&lines, 0);
    enum status status = step_lines(t, o, a, &lines, err);
    struct str rest = buf_str(&lines);
    for (size_t i = 0; status == STATUS_OK && i < t->count; i++) {
        buf_add_str(out, str_split(&rest, '\n'));
        buf_add_char(out, '\n');
        struct value next = t->steps[i].next;
        for (uint32_t n = 0; is_worth_telling(next) && n < next.len; n++)
            write_transition(o, next.u.list[n], out);
    }
    buf_free(&lines);
    return status;
}

/* ---- blocks of text ----------------------------------------------------------------------------------- */

/* Line by line, each at most `columns` wide. */
static void write_block(struct buf *out, struct str text, const char *indent, size_t columns)
{
    while (text.len > 0) {
        buf_add_text(out, indent);
        add_cut(out, str_split(&text, '\n'), columns);
        buf_add_char(out, '\n');
    }
}

/* The last lines of a text; what was left out is said. */
static void write_tail(struct buf *out, struct str text, const char *indent, size_t columns)
{
    text = str_trim(text);
    size_t lines = 0, from = text.len;
    while (from > 0 && lines < TAIL_LINES) {
        from--;
        while (from > 0 && text.ptr[from - 1] != '\n')
            from--;
        lines++;
    }
    if (from > 0)
        buf_printf(out, "%s… (%zu bytes before)\n", indent, from);
    write_block(out, (struct str){text.ptr + from, text.len - from}, indent, columns);
}

/* On one line if it is short, else indented JSON. */
static enum status write_json(struct buf *out, struct value v, struct arena *a, const char *indent,
                              struct error *err)
{
    struct str text;
    TRY(json_text(a, v, &text, err));
    if (text.len <= NARROW) {
        write_block(out, text, indent, NO_BOUND);
        return STATUS_OK;
    }
    struct buf pretty;
    buf_init(&pretty, 0);
    enum status status = json_write(&pretty, v, JSON_PRETTY, err);
    if (status == STATUS_OK)
        write_block(out, buf_str(&pretty), indent, NO_BOUND);
    buf_free(&pretty);
    return status;
}

static void write_title(const struct output *o, struct buf *out, const char *title)
{
    buf_add_char(out, '\n');
    add_painted(o, out, PAINT_BOLD, str_of(title));
    buf_add_char(out, '\n');
}

/* ---- failure ------------------------------------------------------------------------------------------ */

/* The step that the execution's error names, its last visit that failed; NULL if no step is to blame. */
static const struct timeline_step *failed_step(const struct timeline *t)
{
    struct str name = value_as_str(VALUE_GET(t->error, "step"));
    for (size_t i = t->count; i > 0; i--) {
        const struct timeline_step *s = &t->steps[i - 1];
        if (strcmp(s->status, "failed") == 0 && (name.len == 0 || str_equal(name, s->name)))
            return s;
    }
    return NULL;
}

/* Of the step if it has one, else of the execution. */
static struct value error_of(const struct timeline *t, const struct timeline_step *s)
{
    return s && s->error.type == VALUE_MAP ? s->error : t->error;
}

static void write_hint(struct value error, struct buf *out)
{
    struct str hint = value_as_str(VALUE_GET(error, "hint"));
    if (hint.len == 0)
        return;
    buf_add_text(out, "  hint: ");
    add_clean(out, hint);
    buf_add_char(out, '\n');
}

static void write_error(const struct timeline *t, const struct timeline_step *s, const struct output *o,
                        struct buf *out)
{
    struct value error = error_of(t, s);
    struct str kind = value_as_str(VALUE_GET(error, "kind")),
               message = value_as_str(VALUE_GET(error, "message"));
    struct str traceback = value_as_str(VALUE_GET(error, "traceback"));
    if (message.len == 0)
        message = s && s->error_text.len > 0 ? s->error_text : t->error_text;
    buf_add_char(out, '\n');
    paint(o, out, PAINT_RED);
    if (s) {
        buf_add_text(out, "Step \"");
        add_clean(out, s->name);
        buf_add_text(out, "\" failed");
        if (s->progress.attempts > 0)
            buf_printf(out, " on attempt %u", s->progress.attempts);
    } else {
        buf_add_text(out, "The execution failed");
    }
    if (kind.len > 0)
        buf_printf(out, " (%" PRISTR ")", ARGSTR(kind));
    unpaint(o, out, PAINT_RED);
    buf_add_char(out, '\n');
    /* A traceback ends with the message. */
    if (traceback.len == 0 || str_find(traceback, message) < 0)
        write_tail(out, message, "  ", NO_BOUND);
    write_tail(out, traceback, "  ", NO_BOUND);
    write_hint(error, out);
}

static enum status write_input(const struct timeline_step *s, const struct output *o, struct arena *a,
                               struct buf *out, struct error *err)
{
    static const char *const parts[] = {"args", "config"};
    struct value masked;
    TRY(mask_secrets(a, s->input, &masked, err));
    bool any = false;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct value part = value_get(masked, str_of(parts[i]));
        if (part.type != VALUE_MAP || part.len == 0)
            continue;
        if (!any)
            write_title(o, out, "Input");
        any = true;
        buf_printf(out, "  %s\n", parts[i]);
        TRY(write_json(out, part, a, "    ", err));
    }
    return STATUS_OK;
}

static void write_advice(const struct timeline *t, const struct timeline_step *s, const struct output *o,
                         struct buf *out)
{
    long long id = (long long)t->execution_id;
    write_title(o, out, "Next");
    buf_printf(out, "  noetl show %lld -o json\n      every event, with all inputs and results\n", id);
    if (s)
        buf_printf(out,
                   "  noetl render --execution %lld -t '{{ workload }}'\n      tries a template on what the "
                   "steps saw\n  noetl retry %lld\n      goes on from here, once the cause is gone\n",
                   id, id);
    buf_printf(out,
               "  noetl run %" PRISTR
               " --set workload.NAME=VALUE --follow\n      runs it again, with other input\n",
               ARGSTR(t->path));
}

static enum status write_failure(const struct timeline *t, const struct output *o, struct arena *a,
                                 struct buf *out, struct error *err)
{
    const struct timeline_step *s = failed_step(t);
    write_error(t, s, o, out);
    if (s) {
        TRY(write_input(s, o, a, out, err));
        if (s->log.len > 0) {
            write_title(o, out, "What it printed");
            write_tail(out, s->log, "  ", PRINTED_COLUMNS);
        }
    }
    write_advice(t, s, o, out);
    return STATUS_OK;
}

enum status timeline_write(const struct timeline *t, const struct output *o, struct arena *a, struct buf *out,
                           struct error *err)
{
    write_header(t, o, out);
    if (t->count > 0)
        buf_add_char(out, '\n');
    TRY(write_steps(t, o, a, out, err));
    if (strcmp(t->status, "failed") == 0)
        TRY(write_failure(t, o, a, out, err));
    bool has_result = t->result.type != VALUE_UNDEFINED && t->result.type != VALUE_NULL;
    if (has_result && strcmp(t->status, "completed") == 0) {
        write_title(o, out, "Result");
        TRY(write_json(out, t->result, a, "  ", err));
    }
    return buf_status(out, err);
}
