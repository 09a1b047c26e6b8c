/*
 * A JSON document whose strings are templates, compiled once: arguments, tool keys, a template object of the
 * render service. Maps and lists are rendered leaf by leaf, keys too, in TEMPLATE_NATIVE mode.
 */
#ifndef RENDER_OBJECT_H
#define RENDER_OBJECT_H

#include "template_cache.h"

struct object_template; /* immutable */

/*
 * Compiles every leaf of `document`, which it copies. `name` is the path of the whole, to which leaves add
 * theirs ("args.items[3]"). Errors as template_compile(), with the leaf's path as the place.
 */
enum status object_compile(struct value document, const char *name, struct object_template **out,
                           struct error *err) MUST_CHECK;
/* The same with leaves of a cache, for documents that come again; NULL for none. */
enum status object_compile_cached(struct value document, const char *name, struct template_cache *cache,
                                  struct object_template **out, struct error *err) MUST_CHECK;
void object_free(struct object_template *o);
/* Whether no leaf is a template: rendering gives the document itself. */
bool object_is_constant(const struct object_template *o);

/* template_each_name() of every leaf. */
void object_each_name(const struct object_template *o, template_name_found *found, void *user);

/*
 * Strict: the first leaf that cannot be rendered is the error, with its path as the place. So is a value that
 * JSON cannot carry, a map with a key that is no text or a number that is infinite or NaN (STATUS_INVALID),
 * and one beyond max_value or max_nesting (STATUS_LIMIT): what is rendered goes into messages and the log.
 */
enum status object_render(const struct object_template *o, const struct scope *scope,
                          const struct render_inputs *inputs, struct arena *a, struct value *out,
                          struct error *err) MUST_CHECK;

/*
 * Relaxed: a leaf with an undefined name stays as it is written, and its path is added to `unresolved` (a
 * list of {"path", "message"} maps). Other errors end the render as above.
 */
enum status object_render_partial(const struct object_template *o, const struct scope *scope,
                                  const struct render_inputs *inputs, struct arena *a, struct value *out,
                                  struct value *unresolved, struct error *err) MUST_CHECK;

#endif
