/* SPDX-License-Identifier: MIT */
#include "base/histogram.h"

/* The exponent of the least value of class c >= HISTOGRAM_SUBS. */
static unsigned
exponent(unsigned c)
{
    return c / HISTOGRAM_SUBS + HISTOGRAM_SUB_BITS - 1;
}

uint64_t
histogram_low(unsigned c)
{
    if (c < HISTOGRAM_SUBS)
        return c;
    return (uint64_t)(HISTOGRAM_SUBS + c % HISTOGRAM_SUBS)
           << (exponent(c) - HISTOGRAM_SUB_BITS);
}

uint64_t
histogram_middle(unsigned c)
{
    uint64_t low = histogram_low(c);
    if (c < HISTOGRAM_SUBS)
        return low;
    return low + (UINT64_C(1) << (exponent(c) - HISTOGRAM_SUB_BITS)) / 2;
}

void
histogram_add(struct histogram *h, uint64_t v)
{
    if (h->n == 0 || v < h->min)
        h->min = v;
    if (h->n == 0 || v > h->max)
        h->max = v;
    h->n++;
    h->total = v > UINT64_MAX - h->total ? UINT64_MAX : h->total + v;
    h->count[histogram_class(v)]++;
}

uint64_t
histogram_percentile(const struct histogram *h, unsigned percent)
{
    uint64_t rank = histogram_rank(h->n, percent), sum = 0;
    if (h->n == 0)
        return 0;
    unsigned c = 0;
    for (; c < HISTOGRAM_CLASSES - 1; c++)
        if ((sum += h->count[c]) >= rank)
            break;
    uint64_t v = histogram_middle(c);
    if (v < h->min)
        return h->min;
    return v > h->max ? h->max : v;
}

void
histogram_octaves(const struct histogram *h, uint64_t *out)
{
    for (unsigned c = 0; c < HISTOGRAM_CLASSES; c++) {
        unsigned bits = 0;
        for (uint64_t low = histogram_low(c); low > 0; low >>= 1)
            bits++;
        out[bits] += h->count[c];
    }
}
