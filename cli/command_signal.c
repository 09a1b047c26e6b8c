#include "commands.h"

#include "core/json.h"
#include "steer.h"

static const struct flag FLAGS[] = {
    {"payload", 0, false, "JSON", NO_SETTING, "what it brings: the data of the step that waits for it"},
    REASON_FLAG,
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl signal 7301233456789 approved", "lets a step go on that waits for the signal \"approved\""},
    {"noetl signal 7301233456789 approved --payload '{\"by\": \"me\"}'", "brings it data as well"},
    {0},
};
const struct command_details details_signal = {
    .text = "A step of the type signal waits for a NAME, and its data is what the signal brings. One that\n"
            "comes before anybody waits for it is kept.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

static enum status read_payload(struct invocation *in, struct value *out, struct error *err)
{
    const char *text = args_text(&in->args, "payload");
    *out = value_null();
    if (!text || json_read(&in->arena, str_of(text), NULL, out, err) == STATUS_OK)
        return STATUS_OK;
    (void)error_place(err, "--payload");
    return error_hint(err, "It is JSON; a text is written with quotes, as in --payload '\"text\"'.");
}

enum status command_signal(struct invocation *in, struct error *err)
{
    struct map_builder map;
    struct value payload, more;
    TRY(read_payload(in, &payload, err));
    map_begin(&map, &in->arena);
    map_put(&map, STR("name"), value_text(in->args.positional[1]));
    map_put(&map, STR("payload"), payload);
    TRY(map_end(&map, &more, err));
    return steer_execution(in, "signal", more, "to get the signal", err);
}
