/* SPDX-License-Identifier: MIT */
/*
 * rules.h - inside of the judge: its state and the parts it is made of.  Each
 * part is one file with the rules of one topic and a struct of its own in
 * struct judge.  Only files of this folder include it.
 */
#ifndef DISSECT_JUDGE_RULES_H
#define DISSECT_JUDGE_RULES_H

#include "dissect/judge/judge.h"
#include "dissect/threshold.h"

/* What is known of one side, whatever the topic. */
struct judge_side {
    bool gap; /* bytes of it are missing: what it did not send is unknown */
};

/* What TCP did with the bytes of a side: tcp.c. */
struct judge_tcp {
    uint64_t segments; /* with payload, in order */
    uint64_t resent;   /* segments with bytes that were sent before */
    uint64_t resent_packet;
    struct stamp resent_at; /* the first one */
    struct stamp zero;      /* its window closed; packet 0: it is open */
    struct stamp unheard;   /* acknowledged bytes of the other side, of which
                               no packet was captured; packet 0: did not */
    int64_t first_ns; /* time of the first segment behind the heads; 0: none */
    bool fin;
};

struct judge_tcp_early;

struct judge {
    struct judge_public pub;
    struct judge_config config;
    enum handshake_seen seen;
    bool accepted;
    struct judge_side side[2]; /* by enum ws_sender */
    struct judge_tcp tcp[2];
    struct judge_tcp_early *tcp_early; /* NULL: none */
    bool tcp_told; /* the handshake was: findings are passed on */
};

/* ---- Telling ------------------------------------------------------------ */

/* Passes a finding on; rows are lowered to note where the handshake was not
 * seen (judge_lowers()).  detail: one line without payload, or NULL; copied by
 * whoever keeps it. */
void judge_find(struct judge *j, const struct event_finding *ev);

/* The same about the whole of one side, at a packet. */
void judge_find_side(struct judge *j, enum finding_id id, enum ws_sender from,
                     struct stamp at, const char *detail);

/* ... about a frame. */
void judge_find_frame(struct judge *j, enum finding_id id,
                      const struct judged_frame *f, const char *detail);

static inline struct stamp
judge_stamp(const struct pkt_meta *meta)
{
    return (struct stamp){meta->time_ns, meta->number};
}

/* The capture holds the handshake's request and answer, the direction of
 * sender from its beginning, and no gap in it. */
static inline bool
judge_saw_all(const struct judge *j, enum ws_sender from)
{
    unsigned dir = j->config.client_dir ^ (from == WS_SENDER_SERVER);
    return j->seen == HANDSHAKE_SEEN_BOTH && !j->side[from].gap &&
           j->config.pair->syn_seen[dir];
}

/* A threshold, the user's or the one built in. */
static inline int64_t
judge_limit(const struct judge *j, enum threshold_id id)
{
    return (int64_t)(j->config.limits ? j->config.limits->value[id]
                                      : threshold_info(id)->fallback);
}

/* ---- Parts -------------------------------------------------------------- */

/* head.c: HTTP grammar of the two heads. */
void judge_heads(struct judge *j, const struct event_handshake *ev);

/* opening.c: RFC 6455 section 4, request and answer. */
void judge_opening(struct judge *j, const struct event_handshake *ev);

/* negotiation.c: extensions, permessage-deflate, subprotocols. */
void judge_negotiation(struct judge *j, const struct event_handshake *ev);

/* security.c: what the handshake gives away, and to whom. */
void judge_security(struct judge *j, const struct event_handshake *ev);

/* tcp.c: TCP below the WebSocket, but for how it ends. */
void judge_tcp_handshake(struct judge *j, const struct event_handshake *ev);
void judge_tcp_segment(struct judge *j, enum ws_sender from,
                       const struct pkt_meta *meta);
void judge_tcp_event(struct judge *j, enum ws_sender from, enum stream_tcp what,
                     const struct pkt_meta *meta);
void judge_tcp_end(struct judge *j, const struct event_end *end);
void judge_tcp_free(struct judge *j);
size_t judge_tcp_memory(const struct judge *j);

#endif /* DISSECT_JUDGE_RULES_H */
