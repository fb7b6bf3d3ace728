/* SPDX-License-Identifier: MIT */
/* Fuzz target for flow.c and tcp_stream.c.  The oracle is tcp_model.h: the
 * fuzzer's bytes decide what two peers and a lossy capture do.  A first byte
 * of 255 feeds the rest as raw segments instead: then only the contract of
 * the calls and memory safety are checked. */
#include "tests/tcp_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The contract alone, for segments with arbitrary headers. */
struct raw {
    uint64_t pos[2];
    bool ended[2];
    unsigned calls;
};

static void *
raw_open(void *user, const struct stream_pair *pair,
         const struct pkt_meta *meta)
{
    (void)user;
    (void)pair;
    (void)meta;
    struct raw *r = calloc(1, sizeof(*r));
    if (!r)
        abort();
    return r;
}

static enum stream_want
raw_move(struct raw *r, unsigned dir, uint64_t off, uint64_t len)
{
    if (dir > 1 || r->ended[dir] || off != r->pos[dir] || len == 0)
        abort();
    r->pos[dir] += len;
    return ++r->calls % 100 == 0 ? STREAM_DETACH : STREAM_CONTINUE;
}

static enum stream_want
raw_data(void *ctx, unsigned dir, uint64_t off, struct slice data,
         const struct pkt_meta *meta)
{
    /* Reads every byte, for the sanitizer. */
    static uint8_t copy[256];
    (void)meta;
    if (data.len > sizeof(copy))
        abort();
    memcpy(copy, data.ptr, data.len);
    return raw_move(ctx, dir, off, data.len);
}

static enum stream_want
raw_gap(void *ctx, unsigned dir, uint64_t off, uint64_t len,
        const struct pkt_meta *meta)
{
    (void)meta;
    return raw_move(ctx, dir, off, len);
}

static void
raw_end(void *ctx, unsigned dir, enum stream_end why,
        const struct pkt_meta *meta)
{
    struct raw *r = ctx;
    (void)why;
    (void)meta;
    if (r->ended[dir])
        abort();
    r->ended[dir] = true;
}

/* Each packet: length, bytes cut, time step, addresses, then the segment. */
static void
feed_raw(const uint8_t *data, size_t size)
{
    static const struct stream_ops ops = {raw_open, raw_data, raw_gap,
                                          NULL,     raw_end,  free};
    struct flow_limits limits = flow_limits_default();
    limits.early_bytes = 4096;
    limits.memory = 16384;
    limits.flows = 4;
    struct flow_table *t;
    if (flow_table_new(&t, &limits, &ops, NULL) != ERR_OK)
        return;
    struct packet p = {.number = 0};
    while (size >= 4) {
        size_t len = data[0] < size - 4 ? data[0] : size - 4;
        struct ip_packet ip = {.proto = IP_PROTO_TCP,
                               .payload = slice_make(data + 4, len),
                               .missing = data[1] & 3 ? 0 : data[1] * 1000u};
        ip.src.family = ip.dst.family = data[3] & 4 ? 6 : 4;
        ip.src.bytes[0] = data[3] & 1;
        ip.dst.bytes[0] = data[3] >> 1 & 1;
        p.number++;
        p.time_ns += (int64_t)(int8_t)data[2] * INT64_C(400000000);
        p.wire_len = (uint32_t)len;
        flow_table_packet(t, &p, &ip);
        data += 4 + len;
        size -= 4 + len;
    }
    flow_table_finish(t);
    struct flow_stats stats = flow_table_stats(t);
    if (stats.held_now != 0 || stats.flows_now != 0)
        abort();
    flow_table_free(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 255) {
        feed_raw(data + 1, size - 1);
    } else if (size > 0) {
        struct model_choices choices = {data, size, 0, 0};
        model_run(&choices, false);
    }
    return 0;
}
