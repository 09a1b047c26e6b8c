/* The simulation's randomness: SplitMix64 (Steele, Lea, Flood 2014) over one word, and hashes made of it. */
#ifndef SIMULATION_CHANCE_H
#define SIMULATION_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/digest.h"
#include "core/str.h"

/* A number below `n`; 0 if n is 0. */
static inline uint32_t chance_below(uint64_t *state, uint32_t n)
{
    return n ? (uint32_t)(splitmix64(state) >> 32) % n : 0;
}
/* Once in `n` times. */
static inline bool chance_one_in(uint64_t *state, uint32_t n)
{
    return chance_below(state, n) == 0;
}
/* A number that depends on both. */
static inline uint64_t chance_mix(uint64_t a, uint64_t b)
{
    uint64_t state = a ^ (b + UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
    return splitmix64(&state);
}
static inline uint64_t chance_of_text(uint64_t seed, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        seed = chance_mix(seed, (uint8_t)s.ptr[i]);
    return seed;
}

#endif
