/* SPDX-License-Identifier: MIT */
#include "dissect/judge/rules.h"

#include <inttypes.h>
#include <stdio.h>

#define DETAIL_MAX 160u
#define MS INT64_C(1000000)

static bool
is_over(const struct judge *j)
{
    return j->frames[0].closed || j->frames[1].closed;
}

/* RFC 6455 section 5.5.2; told of both.  Pings, and frames as well, may lie
 * where the capture has nothing. */
static void
find_idle(struct judge *j, int64_t quiet_ns, struct stamp at)
{
    char text[DETAIL_MAX];
    if (j->perf.pinged || quiet_ns <= j->pub.idle_ns ||
        !judge_saw_all(j, WS_SENDER_CLIENT) ||
        !judge_saw_all(j, WS_SENDER_SERVER))
        return;
    snprintf(text, sizeof text, "no frame for %" PRId64 " s",
             quiet_ns / (1000 * MS));
    judge_find(j, &(struct event_finding){.id = FINDING_PERF_IDLE_NO_KEEPALIVE,
                                          .at = at,
                                          .detail = text});
}

static void
judge_silence(struct judge *j, const struct judged_frame *f)
{
    const struct judge_public *p = &j->pub;
    uint8_t opcode = f->header->opcode;
    j->perf.pinged |= opcode == WS_OP_PING || opcode == WS_OP_PONG;
    if (p->longest_end != f->meta->number ||
        j->perf.idle_packet == f->meta->number || is_over(j))
        return;
    j->perf.idle_packet = f->meta->number;
    find_idle(j, p->longest_ns, judge_stamp(f->meta));
}

/* The header was all that a segment held. */
static void
judge_split(struct judge *j, const struct judged_frame *f)
{
    const struct judge_crumb *crumb = j->pub.tally[f->from].crumb;
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

static void
judge_burst(struct judge *j, const struct judged_frame *f)
{
    const struct judge_tally *t = &j->pub.tally[f->from];
    char text[DETAIL_MAX];
    if (t->burst != j->pub.burst_max || t->packet != f->meta->number)
        return;
    snprintf(text, sizeof text,
             "%" PRIu64 " frames in as many packets within %" PRId64 " us",
             t->burst, (f->meta->time_ns - t->burst_ns) / 1000);
    judge_find_frame(j, FINDING_PERF_ONE_FRAME_PER_SEGMENT, f, text);
}

void
judge_performance(struct judge *j, const struct judged_frame *f)
{
    const struct ws_frame_header *h = f->header;
    char text[DETAIL_MAX];
    bool control = ws_opcode_is_control(h->opcode);
    if (control)
        judge_tally_time(&j->pub, f->meta);
    judge_silence(j, f);
    if (!f->whole)
        return;
    judge_split(j, f);
    if (control)
        return;
    judge_burst(j, f);
    /* What is larger still is told as frame-length-huge. */
    if (h->payload_len > j->pub.huge_len &&
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

static void
judge_tiny(struct judge *j, enum ws_sender from, const struct event_end *end)
{
    const struct judge_tally *t = &j->pub.tally[from];
    uint64_t rest = rest_percent(t->wire_bytes, end->payload_bytes[from]);
    char text[DETAIL_MAX];
    if (end->messages[from] < judge_limit(j, THRESHOLD_TINY_MESSAGES) ||
        t->tiny <= t->frames / 2 ||
        rest <= judge_limit(j, THRESHOLD_TINY_OVERHEAD))
        return;
    snprintf(text, sizeof text,
             "%" PRIu64 " messages with %" PRIu64 " bytes in %" PRIu64
             " packets; %" PRIu64 " %% are headers",
             end->messages[from], end->payload_bytes[from], t->segments, rest);
    judge_find_side(j, FINDING_PERF_TINY_MESSAGES, from, end->at, text);
}

static void
chat_summary(struct judge *j, const struct event_end *end)
{
    const struct judge_tally *t = j->pub.tally;
    uint64_t wire = end->wire_bytes[0] + end->wire_bytes[1];
    uint64_t payload = end->payload_bytes[0] + end->payload_bytes[1];
    uint64_t all = t[0].wire_bytes + t[1].wire_bytes;
    char text[DETAIL_MAX];
    snprintf(text, sizeof text,
             "client %" PRIu64 " messages, %" PRIu64 " bytes; server %" PRIu64
             " messages, %" PRIu64 " bytes; headers of frames %" PRIu64
             " %%, of all layers %" PRIu64 " %%; longest silence %" PRId64
             " ms",
             end->messages[0], end->payload_bytes[0], end->messages[1],
             end->payload_bytes[1], rest_percent(wire, payload),
             rest_percent(all, payload), j->pub.longest_ns / MS);
    judge_find(j, &(struct event_finding){.id = FINDING_PERF_SUMMARY,
                                          .at = end->at,
                                          .detail = text});
}

void
judge_performance_end(struct judge *j, const struct event_end *end)
{
    if (!j->accepted)
        return;
    if (!is_over(j))
        find_idle(j, end->at.time_ns - j->pub.last_ns, end->at);
    judge_tiny(j, WS_SENDER_CLIENT, end);
    judge_tiny(j, WS_SENDER_SERVER, end);
    if (j->chat)
        chat_summary(j, end);
}
