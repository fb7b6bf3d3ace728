/* SPDX-License-Identifier: MIT */
/*
 * ip_frag.h - puts IP fragments together again (RFC 791 section 3.2, RFC 8200
 * section 4.5).
 *
 * Fragments may come in any order, twice, and overlapping: the first copy of
 * each 8-byte unit wins.  Bytes are copied into pages of 2 KiB with a bit for
 * each unit, so a fragment costs time and memory in proportion to its own
 * length, whatever came before it.  A datagram that is not whole after the
 * time limit is dropped; past a memory or count limit the oldest goes.  All of
 * it is counted, nothing fails.
 *
 * (RFC 5722 makes receivers drop IPv6 datagrams with overlaps.  An analyzer
 * shows what was sent, so here they are read like IPv4's.)
 */
#ifndef CAPTURE_IP_FRAG_H
#define CAPTURE_IP_FRAG_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/ip.h"

struct ip_frag_limits {
    size_t bytes;         /* of waiting fragments with their bookkeeping */
    int64_t timeout_ns;   /* capture time since the first fragment seen */
    uint32_t n_datagrams; /* waiting at once */
};

struct ip_frag_stats {
    uint64_t fragments;   /* that came in */
    uint64_t reassembled; /* datagrams made whole */
    uint64_t expired;     /* datagrams that waited too long */
    uint64_t evicted;     /* datagrams that gave way to newer ones */
    uint64_t bad;         /* fragments dropped: cut or contradictory */
    uint64_t no_memory;   /* fragments dropped: memory ran out */
    uint64_t waiting;     /* datagrams now in store */
    uint64_t bytes;       /* now in store, as limited */
};

enum ip_frag_result {
    IP_FRAG_WAITING = 0, /* stored (or a duplicate); more must come */
    IP_FRAG_WHOLE,       /* the datagram is complete */
    IP_FRAG_BAD,         /* dropped: cut by the snap length, not a multiple of
                            8 bytes, past 65,535, or past the datagram's end */
};

struct ip_frag_store;

/* 16 MiB, 30 s, 4,096 datagrams. */
struct ip_frag_limits ip_frag_limits_default(void);

/* Makes an empty store; limits are copied.  Beside limits->bytes it takes a
 * fixed 64 KiB and up to 48 bytes per waiting datagram.  ERR_NOMEM is the only
 * failure. */
ERR_CHECK enum err ip_frag_new(struct ip_frag_store **out,
                               const struct ip_frag_limits *limits);

/* NULL is fine. */
void ip_frag_free(struct ip_frag_store *s);

/*
 * Adds one fragment.
 *
 * now_ns   capture time
 * frag     its place in the datagram
 * ip       the packet that carries it.  After IP_FRAG_WHOLE it is the whole
 *          datagram, headers as in its first fragment; the payload then lives
 *          until the next ip_frag_add() or ip_frag_free().  It may point into
 *          the store's last whole datagram when called (tunnels).  Otherwise
 *          unchanged.
 */
enum ip_frag_result ip_frag_add(struct ip_frag_store *s, int64_t now_ns,
                                const struct ip_fragment *frag,
                                struct ip_packet *ip);

/*
 * Which datagram the fragment added last is part of: a number that no other
 * datagram of this store gets, from 1 up.  0: it was not stored, or there was
 * none.
 */
uint64_t ip_frag_datagram(const struct ip_frag_store *s);

/* Counters; live as long as s. */
const struct ip_frag_stats *ip_frag_stats(const struct ip_frag_store *s);

#endif /* CAPTURE_IP_FRAG_H */
