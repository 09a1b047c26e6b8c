/*
 * Tasks that were delivered as often as they may be and never came to an end (their workers died, or were cut
 * off each time): the server says so in an advisory, the broker reports the attempt as failed, and the
 * execution goes on by its rules.
 */
#ifndef BROKER_DEAD_LETTER_H
#define BROKER_DEAD_LETTER_H

#include <stdatomic.h>

#include "publisher/subject.h"
#include "bus/bus.h"

struct dead_letters;

/* *missing, which outlives it: there is no consumer of advisories, and the broker cannot make it. */
enum status dead_letters_start(struct bus *bus, const struct subjects *s, atomic_bool *missing,
                               struct dead_letters **out, struct error *err) MUST_CHECK;
/* NULL is allowed. */
void dead_letters_stop(struct dead_letters **l);

#endif
