#include "follow.h"

#include "runtime/clock.h"

#include "history.h"
#include "progress.h"
#include "story.h"
#include "watch.h"

enum { LOST_NOTE_MS = 10000, NOTHING_NOTE_MS = 5000 };

struct follower {
    struct invocation *in;
    struct client *client;
    int64_t execution_id;
    const struct follow_options *options;
    struct watch *watch;
    struct progress progress;
    struct mono_time since;      /* when the waiting began */
    struct mono_time lost_since; /* of the connection, or of the last note about it; 0: it is there */
    bool noted_nothing;
    bool over;
    struct event last; /* the one that ended it */
};

static bool is_json_lines(const struct follower *f)
{
    return f->options->tell && f->in->out.format == OUTPUT_JSONL;
}

static enum progress_style style_of(const struct follower *f)
{
    if (!f->options->tell || f->in->out.format == OUTPUT_JSON)
        return PROGRESS_NONE;
    if (f->in->out.format == OUTPUT_JSONL)
        return PROGRESS_JSON;
    return f->in->out.terminal && f->in->out.color ? PROGRESS_PICTURE : PROGRESS_LINES;
}

/* ---- while it runs ------------------------------------------------------------------------------------ */

static void note_connection(struct follower *f, bool lost)
{
    f->lost_since = lost ? mono_now() : (struct mono_time){0};
    if (lost)
        say_note("The connection to NATS at %s is lost; waiting for it. The execution goes on without it.",
                 f->client->url);
    else
        say_note("The connection to NATS is back.");
}

/* What somebody who sees nothing happen should know. */
static void note_silence(struct follower *f)
{
    size_t count;
    (void)watch_events(f->watch, &count);
    if (f->lost_since.ns != 0 && mono_ms_since(f->lost_since) >= LOST_NOTE_MS) {
        say_note("Still no NATS at %s after %lld s of waiting for the execution.", f->client->url,
                 (long long)(mono_ms_since(f->since) / 1000));
        f->lost_since = mono_now();
    }
    if (f->lost_since.ns != 0 || f->noted_nothing || count > 0 || mono_ms_since(f->since) < NOTHING_NOTE_MS)
        return;
    f->noted_nothing = true;
    if (watch_trouble(f->watch)[0])
        say_note("Nothing has been heard of the execution yet, and the log cannot be asked: %s",
                 watch_trouble(f->watch));
    else
        say_note("No broker has taken the execution up yet: `noetl serve broker` starts one.");
}

static enum status take_event(struct follower *f, const struct event *e, struct error *err)
{
    TRY(progress_event(&f->progress, e, err));
    f->over = watch_is_over(f->watch);
    f->last = *e;
    return STATUS_OK;
}

static enum status take_news(struct follower *f, enum watch_news news, const struct event *e,
                             struct error *err)
{
    size_t count;
    const struct event *events = watch_events(f->watch, &count);
    switch (news) {
    case WATCH_EVENT: return take_event(f, e, err);
    case WATCH_TICK:
        TRY(progress_tick(&f->progress, events, count, err));
        note_silence(f);
        return STATUS_OK;
    case WATCH_LOST:
    case WATCH_BACK:
        TRY(progress_hide(&f->progress, err));
        note_connection(f, news == WATCH_LOST);
        return STATUS_OK;
    case WATCH_INTERRUPTED: return STATUS_OK;
    }
    return STATUS_OK;
}

static enum status time_is_over(const struct follower *f, struct error *err)
{
    (void)error_set(err, STATUS_TIMEOUT, "execution %lld did not end within %lld ms",
                    (long long)f->execution_id, (long long)f->options->timeout_ms);
    return error_hint(err, "It goes on: `noetl show %lld` looks at it, `noetl cancel %lld` stops it.",
                      (long long)f->execution_id, (long long)f->execution_id);
}

static void interrupted(struct follower *f)
{
    f->in->exit_code = EXIT_INTERRUPTED;
    say_note("Execution %lld goes on: `noetl show %lld` looks at it, `noetl cancel %lld` stops it.",
             (long long)f->execution_id, (long long)f->execution_id, (long long)f->execution_id);
}

/* How long the next wait may be: until the picture is due, or the time is over. */
static int64_t next_wait(const struct follower *f)
{
    size_t count;
    (void)watch_events(f->watch, &count);
    int64_t wait = progress_interval(&f->progress, count);
    int64_t left = f->options->timeout_ms - mono_ms_since(f->since);
    return f->options->timeout_ms > 0 && left < wait ? (left > 0 ? left : 0) : wait;
}

/* Until it is over; *stopped when Ctrl-C came first. */
static enum status wait_for_end(struct follower *f, bool *stopped, struct error *err)
{
    while (!f->over) {
        enum watch_news news;
        struct event e;
        TRY(watch_next(f->watch, next_wait(f), &news, &e, err));
        TRY(take_news(f, news, &e, err));
        *stopped = news == WATCH_INTERRUPTED;
        if (*stopped)
            return STATUS_OK;
        if (!f->over && f->options->timeout_ms > 0 && mono_ms_since(f->since) >= f->options->timeout_ms) {
            TRY(progress_hide(&f->progress, err));
            return time_is_over(f, err);
        }
    }
    return STATUS_OK;
}

/* ---- at the end --------------------------------------------------------------------------------------- */

int follow_exit_code(struct str status)
{
    if (str_is(status, "completed"))
        return status_exit_code(STATUS_OK);
    return status_exit_code(str_is(status, "cancelled") ? STATUS_CANCELLED : STATUS_FAILED);
}

static enum status print_document(struct follower *f, struct error *err)
{
    struct value document;
    TRY(history_document(f->client, f->execution_id, f->last.event_id, &f->in->arena, &document, err));
    return output_value(&f->in->out, document, err);
}

static enum status print_story(struct follower *f, const struct event *events, size_t count,
                               struct timeline *t, struct error *err)
{
    const struct story_options options = {STORY_DEPTH, f->progress.style == PROGRESS_LINES};
    return story_print(f->in, f->client, events, count, &options, t, err);
}

static enum status print_end(struct follower *f, struct error *err)
{
    size_t count;
    struct timeline t;
    const struct event *events = watch_events(f->watch, &count);
    if (f->in->out.format == OUTPUT_TABLE)
        TRY(print_story(f, events, count, &t, err));
    else
        TRY(timeline_build(&f->in->arena, events, count, &t, err));
    f->in->exit_code = follow_exit_code(str_of(t.status));
    return f->in->out.format == OUTPUT_TABLE || is_json_lines(f) ? STATUS_OK : print_document(f, err);
}

/* Until the end, which `ended` tells of, or until Ctrl-C, which leaves f->over false. */
static enum status follow(struct follower *f, enum status (*ended)(struct follower *f, struct error *err),
                          struct error *err)
{
    bool stopped = false;
    f->since = mono_now();
    TRY(watch_open(f->client, f->execution_id, f->options->interrupt, &f->watch, err));
    progress_begin(&f->progress, &f->in->out, style_of(f));
    enum status status = wait_for_end(f, &stopped, err);
    if (status == STATUS_OK)
        status = progress_hide(&f->progress, err);
    if (status == STATUS_OK && stopped)
        interrupted(f);
    else if (status == STATUS_OK)
        status = ended(f, err);
    progress_end(&f->progress);
    watch_close(&f->watch);
    return status;
}

enum status follow_execution(struct invocation *in, struct client *c, int64_t execution_id,
                             const struct follow_options *options, struct error *err)
{
    struct follower f = {.in = in, .client = c, .execution_id = execution_id, .options = options};
    return follow(&f, print_end, err);
}

static enum status say_nothing(struct follower *f, struct error *err)
{
    (void)f, (void)err;
    return STATUS_OK;
}

enum status follow_until_over(struct invocation *in, struct client *c, int64_t execution_id,
                              const struct follow_options *options, struct follow_end *end, struct error *err)
{
    struct follower f = {.in = in, .client = c, .execution_id = execution_id, .options = options};
    TRY(follow(&f, say_nothing, err));
    *end = (struct follow_end){f.over, f.last.event_id};
    return STATUS_OK;
}
