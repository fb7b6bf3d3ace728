/* SPDX-License-Identifier: MIT */
#include "tests/subset_oracle.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/decap.h"
#include "capture/flow.h"
#include "capture/source.h"
#include "capture/tcp.h"
#include "dissect/dissect.h"

#define NONE SIZE_MAX
#define BUCKETS 256u
#define FAR_BYTES 65536u
#define FAR_FRAMES 20u
#define KEEP_BYTES ((size_t)1 << 20)

/* ---- Growing arrays ------------------------------------------------- */

static void
require(bool truth)
{
    if (!truth)
        abort();
}

/* Room for one more element behind n of them; arrays double. */
static void *
grow(void *list, size_t n, size_t size)
{
    if (n & (n - 1))
        return list;
    list = realloc(list, (n ? n * 2 : 1) * size);
    require(list != NULL);
    return list;
}

/* ---- The lossless decode -------------------------------------------- */

/* Bytes [start, end) of a stream. */
struct range {
    uint64_t start, end;
};

struct true_frame {
    struct ws_frame_header header;
    bool complete, synced;
    size_t message; /* index in its stream; NONE: none */
};

struct true_message {
    uint64_t first_off; /* of its first frame */
    uint64_t number;    /* as told */
    uint8_t opcode;
    bool compressed, complete, has_len, has_utf8_error;
    uint32_t n_frames;
    uint64_t wire_len, len, utf8_error;
    uint8_t sha1[DIGEST_SHA1_LEN];
    uint8_t *payload; /* the first KEEP_BYTES of it, if complete */
    size_t payload_len;
};

/* One direction of one flow. */
struct true_stream {
    bool has_base;
    uint32_t base;    /* sequence number of offset 0 */
    struct buf bytes; /* its content; zeros in gaps */
    struct range *gaps;
    size_t n_gaps;
    bool conflicts; /* copies of its bytes contradict each other */
    bool whole;     /* nothing missing, every frame known */
    enum ws_sender from;
    struct true_frame *frames; /* in the order of their offsets */
    size_t n_frames;
    size_t first_frame; /* of this stream among all frames of the truth */
    struct true_message *messages;
    size_t n_messages;
};

struct true_flow {
    struct endpoint end[2];
    uint64_t number;
    uint64_t first_packet;
    bool ws; /* frames were found in it */
    struct true_stream dir[2];
    size_t next; /* of the same bucket; NONE: last */
};

struct subset_truth {
    struct slice pcap;
    struct true_flow *flows;
    size_t n_flows;
    size_t buckets[BUCKETS];
    size_t n_frames, n_messages;
};

/* ---- A run ---------------------------------------------------------- */

/* A TCP packet of the run, and where its bytes stand in the truth. */
struct segment {
    uint32_t seq; /* of the first payload byte */
    uint32_t len; /* payload bytes captured */
    size_t owner; /* the flow in the truth; NONE: unknown */
    size_t flow;  /* the same, if off counts; else NONE */
    unsigned dir; /* in the truth */
    uint64_t off; /* likewise */
};

/* Bytes that were delivered in one call. */
struct piece {
    uint64_t off; /* in the stream of the run */
    uint64_t true_off;
    size_t owner; /* as in struct segment */
    size_t flow;  /* in the truth; NONE: not known */
    unsigned dir;
    uint32_t len;
};

/* A message of which frames are coming in. */
struct pending {
    uint64_t number; /* 0: none */
    size_t flow;
    unsigned dir;
    size_t message;  /* in the truth; NONE: none */
    bool from_first; /* its first frame is the first one in the truth */
    bool judged;
};

struct run_stream {
    bool has_base;
    uint32_t base;
    struct piece *pieces;
    size_t n_pieces;
};

struct run_flow {
    const struct stream_pair *pair; /* until close */
    struct endpoint end[2];
    struct run *run;
    void *inner;
    size_t flow; /* in the truth, when that is being made */
    struct run_stream dir[2];
};

struct run_conn {
    struct run_flow *flow;
    unsigned client_dir;
    struct pending pending[2]; /* by enum ws_sender */
};

/* What was captured of a stream of the truth. */
struct captured {
    struct range *list;
    size_t n;
    bool from_start; /* the stream of the run begins where the true one does */
    bool split;      /* it is in several streams of the run: a SYN came late */
    const struct run_stream *stream;
};

struct run {
    struct subset_truth *making;      /* not NULL: this is the lossless run */
    const struct subset_truth *truth; /* not NULL: this is a lossy run */
    struct subset_result *result;
    const uint32_t *origin;
    const struct stream_ops *ops;
    struct segment *segments; /* by packet number - 1 */
    size_t n_segments;
    struct run_flow **flows; /* by flow number */
    size_t n_flows;
    struct run_conn *conns; /* by connection number - 1 */
    size_t n_conns;
    struct captured *captured; /* by 2 * flow + dir of the truth */
    uint8_t *found;            /* by frame of the truth: 1 = told */
    bool *heads;               /* by flow of the truth: its handshake is told */
    const struct lossy_plan *plan;
};

static void __attribute__((format(printf, 2, 3)))
violation(struct run *run, const char *format, ...)
{
    struct subset_result *r = run->result;
    char plan[LOSSY_TEXT_MAX];
    va_list args;
    if (r->violations++ > 0)
        return;
    va_start(args, format);
    int n = vsnprintf(r->first, sizeof r->first, format, args);
    va_end(args);
    lossy_plan_text(run->plan, plan);
    if (n > 0 && (size_t)n < sizeof r->first)
        snprintf(r->first + n, sizeof r->first - (size_t)n, " (%s)", plan);
}

/* ---- Finding things in the truth ------------------------------------ */

static size_t
bucket(uint16_t a, uint16_t b)
{
    return (a * 31u + b * 31u) % BUCKETS;
}

/* The flow of these endpoints that a packet of this number belongs to: the
 * last one that began before it. */
static size_t
find_flow(const struct subset_truth *t, const struct endpoint *src,
          const struct endpoint *dst, uint64_t number, unsigned *dir)
{
    size_t best = NONE;
    for (size_t i = t->buckets[bucket(src->port, dst->port)]; i != NONE;
         i = t->flows[i].next) {
        const struct true_flow *f = &t->flows[i];
        for (unsigned d = 0; d < 2; d++) {
            if (!endpoint_equal(src, &f->end[d]) ||
                !endpoint_equal(dst, &f->end[!d]))
                continue;
            /* The later ones come first. */
            if (best == NONE || t->flows[best].first_packet > number) {
                best = i;
                *dir = d;
            }
        }
    }
    return best;
}

/* The first frame at off or behind it; n_frames: there is none. */
static size_t
find_frame(const struct true_stream *s, uint64_t off)
{
    size_t low = 0, high = s->n_frames;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->frames[middle].header.offset < off)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t
frame_end_off(const struct ws_frame_header *h)
{
    return h->offset + h->header_len + h->payload_len;
}

/* The last piece that starts at off or before it; NULL: none. */
static const struct piece *
find_piece(const struct run_stream *s, uint64_t off)
{
    size_t low = 0, high = s->n_pieces;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->pieces[middle].off <= off)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &s->pieces[low - 1] : NULL;
}

/* Whether [off, off + len) was delivered. */
static bool
delivered(const struct run_stream *s, uint64_t off, uint64_t len)
{
    const struct piece *p = find_piece(s, off);
    uint64_t end = off + len;
    if (!p)
        return len == 0;
    for (const struct piece *stop = s->pieces + s->n_pieces; p < stop; p++) {
        if (p->off > off)
            return off >= end;
        if (p->off + p->len > off)
            off = p->off + p->len;
        if (off >= end)
            return true;
    }
    return off >= end;
}

/* Whether [start, end) of the true stream is known. */
static bool
is_known(const struct true_stream *s, uint64_t start, uint64_t end)
{
    if (end > s->bytes.len)
        return false;
    for (size_t i = 0; i < s->n_gaps; i++)
        if (start < s->gaps[i].end && end > s->gaps[i].start)
            return false;
    return true;
}

/* ---- Packets -------------------------------------------------------- */

static void
add_captured(struct captured *c, uint64_t start, uint64_t end)
{
    if (c->n > 0 && c->list[c->n - 1].end == start) {
        c->list[c->n - 1].end = end;
        return;
    }
    c->list = grow(c->list, c->n, sizeof *c->list);
    c->list[c->n++] = (struct range){start, end};
}

/* Notes what a packet of the run carries; ip is NULL when it is not TCP. */
static void
note_packet(struct run *run, const struct packet *p, const struct ip_packet *ip)
{
    struct segment seg = {.owner = NONE, .flow = NONE};
    struct tcp_header tcp;
    if (ip && tcp_parse(ip->payload, ip->missing, &tcp)) {
        seg.seq = tcp.seq + ((tcp.flags & TCP_SYN) != 0);
        seg.len = (uint32_t)tcp.payload.len;
        if (run->truth && seg.len > 0) {
            struct endpoint src = {ip->src, tcp.src_port};
            struct endpoint dst = {ip->dst, tcp.dst_port};
            seg.flow = find_flow(run->truth, &src, &dst,
                                 run->origin[p->number - 1] + 1u, &seg.dir);
            seg.owner = seg.flow;
        }
    }
    if (seg.flow != NONE) {
        const struct true_stream *s = &run->truth->flows[seg.flow].dir[seg.dir];
        int32_t off = (int32_t)(seg.seq - s->base);
        if (!s->has_base || off < 0 || (uint64_t)off > s->bytes.len) {
            seg.flow = NONE; /* a probe, or something wild */
        } else {
            uint64_t start = (uint64_t)off, end = start + seg.len;
            seg.off = start;
            add_captured(&run->captured[2 * seg.flow + seg.dir], start,
                         end < s->bytes.len ? end : s->bytes.len);
        }
    }
    run->segments = grow(run->segments, run->n_segments, sizeof *run->segments);
    run->segments[run->n_segments++] = seg;
}

/* ---- The tap -------------------------------------------------------- */

static void
set_base(struct run *run, struct run_stream *s, uint64_t off, size_t len,
         const struct pkt_meta *meta)
{
    const struct segment *seg = &run->segments[meta->number - 1];
    uint32_t base = seg->seq - (uint32_t)off;
    if (len != seg->len)
        return;
    if (s->has_base && s->base != base && run->truth)
        violation(run,
                  "packet %" PRIu64 ": offsets do not follow sequence "
                  "numbers at %" PRIu64,
                  meta->number, off);
    s->has_base = true;
    s->base = base;
}

/* Adds to what the stream of the truth is known to hold. */
static void
make_bytes(struct true_stream *s, uint64_t off, struct slice data)
{
    require(off == s->bytes.len);
    require(buf_append(&s->bytes, data.ptr, data.len) == ERR_OK);
}

static void
make_gap(struct true_stream *s, uint64_t off, uint64_t len)
{
    require(off == s->bytes.len && len < (uint64_t)1 << 30);
    uint8_t *at = buf_reserve(&s->bytes, (size_t)len);
    require(at != NULL);
    memset(at, 0, (size_t)len);
    s->bytes.len += (size_t)len;
    s->gaps = grow(s->gaps, s->n_gaps, sizeof *s->gaps);
    s->gaps[s->n_gaps++] = (struct range){off, off + len};
}

static void
check_bytes(struct run *run, struct run_stream *s, uint64_t off,
            struct slice data, const struct pkt_meta *meta)
{
    const struct segment *seg = &run->segments[meta->number - 1];
    struct piece piece = {.off = off,
                          .len = (uint32_t)data.len,
                          .owner = seg->owner,
                          .flow = s->has_base ? seg->flow : NONE,
                          .dir = seg->dir};
    if (piece.flow != NONE) {
        const struct true_stream *ts =
            &run->truth->flows[piece.flow].dir[piece.dir];
        piece.true_off = seg->off + (s->base + (uint32_t)off - seg->seq);
        struct captured *c = &run->captured[2 * piece.flow + piece.dir];
        if (s->base == ts->base)
            c->from_start = true;
        if (c->stream && c->stream != s)
            c->split = true;
        c->stream = s;
        uint64_t end = piece.true_off + data.len;
        if (!ts->conflicts && is_known(ts, piece.true_off, end) &&
            memcmp(ts->bytes.ptr + piece.true_off, data.ptr, data.len) != 0)
            violation(run, "packet %" PRIu64 ": other bytes at %" PRIu64,
                      meta->number, piece.true_off);
        if (run->truth->flows[piece.flow].ws)
            run->result->bytes_delivered += data.len;
    }
    s->pieces = grow(s->pieces, s->n_pieces, sizeof *s->pieces);
    s->pieces[s->n_pieces++] = piece;
}

static void
tap_new_truth(struct run *run, struct run_flow *f,
              const struct stream_pair *pair)
{
    struct subset_truth *t = run->making;
    t->flows = grow(t->flows, t->n_flows, sizeof *t->flows);
    struct true_flow *tf = &t->flows[t->n_flows];
    size_t b = bucket(pair->end[0].port, pair->end[1].port);
    *tf = (struct true_flow){.number = pair->flow,
                             .first_packet = pair->open_packet,
                             .end = {pair->end[0], pair->end[1]},
                             .next = t->buckets[b]};
    for (unsigned d = 0; d < 2; d++)
        buf_init(&tf->dir[d].bytes, SIZE_MAX / 2);
    t->buckets[b] = t->n_flows;
    f->flow = t->n_flows++;
}

static void *
tap_open(void *user, const struct stream_pair *pair,
         const struct pkt_meta *meta)
{
    void **both = user; /* the run, the dissector */
    struct run *run = both[0];
    void *inner = run->ops->open(both[1], pair, meta);
    if (!inner)
        return NULL;
    struct run_flow *f = calloc(1, sizeof *f);
    require(f != NULL);
    f->run = run;
    f->inner = inner;
    f->pair = pair;
    f->end[0] = pair->end[0];
    f->end[1] = pair->end[1];
    while (run->n_flows <= pair->flow) {
        run->flows = grow(run->flows, run->n_flows, sizeof *run->flows);
        run->flows[run->n_flows++] = NULL;
    }
    run->flows[pair->flow] = f;
    if (run->making)
        tap_new_truth(run, f, pair);
    return f;
}

static enum stream_want
tap_data(void *ctx, unsigned dir, uint64_t off, struct slice data,
         const struct pkt_meta *meta)
{
    struct run_flow *f = ctx;
    struct run *run = f->run;
    set_base(run, &f->dir[dir], off, data.len, meta);
    if (run->making)
        make_bytes(&run->making->flows[f->flow].dir[dir], off, data);
    else
        check_bytes(run, &f->dir[dir], off, data, meta);
    return run->ops->data(f->inner, dir, off, data, meta);
}

static enum stream_want
tap_gap(void *ctx, unsigned dir, uint64_t off, uint64_t len,
        const struct pkt_meta *meta)
{
    struct run_flow *f = ctx;
    if (f->run->making)
        make_gap(&f->run->making->flows[f->flow].dir[dir], off, len);
    return f->run->ops->gap(f->inner, dir, off, len, meta);
}

static void
tap_tcp(void *ctx, unsigned dir, enum stream_tcp what,
        const struct pkt_meta *meta)
{
    struct run_flow *f = ctx;
    if (f->run->ops->tcp)
        f->run->ops->tcp(f->inner, dir, what, meta);
}

static void
tap_end(void *ctx, unsigned dir, enum stream_end why,
        const struct pkt_meta *meta)
{
    struct run_flow *f = ctx;
    f->run->ops->end(f->inner, dir, why, meta);
}

static void
tap_close(void *ctx)
{
    struct run_flow *f = ctx;
    f->run->ops->close(f->inner);
    f->pair = NULL;
}

/* ---- Events of the lossless run ------------------------------------- */

static void
make_frame(struct true_stream *s, const struct event_frame *ev)
{
    struct true_frame frame = {.header = ev->header,
                               .complete = ev->complete,
                               .synced = ev->synced,
                               .message = NONE};
    s->from = ev->from;
    if (ev->message) {
        size_t last = s->n_messages;
        if (last == 0 || s->messages[last - 1].number != ev->message) {
            s->messages = grow(s->messages, last, sizeof *s->messages);
            s->messages[s->n_messages++] =
                (struct true_message){.first_off = ev->header.offset,
                                      .number = ev->message};
        }
        frame.message = s->n_messages - 1;
    }
    s->frames = grow(s->frames, s->n_frames, sizeof *s->frames);
    s->frames[s->n_frames++] = frame;
}

static void
make_message(struct true_stream *s, const struct event_message *ev)
{
    struct true_message *m =
        s->n_messages ? &s->messages[s->n_messages - 1] : NULL;
    if (!m || m->number != ev->number)
        return;
    m->opcode = ev->opcode;
    m->compressed = ev->compressed;
    m->complete = ev->complete;
    m->has_len = ev->has_len;
    m->has_utf8_error = ev->has_utf8_error;
    m->n_frames = ev->n_frames;
    m->wire_len = ev->wire_len;
    m->len = ev->len;
    m->utf8_error = ev->utf8_error;
    if (ev->has_digest)
        memcpy(m->sha1, ev->digest.ptr, sizeof m->sha1);
    if (!ev->complete)
        return;
    m->payload = malloc(ev->payload.len + 1);
    require(m->payload != NULL);
    if (ev->payload.len)
        memcpy(m->payload, ev->payload.ptr, ev->payload.len);
    m->payload_len = ev->payload.len;
}

/* ---- Events of a lossy run ------------------------------------------ */

/* Where offset off of that direction stands in the truth; false: it was not
 * delivered, or nobody knows. */
static bool
translate(const struct run_stream *s, uint64_t off, struct piece *out)
{
    const struct piece *p = find_piece(s, off);
    if (!p || off - p->off >= p->len || p->flow == NONE)
        return false;
    *out = *p;
    out->true_off = p->true_off + (off - p->off);
    return true;
}

static bool
same_header(const struct ws_frame_header *a, const struct ws_frame_header *b)
{
    return a->payload_len == b->payload_len && a->header_len == b->header_len &&
           a->opcode == b->opcode && a->rsv == b->rsv && a->fin == b->fin &&
           a->masked == b->masked && memcmp(a->mask, b->mask, 4) == 0;
}

static const struct true_stream *
true_stream(const struct run *run, const struct piece *at)
{
    return &run->truth->flows[at->flow].dir[at->dir];
}

/* The control frame's payload is what stands in the stream. */
static void
check_control(struct run *run, const struct event_frame *ev,
              const struct true_stream *s, uint64_t off)
{
    uint64_t start = off + ev->header.header_len;
    if (ev->complete && ev->payload.len != ev->header.payload_len &&
        ev->header.payload_len <= 125)
        violation(run, "control frame at %" PRIu64 ": payload cut", off);
    if (!is_known(s, start, start + ev->payload.len))
        return;
    for (size_t i = 0; i < ev->payload.len; i++)
        if ((s->bytes.ptr[start + i] ^ ev->header.mask[i % 4]) !=
            ev->payload.ptr[i]) {
            violation(run, "control frame at %" PRIu64 ": other payload", off);
            return;
        }
}

static void
check_complete(struct run *run, const struct event_frame *ev,
               const struct run_stream *s, uint64_t true_off)
{
    uint64_t off = ev->header.offset;
    bool all =
        delivered(s, off + ev->header.header_len, ev->header.payload_len);
    if (ev->complete != all)
        violation(run, "frame at %" PRIu64 ": told %s, but it is not", true_off,
                  ev->complete ? "complete" : "incomplete");
    if (!delivered(s, off, ev->header.header_len))
        violation(run, "frame at %" PRIu64 ": header not captured", true_off);
}

/* A frame where the truth has none: part of what it did not decode, or a
 * phantom. */
static void
check_unknown(struct run *run, const struct event_frame *ev,
              const struct true_stream *s, uint64_t off)
{
    size_t i = find_frame(s, off);
    bool inside = i > 0 && off < frame_end_off(&s->frames[i - 1].header);
    if (!s->whole && !inside) {
        run->result->unjudged++;
        return;
    }
    violation(run,
              "phantom frame of the %s at %" PRIu64 " (opcode %u, length "
              "%" PRIu64 ", header %u bytes, evidence %.1f bits)",
              ws_sender_name(ev->from), off, ev->header.opcode,
              ev->header.payload_len, ev->header.header_len, ev->confidence);
}

/* A frame of which the place in the truth is not known. */
static void
check_lost_frame(struct run *run, const struct run_stream *s, uint64_t off)
{
    const struct piece *p = find_piece(s, off);
    run->result->unjudged++;
    if (!p || off - p->off >= p->len)
        violation(run,
                  "frame at %" PRIu64
                  " of the lossy stream, where nothing was captured",
                  off);
    else if (p->owner != NONE && !run->truth->flows[p->owner].ws)
        violation(run,
                  "frame at %" PRIu64
                  " of the lossy stream, which is no WebSocket",
                  off);
}

static void
pend(struct run_conn *conn, const struct event_frame *ev,
     const struct piece *at, const struct true_frame *frame, bool judged)
{
    struct pending *p = &conn->pending[ev->from];
    if (ev->message == 0 || p->number == ev->message)
        return;
    *p = (struct pending){.number = ev->message,
                          .message = frame ? frame->message : NONE,
                          .judged = judged};
    if (!frame || frame->message == NONE)
        return;
    p->flow = at->flow;
    p->dir = at->dir;
}

static void
check_frame(struct run *run, struct run_conn *conn,
            const struct event_frame *ev)
{
    struct subset_result *r = run->result;
    unsigned dir =
        ev->from == WS_SENDER_CLIENT ? conn->client_dir : !conn->client_dir;
    struct piece at = {.flow = NONE};
    bool known = translate(&conn->flow->dir[dir], ev->header.offset, &at);
    const struct true_stream *s = known ? true_stream(run, &at) : NULL;
    if (!known) {
        check_lost_frame(run, &conn->flow->dir[dir], ev->header.offset);
        pend(conn, ev, &at, NULL, false);
        return;
    }
    if (s->conflicts) {
        r->unjudged++;
        pend(conn, ev, &at, NULL, false);
        return;
    }
    r->frames++;
    r->found_again += !ev->synced;
    check_complete(run, ev, &conn->flow->dir[dir], at.true_off);
    size_t i = find_frame(s, at.true_off);
    if (i == s->n_frames || s->frames[i].header.offset != at.true_off) {
        check_unknown(run, ev, s, at.true_off);
        pend(conn, ev, &at, NULL, false);
        return;
    }
    const struct true_frame *frame = &s->frames[i];
    if (!same_header(&frame->header, &ev->header))
        violation(run, "frame at %" PRIu64 ": another header", at.true_off);
    if (ev->from != s->from)
        violation(run, "frame at %" PRIu64 ": told of the %s", at.true_off,
                  ws_sender_name(ev->from));
    if (run->found[s->first_frame + i]++)
        violation(run, "frame at %" PRIu64 ": told again", at.true_off);
    if (ws_opcode_is_control(ev->header.opcode))
        check_control(run, ev, s, at.true_off);
    pend(conn, ev, &at, frame, true);
    struct pending *p = &conn->pending[ev->from];
    if (ev->message && p->number == ev->message && frame->message != NONE &&
        s->messages[frame->message].first_off == at.true_off)
        p->from_first = true;
}

/* What is shown of a message must stand in the true one. */
static void
check_shown(struct run *run, const struct event_message *ev,
            const struct true_message *m)
{
    struct event_range all = {0, ev->payload.len};
    const struct event_range *list = ev->known ? ev->known : &all;
    size_t n = ev->known ? ev->n_known : 1;
    uint64_t last = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t start = list[i].start, end = list[i].end;
        if (start > end || (i > 0 && start <= last))
            violation(run, "message at %" PRIu64 ": ranges out of order",
                      m->first_off);
        last = end;
        run->result->certain += ev->known ? end - start : 0;
        if (end > ev->payload.len)
            end = ev->payload.len;
        if (start >= end)
            continue;
        size_t len = (size_t)(end - start);
        if (end > m->payload_len
                ? m->payload_len < KEEP_BYTES
                : memcmp(ev->payload.ptr + start, m->payload + start, len) != 0)
            violation(run,
                      "message at %" PRIu64 ": wrong bytes told as certain in "
                      "%" PRIu64 "..%" PRIu64 " of %" PRIu64,
                      m->first_off, start, end, m->len);
    }
    if (ev->known && ev->has_len) {
        run->result->uncertain += ev->len;
        if (!m->has_len || ev->len != m->len)
            violation(run, "message at %" PRIu64 ": another length",
                      m->first_off);
    }
}

static void
check_message(struct run *run, struct run_conn *conn,
              const struct event_message *ev)
{
    struct pending *p = &conn->pending[ev->from];
    if (p->number != ev->number || !p->judged)
        return;
    if (p->message == NONE) {
        if (ev->complete)
            violation(run, "message %" PRIu64 " is none", ev->number);
        return;
    }
    const struct true_stream *s = &run->truth->flows[p->flow].dir[p->dir];
    const struct true_message *m = &s->messages[p->message];
    if (!m->complete) {
        if (ev->complete && s->whole)
            violation(run, "message at %" PRIu64 ": complete only here",
                      m->first_off);
        return;
    }
    if (!p->from_first && (ev->complete || ev->payload.len > 0)) {
        violation(run, "message at %" PRIu64 ": shown without its beginning",
                  m->first_off);
        return;
    }
    check_shown(run, ev, m);
    if (!ev->complete) {
        run->result->partial++;
        return;
    }
    run->result->messages++;
    if (!ev->has_digest || memcmp(ev->digest.ptr, m->sha1, sizeof m->sha1) != 0)
        violation(run, "message at %" PRIu64 ": another digest", m->first_off);
    if (ev->opcode != m->opcode || ev->n_frames != m->n_frames ||
        ev->wire_len != m->wire_len || !ev->has_len || ev->len != m->len ||
        ev->compressed != m->compressed)
        violation(run, "message at %" PRIu64 ": another kind or length",
                  m->first_off);
    if (ev->has_utf8_error != m->has_utf8_error ||
        ev->utf8_error != m->utf8_error)
        violation(run, "message at %" PRIu64 ": another UTF-8 error",
                  m->first_off);
}

/* Frames go on where a frame starts, or where the last one ends. */
static void
check_gap(struct run *run, struct run_conn *conn, const struct event_gap *ev)
{
    unsigned dir =
        ev->from == WS_SENDER_CLIENT ? conn->client_dir : !conn->client_dir;
    const struct run_stream *rs = &conn->flow->dir[dir];
    const struct piece *p = find_piece(rs, ev->resync_offset);
    if (!ev->resynced || !p || p->flow == NONE)
        return;
    const struct true_stream *s = true_stream(run, p);
    uint64_t off = p->true_off + (ev->resync_offset - p->off);
    if (!s->whole || s->conflicts)
        return;
    size_t i = find_frame(s, off);
    if ((i < s->n_frames && s->frames[i].header.offset == off) ||
        (i > 0 && frame_end_off(&s->frames[i - 1].header) == off))
        return;
    violation(run,
              "gap at %" PRIu64 ": frames go on at %" PRIu64
              " of the lossless stream, where none starts",
              ev->offset, off);
}

/* ---- Events --------------------------------------------------------- */

/* A handshake was told in full. */
static void
note_head(struct run *run, const struct run_flow *f)
{
    for (unsigned d = 0; d < 2; d++) {
        const struct run_stream *s = &f->dir[d];
        size_t flow = s->n_pieces ? s->pieces[s->n_pieces - 1].owner : NONE;
        if (flow != NONE)
            run->heads[flow] = true;
    }
}

static void
on_handshake(struct run *run, uint32_t conn, const struct event_handshake *ev)
{
    require(conn > 0 && ev->flow < run->n_flows);
    /* Numbers are given in the order of the requests. */
    while (run->n_conns < conn) {
        run->conns = grow(run->conns, run->n_conns, sizeof *run->conns);
        run->conns[run->n_conns++] = (struct run_conn){.flow = NULL};
    }
    struct run_conn *c = &run->conns[conn - 1];
    require(c->flow == NULL);
    c->flow = run->flows[ev->flow];
    require(c->flow != NULL && c->flow->pair != NULL);
    if (run->truth && ev->seen == HANDSHAKE_SEEN_BOTH)
        note_head(run, c->flow);
    c->client_dir = !endpoint_equal(&ev->client, &c->flow->pair->end[0]);
}

static void
on_event(void *ctx, const struct event *ev)
{
    struct run *run = ctx;
    if (ev->type == EVENT_HANDSHAKE) {
        on_handshake(run, ev->conn, ev->handshake);
        return;
    }
    require(ev->conn > 0 && ev->conn <= run->n_conns);
    struct run_conn *c = &run->conns[ev->conn - 1];
    require(c->flow != NULL);
    enum ws_sender from = ev->type == EVENT_FRAME     ? ev->frame->from
                          : ev->type == EVENT_MESSAGE ? ev->message->from
                                                      : WS_SENDER_CLIENT;
    unsigned dir = from == WS_SENDER_CLIENT ? c->client_dir : !c->client_dir;
    if (run->making) {
        struct true_flow *f = &run->making->flows[c->flow->flow];
        if (ev->type == EVENT_FRAME) {
            f->ws = true;
            make_frame(&f->dir[dir], ev->frame);
        } else if (ev->type == EVENT_MESSAGE) {
            make_message(&f->dir[dir], ev->message);
        }
        return;
    }
    if (ev->type == EVENT_FRAME)
        check_frame(run, c, ev->frame);
    else if (ev->type == EVENT_MESSAGE)
        check_message(run, c, ev->message);
    else if (ev->type == EVENT_GAP)
        check_gap(run, c, ev->gap);
}

/* ---- Running -------------------------------------------------------- */

static void
run_packets(struct run *run, struct source *source, struct decap *decap,
            struct flow_table *flows)
{
    struct packet p;
    struct ip_packet ip;
    struct source_error error;
    for (;;) {
        enum source_step step = source_next(source, &p, &error);
        if (step == SOURCE_END)
            break;
        require(step == SOURCE_PACKET);
        bool tcp = decap_packet(decap, &p, &ip) == DECAP_TCP;
        note_packet(run, &p, tcp ? &ip : NULL);
        if (tcp)
            flow_table_packet(flows, &p, &ip);
    }
    flow_table_finish(flows);
}

static void
run_all(struct run *run, struct slice pcap)
{
    static const struct stream_ops tap = {.open = tap_open,
                                          .data = tap_data,
                                          .gap = tap_gap,
                                          .tcp = tap_tcp,
                                          .end = tap_end,
                                          .close = tap_close};
    struct event_sink sink = {.wants = 1u << EVENT_HANDSHAKE |
                                       1u << EVENT_FRAME | 1u << EVENT_MESSAGE |
                                       1u << EVENT_GAP,
                              .keep = KEEP_BYTES,
                              .digest = "sha1",
                              .ctx = run,
                              .event = on_event};
    struct dissect_limits limits = dissect_limits_default();
    struct source *source;
    struct decap *decap;
    struct flow_table *flows;
    struct dissect *dissect;
    char name[LOSSY_NAME_MAX];
    int fd = lossy_memfd(pcap, name);
    const char *names[] = {name};
    require(source_new(&source, names, 1) == ERR_OK);
    require(decap_new(&decap, NULL) == ERR_OK);
    require(dissect_new(&dissect, &limits, &sink) == ERR_OK);
    run->ops = dissect_stream_ops();
    void *both[] = {run, dissect};
    require(flow_table_new(&flows, NULL, &tap, both) == ERR_OK);
    run_packets(run, source, decap, flows);
    flow_table_free(flows);
    dissect_free(dissect);
    decap_free(decap);
    source_free(source);
    close(fd);
}

static void
run_fini(struct run *run)
{
    for (size_t i = 0; i < run->n_flows; i++) {
        if (!run->flows[i])
            continue;
        free(run->flows[i]->dir[0].pieces);
        free(run->flows[i]->dir[1].pieces);
        free(run->flows[i]);
    }
    if (run->truth)
        for (size_t i = 0; i < 2 * run->truth->n_flows; i++)
            free(run->captured[i].list);
    free(run->captured);
    free(run->found);
    free(run->heads);
    free(run->flows);
    free(run->conns);
    free(run->segments);
}

/* ---- The truth ------------------------------------------------------ */

static int
by_offset(const void *a, const void *b)
{
    const struct true_frame *x = a, *y = b;
    return x->header.offset < y->header.offset
               ? -1
               : x->header.offset > y->header.offset;
}

/* Frames touch each other from the first to the last; nothing is missing. */
static void
finish_stream(struct subset_truth *t, struct true_stream *s)
{
    s->first_frame = t->n_frames;
    t->n_frames += s->n_frames;
    t->n_messages += s->n_messages;
    if (s->n_frames > 1)
        qsort(s->frames, s->n_frames, sizeof *s->frames, by_offset);
    s->whole = s->n_gaps == 0;
    for (size_t i = 0; i < s->n_frames; i++) {
        uint64_t end = frame_end_off(&s->frames[i].header);
        uint64_t next =
            i + 1 < s->n_frames ? s->frames[i + 1].header.offset : s->bytes.len;
        if (end != next || !s->frames[i].synced)
            s->whole = false;
    }
}

/* Marks the streams of which copies of the same bytes differ: which copy wins
 * depends on what was captured. */
static void
find_conflicts(struct subset_truth *t)
{
    char name[LOSSY_NAME_MAX];
    int fd = lossy_memfd(t->pcap, name);
    const char *names[] = {name};
    struct source *source;
    struct decap *decap;
    struct packet p;
    struct ip_packet ip;
    struct tcp_header tcp;
    struct source_error error;
    require(source_new(&source, names, 1) == ERR_OK);
    require(decap_new(&decap, NULL) == ERR_OK);
    while (source_next(source, &p, &error) == SOURCE_PACKET) {
        unsigned dir = 0;
        if (decap_packet(decap, &p, &ip) != DECAP_TCP ||
            !tcp_parse(ip.payload, ip.missing, &tcp))
            continue;
        struct endpoint src = {ip.src, tcp.src_port};
        struct endpoint dst = {ip.dst, tcp.dst_port};
        size_t i = find_flow(t, &src, &dst, p.number, &dir);
        if (i == NONE)
            continue;
        struct true_stream *s = &t->flows[i].dir[dir];
        uint32_t seq = tcp.seq + ((tcp.flags & TCP_SYN) != 0);
        int32_t off = (int32_t)(seq - s->base);
        if (!s->has_base || off < 0 ||
            !is_known(s, (uint64_t)off, (uint64_t)off + tcp.payload.len))
            s->conflicts = s->conflicts || tcp.payload.len > 0;
        else if (tcp.payload.len && memcmp(s->bytes.ptr + off, tcp.payload.ptr,
                                           tcp.payload.len) != 0)
            s->conflicts = true;
    }
    decap_free(decap);
    source_free(source);
    close(fd);
}

struct subset_truth *
subset_truth_new(struct slice pcap)
{
    struct subset_truth *t = calloc(1, sizeof *t);
    struct run run = {.making = t};
    require(t != NULL);
    t->pcap = pcap;
    for (size_t i = 0; i < BUCKETS; i++)
        t->buckets[i] = NONE;
    run_all(&run, pcap);
    for (size_t i = 0; i < run.n_flows; i++) {
        struct run_flow *f = run.flows[i];
        for (unsigned d = 0; f && d < 2; d++) {
            struct true_stream *s = &t->flows[f->flow].dir[d];
            s->has_base = f->dir[d].has_base;
            s->base = f->dir[d].base;
            finish_stream(t, s);
        }
    }
    run_fini(&run);
    find_conflicts(t);
    return t;
}

void
subset_truth_free(struct subset_truth *t)
{
    for (size_t i = 0; i < t->n_flows; i++) {
        for (unsigned d = 0; d < 2; d++) {
            struct true_stream *s = &t->flows[i].dir[d];
            for (size_t k = 0; k < s->n_messages; k++)
                free(s->messages[k].payload);
            free(s->messages);
            free(s->frames);
            free(s->gaps);
            buf_fini(&s->bytes);
        }
    }
    free(t->flows);
    free(t);
}

size_t
subset_truth_frames(const struct subset_truth *t)
{
    return t->n_frames;
}

size_t
subset_truth_messages(const struct subset_truth *t)
{
    return t->n_messages;
}

/* One frame that was made, and its message if it is the first of it. */
static const char *
match_frame(const struct subset_truth *t, const struct profile_capture *made,
            const struct profile_frame *f)
{
    const struct true_stream *s = NULL;
    for (size_t i = 0; i < t->n_flows && !s; i++)
        if (t->flows[i].end[0].port == f->port)
            s = &t->flows[i].dir[f->from];
    size_t i = s ? find_frame(s, f->header.offset) : 0;
    if (!s || i == s->n_frames ||
        s->frames[i].header.offset != f->header.offset)
        return "not found";
    const struct true_frame *frame = &s->frames[i];
    if (!frame->complete || s->from != f->from ||
        !same_header(&frame->header, &f->header))
        return "found with another header, sender, or incomplete";
    if ((frame->message == NONE) != (f->message == 0))
        return "in a message and not";
    if (f->message == 0)
        return NULL;
    const struct profile_message *pm = &profile_messages(made)[f->message - 1];
    const struct true_message *m = &s->messages[frame->message];
    if (!m->complete || m->opcode != pm->opcode || m->len != pm->len ||
        m->compressed != pm->compressed || m->n_frames != pm->n_frames ||
        m->has_utf8_error || memcmp(m->sha1, pm->sha1, sizeof m->sha1) != 0)
        return "in another message";
    return NULL;
}

bool
subset_truth_matches(const struct subset_truth *t,
                     const struct profile_capture *made, char *why, size_t size)
{
    size_t n = profile_n_frames(made);
    for (size_t i = 0; i < n; i++) {
        const struct profile_frame *f = &profile_frames(made)[i];
        const char *text = match_frame(t, made, f);
        if (!text)
            continue;
        snprintf(why, size, "frame of port %u, %s, at %" PRIu64 ": %s", f->port,
                 ws_sender_name(f->from), f->header.offset, text);
        return false;
    }
    if (n != t->n_frames)
        snprintf(why, size, "%zu frames instead of %zu", t->n_frames, n);
    return n == t->n_frames;
}

/* ---- Recall --------------------------------------------------------- */

static int
by_start(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

static void
sort_ranges(struct captured *c)
{
    size_t n = 0;
    if (c->n > 1)
        qsort(c->list, c->n, sizeof *c->list, by_start);
    for (size_t i = 0; i < c->n; i++) {
        if (n > 0 && c->list[i].start <= c->list[n - 1].end) {
            if (c->list[i].end > c->list[n - 1].end)
                c->list[n - 1].end = c->list[i].end;
        } else {
            c->list[n++] = c->list[i];
        }
    }
    c->n = n;
}

/* The handshake is captured in that direction.  When packets at the start of
 * the capture changed places, what lies before the first one is lost. */
static bool
has_head(const struct true_stream *s, const struct captured *c)
{
    uint64_t end = s->n_frames ? s->frames[0].header.offset : s->bytes.len;
    return c->from_start && !c->split && c->n > 0 && c->list[0].start == 0 &&
           c->list[0].end >= end;
}

static void
tell_missed(const struct run *run, enum ws_sender from, uint64_t off)
{
    char plan[LOSSY_TEXT_MAX];
    lossy_plan_text(run->plan, plan);
    snprintf(run->result->missed, sizeof run->result->missed,
             "frame of the %s at %" PRIu64
             ", before any hole, is not told (%s)",
             ws_sender_name(from), off, plan);
}

/* Counts the frames of one captured range. */
static void
count_range(const struct run *run, const struct true_stream *s,
            struct range range, bool head, bool clean)
{
    struct subset_result *r = run->result;
    size_t first = find_frame(s, range.start);
    for (size_t i = first; i < s->n_frames; i++) {
        const struct ws_frame_header *h = &s->frames[i].header;
        if (frame_end_off(h) > range.end)
            break;
        bool told = run->found[s->first_frame + i] != 0;
        if (clean) {
            r->clean_due++;
            r->clean_found += told;
            if (!told && !*r->missed)
                tell_missed(run, s->from, h->offset);
        } else if (h->offset - range.start > FAR_BYTES &&
                   i - first >= FAR_FRAMES) {
            *(head ? &r->far_due : &r->mid_due) += 1;
            *(head ? &r->far_found : &r->mid_found) += told;
        } else {
            r->near_due++;
            r->near_found += told;
        }
    }
}

static void
count_recall(const struct run *run)
{
    const struct subset_truth *t = run->truth;
    for (size_t i = 0; i < t->n_flows; i++) {
        const struct true_flow *f = &t->flows[i];
        struct captured *both = &run->captured[2 * i];
        sort_ranges(&both[0]);
        sort_ranges(&both[1]);
        if (!f->ws || f->dir[0].conflicts || f->dir[1].conflicts)
            continue;
        bool head =
            has_head(&f->dir[0], &both[0]) && has_head(&f->dir[1], &both[1]);
        run->result->heads_due += head;
        head = head && run->heads[i];
        run->result->heads_found += head;
        for (unsigned d = 0; d < 2; d++)
            for (size_t k = 0; k < both[d].n; k++) {
                struct range range = both[d].list[k];
                run->result->bytes_captured += range.end - range.start;
                count_range(run, &f->dir[d], range, head, head && k == 0);
            }
    }
}

void
subset_check(const struct subset_truth *t, const struct lossy_plan *plan,
             struct subset_result *r)
{
    struct lossy lossy;
    struct run run = {.truth = t, .result = r, .plan = plan};
    lossy_make(&lossy, t->pcap, plan);
    run.origin = lossy.origin;
    run.captured = calloc(2 * t->n_flows + 1, sizeof *run.captured);
    run.found = calloc(t->n_frames + 1, 1);
    run.heads = calloc(t->n_flows + 1, sizeof *run.heads);
    require(run.captured && run.found && run.heads);
    run_all(&run, buf_slice(&lossy.pcap));
    count_recall(&run);
    r->variants++;
    run_fini(&run);
    lossy_fini(&lossy);
}

bool
subset_save(const struct subset_truth *t, const struct lossy_plan *plan,
            const char *path)
{
    struct lossy lossy;
    lossy_make(&lossy, t->pcap, plan);
    FILE *file = fopen(path, "wb");
    bool ok = file &&
              fwrite(lossy.pcap.ptr, 1, lossy.pcap.len, file) == lossy.pcap.len;
    if (file && fclose(file) != 0)
        ok = false;
    lossy_fini(&lossy);
    return ok;
}

void
subset_result_add(struct subset_result *to, const struct subset_result *from)
{
    if (to->violations == 0)
        memcpy(to->first, from->first, sizeof to->first);
    if (!*to->missed)
        memcpy(to->missed, from->missed, sizeof to->missed);
    to->variants += from->variants;
    to->violations += from->violations;
    to->frames += from->frames;
    to->unjudged += from->unjudged;
    to->found_again += from->found_again;
    to->messages += from->messages;
    to->partial += from->partial;
    to->certain += from->certain;
    to->uncertain += from->uncertain;
    to->heads_due += from->heads_due;
    to->heads_found += from->heads_found;
    to->clean_due += from->clean_due;
    to->clean_found += from->clean_found;
    to->far_due += from->far_due;
    to->far_found += from->far_found;
    to->mid_due += from->mid_due;
    to->mid_found += from->mid_found;
    to->near_due += from->near_due;
    to->near_found += from->near_found;
    to->bytes_captured += from->bytes_captured;
    to->bytes_delivered += from->bytes_delivered;
}
