/* SPDX-License-Identifier: MIT */
/*
 * stream.h - the contract between capture/ and dissect/: pairs of ordered
 * byte streams.
 *
 * capture/ makes a pair for each TCP connection (later: TLS and HTTP/2 make
 * pairs of their own out of a pair) and pushes what it puts in order through
 * struct stream_ops.  Nothing ever flows back but the answer "go on" or
 * "detach".  No call may re-enter the caller.
 */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/slice.h"

/* TCP flags as on the wire, RFC 9293 section 3.1. */
enum tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,
};

/* The packet that carried the bytes, or that made the call happen.  Lives
 * until the call returns; keep a copy of what is needed. */
struct pkt_meta {
    uint64_t number;   /* 1 = first, over all files */
    int64_t time_ns;   /* since 1970-01-01 UTC */
    uint64_t file_off; /* of the packet's record in its (decompressed) file */
    uint32_t wire_len; /* bytes on the wire, link layer included */
    uint32_t source;   /* index of the file or interface given by the user */
    uint32_t iface;    /* index of the interface inside that source */
    uint32_t seq;      /* TCP sequence number of the segment */
    uint32_t ack;      /* TCP acknowledgement number, valid with TCP_ACK */
    uint32_t window;   /* bytes; scaled when the scale is known */
    uint16_t ip_id;    /* IPv4 identification, 0 for IPv6 */
    uint8_t flags;     /* set of enum tcp_flag */
    uint8_t ttl;       /* IPv4 time to live or IPv6 hop limit */
    bool acks;         /* for data(): see STREAM_TCP_ACK */
};

/* Two streams.  Direction d carries what end[d] sent; d is 0 or 1. */
struct stream_pair {
    struct endpoint end[2]; /* end[0]: sent the SYN, else the first packet */
    uint64_t flow;          /* number of the flow, 1 = first */
    int64_t open_ns;        /* time of its first packet */
    uint64_t open_packet;   /* number of its first packet */
    /* What may still change after open(); mostly it is there by then. */
    int64_t syn_ns[2];      /* time of the first SYN, with syn_seen */
    uint32_t syn_seq[2];    /* its sequence number */
    uint32_t syn_after[2];  /* its packet number, less open_packet */
    uint64_t opened_packet; /* the ACK that completed the TCP handshake, all
                               three were captured; 0: they were not */
    int64_t opened_ns;      /* its time */
    int64_t rtt_ns;         /* from the SYN to that ACK, which is one round
                               trip wherever the capture was made; -1: unknown,
                               also when one of the three was sent again */
    uint16_t mss[2];        /* option of the SYN, bytes; 0: none */
    uint8_t shift[2];       /* window scale in force (RFC 7323 section 2) */
    bool timestamps[2];     /* option of the SYN (RFC 7323 section 3) */
    /* The SYN of direction d was captured, and no byte lacks between it and
     * the first one that was. */
    bool syn_seen[2];
    bool seen[2]; /* any packet of direction d was captured */
};

enum stream_want {
    STREAM_CONTINUE = 0, /* go on; the pair may go when it is idle */
    STREAM_DETACH,       /* no more calls but close() for this pair */
    STREAM_KEEP,         /* go on, and do not let the pair go for being idle,
                            until an answer is STREAM_CONTINUE again */
};

/* Why a direction ended. */
enum stream_end {
    STREAM_END_FIN = 0, /* all bytes up to the FIN were delivered */
    STREAM_END_RST,     /* either side reset; tcp() told which */
    STREAM_END_EVICTED, /* we let go: idle, table full, or port reused */
    STREAM_END_CAPTURE, /* the capture ended first */
};

/* What happened at TCP level, for stages that ask. */
enum stream_tcp {
    STREAM_TCP_SYN = 0,
    STREAM_TCP_FIN, /* the packet with the FIN, in any order */
    STREAM_TCP_RST, /* sent by end[dir] */
    /* end[dir] acknowledged new bytes: meta->ack.  Not called for a packet of
     * which data() tells at once, with meta->acks: that is most packets. */
    STREAM_TCP_ACK,
    STREAM_TCP_RETRANSMIT,   /* end[dir] sent bytes again */
    STREAM_TCP_CONFLICT,     /* ... and they differ from the first copy */
    STREAM_TCP_ZERO_WINDOW,  /* end[dir] has no room for more bytes */
    STREAM_TCP_WINDOW_OPEN,  /* ... and has again */
    STREAM_TCP_EARLY,        /* bytes of end[dir] wait for others before them */
    STREAM_TCP_OUT_OF_ORDER, /* ... which were captured late, but sent first */
    STREAM_TCP_KEEPALIVE,    /* end[dir] probes an idle connection */
    STREAM_TCP_URGENT,       /* bytes of end[dir] in this packet are urgent */
    STREAM_TCP_TRUNCATED,    /* bytes of end[dir] were cut off by the capture */
};

/*
 * Calls into a stage; ctx is what open() returned.  dir is 0 or 1.  off is
 * the offset in that direction, in bytes from its first captured byte.
 */
struct stream_ops {
    /*
     * The first payload byte of a pair is about to come.  Returns the ctx for
     * the calls below or NULL for "not interested".  pair lives until close().
     */
    void *(*open)(void *user, const struct stream_pair *pair,
                  const struct pkt_meta *meta);

    /*
     * The next bytes in order, never empty.  Borrowed until the call returns.
     * meta is the packet that carried them: bytes that came early and had to
     * wait are delivered with their own packet, so numbers may step back.
     */
    enum stream_want (*data)(void *ctx, unsigned dir, uint64_t off,
                             struct slice data, const struct pkt_meta *meta);

    /* len bytes at off are not in the capture.  meta: the packet at which
     * waiting ended.  Data goes on behind it. */
    enum stream_want (*gap)(void *ctx, unsigned dir, uint64_t off, uint64_t len,
                            const struct pkt_meta *meta);

    /* Optional (NULL: not interested). */
    void (*tcp)(void *ctx, unsigned dir, enum stream_tcp what,
                const struct pkt_meta *meta);

    /* Direction dir ended; nothing more comes from it.  meta: the packet that
     * ended it, or the last one seen. */
    void (*end)(void *ctx, unsigned dir, enum stream_end why,
                const struct pkt_meta *meta);

    /* The pair is gone, after both ends or a detach; ctx dies here. */
    void (*close)(void *ctx);
};

#endif /* BASE_STREAM_H */
