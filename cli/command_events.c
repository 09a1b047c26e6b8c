#include "commands.h"

#include <unistd.h>

#include "event_feed.h"
#include "event_filter.h"
#include "event_line.h"
#include "interrupt.h"
#include "timeline.h"

static const struct flag FLAGS[] = {
    {"follow", 'f', false, NULL, NO_SETTING, "goes on with those to come, until the execution is over"},
    TYPE_FLAG,
    STEP_FLAG,
    {"after", 0, false, "EVENT", NO_SETTING, "only those behind the event of this number"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl events 7301233456789", "one a line, with its number and time"},
    {"noetl events @last -f --type step_completed,step_failed",
     "how the newest execution goes on, step by step"},
    {"noetl events @last --step fetch -o jsonl | jq .context", "all that a step was told and told"},
    {0},
};
const struct command_details details_events = {
    .text = "With -o json or jsonl, events are whole: docs/API.md has their form. Texts under keys that\n"
            "look like a password, token, … are shown as *** in `context` and `meta`. -f with -o jsonl\n"
            "prints each as it comes; it ends with exit code 0 when the execution is over, and with 130\n"
            "after Ctrl-C.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

struct listing {
    struct invocation *in;
    struct event_filter filter;
    struct list_builder events; /* for -o json */
};

static enum status print_line(struct listing *l, const struct event *e, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    buf_printf(&b, "%4u  ", e->event_id);
    event_line_write(&l->in->out, e, &b);
    enum status status = output_buf(&l->in->out, &b, err);
    buf_free(&b);
    return status;
}

static enum status take(void *context, const struct event *e, struct error *err)
{
    struct listing *l = context;
    struct value v;
    if (!event_filter_takes(&l->filter, e))
        return STATUS_OK;
    if (l->in->out.format == OUTPUT_TABLE)
        return print_line(l, e, err);
    TRY(event_to_value(&l->in->arena, e, &v, err));
    TRY(mask_event(&l->in->arena, v, &v, err));
    if (l->in->out.format == OUTPUT_JSONL)
        return output_value(&l->in->out, v, err);
    list_add(&l->events, v);
    return STATUS_OK;
}

static enum status check_form(const struct invocation *in, struct error *err)
{
    if (!args_has(&in->args, "follow") || in->out.format != OUTPUT_JSON)
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "one document cannot be printed while events are still to come");
    return error_hint(err, "With -f, -o jsonl has one event a line.");
}

static enum status run(struct listing *l, struct client *c, struct event_feed *feed, struct error *err)
{
    struct value list;
    feed->take = take;
    feed->context = l;
    TRY(event_feed(l->in, c, feed, err));
    if (l->in->out.format != OUTPUT_JSON)
        return STATUS_OK;
    TRY(list_end(&l->events, &list, err));
    return output_value(&l->in->out, list, err);
}

enum status command_events(struct invocation *in, struct error *err)
{
    struct client c;
    struct listing l = {.in = in};
    struct event_feed feed = {.follow = args_has(&in->args, "follow"), .interrupt = -1};
    int64_t after;
    TRY(check_form(in, err));
    TRY(event_filter_read(&in->args, &l.filter, err));
    TRY(args_number_between(&in->args, "after", 0, 0, UINT32_MAX, &after, err));
    feed.after = (uint32_t)after;
    list_begin(&l.events, &in->arena);
    if (feed.follow)
        TRY(interrupt_open(&feed.interrupt, err));
    enum status status = client_open_for(in, in->args.positional[0], &c, &feed.execution_id, err);
    if (status == STATUS_OK)
        status = run(&l, &c, &feed, err);
    client_close(&c);
    if (feed.interrupt >= 0)
        (void)close(feed.interrupt);
    return status;
}
