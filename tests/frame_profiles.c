/* SPDX-License-Identifier: MIT */
#include "tests/frame_profiles.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/stream.h"
#include "dissect/handshake.h"
#include "tests/lossy.h"
#include "tests/rng.h"

#define LINK_RAW 101u
#define MSS 1448u
#define IP_TCP_HEADERS 40u
#define FIRST_PORT 40000u
#define SERVER_PORT 9000u
#define CONNS_MAX 30u
#define START_NS INT64_C(1767225600000000000) /* 2026-01-01 */
#define FRAMES_A_WRITE 64u
#define BIG_MAX (200u << 10)
#define RSV1 4u

/* One sender of a connection. */
struct side {
    uint32_t isn;
    uint64_t sent;   /* stream bytes */
    uint32_t unread; /* segments that the other one has not acknowledged */
    z_stream deflate;
    bool compresses, takeover;
};

struct talk {
    uint16_t port;
    enum profile kind;
    uint32_t equal_len;
    struct side side[2]; /* by enum ws_sender */
};

struct maker {
    struct profile_capture *out;
    struct rng rng;
    int64_t now_ns;
    uint16_t ip_id;
    size_t stream_len; /* frame bytes made so far */
    size_t n_talks;
    struct talk talks[CONNS_MAX];
    struct buf write; /* what the application sends at once */
    struct buf plain; /* one message */
    struct buf packed;
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
    require(buf_append(b, ptr, len) == ERR_OK);
}

static void
put_be16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void
put_be32(uint8_t *p, uint32_t v)
{
    put_be16(p, v >> 16);
    put_be16(p + 2, v & 0xffff);
}

/* ---- Segments ------------------------------------------------------- */

/* An IPv4 packet (RFC 791) with a segment (RFC 9293 section 3.1); checksums
 * are left out. */
static void
packet(struct maker *m, const struct talk *t, enum ws_sender from, uint32_t seq,
       uint8_t flags, struct slice data)
{
    static const uint8_t addr[2][4] = {{192, 0, 2, 1}, {198, 51, 100, 2}};
    const struct side *other = &t->side[!from];
    uint8_t p[IP_TCP_HEADERS + MSS] = {0x45};
    bool client = from == WS_SENDER_CLIENT;
    require(data.len <= MSS);
    put_be16(p + 2, (uint32_t)(IP_TCP_HEADERS + data.len));
    put_be16(p + 4, m->ip_id++);
    p[8] = 64;
    p[9] = 6;
    memcpy(p + 12, addr[!client], 4);
    memcpy(p + 16, addr[client], 4);
    put_be16(p + 20, client ? t->port : SERVER_PORT);
    put_be16(p + 22, client ? SERVER_PORT : t->port);
    put_be32(p + 24, seq);
    if (flags & TCP_ACK)
        put_be32(p + 28, other->isn + 1 + (uint32_t)other->sent);
    p[32] = 5 << 4;
    p[33] = flags;
    put_be16(p + 34, 65535);
    if (data.len)
        memcpy(p + IP_TCP_HEADERS, data.ptr, data.len);
    m->now_ns += rng_range(&m->rng, 500, 60000);
    lossy_put_packet(&m->out->pcap, m->now_ns,
                     (uint32_t)(IP_TCP_HEADERS + data.len),
                     slice_make(p, IP_TCP_HEADERS + data.len));
}

static uint32_t
next_seq(const struct side *s)
{
    return s->isn + 1 + (uint32_t)s->sent;
}

static void
acknowledge(struct maker *m, struct talk *t, enum ws_sender from)
{
    struct slice none = slice_make(NULL, 0);
    t->side[!from].unread = 0;
    packet(m, t, from, next_seq(&t->side[from]), TCP_ACK, none);
}

/* Sends bytes in segments; the other side acknowledges each second one. */
static void
send_bytes(struct maker *m, struct talk *t, enum ws_sender from,
           struct slice bytes)
{
    struct side *s = &t->side[from];
    t->side[!from].unread = 0;
    while (bytes.len > 0) {
        struct slice part = slice_head(bytes, MSS);
        uint32_t seq = next_seq(s);
        bytes = slice_skip(bytes, part.len);
        packet(m, t, from, seq, bytes.len ? TCP_ACK : TCP_ACK | TCP_PSH, part);
        s->sent += part.len;
        if (++s->unread == 2)
            acknowledge(m, t, !from);
    }
    if (s->unread && rng_below(&m->rng, 3))
        acknowledge(m, t, !from);
}

/* ---- Frames --------------------------------------------------------- */

/* Writes a header (RFC 6455 section 5.2) in its shortest form. */
static void
fill_header(struct ws_frame_header *h, uint8_t bytes[WS_FRAME_HEADER_MAX])
{
    size_t n = 2;
    bytes[0] = (uint8_t)(h->fin << 7 | h->rsv << 4 | h->opcode);
    bytes[1] = (uint8_t)(h->masked << 7);
    if (h->payload_len < 126) {
        bytes[1] |= (uint8_t)h->payload_len;
    } else if (h->payload_len < 65536) {
        bytes[1] |= 126;
        put_be16(bytes + 2, (uint32_t)h->payload_len);
        n = 4;
    } else {
        bytes[1] |= 127;
        put_be32(bytes + 2, (uint32_t)(h->payload_len >> 32));
        put_be32(bytes + 6, (uint32_t)h->payload_len);
        n = 10;
    }
    if (h->masked) {
        memcpy(bytes + n, h->mask, 4);
        n += 4;
    }
    h->header_len = (uint8_t)n;
}

/* Adds a frame to what is written at once. */
static void
frame(struct maker *m, const struct talk *t, enum ws_sender from,
      struct ws_frame_header h, struct slice payload, uint32_t message)
{
    uint8_t bytes[WS_FRAME_HEADER_MAX];
    struct profile_frame f = {.port = t->port,
                              .from = from,
                              .message = message};
    h.offset = t->side[from].sent + m->write.len;
    h.payload_len = payload.len;
    h.masked = from == WS_SENDER_CLIENT;
    if (h.masked)
        rng_fill(&m->rng, h.mask, sizeof h.mask);
    fill_header(&h, bytes);
    f.header = h;
    append(&m->out->frames, &f, sizeof f);
    append(&m->write, bytes, h.header_len);
    size_t at = m->write.len;
    append(&m->write, payload.ptr, payload.len);
    for (size_t i = 0; i < payload.len && h.masked; i++)
        m->write.ptr[at + i] ^= h.mask[i % 4];
    m->stream_len += h.header_len + payload.len;
}

static void
control(struct maker *m, const struct talk *t, enum ws_sender from,
        uint8_t opcode, size_t len)
{
    uint8_t payload[125];
    rng_fill(&m->rng, payload, len);
    frame(m, t, from, (struct ws_frame_header){.fin = true, .opcode = opcode},
          slice_make(payload, len), 0);
}

/* m->plain compressed as RFC 7692 section 7.2.1 tells. */
static struct slice
compress_plain(struct maker *m, struct side *s)
{
    z_stream *z = &s->deflate;
    buf_clear(&m->packed);
    size_t room = deflateBound(z, m->plain.len) + 64;
    uint8_t *at = buf_reserve(&m->packed, room);
    require(at != NULL);
    if (!s->takeover)
        require(deflateReset(z) == Z_OK);
    z->next_in = m->plain.ptr;
    z->avail_in = (uInt)m->plain.len;
    z->next_out = at;
    z->avail_out = (uInt)room;
    int status = deflate(z, Z_SYNC_FLUSH);
    if (status == Z_BUF_ERROR && m->plain.len == 0) {
        /* Nothing to add to the last flush: an empty message is 00 (RFC 7692
         * section 7.2.3.6). */
        at[0] = 0;
        return slice_make(at, 1);
    }
    require(status == Z_OK && z->avail_out > 0);
    size_t len = room - z->avail_out;
    require(len > 4);
    return slice_make(at, len - 4);
}

/* Adds m->plain as a message in up to `pieces` frames; `pings`: control frames
 * between them. */
static void
message(struct maker *m, struct talk *t, enum ws_sender from, uint8_t opcode,
        bool compressed, uint32_t pieces, bool pings)
{
    struct profile_message *msg;
    struct side *s = &t->side[from];
    struct slice rest = buf_slice(&m->plain);
    uint8_t *at = buf_reserve(&m->out->messages, sizeof *msg);
    require(at != NULL);
    msg = (struct profile_message *)(void *)at;
    *msg = (struct profile_message){.port = t->port,
                                    .from = from,
                                    .opcode = opcode,
                                    .compressed = compressed,
                                    .n_frames = pieces,
                                    .len = rest.len};
    require(digest_sha1(&rest, 1, msg->sha1));
    m->out->messages.len += sizeof *msg;
    uint32_t number = (uint32_t)(m->out->messages.len / sizeof *msg);
    if (compressed)
        rest = compress_plain(m, s);
    for (uint32_t i = 0; i < pieces; i++) {
        bool last = i + 1 == pieces;
        size_t n =
            last ? rest.len : rng_below(&m->rng, (uint32_t)rest.len / 2 + 1);
        struct ws_frame_header h = {.fin = last,
                                    .opcode = i ? WS_OP_CONT : opcode,
                                    .rsv = compressed && !i ? RSV1 : 0};
        frame(m, t, from, h, slice_head(rest, n), number);
        rest = slice_skip(rest, n);
        if (pings && !last && rng_below(&m->rng, 3) == 0)
            control(m, t, from, rng_below(&m->rng, 2) ? WS_OP_PING : WS_OP_PONG,
                    rng_below(&m->rng, 20));
    }
}

/* ---- Payloads ------------------------------------------------------- */

static void
plain_text(struct maker *m, size_t len)
{
    static const char *const words[] = {"{\"type\":\"trade\",\"symbol\":\"",
                                        "\",\"price\":",
                                        "hello ",
                                        "the quick brown fox ",
                                        "\"user\":\"",
                                        "\"}",
                                        "gr\xc3\xbc\xc3\x9f",
                                        "\xe4\xbd\xa0\xe5\xa5\xbd ",
                                        "[1,2,3]",
                                        "ping ",
                                        "status: ok\n",
                                        ", "};
    buf_clear(&m->plain);
    while (m->plain.len < len) {
        char number[16];
        const char *word =
            words[rng_below(&m->rng, sizeof words / sizeof words[0])];
        append(&m->plain, word, strlen(word));
        snprintf(number, sizeof number, "%u", rng_below(&m->rng, 100000));
        if (rng_below(&m->rng, 2))
            append(&m->plain, number, strlen(number));
    }
}

static void
plain_random(struct maker *m, size_t len)
{
    buf_clear(&m->plain);
    uint8_t *at = buf_reserve(&m->plain, len);
    require(at != NULL);
    rng_fill(&m->rng, at, len);
    m->plain.len = len;
}

static void
plain_zeros(struct maker *m, size_t len)
{
    buf_clear(&m->plain);
    uint8_t *at = buf_reserve(&m->plain, len);
    require(at != NULL);
    memset(at, 0, len);
    m->plain.len = len;
}

/* ---- Profiles: what is written at once ------------------------------ */

static void
write_text(struct maker *m, struct talk *t, enum ws_sender from)
{
    plain_text(m, rng_below(&m->rng, 300));
    message(m, t, from, WS_OP_TEXT, false, 1, false);
}

static void
write_packed(struct maker *m, struct talk *t, enum ws_sender from)
{
    uint32_t n = rng_range(&m->rng, 2, FRAMES_A_WRITE);
    for (uint32_t i = 0; i < n; i++) {
        bool text = rng_below(&m->rng, 2);
        size_t len = rng_below(&m->rng, 200);
        if (text)
            plain_text(m, len);
        else
            plain_random(m, len);
        message(m, t, from, text ? WS_OP_TEXT : WS_OP_BINARY, false, 1, false);
    }
}

static void
write_big(struct maker *m, struct talk *t, enum ws_sender from)
{
    uint32_t top = rng_below(&m->rng, 12) ? 8u << 10 : BIG_MAX;
    plain_random(m, rng_range(&m->rng, 1000, top));
    message(m, t, from, WS_OP_BINARY, false, 1, false);
}

static void
write_fragments(struct maker *m, struct talk *t, enum ws_sender from)
{
    bool text = rng_below(&m->rng, 2);
    size_t len = rng_below(&m->rng, 8000);
    if (text)
        plain_text(m, len);
    else
        plain_random(m, len);
    message(m, t, from, text ? WS_OP_TEXT : WS_OP_BINARY, false,
            rng_range(&m->rng, 1, 12), true);
}

static void
write_deflate(struct maker *m, struct talk *t, enum ws_sender from)
{
    bool compressed = t->side[from].compresses && rng_below(&m->rng, 20);
    uint32_t pieces = rng_below(&m->rng, 6) ? 1 : rng_range(&m->rng, 2, 5);
    plain_text(m, rng_below(&m->rng, 8) ? rng_below(&m->rng, 600)
                                        : rng_below(&m->rng, 20000));
    message(m, t, from, WS_OP_TEXT, compressed, pieces, pieces > 2);
}

static void
write_equal(struct maker *m, struct talk *t, enum ws_sender from)
{
    plain_random(m, t->equal_len);
    if (m->plain.len >= 4)
        put_be32(m->plain.ptr, (uint32_t)t->side[from].sent);
    message(m, t, from, WS_OP_BINARY, false, 1, false);
}

static void
write_zeros(struct maker *m, struct talk *t, enum ws_sender from)
{
    plain_zeros(m, rng_below(&m->rng, 5) ? rng_below(&m->rng, 400)
                                         : rng_below(&m->rng, 20000));
    message(m, t, from, WS_OP_BINARY, false, 1, false);
}

static void
write_control(struct maker *m, struct talk *t, enum ws_sender from)
{
    uint32_t n = rng_range(&m->rng, 1, 8);
    for (uint32_t i = 0; i < n; i++)
        control(m, t, from, rng_below(&m->rng, 2) ? WS_OP_PING : WS_OP_PONG,
                rng_below(&m->rng, 126));
}

typedef void (*write_fn)(struct maker *m, struct talk *t, enum ws_sender from);

static const struct {
    const char *name;
    write_fn write;
} kinds[PROFILE_COUNT] = {
    [PROFILE_TEXT] = {"text", write_text},
    [PROFILE_PACKED] = {"packed", write_packed},
    [PROFILE_BIG_BINARY] = {"big-binary", write_big},
    [PROFILE_FRAGMENTS] = {"fragments", write_fragments},
    [PROFILE_TAKEOVER] = {"deflate-takeover", write_deflate},
    [PROFILE_NO_TAKEOVER] = {"deflate-no-takeover", write_deflate},
    [PROFILE_MANY] = {"many-connections", write_text},
    [PROFILE_EQUAL] = {"equal-sized", write_equal},
    [PROFILE_ZEROS] = {"zeros", write_zeros},
    [PROFILE_CONTROL] = {"control-only", write_control},
    [PROFILE_MIXED] = {"mixed", NULL},
};

const char *
profile_name(enum profile p)
{
    return kinds[p].name;
}

static void
step(struct maker *m)
{
    struct talk *t = &m->talks[rng_below(&m->rng, (uint32_t)m->n_talks)];
    enum ws_sender from =
        rng_below(&m->rng, 2) ? WS_SENDER_CLIENT : WS_SENDER_SERVER;
    enum profile kind = t->kind;
    if (kind == PROFILE_MIXED)
        kind = (enum profile)rng_below(&m->rng, PROFILE_MIXED);
    buf_clear(&m->write);
    kinds[kind].write(m, t, from);
    send_bytes(m, t, from, buf_slice(&m->write));
}

/* ---- The beginning and the end of a connection ---------------------- */

static void
send_text(struct maker *m, struct talk *t, enum ws_sender from,
          const char *text)
{
    send_bytes(m, t, from, slice_make(text, strlen(text)));
}

/* The parameters of permessage-deflate, "" for none (RFC 7692 section 7.1). */
static void
agree_deflate(struct maker *m, struct talk *t, char *text, size_t size)
{
    bool mixed = t->kind == PROFILE_MIXED && rng_below(&m->rng, 2);
    bool takeover = t->kind != PROFILE_NO_TAKEOVER;
    int bits = rng_below(&m->rng, 2) ? 15 : (int)rng_range(&m->rng, 9, 15);
    text[0] = '\0';
    if (t->kind != PROFILE_TAKEOVER && t->kind != PROFILE_NO_TAKEOVER && !mixed)
        return;
    snprintf(text, size,
             "Sec-WebSocket-Extensions: permessage-deflate; "
             "client_max_window_bits=%d; server_max_window_bits=%d%s\r\n",
             bits, bits,
             takeover ? ""
                      : "; client_no_context_takeover"
                        "; server_no_context_takeover");
    for (unsigned i = 0; i < 2; i++) {
        struct side *s = &t->side[i];
        s->compresses = true;
        s->takeover = takeover;
        require(deflateInit2(&s->deflate, (int)rng_range(&m->rng, 1, 9),
                             Z_DEFLATED, -bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    }
}

static void
shake_hands(struct maker *m, struct talk *t)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
                                   "pqrstuvwxyz0123456789+/";
    char key[25] = "========================";
    char accept[WS_ACCEPT_TEXT_MAX], deflate[200], text[600];
    struct slice none = slice_make(NULL, 0);
    for (size_t i = 0; i < 21; i++)
        key[i] = alphabet[rng_below(&m->rng, 64)];
    key[21] = "AQgw"[rng_below(&m->rng, 4)];
    handshake_accept(slice_make(key, 24), accept);
    packet(m, t, WS_SENDER_CLIENT, t->side[0].isn, TCP_SYN, none);
    packet(m, t, WS_SENDER_SERVER, t->side[1].isn, TCP_SYN | TCP_ACK, none);
    packet(m, t, WS_SENDER_CLIENT, t->side[0].isn + 1, TCP_ACK, none);
    agree_deflate(m, t, deflate, sizeof deflate);
    snprintf(text, sizeof text,
             "GET /feed HTTP/1.1\r\nHost: ws.example:9000\r\n"
             "Upgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s\r\n",
             key, deflate);
    send_text(m, t, WS_SENDER_CLIENT, text);
    snprintf(text, sizeof text,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n",
             accept, deflate);
    send_text(m, t, WS_SENDER_SERVER, text);
}

static void
send_close(struct maker *m, struct talk *t, enum ws_sender from)
{
    static const uint8_t code[] = {0x03, 0xe8, 'b', 'y', 'e'};
    buf_clear(&m->write);
    frame(m, t, from,
          (struct ws_frame_header){.fin = true, .opcode = WS_OP_CLOSE},
          slice_make(code, sizeof code), 0);
    send_bytes(m, t, from, buf_slice(&m->write));
}

static void
close_talk(struct maker *m, struct talk *t)
{
    struct slice none = slice_make(NULL, 0);
    enum ws_sender first =
        rng_below(&m->rng, 2) ? WS_SENDER_CLIENT : WS_SENDER_SERVER;
    send_close(m, t, first);
    send_close(m, t, !first);
    struct side *a = &t->side[first], *b = &t->side[!first];
    packet(m, t, first, next_seq(a), TCP_FIN | TCP_ACK, none);
    a->sent++; /* the FIN counts too, RFC 9293 section 3.4 */
    packet(m, t, !first, next_seq(b), TCP_FIN | TCP_ACK, none);
    b->sent++;
    packet(m, t, first, next_seq(a), TCP_ACK, none);
}

static size_t
count_talks(struct maker *m, enum profile p)
{
    if (p == PROFILE_MANY)
        return rng_range(&m->rng, 6, rng_below(&m->rng, 2) ? 8 : CONNS_MAX);
    return rng_below(&m->rng, 3) ? 1 : 2;
}

void
profile_make(struct profile_capture *out, enum profile p, uint64_t seed,
             size_t stream_len)
{
    static const uint32_t equal[] = {2, 8, 60, 125, 126, 512, 1400, 1444, 4096};
    struct maker *m = calloc(1, sizeof *m);
    require(m != NULL);
    buf_init(&out->pcap, SIZE_MAX / 2);
    buf_init(&out->frames, SIZE_MAX / 2);
    buf_init(&out->messages, SIZE_MAX / 2);
    buf_init(&m->write, SIZE_MAX / 2);
    buf_init(&m->plain, SIZE_MAX / 2);
    buf_init(&m->packed, SIZE_MAX / 2);
    m->out = out;
    m->rng = (struct rng){seed};
    m->now_ns = START_NS;
    m->n_talks = count_talks(m, p);
    lossy_put_header(&out->pcap, LINK_RAW);
    for (size_t i = 0; i < m->n_talks; i++) {
        struct talk *t = &m->talks[i];
        t->port = (uint16_t)(FIRST_PORT + i);
        t->kind = p;
        t->equal_len =
            equal[rng_below(&m->rng, sizeof equal / sizeof equal[0])];
        t->side[0].isn = (uint32_t)rng_next(&m->rng);
        t->side[1].isn = (uint32_t)rng_next(&m->rng);
        shake_hands(m, t);
    }
    while (m->stream_len < stream_len)
        step(m);
    for (size_t i = 0; i < m->n_talks; i++) {
        struct talk *t = &m->talks[i];
        if (rng_below(&m->rng, 4))
            close_talk(m, t);
        for (unsigned k = 0; k < 2; k++)
            if (t->side[k].compresses)
                deflateEnd(&t->side[k].deflate);
    }
    buf_fini(&m->write);
    buf_fini(&m->plain);
    buf_fini(&m->packed);
    free(m);
}

void
profile_fini(struct profile_capture *c)
{
    buf_fini(&c->pcap);
    buf_fini(&c->frames);
    buf_fini(&c->messages);
}
