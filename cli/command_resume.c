#include "commands.h"

#include "steer.h"

static const struct flag FLAGS[] = {REASON_FLAG, {0}};
static const struct example EXAMPLES[] = {
    {"noetl resume 7301233456789", "an execution that was paused goes on"},
    {0},
};
const struct command_details details_resume = {
    .text = "What was held back while it was paused goes on in order, timers that have fired meanwhile\n"
            "included.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

enum status command_resume(struct invocation *in, struct error *err)
{
    return steer_execution(in, "resume", (struct value){0}, "to go on", err);
}
