/* SPDX-License-Identifier: MIT */
/*
 * ws_traffic.h - made-up WebSocket traffic of one direction, by seed: frames
 * with payloads of many kinds, the packets they came in, and where frames
 * really start.
 */
#ifndef TESTS_WS_TRAFFIC_H
#define TESTS_WS_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/stream.h"
#include "dissect/ws_frame.h"
#include "dissect/ws_unmask.h"

/* ---- Chance --------------------------------------------------------- */

struct chance {
    uint64_t state;
};

/* splitmix64, public domain, by Sebastiano Vigna. */
static inline uint64_t
chance_next(struct chance *c)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* 0 .. n - 1 */
static inline uint64_t
chance_below(struct chance *c, uint64_t n)
{
    return chance_next(c) % n;
}

static inline bool
chance_one_in(struct chance *c, uint64_t n)
{
    return chance_below(c, n) == 0;
}

/* About as often below 2^k as above, for each k. */
static inline size_t
chance_len(struct chance *c, size_t least, size_t most)
{
    unsigned bits = 0;
    while ((most - least) >> bits)
        bits++;
    size_t n = (size_t)(chance_next(c) &
                        (((uint64_t)1 << chance_below(c, bits + 1)) - 1));
    return least + (n > most - least ? most - least : n);
}

/* ---- Payloads ------------------------------------------------------- */

enum traffic_fill {
    FILL_RANDOM = 0,
    FILL_ZEROS,
    FILL_BYTE, /* one byte, repeated */
    FILL_ASCII,
    FILL_JSON,
    FILL_BASE64,
    FILL_UTF8, /* Cyrillic: full of bytes 80 to 8f */
    FILL_UTF16,
    FILL_INT16, /* small numbers */
    FILL_INT32,
    FILL_PCM8,    /* around 80 */
    FILL_PCM16,   /* a walk */
    FILL_STRUCTS, /* records; some columns do not change */
    FILL_PERIOD,  /* nothing changes from one record to the next */
    FILL_COUNT,
};

static inline bool
fill_is_text(enum traffic_fill fill)
{
    return fill >= FILL_ASCII && fill <= FILL_UTF8;
}

static inline void
fill_text(struct chance *c, uint8_t *p, size_t len, enum traffic_fill fill)
{
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs"
                                 "tuvwxyz0123456789+/";
    static const char *const words[] = {"{\"type\":", "\"price\",",
                                        "\"value\":", "1234.5,",
                                        "\"id\":",    "null,",
                                        "true,",      "[1,2,3],",
                                        "\"name\"",   "},{"};
    for (size_t i = 0; i < len;) {
        if (fill == FILL_ASCII) {
            p[i++] = (uint8_t)(chance_one_in(c, 6) ? ' '
                                                   : 'a' + chance_below(c, 26));
        } else if (fill == FILL_BASE64) {
            p[i++] = (uint8_t)base64[chance_below(c, 64)];
        } else if (fill == FILL_UTF8) {
            if (len - i < 2 || chance_one_in(c, 7)) {
                p[i++] = ' ';
            } else if (chance_one_in(c, 2)) {
                p[i++] = 0xd0;
                p[i++] = (uint8_t)(0xb0 + chance_below(c, 16));
            } else {
                p[i++] = 0xd1;
                p[i++] = (uint8_t)(0x80 + chance_below(c, 16));
            }
        } else {
            const char *w = words[chance_below(c, 10)];
            while (*w && i < len)
                p[i++] = (uint8_t)*w++;
        }
    }
}

static inline void
fill_numbers(struct chance *c, uint8_t *p, size_t len, enum traffic_fill fill)
{
    bool big = chance_one_in(c, 2);
    size_t width = fill == FILL_INT32 ? 4 : fill == FILL_PCM8 ? 1 : 2;
    unsigned range = (unsigned)chance_len(c, 1, 300);
    int walk = 0;
    for (size_t i = 0; i < len; i += width) {
        walk += (int)chance_below(c, range * 2 + 1) - (int)range;
        uint32_t v = fill == FILL_UTF16   ? 'a' + (uint32_t)chance_below(c, 26)
                     : fill == FILL_PCM8  ? 0x80u + (uint32_t)(walk % 6)
                     : fill == FILL_PCM16 ? (uint32_t)walk
                                          : (uint32_t)chance_below(c, range);
        for (size_t k = 0; k < width && i + k < len; k++)
            p[i + k] = (uint8_t)(v >> 8 * (big ? width - 1 - k : k));
    }
}

static inline void
fill_records(struct chance *c, uint8_t *p, size_t len, bool same)
{
    uint8_t record[128], changes[128];
    size_t n = 2 + chance_below(c, 90);
    for (size_t i = 0; i < n; i++) {
        record[i] = (uint8_t)(chance_one_in(c, 2) ? chance_next(c)
                                                  : chance_below(c, 4));
        changes[i] = !same && chance_one_in(c, 2);
    }
    for (size_t i = 0; i < len; i++)
        p[i] = changes[i % n] ? (uint8_t)chance_next(c) : record[i % n];
}

static inline void
traffic_fill(struct chance *c, uint8_t *p, size_t len, enum traffic_fill fill)
{
    if (fill == FILL_RANDOM)
        for (size_t i = 0; i < len; i += 8) {
            uint64_t v = chance_next(c);
            memcpy(p + i, &v, len - i < 8 ? len - i : 8);
        }
    else if (fill == FILL_ZEROS || fill == FILL_BYTE)
        memset(p, fill == FILL_ZEROS ? 0 : (int)chance_below(c, 256), len);
    else if (fill_is_text(fill))
        fill_text(c, p, len, fill);
    else if (fill == FILL_STRUCTS || fill == FILL_PERIOD)
        fill_records(c, p, len, fill == FILL_PERIOD);
    else
        fill_numbers(c, p, len, fill);
}

/* ---- Streams -------------------------------------------------------- */

struct traffic_profile {
    const char *name;
    uint32_t fills;        /* set of 1u << enum traffic_fill */
    uint32_t least, most;  /* payload bytes of data frames */
    unsigned one_fragment; /* one frame in so many is not final; 0: none */
    unsigned one_control;  /* likewise control frames */
    bool deflate;          /* RSV1 on first frames */
    bool equal;            /* all data frames have one length */
    bool one_per_packet;
};

#define F(x) (1u << FILL_##x)
#define FILLS_TEXT (F(ASCII) | F(JSON) | F(BASE64) | F(UTF8))
#define FILLS_ALL ((1u << FILL_COUNT) - 1)

static const struct traffic_profile traffic_profiles[] = {
    {.name = "chat",
     .fills = FILLS_TEXT,
     .least = 1,
     .most = 120,
     .one_control = 20,
     .one_per_packet = true},
    {.name = "small text packed",
     .fills = FILLS_TEXT,
     .least = 5,
     .most = 200,
     .one_control = 50},
    {.name = "tiny random",
     .fills = F(RANDOM),
     .least = 0,
     .most = 12,
     .one_control = 9},
    {.name = "random binary", .fills = F(RANDOM), .least = 1, .most = 5000},
    {.name = "random and fragments",
     .fills = F(RANDOM) | FILLS_TEXT,
     .least = 0,
     .most = 900,
     .one_fragment = 2,
     .one_control = 4},
    {.name = "deflate",
     .fills = F(RANDOM),
     .least = 3,
     .most = 3000,
     .one_control = 30,
     .one_fragment = 20,
     .deflate = true},
    {.name = "large text", .fills = FILLS_TEXT, .least = 1000, .most = 40000},
    {.name = "large random",
     .fills = F(RANDOM),
     .least = 20000,
     .most = 150000},
    {.name = "zeros", .fills = F(ZEROS), .least = 0, .most = 9000},
    {.name = "one byte", .fills = F(BYTE), .least = 1, .most = 9000},
    {.name = "equal, small",
     .fills = F(RANDOM) | F(STRUCTS),
     .least = 1,
     .most = 125,
     .equal = true},
    {.name = "equal, middle",
     .fills = F(RANDOM) | F(PCM16),
     .least = 126,
     .most = 20000,
     .equal = true},
    {.name = "numbers",
     .fills = F(INT16) | F(INT32) | F(UTF16) | F(PCM16),
     .least = 2,
     .most = 20000},
    {.name = "8-bit samples", .fills = F(PCM8), .least = 2, .most = 20000},
    {.name = "records",
     .fills = F(STRUCTS) | F(PERIOD),
     .least = 20,
     .most = 20000},
    {.name = "everything",
     .fills = FILLS_ALL,
     .least = 0,
     .most = 30000,
     .one_fragment = 10,
     .one_control = 10,
     .deflate = true},
};

#undef F

#define TRAFFIC_PROFILES (sizeof traffic_profiles / sizeof traffic_profiles[0])

struct traffic_packet {
    size_t off, len;
    bool push;
};

struct traffic {
    const struct traffic_profile *profile;
    enum ws_sender from;
    uint8_t *bytes;
    size_t len, cap;
    size_t *starts; /* of frames; starts[n_starts] is len */
    size_t n_starts, cap_starts;
    struct traffic_packet *packets;
    size_t n_packets, cap_packets;
};

static inline void *
traffic_grow(void *ptr, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return ptr;
    *cap = n * 2 + 64;
    ptr = realloc(ptr, *cap * size);
    if (!ptr)
        abort();
    return ptr;
}

/* Adds a frame with payload bytes of fill. */
static inline void
traffic_frame(struct traffic *t, struct chance *c, uint8_t byte0, size_t len,
              enum traffic_fill fill)
{
    uint8_t mask[4] = {0};
    bool client = t->from == WS_SENDER_CLIENT;
    t->bytes = traffic_grow(t->bytes, t->len + len + 14, &t->cap, 1);
    t->starts = traffic_grow(t->starts, t->n_starts + 1, &t->cap_starts,
                             sizeof t->starts[0]);
    t->starts[t->n_starts++] = t->len;
    uint8_t *p = t->bytes + t->len;
    size_t n = 2;
    p[0] = byte0;
    p[1] = (uint8_t)(len < 126 ? len : len < 65536 ? 126 : 127);
    if (len >= 126)
        for (n = len < 65536 ? 4 : 10; n-- > 2;)
            p[n] = (uint8_t)((uint64_t)len >> 8 * ((len < 65536 ? 3 : 9) - n));
    n = len < 126 ? 2 : len < 65536 ? 4 : 10;
    if (client) {
        uint64_t r = chance_next(c);
        memcpy(mask, &r, 4);
        p[1] |= 0x80;
        memcpy(p + n, mask, 4);
        n += 4;
    }
    traffic_fill(c, p + n, len, fill);
    if (byte0 == 0x88 && len >= 2) {
        p[n] = 3;
        p[n + 1] = 0xe9;
    }
    ws_unmask(p + n, p + n, len, mask, 0);
    t->len += n + len;
    t->starts[t->n_starts] = t->len;
}

/* Packets of up to 1,448 bytes from where the last one ended. */
static inline void
traffic_send(struct traffic *t, struct chance *c, bool odd)
{
    size_t at = 0;
    if (t->n_packets > 0)
        at =
            t->packets[t->n_packets - 1].off + t->packets[t->n_packets - 1].len;
    while (at < t->len) {
        size_t n = odd ? 1 + chance_below(c, 3000) : 1448;
        n = n < t->len - at ? n : t->len - at;
        t->packets = traffic_grow(t->packets, t->n_packets, &t->cap_packets,
                                  sizeof t->packets[0]);
        t->packets[t->n_packets++] =
            (struct traffic_packet){at, n, !odd && at + n == t->len};
        at += n;
    }
}

static inline enum traffic_fill
traffic_choose(struct chance *c, uint32_t fills)
{
    for (;;) {
        unsigned f = (unsigned)chance_below(c, FILL_COUNT);
        if (fills >> f & 1u)
            return (enum traffic_fill)f;
    }
}

/* Makes about len bytes. */
static inline void
traffic_make(struct traffic *t, struct chance *c,
             const struct traffic_profile *p, enum ws_sender from, size_t len)
{
    bool open = false, packed = !p->one_per_packet && !chance_one_in(c, 3);
    bool odd = packed && chance_one_in(c, 2);
    size_t equal = chance_len(c, p->least, p->most);
    /* Most streams have one kind of payload, some all of their profile. */
    enum traffic_fill all = traffic_choose(c, p->fills);
    bool mixed = chance_one_in(c, 3);
    t->profile = p;
    t->from = from;
    t->len = t->n_starts = t->n_packets = 0;
    while (t->len < len) {
        enum traffic_fill fill = mixed ? traffic_choose(c, p->fills) : all;
        size_t n = p->equal ? equal : chance_len(c, p->least, p->most);
        if (p->one_control && chance_one_in(c, p->one_control)) {
            traffic_frame(t, c, chance_one_in(c, 2) ? 0x89 : 0x8a,
                          chance_one_in(c, 2) ? 0 : chance_below(c, 126),
                          FILL_RANDOM);
        } else {
            bool more = p->one_fragment && chance_one_in(c, p->one_fragment);
            /* A fragment of text would have to end between characters. */
            bool text = fill_is_text(fill) && !more && !open;
            uint8_t byte0 = open ? 0 : text ? 1 : 2;
            if (p->deflate && !open && !chance_one_in(c, 5))
                byte0 |= 0x40;
            traffic_frame(t, c, more ? byte0 : byte0 | 0x80u, n, fill);
            open = more;
        }
        if (!packed || chance_one_in(c, 40))
            traffic_send(t, c, odd);
    }
    traffic_send(t, c, odd);
}

static inline void
traffic_free(struct traffic *t)
{
    free(t->bytes);
    free(t->starts);
    free(t->packets);
}

/* Number of the first frame that starts at off or behind it. */
static inline size_t
traffic_frame_at(const struct traffic *t, size_t off)
{
    size_t a = 0, b = t->n_starts;
    while (a < b) {
        size_t mid = a + (b - a) / 2;
        if (t->starts[mid] < off)
            a = mid + 1;
        else
            b = mid;
    }
    return a;
}

static inline bool
traffic_is_start(const struct traffic *t, size_t off)
{
    return off <= t->len && t->starts[traffic_frame_at(t, off)] == off;
}

#endif /* TESTS_WS_TRAFFIC_H */
