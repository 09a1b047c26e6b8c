/* Properties and case of Unicode characters, as Python's str has them; independent of any locale. */
#ifndef RENDER_UNICODE_H
#define RENDER_UNICODE_H

#include "core/str.h"

bool unicode_is_space(uint32_t c);
bool unicode_is_alpha(uint32_t c);
bool unicode_is_decimal(uint32_t c); /* digits of base ten in any script */
bool unicode_is_digit(uint32_t c);   /* these, and superscripts and the like */
bool unicode_is_numeric(uint32_t c);
bool unicode_is_upper(uint32_t c);
bool unicode_is_lower(uint32_t c);
bool unicode_is_title(uint32_t c);
bool unicode_is_cased(uint32_t c);
bool unicode_is_case_ignorable(uint32_t c);
bool unicode_is_printable(uint32_t c); /* repr() shows it as it is */
bool unicode_is_word(uint32_t c);      /* \w of a regular expression */
/* Python's str.isidentifier(). */
bool unicode_is_identifier(struct str s);
/* 0–9 of a decimal digit in any script, or -1. */
int unicode_decimal_value(uint32_t c);

enum unicode_case { UNICODE_LOWER, UNICODE_UPPER, UNICODE_TITLE, UNICODE_FOLD };
/* One character becomes up to three; returns how many. */
int unicode_convert(uint32_t c, enum unicode_case to, uint32_t out[3]);

#endif
