/*
 * What people write for an execution, in every command that takes one:
 *
 *   7301233456789012345   its id
 *   73012334              a beginning of its id that no other execution's has
 *   @last                 the newest execution: the one that was asked for last on this installation, by
 *                         whomever, and that no other execution called
 *   @last:PATH            the newest of that playbook
 *
 * A command that is about one execution opens its connection with client_open_for() (client.h), which does
 * all of this; one that takes several uses execution_name_check() on each before client_open(), and
 * execution_named() behind it.
 */
#ifndef CLI_EXECUTION_NAME_H
#define CLI_EXECUTION_NAME_H

#include "client.h"

/* Whether the text has one of these forms, without asking anybody. STATUS_INVALID. */
enum status execution_name_check(const char *name, struct error *err) MUST_CHECK;

/*
 * The id of the execution that is meant. Only what is not a whole id is asked of the render part.
 * STATUS_NOT_FOUND; STATUS_INVALID, with the candidates, when several executions begin so.
 */
enum status execution_named(struct client *c, const char *name, struct arena *a, int64_t *id,
                            struct error *err) MUST_CHECK;

#endif
