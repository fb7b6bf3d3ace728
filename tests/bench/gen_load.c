/* SPDX-License-Identifier: MIT */
/*
 * gen_load.c - writes one load of the bench: a classic pcap file of about the
 * asked size (Ethernet, IPv4, TCP with time stamps, microseconds).
 *
 *   gen_load KIND FILE BYTES [SIDE]
 *
 *   small    text frames of 16 to 64 bytes, one a segment, client and server
 *            in turns, so that every packet carries data and no packet is a
 *            bare acknowledgement: the hardest mix
 *   lossy    small, but 1 % of the packets between the handshakes and the ends
 *            are missing: half of them alone, half in bursts of 8 in the mean
 *   packed   the same frames packed into segments of 1448 bytes
 *   large    binary messages of 64 KiB to 1 MiB in segments of 1448 bytes
 *   deflate  market data in JSON, 200 to 2000 bytes a message, with
 *            permessage-deflate and context takeover, one message a segment
 *   http     HTTP/1.1 keep-alive without any WebSocket
 *   noise    half the connections random bytes, half TLS records
 *
 * 200 connections, interleaved segment by segment.  Clients mask, servers do
 * not.  The receiver acknowledges at the latest every second segment (RFC 5681
 * section 4.2).  WebSockets stay open from the first second to the last;
 * connections of http and noise end after a while and others take their
 * place.  Every handshake, checksum and sequence number is right.
 *
 * FILE.json gets the counts that a reader of FILE must find; of lossy, what
 * stands in it whole, of which some behind each hole cannot be told.  SIDE, for
 * deflate: every compressed message, as { stream, length, bytes with the 00 00
 * ff ff that is not sent }; for large: the length of every message (32-bit
 * words of this machine).
 *
 * Memory does not depend on BYTES.  The same arguments give the same file.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <zlib.h>

#define N_CONNS 200u
#define MSS 1448u /* 1500 - 20 (IP) - 20 (TCP) - 12 (time stamps) */
#define HEAD_LEN (14u + 20u + 32u)
#define MSS_OPTION_LEN 4u /* on SYN only */
#define TH_FIN 1u
#define TH_SYN 2u
#define TH_PSH 8u
#define TH_ACK 16u
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define N_RECORDS 4096u /* small JSON texts, prepared */
#define POOL_LEN (4u << 20)
#define ZBUF_LEN 8192u

enum kind { SMALL = 0, LOSSY, PACKED, LARGE, DEFLATE, HTTP, NOISE, N_KINDS };
static const char *const kind_names[N_KINDS] = {"small", "lossy",   "packed",
                                                "large", "deflate", "http",
                                                "noise"};

/* Bytes on their way: a head, then a body that is masked as it goes out. */
struct item {
    uint8_t head[600];
    size_t head_len;
    const uint8_t *body;
    size_t body_len;
    size_t off; /* of the next byte, in head and body together */
    bool masked;
    uint8_t mask[4];
};

/* One end of a connection. */
struct end {
    uint8_t ip[4];
    uint16_t port;
    uint32_t seq;
    uint16_t ip_id;
    unsigned unacked; /* segments received and not acknowledged */
    struct item item; /* what it is sending */
    uint8_t *zbuf;    /* its compressed message */
    z_stream z;
};

struct conn {
    unsigned id;
    unsigned turn;    /* whose segment is next: 0 client, 1 server */
    unsigned started; /* items made by noise and http so far */
    uint64_t left;    /* http, noise: bytes until it ends */
    uint32_t px;      /* deflate: the price moves */
    struct end end[2];
};

struct load {
    enum kind kind;
    FILE *f;
    FILE *side;
    uint64_t written, limit, now_us, rng;
    uint64_t packets, connections, frames, messages, payload, text_bytes;
    uint64_t lost;     /* packets */
    uint64_t loss_rng; /* its own: what is left is as in small */
    unsigned burst;    /* packets that are still to be lost */
    bool losing;
    uint8_t *noise; /* POOL_LEN random bytes */
    char *page;     /* POOL_LEN bytes of plain text */
    char records[N_RECORDS][65];
    size_t record_len[N_RECORDS];
    uint16_t next_port;
    struct conn conns[N_CONNS];
};

static void
die(const char *what)
{
    fprintf(stderr, "gen_load: %s\n", what);
    exit(1);
}

/* xorshift64*: fast, good enough, the same on every machine. */
static uint64_t
shift(uint64_t *rng)
{
    *rng ^= *rng >> 12;
    *rng ^= *rng << 25;
    *rng ^= *rng >> 27;
    return *rng * 2685821657736338717u;
}

static uint64_t
rnd(struct load *l)
{
    return shift(&l->rng);
}

static uint32_t
below(struct load *l, uint32_t n)
{
    return (uint32_t)((rnd(l) >> 32) * n >> 32);
}

static void
put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

/* Adds to an Internet checksum, in this machine's byte order (RFC 1071). */
static uint64_t
sum_add(uint64_t sum, const uint8_t *p, size_t len)
{
    uint32_t w;
    for (; len >= 4; p += 4, len -= 4) {
        memcpy(&w, p, 4);
        sum += w;
    }
    w = 0;
    if (len)
        memcpy(&w, p, len);
    return sum + w;
}

static void
sum_put(uint8_t *at, uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    uint16_t v = (uint16_t)~sum;
    memcpy(at, &v, 2);
}

static void
put_out(struct load *l, const void *p, size_t len)
{
    if (fwrite(p, 1, len, l->f) != len)
        die("cannot write");
    l->written += len;
}

/* Ethernet, IPv4 and TCP of one packet to p; returns their length. */
static size_t
put_headers(struct load *l, const struct conn *c, unsigned side, unsigned flags,
            size_t len, uint8_t *p)
{
    const struct end *a = &c->end[side], *b = &c->end[1 - side];
    static const uint8_t pre[16] = {2, 0, 0, 0, 0,    1, 2,   0,
                                    0, 0, 0, 2, 0x08, 0, 0x45};
    size_t tcp_len = flags & TH_SYN ? 32 + MSS_OPTION_LEN : 32;
    memcpy(p, pre, 16);
    p[5] = (uint8_t)(2 - side);
    p[11] = (uint8_t)(1 + side);
    uint8_t *ip = p + 14, *tcp = ip + 20;
    put16(ip + 2, (unsigned)(20 + tcp_len + len));
    put16(ip + 4, a->ip_id);
    put32(ip + 6, 0x40004006); /* don't fragment, hops 64, TCP */
    put16(ip + 10, 0);
    memcpy(ip + 12, a->ip, 4);
    memcpy(ip + 16, b->ip, 4);
    put16(tcp, a->port);
    put16(tcp + 2, b->port);
    put32(tcp + 4, a->seq);
    put32(tcp + 8, flags & TH_ACK ? b->seq : 0);
    put16(tcp + 12, (unsigned)(tcp_len / 4) << 12 | flags);
    put32(tcp + 14, 65535u << 16); /* window; no checksum yet */
    put16(tcp + 18, 0);
    put32(tcp + 20, 0x0101080a); /* NOP, NOP, time stamps */
    put32(tcp + 24, (uint32_t)(l->now_us / 1000));
    put32(tcp + 28, flags & TH_ACK ? (uint32_t)(l->now_us / 1000 - 1) : 0);
    if (flags & TH_SYN)
        put32(tcp + 32, 0x02040000 | 1460);
    return 34 + tcp_len;
}

/* Is the next packet missing in the capture? */
static bool
is_lost(struct load *l)
{
    if (!l->losing)
        return false;
    if (l->burst == 0) {
        uint32_t of_16000 =
            (uint32_t)((shift(&l->loss_rng) >> 32) * 16000 >> 32);
        if (of_16000 < 80)
            l->burst = 1;
        else if (of_16000 < 90) /* one in eight ends at each packet */
            do
                l->burst++;
            while ((shift(&l->loss_rng) >> 61) != 0);
    }
    if (l->burst == 0)
        return false;
    l->burst--;
    return true;
}

static void
packet(struct load *l, struct conn *c, unsigned side, unsigned flags,
       const uint8_t *data, size_t len)
{
    uint8_t p[HEAD_LEN + MSS_OPTION_LEN];
    l->now_us += 1 + below(l, 8);
    size_t n = put_headers(l, c, side, flags, len, p);
    sum_put(p + 24, sum_add(0, p + 14, 20));
    uint8_t pseudo[4] = {0, 6};
    put16(pseudo + 2, (unsigned)(n - 34 + len));
    uint64_t sum = sum_add(0, p + 26, 8); /* both addresses */
    sum = sum_add(sum_add(sum, pseudo, 4), p + 34, n - 34);
    sum_put(p + 50, sum_add(sum, data, len));
    uint32_t rec[4] = {(uint32_t)(l->now_us / 1000000),
                       (uint32_t)(l->now_us % 1000000), (uint32_t)(n + len),
                       (uint32_t)(n + len)};
    if (is_lost(l)) {
        l->lost++; /* with the one frame in it */
        l->frames--;
        l->messages--;
    } else {
        put_out(l, rec, sizeof rec);
        put_out(l, p, n);
        if (len)
            put_out(l, data, len);
        l->packets++;
    }
    struct end *a = &c->end[side];
    a->ip_id++;
    a->seq += (uint32_t)len + (flags & (TH_SYN | TH_FIN) ? 1 : 0);
    a->unacked = 0;
    if (len && ++c->end[1 - side].unacked == 2 && l->kind > LOSSY)
        packet(l, c, 1 - side, TH_ACK, NULL, 0);
}

static void
segments(struct load *l, struct conn *c, unsigned side, const void *data,
         size_t len)
{
    const uint8_t *p = data;
    while (len) {
        size_t n = len < MSS ? len : MSS;
        packet(l, c, side, TH_ACK | TH_PSH, p, n);
        p += n;
        len -= n;
    }
}

static void
item_print(struct item *it, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf((char *)it->head, sizeof it->head, format, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof it->head)
        die("a head is too long");
    memset(&it->body, 0, sizeof *it - offsetof(struct item, body));
    it->head_len = (size_t)n;
}

/* Makes *it one frame, RFC 6455 section 5.2. */
static void
item_frame(struct load *l, unsigned side, struct item *it, unsigned b0,
           const uint8_t *body, size_t len)
{
    uint8_t *p = it->head;
    unsigned bit = side ? 0 : 0x80;
    *p++ = (uint8_t)b0;
    if (len < 126) {
        *p++ = (uint8_t)(bit | len);
    } else if (len < 65536) {
        *p++ = (uint8_t)(bit | 126);
        put16(p, (unsigned)len);
        p += 2;
    } else {
        *p++ = (uint8_t)(bit | 127);
        put32(p, 0);
        put32(p + 4, (uint32_t)len);
        p += 8;
    }
    it->masked = !side;
    if (it->masked) {
        put32(it->mask, (uint32_t)(rnd(l) >> 32));
        memcpy(p, it->mask, 4);
        p += 4;
    }
    it->head_len = (size_t)(p - it->head);
    it->body = body;
    it->body_len = len;
    it->off = 0;
    l->frames++;
    l->payload += len;
}

/* One depth update or trade; the price walks, the rest repeats. */
static size_t
market_json(struct load *l, struct conn *c, char *out)
{
    size_t n = 0, want = 200 + below(l, 1800);
    c->px += below(l, 21) - 10;
    n += (size_t)
        sprintf(out,
                "{\"stream\":\"depth\",\"symbol\":\"SYM%03u\",\"ts\":%llu,"
                "\"seq\":%llu,\"bids\":[",
                c->id, (unsigned long long)(l->now_us / 1000),
                (unsigned long long)l->messages);
    for (unsigned i = 0; n + 40 < want; i++) {
        uint32_t px = c->px - i * 5, size = below(l, 90000);
        n += (size_t)sprintf(out + n, "%s[\"%u.%02u\",\"%u.%03u\"]",
                             i ? "," : "", px / 100, px % 100, size / 1000,
                             size % 1000);
    }
    n += (size_t)sprintf(out + n, "],\"venue\":\"loopback\"}");
    return n;
}

static void
item_deflate(struct load *l, struct conn *c, unsigned side)
{
    struct end *e = &c->end[side];
    char text[4096];
    size_t n = market_json(l, c, text);
    e->z.next_in = (Bytef *)text;
    e->z.avail_in = (uInt)n;
    e->z.next_out = e->zbuf;
    e->z.avail_out = ZBUF_LEN;
    if (deflate(&e->z, Z_SYNC_FLUSH) != Z_OK || e->z.avail_out < 6)
        die("cannot deflate");
    /* Without the 00 00 ff ff of the flush (RFC 7692 section 7.2.1). */
    size_t len = ZBUF_LEN - e->z.avail_out - 4;
    item_frame(l, side, &e->item, 0xc1, e->zbuf, len);
    l->messages++;
    l->text_bytes += n;
    if (l->side) {
        uint32_t rec[2] = {2 * c->id + side, (uint32_t)len + 4};
        fwrite(rec, 1, sizeof rec, l->side);
        fwrite(e->zbuf, 1, len + 4, l->side);
    }
}

static void
item_http(struct load *l, struct conn *c, unsigned side)
{
    struct item *it = &c->end[side].item;
    if (side == 0) {
        /* One call a statement: arguments are evaluated in any order. */
        uint32_t item = below(l, 100000);
        uint32_t page = below(l, 50);
        item_print(it,
                   "GET /api/items/%u?page=%u HTTP/1.1\r\n"
                   "Host: shop.example.com\r\n"
                   "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
                   "Accept: text/html,application/json;q=0.9,*/*;q=0.8\r\n"
                   "Accept-Language: en,de;q=0.5\r\n"
                   "Connection: keep-alive\r\n"
                   "Referer: http://shop.example.com/list\r\n"
                   "Cookie: theme=dark; visit=%u\r\n\r\n",
                   item, page, below(l, 1000000));
        return;
    }
    uint32_t len = 500 + below(l, 20000);
    item_print(it,
               "HTTP/1.1 200 OK\r\n"
               "Date: Thu, 15 Jan 2026 09:00:00 GMT\r\n"
               "Server: example\r\n"
               "Content-Type: text/html; charset=utf-8\r\n"
               "Cache-Control: no-cache\r\n"
               "Content-Length: %u\r\n\r\n",
               len);
    it->body = (uint8_t *)l->page + below(l, POOL_LEN - len);
    it->body_len = len;
}

/* A record of TLS 1.2 or 1.3: hellos first, then application data. */
static void
item_tls(struct load *l, struct conn *c, unsigned side)
{
    /* Record and message heads; their lengths are filled in below. */
    static const uint8_t hello[11] = {22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3};
    /* No session, three suites, no compression; then the extensions: server
       name, groups, signatures, versions, key exchange, master secret. */
    static const char rest[] =
        "\x00\x00\x06\x13\x01\x13\x02\xc0\x2f\x01\x00\x00\x00"
        "\x00\x00\x00\x15\x00\x13\x00\x00\x10shop.example.com"
        "\x00\x0a\x00\x04\x00\x02\x00\x1d"
        "\x00\x0d\x00\x06\x00\x04\x04\x03\x08\x04"
        "\x00\x2b\x00\x05\x04\x03\x04\x03\x03"
        "\x00\x2d\x00\x02\x01\x01\x00\x17\x00\x00";
    size_t rest_len = sizeof rest - 1;
    struct item *it = &c->end[side].item;
    memset(it, 0, sizeof *it);
    if (c->started < 2 && side == 0) {
        memcpy(it->head, hello, sizeof hello);
        for (size_t i = 0; i < 32; i++)
            it->head[sizeof hello + i] = (uint8_t)rnd(l);
        memcpy(it->head + sizeof hello + 32, rest, rest_len);
        it->head_len = sizeof hello + 32 + rest_len;
        put16(it->head + 3, (unsigned)it->head_len - 5);
        put16(it->head + 7, (unsigned)it->head_len - 9);
        put16(it->head + sizeof hello + 32 + 11, (unsigned)(rest_len - 13));
        return;
    }
    uint32_t len = 64 + below(l, 16000);
    static const uint8_t data[3] = {23, 3, 3};
    memcpy(it->head, data, 3);
    put16(it->head + 3, len);
    it->head_len = 5;
    it->body = l->noise + below(l, POOL_LEN - len);
    it->body_len = len;
}

static void
item_noise(struct load *l, struct conn *c, unsigned side)
{
    if (c->id % 2) {
        item_tls(l, c, side);
        return;
    }
    struct item *it = &c->end[side].item;
    memset(it, 0, sizeof *it);
    it->body_len = 1 + below(l, 8000);
    it->body = l->noise + below(l, POOL_LEN - (uint32_t)it->body_len);
}

/* Gives side something new to send. */
static void
item_next(struct load *l, struct conn *c, unsigned side)
{
    struct end *e = &c->end[side];
    c->started++;
    switch (l->kind) {
    case SMALL:
    case LOSSY:
    case PACKED: {
        uint32_t i = below(l, N_RECORDS);
        item_frame(l, side, &e->item, 0x81, (uint8_t *)l->records[i],
                   l->record_len[i]);
        l->messages++;
        break;
    }
    case LARGE: {
        uint32_t len = 65536 + below(l, (1u << 20) - 65536 + 1);
        item_frame(l, side, &e->item, 0x82, l->noise + below(l, POOL_LEN - len),
                   len);
        l->messages++;
        if (l->side)
            fwrite(&len, 1, sizeof len, l->side);
        break;
    }
    case DEFLATE:
        item_deflate(l, c, side);
        break;
    case HTTP:
        item_http(l, c, side);
        break;
    default:
        item_noise(l, c, side);
        break;
    }
}

/* Takes up to max bytes of what is being sent. */
static size_t
item_take(struct item *it, uint8_t *out, size_t max)
{
    size_t n = 0;
    if (it->off < it->head_len) {
        n = it->head_len - it->off;
        n = n < max ? n : max;
        memcpy(out, it->head + it->off, n);
        it->off += n;
    }
    size_t at = it->off - it->head_len;
    if (it->off < it->head_len || at >= it->body_len || n == max)
        return n;
    size_t m = it->body_len - at;
    m = m < max - n ? m : max - n;
    memcpy(out + n, it->body + at, m);
    if (it->masked) {
        uint8_t key[8];
        uint64_t k, v;
        for (size_t i = 0; i < 8; i++)
            key[i] = it->mask[(at + i) % 4];
        memcpy(&k, key, 8);
        size_t i = 0;
        for (; i + 8 <= m; i += 8) {
            memcpy(&v, out + n + i, 8);
            v ^= k;
            memcpy(out + n + i, &v, 8);
        }
        for (; i < m; i++)
            out[n + i] ^= key[i % 8];
    }
    it->off += m;
    return n + m;
}

static bool
item_done(const struct item *it)
{
    return it->off >= it->head_len + it->body_len;
}

/* One segment of c; whose turn it is then depends on the load. */
static void
step(struct load *l, struct conn *c)
{
    uint8_t seg[MSS];
    size_t n = 0;
    unsigned side = c->turn;
    struct item *it = &c->end[side].item;
    do {
        if (item_done(it))
            item_next(l, c, side);
        n += item_take(it, seg + n, MSS - n);
    } while (l->kind == PACKED && n < MSS);
    packet(l, c, side, TH_ACK | TH_PSH, seg, n);
    c->left -= n < c->left ? n : c->left;
    if (l->kind <= LOSSY || (l->kind == PACKED && below(l, 4) == 0))
        c->turn = 1 - side;
    else if (l->kind == DEFLATE && item_done(it))
        c->turn = below(l, 10) != 0; /* nine of ten are the server's */
    else if (l->kind != PACKED && l->kind != DEFLATE && item_done(it))
        c->turn = 1 - side;
}

static void
accept_of(const char *key, char *out)
{
    uint8_t digest[20];
    char text[64];
    int n = snprintf(text, sizeof text, "%s" GUID, key);
    if (!EVP_Digest(text, (size_t)n, digest, NULL, EVP_sha1(), NULL))
        die("no SHA-1");
    EVP_EncodeBlock((unsigned char *)out, digest, 20);
}

static void
upgrade(struct load *l, struct conn *c)
{
    uint8_t nonce[16];
    char key[32], accept[32], text[1024];
    for (size_t i = 0; i < 16; i++)
        nonce[i] = (uint8_t)rnd(l);
    EVP_EncodeBlock((unsigned char *)key, nonce, 16);
    accept_of(key, accept);
    int n = snprintf(text, sizeof text,
                     "GET /feed?conn=%u HTTP/1.1\r\n"
                     "Host: feed.example.com\r\n"
                     "Connection: Upgrade\r\n"
                     "Pragma: no-cache\r\n"
                     "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
                     "Upgrade: websocket\r\n"
                     "Origin: http://feed.example.com\r\n"
                     "Sec-WebSocket-Version: 13\r\n"
                     "Accept-Encoding: gzip, deflate\r\n"
                     "Sec-WebSocket-Key: %s\r\n"
                     "Sec-WebSocket-Extensions: permessage-deflate; "
                     "client_max_window_bits\r\n\r\n",
                     c->id, key);
    segments(l, c, 0, text, (size_t)n);
    n = snprintf(text, sizeof text,
                 "HTTP/1.1 101 Switching Protocols\r\n"
                 "Upgrade: websocket\r\n"
                 "Connection: Upgrade\r\n"
                 "Sec-WebSocket-Accept: %s\r\n%s\r\n",
                 accept,
                 l->kind == DEFLATE
                     ? "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                     : "");
    segments(l, c, 1, text, (size_t)n);
}

static void
open_conn(struct load *l, struct conn *c)
{
    for (unsigned side = 0; side < 2; side++) {
        struct end *e = &c->end[side];
        e->seq = (uint32_t)rnd(l);
        e->unacked = 0;
        e->item.off = e->item.head_len = e->item.body_len = 0;
    }
    uint8_t client[4] = {198, 51, 100, (uint8_t)(1 + c->id)};
    uint8_t server[4] = {192, 0, 2, (uint8_t)(80 + c->id % 4)};
    memcpy(c->end[0].ip, client, 4);
    memcpy(c->end[1].ip, server, 4);
    l->next_port = (uint16_t)(l->next_port < 1024 ? 1024 : l->next_port + 1);
    c->end[0].port = l->next_port;
    c->end[1].port = 80;
    if (l->kind == NOISE)
        c->end[1].port = (uint16_t)(c->id % 2 ? 443 : 1 + below(l, 65535));
    c->turn = c->started = 0;
    c->px = 10000 + 100 * c->id;
    c->left = 50000 + below(l, 600000);
    l->connections++;
    packet(l, c, 0, TH_SYN, NULL, 0);
    packet(l, c, 1, TH_SYN | TH_ACK, NULL, 0);
    packet(l, c, 0, TH_ACK, NULL, 0);
    if (l->kind <= DEFLATE)
        upgrade(l, c);
}

/* Sends what is left of a message on each side, then says goodbye. */
static void
close_conn(struct load *l, struct conn *c)
{
    uint8_t seg[MSS];
    for (unsigned side = 0; side < 2; side++) {
        struct item *it = &c->end[side].item;
        while (!item_done(it)) {
            size_t n = item_take(it, seg, MSS);
            packet(l, c, side, TH_ACK | TH_PSH, seg, n);
        }
    }
    if (l->kind <= DEFLATE) {
        static const uint8_t code[2] = {1000 >> 8, 1000 & 0xff};
        for (unsigned side = 0; side < 2; side++) {
            struct item *it = &c->end[side].item;
            item_frame(l, side, it, 0x88, code, 2);
            size_t n = item_take(it, seg, MSS);
            packet(l, c, side, TH_ACK | TH_PSH, seg, n);
        }
    }
    packet(l, c, 1, TH_FIN | TH_ACK, NULL, 0);
    packet(l, c, 0, TH_FIN | TH_ACK, NULL, 0);
    packet(l, c, 1, TH_ACK, NULL, 0);
}

static void
prepare(struct load *l)
{
    l->rng = 0x9e3779b97f4a7c15u;
    l->loss_rng = 0xd1b54a32d192ed03u;
    l->now_us = 1768467600000000u; /* 2026-01-15 09:00:00 UTC */
    l->noise = malloc(POOL_LEN + 8);
    l->page = malloc(POOL_LEN + 64);
    if (!l->noise || !l->page)
        die("no memory");
    for (size_t i = 0; i < POOL_LEN; i += 8) {
        uint64_t v = rnd(l);
        memcpy(l->noise + i, &v, 8);
    }
    for (size_t i = 0; i < POOL_LEN;) {
        uint32_t item = below(l, 1000000);
        i += (size_t)sprintf(l->page + i, "<li>item %u: %u in stock</li>\n",
                             item / 10, item % 1000);
    }
    for (size_t i = 0; i < N_RECORDS; i++) {
        /* 16 to 64 bytes; one in sixteen not only ASCII */
        size_t want = 16 + below(l, 49);
        char *r = l->records[i];
        size_t n =
            (size_t)sprintf(r, "{\"q\":\"%s", i % 16 ? "" : "\xe2\x82\xac");
        while (n < want - 2)
            r[n++] = (char)('0' + below(l, 10));
        r[n++] = '"';
        r[n++] = '}';
        l->record_len[i] = n;
    }
    for (unsigned i = 0; i < N_CONNS; i++) {
        l->conns[i].id = i;
        for (unsigned side = 0; l->kind == DEFLATE && side < 2; side++) {
            struct end *e = &l->conns[i].end[side];
            e->zbuf = malloc(ZBUF_LEN);
            /* Level 1: a third of the time of level 6, 5% more bytes. */
            if (!e->zbuf || deflateInit2(&e->z, 1, Z_DEFLATED, -15, 8,
                                         Z_DEFAULT_STRATEGY) != Z_OK)
                die("no memory");
        }
    }
}

static void
write_counts(const struct load *l, const char *path)
{
    char name[4096];
    snprintf(name, sizeof name, "%s.json", path);
    FILE *f = fopen(name, "w");
    if (!f)
        die("cannot write the counts");
    fprintf(f,
            "{\"kind\": \"%s\", \"bytes\": %llu, \"packets\": %llu, "
            "\"flows\": %llu, \"connections\": %llu, \"frames\": %llu, "
            "\"messages\": %llu, \"payload_bytes\": %llu, "
            "\"inflated_bytes\": %llu, \"lost\": %llu}\n",
            kind_names[l->kind], (unsigned long long)l->written,
            (unsigned long long)l->packets, (unsigned long long)l->connections,
            (unsigned long long)(l->kind <= DEFLATE ? l->connections : 0),
            (unsigned long long)l->frames, (unsigned long long)l->messages,
            (unsigned long long)l->payload, (unsigned long long)l->text_bytes,
            (unsigned long long)l->lost);
    if (fclose(f))
        die("cannot write the counts");
}

static void
run(struct load *l)
{
    static const uint32_t magic[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1};
    put_out(l, magic, sizeof magic);
    for (unsigned i = 0; i < N_CONNS; i++)
        open_conn(l, &l->conns[i]);
    l->losing = l->kind == LOSSY;
    while (l->written < l->limit) {
        struct conn *c = &l->conns[below(l, N_CONNS)];
        step(l, c);
        if (l->kind >= HTTP && c->left == 0 && c->turn == 0 &&
            item_done(&c->end[1].item)) {
            close_conn(l, c);
            open_conn(l, c);
        }
    }
    l->losing = false;
    for (unsigned i = 0; i < N_CONNS; i++)
        close_conn(l, &l->conns[i]);
}

int
main(int argc, char **argv)
{
    static struct load l;
    if (argc < 4)
        die("usage: gen_load KIND FILE BYTES [SIDE]");
    while (strcmp(kind_names[l.kind], argv[1]) != 0)
        if (++l.kind == N_KINDS)
            die("small, lossy, packed, large, deflate, http or noise");
    l.limit = strtoull(argv[3], NULL, 10);
    l.f = fopen(argv[2], "wb");
    if (argc > 4)
        l.side = fopen(argv[4], "wb");
    if (!l.f || (argc > 4 && !l.side))
        die("cannot write there");
    setvbuf(l.f, NULL, _IOFBF, 1 << 20);
    prepare(&l);
    run(&l);
    if (fclose(l.f) || (l.side && fclose(l.side)))
        die("cannot write");
    write_counts(&l, argv[2]);
    return 0;
}
