#include "commands.h"

#include <errno.h>

#include "core/json.h"

#include "history.h"
#include "recording.h"

static const struct flag FLAGS[] = {
    {"file", 'f', false, "FILE", NO_SETTING, "writes there, and not to standard output"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl export @last -f last.jsonl", "the newest execution, as a file"},
    {"noetl export 7301233456789012345 | gzip > it.jsonl.gz", "for keeping"},
    {"noetl replay last.jsonl --check", "whether this version of noetl decides as the one that wrote it"},
    {0},
};
const struct command_details details_export = {
    .text = "A line of JSON that says what the file is, then a line for each event of the log. All that\n"
            "is needed to look at the execution elsewhere is in there: the playbook's text, the workload,\n"
            "whatever went in and came out, large or small. So are the secrets that someone put into a\n"
            "workload or that a step returned; keep such a file as you keep those.\n"
            "\n"
            "One that runs still is exported as far as its log is.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

/* The header: from the first event, and how it stands by the last. */
static enum status write_header(struct output *o, struct arena *a, struct value execution,
                                struct value events, int64_t id, struct error *err)
{
    struct value version = VALUE_GET(execution, "version");
    struct str line;
    struct buf b;
    const struct export_header header = {
        .execution_id = id,
        .path = value_as_str(VALUE_GET(execution, "path")),
        .playbook_version = version.type == VALUE_INT ? version.u.i : 0,
        .status = value_as_str(VALUE_GET(execution, "status")),
        .events = events.len,
    };
    TRY(export_header_write(a, &header, &line, err));
    buf_init(&b, 0);
    buf_add_str(&b, line);
    buf_add_char(&b, '\n');
    enum status status = output_buf(o, &b, err);
    buf_free(&b);
    return status;
}

static enum status write_events(struct output *o, struct value events, struct error *err)
{
    struct buf b;
    enum status status = STATUS_OK;
    buf_init(&b, 0);
    for (uint32_t i = 0; i < events.len && status == STATUS_OK; i++) {
        buf_clear(&b);
        status = json_write(&b, events.u.list[i], JSON_COMPACT, err);
        buf_add_char(&b, '\n');
        if (status == STATUS_OK)
            status = output_buf(o, &b, err);
    }
    buf_free(&b);
    return status;
}

static enum status write_all(struct invocation *in, struct output *o, int64_t id, struct value execution,
                             struct value events, struct error *err)
{
    if (events.len == 0 || VALUE_GET(events.u.list[0], "event_id").type != VALUE_INT) {
        (void)error_set(err, STATUS_NOT_FOUND, "the log has nothing of execution %lld yet", (long long)id);
        return error_hint(err, "`noetl show %lld` says where its request is.", (long long)id);
    }
    TRY(write_header(o, &in->arena, execution, events, id, err));
    return write_events(o, events, err);
}

static enum status write_file(struct invocation *in, const char *path, int64_t id, struct value execution,
                              struct value events, struct error *err)
{
    struct output o;
    FILE *file = fopen(path, "we");
    if (!file) {
        (void)error_set(err, errno == EACCES ? STATUS_DENIED : STATUS_IO, "cannot write it: %s",
                        strerror(errno));
        return error_place(err, "%s", path);
    }
    output_init(&o, file, OUTPUT_JSONL);
    enum status status = write_all(in, &o, id, execution, events, err);
    if (fclose(file) != 0 && status == STATUS_OK)
        status = error_set(err, STATUS_IO, "cannot write it: %s", strerror(errno));
    if (status != STATUS_OK)
        return error_place(err, "%s", path);
    say_note("%u events are in %s", events.len, path);
    return STATUS_OK;
}

enum status command_export(struct invocation *in, struct error *err)
{
    struct client c;
    struct value execution, events;
    int64_t id;
    const char *path = args_text(&in->args, "file");
    enum status status = client_open_for(in, in->args.positional[0], &c, &id, err);
    if (status == STATUS_OK)
        status = history_read(&c, id, &in->arena, &execution, &events, err);
    client_close(&c);
    TRY(status);
    return path && strcmp(path, "-") != 0 ? write_file(in, path, id, execution, events, err)
                                          : write_all(in, &in->out, id, execution, events, err);
}
