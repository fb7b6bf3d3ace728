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

/* The shortest time there is hardly needs more: so many, then one of these. */
#define TIMED_ALL 64u
#define TIMED_STEP 16u

void
judge_path_init(struct judge *j)
{
    for (unsigned i = 0; i < 2; i++) {
        j->path[i].delay_ns = INT64_MAX;
        j->path[i].resent_ns = INT64_MIN;
    }
}

/* Until a packet of the sender comes with one, nothing is newer. */
static void
first_ack(struct judge *j, enum ws_sender from, const struct pkt_meta *meta)
{
    struct judge_path *p = &j->path[from];
    if (p->has_acked || !(meta->flags & TCP_ACK))
        return;
    p->has_acked = true;
    j->pub.tally[from].acked = meta->ack - 1;
}

/* The segment behind the next n is timed; not the one that was. */
static void
time_after(struct judge *j, enum ws_sender from, uint32_t n)
{
    struct judge_tally *t = &j->pub.tally[from];
    t->timing = false;
    t->time_at = t->segments + 1 + n;
}

void
judge_time(struct judge_public *p, enum ws_sender from,
           const struct pkt_meta *meta)
{
    struct judge *j = (struct judge *)p;
    struct judge_tally *t = &p->tally[from];
    t->time_at = UINT32_MAX;
    t->timing = true;
    t->timed_seq = t->base + (uint32_t)t->end_off;
    j->path[from].timed_ns = meta->time_ns;
}

void
judge_timed(struct judge_public *p, enum ws_sender from,
            const struct pkt_meta *meta)
{
    struct judge *j = (struct judge *)p;
    enum ws_sender sent = judge_other(from);
    struct judge_path *path = &j->path[sent];
    int64_t delay = meta->time_ns - path->timed_ns;
    if (delay >= 0 && delay < path->delay_ns)
        path->delay_ns = delay;
    time_after(j, sent, ++path->n_delays < TIMED_ALL ? 0 : TIMED_STEP);
}

void
judge_path_odd(struct judge *j, enum ws_sender from, uint64_t off,
               const struct pkt_meta *meta)
{
    struct judge_path *p = &j->path[from];
    struct judge_tally *t = &j->pub.tally[from];
    /* Bytes in the middle of their packet give less than the truth. */
    uint32_t base = meta->seq - (uint32_t)off;
    if (!p->has_base || (int32_t)(base - t->base) > 0)
        t->base = base;
    p->has_base = true;
    first_ack(j, from, meta);
}

void
judge_path_tcp(struct judge *j, enum ws_sender from, enum stream_tcp what,
               const struct pkt_meta *meta)
{
    struct judge_path *p = &j->path[from];
    if (what == STREAM_TCP_ACK) {
        first_ack(j, from, meta);
        judge_note_ack(&j->pub, from, meta);
        return;
    }
    if (what == STREAM_TCP_FIN && (meta->flags & TCP_ACK) && !p->has_fin_ack) {
        p->has_fin_ack = true;
        p->fin_ack = meta->ack;
    }
    if (what != STREAM_TCP_RETRANSMIT)
        return;
    /* It cannot be told which of the two copies is acknowledged (Karn's
     * algorithm, RFC 6298 section 3). */
    time_after(j, from, 0);
    p->resent_ns = meta->time_ns;
}

static bool
covers(const struct judge *j, enum ws_sender from, uint64_t off, uint32_t ack)
{
    enum ws_sender sent = judge_other(from);
    return j->path[sent].has_base &&
           (int32_t)(ack - (j->pub.tally[sent].base + (uint32_t)off)) >= 0;
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
    return j->path[from].has_acked &&
           covers(j, from, off, j->pub.tally[from].acked);
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
        return j->config.pair->rtt_ns; /* of the TCP handshake */
    return c->delay_ns + s->delay_ns;
}
