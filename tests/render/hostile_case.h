/*
 * A line of hostile.jsonl in full. A template is given whole or as `parts`, texts and how often they are
 * repeated ("#" is the number of the repetition); data that is too large to be written down is described by
 * `make`.
 */
#ifndef TESTS_RENDER_HOSTILE_CASE_H
#define TESTS_RENDER_HOSTILE_CASE_H

#include "core/arena.h"
#include "core/value.h"

/* Reads the line into a case for case_render(); everything is in `a`. */
enum status hostile_case_read(struct arena *a, struct str line, struct value *out,
                              struct error *err) MUST_CHECK;

#endif
