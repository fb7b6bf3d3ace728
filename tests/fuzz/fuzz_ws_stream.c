/* SPDX-License-Identifier: MIT */
/* Oracle: events, findings and counters do not depend on how the bytes are
 * cut, nor findings and counters on what the sink wants; frames and messages
 * count up without a hole and belong together; limits hold; text that is not
 * told as bad is UTF-8.  (That frames found behind a hole are real ones:
 * fuzz_ws_sync.c.)
 *
 * Input: flags (see below), how to cut, where a gap is and how long (0 =
 * none), then the stream. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "dissect/ws_message.h"
#include "dissect/ws_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    FLAG_SERVER = 1,
    FLAG_DEFLATE = 2,
    FLAG_NO_TAKEOVER = 4,
    FLAG_KEEP = 8,
    FLAG_KEEP_LITTLE = 16,
    FLAG_DIGEST = 32,
    FLAG_MIDSTREAM = 64,
};

#define INFLATE_LEN 300000u
#define KEEP_LITTLE 7u
#define KEEP_MUCH 1000000u

static void
must(bool ok)
{
    if (!ok)
        abort();
}

struct run {
    size_t keep;
    uint64_t events;   /* sums by FNV-1a: of all but findings, */
    uint64_t findings; /* ... and of findings */
    uint64_t frames, messages;
    uint64_t taken;       /* header and payload bytes of whole frames */
    uint64_t headers;     /* bytes */
    uint32_t open_frames; /* data frames since the last message */
    uint64_t open_len;    /* and their payload */
    const struct event_message *announced;
    bool unsynced; /* frames were found again */
    struct ws_stream_stats stats;
};

static uint64_t
mix(uint64_t sum, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        sum = (sum ^ (value >> (8 * i) & 0xff)) * 0x100000001b3u;
    return sum;
}

static uint64_t
mix_bytes(uint64_t sum, struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        sum = (sum ^ s.ptr[i]) * 0x100000001b3u;
    return mix(sum, s.len);
}

static void
on_frame(struct run *r, const struct event_frame *f)
{
    const struct ws_frame_header *h = &f->header;
    must(f->number == ++r->frames);
    must(f->payload.len <= WS_FRAME_CONTROL_MAX);
    must(f->payload.len == 0 || ws_opcode_is_control(h->opcode));
    must(!f->complete || !ws_opcode_is_control(h->opcode) ||
         f->payload.len == (h->payload_len < WS_FRAME_CONTROL_MAX
                                ? h->payload_len
                                : WS_FRAME_CONTROL_MAX));
    must(f->has_close_code ==
         (h->opcode == WS_OP_CLOSE && f->payload.len >= 2));
    must(!(r->unsynced && f->synced));
    must(f->synced || f->confidence >= WS_SYNC_PROOF_BITS);
    r->unsynced = !f->synced;
    must(r->announced == NULL);
    if (f->message) {
        must(h->opcode <= WS_OP_BINARY);
        must(f->message == r->messages + 1);
        r->open_frames++;
        r->open_len += h->payload_len;
        r->announced = f->completed;
        must(!f->complete || !h->fin == !f->completed);
    } else {
        must(!f->completed);
    }
    r->taken += h->header_len + h->payload_len;
    r->headers += h->header_len;
    r->events = mix(r->events, h->offset);
    r->events = mix(r->events, h->payload_len);
    r->events = mix(r->events, (uint64_t)h->findings << 32 |
                                   (uint64_t)h->opcode << 8 | h->rsv);
    r->events = mix(r->events, (uint64_t)f->complete << 1 | f->compressed);
    r->events = mix_bytes(r->events, f->payload);
    r->events = mix_bytes(r->events, f->close_reason);
}

static void
on_message(struct run *r, const struct event_message *m)
{
    must(m->number == ++r->messages);
    must(r->announced == NULL || r->announced == m);
    r->announced = NULL;
    must(m->n_frames == r->open_frames);
    must(!m->complete || m->wire_len == r->open_len);
    must(m->wire_len <= r->open_len);
    must(m->payload.len <= r->keep);
    must(!m->complete || m->has_len);
    must(!m->has_len || m->payload.len <= m->len);
    must(m->opcode != WS_OP_CONT || !m->has_len);
    must(!m->compressed || m->len <= INFLATE_LEN);
    must(m->compressed || !m->has_len || m->len == m->wire_len);
    must(!m->complete || m->truncated == (m->payload.len < m->len));
    must(!m->has_digest || m->complete);
    must(!m->has_utf8_error || m->opcode == WS_OP_TEXT);
    if (m->has_utf8_error && m->utf8_error < m->payload.len)
        must(utf8_prefix(m->payload.ptr, m->payload.len) == m->utf8_error);
    r->open_frames = 0;
    r->open_len = 0;
    r->events = mix(r->events, m->wire_len);
    r->events = mix(r->events, m->len);
    r->events =
        mix(r->events, (uint64_t)m->has_len << 4 | (uint64_t)m->complete << 3 |
                           (uint64_t)m->has_utf8_error << 2 |
                           (uint64_t)m->truncated << 1 | m->compressed);
    r->events = mix(r->events, m->utf8_error);
    r->events = mix_bytes(r->events, m->payload);
    if (m->has_digest)
        r->events = mix_bytes(r->events, m->digest);
}

static void
on_event(void *ctx, const struct event *ev)
{
    struct run *r = ctx;
    if (ev->type == EVENT_FRAME) {
        on_frame(r, ev->frame);
    } else if (ev->type == EVENT_MESSAGE) {
        on_message(r, ev->message);
    } else if (ev->type == EVENT_GAP) {
        r->events = mix(r->events, ev->gap->offset);
        r->events = mix(r->events, ev->gap->resync_offset);
        must(!ev->gap->resynced ||
             ev->gap->resync_offset >= ev->gap->offset + ev->gap->len);
    } else if (ev->type == EVENT_FINDING) {
        const struct event_finding *f = ev->finding;
        must(f->has_from);
        r->findings = mix(r->findings, f->id);
        r->findings = mix(r->findings, f->offset);
        r->findings = mix(r->findings, f->frame << 32 ^ f->message);
    }
}

static void
feed(struct ws_stream *s, uint64_t off, struct slice in, size_t step)
{
    static const struct pkt_meta meta = {.number = 1, .time_ns = 1};
    for (size_t at = 0; at < in.len; at += step)
        ws_stream_data(s, off + at, slice_head(slice_skip(in, at), step),
                       &meta);
}

static void
run(struct run *r, unsigned flags, uint32_t wants, size_t step,
    struct slice head, uint64_t gap_len, struct slice tail)
{
    static const struct pkt_meta meta = {.number = 1, .time_ns = 1};
    *r = (struct run){.events = 0xcbf29ce484222325u,
                      .findings = 0xcbf29ce484222325u};
    r->keep = flags & FLAG_KEEP_LITTLE ? KEEP_LITTLE
              : flags & FLAG_KEEP      ? KEEP_MUCH
                                       : 0;
    struct dissect_limits limits = {.message_keep = KEEP_MUCH,
                                    .inflate_len = INFLATE_LEN,
                                    .inflate_memory = 1 << 20};
    struct event_sink sink = {.wants = wants,
                              .keep = r->keep,
                              .digest = flags & FLAG_DIGEST ? "sha1" : NULL,
                              .ctx = r,
                              .event = on_event};
    struct emitter emit;
    struct ws_shared *shared;
    struct ws_stream *s;
    emit_init(&emit, &sink, 1);
    if (ws_shared_new(&shared, &limits, &sink) != ERR_OK)
        abort();
    struct ws_stream_config config = {
        .from = flags & FLAG_SERVER ? WS_SENDER_SERVER : WS_SENDER_CLIENT,
        .has_deflate = flags & FLAG_DEFLATE,
        .window_bits = 15,
        .no_context_takeover = flags & FLAG_NO_TAKEOVER,
        .boundary_unknown = flags & FLAG_MIDSTREAM,
        .emit = &emit,
        .shared = shared};
    if (ws_stream_new(&s, &config, 0) != ERR_OK)
        abort();
    feed(s, 0, head, step);
    if (gap_len > 0)
        ws_stream_gap(s, head.len, gap_len, &meta);
    feed(s, head.len + gap_len, tail, step);
    ws_stream_end(s, &meta);
    r->stats = *ws_stream_stats(s);
    for (unsigned id = 0; id < FINDING_COUNT; id++)
        r->findings =
            mix(r->findings,
                emit_finding_count(&emit, (enum finding_id)id, config.from));
    ws_stream_free(s);
    must(shared->kept == 0);
    ws_shared_free(shared);
    emit_fini(&emit);
}

static void
check_stats(const struct ws_stream_stats *a, const struct ws_stream_stats *b)
{
    must(a->frames == b->frames);
    must(a->messages == b->messages);
    must(a->payload_bytes == b->payload_bytes);
    must(a->wire_bytes == b->wire_bytes);
    must(a->gap_bytes == b->gap_bytes);
    must(a->undecoded_bytes == b->undecoded_bytes);
    must(a->close_frames == b->close_frames);
    must(a->has_close_code == b->has_close_code);
    must(a->close_code == b->close_code);
    must(a->after_close == b->after_close);
    must(a->lost == b->lost);
    must(a->message_open == b->message_open);
    must(a->frame_open == b->frame_open);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint32_t all = 1u << EVENT_FRAME | 1u << EVENT_MESSAGE |
                         1u << EVENT_GAP | 1u << EVENT_FINDING;
    struct run whole, cut;
    if (size < 4 || size > 1 << 16)
        return 0;
    unsigned flags = data[0];
    struct slice in = slice_make(data + 4, size - 4);
    struct slice head = slice_head(in, data[2]);
    struct slice tail = slice_skip(in, head.len);
    uint64_t gap_len = data[3];
    run(&whole, flags, all, size, head, gap_len, tail);
    must(whole.frames == whole.stats.frames);
    must(whole.messages == whole.stats.messages);
    must(whole.announced == NULL);
    must(whole.stats.wire_bytes == in.len);
    must(whole.stats.gap_bytes == gap_len);
    must(whole.headers + whole.stats.payload_bytes +
             whole.stats.undecoded_bytes ==
         in.len);
    if (!whole.stats.lost && !whole.stats.frame_open && !whole.unsynced)
        must(whole.taken == in.len + gap_len);
    if (!whole.stats.frame_open)
        must(whole.taken <= in.len + gap_len);
    const size_t steps[] = {1, data[1] % 61u + 2u};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        run(&cut, flags, all, steps[i], head, gap_len, tail);
        must(cut.events == whole.events);
        must(cut.findings == whole.findings);
        check_stats(&cut.stats, &whole.stats);
    }
    run(&cut, flags, 1u << EVENT_FINDING, size, head, gap_len, tail);
    must(cut.findings == whole.findings);
    check_stats(&cut.stats, &whole.stats);
    return 0;
}
