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
 * The window is always 15 bits: zlib has no raw windows of 8 bits, and a
 * larger window inflates what a smaller one can.
 *
 * A zlib state takes about 40 KiB, so it is allocated for the first message
 * of a direction only and belongs to a pool with a maximum.  When the pool is
 * full the state that was used longest ago changes hands, and its direction's
 * history is lost.
 */
#ifndef DISSECT_WS_DEFLATE_H
#define DISSECT_WS_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* What RFC 7692 section 7.2.1 (3) lets the sender leave out. */
#define WS_INFLATE_TAIL_LEN 4u
extern const uint8_t ws_inflate_tail[WS_INFLATE_TAIL_LEN];

/* What one zlib state counts in the budget: 7,160 bytes and a window of
 * 32 KiB in zlib 1.2.13 on 64-bit machines, rounded up. */
#define WS_INFLATE_STATE_LEN 40960u

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

/* One direction of a connection.  Embed it; the members are for
 * ws_deflate.c and tests only. */
struct ws_inflate {
    struct ws_inflate_pool *pool;
    struct ws_inflate_state *state; /* NULL: none yet, or taken away */
    uint64_t fed_len;               /* of this message, bytes */
    uint32_t n_finals;              /* blocks with BFINAL in this message */
    bool takeover; /* history lives on from message to message */
    bool lost;     /* ... and is not known any more */
    bool fresh;    /* nothing fed since the message or a block with
                    * BFINAL began */
};

enum ws_inflate_step {
    WS_INFLATE_DONE = 0, /* all of *in was used up */
    WS_INFLATE_FULL,     /* out is full: call again with what is left */
    WS_INFLATE_FAILED,   /* *error tells; history is lost */
};

/* Cannot fail; allocates nothing yet. */
void ws_inflate_init(struct ws_inflate *i, struct ws_inflate_pool *pool,
                     bool takeover);
void ws_inflate_fini(struct ws_inflate *i);

/*
 * Begins a compressed message.  Returns false when it cannot be inflated:
 * with context takeover history is lost, or there is no memory for a state.
 */
bool ws_inflate_begin(struct ws_inflate *i);

/*
 * Inflates from the front of *in into out until either is used up.
 *
 * tail     the last four bytes of *in are ws_inflate_tail: the message ends
 *          there.  WS_INFLATE_DONE then says that it ended as it should.
 *          A tail behind nothing at all, or right behind a block with
 *          BFINAL, is skipped instead of inflated: it would only confuse
 *          the next message.
 * out_len  receives the bytes written, also on failure.
 * error    receives a static text on failure.
 */
enum ws_inflate_step ws_inflate_run(struct ws_inflate *i, struct slice *in,
                                    bool tail, uint8_t *out, size_t out_cap,
                                    size_t *out_len, const char **error);

/* Ends the message; whole: ws_inflate_run() saw its tail and was done. */
void ws_inflate_end(struct ws_inflate *i, bool whole);

#endif /* DISSECT_WS_DEFLATE_H */
