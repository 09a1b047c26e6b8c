#include "commands.h"

#include <unistd.h>

#include "attempt_log.h"
#include "core/id.h"
#include "event_feed.h"
#include "event_filter.h"
#include "interrupt.h"
#include "live.h"

enum { NEWEST = 20 };

static const struct flag FLAGS[] = {
    {"all", 'a', false, NULL, NO_SETTING, "of the 20 newest executions, and with -f of all that run"},
    {"follow", 'f', false, NULL, NO_SETTING, "goes on with what is to come, until the execution is over"},
    STEP_FLAG,
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl logs @last", "what the newest execution's steps printed, and how their attempts failed"},
    {"noetl logs 7301233456789 -f --step load", "of one step, as its attempts end"},
    {"noetl logs --all -f", "of every execution, until Ctrl-C"},
    {0},
};
const struct command_details details_logs = {
    .text =
        "What an attempt writes to standard output and standard error is kept in its outcome, so it\n"
        "is there when the attempt is over, and for as long as the log is: the first bytes of it, as\n"
        "many as the setting worker.log_limit says. \"|\" is in front of what was printed, \"!\" in front\n"
        "of the error of an attempt that failed. -o json and jsonl have an object an attempt:\n"
        "{\"execution_id\", \"event_id\", \"step\", \"visit\", \"item\", \"attempt\", \"ended_at\", "
        "\"worker\",\n"
        "\"status\", \"log\", \"error\"}.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

struct logs {
    struct invocation *in;
    struct client client;
    struct event_filter filter;
    struct attempt_log_style style;
    struct event_feed feed;
    struct list_builder list; /* for -o json */
    size_t shown;
};

/* In memory of its own: there may be no end to them. */
static enum status print_document(struct logs *l, const struct event *e, struct error *err)
{
    struct arena scratch;
    struct value v;
    arena_init(&scratch, 0);
    enum status status = attempt_log_value(&scratch, e, &v, err);
    if (status == STATUS_OK)
        status = output_value(&l->in->out, v, err);
    arena_free(&scratch);
    return status;
}

static enum status take(void *context, const struct event *e, struct error *err)
{
    struct logs *l = context;
    struct value v;
    if (!attempt_log_is_of(e) || !event_filter_takes(&l->filter, e))
        return STATUS_OK;
    l->shown++;
    if (l->in->out.format == OUTPUT_TABLE)
        return attempt_log_print(&l->in->out, &l->style, e, err);
    if (l->in->out.format == OUTPUT_JSONL)
        return print_document(l, e, err);
    TRY(attempt_log_value(&l->in->arena, e, &v, err));
    list_add(&l->list, v);
    return STATUS_OK;
}

/* ---- of all executions -------------------------------------------------------------------------------- */

static enum status newest(struct logs *l, struct value *out, struct error *err)
{
    struct map_builder map;
    struct value request, answer;
    map_begin(&map, &l->in->arena);
    map_put(&map, STR("limit"), value_int(NEWEST));
    TRY(map_end(&map, &request, err));
    TRY(client_call(&l->client, "list", request, 0, &l->in->arena, &answer, err));
    *out = VALUE_GET(answer, "executions");
    return out->type == VALUE_LIST
               ? STATUS_OK
               : error_set(err, STATUS_INTERNAL, "the render part's answer has no executions");
}

/* The oldest of them first, as it would have been followed. */
static enum status read_newest(struct logs *l, struct error *err)
{
    struct value list;
    TRY(newest(l, &list, err));
    for (uint32_t i = list.len; i > 0; i--) {
        struct event_feed feed = l->feed;
        TRY(id_parse(value_as_str(VALUE_GET(list.u.list[i - 1], "execution_id")), &feed.execution_id, err));
        TRY(event_feed(l->in, &l->client, &feed, err));
    }
    return STATUS_OK;
}

/* ---- the command -------------------------------------------------------------------------------------- */

static enum status check(const struct invocation *in, struct error *err)
{
    bool all = args_has(&in->args, "all");
    if (all && in->args.count > 0)
        return error_set(err, STATUS_INVALID, "--all is of every execution, and \"%s\" is one",
                         in->args.positional[0]);
    if (!all && in->args.count == 0) {
        (void)error_set(err, STATUS_INVALID, "`noetl logs` needs an ID, or --all");
        return error_hint(err, "@last is the newest execution.");
    }
    if (!args_has(&in->args, "follow") || in->out.format != OUTPUT_JSON)
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "one document cannot be printed while more is still to come");
    return error_hint(err, "With -f, -o jsonl has one attempt a line.");
}

static enum status run(struct logs *l, struct error *err)
{
    struct value list;
    enum status status = STATUS_OK;
    if (!l->style.with_execution)
        status = event_feed(l->in, &l->client, &l->feed, err);
    else if (l->feed.follow)
        status = live_listen(l->in, &l->client, l->feed.interrupt, take, l, err);
    else
        status = read_newest(l, err);
    TRY(status);
    if (l->in->out.format == OUTPUT_TABLE && l->shown == 0 && l->in->exit_code == 0)
        say_note("Nothing was printed.");
    if (l->in->out.format != OUTPUT_JSON)
        return STATUS_OK;
    TRY(list_end(&l->list, &list, err));
    return output_value(&l->in->out, list, err);
}

enum status command_logs(struct invocation *in, struct error *err)
{
    struct logs l = {.in = in, .style.with_execution = args_has(&in->args, "all")};
    l.feed = (struct event_feed){
        .follow = args_has(&in->args, "follow"), .interrupt = -1, .take = take, .context = &l};
    list_begin(&l.list, &in->arena);
    TRY(check(in, err));
    TRY(event_filter_read(&in->args, &l.filter, err));
    if (l.feed.follow)
        TRY(interrupt_open(&l.feed.interrupt, err));
    enum status status = l.style.with_execution ? client_open(in, &l.client, err)
                                                : client_open_for(in, in->args.positional[0], &l.client,
                                                                  &l.feed.execution_id, err);
    if (status == STATUS_OK)
        status = run(&l, err);
    client_close(&l.client);
    if (l.feed.interrupt >= 0)
        (void)close(l.feed.interrupt);
    return status;
}
