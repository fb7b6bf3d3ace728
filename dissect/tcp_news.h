/* SPDX-License-Identifier: MIT */
/*
 * tcp_news.h - what TCP said of a pair of streams before a WebSocket was found
 * on it, and which of its packets the capture holds twice.
 *
 * Captures on a bridge or on all interfaces hold the same packet more than
 * once.  That is no retransmission: each time a packet is sent again it gets
 * an IP identification of its own (RFC 6864 section 4.3), and time passes.
 */
#ifndef DISSECT_TCP_NEWS_H
#define DISSECT_TCP_NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stream.h"

/* Segments of a direction that are remembered: as many as may lie between the
 * two records of one of them. */
#define TCP_NEWS_PRINTS 4u

/* Events that are kept; of more the first ones. */
#define TCP_NEWS_MAX 16u

struct tcp_heard {
    struct pkt_meta meta;
    enum stream_tcp what;
    unsigned dir;
};

/* Embed it, zeroed; tcp_news_fini() frees what it holds. */
struct tcp_news {
    uint8_t next[2]; /* of print */
    bool no_memory;  /* something was not kept for want of it */
    size_t n;
    struct tcp_heard *heard; /* room for TCP_NEWS_MAX; NULL: n is 0 */
    struct tcp_print {
        int64_t time_ns;
        uint32_t seq;
        uint16_t ip_id;
    } print[2][TCP_NEWS_PRINTS];
};

/* A segment with payload of direction dir, when it was captured or delivered,
 * or both. */
static inline void
tcp_news_segment(struct tcp_news *n, unsigned dir, const struct pkt_meta *meta)
{
    struct tcp_print *p = &n->print[dir][n->next[dir]++ % TCP_NEWS_PRINTS];
    p->time_ns = meta->time_ns;
    p->seq = meta->seq;
    p->ip_id = meta->ip_id;
}

/* Is it one of the last segments once more, recorded at most within_ns
 * later? */
bool tcp_news_is_twin(const struct tcp_news *n, unsigned dir,
                      const struct pkt_meta *meta, int64_t within_ns);

/* Keeps an event for later. */
void tcp_news_keep(struct tcp_news *n, unsigned dir, enum stream_tcp what,
                   const struct pkt_meta *meta);

/* Forgets all events. */
void tcp_news_fini(struct tcp_news *n);

/* Bytes allocated. */
size_t tcp_news_memory(const struct tcp_news *n);

#endif /* DISSECT_TCP_NEWS_H */
