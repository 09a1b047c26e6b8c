/*
 * Many renders in one process, for tests and comparisons: JSON lines in, JSON lines out.
 *
 *   {"id","template","context"?,"undefined"?,"mode"?,"options"?,"templates"?}
 *   → {"id","result"} or {"id","error":{"kind","message","line"}}
 */
#ifndef CLI_RENDER_CASES_H
#define CLI_RENDER_CASES_H

#include "output.h"

enum status render_cases(struct str lines, struct output *out, struct error *err) MUST_CHECK;

#endif
