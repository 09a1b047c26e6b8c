/* Asking for an execution and, if that is wanted, staying with it: what `run` and `rerun` share. */
#ifndef CLI_STARTING_H
#define CLI_STARTING_H

#include "client.h"
#include "follow.h"

/* The flags of both, for their tables. */
#define START_FLAGS                                                                                          \
    {"idempotency-key",                                                                                      \
     0,                                                                                                      \
     false,                                                                                                  \
     "KEY",                                                                                                  \
     NO_SETTING,                                                                                             \
     "the same path and key give the same execution, not a second one"},                                     \
        {"execution-timeout",                                                                                \
         0,                                                                                                  \
         false,                                                                                              \
         "DURATION",                                                                                         \
         NO_SETTING,                                                                                         \
         "the execution fails when it is not over by then; goes before the playbook's own"},                 \
        {"follow", 'f', false, NULL, NO_SETTING, "shows what happens until the end"},                        \
        {"wait", 'w', false, NULL, NO_SETTING, "is quiet until the end, then shows the execution"},          \
    {                                                                                                        \
        "timeout", 't', false, "DURATION", NO_SETTING,                                                       \
            "longest wait of --follow and --wait; the execution goes on"                                     \
    }

struct starting {
    struct invocation *in;
    struct client client;
    const char *key;    /* or NULL */
    int64_t timeout_ms; /* of the execution; -1: the playbook's */
    bool wait;          /* --wait, or --follow */
    struct follow_options follow;
};

/* What is to be run; `version` 0 is the newest, an absent workload the playbook's. */
struct start {
    struct str path;
    uint64_t version;
    struct value workload;
    struct str text;   /* of the playbook, for a fork; else "" */
    struct value fork; /* what is taken over (replay/fork.h), or absent */
};

/* Reads START_FLAGS. */
enum status starting_read_flags(struct starting *s, struct invocation *in, struct error *err) MUST_CHECK;
/* Connects as client_open(), with Ctrl-C waited for if something is to be waited for. */
enum status starting_open(struct starting *s, struct error *err) MUST_CHECK;
/* Asks for the execution and prints that, or follows it to its end. */
enum status starting_run(struct starting *s, const struct start *start, struct error *err) MUST_CHECK;
/* Whatever starting_open() returned. */
void starting_close(struct starting *s);

#endif
