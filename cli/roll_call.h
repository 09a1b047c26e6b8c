/* Asking all daemons of a kind how they stand. */
#ifndef CLI_ROLL_CALL_H
#define CLI_ROLL_CALL_H

#include "client.h"

/*
 * The status (docs/API.md, "daemons") of each "broker" or "worker" that answers soon, by name; a list of maps
 * in `a`, which is empty when there is none.
 */
enum status roll_call(struct client *c, const char *kind, struct arena *a, struct value *list,
                      struct error *err) MUST_CHECK;
/* The same of what each daemon of every kind says to $SRV.PING: {"name", "id", "version", "metadata"}. */
enum status roll_call_services(struct client *c, struct arena *a, struct value *list,
                               struct error *err) MUST_CHECK;

/* For a table: "✔ ready", or "✘ not ready". */
struct cell roll_call_ready(struct value status);

#endif
