/*
 * Numbers: VALUE_INT where they fit 64 bits, else VALUE_BIGINT, whose digits are decimal text. All arithmetic
 * is Python's: exact on integers, floor division and modulo, true division.
 */
#ifndef RENDER_NUMBER_H
#define RENDER_NUMBER_H

#include "core/value.h"

enum { NUMBER_MAX_LITERAL_DIGITS = 10000 };

/* Of a template's literal: "12", "0x1f", "1.5e3". STATUS_LIMIT for one that is too long. */
enum status number_from_literal(struct arena *a, struct str text, bool is_float, struct value *out,
                                struct error *err) MUST_CHECK;

static inline bool number_is_int(struct value v)
{
    return v.type == VALUE_INT || v.type == VALUE_BIGINT || v.type == VALUE_BOOL;
}
static inline bool number_is(struct value v)
{
    return number_is_int(v) || v.type == VALUE_FLOAT;
}
/* true is 1. Other values as they are. */
static inline struct value number_of_bool(struct value v)
{
    return v.type == VALUE_BOOL ? value_int(v.u.b) : v;
}
/* The nearest double; of a big integer beyond it, infinity. */
double number_to_double(struct value v);
int number_sign(struct value v);
/* <0, 0, >0; exact between integers and floats. *unordered if one is NaN. */
int number_compare(struct value a, struct value b, bool *unordered);
/* Whether an integer fits; bools are 0 and 1. */
bool number_to_int64(struct value v, int64_t *out);

/* Why an operation gave no number. */
enum number_error {
    NUMBER_OK,
    NUMBER_ZERO_DIVISION,
    NUMBER_TOO_LARGE,
    NUMBER_NO_MEMORY,
    NUMBER_ZERO_NEGATIVE_POWER,
    NUMBER_COMPLEX,
    NUMBER_FLOAT_OVERFLOW
};

/* `work` is what the operation costs in steps: the caller ticks it first. */
uint64_t number_work(struct value a, struct value b);
enum number_error number_add(struct arena *a, struct value x, struct value y, struct value *out);
enum number_error number_subtract(struct arena *a, struct value x, struct value y, struct value *out);
enum number_error number_multiply(struct arena *a, uint32_t max_digits, struct value x, struct value y,
                                  struct value *out);
enum number_error number_divide(struct arena *a, struct value x, struct value y, struct value *out);
enum number_error number_floor_divide(struct arena *a, struct value x, struct value y, struct value *out);
enum number_error number_modulo(struct arena *a, struct value x, struct value y, struct value *out);
/* Big results are bounded by max_digits and by *budget, which is counted down by the work done. */
enum number_error number_power(struct arena *a, uint32_t max_digits, struct value x, struct value y,
                               struct value *out);
enum number_error number_negate(struct arena *a, struct value x, struct value *out);

/* The integer part of a finite float, exactly. */
enum number_error number_truncate(struct arena *a, double f, struct value *out);
/* Integer of digits in a base (2–36), sign allowed, underscores between digits as Python's int() allows. */
enum number_error number_parse_int(struct arena *a, struct str digits, int base, uint32_t max_digits,
                                   struct value *out, bool *valid);
/* Python's float(): spaces around, inf, nan, underscores. */
bool number_parse_float(struct str text, double *out);
/* Digits of an integer in base 2, 8, 10 or 16, lower case, without a sign. An empty text: no memory. */
struct str number_digits(struct arena *a, struct value v, int base);
/* Python's round(): half to even, `digits` after (or before) the point. */
double number_round_float(double f, int digits);
enum number_error number_round_int(struct arena *a, struct value v, int64_t digits, struct value *out);

#endif
