/* SPDX-License-Identifier: MIT */
#include "dissect/verdict.h"

#include <assert.h>
#include <stdio.h>

/* Close codes that only programs see, RFC 6455 section 7.4.1. */
enum { CODE_NO_STATUS = 1005, CODE_ABNORMAL = 1006 };

const char *
verdict_name(enum verdict_id id)
{
    static const char *const names[] = {
        [VERDICT_CLEAN_CLOSE] = "clean-close",
        [VERDICT_CLOSE_UNANSWERED] = "close-unanswered",
        [VERDICT_FIN_WITHOUT_CLOSE] = "fin-without-close",
        [VERDICT_RESET] = "reset",
        [VERDICT_REFUSED] = "refused",
        [VERDICT_NO_ANSWER] = "no-answer",
        [VERDICT_CAPTURE_ENDED] = "capture-ended",
        [VERDICT_EVICTED] = "evicted",
        [VERDICT_CLOSE_THEN_CAPTURE_END] = "close-then-capture-end",
    };
    assert((unsigned)id < VERDICT_COUNT);
    return names[id];
}

static void
add_evidence(struct event_end *out, struct stamp at, const char *what)
{
    if (at.packet == 0 || out->n_evidence == EVENT_EVIDENCE_MAX)
        return;
    out->evidence[out->n_evidence].packet = at.packet;
    out->evidence[out->n_evidence].what = what;
    out->n_evidence++;
}

/* Which of two stamps came first; the one that exists when only one does. */
static enum ws_sender
first_of(struct stamp client, struct stamp server)
{
    if (client.packet == 0)
        return WS_SENDER_SERVER;
    if (server.packet == 0)
        return WS_SENDER_CLIENT;
    return client.packet <= server.packet ? WS_SENDER_CLIENT : WS_SENDER_SERVER;
}

static enum closed_by
closed_by_sender(enum ws_sender from)
{
    return from == WS_SENDER_CLIENT ? CLOSED_BY_CLIENT : CLOSED_BY_SERVER;
}

static enum ws_sender
other(enum ws_sender from)
{
    return from == WS_SENDER_CLIENT ? WS_SENDER_SERVER : WS_SENDER_CLIENT;
}

static void
code_text(const struct verdict_side *side, char out[32])
{
    if (side->has_code)
        snprintf(out, 32, "code %u", side->code);
    else
        snprintf(out, 32, "no code");
}

static bool
ended_by_capture(const struct verdict_facts *f)
{
    for (unsigned i = 0; i < 2; i++)
        if (f->side[i].ended && f->side[i].why != STREAM_END_CAPTURE)
            return false;
    return true;
}

static bool
was_evicted(const struct verdict_facts *f)
{
    return f->side[0].why == STREAM_END_EVICTED ||
           f->side[1].why == STREAM_END_EVICTED;
}

/* At least one Close frame was seen. */
static void
decide_closed(const struct verdict_facts *f, struct event_end *out,
              char text[VERDICT_TEXT_MAX])
{
    const struct verdict_side *c = &f->side[WS_SENDER_CLIENT];
    const struct verdict_side *s = &f->side[WS_SENDER_SERVER];
    enum ws_sender first = first_of(c->close, s->close);
    const struct verdict_side *a = &f->side[first];
    const struct verdict_side *b = &f->side[other(first)];
    char a_code[32], b_code[32];
    code_text(a, a_code);
    code_text(b, b_code);
    out->closed_by = closed_by_sender(first);
    add_evidence(out, a->close, "first Close frame");
    if (b->sent_close) {
        add_evidence(out, b->close, "Close frame in answer");
        out->clean = true;
        out->verdict = VERDICT_CLEAN_CLOSE;
        snprintf(text, VERDICT_TEXT_MAX,
                 "the %s closed with %s; the %s answered with %s after %.3f ms",
                 ws_sender_name(first), a_code, ws_sender_name(other(first)),
                 b_code, (double)(b->close.time_ns - a->close.time_ns) / 1e6);
    } else if (ended_by_capture(f)) {
        out->verdict = VERDICT_CLOSE_THEN_CAPTURE_END;
        snprintf(text, VERDICT_TEXT_MAX,
                 "the %s closed with %s; the capture ends before an answer",
                 ws_sender_name(first), a_code);
    } else {
        out->verdict = VERDICT_CLOSE_UNANSWERED;
        snprintf(text, VERDICT_TEXT_MAX,
                 "the %s closed with %s; the %s sent no Close frame",
                 ws_sender_name(first), a_code, ws_sender_name(other(first)));
    }
    add_evidence(out, c->fin, "FIN of the client");
    add_evidence(out, s->fin, "FIN of the server");
    add_evidence(out, c->reset, "RST of the client");
    add_evidence(out, s->reset, "RST of the server");
}

/* Frames were possible, but nobody said goodbye. */
static void
decide_dropped(const struct verdict_facts *f, struct event_end *out,
               char text[VERDICT_TEXT_MAX])
{
    const struct verdict_side *c = &f->side[WS_SENDER_CLIENT];
    const struct verdict_side *s = &f->side[WS_SENDER_SERVER];
    if (c->reset.packet || s->reset.packet) {
        enum ws_sender by = first_of(c->reset, s->reset);
        out->verdict = VERDICT_RESET;
        out->closed_by = closed_by_sender(by);
        add_evidence(out, f->side[by].reset, "RST");
        snprintf(text, VERDICT_TEXT_MAX,
                 "the %s reset the TCP connection without a Close frame",
                 ws_sender_name(by));
    } else if (c->fin.packet || s->fin.packet) {
        enum ws_sender by = first_of(c->fin, s->fin);
        out->verdict = VERDICT_FIN_WITHOUT_CLOSE;
        out->closed_by = closed_by_sender(by);
        add_evidence(out, f->side[by].fin, "first FIN");
        snprintf(text, VERDICT_TEXT_MAX,
                 "the %s ended the TCP connection without a Close frame",
                 ws_sender_name(by));
    } else if (was_evicted(f)) {
        out->verdict = VERDICT_EVICTED;
        out->closed_by = CLOSED_BY_UNKNOWN;
        snprintf(text, VERDICT_TEXT_MAX,
                 "the end was not seen; its addresses and ports were used "
                 "again or memory was short");
    } else {
        out->verdict = VERDICT_CAPTURE_ENDED;
        snprintf(text, VERDICT_TEXT_MAX, "still open when the capture ended");
    }
}

static void
decide_not_open(const struct verdict_facts *f, struct event_end *out,
                char text[VERDICT_TEXT_MAX])
{
    add_evidence(out, f->request, "request");
    if (f->answered) {
        out->verdict = VERDICT_REFUSED;
        out->closed_by = CLOSED_BY_SERVER;
        add_evidence(out, f->response, "response");
        snprintf(text, VERDICT_TEXT_MAX,
                 "the server did not upgrade: status %u", f->status);
        return;
    }
    out->verdict = VERDICT_NO_ANSWER;
    out->closed_by = ended_by_capture(f) ? CLOSED_BY_NOBODY : CLOSED_BY_UNKNOWN;
    snprintf(text, VERDICT_TEXT_MAX,
             "no answer to the upgrade request was captured");
}

/* What onclose of a browser reports: the code received from the server,
 * 1005 for a Close frame without one, 1006 for no Close frame at all
 * (RFC 6455 sections 7.1.5 and 7.4.1). */
static uint16_t
onclose_code(const struct verdict_facts *f, const struct event_end *out)
{
    const struct verdict_side *s = &f->side[WS_SENDER_SERVER];
    if (s->sent_close)
        return s->has_code ? s->code : CODE_NO_STATUS;
    if (out->closed_by == CLOSED_BY_NOBODY ||
        out->verdict == VERDICT_CLOSE_THEN_CAPTURE_END)
        return 0;
    return CODE_ABNORMAL;
}

void
verdict_decide(const struct verdict_facts *facts, struct event_end *out,
               char text[VERDICT_TEXT_MAX])
{
    out->closed_by = CLOSED_BY_NOBODY;
    out->clean = false;
    out->n_evidence = 0;
    out->text = text;
    for (unsigned i = 0; i < 2; i++) {
        out->has_close_code[i] = facts->side[i].has_code;
        out->close_code[i] = facts->side[i].code;
    }
    if (!facts->accepted)
        decide_not_open(facts, out, text);
    else if (facts->side[0].sent_close || facts->side[1].sent_close)
        decide_closed(facts, out, text);
    else
        decide_dropped(facts, out, text);
    out->onclose_code = onclose_code(facts, out);
}
