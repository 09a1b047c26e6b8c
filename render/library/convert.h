/* Of this room only: between the public header's types and the engine's. */
#ifndef RENDER_LIBRARY_CONVERT_H
#define RENDER_LIBRARY_CONVERT_H

#include <noetl/render.h>

#include "core/value.h"
#include "render/template.h"

struct noetl_context {
    struct arena arena;
    struct value names; /* a map */
};

/* What the public functions return: the status, with the error in its public form if `s` is one. */
enum noetl_status public_result(enum status s, const struct error *from, struct noetl_error *to);
/* The other way round, for what a caller's function returned. */
enum status engine_result(enum noetl_status s, const struct noetl_error *from, struct error *to);

/* The engine's inputs; NULL are those of an empty world. STATUS_INVALID for members that mean nothing. */
enum status engine_inputs(const struct noetl_render_inputs *from, struct render_inputs *to,
                          struct error *err) MUST_CHECK;
struct scope engine_scope(const struct noetl_context *context);

/* A text of the caller's; NULL is allowed for an empty one. */
enum status engine_str(const char *bytes, size_t len, struct str *out, struct error *err) MUST_CHECK;

/* A copy of the text, or the value as JSON, as memory of the caller's. */
enum status public_text(struct str s, struct noetl_text *out, struct error *err) MUST_CHECK;
enum status public_json(struct value v, struct noetl_text *out, struct error *err) MUST_CHECK;

#endif
