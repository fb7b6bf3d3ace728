/* SPDX-License-Identifier: MIT */
/* zlib is the oracle: it gives the same bytes and refuses the same input.  A
 * byte may be called certain only if zlib, given two histories that differ at
 * every position, gives it both times. */
#include "dissect/ws_track.h"

#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>

#include "tests/check_main.h"
#include "tests/edge_page.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])
#define WINDOW WS_TRACK_WINDOW_LEN
#define OUT_MAX ((size_t)400000)
#define WIRE_MAX ((size_t)420000)

static struct ws_track track;
static uint32_t seed = 1;

static uint32_t
next_random(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 4) * below >> 28);
}

/* For inner loops: libcheck writes a line for each assertion that holds. */
static void
must(bool ok, const char *what)
{
    if (!ok)
        ck_abort_msg("%s", what);
}

/* ---- What comes out ------------------------------------------------- */

struct output {
    uint8_t bytes[OUT_MAX];
    uint8_t known[OUT_MAX];
    size_t len;
    enum ws_track_step step; /* of the last call */
};

static struct output output, other;

static void
take(struct output *o, const struct ws_track_piece *piece)
{
    size_t n = 0;
    must(piece->bytes.len <= OUT_MAX - o->len, "too much output");
    for (size_t at = 0; at < piece->bytes.len; at += n) {
        bool known = false;
        n = ws_track_piece_run(piece, at, &known);
        must(n > 0, "an empty run");
        memcpy(o->bytes + o->len, piece->bytes.ptr + at, n);
        memset(o->known + o->len, known, n);
        o->len += n;
    }
}

/* Adds what comes of `in`, in pieces of at most out_max. */
static void
inflate_more(struct output *o, struct slice in, size_t out_max)
{
    do {
        struct ws_track_piece piece;
        o->step = ws_track_run(&track, &in, out_max, &piece);
        take(o, &piece);
    } while (o->step == WS_TRACK_FULL);
    must(o->step == WS_TRACK_FAILED || in.len == 0, "input is left");
}

/* All of `in`, in steps, from the state that track is in. */
static void
inflate_steps(struct output *o, struct slice in, size_t step, size_t out_max)
{
    o->len = 0;
    o->step = WS_TRACK_DONE;
    for (size_t at = 0; at < in.len && o->step == WS_TRACK_DONE; at += step)
        inflate_more(o, slice_head(slice_skip(in, at), step), out_max);
}

static void
inflate_all(struct output *o, struct slice in)
{
    inflate_steps(o, in, in.len ? in.len : 1, WINDOW);
}

static void
expect_bytes(const struct output *o, struct slice bytes, const char *name)
{
    ck_assert_msg(o->len == bytes.len, "%s: %zu bytes instead of %zu", name,
                  o->len, bytes.len);
    ck_assert_msg(bytes.len == 0 || memcmp(o->bytes, bytes.ptr, o->len) == 0,
                  "%s", name);
}

/* ---- zlib ----------------------------------------------------------- */

/* Returns whether it fails. */
static bool
zlib_inflate(struct output *o, struct slice in, struct slice history)
{
    z_stream z = {0};
    ck_assert_int_eq(inflateInit2(&z, -15), Z_OK);
    if (history.len > 0)
        ck_assert_int_eq(inflateSetDictionary(&z, history.ptr,
                                              (uInt)history.len),
                         Z_OK);
    z.next_in = (Bytef *)(uintptr_t)in.ptr;
    z.avail_in = (uInt)in.len;
    z.next_out = o->bytes;
    z.avail_out = (uInt)OUT_MAX;
    int e = inflate(&z, Z_SYNC_FLUSH);
    o->len = OUT_MAX - z.avail_out;
    inflateEnd(&z);
    return e == Z_DATA_ERROR;
}

static uint8_t text[OUT_MAX + 64];
static uint8_t wire[WIRE_MAX];

/* Text of few words, so that it compresses, with some noise. */
static size_t
make_text(uint8_t *out, size_t len)
{
    static const char *const words[] = {"{\"price\":",  "\"user\"",   "null,",
                                        "aaaaaaaaaaaa", "subscribe ", "0.00"};
    size_t n = 0;
    while (n < len) {
        if (next_random(4) == 0) {
            n += (size_t)snprintf((char *)out + n, 16, "%u",
                                  next_random(1u << 27));
        } else {
            const char *word = words[next_random(ARRAY_LEN(words))];
            memcpy(out + n, word, strlen(word));
            n += strlen(word);
        }
    }
    return n;
}

static struct slice
zlib_deflate(z_stream *z, struct slice plain, int flush)
{
    z->next_in = (Bytef *)(uintptr_t)plain.ptr;
    z->avail_in = (uInt)plain.len;
    z->next_out = wire;
    z->avail_out = (uInt)WIRE_MAX;
    ck_assert_int_ge(deflate(z, flush), Z_OK);
    ck_assert_uint_gt(z->avail_out, 0);
    return slice_make(wire, WIRE_MAX - z->avail_out);
}

/* ---- Whatever zlib makes -------------------------------------------- */

static const struct {
    const char *name;
    int level, strategy;
} setups[] = {
    {"level 0", 0, Z_DEFAULT_STRATEGY},   {"level 1", 1, Z_DEFAULT_STRATEGY},
    {"level 6", 6, Z_DEFAULT_STRATEGY},   {"level 9", 9, Z_DEFAULT_STRATEGY},
    {"filtered", 6, Z_FILTERED},          {"fixed codes", 6, Z_FIXED},
    {"Huffman only", 6, Z_HUFFMAN_ONLY},  {"run lengths", 6, Z_RLE},
    {"fixed codes, level 9", 9, Z_FIXED},
};

static const int flushes[] = {Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_PARTIAL_FLUSH,
                              Z_BLOCK, Z_FINISH};

/* One setup with each window and way to flush. */
START_TEST(what_zlib_compressed_comes_back)
{
    static const size_t sizes[] = {1, 40, 1000, 20000, 100000};
    for (int bits = 9; bits <= 15; bits++)
        for (size_t f = 0; f < ARRAY_LEN(flushes); f++) {
            z_stream z = {0};
            size_t size = sizes[next_random(ARRAY_LEN(sizes))];
            ck_assert_int_eq(deflateInit2(&z, setups[_i].level, Z_DEFLATED,
                                          -bits, 8, setups[_i].strategy),
                             Z_OK);
            struct slice plain = slice_make(text, make_text(text, size));
            struct slice in = zlib_deflate(&z, plain, flushes[f]);
            deflateEnd(&z);
            bool flushed = flushes[f] != Z_BLOCK;
            size_t step = in.len;
            for (unsigned way = 0; way < 4; way++) {
                ws_track_init(&track, (unsigned)bits);
                ws_track_begin(&track, true);
                inflate_steps(&output, in, step,
                              way ? 1 + next_random(1000) : WINDOW);
                ck_assert_int_eq(output.step, WS_TRACK_DONE);
                if (flushed)
                    expect_bytes(&output, plain, setups[_i].name);
                ck_assert(memcmp(output.bytes, text, output.len) == 0);
                ck_assert_uint_eq(track.n_unknown, 0);
                ck_assert_uint_eq(track.wide.dist, 0);
                ck_assert_uint_le(track.max_dist, 1u << bits);
                ck_assert_uint_eq(track.n_finals, flushes[f] == Z_FINISH);
                if (flushed && flushes[f] != Z_PARTIAL_FLUSH)
                    ck_assert(ws_track_at_border(&track));
                step = way == 0 ? 1 : 1 + next_random(500);
            }
        }
}
END_TEST

START_TEST(every_cut_in_two_gives_the_same)
{
    struct edge_page page;
    z_stream z = {0};
    edge_page_init(&page, 4096);
    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, -15, 8, 0), Z_OK);
    size_t len = make_text(text, 600);
    struct slice lost = zlib_deflate(&z, slice_make(text, len), Z_SYNC_FLUSH);
    len = make_text(text, 700);
    struct slice in = zlib_deflate(&z, slice_make(text, len), Z_SYNC_FLUSH);
    deflateEnd(&z);
    ck_assert_uint_gt(lost.len, 0);
    ws_track_init(&track, 15);
    ws_track_forget(&track);
    ws_track_begin(&track, true);
    inflate_all(&output, in);
    ck_assert_uint_eq(output.len, len);
    ck_assert_uint_gt(track.n_unknown, 0);
    struct ws_track_spot missing = track.missing;
    for (size_t cut = 0; cut <= in.len; cut++)
        for (size_t max = 1; max <= 1000; max += 333) {
            ws_track_forget(&track);
            ws_track_begin(&track, true);
            other.len = 0;
            inflate_more(&other, edge_page_put(&page, slice_head(in, cut)),
                         max);
            inflate_more(&other, edge_page_put(&page, slice_skip(in, cut)),
                         max);
            expect_bytes(&other, slice_make(output.bytes, len), "cut");
            ck_assert(memcmp(other.known, output.known, len) == 0);
            ck_assert_uint_eq(track.missing.in_bit, missing.in_bit);
            ck_assert_uint_eq(track.missing.out, missing.out);
            ck_assert(ws_track_at_border(&track));
        }
    edge_page_fini(&page);
}
END_TEST

/* ---- Unknown history ------------------------------------------------ */

/* Messages of which some are lost, against the truth and against zlib with
 * two histories that nowhere agree. */
START_TEST(certain_is_exactly_what_no_history_changes)
{
    static uint8_t history[2][WINDOW];
    uint64_t certain = 0, uncertain = 0;
    for (size_t i = 0; i < WINDOW; i++) {
        history[0][i] = (uint8_t)next_random(256);
        history[1][i] = (uint8_t)~history[0][i];
    }
    for (unsigned round = 0; round < 60; round++) {
        z_stream z = {0};
        int bits = 9 + (int)next_random(7);
        size_t s = next_random(ARRAY_LEN(setups));
        ck_assert_int_eq(deflateInit2(&z, setups[s].level, Z_DEFLATED, -bits, 8,
                                      setups[s].strategy),
                         Z_OK);
        for (unsigned lost = next_random(3) + 1; lost > 0; lost--)
            zlib_deflate(&z,
                         slice_make(text, make_text(text, next_random(20000))),
                         Z_SYNC_FLUSH);
        size_t len = make_text(text, 1 + next_random(60000));
        struct slice in = zlib_deflate(&z, slice_make(text, len), Z_SYNC_FLUSH);
        ws_track_init(&track, (unsigned)bits);
        ws_track_forget(&track);
        ws_track_begin(&track, true);
        inflate_steps(&output, in, 1 + next_random((uint32_t)in.len), WINDOW);
        ck_assert_int_eq(output.step, WS_TRACK_DONE);
        ck_assert_uint_eq(output.len, len);
        ck_assert(!zlib_inflate(&other, in, slice_make(history[0], WINDOW)));
        memcpy(other.known, other.bytes, len);
        ck_assert(!zlib_inflate(&other, in, slice_make(history[1], WINDOW)));
        ck_assert_uint_eq(other.len, len);
        for (size_t i = 0; i < len; i++) {
            bool agree = other.bytes[i] == other.known[i];
            must(output.known[i] == agree, "certain but not the same");
            must(output.bytes[i] == (agree ? text[i] : 0), "a wrong byte");
            certain += agree;
        }
        uncertain += track.n_unknown;
        ck_assert_uint_eq(track.wide.dist, 0);
        deflateEnd(&z);
    }
    ck_assert_uint_gt(certain, 100000);
    ck_assert_uint_gt(uncertain, 1000);
}
END_TEST

START_TEST(a_window_of_certain_bytes_heals)
{
    static uint8_t window[WINDOW];
    z_stream z = {0};
    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, -15, 8, 0), Z_OK);
    memset(text, 'x', 500);
    zlib_deflate(&z, slice_make(text, 500), Z_SYNC_FLUSH);
    ws_track_init(&track, 15);
    ws_track_forget(&track);
    ck_assert(!ws_track_is_certain(&track));
    ck_assert_uint_eq(ws_track_history(&track, window), WINDOW);
    size_t since = 0, total = 0;
    for (unsigned round = 0; round < 200 && total < 100000; round++) {
        size_t len = 300 + next_random(900);
        for (size_t i = 0; i < len; i++)
            text[i] = (uint8_t)next_random(256);
        if (round < 10)
            memset(text + 20, 'x', 100);
        struct slice in = zlib_deflate(&z, slice_make(text, len), Z_SYNC_FLUSH);
        ws_track_begin(&track, true);
        inflate_all(&output, in);
        for (size_t i = 0; i < len; i++)
            since = output.known[i] ? since + 1 : 0;
        total += len;
        ck_assert_uint_eq(output.len, len);
        ck_assert(ws_track_is_certain(&track) == (since >= WINDOW));
    }
    ck_assert(ws_track_is_certain(&track));
    deflateEnd(&z);
    /* The history is what was written last, and can be learnt again. */
    ck_assert_uint_eq(ws_track_history(&track, window), WINDOW);
    ck_assert(memcmp(window + WINDOW - output.len, text, output.len) == 0);
    ws_track_learn(&track, slice_make(window, WINDOW));
    ck_assert(ws_track_is_certain(&track));
    ck_assert_uint_eq(ws_track_history(&track, output.bytes), WINDOW);
    ck_assert(memcmp(output.bytes, window, WINDOW) == 0);
}
END_TEST

START_TEST(without_takeover_history_is_empty)
{
    /* "Hello" and, with the history of it, "Hello" again. */
    static const uint8_t first[] = {0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07,
                                    0x00, 0x00, 0x00, 0xff, 0xff};
    static const uint8_t again[] = {0xf2, 0x00, 0x11, 0x00, 0x00,
                                    0x00, 0x00, 0xff, 0xff};
    ws_track_init(&track, 15);
    for (unsigned takeover = 0; takeover < 2; takeover++) {
        ws_track_begin(&track, false);
        inflate_all(&output, slice_make(first, sizeof first));
        expect_bytes(&output, slice_cstr("Hello"), "first");
        ws_track_begin(&track, takeover);
        inflate_all(&output, slice_make(again, sizeof again));
        if (takeover) {
            expect_bytes(&output, slice_cstr("Hello"), "again");
            ck_assert_uint_eq(track.before.dist, 5);
            ck_assert_uint_eq(track.before.out, 1);
        } else {
            ck_assert_int_eq(track.error, WS_TRACK_TOO_FAR_BACK);
            ck_assert_uint_eq(track.broke.dist, 5);
            ck_assert_uint_eq(track.broke.out, 1);
            ck_assert_uint_eq(track.broke.in_bit, 11);
        }
    }
    /* Nor does it know what was unknown before. */
    ws_track_forget(&track);
    ws_track_begin(&track, false);
    ck_assert(ws_track_is_certain(&track));
    inflate_all(&output, slice_make(again, sizeof again));
    ck_assert_int_eq(track.error, WS_TRACK_TOO_FAR_BACK);
    /* With unknown history the copy is unknown. */
    ws_track_forget(&track);
    ws_track_begin(&track, true);
    inflate_all(&output, slice_make(again, sizeof again));
    expect_bytes(&output, slice_make("H\0\0\0\0", 5), "unknown");
    ck_assert(memcmp(output.known, "\1\0\0\0\0", 5) == 0);
    ck_assert_uint_eq(track.missing.out, 1);
    ck_assert_uint_eq(track.missing.in_bit, 11);
    ck_assert_uint_eq(track.missing.dist, 5);
}
END_TEST

START_TEST(distances_above_the_agreed_window_are_told)
{
    z_stream z = {0};
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, 0), Z_OK);
    for (size_t i = 0; i < 3000; i++)
        text[i] = (uint8_t)next_random(256);
    /* So that the match begins one byte later. */
    text[0] = 'a';
    memcpy(text + 2200, text, 100);
    text[2200] = 'b';
    struct slice in = zlib_deflate(&z, slice_make(text, 3000), Z_SYNC_FLUSH);
    deflateEnd(&z);
    for (unsigned bits = 8; bits <= 15; bits++) {
        ws_track_init(&track, bits);
        ws_track_begin(&track, true);
        inflate_all(&output, in);
        expect_bytes(&output, slice_make(text, 3000), "wide");
        ck_assert_uint_eq(track.max_dist, 2200);
        ck_assert_uint_eq(track.wide.dist, bits <= 11 ? 2200 : 0);
        ck_assert_uint_eq(track.wide.out, bits <= 11 ? 2201 : 0);
        ck_assert_uint_eq(track.n_wide, bits <= 11 ? 1 : 0);
    }
}
END_TEST

/* ---- RFC 7692 section 7.2.3 ----------------------------------------- */

static const struct {
    const char *name;
    const char *hex; /* with the tail */
    unsigned n_finals, stored, fixed, empty;
} examples[] = {
    {"7.2.3.1", "f248cdc9c907000000ffff", 0, 1, 1, 1},
    {"7.2.3.3: a stored block", "000500faff48656c6c6f000000ffff", 0, 2, 0, 1},
    {"7.2.3.4: BFINAL", "f348cdc9c90700000000ffff", 1, 1, 1, 1},
    {"7.2.3.5: two blocks", "f24805000000ffffcac9c907000000ffff", 0, 2, 2, 2},
};

static struct slice
from_hex(uint8_t *out, const char *hex)
{
    size_t n = 0;
    unsigned byte = 0;
    for (; sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
        out[n] = (uint8_t)byte;
    return slice_make(out, n);
}

START_TEST(the_examples_of_rfc_7692_say_hello)
{
    struct slice in = from_hex(wire, examples[_i].hex);
    for (size_t step = 1; step <= in.len; step++) {
        ws_track_init(&track, 8);
        ws_track_begin(&track, true);
        ck_assert(ws_track_is_fresh(&track));
        inflate_steps(&output, in, step, WINDOW);
        expect_bytes(&output, slice_cstr("Hello"), examples[_i].name);
        ck_assert(ws_track_at_border(&track));
        ck_assert(!ws_track_is_fresh(&track));
        ck_assert_uint_eq(track.n_finals, examples[_i].n_finals);
        ck_assert_uint_eq(track.n_blocks[0], examples[_i].stored);
        ck_assert_uint_eq(track.n_blocks[1], examples[_i].fixed);
        ck_assert_uint_eq(track.n_empty, examples[_i].empty);
        ck_assert_uint_eq(track.in_bits, 8 * in.len);
        if (examples[_i].n_finals) {
            ck_assert_uint_eq(track.final.in_bit, 56);
            ck_assert_uint_eq(track.final.out, 5);
        }
    }
}
END_TEST

/* ---- Broken input --------------------------------------------------- */

struct bits {
    uint8_t *out;
    size_t n; /* bits */
};

/* Numbers come with their lowest bit first, codes with their highest. */
static void
put_number(struct bits *b, unsigned v, unsigned n)
{
    for (unsigned i = 0; i < n; i++, b->n++) {
        if (b->n % 8 == 0)
            b->out[b->n / 8] = 0;
        b->out[b->n / 8] |= (uint8_t)((v >> i & 1) << b->n % 8);
    }
}

static void
put_code(struct bits *b, unsigned v, unsigned n)
{
    while (n-- > 0)
        put_number(b, v >> n & 1, 1);
}

/* "0:1 256:2" to lengths by symbol; returns one more than the last. */
static unsigned
parse_lengths(const char *s, uint8_t *lens, unsigned at_least)
{
    unsigned n = at_least, symbol, len;
    int used = 0;
    memset(lens, 0, 320);
    for (; sscanf(s, " %u:%u%n", &symbol, &len, &used) == 2; s += used) {
        lens[symbol] = (uint8_t)len;
        if (n < symbol + 1)
            n = symbol + 1;
    }
    return n;
}

/* A dynamic block's head: each code length in four bits. */
static void
put_dynamic(struct bits *b, const char *lits, const char *dists)
{
    static const uint8_t four[19] = {0, 0, 0, 4, 4, 4, 4, 4, 4, 4,
                                     4, 4, 4, 4, 4, 4, 4, 4, 4};
    uint8_t lens[320];
    unsigned n_lit = parse_lengths(lits, lens, 257);
    unsigned n_dist = parse_lengths(dists, lens, 1);
    put_number(b, 0, 1);
    put_number(b, 2, 2);
    put_number(b, n_lit - 257, 5);
    put_number(b, n_dist - 1, 5);
    put_number(b, 19 - 4, 4);
    for (size_t i = 0; i < 19; i++)
        put_number(b, four[i], 3);
    parse_lengths(lits, lens, 0);
    for (unsigned i = 0; i < n_lit; i++)
        put_code(b, lens[i], 4);
    parse_lengths(dists, lens, 0);
    for (unsigned i = 0; i < n_dist; i++)
        put_code(b, lens[i], 4);
}

/* A block head as it is, or codes for put_dynamic(), then bits in order;
 * blanks do not count. */
static const struct {
    const char *name;
    const char *head; /* bits, or NULL: lits and dists */
    const char *lits, *dists;
    const char *rest;
    const char *out; /* bytes before it breaks */
    enum ws_track_error error;
} broken[] = {
    {"block type 3", "0 11", 0, 0, "", "", WS_TRACK_BAD_BLOCK_TYPE},
    {"final block of type 3", "1 11", 0, 0, "", "", WS_TRACK_BAD_BLOCK_TYPE},
    {"NLEN is not LEN inverted", "0 00 00000", 0, 0,
     "10000000 00000000 01111111 11111110", "", WS_TRACK_BAD_STORED_LENGTH},
    {"NLEN is LEN", "0 00 00000", 0, 0, "10000000 00000000 10000000 00000000",
     "", WS_TRACK_BAD_STORED_LENGTH},
    {"287 literals and lengths", "0 01 01111 00000 0000", 0, 0, "", "",
     WS_TRACK_TOO_MANY_SYMBOLS},
    {"31 distances", "0 01 00000 01111 0000", 0, 0, "", "",
     WS_TRACK_TOO_MANY_SYMBOLS},
    {"code lengths: three codes of one bit", "0 01 00000 00000 0000", 0, 0,
     "100 100 100 000", "", WS_TRACK_BAD_CODE_LENGTHS},
    {"code lengths: one code of one bit", "0 01 00000 00000 0000", 0, 0,
     "100 000 000 000", "", WS_TRACK_BAD_CODE_LENGTHS},
    {"code lengths: an unused code", "0 01 00000 00000 0000", 0, 0,
     "100 010 000 000", "", WS_TRACK_BAD_CODE_LENGTHS},
    {"a repeat of nothing", "0 01 00000 00000 0000", 0, 0,
     "100 100 000 000 0 00", "", WS_TRACK_BAD_REPEAT},
    {"a repeat behind the end", "0 01 00000 00000 0000", 0, 0,
     "000 000 100 100 1 1111111 1 1111111", "", WS_TRACK_BAD_REPEAT},
    {"nothing but zeros", "0 01 00000 00000 0000", 0, 0,
     "000 000 100 100 1 1111111 1 1011011", "", WS_TRACK_NO_END_OF_BLOCK},
    {"no end of block", NULL, "65:1 66:1", "", "", "",
     WS_TRACK_NO_END_OF_BLOCK},
    {"literals: too many codes", NULL, "65:1 66:1 256:1", "", "", "",
     WS_TRACK_BAD_LITERAL_CODES},
    {"literals: too few codes", NULL, "65:2 66:2 256:2", "", "", "",
     WS_TRACK_BAD_LITERAL_CODES},
    {"literals: one code of two bits", NULL, "256:2", "", "", "",
     WS_TRACK_BAD_LITERAL_CODES},
    {"literals: one code of one bit, the other", NULL, "256:1", "", "1", "",
     WS_TRACK_BAD_LITERAL_SYMBOL},
    {"distances: too many codes", NULL, "65:1 256:1", "0:1 1:1 2:1", "", "",
     WS_TRACK_BAD_DISTANCE_CODES},
    {"distances: too few codes", NULL, "65:1 256:1", "0:2 1:2", "", "",
     WS_TRACK_BAD_DISTANCE_CODES},
    {"distances: one code of two bits", NULL, "65:1 256:1", "0:2", "", "",
     WS_TRACK_BAD_DISTANCE_CODES},
    {"distances: one code of one bit, the other", NULL, "65:1 256:2 257:2",
     "0:1", "0 11 1", "A", WS_TRACK_BAD_DISTANCE_SYMBOL},
    {"distances: no code, and one used", NULL, "65:1 256:2 257:2", "", "0 11 0",
     "A", WS_TRACK_BAD_DISTANCE_SYMBOL},
    {"fixed codes: length 286", "0 10", 0, 0, "01110001 11000110", "A",
     WS_TRACK_BAD_LITERAL_SYMBOL},
    {"fixed codes: length 287", "0 10", 0, 0, "01110001 11000111", "A",
     WS_TRACK_BAD_LITERAL_SYMBOL},
    {"fixed codes: distance 30", "0 10", 0, 0, "01110001 0000001 11110", "A",
     WS_TRACK_BAD_DISTANCE_SYMBOL},
    {"fixed codes: distance 31", "0 10", 0, 0, "01110001 0000001 11111", "A",
     WS_TRACK_BAD_DISTANCE_SYMBOL},
    {"a copy of nothing", "0 10", 0, 0, "0000001 00000", "",
     WS_TRACK_TOO_FAR_BACK},
    {"a distance of 2 behind one byte", "0 10", 0, 0, "01110001 0000001 00001",
     "A", WS_TRACK_TOO_FAR_BACK},
    /* What is accepted. */
    {"literals: only the end", NULL, "256:1", "", "0", "", WS_TRACK_OK},
    {"distances: none, none used", NULL, "65:1 256:1", "", "0 1", "A",
     WS_TRACK_OK},
    {"distances: one code of one bit", NULL, "65:1 256:2 257:2", "0:1",
     "0 11 0 10", "AAAA", WS_TRACK_OK},
    {"distances: one code of one bit, not the first", NULL, "65:1 256:2 257:2",
     "1:1", "0 0 11 0 10", "AAAAA", WS_TRACK_OK},
    {"codes of 15 bits", NULL,
     "65:1 66:2 67:3 68:4 69:5 70:6 71:7 72:8 73:9 74:10 75:11 76:12 77:13 "
     "78:14 79:15 256:15",
     "", "0 1111111110 11111111110 111111111111110 10 111111111111111", "AJKOB",
     WS_TRACK_OK},
    {"length 258 by its own code", "0 10", 0, 0,
     "01110001 11000101 00000 0000000", NULL, WS_TRACK_OK},
};

static struct slice
broken_input(size_t row)
{
    struct bits b = {.out = wire};
    const char *parts[] = {broken[row].head, broken[row].rest};
    for (size_t i = 0; i < 2; i++) {
        if (!parts[i])
            put_dynamic(&b, broken[row].lits, broken[row].dists);
        else
            for (const char *p = parts[i]; *p; p++)
                if (*p != ' ')
                    put_number(&b, *p == '1', 1);
    }
    return slice_make(wire, (b.n + 7) / 8);
}

START_TEST(what_zlib_refuses_is_refused_for_its_reason)
{
    struct slice in = broken_input((size_t)_i);
    const char *name = broken[_i].name;
    static char longest[260] = "";
    const char *out = broken[_i].out;
    if (!out) {
        memset(longest, 'A', 259);
        out = longest;
    }
    bool fails = zlib_inflate(&other, in, slice_make(NULL, 0));
    ck_assert_msg(fails == (broken[_i].error != WS_TRACK_OK), "%s", name);
    for (size_t step = 1; step <= in.len; step++) {
        ws_track_init(&track, 15);
        ws_track_begin(&track, true);
        inflate_steps(&output, in, step, 1 + step);
        ck_assert_msg(track.error == broken[_i].error, "%s: %s instead of %s",
                      name, ws_track_error_text(track.error),
                      ws_track_error_text(broken[_i].error));
        expect_bytes(&output, slice_cstr(out), name);
        ck_assert_uint_eq(output.len, other.len);
        ck_assert_uint_le(track.broke.in_bit, 8 * in.len);
        if (track.error)
            ck_assert_uint_eq(track.broke.out, output.len);
        if (track.error) {
            struct ws_track_piece piece;
            struct slice more = slice_cstr("more");
            ck_assert_int_eq(ws_track_run(&track, &more, 10, &piece),
                             WS_TRACK_FAILED);
            ck_assert_uint_eq(piece.bytes.len, 0);
        }
    }
}
END_TEST

START_TEST(a_code_without_codes_reads_zeros)
{
    /* zlib takes each bit as the length 0 then, and finds no end of block
     * when it has all 258 of them. */
    struct bits b = {.out = wire};
    put_number(&b, 0, 1);
    put_number(&b, 2, 2);
    put_number(&b, 0, 14);
    put_number(&b, 0, 12);
    for (unsigned i = 0; i < 257; i++)
        put_number(&b, i & 1, 1);
    ws_track_init(&track, 15);
    ws_track_begin(&track, true);
    struct slice in = slice_make(wire, b.n / 8);
    ck_assert(!zlib_inflate(&other, in, slice_make(NULL, 0)));
    inflate_all(&output, in);
    ck_assert_int_eq(output.step, WS_TRACK_DONE);
    put_number(&b, 0, 8);
    in = slice_make(wire, b.n / 8);
    ck_assert(zlib_inflate(&other, in, slice_make(NULL, 0)));
    ws_track_begin(&track, false);
    inflate_all(&output, in);
    ck_assert_int_eq(track.error, WS_TRACK_NO_END_OF_BLOCK);
}
END_TEST

/* Bits flipped in what zlib made: both go as far and no further. */
START_TEST(damage_breaks_both_at_the_same_byte)
{
    unsigned broke = 0;
    for (unsigned round = 0; round < 1500; round++) {
        z_stream z = {0};
        size_t s = next_random(ARRAY_LEN(setups));
        ck_assert_int_eq(deflateInit2(&z, setups[s].level, Z_DEFLATED, -15, 8,
                                      setups[s].strategy),
                         Z_OK);
        struct slice plain =
            slice_make(text, make_text(text, 1 + next_random(3000)));
        struct slice in = zlib_deflate(&z, plain, Z_SYNC_FLUSH);
        deflateEnd(&z);
        for (unsigned n = next_random(3) + 1; n > 0; n--) {
            uint32_t bit = next_random(8 * (uint32_t)in.len);
            wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        wire[0] &= 0xfe;
        bool fails = zlib_inflate(&other, in, slice_make(NULL, 0));
        ws_track_init(&track, 15);
        ws_track_begin(&track, true);
        inflate_steps(&output, in, 1 + next_random((uint32_t)in.len), WINDOW);
        /* zlib stops behind a block with BFINAL. */
        if (track.n_finals > 0)
            continue;
        ck_assert_msg(fails == (track.error != WS_TRACK_OK), "round %u", round);
        expect_bytes(&output, slice_make(other.bytes, other.len), "damage");
        broke += fails;
    }
    ck_assert_uint_gt(broke, 250);
}
END_TEST

/* ---- Trials --------------------------------------------------------- */

static const struct {
    const char *hex;
    bool whole;
    enum ws_track_verdict verdict;
} trials[] = {
    {"f248cdc9c90700", true, WS_TRACK_DEFLATE},
    {"f248cdc9c907", true, WS_TRACK_NOT_DEFLATE},
    {"f248cdc9c907", false, WS_TRACK_PLAUSIBLE},
    {"f200110000", true, WS_TRACK_DEFLATE},
    {"00", true, WS_TRACK_DEFLATE},
    {"f348cdc9c9070000", true, WS_TRACK_DEFLATE},
    {"f348cdc9c90700", true, WS_TRACK_DEFLATE},
    {"", true, WS_TRACK_NOT_DEFLATE},
    {"", false, WS_TRACK_PLAUSIBLE},
    {"ffffff", true, WS_TRACK_NOT_DEFLATE},
    {"ffffff", false, WS_TRACK_NOT_DEFLATE},
    {"48656c6c6f2c20776f726c6421", true, WS_TRACK_NOT_DEFLATE},
    {"7b226964223a317d", true, WS_TRACK_NOT_DEFLATE},
};

START_TEST(a_trial_tells_compressed_from_plain)
{
    struct slice in = from_hex(wire, trials[_i].hex);
    ck_assert_msg(ws_track_trial(&track, in, trials[_i].whole) ==
                      trials[_i].verdict,
                  "%s", trials[_i].hex);
}
END_TEST

START_TEST(random_bytes_hardly_ever_pass_a_trial)
{
    unsigned passed = 0;
    for (unsigned round = 0; round < 5000; round++) {
        size_t len = 1 + next_random(200);
        for (size_t i = 0; i < len; i++)
            wire[i] = (uint8_t)next_random(256);
        passed += ws_track_trial(&track, slice_make(wire, len), true) ==
                  WS_TRACK_DEFLATE;
    }
    ck_assert_uint_lt(passed, 15);
}
END_TEST

START_TEST(a_trial_of_a_bomb_ends)
{
    z_stream z = {0};
    uint8_t *zeros = calloc(1, 20 << 20);
    ck_assert_ptr_nonnull(zeros);
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, 0), Z_OK);
    struct slice in =
        zlib_deflate(&z, slice_make(zeros, 20 << 20), Z_SYNC_FLUSH);
    ck_assert_int_eq(ws_track_trial(&track, in, true), WS_TRACK_PLAUSIBLE);
    ck_assert_uint_lt(track.out_len, (1 << 20) + WINDOW);
    deflateEnd(&z);
    free(zeros);
}
END_TEST

START_TEST(every_error_has_a_text)
{
    for (unsigned e = 0; e < WS_TRACK_ERROR_COUNT; e++)
        ck_assert_ptr_nonnull(ws_track_error_text(e));
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("ws_track");
    TCase *t = tcase_create("ws_track");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, what_zlib_compressed_comes_back, 0,
                        (int)ARRAY_LEN(setups));
    tcase_add_test(t, every_cut_in_two_gives_the_same);
    tcase_add_test(t, certain_is_exactly_what_no_history_changes);
    tcase_add_test(t, a_window_of_certain_bytes_heals);
    tcase_add_test(t, without_takeover_history_is_empty);
    tcase_add_test(t, distances_above_the_agreed_window_are_told);
    tcase_add_loop_test(t, the_examples_of_rfc_7692_say_hello, 0,
                        (int)ARRAY_LEN(examples));
    tcase_add_loop_test(t, what_zlib_refuses_is_refused_for_its_reason, 0,
                        (int)ARRAY_LEN(broken));
    tcase_add_test(t, a_code_without_codes_reads_zeros);
    tcase_add_test(t, damage_breaks_both_at_the_same_byte);
    tcase_add_loop_test(t, a_trial_tells_compressed_from_plain, 0,
                        (int)ARRAY_LEN(trials));
    tcase_add_test(t, random_bytes_hardly_ever_pass_a_trial);
    tcase_add_test(t, a_trial_of_a_bomb_ends);
    tcase_add_test(t, every_error_has_a_text);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
