#include "commands.h"

#include <unistd.h>

#include "event_line.h"
#include "follow.h"
#include "history.h"
#include "interrupt.h"
#include "live.h"
#include "overview.h"
#include "timeline.h"

static const struct flag FLAGS[] = {
    {"path", 'p', false, "PATH", NO_SETTING, "without an ID: only executions of this playbook"},
    {"timeout", 't', false, "DURATION", NO_SETTING, "with an ID: longest wait"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl watch", "what runs, and how far it is"},
    {"noetl watch @last", "the steps of the newest execution, until it is over"},
    {"noetl watch --path etl/daily | tee watch.log", "in a pipe: a line for whatever begins or ends"},
    {0},
};
const struct command_details details_watch = {
    .text = "Without an ID it shows the executions that are open and those that ended lately, newest first,\n"
            "until Ctrl-C; in a pipe, and with -o jsonl, each start, end, pause and retry of an execution\n"
            "from now on. With an ID it does what `noetl run --follow` does, with its exit codes.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

struct watching {
    struct invocation *in;
    struct client client;
    struct follow_options follow;
    const char *path;
};

/* ---- all of them -------------------------------------------------------------------------------------- */

/* In memory of its own: there is no end to them. */
static enum status print_document(struct watching *w, const struct event *e, struct error *err)
{
    struct arena scratch;
    struct value v;
    arena_init(&scratch, 0);
    enum status status = event_to_value(&scratch, e, &v, err);
    if (status == STATUS_OK)
        status = mask_event(&scratch, v, &v, err);
    if (status == STATUS_OK)
        status = output_value(&w->in->out, v, err);
    arena_free(&scratch);
    return status;
}

static enum status take(void *context, const struct event *e, struct error *err)
{
    struct watching *w = context;
    struct buf b;
    if (event_type_kind(e->type) != EVENT_KIND_LIFECYCLE || (w->path && !str_is(e->node_name, w->path)))
        return STATUS_OK;
    if (w->in->out.format != OUTPUT_TABLE)
        return print_document(w, e, err);
    buf_init(&b, 0);
    buf_printf(&b, "%-19lld  ", (long long)e->execution_id);
    event_line_write(&w->in->out, e, &b);
    enum status status = output_buf(&w->in->out, &b, err);
    buf_free(&b);
    return status;
}

static enum status watch_all(struct watching *w, struct error *err)
{
    struct output *o = &w->in->out;
    if (o->format == OUTPUT_TABLE && o->terminal && o->color)
        return overview_show(w->in, &w->client, w->path, w->follow.interrupt, err);
    return live_listen(w->in, &w->client, w->follow.interrupt, take, w, err);
}

/* ---- one of them -------------------------------------------------------------------------------------- */

static enum status watch_one(struct watching *w, int64_t id, struct error *err)
{
    struct value document;
    /* Following would wait for an execution that there is not. */
    TRY(history_document(&w->client, id, 0, &w->in->arena, &document, err));
    return follow_execution(w->in, &w->client, id, &w->follow, err);
}

/* ---- the command -------------------------------------------------------------------------------------- */

static enum status check(const struct invocation *in, struct error *err)
{
    bool one = in->args.count > 0;
    if (one && args_has(&in->args, "path"))
        return error_set(err, STATUS_INVALID, "--path chooses among all, and \"%s\" is one",
                         in->args.positional[0]);
    if (!one && args_has(&in->args, "timeout"))
        return error_set(err, STATUS_INVALID,
                         "--timeout is for one execution; what is open is watched until Ctrl-C");
    if (one || in->out.format != OUTPUT_JSON)
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "one document cannot be printed while more is still to come");
    return error_hint(err, "-o jsonl has one event a line.");
}

enum status command_watch(struct invocation *in, struct error *err)
{
    struct watching w = {
        .in = in, .follow = {.tell = true, .interrupt = -1}, .path = args_text(&in->args, "path")};
    int64_t id;
    bool one = in->args.count > 0;
    TRY(check(in, err));
    TRY(args_duration(&in->args, "timeout", 0, &w.follow.timeout_ms, err));
    TRY(interrupt_open(&w.follow.interrupt, err));
    enum status status = one ? client_open_for(in, in->args.positional[0], &w.client, &id, err)
                             : client_open(in, &w.client, err);
    if (status == STATUS_OK)
        status = one ? watch_one(&w, id, err) : watch_all(&w, err);
    client_close(&w.client);
    (void)close(w.follow.interrupt);
    return status;
}
