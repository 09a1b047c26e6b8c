#include "commands.h"

#include <sys/stat.h>

#include "registering.h"
#include "starting.h"
#include "workload.h"

static const struct flag FLAGS[] = {
    {"set", 0, true, "workload.NAME=VALUE", NO_SETTING, "one value of the workload"},
    {"workload", 0, false, "FILE|-|JSON", NO_SETTING, "the workload, a JSON map; --set goes over it"},
    {"version", 0, false, "N", NO_SETTING, "version of a playbook of the catalog; the newest if not given"},
    START_FLAGS,
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl run examples/control_flow.yaml --follow",
     "a file: registered if it is new or changed, run, and watched"},
    {"noetl run examples/control_flow --set workload.temperature_c=10",
     "a playbook of the catalog, with another input"},
    {"noetl run examples/hello_world --wait -o json | jq .result", "for a script: one document at the end"},
    {"noetl run etl/daily --idempotency-key 2026-01-02", "not twice, however often it is asked for"},
    {0},
};
const struct command_details details_run = {
    .text = "A FILE is registered when it is new or has changed, and that version is run. A PATH is\n"
            "that of a playbook in the catalog. Without --follow or --wait the id of the execution is\n"
            "printed and that is all.\n"
            "\n"
            "VALUE of --set is JSON if it is valid JSON (10, true, null, [1,2], {\"a\":1}, \"007\"), else\n"
            "the text as it stands; --set workload.name= is the empty text. Names between dots are\n"
            "keys of maps; lists are replaced whole.\n"
            "\n"
            "With -o json, --wait and --follow print one document at the end; with -o jsonl, --follow\n"
            "prints each event on a line. The exit code tells how the execution ended: 0 completed, 1\n"
            "failed, 3 cancelled; 7 when --timeout came first, which ends the wait and not the\n"
            "execution: that is what --execution-timeout does.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

struct run {
    struct starting starting;
    bool is_file; /* of a playbook, whose text this is */
    struct str text;
    struct start start;
};

/* ---- the command line --------------------------------------------------------------------------------- */

static bool has_suffix(const char *text, const char *suffix)
{
    return str_ends_with(str_of(text), str_of(suffix));
}

/* Something that is there, or that can only have been meant as a file. */
static bool names_a_file(const char *target)
{
    struct stat st;
    if (strcmp(target, "-") == 0 || (stat(target, &st) == 0 && !S_ISDIR(st.st_mode)))
        return true;
    return has_suffix(target, ".yaml") || has_suffix(target, ".yml") || target[0] == '/' || target[0] == '.';
}

static enum status read_version(const struct args *args, uint64_t *out, struct error *err)
{
    int64_t version;
    TRY(args_number(args, "version", 0, &version, err));
    *out = (uint64_t)version;
    if (!args_has(args, "version") || (version > 0 && !names_a_file(args->positional[0])))
        return STATUS_OK;
    if (version > 0)
        (void)error_set(err, STATUS_INVALID, "a version is of the catalog, and \"%s\" is a file",
                        args->positional[0]);
    else
        (void)error_set(err, STATUS_INVALID, "versions count from 1");
    return error_place(err, "--version");
}

static enum status read_flags(struct run *r, struct invocation *in, struct error *err)
{
    TRY(read_version(&in->args, &r->start.version, err));
    TRY(starting_read_flags(&r->starting, in, err));
    return workload_from_args(&in->args, &in->arena, &r->start.workload, err);
}

/* ---- the command -------------------------------------------------------------------------------------- */

static enum status register_target(struct run *r, struct arena *a, struct error *err)
{
    struct registered done;
    TRY(register_text(&r->starting.client, a, r->text, &done, err));
    r->start.path = done.path;
    r->start.version = done.version;
    return STATUS_OK;
}

enum status command_run(struct invocation *in, struct error *err)
{
    const char *target = in->args.positional[0];
    struct run r = {.is_file = names_a_file(target), .start.path = str_of(target)};
    TRY(read_flags(&r, in, err));
    if (r.is_file)
        TRY(check_file(&in->arena, target, &r.text, err));
    enum status status = starting_open(&r.starting, err);
    if (status == STATUS_OK && r.is_file)
        status = register_target(&r, &in->arena, err);
    if (status == STATUS_OK)
        status = starting_run(&r.starting, &r.start, err);
    starting_close(&r.starting);
    return status;
}
