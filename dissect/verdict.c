/* SPDX-License-Identifier: MIT */
#include "dissect/verdict.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dissect/close_code.h"

/* Close codes that only programs see, RFC 6455 section 7.4.1. */
enum { CODE_NO_STATUS = 1005, CODE_ABNORMAL = 1006 };

/* A silence before the end that is worth a word. */
#define SILENCE_NS INT64_C(10000000000)

/* A ping that waits this long when its sender closes is a reason to close. */
#define PING_PATIENCE_NS INT64_C(1000000000)

/* Packets of a host from which its RST is told apart. */
enum { HOST_PACKETS = 3 };

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
        [VERDICT_PROTOCOL_ERROR] = "protocol-error",
        [VERDICT_IDLE_CUT] = "idle-cut",
        [VERDICT_RESET_BY_MIDDLEBOX] = "reset-by-middlebox",
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

/* Appends to a sentence; what does not fit is left out. */
__attribute__((format(printf, 2, 3))) static void
add(char text[VERDICT_TEXT_MAX], const char *format, ...)
{
    size_t n = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + n, VERDICT_TEXT_MAX - n, format, args);
    va_end(args);
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

struct verdict_tcp_end
verdict_tcp_end(const struct verdict_facts *f)
{
    struct verdict_tcp_end first = {.by = WS_SENDER_CLIENT};
    for (unsigned i = 0; i < 4; i++) {
        const struct verdict_side *side = &f->side[i & 1];
        struct stamp at = i < 2 ? side->fin : side->reset;
        if (at.packet && (!first.at.packet || at.packet < first.at.packet))
            first =
                (struct verdict_tcp_end){at, (enum ws_sender)(i & 1), i >= 2};
    }
    return first;
}

static bool
ended_why(const struct verdict_side *side, enum stream_end why)
{
    return side->ended && side->why == why;
}

bool
verdict_has_holes(const struct verdict_side *side)
{
    return !side->captured || side->lost || side->gap_bytes;
}

/* ... or have come after we let go? */
static bool
is_doubtful(const struct verdict_side *side)
{
    return verdict_has_holes(side) || ended_why(side, STREAM_END_EVICTED);
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
add_code(char text[VERDICT_TEXT_MAX], const struct verdict_side *side)
{
    if (side->has_code)
        add(text, "code %u", side->code);
    else
        add(text, "no code");
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

/* ---- A RST, and whose it is --------------------------------------------- */

void
verdict_note_reset(struct verdict_host *host, const struct pkt_meta *meta)
{
    host->rst_ttl = meta->ttl;
    host->rst_ip_id = meta->ip_id;
    host->rst_seq = meta->seq;
}

/* Hops that a packet made, if it began with one of the usual values. */
static unsigned
hops(uint8_t ttl)
{
    return ttl <= 64 ? 64u - ttl : ttl <= 128 ? 128u - ttl : 255u - ttl;
}

/* How many hops the RST was nearer or farther than all other packets.  A host
 * may begin with another TTL for a RST: then the hops are the same. */
static unsigned
ttl_distance(const struct verdict_host *h)
{
    if (hops(h->rst_ttl) == hops(h->ttl_min) ||
        hops(h->rst_ttl) == hops(h->ttl_max))
        return 0;
    if (h->rst_ttl < h->ttl_min)
        return (unsigned)(h->ttl_min - h->rst_ttl);
    return h->rst_ttl > h->ttl_max ? (unsigned)(h->rst_ttl - h->ttl_max) : 0;
}

/* The host counts its packets, and the RST stands elsewhere.  0 says nothing:
 * so does a kernel that answers for a socket that is gone. */
static bool
has_foreign_id(const struct verdict_host *h)
{
    int16_t step = (int16_t)(uint16_t)(h->rst_ip_id - h->ip_id);
    return h->ids && !h->jumps && h->rst_ip_id != 0 &&
           (step < -VERDICT_ID_STEP || step > VERDICT_ID_STEP);
}

/* RFC 9293 section 3.5.2: a RST stands at the sender's next byte (or behind
 * its FIN), or where the segment said that it answers. */
static bool
has_foreign_seq(const struct verdict_host *h)
{
    return h->has_seq && h->has_peer_acked && h->rst_seq != h->seq &&
           h->rst_seq != h->seq + 1 && h->rst_seq != h->peer_acked;
}

bool
verdict_is_forged(const struct verdict_side *side)
{
    const struct verdict_host *h = &side->host;
    if (!side->reset.packet || h->n < HOST_PACKETS)
        return false;
    /* Routes change now and then by a hop. */
    unsigned far = ttl_distance(h);
    return far > 1 || (far == 1 && (has_foreign_id(h) || has_foreign_seq(h))) ||
           (has_foreign_id(h) && has_foreign_seq(h));
}

static void
add_ttl_range(char text[VERDICT_TEXT_MAX], const struct verdict_host *h)
{
    if (h->ttl_min == h->ttl_max)
        add(text, "%u", h->ttl_min);
    else
        add(text, "%u to %u", h->ttl_min, h->ttl_max);
}

/* How the RST differs from the packets of the host it names. */
static void
add_difference(char text[VERDICT_TEXT_MAX], const struct verdict_host *h)
{
    const char *and = "";
    add(text, " (");
    if (ttl_distance(h) > 0) {
        add(text, "TTL %u instead of ", h->rst_ttl);
        add_ttl_range(text, h);
        and = ", ";
    }
    if (has_foreign_id(h)) {
        add(text, "%sIP id %u after %u", and, h->rst_ip_id, h->ip_id);
        and = ", ";
    }
    if (has_foreign_seq(h))
        add(text, "%ssequence number off by %" PRId32, and,
            (int32_t)(h->rst_seq - h->seq));
    add(text, ")");
}

/* ---- Silence ------------------------------------------------------------ */

int64_t
verdict_silence(const struct verdict_facts *f)
{
    struct verdict_tcp_end end = verdict_tcp_end(f);
    struct stamp last = f->response;
    for (unsigned i = 0; i < 2; i++) {
        const struct verdict_side *side = &f->side[i];
        if (verdict_has_holes(side))
            return -1;
        if (side->last_frame.packet &&
            (!last.packet || side->last_frame.time_ns > last.time_ns))
            last = side->last_frame;
    }
    if (!end.at.packet || !last.packet || end.at.time_ns < last.time_ns)
        return -1;
    return end.at.time_ns - last.time_ns;
}

unsigned
verdict_timeout(int64_t silence_ns, unsigned percent)
{
    /* Of proxies, load balancers and firewalls. */
    static const unsigned table[] = {10,  15,  20,  30,  45,  60,  90,  100,
                                     120, 180, 240, 300, 350, 600, 900, 3600};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int64_t ns = INT64_C(1000000000) * table[i];
        int64_t slack = ns / 100 * percent;
        if (silence_ns >= ns - slack && silence_ns <= ns + slack)
            return table[i];
    }
    return 0;
}

/* ---- Why ---------------------------------------------------------------- */

static void
add_cause(char text[VERDICT_TEXT_MAX], const struct verdict_side *side,
          enum ws_sender from, struct event_end *out)
{
    const struct verdict_cause *cause = &side->cause;
    if (cause->frame)
        add(text, " because of frame %" PRIu64 " of the %s (%s)", cause->frame,
            ws_sender_name(other(from)), cause->id);
    else
        add(text, " because of what the %s sent (%s)",
            ws_sender_name(other(from)), cause->id);
    add_evidence(out, cause->at,
                 cause->frame ? "the frame that broke a rule"
                              : "what broke a rule");
}

/* Its own ping that got no answer before `at`. */
static void
add_ping(char text[VERDICT_TEXT_MAX], const struct verdict_side *side,
         struct stamp at, struct event_end *out)
{
    add(text, ", %.3f s after a ping that was not answered",
        (double)(at.time_ns - side->ping.time_ns) / 1e9);
    add_evidence(out, side->ping, "ping without an answer");
}

/* Why TCP was ended without a Close frame, as far as that can be seen. */
static void
add_reason(const struct verdict_facts *f, const struct verdict_tcp_end *end,
           struct event_end *out, char text[VERDICT_TEXT_MAX])
{
    const struct verdict_side *by = &f->side[end->by];
    const struct verdict_side *peer = &f->side[other(end->by)];
    int64_t silence = verdict_silence(f);
    if (by->cause.id) {
        add_cause(text, by, end->by, out);
        return;
    }
    if (by->ping.packet) {
        add_ping(text, by, end->at, out);
        return;
    }
    if (silence >= SILENCE_NS || f->timeout_s) {
        struct stamp last = f->response;
        for (unsigned i = 0; i < 2; i++)
            if (f->side[i].last_frame.packet > last.packet)
                last = f->side[i].last_frame;
        add_evidence(out, last, "the last frame before the silence");
        add(text, " after %.3f s of silence", (double)silence / 1e9);
    }
    if (f->timeout_s)
        add(text, ", as by a time-out of %u s", f->timeout_s);
    if (peer->ping.packet)
        add(text, "; the last ping of the %s was not answered",
            ws_sender_name(other(end->by)));
}

/* A code that says that the other side broke a rule, and that rule. */
static bool
is_protocol_error(const struct verdict_side *side)
{
    static const uint16_t codes[] = {1002, 1003, 1007, 1009, 1010};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (side->has_code && side->code == codes[i])
            return side->cause.id != NULL;
    return false;
}

/* ---- The end of an open connection -------------------------------------- */

/* Both sent a Close frame; by sent the first one. */
static void
decide_clean(const struct verdict_facts *f, enum ws_sender by,
             struct event_end *out, char text[VERDICT_TEXT_MAX])
{
    const struct verdict_side *a = &f->side[by], *b = &f->side[other(by)];
    const char *name = ws_sender_name(other(by));
    double ms = (double)(b->close.time_ns - a->close.time_ns) / 1e6;
    out->clean = true;
    if (f->crossed) {
        out->closed_by = CLOSED_BY_BOTH;
        add_evidence(out, b->close,
                     "second Close frame, sent before the "
                     "first one had come");
        text[0] = '\0';
        add(text, "both closed at once: the %s with ", ws_sender_name(by));
        add_code(text, a);
        add(text, ", the %s with ", name);
        add_code(text, b);
        add(text, " %.3f ms later", ms);
    } else {
        add_evidence(out, b->close, "Close frame in answer");
        add(text, "; the %s answered with ", name);
        add_code(text, b);
        add(text, " after %.3f ms", ms);
    }
}

/* "the client closed with code 1000 "bye"", and why it did */
static void
begin_closed(const struct verdict_facts *f, enum ws_sender by,
             struct event_end *out, char text[VERDICT_TEXT_MAX])
{
    const struct verdict_side *side = &f->side[by];
    add(text, "the %s closed with ", ws_sender_name(by));
    add_code(text, side);
    if (side->reason)
        add(text, " \"%s\"", side->reason);
    if (is_protocol_error(side))
        add_cause(text, side, by, out);
    else if (side->ping.packet &&
             side->close.time_ns - side->ping.time_ns >= PING_PATIENCE_NS)
        add_ping(text, side, side->close, out);
}

/* At least one Close frame was seen. */
static void
decide_closed(const struct verdict_facts *f, struct event_end *out,
              char text[VERDICT_TEXT_MAX])
{
    enum ws_sender by = first_closer(f);
    const char *b = ws_sender_name(other(by));
    const struct verdict_side *answer = &f->side[other(by)];
    char doubt[DOUBT_TEXT_MAX];
    out->closed_by = closed_by_sender(by);
    begin_closed(f, by, out, text);
    add_evidence(out, f->side[by].close, "first Close frame");
    if (answer->sent_close) {
        out->verdict = VERDICT_CLEAN_CLOSE;
        decide_clean(f, by, out, text);
    } else if (is_doubtful(answer)) {
        doubt_text(f, other(by), doubt);
        out->closed_by = CLOSED_BY_UNKNOWN;
        out->verdict = VERDICT_ANSWER_NOT_CAPTURED;
        add(text, "; whether the %s closed first or answered is not known: %s",
            b, doubt);
    } else if (!answer->ended || answer->why == STREAM_END_CAPTURE) {
        out->verdict = VERDICT_CLOSE_THEN_CAPTURE_END;
        add(text, "; the capture ends before an answer");
    } else {
        out->verdict = VERDICT_CLOSE_UNANSWERED;
        add(text, "; the %s sent no Close frame", b);
    }
    if (is_protocol_error(&f->side[by]) && !f->crossed &&
        out->closed_by != CLOSED_BY_UNKNOWN)
        out->verdict = VERDICT_PROTOCOL_ERROR;
    add_tcp_evidence(f, out);
}

/* A RST that the host it names did not send; false: it did. */
static bool
decide_forged(const struct verdict_facts *f, const struct verdict_tcp_end *end,
              struct event_end *out, char text[VERDICT_TEXT_MAX])
{
    const struct verdict_side *side = &f->side[end->by];
    if (!end->reset || !verdict_is_forged(side) ||
        verdict_has_holes(&f->side[0]) || verdict_has_holes(&f->side[1]))
        return false;
    out->verdict = VERDICT_RESET_BY_MIDDLEBOX;
    out->closed_by = CLOSED_BY_MIDDLEBOX;
    add(text,
        "TCP was reset in the name of the %s, most likely by a device in "
        "between",
        ws_sender_name(end->by));
    add_difference(text, &side->host);
    add_evidence(out, (struct stamp){.packet = side->host.last},
                 "the last packet of that side itself");
    add_reason(f, end, out, text);
    return true;
}

/* TCP was ended first by *end, and no Close frame was seen. */
static void
decide_tcp_ended(const struct verdict_facts *f,
                 const struct verdict_tcp_end *end, struct event_end *out,
                 char text[VERDICT_TEXT_MAX])
{
    const char *what = end->reset ? "reset" : "ended";
    enum ws_sender in_doubt = end->by;
    bool then_reset = false;
    bool other_in_doubt = verdict_has_holes(&f->side[other(end->by)]);
    if (!verdict_has_holes(&f->side[end->by]))
        in_doubt = other(end->by);
    out->closed_by = closed_by_sender(end->by);
    add_evidence(out, end->at, end->reset ? "RST" : "first FIN");
    for (unsigned i = 0; i < 2; i++)
        if (f->side[i].reset.packet &&
            f->side[i].reset.packet != end->at.packet) {
            then_reset = !end->reset;
            add_evidence(out, f->side[i].reset,
                         i == WS_SENDER_CLIENT ? "RST of the client"
                                               : "RST of the server");
        }
    if (decide_forged(f, end, out, text))
        return;
    out->verdict = end->reset ? VERDICT_RESET : VERDICT_FIN_WITHOUT_CLOSE;
    add(text, "the %s %s the TCP connection", ws_sender_name(end->by), what);
    if (verdict_has_holes(&f->side[in_doubt])) {
        char doubt[DOUBT_TEXT_MAX];
        doubt_text(f, in_doubt, doubt);
        if (other_in_doubt) /* its Close frame may have come before */
            out->closed_by = CLOSED_BY_UNKNOWN;
        if (!end->reset)
            out->verdict = VERDICT_FIN_CLOSE_UNKNOWN;
        add(text, "; whether a Close frame came before is not known: %s",
            doubt);
        return;
    }
    if (f->timeout_s)
        out->verdict = VERDICT_IDLE_CUT;
    add(text, " without a Close frame");
    add_reason(f, end, out, text);
    if (then_reset)
        add(text, "; then it was reset");
}

/* Frames were possible, but nobody said goodbye. */
static void
decide_dropped(const struct verdict_facts *f, struct event_end *out,
               char text[VERDICT_TEXT_MAX])
{
    struct verdict_tcp_end end = verdict_tcp_end(f);
    char doubt[DOUBT_TEXT_MAX];
    bool client_in_doubt = verdict_has_holes(&f->side[WS_SENDER_CLIENT]);
    if (end.at.packet) {
        decide_tcp_ended(f, &end, out, text);
    } else if (ended_why(&f->side[0], STREAM_END_EVICTED) ||
               ended_why(&f->side[1], STREAM_END_EVICTED)) {
        out->verdict = VERDICT_EVICTED;
        out->closed_by = CLOSED_BY_UNKNOWN;
        snprintf(text, VERDICT_TEXT_MAX,
                 "the end was not seen; its addresses and ports were used "
                 "again or memory was short");
    } else if (client_in_doubt ||
               verdict_has_holes(&f->side[WS_SENDER_SERVER])) {
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
    return !facts->answered && !facts->accepted &&
           verdict_tcp_end(facts).at.packet &&
           !is_doubtful(&facts->side[WS_SENDER_SERVER]);
}

static void
decide_no_answer(const struct verdict_facts *f, struct event_end *out,
                 char text[VERDICT_TEXT_MAX])
{
    const struct verdict_side *s = &f->side[WS_SENDER_SERVER];
    struct verdict_tcp_end end = verdict_tcp_end(f);
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

/* What a status mostly means in answer to an upgrade (RFC 9110 section 15);
 * NULL: nothing in particular. */
static const char *
refusal_hint(uint16_t status)
{
    static const struct {
        uint16_t status;
        const char *hint;
    } rows[] = {
        {200, "an ordinary page: nothing speaks WebSocket there"},
        {400, "the request is not a valid upgrade for it"},
        {401, "it asks for a login"},
        {403, "often for the Origin or a missing login"},
        {404, "nothing is at that path"},
        {405, "it does not take GET there"},
        {407, "a proxy asks for a login"},
        {426, "it wants another version or protocol"},
        {429, "too many requests"},
        {500, "it failed"},
        {501, "it does not know WebSocket"},
        {502, "the server behind a gateway did not answer rightly"},
        {503, "it is overloaded, or the server behind it is away"},
        {504, "the server behind a gateway did not answer in time"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].status == status)
            return rows[i].hint;
    return status >= 300 && status < 400 ? "a redirect, which clients need not "
                                           "follow"
                                         : NULL;
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
        if (refusal_hint(f->status))
            add(text, ", %s", refusal_hint(f->status));
    }
}

/* May the code stand in a Close frame?  A browser fails the connection over
 * one that may not. */
static bool
is_sendable(uint16_t code)
{
    enum close_code_kind kind = close_code_kind(code);
    return kind != CLOSE_CODE_KIND_LOCAL && kind != CLOSE_CODE_KIND_OUTSIDE;
}

/* What onclose of a browser reports: the code received from the server,
 * 1005 for a Close frame without one, 1006 for no Close frame at all
 * (RFC 6455 sections 7.1.5 and 7.4.1), also when it failed the connection
 * itself (section 7.1.7); 0 when that is not known. */
static uint16_t
onclose_code(const struct verdict_facts *f, const struct event_end *out)
{
    const struct verdict_side *s = &f->side[WS_SENDER_SERVER];
    bool known;
    if (is_protocol_error(&f->side[WS_SENDER_CLIENT]))
        return CODE_ABNORMAL;
    if (s->sent_close && s->has_code)
        return is_sendable(s->code) ? s->code : CODE_ABNORMAL;
    if (s->sent_close)
        return CODE_NO_STATUS;
    if (!f->accepted)
        known = f->answered || verdict_is_unanswered(f);
    else
        known = verdict_tcp_end(f).at.packet && !is_doubtful(s) &&
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
    text[0] = '\0';
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
