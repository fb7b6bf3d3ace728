/* SPDX-License-Identifier: MIT */
#include "ui/tui/views/ladder_detail.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/rd.h"
#include "dissect/close_code.h"
#include "ui/text.h"

/* Bytes of a payload that are shown. */
#define SHOWN_MAX 2048u
/* Frames that are looked at for an answer. */
#define LOOKS_MAX 4096u
/* Findings that are looked at for those of a frame. */
#define FINDINGS_MAX 4096u

static const struct store_conn *
conn_of(const struct tui *t)
{
    return store_conn(t->store, t->conn);
}

static enum ws_sender
other(enum ws_sender from)
{
    return from == WS_SENDER_CLIENT ? WS_SENDER_SERVER : WS_SENDER_CLIENT;
}

void
ladder_duration(int64_t ns, char *out, size_t size)
{
    const char *sign = ns < 0 ? "-" : "";
    double v = (double)ns;
    if (v < 0)
        v = -v;
    if (ns == 0)
        snprintf(out, size, "0 ms");
    else if (v < 999.5)
        snprintf(out, size, "%s%.0f ns", sign, v);
    else if (v < 999.5e3)
        snprintf(out, size, "%s%.0f us", sign, v / 1e3);
    else if (v < 9.95e6)
        snprintf(out, size, "%s%.1f ms", sign, v / 1e6);
    else if (v < 999.5e6)
        snprintf(out, size, "%s%.0f ms", sign, v / 1e6);
    else if (v < 99.95e9)
        snprintf(out, size, "%s%.2f s", sign, v / 1e9);
    else
        snprintf(out, size, "%s%.0f s", sign, v / 1e9);
}

static const char *
way(enum ws_sender from)
{
    return from == WS_SENDER_CLIENT ? "client to server" : "server to client";
}

static const struct store_tcp *
tcp_of(const struct tui *t, const struct ladder_row *row)
{
    return chunks_at(&t->store->tcp, row->ref);
}

void
ladder_detail_title(const struct tui *t, const struct ladder_row *row,
                    char *out, size_t size)
{
    const struct store_frame *f;
    switch ((enum ladder_kind)row->kind) {
    case LADDER_FRAME:
        f = store_frame(t->store, row->ref);
        if (f->flags & STORE_GAP)
            snprintf(out, size, "Gap, %s", way(store_frame_from(f)));
        else
            snprintf(out, size, "Frame %" PRIu32 ", %s", f->number,
                     way(store_frame_from(f)));
        return;
    case LADDER_RUN:
        f = store_frame(t->store, row->ref);
        snprintf(out, size, "%" PRIu32 " frames from %" PRIu32 " on, %s",
                 row->n, f->number, way(store_frame_from(f)));
        return;
    case LADDER_TCP:
        snprintf(out, size, "TCP %s, %s",
                 event_tcp_name((enum event_tcp_what)tcp_of(t, row)->what),
                 way((enum ws_sender)tcp_of(t, row)->from));
        return;
    case LADDER_REQUEST:
        snprintf(out, size, "H1, upgrade request");
        return;
    case LADDER_RESPONSE:
        snprintf(out, size, "H2, answer to the upgrade request");
        return;
    case LADDER_OPEN:
        snprintf(out, size, "WebSocket open");
        return;
    case LADDER_MIDSTREAM:
        snprintf(out, size, "Begins in mid-stream");
        return;
    case LADDER_END:
        snprintf(out, size, "End");
        return;
    case LADDER_BLANK:
        break;
    }
    snprintf(out, size, "Nothing happens");
}

/* ---- Frames ---- */

static size_t
payload_of(const struct tui *t, const struct store_frame *f, uint8_t *out,
           size_t cap, bool *whole)
{
    return store_frame_payload(t->store, f, out, cap, whole);
}

static bool
has_same_payload(const struct tui *t, const struct store_frame *a,
                 const struct store_frame *b)
{
    uint8_t x[128], y[128];
    bool whole;
    size_t n = payload_of(t, a, x, sizeof x, &whole);
    return n == payload_of(t, b, y, sizeof y, &whole) && memcmp(x, y, n) == 0;
}

/* The next frame of the other side from place on, in steps of one, that is of
 * the opcode (16: any) and, if of one, has the same payload; NULL: none so
 * near. */
static const struct store_frame *
counterpart(struct tui *t, size_t place, int step, const struct store_frame *of,
            unsigned opcode, bool *looked_enough)
{
    const struct rows *rows = &t->conn_rows;
    *looked_enough = true;
    for (unsigned looks = 0; looks < LOOKS_MAX; looks++) {
        if (step < 0 ? place == 0 : place + 1 >= rows->n)
            return NULL;
        place = step < 0 ? place - 1 : place + 1;
        const struct store_frame *f =
            store_frame(t->store, rows_at(rows, place));
        if (f->flags & STORE_GAP ||
            store_frame_from(f) == store_frame_from(of) ||
            (opcode < 16 &&
             (store_frame_opcode(f) != opcode || !has_same_payload(t, f, of))))
            continue;
        return f;
    }
    *looked_enough = false;
    return NULL;
}

static void
answer_lines(struct tui *t, const struct ladder_row *row,
             const struct store_frame *f, struct lines *out)
{
    uint8_t opcode = store_frame_opcode(f);
    bool sure;
    char took[32];
    bool ping = opcode == WS_OP_PING, pong = opcode == WS_OP_PONG;
    const struct store_frame *a = counterpart(t, row->pos, pong ? -1 : 1, f,
                                              ping   ? (unsigned)WS_OP_PONG
                                              : pong ? (unsigned)WS_OP_PING
                                                     : 16u,
                                              &sure);
    if (a)
        ladder_duration(pong ? f->time_ns - a->time_ns
                             : a->time_ns - f->time_ns,
                        took, sizeof took);
    if (a && ping)
        lines_add(out, ROLE_GOOD, 2,
                  "answered by pong, frame %" PRIu32 ", after %s", a->number,
                  took);
    else if (ping)
        lines_add(out, ROLE_DIM, 2, "%s",
                  sure ? "no pong with this payload came"
                       : "no pong with this payload came soon");
    else if (a && pong)
        lines_add(out, ROLE_GOOD, 2,
                  "answers the ping of frame %" PRIu32 ", sent %s before",
                  a->number, took);
    else if (pong)
        lines_add(out, ROLE_DIM, 2, "no ping with this payload before it");
    else if (a)
        lines_add(out, ROLE_TEXT, 2,
                  "next of the %s: frame %" PRIu32 " after %s",
                  ws_sender_name(other(store_frame_from(f))), a->number, took);
}

static void
hex_lines(struct lines *out, const uint8_t *bytes, size_t n)
{
    size_t per_line = (size_t)(out->r.cols / 3);
    if (per_line > 16)
        per_line = 16;
    for (size_t i = 0; i < n && !lines_full(out) && per_line > 0;
         i += per_line) {
        for (size_t k = 0; k < per_line && i + k < n; k++)
            grid_format(out->g, out->y, out->r.x + 3 * (int)k, 2,
                        ROLE_FIELD_PAYLOAD, "%02x", bytes[i + k]);
        lines_skip(out);
    }
}

static void
text_lines(const struct grid *g, struct lines *out, struct slice text,
           bool more)
{
    uint8_t safe[1024];
    while (text.len > 0 && !lines_full(out)) {
        struct text_fit fit = text_take(text, more, g->utf8,
                                        (size_t)out->r.cols, safe, sizeof safe);
        if (fit.in_len == 0)
            break;
        bool last = out->y + 1 == out->r.y + out->r.rows;
        lines_put(out, ROLE_FIELD_PAYLOAD, 0,
                  last ? text : slice_head(text, fit.in_len), false);
        text = slice_skip(text, fit.in_len);
    }
}

static void
payload_lines(struct tui *t, const struct store_frame *f, struct lines *out)
{
    uint8_t bytes[SHOWN_MAX];
    bool whole;
    size_t n = payload_of(t, f, bytes, sizeof bytes, &whole);
    struct slice shown = slice_make(bytes, n);
    if (f->payload_len == 0) {
        lines_add(out, ROLE_DIM, 2, "no payload");
        return;
    }
    if (store_frame_opcode(f) == WS_OP_CLOSE && n >= 2) {
        uint16_t code = rd_load_be16(bytes);
        const char *meaning = close_code_meaning(code);
        lines_add(out, ROLE_OP_CONTROL, 2, "code %u%s%s", code,
                  meaning ? ": " : "", meaning ? meaning : "");
        shown = slice_skip(shown, 2);
        if (shown.len > 0)
            lines_add(out, ROLE_DIM, 2, "reason");
    } else {
        lines_add(out, ROLE_DIM, 2, "payload, %" PRIu64 " bytes%s",
                  f->payload_len,
                  n == 0                        ? ", not shown"
                  : f->flags & STORE_COMPRESSED ? ", inflated"
                                                : "");
    }
    if (store_frame_opcode(f) != WS_OP_TEXT && !text_is_plain(shown))
        hex_lines(out, shown.ptr, shown.len);
    else
        text_lines(&t->grid, out, shown, !whole);
}

static void
finding_lines(struct tui *t, const struct ladder_row *row, struct lines *out)
{
    const struct chunks *all = &t->store->findings;
    const struct store_frame *f = store_frame(t->store, row->ref);
    size_t i = all->n > FINDINGS_MAX ? all->n - FINDINGS_MAX : 0;
    if (f->severity == 0)
        return;
    for (; i < all->n; i++) {
        const struct store_finding *n = store_finding(t->store, i);
        if (n->frame == row->ref)
            lines_add(out, tui_severity_role(n->severity), 2, "%s: %s",
                      severity_name(n->severity), finding_info(n->id)->text);
    }
}

static void
frame_lines(struct tui *t, const struct ladder_row *row, struct lines *out)
{
    const struct store_frame *f = store_frame(t->store, row->ref);
    uint8_t opcode = store_frame_opcode(f);
    char time[32];
    tui_time(t, f->time_ns, f->time_ns, time, sizeof time);
    if (f->flags & STORE_GAP) {
        lines_add(out, ROLE_GAP, 2,
                  "%" PRIu64 " bytes of the %s are not in the capture",
                  f->payload_len, ws_sender_name(store_frame_from(f)));
        lines_add(out, ROLE_DIM, 2, "noticed at packet %" PRIu64 ", %s",
                  f->packet, time);
        return;
    }
    lines_add(out, tui_opcode_role(opcode), 2, "%s%s%s%s%s",
              ws_opcode_name(opcode), f->byte0 & 0x80 ? ", FIN" : ", not final",
              f->flags & STORE_MASKED ? ", masked" : ", not masked",
              f->flags & STORE_COMPRESSED ? ", compressed" : "",
              f->flags & STORE_COMPLETE ? "" : ", not captured whole");
    lines_add(out, ROLE_DIM, 2, "packet %" PRIu64 ", %s", f->packet, time);
    answer_lines(t, row, f, out);
    finding_lines(t, row, out);
    if (f->flags & STORE_MASKED)
        lines_add(out, ROLE_FIELD_KEY, 2, "masking key %02x %02x %02x %02x",
                  f->mask >> 24, f->mask >> 16 & 255, f->mask >> 8 & 255,
                  f->mask & 255);
    payload_lines(t, f, out);
}

static void
run_lines(struct tui *t, const struct ladder_row *row, struct lines *out)
{
    const struct rows *rows = &t->conn_rows;
    const struct store_frame *a = store_frame(t->store, row->ref);
    const struct store_frame *b =
        store_frame(t->store, rows_at(rows, row->pos + row->n - 1));
    char took[32], each[32];
    int64_t by = b->time_ns - a->time_ns;
    ladder_duration(by, took, sizeof took);
    ladder_duration(by / (row->n - 1), each, sizeof each);
    lines_add(out, tui_opcode_role(store_frame_opcode(a)), 2,
              "%s, frames %" PRIu32 " to %" PRIu32 ", folded: u unfolds",
              ws_opcode_name(store_frame_opcode(a)), a->number, b->number);
    lines_add(out, ROLE_DIM, 2, "packets %" PRIu64 " to %" PRIu64, a->packet,
              b->packet);
    lines_add(out, ROLE_TEXT, 2, "in %s: one %s%s", took,
              row->flags & LADDER_REGULAR ? "every " : "each ", each);
    lines_add(out, ROLE_DIM, 2, "the first:");
    payload_lines(t, a, out);
}

/* ---- The rest ---- */

static void
tcp_lines(struct tui *t, const struct ladder_row *row, struct lines *out)
{
    static const char *const texts[EVENT_TCP_COUNT] = {
        [EVENT_TCP_SYN] = "The client opens the TCP connection (RFC 9293 "
                          "section 3.5).",
        [EVENT_TCP_SYN_ACK] = "The server agrees; with the client's "
                              "acknowledgement TCP is open.",
        [EVENT_TCP_FIN] = "It has nothing more to send. RFC 6455 section 7.1.1 "
                          "lets the server close TCP first.",
        [EVENT_TCP_RST] = "The TCP connection is torn down at once, and what "
                          "was on its way is lost.",
        [EVENT_TCP_RETRANSMIT] = "Bytes sent before are sent again: they, or "
                                 "their acknowledgement, were late or lost.",
        [EVENT_TCP_ZERO_WINDOW] = "Its buffer is full: it does not read, and "
                                  "the other side has to wait.",
        [EVENT_TCP_WINDOW_OPEN] = "It reads again: the other side may go on.",
    };
    const struct store_tcp *e = tcp_of(t, row);
    char time[32];
    tui_time(t, e->time_ns, e->time_ns, time, sizeof time);
    lines_add(out, ROLE_DIM, 2, "packet %" PRIu64 ", %s", e->packet, time);
    lines_add(out, ROLE_TEXT, 0, "%s", texts[e->what]);
    lines_add(out, ROLE_DIM, 2, "sequence number %" PRIu32, e->seq);
}

static void
head_lines(struct tui *t, const struct ladder_row *row, struct lines *out)
{
    const struct store_handshake *h = &conn_of(t)->handshake;
    bool request = row->kind == LADDER_REQUEST;
    const struct stamp *at = request ? &h->request : &h->response;
    char text[32];
    tui_time(t, at->time_ns, at->time_ns, text, sizeof text);
    lines_add(out, ROLE_DIM, 2, "packet %" PRIu64 ", %s", at->packet, text);
    if (request) {
        if (h->host.ptr)
            lines_pair(out, 6, "host", ROLE_TEXT, h->host, false);
        if (h->key.ptr)
            lines_pair(out, 6, "key", ROLE_FIELD_KEY, h->key, false);
    } else {
        if (h->request.packet) {
            ladder_duration(at->time_ns - h->request.time_ns, text,
                            sizeof text);
            lines_add(out, ROLE_TEXT, 2, "%s after the request", text);
        }
        if (h->accept_ok == TRI_YES)
            lines_add(out, ROLE_GOOD, 2, "Sec-WebSocket-Accept is right");
        if (h->accept_ok == TRI_NO)
            lines_add(out, ROLE_BAD, 2, "Sec-WebSocket-Accept is wrong");
    }
    lines_add(out, ROLE_DIM, 2, "5 shows the handshake");
}

static void
open_lines(struct tui *t, struct lines *out)
{
    const struct store_handshake *h = &conn_of(t)->handshake;
    lines_add(out, ROLE_TEXT, 0,
              "From here on both sides speak in frames (RFC 6455 section 5).");
    lines_add(out, ROLE_TEXT, 2, "%s",
              h->has_deflate ? "messages may be compressed: permessage-deflate"
                             : "no compression was agreed");
    if (h->protocol.ptr)
        lines_pair(out, 12, "subprotocol", ROLE_TEXT, h->protocol, false);
}

static void
end_lines(struct tui *t, struct lines *out)
{
    const struct store_conn *c = conn_of(t);
    const char *by = closed_by_name(c->closed_by);
    char took[32];
    ladder_duration(c->duration_ns, took, sizeof took);
    if (c->text)
        lines_add(out, ROLE_TEXT, 0, "%s", c->text);
    lines_add(out, c->clean ? ROLE_GOOD : ROLE_DIM, 2, "%s, %s%s%s, after %s",
              verdict_name(c->verdict), c->clean ? "clean" : "not clean",
              by ? ", closed by: " : "", by ? by : "", took);
    if (c->onclose_code)
        lines_add(out, ROLE_DIM, 2, "onclose in a script: code %u",
                  c->onclose_code);
}

void
ladder_detail_lines(struct tui *t, const struct ladder_row *row,
                    struct lines *out)
{
    switch ((enum ladder_kind)row->kind) {
    case LADDER_FRAME:
        frame_lines(t, row, out);
        break;
    case LADDER_RUN:
        run_lines(t, row, out);
        break;
    case LADDER_TCP:
        tcp_lines(t, row, out);
        break;
    case LADDER_REQUEST:
    case LADDER_RESPONSE:
        head_lines(t, row, out);
        break;
    case LADDER_OPEN:
        open_lines(t, out);
        break;
    case LADDER_END:
        end_lines(t, out);
        break;
    case LADDER_MIDSTREAM:
        lines_add(out, ROLE_TEXT, 0,
                  "The capture begins in the middle of this connection: its "
                  "handshake is not in it.");
        break;
    case LADDER_BLANK:
        break;
    }
}
