/* SPDX-License-Identifier: MIT */
/*
 * tcp_stream.h - one direction of one TCP connection, put in order
 * (RFC 9293 section 3.4).
 *
 * Segments go in as they were captured: late, twice, overlapping, cut, or
 * never.  Bytes come out once and in order through struct stream_ops.  A
 * segment that starts at the next expected byte, which is nearly all of them,
 * is handed on as a slice of the packet; only early bytes are copied and held
 * until the hole before them is filled or given up.
 *
 *   delivered bytes | hole | held  held | hole | held
 *                   ^ next, off     (a skip list, sorted by offset)
 *
 * Where copies overlap the first one captured wins (receivers differ here, so
 * an analyzer must pick one reading and say so); a held byte that a later copy
 * contradicts is counted.  Delivered bytes are gone and cannot be compared.
 *
 * The skip list draws its heights from a random generator that peers cannot
 * guess, so a segment costs O(log held) whatever the order.
 *
 * Knows nothing of addresses, flows, or what the bytes mean: flow.h.
 */
#ifndef CAPTURE_TCP_STREAM_H
#define CAPTURE_TCP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/slice.h"
#include "base/stream.h"

/* How far from the next byte a segment may lie and still be believed: ahead
 * the largest window (RFC 7323 section 2.3), behind what a retransmission may
 * plausibly repeat. */
#define TCP_AHEAD_MAX (INT32_C(1) << 30)
#define TCP_BEHIND_MAX (INT32_C(1) << 26)

struct tcp_hold;

enum tcp_stream_flag {
    TCP_STREAM_STARTED = 0x01, /* next and isn are known */
    TCP_STREAM_SYN = 0x02,     /* its SYN was captured */
    TCP_STREAM_ACKED = 0x04,   /* acked is known */
    TCP_STREAM_FIN = 0x08,     /* fin is known */
    TCP_STREAM_ENDED = 0x10,   /* end() was called */
    TCP_STREAM_ZERO = 0x20,    /* the last window was zero */
    TCP_STREAM_WSCALE = 0x40,  /* its SYN had a window scale option */
    TCP_STREAM_SEEN = 0x80,    /* a packet of this direction was captured */
};

/* State of one direction.  Embed it, zeroed; the members are for
 * tcp_stream.c and flow.c, which has the fast path. */
struct tcp_stream {
    uint64_t off;          /* offset of the next byte to deliver */
    struct tcp_hold *hold; /* NULL: nothing is held or waited for */
    uint32_t next;         /* sequence number of that byte */
    uint32_t isn;          /* of the SYN, or what it must have been */
    uint32_t acked;        /* highest acknowledgement by the other side */
    uint32_t fin;          /* sequence number of the FIN */
    uint32_t window;       /* last advertised by this side, bytes */
    uint8_t flags;         /* set of enum tcp_stream_flag */
    uint8_t wscale;        /* shift count its SYN offered */
    uint8_t shift;         /* shift count in force */
    uint8_t wild;          /* segments in a row that could not be placed */
};

struct tcp_stream_stats {
    uint64_t delivered, gaps, gap_bytes; /* as in struct flow_stats */
    uint64_t out_of_order, retransmitted, keep_alives, conflicts, wild;
    uint64_t over_early, over_memory, no_memory;
};

/* What all streams of one table share. */
struct tcp_pool {
    const struct stream_ops *ops;
    struct tcp_stream_stats stats;
    size_t early_bytes; /* limits, as in struct flow_limits */
    uint32_t early_ranges;
    uint32_t gap_packets;
    int64_t gap_ns;
    struct budget *budget; /* what is held counts here too */
    size_t held;           /* by all streams, bookkeeping included */
    size_t held_peak;
    uint64_t random; /* state of the generator; not 0, secret */
    struct tcp_hold *oldest, *newest; /* by the last segment held */
};

/* The circumstances of a call. */
struct tcp_call {
    struct tcp_pool *pool;
    void *ctx;                   /* of the open pair */
    void *owner;                 /* told again by tcp_pool_oldest() */
    const struct pkt_meta *meta; /* the packet being looked at */
    uint64_t clock_ns;           /* capture time, never goes back */
    uint32_t packets;            /* packets of the flow so far */
    unsigned dir;
    bool one_way;           /* no packet of the other direction was captured */
    enum stream_want *said; /* the stage's last answer, written here */
};

/* Offset 0 is at sequence number seq. */
static inline void
tcp_stream_start(struct tcp_stream *s, uint32_t seq)
{
    int32_t ahead = (int32_t)(s->acked - seq);
    s->next = seq;
    s->isn = seq - 1;
    s->flags |= TCP_STREAM_STARTED;
    /* An acknowledgement from an older connection says nothing. */
    if (ahead < -TCP_BEHIND_MAX || ahead > TCP_BEHIND_MAX)
        s->flags &= (uint8_t)~TCP_STREAM_ACKED;
}

/*
 * Takes a segment with payload; missing more bytes were cut off behind it and
 * become a gap at once when it is this segment's turn.  The stream must be
 * started.  seq is that of the first payload byte.
 *
 * The calls below answer STREAM_DETACH when a stage did, else STREAM_CONTINUE
 * (STREAM_KEEP is told by c->said).  After STREAM_DETACH the caller must
 * use tcp_stream_drop() and make no other call to the stage but close().
 */
enum stream_want tcp_stream_segment(struct tcp_stream *s,
                                    const struct tcp_call *c, uint32_t seq,
                                    struct slice payload, uint32_t missing);

/* How many bytes behind the next one are certain to exist, captured and held
 * or before a captured FIN, the FIN itself included. */
uint32_t tcp_stream_reach(const struct tcp_stream *s);

/* What was acknowledged beyond tcp_stream_reach() was not: the stream goes on
 * where it stands, so there is no hole. */
void tcp_stream_withdraw(struct tcp_stream *s);

/* Notes a FIN with that sequence number.  False: not the first one, or it
 * contradicts what was captured; it is ignored then. */
bool tcp_stream_fin(struct tcp_stream *s, uint32_t seq);

/* Whether everything before the FIN was delivered or given up. */
static inline bool
tcp_stream_at_fin(const struct tcp_stream *s)
{
    return (s->flags & TCP_STREAM_FIN) && s->next == s->fin;
}

/* Sequence numbers compare within 2^31 only: keeps acked near when data runs
 * on and no acknowledgements are captured.  To be called after each segment. */
static inline void
tcp_stream_pull_acked(struct tcp_stream *s)
{
    if ((int32_t)(s->acked - s->next) < -TCP_AHEAD_MAX)
        s->acked = s->next - TCP_AHEAD_MAX;
}

/* Whether a byte beyond the next one was acknowledged: there is a hole. */
static inline bool
tcp_stream_lacks(const struct tcp_stream *s)
{
    const unsigned both = TCP_STREAM_STARTED | TCP_STREAM_ACKED;
    return (s->flags & (both | TCP_STREAM_ENDED)) == both &&
           (int32_t)(s->acked - s->next) > 0;
}

/* Gives up a hole when patience with it is over.  To be called with each
 * packet of the flow while hold is set or tcp_stream_lacks(). */
enum stream_want tcp_stream_wait(struct tcp_stream *s,
                                 const struct tcp_call *c);

/* Delivers all that is held, each hole a gap; with tail also a gap up to what
 * was acknowledged or to the FIN. */
enum stream_want tcp_stream_flush(struct tcp_stream *s,
                                  const struct tcp_call *c, bool tail);

/* Goes on to sequence number seq, or to what is held behind it: holes before
 * it are gaps.  Nothing to do if it is not ahead. */
enum stream_want tcp_stream_skip(struct tcp_stream *s, const struct tcp_call *c,
                                 uint32_t seq);

/* Forgets all that is held. */
void tcp_stream_drop(struct tcp_stream *s, struct tcp_pool *pool);

/* The owner and direction of the stream whose last held segment is the
 * oldest; NULL when no stream holds anything. */
void *tcp_pool_oldest(const struct tcp_pool *pool, unsigned *dir);

/* The owner and direction of a stream that would give up a hole now, at
 * clock_ns, though no packet came; NULL when there is none.  Looks at *looks
 * streams at most, and takes those it looked at off. */
void *tcp_pool_due(const struct tcp_pool *pool, uint64_t clock_ns,
                   unsigned *dir, unsigned *looks);

#endif /* CAPTURE_TCP_STREAM_H */
