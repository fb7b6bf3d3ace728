/* SPDX-License-Identifier: MIT */
/*
 * round_trips.h - the round trips of one side's pings, in bounded memory.
 *
 * Number, least and greatest are exact, always.  Median and 95th percentile
 * (nearest rank: the smallest sample with at least that share at or below it)
 * are exact for up to ROUND_TRIPS_EXACT samples.  With more of them the samples
 * go into classes of base/histogram.h, 16 for each doubling, and the middle of
 * a class stands for it: at most 1/32 (3.2 %) off, between 1 us and 34 s; times
 * beyond count as the class next to them.
 */
#ifndef DISSECT_JUDGE_ROUND_TRIPS_H
#define DISSECT_JUDGE_ROUND_TRIPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dissect/event.h"

#define ROUND_TRIPS_EXACT 32u

struct round_trips_histogram;

/* Zeroed: no sample yet. */
struct round_trips {
    uint64_t n;
    int64_t min_ns, max_ns;
    uint32_t cap;     /* of exact */
    uint32_t n_exact; /* fewer than n when memory was short */
    int64_t *exact;   /* sorted; NULL when there are none, or too many */
    bool no_memory;   /* for some sample */
    struct round_trips_histogram *histogram; /* NULL: exact still counts */
};

void round_trips_fini(struct round_trips *r);

/* Bytes allocated. */
size_t round_trips_memory(const struct round_trips *r);

/* A time below 0 counts as 0.  Without memory the sample counts in n, min and
 * max only. */
void round_trips_add(struct round_trips *r, int64_t ns);

/* n 0 when there is none. */
struct event_rtt round_trips_summary(const struct round_trips *r);

#endif /* DISSECT_JUDGE_ROUND_TRIPS_H */
