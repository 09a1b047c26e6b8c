/* How an execution ended, on one line. */
#ifndef CLI_ENDING_H
#define CLI_ENDING_H

#include "invocation.h"

/* "✔ 42 examples/hello@3 completed in 5 ms", or "✘ 42 examples/hello@3 failed after 5 ms: the reason", of the
 * document of one that is over (docs/API.md, "status"). */
enum status ending_print(struct invocation *in, struct value document, struct error *err) MUST_CHECK;

#endif
