/* SPDX-License-Identifier: MIT */
/*
 * rules.h - inside of the judge: its state and the parts it is made of.  Each
 * part is one file with the rules of one topic and a struct of its own in
 * struct judge.  Only files of this folder include it.
 */
#ifndef DISSECT_JUDGE_RULES_H
#define DISSECT_JUDGE_RULES_H

#include "dissect/emit.h"
#include "dissect/judge/judge.h"
#include "dissect/judge/round_trips.h"
#include "dissect/threshold.h"
#include "dissect/verdict.h"

/* What is known of one side, whatever the topic. */
struct judge_side {
    bool gap; /* bytes of it are missing: what it did not send is unknown */
};

/* What TCP did with the bytes of a side: tcp.c. */
struct judge_tcp {
    uint64_t heads;  /* of HTTP, which came in segments before the others */
    uint64_t resent; /* segments with bytes that were sent before */
    uint64_t resent_packet;
    struct stamp resent_at; /* the first one */
    struct stamp zero;      /* its window closed; packet 0: it is open */
    struct stamp unheard;   /* acknowledged bytes of the other side, of which
                               no packet was captured; packet 0: did not */
    int64_t first_ns; /* time of the first segment behind the heads; 0: none */
    uint64_t end_packet; /* its first FIN or RST; 0: none */
    bool fin;
};

struct judge_tcp_early;

/* opening.c, answer.c */
struct judge_opening {
    uint64_t answer_packet;    /* of the 101, until bytes follow; 0: none */
    struct stamp early_server; /* bytes before its answer; packet 0: none */
    uint64_t early_server_off;
    bool unkeyed; /* the request of a draft without key and version */
    bool plain;   /* no extension was agreed that is not known here */
    /* The finding for which the client may not take the 101, static; NULL:
     * none.  When that came. */
    const char *unacceptable;
    struct stamp answered;
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

/* frame.c, of one sender. */
struct judge_frames {
    bool closed;           /* it sent a Close frame */
    bool open;             /* a message of it is unfinished */
    bool flooded;          /* ... and told as a flood of fragments */
    uint64_t n_fragments;  /* of the last message */
    uint64_t payload;      /* in them, bytes */
    uint64_t packet;       /* that completed the last frame */
    uint64_t packet_count; /* frames that ended in it */
};

/* violation.c: the first rule that a sender broke. */
struct judge_violation {
    enum {
        VIOLATION_NONE = 0,
        VIOLATION_SENT,
        VIOLATION_DELIVERED,
        VIOLATION_DONE, /* what came of it is known */
    } state;
    uint32_t seq_end; /* TCP sequence number behind it */
    int64_t acked_ns; /* when it was delivered */
};

/* mask.c, of one sender. */
struct judge_masks {
    struct stamp empty_zero; /* first empty frame with a key of zeros */
};

/* performance.c */
struct judge_perf {
    int64_t idle_ns;      /* of a silence that is not judged yet; else 0 */
    struct stamp idle_at; /* what ended it */
    int64_t longest_ns;   /* with chat: the longest silence */
    /* An acknowledgement that was long in coming, by whom; 0: none, or it did
     * not let go what waited for it. */
    int64_t late_ack_ns;
    enum ws_sender late_ack_from;
    uint32_t n_nagle[2]; /* segments that one let go, by sender */
    uint32_t n_split[2]; /* headers in packets of their own, by sender */
    bool pinged;
};

/* How the bytes of a side travel, besides what stands in its tally: path.c. */
struct judge_path {
    bool has_base;  /* tally[].base is known */
    bool has_acked; /* tally[].acked is known */
    bool has_fin_ack;
    uint32_t fin_ack;  /* acknowledgement number of its FIN */
    uint32_t n_delays; /* segments that were timed */
    int64_t timed_ns;  /* when the last one came */
    int64_t delay_ns;  /* shortest time from a segment to its
                          acknowledgement; INT64_MAX: none seen */
    int64_t resent_ns; /* when it sent something again last */
};

struct judge_closing; /* close.c */

/* The pings of one side: ping.c. */
struct judge_pings {
    struct judge_ping *waiting; /* a ring of cap; NULL: none yet */
    uint32_t n, cap;
    uint32_t oldest;     /* index of it */
    uint64_t dropped;    /* ... for want of room */
    uint64_t stray_hash; /* the last pong of the other side without a ping */
    uint64_t stray_packet;
    struct stamp unanswered; /* of those that will not be answered any more,
                                the last one; packet 0: none */
    struct judge_flood {
        int64_t run_ns;    /* start of the seconds that were all full */
        int64_t second_ns; /* start of the second that is counted */
        uint64_t n;        /* pings in it */
    } flood;
    bool settled; /* a Close frame came: no more to judge */
    struct round_trips trips;
};

struct judge {
    struct judge_public pub; /* first: judge_quiet() is given that */
    struct judge_config config;
    enum handshake_seen seen;
    bool accepted;
    struct judge_tcp tcp[2];
    struct judge_tcp_early *tcp_early; /* NULL: none */
    bool tcp_told; /* the handshake was: findings are passed on */
    struct judge_opening opening;
    struct judge_security security;
    struct judge_subprotocol subprotocol;
    bool has_deflate; /* permessage-deflate was agreed */
    bool chat;        /* findings of severity chat are wanted */
    /* By enum ws_sender: */
    struct judge_side side[2];
    struct judge_frames frames[2];
    struct judge_violation violation[2];
    struct judge_masks masks[2];
    struct judge_path path[2];
    struct judge_pings pings[2];
    struct judge_perf perf;
    bool no_memory;                /* something is not judged for want of it */
    struct judge_closing *closing; /* from the first Close frame on, or NULL */
};

/* ---- Telling ------------------------------------------------------------ */

/* Passes a finding on; rows are lowered to note where the handshake was not
 * seen (finding_needs_handshake()).  detail: one line without payload, or NULL;
 * copied by whoever keeps it. */
void judge_find(struct judge *j, const struct event_finding *ev);

/* The same about the whole of one side, at a packet. */
void judge_find_side(struct judge *j, enum finding_id id, enum ws_sender from,
                     struct stamp at, const char *detail);

/* ... about a frame. */
void judge_find_frame(struct judge *j, enum finding_id id,
                      const struct judged_frame *f, const char *detail);

/* Nothing of that kind was found yet, so a detail will be read. */
static inline bool
judge_is_first(const struct judge *j, enum finding_id id, enum ws_sender from)
{
    return emit_finding_count(j->config.emit, id, from) == 0;
}

/* A threshold, the user's or the one built in. */
static inline uint64_t
judge_limit(const struct judge *j, enum threshold_id id)
{
    return j->config.limits->value[id];
}

/* The same for a time, in ns, or to calculate with. */
static inline int64_t
judge_limit_ns(const struct judge *j, enum threshold_id id)
{
    return (int64_t)j->config.limits->value[id];
}

static inline struct stamp
judge_stamp(const struct pkt_meta *meta)
{
    return (struct stamp){meta->time_ns, meta->number};
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

/* One side has sent a Close frame. */
static inline bool
judge_is_closing(const struct judge *j)
{
    return j->frames[0].closed || j->frames[1].closed;
}

static inline enum ws_sender
judge_other(enum ws_sender from)
{
    return from == WS_SENDER_CLIENT ? WS_SENDER_SERVER : WS_SENDER_CLIENT;
}

/* The last broken rule in a frame or message of the sender, or NULL. */
static inline const struct emit_fault *
judge_fault(const struct judge *j, enum ws_sender from)
{
    const struct emit_fault *fault = &j->config.emit->fault[from];
    return fault->any ? fault : NULL;
}

/* ---- Who had received what: path.c ------------------------------------- */

void judge_path_init(struct judge *j);
void judge_path_odd(struct judge *j, enum ws_sender from, uint64_t off,
                    const struct pkt_meta *meta);
void judge_path_tcp(struct judge *j, enum ws_sender from, enum stream_tcp what,
                    const struct pkt_meta *meta);

/* Did this packet of the sender acknowledge the other side's bytes up to off?
 * By acknowledgement numbers, as the order in a capture proves nothing; false
 * when that is not known. */
bool judge_has_read(const struct judge *j, enum ws_sender from, uint64_t off,
                    const struct pkt_meta *meta);

/* Did any packet of the sender so far? */
bool judge_had_read(const struct judge *j, enum ws_sender from, uint64_t off);

/* Did its FIN? */
bool judge_fin_had_read(const struct judge *j, enum ws_sender from,
                        uint64_t off);

/* Shortest round trip of TCP, both halves of the way added up; -1: unknown. */
int64_t judge_tcp_rtt(const struct judge *j);

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

/* frame.c: frames and messages, how they are cut and filled. */
void judge_frame_rules(struct judge *j, const struct judged_frame *f);
void judge_message_rules(struct judge *j, const struct event_message *ev,
                         const struct pkt_meta *meta);

/* violation.c: what the receiver does about a broken rule. */
void judge_violation(struct judge *j, const struct judged_frame *f);
void judge_violation_tcp(struct judge *j, enum ws_sender from,
                         enum stream_tcp what, const struct pkt_meta *meta);

/* mask.c: masking keys that can be foreseen. */
bool judge_add_mask(struct judge_sampled *t, const uint8_t key[4], bool next);
void judge_mask(struct judge *j, const struct judged_frame *f);
void judge_mask_end(struct judge *j, const struct event_end *end);

/* performance.c: what costs time and packets. */
bool judge_add_burst(struct judge_public *p, enum ws_sender from, uint64_t off,
                     int64_t time_ns);
void judge_performance(struct judge *j, const struct judged_frame *f);
void judge_late_ack(struct judge *j, enum ws_sender from,
                    const struct pkt_meta *meta);
void judge_performance_end(struct judge *j, const struct event_end *end);

/* close.c: RFC 6455 sections 5.5.1 and 7, and the end of TCP. */
void judge_closing_frame(struct judge *j, const struct judged_frame *f);
void judge_closing_tcp(struct judge *j, enum ws_sender from,
                       enum stream_tcp what, const struct pkt_meta *meta);
void judge_closing_end(struct judge *j, struct verdict_facts *facts,
                       const struct event_end *end);
void judge_closing_free(struct judge *j);
size_t judge_closing_memory(const struct judge *j);

/* ping.c: RFC 6455 sections 5.5.2 and 5.5.3. */
void judge_ping_frame(struct judge *j, const struct judged_frame *f);
void judge_ping_end(struct judge *j, struct verdict_facts *facts,
                    struct event_end *end);
void judge_ping_free(struct judge *j);
size_t judge_ping_memory(const struct judge *j);
/* tcp.c: TCP below the WebSocket, but for how it ends. */
void judge_tcp_handshake(struct judge *j, const struct event_handshake *ev);
void judge_tcp_first(struct judge *j, enum ws_sender from,
                     const struct pkt_meta *meta);

/* What it acknowledges says nothing new about which side was captured. */
bool judge_tcp_is_heard(const struct judge *j, enum ws_sender from);
void judge_tcp_event(struct judge *j, enum ws_sender from, enum stream_tcp what,
                     const struct pkt_meta *meta);
void judge_tcp_end(struct judge *j, const struct event_end *end);
void judge_tcp_free(struct judge *j);
size_t judge_tcp_memory(const struct judge *j);

#endif /* DISSECT_JUDGE_RULES_H */
