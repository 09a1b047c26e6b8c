#include "commands.h"

#include <unistd.h>

#include "ending.h"
#include "follow.h"
#include "history.h"
#include "interrupt.h"
#include "steer.h"

static const struct flag FLAGS[] = {
    REASON_FLAG,
    {"wait", 'w', false, NULL, NO_SETTING, "until it is over"},
    {"timeout", 't', false, "DURATION", NO_SETTING, "longest wait of --wait"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl cancel 7301233456789 --reason 'wrong input'",
     "withdraws waiting tasks, tells running ones to stop"},
    {"noetl cancel @last --wait", "and says when that has happened"},
    {0},
};
const struct command_details details_cancel = {
    .text = "With --wait the exit code is 0 when the execution was cancelled, or had completed before it\n"
            "could be; 1 if it failed; 7 when --timeout came first.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

static enum status tell(struct invocation *in, struct client *c, int64_t id, const struct follow_end *end,
                        struct error *err)
{
    struct value document;
    TRY(history_document(c, id, end->event_id, &in->arena, &document, err));
    if (str_is(value_as_str(VALUE_GET(document, "status")), "failed"))
        in->exit_code = status_exit_code(STATUS_FAILED);
    return in->out.format == OUTPUT_TABLE ? ending_print(in, document, err)
                                          : output_value(&in->out, document, err);
}

static enum status cancel_and_wait(struct invocation *in, struct client *c, int64_t id,
                                   const struct follow_options *options, struct error *err)
{
    struct value answer;
    struct follow_end end = {0};
    TRY(steer(in, c, id, "cancel", (struct value){0}, &answer, err));
    TRY(follow_until_over(in, c, id, options, &end, err));
    return end.is_over ? tell(in, c, id, &end, err) : STATUS_OK;
}

static enum status with_wait(struct invocation *in, struct error *err)
{
    struct client c;
    int64_t id;
    struct follow_options options = {0};
    TRY(args_duration(&in->args, "timeout", 0, &options.timeout_ms, err));
    TRY(interrupt_open(&options.interrupt, err));
    enum status status = client_open_for(in, in->args.positional[0], &c, &id, err);
    if (status == STATUS_OK)
        status = cancel_and_wait(in, &c, id, &options, err);
    client_close(&c);
    (void)close(options.interrupt);
    return status;
}

enum status command_cancel(struct invocation *in, struct error *err)
{
    if (args_has(&in->args, "wait"))
        return with_wait(in, err);
    if (!args_has(&in->args, "timeout"))
        return steer_execution(in, "cancel", (struct value){0}, "to be cancelled", err);
    (void)error_set(err, STATUS_INVALID, "--timeout is the longest wait, and nothing waits");
    return error_hint(err, "Add --wait.");
}
