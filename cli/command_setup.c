#include "commands.h"

#include "client.h"
#include "eventlog/eventlog.h"
#include "publisher/topology.h"

static const struct flag FLAGS[] = {
    {"postgres", 0, false, "URL", SETTING_POSTGRES_URL,
     "the event log's database; better in NOETL_POSTGRES_URL"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"NOETL_POSTGRES_URL=postgresql://noetl@db/noetl noetl setup --server nats://nats:4222",
     "makes what is missing, changes what differs, says what cannot be changed"},
    {0},
};
const struct command_details details_setup = {
    .text = "May be given again at any time, and after an upgrade has to be. On NATS it needs the\n"
            "permission for $JS.API.>, in Postgres that for making a schema. `noetl dev` does all of\n"
            "it for its own servers.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

static enum status make_streams(struct invocation *in, const struct client *c, struct error *err)
{
    struct topology_options options;
    topology_options_from_settings(in->settings, &options);
    if (topology_ensure(c->bus, &c->subjects, &options, err) != STATUS_OK)
        return error_wrap(err, "the streams on NATS at %s", c->url);
    return STATUS_OK;
}

static enum status migrate(struct invocation *in, const struct client *c, int *applied, struct error *err)
{
    struct eventlog *log = NULL;
    const char *url = settings_text(in->settings, SETTING_POSTGRES_URL);
    if (url[0] == '\0') {
        (void)error_set(err, STATUS_INVALID,
                        "the setting postgres.url is empty: where shall the event log be?");
        return error_hint(err, "NOETL_POSTGRES_URL=postgresql://user@host/database noetl setup");
    }
    enum status status = eventlog_open(url, "noetl setup", &log, err);
    if (status == STATUS_OK)
        status = eventlog_migrate(log, applied, err);
    if (status == STATUS_OK)
        status = eventlog_claim(log, c->subjects.prefix, err);
    eventlog_close(&log);
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "the event log in Postgres");
}

static enum status print_done(struct invocation *in, const struct client *c, int applied, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    buf_printf(&b, "NATS at %s has the streams and buckets.\n", c->url);
    if (applied > 0)
        buf_printf(&b, "Postgres has the event log; %d migration%s applied.\n", applied,
                   applied == 1 ? " was" : "s were");
    else
        buf_add_text(&b, "Postgres has the event log, and had it before.\n");
    enum status status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}

enum status command_setup(struct invocation *in, struct error *err)
{
    struct client c;
    int applied = 0;
    TRY(client_open_named(in, &c, err));
    enum status status = migrate(in, &c, &applied, err);
    if (status == STATUS_OK)
        status = make_streams(in, &c, err);
    if (status == STATUS_OK)
        status = print_done(in, &c, applied, err);
    client_close(&c);
    return status;
}
