/* SPDX-License-Identifier: MIT */
/*
 * A receiver has to fail the connection when a frame breaks the rules (RFC
 * 6455 section 7.1.7).  Looked at is what it does when the first such frame
 * of its peer has been acknowledged.
 */
#include "dissect/judge/rules.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/rd.h"

#define DETAIL_MAX 160u
#define MS INT64_C(1000000)

static const struct emit_fault *
fault_of(const struct judge *j, enum ws_sender from)
{
    return &j->config.emit->first_fault[from];
}

/* Frames found behind a loss come late, so that it is not known who had seen
 * what by then; and behind a Close frame nobody need listen any more. */
static void
note_fault(struct judge *j, enum ws_sender from)
{
    struct judge_violation *v = &j->violation[from];
    const struct judge_tally *t = &j->pub.tally[from];
    if (v->state != VIOLATION_NONE || !fault_of(j, from)->any)
        return;
    v->state = VIOLATION_SENT;
    v->seq_end = t->base + (uint32_t)t->end_off;
    if (j->seen != HANDSHAKE_SEEN_BOTH || j->side[from].gap ||
        judge_is_closing(j))
        v->state = VIOLATION_DONE;
}

/* The receiver sent this packet. */
static void
note_delivery(struct judge_violation *v, const struct pkt_meta *meta)
{
    if (v->state != VIOLATION_SENT || !(meta->flags & TCP_ACK) ||
        (int32_t)(meta->ack - v->seq_end) < 0)
        return;
    v->state = VIOLATION_DELIVERED;
    v->acked_ns = meta->time_ns;
}

/* what: how the receiver answered. */
static void
find_answer(struct judge *j, enum ws_sender receiver,
            const struct pkt_meta *meta, const char *what,
            const struct judged_frame *f)
{
    const struct emit_fault *fault = fault_of(j, !receiver);
    int64_t after_ns = meta->time_ns - fault->at.time_ns;
    char text[DETAIL_MAX];
    if (after_ns > judge_limit_ns(j, THRESHOLD_VIOLATION_REPLY))
        return;
    snprintf(text, sizeof text,
             "%s, %" PRId64 " ms behind %s in packet %" PRIu64, what,
             after_ns / MS, finding_info(fault->id)->id, fault->at.packet);
    if (f)
        judge_find_frame(j, FINDING_FRAME_VIOLATION_ANSWERED, f, text);
    else
        judge_find_side(j, FINDING_FRAME_VIOLATION_ANSWERED, receiver,
                        judge_stamp(meta), text);
}

/* RFC 6455 section 7.4.1: the codes that say what was wrong with a frame. */
static void
judge_close(struct judge *j, const struct judged_frame *f)
{
    struct judge_violation *v = &j->violation[!f->from];
    uint16_t code = f->control.len >= 2 ? rd_load_be16(f->control.ptr) : 0;
    char what[32];
    if (v->state == VIOLATION_DELIVERED &&
        (code == 1002 || code == 1003 || code == 1007 || code == 1009)) {
        snprintf(what, sizeof what, "Close %u", code);
        find_answer(j, f->from, f->meta, what, f);
    }
    v->state = VIOLATION_DONE;
}

/* What a program sends long after it should have closed; what it had begun to
 * send it may finish. */
static void
judge_data(struct judge *j, const struct judged_frame *f)
{
    struct judge_violation *v = &j->violation[!f->from];
    const struct emit_fault *fault = fault_of(j, !f->from);
    char text[DETAIL_MAX];
    if (v->state != VIOLATION_DELIVERED || f->header->opcode == WS_OP_CONT ||
        j->frames[!f->from].closed ||
        finding_info(fault->id)->layer == FINDING_LAYER_CLOSE ||
        f->first.time_ns - v->acked_ns <=
            judge_limit_ns(j, THRESHOLD_VIOLATION_REPLY))
        return;
    snprintf(text, sizeof text,
             "%" PRId64 " ms behind %s in packet %" PRIu64 "%s",
             (f->first.time_ns - v->acked_ns) / MS, finding_info(fault->id)->id,
             fault->at.packet,
             fault->id == FINDING_FRAME_CLIENT_UNMASKED
                 ? ", unless both agreed on that"
                 : "");
    judge_find_frame(j, FINDING_FRAME_VIOLATION_TOLERATED, f, text);
    v->state = VIOLATION_DONE;
}

void
judge_violation(struct judge *j, const struct judged_frame *f)
{
    note_fault(j, WS_SENDER_CLIENT);
    note_fault(j, WS_SENDER_SERVER);
    note_delivery(&j->violation[!f->from], f->meta);
    if (f->header->opcode == WS_OP_CLOSE && f->whole)
        judge_close(j, f);
    else if (!ws_opcode_is_control(f->header->opcode) && f->whole)
        judge_data(j, f);
}

void
judge_violation_tcp(struct judge *j, enum ws_sender from, enum stream_tcp what,
                    const struct pkt_meta *meta)
{
    struct judge_violation *v = &j->violation[!from];
    bool drop = what == STREAM_TCP_FIN || what == STREAM_TCP_RST;
    if (!j->pub.each)
        return;
    note_fault(j, WS_SENDER_CLIENT);
    note_fault(j, WS_SENDER_SERVER);
    note_delivery(v, meta);
    if (!drop)
        return;
    /* What comes when both have said goodbye is no answer. */
    if (v->state == VIOLATION_DELIVERED && !judge_is_closing(j))
        find_answer(j, from, meta,
                    what == STREAM_TCP_FIN ? "the connection ended"
                                           : "the connection was reset",
                    NULL);
    /* Nor is what one side does when the other one ended. */
    j->violation[0].state = j->violation[1].state = VIOLATION_DONE;
}
