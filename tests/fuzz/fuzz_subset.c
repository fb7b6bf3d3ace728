/* SPDX-License-Identifier: MIT */
/*
 * The subset property (tests/subset_oracle.h): of a made capture, spoiled as
 * the input says, nothing may be shown that does not stand in the lossless
 * one, and everything that lies before the first hole is shown.
 *
 * Input, little-endian, missing bytes are 0:
 *
 *     | profile | seed | length |             the capture
 *     | flags | senders | seed, 4 |           flags: enum flag
 *     | drop ppm / 8, 2 | burst |
 *     | late ppm / 8, 2 | late packets | twice ppm / 8, 2 |
 *     | start, 2 | end, 2 | snap length, 2 |  start, end: of 65,536
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/subset_oracle.h"

#define SEEDS 4u
#define LENS 4u
#define LEN_MIN ((size_t)16 << 10) /* bytes; each next one is twice as long */

enum flag {
    FLAG_DATA_ONLY = 0x01,
    FLAG_SNAPLEN = 0x02,
    FLAG_START = 0x04,
    FLAG_END = 0x08,
};

struct input {
    const uint8_t *ptr;
    size_t len;
};

/* The next n bytes as a number. */
static uint32_t
take(struct input *in, unsigned n)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < n && in->len > 0; i++, in->len--)
        v |= (uint32_t)*in->ptr++ << 8 * i;
    return v;
}

/* The lossless capture; all of them are kept, since inputs share them. */
static const struct subset_truth *
truth_of(enum profile p, unsigned seed, unsigned len)
{
    static struct {
        struct profile_capture made;
        struct subset_truth *truth;
    } kept[PROFILE_COUNT][SEEDS][LENS];
    struct profile_capture *made = &kept[p][seed][len].made;
    struct subset_truth **truth = &kept[p][seed][len].truth;
    char why[200];
    if (*truth)
        return *truth;
    profile_make(made, p, seed, LEN_MIN << len);
    *truth = subset_truth_new(buf_slice(&made->pcap));
    if (!subset_truth_matches(*truth, made, why, sizeof why)) {
        fprintf(stderr, "lossless: %s\n", why);
        abort();
    }
    return *truth;
}

static void
take_plan(struct input *in, struct lossy_plan *plan)
{
    uint32_t flags = take(in, 1);
    *plan = (struct lossy_plan){.data_only = flags & FLAG_DATA_ONLY};
    plan->senders = (uint8_t)(take(in, 1) & 3);
    plan->seed = take(in, 4);
    plan->drop_ppm = take(in, 2) * 8;
    plan->burst = take(in, 1) + 1;
    plan->late_ppm = take(in, 2) * 8;
    plan->late_max = take(in, 1) % 24 + 1;
    plan->twice_ppm = take(in, 2) * 8;
    uint32_t start = take(in, 2), end = take(in, 2), snaplen = take(in, 2);
    if (flags & FLAG_START)
        plan->start_ppm = start * 15;
    if (flags & FLAG_END)
        plan->end_ppm = end * 15;
    if (flags & FLAG_SNAPLEN)
        plan->snaplen = snaplen % 1500 + 20;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct lossy_plan plan;
    struct subset_result r = {0};
    enum profile p = (enum profile)(take(&in, 1) % PROFILE_COUNT);
    unsigned seed = take(&in, 1) % SEEDS;
    const struct subset_truth *truth = truth_of(p, seed, take(&in, 1) % LENS);
    take_plan(&in, &plan);
    subset_check(truth, &plan, &r);
    if (r.violations > 0 || r.clean_found != r.clean_due) {
        fprintf(stderr, "%s: %s%s\n", profile_name(p), r.first, r.missed);
        abort();
    }
    return 0;
}
