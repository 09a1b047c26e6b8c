/* UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF. */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stdint.h>

#include "buf.h"
#include "str.h"

/* Decodes one character at s[*at] and moves *at behind it; -1 and *at unmoved if it is not valid. */
int32_t utf8_next(struct str s, size_t *at);
/* Writes 1–4 bytes and returns how many; 0 for what is no character. */
size_t utf8_put(char out[4], uint32_t code_point);
/* Offset of the first byte that is not valid, or s.len. */
size_t utf8_check(struct str s);
/* Characters in valid text. */
size_t utf8_length(struct str s);
/* The text with U+FFFD for each byte that is not valid and for each U+0000: what a text column of the log can
 * hold. */
void utf8_add_clean(struct buf *b, struct str s);

#endif
