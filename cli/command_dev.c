#include "commands.h"

#include "dev.h"

enum { ANY_PORT_NEAR_USUAL = -1, MAX_PORT = 65535, MAX_WORKERS = 64 };

static const struct flag FLAGS[] = {
    {"workers", 0, false, "N", NO_SETTING, "how many workers; 1 if not given"},
    {"nats-port", 0, false, "PORT", NO_SETTING,
     "of the private NATS server; 4222, or another if that is taken; 0: any free one"},
    {"postgres-port", 0, false, "PORT", NO_SETTING,
     "of the private Postgres; 5432, or another if that is taken; 0: any free one"},
    {"http", 0, false, "HOST:PORT", NO_SETTING,
     "where the HTTP API listens; port 0: any free one; empty: nowhere"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl dev", "in ~/.local/share/noetl; Ctrl-C stops everything"},
    {"noetl dev --data-dir /tmp/try --nats-port 0 --postgres-port 0 --http 127.0.0.1:0",
     "a second one, beside the first"},
    {"noetl dev --workers 4", "four workers"},
    {"NOETL_POSTGRES_URL=postgresql://noetl@db/noetl noetl dev", "with a Postgres of your own"},
    {0},
};
const struct command_details details_dev = {
    .text =
        "Prints how to reach NATS, Postgres, the HTTP API and the metrics when all is ready. The data\n"
        "stays in the folder: started again, it goes on where it was. A part that dies is started again.\n"
        "Other commands find the dev that runs on this machine by themselves; with several,\n"
        "--data-dir says which.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

enum status command_dev(struct invocation *in, struct error *err)
{
    struct dev_options options = {.http = args_text(&in->args, "http")};
    TRY(args_number_between(&in->args, "nats-port", ANY_PORT_NEAR_USUAL, 0, MAX_PORT, &options.nats_port,
                            err));
    TRY(args_number_between(&in->args, "postgres-port", ANY_PORT_NEAR_USUAL, 0, MAX_PORT,
                            &options.postgres_port, err));
    TRY(args_number_between(&in->args, "workers", 1, 1, MAX_WORKERS, &options.workers, err));
    return dev_run(in->settings, &options, err);
}
