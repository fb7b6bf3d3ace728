/* SPDX-License-Identifier: MIT */
/*
 * judge.h - the rules of one WebSocket connection: what the decoder saw goes
 * in, findings come out (struct emitter).
 *
 *   handshake, frames, messages, TCP, gaps, the end -> rules -> findings
 *
 * What a decoder meets on its way (a bad header, bytes that do not inflate) it
 * reports itself; here stand the rules that need more than the one place: the
 * two heads side by side, the frames before, the other side, the clock.
 *
 * A rule whose proof could lie in bytes that the capture does not hold is not
 * judged.  Decodes nothing and does not know how the connection was found.
 */
#ifndef DISSECT_JUDGE_JUDGE_H
#define DISSECT_JUDGE_JUDGE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/stream.h"
#include "dissect/emit.h"
#include "dissect/event.h"
#include "dissect/ws_frame.h"

struct thresholds; /* dissect/threshold.h */
struct peers;      /* peers.h: what is known of other connections */

struct judge;

/* All borrowed until judge_free(). */
struct judge_config {
    struct emitter *emit;
    const struct thresholds *limits;
    struct peers *peers; /* shared by the connections of one dissector */
    const struct stream_pair *pair;
    unsigned client_dir; /* the direction of pair that the client sends */
    bool via_connect;    /* inside a tunnel that a proxy opened on it */
};

ERR_CHECK enum err judge_new(struct judge **out,
                             const struct judge_config *config);
void judge_free(struct judge *j);

/* Bytes allocated, for a budget. */
size_t judge_memory(const struct judge *j);

/* Right behind the handshake event, once.  What ev points to dies with the
 * call.  Called for refused, unanswered and inferred ones as well. */
void judge_handshake(struct judge *j, const struct event_handshake *ev);

/* Right behind judge_handshake(): bytes of the client at off were sent by meta
 * although that packet does not acknowledge the 101. */
void judge_early_client(struct judge *j, uint64_t off,
                        const struct pkt_meta *meta);

/* Before judge_handshake(): where an answer should stand the server sent bytes
 * that are no HTTP; first is the first of them, at off.  False: no frame of a
 * server begins like that. */
bool judge_early_server(struct judge *j, uint64_t off, uint8_t first,
                        const struct pkt_meta *meta);

/* The header of the first frame of a sender, right behind the handshake, has
 * findings.  True: it is no frame, and what follows is none either; that has
 * been told. */
bool judge_first_header(struct judge *j, enum ws_sender from,
                        const struct ws_frame_header *h,
                        const struct pkt_meta *meta);

/* A frame that ended, complete or not. */
struct judged_frame {
    enum ws_sender from;
    uint64_t number;  /* 1 = first of this sender */
    uint64_t message; /* its message's number; 0: control frame */
    const struct ws_frame_header *header;
    struct stamp first;          /* packet with its first byte */
    const struct pkt_meta *meta; /* packet with its last byte */
    bool whole;                  /* every payload byte was captured */
    bool synced;                 /* boundary known since the handshake */
    /* Payload of a control frame, unmasked: at most 125 bytes, all of it with
     * whole. */
    struct slice control;
};

void judge_frame(struct judge *j, const struct judged_frame *f);

/* A message that ended, right behind its last frame.  Not called for a whole,
 * faultless message in one frame with which judge_tally() is content. */
void judge_message(struct judge *j, const struct event_message *ev,
                   const struct pkt_meta *meta);

/* The beginning of a message that ended. */
struct judged_payload {
    enum ws_sender from;
    uint8_t opcode;          /* WS_OP_CONT: its kind is not known */
    uint64_t message, frame; /* numbers; frame is its last one, */
    uint64_t offset;         /* which starts here */
    bool complete;           /* nothing missing, len and start are known */
    uint64_t len;            /* decoded bytes */
    struct slice start;      /* the first of them, WS_MESSAGE_START_LEN */
    const struct pkt_meta *meta;
};

/* For every message while pub.starts is set, before judge_message(). */
void judge_payload(struct judge *j, const struct judged_payload *p);

/* Payload bytes of one packet, before its frames: len of them. */
void judge_segment(struct judge *j, enum ws_sender from, uint64_t off,
                   size_t len, const struct pkt_meta *meta);

/* Bytes of the sender are missing. */
void judge_gap(struct judge *j, enum ws_sender from);

void judge_tcp(struct judge *j, enum ws_sender from, enum stream_tcp what,
               const struct pkt_meta *meta);

struct verdict_facts;

/* The connection is over; what can only be judged now.  end is complete but
 * for what the judge itself knows, which it adds (round trips).  Right before
 * repeated findings and the end event. */
void judge_end(struct judge *j, const struct verdict_facts *facts,
               struct event_end *end);

/* ---- Frames of every day, without a call -------------------------------- */

/*
 * What is kept of each data frame of a sender, so that a whole, faultless
 * message in one frame costs a few additions (judge_tally()).
 */
struct judge_tally {
    uint64_t frames;    /* data frames */
    uint64_t tiny;      /* ... with less payload than JUDGE_TINY */
    uint64_t packet;    /* that completed the last one */
    int64_t last_ns;    /* when */
    int64_t burst_ns;   /* start of a run of small frames, each in a packet */
    uint32_t burst;     /* frames in it */
    uint32_t mask;      /* the last masking key, as four bytes in memory */
    uint32_t mask_step; /* how it differed from the one before */
    uint32_t mask_run;  /* how often in a row by the same step */
    uint32_t mask_and, mask_or; /* of all keys */
    uint64_t masked;            /* keys seen, of frames with payload */
};

/* Constants of the tally; the thresholds above them are options. */
#define JUDGE_TINY 20u                   /* payload bytes */
#define JUDGE_SMALL 125u                 /* payload bytes */
#define JUDGE_BURST_NS INT64_C(10000000) /* 10 ms */
#define JUDGE_MASK_RUN 4u                /* steps */

/* What ws_stream.c keeps at hand. */
struct judge_public {
    struct judge_tally tally[2]; /* by enum ws_sender */
    bool each;                   /* every frame is looked at by judge_frame() */
    bool starts;                 /* every message is, by judge_payload() */
    int64_t idle_ns;             /* a longer silence is looked at */
};

/* Lives as long as j. */
struct judge_public *judge_public(struct judge *j);

/* Adds a data frame to the tally.  True: something about it is worth a look. */
static inline bool
judge_tally(struct judge_public *p, enum ws_sender from,
            const struct ws_frame_header *h, const struct pkt_meta *meta)
{
    struct judge_tally *t = &p->tally[from];
    int64_t other_ns = p->tally[!from].last_ns;
    int64_t last_ns = t->last_ns > other_ns ? t->last_ns : other_ns;
    bool look = p->each || meta->time_ns - last_ns > p->idle_ns;
    t->frames++;
    t->tiny += h->payload_len < JUDGE_TINY;
    if (h->masked && h->payload_len > 0) {
        uint32_t mask;
        memcpy(&mask, h->mask, sizeof mask);
        uint32_t step = mask - t->mask;
        t->mask_run =
            t->masked > 1 && step == t->mask_step ? t->mask_run + 1 : 0;
        look |= mask == 0 || (step == 0 && t->masked > 0) ||
                t->mask_run == JUDGE_MASK_RUN;
        t->mask = mask;
        t->mask_step = step;
        t->mask_and &= mask;
        t->mask_or |= mask;
        t->masked++;
    }
    if (h->payload_len <= JUDGE_SMALL && meta->number != t->packet &&
        meta->time_ns - t->burst_ns <= JUDGE_BURST_NS) {
        t->burst++;
    } else {
        t->burst = 1;
        t->burst_ns = meta->time_ns;
    }
    t->packet = meta->number;
    t->last_ns = meta->time_ns;
    return look;
}

#endif /* DISSECT_JUDGE_JUDGE_H */
