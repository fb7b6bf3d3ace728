/* SPDX-License-Identifier: MIT */
/*
 * rng.h - numbers for tests that are the same on every machine (splitmix64,
 * Steele, Lea and Flood, 2014).
 */
#ifndef TESTS_RNG_H
#define TESTS_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Any value is a good seed. */
struct rng {
    uint64_t state;
};

static inline uint64_t
rng_next(struct rng *r)
{
    uint64_t x = r->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* 0 .. n - 1; 0 when n is 0. */
static inline uint32_t
rng_below(struct rng *r, uint32_t n)
{
    return (uint32_t)((rng_next(r) >> 32) * n >> 32);
}

/* first .. last, both included. */
static inline uint32_t
rng_range(struct rng *r, uint32_t first, uint32_t last)
{
    return first + rng_below(r, last - first + 1);
}

/* True in ppm of a million cases. */
static inline bool
rng_chance(struct rng *r, uint32_t ppm)
{
    return rng_below(r, 1000000) < ppm;
}

static inline void
rng_fill(struct rng *r, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i += 8) {
        uint64_t x = rng_next(r);
        for (size_t k = 0; k < 8 && i + k < len; k++)
            out[i + k] = (uint8_t)(x >> 8 * k);
    }
}

#endif /* TESTS_RNG_H */
