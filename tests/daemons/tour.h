/*
 * What the nats CLI does to a server for a command line, as a client with nothing but the protocol: the
 * requests of the JetStream API that it sends, and what it prints of the answers with --raw or --json. The
 * commands are those of docs/NATS_CLI.md.
 */
#ifndef TESTS_DAEMONS_TOUR_H
#define TESTS_DAEMONS_TOUR_H

#include "core/arena.h"
#include "core/value.h"
#include "plain_client.h"

enum { TOUR_WORDS = 12, TOUR_OUTPUTS = 64 };

struct tour_command {
    const char *words[TOUR_WORDS]; /* without options */
    size_t count;
    const char *subject; /* --subject, -S */
    bool all;            /* --all */
};

/* What a command printed; of a subscription that goes on, nothing, and its messages come at `listening`. */
struct tour_output {
    struct str texts[TOUR_OUTPUTS];
    size_t count;
};

/*
 * Splits a line into its words: quotes, and "$(cat NAME)", whose text `file` knows. False for a line that is
 * no command of the nats CLI.
 */
bool tour_parse(const char *line, struct str (*file)(void *context, struct str name), void *context,
                struct arena *a, struct tour_command *out);
/* Whether it goes on until it is ended. */
bool tour_listens(const struct tour_command *c);
/* Begins to; its messages come to `client`, which is its own. */
void tour_listen(const struct tour_command *c, struct plain_client *client, struct arena *a);
/* Does it; the test fails for a command that is not known, and for an error of JetStream. */
void tour_run(const struct tour_command *c, struct plain_client *client, struct arena *a,
              struct tour_output *out);

#endif
