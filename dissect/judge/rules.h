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
    uint32_t n_split[2];  /* headers in packets of their own, by sender */
    bool pinged;
};

struct judge {
    struct judge_public pub; /* first: judge_quiet() is given that */
    struct judge_config config;
    enum handshake_seen seen;
    bool accepted;
    bool has_deflate; /* permessage-deflate was agreed */
    bool chat;        /* findings of severity chat are wanted */
    /* By enum ws_sender: */
    struct judge_side side[2];
    struct judge_frames frames[2];
    struct judge_violation violation[2];
    struct judge_masks masks[2];
    struct judge_perf perf;
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

/* Nothing of that kind was found yet, so a detail will be read. */
static inline bool
judge_is_first(const struct judge *j, enum finding_id id, enum ws_sender from)
{
    return emit_finding_count(j->config.emit, id, from) == 0;
}

static inline uint64_t
judge_limit(const struct judge *j, enum threshold_id id)
{
    return j->config.limits->value[id];
}

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

/* opening.c: RFC 6455 section 4, request and answer. */
void judge_opening(struct judge *j, const struct event_handshake *ev);

/* negotiation.c: extensions, permessage-deflate, subprotocols. */
void judge_negotiation(struct judge *j, const struct event_handshake *ev);

/* security.c: what the handshake gives away, and to whom. */
void judge_security(struct judge *j, const struct event_handshake *ev);

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
void judge_performance_end(struct judge *j, const struct event_end *end);

#endif /* DISSECT_JUDGE_RULES_H */
