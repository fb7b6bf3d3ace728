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

/* Something was not judged for want of memory. */
bool judge_failed(const struct judge *j);

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
    struct stamp first; /* packet with its first byte */
    uint8_t header_cut; /* header bytes in that packet, if not all; else 0 */
    const struct pkt_meta *meta; /* packet with its last byte */
    bool whole;                  /* every payload byte was captured */
    bool synced;                 /* boundary known since the handshake */
    bool inside; /* control frame: a message of the sender goes on around it */
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

/* Bytes of the sender are missing. */
void judge_gap(struct judge *j, enum ws_sender from);

void judge_tcp(struct judge *j, enum ws_sender from, enum stream_tcp what,
               const struct pkt_meta *meta);

struct verdict_facts;

/* The connection is over; what can only be judged now.  Adds what the judge
 * itself knows: to *end the round trips, to *facts what verdict.h says is the
 * judge's; the texts there live as long as j.  end has its counts and no
 * verdict yet. */
void judge_end(struct judge *j, struct verdict_facts *facts,
               struct event_end *end);

/* Then: end has its verdict. */
void judge_verdict(struct judge *j, const struct event_end *end);

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
    uint64_t packet;   /* that completed the last data frame */
    int64_t last_ns;   /* when */
    uint32_t frames;   /* data frames */
    uint32_t tiny;     /* ... with less payload than tiny_len */
    uint32_t segments; /* with payload */
    /* path.c: how the bytes travel. */
    uint32_t base;      /* TCP sequence number of the stream's offset 0 */
    uint64_t end_off;   /* behind the last byte that was captured */
    uint32_t acked;     /* what it acknowledged last of the other side */
    uint32_t time_at;   /* the segment of this number is timed */
    uint32_t timed_seq; /* sequence number behind the one that was */
    bool timing;        /* the acknowledgement of timed_seq is waited for */
    bool known;         /* base, acked, and whatever a first segment tells */
};

/* What is kept besides of the frames that judge_samples(), and of segments
 * that are nearly empty. */
struct judge_sampled {
    uint32_t mask;               /* the last masking key, as in memory */
    uint32_t mask_step;          /* how it differed from the one before */
    uint32_t mask_run;           /* how often in a row by the same step */
    uint32_t mask_and, mask_or;  /* of all keys */
    uint32_t masks;              /* keys */
    struct judge_crumb crumb[2]; /* the last two, newest first */
    /* A run of small frames, each in a packet, as counted when it began. */
    struct {
        int64_t start_ns;
        uint64_t off;
        uint32_t frames, segments;
        uint32_t other_frames; /* of the other side */
    } burst;
    uint32_t burst_frames; /* in the run that was found last ... */
    uint32_t burst_end;    /* ... by the data frame of this number */
};

/* What ws_stream.c and ws_conn.c keep at hand; what each frame and segment
 * needs comes first. */
struct judge_public {
    bool each;                   /* every frame is looked at by judge_frame() */
    bool starts;                 /* every message is, by judge_payload() */
    uint32_t tiny_len, huge_len; /* limits, see threshold.def */
    int64_t last_ns;             /* time of the last segment with payload */
    int64_t quiet_ns;            /* longer without one: judge_quiet() */
    struct judge_tally tally[2]; /* by enum ws_sender */
    struct judge_sampled some[2];
    int64_t burst_ns;
    uint64_t small_len, burst_max;
};

/* Lives as long as j. */
struct judge_public *judge_public(struct judge *j);

/* For judge_segment(): nothing was sent for quiet_ns until this segment of
 * len bytes. */
void judge_quiet(struct judge_public *p, enum ws_sender from, size_t len,
                 int64_t quiet_ns, const struct pkt_meta *meta);

/* For judge_segment(): a segment about which something is not as usual. */
void judge_odd_segment(struct judge_public *p, enum ws_sender from,
                       uint64_t off, const struct pkt_meta *meta);

/* For judge_segment(): this one is timed. */
void judge_time(struct judge_public *p, enum ws_sender from,
                const struct pkt_meta *meta);

/* For judge_note_ack(): the segment of the other side that was timed. */
void judge_timed(struct judge_public *p, enum ws_sender from,
                 const struct pkt_meta *meta);

/* A packet of the sender, with whatever it acknowledges. */
static inline void
judge_note_ack(struct judge_public *p, enum ws_sender from,
               const struct pkt_meta *meta)
{
    struct judge_tally *t = &p->tally[from], *o = &p->tally[!from];
    if ((int32_t)(meta->ack - t->acked) <= 0 || !(meta->flags & TCP_ACK))
        return;
    t->acked = meta->ack;
    if (o->timing && (int32_t)(meta->ack - o->timed_seq) >= 0)
        judge_timed(p, from, meta);
}

/* Payload of one packet, before its frames: len bytes at off of the stream. */
static inline void
judge_segment(struct judge_public *p, enum ws_sender from, uint64_t off,
              size_t len, const struct pkt_meta *meta)
{
    struct judge_tally *t = &p->tally[from];
    int64_t quiet_ns = meta->time_ns - p->last_ns;
    if (p->each || !t->known || meta->seq - (uint32_t)off != t->base)
        judge_odd_segment(p, from, off, meta);
    p->last_ns = meta->time_ns;
    t->segments++;
    t->end_off = off + len;
    judge_note_ack(p, from, meta);
    if (t->segments >= t->time_at)
        judge_time(p, from, meta);
    if (len <= WS_FRAME_HEADER_MAX) {
        struct judge_crumb *crumb = p->some[from].crumb;
        crumb[1] = crumb[0];
        crumb[0] = (struct judge_crumb){off, len};
    }
    if (quiet_ns > p->quiet_ns)
        judge_quiet(p, from, len, quiet_ns, meta);
}

/* All of so many data frames of a sender are looked at closely, then two of
 * JUDGE_SAMPLE: who repeats a masking key does it all the time. */
#define JUDGE_SAMPLE_ALL 64u
#define JUDGE_SAMPLE 16u

static inline bool
judge_samples(uint32_t frames)
{
    return frames <= JUDGE_SAMPLE_ALL || frames % JUDGE_SAMPLE < 2;
}

/* For judge_tally(): looks closely. */
bool judge_sample(struct judge_public *p, enum ws_sender from,
                  const struct ws_frame_header *h, const struct pkt_meta *meta);

/* Adds a data frame to the tally.  True: something about it is worth a look,
 * also without .each. */
static inline bool
judge_tally(struct judge_public *p, enum ws_sender from,
            const struct ws_frame_header *h, const struct pkt_meta *meta)
{
    struct judge_tally *t = &p->tally[from];
    bool look = h->payload_len > p->huge_len;
    t->packet = meta->number;
    t->last_ns = meta->time_ns;
    t->tiny += h->payload_len < p->tiny_len;
    if (judge_samples(++t->frames))
        look |= judge_sample(p, from, h, meta);
    return look;
}

#endif /* DISSECT_JUDGE_JUDGE_H */
