/* SPDX-License-Identifier: MIT */
/*
 * tcp_model.h - drives a flow table with an arbitrary exchange on a few
 * connections and checks every call it makes against a simple model: one
 * array of bytes per direction, in which the first copy captured wins.
 *
 * What happens is decided by a string of choices: random numbers in
 * test_flow.c, the fuzzer's bytes in fuzz_tcp.c.  A broken promise aborts.
 *
 * The model promises, and so checks:
 *  - open() once, then calls, then close() once, and nothing behind it or
 *    behind a detach but close(); after end() neither data nor gap;
 *  - what nobody can have sent, acknowledged or reset makes no gap;
 *  - offsets of data and gaps follow each other without a hole or overlap;
 *  - data are the bytes of the packet in meta, and of no later copy;
 *  - a gap covers only bytes that were not captured before;
 *  - when the capture ends, every byte captured in time was delivered;
 *  - the counters agree with the calls, and nothing is held at the end.
 */
#ifndef TESTS_TCP_MODEL_H
#define TESTS_TCP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/flow.h"

#define MODEL_FLOWS 3u
#define MODEL_BYTES 8192u
#define MODEL_PACKETS 600u
#define MODEL_SEGMENT_MAX 1500u

#define MODEL_CHECK(condition)                                                 \
    ((condition) ? (void)0 : model_fail(#condition, __LINE__))

/* Where choices come from: the bytes at ptr, or random numbers if NULL. */
struct model_choices {
    const uint8_t *ptr;
    size_t len;
    uint64_t random;
    uint64_t seed; /* for the message of a failure */
};

/* One direction of one connection. */
struct model_dir {
    uint32_t isn, snd_nxt;
    uint32_t base; /* sequence number of offset 0, when known */
    bool has_base;
    uint64_t pos; /* offset that the next call must have */
    bool ended;
    /* Number of the packet with the first copy, which is in byte[]; 0: not
     * captured. */
    uint16_t have[MODEL_BYTES];
    uint8_t byte[MODEL_BYTES];
};

struct model;

struct model_flow {
    struct model *m;
    uint16_t port;
    bool open;     /* a pair is bound to it */
    bool detached; /* its stage said so; only close() may come */
    unsigned flip; /* 1: the pair calls the server 0 */
    struct model_dir dir[2];
};

struct model_packet {
    uint32_t seq;
    uint32_t len; /* captured */
    uint32_t cut; /* not captured */
    uint8_t bytes[MODEL_SEGMENT_MAX];
};

struct model {
    struct model_choices *choices;
    struct flow_table *table;
    struct model_flow flow[MODEL_FLOWS + 1]; /* the last one is idle */
    struct model_flow *now;                  /* of the packet being fed */
    unsigned now_dir;
    uint64_t n_packets;
    int64_t time_ns;
    uint64_t n_open, n_close, delivered, gaps, gap_bytes;
    bool may_detach;
    bool lossless; /* nothing is lost, so no gap may come */
    bool freeing;  /* flow_table_free() is at work */
    struct model_packet packet[MODEL_PACKETS + 1]; /* by number; last */
};

static uint64_t model_seed; /* of the run, for messages */

static inline void
model_fail(const char *what, int line)
{
    fprintf(stderr, "tcp_model.h:%d: not so: %s (seed %llu)\n", line, what,
            (unsigned long long)model_seed);
    abort();
}

/* A number below n. */
static inline uint32_t
model_choose(struct model *m, uint32_t n)
{
    struct model_choices *c = m->choices;
    uint32_t x = 0;
    if (c->ptr) {
        for (uint32_t reach = 1; reach < n && c->len > 0; reach <<= 8) {
            x = x << 8 | *c->ptr++;
            c->len--;
            if (reach >= UINT32_C(1) << 24)
                break;
        }
    } else {
        c->random = c->random * 6364136223846793005u + 1442695040888963407u;
        x = (uint32_t)(c->random >> 33);
    }
    return n ? x % n : 0;
}

static inline bool
model_chance(struct model *m, uint32_t percent)
{
    return model_choose(m, 100) < percent;
}

/* Notes what a captured packet brings to the first-copy array. */
static inline void
model_note(struct model_dir *d, const struct model_packet *p, uint64_t number)
{
    if (p->len + p->cut == 0)
        return;
    if (!d->has_base) {
        d->has_base = true;
        d->base = p->seq;
    }
    for (uint32_t i = 0; i < p->len; i++) {
        uint32_t off = p->seq + i - d->base;
        if (off >= MODEL_BYTES || d->have[off])
            continue;
        d->have[off] = (uint16_t)number;
        d->byte[off] = p->bytes[i];
    }
}

static inline enum stream_want
model_answer(struct model_flow *f)
{
    if (!f->m->may_detach || !model_chance(f->m, 2))
        return STREAM_CONTINUE;
    f->detached = true;
    return STREAM_DETACH;
}

static inline void *
model_open(void *user, const struct stream_pair *pair,
           const struct pkt_meta *meta)
{
    struct model *m = user;
    struct model_flow *f = m->now;
    MODEL_CHECK(!f->open && meta->number == m->n_packets);
    MODEL_CHECK(pair->open_packet <= meta->number && pair->flow > 0);
    if (m->may_detach && model_chance(m, 5))
        return NULL;
    f->open = true;
    f->detached = false;
    m->n_open++;
    /* In mid-stream the pair cannot tell who asked. */
    f->flip = pair->end[1].port == f->port;
    MODEL_CHECK(pair->end[f->flip].port == f->port);
    MODEL_CHECK(!f->flip || (!pair->syn_seen[0] && !pair->syn_seen[1]));
    for (unsigned i = 0; i < 2; i++) {
        struct model_dir *d = &f->dir[i];
        d->has_base = pair->syn_seen[i ^ f->flip];
        d->base = d->isn + 1;
        d->pos = 0;
        d->ended = false;
        memset(d->have, 0, sizeof(d->have));
    }
    model_note(&f->dir[m->now_dir], &m->packet[m->n_packets], m->n_packets);
    return f;
}

static inline enum stream_want
model_data(void *ctx, unsigned dir, uint64_t off, struct slice data,
           const struct pkt_meta *meta)
{
    struct model_flow *f = ctx;
    struct model_dir *d = &f->dir[dir ^ f->flip];
    MODEL_CHECK(f->open && !f->detached && !d->ended);
    MODEL_CHECK(off == d->pos && data.len > 0 && d->has_base);
    MODEL_CHECK(meta->number >= 1 && meta->number <= f->m->n_packets);
    const struct model_packet *p = &f->m->packet[meta->number];
    uint32_t at = d->base + (uint32_t)off - p->seq;
    MODEL_CHECK(at <= p->len && data.len <= p->len - at);
    MODEL_CHECK(memcmp(data.ptr, p->bytes + at, data.len) == 0);
    for (size_t i = 0; i < data.len; i++) {
        MODEL_CHECK(off + i < MODEL_BYTES && d->have[off + i]);
        MODEL_CHECK(d->byte[off + i] == data.ptr[i]);
    }
    d->pos += data.len;
    f->m->delivered += data.len;
    return model_answer(f);
}

static inline enum stream_want
model_gap(void *ctx, unsigned dir, uint64_t off, uint64_t len,
          const struct pkt_meta *meta)
{
    struct model_flow *f = ctx;
    struct model_dir *d = &f->dir[dir ^ f->flip];
    MODEL_CHECK(f->open && !f->detached && !d->ended);
    MODEL_CHECK(!f->m->lossless);
    MODEL_CHECK(off == d->pos && len > 0 && meta->number >= 1);
    for (uint64_t i = 0; i < len && off + i < MODEL_BYTES; i++) {
        /* A RST is believed before the packet at hand is looked at. */
        MODEL_CHECK(!d->have[off + i] || (meta->number < f->m->n_packets &&
                                          d->have[off + i] == f->m->n_packets));
        d->have[off + i] = (uint16_t)f->m->n_packets; /* too late now */
    }
    d->pos += len;
    f->m->gaps++;
    f->m->gap_bytes += len;
    return model_answer(f);
}

static inline void
model_tcp(void *ctx, unsigned dir, enum stream_tcp what,
          const struct pkt_meta *meta)
{
    struct model_flow *f = ctx;
    MODEL_CHECK(f->open && !f->detached && dir < 2);
    MODEL_CHECK(what <= STREAM_TCP_TRUNCATED);
    /* A RST is told when it is believed. */
    MODEL_CHECK(meta->number == f->m->n_packets ||
                (what == STREAM_TCP_RST && meta->number < f->m->n_packets &&
                 meta->flags & TCP_RST));
}

static inline void
model_end(void *ctx, unsigned dir, enum stream_end why,
          const struct pkt_meta *meta)
{
    struct model_flow *f = ctx;
    struct model_dir *d = &f->dir[dir ^ f->flip];
    MODEL_CHECK(f->open && !f->detached && !d->ended);
    MODEL_CHECK(meta->number >= 1 && why <= STREAM_END_CAPTURE);
    d->ended = true;
    if (why == STREAM_END_FIN)
        return;
    for (uint64_t i = d->pos; i < MODEL_BYTES; i++)
        MODEL_CHECK(!d->have[i] || why == STREAM_END_RST);
}

static inline void
model_close(void *ctx)
{
    struct model_flow *f = ctx;
    MODEL_CHECK(f->open);
    MODEL_CHECK(f->detached || f->m->freeing ||
                (f->dir[0].ended && f->dir[1].ended));
    f->open = false;
    f->m->n_close++;
}

/* Feeds one packet; cut: bytes at its end that were not captured. */
static inline void
model_send(struct model *m, struct model_flow *f, unsigned dir, uint8_t flags,
           uint32_t seq, uint32_t ack, const uint8_t *bytes, uint32_t len,
           uint32_t cut, uint16_t window)
{
    uint8_t raw[20 + MODEL_SEGMENT_MAX] = {0};
    if (m->n_packets == MODEL_PACKETS)
        return;
    struct model_packet *mp = &m->packet[++m->n_packets];
    mp->seq = seq + ((flags & TCP_SYN) != 0);
    mp->len = len - cut;
    mp->cut = cut;
    if (mp->len)
        memcpy(mp->bytes, bytes, mp->len);
    const uint16_t port[2] = {f->port, 80};
    const uint32_t word[4] = {(uint32_t)port[dir] << 16 | port[dir ^ 1], seq,
                              ack,
                              UINT32_C(5) << 28 | (uint32_t)flags << 16 |
                                  window};
    for (size_t i = 0; i < 16; i++)
        raw[i] = (uint8_t)(word[i / 4] >> (24 - i % 4 * 8));
    if (mp->len)
        memcpy(raw + 20, bytes, mp->len);
    struct packet p = {.number = m->n_packets,
                       .time_ns = m->time_ns,
                       .wire_len = 54 + len};
    struct ip_packet ip = {.proto = IP_PROTO_TCP,
                           .payload = slice_make(raw, 20 + mp->len),
                           .missing = cut};
    ip.src.family = ip.dst.family = f->port & 1 ? 6 : 4;
    ip.src.bytes[0] = (uint8_t)(1 + dir);
    ip.dst.bytes[0] = (uint8_t)(2 - dir);
    m->now = f;
    m->now_dir = dir;
    /* A pair that the packet opens takes note of it in model_open().  A FIN
     * or RST of a known pair is noted like any packet. */
    if (f->open && !(flags & TCP_RST))
        model_note(&f->dir[dir], mp, m->n_packets);
    flow_table_packet(m->table, &p, &ip);
}

/* Content that tells offsets apart. */
static inline void
model_fill(uint8_t *bytes, uint32_t seq, uint32_t len, uint8_t twist)
{
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(((seq + i) * UINT32_C(2654435761)) >> 24 ^ twist);
}

/* Another connection on the same 4-tuple. */
static inline void
model_connect(struct model *m, struct model_flow *f)
{
    for (unsigned d = 0; d < 2; d++) {
        /* Far from the old one, and now and then close to the wrap. */
        uint32_t isn = f->dir[d].isn + UINT32_C(1500000000);
        if (model_chance(m, 30))
            isn = (uint32_t)-1 - model_choose(m, 4000);
        if (isn - f->dir[d].isn < 100000 || f->dir[d].isn - isn < 100000)
            isn += 1000000;
        f->dir[d].isn = isn;
        f->dir[d].snd_nxt = isn + 1;
    }
    unsigned seen = m->lossless ? 0 : model_choose(m, 4);
    if (seen != 1)
        model_send(m, f, 0, TCP_SYN, f->dir[0].isn, 0, NULL, 0, 0, 1000);
    if (seen != 2 || !f->open)
        model_send(m, f, 1, TCP_SYN | TCP_ACK, f->dir[1].isn, f->dir[0].snd_nxt,
                   NULL, 0, 0, 1000);
}

/* A segment of new data, or a copy of a range sent before. */
static inline void
model_segment(struct model *m, struct model_flow *f, unsigned dir, bool again)
{
    struct model_dir *d = &f->dir[dir];
    uint8_t bytes[MODEL_SEGMENT_MAX];
    uint32_t sent = d->snd_nxt - d->isn - 1;
    uint32_t len = 2 + model_choose(m, model_chance(m, 10) ? 1498 : 40);
    uint32_t seq = d->snd_nxt;
    if (again) {
        uint32_t back = 1 + model_choose(m, sent < 2000 ? sent : 2000);
        if (sent < 2 || back < 2)
            return;
        seq -= back;
        if (len > back)
            len = back;
    } else if (sent + len > MODEL_BYTES / 2) {
        return;
    } else {
        d->snd_nxt += len;
        if (!m->lossless && model_chance(m, 15))
            return; /* lost by the capture */
    }
    bool twist = again && !m->lossless && model_chance(m, 20);
    model_fill(bytes, seq, len, twist);
    uint32_t cut = 0;
    if (!m->lossless && f->open && model_chance(m, 5))
        cut = model_choose(m, len + 1);
    model_send(m, f, dir, TCP_ACK, seq, f->dir[dir ^ 1].snd_nxt, bytes, len,
               cut, (uint16_t)(model_chance(m, 5) ? 0 : 1000));
}

/* Several segments of new data in another order than sent. */
static inline void
model_shuffled(struct model *m, struct model_flow *f, unsigned dir)
{
    struct model_dir *d = &f->dir[dir];
    uint32_t start[8], len[8], n = 2 + model_choose(m, 7);
    uint8_t bytes[64];
    if (d->snd_nxt - d->isn > MODEL_BYTES / 2)
        return;
    for (uint32_t i = 0; i < n; i++) {
        start[i] = d->snd_nxt;
        len[i] = 2 + model_choose(m, 30);
        d->snd_nxt += len[i];
    }
    /* Without a SYN the first segment is where the stream starts. */
    uint32_t fixed = d->has_base && f->open ? 0 : 1;
    for (uint32_t i = n; i > fixed + 1; i--) {
        uint32_t j = fixed + model_choose(m, i - fixed);
        uint32_t s = start[i - 1], l = len[i - 1];
        start[i - 1] = start[j];
        len[i - 1] = len[j];
        start[j] = s;
        len[j] = l;
    }
    for (uint32_t i = 0; i < n; i++) {
        model_fill(bytes, start[i], len[i], 0);
        model_send(m, f, dir, TCP_ACK, start[i], f->dir[dir ^ 1].snd_nxt, bytes,
                   len[i], 0, 1000);
    }
}

static inline void
model_fin_or_rst(struct model *m, struct model_flow *f, unsigned dir)
{
    struct model_dir *d = &f->dir[dir];
    bool rst = model_chance(m, 30);
    uint8_t flags = rst ? TCP_RST | TCP_ACK : TCP_FIN | TCP_ACK;
    uint32_t seq = d->snd_nxt;
    model_send(m, f, dir, flags, seq, f->dir[dir ^ 1].snd_nxt, NULL, 0, 0,
               1000);
    if (!rst)
        d->snd_nxt++;
}

/* Time-outs strike at the next packet; it must not be one of a flow that
 * ends then, or it would count as captured in time. */
static inline void
model_wait(struct model *m)
{
    struct model_flow *idle = &m->flow[MODEL_FLOWS];
    m->time_ns += INT64_C(1000000000) * model_choose(m, 400);
    model_send(m, idle, 0, TCP_ACK, 1, 1, NULL, 0, 0, 1000);
}

/* What belongs to another connection, or is forged: an acknowledgement of
 * what was never sent, or a RST.  Far enough it must change nothing. */
static inline void
model_stray(struct model *m, struct model_flow *f, unsigned dir)
{
    uint32_t far = 70000 + model_choose(m, 1000000000);
    if (!m->lossless && model_chance(m, 50))
        far = model_choose(m, 3000);
    uint32_t seq = f->dir[dir].snd_nxt, ack = f->dir[dir ^ 1].snd_nxt;
    if (model_chance(m, 50))
        model_send(m, f, dir, TCP_ACK, seq, ack + far, NULL, 0, 0, 1000);
    else
        model_send(m, f, dir, TCP_RST, seq + far, ack, NULL, 0, 0, 1000);
}

static inline void
model_step(struct model *m)
{
    struct model_flow *f = &m->flow[model_choose(m, MODEL_FLOWS)];
    unsigned dir = model_choose(m, 2);
    if (model_chance(m, 3)) {
        model_stray(m, f, dir);
        return;
    }
    struct model_dir *d = &f->dir[dir];
    m->time_ns += model_choose(m, 2000000);
    uint32_t action = model_choose(m, m->lossless ? 80 : 100);
    if (action < 30)
        model_segment(m, f, dir, false);
    else if (action < 45)
        model_segment(m, f, dir, true);
    else if (action < 60)
        model_shuffled(m, f, dir);
    else if (action < 75)
        model_send(m, f, dir, TCP_ACK, d->snd_nxt, f->dir[dir ^ 1].snd_nxt,
                   NULL, 0, 0, 1000);
    else if (action < 80)
        model_send(m, f, dir, TCP_ACK, d->snd_nxt - 1, f->dir[dir ^ 1].snd_nxt,
                   (const uint8_t *)"?", d->has_base && d->pos > 0 && f->open,
                   0, 1000);
    else if (action < 86)
        model_fin_or_rst(m, f, dir);
    else if (action < 92)
        model_connect(m, f);
    else if (action < 97)
        m->time_ns += INT64_C(1000000) * model_choose(m, 100);
    else
        model_wait(m);
}

static inline struct flow_limits
model_limits(struct model *m)
{
    struct flow_limits l = flow_limits_default();
    if (m->lossless)
        return l;
    if (model_chance(m, 30))
        l.early_bytes = 100 + model_choose(m, 4000);
    if (model_chance(m, 30))
        l.early_ranges = 1 + model_choose(m, 5);
    if (model_chance(m, 30))
        l.memory = 500 + model_choose(m, 8000);
    if (model_chance(m, 20))
        l.flows = 1 + model_choose(m, 3);
    l.gap_packets = 1 + model_choose(m, 64);
    return l;
}

/* One run.  Choices from bytes end with the bytes. */
static inline void
model_run(struct model_choices *choices, bool lossless)
{
    static struct model m;
    static const struct stream_ops ops = {model_open, model_data, model_gap,
                                          model_tcp,  model_end,  model_close};
    memset(&m, 0, offsetof(struct model, packet));
    m.choices = choices;
    m.lossless = lossless;
    m.time_ns = INT64_C(1700000000000000000);
    m.may_detach = !lossless && model_chance(&m, 50);
    model_seed = choices->seed;
    struct flow_limits limits = model_limits(&m);
    MODEL_CHECK(flow_table_new(&m.table, &limits, &ops, &m) == ERR_OK);
    for (uint32_t i = 0; i < MODEL_FLOWS; i++) {
        m.flow[i].m = &m;
        m.flow[i].port = (uint16_t)(1000 + i);
        m.flow[i].dir[0].isn = 1000000 * i;
        m.flow[i].dir[1].isn = (uint32_t)-500 - 1000000 * i;
        model_connect(&m, &m.flow[i]);
    }
    m.flow[MODEL_FLOWS].m = &m;
    m.flow[MODEL_FLOWS].port = 999;
    while (m.n_packets + 10 < MODEL_PACKETS &&
           (!choices->ptr || choices->len > 0))
        model_step(&m);
    if (!choices->ptr && model_chance(&m, 10)) {
        m.freeing = true; /* in the middle: nothing but close() */
        flow_table_free(m.table);
        for (uint32_t i = 0; i < MODEL_FLOWS; i++)
            MODEL_CHECK(!m.flow[i].open);
        return;
    }
    flow_table_finish(m.table);
    struct flow_stats stats = flow_table_stats(m.table);
    MODEL_CHECK(m.n_open == m.n_close && stats.opened == m.n_open);
    MODEL_CHECK(stats.delivered == m.delivered);
    MODEL_CHECK(stats.gaps == m.gaps && stats.gap_bytes == m.gap_bytes);
    MODEL_CHECK(stats.held_now == 0 && stats.flows_now == 0);
    MODEL_CHECK(stats.packets == m.n_packets && stats.malformed == 0);
    flow_table_free(m.table);
}

#endif /* TESTS_TCP_MODEL_H */
