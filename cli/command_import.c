#include "commands.h"

#include "eventlog/eventlog.h"

#include "dev_registry.h"
#include "recording.h"

static const struct flag FLAGS[] = {
    {"postgres", 0, false, "URL", SETTING_POSTGRES_URL,
     "the event log's database; better in NOETL_POSTGRES_URL; that of a running `noetl dev` if not given"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl import it.jsonl", "into the log of the `noetl dev` that runs here"},
    {"NOETL_POSTGRES_URL=postgresql://noetl@db/noetl noetl import *.jsonl", "into that of an installation"},
    {0},
};
const struct command_details details_import = {
    .text = "Puts executions that `noetl export` wrote into a log: for `show`, `events`, `replay`, `diff`,\n"
            "`render` and `fork`. They are history there: nothing of them is run or goes on, whatever they\n"
            "were at, and commands that steer executions have no effect on them. An execution keeps its\n"
            "id, of which values that templates made of chance and the ids of other executions are a\n"
            "function; one that the log has already is not imported.\n"
            "\n"
            "A file is read and checked as a whole before anything of it is written.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

/* ---- which log ---------------------------------------------------------------------------------------- */

static enum status find_log(struct invocation *in, const char **url, struct error *err)
{
    static struct dev_entry entry; /* for as long as the command */
    const char *data_dir = settings_text(in->settings, SETTING_DATA_DIR);
    *url = settings_text(in->settings, SETTING_POSTGRES_URL);
    if ((*url)[0])
        return STATUS_OK;
    enum status status = dev_registry_find(data_dir[0] ? data_dir : NULL, &entry, err);
    *url = entry.postgres_url;
    if (status != STATUS_NOT_FOUND)
        return status;
    (void)error_set(err, STATUS_INVALID,
                    "no `noetl dev` runs, and the setting postgres.url is empty: where "
                    "is the event log?");
    return error_hint(err, "NOETL_POSTGRES_URL=postgresql://user@host/database noetl import FILE");
}

static enum status open_log(struct invocation *in, struct eventlog **out, struct error *err)
{
    const char *url = "";
    TRY(find_log(in, &url, err));
    TRY(eventlog_open(url, "noetl import", out, err));
    enum status status = eventlog_check(*out, err);
    return status == STATUS_OK ? status : error_wrap(err, "the event log in Postgres");
}

/* ---- one file ----------------------------------------------------------------------------------------- */

static enum status read_file(const char *path, struct arena *a, struct recorded *out, struct error *err)
{
    struct recording recording;
    enum status status = recording_open_file(&recording, a, path, err);
    if (status == STATUS_OK)
        status = recording_read(&recording, a, out, err);
    recording_close(&recording);
    return status;
}

/* Brokers know by it that they are not to go on with the execution (core/event.h). */
static enum status mark(struct arena *a, const struct event *first, struct event *out, struct error *err)
{
    struct map_builder m;
    *out = *first;
    map_begin(&m, a);
    if (first->meta.type == VALUE_MAP)
        map_put_all(&m, first->meta);
    map_put(&m, STR("imported"), value_bool(true));
    return map_end(&m, &out->meta, err);
}

static enum status tell(struct invocation *in, const struct recorded *r, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    buf_printf(&b, "execution %lld of ", (long long)r->execution_id);
    add_clean(&b, r->events[0].node_name);
    buf_printf(&b, " is imported, with %zu events\n", r->count);
    if (!event_type_is_final(r->events[r->count - 1].type))
        buf_add_text(&b, "  It was not over when it was exported; here it does not go on.\n");
    enum status status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}

static enum status import_file(struct invocation *in, struct eventlog *log, const char *path,
                               struct error *err)
{
    struct arena a;
    struct recorded recorded;
    arena_init(&a, 0);
    enum status status = read_file(path, &a, &recorded, err);
    if (status == STATUS_OK)
        status = mark(&a, &recorded.events[0], &recorded.events[0], err);
    if (status == STATUS_OK && eventlog_import(log, recorded.events, recorded.count, err) != STATUS_OK)
        status = err->place[0] ? err->status : error_place(err, "%s", path);
    if (status == STATUS_OK)
        status = tell(in, &recorded, err);
    arena_free(&a);
    return status;
}

enum status command_import(struct invocation *in, struct error *err)
{
    struct eventlog *log = NULL;
    enum status status = open_log(in, &log, err);
    for (size_t i = 0; i < in->args.count && status == STATUS_OK; i++)
        status = import_file(in, log, in->args.positional[i], err);
    eventlog_close(&log);
    return status;
}
