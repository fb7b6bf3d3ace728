/* SPDX-License-Identifier: MIT */
/*
 * close.c - how a connection ends: Close frames (RFC 6455 sections 5.5.1 and
 * 7), then TCP.
 *
 *   client   Close ------>            what it sends from here on is judged
 *            <------ Close   server   "received": it acknowledged the first
 *            <-------- FIN            Close frame; "read" is not seen
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/budget.h"
#include "base/rd.h"
#include "dissect/close_code.h"
#include "dissect/judge/detail.h"
#include "dissect/judge/rules.h"

/* Whoever closed and cuts TCP this soon did not wait for an answer; on top of
 * a round trip. */
#define HASTE_NS INT64_C(100000000)

/* Bytes of a reason in a sentence, with its NUL. */
#define REASON_TEXT_MAX 64u

struct closing_side {
    struct stamp at;  /* its first Close frame; packet 0: none */
    uint64_t frame;   /* number of that */
    uint64_t off;     /* where it starts, */
    uint64_t end_off; /* and behind it */
    uint32_t ack;     /* of that packet, with has_ack */
    struct stamp got; /* packet that showed that it had the other's; 0: none */
    int64_t busy_ns;  /* when it ended a frame of a long message after that */
    struct emit_fault cause; /* of the other side */
    uint16_t code;
    bool has_code, has_ack;
    char reason[REASON_TEXT_MAX]; /* printable ASCII */
};

struct judge_closing {
    struct closing_side side[2]; /* by enum ws_sender */
    bool crossed;
};

void
judge_closing_free(struct judge *j)
{
    free(j->closing);
}

size_t
judge_closing_memory(const struct judge *j)
{
    return j->closing ? budget_block(sizeof *j->closing) : 0;
}

static struct closing_side *
closer(const struct judge *j, enum ws_sender from)
{
    return j->closing && j->closing->side[from].at.packet
               ? &j->closing->side[from]
               : NULL;
}

static void
find_both(struct judge *j, enum finding_id id, struct stamp at,
          const char *detail)
{
    judge_find(j,
               &(struct event_finding){.id = id, .at = at, .detail = detail});
}

static void
find_with_severity(struct judge *j, enum finding_id id, enum severity severity,
                   const struct judged_frame *f, const char *detail)
{
    judge_find(j, &(struct event_finding){.id = id,
                                          .severity = severity,
                                          .lowered = true,
                                          .has_from = true,
                                          .from = f->from,
                                          .at = judge_stamp(f->meta),
                                          .has_offset = true,
                                          .offset = f->header->offset,
                                          .frame = f->number,
                                          .detail = detail});
}

/* ---- Close frames ------------------------------------------------------- */

static void
find_close(struct judge *j, const struct judged_frame *f)
{
    struct detail d = {0};
    if (!judge_is_first(j, FINDING_CLOSE_FRAME, f->from)) {
        judge_find_frame(j, FINDING_CLOSE_FRAME, f, NULL);
        return;
    }
    if (f->control.len >= 2) {
        uint16_t code = rd_load_be16(f->control.ptr);
        detail_addf(&d, "%u %s", code, close_code_name(code));
        if (f->control.len > 2)
            detail_add_quoted(&d, ", ", slice_skip(f->control, 2), SIZE_MAX);
    } else {
        detail_add(&d, "no code");
    }
    judge_find_frame(j, FINDING_CLOSE_FRAME, f, d.text);
}

/* The code repeats that of the other side, which this sender had received. */
static bool
is_echo(const struct judge *j, const struct judged_frame *f, uint16_t code)
{
    const struct closing_side *o = closer(j, judge_other(f->from));
    return o && o->has_code && o->code == code &&
           judge_has_read(j, f->from, o->end_off, f->meta);
}

static void
find_error_code(struct judge *j, const struct judged_frame *f, uint16_t code,
                const struct emit_fault *cause)
{
    char text[160];
    int n = snprintf(text, sizeof text, "%u %s", code, close_code_name(code));
    if (cause->any && n > 0 && (size_t)n < sizeof text)
        snprintf(text + n, sizeof text - (size_t)n,
                 ", after %s in frame %" PRIu64 " of the %s, packet %" PRIu64,
                 finding_info(cause->id)->id, cause->frame,
                 ws_sender_name(judge_other(f->from)), cause->at.packet);
    judge_find_frame(j, FINDING_CLOSE_ERROR_CODE, f, text);
}

/* RFC 6455 section 7.4 */
static void
judge_code(struct judge *j, const struct judged_frame *f, uint16_t code,
           const struct emit_fault *cause)
{
    char text[96];
    bool echo = is_echo(j, f, code);
    snprintf(text, sizeof text, "%u %s", code, close_code_name(code));
    switch (close_code_kind(code)) {
    case CLOSE_CODE_KIND_NORMAL:
        break;
    case CLOSE_CODE_KIND_ERROR:
        if (!echo)
            find_error_code(j, f, code, cause);
        break;
    case CLOSE_CODE_KIND_LOCAL:
        judge_find_frame(j, FINDING_CLOSE_CODE_RESERVED_SENT, f, text);
        break;
    case CLOSE_CODE_KIND_UNASSIGNED:
        if (!echo)
            judge_find_frame(j, FINDING_CLOSE_CODE_UNASSIGNED, f, text);
        break;
    case CLOSE_CODE_KIND_APPLICATION:
        if (!echo)
            judge_find_frame(j, FINDING_CLOSE_CODE_APPLICATION, f, text);
        break;
    case CLOSE_CODE_KIND_OUTSIDE:
        judge_find_frame(j, FINDING_CLOSE_CODE_OUT_OF_RANGE, f, text);
        break;
    }
    if (echo || close_code_fits_sender(code, f->from))
        return;
    /* The text speaks of servers, practice does not. */
    enum severity s =
        f->from == WS_SENDER_CLIENT ? SEVERITY_NOTE : SEVERITY_WARNING;
    find_with_severity(j, FINDING_CLOSE_CODE_WRONG_ROLE, s, f, text);
}

/* The broken rule of the other side that this packet may be the answer to. */
static struct emit_fault
cause_of(const struct judge *j, enum ws_sender from, struct stamp at,
         const struct pkt_meta *meta)
{
    const struct emit_fault *fault = judge_fault(j, judge_other(from));
    if (!fault || fault->at.packet > at.packet ||
        at.time_ns - fault->at.time_ns >
            judge_limit_ns(j, THRESHOLD_VIOLATION_REPLY) ||
        (meta && !judge_has_read(j, from, fault->offset + 1, meta)))
        return (struct emit_fault){0};
    return *fault;
}

static void
note_got(struct judge *j, enum ws_sender from, const struct pkt_meta *meta)
{
    const struct closing_side *o = closer(j, judge_other(from));
    struct closing_side *s = &j->closing->side[from];
    if (o && s->got.packet == 0 && judge_has_read(j, from, o->end_off, meta))
        s->got = judge_stamp(meta);
}

static int64_t
round_trip(const struct judge *j)
{
    int64_t rtt = judge_tcp_rtt(j);
    return rtt < 0 ? 0 : rtt;
}

/* When the side had the other's Close frame at the latest.  Its answer may be
 * the first packet to acknowledge it, if the capture lacks another; but what
 * was not sent again had come after a round trip. */
static int64_t
got_ns(const struct judge *j, enum ws_sender by)
{
    const struct closing_side *a = closer(j, judge_other(by));
    const struct closing_side *b = closer(j, by);
    if (b->got.packet && b->got.packet < b->at.packet)
        return b->got.time_ns;
    return j->path[judge_other(by)].resent_ns >= a->at.time_ns
               ? b->at.time_ns
               : a->at.time_ns + round_trip(j);
}

/* Both Close frames are known; b came later. */
static void
judge_reply(struct judge *j, enum ws_sender by)
{
    struct closing_side *a = &j->closing->side[judge_other(by)];
    struct closing_side *b = &j->closing->side[by];
    int64_t from_ns = got_ns(j, by);
    char text[96];
    struct pkt_meta sent = {.flags = TCP_ACK, .ack = b->ack};
    if (b->has_ack && j->path[judge_other(by)].has_base &&
        !judge_has_read(j, by, a->end_off, &sent)) {
        j->closing->crossed = true;
        find_both(j, FINDING_CLOSE_CROSSING, b->at, NULL);
        return;
    }
    if (b->busy_ns > from_ns)
        from_ns = b->busy_ns;
    if (b->at.time_ns - from_ns >
        judge_limit_ns(j, THRESHOLD_CLOSE_REPLY_SLOW)) {
        snprintf(text, sizeof text, "after %.3f s",
                 (double)(b->at.time_ns - from_ns) / 1e9);
        judge_find(j, &(struct event_finding){.id = FINDING_CLOSE_REPLY_SLOW,
                                              .has_from = true,
                                              .from = by,
                                              .at = b->at,
                                              .has_offset = true,
                                              .offset = b->off,
                                              .frame = b->frame,
                                              .detail = text});
    }
    if (a->has_code && b->has_code && a->code != b->code) {
        snprintf(text, sizeof text, "%u in answer to %u", b->code, a->code);
        judge_find(j,
                   &(struct event_finding){.id =
                                               FINDING_CLOSE_REPLY_CODE_DIFFERS,
                                           .has_from = true,
                                           .from = by,
                                           .at = b->at,
                                           .has_offset = true,
                                           .offset = b->off,
                                           .frame = b->frame,
                                           .detail = text});
    }
}

static void
first_close(struct judge *j, const struct judged_frame *f)
{
    enum ws_sender from = f->from, other = judge_other(f->from);
    struct closing_side *s = &j->closing->side[from];
    const struct ws_frame_header *h = f->header;
    s->at = judge_stamp(f->meta);
    s->frame = f->number;
    s->off = h->offset;
    s->end_off = h->offset + h->header_len + h->payload_len;
    s->has_ack = (f->meta->flags & TCP_ACK) != 0;
    s->ack = f->meta->ack;
    s->has_code = f->control.len >= 2;
    s->cause = cause_of(j, from, s->at, f->meta);
    if (s->has_code) {
        s->code = rd_load_be16(f->control.ptr);
        (void)detail_escape(s->reason, sizeof s->reason,
                            slice_skip(f->control, 2), SIZE_MAX);
        judge_code(j, f, s->code, &s->cause);
    }
    if (!closer(j, other))
        return;
    /* Frames behind a loss may come out in another order than they were
     * sent in. */
    bool later = s->at.packet >= j->closing->side[other].at.packet;
    note_got(j, from, f->meta);
    judge_reply(j, later ? from : other);
}

static void
close_frame(struct judge *j, const struct judged_frame *f)
{
    find_close(j, f);
    if (!j->closing)
        j->closing = calloc(1, sizeof *j->closing);
    if (!j->closing) {
        j->no_memory = true;
        return;
    }
    j->pub.each = true;
    if (closer(j, f->from)) {
        judge_find_frame(j, FINDING_CLOSE_DUPLICATE, f, NULL);
        return;
    }
    if (f->inside)
        judge_find_frame(j, FINDING_MESSAGE_UNFINISHED, f, "a Close frame");
    first_close(j, f);
}

/* A frame that is no Close frame, after one came. */
static void
other_frame(struct judge *j, const struct judged_frame *f)
{
    const struct ws_frame_header *h = f->header;
    const struct closing_side *o = closer(j, judge_other(f->from));
    struct closing_side *s = &j->closing->side[f->from];
    bool control = ws_opcode_is_control(h->opcode);
    if (s->at.packet) {
        if (h->offset >= s->end_off)
            judge_find_frame(j,
                             control ? FINDING_CLOSE_CONTROL_AFTER_CLOSE
                                     : FINDING_CLOSE_DATA_AFTER_CLOSE,
                             f, NULL);
        return;
    }
    if (!o || control || !judge_has_read(j, f->from, o->end_off, f->meta))
        return;
    note_got(j, f->from, f->meta);
    judge_find_frame(j, FINDING_CLOSE_PEER_DATA_IN_FLIGHT, f, NULL);
    if (h->opcode == WS_OP_CONT || !h->fin ||
        f->first.time_ns <= s->got.time_ns)
        s->busy_ns = f->meta->time_ns;
}

void
judge_closing_frame(struct judge *j, const struct judged_frame *f)
{
    if (f->header->opcode == WS_OP_CLOSE)
        close_frame(j, f);
    else if (j->closing)
        other_frame(j, f);
}

void
judge_closing_tcp(struct judge *j, enum ws_sender from, enum stream_tcp what,
                  const struct pkt_meta *meta)
{
    if (j->closing && (what == STREAM_TCP_ACK || what == STREAM_TCP_FIN))
        note_got(j, from, meta);
}

/* ---- After the last frame ----------------------------------------------- */

/* The first of FIN and RST of a side; packet 0: none. */
static struct stamp
end_of(const struct verdict_side *side)
{
    if (!side->fin.packet ||
        (side->reset.packet && side->reset.packet < side->fin.packet))
        return side->reset;
    return side->fin;
}

/* by had the other's Close frame and sent none. */
static void
end_unanswered(struct judge *j, const struct verdict_facts *facts,
               enum ws_sender by)
{
    const struct closing_side *a = closer(j, judge_other(by));
    const struct closing_side *b = &j->closing->side[by];
    const struct verdict_side *side = &facts->side[by];
    struct stamp a_end = end_of(&facts->side[judge_other(by)]);
    struct stamp b_end = end_of(side), at = b_end;
    if (!b->got.packet || j->side[by].gap || verdict_has_holes(side) ||
        (side->ended && side->why == STREAM_END_EVICTED) ||
        judge_fault(j, judge_other(by)) ||
        (side->reset.packet && verdict_is_forged(side)))
        return;
    bool a_first =
        a_end.packet && (!b_end.packet || a_end.packet < b_end.packet);
    if (a_first && a_end.time_ns - a->at.time_ns <= round_trip(j) + HASTE_NS)
        return;
    if (!b_end.packet || b_end.packet < b->got.packet) {
        int64_t limit = judge_limit_ns(j, THRESHOLD_CLOSE_REPLY);
        struct stamp last = {j->pub.tally[by].last_ns, j->pub.tally[by].packet};
        at = a_end.packet > last.packet ? a_end : last;
        if (at.packet <= b->got.packet || side->message_open ||
            (b_end.packet && b_end.packet < b->got.packet) ||
            at.time_ns - b->got.time_ns <= limit)
            return;
    }
    judge_find_side(j, FINDING_CLOSE_REPLY_MISSING, by, at, NULL);
}

/* Both Close frames are there; the later one in *last. */
static void
end_server_late(struct judge *j, const struct verdict_facts *facts,
                struct stamp last, const struct event_end *end)
{
    const struct verdict_side *c = &facts->side[WS_SENDER_CLIENT];
    const struct verdict_side *s = &facts->side[WS_SENDER_SERVER];
    struct stamp at = end_of(s);
    char text[64];
    int64_t limit =
        judge_limit_ns(j, THRESHOLD_CLOSE_SERVER_TCP) + round_trip(j);
    if (j->side[WS_SENDER_SERVER].gap ||
        (s->ended && s->why == STREAM_END_EVICTED))
        return;
    bool never = at.packet == 0;
    if (never)
        at = end_of(c).packet ? end_of(c) : end->at;
    if (at.time_ns - last.time_ns <= limit)
        return;
    snprintf(text, sizeof text, "%s %.3f s", never ? "not within" : "after",
             (double)(at.time_ns - last.time_ns) / 1e9);
    judge_find_side(j, FINDING_CLOSE_SERVER_TCP_LATE, WS_SENDER_SERVER, at,
                    text);
}

static struct stamp
later(struct stamp a, struct stamp b)
{
    return a.packet > b.packet ? a : b;
}

static void
end_both_closed(struct judge *j, const struct verdict_facts *facts,
                const struct event_end *end)
{
    const struct verdict_side *c = &facts->side[WS_SENDER_CLIENT];
    const struct verdict_side *s = &facts->side[WS_SENDER_SERVER];
    struct stamp last = later(j->closing->side[0].at, j->closing->side[1].at);
    if ((c->fin.packet || s->fin.packet) && !c->reset.packet &&
        !s->reset.packet)
        find_both(j, FINDING_CLOSE_CLEAN, later(c->fin, s->fin), NULL);
    if (c->fin.packet > last.packet &&
        (!end_of(s).packet || end_of(s).packet > c->fin.packet))
        judge_find_side(j, FINDING_CLOSE_CLIENT_TCP_FIRST, WS_SENDER_CLIENT,
                        c->fin, NULL);
    end_server_late(j, facts, last, end);
}

/* At least one Close frame was seen. */
static void
end_closed(struct judge *j, const struct verdict_facts *facts,
           const struct event_end *end)
{
    const struct closing_side *c = closer(j, WS_SENDER_CLIENT);
    const struct closing_side *s = closer(j, WS_SENDER_SERVER);
    const struct closing_side *first = c ? c : s;
    char text[64];
    if (c && s) {
        if (s->at.packet < c->at.packet)
            first = s;
        end_both_closed(j, facts, end);
    } else {
        end_unanswered(j, facts, c ? WS_SENDER_SERVER : WS_SENDER_CLIENT);
    }
    int64_t from_ns = first->at.time_ns;
    for (unsigned i = 0; i < 2; i++)
        if (j->closing->side[i].busy_ns > from_ns)
            from_ns = j->closing->side[i].busy_ns;
    struct stamp last =
        later(later(facts->side[0].fin, facts->side[1].fin),
              later(facts->side[0].reset, facts->side[1].reset));
    if (!last.packet ||
        last.time_ns - from_ns <= judge_limit_ns(j, THRESHOLD_SLOW_CLOSE))
        return;
    snprintf(text, sizeof text, "%.3f s",
             (double)(last.time_ns - from_ns) / 1e9);
    find_both(j, FINDING_PERF_SLOW_CLOSE, last, text);
}

static void
end_fin(struct judge *j, const struct verdict_facts *facts,
        const struct verdict_tcp_end *end)
{
    const struct closing_side *o = closer(j, judge_other(end->by));
    /* A Close frame that came too late for it. */
    bool received = o && (judge_fin_had_read(j, end->by, o->end_off) ||
                          !j->path[end->by].has_fin_ack);
    if (!closer(j, end->by) && !received &&
        !verdict_has_holes(&facts->side[0]) &&
        !verdict_has_holes(&facts->side[1]))
        judge_find_side(j, FINDING_TCP_FIN_WITHOUT_CLOSE_FRAME, end->by,
                        end->at, NULL);
}

static void
end_reset(struct judge *j, const struct verdict_facts *facts,
          const struct verdict_tcp_end *end)
{
    bool forged = verdict_is_forged(&facts->side[end->by]);
    if (!j->closing && !verdict_has_holes(&facts->side[0]) &&
        !verdict_has_holes(&facts->side[1]))
        judge_find_side(j, FINDING_TCP_RST_WHILE_OPEN, end->by, end->at,
                        forged ? "most likely sent by a device in between"
                               : NULL);
}

/* Resets when it was over already. */
static void
end_late_reset(struct judge *j, const struct verdict_facts *facts)
{
    struct stamp closed = {0};
    if (closer(j, WS_SENDER_CLIENT) && closer(j, WS_SENDER_SERVER))
        closed = later(j->closing->side[0].at, j->closing->side[1].at);
    for (unsigned i = 0; i < 2; i++) {
        struct stamp at = facts->side[i].reset;
        bool after = closed.packet && at.packet > closed.packet;
        for (unsigned k = 0; k < 2; k++)
            after |= facts->side[k].fin.packet &&
                     facts->side[k].fin.packet < at.packet;
        if (at.packet && after)
            judge_find_side(j, FINDING_TCP_RST_AFTER_CLOSE, (enum ws_sender)i,
                            at, NULL);
    }
}

/* What the end cut off. */
static void
end_cut(struct judge *j, const struct verdict_facts *facts, enum ws_sender from,
        const struct event_end *end)
{
    const struct verdict_side *side = &facts->side[from];
    struct stamp at = end_of(side);
    if (!at.packet || side->lost || closer(j, from) ||
        closer(j, judge_other(from)))
        return;
    if (side->frame_open)
        judge_find_side(j, FINDING_TCP_ENDED_MID_FRAME, from, at, NULL);
    else if (side->message_open)
        judge_find(j, &(struct event_finding){.id = FINDING_MESSAGE_UNFINISHED,
                                              .has_from = true,
                                              .from = from,
                                              .at = at,
                                              .message = end->messages[from],
                                              .detail = "the end of TCP"});
}

/* Data frames long after the other side's FIN. */
static void
end_half(struct judge *j, const struct verdict_facts *facts,
         enum ws_sender from)
{
    struct stamp fin = facts->side[from].fin;
    const struct judge_tally *t = &j->pub.tally[judge_other(from)];
    char text[64];
    int64_t limit = judge_limit_ns(j, THRESHOLD_HALF_CLOSED) + round_trip(j);
    if (!fin.packet || t->packet < fin.packet ||
        t->last_ns - fin.time_ns <= limit)
        return;
    snprintf(text, sizeof text, "frames of the %s for %.3f s more",
             ws_sender_name(judge_other(from)),
             (double)(t->last_ns - fin.time_ns) / 1e9);
    judge_find_side(j, FINDING_TCP_HALF_CLOSED, from, fin, text);
}

/* The usual time-out, in seconds, that the silence fits before TCP ended
 * without a Close frame; 0: none. */
static unsigned
idle_timeout(const struct judge *j, const struct verdict_facts *facts,
             const struct verdict_tcp_end *end)
{
    /* Who gives up on a ping has a reason of its own. */
    if (!end->at.packet || j->closing || facts->side[end->by].ping.packet ||
        verdict_has_holes(&facts->side[0]) ||
        verdict_has_holes(&facts->side[1]))
        return 0;
    return verdict_timeout(verdict_silence(facts),
                           (unsigned)judge_limit_ns(j, THRESHOLD_IDLE_CUT));
}

static void
end_idle(struct judge *j, const struct verdict_facts *facts,
         const struct verdict_tcp_end *end)
{
    char text[64];
    if (facts->timeout_s == 0)
        return;
    snprintf(text, sizeof text, "%.3f s, as by a time-out of %u s",
             (double)verdict_silence(facts) / 1e9, facts->timeout_s);
    find_both(j, FINDING_PERF_IDLE_CUT, end->at, text);
}

/* ---- For the verdict ---------------------------------------------------- */

static void
tell_host(const struct judge *j, struct verdict_host *host, enum ws_sender from)
{
    const struct judge_tally *t = &j->pub.tally[from];
    host->has_seq = j->path[from].has_base;
    host->seq = t->base + (uint32_t)t->end_off;
    host->has_peer_acked = j->path[!from].has_acked;
    host->peer_acked = j->pub.tally[!from].acked;
}

static void
tell_cause(struct verdict_side *side, const struct emit_fault *fault)
{
    if (fault->any)
        side->cause = (struct verdict_cause){finding_info(fault->id)->id,
                                             fault->frame, fault->at};
}

/* The client sent no frame and soon ended TCP: it did not take the 101, as it
 * has to (RFC 6455 section 4.1), and nothing was open that a Close frame could
 * close. */
static bool
is_given_up(const struct judge *j, const struct verdict_tcp_end *tcp,
            const struct event_end *end)
{
    return tcp->at.packet && tcp->by == WS_SENDER_CLIENT &&
           j->opening.unacceptable && end->frames[WS_SENDER_CLIENT] == 0 &&
           tcp->at.time_ns - j->opening.answered.time_ns <=
               judge_limit_ns(j, THRESHOLD_VIOLATION_REPLY);
}

/* The other side broke the same rule long before and nobody minded. */
static bool
is_tolerated(const struct judge *j, enum ws_sender by, struct stamp at,
             const struct emit_fault *cause)
{
    const struct emit_fault *first =
        &j->config.emit->first_fault[judge_other(by)];
    return first->any && first->id == cause->id &&
           at.time_ns - first->at.time_ns >
               judge_limit_ns(j, THRESHOLD_VIOLATION_REPLY);
}

static void
tell_verdict(const struct judge *j, struct verdict_facts *facts,
             const struct verdict_tcp_end *end)
{
    facts->timeout_s = idle_timeout(j, facts, end);
    for (unsigned i = 0; i < 2; i++) {
        const struct closing_side *s = closer(j, (enum ws_sender)i);
        if (!s)
            continue;
        facts->side[i].reason = s->reason[0] ? s->reason : NULL;
        tell_cause(&facts->side[i], &s->cause);
    }
    facts->crossed = j->closing && j->closing->crossed;
    if (!end->at.packet || j->closing)
        return;
    struct emit_fault cause = cause_of(j, end->by, end->at, NULL);
    if (!is_tolerated(j, end->by, end->at, &cause))
        tell_cause(&facts->side[end->by], &cause);
}

void
judge_closing_end(struct judge *j, struct verdict_facts *facts,
                  const struct event_end *end)
{
    struct verdict_tcp_end tcp = verdict_tcp_end(facts);
    if (!facts->accepted)
        return;
    for (unsigned i = 0; i < 2; i++)
        tell_host(j, &facts->side[i].host, (enum ws_sender)i);
    bool given_up = is_given_up(j, &tcp, end);
    tell_verdict(j, facts, &tcp);
    if (given_up)
        facts->side[WS_SENDER_CLIENT].cause =
            (struct verdict_cause){.id = j->opening.unacceptable,
                                   .at = j->opening.answered};
    if (j->closing &&
        (closer(j, WS_SENDER_CLIENT) || closer(j, WS_SENDER_SERVER)))
        end_closed(j, facts, end);
    for (unsigned i = 0; i < 2; i++) {
        end_cut(j, facts, (enum ws_sender)i, end);
        end_half(j, facts, (enum ws_sender)i);
    }
    if (tcp.at.packet) {
        if (given_up)
            ; /* the finding about the 101 says it */
        else if (tcp.reset)
            end_reset(j, facts, &tcp);
        else
            end_fin(j, facts, &tcp);
        end_late_reset(j, facts);
        end_idle(j, facts, &tcp);
    } else if (facts->side[0].ended && facts->side[1].ended &&
               facts->side[0].why == STREAM_END_CAPTURE &&
               facts->side[1].why == STREAM_END_CAPTURE) {
        find_both(j, FINDING_TCP_OPEN_AT_CAPTURE_END, end->at, NULL);
    }
}
