/* SPDX-License-Identifier: MIT */
#include "tests/event_steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "dissect/handshake.h"
#include "ui/text.h"

void
event_steps_init(struct event_steps *s, struct slice in,
                 void (*send)(void *ctx, const struct event *event), void *ctx)
{
    memset(s, 0, sizeof *s);
    s->in = in;
    s->send = send;
    s->ctx = ctx;
    s->time_ns = SAMPLE_START_NS;
    event_samples_init(&s->samples);
}

uint8_t
event_steps_next(struct event_steps *s)
{
    if (s->in.len == 0)
        return 0;
    uint8_t byte = *s->in.ptr;
    s->in = slice_skip(s->in, 1);
    return byte;
}

/* Its length comes first. */
static struct slice
take(struct event_steps *s, size_t most)
{
    size_t len = event_steps_next(s);
    struct slice bytes = slice_head(s->in, len < most ? len : most);
    s->in = slice_skip(s->in, bytes.len);
    return bytes;
}

static struct stamp
now(struct event_steps *s)
{
    s->time_ns += INT64_C(1) << (event_steps_next(s) % 40);
    return (struct stamp){s->time_ns, s->samples.frame.at.packet++};
}

static void
send(struct event_steps *s, const struct event *event)
{
    s->send(s->ctx, event);
}

/* From the bytes if they are one; else this text. */
static void
make_head(struct event_steps *s, struct http1_head *head, bool request,
          bool from_bytes, const char *text)
{
    struct slice bytes = from_bytes ? take(s, 255) : slice_make(NULL, 0);
    if (!http1_head_parse(head, bytes, request) &&
        !http1_head_parse(head, slice_cstr(text), request))
        abort();
}

static void
send_handshake(struct event_steps *s)
{
    static const char request[] =
        "GET /\033]0;x\a\xe2\x80\xae\xff HTTP/1.1\r\nHost: \xe4\xb8\xad.example"
        "\r\nCookie: secret\r\n\tfolded\r\nSec-WebSocket-Key: x\r\n\r\n";
    static const char response[] =
        "HTTP/1.1 101 \033[2J\r\nSet-Cookie: secret\r\nUpgrade\r\n\r\n";
    struct event_handshake *h = &s->samples.handshake;
    struct http1_head head = {0}, answer = {0};
    if (s->n_conns == EVENT_STEPS_CONNS_MAX)
        return;
    uint8_t how = event_steps_next(s);
    make_head(s, &head, true, how & 32, request);
    make_head(s, &answer, false, how & 64, response);
    handshake_describe(h, how & 1 ? NULL : &head, how & 2 ? NULL : &answer);
    h->accepted = how & 4;
    h->has_deflate = how & 8;
    h->deflate = (struct ws_deflate_params){.client_max_window_bits = 15,
                                            .server_max_window_bits = 15};
    h->accept_ok = (enum tristate)((how >> 4 & 1) + (how >> 7));
    h->at = h->request = now(s);
    send(s, &(struct event){.type = EVENT_HANDSHAKE,
                            .conn = ++s->n_conns,
                            .handshake = h});
    h->request_head = h->response_head = NULL;
}

/* ---- frames and messages ---- */

/* Bytes [at, end) of the payload, as far as it goes, are not known. */
static void
forget(struct event_steps *s, const struct event_message *e, uint64_t at,
       uint64_t end)
{
    for (; at < end && at < e->payload.len; at++)
        s->payload[at] = 0;
}

static void
make_known(struct event_steps *s, struct event_message *e)
{
    uint64_t at = 0, len = e->has_len ? e->len : e->payload.len;
    uint8_t how = event_steps_next(s);
    e->known = s->known;
    e->known_more = how & 128;
    for (size_t n = how & 7; n > 0 && e->n_known < EVENT_STEPS_KNOWN_MAX; n--) {
        uint64_t start = at + event_steps_next(s) % 16 + (at > 0);
        uint64_t end = start + 1 + event_steps_next(s) % 16;
        if (end > len)
            break;
        forget(s, e, at, start);
        s->known[e->n_known++] = (struct event_range){start, end};
        at = end;
    }
    forget(s, e, at, len);
    /* What is shown ends before the ranges that are not listed. */
    if (e->known_more && at < e->payload.len)
        e->payload = slice_head(e->payload, (size_t)at);
}

static void
judge_text(struct event_message *e)
{
    size_t valid = utf8_prefix(e->payload.ptr, e->payload.len);
    struct slice rest = slice_skip(e->payload, valid);
    e->has_utf8_error = false;
    e->utf8_error = 0;
    if (e->opcode != WS_OP_TEXT || e->known || rest.len == 0 ||
        ((!e->complete || e->truncated) && text_is_unfinished(rest)))
        return;
    e->has_utf8_error = true;
    e->utf8_error = valid;
}

/* The order of the assignments is that of ws_message_end(). */
static void
make_message(struct event_steps *s, struct event_message *e, uint8_t opcode,
             const struct event_frame *last)
{
    uint8_t how = event_steps_next(s);
    bool decoded = !(how & 4), unknown = how & 64;
    struct slice bytes = take(s, sizeof s->payload);
    *e = s->samples.message;
    e->from = last->from;
    e->number = last->message;
    e->at = last->at;
    e->opcode = opcode;
    e->compressed = how & 1 || unknown;
    e->has_len = decoded || !(how & 2);
    e->complete = decoded && !unknown;
    e->inflate_error =
        how & 32 && e->compressed && !decoded ? "invalid code" : NULL;
    if (bytes.len > 0)
        memcpy(s->payload, bytes.ptr, bytes.len);
    e->payload = slice_make(s->payload, bytes.len);
    e->len = e->has_len ? bytes.len : 0;
    if (e->has_len && how & 8)
        e->len += event_steps_next(s);
    if (unknown)
        make_known(s, e);
    e->truncated = !decoded || e->payload.len < e->len;
    judge_text(e);
}

static void
make_header(struct event_steps *s, struct ws_frame_header *h, size_t len)
{
    uint8_t how = event_steps_next(s);
    h->masked = how & 1;
    h->rsv = how >> 1 & 7;
    h->offset = (uint64_t)event_steps_next(s) << (how & 63);
    h->payload_len = how & 64 ? UINT64_MAX >> 1 : len;
    unsigned more = h->payload_len < 126 ? 0 : h->payload_len < 65536 ? 2 : 8;
    if (how & 128 && h->payload_len < 65536)
        more = how & 16 ? 8 : 2; /* not the shortest form */
    h->header_len = (uint8_t)(2 + more + (h->masked ? 4 : 0));
}

static void
make_control(struct event_steps *s, struct event_frame *f, uint8_t opcode)
{
    f->message = 0;
    f->payload = take(s, WS_FRAME_CONTROL_MAX);
    if (opcode != WS_OP_CLOSE || f->payload.len < 2)
        return;
    f->has_close_code = true;
    f->close_code = (uint16_t)(f->payload.ptr[0] << 8 | f->payload.ptr[1]);
    f->close_reason = slice_skip(f->payload, 2);
}

static void
send_data_frame(struct event_steps *s, uint32_t conn, struct event_frame *f)
{
    uint8_t *open = &s->conn[conn].open[f->from];
    struct event_message message;
    if (s->conn[conn].fragments[f->from]++ == 0)
        s->conn[conn].first[f->from] = f->first;
    if (f->header.fin) {
        make_message(s, &message, *open, f);
        message.n_frames = s->conn[conn].fragments[f->from];
        message.first = s->conn[conn].first[f->from];
        f->completed = &message;
        *open = 0;
    }
    send(s, &(struct event){.type = EVENT_FRAME, .conn = conn + 1, .frame = f});
    if (f->completed)
        send(s, &(struct event){.type = EVENT_MESSAGE,
                                .conn = conn + 1,
                                .message = &message});
}

static void
send_frame(struct event_steps *s)
{
    struct event_frame f = s->samples.frame;
    uint8_t who = event_steps_next(s), what = event_steps_next(s);
    uint32_t conn = who % (s->n_conns ? s->n_conns : 1);
    enum ws_sender from = who & 128 ? WS_SENDER_SERVER : WS_SENDER_CLIENT;
    uint8_t opcode = what & 15, *open = &s->conn[conn].open[from];
    if (s->n_conns == 0 || s->conn[conn].ended)
        return;
    if (!(opcode & 8)) {
        opcode = *open ? WS_OP_CONT : opcode ? opcode : WS_OP_TEXT;
        if (!*open) {
            s->conn[conn].messages[from]++;
            s->conn[conn].fragments[from] = 0;
            *open = opcode;
        }
        f.message = s->conn[conn].messages[from];
    } else {
        make_control(s, &f, opcode);
    }
    make_header(s, &f.header, f.payload.len);
    f.header.opcode = opcode;
    f.header.fin = what & 16;
    f.from = from;
    f.number = ++s->conn[conn].frames[from];
    f.at = f.first = now(s);
    f.complete = what & 32;
    f.synced = what & 64;
    f.compressed = what & 128;
    f.confidence = f.synced ? 0 : who;
    f.completed = NULL;
    if (f.message != 0)
        send_data_frame(s, conn, &f);
    else
        send(s, &(struct event){.type = EVENT_FRAME,
                                .conn = conn + 1,
                                .frame = &f});
}

/* ---- the others ---- */

static void
send_gap(struct event_steps *s, uint32_t conn, enum ws_sender from)
{
    struct event_gap gap = s->samples.gap;
    gap.from = from;
    gap.at = now(s);
    gap.len = UINT64_MAX >> event_steps_next(s) % 64;
    send(s, &(struct event){.type = EVENT_GAP, .conn = conn + 1, .gap = &gap});
}

static void
send_finding(struct event_steps *s, uint32_t conn, enum ws_sender from,
             uint8_t who)
{
    struct event_finding finding = s->samples.finding;
    finding.from = from;
    finding.at = now(s);
    finding.id = (enum finding_id)(event_steps_next(s) % FINDING_COUNT);
    finding.severity = (enum severity)(event_steps_next(s) % SEVERITY_COUNT);
    finding.frame = event_steps_next(s);
    finding.has_from = !(who & 64);
    finding.detail = who & 32 ? "a\033[2J detail" : NULL;
    send(s, &(struct event){.type = EVENT_FINDING,
                            .conn = conn + 1,
                            .finding = &finding});
}

static void
send_tcp(struct event_steps *s, uint32_t conn, enum ws_sender from, uint8_t who)
{
    struct event_tcp tcp = {.from = from, .seq = who};
    tcp.at = now(s);
    tcp.what = (enum event_tcp_what)(event_steps_next(s) % EVENT_TCP_COUNT);
    tcp.at.packet -= event_steps_next(s); /* may be told late */
    send(s, &(struct event){.type = EVENT_TCP, .conn = conn + 1, .tcp = &tcp});
}

static void
send_end(struct event_steps *s, uint32_t conn, uint8_t who)
{
    struct event_end end = s->samples.end;
    s->conn[conn].ended = true;
    end.at = now(s);
    end.verdict = (enum verdict_id)(event_steps_next(s) % VERDICT_COUNT);
    end.clean = who & 64;
    send(s, &(struct event){.type = EVENT_END, .conn = conn + 1, .end = &end});
}

void
event_steps_make(struct event_steps *s, uint8_t kind)
{
    if (kind < 4) {
        send_handshake(s);
        return;
    }
    if (kind < 44) {
        send_frame(s);
        return;
    }
    uint8_t who = event_steps_next(s);
    uint32_t conn = who % (s->n_conns ? s->n_conns : 1);
    enum ws_sender from = who & 128 ? WS_SENDER_SERVER : WS_SENDER_CLIENT;
    if (s->n_conns == 0 || s->conn[conn].ended)
        return;
    if (kind < 47)
        send_gap(s, conn, from);
    else if (kind < 49)
        send_tcp(s, conn, from, who);
    else if (kind < 58)
        send_finding(s, conn, from, who);
    else
        send_end(s, conn, who);
}
