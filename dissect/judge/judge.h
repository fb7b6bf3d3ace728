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
};

ERR_CHECK enum err judge_new(struct judge **out,
                             const struct judge_config *config);
void judge_free(struct judge *j);

/* Bytes allocated, for a budget. */
size_t judge_memory(const struct judge *j);

/* Right behind the handshake event, once.  What ev points to dies with the
 * call.  Called for refused, unanswered and inferred ones as well. */
void judge_handshake(struct judge *j, const struct event_handshake *ev);

/* A frame that ended, complete or not. */
struct judged_frame {
    enum ws_sender from;
    uint64_t number;  /* 1 = first of this sender */
    uint64_t message; /* its message's number; 0: control frame */
    const struct ws_frame_header *header;
    struct stamp first; /* packet with its first byte */
    uint8_t header_cut; /* header bytes in that packet, if not all; else 0 */
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

/* ---- What comes every day, without a call ------------------------------- */

/* A segment that holds no more than a frame header could. */
struct judge_crumb {
    uint64_t off; /* in the sender's stream, bytes */
    size_t len;   /* bytes; 0: none */
};

/*
 * What is kept of one sender's segments and data frames, so that a whole,
 * faultless message in one frame costs a few additions (judge_tally()).
 */
struct judge_tally {
    uint64_t frames;    /* data frames */
    uint64_t tiny;      /* ... with less payload than tiny_len */
    uint64_t packet;    /* that completed the last one */
    int64_t burst_ns;   /* start of a run of small frames, each in a packet */
    uint64_t burst;     /* frames in it */
    uint32_t mask;      /* the last masking key, as four bytes in memory */
    uint32_t mask_step; /* how it differed from the one before */
    uint32_t mask_run;  /* how often in a row by the same step */
    uint32_t mask_and, mask_or; /* of the first JUDGE_MASKS keys */
    uint32_t masks;             /* ... of which there were so many */
    uint32_t seq_end;    /* TCP sequence number behind the last segment */
    uint64_t segments;   /* with payload */
    uint64_t wire_bytes; /* ... and their packets' bytes in all */
    struct judge_crumb crumb[2]; /* the last two, newest first */
};

/* More keys say no more about which bits of them never change. */
#define JUDGE_MASKS 256u

/* What ws_stream.c keeps at hand. */
struct judge_public {
    struct judge_tally tally[2]; /* by enum ws_sender */
    bool each;                   /* every frame is looked at by judge_frame() */
    int64_t last_ns;             /* when the last frame of either side ended */
    int64_t longest_ns;          /* the longest time without one */
    uint64_t longest_end;        /* the packet that ended it */
    /* Limits, see threshold.def. */
    int64_t idle_ns, burst_ns;
    uint64_t tiny_len, small_len, huge_len, burst_max;
};

/* Lives as long as j. */
struct judge_public *judge_public(struct judge *j);

/* Payload of one packet, before its frames: len bytes at off of the stream. */
static inline void
judge_segment(struct judge_public *p, enum ws_sender from, uint64_t off,
              size_t len, const struct pkt_meta *meta)
{
    struct judge_tally *t = &p->tally[from];
    t->segments++;
    t->wire_bytes += meta->wire_len;
    t->seq_end = meta->seq + (uint32_t)len;
    if (len <= WS_FRAME_HEADER_MAX) {
        t->crumb[1] = t->crumb[0];
        t->crumb[0] = (struct judge_crumb){off, len};
    }
}

/* Adds a masking key; true: it is worth a look. */
static inline bool
judge_tally_mask(struct judge_tally *t, const uint8_t key[4])
{
    uint32_t mask;
    memcpy(&mask, key, sizeof mask);
    uint32_t step = mask - t->mask;
    bool odd = mask == 0 || step == 0 || step == t->mask_step;
    t->mask_run = step == t->mask_step ? t->mask_run + 1 : 0;
    t->mask = mask;
    t->mask_step = step;
    if (t->masks < JUDGE_MASKS) {
        t->masks++;
        t->mask_and &= mask;
        t->mask_or |= mask;
    }
    return odd;
}

/* A frame ended; true: never was it quiet so long before. */
static inline bool
judge_tally_time(struct judge_public *p, const struct pkt_meta *meta)
{
    int64_t quiet_ns = meta->time_ns - p->last_ns;
    bool longest = quiet_ns > p->longest_ns;
    if (quiet_ns > 0)
        p->last_ns = meta->time_ns;
    if (longest) {
        p->longest_ns = quiet_ns;
        p->longest_end = meta->number;
    }
    return longest;
}

/* The first data frame that ends in a packet. */
static inline bool
judge_tally_packet(struct judge_public *p, enum ws_sender from, uint64_t len,
                   const struct pkt_meta *meta)
{
    struct judge_tally *t = &p->tally[from];
    bool look = judge_tally_time(p, meta) && p->longest_ns > p->idle_ns;
    /* An answer between them: the sender could not have collected them. */
    bool alone = p->tally[!from].packet < t->packet;
    t->packet = meta->number;
    if (t->burst > 0 && alone && len <= p->small_len &&
        meta->time_ns - t->burst_ns <= p->burst_ns)
        return ++t->burst == p->burst_max || look;
    t->burst = len <= p->small_len;
    t->burst_ns = meta->time_ns;
    return look;
}

/* Adds a data frame to the tally.  True: something about it is worth a look. */
static inline bool
judge_tally(struct judge_public *p, enum ws_sender from,
            const struct ws_frame_header *h, const struct pkt_meta *meta)
{
    struct judge_tally *t = &p->tally[from];
    uint64_t len = h->payload_len;
    bool look = p->each || len > p->huge_len;
    t->frames++;
    t->tiny += len < p->tiny_len;
    if (h->masked && len > 0)
        look |= judge_tally_mask(t, h->mask);
    if (meta->number != t->packet)
        look |= judge_tally_packet(p, from, len, meta);
    else
        t->burst = 0;
    return look;
}

#endif /* DISSECT_JUDGE_JUDGE_H */
