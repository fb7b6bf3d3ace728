/* SPDX-License-Identifier: MIT */
#include "ui/rates.h"

#include <string.h>

#define NS_PER_S UINT64_C(1000000000)
#define WIDTH_FIRST_NS UINT64_C(1000000)
#define BIAS (UINT64_C(1) << 63) /* where INT64_MIN counts as 0 */

/* A second of UTC begins where the time since 1970 is a multiple of one; this
 * is how far from that INT64_MIN is. */
#define SECOND_PHASE (BIAS % NS_PER_S)

/* ---- the curve ---- */

static void
widen(struct rates *r)
{
    for (unsigned i = 0; i < RATES_BUCKETS / 2; i++)
        for (unsigned s = 0; s < 2; s++)
            r->buckets[i].frames[s] =
                r->buckets[2 * i].frames[s] + r->buckets[2 * i + 1].frames[s];
    memset(r->buckets + RATES_BUCKETS / 2, 0,
           RATES_BUCKETS / 2 * sizeof r->buckets[0]);
    r->width_ns *= 2;
    r->n_buckets = (r->n_buckets + 1) / 2;
}

/* Makes room in front, so that ns is not before the first bucket. */
static void
extend_left(struct rates *r, uint64_t ns)
{
    uint64_t lead = r->base_ns - ns, shift;
    while ((shift = lead / r->width_ns + (lead % r->width_ns > 0)) >
           RATES_BUCKETS - r->n_buckets)
        widen(r);
    memmove(r->buckets + shift, r->buckets,
            r->n_buckets * sizeof r->buckets[0]);
    memset(r->buckets, 0, (size_t)shift * sizeof r->buckets[0]);
    r->n_buckets += (unsigned)shift;
    /* At the beginning of all time buckets move by less than one width. */
    uint64_t move = shift * r->width_ns;
    r->base_ns = move < r->base_ns ? r->base_ns - move : 0;
}

static void
find_bucket(struct rates *r, uint64_t ns)
{
    if (ns < r->base_ns)
        extend_left(r, ns);
    while ((ns - r->base_ns) / r->width_ns >= RATES_BUCKETS)
        widen(r);
    r->bucket = (unsigned)((ns - r->base_ns) / r->width_ns);
    r->bucket_ns = r->base_ns + r->bucket * r->width_ns;
    if (r->bucket >= r->n_buckets)
        r->n_buckets = r->bucket + 1;
}

/* ---- seconds ---- */

/* When a second begins; the first one does so before all time, modulo 2^64. */
static uint64_t
second_start(uint64_t second)
{
    return second * NS_PER_S - (NS_PER_S - SECOND_PHASE);
}

/* The second in slot i: the latest one that belongs there. */
static uint64_t
second_in(const struct rates *r, unsigned i)
{
    return r->latest - ((r->latest - i) & (RATES_SECONDS - 1));
}

static void
close_second(struct rates *r, unsigned i)
{
    struct rates_second *s = &r->open[i];
    for (unsigned w = 0; w < RATES_WHAT_COUNT; w++)
        if (s->n[w] > r->best[w].n) {
            r->best[w].n = s->n[w];
            r->best[w].second = second_in(r, i);
        }
    *s = (struct rates_second){0};
}

static void
find_second(struct rates *r, uint64_t ns)
{
    uint64_t second = ns / NS_PER_S + (ns % NS_PER_S >= SECOND_PHASE);
    if (!r->any)
        r->latest = second;
    if (second > r->latest) {
        uint64_t ahead = second - r->latest;
        for (uint64_t i = 1; i <= ahead && i <= RATES_SECONDS; i++)
            close_second(r, (unsigned)((r->latest + i) & (RATES_SECONDS - 1)));
        r->latest = second;
    }
    r->on_time = r->latest - second < RATES_SECONDS;
    r->second = (unsigned)(second & (RATES_SECONDS - 1));
    r->second_ns = second_start(second);
}

void
rates_move(struct rates *r, uint64_t ns)
{
    if (!r->any) {
        r->base_ns = r->first_ns = r->last_ns = ns;
        r->width_ns = WIDTH_FIRST_NS;
    }
    if (ns > r->last_ns)
        r->last_ns = ns;
    if (ns < r->first_ns)
        r->first_ns = ns;
    find_bucket(r, ns);
    find_second(r, ns);
    r->any = true;
}

uint64_t
rates_busiest(const struct rates *r, enum rates_what what, int64_t *time_ns)
{
    uint64_t n = r->best[what].n, second = r->best[what].second;
    for (unsigned i = 0; i < RATES_SECONDS; i++) {
        uint64_t open = r->open[i].n[what];
        if (open > n || (open == n && n > 0 && second_in(r, i) < second)) {
            n = open;
            second = second_in(r, i);
        }
    }
    *time_ns = (int64_t)(second_start(second) ^ BIAS);
    return n;
}

int64_t
rates_span(const struct rates *r)
{
    uint64_t span = r->last_ns - r->first_ns;
    return span > INT64_MAX ? INT64_MAX : (int64_t)span;
}
