/* SPDX-License-Identifier: MIT */
/*
 * path.c - what a side had received when it spoke, and how long TCP takes
 * there and back.
 *
 *   segment of the client ----> capture ----> server
 *                               capture <---- its acknowledgement
 *
 * The time between the two at the capture is that of the server's half of the
 * way; that of the client's half comes from the server's segments.
 */
#include "dissect/judge/rules.h"

void
judge_path_init(struct judge *j)
{
    for (unsigned i = 0; i < 2; i++) {
        j->path[i].delay_ns = INT64_MAX;
        j->path[i].resent_ns = INT64_MIN;
    }
}

static void
note_ack(struct judge *j, enum ws_sender from, const struct pkt_meta *meta)
{
    struct judge_path *p = &j->path[from], *o = &j->path[judge_other(from)];
    if (!(meta->flags & TCP_ACK) ||
        (p->has_acked && (int32_t)(meta->ack - p->acked) <= 0))
        return;
    p->has_acked = true;
    p->acked = meta->ack;
    if (!o->timing || (int32_t)(meta->ack - o->timed_seq) < 0)
        return;
    o->timing = false;
    int64_t delay = meta->time_ns - o->timed_ns;
    if (delay >= 0 && delay < o->delay_ns)
        o->delay_ns = delay;
}

void
judge_path_segment(struct judge *j, enum ws_sender from, uint64_t off,
                   size_t len, const struct pkt_meta *meta)
{
    struct judge_path *p = &j->path[from];
    /* Bytes in the middle of their packet give less than the truth. */
    uint32_t base = meta->seq - (uint32_t)off;
    if (!p->has_base || (int32_t)(base - p->base) > 0)
        p->base = base;
    p->has_base = true;
    p->end_off = off + len;
    note_ack(j, from, meta);
    if (p->timing)
        return;
    p->timing = true;
    p->timed_seq = p->base + (uint32_t)p->end_off;
    p->timed_ns = meta->time_ns;
}

void
judge_path_tcp(struct judge *j, enum ws_sender from, enum stream_tcp what,
               const struct pkt_meta *meta)
{
    struct judge_path *p = &j->path[from];
    if (what == STREAM_TCP_ACK)
        note_ack(j, from, meta);
    if (what == STREAM_TCP_FIN && (meta->flags & TCP_ACK) && !p->has_fin_ack) {
        p->has_fin_ack = true;
        p->fin_ack = meta->ack;
    }
    if (what != STREAM_TCP_RETRANSMIT)
        return;
    /* It cannot be told which of the two copies is acknowledged (Karn's
     * algorithm, RFC 6298 section 3). */
    p->timing = false;
    p->resent_ns = meta->time_ns;
}

static bool
covers(const struct judge *j, enum ws_sender from, uint64_t off, uint32_t ack)
{
    const struct judge_path *o = &j->path[judge_other(from)];
    return o->has_base && (int32_t)(ack - (o->base + (uint32_t)off)) >= 0;
}

bool
judge_has_read(const struct judge *j, enum ws_sender from, uint64_t off,
               const struct pkt_meta *meta)
{
    return (meta->flags & TCP_ACK) && covers(j, from, off, meta->ack);
}

bool
judge_had_read(const struct judge *j, enum ws_sender from, uint64_t off)
{
    return j->path[from].has_acked && covers(j, from, off, j->path[from].acked);
}

bool
judge_fin_had_read(const struct judge *j, enum ws_sender from, uint64_t off)
{
    return j->path[from].has_fin_ack &&
           covers(j, from, off, j->path[from].fin_ack);
}

int64_t
judge_tcp_rtt(const struct judge *j)
{
    const struct judge_path *c = &j->path[WS_SENDER_CLIENT];
    const struct judge_path *s = &j->path[WS_SENDER_SERVER];
    if (c->delay_ns == INT64_MAX || s->delay_ns == INT64_MAX)
        return -1;
    return c->delay_ns + s->delay_ns;
}
