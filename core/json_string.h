/* Of this room only: strings in JSON text. */
#ifndef CORE_JSON_STRING_H
#define CORE_JSON_STRING_H

#include "value.h"

/* So many zero bytes have to follow the text: strings are read several bytes at a time. */
enum { JSON_LOOK_AHEAD = 16 };

/*
 * Reads the string whose opening quote is at *p and moves *p behind its closing quote. Escapes are undone in
 * place, so the value borrows from the text. STATUS_SYNTAX has a message, and *where is its place.
 */
enum status json_string(char **p, const char *end, struct value *out, const char **where,
                        struct error *err) MUST_CHECK;

#endif
