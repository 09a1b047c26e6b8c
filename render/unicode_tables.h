/* The tables behind unicode.h, made by scripts/make_unicode_tables.py. */
#ifndef RENDER_UNICODE_TABLES_H
#define RENDER_UNICODE_TABLES_H

#include <stddef.h>
#include <stdint.h>

enum {
    UNICODE_PAGE = 64,
    UNICODE_SPACE = 1 << 0,
    UNICODE_ALPHA = 1 << 1,
    UNICODE_DECIMAL = 1 << 2,
    UNICODE_DIGIT = 1 << 3,
    UNICODE_NUMERIC = 1 << 4,
    UNICODE_IS_UPPER = 1 << 5,
    UNICODE_IS_LOWER = 1 << 6,
    UNICODE_IS_TITLE = 1 << 7,
    UNICODE_CASE_IGNORABLE = 1 << 8,
    UNICODE_PRINTABLE = 1 << 9,
    UNICODE_ID_START = 1 << 10,
    UNICODE_ID_PART = 1 << 11,
    UNICODE_VALUE_SHIFT = 12, /* above: the value of a decimal digit */
};

extern const uint16_t UNICODE_PAGE_OF[0x110000 / UNICODE_PAGE];
extern const uint16_t UNICODE_PAGES[][UNICODE_PAGE];

/* A form is a character, or, with the top bit, the number of an entry of UNICODE_LONG_CASES. */
struct unicode_case_entry {
    uint32_t code;
    uint32_t form[4]; /* by enum unicode_case */
};
extern const struct unicode_case_entry UNICODE_CASES[]; /* sorted by code; characters from 128 on */
extern const size_t UNICODE_CASE_COUNT;
extern const uint32_t UNICODE_LONG_CASES[][4]; /* length and characters */

#endif
