/* SPDX-License-Identifier: MIT */
/*
 * flow.h - the table of TCP connections: packets in, pairs of ordered byte
 * streams out (RFC 9293; the contract driven is base/stream.h).
 *
 *   packet -> 4-tuple -> flow -> stream of its direction -> struct stream_ops
 *
 * Both directions of a connection meet in one entry.  A pair is opened at the
 * first captured payload byte, so a flood of SYNs costs the stages nothing.
 * A flow nobody wants (open() gave NULL, or a call gave STREAM_DETACH) costs
 * one lookup a packet until its next SYN with a new initial sequence number.
 *
 * A hole in the capture becomes a gap() when the receiver acknowledged its
 * bytes and it is still open gap_packets packets of that flow or gap_ns of
 * capture time later (captures reorder), or when a limit is reached.  When
 * not one packet of the other direction was captured, bytes held behind the
 * hole count as the acknowledgement.  Other holes wait for the end of the
 * flow.  Time-outs know no clock but that of the packets.
 *
 * A stray packet must not stop a flow.  An acknowledgement is believed as far
 * as the window of its sender or captured bytes reach, and withdrawn when the
 * stream goes on where it stood.  A RST ends a flow one second (or the
 * capture, or another SYN) later, unless both sides went on meanwhile; it is
 * told only then, with its own packet in meta (RFC 5961 section 3).
 *
 * The key is the 4-tuple.  What VLAN or tunnel a packet came through (struct
 * ip_packet, scope) joins it for those flows whose 4-tuple showed up with
 * another SYN in another scope.  Not before: captures on routers hold a packet
 * once for each VLAN, and many networks send each direction through its own.
 * Two such connections that both began before the capture are not told apart.
 *
 * The table owns flows and held bytes.  It allocates only for new flows and
 * for bytes that came early.  It knows neither files nor what bytes mean.
 */
#ifndef CAPTURE_FLOW_H
#define CAPTURE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/err.h"
#include "base/stream.h"
#include "capture/ip.h"
#include "capture/packet.h"

struct flow_limits {
    size_t early_bytes;    /* held for one stream, bookkeeping included:
                              16 MiB; past it the oldest hole is a gap */
    uint32_t early_ranges; /* runs of held bytes of one stream: 16,384 */
    uint32_t gap_packets;  /* patience with a hole, packets of its flow: 64 */
    size_t memory;         /* of the budget: 512 MiB; past it the flow that
                              is idle longest gives up its held bytes, then
                              the open flow that is idle longest is ended.
                              The table's entries take at most 7/8 of it. */
    struct budget *budget; /* shared with the stages, which count in it what
                              they keep; its max is then used, not memory.
                              Borrowed.  NULL: one of the table's own */
    uint32_t flows;        /* entries in the table: 1,000,000 */
    int64_t half_open_ns;  /* without payload, or after both FINs: 60 s */
    int64_t idle_ns;       /* flows nobody wants, and those whose stage does
                              not answer STREAM_KEEP: 10 min */
    int64_t gap_ns;        /* patience with a hole, capture time: 50 ms */
};

/* The defaults named above. */
struct flow_limits flow_limits_default(void);

/* Counters since flow_table_new(); "bytes" are TCP payload. */
struct flow_stats {
    uint64_t packets;        /* TCP packets given to the table */
    uint64_t malformed;      /* ... whose TCP header could not be read */
    uint64_t flows;          /* flows seen; also the last flow number */
    uint64_t opened;         /* pairs that a stage wanted */
    uint64_t delivered;      /* bytes given to data() */
    uint64_t gaps;           /* calls of gap() */
    uint64_t gap_bytes;      /* bytes told by gap() */
    uint64_t out_of_order;   /* segments that came before their turn */
    uint64_t retransmitted;  /* segments with bytes seen before */
    uint64_t keep_alives;    /* probes of one old byte or none */
    uint64_t conflicts;      /* held bytes that a later copy contradicted */
    uint64_t wild;           /* segments and RSTs far outside the window */
    uint64_t acks_ignored;   /* acknowledgements of what cannot be sent yet */
    uint64_t resets_ignored; /* RSTs after which both sides went on */
    uint64_t expired;        /* flows dropped by a time-out */
    uint64_t evicted;        /* flows dropped because the table was full */
    uint64_t evicted_memory; /* flows dropped for memory */
    uint64_t reused;         /* flows ended by a SYN on the same 4-tuple */
    uint64_t over_early;     /* holes given up: early_bytes or early_ranges */
    uint64_t over_memory;    /* streams that gave up all they held: memory */
    uint64_t no_memory;      /* failed allocations (packet or hole given up) */
    size_t flows_now;        /* entries in the table */
    size_t held_now;         /* held by all streams, bookkeeping included */
    size_t held_peak;        /* the most ever */
};

struct flow_table;

/*
 * Makes a table that reports to ops.  limits (NULL: defaults) and ops are
 * copied; user is passed to ops->open().
 *
 * ERR_OK and *out, or ERR_NOMEM with *out left alone.
 */
ERR_CHECK enum err flow_table_new(struct flow_table **out,
                                  const struct flow_limits *limits,
                                  const struct stream_ops *ops, void *user);

/* Frees the table; pairs still open get close() and no other call.  NULL is
 * fine. */
void flow_table_free(struct flow_table *t);

/*
 * Feeds one packet, in the order captured; may call ops any number of times
 * before it returns.  Both p and ip are borrowed for the call.  Anything but
 * TCP is ignored.  Checksums are never looked at (captures see them before
 * the network card fills them in).
 *
 * Cannot fail: without memory for a flow the packet is counted and dropped,
 * without memory to hold early bytes the hole before them becomes a gap.
 */
void flow_table_packet(struct flow_table *t, const struct packet *p,
                       const struct ip_packet *ip);

/* What became of a packet. */
struct flow_sight {
    uint64_t flow; /* its flow; 0: none (no TCP, or no room) */
    bool wanted;   /* a stage listens to the flow, or may want it yet */
};

/* The packet fed last; before the first one there was none. */
struct flow_sight flow_table_sight(const struct flow_table *t);

/*
 * It is time_ns now and no packet came (a live capture): gives up the holes and
 * flows whose time is over, which else happens with the next packet.  time_ns
 * is of the packets' clock; packets may still come that are older.
 */
void flow_table_tick(struct flow_table *t, int64_t time_ns);

/*
 * The capture ended: gives up every hole, ends every open direction
 * (STREAM_END_FIN when its FIN was seen, else STREAM_END_CAPTURE), closes
 * every pair, in the order of flow numbers.  The table is empty then and may
 * be used again; flow numbers go on.
 */
void flow_table_finish(struct flow_table *t);

/* The counters so far. */
struct flow_stats flow_table_stats(const struct flow_table *t);

#endif /* CAPTURE_FLOW_H */
