/* SPDX-License-Identifier: MIT */
/*
 * ws_sync.h - finding frame boundaries again (RFC 6455, section 5.2): behind
 * a hole in the capture, behind a length that cannot be followed, or where a
 * capture starts in mid-stream.
 *
 * Every position that could be a header starts a chain: its length says where
 * the next header must stand, and so on.  Chains that meet become one, the
 * better one; a chain that lands on what cannot be a header is dead.  Each
 * header landed on is worth
 *
 *     log2(P(such a header | frames) / P(such a header | anything else))
 *
 * bits, where the second probability is measured around the header: the share
 * of positions that would have passed the same test.  A chain starts at minus
 * log2 of the number of positions tried.  As long as a chain follows no real
 * frames, 2^score is on average at most 1 at each step, so that it passes B
 * bits with a probability of at most 2^-B (Ville's inequality).  A real
 * boundary leads to real boundaries only, hence the rule:
 *
 *   - a header is proven when the chain that ends with it is worth
 *     WS_SYNC_PROOF_BITS (not counting repetition, below): what stands before
 *     it may be a coincidence that ran into the real frames, it may not;
 *   - the chain is believed when it goes on to WS_SYNC_BITS and no other one
 *     comes near; frames are told from the first proven header on.
 *
 * The measure takes positions for independent, which data that repeats are
 * not: a header that the chain itself predicts (same form and length as the
 * last time) is worth a bit for each WS_SYNC_REPEAT_LEN bytes, and nothing if
 * its payload or mask repeats too.  What no method can tell from frames is a
 * payload made of frames, or of records that start like them (0x82, length)
 * and are not shorter than some 40 KiB together.
 *
 * What must hold for a header: MASK as the sender must set it, RSV1 only if
 * allowed and on first frames, a known opcode, the shortest form of length, up
 * to WS_SYNC_PAYLOAD_MAX bytes, control frames short and final, continuations
 * where the chain has one to continue.  So peers that break these rules are
 * not found again.  Text that is not UTF-8 and unknown close codes only count
 * against a chain: text that is UTF-8 proves little, since a window of masked
 * ASCII unmasks to ASCII under any four of its own bytes.
 *
 * Takes constant time per byte on average, whatever the bytes are.
 */
#ifndef DISSECT_WS_SYNC_H
#define DISSECT_WS_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "base/stream.h"
#include "dissect/ws_frame.h"

/* Evidence, in bits: of the first header told, and of its chain. */
#define WS_SYNC_PROOF_BITS 32.0
#define WS_SYNC_BITS 64.0

/* Bytes held at most, from the first proven header on; beyond it the oldest
 * go, and frames are told from a later one. */
#define WS_SYNC_HOLD_MAX ((size_t)256 << 10)

/* Longer frames are not believed in. */
#define WS_SYNC_PAYLOAD_MAX (((uint64_t)1 << 32) - 1)

/* Bytes of nothing but repetition that are worth one bit. */
#define WS_SYNC_REPEAT_LEN 640u

struct ws_sync;

struct ws_sync_config {
    bool sender_known; /* else the first header of a chain decides */
    enum ws_sender from;
    bool rsv1_ok;    /* permessage-deflate may be on (RFC 7692 section 6) */
    double bits;     /* to believe; at least, and 0 means, WS_SYNC_BITS */
    size_t hold_max; /* bytes; 0 means WS_SYNC_HOLD_MAX */
};

/* All but `believed` count only when that is true. */
struct ws_sync_verdict {
    bool believed;
    enum ws_sender from;
    uint64_t offset;   /* of the first header to tell, in the stream */
    double first_bits; /* evidence for that header */
    uint64_t at;       /* the header that brought certainty, >= offset */
    double bits;       /* evidence for that one */
    bool rsv1_seen;    /* in a header of the chain */
};

/* A piece of what is held. */
struct ws_sync_piece {
    struct pkt_meta meta; /* the packet that brought it */
    uint64_t off;         /* in the direction's stream, bytes */
    uint64_t len;         /* bytes */
    bool gap;             /* not captured */
};

/* ERR_OK and *out, or ERR_NOMEM.  config is copied. */
ERR_CHECK enum err ws_sync_new(struct ws_sync **out,
                               const struct ws_sync_config *config);
void ws_sync_free(struct ws_sync *s);

/*
 * The next bytes, at stream offset off (where the last call ended; anywhere
 * for the first).  Returns how many were taken: less than data.len only when
 * s believes; then nothing more may be given to it.  How the bytes of a packet
 * are cut into calls changes nothing.  Without memory bytes are taken and
 * nothing is found.
 */
size_t ws_sync_data(struct ws_sync *s, uint64_t off, struct slice data,
                    const struct pkt_meta *meta);

/* len bytes at off are missing.  Returns true when s believes now by what came
 * before, and then has not taken the gap. */
bool ws_sync_gap(struct ws_sync *s, uint64_t off, uint64_t len,
                 const struct pkt_meta *meta);

/* Nothing more comes; returns whether s believes by what was still open. */
bool ws_sync_end(struct ws_sync *s);

const struct ws_sync_verdict *ws_sync_verdict(const struct ws_sync *s);

/*
 * What is held from verdict.offset up to the end of what was taken, once
 * believed: the i-th piece, in order, with its bytes in *data (empty for a
 * gap; they live as long as s).  False: there are no more.
 */
bool ws_sync_held(const struct ws_sync *s, size_t i,
                  struct ws_sync_piece *piece, struct slice *data);

/* The evidence for the best chain that is not believed yet, in bits; negative
 * when there is none to speak of. */
double ws_sync_best(const struct ws_sync *s);

/* Whether memory was short, so that nothing will be found. */
bool ws_sync_failed(const struct ws_sync *s);

/* Bytes allocated by s, for budgets and tests. */
size_t ws_sync_memory(const struct ws_sync *s);

#endif /* DISSECT_WS_SYNC_H */
