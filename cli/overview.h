/* The executions that run, as a table that is drawn again every second. */
#ifndef CLI_OVERVIEW_H
#define CLI_OVERVIEW_H

#include "client.h"

/*
 * Until Ctrl-C (`interrupt` of interrupt_open()), which makes the exit code EXIT_INTERRUPTED. Those of the
 * playbook `path` only, or NULL. One that ends stays for some seconds. A render part that does not answer is
 * asked again.
 */
enum status overview_show(struct invocation *in, struct client *c, const char *path, int interrupt,
                          struct error *err) MUST_CHECK;

#endif
