/* SPDX-License-Identifier: MIT */
/*
 * What a byte means to tui_load_steps():
 *
 *   0 - 127     that character as a key
 *   128 - 167   a key that is no character; of the mouse, row and column
 *   168 - 189   another size
 *   190 - 195   UTF-8 or ASCII, loading or not, a figure
 *   196 - 255   an event; bytes behind it say which and of whom
 *
 * Events are as the dissector may send them: numbers count up, a message's
 * event follows its last frame.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/event_samples.h"
#include "tests/tui_load.h"

#define CONNS_MAX 40u

struct machine {
    const uint8_t *data;
    size_t size;
    struct tui tui;
    struct store *store;
    struct stats *stats;
    struct tui_figures figures;
    atomic_bool loading;
    struct event_sink to_store, to_stats;
    struct event_samples samples;
    uint32_t n_conns;
    struct {
        uint64_t frames[2], messages[2];
        uint8_t open[2]; /* opcode of the message that goes on; 0: none */
        uint32_t fragments[2];
        bool ended;
    } conn[CONNS_MAX];
    int64_t time_ns;
    char last[96]; /* what was done, to be told */
};

static uint8_t
next(struct machine *m)
{
    if (m->size == 0)
        return 0;
    m->size--;
    return *m->data++;
}

static void
require(const struct machine *m, const char *wrong)
{
    if (!wrong)
        return;
    fprintf(stderr, "%s; %dx%d, view %d: %s\n", m->last, m->tui.grid.cols,
            m->tui.grid.rows, (int)m->tui.view + 1, wrong);
    abort();
}

/* ---- events ---- */

static void
send(struct machine *m, struct event event)
{
    store_lock(m->store);
    store_take(m->store, &event);
    if (m->to_stats.wants >> event.type & 1u)
        m->to_stats.event(m->to_stats.ctx, &event);
    store_unlock(m->store);
}

static struct stamp
now(struct machine *m)
{
    m->time_ns += INT64_C(1) << (next(m) % 40);
    return (struct stamp){m->time_ns, m->samples.frame.at.packet++};
}

static void
send_handshake(struct machine *m)
{
    static const char request[] =
        "GET /\033]0;x\a\xe2\x80\xae\xff HTTP/1.1\r\nHost: \xe4\xb8\xad.example"
        "\r\nCookie: secret\r\n\tfolded\r\nSec-WebSocket-Key: x\r\n\r\n";
    static const char response[] =
        "HTTP/1.1 101 \033[2J\r\nSet-Cookie: secret\r\nUpgrade\r\n\r\n";
    struct event_handshake *h = &m->samples.handshake;
    struct http1_head head = m->samples.request, answer = m->samples.response;
    if (m->n_conns == CONNS_MAX)
        return;
    uint8_t how = next(m);
    head.text = slice_make((const uint8_t *)request, sizeof request - 1);
    head.target = slice_make(head.text.ptr + 4, 10);
    answer.text = slice_make((const uint8_t *)response, sizeof response - 1);
    h->host = slice_make(head.text.ptr + 32, 11);
    h->request_head = how & 1 ? NULL : &head;
    h->response_head = how & 2 ? NULL : &answer;
    h->accepted = how & 4;
    h->has_deflate = how & 8;
    h->accept_ok = (enum tristate)(how >> 4 & 1);
    h->seen = how & 1
                  ? (how & 2 ? HANDSHAKE_SEEN_NONE : HANDSHAKE_SEEN_RESPONSE)
                  : (how & 2 ? HANDSHAKE_SEEN_REQUEST : HANDSHAKE_SEEN_BOTH);
    h->at = h->request = now(m);
    send(m, (struct event){.type = EVENT_HANDSHAKE,
                           .conn = ++m->n_conns,
                           .handshake = h});
}

static struct slice
payload(struct machine *m, size_t most)
{
    size_t len = next(m);
    len = len < m->size ? len : m->size;
    len = len < most ? len : most;
    struct slice bytes = slice_make(m->data, len);
    m->data += len;
    m->size -= len;
    return bytes;
}

static void
send_message(struct machine *m, uint32_t conn, enum ws_sender from,
             uint8_t opcode, uint32_t n_frames)
{
    struct event_message e = m->samples.message;
    uint8_t how = next(m);
    e.from = from;
    e.number = m->conn[conn].messages[from];
    e.at = e.first = now(m);
    e.opcode = opcode;
    e.n_frames = n_frames;
    e.compressed = how & 1;
    e.has_len = !(how & 2);
    e.complete = !(how & 4);
    e.truncated = how & 8;
    e.has_utf8_error = how & 16;
    e.inflate_error = how & 32 ? "invalid code" : NULL;
    e.payload = payload(m, 255);
    e.len = e.payload.len;
    send(m, (struct event){.type = EVENT_MESSAGE,
                           .conn = conn + 1,
                           .message = &e});
}

static void
set_header(struct machine *m, struct ws_frame_header *h, size_t len)
{
    uint8_t how = next(m);
    h->masked = how & 1;
    h->rsv = how >> 1 & 7;
    h->offset = (uint64_t)next(m) << (how & 63);
    h->payload_len = how & 64 ? UINT64_MAX >> 1 : len;
    unsigned more = h->payload_len < 126 ? 0 : h->payload_len < 65536 ? 2 : 8;
    if (how & 128 && h->payload_len < 65536)
        more = how & 16 ? 8 : 2; /* not the shortest form */
    h->header_len = (uint8_t)(2 + more + (h->masked ? 4 : 0));
}

static void
send_frame(struct machine *m)
{
    struct event_frame f = m->samples.frame;
    uint8_t who = next(m), what = next(m);
    uint32_t conn = who % (m->n_conns ? m->n_conns : 1);
    enum ws_sender from = who & 128 ? WS_SENDER_SERVER : WS_SENDER_CLIENT;
    uint8_t opcode = what & 15, *open = &m->conn[conn].open[from];
    if (m->n_conns == 0 || m->conn[conn].ended)
        return;
    if (!(opcode & 8)) {
        opcode = *open ? WS_OP_CONT : opcode ? opcode : WS_OP_TEXT;
        if (!*open) {
            m->conn[conn].messages[from]++;
            m->conn[conn].fragments[from] = 0;
            *open = opcode;
        }
        m->conn[conn].fragments[from]++;
        f.message = m->conn[conn].messages[from];
    } else {
        f.message = 0;
        f.payload = payload(m, 125);
    }
    set_header(m, &f.header, f.payload.len);
    f.header.opcode = opcode;
    f.header.fin = what & 16;
    f.from = from;
    f.number = ++m->conn[conn].frames[from];
    f.at = f.first = now(m);
    f.complete = what & 32;
    f.synced = what & 64;
    f.compressed = what & 128;
    f.completed = NULL;
    send(m, (struct event){.type = EVENT_FRAME, .conn = conn + 1, .frame = &f});
    if (!(opcode & 8) && f.header.fin) {
        uint8_t of = *open;
        *open = 0;
        send_message(m, conn, from, of, m->conn[conn].fragments[from]);
    }
}

static void
send_other(struct machine *m, uint8_t kind)
{
    uint8_t who = next(m);
    uint32_t conn = who % (m->n_conns ? m->n_conns : 1);
    enum ws_sender from = who & 128 ? WS_SENDER_SERVER : WS_SENDER_CLIENT;
    struct event event = {.conn = conn + 1};
    struct event_gap gap = m->samples.gap;
    struct event_finding finding = m->samples.finding;
    struct event_end end = m->samples.end;
    struct event_tcp tcp = {.from = from};
    if (m->n_conns == 0 || m->conn[conn].ended)
        return;
    gap.from = finding.from = from;
    gap.at = finding.at = end.at = tcp.at = now(m);
    if (kind == 0) {
        gap.len = UINT64_MAX >> next(m) % 64;
        event.type = EVENT_GAP;
        event.gap = &gap;
    } else if (kind == 1) {
        finding.id = (enum finding_id)(next(m) % FINDING_COUNT);
        finding.severity = (enum severity)(next(m) % SEVERITY_COUNT);
        finding.frame = next(m);
        finding.has_from = !(who & 64);
        finding.detail = who & 32 ? "a\033[2J detail" : NULL;
        event.type = EVENT_FINDING;
        event.finding = &finding;
    } else if (kind == 3) {
        tcp.what = (enum event_tcp_what)(next(m) % EVENT_TCP_COUNT);
        tcp.at.packet -= next(m); /* may be told late */
        tcp.seq = who;
        event.type = EVENT_TCP;
        event.tcp = &tcp;
    } else {
        m->conn[conn].ended = true;
        end.verdict = (enum verdict_id)(next(m) % VERDICT_COUNT);
        end.clean = who & 64;
        event.type = EVENT_END;
        event.end = &end;
    }
    send(m, event);
}

/* ---- keys and sizes ---- */

static void
resize(struct machine *m, uint8_t which)
{
    static const int sizes[][2] = {{24, 80}, {48, 160}, {30, 100}, {20, 60},
                                   {12, 40}, {10, 40},  {9, 39},   {1, 1},
                                   {11, 41}, {40, 40},  {10, 200}, {70, 140},
                                   {18, 80}, {21, 80},  {24, 79},  {37, 139}};
    int rows = sizes[which & 15][0], cols = sizes[which & 15][1];
    if (which > 15) {
        rows = next(m) % 80;
        cols = next(m);
    }
    if (!grid_resize(&m->tui.grid, rows, cols))
        abort();
    snprintf(m->last, sizeof m->last, "size");
}

static void
press(struct machine *m, struct tty_key key)
{
    snprintf(m->last, sizeof m->last, "key ch %u code %d", key.ch,
             (int)key.code);
    tui_key(&m->tui, key);
    require(m, tui_load_wrong_state(&m->tui));
    m->tui.quit = m->tui.suspend = m->tui.redraw = false;
}

/* Of the mouse two bytes tell where. */
static struct tty_key
code_key(struct machine *m, enum tty_key_code code)
{
    struct tty_key key = {.code = code};
    if (code >= TTY_KEY_MOUSE && code <= TTY_KEY_WHEEL_DOWN) {
        key.y = next(m) % 80;
        key.x = next(m);
        key.twice = key.x & 1;
    }
    return key;
}

static void
step(struct machine *m)
{
    uint8_t op = next(m);
    if (op < 128) {
        press(m, (struct tty_key){.ch = op});
    } else if (op < 168) {
        press(m, code_key(m, (enum tty_key_code)(op - 128)));
    } else if (op < 190) {
        resize(m, op - 168);
    } else if (op < 192) {
        m->tui.grid.utf8 = op & 1;
    } else if (op < 194) {
        atomic_store(&m->loading, op & 1);
    } else if (op < 196) {
        atomic_store(&m->figures.dropped, op & 1);
    } else {
        snprintf(m->last, sizeof m->last, "event %u", op);
        if (op < 200)
            send_handshake(m);
        else if (op < 240)
            send_frame(m);
        else
            send_other(m, op < 243 ? 0 : op < 245 ? 3 : op < 254 ? 1 : 2);
    }
    tui_draw(&m->tui);
    require(m, tui_load_wrong_grid(&m->tui.grid));
    require(m, tui_load_wrong_state(&m->tui));
}

static void
open_machine(struct machine *m, bool utf8)
{
    m->stats = stats_new(NULL);
    if (!m->stats ||
        store_new(&m->store, 64u << 20, 64u << 20, 1 << 20) != ERR_OK)
        abort();
    m->to_store = store_sink(m->store, 255);
    m->to_stats = stats_sink(m->stats);
    m->time_ns = SAMPLE_START_NS;
    event_samples_init(&m->samples);
    tui_init(&m->tui, m->store, m->stats, &m->figures);
    m->tui.source = "a\033[2J.pcap";
    m->tui.loading = &m->loading;
    m->tui.grid.utf8 = utf8;
    if (!grid_resize(&m->tui.grid, 24, 80))
        abort();
}

void
tui_load_steps(const uint8_t *data, size_t size)
{
    struct machine *m = calloc(1, sizeof *m);
    if (!m)
        abort();
    m->data = data;
    m->size = size;
    open_machine(m, next(m) & 1);
    while (m->size > 0)
        step(m);
    tui_fini(&m->tui);
    store_free(m->store);
    stats_free(m->stats);
    free(m);
}
