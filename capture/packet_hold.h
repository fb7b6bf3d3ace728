/* SPDX-License-Identifier: MIT */
/*
 * packet_hold.h - copies of packets that wait until it is known whether their
 * connection matters.
 *
 * All packets of all flows stand in one queue in the order they came.  When
 * there is no room for one more, the oldest are given up, whosever they are,
 * and counted.  What a flow releases or drops makes room at once, wherever it
 * stood in the queue.
 *
 *   cells    [h d d d][d d d d][h d d .][free   ][d d . .] ...
 *            a packet is a chain of cells: one with head and data, then data
 *
 * All memory is asked for at the start, but for the slots of the map, which
 * are counted in the limit and grow with the number of flows.  The work for a
 * packet does not depend on how many others wait.
 */
#ifndef CAPTURE_PACKET_HOLD_H
#define CAPTURE_PACKET_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/packet.h"

/* Captured bytes of a packet that can be held: libpcap's MAXIMUM_SNAPLEN.
 * Longer ones are given up at once. */
#define PACKET_HOLD_DATA_MAX 262144u

/* The least limit that makes sense; less is taken for it. */
#define PACKET_HOLD_BYTES_MIN ((size_t)1024 * 1024)

struct packet_hold;

struct packet_hold_figures {
    uint64_t packets; /* that wait now */
    uint64_t bytes;   /* captured ones of these */
    uint64_t flows;   /* of these */
    uint64_t given_up_packets;
    uint64_t given_up_bytes;
};

/*
 * Gets a packet with all that it was added with.  Its bytes live until the
 * call returns.  Must not call into the same packet_hold.
 */
typedef void (*packet_hold_fn)(void *ctx, const struct packet *p);

/*
 * max_bytes    all memory, with what the copies need beside their bytes
 * max_packets  0: as many as fit
 */
ERR_CHECK enum err packet_hold_new(struct packet_hold **out, size_t max_bytes,
                                   size_t max_packets);

/* NULL is fine. */
void packet_hold_free(struct packet_hold *h);

/* Copies p behind the others of its flow; false: p was given up (too long, or
 * no memory).  flow is any number. */
bool packet_hold_add(struct packet_hold *h, uint64_t flow,
                     const struct packet *p);

/* Hands out the packets of the flow in the order they came, and forgets them.
 * Returns their number, 0 for a flow that has none. */
size_t packet_hold_release(struct packet_hold *h, uint64_t flow,
                           packet_hold_fn take, void *ctx);

/* Forgets the packets of the flow; returns their number. */
size_t packet_hold_drop(struct packet_hold *h, uint64_t flow);

/* Forgets all packets. */
void packet_hold_drop_all(struct packet_hold *h);

/* Lives as long as h and changes with each call. */
const struct packet_hold_figures *
packet_hold_figures(const struct packet_hold *h);

#endif /* CAPTURE_PACKET_HOLD_H */
