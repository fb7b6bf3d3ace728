/* SPDX-License-Identifier: MIT */
/*
 * subset_oracle.h - the subset property: what a lossy capture (lossy.h) shows
 * must stand in the lossless one.
 *
 *   capture ---------> source, decap, flow, dissect -> struct subset_truth
 *      \-> lossy.h -> the same with a tap between flow and dissect -> compared
 *
 * Frames are compared by their place: the tap knows which packet brought which
 * bytes of a lossy stream, and the TCP sequence number of that packet says
 * where they stand in the lossless one.  Offsets of a capture that starts late
 * are thus translated, not guessed.
 *
 * Violations of the property: a frame where none stands or with another
 * header, told twice, or told complete when it is not; a message told complete
 * with another digest, length or kind; a byte told as certain that is another;
 * a gap that ends where no frame starts.
 *
 * Where the lossless decode itself lost its way (samples with holes) frames in
 * the parts it did not decode are only counted.
 *
 * For tests; out of memory aborts.
 */
#ifndef TESTS_SUBSET_ORACLE_H
#define TESTS_SUBSET_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "tests/frame_profiles.h"
#include "tests/lossy.h"

struct subset_truth;

/* Sums over everything that was compared; start with zeros. */
struct subset_result {
    uint64_t variants;
    uint64_t violations;
    uint64_t frames;      /* told and compared */
    uint64_t unjudged;    /* told, where there is nothing to compare with */
    uint64_t found_again; /* of frames: not synced since the handshake */
    uint64_t messages;    /* told complete and compared */
    uint64_t partial;     /* told incomplete; what is shown was compared */
    uint64_t certain, uncertain;     /* inflated bytes of those with `known` */
    uint64_t heads_due, heads_found; /* handshakes captured whole, and told */
    /* Frames whose bytes were all captured, where the handshake is told: before
     * any hole; far (64 KiB and 20 frames) behind one; the same without a
     * handshake; all others.  due: in the capture, found: told. */
    uint64_t clean_due, clean_found;
    uint64_t far_due, far_found;
    uint64_t mid_due, mid_found;
    uint64_t near_due, near_found;
    uint64_t bytes_captured, bytes_delivered; /* of WebSocket streams */
    char first[400];  /* the first violation; "" if none */
    char missed[400]; /* the first of clean_due not found; likewise */
};

/* Decodes the lossless capture, a pcap file as lossy.h makes it; pcap is
 * borrowed until subset_truth_free(). */
struct subset_truth *subset_truth_new(struct slice pcap);
void subset_truth_free(struct subset_truth *t);

/* What the lossless decode found, for tests. */
size_t subset_truth_frames(const struct subset_truth *t);
size_t subset_truth_messages(const struct subset_truth *t);

/* Compares the lossless decode with what the capture was made of; false, with
 * why (of size bytes) written: it is not the same. */
bool subset_truth_matches(const struct subset_truth *t,
                          const struct profile_capture *made, char *why,
                          size_t size);

/* Decodes the capture again as the plan spoils it, compares, adds to *r. */
void subset_check(const struct subset_truth *t, const struct lossy_plan *plan,
                  struct subset_result *r);

/* Writes the capture as the plan spoils it to a file; false: it failed. */
bool subset_save(const struct subset_truth *t, const struct lossy_plan *plan,
                 const char *path);

void subset_result_add(struct subset_result *to,
                       const struct subset_result *from);

#endif /* TESTS_SUBSET_ORACLE_H */
