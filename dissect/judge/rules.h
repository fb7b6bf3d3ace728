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

/* opening.c, answer.c */
struct judge_opening {
    uint64_t answer_packet;    /* of the 101, until bytes follow; 0: none */
    struct stamp early_server; /* bytes before its answer; packet 0: none */
    uint64_t early_server_off;
    bool unkeyed; /* the request of a draft without key and version */
    bool plain;   /* no extension was agreed that is not known here */
};

/* security.c */
struct judge_security {
    uint64_t aim; /* hash of the client and what it asked for; with has_aim */
    bool has_aim; /* and the end was not told to peers.h yet */
    bool close_seen;
};

/* subprotocol.c */
struct subprotocol;
struct judge_subprotocol {
    const struct subprotocol *known; /* the agreed one; NULL: none, or not in
                                        our table */
};

struct judge {
    struct judge_public pub;
    struct judge_config config;
    enum handshake_seen seen;
    bool accepted;
    struct judge_side side[2]; /* by enum ws_sender */
    struct judge_opening opening;
    struct judge_security security;
    struct judge_subprotocol subprotocol;
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

/* A threshold that is a time. */
static inline int64_t
judge_limit_ns(const struct judge *j, enum threshold_id id)
{
    return (int64_t)j->config.limits->value[id];
}

/* When the request was sent, and when it was answered; the packet with what is
 * known of it, if it is cut. */
static inline struct stamp
judge_requested(const struct event_handshake *ev)
{
    return ev->request.packet ? ev->request : ev->at;
}

static inline struct stamp
judge_answered(const struct event_handshake *ev)
{
    return ev->response.packet ? ev->response : ev->at;
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

/* ---- Parts -------------------------------------------------------------- */

/* head.c: HTTP grammar of the two heads. */
void judge_heads(struct judge *j, const struct event_handshake *ev);

/* Lines called name, any case. */
size_t judge_count_fields(const struct http1_head *head, const char *name);

/* uri-host [ ":" port ], RFC 9110 section 7.2, and not empty. */
bool judge_is_host_port(struct slice s);

/* opening.c: RFC 6455 section 4.1, the request; then the answer. */
void judge_opening(struct judge *j, const struct event_handshake *ev);

/* answer.c: RFC 6455 section 4.2.2; ev has an answer. */
void judge_answer(struct judge *j, const struct event_handshake *ev);

/* answer.c: what the other parts found, and the 101 all the same. */
void judge_acceptance(struct judge *j, const struct event_handshake *ev);

/* answer.c: bytes behind the handshake; only the first ones matter. */
void judge_first_segment(struct judge *j, enum ws_sender from, uint64_t off,
                         const struct pkt_meta *meta);

struct detail;

/* accept.c: says what is wrong with an Accept that does not fit the key. */
void judge_accept_slip(const struct peers *peers,
                       const struct event_handshake *ev, struct detail *d);

/* negotiation.c: extensions, permessage-deflate, subprotocols. */
void judge_negotiation(struct judge *j, const struct event_handshake *ev);

/* security.c: what the handshake gives away, and to whom. */
void judge_security(struct judge *j, const struct event_handshake *ev);
void judge_security_frame(struct judge *j, const struct judged_frame *f);
void judge_security_tcp(struct judge *j, enum stream_tcp what,
                        const struct pkt_meta *meta);
void judge_security_end(struct judge *j, const struct event_end *end);

/* Whether an offered subprotocol is no name but a secret, not to be shown. */
bool judge_is_secret(struct slice name);

/* subprotocol.c: what the agreed subprotocol says of messages. */
void judge_subprotocol(struct judge *j, const struct event_handshake *ev);
bool judge_is_known_subprotocol(struct slice name);

#endif /* DISSECT_JUDGE_RULES_H */
