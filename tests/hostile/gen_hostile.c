/* SPDX-License-Identifier: MIT */
/*
 * gen_hostile.c - writes captures that try to kill an analyzer.
 *
 *   gen_hostile KIND FILE N      FILE - is standard output
 *   gen_hostile list             the kinds, each with what N counts
 *
 * The same arguments give the same file; memory does not depend on N.  Packets
 * are Ethernet, IPv4 and TCP (but for the fragments), one microsecond apart.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#define MSS 1448u
#define IP_HEAD_LEN 20u
#define HEAD_LEN (14u + IP_HEAD_LEN + 20u)
#define TH_FIN 1u
#define TH_SYN 2u
#define TH_RST 4u
#define TH_ACK 16u
#define MIB ((size_t)1 << 20)
#define SERVER_IP 0xc0000201u /* 192.0.2.1 */

/* The handshake of RFC 6455 section 1.3. */
#define REQUEST                                                                \
    "GET /chat HTTP/1.1\r\nHost: server.example.com\r\n"                       \
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"                            \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                          \
    "Sec-WebSocket-Version: 13\r\n"
#define RESPONSE                                                               \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"               \
    "Connection: Upgrade\r\n"                                                  \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define DEFLATE "Sec-WebSocket-Extensions: permessage-deflate\r\n"

static FILE *out;
static uint64_t clock_us = UINT64_C(1700000000000000);
static uint64_t step_us = 1;
static uint64_t random_state = 88172645463325252u;

/* A connection; side 0 is the client. */
struct conn {
    uint32_t ip[2];
    uint16_t port[2];
    uint32_t seq[2];
    uint16_t window;
    /* What waits to be sent in whole segments. */
    unsigned dir;
    size_t len;
    uint8_t bytes[MSS];
};

static uint64_t
random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void
put(const void *p, size_t len)
{
    if (len > 0 && fwrite(p, 1, len, out) != len) {
        perror("gen_hostile: write");
        exit(1);
    }
}

static void
le32(uint32_t v)
{
    uint8_t b[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
                    (uint8_t)(v >> 24)};
    put(b, 4);
}

static void
be16_at(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void
be32_at(uint8_t *p, uint32_t v)
{
    be16_at(p, v >> 16);
    be16_at(p + 2, v & 0xffff);
}

static void
pcap_header(uint32_t snaplen)
{
    le32(0xa1b2c3d4);
    le32(2 | 4u << 16);
    le32(0);
    le32(0);
    le32(snaplen);
    le32(1); /* LINKTYPE_ETHERNET */
}

/* A record's header; the caller puts len bytes behind it. */
static void
record(size_t len)
{
    clock_us += step_us;
    le32((uint32_t)(clock_us / 1000000));
    le32((uint32_t)(clock_us % 1000000));
    le32((uint32_t)len);
    le32((uint32_t)len);
}

/* Ethernet and IPv4 headers for len bytes of payload. */
static void
ip_head(uint8_t *p, uint32_t src, uint32_t dst, unsigned proto, size_t len,
        unsigned id, unsigned frag)
{
    static const uint8_t eth[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    memcpy(p, eth, 14);
    p += 14;
    memset(p, 0, IP_HEAD_LEN);
    p[0] = 0x45;
    be16_at(p + 2, (unsigned)(IP_HEAD_LEN + len));
    be16_at(p + 4, id);
    be16_at(p + 6, frag);
    p[8] = 64;
    p[9] = (uint8_t)proto;
    be32_at(p + 12, src);
    be32_at(p + 16, dst);
}

static void
tcp(const struct conn *c, unsigned dir, uint32_t seq, unsigned flags,
    const void *payload, size_t len)
{
    uint8_t p[HEAD_LEN], *t = p + 34;
    ip_head(p, c->ip[dir], c->ip[!dir], 6, 20 + len, 0, 0);
    memset(t, 0, 20);
    be16_at(t, c->port[dir]);
    be16_at(t + 2, c->port[!dir]);
    be32_at(t + 4, seq);
    be32_at(t + 8, flags & TH_ACK ? c->seq[!dir] : 0);
    t[12] = 0x50;
    t[13] = (uint8_t)flags;
    be16_at(t + 14, c->window);
    record(HEAD_LEN + len);
    put(p, HEAD_LEN);
    put(payload, len);
}

/* The i-th connection: no two have the same ports and addresses. */
static struct conn
conn_make(uint64_t i)
{
    struct conn c = {.window = 65535, .seq = {1000, 5000}};
    c.ip[0] = 0x0a000000u + (uint32_t)(i / 60000);
    c.ip[1] = SERVER_IP;
    c.port[0] = (uint16_t)(1024 + i % 60000);
    c.port[1] = 80;
    return c;
}

static void
segment(struct conn *c, unsigned dir, const void *payload, size_t len)
{
    tcp(c, dir, c->seq[dir], TH_ACK, payload, len);
    c->seq[dir] += (uint32_t)len;
}

static void
acknowledge(struct conn *c, unsigned dir)
{
    segment(c, dir, NULL, 0);
}

static void
flush(struct conn *c)
{
    if (c->len > 0) {
        segment(c, c->dir, c->bytes, c->len);
        if (clock_us & 1)
            acknowledge(c, !c->dir);
    }
    c->len = 0;
}

/* Bytes of a stream, cut at the segment size. */
static void
send_bytes(struct conn *c, unsigned dir, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    if (dir != c->dir)
        flush(c);
    c->dir = dir;
    while (len > 0) {
        size_t n = MSS - c->len < len ? MSS - c->len : len;
        memcpy(c->bytes + c->len, p, n);
        c->len += n;
        p += n;
        len -= n;
        if (c->len == MSS)
            flush(c);
    }
}

static void
send_text(struct conn *c, unsigned dir, const char *text)
{
    send_bytes(c, dir, text, strlen(text));
}

static void
send_byte_run(struct conn *c, unsigned dir, uint8_t byte, uint64_t len)
{
    uint8_t run[4096];
    memset(run, byte, sizeof run);
    for (; len > sizeof run; len -= sizeof run)
        send_bytes(c, dir, run, sizeof run);
    send_bytes(c, dir, run, (size_t)len);
}

static void
open_tcp(struct conn *c)
{
    tcp(c, 0, c->seq[0]++, TH_SYN, NULL, 0);
    tcp(c, 1, c->seq[1]++, TH_SYN | TH_ACK, NULL, 0);
    acknowledge(c, 0);
}

static void
open_ws(struct conn *c, bool deflate)
{
    open_tcp(c);
    send_text(c, 0, deflate ? REQUEST DEFLATE "\r\n" : REQUEST "\r\n");
    flush(c);
    send_text(c, 1, deflate ? RESPONSE DEFLATE "\r\n" : RESPONSE "\r\n");
    flush(c);
}

static void
close_tcp(struct conn *c)
{
    flush(c);
    tcp(c, 0, c->seq[0]++, TH_FIN | TH_ACK, NULL, 0);
    tcp(c, 1, c->seq[1]++, TH_FIN | TH_ACK, NULL, 0);
    acknowledge(c, 0);
}

/* The header of a frame of the server: first is FIN, RSV and opcode. */
static void
frame_head(struct conn *c, unsigned first, uint64_t len)
{
    uint8_t h[10] = {(uint8_t)first};
    size_t n = 2;
    if (len < 126) {
        h[1] = (uint8_t)len;
    } else if (len < 65536) {
        h[1] = 126;
        be16_at(h + 2, (unsigned)len);
        n = 4;
    } else {
        h[1] = 127;
        be32_at(h + 2, (uint32_t)(len >> 32));
        be32_at(h + 6, (uint32_t)len);
        n = 10;
    }
    send_bytes(c, 1, h, n);
}

static void
frame(struct conn *c, unsigned first, const void *payload, size_t len)
{
    frame_head(c, first, len);
    send_bytes(c, 1, payload, len);
}

/* ---- TCP ------------------------------------------------------------- */

static void
make_syn(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct conn c = conn_make(i);
        tcp(&c, 0, c.seq[0], TH_SYN, NULL, 0);
    }
}

static void
make_half_open(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct conn c = conn_make(i);
        open_tcp(&c);
    }
}

/* Ports and addresses that collide in simple hashes: the same sum, the same
 * exclusive or, the same low bits. */
static void
make_collide(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct conn c = conn_make(0);
        uint32_t k = (uint32_t)i;
        c.ip[0] = 0x0a000000u + (k << 8 & 0xffff00u);
        c.ip[1] = 0x0b000000u - (k << 8 & 0xffff00u);
        c.port[0] = (uint16_t)(k >> 16 << 10);
        c.port[1] = (uint16_t)(0u - c.port[0]);
        tcp(&c, 0, c.seq[0], TH_SYN, NULL, 0);
    }
}

static void
make_one_byte(uint64_t n)
{
    struct conn c = conn_make(0);
    open_ws(&c, false);
    static const uint8_t text[] = {0x81, 3, 'a', 'b', 'c'};
    for (uint64_t i = 0; i < n; i++)
        segment(&c, 1, &text[i % sizeof text], 1);
    close_tcp(&c);
}

/* n bytes of frames, of which the last one comes first. */
static void
make_one_byte_reverse(uint64_t n)
{
    struct conn c = conn_make(0);
    static const uint8_t text[] = {0x81, 3, 'a', 'b', 'c'};
    open_ws(&c, false);
    for (uint64_t i = n; i-- > 0;)
        tcp(&c, 1, c.seq[1] + (uint32_t)i, TH_ACK, &text[i % sizeof text], 1);
    c.seq[1] += (uint32_t)n;
    close_tcp(&c);
}

/* Every second byte, from the back, then the others. */
static void
make_one_byte_holes(uint64_t n)
{
    struct conn c = conn_make(0);
    static const uint8_t text[] = {0x81, 3, 'a', 'b', 'c'};
    open_ws(&c, false);
    for (uint64_t i = n; i-- > 1;)
        if (i & 1)
            tcp(&c, 1, c.seq[1] + (uint32_t)i, TH_ACK, &text[i % 5], 1);
    for (uint64_t i = 0; i < n; i += 2)
        tcp(&c, 1, c.seq[1] + (uint32_t)i, TH_ACK, &text[i % 5], 1);
    c.seq[1] += (uint32_t)n;
    close_tcp(&c);
}

/* Both directions lose every second segment, for good, and say so. */
static void
make_holes(uint64_t n)
{
    struct conn c = conn_make(0);
    uint8_t bytes[100];
    open_ws(&c, false);
    for (uint64_t i = 0; i < n; i++) {
        unsigned dir = i >> 1 & 1;
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t)random_next();
        if (i & 1)
            segment(&c, dir, bytes, sizeof bytes);
        else
            c.seq[dir] += sizeof bytes;
    }
}

/* Segments anywhere in a window, overlapping, each with other bytes; the
 * window moves on slowly. */
static void
make_overlap(uint64_t n)
{
    struct conn c = conn_make(0);
    uint8_t bytes[MSS];
    open_ws(&c, false);
    for (uint64_t i = 0; i < n; i++) {
        size_t len = 1 + random_next() % MSS;
        memset(bytes, (int)(i & 0xff), len);
        tcp(&c, 1, c.seq[1] + 1 + (uint32_t)(random_next() % 65536), TH_ACK,
            bytes, len);
        if (i % 64 == 63)
            segment(&c, 1, bytes, len);
    }
}

/* Early bytes on many connections that are never delivered. */
static void
make_early(uint64_t n)
{
    uint8_t bytes[1000] = {0};
    for (uint64_t i = 0; i < n; i++) {
        struct conn c = conn_make(i / 64);
        if (i % 64 == 0)
            open_ws(&c, false);
        else
            tcp(&c, 1, c.seq[1] + 2000 + (uint32_t)(i % 64) * 1000, TH_ACK,
                bytes, sizeof bytes);
    }
}

/* The window closes and opens with each packet. */
static void
make_window(uint64_t n)
{
    struct conn c = conn_make(0);
    open_ws(&c, false);
    for (uint64_t i = 0; i < n; i++) {
        c.window = i & 1;
        segment(&c, 1, "\x81\x01x", i & 1 ? 3 : 0);
        acknowledge(&c, 0);
    }
}

static void
make_retransmit(uint64_t n)
{
    struct conn c = conn_make(0);
    uint8_t bytes[64];
    open_ws(&c, false);
    frame_head(&c, 0x82, 1 << 16);
    flush(&c);
    for (uint64_t i = 0; i < n; i++) {
        memset(bytes, (int)(i & 0xff), sizeof bytes);
        tcp(&c, 1, c.seq[1] - 10 + (uint32_t)(i % 20), TH_ACK, bytes, 10);
    }
}

/* ---- IP fragments ---------------------------------------------------- */

static void
fragment(unsigned id, unsigned off, bool more, uint8_t fill, size_t len)
{
    uint8_t p[34 + 2048];
    ip_head(p, 0x0a000001u, SERVER_IP, 6, len, id,
            off / 8 | (more ? 0x2000u : 0));
    memset(p + 34, fill, len);
    record(34 + len);
    put(p, 34 + len);
}

/* One datagram, covered again and again, never whole. */
static void
make_frag_overlap(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        fragment(7, (unsigned)(random_next() % 4000) * 8 + 8, true, (uint8_t)i,
                 8 * (1 + random_next() % 180));
}

/* The first fragment of ever new datagrams. */
static void
make_frag_endless(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        fragment((unsigned)(i & 0xffff), 0, true, 0, 1480);
}

/* Datagrams of fragments of 8 bytes; each datagram is one too short. */
static void
make_frag_tiny(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        fragment((unsigned)(i / 8000 & 0xffff), (unsigned)(i % 8000) * 8 + 8,
                 true, 0, 8);
}

/* ---- HTTP ------------------------------------------------------------ */

static void
make_endless_head(uint64_t n)
{
    struct conn c = conn_make(0);
    open_tcp(&c);
    send_text(&c, 0, "GET / HTTP/1.1\r\nX: ");
    send_byte_run(&c, 0, 'a', n);
    flush(&c);
}

/* The same in segments of one byte. */
static void
make_drip_head(uint64_t n)
{
    static const char start[] = "GET /";
    for (uint64_t i = 0, k = 0; i < n; i += 60000, k++) {
        struct conn c = conn_make(k);
        open_tcp(&c);
        for (size_t j = 0; j < 60000 && i + j < n; j++)
            segment(&c, 0, j < 5 ? &start[j] : "a", 1);
    }
}

/* Empty lines in front of a head that never comes, 16 bytes a segment. */
static void
make_drip_lines(uint64_t n)
{
    for (uint64_t i = 0; i < n; i += 4000) {
        struct conn c = conn_make(i / 4000);
        open_tcp(&c);
        for (uint64_t j = i; j < i + 4000 && j < n; j++)
            segment(&c, 0, "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", 16);
    }
}

/* Connections with a head of which 63 KiB come and the rest does not. */
static void
make_partial_heads(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct conn c = conn_make(i);
        open_tcp(&c);
        send_text(&c, 0, "GET / HTTP/1.1\r\nX: ");
        send_byte_run(&c, 0, 'a', 63u << 10);
        flush(&c);
    }
}

/* Clients that send 200 KiB behind an upgrade request nobody answers. */
static void
make_unanswered(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct conn c = conn_make(i);
        open_tcp(&c);
        send_text(&c, 0, REQUEST "\r\n");
        send_byte_run(&c, 0, 'a', 200u << 10);
        flush(&c);
    }
}

/* Heads just below the limit, full of short lines. */
static void
make_heads(uint64_t n)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    struct conn c = conn_make(0);
    open_tcp(&c);
    for (uint64_t i = 0; i < n; i++) {
        send_text(&c, 0, "GET / HTTP/1.1\r\n");
        for (unsigned k = 0; k < 16000; k++)
            send_text(&c, 0, "a:\r\n");
        send_text(&c, 0, "\r\n");
        send_text(&c, 1, ok);
    }
    close_tcp(&c);
}

/* Upgrade requests with 16,000 lines, each refused. */
static void
make_upgrade_heads(uint64_t n)
{
    static const char no[] =
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    struct conn c = conn_make(0);
    open_tcp(&c);
    for (uint64_t i = 0; i < n; i++) {
        send_text(&c, 0, REQUEST);
        for (unsigned k = 0; k < 15900; k++)
            send_text(&c, 0, "a:\r\n");
        send_text(&c, 0, "\r\n");
        send_text(&c, 1, no);
    }
    close_tcp(&c);
}

static void
make_pipelined(uint64_t n)
{
    struct conn c = conn_make(0);
    open_tcp(&c);
    for (uint64_t i = 0; i < n; i++)
        send_text(&c, 0, "GET / HTTP/1.1\r\n\r\n");
    close_tcp(&c);
}

/* Upgrade requests, one behind the other, that nobody answers. */
static void
make_upgrades(uint64_t n)
{
    struct conn c = conn_make(0);
    open_tcp(&c);
    for (uint64_t i = 0; i < n; i++)
        send_text(&c, 0, REQUEST "\r\n");
    close_tcp(&c);
}

/* A tunnel in a tunnel in a tunnel; at last a WebSocket. */
static void
make_connect(uint64_t n)
{
    struct conn c = conn_make(0);
    open_tcp(&c);
    for (uint64_t i = 0; i < n; i++) {
        send_text(&c, 0, "CONNECT a:80 HTTP/1.1\r\n\r\n");
        send_text(&c, 1, "HTTP/1.1 200 OK\r\n\r\n");
    }
    send_text(&c, 0, REQUEST "\r\n");
    send_text(&c, 1, RESPONSE "\r\n");
    frame(&c, 0x81, "hello", 5);
    close_tcp(&c);
}

/* PROXY protocol version 2 with 65,535 bytes of TLVs before the request. */
static void
make_proxy(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        uint8_t head[16] = "\r\n\r\n\0\r\nQUIT\n";
        struct conn c = conn_make(i);
        open_tcp(&c);
        head[12] = 0x21;
        be16_at(head + 14, 65535);
        send_bytes(&c, 0, head, sizeof head);
        send_byte_run(&c, 0, 4, 65535);
        send_text(&c, 0, REQUEST "\r\n");
        send_text(&c, 1, RESPONSE "\r\n");
        frame(&c, 0x81, "hello", 5);
        close_tcp(&c);
    }
}

/* ---- WebSocket ------------------------------------------------------- */

static void
make_idle(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct conn c = conn_make(i);
        open_ws(&c, false);
        segment(&c, 0, "\x81\x81\0\0\0\0a", 7);
        segment(&c, 1, "\x81\x01z", 3);
    }
}

/* Each with an open message of 1,400 bytes, of which the end is missing. */
static void
make_open_messages(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct conn c = conn_make(i);
        open_ws(&c, false);
        frame_head(&c, 0x01, 1400);
        send_byte_run(&c, 1, 'x', 1400);
        flush(&c);
    }
}

/* Each begins a message of 40,000 bytes; when all have, each ends its own. */
static void
make_big_messages(uint64_t n)
{
    struct conn *conns = calloc(n, sizeof *conns);
    if (!conns)
        exit(1);
    for (uint64_t i = 0; i < n; i++) {
        conns[i] = conn_make(i);
        open_ws(&conns[i], false);
        frame_head(&conns[i], 0x01, 40000);
        send_byte_run(&conns[i], 1, 'x', 40000);
        flush(&conns[i]);
    }
    for (uint64_t i = 0; i < n; i++) {
        frame(&conns[i], 0x80, "!", 1);
        close_tcp(&conns[i]);
    }
    free(conns);
}

/* Each with an impossible length, so that frames are looked for in the 4,000
 * bytes of nothing in particular that follow. */
static void
make_searches(uint64_t n)
{
    uint32_t v = 1;
    for (uint64_t i = 0; i < n; i++) {
        struct conn c = conn_make(i);
        uint8_t bytes[4000];
        for (size_t k = 0; k < sizeof bytes; k++) {
            v = v * 1664525 + 1013904223;
            bytes[k] = (uint8_t)(v >> 24);
        }
        open_ws(&c, false);
        frame_head(&c, 0x82, UINT64_MAX);
        send_bytes(&c, 1, bytes, sizeof bytes);
        flush(&c);
    }
}

/* Compresses len zeros with a sync flush; returns the bytes of the message,
 * 00 00 ff ff taken off. */
static size_t
deflate_zeros(uint8_t *to, size_t cap, size_t len)
{
    static uint8_t zeros[65536];
    z_stream z = {.next_out = to, .avail_out = (uInt)cap};
    if (deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        exit(1);
    for (size_t left = len; left > 0;) {
        z.next_in = zeros;
        z.avail_in = left < sizeof zeros ? (uInt)left : sizeof zeros;
        left -= z.avail_in;
        if (deflate(&z, left ? Z_NO_FLUSH : Z_SYNC_FLUSH) != Z_OK)
            exit(1);
    }
    size_t used = cap - z.avail_out - 4;
    deflateEnd(&z);
    return used;
}

/* The next message of a stream with context takeover: len bytes. */
static size_t
deflate_next(z_stream *z, uint8_t *to, size_t cap, uint8_t *bytes, size_t len)
{
    z->next_in = bytes;
    z->avail_in = (uInt)len;
    z->next_out = to;
    z->avail_out = (uInt)cap;
    if (deflate(z, Z_SYNC_FLUSH) != Z_OK)
        exit(1);
    return cap - z->avail_out - 4;
}

static void
make_deflate_conns(uint64_t n)
{
    uint8_t bytes[200], first[512], second[512];
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        exit(1);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)random_next();
    size_t len = deflate_next(&z, first, sizeof first, bytes, sizeof bytes);
    size_t len2 = deflate_next(&z, second, sizeof second, bytes, sizeof bytes);
    deflateEnd(&z);
    for (uint64_t i = 0; i < n; i++) {
        struct conn c = conn_make(i);
        open_ws(&c, true);
        frame(&c, 0xc2, first, len);
        flush(&c);
    }
    /* And the same bytes once more, as a copy of the first message, when the
     * history of most connections had to go. */
    for (uint64_t i = 0; i < n; i++) {
        struct conn c = conn_make(i);
        c.seq[0] += (uint32_t)strlen(REQUEST DEFLATE "\r\n") + 1;
        c.seq[1] += (uint32_t)(strlen(RESPONSE DEFLATE "\r\n") + len) + 1;
        c.seq[1] += len < 126 ? 2 : 4;
        frame(&c, 0xc2, second, len2);
        flush(&c);
    }
}

/* 2 MiB of zeros in each message: 1,000 to 1. */
static void
make_bombs(uint64_t n)
{
    static uint8_t z[8192];
    size_t len = deflate_zeros(z, sizeof z, 2 * MIB);
    struct conn c = conn_make(0);
    open_ws(&c, true);
    for (uint64_t i = 0; i < n; i++)
        frame(&c, 0xc2, z, len);
    close_tcp(&c);
}

/* n MiB of zeros in one message. */
static void
make_big_bomb(uint64_t n)
{
    static uint8_t z[8192];
    size_t len = deflate_zeros(z, sizeof z, MIB);
    struct conn c = conn_make(0);
    open_ws(&c, true);
    for (uint64_t i = 0; i < n; i++) {
        unsigned first = (i == 0 ? 0x41u : 0) | (i + 1 == n ? 0x80u : 0);
        frame_head(&c, first, i + 1 == n ? len : len + 4);
        send_bytes(&c, 1, z, len);
        if (i + 1 < n)
            send_bytes(&c, 1, "\0\0\xff\xff", 4);
    }
    frame(&c, 0x81, "after", 5);
    close_tcp(&c);
}

/* What a bomb inflates to is a bomb. */
static void
make_nested(uint64_t n)
{
    static uint8_t inner[16384], outer[65536];
    size_t len = deflate_zeros(inner, sizeof inner, 8 * MIB);
    z_stream z = {.next_in = inner,
                  .avail_in = (uInt)len,
                  .next_out = outer,
                  .avail_out = sizeof outer};
    if (deflateInit2(&z, 9, Z_DEFLATED, -15, 9, 0) != Z_OK ||
        deflate(&z, Z_SYNC_FLUSH) != Z_OK)
        exit(1);
    len = sizeof outer - z.avail_out - 4;
    deflateEnd(&z);
    struct conn c = conn_make(0);
    open_ws(&c, true);
    for (uint64_t i = 0; i < n; i++)
        frame(&c, 0xc2, outer, len);
    close_tcp(&c);
}

/* A message of n blocks, empty and each the last one (RFC 1951 section
 * 3.2.3). */
static void
make_finals(uint64_t n)
{
    struct conn c = conn_make(0);
    open_ws(&c, true);
    for (uint64_t i = 0; i < n; i += 1000) {
        frame_head(&c, 0xc2, 2000);
        for (unsigned k = 0; k < 1000; k++)
            send_bytes(&c, 1, "\x03\0", 2);
    }
    close_tcp(&c);
}

/* A frame of 2^63 - 1 bytes, of which n come. */
static void
make_huge_length(uint64_t n)
{
    struct conn c = conn_make(0);
    open_ws(&c, false);
    frame_head(&c, 0x82, INT64_MAX);
    send_byte_run(&c, 1, 'x', n);
    close_tcp(&c);
}

/* A length with its top bit set, then n bytes of the same. */
static void
make_high_bit(uint64_t n)
{
    struct conn c = conn_make(0);
    open_ws(&c, false);
    frame_head(&c, 0x82, UINT64_MAX);
    for (uint64_t i = 0; i < n; i += 10)
        frame_head(&c, 0x82, UINT64_MAX);
    close_tcp(&c);
}

static void
make_empty_fragments(uint64_t n)
{
    struct conn c = conn_make(0);
    open_ws(&c, false);
    frame(&c, 0x01, "", 0);
    for (uint64_t i = 0; i < n; i++)
        frame(&c, 0x00, "", 0);
    frame(&c, 0x80, "", 0);
    close_tcp(&c);
}

static void
make_tiny_messages(uint64_t n)
{
    struct conn c = conn_make(0);
    open_ws(&c, false);
    for (uint64_t i = 0; i < n; i++)
        frame(&c, 0x81, "x", 1);
    close_tcp(&c);
}

static void
make_pings(uint64_t n)
{
    uint8_t payload[125];
    struct conn c = conn_make(0);
    open_ws(&c, false);
    memset(payload, 0x1b, sizeof payload);
    for (uint64_t i = 0; i < n; i++)
        frame(&c, 0x89, payload, sizeof payload);
    close_tcp(&c);
}

/* Every frame breaks a rule, most of them more than one. */
static void
make_violations(uint64_t n)
{
    static const char *const bad[] = {
        "\xf1\x01x",                /* RSV bits */
        "\x83\x01x",                /* reserved opcode */
        "\x8b\x01x",                /* reserved control opcode */
        "\x81\x81zzzzx",            /* masked by the server */
        "\x80\x01x",                /* continues nothing */
        "\x81\x02\xff\xfe",         /* not UTF-8 */
        "\x81\x01\xc3",             /* ends inside a character */
        "\x88\x01x",                /* Close with one byte */
        "\x88\x04\x03\xe8\xff\xff", /* reason not UTF-8 */
    };
    struct conn c = conn_make(0);
    open_ws(&c, false);
    for (uint64_t i = 0; i < n; i++) {
        send_text(&c, 1, bad[i % 9]);
        if (i % 9 == 0) {
            send_bytes(&c, 1, "\x81\x7e\0\1x", 5); /* length not minimal */
            send_bytes(&c, 1, "\x09\x01x", 3);     /* fragmented Ping */
            send_bytes(&c, 1, "\x01\0\x81\0", 4);  /* interleaved */
        }
    }
    close_tcp(&c);
}

/* Close frames with reasons of 65,533 bytes. */
static void
make_long_close(uint64_t n)
{
    struct conn c = conn_make(0);
    open_ws(&c, false);
    for (uint64_t i = 0; i < n; i++) {
        frame_head(&c, 0x88, 65535);
        send_bytes(&c, 1, "\x03\xe8", 2);
        send_byte_run(&c, 1, 'r', 65533);
    }
    close_tcp(&c);
}

/* ---- Files ----------------------------------------------------------- */

/* n records of 65,535 zeros: for compression. */
static void
make_zeros(uint64_t n)
{
    static uint8_t zeros[65535];
    for (uint64_t i = 0; i < n; i++) {
        record(sizeof zeros);
        put(zeros, sizeof zeros);
    }
}

/* A record that says it has n bytes and has 16. */
static void
make_long_record(uint64_t n)
{
    record((size_t)n);
    put("0123456789abcdef", 16);
}

static void
ng_block(uint32_t type, uint32_t len, const void *body, size_t body_len,
         uint32_t again)
{
    le32(type);
    le32(len);
    put(body, body_len);
    le32(again);
}

static void
ng_start(void)
{
    static const uint8_t section[] = {0x4d, 0x3c, 0x2b, 0x1a, 1,    0,
                                      0,    0,    0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff};
    static const uint8_t iface[] = {1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
    ng_block(0x0a0d0d0a, 28, section, 16, 28);
    ng_block(1, 20, iface, 8, 20);
}

/* The n-th lie about a length. */
static void
make_ng_lie(uint64_t n)
{
    static const uint8_t packet[] = {0, 0, 0,    0,    0,    0,    0, 0, 0, 0,
                                     0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0};
    ng_start();
    switch (n % 8) {
    case 0: /* packet longer than its block */
        ng_block(6, 32, packet, 20, 32);
        break;
    case 1: /* the two lengths differ */
        ng_block(6, 32, packet, 20, 36);
        break;
    case 2: /* a packet block of nearly 4 GiB */
        ng_block(6, 0xfffffffc, packet, 20, 0xfffffffc);
        break;
    case 3: /* an unknown block of nearly 4 GiB */
        ng_block(0x7777, 0xfffffffc, packet, 20, 0xfffffffc);
        break;
    case 4: /* a block of length 0 */
        ng_block(6, 0, packet, 20, 0);
        break;
    case 5: /* an interface block of 1 GiB */
        ng_block(1, 1u << 30, packet, 20, 1u << 30);
        break;
    case 6: /* secrets longer than their block */
        ng_block(10, 32, "KSLT\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0", 20, 32);
        break;
    default: /* not a multiple of 4 */
        ng_block(6, 33, packet, 20, 33);
        break;
    }
}

/* n interfaces, each with a name. */
static void
make_ng_ifaces(uint64_t n)
{
    static uint8_t iface[8 + 4 + 252 + 4] = {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 252};
    memset(iface + 12, 'n', 252);
    ng_start();
    for (uint64_t i = 0; i < n; i++)
        ng_block(1, sizeof iface + 12, iface, sizeof iface, sizeof iface + 12);
}

/* n secrets of 1,000 bytes. */
static void
make_ng_secrets(uint64_t n)
{
    static uint8_t secret[8 + 1000] = "KSLT\xe8\x03";
    ng_start();
    for (uint64_t i = 0; i < n; i++)
        ng_block(10, sizeof secret + 12, secret, sizeof secret,
                 sizeof secret + 12);
}

/* ---------------------------------------------------------------------- */

enum start { PCAP = 0, NG };

static const struct kind {
    const char *name;
    void (*make)(uint64_t n);
    const char *counts;
    uint64_t step_us; /* 0: 1 */
    enum start start;
} kinds[] = {
    {"syn", make_syn, "SYNs, each of another connection", 0, PCAP},
    {"half-open", make_half_open, "connections without payload", 0, PCAP},
    {"collide", make_collide, "SYNs that collide in simple hashes", 0, PCAP},
    {"one-byte", make_one_byte, "segments of one byte", 0, PCAP},
    {"one-byte-reverse", make_one_byte_reverse, "... the last first", 0, PCAP},
    {"one-byte-holes", make_one_byte_holes, "... every second, from the back",
     0, PCAP},
    {"holes", make_holes, "segments, every second one lost", 1000, PCAP},
    {"overlap", make_overlap, "segments that contradict each other", 0, PCAP},
    {"early", make_early, "segments behind a hole, 64 a connection", 0, PCAP},
    {"window", make_window, "windows that close and open", 0, PCAP},
    {"retransmit", make_retransmit, "segments sent again", 0, PCAP},
    {"frag-overlap", make_frag_overlap, "IP fragments of one datagram", 0,
     PCAP},
    {"frag-endless", make_frag_endless, "first IP fragments", 0, PCAP},
    {"frag-tiny", make_frag_tiny, "IP fragments of 8 bytes", 0, PCAP},
    {"endless-head", make_endless_head, "bytes of one HTTP header", 0, PCAP},
    {"drip-head", make_drip_head, "segments of one byte of a request line", 0,
     PCAP},
    {"drip-lines", make_drip_lines, "segments of empty lines", 0, PCAP},
    {"partial-heads", make_partial_heads, "connections with a cut head", 0,
     PCAP},
    {"unanswered", make_unanswered, "upgrades with data and no answer", 0,
     PCAP},
    {"heads", make_heads, "heads of 64 KB in short lines", 0, PCAP},
    {"upgrade-heads", make_upgrade_heads, "... that ask for WebSocket", 0,
     PCAP},
    {"pipelined", make_pipelined, "requests without answer", 0, PCAP},
    {"upgrades", make_upgrades, "upgrade requests without answer", 0, PCAP},
    {"connect", make_connect, "CONNECTs, each in the tunnel before", 0, PCAP},
    {"proxy", make_proxy, "connections behind 64 KiB of PROXY header", 0, PCAP},
    {"idle", make_idle, "WebSockets that stay open", 0, PCAP},
    {"open-messages", make_open_messages, "WebSockets with an open message", 0,
     PCAP},
    {"big-messages", make_big_messages, "WebSockets with 40,000 bytes to keep",
     0, PCAP},
    {"searches", make_searches, "WebSockets whose frames are looked for", 0,
     PCAP},
    {"deflate-conns", make_deflate_conns, "WebSockets with compression", 0,
     PCAP},
    {"bombs", make_bombs, "messages of 2 MiB in 2 KiB", 0, PCAP},
    {"big-bomb", make_big_bomb, "MiB of zeros in one message", 0, PCAP},
    {"nested", make_nested, "bombs in bombs", 0, PCAP},
    {"finals", make_finals, "DEFLATE blocks with BFINAL", 0, PCAP},
    {"huge-length", make_huge_length, "bytes of a frame of 2^63 - 1", 0, PCAP},
    {"high-bit", make_high_bit, "bytes behind an impossible length", 0, PCAP},
    {"empty-fragments", make_empty_fragments, "fragments without payload", 0,
     PCAP},
    {"tiny-messages", make_tiny_messages, "messages of one byte", 0, PCAP},
    {"pings", make_pings, "Pings of 125 bytes", 0, PCAP},
    {"violations", make_violations, "frames that break rules", 0, PCAP},
    {"long-close", make_long_close, "Close frames with a long reason", 0, PCAP},
    {"zeros", make_zeros, "records of 65,535 zeros", 0, PCAP},
    {"long-record", make_long_record, "bytes that a record says it has", 0,
     PCAP},
    {"ng-lie", make_ng_lie, "(0 to 7) which lie", 0, NG},
    {"ng-ifaces", make_ng_ifaces, "interfaces", 0, NG},
    {"ng-secrets", make_ng_secrets, "secrets of 1,000 bytes", 0, NG},
};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

static int
usage(void)
{
    fputs("usage: gen_hostile KIND FILE N, or: gen_hostile list\n", stderr);
    return 2;
}

int
main(int argc, char **argv)
{
    const struct kind *kind = NULL;
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; i < N_KINDS; i++)
            printf("%-17s N %s\n", kinds[i].name, kinds[i].counts);
        return 0;
    }
    if (argc != 4)
        return usage();
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(argv[1], kinds[i].name) == 0)
            kind = &kinds[i];
    if (!kind)
        return usage();
    out = strcmp(argv[2], "-") == 0 ? stdout : fopen(argv[2], "wb");
    if (!out) {
        perror(argv[2]);
        return 1;
    }
    step_us = kind->step_us ? kind->step_us : 1;
    if (kind->start == PCAP)
        pcap_header(strcmp(kind->name, "long-record") ? 262144 : UINT32_MAX);
    kind->make(strtoull(argv[3], NULL, 10));
    if (fclose(out) != 0) {
        perror(argv[2]);
        return 1;
    }
    return 0;
}
