/*
 * The command line's connection: which server, and asking its parts. Failures say which part is missing,
 * where it was looked for, and what starts it.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "publisher/subject.h"
#include "bus/bus.h"

#include "invocation.h"

struct client {
    struct bus *bus;
    struct subjects subjects;
    int64_t timeout_ms; /* of a request: the setting nats.timeout */
    const char *url;    /* without passwords, for messages; in the invocation's arena */
    const char *from;   /* "--server", "noetl dev in /data", "the default" */
};

/*
 * Connects to the server of --server; else to that of the `noetl dev` in the data folder that a flag or
 * variable names; else to the one that a variable, a NATS context or the settings file names; else to that of
 * the `noetl dev` that runs on this machine; else to the default.
 */
enum status client_open(struct invocation *in, struct client *out, struct error *err) MUST_CHECK;
/* The same without looking for a `noetl dev`: only what is named, or the default. */
enum status client_open_named(struct invocation *in, struct client *out, struct error *err) MUST_CHECK;
/*
 * client_open() for a command about one execution, which `name` means in any of the ways of execution_name.h:
 * the word is looked at before there is a connection, and *id is the execution's. To be closed whatever is
 * returned.
 */
enum status client_open_for(struct invocation *in, const char *name, struct client *out, int64_t *id,
                            struct error *err) MUST_CHECK;
/* Makes the settings those of the `noetl dev` whose data folder --data-dir or NOETL_DATA_DIR names, if one
 * does and no server goes before it: for what connects by itself. */
enum status client_use_named_dev(struct invocation *in, struct error *err) MUST_CHECK;
void client_close(struct client *c);

/*
 * One operation of the API: "run", "show", … `extra_ms` is added to the usual time, for operations that wait
 * on their side. The answer is in `a`. An error that the other side answers becomes `err`, and *answer has it
 * in full.
 */
enum status client_call(struct client *c, const char *operation, struct value request, int64_t extra_ms,
                        struct arena *a, struct value *answer, struct error *err) MUST_CHECK;

/* How long an operation with `at_least` may wait for the log, and how much longer it takes to read a large
 * execution.
 */
enum { AT_LEAST_WAIT_MS = 15000, LARGE_WAIT_MS = 30000 };

#endif
