/* SPDX-License-Identifier: MIT */
/*
 * ws_track.h - the tracking inflater: raw DEFLATE (RFC 1951) that knows of
 * each byte whether it is certain, and how far back a sender looked.
 *
 * A match copies bytes from up to 32,768 bytes back.  When those were never
 * seen (a lost message before this one, a capture that starts late) the copy
 * is unknown too; literals, stored bytes and copies of certain bytes are
 * certain.  Huffman codes do not depend on what was copied, so bit positions,
 * lengths and the end of the message are exact even then.  After 32,768
 * certain bytes in a row nothing unknown can be reached any more.
 *
 * Accepts and refuses what zlib 1.2.13 does (an incomplete code only when it
 * has one symbol of one bit, or none), but takes blocks with BFINAL as borders
 * like any other: what follows starts at the next byte, with the same history
 * (RFC 7692 section 7.2.3.4).
 *
 * A leaf decoder: no heap, no callback, no clock; the output lies in its own
 * window.  How the input is cut changes nothing but the pieces.
 *
 * Does not know messages or their tails: ws_deflate.h.
 */
#ifndef DISSECT_WS_TRACK_H
#define DISSECT_WS_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* The longest distance of DEFLATE, RFC 1951 section 2. */
#define WS_TRACK_WINDOW_LEN 32768u

/* Bits of the longest code, RFC 1951 section 3.2.7; entries of a code. */
#define WS_TRACK_CODE_BITS 15u
#define WS_TRACK_SYMBOLS 288u
/* Codes up to this many bits are decoded by one look into a table. */
#define WS_TRACK_TABLE_BITS 9u

enum ws_track_step {
    WS_TRACK_DONE = 0, /* *in is used up: call again with more */
    WS_TRACK_FULL,     /* the piece is full: call again with the rest */
    WS_TRACK_FAILED,   /* see ws_track.error; final until begin or forget */
};

enum ws_track_error {
    WS_TRACK_OK = 0,
    WS_TRACK_BAD_BLOCK_TYPE,    /* RFC 1951 section 3.2.3 */
    WS_TRACK_BAD_STORED_LENGTH, /* section 3.2.4 */
    WS_TRACK_TOO_MANY_SYMBOLS,  /* section 3.2.7, also below */
    WS_TRACK_BAD_CODE_LENGTHS,  /* of the code for code lengths */
    WS_TRACK_BAD_REPEAT,
    WS_TRACK_NO_END_OF_BLOCK,
    WS_TRACK_BAD_LITERAL_CODES, /* over-subscribed or incomplete */
    WS_TRACK_BAD_DISTANCE_CODES,
    WS_TRACK_BAD_LITERAL_SYMBOL, /* sections 3.2.5 and 3.2.6 */
    WS_TRACK_BAD_DISTANCE_SYMBOL,
    WS_TRACK_TOO_FAR_BACK, /* before the start of the history */
    WS_TRACK_ERROR_COUNT
};

/* Where something happened first.  None: dist is 0. */
struct ws_track_spot {
    uint64_t in_bit; /* since ws_track_begin(), of the symbol's first bit */
    uint64_t out;    /* bytes written before it, since ws_track_begin() */
    uint32_t dist;   /* the distance used, bytes */
};

/* A run of output.  bytes lie in the window and live until the next call.
 * Unknown bytes are 0. */
struct ws_track_piece {
    struct slice bytes;
    bool certain;         /* all of it */
    const uint8_t *known; /* a bit for each byte, lowest first; from bit */
    size_t known_bit;     /* ... known_bit on */
};

/* A prefix code as RFC 1951 section 3.2.2 makes it from code lengths. */
struct ws_track_code {
    uint16_t count[WS_TRACK_CODE_BITS + 1]; /* codes by length */
    uint16_t symbol[WS_TRACK_SYMBOLS];      /* by code */
    /* By the next bits: symbol << 4 | length; 0: a longer code. */
    uint16_t table[1u << WS_TRACK_TABLE_BITS];
};

/* One sender's inflater, about 40 KiB.  The members are for ws_track.c and
 * tests, but for those of which it is said that they may be read. */
struct ws_track {
    /* To be read at any time.  Since ws_track_begin(): */
    enum ws_track_error error;
    struct ws_track_spot broke;   /* where; dist only if TOO_FAR_BACK */
    struct ws_track_spot wide;    /* first distance above the agreed window */
    struct ws_track_spot before;  /* ... into what lies before the message */
    struct ws_track_spot missing; /* ... into unknown history */
    struct ws_track_spot final;   /* behind the first BFINAL block; dist 1 */
    uint32_t n_finals;            /* blocks with BFINAL */
    uint64_t n_blocks[3];         /* stored, fixed, dynamic ones */
    uint64_t n_empty;             /* blocks without output */
    uint32_t max_dist;            /* the largest distance */
    uint64_t n_wide;              /* distances above the agreed window */
    uint64_t in_bits;             /* bits used up */
    uint64_t out_len;             /* bytes written */
    uint64_t n_unknown;           /* ... of which are unknown */

    uint32_t window_len; /* agreed, bytes */
    uint32_t have;       /* bytes of history, at most the window */
    bool tracking;       /* there may be unknown bytes in the window */
    uint64_t total;      /* bytes written since ws_track_init() */
    uint64_t clear_at;   /* of total: from there on nothing is unknown */
    uint64_t fresh_at;   /* of in_bits: begin, or behind the last BFINAL */
    uint32_t pos;        /* where the next byte goes in window */
    /* The bits that were taken from the input and not used yet. */
    uint64_t hold;
    uint32_t n_hold;
    uint8_t state; /* enum state in ws_track.c */
    bool last;     /* the current block has BFINAL */
    uint8_t codes; /* enum codes in ws_track.c: what lit and dist are */
    uint64_t block_out;
    uint32_t left;      /* bytes of a match or a stored block to write */
    uint32_t dist;      /* of the match */
    uint64_t match_bit; /* where it stood in the input */
    /* The head of a dynamic block. */
    uint16_t n_lit, n_dist, n_len, have_lens;
    uint8_t lens[320];
    struct ws_track_code lit, distance;
    uint8_t window[WS_TRACK_WINDOW_LEN];
    /* A bit for each byte of window; padded for reads of eight bytes. */
    uint8_t known[WS_TRACK_WINDOW_LEN / 8 + 8];
};

/* window_bits: as agreed, 8..15.  The history is empty. */
void ws_track_init(struct ws_track *t, unsigned window_bits);

/*
 * Begins a message at the border of a byte.
 *
 * takeover  history goes on from what came before; otherwise it is empty.
 */
void ws_track_begin(struct ws_track *t, bool takeover);

/*
 * From here on history is unknown, in content and in length: a distance may
 * reach back all the way, and what it copies is unknown.  To be called
 * between messages, also after a failure.
 */
void ws_track_forget(struct ws_track *t);

/* The same, but the length is known: len bytes, at most WS_TRACK_WINDOW_LEN.
 * A distance that reaches before them is an error. */
void ws_track_forget_past(struct ws_track *t, uint32_t len);

/* From here on history is these certain bytes; the last 32 KiB count. */
void ws_track_learn(struct ws_track *t, struct slice history);

/* Whether every byte that can still be reached is certain. */
static inline bool
ws_track_is_certain(const struct ws_track *t)
{
    return !t->tracking;
}

/* Copies the history, oldest byte first, to out (WS_TRACK_WINDOW_LEN bytes)
 * and returns its length.  Unknown bytes are 0. */
size_t ws_track_history(const struct ws_track *t, uint8_t *out);

/*
 * Inflates from the front of *in until it is used up or out_max (not 0) bytes
 * were written, or fewer where the window has its end.  *piece is always
 * filled; after a failure it holds what came before it.
 *
 * WS_TRACK_DONE: everything that can be written has been.
 * WS_TRACK_FULL: what was taken of *in has been used, but for bits of its last
 * byte.
 */
enum ws_track_step ws_track_run(struct ws_track *t, struct slice *in,
                                size_t out_max, struct ws_track_piece *piece);

/* At the border of two blocks, with no bits left over.  Holds after begin. */
bool ws_track_at_border(const struct ws_track *t);

/* The same, and nothing was used since begin or a block with BFINAL. */
bool ws_track_is_fresh(const struct ws_track *t);

/* Bytes at `at` (below bytes.len) of the piece on that are all certain or all
 * unknown, which *known tells. */
size_t ws_track_piece_run(const struct ws_track_piece *piece, size_t at,
                          bool *known);

/* A static English text, zlib's where it has one. */
const char *ws_track_error_text(enum ws_track_error error);

enum ws_track_verdict {
    WS_TRACK_NOT_DEFLATE = 0, /* it cannot be */
    WS_TRACK_PLAUSIBLE,       /* nothing against it so far */
    WS_TRACK_DEFLATE,         /* ended exactly where a message ends */
};

/*
 * Tries whether an unmasked payload is a message of permessage-deflate of
 * which the history is unknown; whole: it is all of it.  t is used as scratch
 * and left undefined.  Work is bounded by 1 MiB of output.
 */
enum ws_track_verdict ws_track_trial(struct ws_track *t, struct slice payload,
                                     bool whole);

#endif /* DISSECT_WS_TRACK_H */
