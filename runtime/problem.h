/*
 * Errors over HTTP: problem details (RFC 9457), of application/problem+json.
 *
 *   {"type":"about:blank","title":"Not Found","status":404,"detail":"…","instance":"/api/executions/42",
 *    "kind":"not_found","place":"execution_id","hint":"…"}
 *
 * The members from `kind` on are those of the error elsewhere; what else the error has comes behind them.
 */
#ifndef RUNTIME_PROBLEM_H
#define RUNTIME_PROBLEM_H

#include "core/value.h"
#include "http_server.h"

/* The phrase of HTTP for a code. */
const char *problem_title(int code);
/* `instance` is the path that was asked for. Never fails: without memory it is a shorter text. */
void problem_answer(struct http_reply *reply, struct arena *a, int code, const char *instance,
                    const struct error *why);
/* The same of an error's map {"kind", "message", "place"?, "hint"?, …}. */
void problem_answer_map(struct http_reply *reply, struct arena *a, int code, const char *instance,
                        struct value error);

#endif
