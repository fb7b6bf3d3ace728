/* SPDX-License-Identifier: MIT */
/*
 * lossy.h - what a bad capture makes of a good one: packets lost (one by one
 * or in bursts, of one sender or both), cut to a snap length, captured late,
 * captured twice; a capture that starts late or ends early.
 *
 * Works on pcap files in memory, of one link type that capture/link.h knows.
 * Everything comes from the plan: the same plan makes the same file.
 *
 * Lost are packets of the capture, not of the connection: the peers got them,
 * so acknowledgements go on and nothing is sent again.
 *
 * For tests; out of memory and a damaged input abort.
 */
#ifndef TESTS_LOSSY_H
#define TESTS_LOSSY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

#define LOSSY_LATE_NS INT64_C(20000000)

/* Rates are in packets of a million. */
struct lossy_plan {
    uint64_t seed;
    uint32_t drop_ppm; /* losses begin here; of packets they may hit */
    uint32_t burst;    /* packets lost in a row, on average; 1: single */
    bool data_only;    /* only segments with payload are hit */
    /* Who is hit: bit 0 the lower endpoint (by address, then port) of a
     * connection, bit 1 the higher one. */
    uint8_t senders;
    /* Packets captured late, by how many packets, but never by more than
     * LOSSY_LATE_NS: what comes later counts as lost, see capture/flow.h. */
    uint32_t late_ppm;
    uint32_t late_max;
    uint32_t twice_ppm; /* packets captured twice */
    uint32_t start_ppm; /* share of the packets before the capture starts */
    uint32_t end_ppm;   /* ... behind its end */
    uint32_t snaplen;   /* bytes, link layer included; 0: no limit */
};

struct lossy {
    struct buf pcap;  /* the file */
    size_t n_packets; /* in it */
    uint32_t *origin; /* packet number - 1 here to packet number - 1 there */
};

/* Any number makes a plan.  All in it that is not about drop_ppm is usually
 * left alone. */
void lossy_plan_random(struct lossy_plan *plan, uint64_t seed);

/* One line without line feed. */
#define LOSSY_TEXT_MAX 200u
void lossy_plan_text(const struct lossy_plan *plan, char text[LOSSY_TEXT_MAX]);

/* Fills *out; lossy_fini() frees it. */
void lossy_make(struct lossy *out, struct slice pcap,
                const struct lossy_plan *plan);
void lossy_fini(struct lossy *l);

/* Header and records of pcap files with nanoseconds, little-endian. */
void lossy_put_header(struct buf *pcap, uint32_t link);
void lossy_put_packet(struct buf *pcap, int64_t time_ns, uint32_t wire_len,
                      struct slice data);

/* A new file in memory with these bytes, and its name. */
#define LOSSY_NAME_MAX 32u
int lossy_memfd(struct slice bytes, char name[LOSSY_NAME_MAX]);

#endif /* TESTS_LOSSY_H */
