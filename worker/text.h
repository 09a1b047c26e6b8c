/* Bytes from outside (a command's output, a body of HTTP) as text that JSON and Postgres can hold. */
#ifndef WORKER_TEXT_H
#define WORKER_TEXT_H

#include "core/arena.h"
#include "core/str.h"

/* Whether the bytes are UTF-8 without a zero byte, which a Postgres text cannot hold. */
bool is_text(struct str bytes);
/* The bytes with U+FFFD for each that is_text() would refuse; ptr NULL when the arena has no memory. */
struct str text_clean(struct arena *a, struct str bytes);

#endif
