/* SPDX-License-Identifier: MIT */
/*
 * chunks.h - an array that only grows at its end and never moves: rows of one
 * size in pieces of a room (room.h), at first in memory, then in its file.
 *
 *     in memory                              in the file
 *     [row row ... row]  [row row ... row]   [row row ... row]  [row row      ]
 *
 * Rows that were not added yet take addresses, but no memory.
 */
#ifndef UI_TUI_CHUNKS_H
#define UI_TUI_CHUNKS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/tui/store/room.h"

/* Members but n are for chunks.c. */
struct chunks {
    uint8_t **chunk;
    size_t n_chunks, cap;
    size_t n_memory; /* chunks in memory; those behind are in the file */
    size_t n;        /* rows */
    size_t row_len;  /* bytes */
    unsigned shift;  /* 1 << shift rows a chunk */
    struct room *room;
};

/* Empty; room is borrowed.  row_len: at most ROOM_PIECE_LEN. */
void chunks_init(struct chunks *c, size_t row_len, struct room *room);
void chunks_fini(struct chunks *c);

/* A new row at the end, zeroed; NULL: there is no room.  It stays where it
 * is. */
void *chunks_add(struct chunks *c);

/* For who has looked at many rows and is through with those from `from` to
 * before `to`: if they are in the file, and not near the end, they do not count
 * as memory until they are looked at again. */
void chunks_rest(const struct chunks *c, size_t from, size_t to);

static inline void *
chunks_at(const struct chunks *c, size_t i)
{
    assert(i < c->n);
    return c->chunk[i >> c->shift] +
           (i & (((size_t)1 << c->shift) - 1)) * c->row_len;
}

#endif /* UI_TUI_CHUNKS_H */
