/* SPDX-License-Identifier: MIT */
#include "dissect/ws_track.h"

#include <assert.h>
#include <string.h>

#include "base/rd.h"

#define WINDOW_MASK (WS_TRACK_WINDOW_LEN - 1)
#define TABLE_LEN (1u << WS_TRACK_TABLE_BITS)

/* No code means that; one bit was enough to see it. */
#define NO_SYMBOL 0xfffu
/* A length of code that no input has: more bits are needed. */
#define MORE_BITS 64u

/* Bits of the longest match: length, its extra bits, distance, and its. */
#define MATCH_BITS (15u + 5u + 15u + 13u)

/* Flags are copied so many at a time; an unaligned load has room for them. */
#define KNOWN_BITS 56u

#define TRIAL_OUT_LEN ((uint64_t)1 << 20)

static_assert(sizeof(struct ws_track) <= 40960 - 64,
              "WS_INFLATE_STATE_LEN in ws_deflate.h counts it");

enum state {
    STATE_HEAD = 0,   /* the three bits of a block */
    STATE_STORED_LEN, /* LEN and NLEN */
    STATE_STORED,
    STATE_COUNTS, /* HLIT, HDIST, HCLEN */
    STATE_CODE_LENGTHS,
    STATE_LENGTHS, /* of both codes */
    STATE_SYMBOLS,
    STATE_MATCH,
    STATE_BLOCK_END,
};

enum codes {
    CODES_OTHER = 0,
    CODES_FIXED,
};

enum go {
    GO_ON = 0,
    GO_INPUT,  /* needs more input */
    GO_OUTPUT, /* needs more room */
    GO_FAIL,
};

/* What a run keeps in registers. */
struct cursor {
    const uint8_t *p, *end;
    uint64_t hold; /* above n there may be bits of what is at p */
    unsigned n;    /* bits in hold */
    uint32_t pos, limit;
    /* As they were when the run began. */
    const uint8_t *first;
    uint64_t fed_bits; /* taken from the input before */
    uint32_t start;
};

/* RFC 1951 section 3.2.5; extra bits, then the base. */
static const struct {
    uint8_t extra;
    uint16_t base;
} length_codes[29] = {{0, 3},   {0, 4},   {0, 5},   {0, 6},   {0, 7},  {0, 8},
                      {0, 9},   {0, 10},  {1, 11},  {1, 13},  {1, 15}, {1, 17},
                      {2, 19},  {2, 23},  {2, 27},  {2, 31},  {3, 35}, {3, 43},
                      {3, 51},  {3, 59},  {4, 67},  {4, 83},  {4, 99}, {4, 115},
                      {5, 131}, {5, 163}, {5, 195}, {5, 227}, {0, 258}},
  distance_codes[30] = {{0, 1},      {0, 2},     {0, 3},     {0, 4},
                        {1, 5},      {1, 7},     {2, 9},     {2, 13},
                        {3, 17},     {3, 25},    {4, 33},    {4, 49},
                        {5, 65},     {5, 97},    {6, 129},   {6, 193},
                        {7, 257},    {7, 385},   {8, 513},   {8, 769},
                        {9, 1025},   {9, 1537},  {10, 2049}, {10, 3073},
                        {11, 4097},  {11, 6145}, {12, 8193}, {12, 12289},
                        {13, 16385}, {13, 24577}};

static uint64_t
load_le64(const uint8_t *p)
{
    return rd_load_le32(p) | (uint64_t)rd_load_le32(p + 4) << 32;
}

static void
store_le64(uint8_t *p, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t
low_bits(uint64_t v, unsigned n)
{
    return v & (((uint64_t)1 << n) - 1);
}

/* ---- Input ---------------------------------------------------------- */

/* Takes at least 56 bits into hold, or all there are. */
static inline void
refill(struct cursor *c)
{
    if (c->end - c->p >= 8) {
        c->hold |= load_le64(c->p) << c->n;
        c->p += (63 - c->n) >> 3;
        c->n |= 56;
        return;
    }
    while (c->n < 56 && c->p < c->end) {
        c->hold |= (uint64_t)*c->p++ << c->n;
        c->n += 8;
    }
}

static inline bool
need(struct cursor *c, unsigned n)
{
    if (c->n < n)
        refill(c);
    return c->n >= n;
}

static inline void
drop(struct cursor *c, unsigned n)
{
    c->hold >>= n;
    c->n -= n;
}

static inline uint32_t
take(struct cursor *c, unsigned n)
{
    uint32_t v = (uint32_t)low_bits(c->hold, n);
    drop(c, n);
    return v;
}

/* ---- Where we are --------------------------------------------------- */

static uint64_t
in_bits(const struct cursor *c)
{
    return c->fed_bits + 8 * (uint64_t)(c->p - c->first) - c->n;
}

static uint64_t
out_len(const struct ws_track *t, const struct cursor *c)
{
    return t->out_len + (c->pos - c->start);
}

static struct ws_track_spot
spot(const struct ws_track *t, const struct cursor *c, uint32_t dist)
{
    return (struct ws_track_spot){in_bits(c), out_len(t, c), dist};
}

static enum go
fail(struct ws_track *t, const struct cursor *c, enum ws_track_error error,
     uint32_t dist)
{
    t->error = error;
    t->broke = spot(t, c, dist);
    return GO_FAIL;
}

/* ---- Codes ---------------------------------------------------------- */

/* Fills the table of codes up to WS_TRACK_TABLE_BITS.  Codes come with their
 * first bit lowest, so they are counted up from their other end. */
static void
code_fill(struct ws_track_code *code)
{
    unsigned reversed = 0, i = 0;
    memset(code->table, 0, sizeof code->table);
    for (unsigned len = 1; len <= WS_TRACK_TABLE_BITS; len++) {
        for (unsigned n = code->count[len]; n > 0; n--) {
            uint16_t entry = (uint16_t)((unsigned)code->symbol[i++] << 4 | len);
            for (unsigned at = reversed; at < TABLE_LEN; at += 1u << len)
                code->table[at] = entry;
            unsigned bit = 1u << (len - 1);
            while (reversed & bit)
                bit >>= 1;
            reversed = bit ? (reversed & (bit - 1)) + bit : 0;
        }
    }
}

/*
 * Makes a code from the lengths of n symbols (RFC 1951 section 3.2.2).  False
 * when there are more codes than bits allow, or fewer: that is accepted, as
 * zlib does, for one code of one bit (but not if `full`), and for none.
 */
static bool
code_make(struct ws_track_code *code, const uint8_t *lens, unsigned n,
          bool full)
{
    uint16_t next[WS_TRACK_CODE_BITS + 1];
    unsigned max = WS_TRACK_CODE_BITS;
    int left = 1;
    memset(code->count, 0, sizeof code->count);
    for (unsigned i = 0; i < n; i++)
        code->count[lens[i]]++;
    while (max > 0 && code->count[max] == 0)
        max--;
    for (unsigned len = 1; len <= max; len++) {
        left = left * 2 - code->count[len];
        if (left < 0)
            return false;
    }
    if (left > 0 && max > 0 && (full || max != 1))
        return false;
    next[1] = 0;
    for (unsigned len = 1; len < WS_TRACK_CODE_BITS; len++)
        next[len + 1] = (uint16_t)(next[len] + code->count[len]);
    for (unsigned i = 0; i < n; i++)
        if (lens[i] > 0)
            code->symbol[next[lens[i]]++] = (uint16_t)i;
    code_fill(code);
    if (left > 0)
        for (unsigned at = max; at < TABLE_LEN; at += 1 + max)
            code->table[at] = NO_SYMBOL << 4 | 1;
    return true;
}

/* A code of more bits than the table has, bit by bit. */
static unsigned
code_long(const struct ws_track_code *code, uint64_t hold, unsigned n,
          unsigned *len)
{
    unsigned value = 0, first = 0, index = 0;
    for (unsigned l = 1; l <= WS_TRACK_CODE_BITS && l <= n; l++) {
        unsigned count = code->count[l];
        value |= hold & 1;
        hold >>= 1;
        if (value < first + count) {
            *len = l;
            return code->symbol[index + (value - first)];
        }
        index += count;
        first = (first + count) << 1;
        value <<= 1;
    }
    *len = MORE_BITS;
    return NO_SYMBOL;
}

/* The symbol at the front of n bits and the length of its code, which is more
 * than n when there are too few. */
static inline unsigned
code_next(const struct ws_track_code *code, uint64_t hold, unsigned n,
          unsigned *len)
{
    unsigned entry = code->table[hold & (TABLE_LEN - 1)];
    if (entry == 0)
        return code_long(code, hold, n, len);
    *len = entry & 15;
    return entry >> 4;
}

/* RFC 1951 section 3.2.6 */
static void
code_make_fixed(struct ws_track *t)
{
    if (t->codes == CODES_FIXED)
        return;
    memset(t->lens, 8, 144);
    memset(t->lens + 144, 9, 112);
    memset(t->lens + 256, 7, 24);
    memset(t->lens + 280, 8, 8);
    memset(t->lens + 288, 5, 32);
    bool made = code_make(&t->lit, t->lens, 288, true) &&
                code_make(&t->distance, t->lens + 288, 32, true);
    assert(made);
    t->codes = CODES_FIXED;
}

/* ---- Output --------------------------------------------------------- */

/* Unknown bytes are written, behind `at` bytes of the message: a bit each. */
static void
note_unknown(struct ws_track *t, uint64_t at, uint64_t holes)
{
    uint64_t first = at;
    if (t->missing.dist == 0) {
        for (uint64_t rest = holes; !(rest & 1); rest >>= 1)
            first++;
        t->missing = (struct ws_track_spot){t->match_bit, first, t->dist};
    }
    for (; holes; holes >>= 1, at++)
        t->n_unknown += holes & 1;
    t->clear_at = t->total - t->out_len + at + WS_TRACK_WINDOW_LEN;
}

/* Copies the flags of a match to where it goes. */
static void
copy_known(struct ws_track *t, const struct cursor *c, uint32_t len)
{
    uint32_t src = (c->pos - t->dist) & WINDOW_MASK;
    uint32_t dst = c->pos;
    while (len > 0) {
        uint32_t n = len < KNOWN_BITS ? len : KNOWN_BITS;
        if (n > t->dist)
            n = t->dist;
        if (n > WS_TRACK_WINDOW_LEN - src)
            n = WS_TRACK_WINDOW_LEN - src;
        uint64_t ones = low_bits(UINT64_MAX, n);
        uint64_t v = load_le64(t->known + src / 8) >> src % 8 & ones;
        uint8_t *to = t->known + dst / 8;
        store_le64(to, (load_le64(to) & ~(ones << dst % 8)) | v << dst % 8);
        if (v != ones)
            note_unknown(t, t->out_len + (dst - c->start), v ^ ones);
        src = (src + n) & WINDOW_MASK;
        dst += n;
        len -= n;
    }
}

/* Copies inside the window as if byte by byte. */
static void
copy_bytes(uint8_t *window, uint32_t src, uint32_t dst, uint32_t len)
{
    while (len > 0) {
        uint32_t n = WS_TRACK_WINDOW_LEN - src;
        if (n > len)
            n = len;
        if (src >= dst || dst - src >= n)
            memmove(window + dst, window + src, n);
        else if (dst - src == 1)
            memset(window + dst, window[src], n);
        else
            for (uint32_t i = 0; i < n; i++)
                window[dst + i] = window[src + i];
        src = (src + n) & WINDOW_MASK;
        dst += n;
        len -= n;
    }
}

static enum go
step_match(struct ws_track *t, struct cursor *c)
{
    uint32_t n = c->limit - c->pos;
    if (n > t->left)
        n = t->left;
    if (t->tracking)
        copy_known(t, c, n);
    copy_bytes(t->window, (c->pos - t->dist) & WINDOW_MASK, c->pos, n);
    c->pos += n;
    t->left -= n;
    if (t->left > 0)
        return GO_OUTPUT;
    t->state = STATE_SYMBOLS;
    return GO_ON;
}

/* len certain bytes were written at pos. */
static void
set_known(struct ws_track *t, uint32_t pos, size_t len)
{
    for (; len > 0 && pos % 8 != 0; len--, pos++)
        t->known[pos / 8] |= (uint8_t)(1u << pos % 8);
    memset(t->known + pos / 8, 0xff, len / 8);
    for (pos += (uint32_t)(len - len % 8), len %= 8; len > 0; len--, pos++)
        t->known[pos / 8] |= (uint8_t)(1u << pos % 8);
}

static enum go
step_stored(struct ws_track *t, struct cursor *c)
{
    uint32_t start = c->pos;
    while (t->left > 0 && c->n >= 8 && c->pos < c->limit) {
        t->window[c->pos++] = (uint8_t)take(c, 8);
        t->left--;
    }
    if (c->n == 0) {
        /* Bits that were looked at but not taken. */
        c->hold = 0;
        size_t n = c->limit - c->pos;
        if (n > t->left)
            n = t->left;
        if (n > (size_t)(c->end - c->p))
            n = (size_t)(c->end - c->p);
        if (n > 0)
            memcpy(t->window + c->pos, c->p, n);
        c->p += n;
        c->pos += (uint32_t)n;
        t->left -= (uint32_t)n;
    }
    if (t->tracking)
        set_known(t, start, c->pos - start);
    if (t->left == 0) {
        t->state = STATE_BLOCK_END;
        return GO_ON;
    }
    return c->pos == c->limit ? GO_OUTPUT : GO_INPUT;
}

/* ---- Symbols -------------------------------------------------------- */

/* Looks at a distance and remembers what is remarkable.  False: it reaches
 * before the start of the history. */
static inline bool
check_distance(struct ws_track *t, const struct cursor *c, uint32_t dist)
{
    if (dist > t->have + (c->pos - c->start))
        return false;
    if (dist > t->max_dist)
        t->max_dist = dist;
    if (dist > t->window_len) {
        if (t->n_wide++ == 0)
            t->wide = spot(t, c, dist);
    }
    if (t->before.dist == 0 && dist > out_len(t, c))
        t->before = spot(t, c, dist);
    return true;
}

/* A length was read, of len_bits bits: reads the rest of the match.  Nothing
 * is taken from the input before all of it is there. */
static enum go
read_match(struct ws_track *t, struct cursor *c, unsigned symbol,
           unsigned len_bits)
{
    if (symbol >= 257 + 29)
        return fail(t, c, WS_TRACK_BAD_LITERAL_SYMBOL, 0);
    unsigned extra = length_codes[symbol - 257].extra;
    unsigned used = len_bits + extra;
    if (used > c->n)
        return GO_INPUT;
    uint32_t len = length_codes[symbol - 257].base +
                   (uint32_t)low_bits(c->hold >> len_bits, extra);
    unsigned bits;
    symbol = code_next(&t->distance, c->hold >> used, c->n - used, &bits);
    if (used + bits > c->n)
        return GO_INPUT;
    if (symbol >= 30)
        return fail(t, c, WS_TRACK_BAD_DISTANCE_SYMBOL, 0);
    used += bits;
    extra = distance_codes[symbol].extra;
    if (used + extra > c->n)
        return GO_INPUT;
    uint32_t dist = distance_codes[symbol].base +
                    (uint32_t)low_bits(c->hold >> used, extra);
    if (!check_distance(t, c, dist))
        return fail(t, c, WS_TRACK_TOO_FAR_BACK, dist);
    t->left = len;
    t->dist = dist;
    t->match_bit = in_bits(c);
    t->state = STATE_MATCH;
    drop(c, used + extra);
    return step_match(t, c);
}

static enum go
step_symbols(struct ws_track *t, struct cursor *c)
{
    for (;;) {
        unsigned bits;
        if (c->n < MATCH_BITS)
            refill(c);
        unsigned symbol = code_next(&t->lit, c->hold, c->n, &bits);
        if (bits > c->n)
            return GO_INPUT;
        if (symbol < 256) {
            if (c->pos == c->limit)
                return GO_OUTPUT;
            if (t->tracking)
                t->known[c->pos / 8] |= (uint8_t)(1u << c->pos % 8);
            t->window[c->pos++] = (uint8_t)symbol;
            drop(c, bits);
        } else if (symbol == 256) {
            drop(c, bits);
            t->state = STATE_BLOCK_END;
            return GO_ON;
        } else {
            enum go go = read_match(t, c, symbol, bits);
            if (go != GO_ON)
                return go;
        }
    }
}

/* ---- Blocks --------------------------------------------------------- */

static enum go
step_head(struct ws_track *t, struct cursor *c)
{
    static const uint8_t states[] = {STATE_STORED_LEN, STATE_SYMBOLS,
                                     STATE_COUNTS};
    if (!need(c, 3))
        return GO_INPUT;
    unsigned type = c->hold >> 1 & 3;
    if (type == 3)
        return fail(t, c, WS_TRACK_BAD_BLOCK_TYPE, 0);
    t->last = c->hold & 1;
    drop(c, 3);
    t->n_blocks[type]++;
    t->block_out = out_len(t, c);
    t->state = states[type];
    if (type == 0)
        drop(c, c->n % 8);
    else if (type == 1)
        code_make_fixed(t);
    return GO_ON;
}

static enum go
step_stored_len(struct ws_track *t, struct cursor *c)
{
    if (!need(c, 32))
        return GO_INPUT;
    uint32_t len = c->hold & 0xffff;
    if (len != (~c->hold >> 16 & 0xffff))
        return fail(t, c, WS_TRACK_BAD_STORED_LENGTH, 0);
    drop(c, 32);
    t->left = len;
    t->state = STATE_STORED;
    return GO_ON;
}

static enum go
step_counts(struct ws_track *t, struct cursor *c)
{
    if (!need(c, 14))
        return GO_INPUT;
    if (low_bits(c->hold, 5) + 257 > 286 || low_bits(c->hold >> 5, 5) + 1 > 30)
        return fail(t, c, WS_TRACK_TOO_MANY_SYMBOLS, 0);
    t->n_lit = (uint16_t)(257 + take(c, 5));
    t->n_dist = (uint16_t)(1 + take(c, 5));
    t->n_len = (uint16_t)(4 + take(c, 4));
    t->have_lens = 0;
    memset(t->lens, 0, 19);
    t->codes = CODES_OTHER;
    t->state = STATE_CODE_LENGTHS;
    return GO_ON;
}

static enum go
step_code_lengths(struct ws_track *t, struct cursor *c)
{
    static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                      11, 4,  12, 3, 13, 2, 14, 1, 15};
    for (; t->have_lens < t->n_len; t->have_lens++) {
        if (!need(c, 3))
            return GO_INPUT;
        t->lens[order[t->have_lens]] = (uint8_t)take(c, 3);
    }
    if (!code_make(&t->lit, t->lens, 19, true))
        return fail(t, c, WS_TRACK_BAD_CODE_LENGTHS, 0);
    t->have_lens = 0;
    t->state = STATE_LENGTHS;
    return GO_ON;
}

/* Both codes from their lengths. */
static enum go
make_codes(struct ws_track *t, const struct cursor *c)
{
    if (t->lens[256] == 0)
        return fail(t, c, WS_TRACK_NO_END_OF_BLOCK, 0);
    if (!code_make(&t->lit, t->lens, t->n_lit, false))
        return fail(t, c, WS_TRACK_BAD_LITERAL_CODES, 0);
    if (!code_make(&t->distance, t->lens + t->n_lit, t->n_dist, false))
        return fail(t, c, WS_TRACK_BAD_DISTANCE_CODES, 0);
    t->state = STATE_SYMBOLS;
    return GO_ON;
}

static enum go
step_lengths(struct ws_track *t, struct cursor *c)
{
    static const struct {
        uint8_t extra, base;
    } repeats[] = {{2, 3}, {3, 3}, {7, 11}};
    unsigned n = (unsigned)t->n_lit + t->n_dist;
    while (t->have_lens < n) {
        unsigned bits;
        refill(c);
        unsigned symbol = code_next(&t->lit, c->hold, c->n, &bits);
        /* A code for code lengths without any code: zlib reads zeros. */
        if (symbol == NO_SYMBOL)
            symbol = 0;
        if (bits > c->n)
            return GO_INPUT;
        if (symbol < 16) {
            drop(c, bits);
            t->lens[t->have_lens++] = (uint8_t)symbol;
            continue;
        }
        unsigned extra = repeats[symbol - 16].extra;
        if (bits + extra > c->n)
            return GO_INPUT;
        unsigned again = repeats[symbol - 16].base +
                         (unsigned)low_bits(c->hold >> bits, extra);
        if ((symbol == 16 && t->have_lens == 0) || t->have_lens + again > n)
            return fail(t, c, WS_TRACK_BAD_REPEAT, 0);
        drop(c, bits + extra);
        memset(t->lens + t->have_lens,
               symbol == 16 ? t->lens[t->have_lens - 1] : 0, again);
        t->have_lens = (uint16_t)(t->have_lens + again);
    }
    return make_codes(t, c);
}

static enum go
step_block_end(struct ws_track *t, struct cursor *c)
{
    if (t->block_out == out_len(t, c))
        t->n_empty++;
    t->state = STATE_HEAD;
    if (!t->last)
        return GO_ON;
    drop(c, c->n % 8);
    t->fresh_at = in_bits(c);
    if (t->n_finals < UINT32_MAX && t->n_finals++ == 0)
        t->final = spot(t, c, 1);
    return GO_ON;
}

static enum go
step(struct ws_track *t, struct cursor *c)
{
    switch ((enum state)t->state) {
    case STATE_HEAD:
        return step_head(t, c);
    case STATE_STORED_LEN:
        return step_stored_len(t, c);
    case STATE_STORED:
        return step_stored(t, c);
    case STATE_COUNTS:
        return step_counts(t, c);
    case STATE_CODE_LENGTHS:
        return step_code_lengths(t, c);
    case STATE_LENGTHS:
        return step_lengths(t, c);
    case STATE_SYMBOLS:
        return step_symbols(t, c);
    case STATE_MATCH:
        return step_match(t, c);
    case STATE_BLOCK_END:
        break;
    }
    return step_block_end(t, c);
}

/* ---- The public calls ----------------------------------------------- */

/* Back to the border of a block, with history as it is. */
static void
restart(struct ws_track *t)
{
    t->error = WS_TRACK_OK;
    t->hold = 0;
    t->n_hold = 0;
    t->state = STATE_HEAD;
    t->in_bits = t->out_len = t->n_unknown = 0;
    t->fresh_at = 0;
    t->broke = t->wide = t->before = t->missing = t->final =
        (struct ws_track_spot){0};
    memset(t->n_blocks, 0, sizeof t->n_blocks);
    t->n_finals = 0;
    t->n_empty = t->n_wide = 0;
    t->max_dist = 0;
}

/* What is in the window, or will be, is certain. */
static void
set_certain(struct ws_track *t)
{
    memset(t->known, 0xff, sizeof t->known);
    t->tracking = false;
}

void
ws_track_init(struct ws_track *t, unsigned window_bits)
{
    assert(window_bits >= 8 && window_bits <= 15);
    memset(t, 0, sizeof *t);
    t->window_len = 1u << window_bits;
    set_certain(t);
}

void
ws_track_begin(struct ws_track *t, bool takeover)
{
    assert(!takeover || ws_track_at_border(t));
    restart(t);
    if (takeover)
        return;
    t->have = 0;
    if (t->tracking)
        set_certain(t);
}

void
ws_track_forget(struct ws_track *t)
{
    ws_track_forget_past(t, WS_TRACK_WINDOW_LEN);
}

void
ws_track_forget_past(struct ws_track *t, uint32_t len)
{
    assert(len <= WS_TRACK_WINDOW_LEN);
    restart(t);
    memset(t->window, 0, sizeof t->window);
    memset(t->known, 0, sizeof t->known);
    t->have = len;
    t->tracking = true;
    t->clear_at = t->total + WS_TRACK_WINDOW_LEN;
}

void
ws_track_learn(struct ws_track *t, struct slice history)
{
    restart(t);
    if (history.len > WS_TRACK_WINDOW_LEN)
        history = slice_skip(history, history.len - WS_TRACK_WINDOW_LEN);
    if (history.len > 0)
        memcpy(t->window, history.ptr, history.len);
    t->have = (uint32_t)history.len;
    t->pos = t->have & WINDOW_MASK;
    set_certain(t);
}

size_t
ws_track_history(const struct ws_track *t, uint8_t *out)
{
    uint32_t from = (t->pos - t->have) & WINDOW_MASK;
    uint32_t n = WS_TRACK_WINDOW_LEN - from;
    if (n > t->have)
        n = t->have;
    memcpy(out, t->window + from, n);
    memcpy(out + n, t->window, t->have - n);
    return t->have;
}

/* Gives whole bytes that were only looked at back to the input, so that who
 * stops for room has used what was taken. */
static void
unread(struct cursor *c)
{
    size_t n = c->n / 8;
    if (n > (size_t)(c->p - c->first))
        n = (size_t)(c->p - c->first);
    c->p -= n;
    c->n -= 8 * (unsigned)n;
}

/* Puts back what a run kept in registers. */
static void
finish(struct ws_track *t, const struct cursor *c)
{
    uint32_t n = c->pos - c->start;
    t->in_bits = in_bits(c);
    t->hold = low_bits(c->hold, c->n);
    t->n_hold = c->n;
    t->out_len += n;
    t->total += n;
    t->have =
        n < WS_TRACK_WINDOW_LEN - t->have ? t->have + n : WS_TRACK_WINDOW_LEN;
    t->pos = c->pos & WINDOW_MASK;
    if (t->tracking && t->total >= t->clear_at)
        t->tracking = false;
}

enum ws_track_step
ws_track_run(struct ws_track *t, struct slice *in, size_t out_max,
             struct ws_track_piece *piece)
{
    uint64_t unknown = t->n_unknown;
    struct cursor c = {
        .p = in->ptr,
        .end = in->len ? in->ptr + in->len : in->ptr,
        .first = in->ptr,
        .hold = t->hold,
        .n = t->n_hold,
        .pos = t->pos,
        .limit = WS_TRACK_WINDOW_LEN,
        .fed_bits = t->in_bits + t->n_hold,
        .start = t->pos,
    };
    assert(out_max > 0);
    if (out_max < c.limit - c.pos)
        c.limit = c.pos + (uint32_t)out_max;
    enum go go = t->error ? GO_FAIL : GO_ON;
    while (go == GO_ON)
        go = step(t, &c);
    if (go == GO_OUTPUT)
        unread(&c);
    finish(t, &c);
    *in = slice_skip(*in, (size_t)(c.p - c.first));
    piece->bytes = slice_make(t->window + c.start, c.pos - c.start);
    piece->certain = t->n_unknown == unknown;
    piece->known = t->known;
    piece->known_bit = c.start;
    assert(go != GO_INPUT || in->len == 0);
    return go == GO_INPUT    ? WS_TRACK_DONE
           : go == GO_OUTPUT ? WS_TRACK_FULL
                             : WS_TRACK_FAILED;
}

bool
ws_track_at_border(const struct ws_track *t)
{
    return !t->error && t->state == STATE_HEAD && t->n_hold == 0;
}

bool
ws_track_is_fresh(const struct ws_track *t)
{
    return ws_track_at_border(t) && t->in_bits == t->fresh_at;
}

size_t
ws_track_piece_run(const struct ws_track_piece *piece, size_t at, bool *known)
{
    size_t left = piece->bytes.len - at;
    size_t bit = piece->known_bit + at;
    size_t n = 0;
    if (piece->certain) {
        *known = true;
        return left;
    }
    *known = piece->known[bit / 8] >> bit % 8 & 1;
    uint8_t same = *known ? 0xff : 0x00;
    while (n < left) {
        if (bit % 8 == 0 && left - n >= 8 && piece->known[bit / 8] == same) {
            n += 8;
            bit += 8;
        } else if ((piece->known[bit / 8] >> bit % 8 & 1) == *known) {
            n++;
            bit++;
        } else {
            break;
        }
    }
    return n;
}

const char *
ws_track_error_text(enum ws_track_error error)
{
    static const char *const texts[] = {
        [WS_TRACK_OK] = "no error",
        [WS_TRACK_BAD_BLOCK_TYPE] = "invalid block type",
        [WS_TRACK_BAD_STORED_LENGTH] = "invalid stored block lengths",
        [WS_TRACK_TOO_MANY_SYMBOLS] = "too many length or distance symbols",
        [WS_TRACK_BAD_CODE_LENGTHS] = "invalid code lengths set",
        [WS_TRACK_BAD_REPEAT] = "invalid bit length repeat",
        [WS_TRACK_NO_END_OF_BLOCK] = "invalid code -- missing end-of-block",
        [WS_TRACK_BAD_LITERAL_CODES] = "invalid literal/lengths set",
        [WS_TRACK_BAD_DISTANCE_CODES] = "invalid distances set",
        [WS_TRACK_BAD_LITERAL_SYMBOL] = "invalid literal/length code",
        [WS_TRACK_BAD_DISTANCE_SYMBOL] = "invalid distance code",
        [WS_TRACK_TOO_FAR_BACK] = "invalid distance too far back",
    };
    assert((unsigned)error < WS_TRACK_ERROR_COUNT);
    return texts[error];
}

enum ws_track_verdict
ws_track_trial(struct ws_track *t, struct slice payload, bool whole)
{
    static const uint8_t tail[] = {0x00, 0x00, 0xff, 0xff};
    struct slice in = payload;
    bool tail_given = false;
    if (whole && payload.len == 0)
        return WS_TRACK_NOT_DEFLATE;
    ws_track_init(t, 15);
    ws_track_forget(t);
    ws_track_begin(t, true);
    while (t->out_len < TRIAL_OUT_LEN) {
        struct ws_track_piece piece;
        enum ws_track_step step =
            ws_track_run(t, &in, WS_TRACK_WINDOW_LEN, &piece);
        if (step == WS_TRACK_FAILED)
            return WS_TRACK_NOT_DEFLATE;
        if (step == WS_TRACK_FULL)
            continue;
        if (!whole)
            return WS_TRACK_PLAUSIBLE;
        if (tail_given || ws_track_is_fresh(t))
            return ws_track_at_border(t) ? WS_TRACK_DEFLATE
                                         : WS_TRACK_NOT_DEFLATE;
        in = slice_make(tail, sizeof tail);
        tail_given = true;
    }
    return WS_TRACK_PLAUSIBLE;
}
