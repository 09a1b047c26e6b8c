#include "commands.h"

#include "history.h"
#include "moment.h"
#include "story.h"

static const struct flag FLAGS[] = {
    {"depth", 0, false, "N", NO_SETTING,
     "how deep in the executions that it called, 3 if not given; 0: of itself alone"},
    {"at", 0, false, "EVENT|TIME", NO_SETTING, "as it stood then"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl show 7301233456789", "steps, attempts, durations, which way it went, and why it failed"},
    {"noetl show 7301233456789 -o json | jq '.events[] | [.event_type, .node_name]'", "every event"},
    {"noetl show 7301233456789 -o jsonl", "one event a line"},
    {"noetl show 7301233456789 --at 12", "as it stood with event 12"},
    {"noetl show 7301233456789 --at 2026-01-02T03:04:05Z", "as it stood at that time"},
    {0},
};
const struct command_details details_show = {
    .flags = FLAGS,
    .text = "Texts under keys that look like a password, token, secret, api_key, authorization, … are\n"
            "shown as *** in what a step was given, in -o json too. Results are shown as they are. -o\n"
            "json prints {\"execution\", \"events\"}.\n"
            "\n"
            "With --at it is what the log tells up to then, without the executions that were called.",
    .examples = EXAMPLES,
};

/* Of a step that waits for a signal, the signal's name; "" if there is none. */
static struct str awaited_signal(const struct timeline *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_step *s = &t->steps[i];
        if (strcmp(s->status, "running") == 0 && str_is(step_progress_kind(&s->progress), "signal"))
            return value_as_str(VALUE_GET(s->progress.started, "name"));
    }
    return STR("");
}

/* What can be done about one that is not over. */
static void add_advice(const struct timeline *t, struct buf *b)
{
    long long id = (long long)t->execution_id;
    struct str signal = awaited_signal(t);
    if (t->imported) {
        buf_printf(
            b, "\nImported: it does not go on here; `noetl fork %lld --at STEP` starts one that does.\n", id);
        return;
    }
    if (strcmp(t->status, "paused") == 0)
        buf_printf(b, "\nPaused: `noetl resume %lld` lets it go on.\n", id);
    else if (signal.len > 0)
        buf_printf(b, "\nIt waits for a signal: `noetl signal %lld %" PRISTR "` sends it.\n", id,
                   ARGSTR(signal));
    else
        buf_printf(b, "\nNot over yet: `noetl watch %lld` looks on, `noetl cancel %lld` stops it.\n", id, id);
    if (command_find(STR("doctor")))
        buf_printf(b, "If it stands still, `noetl doctor %lld` says where and why.\n", id);
}

static enum status print_story(struct invocation *in, struct client *c, struct value events, int64_t depth,
                               bool is_past, struct error *err)
{
    struct timeline t;
    struct event *list;
    struct buf b;
    const struct story_options options = {.depth = depth};
    TRY(history_parse(&in->arena, events, &list, err));
    TRY(story_print(in, c, list, events.len, &options, &t, err));
    if (t.ended_ns || is_past)
        return STATUS_OK;
    buf_init(&b, 0);
    add_advice(&t, &b);
    enum status status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}

static enum status print_json(struct invocation *in, struct value execution, struct value events,
                              struct error *err)
{
    struct map_builder map;
    struct value document;
    TRY(mask_events(&in->arena, events, &events, err));
    if (in->out.format == OUTPUT_JSONL)
        return output_list(&in->out, events, err);
    map_begin(&map, &in->arena);
    map_put(&map, STR("execution"), execution);
    map_put(&map, STR("events"), events);
    TRY(map_end(&map, &document, err));
    return output_value(&in->out, document, err);
}

/* ---- as it stood then --------------------------------------------------------------------------------- */

static enum status nothing_then(struct value first, const struct moment *at, struct error *err)
{
    struct str time = value_as_str(VALUE_GET(first, "created_at"));
    (void)error_set(err, STATUS_NOT_FOUND, "the execution was asked for later, at %" PRISTR, ARGSTR(time));
    return at->time_ns ? error_place(err, "--at") : STATUS_NOT_FOUND;
}

/* Cuts the events behind the moment off. */
static enum status cut(struct value *events, const struct moment *at, struct error *err)
{
    struct event e = {0};
    uint32_t count = events->len;
    if (count == 0)
        return STATUS_OK;
    TRY(event_from_value(events->u.list[count - 1], &e, err));
    if (at->event_id > e.event_id) {
        (void)error_set(err, STATUS_NOT_FOUND, "the log has %u events of this execution, and no event %u",
                        e.event_id, at->event_id);
        return error_place(err, "--at");
    }
    while (count > 0 && moment_is_past(at, &e)) {
        count--;
        if (count > 0)
            TRY(event_from_value(events->u.list[count - 1], &e, err));
    }
    if (count == 0)
        return nothing_then(events->u.list[0], at, err);
    events->len = count;
    return STATUS_OK;
}

/* The events up to the moment, and the document as it was then. */
static enum status go_back(struct invocation *in, struct client *c, int64_t id, const struct moment *at,
                           struct value *execution, struct value *events, struct error *err)
{
    struct map_builder map;
    struct value request;
    if (!moment_is_set(at))
        return STATUS_OK;
    TRY(cut(events, at, err));
    if (in->out.format != OUTPUT_JSON)
        return STATUS_OK;
    TRY(execution_request(&in->arena, id, &map, err));
    map_put(&map, STR("at"), moment_value(&in->args, "at", at));
    TRY(map_end(&map, &request, err));
    return client_call(c, "status", request, LARGE_WAIT_MS, &in->arena, execution, err);
}

enum status command_show(struct invocation *in, struct error *err)
{
    struct client c;
    struct value execution, events;
    struct moment at;
    int64_t id, depth;
    TRY(moment_from_args(&in->args, "at", &at, err));
    TRY(args_number_between(&in->args, "depth", STORY_DEPTH, 0, STORY_MAX_DEPTH, &depth, err));
    enum status status = client_open_for(in, in->args.positional[0], &c, &id, err);
    if (status == STATUS_OK)
        status = history_read(&c, id, &in->arena, &execution, &events, err);
    if (status == STATUS_OK)
        status = go_back(in, &c, id, &at, &execution, &events, err);
    if (status == STATUS_OK && in->out.format == OUTPUT_TABLE)
        status = print_story(in, &c, events, moment_is_set(&at) ? 0 : depth, moment_is_set(&at), err);
    else if (status == STATUS_OK)
        status = print_json(in, execution, events, err);
    client_close(&c);
    return status;
}
