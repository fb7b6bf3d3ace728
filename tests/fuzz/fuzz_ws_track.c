/* SPDX-License-Identifier: MIT */
/* Oracles: zlib gives the same bytes and fails on the same input; how input
 * and output are cut changes nothing; with unknown history a byte is certain
 * exactly when zlib gives the same byte for two histories that differ at every
 * position; and what is certain of messages that zlib compressed is true.
 *
 * Input: flags (see below), two bytes that say how to cut, then raw DEFLATE,
 * or with FLAG_COMPRESS the text to compress: messages of which each begins
 * with its length. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "dissect/ws_track.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    FLAG_COMPRESS = 1,
    FLAG_LEVELS = 2 | 4,
    FLAG_STRATEGIES = 8 | 16,
    FLAG_WINDOWS = 32 | 64,
    FLAG_FULL_FLUSH = 128,
};

#define OUT_MAX ((size_t)150000)
#define WIRE_MAX ((size_t)100000)

/* What came out of one way to inflate. */
struct result {
    uint8_t bytes[OUT_MAX];
    uint8_t known[OUT_MAX]; /* 1 or 0 */
    size_t len;
    bool failed;
};

static struct result results[3];
static struct ws_track track, track_cut;
static uint8_t history[2][WS_TRACK_WINDOW_LEN];

static void
must(bool ok)
{
    if (!ok)
        abort();
}

/* ---- zlib ----------------------------------------------------------- */

static void
zlib_begin(z_stream *z, struct slice dictionary)
{
    memset(z, 0, sizeof *z);
    must(inflateInit2(z, -15) == Z_OK);
    if (dictionary.len > 0)
        must(inflateSetDictionary(z, dictionary.ptr, (uInt)dictionary.len) ==
             Z_OK);
}

/* Adds to r; blocks with BFINAL are borders (RFC 7692 section 7.2.3.4). */
static void
zlib_run(z_stream *z, struct slice in, struct result *r)
{
    static uint8_t window[WS_TRACK_WINDOW_LEN];
    z->next_in = (Bytef *)(uintptr_t)in.ptr;
    z->avail_in = (uInt)in.len;
    for (;;) {
        z->next_out = r->bytes + r->len;
        z->avail_out = (uInt)(OUT_MAX - r->len);
        int e = inflate(z, Z_SYNC_FLUSH);
        r->len = OUT_MAX - z->avail_out;
        if (e == Z_STREAM_END) {
            uInt n = 0;
            must(inflateGetDictionary(z, window, &n) == Z_OK);
            must(inflateReset(z) == Z_OK);
            if (n > 0)
                must(inflateSetDictionary(z, window, n) == Z_OK);
            if (z->avail_in > 0 && z->avail_out > 0)
                continue;
            return;
        }
        r->failed = e != Z_OK && e != Z_BUF_ERROR;
        return;
    }
}

static void
zlib_all(struct slice in, struct slice dictionary, struct result *r)
{
    z_stream z;
    r->len = 0;
    r->failed = false;
    zlib_begin(&z, dictionary);
    zlib_run(&z, in, r);
    inflateEnd(&z);
}

/* ---- The tracker ---------------------------------------------------- */

static void
take_piece(const struct ws_track_piece *piece, struct result *r)
{
    size_t n = 0;
    bool before = false;
    must(piece->bytes.len <= OUT_MAX - r->len);
    for (size_t at = 0; at < piece->bytes.len; at += n) {
        bool known = false;
        n = ws_track_piece_run(piece, at, &known);
        must(n > 0 && n <= piece->bytes.len - at);
        must(at == 0 || known != before);
        must(known || !piece->certain);
        before = known;
        memcpy(r->bytes + r->len, piece->bytes.ptr + at, n);
        memset(r->known + r->len, known, n);
        for (size_t i = 0; i < n && !known; i++)
            must(piece->bytes.ptr[at + i] == 0);
        r->len += n;
    }
}

/* Adds to r.  The input is copied, so that reads outside are seen. */
static void
track_run(struct ws_track *t, struct slice in, size_t in_step, size_t out_step,
          struct result *r)
{
    for (size_t at = 0; at < in.len && !r->failed && r->len < OUT_MAX;) {
        size_t n = in.len - at < in_step ? in.len - at : in_step;
        uint8_t *copy = malloc(n);
        must(copy != NULL);
        memcpy(copy, in.ptr + at, n);
        struct slice some = slice_make(copy, n);
        enum ws_track_step step = WS_TRACK_FULL;
        while (step == WS_TRACK_FULL && r->len < OUT_MAX) {
            struct ws_track_piece piece;
            size_t room = OUT_MAX - r->len;
            size_t max = out_step < room ? out_step : room;
            step = ws_track_run(t, &some, max, &piece);
            must(piece.bytes.len <= max);
            must(step != WS_TRACK_FULL || piece.bytes.len > 0);
            must(step != WS_TRACK_DONE || some.len == 0);
            take_piece(&piece, r);
        }
        r->failed = step == WS_TRACK_FAILED;
        must(r->failed == (t->error != WS_TRACK_OK));
        free(copy);
        at += n;
    }
}

static void
track_all(struct ws_track *t, bool unknown, struct slice in, size_t in_step,
          size_t out_step, struct result *r)
{
    r->len = 0;
    r->failed = false;
    ws_track_init(t, 10);
    if (unknown)
        ws_track_forget(t);
    ws_track_begin(t, true);
    track_run(t, in, in_step, out_step, r);
}

static bool
same_spot(const struct ws_track_spot *a, const struct ws_track_spot *b)
{
    return a->in_bit == b->in_bit && a->out == b->out && a->dist == b->dist;
}

static void
must_match(const struct ws_track *a, const struct ws_track *b)
{
    must(a->error == b->error);
    must(same_spot(&a->broke, &b->broke));
    must(same_spot(&a->wide, &b->wide));
    must(same_spot(&a->before, &b->before));
    must(same_spot(&a->missing, &b->missing));
    must(same_spot(&a->final, &b->final));
    must(a->n_finals == b->n_finals);
    must(memcmp(a->n_blocks, b->n_blocks, sizeof a->n_blocks) == 0);
    must(a->n_empty == b->n_empty);
    must(a->max_dist == b->max_dist);
    must(a->n_wide == b->n_wide);
    must(a->in_bits == b->in_bits);
    must(a->out_len == b->out_len);
    must(a->n_unknown == b->n_unknown);
    must(a->tracking == b->tracking);
    must(ws_track_at_border(a) == ws_track_at_border(b));
    must(ws_track_is_fresh(a) == ws_track_is_fresh(b));
}

static void
check_stats(const struct ws_track *t, const struct result *r)
{
    static uint8_t window[WS_TRACK_WINDOW_LEN];
    must(t->out_len == r->len);
    must((t->wide.dist != 0) == (t->max_dist > 1024));
    must((t->missing.dist != 0) == (t->n_unknown > 0));
    uint64_t unknown = 0;
    size_t last = 0;
    for (size_t i = 0; i < r->len; i++)
        if (!r->known[i]) {
            if (unknown++ == 0)
                must(t->missing.out == i);
            last = i + 1;
        }
    must(unknown == t->n_unknown);
    if (!t->tracking && unknown > 0)
        must(r->len - last >= WS_TRACK_WINDOW_LEN);
    /* The history is what was written last. */
    size_t n = ws_track_history(t, window);
    must(n <= WS_TRACK_WINDOW_LEN);
    size_t both = n < r->len ? n : r->len;
    must(memcmp(window + n - both, r->bytes + r->len - both, both) == 0);
}

/* ---- Raw input ------------------------------------------------------ */

static void
raw(struct slice in, size_t in_step, size_t out_step)
{
    struct result *a = &results[0], *b = &results[1], *got = &results[2];
    /* Empty history. */
    zlib_all(in, slice_make(NULL, 0), a);
    track_all(&track, false, in, in.len, OUT_MAX, got);
    must(got->len == a->len);
    must(memcmp(got->bytes, a->bytes, a->len) == 0);
    if (a->len < OUT_MAX)
        must(got->failed == a->failed);
    must(track.n_unknown == 0 && !track.tracking);
    check_stats(&track, got);
    track_all(&track_cut, false, in, in_step, out_step, b);
    must(b->len == got->len && memcmp(b->bytes, got->bytes, b->len) == 0);
    if (a->len < OUT_MAX)
        must_match(&track, &track_cut);
    /* Unknown history. */
    zlib_all(in, slice_make(history[0], sizeof history[0]), a);
    zlib_all(in, slice_make(history[1], sizeof history[1]), b);
    track_all(&track, true, in, in.len, OUT_MAX, got);
    must(got->len == a->len && got->len == b->len);
    if (a->len < OUT_MAX)
        must(got->failed == a->failed && a->failed == b->failed);
    for (size_t i = 0; i < got->len; i++) {
        must(got->known[i] == (a->bytes[i] == b->bytes[i]));
        must(got->bytes[i] == (got->known[i] ? a->bytes[i] : 0));
    }
    check_stats(&track, got);
    track_all(&track_cut, true, in, in_step, out_step, b);
    must(b->len == got->len && memcmp(b->bytes, got->bytes, b->len) == 0 &&
         memcmp(b->known, got->known, b->len) == 0);
    if (got->len < OUT_MAX)
        must_match(&track, &track_cut);
}

/* ---- Compressed input ----------------------------------------------- */

static void
deflate_begin(z_stream *z, unsigned flags)
{
    static const int levels[] = {6, 1, 0, 9};
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FIXED, Z_RLE,
                                     Z_HUFFMAN_ONLY};
    static const int windows[] = {15, 9, 10, 12};
    memset(z, 0, sizeof *z);
    must(deflateInit2(z, levels[(flags & FLAG_LEVELS) / 2], Z_DEFLATED,
                      -windows[(flags & FLAG_WINDOWS) / 32], 8,
                      strategies[(flags & FLAG_STRATEGIES) / 8]) == Z_OK);
}

/* One message; the first of them is lost. */
static void
message(z_stream *z, struct slice text, unsigned flags, unsigned number,
        size_t in_step, size_t out_step)
{
    static uint8_t wire[WIRE_MAX];
    struct result *got = &results[0];
    z->next_in = (Bytef *)(uintptr_t)text.ptr;
    z->avail_in = (uInt)text.len;
    z->next_out = wire;
    z->avail_out = (uInt)WIRE_MAX;
    must(deflate(z, flags & FLAG_FULL_FLUSH ? Z_FULL_FLUSH : Z_SYNC_FLUSH) ==
         Z_OK);
    must(z->avail_out > 0);
    if (number == 0)
        return;
    got->len = 0;
    got->failed = false;
    ws_track_begin(&track, true);
    track_run(&track, slice_make(wire, WIRE_MAX - z->avail_out), in_step,
              out_step, got);
    must(!got->failed);
    must(ws_track_at_border(&track));
    must(got->len == text.len);
    uint64_t unknown = 0;
    for (size_t i = 0; i < got->len; i++) {
        must(!got->known[i] || got->bytes[i] == text.ptr[i]);
        unknown += !got->known[i];
    }
    must(unknown == track.n_unknown);
    must(!(flags & FLAG_FULL_FLUSH) || unknown == 0);
    must(!track.wide.dist || (flags & FLAG_WINDOWS) != 32);
}

static void
compressed(struct slice in, unsigned flags, size_t in_step, size_t out_step)
{
    z_stream z;
    deflate_begin(&z, flags);
    ws_track_init(&track, 9);
    ws_track_forget(&track);
    for (unsigned number = 0; in.len > 0; number++) {
        struct slice text = slice_skip(in, 1);
        text = slice_head(text, in.ptr[0] * 16u + 1u);
        in = slice_skip(in, 1 + text.len);
        /* zlib flushes nothing twice. */
        if (text.len > 0)
            message(&z, text, flags, number, in_step, out_step);
    }
    deflateEnd(&z);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4 || size > 20000)
        return 0;
    if (history[1][0] == history[0][0]) {
        uint32_t x = 1;
        for (size_t i = 0; i < sizeof history[0]; i++) {
            x = x * 1664525u + 1013904223u;
            history[0][i] = (uint8_t)(x >> 24);
            history[1][i] = (uint8_t)~history[0][i];
        }
    }
    struct slice in = slice_make(data + 3, size - 3);
    size_t in_step = data[1] % 7 ? data[1] : 1;
    size_t out_step = data[2] % 7 ? data[2] : 1;
    if (data[0] & FLAG_COMPRESS)
        compressed(in, data[0], in_step, out_step);
    else
        raw(in, in_step, out_step);
    (void)ws_track_trial(&track, in, data[1] & 1);
    return 0;
}
