/* SPDX-License-Identifier: MIT */
/*
 * ws_conn.h - one WebSocket connection from the upgrade request to its end:
 * the handshake event, the two directions of frames, the verdict.
 *
 *     request -> response -> (accepted) client and server frames -> end
 *
 * Knows nothing of HTTP framing or of how the connection was found: conn.h.
 */
#ifndef DISSECT_WS_CONN_H
#define DISSECT_WS_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/stream.h"
#include "dissect/event.h"
#include "dissect/http1.h"
#include "dissect/ws_stream.h"

struct ws_conn;

/* All borrowed until ws_conn_free(). */
struct ws_conn_config {
    const struct event_sink *sink;
    struct ws_shared *shared;
    const struct thresholds *limits;
    struct peers *peers;
    const struct stream_pair *pair;
    unsigned client_dir; /* the direction of pair that the client sends */
    uint32_t number;     /* 1 = first of the dissector */
    bool via_connect;    /* inside a tunnel that a proxy opened on it */
};

ERR_CHECK enum err ws_conn_new(struct ws_conn **out,
                               const struct ws_conn_config *config);
void ws_conn_free(struct ws_conn *c);

/* Bytes allocated, for a budget: without findings, decoders and their
 * messages, which are counted by themselves. */
size_t ws_conn_memory(const struct ws_conn *c);

/* How many directions were not decoded, or findings not counted, for want of
 * memory. */
unsigned ws_conn_failed(const struct ws_conn *c);

/* The upgrade request was seen; head is copied.  meta: its last packet. */
ERR_CHECK enum err ws_conn_request(struct ws_conn *c,
                                   const struct http1_head *head,
                                   const struct pkt_meta *meta);

/* The final response was seen; emits the handshake.  With `accepted` frames
 * follow in both directions. */
void ws_conn_response(struct ws_conn *c, const struct http1_head *head,
                      bool accepted, const struct pkt_meta *meta);

/*
 * Frames were found, but no answer was seen: emits the handshake with what is
 * known of it.  Frames follow in both directions; the client's begin behind
 * the request, if that was seen, the others anywhere.
 */
void ws_conn_infer(struct ws_conn *c, const struct pkt_meta *meta);

/* Goes on with a search for frames that was begun before; sync belongs to c
 * from here on.  taken: the bytes it was given. */
void ws_conn_adopt(struct ws_conn *c, enum ws_sender from, struct ws_sync *sync,
                   uint64_t taken);

/* Did the request offer permessage-deflate, or was none seen? */
bool ws_conn_offers_deflate(const struct ws_conn *c);

/* Bytes and gaps behind the handshake, in order. */
void ws_conn_data(struct ws_conn *c, enum ws_sender from, uint64_t off,
                  struct slice data, const struct pkt_meta *meta);
void ws_conn_gap(struct ws_conn *c, enum ws_sender from, uint64_t off,
                 uint64_t len, const struct pkt_meta *meta);

/* The client's bytes at off were sent by meta: if that packet did not
 * acknowledge the 101 yet, they came too early (RFC 6455 section 4.1). */
void ws_conn_check_early(struct ws_conn *c, uint64_t off,
                         const struct pkt_meta *meta);

/* Where the server's answer should stand are bytes that are no HTTP: data at
 * off, not empty.  No byte before them is missing.  False: no frame begins
 * like that either. */
bool ws_conn_early_server(struct ws_conn *c, uint64_t off, struct slice data,
                          const struct pkt_meta *meta);

void ws_conn_tcp(struct ws_conn *c, enum ws_sender from, enum stream_tcp what,
                 const struct pkt_meta *meta);
void ws_conn_end(struct ws_conn *c, enum ws_sender from, enum stream_end why,
                 const struct pkt_meta *meta);

/* Emits what is still owed: the handshake when no answer came, then the end
 * event.  at: the packet that showed it.  Further calls do nothing. */
void ws_conn_finish(struct ws_conn *c, struct stamp at);

#endif /* DISSECT_WS_CONN_H */
