/*
 * One rendering described by a JSON document: the form of tests/render/cases.jsonl and of
 * `noetl render --cases`. Members: template, context, undefined, mode (string, expression, native), options,
 * templates (what include and extends find); others are ignored.
 */
#ifndef TESTS_RENDER_CASE_H
#define TESTS_RENDER_CASE_H

#include "render/template.h"

/*
 * Renders the case; the result's memory is in `a`. Errors are those of template_compile_with() and
 * template_render(), and STATUS_INVALID for a case of another form.
 */
enum status case_render(struct value description, const struct render_inputs *inputs, struct arena *a,
                        struct value *out, struct error *err) MUST_CHECK;

/*
 * {"id", "result"} or {"id", "error": {"kind", "message", "line"}} for the outcome of a case. An undefined
 * result is null.
 */
enum status case_outcome(struct arena *a, struct value description, enum status status, struct value result,
                         const struct error *failure, struct value *out, struct error *err) MUST_CHECK;

#endif
