#include "commands.h"

#include "steer.h"

static const struct flag FLAGS[] = {
    {"from", 0, false, "STEP", NO_SETTING, "starts this step anew; else what failed is tried again"},
    REASON_FLAG,
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl retry 7301233456789", "tries the step again that failed, with new attempts"},
    {"noetl retry 7301233456789 --from fetch", "goes back to the step fetch, and on from there"},
    {0},
};
const struct command_details details_retry = {
    .text = "For an execution that failed or was cancelled. Results of steps that are done stay; what was\n"
            "open when it ended goes on where it stood.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

enum status command_retry(struct invocation *in, struct error *err)
{
    struct map_builder map;
    struct value more;
    const char *from = args_text(&in->args, "from");
    map_begin(&map, &in->arena);
    if (from)
        map_put(&map, STR("from"), value_text(from));
    TRY(map_end(&map, &more, err));
    return steer_execution(in, "retry", more, "to go on", err);
}
