/* Durations and sizes as people write them: "250ms", "30s", "1.5h", "64KiB", "1048576". */
#ifndef CONFIG_QUANTITY_H
#define CONFIG_QUANTITY_H

#include <stdint.h>

#include "core/status.h"
#include "core/str.h"

/* A number with ms, s, m, h or d; a bare 0 is allowed. The message says what was wrong with the text. */
enum status duration_parse(struct str text, int64_t *milliseconds, struct error *err) MUST_CHECK;
/* A number of bytes, or with B, KiB, MiB, GiB (also K, M, G; powers of 1024). */
enum status size_parse(struct str text, int64_t *bytes, struct error *err) MUST_CHECK;
/* true, yes, on, 1 and false, no, off, 0, in any case. */
enum status flag_parse(struct str text, bool *out, struct error *err) MUST_CHECK;

#endif
