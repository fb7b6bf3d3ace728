/* SPDX-License-Identifier: MIT */
#include "dissect/judge/rules.h"

#include <inttypes.h>
#include <stdio.h>

#define DETAIL_MAX 160u
#define MS INT64_C(1000000)

/* RFC 6455 section 5.5.2; told of both.  Pings, and frames as well, may lie
 * where the capture has nothing. */
static void
judge_idle(struct judge *j)
{
    struct judge_perf *perf = &j->perf;
    int64_t idle_ns = perf->idle_ns;
    char text[DETAIL_MAX];
    perf->idle_ns = 0;
    if (idle_ns == 0 || perf->pinged || judge_is_closing(j) ||
        !judge_saw_all(j, WS_SENDER_CLIENT) ||
        !judge_saw_all(j, WS_SENDER_SERVER))
        return;
    snprintf(text, sizeof text, "nothing was sent for %" PRId64 " s",
             idle_ns / (1000 * MS));
    judge_find(j, &(struct event_finding){.id = FINDING_PERF_IDLE_NO_KEEPALIVE,
                                          .at = perf->idle_at,
                                          .detail = text});
}

/* How soon behind an acknowledgement bytes leave that waited for it, and how
 * few they are: less than any maximum segment size (RFC 9293 section 3.7.1). */
#define NAGLE_LEAVE_NS (2 * MS)
#define NAGLE_LEN_MAX 536u

/* An acknowledgement by the sender: of all that the other side sent last, and
 * long after that? */
void
judge_late_ack(struct judge *j, enum ws_sender from,
               const struct pkt_meta *meta)
{
    const struct judge_tally *o = &j->pub.tally[judge_other(from)];
    int64_t late_ns = meta->time_ns - j->pub.last_ns;
    if (late_ns < judge_limit_ns(j, THRESHOLD_NAGLE_MIN) ||
        late_ns > judge_limit_ns(j, THRESHOLD_NAGLE_MAX) || !o->known ||
        meta->ack != o->base + (uint32_t)o->end_off)
        return;
    j->perf.late_ack_ns = meta->time_ns;
    j->perf.late_ack_from = from;
}

/* RFC 9293 section 3.7.4: small segments that leave as soon as such an
 * acknowledgement has come, time after time. */
static void
judge_nagle(struct judge *j, enum ws_sender from, size_t len, int64_t quiet_ns,
            const struct pkt_meta *meta)
{
    struct judge_perf *perf = &j->perf;
    int64_t since_ns = meta->time_ns - perf->late_ack_ns;
    uint32_t *n = &perf->n_nagle[from];
    char text[DETAIL_MAX];
    bool waited = perf->late_ack_ns != 0 && perf->late_ack_from != from &&
                  since_ns >= 0 && since_ns <= NAGLE_LEAVE_NS &&
                  len <= NAGLE_LEN_MAX;
    perf->late_ack_ns = 0;
    if (!waited || *n == UINT32_MAX ||
        ++*n != judge_limit(j, THRESHOLD_NAGLE_COUNT))
        return;
    snprintf(text, sizeof text,
             "%" PRIu32 " times so far, at last after %" PRId64 " ms", *n,
             quiet_ns / MS);
    judge_find_side(j, FINDING_PERF_NAGLE_DELAYED_ACK, from, judge_stamp(meta),
                    text);
}

/* Nothing was sent for quiet_ns until at. */
static void
note_silence(struct judge *j, int64_t quiet_ns, struct stamp at)
{
    struct judge_perf *perf = &j->perf;
    if (quiet_ns > perf->longest_ns)
        perf->longest_ns = quiet_ns;
    if (quiet_ns <= judge_limit_ns(j, THRESHOLD_IDLE_NO_KEEPALIVE))
        return;
    judge_idle(j);
    /* Whether a ping ended it is known when its frame is. */
    perf->idle_ns = quiet_ns;
    perf->idle_at = at;
}

void
judge_quiet(struct judge_public *p, enum ws_sender from, size_t len,
            int64_t quiet_ns, const struct pkt_meta *meta)
{
    struct judge *j = (struct judge *)p;
    note_silence(j, quiet_ns, judge_stamp(meta));
    judge_nagle(j, from, len, quiet_ns, meta);
}

/* The header was all that a segment held. */
static void
judge_split(struct judge *j, const struct judged_frame *f)
{
    const struct judge_crumb *crumb = j->pub.some[f->from].crumb;
    const struct ws_frame_header *h = f->header;
    uint32_t *n = &j->perf.n_split[f->from];
    char text[DETAIL_MAX];
    bool split = false;
    for (unsigned i = 0; i < 2; i++)
        split |= crumb[i].off == h->offset && crumb[i].len == h->header_len;
    if (!split || h->payload_len == 0 || *n == UINT32_MAX)
        return;
    if (++*n != judge_limit(j, THRESHOLD_SMALL_WRITE_SPLIT))
        return;
    snprintf(text, sizeof text, "%" PRIu32 " headers so far", *n);
    judge_find_frame(j, FINDING_PERF_SMALL_WRITE_SPLIT, f, text);
}

/* off: of the frame that ended at time_ns.  True: it is the last one of a
 * burst. */
bool
judge_add_burst(struct judge_public *p, enum ws_sender from, uint64_t off,
                int64_t time_ns)
{
    struct judge_sampled *some = &p->some[from];
    const struct judge_tally *t = &p->tally[from];
    const struct judge_tally *other = &p->tally[!from];
    uint32_t n = t->frames - some->burst.frames;
    bool found = false;
    if (time_ns - some->burst.start_ns <= p->burst_ns && n + 1 < p->burst_max)
        return false;
    /* With answers in between they could not have been collected. */
    if (time_ns - some->burst.start_ns <= p->burst_ns &&
        t->segments - some->burst.segments >= n &&
        (off - some->burst.off) / n <= p->small_len + WS_FRAME_HEADER_MAX &&
        other->frames - some->burst.other_frames < n / 2) {
        some->burst_frames = n + 1;
        some->burst_end = t->frames;
        found = true;
    }
    some->burst.start_ns = time_ns;
    some->burst.frames = t->frames;
    some->burst.segments = t->segments;
    some->burst.off = off;
    some->burst.other_frames = other->frames;
    return found;
}

static void
judge_burst(struct judge *j, const struct judged_frame *f)
{
    struct judge_sampled *some = &j->pub.some[f->from];
    char text[DETAIL_MAX];
    if (some->burst_end != j->pub.tally[f->from].frames ||
        some->burst_frames == 0)
        return;
    snprintf(text, sizeof text,
             "%" PRIu32 " frames in as many packets within %" PRId64 " ms",
             some->burst_frames, j->pub.burst_ns / MS);
    some->burst_frames = 0;
    judge_find_frame(j, FINDING_PERF_ONE_FRAME_PER_SEGMENT, f, text);
}

void
judge_performance(struct judge *j, const struct judged_frame *f)
{
    const struct ws_frame_header *h = f->header;
    char text[DETAIL_MAX];
    bool ping = h->opcode == WS_OP_PING || h->opcode == WS_OP_PONG;
    if (f->first.packet != j->perf.idle_at.packet)
        judge_idle(j);
    j->perf.pinged |= ping;
    judge_idle(j);
    if (!f->whole)
        return;
    judge_split(j, f);
    judge_burst(j, f);
    /* What is larger still is told as frame-length-huge. */
    if (h->payload_len > j->pub.huge_len && !ws_opcode_is_control(h->opcode) &&
        h->payload_len <= judge_limit(j, THRESHOLD_FRAME_HUGE)) {
        snprintf(text, sizeof text, "%" PRIu64 " bytes, %" PRId64 " ms",
                 h->payload_len, (f->meta->time_ns - f->first.time_ns) / MS);
        judge_find_frame(j, FINDING_PERF_HUGE_FRAME, f, text);
    }
}

/* ---- The end -------------------------------------------------------- */

/* How much of all is not part, in percent. */
static uint64_t
rest_percent(uint64_t all, uint64_t part)
{
    return part < all ? (all - part) * 100 / all : 0;
}

/* With the headers of TCP and IP (RFC 9293 section 3.1; no options). */
static uint64_t
wire_bytes(const struct judge *j, enum ws_sender from,
           const struct event_end *end)
{
    bool ipv6 = j->config.pair->end[0].addr.family == 6;
    return end->wire_bytes[from] +
           (uint64_t)j->pub.tally[from].segments * (ipv6 ? 60 : 40);
}

static void
judge_tiny(struct judge *j, enum ws_sender from, const struct event_end *end)
{
    const struct judge_tally *t = &j->pub.tally[from];
    uint64_t rest =
        rest_percent(wire_bytes(j, from, end), end->payload_bytes[from]);
    char text[DETAIL_MAX];
    if (end->messages[from] < judge_limit(j, THRESHOLD_TINY_MESSAGES) ||
        t->tiny <= t->frames / 2 ||
        rest <= judge_limit(j, THRESHOLD_TINY_OVERHEAD))
        return;
    snprintf(text, sizeof text,
             "%" PRIu64 " messages with %" PRIu64 " bytes in %" PRIu32
             " packets; %" PRIu64 " %% are headers",
             end->messages[from], end->payload_bytes[from], t->segments, rest);
    judge_find_side(j, FINDING_PERF_TINY_MESSAGES, from, end->at, text);
}

static void
chat_summary(struct judge *j, const struct event_end *end)
{
    uint64_t wire = end->wire_bytes[0] + end->wire_bytes[1];
    uint64_t payload = end->payload_bytes[0] + end->payload_bytes[1];
    uint64_t all = wire_bytes(j, WS_SENDER_CLIENT, end) +
                   wire_bytes(j, WS_SENDER_SERVER, end);
    char text[DETAIL_MAX];
    snprintf(text, sizeof text,
             "client %" PRIu64 " messages, %" PRIu64 " bytes; server %" PRIu64
             " messages, %" PRIu64 " bytes; headers of frames %" PRIu64
             " %%, of all layers %" PRIu64 " %%; longest silence %" PRId64
             " ms",
             end->messages[0], end->payload_bytes[0], end->messages[1],
             end->payload_bytes[1], rest_percent(wire, payload),
             rest_percent(all, payload), j->perf.longest_ns / MS);
    judge_find(j, &(struct event_finding){.id = FINDING_PERF_SUMMARY,
                                          .at = end->at,
                                          .detail = text});
}

/* A silence up to the end. */
static void
judge_quiet_end(struct judge *j, const struct event_end *end)
{
    int64_t quiet_ns = end->at.time_ns - j->pub.last_ns;
    judge_idle(j);
    note_silence(j, quiet_ns, end->at);
    judge_idle(j);
}

void
judge_performance_end(struct judge *j, const struct event_end *end)
{
    if (!j->accepted)
        return;
    judge_quiet_end(j, end);
    judge_tiny(j, WS_SENDER_CLIENT, end);
    judge_tiny(j, WS_SENDER_SERVER, end);
    if (j->chat)
        chat_summary(j, end);
}
