#include "commands.h"

#include "core/id.h"

#include "history.h"

static const struct flag FLAGS[] = {
    {"reason", 0, false, "TEXT", NO_SETTING, "why, for the log"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl cancel 7301233456789 --reason 'wrong input'",
     "withdraws waiting tasks, tells running ones to stop"},
    {0},
};
const struct command_details details_cancel = {.flags = FLAGS, .examples = EXAMPLES};

static enum status print_answer(struct invocation *in, int64_t id, struct value answer, struct error *err)
{
    struct buf b;
    if (in->out.format != OUTPUT_TABLE)
        return output_value(&in->out, answer, err);
    buf_init(&b, 0);
    buf_printf(&b, "asked for execution %lld to be cancelled\n", (long long)id);
    enum status status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}

static enum status make_request(struct invocation *in, int64_t id, struct value *out, struct error *err)
{
    struct map_builder map;
    const char *reason = args_text(&in->args, "reason");
    TRY(execution_request(&in->arena, id, &map, err));
    if (reason)
        map_put(&map, STR("reason"), value_text(reason));
    return map_end(&map, out, err);
}

enum status command_cancel(struct invocation *in, struct error *err)
{
    struct client c;
    struct value request, answer;
    int64_t id;
    if (id_parse(str_of(in->args.positional[0]), &id, err) != STATUS_OK)
        return error_hint(err, "An ID is the number that `noetl run` prints; `noetl list` has them.");
    TRY(make_request(in, id, &request, err));
    enum status status = client_open(in, &c, err);
    if (status == STATUS_OK)
        status = client_call(&c, "cancel", request, 0, &in->arena, &answer, err);
    if (status == STATUS_OK)
        status = print_answer(in, id, answer, err);
    client_close(&c);
    return status;
}
