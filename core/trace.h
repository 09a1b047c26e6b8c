/*
 * W3C trace context (https://www.w3.org/TR/trace-context/): what ties the spans of one trace together.
 *
 *   00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
 *   version, trace id, id of the span that asks, flags (01: sampled)
 */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include <stdbool.h>

#include "str.h"

enum { TRACEPARENT_TEXT = 56 };

/*
 * Whether it is to be taken: lower-case hexadecimal, no id all zero, not version ff; version 00 is 55 bytes,
 * a later one may have more behind a "-". Anything else is to be ignored.
 */
bool traceparent_is_valid(struct str s);
/*
 * What a span of that trace hands on to those that it asks: version 00, with an id of its own that is a
 * function of `parent` and `name`, and of the flags the one that is known. False, and "" in `out`, if
 * `parent` is not valid.
 */
bool traceparent_of_span(struct str parent, struct str name, char out[TRACEPARENT_TEXT]);

#endif
