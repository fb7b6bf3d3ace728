/* SPDX-License-Identifier: MIT */
#include "dissect/judge/judge.h"

#include <stdlib.h>

#include "base/budget.h"
#include "dissect/judge/rules.h"

enum err
judge_new(struct judge **out, const struct judge_config *config)
{
    struct judge *j = calloc(1, sizeof *j);
    if (!j)
        return ERR_NOMEM;
    j->config = *config;
    j->pub.idle_ns = INT64_MAX;
    j->pub.tally[0].mask_and = j->pub.tally[1].mask_and = UINT32_MAX;
    *out = j;
    return ERR_OK;
}

void
judge_free(struct judge *j)
{
    free(j);
}

size_t
judge_memory(const struct judge *j)
{
    return budget_block(sizeof *j);
}

struct judge_public *
judge_public(struct judge *j)
{
    return &j->pub;
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
    judge_heads(j, ev);
    judge_opening(j, ev);
    judge_negotiation(j, ev);
    judge_security(j, ev);
    judge_subprotocol(j, ev);
    judge_acceptance(j, ev);
}

void
judge_segment(struct judge *j, enum ws_sender from, uint64_t off, size_t len,
              const struct pkt_meta *meta)
{
    (void)len;
    judge_first_segment(j, from, off, meta);
}

void
judge_frame(struct judge *j, const struct judged_frame *f)
{
    judge_security_frame(j, f);
}

void
judge_message(struct judge *j, const struct event_message *ev,
              const struct pkt_meta *meta)
{
    (void)j;
    (void)ev;
    (void)meta;
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
    (void)from;
    judge_security_tcp(j, what, meta);
}

void
judge_end(struct judge *j, const struct verdict_facts *facts,
          struct event_end *end)
{
    (void)facts;
    judge_security_end(j, end);
}
