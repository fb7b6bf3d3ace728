/* SPDX-License-Identifier: MIT */
/*
 * histogram.h - how many values fell where, in bounded memory.
 *
 * Log-linear classes over all of uint64_t: 16 for each doubling.  Values below
 * 32 have a class each; from there on a class is as wide as 1/16 of its lower
 * bound, so that its middle is at most 1/32 (3.2 %) off.
 *
 *   class    0 .. 31    32,33    34,35   ...   2^63 + 15 * 2^59 ..
 *   number   0 .. 31      32       33    ...          975
 *
 * The classes alone are for who keeps fewer counters of its own
 * (dissect/judge/round_trips.h).
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 4u
#define HISTOGRAM_SUBS (1u << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_CLASSES ((64u - HISTOGRAM_SUB_BITS + 1u) * HISTOGRAM_SUBS)

/* Values by the number of their bits: 0; 1; 2, 3; 4 .. 7; ... */
#define HISTOGRAM_OCTAVES 65u

static inline unsigned
histogram_class(uint64_t v)
{
    if (v < HISTOGRAM_SUBS)
        return (unsigned)v;
    unsigned e = 63u - (unsigned)__builtin_clzll(v);
    return (e - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUBS +
           (unsigned)(v >> (e - HISTOGRAM_SUB_BITS) & (HISTOGRAM_SUBS - 1));
}

/* The least value of class c (< HISTOGRAM_CLASSES). */
uint64_t histogram_low(unsigned c);

/* What stands for the values of class c: its middle. */
uint64_t histogram_middle(unsigned c);

/* The nearest rank of a percentile (1 .. 100) of n > 0 values, 1 being that of
 * the least: the smallest with at least that share at or below it. */
static inline uint64_t
histogram_rank(uint64_t n, unsigned percent)
{
    return n / 100 * percent + (n % 100 * percent + 99) / 100;
}

/* Zeroed: empty.  n, min, max and total are exact; total stays at UINT64_MAX
 * when it would pass it. */
struct histogram {
    uint64_t n;
    uint64_t min, max; /* with n > 0 */
    uint64_t total;
    uint64_t count[HISTOGRAM_CLASSES];
};

void histogram_add(struct histogram *h, uint64_t v);

/* The value at that percentile (1 .. 100), exact below 32, else at most 3.2 %
 * off; 0 when there is none. */
uint64_t histogram_percentile(const struct histogram *h, unsigned percent);

/* Adds the values of h to out[0 .. HISTOGRAM_OCTAVES - 1] by the number of
 * their bits. */
void histogram_octaves(const struct histogram *h, uint64_t *out);

#endif /* BASE_HISTOGRAM_H */
