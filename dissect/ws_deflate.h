/* SPDX-License-Identifier: MIT */
/*
 * ws_deflate.h - inflating messages of permessage-deflate (RFC 7692, section
 * 7.2.2), within a memory budget.  The only user of zlib.
 *
 * A sender compresses a message with raw DEFLATE (RFC 1951), ends it with an
 * empty stored block and leaves out the last four bytes of that: 00 00 ff ff.
 * Whoever calls ws_inflate_run() puts them back.  With context takeover the
 * history (up to 32 KiB) lives on from message to message.
 *
 * zlib inflates where it can: its window is always 15 bits, since it has no
 * raw windows of 8 bits and a larger window inflates what a smaller one can.
 * The tracking inflater (ws_track.h) takes over where zlib cannot answer: when
 * history is unknown, until everything in reach is known again, and when a
 * smaller window was agreed, because zlib does not notice distances beyond it.
 *
 * A state of either takes a block of 40 KiB, so it is allocated for the first
 * message of a direction only and belongs to a pool with a maximum.  When the
 * pool is full the state that was used longest ago changes hands, and its
 * direction's history is lost.  A block that nobody owns serves the next one,
 * of whichever kind, and goes back to the system with the pool.
 */
#ifndef DISSECT_WS_DEFLATE_H
#define DISSECT_WS_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "dissect/ws_track.h"

/* What RFC 7692 section 7.2.1 (3) lets the sender leave out. */
#define WS_INFLATE_TAIL_LEN 4u
extern const uint8_t ws_inflate_tail[WS_INFLATE_TAIL_LEN];

/* What one state counts in the budget: a block of this length holds either
 * 7,160 bytes and a window of 32 KiB (zlib 1.2.13 on 64-bit machines) or one
 * struct ws_track.  A zlib that needs more makes the blocks of all longer. */
#define WS_INFLATE_STATE_LEN 41984u

struct ws_inflate_pool;
struct ws_inflate_state;

/* memory: bytes that all states together may take; below
 * WS_INFLATE_STATE_LEN nothing can be inflated. */
ERR_CHECK enum err ws_inflate_pool_new(struct ws_inflate_pool **out,
                                       size_t memory);

/* Every ws_inflate of the pool must be finished before. */
void ws_inflate_pool_free(struct ws_inflate_pool *pool);

/* States allocated now. */
size_t ws_inflate_pool_states(const struct ws_inflate_pool *pool);

/* What was agreed for one direction, or is assumed. */
struct ws_inflate_config {
    bool takeover;       /* history lives on from message to message */
    uint8_t window_bits; /* 8..15 */
    bool unknown;        /* earlier messages were not seen */
};

/* One direction of a connection.  Embed it; the members are for
 * ws_deflate.c and tests only, but for those that may be read. */
struct ws_inflate {
    struct ws_inflate_pool *pool;
    struct ws_inflate_state *state; /* NULL: none yet, or taken away */
    bool takeover;
    bool lost;  /* history is unknown, and no state knows that */
    bool fresh; /* zlib was fed nothing since the message or a block
                 * with BFINAL began */
    bool told;  /* for the caller: this loss was reported.  Cleared when
                 * history gets lost */
    uint8_t window_bits;
    bool takes_over;   /* the sender does, although !takeover */
    bool replayed;     /* that was seen in this message */
    uint32_t past_len; /* inflated bytes before this message, at most a window;
                        * more when messages passed unseen */
    uint64_t taken;    /* compressed bytes taken of this message */
    /* To be read; of this message. */
    uint32_t n_finals;          /* blocks with BFINAL */
    uint64_t fed_len;           /* compressed bytes used */
    uint64_t out_len;           /* bytes inflated */
    struct ws_track_spot broke; /* on WS_INFLATE_FAILED: where */
    /* The first match that used unknown history, or a distance above the
     * agreed window; dist 0: none. */
    struct ws_track_spot missing, wide;
    /* With .takes_over: the first match that reaches before the message. */
    struct ws_track_spot before;
};

enum ws_inflate_step {
    WS_INFLATE_DONE = 0, /* all of *in was used up */
    WS_INFLATE_FULL,     /* out is full: call again with what is left */
    WS_INFLATE_FAILED,   /* *error tells; history is lost */
};

/* Cannot fail; allocates nothing yet. */
void ws_inflate_init(struct ws_inflate *i, struct ws_inflate_pool *pool,
                     const struct ws_inflate_config *config);
void ws_inflate_fini(struct ws_inflate *i);

/*
 * Begins a compressed message.  Returns false when it cannot be inflated:
 * there is no memory for a state.
 */
bool ws_inflate_begin(struct ws_inflate *i);

/*
 * Inflates from the front of *in until it or the room for output is used up.
 *
 * tail     the last four bytes of *in are ws_inflate_tail: the message ends
 *          there.  WS_INFLATE_DONE then says that it ended as it should.
 *          A tail behind nothing at all, or right behind a block with
 *          BFINAL, is skipped instead of inflated: it would only confuse
 *          the next message.
 * out      scratch of out_cap bytes, the most that is written.
 * piece    receives what was inflated, also on failure: in out, or in the
 *          state's own window.  It lives until the next call for any
 *          direction of the pool.
 * error    receives a static text on failure.
 */
enum ws_inflate_step ws_inflate_run(struct ws_inflate *i, struct slice *in,
                                    bool tail, uint8_t *out, size_t out_cap,
                                    struct ws_track_piece *piece,
                                    const char **error);

/* Whether everything fed ended at the border of a block and of a byte: the
 * tail is there already. */
bool ws_inflate_at_border(const struct ws_inflate *i);

/* The tracker at work, to be read; NULL: zlib is, or nothing yet. */
const struct ws_track *ws_inflate_tracker(const struct ws_inflate *i);

/* Ends the message; whole: ws_inflate_run() saw its tail and was done. */
void ws_inflate_end(struct ws_inflate *i, bool whole);

/* Between messages: others may have passed unseen, so history is unknown. */
void ws_inflate_forget(struct ws_inflate *i);

#endif /* DISSECT_WS_DEFLATE_H */
