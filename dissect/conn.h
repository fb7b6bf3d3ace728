/* SPDX-License-Identifier: MIT */
/*
 * conn.h - one pair of streams: which stage reads the bytes now.
 *
 *   SEEK ----> HTTP ----> PAUSED ----> WS
 *    ^  found    |  upgrade   |  101
 *    |  a head   |  request   |
 *    +-----------+            +----> HTTP (refused) or SEEK (CONNECT tunnel)
 *      lost
 *
 * Each direction has its own state; they meet where requests and responses
 * are paired.  What a client sends behind an upgrade request waits until the
 * answer tells what it is.  Everything that turns out not to lead to a
 * WebSocket is detached, so that it costs nothing any more.
 */
#ifndef DISSECT_CONN_H
#define DISSECT_CONN_H

#include "base/stream.h"
#include "dissect/dissect.h"
#include "dissect/ws_message.h"
#include "dissect/ws_stream.h"

/* What all connections of one dissector share. */
struct conn_shared {
    struct dissect_limits limits;
    struct event_sink sink;
    struct ws_shared *ws;
    struct peers *peers;
    uint32_t n_conns; /* numbers given so far */
    struct dissect_stats stats;
    struct budget *budget; /* never NULL */
};

struct conn;

struct conn_shared *conn_shared_of(const struct conn *c);

/* NULL when out of memory.  pair and shared are borrowed until conn_free(). */
struct conn *conn_new(struct conn_shared *shared,
                      const struct stream_pair *pair);

/* Emits what is still owed and frees c. */
void conn_free(struct conn *c);

/* As in struct stream_ops. */
enum stream_want conn_data(struct conn *c, unsigned dir, uint64_t off,
                           struct slice data, const struct pkt_meta *meta);
enum stream_want conn_gap(struct conn *c, unsigned dir, uint64_t off,
                          uint64_t len, const struct pkt_meta *meta);
void conn_tcp(struct conn *c, unsigned dir, enum stream_tcp what,
              const struct pkt_meta *meta);
void conn_end(struct conn *c, unsigned dir, enum stream_end why,
              const struct pkt_meta *meta);

#endif /* DISSECT_CONN_H */
