/*
 * Paths to a value within a value: names and numbers, as in templates but without anything to compute.
 *
 *   rows          a key of a map
 *   result.rows[0].id
 *   a['x y'].z    a key that is no name
 *   a[-1]         from the end of a list
 */
#ifndef CORE_PATH_H
#define CORE_PATH_H

#include "value.h"

/* STATUS_SYNTAX with the column for a text that is no path. */
enum status path_check(struct str path, struct error *err) MUST_CHECK;
/* What is there; absent if nothing is, or if the path is none. A null that is there is there. */
struct value value_at_path(struct value v, struct str path);
/*
 * *message is empty if every path leads to something in `names` or, failing that, in `more` (maps; either may
 * be absent); else it says which do not, and what there was instead, a map under several names once ("rows is
 * missing; there is: result (status_code, body), this"). In `a`.
 */
enum status paths_missing(struct arena *a, const struct str *paths, uint32_t count, struct value names,
                          struct value more, struct str *message, struct error *err) MUST_CHECK;

#endif
