#include "commands.h"

#include "comparison_print.h"
#include "execution_name.h"
#include "recording.h"
#include "timeline.h"

static const struct example EXAMPLES[] = {
    {"noetl diff 7301233456789 @last", "what the newest execution did otherwise"},
    {"noetl diff before.jsonl after.jsonl", "two exported executions, without a server"},
    {"noetl diff 7301233456789 @last -o json | jq '.steps[] | select(.same | not)'", "for a script"},
    {0},
};
const struct command_details details_diff = {
    .text = "Playbook, workload, steps, their inputs, results and decisions, and how both ended: only\n"
            "what differs is shown of these. - is the first, + the second. Each of both is an ID or a\n"
            "file that `noetl export` wrote. Ids, times and durations are no difference.\n"
            "\n"
            "The exit code is 0 if nothing differs, and 1 if something does.",
    .examples = EXAMPLES,
};

static enum status read_one(struct invocation *in, struct client *c, const char *name, struct recorded *out,
                            struct error *err)
{
    struct recording r = {0};
    int64_t id;
    enum status status;
    if (recording_is_file(name)) {
        status = recording_open_file(&r, &in->arena, name, err);
    } else {
        TRY(execution_named(c, name, &in->arena, &id, err));
        recording_open_log(&r, c, id);
        status = STATUS_OK;
    }
    if (status == STATUS_OK)
        status = recording_read(&r, &in->arena, out, err);
    recording_close(&r);
    return status;
}

static enum status print(struct invocation *in, struct value comparison, struct error *err)
{
    struct buf b;
    struct value same = VALUE_GET(comparison, "same");
    if (!same.u.b)
        in->exit_code = status_exit_code(STATUS_FAILED);
    if (in->out.format != OUTPUT_TABLE) {
        TRY(mask_secrets(&in->arena, comparison, &comparison, err));
        return output_value(&in->out, comparison, err);
    }
    buf_init(&b, 0);
    comparison_write(comparison, "-", "+", &in->out, &b);
    enum status status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}

static enum status compare(struct invocation *in, struct client *c, struct error *err)
{
    struct recorded sides[2];
    struct account accounts[2];
    struct value comparison;
    for (size_t i = 0; i < 2; i++) {
        TRY(read_one(in, c, in->args.positional[i], &sides[i], err));
        TRY(account_build(&in->arena, sides[i].events, sides[i].count, &accounts[i], err));
    }
    TRY(comparison_make(&in->arena, &accounts[0], &accounts[1], &comparison, err));
    return print(in, comparison, err);
}

enum status command_diff(struct invocation *in, struct error *err)
{
    const char *const *names = in->args.positional;
    struct client c = {0};
    bool remote = !recording_is_file(names[0]) || !recording_is_file(names[1]);
    for (size_t i = 0; i < 2; i++) {
        if (!recording_is_file(names[i]))
            TRY(execution_name_check(names[i], err));
    }
    enum status status = remote ? client_open(in, &c, err) : STATUS_OK;
    if (status == STATUS_OK)
        status = compare(in, &c, err);
    if (remote)
        client_close(&c);
    return status;
}
