/* SPDX-License-Identifier: MIT */
/*
 * ping.c - pings and pongs (RFC 6455 sections 5.5.2 and 5.5.3).
 *
 * A pong answers the most recent waiting ping with its payload, and with that
 * all pings before it ("a pong for only the most recently processed ping").
 * Those are kept as passed over: of two equal pings the second one is answered
 * first so, and most peers answer each.
 * A ping is judged as unanswered when there will be no pong any more: at the
 * first Close frame or at the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/budget.h"
#include "dissect/judge/detail.h"
#include "dissect/judge/rules.h"

/* Waiting pings of a side; the oldest has to go for another one. */
#define WAITING_MAX 64u

/* Below this nobody waits, however fast the network is. */
#define RTT_FLOOR_NS INT64_C(20000000)

/* Bytes between ping and pong that explain a late pong. */
#define QUEUE_LEN 65536u

struct judge_ping {
    struct stamp at;
    struct stamp differs; /* a pong with other bytes; packet 0: none */
    uint64_t number;      /* of the frame */
    uint64_t end_off;     /* behind it, in its sender's stream */
    uint64_t peer_off;    /* of the other side's stream, by then */
    uint64_t peer_frames; /* data frames of the other side, by then */
    bool queued;          /* behind much that was not acknowledged */
    bool passed;          /* a later one is answered */
    uint8_t len;
    uint8_t payload[WS_FRAME_CONTROL_MAX];
};

void
judge_ping_free(struct judge *j)
{
    for (unsigned i = 0; i < 2; i++) {
        free(j->pings[i].waiting);
        round_trips_fini(&j->pings[i].trips);
    }
}

size_t
judge_ping_memory(const struct judge *j)
{
    size_t len = 0;
    for (unsigned i = 0; i < 2; i++) {
        const struct judge_pings *p = &j->pings[i];
        if (p->waiting)
            len += budget_block(p->cap * sizeof p->waiting[0]);
        len += round_trips_memory(&p->trips);
    }
    return len;
}

/* FNV-1a; enough to know one pong again. */
static uint64_t
hash(struct slice payload)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < payload.len; i++)
        h = (h ^ payload.ptr[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* The payload, or "no payload". */
static void
add_payload(struct detail *d, struct slice payload)
{
    if (payload.len > 0)
        detail_add_quoted(d, "", payload, SIZE_MAX);
    else
        detail_add(d, "no payload");
}

static bool
is_comparable(const struct judged_frame *f)
{
    return f->whole && f->control.len == f->header->payload_len;
}

static void
find_lowered(struct judge *j, enum finding_id id, enum severity severity,
             const struct judged_frame *f)
{
    judge_find(j, &(struct event_finding){.id = id,
                                          .severity = severity,
                                          .lowered = true,
                                          .has_from = true,
                                          .from = f->from,
                                          .at = judge_stamp(f->meta),
                                          .has_offset = true,
                                          .offset = f->header->offset,
                                          .frame = f->number});
}

/* ---- Pings -------------------------------------------------------------- */

/* A second with more pings than the limit begins or goes on a run of such
 * seconds. */
static void
count_flood(struct judge *j, const struct judged_frame *f)
{
    struct judge_flood *flood = &j->pings[f->from].flood;
    int64_t now = f->meta->time_ns, second = INT64_C(1000000000);
    uint64_t limit = (uint64_t)judge_limit_ns(j, THRESHOLD_PING_FLOOD);
    int64_t since = now - flood->second_ns;
    char text[64];
    if (flood->n == 0 || since >= 2 * second || since < 0) {
        *flood = (struct judge_flood){now, now, 1};
        return;
    }
    if (since >= second) {
        if (flood->n <= limit)
            flood->run_ns = flood->second_ns + second;
        flood->second_ns += second;
        flood->n = 0;
    }
    flood->n++;
    if (flood->n <= limit ||
        flood->second_ns + second - flood->run_ns <
            judge_limit_ns(j, THRESHOLD_PING_FLOOD_TIME) ||
        !judge_is_first(j, FINDING_PING_FLOOD, f->from))
        return;
    snprintf(text, sizeof text, "more than %" PRIu64 " a second for %.1f s",
             limit, (double)(now - flood->run_ns) / 1e9);
    judge_find_frame(j, FINDING_PING_FLOOD, f, text);
}

/* The waiting ping with that age, 0 being the oldest. */
static struct judge_ping *
waiting_at(const struct judge_pings *p, uint32_t i)
{
    return &p->waiting[(p->oldest + i) % p->cap];
}

static void
drop_oldest(struct judge_pings *p)
{
    p->oldest = (p->oldest + 1) % p->cap;
    p->n--;
}

static void
drop(struct judge_pings *p, uint32_t i)
{
    for (; i > 0; i--)
        *waiting_at(p, i) = *waiting_at(p, i - 1);
    drop_oldest(p);
}

static bool
grow(struct judge_pings *p)
{
    uint32_t cap = p->cap ? 2 * p->cap : 1;
    struct judge_ping *more = malloc(cap * sizeof more[0]);
    if (!more)
        return false;
    for (uint32_t i = 0; i < p->n; i++)
        more[i] = *waiting_at(p, i);
    free(p->waiting);
    p->waiting = more;
    p->cap = cap;
    p->oldest = 0;
    return true;
}

/* Room for one more; NULL: no memory. */
static struct judge_ping *
add_waiting(struct judge_pings *p)
{
    if (p->n == WAITING_MAX) {
        p->dropped += !waiting_at(p, 0)->passed;
        drop_oldest(p);
    }
    if (p->n == p->cap && !grow(p))
        return NULL;
    return waiting_at(p, p->n++);
}

static void
ping(struct judge *j, const struct judged_frame *f)
{
    struct judge_pings *p = &j->pings[f->from];
    enum ws_sender peer = judge_other(f->from);
    struct detail d = {0};
    bool first = judge_is_first(j, FINDING_FRAME_PING, f->from);
    if (first)
        add_payload(&d, f->control);
    judge_find_frame(j, FINDING_FRAME_PING, f, first ? d.text : NULL);
    count_flood(j, f);
    /* What is not known whole cannot be compared, and a pong may have come
     * out before: this ping was found late. */
    if (!is_comparable(f) || p->settled ||
        (p->stray_packet > f->meta->number &&
         p->stray_hash == hash(f->control)))
        return;
    struct judge_ping *ping = add_waiting(p);
    if (!ping) {
        j->no_memory = true;
        return;
    }
    const struct ws_frame_header *h = f->header;
    *ping = (struct judge_ping){
        .at = judge_stamp(f->meta),
        .number = f->number,
        .end_off = h->offset + h->header_len + h->payload_len,
        .peer_off = j->pub.tally[peer].end_off,
        .peer_frames = j->pub.tally[peer].frames,
        .len = (uint8_t)f->control.len,
    };
    if (f->control.len > 0)
        memcpy(ping->payload, f->control.ptr, f->control.len);
    ping->queued = h->offset > QUEUE_LEN &&
                   !judge_had_read(j, peer, h->offset - QUEUE_LEN);
}

/* ---- Pongs -------------------------------------------------------------- */

static void
find_differs(struct judge *j, enum ws_sender pinger,
             const struct judge_ping *ping)
{
    char text[64];
    snprintf(text, sizeof text, "the ping is frame %" PRIu64 " of the %s",
             ping->number, ws_sender_name(pinger));
    judge_find_side(j, FINDING_PONG_PAYLOAD_DIFFERS, judge_other(pinger),
                    ping->differs, text);
}

/* Much was in the way of the answer, or it was sent twice. */
static bool
is_explained(const struct judge *j, const struct judge_ping *ping,
             const struct judged_frame *pong)
{
    for (unsigned i = 0; i < 2; i++)
        if (j->path[i].resent_ns >= ping->at.time_ns)
            return true;
    return ping->queued || pong->header->offset > ping->peer_off + QUEUE_LEN;
}

static void
find_high(struct judge *j, const struct judge_ping *ping,
          const struct judged_frame *pong, int64_t ns)
{
    int64_t tcp = judge_tcp_rtt(j);
    int64_t ratio = judge_limit_ns(j, THRESHOLD_RTT_HIGH);
    bool high =
        ns > judge_limit_ns(j, THRESHOLD_PING_RTT) ||
        (tcp >= 0 && ns > RTT_FLOOR_NS && (ratio < 1 || ns / ratio > tcp));
    char text[96];
    if (!high || is_explained(j, ping, pong))
        return;
    int n = snprintf(text, sizeof text, "%.3f ms", (double)ns / 1e6);
    if (tcp >= 0 && n > 0)
        snprintf(text + n, sizeof text - (size_t)n, ", %.3f ms for TCP",
                 (double)tcp / 1e6);
    judge_find_frame(j, FINDING_PERF_PING_RTT_HIGH, pong, text);
}

/* The one with age i is answered, and those before it. */
static void
match(struct judge *j, const struct judged_frame *f, uint32_t i)
{
    enum ws_sender pinger = judge_other(f->from);
    struct judge_pings *p = &j->pings[pinger];
    const struct judge_ping *ping = waiting_at(p, i);
    int64_t ns = f->meta->time_ns - ping->at.time_ns;
    char text[96];
    bool first = judge_is_first(j, FINDING_FRAME_PONG, f->from);
    if (first)
        snprintf(text, sizeof text,
                 "answers frame %" PRIu64 " of the %s after %.3f ms",
                 ping->number, ws_sender_name(pinger), (double)ns / 1e6);
    judge_find_frame(j, FINDING_FRAME_PONG, f, first ? text : NULL);
    if (!ping->passed) {
        round_trips_add(&p->trips, ns);
        if (p->unanswered.packet <= ping->at.packet)
            p->unanswered.packet = 0; /* it was on its way */
        find_high(j, ping, f, ns);
        for (uint32_t k = 0; k < i; k++) {
            struct judge_ping *earlier = waiting_at(p, k);
            if (!earlier->passed && earlier->differs.packet)
                find_differs(j, pinger, earlier);
            earlier->passed = true;
        }
    }
    drop(p, i);
}

/* The only one that still has no answer; NULL: none, or more. */
static struct judge_ping *
only_waiting(const struct judge_pings *p)
{
    bool alone = p->n > 0 && (p->n == 1 || waiting_at(p, p->n - 2)->passed);
    struct judge_ping *last = alone ? waiting_at(p, p->n - 1) : NULL;
    return last && !last->passed ? last : NULL;
}

static void
stray(struct judge *j, const struct judged_frame *f)
{
    enum ws_sender pinger = judge_other(f->from);
    struct judge_pings *p = &j->pings[pinger];
    struct judge_ping *only = only_waiting(p);
    if (p->n == 0 || waiting_at(p, p->n - 1)->passed) {
        p->stray_hash = hash(f->control);
        p->stray_packet = f->meta->number;
        /* Its ping may be in what was not captured. */
        if (judge_saw_all(j, pinger))
            judge_find_frame(j, FINDING_PONG_UNSOLICITED, f, NULL);
        else
            find_lowered(j, FINDING_PONG_UNSOLICITED, SEVERITY_CHAT, f);
    } else if (only && only->differs.packet == 0 && judge_saw_all(j, pinger)) {
        only->differs = judge_stamp(f->meta);
    }
}

static void
pong(struct judge *j, const struct judged_frame *f)
{
    const struct judge_pings *p = &j->pings[judge_other(f->from)];
    if (!is_comparable(f))
        return;
    /* Passed ones are the oldest: they come last. */
    for (uint32_t i = p->n; i-- > 0;) {
        const struct judge_ping *ping = waiting_at(p, i);
        if (slice_equal(slice_make(ping->payload, ping->len), f->control)) {
            match(j, f, i);
            return;
        }
    }
    stray(j, f);
}

/* ---- No pong any more --------------------------------------------------- */

/*
 * Nobody has to answer from here on: what waits now, was it unanswered for too
 * long?  last: the last sign of the connection.
 */
static bool
is_unanswered(const struct judge *j, enum ws_sender pinger,
              const struct judge_ping *ping, struct stamp last)
{
    enum ws_sender peer = judge_other(pinger);
    const struct judge_tally *t = &j->pub.tally[peer];
    /* What is sent again and never acknowledged does not arrive. */
    if (j->path[pinger].resent_ns >= ping->at.time_ns &&
        !judge_had_read(j, peer, ping->end_off))
        return false;
    /* One long message may hold it up, two may not. */
    if (t->frames >= ping->peer_frames + 2 &&
        t->last_ns - ping->at.time_ns > judge_limit_ns(j, THRESHOLD_PING_REPLY))
        return true;
    return last.time_ns - ping->at.time_ns >
           judge_limit_ns(j, THRESHOLD_PING_REPLY_SILENT);
}

static void
find_unanswered(struct judge *j, enum ws_sender pinger,
                const struct judge_ping *ping, struct stamp last)
{
    struct detail d = {0};
    detail_addf(&d, "%.3f s after frame %" PRIu64 " of the %s, ",
                (double)(last.time_ns - ping->at.time_ns) / 1e9, ping->number,
                ws_sender_name(pinger));
    add_payload(&d, slice_make(ping->payload, ping->len));
    judge_find_side(j, FINDING_PING_UNANSWERED, judge_other(pinger), ping->at,
                    d.text);
}

/* judged: whether all of both sides was captured. */
static void
settle(struct judge *j, enum ws_sender pinger, struct stamp last, bool judged)
{
    struct judge_pings *p = &j->pings[pinger];
    if (p->settled)
        return;
    p->settled = true;
    for (uint32_t i = 0; i < p->n; i++) {
        const struct judge_ping *ping = waiting_at(p, i);
        if (ping->passed || !judged || j->side[0].gap || j->side[1].gap)
            continue;
        if (ping->differs.packet)
            find_differs(j, pinger, ping);
        else if (is_unanswered(j, pinger, ping, last))
            find_unanswered(j, pinger, ping, last);
        p->unanswered = ping->at;
    }
}

static bool
is_captured(const struct judge *j, enum ws_sender from)
{
    const struct judge_path *p = &j->path[from];
    return p->has_base || p->has_acked || judge_saw_all(j, from);
}

void
judge_ping_frame(struct judge *j, const struct judged_frame *f)
{
    switch (f->header->opcode) {
    case WS_OP_PING:
        ping(j, f);
        break;
    case WS_OP_PONG:
        pong(j, f);
        break;
    case WS_OP_CLOSE: {
        bool both = is_captured(j, WS_SENDER_CLIENT) &&
                    is_captured(j, WS_SENDER_SERVER);
        settle(j, WS_SENDER_CLIENT, judge_stamp(f->meta), both);
        settle(j, WS_SENDER_SERVER, judge_stamp(f->meta), both);
        break;
    }
    default:
        break;
    }
}

static void
find_round_trips(struct judge *j, enum ws_sender pinger, struct stamp at)
{
    const struct judge_pings *p = &j->pings[pinger];
    struct event_rtt rtt = round_trips_summary(&p->trips);
    int64_t tcp = judge_tcp_rtt(j);
    char text[200];
    int n = snprintf(text, sizeof text, "%" PRIu64 " answered, %.3f ms", rtt.n,
                     (double)rtt.min_ns / 1e6);
    if (rtt.n > 1)
        n = snprintf(text, sizeof text,
                     "%" PRIu64
                     " answered, %.3f to %.3f ms, median %.3f, 95 %% %.3f",
                     rtt.n, (double)rtt.min_ns / 1e6, (double)rtt.max_ns / 1e6,
                     (double)rtt.median_ns / 1e6, (double)rtt.p95_ns / 1e6);
    if (tcp >= 0 && n > 0)
        n += snprintf(text + n, sizeof text - (size_t)n, "; TCP %.3f ms",
                      (double)tcp / 1e6);
    if (p->dropped && n > 0)
        snprintf(text + n, sizeof text - (size_t)n,
                 "; %" PRIu64 " waiting too long to be paired", p->dropped);
    judge_find_side(j, FINDING_PERF_PING_RTT, pinger, at, text);
}

void
judge_ping_end(struct judge *j, struct verdict_facts *facts,
               struct event_end *end)
{
    struct verdict_tcp_end tcp = verdict_tcp_end(facts);
    bool judged = !verdict_has_holes(&facts->side[0]) &&
                  !verdict_has_holes(&facts->side[1]);
    for (unsigned i = 0; i < 2; i++) {
        enum ws_sender pinger = (enum ws_sender)i;
        /* A frame that is still being sent may hold the pong up. */
        bool busy = facts->side[judge_other(pinger)].frame_open;
        settle(j, pinger, tcp.at.packet ? tcp.at : end->at, judged && !busy);
        facts->side[i].ping = j->pings[i].unanswered;
        end->rtt[i] = round_trips_summary(&j->pings[i].trips);
        if (end->rtt[i].n > 0)
            find_round_trips(j, pinger, end->at);
    }
}
