#include "commands.h"

#include "publisher/compiled.h"
#include "replay/fork.h"

#include "execution_name.h"
#include "playbook_file.h"
#include "recording.h"
#include "starting.h"
#include "workload.h"

static const struct flag FLAGS[] = {
    {"at", 0, false, "STEP", NO_SETTING,
     "the step to begin with: its newest visit, or with STEP#2 the second"},
    {"set", 0, true, "workload.NAME=VALUE", NO_SETTING, "another value of the workload"},
    {"playbook", 'p', false, "FILE", NO_SETTING, "another text of the playbook, from here on"},
    START_FLAGS,
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl fork 7301233456789 --at load --follow", "from the step load on, with all results before it"},
    {"noetl fork @last --at load --playbook corrected.yaml", "with a corrected playbook"},
    {"noetl fork @last --at 'poll#3' --set workload.limit=5", "from the third visit of a step"},
    {0},
};
const struct command_details details_fork = {
    .text = "Starts a new execution that takes over what the other one had come to right before the\n"
            "step began: results and errors of the steps that had ended, saved names, signals, and\n"
            "what else was open: branches beside it begin their step anew. The other execution may\n"
            "run still or be over; nothing changes for it. An iterator that was under way begins with\n"
            "its first item.\n"
            "\n"
            "Everything that is taken over stands in the request of the new execution, so its log\n"
            "alone tells where it comes from. Results are taken as they are, whatever --set changes.\n"
            "--playbook may have other steps, but has to have those that were open.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

struct forking {
    struct invocation *in;
    struct recorded recorded;
    struct playbook_file file; /* of --playbook */
    struct str text;           /* of what is to run */
    struct playbook *target;   /* compiled */
};

/* ---- the playbook ------------------------------------------------------------------------------------- */

static enum status read_file(struct forking *f, struct error *err)
{
    const char *path = args_text(&f->in->args, "playbook");
    if (!path)
        return STATUS_OK;
    TRY(playbook_file_read(&f->in->arena, path, &f->file, err));
    TRY(playbook_file_report(&f->file, err));
    f->text = f->file.text;
    f->target = f->file.playbook;
    return STATUS_OK;
}

/* The text of the other execution, unless there is a file. */
static enum status use_recorded(struct forking *f, struct value request, struct error *err)
{
    struct value text = VALUE_GET(request, "playbook");
    if (f->target)
        return STATUS_OK;
    f->text = value_as_str(text);
    if (f->text.len == 0)
        return error_set(err, STATUS_INVALID,
                         "the request of the execution was not readable, so there is "
                         "nothing to take over");
    return compiled_playbook(f->text, "the playbook of the execution", &f->target, err);
}

/* ---- what is taken over ------------------------------------------------------------------------------- */

static void tell_dropped(struct value dropped)
{
    for (uint32_t i = 0; i < dropped.len; i++)
        say_note("The playbook has no step \"%" PRISTR "\": its result is left out.",
                 ARGSTR(value_as_str(dropped.u.list[i])));
}

static enum status make_start(struct forking *f, struct value over, struct start *start, struct error *err)
{
    struct value request = f->recorded.events[0].context, dropped, version = VALUE_GET(request, "version");
    struct str at = str_of(args_text(&f->in->args, "at"));
    bool same_text = str_equal(value_as_str(VALUE_GET(request, "playbook")), f->text);
    TRY(fork_make(&f->in->arena, f->recorded.events, f->recorded.count, at, f->target, &start->fork, &dropped,
                  err));
    tell_dropped(dropped);
    start->text = f->text;
    start->path = f->target->path;
    start->workload = VALUE_GET(request, "workload");
    if (same_text && version.type == VALUE_INT && version.u.i > 0)
        start->version = (uint64_t)version.u.i;
    if (value_is_absent(over))
        return STATUS_OK;
    return value_merge(&f->in->arena, start->workload, over, &start->workload, err);
}

static enum status read_log(struct forking *f, struct starting *s, struct error *err)
{
    struct recording recording;
    int64_t id;
    TRY(execution_named(&s->client, f->in->args.positional[0], &f->in->arena, &id, err));
    recording_open_log(&recording, &s->client, id);
    enum status status = recording_read(&recording, &f->in->arena, &f->recorded, err);
    recording_close(&recording);
    return status;
}

static enum status start(struct forking *f, struct starting *s, struct value over, struct error *err)
{
    struct start start = {0};
    TRY(read_log(f, s, err));
    TRY(use_recorded(f, f->recorded.events[0].context, err));
    TRY(make_start(f, over, &start, err));
    return starting_run(s, &start, err);
}

/* ---- the command -------------------------------------------------------------------------------------- */

static enum status check_at(const struct args *args, struct error *err)
{
    const char *at = args_text(args, "at");
    if (at && at[0])
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "the step to begin with is not named");
    return error_hint(err, "Write --at STEP; `noetl rerun` begins from the start.");
}

enum status command_fork(struct invocation *in, struct error *err)
{
    struct forking f = {.in = in};
    struct starting s;
    struct value over;
    TRY(check_at(&in->args, err));
    TRY(starting_read_flags(&s, in, err));
    TRY(workload_from_args(&in->args, &in->arena, &over, err));
    TRY(execution_name_check(in->args.positional[0], err));
    enum status status = read_file(&f, err);
    if (status == STATUS_OK) {
        status = starting_open(&s, err);
        if (status == STATUS_OK)
            status = start(&f, &s, over, err);
        starting_close(&s);
    }
    if (f.target && f.target != f.file.playbook)
        playbook_unref(f.target);
    playbook_file_free(&f.file);
    return status;
}
