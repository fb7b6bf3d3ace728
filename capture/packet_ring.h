/* SPDX-License-Identifier: MIT */
/*
 * packet_ring.h - the bounded queue between the capture thread and the
 * decoding thread: one producer, one consumer, one piece of memory.
 *
 *     +--------+-------+--------+----------+- - - - - +-------+
 *     | header | bytes | header | bytes    |   free   |  pad  |
 *     +--------+-------+--------+----------+- - - - - +-------+
 *
 * A record is a header and the bytes behind it, in one piece: one that does
 * not fit before the end of the memory starts again at its beginning, behind
 * a pad.  C11 atomics, no lock: the producer owns the head, the consumer the
 * tail.  Either side sleeps on an eventfd(2), and the other writes to it only
 * when it sleeps.
 *
 * Drop policy of a live capture: nothing is dropped between the threads.
 * While the queue is full the capture thread waits and reads no more, the
 * kernel's buffer fills, and the kernel drops and counts: there is one drop
 * counter, the kernel's.
 *
 * Knows nothing of libpcap, nor what the bytes are.
 */
#ifndef CAPTURE_PACKET_RING_H
#define CAPTURE_PACKET_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct packet_ring;

/* What a record is. */
enum packet_ring_kind {
    PACKET_RING_PACKET = 0,
    PACKET_RING_NOTE, /* the bytes are a text for the consumer */
    PACKET_RING_PAD,  /* never handed out */
};

/* The header of a record; caplen bytes stand behind it. */
struct packet_ring_record {
    int64_t time_ns;       /* since 1970-01-01 UTC */
    uint32_t wire_len;     /* bytes */
    uint32_t caplen;       /* bytes */
    uint32_t iface;        /* index */
    uint32_t link;         /* LINKTYPE_ value */
    uint32_t drops_before; /* packets lost before this one on its interface */
    uint32_t kind;         /* enum packet_ring_kind */
};

/* Records the smallest ring has room for, if all are as long as can be. */
#define PACKET_RING_RECORDS_MIN 4u

/*
 * Makes a ring of at least len bytes, in which a record may have up to
 * record_max bytes behind its header; len is raised to hold
 * PACKET_RING_RECORDS_MIN of those.  ERR_NOMEM, ERR_LIMIT (len is beyond what
 * a size_t holds), ERR_OPEN (no eventfd).
 */
ERR_CHECK enum err packet_ring_new(struct packet_ring **out, uint64_t len,
                                   uint32_t record_max);

/* When neither side uses it any more. */
void packet_ring_free(struct packet_ring *r);

/* ------------------------------------------------------------ the producer */

/*
 * Copies a record in; waits while there is no room.  caplen, at most
 * record_max, is the number of bytes at data.  The consumer may see it from
 * now on, but is only woken by packet_ring_flush().
 *
 * False: the consumer has gone (packet_ring_abandon()), nothing was put in.
 */
ERR_CHECK bool packet_ring_put(struct packet_ring *r,
                               const struct packet_ring_record *record,
                               const void *data);

/* Wakes the consumer when it sleeps: call it after a run of records. */
void packet_ring_flush(struct packet_ring *r);

/* No record comes any more; wakes the consumer. */
void packet_ring_end(struct packet_ring *r);

/* ------------------------------------------------------------ the consumer */

enum packet_ring_step {
    PACKET_RING_RECORD = 0, /* *out is the next record */
    PACKET_RING_EMPTY,      /* none came in time, or a signal came */
    PACKET_RING_END,        /* packet_ring_end(), and all was handed out */
};

/*
 * Takes the next record, which lives until the next call.  Waits up to
 * wait_ms while there is none: 0 = not at all, negative = for ever.
 */
enum packet_ring_step packet_ring_next(struct packet_ring *r,
                                       const struct packet_ring_record **out,
                                       int wait_ms);

/* The bytes of a record. */
static inline const uint8_t *
packet_ring_bytes(const struct packet_ring_record *record)
{
    return (const uint8_t *)(record + 1);
}

/* The consumer takes nothing more: the producer never waits again. */
void packet_ring_abandon(struct packet_ring *r);

/* -------------------------------------------------------------- any thread */

struct packet_ring_stats {
    uint64_t len;      /* bytes queued now, with headers */
    uint64_t peak_len; /* as seen at put and flush */
    uint64_t capacity; /* bytes */
    uint64_t waits;    /* times the producer had to wait for room */
};

struct packet_ring_stats packet_ring_stats(const struct packet_ring *r);

#endif /* CAPTURE_PACKET_RING_H */
