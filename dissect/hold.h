/* SPDX-License-Identifier: MIT */
/*
 * hold.h - bytes and gaps of one direction that have to wait, each piece with
 * the packet that brought it: what a client sends before its upgrade is
 * answered, or a first line that is not complete yet.  First in, first out.
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

/* Embed it; the members are for hold.c. */
struct hold {
    struct buf bytes;
    size_t bytes_done; /* taken from the front already */
    struct hold_piece *pieces;
    size_t pieces_done;
    size_t n_pieces; /* those done included */
    size_t cap_pieces;
    size_t max; /* bytes */
};

/* Empty; allocates nothing.  max: bytes it may hold at a time; each piece
 * counts as 64 bytes more. */
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
    return h->n_pieces == h->pieces_done;
}

/* Copies data; ERR_LIMIT or ERR_NOMEM when it does not fit, with h as it
 * was. */
ERR_CHECK enum err hold_data(struct hold *h, uint64_t off, struct slice data,
                             const struct pkt_meta *meta);
ERR_CHECK enum err hold_gap(struct hold *h, uint64_t off, uint64_t len,
                            const struct pkt_meta *meta);

/* The oldest piece and its bytes; h must not be empty.  They live until the
 * next call that changes h. */
static inline const struct hold_piece *
hold_front(const struct hold *h)
{
    return &h->pieces[h->pieces_done];
}

static inline struct slice
hold_front_data(const struct hold *h)
{
    const struct hold_piece *p = hold_front(h);
    if (p->gap)
        return slice_make(NULL, 0);
    return slice_make(h->bytes.ptr + h->bytes_done, (size_t)p->len);
}

/* All bytes from the front up to the first gap. */
struct slice hold_run(const struct hold *h);

/* Does a gap stand anywhere in it? */
bool hold_has_gap(const struct hold *h);

/* Forgets the first len bytes, at most those of hold_run(). */
void hold_drop(struct hold *h, size_t len);

/* Forgets the gap at the front. */
void hold_drop_gap(struct hold *h);

#endif /* DISSECT_HOLD_H */
