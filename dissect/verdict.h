/* SPDX-License-Identifier: MIT */
/*
 * verdict.h - one sentence for a connection: how it ended, who ended it, and
 * the packets that prove it (RFC 6455 section 7.1).
 *
 * That something was not sent is said only when the capture holds all of the
 * place where it would stand.
 *
 * Knows what was seen, not how it was found: ws_conn.c and judge/ gather the
 * facts.
 */
#ifndef DISSECT_VERDICT_H
#define DISSECT_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/stream.h"
#include "dissect/event.h"

#define VERDICT_TEXT_MAX 400u

/* How far the IPv4 identification of a host moves from one packet to its next
 * one at most, where it counts. */
#define VERDICT_ID_STEP 1000

/* Bytes of the name of another protocol, with its NUL. */
#define VERDICT_PROTOCOL_MAX 32u

/*
 * How the packets of a side look, and its RST beside them: a device between
 * the two that resets a connection in the name of a host seldom stands as far
 * away and counts its packets as that host.
 */
struct verdict_host {
    uint32_t n;               /* packets before the RST */
    uint64_t last;            /* number of the last one */
    uint8_t ttl_min, ttl_max; /* TTL or hop limit */
    uint16_t ip_id;           /* IPv4 identification of the last one, ... */
    bool jumps;               /* ... and they did not all count up */
    bool ids;                 /* not all of them are 0 */
    uint8_t rst_ttl;          /* of the RST: */
    uint16_t rst_ip_id;
    uint32_t rst_seq;
    /* Where a RST of its own would stand: behind its last byte, or where the
     * other side has come in reading.  The judge's. */
    bool has_seq, has_peer_acked;
    uint32_t seq;
    uint32_t peer_acked;
};

/* A broken rule of the other side, in its frames. */
struct verdict_cause {
    const char *id; /* of the finding, static; NULL: none */
    uint64_t frame; /* 0: not known */
    struct stamp at;
};

/* What one side did at the end, and how much of that was seen. */
struct verdict_side {
    bool sent_close;
    struct stamp close; /* its first Close frame */
    bool has_code;
    uint16_t code;
    bool ended; /* its stream ended, for the reason why */
    enum stream_end why;
    struct stamp fin;   /* packet 0: no FIN seen */
    struct stamp reset; /* packet 0: no RST seen */
    bool lost;          /* frame boundaries were not known at its end */
    /* Bytes of its answer or its frames that were not captured, if no frame
     * of it was seen behind them: a Close frame is the last one (RFC 6455
     * section 5.5.1). */
    uint64_t gap_bytes;
    bool frame_open;         /* its stream ended inside a frame, */
    bool message_open;       /* ... inside a message */
    struct stamp last_frame; /* packet 0: none ended */
    bool captured;           /* any byte or packet that it sent was seen */
    struct verdict_host host;
    /* These are the judge's (judge.h). */
    const char *reason; /* of the Close frame, printable ASCII; NULL: none */
    struct verdict_cause cause; /* why it ended the connection */
    struct stamp ping; /* its last one that was not answered; packet 0: none */
};

struct verdict_facts {
    bool answered;   /* a response head was seen */
    bool accepted;   /* frames followed: a 101 for WebSocket, or inferred */
    uint16_t status; /* when answered */
    struct stamp request; /* packet 0: its end was not seen */
    struct stamp response;
    /* Not accepted, status 101: the name of the protocol instead, printable
     * ASCII; "": the response names none.  See verdict_set_protocol(). */
    char protocol[VERDICT_PROTOCOL_MAX];
    /* Both sent a Close frame, and the later of the two was sent before the
     * first one had come: its packet does not acknowledge that. */
    bool crossed;
    /* The usual time-out, in seconds, that fits the silence before TCP ended
     * without a Close frame; 0: none.  The judge's. */
    unsigned timeout_s;
    struct verdict_side side[2]; /* by enum ws_sender */
};

/* A packet of the side, but for its RST; it may be told more than once. */
static inline void
verdict_note_packet(struct verdict_host *host, const struct pkt_meta *meta)
{
    if (host->last == meta->number)
        return;
    if (host->n == 0) {
        host->ttl_min = host->ttl_max = meta->ttl;
    } else {
        int16_t step = (int16_t)(uint16_t)(meta->ip_id - host->ip_id);
        host->jumps |= step < -VERDICT_ID_STEP || step > VERDICT_ID_STEP;
        if (meta->ttl < host->ttl_min)
            host->ttl_min = meta->ttl;
        if (meta->ttl > host->ttl_max)
            host->ttl_max = meta->ttl;
    }
    host->ids |= meta->ip_id != 0;
    host->ip_id = meta->ip_id;
    host->n += host->n < UINT32_MAX;
    host->last = meta->number;
}

/* Its RST, the first one. */
void verdict_note_reset(struct verdict_host *host, const struct pkt_meta *meta);

/* The RST of the side was most likely not sent by it. */
bool verdict_is_forged(const struct verdict_side *side);

/* Who ended the TCP connection first, and how. */
struct verdict_tcp_end {
    struct stamp at; /* packet 0: nobody */
    enum ws_sender by;
    bool reset;
};

struct verdict_tcp_end verdict_tcp_end(const struct verdict_facts *facts);

/* Can a Close frame, or an answer, stand in what is missing of the side? */
bool verdict_has_holes(const struct verdict_side *side);

/* Neither frames nor the handshake's answer before the end of TCP, ns; -1: it
 * did not end, or frames may be missing. */
int64_t verdict_silence(const struct verdict_facts *facts);

/* The usual time-out, in seconds, that a silence fits within so many percent;
 * 0: none. */
unsigned verdict_timeout(int64_t silence_ns, unsigned percent);

/* Keeps the value of the Upgrade header of a 101 that is not for WebSocket;
 * ptr NULL: it has none. */
void verdict_set_protocol(struct verdict_facts *facts, struct slice upgrade);

/* A request was not answered, TCP was ended by a FIN or RST, and nothing of
 * the direction of the answer is missing: there was none. */
bool verdict_is_unanswered(const struct verdict_facts *facts);

/*
 * Fills closed_by, clean, onclose_code, has_close_code, close_code, verdict,
 * text and evidence of *out from the facts.  out->text points to text.
 */
void verdict_decide(const struct verdict_facts *facts, struct event_end *out,
                    char text[VERDICT_TEXT_MAX]);

#endif /* DISSECT_VERDICT_H */
