/* Reading answers of the API: the other side of service.h's error shape. */
#ifndef PUBLISHER_ANSWER_H
#define PUBLISHER_ANSWER_H

#include "core/status.h"
#include "core/value.h"

/*
 * The error that an answer is: {"error": {"kind", "message", "place"?, "hint"?}} and nothing beside it, so
 * that the document of an execution, which has an `error` among its members, is none. STATUS_OK for any other
 * answer.
 */
enum status answer_error(struct value answer, struct error *err) MUST_CHECK;

#endif
