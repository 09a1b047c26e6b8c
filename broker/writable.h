/*
 * Whether what a fact led to can be written down: as rows of the log, and as messages. The transition refuses
 * what cannot, with the step's error; this is looked at all the same before anything of it goes into a batch,
 * for a row that cannot be written would keep the writer from all that comes behind it.
 */
#ifndef BROKER_WRITABLE_H
#define BROKER_WRITABLE_H

#include "transition/transition.h"

/* What the values of a row may have as JSON, together: Postgres takes a row of less than 1 GB. */
enum { WRITABLE_ROW_BYTES = 768 << 20 };

/*
 * STATUS_INVALID for what JSON cannot carry, STATUS_LIMIT for what is too deep for whoever reads the message,
 * or too large for a row; the message says of what. The fact itself came as a message, and is not looked at.
 */
enum status decisions_writable(const struct decisions *d, struct error *err) MUST_CHECK;

#endif
