/* Asking all daemons of a kind how they stand. */
#ifndef PUBLISHER_ROLL_CALL_H
#define PUBLISHER_ROLL_CALL_H

#include "core/value.h"
#include "bus/bus.h"
#include "subject.h"

/*
 * The status (docs/API.md, "daemons") of each "broker" or "worker" that answers soon, by name: a list of maps
 * in `a`, which is empty when there is none. Nobody is waited for once none has answered for `quiet_ms`.
 * Answers are kept as they are; nothing in them is trusted but as what they say of themselves.
 */
enum { ROLL_CALL_QUIET_MS = 250 };
enum status roll_call(struct bus *bus, const struct subjects *s, const char *kind, int64_t quiet_ms,
                      struct arena *a, struct value *list, struct error *err) MUST_CHECK;
/* Of a worker that answered, what it says of that task; absent: it has it not. */
struct value roll_call_task(struct value worker, int64_t execution_id, struct str task_id);
/* The same of what each daemon of every kind says to $SRV.PING: {"name", "id", "version", "metadata"}. */
enum status roll_call_services(struct bus *bus, struct arena *a, struct value *list,
                               struct error *err) MUST_CHECK;

#endif
