/* SPDX-License-Identifier: MIT */
/*
 * tcp_tell.h - what TCP does of a connection, as events of type tcp for a sink
 * that wants them (event.h); without one nothing here is called.
 *
 * The handshake is the first event of a connection, so what comes before it
 * waits: the SYNs stand in struct stream_pair, of the rest TCP_TELL_EARLY_MAX
 * are kept.
 */
#ifndef DISSECT_TCP_TELL_H
#define DISSECT_TCP_TELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stream.h"
#include "dissect/emit.h"

/* Of more the first ones. */
#define TCP_TELL_EARLY_MAX 32u

/* Embed it, zeroed; tcp_tell_fini() frees what it holds. */
struct tcp_tell {
    bool told;      /* the handshake was */
    bool syn[2];    /* by enum ws_sender: its SYN was */
    bool no_memory; /* something was not told for want of it */
    uint64_t resent_packet[2];
    size_t n;
    struct event_tcp *early; /* room for TCP_TELL_EARLY_MAX; NULL: n is 0 */
};

void tcp_tell_fini(struct tcp_tell *t);

/* Bytes allocated. */
size_t tcp_tell_memory(const struct tcp_tell *t);

/* What stream_ops.tcp() said of the packet meta. */
void tcp_tell(struct tcp_tell *t, const struct emitter *e, enum ws_sender from,
              enum stream_tcp what, const struct pkt_meta *meta);

/* The handshake was told: now what waited for it. */
void tcp_tell_handshake(struct tcp_tell *t, const struct emitter *e,
                        const struct stream_pair *pair, unsigned client_dir);

#endif /* DISSECT_TCP_TELL_H */
