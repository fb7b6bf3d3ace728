/* SPDX-License-Identifier: MIT */
#include "dissect/verdict.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* Close codes that only programs see, RFC 6455 section 7.4.1. */
enum { CODE_NO_STATUS = 1005, CODE_ABNORMAL = 1006 };

/* Why it cannot be known what a side sent last. */
#define DOUBT_TEXT_MAX 80u

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
        [VERDICT_ANSWER_NOT_CAPTURED] = "close-answer-not-captured",
        [VERDICT_FIN_CLOSE_UNKNOWN] = "fin-close-unknown",
        [VERDICT_OTHER_PROTOCOL] = "other-protocol",
    };
    assert((unsigned)id < VERDICT_COUNT);
    return names[id];
}

void
verdict_set_protocol(struct verdict_facts *facts, struct slice upgrade)
{
    size_t max = sizeof facts->protocol - 1;
    size_t n = upgrade.len < max ? upgrade.len : max;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = upgrade.ptr[i];
        facts->protocol[i] = c >= ' ' && c < 0x7f ? (char)c : '?';
    }
    if (upgrade.len > max) /* an ellipsis in ASCII */
        for (size_t i = max - 3; i < max; i++)
            facts->protocol[i] = '.';
    facts->protocol[n] = '\0';
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

/* Whose Close frame came first; the one that was seen when only one was. */
static enum ws_sender
first_closer(const struct verdict_facts *f)
{
    const struct verdict_side *c = &f->side[WS_SENDER_CLIENT];
    const struct verdict_side *s = &f->side[WS_SENDER_SERVER];
    if (!c->sent_close || !s->sent_close)
        return c->sent_close ? WS_SENDER_CLIENT : WS_SENDER_SERVER;
    return c->close.packet <= s->close.packet ? WS_SENDER_CLIENT
                                              : WS_SENDER_SERVER;
}

/* Who ended the TCP connection first, and how. */
struct tcp_end {
    struct stamp at; /* packet 0: nobody */
    enum ws_sender by;
    bool reset;
};

static struct tcp_end
first_end(const struct verdict_facts *f)
{
    struct tcp_end first = {.by = WS_SENDER_CLIENT};
    for (unsigned i = 0; i < 4; i++) {
        const struct verdict_side *side = &f->side[i & 1];
        struct stamp at = i < 2 ? side->fin : side->reset;
        if (at.packet && (!first.at.packet || at.packet < first.at.packet))
            first = (struct tcp_end){at, (enum ws_sender)(i & 1), i >= 2};
    }
    return first;
}

static bool
ended_why(const struct verdict_side *side, enum stream_end why)
{
    return side->ended && side->why == why;
}

/* Can a Close frame, or an answer, stand in what is missing of the side? */
static bool
has_holes(const struct verdict_side *side)
{
    return !side->captured || side->lost || side->gap_bytes;
}

/* ... or have come after we let go? */
static bool
is_doubtful(const struct verdict_side *side)
{
    return has_holes(side) || ended_why(side, STREAM_END_EVICTED);
}

/* The reason for a doubt, to follow a colon. */
static void
doubt_text(const struct verdict_facts *f, enum ws_sender from,
           char out[DOUBT_TEXT_MAX])
{
    const struct verdict_side *side = &f->side[from];
    const char *name = ws_sender_name(from);
    if (!side->captured)
        snprintf(out, DOUBT_TEXT_MAX, "no packet of the %s was captured", name);
    else if (side->gap_bytes)
        snprintf(out, DOUBT_TEXT_MAX,
                 "%" PRIu64 " bytes of the %s were not captured",
                 side->gap_bytes, name);
    else if (side->lost)
        snprintf(out, DOUBT_TEXT_MAX,
                 "the frames of the %s could not be followed to their end",
                 name);
    else
        snprintf(out, DOUBT_TEXT_MAX, "the end of the %s was not seen", name);
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

static void
add_tcp_evidence(const struct verdict_facts *f, struct event_end *out)
{
    const struct verdict_side *c = &f->side[WS_SENDER_CLIENT];
    const struct verdict_side *s = &f->side[WS_SENDER_SERVER];
    add_evidence(out, c->fin, "FIN of the client");
    add_evidence(out, s->fin, "FIN of the server");
    add_evidence(out, c->reset, "RST of the client");
    add_evidence(out, s->reset, "RST of the server");
}

/* Both sent a Close frame; by sent the first one. */
static void
decide_clean(const struct verdict_facts *f, enum ws_sender by,
             struct event_end *out, char text[VERDICT_TEXT_MAX])
{
    const struct verdict_side *a = &f->side[by], *b = &f->side[other(by)];
    double ms = (double)(b->close.time_ns - a->close.time_ns) / 1e6;
    char a_code[32], b_code[32];
    code_text(a, a_code);
    code_text(b, b_code);
    out->clean = true;
    out->verdict = VERDICT_CLEAN_CLOSE;
    if (f->crossed) {
        out->closed_by = CLOSED_BY_BOTH;
        add_evidence(out, b->close,
                     "second Close frame, sent before the "
                     "first one had come");
        snprintf(text, VERDICT_TEXT_MAX,
                 "both closed at once: the %s with %s, the %s with %s %.3f ms "
                 "later",
                 ws_sender_name(by), a_code, ws_sender_name(other(by)), b_code,
                 ms);
    } else {
        add_evidence(out, b->close, "Close frame in answer");
        snprintf(text, VERDICT_TEXT_MAX,
                 "the %s closed with %s; the %s answered with %s after %.3f ms",
                 ws_sender_name(by), a_code, ws_sender_name(other(by)), b_code,
                 ms);
    }
}

/* At least one Close frame was seen. */
static void
decide_closed(const struct verdict_facts *f, struct event_end *out,
              char text[VERDICT_TEXT_MAX])
{
    enum ws_sender by = first_closer(f);
    const char *a = ws_sender_name(by), *b = ws_sender_name(other(by));
    const struct verdict_side *answer = &f->side[other(by)];
    char code[32], doubt[DOUBT_TEXT_MAX];
    code_text(&f->side[by], code);
    out->closed_by = closed_by_sender(by);
    add_evidence(out, f->side[by].close, "first Close frame");
    if (answer->sent_close) {
        decide_clean(f, by, out, text);
    } else if (is_doubtful(answer)) {
        doubt_text(f, other(by), doubt);
        out->closed_by = CLOSED_BY_UNKNOWN;
        out->verdict = VERDICT_ANSWER_NOT_CAPTURED;
        snprintf(text, VERDICT_TEXT_MAX,
                 "the %s closed with %s; whether the %s closed first or "
                 "answered is not known: %s",
                 a, code, b, doubt);
    } else if (!answer->ended || answer->why == STREAM_END_CAPTURE) {
        out->verdict = VERDICT_CLOSE_THEN_CAPTURE_END;
        snprintf(text, VERDICT_TEXT_MAX,
                 "the %s closed with %s; the capture ends before an answer", a,
                 code);
    } else {
        out->verdict = VERDICT_CLOSE_UNANSWERED;
        snprintf(text, VERDICT_TEXT_MAX,
                 "the %s closed with %s; the %s sent no Close frame", a, code,
                 b);
    }
    add_tcp_evidence(f, out);
}

/* TCP was ended first by *end, and no Close frame was seen. */
static void
decide_tcp_ended(const struct verdict_facts *f, const struct tcp_end *end,
                 struct event_end *out, char text[VERDICT_TEXT_MAX])
{
    const char *what = end->reset ? "reset" : "ended";
    enum ws_sender in_doubt = end->by;
    bool other_in_doubt = has_holes(&f->side[other(end->by)]);
    if (!has_holes(&f->side[end->by]))
        in_doubt = other(end->by);
    out->closed_by = closed_by_sender(end->by);
    add_evidence(out, end->at, end->reset ? "RST" : "first FIN");
    for (unsigned i = 0; i < 2; i++)
        if (f->side[i].reset.packet &&
            f->side[i].reset.packet != end->at.packet)
            add_evidence(out, f->side[i].reset,
                         i == WS_SENDER_CLIENT ? "RST of the client"
                                               : "RST of the server");
    out->verdict = end->reset ? VERDICT_RESET : VERDICT_FIN_WITHOUT_CLOSE;
    if (has_holes(&f->side[in_doubt])) {
        char doubt[DOUBT_TEXT_MAX];
        doubt_text(f, in_doubt, doubt);
        if (other_in_doubt) /* its Close frame may have come before */
            out->closed_by = CLOSED_BY_UNKNOWN;
        if (!end->reset)
            out->verdict = VERDICT_FIN_CLOSE_UNKNOWN;
        snprintf(text, VERDICT_TEXT_MAX,
                 "the %s %s the TCP connection; whether a Close frame came "
                 "before is not known: %s",
                 ws_sender_name(end->by), what, doubt);
        return;
    }
    bool then_reset = !end->reset && out->n_evidence > 1;
    snprintf(text, VERDICT_TEXT_MAX,
             "the %s %s the TCP connection without a Close frame%s",
             ws_sender_name(end->by), what,
             then_reset ? "; then it was reset" : "");
}

/* Frames were possible, but nobody said goodbye. */
static void
decide_dropped(const struct verdict_facts *f, struct event_end *out,
               char text[VERDICT_TEXT_MAX])
{
    struct tcp_end end = first_end(f);
    char doubt[DOUBT_TEXT_MAX];
    bool client_in_doubt = has_holes(&f->side[WS_SENDER_CLIENT]);
    if (end.at.packet) {
        decide_tcp_ended(f, &end, out, text);
    } else if (ended_why(&f->side[0], STREAM_END_EVICTED) ||
               ended_why(&f->side[1], STREAM_END_EVICTED)) {
        out->verdict = VERDICT_EVICTED;
        out->closed_by = CLOSED_BY_UNKNOWN;
        snprintf(text, VERDICT_TEXT_MAX,
                 "the end was not seen; its addresses and ports were used "
                 "again or memory was short");
    } else if (client_in_doubt || has_holes(&f->side[WS_SENDER_SERVER])) {
        doubt_text(f, client_in_doubt ? WS_SENDER_CLIENT : WS_SENDER_SERVER,
                   doubt);
        out->verdict = VERDICT_CAPTURE_ENDED;
        out->closed_by = CLOSED_BY_UNKNOWN;
        snprintf(text, VERDICT_TEXT_MAX,
                 "TCP was still open when the capture ended; whether a Close "
                 "frame came before is not known: %s",
                 doubt);
    } else {
        out->verdict = VERDICT_CAPTURE_ENDED;
        snprintf(text, VERDICT_TEXT_MAX, "still open when the capture ended");
    }
}

bool
verdict_is_unanswered(const struct verdict_facts *facts)
{
    return !facts->answered && !facts->accepted && first_end(facts).at.packet &&
           !is_doubtful(&facts->side[WS_SENDER_SERVER]);
}

static void
decide_no_answer(const struct verdict_facts *f, struct event_end *out,
                 char text[VERDICT_TEXT_MAX])
{
    const struct verdict_side *s = &f->side[WS_SENDER_SERVER];
    struct tcp_end end = first_end(f);
    out->verdict = VERDICT_NO_ANSWER;
    if (verdict_is_unanswered(f)) {
        out->closed_by = closed_by_sender(end.by);
        add_tcp_evidence(f, out);
        snprintf(text, VERDICT_TEXT_MAX,
                 end.by == WS_SENDER_SERVER
                     ? "the server %s the connection without answering"
                     : "the client %s the connection before an answer came",
                 end.reset ? "reset" : "closed");
        return;
    }
    out->closed_by = ended_by_capture(f) ? CLOSED_BY_NOBODY : CLOSED_BY_UNKNOWN;
    if (!is_doubtful(s) && ended_why(s, STREAM_END_CAPTURE))
        snprintf(text, VERDICT_TEXT_MAX,
                 "the capture ends before an answer to the upgrade request");
    else
        snprintf(text, VERDICT_TEXT_MAX,
                 "no answer to the upgrade request was captured");
}

static void
decide_not_open(const struct verdict_facts *f, struct event_end *out,
                char text[VERDICT_TEXT_MAX])
{
    add_evidence(out, f->request, "request");
    add_evidence(out, f->response, "response");
    if (!f->answered) {
        decide_no_answer(f, out, text);
    } else if (f->status == 101) {
        /* The connection goes on, though not with frames. */
        out->verdict = VERDICT_OTHER_PROTOCOL;
        snprintf(text, VERDICT_TEXT_MAX, "the server upgraded to %s instead",
                 f->protocol[0] ? f->protocol : "an unnamed protocol");
    } else {
        out->verdict = VERDICT_REFUSED;
        out->closed_by = CLOSED_BY_SERVER;
        snprintf(text, VERDICT_TEXT_MAX,
                 "the server did not upgrade: status %u", f->status);
    }
}

/* What onclose of a browser reports: the code received from the server,
 * 1005 for a Close frame without one, 1006 for no Close frame at all
 * (RFC 6455 sections 7.1.5 and 7.4.1); 0 when that is not known. */
static uint16_t
onclose_code(const struct verdict_facts *f, const struct event_end *out)
{
    const struct verdict_side *s = &f->side[WS_SENDER_SERVER];
    bool known;
    if (s->sent_close)
        return s->has_code ? s->code : CODE_NO_STATUS;
    if (!f->accepted)
        known = f->answered || verdict_is_unanswered(f);
    else
        known = first_end(f).at.packet && !is_doubtful(s) &&
                out->verdict != VERDICT_CLOSE_THEN_CAPTURE_END;
    return known ? CODE_ABNORMAL : 0;
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
