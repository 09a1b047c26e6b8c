/*
 * Cases of tools as text files in tests/worker/cases:
 *
 *   === what is true when it passes
 *   type shell                    the tool, if it is not that of the bench
 *   config {"method": "GET"}      keys of the step as JSON
 *   code <<<                      one key of the step as text, up to >>>
 *   result = 1
 *   >>>
 *   args {"x": 1}                 its args
 *   data 1                        the data that must come, exactly
 *   has {"a": 1}                  members that the data must have
 *   error exception ValueError    the kind of error, and what its sentence must contain
 *   error_has {"line": 2}         members that the error must have
 *   log hello                     what the log must contain
 *   returns ["a.b"]               of the task, and so are
 *   saves [{"tool": …}]
 *   names {"x": 1}
 *   saved [{"storage": …}]        what the event must tell of its saves, exactly
 *
 * A case without `error` must succeed.
 */
#ifndef TESTS_WORKER_TOOL_CASES_H
#define TESTS_WORKER_TOOL_CASES_H

#include "tool_bench.h"

/*
 * Runs all cases of a file in one bench, over `base`, a map of keys that each step has. `word` (NULL: none)
 * stands for `text` wherever it is in the file. Prints each case that fails; fails the test if any did.
 */
void tool_cases_run(struct tool_bench *b, const char *file, struct value base, const char *word,
                    const char *text);

#endif
