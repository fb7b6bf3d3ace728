/* SPDX-License-Identifier: MIT */
#include "dissect/hold.h"

#include <stdlib.h>

/* What a piece counts beside its bytes, so that a flood of tiny segments is
 * bounded too. */
#define PIECE_COST 64u

void
hold_init(struct hold *h, size_t max)
{
    *h = (struct hold){0};
    buf_init(&h->bytes, max);
}

void
hold_fini(struct hold *h)
{
    buf_fini(&h->bytes);
    free(h->pieces);
    h->pieces = NULL;
    h->n_pieces = h->cap_pieces = 0;
}

static enum err
add_piece(struct hold *h, const struct hold_piece *piece)
{
    if ((h->n_pieces + 1) * PIECE_COST > h->bytes.max)
        return ERR_LIMIT;
    if (h->n_pieces == h->cap_pieces) {
        size_t cap = h->cap_pieces ? h->cap_pieces * 2 : 4;
        struct hold_piece *pieces =
            realloc(h->pieces, cap * sizeof h->pieces[0]);
        if (!pieces)
            return ERR_NOMEM;
        h->pieces = pieces;
        h->cap_pieces = cap;
    }
    h->pieces[h->n_pieces++] = *piece;
    return ERR_OK;
}

enum err
hold_data(struct hold *h, uint64_t off, struct slice data,
          const struct pkt_meta *meta)
{
    enum err e = buf_append(&h->bytes, data.ptr, data.len);
    if (e != ERR_OK)
        return e;
    e = add_piece(h, &(struct hold_piece){.meta = *meta,
                                          .off = off,
                                          .len = data.len});
    if (e != ERR_OK)
        h->bytes.len -= data.len;
    return e;
}

enum err
hold_gap(struct hold *h, uint64_t off, uint64_t len,
         const struct pkt_meta *meta)
{
    return add_piece(h, &(struct hold_piece){.meta = *meta,
                                             .off = off,
                                             .len = len,
                                             .gap = true});
}

void
hold_clear(struct hold *h)
{
    buf_clear(&h->bytes);
    h->n_pieces = 0;
}

void
hold_drop_front(struct hold *h, size_t len)
{
    size_t whole = 0;
    buf_drop_front(&h->bytes, len);
    while (whole < h->n_pieces && h->pieces[whole].len <= len)
        len -= (size_t)h->pieces[whole++].len;
    h->n_pieces -= whole;
    memmove(h->pieces, h->pieces + whole, h->n_pieces * sizeof h->pieces[0]);
    if (len > 0) {
        assert(h->n_pieces > 0);
        h->pieces[0].off += len;
        h->pieces[0].len -= len;
    }
}
