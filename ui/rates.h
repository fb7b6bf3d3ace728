/* SPDX-License-Identifier: MIT */
/*
 * rates.h - how much came when, in bounded memory: a curve over the whole
 * time, and the busiest second.
 *
 * The curve has at most RATES_BUCKETS buckets from the first time on; when they
 * do not reach, their width doubles.  Times may come in any order and be
 * anything an int64_t holds.
 *
 * Seconds are those of UTC.  The last RATES_SECONDS are open; what comes later
 * than that, counted back from the latest, is in the curve but in no second,
 * and counted.
 */
#ifndef UI_RATES_H
#define UI_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "dissect/ws_frame.h"

#define RATES_BUCKETS 60u
#define RATES_SECONDS 256u /* a power of two */

/* What is counted in a second. */
enum rates_what {
    RATES_FRAMES = 0,
    RATES_MESSAGES,
    RATES_BYTES, /* of frames: headers and payload */
    RATES_WHAT_COUNT
};

struct rates_bucket {
    uint64_t frames[2]; /* by enum ws_sender */
};

struct rates_second {
    uint64_t n[RATES_WHAT_COUNT];
};

/* Embed it, zeroed; the members are for rates.c and the calls below. */
struct rates {
    bool any;
    /* Times are counted from INT64_MIN. */
    uint64_t base_ns;   /* where bucket 0 begins */
    uint64_t width_ns;  /* of a bucket */
    unsigned n_buckets; /* up to the last one in use */
    uint64_t first_ns;  /* the earliest time */
    uint64_t last_ns;   /* the latest time */
    uint64_t bucket_ns; /* where the one used last begins, and ... */
    uint64_t second_ns; /* ... the second, and ... */
    unsigned bucket;    /* ... which they are */
    unsigned second;    /* of open[] */
    bool on_time;       /* ... which is open */
    uint64_t latest;    /* second, since INT64_MIN */
    uint64_t late;      /* frames that are in no second */
    struct rates_bucket buckets[RATES_BUCKETS];
    struct rates_second open[RATES_SECONDS]; /* by second % RATES_SECONDS */
    struct {
        uint64_t n, second; /* the most in a second that is not open */
    } best[RATES_WHAT_COUNT];
};

/* Goes to another bucket or second; used by rates_at(). */
void rates_move(struct rates *r, uint64_t ns);

static inline void
rates_at(struct rates *r, int64_t time_ns)
{
    uint64_t ns = (uint64_t)time_ns ^ UINT64_C(1) << 63;
    if (r->any && ns - r->second_ns < UINT64_C(1000000000) &&
        ns - r->bucket_ns < r->width_ns) {
        if (ns > r->last_ns)
            r->last_ns = ns;
        else if (ns < r->first_ns)
            r->first_ns = ns;
        return;
    }
    rates_move(r, ns);
}

/* One frame of so many bytes, header and payload. */
static inline void
rates_frame(struct rates *r, int64_t time_ns, enum ws_sender from,
            uint64_t bytes)
{
    rates_at(r, time_ns);
    r->buckets[r->bucket].frames[from]++;
    if (!r->on_time) {
        r->late++;
        return;
    }
    uint64_t *n = r->open[r->second].n;
    n[RATES_FRAMES]++;
    /* Lengths are what peers write into headers: up to 2^63 - 1. */
    if (__builtin_add_overflow(n[RATES_BYTES], bytes, &n[RATES_BYTES]))
        n[RATES_BYTES] = UINT64_MAX;
}

static inline void
rates_message(struct rates *r, int64_t time_ns)
{
    rates_at(r, time_ns);
    if (r->on_time)
        r->open[r->second].n[RATES_MESSAGES]++;
}

/* The most in one second; *time_ns is when it begins.  0 when there was
 * nothing. */
uint64_t rates_busiest(const struct rates *r, enum rates_what what,
                       int64_t *time_ns);

/* From the first to the last time, ns; at most INT64_MAX. */
int64_t rates_span(const struct rates *r);

#endif /* UI_RATES_H */
