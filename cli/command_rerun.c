#include "commands.h"

#include "execution_name.h"
#include "history.h"
#include "starting.h"
#include "workload.h"

static const struct flag FLAGS[] = {
    {"set", 0, true, "workload.NAME=VALUE", NO_SETTING, "another value of the workload"},
    {"version", 0, false, "N|latest", NO_SETTING,
     "another version of the playbook; else the one that the execution ran"},
    START_FLAGS,
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl rerun 7301233456789 --follow", "the same playbook with the same workload, as a new execution"},
    {"noetl rerun @last --set workload.parts=4", "with one value changed"},
    {"noetl rerun @last:etl/daily --version latest --wait", "with the playbook as it is now"},
    {0},
};
const struct command_details details_rerun = {
    .text = "The new execution begins from the start, with the version of the playbook and the workload\n"
            "that the other one was given, whatever became of that; `noetl retry` lets one go on that\n"
            "failed. --set, --follow, --wait and exit codes are those of `noetl run`.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

/* What the execution was asked to run: its first event says so. */
static enum status read_request(struct starting *s, const char *name, struct start *start, struct error *err)
{
    struct value events;
    int64_t id, next;
    struct arena *a = &s->in->arena;
    TRY(execution_named(&s->client, name, a, &id, err));
    TRY(history_page(&s->client, id, 0, 0, a, &events, &next, err));
    struct value context = events.len > 0 ? VALUE_GET(events.u.list[0], "context") : value_null();
    struct value version = VALUE_GET(context, "version");
    start->path = value_as_str(VALUE_GET(context, "path"));
    start->workload = VALUE_GET(context, "workload");
    if (start->path.len == 0)
        return error_set(err, STATUS_INTERNAL, "the log does not say what execution %lld was asked to run",
                         (long long)id);
    if (version.type == VALUE_INT && version.u.i > 0)
        start->version = (uint64_t)version.u.i;
    return STATUS_OK;
}

static enum status change(struct invocation *in, struct value over, struct start *start, struct error *err)
{
    int64_t version = 0;
    const char *text = args_text(&in->args, "version");
    if (!value_is_absent(over) && value_is_absent(start->workload))
        start->workload = over;
    else if (!value_is_absent(over))
        TRY(value_merge(&in->arena, start->workload, over, &start->workload, err));
    if (!text)
        return STATUS_OK;
    if (strcmp(text, "latest") != 0)
        TRY(args_number_between(&in->args, "version", 0, 1, INT64_MAX, &version, err));
    start->version = (uint64_t)version;
    return STATUS_OK;
}

enum status command_rerun(struct invocation *in, struct error *err)
{
    const char *name = in->args.positional[0];
    struct starting s;
    struct start start = {0};
    struct value over;
    TRY(starting_read_flags(&s, in, err));
    TRY(workload_from_args(&in->args, &in->arena, &over, err));
    TRY(execution_name_check(name, err));
    enum status status = starting_open(&s, err);
    if (status == STATUS_OK)
        status = read_request(&s, name, &start, err);
    if (status == STATUS_OK)
        status = change(in, over, &start, err);
    if (status == STATUS_OK)
        status = starting_run(&s, &start, err);
    starting_close(&s);
    return status;
}
