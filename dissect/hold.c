/* SPDX-License-Identifier: MIT */
#include "dissect/hold.h"

#include <stdlib.h>

/* What a piece without bytes is taken for, so that a flood of tiny segments
 * is bounded too. */
#define PIECE_COST 64u

void
hold_init(struct hold *h, size_t max)
{
    *h = (struct hold){.max = max};
    buf_init(&h->bytes, SIZE_MAX);
}

void
hold_fini(struct hold *h)
{
    buf_fini(&h->bytes);
    free(h->pieces);
    h->pieces = NULL;
    h->n_pieces = h->cap_pieces = h->pieces_done = h->bytes_done = 0;
}

/* Moves what is left to the front once as much again was taken, so that each
 * byte moves once on average. */
static void
tidy(struct hold *h)
{
    if (h->bytes_done * 2 >= h->bytes.len) {
        buf_drop_front(&h->bytes, h->bytes_done);
        h->bytes_done = 0;
    }
    if (h->pieces_done * 2 >= h->n_pieces) {
        h->n_pieces -= h->pieces_done;
        if (h->n_pieces > 0)
            memmove(h->pieces, h->pieces + h->pieces_done,
                    h->n_pieces * sizeof h->pieces[0]);
        h->pieces_done = 0;
    }
}

static bool
fits(const struct hold *h, size_t len)
{
    size_t held = h->bytes.len - h->bytes_done;
    size_t pieces = h->n_pieces - h->pieces_done + 1;
    return len <= h->max && held <= h->max - len &&
           pieces <= (h->max - len - held) / PIECE_COST;
}

static enum err
add_piece(struct hold *h, const struct hold_piece *piece)
{
    if (h->n_pieces == h->cap_pieces) {
        size_t cap = h->cap_pieces ? h->cap_pieces * 2 : 4;
        struct hold_piece *pieces =
            realloc(h->pieces, cap * sizeof h->pieces[0]);
        if (!pieces)
            return ERR_NOMEM;
        h->pieces = pieces;
        h->cap_pieces = cap;
    }
    h->pieces[h->n_pieces] = *piece;
    /* That was told when the packet came. */
    h->pieces[h->n_pieces++].meta.acks = false;
    return ERR_OK;
}

enum err
hold_data(struct hold *h, uint64_t off, struct slice data,
          const struct pkt_meta *meta)
{
    if (!fits(h, data.len))
        return ERR_LIMIT;
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
    if (!fits(h, 0))
        return ERR_LIMIT;
    return add_piece(h, &(struct hold_piece){.meta = *meta,
                                             .off = off,
                                             .len = len,
                                             .gap = true});
}

struct slice
hold_run(const struct hold *h)
{
    size_t len = 0;
    for (size_t i = h->pieces_done; i < h->n_pieces && !h->pieces[i].gap; i++)
        len += (size_t)h->pieces[i].len;
    return len ? slice_make(h->bytes.ptr + h->bytes_done, len)
               : slice_make(NULL, 0);
}

bool
hold_has_gap(const struct hold *h)
{
    for (size_t i = h->pieces_done; i < h->n_pieces; i++)
        if (h->pieces[i].gap)
            return true;
    return false;
}

void
hold_drop(struct hold *h, size_t len)
{
    h->bytes_done += len;
    assert(h->bytes_done <= h->bytes.len);
    while (len > 0) {
        struct hold_piece *p = &h->pieces[h->pieces_done];
        assert(!hold_is_empty(h) && !p->gap);
        size_t part = len < p->len ? len : (size_t)p->len;
        p->off += part;
        p->len -= part;
        len -= part;
        h->pieces_done += p->len == 0;
    }
    tidy(h);
}

void
hold_drop_gap(struct hold *h)
{
    assert(!hold_is_empty(h) && hold_front(h)->gap);
    h->pieces_done++;
    tidy(h);
}
