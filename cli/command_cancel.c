#include "commands.h"

#include "steer.h"

static const struct flag FLAGS[] = {REASON_FLAG, {0}};
static const struct example EXAMPLES[] = {
    {"noetl cancel 7301233456789 --reason 'wrong input'",
     "withdraws waiting tasks, tells running ones to stop"},
    {0},
};
const struct command_details details_cancel = {
    .flags = FLAGS,
    .examples = EXAMPLES,
};

enum status command_cancel(struct invocation *in, struct error *err)
{
    return steer_execution(in, "cancel", (struct value){0}, "to be cancelled", err);
}
