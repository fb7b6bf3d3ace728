/* SPDX-License-Identifier: MIT */
/* Oracle: the events do not depend on how the bytes are cut, runs of payload
 * follow one another without a hole, and headers and payload together are the
 * bytes taken.
 *
 * Input: sender and RSV bits, how to cut, where a gap is (0 = none) and how
 * long, then the stream. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "dissect/ws_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
    if (!ok)
        abort();
}

struct run {
    struct ws_frame frame;
    uint64_t sum;      /* of all events, by FNV-1a */
    uint64_t taken;    /* bytes of headers and payload */
    uint64_t in_frame; /* payload bytes of the current frame, gaps too */
    bool lost;
};

static void
mix(struct run *r, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        r->sum = (r->sum ^ (value >> (8 * i) & 0xff)) * 0x100000001b3u;
}

static void
on_header(struct run *r, const struct ws_frame_event *ev)
{
    const struct ws_frame_header *h = ev->header;
    must(h->header_len >= 2 && h->header_len <= WS_FRAME_HEADER_MAX);
    must(h->payload_len >> 63 == 0);
    must(h->opcode < 16 && h->rsv < 8);
    must(ev->end == (h->payload_len == 0));
    must(ws_frame_left(&r->frame) == h->payload_len);
    mix(r, h->offset);
    mix(r, h->payload_len);
    mix(r, h->header_len | (uint64_t)h->opcode << 8 | (uint64_t)h->rsv << 16 |
               (uint64_t)h->fin << 24 | (uint64_t)h->masked << 32);
    mix(r, h->findings);
    for (unsigned i = 0; i < 4; i++)
        mix(r, h->mask[i]);
    r->taken += h->header_len;
    r->in_frame = 0;
}

static void
feed(struct run *r, struct slice in)
{
    struct ws_frame_event ev;
    enum ws_frame_step step = WS_FRAME_HEADER;
    while (!r->lost && step != WS_FRAME_NEED_INPUT) {
        const uint8_t *before = in.ptr;
        step = ws_frame_next(&r->frame, &in, &ev);
        if (step == WS_FRAME_LOST) {
            r->lost = true;
            mix(r, ev.header->offset);
        } else if (step == WS_FRAME_HEADER) {
            on_header(r, &ev);
        } else if (step == WS_FRAME_PAYLOAD) {
            must(ev.data.len > 0 && ev.data.ptr == before);
            must(in.ptr == ev.data.ptr + ev.data.len);
            must(ev.data_off == r->in_frame);
            for (size_t i = 0; i < ev.data.len; i++)
                mix(r, ev.data.ptr[i]);
            r->in_frame += ev.data.len;
            r->taken += ev.data.len;
            must(ev.end == (r->in_frame == ev.header->payload_len));
        }
    }
    must(r->lost || in.len == 0);
}

static void
feed_in_pieces(struct run *r, struct slice in, size_t step)
{
    for (size_t at = 0; at < in.len && !r->lost; at += step)
        feed(r, slice_head(slice_skip(in, at), step));
}

static void
gap(struct run *r, uint64_t len)
{
    uint64_t left = ws_frame_left(&r->frame);
    enum ws_frame_hole hole = ws_frame_gap(&r->frame, len);
    must((hole == WS_FRAME_HOLE_LOST) == (r->lost || len > left));
    must(hole != WS_FRAME_HOLE_TO_END || len == left);
    mix(r, hole);
    r->in_frame += len;
    r->lost = hole == WS_FRAME_HOLE_LOST;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    size_t steps[] = {size, 1, data[1] % 17u + 1u};
    struct slice in = slice_make(data + 4, size - 4);
    struct slice head = slice_head(in, data[2]);
    struct slice tail = slice_skip(in, head.len);
    uint64_t first = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct run r = {.sum = 0xcbf29ce484222325u};
        ws_frame_init(&r.frame, (enum ws_sender)(data[0] & 1), data[0] >> 1 & 7,
                      0);
        feed_in_pieces(&r, head, steps[i]);
        must(r.lost ||
             r.taken + (ws_frame_in_header(&r.frame) ? r.frame.have : 0) ==
                 head.len);
        if (data[3] > 0)
            gap(&r, data[3]);
        feed_in_pieces(&r, tail, steps[i]);
        must(r.lost ||
             r.taken + (ws_frame_in_header(&r.frame) ? r.frame.have : 0) ==
                 in.len);
        if (i == 0)
            first = r.sum;
        must(r.sum == first);
    }
    return 0;
}
