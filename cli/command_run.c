#include "commands.h"

#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "core/id.h"
#include "follow.h"
#include "interrupt.h"
#include "registering.h"
#include "workload.h"

static const struct flag FLAGS[] = {
    {"set", 0, true, "workload.NAME=VALUE", NO_SETTING, "one value of the workload"},
    {"workload", 0, false, "FILE|-|JSON", NO_SETTING, "the workload, a JSON map; --set goes over it"},
    {"version", 0, false, "N", NO_SETTING, "version of a playbook of the catalog; the newest if not given"},
    {"idempotency-key", 0, false, "KEY", NO_SETTING,
     "the same path and key give the same execution, not a second one"},
    {"execution-timeout", 0, false, "DURATION", NO_SETTING,
     "the execution fails when it is not over by then; goes before the playbook's own"},
    {"follow", 'f', false, NULL, NO_SETTING, "shows what happens until the end"},
    {"wait", 'w', false, NULL, NO_SETTING, "is quiet until the end, then shows the execution"},
    {"timeout", 't', false, "DURATION", NO_SETTING,
     "longest wait of --follow and --wait; the execution goes on"},
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
    struct invocation *in;
    struct client client;
    bool is_file; /* of a playbook, whose text this is */
    struct str text;
    struct str path;
    uint64_t version; /* 0: the newest */
    struct value workload;
    int64_t timeout_ms; /* of the execution; 0: the playbook's */
    struct follow_options follow;
    bool wait;
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

/* An empty key would protect nothing, and comes from a variable that is not set. */
static enum status check_key(const struct args *args, struct error *err)
{
    const char *key = args_text(args, "idempotency-key");
    if (!key || key[0])
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "--idempotency-key is empty");
    return error_hint(err, "Give what tells this execution from others, or leave the flag out.");
}

static enum status read_flags(struct run *r, struct error *err)
{
    const struct args *args = &r->in->args;
    TRY(read_version(args, &r->version, err));
    TRY(check_key(args, err));
    TRY(args_duration(args, "timeout", 0, &r->follow.timeout_ms, err));
    TRY(args_duration(args, "execution-timeout", 0, &r->timeout_ms, err));
    TRY(workload_from_args(args, &r->in->arena, &r->workload, err));
    r->follow.tell = args_has(args, "follow");
    r->wait = r->follow.tell || args_has(args, "wait");
    if (r->wait || !args_has(args, "timeout"))
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "--timeout is the longest wait, and nothing waits");
    return error_hint(err, "Add --wait or --follow.");
}

/* ---- asking for it ------------------------------------------------------------------------------------ */

static enum status register_target(struct run *r, struct error *err)
{
    struct registered done;
    r->path = str_of(r->in->args.positional[0]);
    if (!r->is_file)
        return STATUS_OK;
    TRY(register_text(&r->client, &r->in->arena, r->text, &done, err));
    r->path = done.path;
    r->version = done.version;
    return STATUS_OK;
}

static enum status ask(struct run *r, struct value *answer, int64_t *id, struct error *err)
{
    struct map_builder map;
    struct value request;
    const char *key = args_text(&r->in->args, "idempotency-key");
    map_begin(&map, &r->in->arena);
    map_put(&map, STR("path"), value_str(r->path));
    if (r->version > 0)
        map_put(&map, STR("version"), value_int((int64_t)r->version));
    if (!value_is_absent(r->workload))
        map_put(&map, STR("workload"), r->workload);
    if (args_has(&r->in->args, "execution-timeout"))
        map_put(&map, STR("timeout"), value_float((double)r->timeout_ms / 1000));
    if (key)
        map_put(&map, STR("idempotency_key"), value_text(key));
    TRY(map_end(&map, &request, err));
    TRY(client_call(&r->client, "run", request, 0, &r->in->arena, answer, err));
    if (id_parse(value_as_str(VALUE_GET(*answer, "execution_id")), id, err) != STATUS_OK)
        return error_wrap(err, "the publisher's answer to \"run\"");
    return STATUS_OK;
}

static bool is_duplicate(struct value answer)
{
    struct value v = VALUE_GET(answer, "duplicate");
    return v.type == VALUE_BOOL && v.u.b;
}

static enum status print_request(struct run *r, struct value answer, int64_t id, struct error *err)
{
    struct buf b;
    if (r->in->out.format != OUTPUT_TABLE)
        return output_value(&r->in->out, answer, err);
    buf_init(&b, 0);
    struct value version = VALUE_GET(answer, "version");
    buf_printf(&b, "execution %lld of ", (long long)id);
    add_clean(&b, r->path);
    if (version.type == VALUE_INT)
        buf_printf(&b, "@%lld", (long long)version.u.i);
    buf_add_text(&b, is_duplicate(answer) ? " was requested before\n" : " is requested\n");
    buf_printf(&b, "  `noetl show %lld` tells how it goes\n", (long long)id);
    enum status status = output_buf(&r->in->out, &b, err);
    buf_free(&b);
    return status;
}

static enum status start(struct run *r, struct error *err)
{
    struct value answer;
    int64_t id;
    TRY(register_target(r, err));
    TRY(ask(r, &answer, &id, err));
    if (!r->wait)
        return print_request(r, answer, id, err);
    return follow_execution(r->in, &r->client, id, &r->follow, err);
}

enum status command_run(struct invocation *in, struct error *err)
{
    struct run r = {.in = in, .follow = {.interrupt = -1}};
    TRY(read_flags(&r, err));
    r.is_file = names_a_file(in->args.positional[0]);
    if (r.is_file)
        TRY(check_file(&in->arena, in->args.positional[0], &r.text, err));
    /* Before the connection makes threads; without a wait Ctrl-C simply ends the program. */
    if (r.wait)
        TRY(interrupt_open(&r.follow.interrupt, err));
    enum status status = client_open(in, &r.client, err);
    if (status == STATUS_OK)
        status = start(&r, err);
    client_close(&r.client);
    if (r.follow.interrupt >= 0)
        (void)close(r.follow.interrupt);
    return status;
}
