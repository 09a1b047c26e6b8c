/*
 * Intake: commands that were published on NOETL_COMMANDS become facts on NOETL_EVENTS. All brokers share one
 * durable consumer; a command is acknowledged once its fact is in the stream, and repeating it changes
 * nothing, because the fact's id is a function of the command's message.
 */
#ifndef BROKER_INTAKE_H
#define BROKER_INTAKE_H

#include "core/value.h"
#include "occupancy.h"
#include "publisher/subject.h"
#include "bus/bus.h"

struct intake;

/*
 * `env` is what the templates of executions that are requested see of the environment; borrowed. While the
 * broker is full, run commands stay in their stream. `at_a_time`: most commands that are taken from it and
 * not finished. *missing, which outlives it: there is no consumer, and the broker cannot make it.
 */
enum status intake_start(struct bus *bus, const struct subjects *s, struct value env,
                         const struct occupancy *occupancy, uint32_t at_a_time, atomic_bool *missing,
                         struct intake **out, struct error *err) MUST_CHECK;
/* Does what is in the stream and will not be delivered (stranded_commands.h). From one thread at a time. */
enum status intake_look_for_stranded(struct intake *i, struct error *err) MUST_CHECK;
/* Commands in hand are finished or given back. NULL is allowed. */
void intake_stop(struct intake **i);

#endif
