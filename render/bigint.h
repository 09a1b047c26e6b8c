/*
 * Integers of any size, as limbs of nine decimal digits: the digits of a VALUE_BIGINT are decimal text, so
 * reading and writing are linear and nothing but multiplication and division is slower than that.
 */
#ifndef RENDER_BIGINT_H
#define RENDER_BIGINT_H

#include "core/value.h"

enum { BIGINT_LIMB_DIGITS = 9 };
#define BIGINT_BASE UINT32_C(1000000000)

struct bigint {
    uint32_t *limbs; /* lowest first, no zeros on top; none for zero */
    uint32_t len;
    bool negative;
};

/* From VALUE_INT, VALUE_BOOL or VALUE_BIGINT. All of these are false when the arena has no memory. */
bool bigint_from_value(struct arena *a, struct value v, struct bigint *out);
/* VALUE_INT if it fits. */
bool bigint_to_value(struct arena *a, const struct bigint *b, struct value *out);
bool bigint_add(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *out);
bool bigint_multiply(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *out);
/* Floor division and the remainder with the divisor's sign; y is not zero. */
bool bigint_divide(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *quotient,
                   struct bigint *remainder);
/* b × factor + addend, in place; the limbs must have room for one more. */
void bigint_multiply_add(struct bigint *b, uint32_t factor, uint32_t addend);
/* b ÷ divisor in place; gives the remainder. */
uint32_t bigint_divide_small(struct bigint *b, uint32_t divisor);
bool bigint_allocate(struct arena *a, uint32_t limbs, struct bigint *out);

#endif
