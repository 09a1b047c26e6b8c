#include "commands.h"

#include "history.h"
#include "timeline.h"

static const struct example EXAMPLES[] = {
    {"noetl show 7301233456789", "steps, attempts, durations, which way it went, and why it failed"},
    {"noetl show 7301233456789 -o json | jq '.events[] | [.event_type, .node_name]'", "every event"},
    {"noetl show 7301233456789 -o jsonl", "one event a line"},
    {0},
};
const struct command_details details_show = {
    .text = "Texts under keys that look like a password, token, secret, api_key, authorization, … are\n"
            "shown as *** in what a step was given, in -o json too. Results are shown as they are. -o\n"
            "json prints {\"execution\", \"events\"}.",
    .examples = EXAMPLES,
};

static enum status timeline_of(struct arena *a, struct value events, struct timeline *out, struct error *err)
{
    struct event *list;
    TRY(history_parse(a, events, &list, err));
    return timeline_build(a, list, events.len, out, err);
}

static enum status print_story(struct invocation *in, struct value events, struct error *err)
{
    struct timeline t = {.status = ""};
    struct buf b;
    TRY(timeline_of(&in->arena, events, &t, err));
    buf_init(&b, 0);
    enum status status = timeline_write(&t, &in->out, &in->arena, &b, err);
    if (status == STATUS_OK && strcmp(t.status, "paused") == 0)
        buf_printf(&b, "\nPaused: `noetl resume %lld` lets it go on.\n", (long long)t.execution_id);
    else if (status == STATUS_OK && !t.ended_ns)
        buf_printf(&b, "\nNot over yet: `noetl cancel %lld` stops it.\n", (long long)t.execution_id);
    if (status == STATUS_OK)
        status = output_buf(&in->out, &b, err);
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

enum status command_show(struct invocation *in, struct error *err)
{
    struct client c;
    struct value execution, events;
    int64_t id;
    enum status status = client_open_for(in, in->args.positional[0], &c, &id, err);
    if (status == STATUS_OK)
        status = history_read(&c, id, &in->arena, &execution, &events, err);
    if (status == STATUS_OK && in->out.format == OUTPUT_TABLE)
        status = print_story(in, events, err);
    else if (status == STATUS_OK)
        status = print_json(in, execution, events, err);
    client_close(&c);
    return status;
}
