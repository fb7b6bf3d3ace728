/* SPDX-License-Identifier: MIT */
#include "tests/scene.h"

#define ZLIB_CONST /* input is not written to */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "dissect/handshake.h"
#include "dissect/ws_frame.h"
#include "tests/lossy.h"
#include "tests/rng.h"

#define CONNS_MAX 16u
#define SEGMENT_MAX 16384u /* loopback cuts larger writes about so */
#define START_NS INT64_C(1767225600000000000) /* 2026-01-01 */
#define PACKET_NS 100000
#define WINDOW 65535u
#define TTL 64u
#define KEY_TEXT_MAX 256u

struct side {
    uint32_t isn;
    uint64_t sent; /* octets of sequence space, SYN and FIN included */
    uint64_t read; /* of the other side, as told by its acknowledgements */
    bool deaf;     /* read stands still */
    bool joined;
    struct buf write; /* while joined */
    uint8_t ttl;
    uint16_t ip_id; /* of the next packet */
    bool has_deflate;
    z_stream deflate;
};

struct talk {
    char host[2][INET6_ADDRSTRLEN];
    uint16_t port[2];
    bool opened;
    char key[KEY_TEXT_MAX];
    struct side side[2]; /* by enum ws_sender */
};

struct packet {
    uint32_t talk;
    enum ws_sender from;
    int64_t time_ns;
    uint32_t seq, ack;
    uint8_t flags;
    uint16_t window, urgent;
    size_t off, len;         /* payload in scene.bytes */
    size_t opt_off, opt_len; /* TCP options, likewise */
    uint8_t ttl;
    uint16_t ip_id;
    bool own_ip_id; /* given, not counted */
    bool whole;     /* never cut */
    bool bad_checksum;
};

struct scene {
    struct rng rng;
    int64_t now_ns;
    bool auto_ack;
    size_t piece_len;
    size_t n_talks, now; /* the one in use */
    struct talk talks[CONNS_MAX];
    struct buf bytes;
    struct packet *packets;
    size_t n_packets, cap_packets;
    size_t last;
    struct buf packed; /* of scene_deflate() */
};

static void
require(bool truth)
{
    if (!truth)
        abort();
}

static void
append(struct buf *b, const void *ptr, size_t len)
{
    if (len)
        require(buf_append(b, ptr, len) == ERR_OK);
}

static void
append_text(struct buf *b, const char *text)
{
    append(b, text, strlen(text));
}

static enum ws_sender
other(enum ws_sender from)
{
    return from == WS_SENDER_CLIENT ? WS_SENDER_SERVER : WS_SENDER_CLIENT;
}

static struct talk *
talk_now(struct scene *s)
{
    return &s->talks[s->now];
}

static struct side *
side_of(struct scene *s, enum ws_sender from)
{
    return &talk_now(s)->side[from];
}

/* ---- Places, times, and the TCP connection -------------------------- */

static void
talk_init(struct scene *s, struct talk *t)
{
    for (unsigned i = 0; i < 2; i++) {
        t->side[i].isn = (uint32_t)rng_next(&s->rng);
        t->side[i].ip_id = (uint16_t)rng_next(&s->rng);
        t->side[i].ttl = TTL;
        buf_init(&t->side[i].write, SIZE_MAX / 2);
    }
}

struct scene *
scene_new(void)
{
    struct scene *s = calloc(1, sizeof *s);
    require(s != NULL);
    s->now_ns = START_NS;
    s->auto_ack = true;
    s->last = SIZE_MAX;
    s->n_talks = 1;
    buf_init(&s->bytes, SIZE_MAX / 2);
    buf_init(&s->packed, SIZE_MAX / 2);
    talk_init(s, &s->talks[0]);
    scene_hosts(s, "127.0.0.1", 40000, "127.0.0.1", 80);
    return s;
}

static void
side_fini(struct side *side)
{
    if (side->has_deflate)
        deflateEnd(&side->deflate);
    buf_fini(&side->write);
}

void
scene_free(struct scene *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_talks; i++) {
        side_fini(&s->talks[i].side[0]);
        side_fini(&s->talks[i].side[1]);
    }
    buf_fini(&s->bytes);
    buf_fini(&s->packed);
    free(s->packets);
    free(s);
}

void
scene_seed(struct scene *s, uint64_t seed)
{
    require(s->n_packets == 0);
    s->rng.state = seed;
    for (size_t i = 0; i < s->n_talks; i++)
        talk_init(s, &s->talks[i]);
}

void
scene_hosts(struct scene *s, const char *client, uint16_t client_port,
            const char *server, uint16_t server_port)
{
    struct talk *t = talk_now(s);
    require(!t->opened);
    snprintf(t->host[WS_SENDER_CLIENT], sizeof t->host[0], "%s", client);
    snprintf(t->host[WS_SENDER_SERVER], sizeof t->host[0], "%s", server);
    t->port[WS_SENDER_CLIENT] = client_port;
    t->port[WS_SENDER_SERVER] = server_port;
}

size_t
scene_another(struct scene *s)
{
    const struct talk *from = talk_now(s);
    require(s->n_talks < CONNS_MAX);
    struct talk *t = &s->talks[s->n_talks];
    talk_init(s, t);
    memcpy(t->host, from->host, sizeof t->host);
    t->port[WS_SENDER_SERVER] = from->port[WS_SENDER_SERVER];
    t->port[WS_SENDER_CLIENT] =
        (uint16_t)(s->talks[s->n_talks - 1].port[WS_SENDER_CLIENT] + 1);
    s->now = s->n_talks++;
    return s->now;
}

void
scene_use(struct scene *s, size_t connection)
{
    require(connection < s->n_talks);
    s->now = connection;
}

void
scene_ttl(struct scene *s, enum ws_sender from, uint8_t ttl)
{
    side_of(s, from)->ttl = ttl;
}

void
scene_ip_id(struct scene *s, enum ws_sender from, uint16_t next)
{
    side_of(s, from)->ip_id = next;
}

void
scene_wait_ms(struct scene *s, uint64_t ms)
{
    s->now_ns += (int64_t)ms * 1000000;
}

void
scene_auto_ack(struct scene *s, bool on)
{
    s->auto_ack = on;
}

void
scene_reads(struct scene *s, enum ws_sender from, bool on)
{
    side_of(s, from)->deaf = !on;
}

size_t
scene_last(const struct scene *s)
{
    return s->last;
}

size_t
scene_packets(const struct scene *s)
{
    return s->n_packets;
}

bool
scene_is_data(const struct scene *s, size_t packet, enum ws_sender *from)
{
    require(packet < s->n_packets);
    *from = s->packets[packet].from;
    return s->packets[packet].len > 0;
}

static struct packet *
add_packet(struct scene *s)
{
    if (s->n_packets == s->cap_packets) {
        s->cap_packets = s->cap_packets ? s->cap_packets * 2 : 64;
        s->packets = realloc(s->packets, s->cap_packets * sizeof *s->packets);
        require(s->packets != NULL);
    }
    struct packet *p = &s->packets[s->n_packets++];
    *p = (struct packet){0};
    s->now_ns += PACKET_NS;
    p->time_ns = s->now_ns;
    return p;
}

void
scene_segment_raw(struct scene *s, const struct scene_segment *g)
{
    struct talk *t = talk_now(s);
    struct side *me = &t->side[g->from];
    const struct side *peer = &t->side[other(g->from)];
    struct packet *p = add_packet(s);
    t->opened = true;
    if (!me->deaf && g->flags & SCENE_ACK)
        me->read = peer->sent;
    p->talk = (uint32_t)s->now;
    p->from = g->from;
    p->seq = me->isn + (uint32_t)me->sent + (uint32_t)g->seq_shift;
    if (g->flags & SCENE_ACK)
        p->ack = peer->isn + (uint32_t)me->read + (uint32_t)g->ack_shift;
    p->flags = g->flags;
    p->window = g->window || g->zero_window ? g->window : WINDOW;
    p->urgent = g->urgent;
    p->off = s->bytes.len;
    p->len = g->payload_len;
    append(&s->bytes, g->payload, g->payload_len);
    p->opt_off = s->bytes.len;
    p->opt_len = g->options.len;
    require(g->options.len % 4 == 0 && g->options.len <= 40);
    append(&s->bytes, g->options.ptr, g->options.len);
    p->ttl = g->ttl ? g->ttl : me->ttl;
    p->own_ip_id = g->has_ip_id;
    p->ip_id = g->has_ip_id ? g->ip_id : me->ip_id++;
    p->whole = true;
    p->bad_checksum = g->bad_checksum;
    if (g->advances)
        me->sent += g->payload_len + ((g->flags & SCENE_SYN) != 0) +
                    ((g->flags & SCENE_FIN) != 0);
    if (g->payload_len || g->flags & (SCENE_SYN | SCENE_FIN | SCENE_RST))
        s->last = s->n_packets - 1;
}

void
scene_ack(struct scene *s, enum ws_sender from)
{
    struct scene_segment g = {.from = from, .flags = SCENE_ACK};
    scene_segment_raw(s, &g);
}

static void
answer_with_ack(struct scene *s, enum ws_sender to)
{
    if (s->auto_ack && !side_of(s, other(to))->deaf)
        scene_ack(s, other(to));
}

static void
send_syn(struct scene *s, enum ws_sender from)
{
    static const uint8_t mss[4] = {2, 4, 0xff, 0xd7}; /* as on loopback */
    struct scene_segment g = {.from = from,
                              .flags = SCENE_SYN,
                              .options = slice_make(mss, sizeof mss),
                              .advances = true};
    if (from == WS_SENDER_SERVER)
        g.flags |= SCENE_ACK;
    scene_segment_raw(s, &g);
}

void
scene_syn(struct scene *s)
{
    send_syn(s, WS_SENDER_CLIENT);
}

void
scene_open(struct scene *s)
{
    scene_syn(s);
    send_syn(s, WS_SENDER_SERVER);
    scene_ack(s, WS_SENDER_CLIENT);
}

void
scene_fin(struct scene *s, enum ws_sender from)
{
    struct scene_segment g = {.from = from,
                              .flags = SCENE_FIN | SCENE_ACK,
                              .advances = true};
    scene_segment_raw(s, &g);
    answer_with_ack(s, from);
}

void
scene_rst(struct scene *s, enum ws_sender from)
{
    struct scene_segment g = {.from = from, .flags = SCENE_RST | SCENE_ACK};
    scene_segment_raw(s, &g);
}

void
scene_end(struct scene *s, enum ws_sender first)
{
    scene_fin(s, first);
    scene_fin(s, other(first));
}

void
scene_retransmit(struct scene *s, size_t packet)
{
    require(packet < s->n_packets);
    struct packet *p = add_packet(s);
    int64_t time_ns = p->time_ns;
    *p = s->packets[packet];
    p->time_ns = time_ns;
    if (!p->own_ip_id)
        p->ip_id = s->talks[p->talk].side[p->from].ip_id++;
}

/* ---- What is written ------------------------------------------------ */

static void
send_segment(struct scene *s, enum ws_sender from, const uint8_t *ptr,
             size_t len)
{
    struct scene_segment g = {.from = from,
                              .flags = SCENE_PSH | SCENE_ACK,
                              .payload = ptr,
                              .payload_len = len,
                              .advances = true};
    scene_segment_raw(s, &g);
    s->packets[s->n_packets - 1].whole = false;
    answer_with_ack(s, from);
}

static void
write_out(struct scene *s, enum ws_sender from, const uint8_t *ptr, size_t len)
{
    size_t most = s->piece_len ? s->piece_len : SEGMENT_MAX;
    for (size_t at = 0; at < len; at += most)
        send_segment(s, from, ptr + at, len - at < most ? len - at : most);
}

void
scene_send(struct scene *s, enum ws_sender from, const void *ptr, size_t len)
{
    struct side *side = side_of(s, from);
    if (side->joined)
        append(&side->write, ptr, len);
    else
        write_out(s, from, ptr, len);
}

void
scene_join(struct scene *s, enum ws_sender from)
{
    side_of(s, from)->joined = true;
}

void
scene_flush(struct scene *s, enum ws_sender from)
{
    struct side *side = side_of(s, from);
    side->joined = false;
    write_out(s, from, side->write.ptr, side->write.len);
    buf_clear(&side->write);
}

void
scene_piece_len(struct scene *s, size_t len)
{
    s->piece_len = len;
}

/* ---- The opening handshake ------------------------------------------ */

/* Base64 of 16 octets: 24 characters and a NUL. */
static void
fresh_key(struct scene *s, char out[25])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs"
                                 "tuvwxyz0123456789+/";
    uint8_t k[18] = {0};
    rng_fill(&s->rng, k, 16);
    for (unsigned i = 0; i < 6; i++) {
        uint32_t v = (uint32_t)k[3 * i] << 16 | (uint32_t)k[3 * i + 1] << 8 |
                     k[3 * i + 2];
        for (unsigned j = 0; j < 4; j++)
            out[4 * i + j] = digits[v >> (18 - 6 * j) & 63];
    }
    memcpy(out + 22, "==", 3);
}

/* The line of this name in lines, or NULL; *len without its CRLF. */
static const char *
find_line(const char *lines, const char *name, size_t name_len, size_t *len)
{
    while (lines && *lines) {
        *len = strcspn(lines, "\r\n");
        if (*len >= name_len && strncasecmp(lines, name, name_len) == 0 &&
            (*len == name_len || lines[name_len] == ':'))
            return lines;
        lines += *len;
        lines += strspn(lines, "\r\n");
    }
    return NULL;
}

/* A default line, or what takes its place. */
static void
put_line(struct buf *b, const char *replace, const char *name,
         const char *value)
{
    size_t len, name_len = strlen(name);
    const char *line = find_line(replace, name, name_len, &len);
    if (line && len == name_len)
        return;
    if (line) {
        append(b, line, len);
    } else if (value) {
        append_text(b, name);
        append_text(b, ": ");
        append_text(b, value);
    } else {
        return;
    }
    append_text(b, "\r\n");
}

static const char *
or_default(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static void
put_request(struct buf *b, const struct scene_handshake *h)
{
    const char *replace = h->request_replace;
    append_text(b, or_default(h->method, "GET"));
    append_text(b, " ");
    append_text(b, or_default(h->target, "/chat"));
    append_text(b, " ");
    append_text(b, or_default(h->version, "HTTP/1.1"));
    append_text(b, "\r\n");
    put_line(b, replace, "Host", "localhost");
    put_line(b, replace, "Upgrade", "websocket");
    put_line(b, replace, "Connection", "Upgrade");
    put_line(b, replace, "Sec-WebSocket-Key", or_default(h->key, "{key}"));
    put_line(b, replace, "Sec-WebSocket-Version", "13");
    put_line(b, replace, "Sec-WebSocket-Protocol",
             or_default(h->protocol_offer, h->protocol));
    put_line(b, replace, "Sec-WebSocket-Extensions",
             or_default(h->deflate_offer, h->deflate));
    append_text(b, or_default(h->request_headers, ""));
    append_text(b, "\r\n");
}

static void
put_response(struct buf *b, const struct scene_handshake *h)
{
    const char *replace = h->response_replace;
    append_text(b, or_default(h->version, "HTTP/1.1"));
    append_text(b, " ");
    append_text(b, or_default(h->status, "101 Switching Protocols"));
    append_text(b, "\r\n");
    put_line(b, replace, "Upgrade", "websocket");
    put_line(b, replace, "Connection", "Upgrade");
    put_line(b, replace, "Sec-WebSocket-Accept",
             or_default(h->accept, "{accept}"));
    put_line(b, replace, "Sec-WebSocket-Protocol",
             or_default(h->protocol_answer, h->protocol));
    put_line(b, replace, "Sec-WebSocket-Extensions",
             or_default(h->deflate_answer, h->deflate));
    append_text(b, or_default(h->response_headers, ""));
    append_text(b, "\r\n");
}

/* Puts values in the place of "{key}" and "{accept}". */
static void
expand(struct buf *out, struct slice text, const char *key, const char *accept)
{
    for (size_t i = 0; i < text.len;) {
        size_t left = text.len - i;
        if (left >= 5 && memcmp(text.ptr + i, "{key}", 5) == 0) {
            append_text(out, key);
            i += 5;
        } else if (left >= 8 && memcmp(text.ptr + i, "{accept}", 8) == 0) {
            append_text(out, accept);
            i += 8;
        } else {
            append(out, text.ptr + i++, 1);
        }
    }
}

/* Keeps the value of the first Sec-WebSocket-Key line. */
static void
remember_key(struct talk *t, struct slice head)
{
    static const char name[] = "sec-websocket-key:";
    size_t name_len = sizeof name - 1;
    t->key[0] = '\0';
    for (size_t i = 0; i + name_len <= head.len; i++) {
        const char *p = (const char *)head.ptr + i;
        if ((i && p[-1] != '\n') || strncasecmp(p, name, name_len) != 0)
            continue;
        size_t start = i + name_len, end;
        while (start < head.len &&
               (head.ptr[start] == ' ' || head.ptr[start] == '\t'))
            start++;
        for (end = start;
             end < head.len && head.ptr[end] != '\r' && head.ptr[end] != '\n';)
            end++;
        while (end > start &&
               (head.ptr[end - 1] == ' ' || head.ptr[end - 1] == '\t'))
            end--;
        require(end - start < sizeof t->key);
        memcpy(t->key, head.ptr + start, end - start);
        t->key[end - start] = '\0';
        return;
    }
}

static void
open_first(struct scene *s)
{
    if (!talk_now(s)->opened)
        scene_open(s);
}

/* Sends a head: the text given, or the one made into b. */
static void
send_head(struct scene *s, enum ws_sender from, const char *raw, size_t raw_len,
          const struct buf *made)
{
    struct talk *t = talk_now(s);
    struct buf head;
    char key[25] = "", accept[WS_ACCEPT_TEXT_MAX];
    struct slice text = buf_slice(made);
    if (raw)
        text =
            slice_make((const uint8_t *)raw, raw_len ? raw_len : strlen(raw));
    buf_init(&head, SIZE_MAX / 2);
    open_first(s);
    if (from == WS_SENDER_CLIENT)
        fresh_key(s, key);
    handshake_accept(slice_make((const uint8_t *)t->key, strlen(t->key)),
                     accept);
    expand(&head, text, from == WS_SENDER_CLIENT ? key : t->key, accept);
    if (from == WS_SENDER_CLIENT)
        remember_key(t, buf_slice(&head));
    scene_send(s, from, head.ptr, head.len);
    buf_fini(&head);
}

void
scene_request(struct scene *s, const struct scene_handshake *h)
{
    struct buf made;
    buf_init(&made, SIZE_MAX / 2);
    put_request(&made, h);
    send_head(s, WS_SENDER_CLIENT, h->request, h->request_len, &made);
    buf_fini(&made);
}

void
scene_response(struct scene *s, const struct scene_handshake *h)
{
    struct buf made;
    buf_init(&made, SIZE_MAX / 2);
    put_response(&made, h);
    send_head(s, WS_SENDER_SERVER, h->response, h->response_len, &made);
    buf_fini(&made);
}

void
scene_handshake_with(struct scene *s, const struct scene_handshake *h)
{
    if (!h->no_request)
        scene_request(s, h);
    scene_wait_ms(s, h->answer_ms);
    if (!h->no_response)
        scene_response(s, h);
}

void
scene_handshake(struct scene *s)
{
    struct scene_handshake h = {0};
    scene_handshake_with(s, &h);
}

const char *
scene_key(const struct scene *s)
{
    return s->talks[s->now].key;
}

/* ---- Frames --------------------------------------------------------- */

static size_t
put_frame_header(const struct scene_frame *f, uint64_t len, bool masked,
                 uint8_t out[10])
{
    enum scene_len_form form = f->len_form;
    size_t n = 2, more;
    if (form == SCENE_LEN_MINIMAL && len > 125)
        form = len > 65535 ? SCENE_LEN_64 : SCENE_LEN_16;
    out[0] =
        (uint8_t)((f->more ? 0 : 0x80) | (f->rsv & 7) << 4 | (f->opcode & 15));
    more = form == SCENE_LEN_64 ? 8 : form == SCENE_LEN_16 ? 2 : 0;
    out[1] = (uint8_t)(more == 8 ? 127 : more == 2 ? 126 : len);
    out[1] |= masked ? 0x80 : 0;
    for (; more > 0; more--)
        out[n++] = (uint8_t)(len >> 8 * (more - 1));
    return n;
}

void
scene_frame(struct scene *s, enum ws_sender from, const struct scene_frame *f)
{
    const uint8_t *payload = f->text ? (const uint8_t *)f->text : f->payload;
    size_t len = f->text ? strlen(f->text) : f->payload_len;
    bool masked = f->mask_on == SCENE_MASK_ON ||
                  (f->mask_on == SCENE_MASK_RIGHT && from == WS_SENDER_CLIENT);
    uint8_t header[10], key[4];
    struct buf out;
    buf_init(&out, SIZE_MAX / 2);
    append(&out, header,
           put_frame_header(f, f->has_declared_len ? f->declared_len : len,
                            masked, header));
    if (masked) {
        rng_fill(&s->rng, key, sizeof key);
        if (f->has_key)
            memcpy(key, f->key, sizeof key);
        append(&out, key, sizeof key);
    }
    size_t at = out.len;
    append(&out, payload, len);
    for (size_t i = 0; masked && i < len; i++)
        out.ptr[at + i] ^= key[i & 3];
    scene_send(s, from, out.ptr, out.len);
    buf_fini(&out);
}

void
scene_text(struct scene *s, enum ws_sender from, const char *text)
{
    struct scene_frame f = {.opcode = WS_OP_TEXT, .text = text};
    scene_frame(s, from, &f);
}

void
scene_binary(struct scene *s, enum ws_sender from, const void *ptr, size_t len)
{
    struct scene_frame f = {.opcode = WS_OP_BINARY,
                            .payload = ptr,
                            .payload_len = len};
    scene_frame(s, from, &f);
}

void
scene_ping(struct scene *s, enum ws_sender from, const char *payload)
{
    struct scene_frame f = {.opcode = WS_OP_PING, .text = payload};
    scene_frame(s, from, &f);
}

void
scene_pong(struct scene *s, enum ws_sender from, const char *payload)
{
    struct scene_frame f = {.opcode = WS_OP_PONG, .text = payload};
    scene_frame(s, from, &f);
}

void
scene_close_frame(struct scene *s, enum ws_sender from, uint16_t code,
                  const char *reason)
{
    uint8_t payload[2 + 256] = {(uint8_t)(code >> 8), (uint8_t)code};
    size_t len = reason ? strlen(reason) : 0;
    require(len <= 256);
    if (len)
        memcpy(payload + 2, reason, len);
    struct scene_frame f = {.opcode = WS_OP_CLOSE,
                            .payload = payload,
                            .payload_len = code ? 2 + len : 0};
    scene_frame(s, from, &f);
}

void
scene_close(struct scene *s, enum ws_sender first, uint16_t code)
{
    scene_close_frame(s, first, code, NULL);
    scene_close_frame(s, other(first), code, NULL);
    scene_end(s, WS_SENDER_SERVER);
}

/* ---- permessage-deflate --------------------------------------------- */

void
scene_deflate_window(struct scene *s, enum ws_sender from, int bits)
{
    struct side *side = side_of(s, from);
    if (side->has_deflate)
        deflateEnd(&side->deflate);
    side->deflate = (z_stream){0};
    require(deflateInit2(&side->deflate, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                         -bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    side->has_deflate = true;
}

struct slice
scene_deflate(struct scene *s, enum ws_sender from, const void *ptr, size_t len,
              bool takeover)
{
    struct side *side = side_of(s, from);
    if (!side->has_deflate)
        scene_deflate_window(s, from, 15);
    z_stream *z = &side->deflate;
    if (!takeover)
        require(deflateReset(z) == Z_OK);
    size_t room = deflateBound(z, (uLong)len) + 16;
    buf_clear(&s->packed);
    uint8_t *out = buf_reserve(&s->packed, room);
    require(out != NULL);
    z->next_in = ptr;
    z->avail_in = (uInt)len;
    z->next_out = out;
    z->avail_out = (uInt)room;
    int status = deflate(z, Z_SYNC_FLUSH);
    size_t n = room - z->avail_out;
    require(z->avail_in == 0 && z->avail_out > 0);
    if (status == Z_BUF_ERROR || n < 5) { /* nothing to flush: an empty block */
        out[0] = 0;
        return slice_make(out, 1);
    }
    require(memcmp(out + n - 4, "\0\0\xff\xff", 4) == 0);
    s->packed.len = n - 4;
    return buf_slice(&s->packed);
}

void
scene_deflated(struct scene *s, enum ws_sender from, uint8_t opcode,
               const void *ptr, size_t len, bool takeover)
{
    struct slice packed = scene_deflate(s, from, ptr, len, takeover);
    struct scene_frame f = {.opcode = opcode,
                            .rsv = 4,
                            .payload = packed.ptr,
                            .payload_len = packed.len};
    scene_frame(s, from, &f);
}

/* ---- The capture ---------------------------------------------------- */

#define LINK_RAW 101u
#define PROTOCOL_TCP 6u
#define NOISE_FLOWS 4u

/* The writer of one capture. */
struct render {
    const struct scene *scene;
    const struct scene_options *o;
    struct buf *out;
    struct buf packet;               /* being made */
    uint16_t id_shift[CONNS_MAX][2]; /* more packets than in the scene */
    uint64_t payload_seen;           /* octets so far, of all */
    struct rng noise;
    uint32_t noise_sent[NOISE_FLOWS];
};

static void
put_be(struct buf *b, uint64_t v, unsigned len)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < len; i++)
        bytes[i] = (uint8_t)(v >> 8 * (len - 1 - i));
    append(b, bytes, len);
}

static void
set_be16(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static uint32_t
sum_words(uint32_t sum, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum += (uint32_t)p[i] << (i % 2 ? 0 : 8);
    return sum;
}

static uint16_t
fold_sum(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* Starts a packet with its IP header; len octets of protocol follow.  Returns
 * the sum of the pseudo header (RFC 9293 section 3.1). */
static uint32_t
put_ip(struct buf *b, const char *src, const char *dst, uint8_t protocol,
       uint8_t ttl, uint16_t id, size_t len)
{
    uint8_t a[16];
    bool v6 = strchr(src, ':') != NULL;
    size_t addr_len = v6 ? 16 : 4;
    if (v6) {
        put_be(b, 6u << 28, 4);
        put_be(b, len, 2);
        put_be(b, protocol, 1);
        put_be(b, ttl, 1);
    } else {
        put_be(b, 0x4500, 2);
        put_be(b, 20 + len, 2);
        put_be(b, id, 2);
        put_be(b, 0x4000, 2); /* do not fragment */
        put_be(b, ttl, 1);
        put_be(b, protocol, 1);
        put_be(b, 0, 2);
    }
    require(inet_pton(v6 ? AF_INET6 : AF_INET, src, a) == 1);
    append(b, a, addr_len);
    require(inet_pton(v6 ? AF_INET6 : AF_INET, dst, a) == 1);
    append(b, a, addr_len);
    if (!v6)
        set_be16(b->ptr + 10, fold_sum(sum_words(0, b->ptr, 20)));
    uint32_t sum = protocol + (uint32_t)len;
    return sum_words(sum, b->ptr + b->len - 2 * addr_len, 2 * addr_len);
}

/* One TCP packet into r->packet: octets [from, from + len) of p's payload. */
static void
make_packet(struct render *r, const struct packet *p, size_t from, size_t len)
{
    const struct scene *s = r->scene;
    const struct talk *t = &s->talks[p->talk];
    struct buf *b = &r->packet;
    bool last = from + len == p->len;
    uint16_t id = p->ip_id;
    size_t tcp_len = 20 + p->opt_len + len;
    if (!p->own_ip_id)
        id = (uint16_t)(id + r->id_shift[p->talk][p->from]);
    buf_clear(b);
    uint32_t sum = put_ip(b, t->host[p->from], t->host[other(p->from)],
                          PROTOCOL_TCP, p->ttl, id, tcp_len);
    size_t tcp = b->len;
    put_be(b, t->port[p->from], 2);
    put_be(b, t->port[other(p->from)], 2);
    put_be(b, p->seq + (uint32_t)from, 4);
    put_be(b, p->ack, 4);
    put_be(b, (20 + p->opt_len) / 4 << 4, 1);
    put_be(b, last ? p->flags : p->flags & ~(SCENE_FIN | SCENE_PSH), 1);
    put_be(b, p->window, 2);
    put_be(b, 0, 2);
    put_be(b, p->urgent, 2);
    append(b, s->bytes.ptr + p->opt_off, p->opt_len);
    append(b, s->bytes.ptr + p->off + from, len);
    uint16_t check = fold_sum(sum_words(sum, b->ptr + tcp, tcp_len));
    set_be16(b->ptr + tcp + 16, p->bad_checksum ? check ^ 0x5a5au : check);
}

static void
put_made(struct render *r, int64_t time_ns)
{
    struct slice data = buf_slice(&r->packet);
    if (r->o->snaplen)
        data = slice_head(data, r->o->snaplen);
    lossy_put_packet(r->out, time_ns, (uint32_t)r->packet.len, data);
}

/* A packet that has nothing to do with the scene: plain HTTP of others, seen
 * from the middle, and datagrams. */
static void
put_noise(struct render *r, int64_t time_ns)
{
    static const char http[] = "GET /index.html HTTP/1.1\r\nHost: elsewhere\r\n"
                               "Accept: */*\r\n\r\n";
    uint32_t kind = rng_below(&r->noise, NOISE_FLOWS);
    bool lost = rng_below(&r->noise, 100) < r->o->noise_lost;
    struct buf *b = &r->packet;
    size_t len = sizeof http - 1;
    buf_clear(b);
    if (kind == 0) {
        put_ip(b, "192.0.2.1", "192.0.2.2", 17, TTL, 7, 8 + 16);
        put_be(b, UINT64_C(0x1388003500180000), 8);
        put_be(b, rng_next(&r->noise), 8);
        put_be(b, rng_next(&r->noise), 8);
    } else {
        put_ip(b, "192.0.2.1", "192.0.2.2", PROTOCOL_TCP, TTL, 7, 20 + len);
        put_be(b, 50000 + kind, 2);
        put_be(b, 80, 2);
        put_be(b, r->noise_sent[kind] + kind * 1000, 4);
        put_be(b, 1, 4);
        put_be(b, 0x5000u | SCENE_ACK | SCENE_PSH, 2);
        put_be(b, WINDOW, 2);
        put_be(b, 0, 4);
        append(b, http, len);
        r->noise_sent[kind] += (uint32_t)len;
    }
    if (!lost)
        put_made(r, time_ns);
}

static bool
is_captured(const struct scene_options *o, const struct packet *p, size_t i)
{
    if (i < o->first_packet || (o->end_packet && i >= o->end_packet))
        return false;
    for (size_t k = 0; k < o->n_drop; k++)
        if (o->drop[k] == i)
            return false;
    return !o->drop_from[p->from];
}

/* Octets of the piece of p that begins at `from`. */
static size_t
piece_len(const struct render *r, const struct packet *p, size_t from)
{
    size_t len = p->len - from;
    uint64_t at = r->payload_seen + from;
    if (p->whole)
        return len;
    if (r->o->cut_every && len > r->o->cut_every)
        len = r->o->cut_every;
    if (r->o->cut_at > at && r->o->cut_at < at + len)
        len = (size_t)(r->o->cut_at - at);
    return len;
}

static void
put_packet(struct render *r, size_t i)
{
    const struct packet *p = &r->scene->packets[i];
    size_t from = 0, n = 0;
    bool captured = is_captured(r->o, p, i);
    if (p->len == 0 && p->flags == SCENE_ACK && r->o->acks_lost &&
        rng_below(&r->noise, 100) < r->o->acks_lost)
        captured = false;
    for (uint32_t k = 0; k < r->o->noise; k++)
        put_noise(r, p->time_ns - 1);
    do {
        size_t len = piece_len(r, p, from);
        if (n && !p->own_ip_id)
            r->id_shift[p->talk][p->from]++;
        if (captured) {
            make_packet(r, p, from, len);
            put_made(r, p->time_ns + (int64_t)n);
        }
        from += len;
        n++;
    } while (from < p->len);
    r->payload_seen += p->len;
}

uint64_t
scene_payload_len(const struct scene *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < s->n_packets; i++)
        sum += s->packets[i].len;
    return sum;
}

void
scene_render(const struct scene *s, const struct scene_options *o,
             struct buf *out)
{
    static const struct scene_options nothing;
    struct render r = {.scene = s, .o = o ? o : &nothing, .out = out};
    r.noise.state = r.o->noise_seed;
    buf_init(&r.packet, SIZE_MAX / 2);
    lossy_put_header(out, LINK_RAW);
    for (size_t i = 0; i < s->n_packets; i++)
        put_packet(&r, i);
    buf_fini(&r.packet);
}

bool
scene_save(const struct scene *s, const struct scene_options *o,
           const char *path)
{
    struct buf pcap;
    FILE *f = fopen(path, "wb");
    if (!f)
        return false;
    buf_init(&pcap, SIZE_MAX / 2);
    scene_render(s, o, &pcap);
    bool ok = fwrite(pcap.ptr, 1, pcap.len, f) == pcap.len;
    buf_fini(&pcap);
    return fclose(f) == 0 && ok;
}
