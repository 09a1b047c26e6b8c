/* The story on the screen. */
#include <stdio.h>

#include "core/json.h"

#include "timeline_inner.h"

enum { TAIL_LINES = 12, NARROW = 100, PRINTED_COLUMNS = 200, NO_BOUND = 0 };

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

/* What is taken over has no line of its own below. */
static void write_fork(const struct timeline *t, struct buf *out)
{
    struct value ended = VALUE_GET(t->fork, "ended");
    if (t->fork.type != VALUE_MAP)
        return;
    buf_printf(out, "  forked from %" PRISTR " at ",
               ARGSTR(value_as_str(VALUE_GET(t->fork, "execution_id"))));
    add_clean(out, value_as_str(VALUE_GET(t->fork, "at")));
    for (uint32_t i = 0; ended.type == VALUE_LIST && i < ended.len; i++) {
        buf_add_text(out, i ? ", " : ", with what came of ");
        add_clean(out, value_as_str(VALUE_GET(ended.u.list[i], "step")));
    }
    buf_add_char(out, '\n');
}

static void write_header(const struct timeline *t, const struct output *o, struct buf *out)
{
    timeline_write_verdict(t, o, out);
    buf_printf(out, "\n  execution %lld", (long long)t->execution_id);
    if (t->started_ns > 0) {
        buf_add_text(out, ", started ");
        add_time(out, t->started_ns);
    }
    if (t->retries > 0)
        buf_printf(out, ", retried %u %s", t->retries, t->retries == 1 ? "time" : "times");
    buf_add_char(out, '\n');
    write_fork(t, out);
    write_reason(t, out);
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

/* The step whose transition led to `s`, if it did something that can be done anew; else NULL. */
static const struct timeline_step *step_before(const struct timeline *t, const struct timeline_step *s)
{
    for (size_t i = t->count; i > 0; i--) {
        const struct timeline_step *b = &t->steps[i - 1];
        for (uint32_t n = 0; b->next.type == VALUE_LIST && n < b->next.len; n++) {
            struct value fired = VALUE_GET(b->next.u.list[n], "fired");
            if (fired.type == VALUE_BOOL && fired.u.b && b->progress.attempts > 0 &&
                str_equal(value_as_str(VALUE_GET(b->next.u.list[n], "step")), s->name))
                return b;
        }
    }
    return NULL;
}

/* Kinds of errors that come again however often it is tried: the playbook has to be mended. */
static bool is_of_playbook(struct value error)
{
    static const char *const kinds[] = {"invalid", "syntax", "undefined", "exception", "sql", "assert"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (str_is(value_as_str(VALUE_GET(error, "kind")), kinds[i]))
            return true;
    }
    return false;
}

static void advise_retries(const struct timeline *t, const struct timeline_step *s, struct buf *out)
{
    long long id = (long long)t->execution_id;
    const struct timeline_step *before = s ? step_before(t, s) : NULL;
    buf_printf(out, "  noetl retry %lld\n      goes on from here, once the cause is gone\n", id);
    if (before)
        buf_printf(out,
                   "  noetl retry %lld --from %" PRISTR
                   "\n      goes back to the step before it, and on from there\n",
                   id, ARGSTR(before->name));
}

static void advise_fork(const struct timeline *t, const struct timeline_step *s, struct buf *out)
{
    buf_printf(out,
               "  noetl fork %lld --at %" PRISTR
               " --playbook FILE --follow\n      goes on from here with the "
               "playbook mended, as a new execution\n",
               (long long)t->execution_id, ARGSTR(s->name));
}

/* What is most likely to mend it comes first. */
static void write_advice(const struct timeline *t, const struct timeline_step *s, const struct output *o,
                         struct buf *out)
{
    long long id = (long long)t->execution_id;
    bool of_playbook = s && is_of_playbook(error_of(t, s));
    write_title(o, out, "Next");
    if (of_playbook)
        advise_fork(t, s, out);
    advise_retries(t, s, out);
    if (s && !of_playbook)
        advise_fork(t, s, out);
    buf_printf(out,
               "  noetl rerun %lld --set workload.NAME=VALUE --follow\n      begins anew, with other input\n",
               id);
    if (s)
        buf_printf(out,
                   "  noetl render --execution %lld -t '{{ workload }}'\n      tries a template on what the "
                   "steps saw\n",
                   id);
    buf_printf(out, "  noetl events %lld -o json\n      every event, with all inputs and results\n", id);
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
    TRY(timeline_write_steps(t, o, 0, a, out, err));
    if (strcmp(t->status, "failed") == 0)
        TRY(write_failure(t, o, a, out, err));
    bool has_result = t->result.type != VALUE_UNDEFINED && t->result.type != VALUE_NULL;
    if (has_result && strcmp(t->status, "completed") == 0) {
        write_title(o, out, "Result");
        TRY(write_json(out, t->result, a, "  ", err));
    }
    return buf_status(out, err);
}
