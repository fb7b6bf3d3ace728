/* SPDX-License-Identifier: MIT */
/*
 * tcp.c - what TCP and the capture did with the bytes of a WebSocket, as far
 * as it explains what is seen above (RFC 9293).
 *
 * How a connection ends is judged elsewhere.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/budget.h"
#include "dissect/judge/rules.h"
#include "dissect/threshold.h"

/* Findings before the handshake is told; of more only the first ones. */
#define EARLY_MAX 16u

/* Somebody who goes on sending for this long without sending again was
 * answered: no first time-out is longer (RFC 6298 section 2). */
#define ANSWERED_NS INT64_C(1000000000)

struct judge_tcp_early {
    struct event_finding list[EARLY_MAX];
    size_t n;
};

void
judge_tcp_free(struct judge *j)
{
    free(j->tcp_early);
    j->tcp_early = NULL;
}

size_t
judge_tcp_memory(const struct judge *j)
{
    return j->tcp_early ? budget_block(sizeof *j->tcp_early) : 0;
}

/* Findings stand behind the handshake event.  Without memory it is lost: what
 * it says comes again, or was no more than a note. */
static void
find(struct judge *j, enum finding_id id, enum ws_sender from, struct stamp at)
{
    const struct event_finding ev = {.id = id,
                                     .has_from = true,
                                     .from = from,
                                     .at = at};
    if (j->tcp_told) {
        judge_find(j, &ev);
        return;
    }
    if (!j->tcp_early)
        j->tcp_early = calloc(1, sizeof *j->tcp_early);
    if (j->tcp_early && j->tcp_early->n < EARLY_MAX)
        j->tcp_early->list[j->tcp_early->n++] = ev;
}

static unsigned
dir_of(const struct judge *j, enum ws_sender from)
{
    return j->config.client_dir ^ (from == WS_SENDER_SERVER);
}

static double
seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* ---- The beginning ------------------------------------------------------ */

static void
tell_opened(struct judge *j)
{
    const struct stream_pair *p = j->config.pair;
    unsigned c = j->config.client_dir, s = !c;
    char text[128];
    int n;
    if (p->rtt_ns >= 0)
        n = snprintf(text, sizeof text, "round trip %.3f ms",
                     (double)p->rtt_ns / 1e6);
    else
        n = snprintf(text, sizeof text, "round trip not known");
    if (n > 0 && p->mss[c] && p->mss[s])
        n +=
            snprintf(text + n, sizeof text - (size_t)n,
                     ", MSS %u (client) and %u (server)", p->mss[c], p->mss[s]);
    if (n > 0 && (p->shift[c] || p->shift[s]))
        n += snprintf(text + n, sizeof text - (size_t)n, ", window scale");
    if (n > 0 && p->timestamps[c] && p->timestamps[s])
        snprintf(text + n, sizeof text - (size_t)n, ", timestamps");
    judge_find(j, &(struct event_finding){
                      .id = FINDING_TCP_CONNECTION_OPENED,
                      .at = {p->opened_ns, p->opened_packet},
                      .detail = text,
                  });
}

void
judge_tcp_handshake(struct judge *j, const struct event_handshake *ev)
{
    const struct stream_pair *p = j->config.pair;
    if (p->opened_packet)
        tell_opened(j);
    else if (!p->syn_seen[0] && !p->syn_seen[1])
        judge_find(j, &(struct event_finding){
                          .id = FINDING_TCP_MIDSTREAM_START,
                          .at = {p->open_ns, p->open_packet},
                      });
    j->tcp[WS_SENDER_CLIENT].heads += ev->request_head != NULL;
    j->tcp[WS_SENDER_SERVER].heads += ev->response_head != NULL;
    j->tcp_told = true;
    for (size_t i = 0; j->tcp_early && i < j->tcp_early->n; i++)
        judge_find(j, &j->tcp_early->list[i]);
    judge_tcp_free(j);
}

/* ---- On the way --------------------------------------------------------- */

void
judge_tcp_first(struct judge *j, enum ws_sender from,
                const struct pkt_meta *meta)
{
    struct judge_tcp *t = &j->tcp[from];
    if (t->first_ns == 0)
        t->first_ns = meta->time_ns;
}

bool
judge_tcp_is_heard(const struct judge *j, enum ws_sender from)
{
    return j->tcp[from].unheard.packet > 0 ||
           j->config.pair->seen[!dir_of(j, from)];
}

/* The window is open again, or it stays closed to the end. */
static void
tell_zero_window(struct judge *j, enum ws_sender from, int64_t until_ns,
                 const char *how)
{
    struct judge_tcp *t = &j->tcp[from];
    char text[64];
    snprintf(text, sizeof text, "closed for %.3f s%s",
             seconds(until_ns - t->zero.time_ns), how);
    judge_find_side(j, FINDING_TCP_ZERO_WINDOW, from, t->zero, text);
    t->zero.packet = 0;
}

static void
note_window(struct judge *j, enum ws_sender from, enum stream_tcp what,
            const struct pkt_meta *meta)
{
    struct judge_tcp *t = &j->tcp[from];
    if (what == STREAM_TCP_WINDOW_OPEN) {
        if (t->zero.packet && j->tcp_told)
            tell_zero_window(j, from, meta->time_ns, "");
    } else if (!j->tcp[0].fin && !j->tcp[1].fin) {
        /* Whoever closes may well close the window with it. */
        t->zero = judge_stamp(meta);
    }
}

static void
note_end(struct judge_tcp *t, const struct pkt_meta *meta)
{
    if (t->end_packet == 0 || meta->number < t->end_packet)
        t->end_packet = meta->number;
}

void
judge_tcp_event(struct judge *j, enum ws_sender from, enum stream_tcp what,
                const struct pkt_meta *meta)
{
    struct judge_tcp *t = &j->tcp[from];
    switch (what) {
    case STREAM_TCP_ACK:
        if (!judge_tcp_is_heard(j, from))
            t->unheard = judge_stamp(meta);
        break;
    case STREAM_TCP_FIN:
        t->fin = true;
        note_end(t, meta);
        break;
    case STREAM_TCP_RETRANSMIT:
        if (t->resent_packet == meta->number)
            break; /* told for each part of it */
        t->resent_packet = meta->number;
        if (t->resent++ == 0)
            t->resent_at = judge_stamp(meta);
        break;
    case STREAM_TCP_CONFLICT:
        find(j, FINDING_TCP_OVERLAP_CONFLICT, from, judge_stamp(meta));
        break;
    case STREAM_TCP_ZERO_WINDOW:
    case STREAM_TCP_WINDOW_OPEN:
        note_window(j, from, what, meta);
        break;
    case STREAM_TCP_OUT_OF_ORDER:
        find(j, FINDING_TCP_OUT_OF_ORDER, from, judge_stamp(meta));
        break;
    case STREAM_TCP_KEEPALIVE:
        find(j, FINDING_TCP_KEEPALIVE_PROBE, from, judge_stamp(meta));
        break;
    case STREAM_TCP_URGENT:
        find(j, FINDING_TCP_URGENT_DATA, from, judge_stamp(meta));
        break;
    case STREAM_TCP_TRUNCATED:
        find(j, FINDING_TCP_SEGMENT_TRUNCATED, from, judge_stamp(meta));
        break;
    case STREAM_TCP_RST:
        note_end(t, meta);
        break;
    case STREAM_TCP_SYN:
    case STREAM_TCP_EARLY:
        break;
    }
}

/* ---- The end ------------------------------------------------------------ */

/* With payload, in order. */
static uint64_t
segments(const struct judge *j, enum ws_sender from)
{
    return j->tcp[from].heads + j->pub.tally[from].segments;
}

static void
end_resent(struct judge *j, enum ws_sender from)
{
    const struct judge_tcp *t = &j->tcp[from];
    uint64_t all = segments(j, from) + t->resent;
    char text[96];
    if (t->resent == 0)
        return;
    double share = 100.0 * (double)t->resent / (double)all;
    snprintf(text, sizeof text, "%" PRIu64 " of %" PRIu64 " segments, %.1f %%",
             t->resent, all, share);
    bool little =
        share < (double)judge_limit(j, THRESHOLD_RETRANSMISSION_SHARE);
    judge_find(j, &(struct event_finding){
                      .id = FINDING_TCP_RETRANSMISSION,
                      .severity = little ? SEVERITY_CHAT : SEVERITY_NOTE,
                      .lowered = true,
                      .has_from = true,
                      .from = from,
                      .at = t->resent_at,
                      .detail = text,
                  });
}

/* Nothing of the other side was captured although it spoke: its bytes, or its
 * acknowledgements. */
static void
end_unheard(struct judge *j, enum ws_sender from)
{
    const struct judge_tcp *t = &j->tcp[from];
    const struct judge_tally *tally = &j->pub.tally[from];
    struct stamp at = t->unheard;
    char text[64];
    if (j->config.pair->seen[!dir_of(j, from)])
        return;
    if (!at.packet && segments(j, from) > 0 && t->resent == 0 &&
        tally->last_ns - t->first_ns >= ANSWERED_NS)
        at = (struct stamp){tally->last_ns, tally->packet};
    if (!at.packet)
        return;
    snprintf(text, sizeof text, "no packet of the %s",
             ws_sender_name(from == WS_SENDER_CLIENT ? WS_SENDER_SERVER
                                                     : WS_SENDER_CLIENT));
    judge_find(j, &(struct event_finding){
                      .id = FINDING_TCP_ONE_DIRECTION_ONLY,
                      .at = at,
                      .detail = text,
                  });
}

void
judge_tcp_end(struct judge *j, const struct event_end *end)
{
    for (unsigned i = 0; i < 2; i++) {
        enum ws_sender from = (enum ws_sender)i;
        if (j->tcp[i].zero.packet)
            tell_zero_window(j, from, end->at.time_ns, " and to the end");
        end_resent(j, from);
        end_unheard(j, from);
    }
}
