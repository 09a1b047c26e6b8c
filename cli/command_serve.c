#include "commands.h"

#include "broker/broker.h"
#include "client.h"
#include "publisher/publisher.h"
#include "render/service/service.h"
#include "runtime/daemon.h"
#include "runtime/log.h"
#include "worker/worker.h"

static const struct flag FLAGS[] = {
    {"pool", 0, false, "NAME", SETTING_WORKER_POOL, "worker: the pool whose tasks it takes"},
    {"concurrency", 0, false, "N", SETTING_WORKER_CONCURRENCY, "worker: tasks at a time"},
    {"http", 0, false, "HOST:PORT", SETTING_PUBLISHER_HTTP, "publisher: where the HTTP API listens"},
    {"postgres", 0, false, "URL", SETTING_POSTGRES_URL,
     "broker and render: the event log; better in NOETL_POSTGRES_URL"},
    {"log-level", 0, false, "LEVEL", SETTING_LOG_LEVEL, "debug, info, warn or error"},
    {"log-format", 0, false, "FORMAT", SETTING_LOG_FORMAT, "logfmt or json"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl serve broker --server nats://nats:4222", "decides what runs next, and writes the log"},
    {"noetl serve worker --pool gpu --concurrency 4", "runs the tasks of a pool"},
    {"noetl serve worker --pool gpu --data-dir ~/.local/share/noetl",
     "one more, for the `noetl dev` of that folder"},
    {"noetl serve publisher --http 0.0.0.0:8082", "the catalog, requests, and the HTTP API"},
    {"noetl serve render", "answers what is asked about executions"},
    {0},
};
const struct command_details details_serve = {
    .text = "Each part may run several times, on several machines; they meet over NATS. `noetl setup`\n"
            "makes the streams and tables that they need. SIGTERM or Ctrl-C lets a part finish what\n"
            "it has begun; a second one ends it at once.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

struct part {
    const char *name;
    enum status (*serve)(const struct settings *settings, struct error *err);
};
static const struct part PARTS[] = {
    {"broker", broker_serve},
    {"worker", worker_serve},
    {"publisher", publisher_serve},
    {"render", render_service_serve},
};
enum { PART_COUNT = sizeof(PARTS) / sizeof(PARTS[0]) };

static enum status find_part(const char *name, const struct part **out, struct error *err)
{
    struct str names[PART_COUNT];
    for (size_t i = 0; i < PART_COUNT; i++) {
        names[i] = str_of(PARTS[i].name);
        *out = &PARTS[i];
        if (strcmp(PARTS[i].name, name) == 0)
            return STATUS_OK;
    }
    struct str near = str_nearest(str_of(name), names, PART_COUNT);
    (void)error_set(err, STATUS_INVALID, "noetl has no part \"%s\"", name);
    if (near.len > 0)
        return error_hint(err, "Did you mean \"%" PRISTR "\"?", ARGSTR(near));
    return error_hint(err, "The parts are broker, worker, publisher and render.");
}

static enum log_level log_level_of(const struct settings *s)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    static const enum log_level levels[] = {LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(settings_text(s, SETTING_LOG_LEVEL), names[i]) == 0)
            return levels[i];
    }
    return LOG_INFO;
}

enum status command_serve(struct invocation *in, struct error *err)
{
    const struct part *part;
    TRY(find_part(in->args.positional[0], &part, err));
    TRY(client_use_named_dev(in, err));
    daemon_setup();
    log_setup(part->name, log_level_of(in->settings),
              strcmp(settings_text(in->settings, SETTING_LOG_FORMAT), "json") == 0);
    return part->serve(in->settings, err);
}
