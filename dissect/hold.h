/* SPDX-License-Identifier: MIT */
/*
 * hold.h - bytes and gaps of one direction that have to wait, each piece with
 * the packet that brought it: what a client sends before its upgrade is
 * answered, or a first line that is not complete yet.
 */
#ifndef DISSECT_HOLD_H
#define DISSECT_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/stream.h"

struct hold_piece {
    struct pkt_meta meta;
    uint64_t off; /* in the direction's stream, bytes */
    uint64_t len; /* bytes */
    bool gap;     /* no bytes stand behind this piece */
};

/* Read the members freely; change them through the calls. */
struct hold {
    struct buf bytes;
    struct hold_piece *pieces;
    size_t n_pieces;
    size_t cap_pieces;
};

/* Empty; allocates nothing.  max: bytes it may ever hold; each piece counts
 * as 64 bytes more. */
void hold_init(struct hold *h, size_t max);
void hold_fini(struct hold *h);

/* Bytes allocated. */
static inline size_t
hold_memory(const struct hold *h)
{
    return h->bytes.cap + h->cap_pieces * sizeof h->pieces[0];
}

static inline bool
hold_is_empty(const struct hold *h)
{
    return h->n_pieces == 0;
}

/* Copies data; ERR_LIMIT or ERR_NOMEM when it does not fit, with h as it
 * was. */
ERR_CHECK enum err hold_data(struct hold *h, uint64_t off, struct slice data,
                             const struct pkt_meta *meta);
ERR_CHECK enum err hold_gap(struct hold *h, uint64_t off, uint64_t len,
                            const struct pkt_meta *meta);

/* Forgets everything held, keeping the memory. */
void hold_clear(struct hold *h);

/* Forgets the first len bytes, at most those held.  There must be no gap. */
void hold_drop_front(struct hold *h, size_t len);

#endif /* DISSECT_HOLD_H */
