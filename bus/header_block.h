/*
 * The headers of a stored message, as STREAM.MSG.GET gives them: "NATS/1.0\r\nName: value\r\n…\r\n\r\n".
 */
#ifndef BUS_HEADER_BLOCK_H
#define BUS_HEADER_BLOCK_H

#include <stdbool.h>

#include "core/str.h"

/* The first value under the name (exact case), without the white space around it; false if there is none. */
bool header_block_find(struct str block, struct str name, struct str *value);

#endif
