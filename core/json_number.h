/* Of this room only: numbers in JSON text. */
#ifndef CORE_JSON_NUMBER_H
#define CORE_JSON_NUMBER_H

#include "value.h"

/* More digits than anybody means; keeps arithmetic on integers of any size from taking forever (as in
 * CPython). */
enum { JSON_MAX_DIGITS = 4300 };

/*
 * Reads the number at *p, which is a digit or "-", and moves *p behind it, or to where it goes wrong. The
 * text must end in a byte that is in no number. An integer beyond 64 bits borrows its digits from the text.
 * STATUS_SYNTAX and STATUS_LIMIT have a message, and no place.
 */
enum status json_number(const char **p, struct value *out, struct error *err) MUST_CHECK;

#endif
