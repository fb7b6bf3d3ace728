/* SPDX-License-Identifier: MIT */
#include "dissect/judge/judge.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/budget.h"
#include "dissect/judge/rules.h"

#define THRESHOLD(symbol, name, unit, fallback, findings, text)                \
    [THRESHOLD_##symbol] = (fallback),
static const struct thresholds standard = {.value = {
#include "dissect/threshold.def"
                                           }};
#undef THRESHOLD

static uint32_t
limit32(const struct judge *j, enum threshold_id id)
{
    uint64_t limit = judge_limit(j, id);
    return limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX;
}

static void
init_public(struct judge *j)
{
    struct judge_public *p = &j->pub;
    p->each = j->chat;
    int64_t idle_ns = judge_limit_ns(j, THRESHOLD_IDLE_NO_KEEPALIVE);
    int64_t nagle_ns = judge_limit_ns(j, THRESHOLD_NAGLE_MIN);
    p->quiet_ns = j->chat ? 0 : idle_ns < nagle_ns ? idle_ns : nagle_ns;
    p->burst_ns = judge_limit_ns(j, THRESHOLD_SMALL_FRAMES_TIME);
    p->burst_max = judge_limit(j, THRESHOLD_SMALL_FRAMES);
    p->small_len = judge_limit(j, THRESHOLD_SMALL_FRAME_SIZE);
    p->tiny_len = limit32(j, THRESHOLD_TINY_PAYLOAD);
    p->huge_len = limit32(j, THRESHOLD_PERF_HUGE_FRAME);
    p->some[0].mask_and = p->some[1].mask_and = UINT32_MAX;
}

enum err
judge_new(struct judge **out, const struct judge_config *config)
{
    struct judge *j = calloc(1, sizeof *j);
    if (!j)
        return ERR_NOMEM;
    j->config = *config;
    if (!j->config.limits)
        j->config.limits = &standard;
    j->chat = config->emit->sink->least == SEVERITY_CHAT &&
              emit_wants(config->emit, EVENT_FINDING);
    init_public(j);
    judge_path_init(j);
    j->config.emit->alarm = &j->pub.each;
    *out = j;
    return ERR_OK;
}

void
judge_free(struct judge *j)
{
    if (!j)
        return;
    judge_closing_free(j);
    judge_ping_free(j);
    judge_tcp_free(j);
    free(j);
}

size_t
judge_memory(const struct judge *j)
{
    return budget_block(sizeof *j) + judge_closing_memory(j) +
           judge_ping_memory(j) + judge_tcp_memory(j);
}

bool
judge_failed(const struct judge *j)
{
    return j->no_memory || j->pings[0].trips.no_memory ||
           j->pings[1].trips.no_memory;
}

struct judge_public *
judge_public(struct judge *j)
{
    return &j->pub;
}

bool
judge_sample(struct judge_public *p, enum ws_sender from,
             const struct ws_frame_header *h, const struct pkt_meta *meta)
{
    uint32_t n = p->tally[from].frames;
    bool all = n <= JUDGE_SAMPLE_ALL;
    bool look = false;
    if (h->masked && h->payload_len > 0)
        look = judge_add_mask(&p->some[from], h->mask,
                              all || n % JUDGE_SAMPLE == 1);
    if (all || n % JUDGE_SAMPLE == 0)
        look |= judge_add_burst(p, from, h->offset, meta->time_ns);
    return look;
}

/* ---- Telling ------------------------------------------------------------ */

void
judge_find(struct judge *j, const struct event_finding *ev)
{
    emit_finding(j->config.emit, ev);
}

void
judge_find_side(struct judge *j, enum finding_id id, enum ws_sender from,
                struct stamp at, const char *detail)
{
    judge_find(j, &(struct event_finding){.id = id,
                                          .has_from = true,
                                          .from = from,
                                          .at = at,
                                          .detail = detail});
}

void
judge_find_frame(struct judge *j, enum finding_id id,
                 const struct judged_frame *f, const char *detail)
{
    judge_find(j, &(struct event_finding){.id = id,
                                          .has_from = true,
                                          .from = f->from,
                                          .at = judge_stamp(f->meta),
                                          .has_offset = true,
                                          .offset = f->header->offset,
                                          .frame = f->number,
                                          .message = f->message,
                                          .detail = detail});
}

/* ---- What happened ------------------------------------------------------ */

void
judge_handshake(struct judge *j, const struct event_handshake *ev)
{
    j->seen = ev->seen;
    j->accepted = ev->accepted;
    j->has_deflate = ev->has_deflate;
    j->pub.last_ns =
        ev->response.packet ? ev->response.time_ns : ev->at.time_ns;
    judge_tcp_handshake(j, ev);
    judge_heads(j, ev);
    judge_opening(j, ev);
    judge_negotiation(j, ev);
    judge_security(j, ev);
    judge_subprotocol(j, ev);
    judge_acceptance(j, ev);
}

/* What usually is so stays so, and a segment of which it is not true comes
 * here once more. */
void
judge_odd_segment(struct judge_public *p, enum ws_sender from, uint64_t off,
                  const struct pkt_meta *meta)
{
    struct judge *j = (struct judge *)p;
    const struct judge_path *path = &j->path[from];
    if (meta->acks)
        judge_tcp(j, from, STREAM_TCP_ACK, meta);
    judge_first_segment(j, from, off, meta);
    judge_path_odd(j, from, off, meta);
    judge_tcp_first(j, from, meta);
    p->tally[from].known =
        path->has_base && path->has_acked && judge_tcp_is_heard(j, from);
}

void
judge_frame(struct judge *j, const struct judged_frame *f)
{
    judge_security_frame(j, f);
    if (j->pub.each)
        judge_violation(j, f);
    judge_mask(j, f);
    judge_performance(j, f);
    judge_frame_rules(j, f);
    judge_closing_frame(j, f);
    judge_ping_frame(j, f);
}

void
judge_message(struct judge *j, const struct event_message *ev,
              const struct pkt_meta *meta)
{
    judge_message_rules(j, ev, meta);
}

void
judge_gap(struct judge *j, enum ws_sender from)
{
    j->side[from].gap = true;
}

void
judge_tcp(struct judge *j, enum ws_sender from, enum stream_tcp what,
          const struct pkt_meta *meta)
{
    if (what == STREAM_TCP_ACK &&
        meta->time_ns - j->pub.last_ns > j->pub.quiet_ns)
        judge_late_ack(j, from, meta);
    if (what == STREAM_TCP_ACK && !j->pub.each) {
        judge_path_tcp(j, from, what, meta);
        if (!judge_tcp_is_heard(j, from))
            judge_tcp_event(j, from, what, meta);
        return;
    }
    judge_security_tcp(j, what, meta);
    judge_violation_tcp(j, from, what, meta);
    judge_path_tcp(j, from, what, meta);
    judge_closing_tcp(j, from, what, meta);
    judge_tcp_event(j, from, what, meta);
}

void
judge_end(struct judge *j, struct verdict_facts *facts, struct event_end *end)
{
    judge_mask_end(j, end);
    judge_performance_end(j, end);
    judge_ping_end(j, facts, end);
    judge_closing_end(j, facts, end);
}

void
judge_verdict(struct judge *j, const struct event_end *end)
{
    judge_security_end(j, end);
    judge_tcp_end(j, end);
}
