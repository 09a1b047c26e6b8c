#include "commands.h"

#include "steer.h"

static const struct flag FLAGS[] = {REASON_FLAG, {0}};
static const struct example EXAMPLES[] = {
    {"noetl pause 7301233456789 --reason 'the target is being repaired'",
     "nothing more is started until it is resumed"},
    {0},
};
const struct command_details details_pause = {
    .text = "What runs goes on to its end; nothing more is started: no step, no attempt, no item, no\n"
            "sub-playbook. `noetl resume` lets it go on.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

enum status command_pause(struct invocation *in, struct error *err)
{
    return steer_execution(in, "pause", (struct value){0}, "to be paused", err);
}
