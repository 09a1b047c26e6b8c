#include "commands.h"

#include <unistd.h>

#include "execution_name.h"
#include "moment.h"
#include "recording.h"
#include "replay_check.h"
#include "replay_print.h"
#include "replay_with.h"
#include "stream_replay.h"

static const struct flag FLAGS[] = {
    {"until", 0, false, "EVENT|TIME", NO_SETTING, "ends there, and shows what templates see by then"},
    {"step", 0, false, NULL, NO_SETTING, "waits for Enter behind each event"},
    {"check", 0, false, NULL, NO_SETTING,
     "only compares what is decided now with what was recorded, and tells of the first difference"},
    {"from", 0, false, "log|stream", NO_SETTING,
     "reads the log, if not given; or the event stream: the facts, also those that changed nothing"},
    {"with", 0, false, "FILE", NO_SETTING, "what would have gone differently with this playbook"},
    {"all", 0, false, NULL, NO_SETTING, "with --check: every execution of the log"},
    {"since", 0, false, "TIME|DURATION", NO_SETTING, "with --all: only those that began since then"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl replay @last", "what each event led to, what was open then, and what had changed"},
    {"noetl replay @last --until 7", "as of event 7, with all that templates saw by then"},
    {"noetl replay it.jsonl --step", "an exported execution, event by event"},
    {"noetl replay @last --check", "whether it would be decided so again"},
    {"noetl replay @last --with changed.yaml", "the recorded outcomes, asked for by another playbook"},
    {"noetl replay --check --all --since 24h", "all of the last day: before an upgrade, say"},
    {0},
};
const struct command_details details_replay = {
    .text = "Evaluates the facts of an execution again, with the code that the broker runs and without\n"
            "any effect: nothing is published, written or run. ID is an execution of the log, FILE one\n"
            "that `noetl export` wrote; a file needs no server.\n"
            "\n"
            "--with asks for the recorded outcomes by another playbook, and tells where the execution\n"
            "would have gone another way; where something would be run that was not recorded, the\n"
            "answer ends, and says so.\n"
            "\n"
            "--check and --with end with 0 when there is no difference, and with 1 when there is one. Texts "
            "under\n"
            "keys that look like secrets are shown as ***.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

struct showing {
    struct invocation *in;
    struct moment until;
    bool step;
};

/* ---- the command line --------------------------------------------------------------------------------- */

static enum status wrong(const char *what, const char *hint, struct error *err)
{
    (void)error_set(err, STATUS_INVALID, "%s", what);
    return error_hint(err, "%s", hint);
}

static bool is_from_stream(const struct args *args)
{
    const char *from = args_text(args, "from");
    return from && strcmp(from, "stream") == 0;
}

static enum status check_from(const struct args *args, bool all, struct error *err)
{
    const char *from = args_text(args, "from");
    if (!from)
        return STATUS_OK;
    if (strcmp(from, "log") != 0 && strcmp(from, "stream") != 0)
        return wrong("--from is log or stream", "Leave it out for the log.", err);
    if (!all && recording_is_file(args->positional[0]))
        return wrong("--from is for an execution of an installation, and this is a file", "Leave it out.",
                     err);
    if (is_from_stream(args) && (all || args_has(args, "with")))
        return wrong("--from stream is about one execution, and compares only what the stream has",
                     "Leave out --from, or --all and --with.", err);
    return STATUS_OK;
}

static enum status check_flags(const struct invocation *in, struct error *err)
{
    const struct args *args = &in->args;
    bool check = args_has(args, "check"), all = args_has(args, "all"), step = args_has(args, "step");
    if (all && !check)
        return wrong("--all is for --check, which is not there", "Write `noetl replay --check --all`.", err);
    if (args_has(args, "since") && !all)
        return wrong("--since is for --all, which is not there",
                     "Write `noetl replay --check --all --since 24h`.", err);
    if (all && args->count > 0)
        return wrong("--all is about every execution, and one is named", "Leave out one of both.", err);
    if (!all && args->count == 0)
        return wrong("no execution is named", "Give an ID, a FILE, or --check --all.", err);
    if (check && (step || args_has(args, "until")))
        return wrong("--check looks at all events: --until and --step are for showing them",
                     "Leave out --check, or the others.", err);
    TRY(check_from(args, all, err));
    if (args_has(args, "with") && (check || step || args_has(args, "until")))
        return wrong("--with compares the whole execution: it goes with no other of the flags",
                     "Leave out --with, or the others.", err);
    if (step && !(in->out.terminal && isatty(STDIN_FILENO) == 1))
        return wrong("--step waits for Enter, and this is no terminal", "Leave it out.", err);
    return STATUS_OK;
}

/* ---- showing ------------------------------------------------------------------------------------------ */

/* Whether to go on: not after "q", or the end of input. */
static bool go_on(const struct showing *s)
{
    char answer[64];
    if (!s->step)
        return true;
    (void)fputs("-- Enter: the next event, q: the end -- ", stderr);
    return fgets(answer, sizeof(answer), stdin) && answer[0] != 'q';
}

static enum status tell_mismatch(struct showing *s, const struct mismatch *m, struct error *err)
{
    struct buf b;
    struct arena a;
    struct map_builder map;
    struct value v;
    enum status status;
    s->in->exit_code = status_exit_code(STATUS_FAILED);
    arena_init(&a, 0);
    buf_init(&b, 0);
    if (s->in->out.format == OUTPUT_TABLE) {
        buf_add_text(&b, "\nFrom here on it is decided otherwise now:\n");
        mismatch_write(m, &s->in->out, 2, &b);
        status = output_buf(&s->in->out, &b, err);
    } else {
        status = mismatch_value(&a, m, &v, err);
        map_begin(&map, &a);
        map_put(&map, STR("difference"), v);
        if (status == STATUS_OK)
            status = map_end(&map, &v, err);
        if (status == STATUS_OK)
            status = output_value(&s->in->out, v, err);
    }
    buf_free(&b);
    arena_free(&a);
    return status;
}

/* A fact of the stream has no number yet. */
static bool is_past(const struct showing *s, const struct stream_replay *r, const struct event *e)
{
    struct event numbered = *e;
    if (e->event_id == 0)
        numbered.event_id = r->replay.x ? r->replay.x->next_event_id : 1;
    return moment_is_past(&s->until, &numbered);
}

static enum status show_events(struct showing *s, struct recording *recording, struct stream_replay *r,
                               struct error *err)
{
    struct mismatch found = {0};
    struct event e;
    bool end = false, stop = false;
    while (!stop && found.kind == MISMATCH_NONE) {
        TRY(recording_next(recording, &e, &end, err));
        if (end || is_past(s, r, &e))
            break;
        TRY(stream_replay_take(r, &e, &found, err));
        if (found.kind == MISMATCH_NONE && event_type_kind(e.type) == EVENT_KIND_FACT) {
            TRY(replay_print_fact(s->in, &r->replay, err));
            stop = !go_on(s);
        }
    }
    if (end)
        TRY(stream_replay_end(r, &found, err));
    if (found.kind != MISMATCH_NONE)
        return tell_mismatch(s, &found, err);
    bool whole = moment_is_set(&s->until) || s->in->out.format != OUTPUT_TABLE;
    return r->replay.x && whole ? replay_print_end(s->in, &r->replay, err) : STATUS_OK;
}

static enum status show(struct invocation *in, struct recording *recording, struct error *err)
{
    struct showing s = {.in = in, .step = args_has(&in->args, "step")};
    struct playbook_cache *playbooks = NULL;
    struct stream_replay r;
    TRY(moment_from_args(&in->args, "until", &s.until, err));
    TRY(playbook_cache_new(1, &playbooks, err));
    stream_replay_open(&r, recording, playbooks);
    if (in->out.format == OUTPUT_JSON)
        in->out.format = OUTPUT_JSONL; /* what comes is no one document */
    enum status status = show_events(&s, recording, &r, err);
    stream_replay_close(&r);
    playbook_cache_free(&playbooks);
    return status;
}

/* ---- the command -------------------------------------------------------------------------------------- */

static enum status replay_one(struct invocation *in, struct recording *recording, struct error *err)
{
    const char *with = args_text(&in->args, "with");
    if (with)
        return replay_with(in, recording, with, err);
    return args_has(&in->args, "check") ? replay_check(in, recording, err) : show(in, recording, err);
}

static enum status replay_file(struct invocation *in, const char *path, struct error *err)
{
    struct recording recording;
    enum status status = recording_open_file(&recording, &in->arena, path, err);
    if (status == STATUS_OK)
        status = replay_one(in, &recording, err);
    recording_close(&recording);
    return status;
}

static enum status replay_of_log(struct invocation *in, const char *name, struct error *err)
{
    struct client c;
    struct recording recording;
    int64_t id;
    enum status status = client_open_for(in, name, &c, &id, err);
    if (status == STATUS_OK) {
        if (is_from_stream(&in->args))
            recording_open_stream(&recording, &c, id);
        else
            recording_open_log(&recording, &c, id);
        status = replay_one(in, &recording, err);
        recording_close(&recording);
    }
    client_close(&c);
    return status;
}

static enum status replay_all(struct invocation *in, struct error *err)
{
    struct client c;
    int64_t since_ns;
    TRY(since_from_args(&in->args, "since", &since_ns, err));
    enum status status = client_open(in, &c, err);
    if (status == STATUS_OK)
        status = replay_check_all(in, &c, since_ns, err);
    client_close(&c);
    return status;
}

enum status command_replay(struct invocation *in, struct error *err)
{
    struct moment until;
    TRY(check_flags(in, err));
    TRY(moment_from_args(&in->args, "until", &until, err));
    if (args_has(&in->args, "all"))
        return replay_all(in, err);
    const char *name = in->args.positional[0];
    return recording_is_file(name) ? replay_file(in, name, err) : replay_of_log(in, name, err);
}
