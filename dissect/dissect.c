/* SPDX-License-Identifier: MIT */
#include "dissect/dissect.h"

#include <stdlib.h>

#include "dissect/conn.h"
#include "dissect/judge/peers.h"

struct dissect {
    struct conn_shared shared;
    struct budget own_budget;
};

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

struct dissect_limits
dissect_limits_default(void)
{
    struct dissect_limits limits = {
        .http_head = 64 * KIB,
        .message_keep = 16 * MIB,
        .inflate_len = 64 * MIB,
        .detect = 64 * KIB,
        .hold = 256 * KIB,
        .inflate_memory = 256 * MIB,
        .midstream = true,
    };
    threshold_defaults(&limits.thresholds);
    return limits;
}

enum err
dissect_new(struct dissect **out, const struct dissect_limits *limits,
            const struct event_sink *sink)
{
    struct dissect *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_NOMEM;
    d->shared.limits = *limits;
    d->shared.sink = *sink;
    d->own_budget.max = SIZE_MAX;
    d->shared.budget = limits->budget ? limits->budget : &d->own_budget;
    d->shared.limits.budget = d->shared.budget;
    enum err e =
        ws_shared_new(&d->shared.ws, &d->shared.limits, &d->shared.sink);
    if (e == ERR_OK)
        e = peers_new(&d->shared.peers);
    if (e != ERR_OK) {
        dissect_free(d);
        return e;
    }
    *out = d;
    return ERR_OK;
}

void
dissect_free(struct dissect *d)
{
    if (!d)
        return;
    peers_free(d->shared.peers);
    ws_shared_free(d->shared.ws);
    free(d);
}

struct dissect_stats
dissect_stats(const struct dissect *d)
{
    return d->shared.stats;
}

static void *
on_open(void *user, const struct stream_pair *pair, const struct pkt_meta *meta)
{
    struct dissect *d = user;
    (void)meta;
    struct conn *c = conn_new(&d->shared, pair);
    d->shared.stats.no_memory += c == NULL;
    return c;
}

static enum stream_want
on_data(void *ctx, unsigned dir, uint64_t off, struct slice data,
        const struct pkt_meta *meta)
{
    const struct conn_shared *shared = conn_shared_of(ctx);
    enum stream_want want = conn_data(ctx, dir, off, data, meta);
    if (budget_is_over(shared->budget))
        ws_shared_relieve(shared->ws);
    return want;
}

static enum stream_want
on_gap(void *ctx, unsigned dir, uint64_t off, uint64_t len,
       const struct pkt_meta *meta)
{
    return conn_gap(ctx, dir, off, len, meta);
}

static void
on_tcp(void *ctx, unsigned dir, enum stream_tcp what,
       const struct pkt_meta *meta)
{
    conn_tcp(ctx, dir, what, meta);
}

static void
on_end(void *ctx, unsigned dir, enum stream_end why,
       const struct pkt_meta *meta)
{
    conn_end(ctx, dir, why, meta);
}

static void
on_close(void *ctx)
{
    conn_free(ctx);
}

const struct stream_ops *
dissect_stream_ops(void)
{
    static const struct stream_ops ops = {
        .open = on_open,
        .data = on_data,
        .gap = on_gap,
        .tcp = on_tcp,
        .end = on_end,
        .close = on_close,
    };
    return &ops;
}
