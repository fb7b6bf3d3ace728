/* SPDX-License-Identifier: MIT */
/*
 * chunks.h - an array that only grows at its end and never moves: rows of one
 * size in chunks of CHUNKS_ROWS.
 *
 *     chunk 0            chunk 1            chunk 2
 *     [row row ... row]  [row row ... row]  [row row      ]
 *
 * Rows that were not added yet take addresses, but no memory: a chunk comes
 * zeroed from the system.
 */
#ifndef UI_TUI_CHUNKS_H
#define UI_TUI_CHUNKS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* A power of two. */
#define CHUNKS_ROWS 16384u

/* Zeroed is empty, but for row_len. */
struct chunks {
    uint8_t **chunk;
    size_t n_chunks, cap;
    size_t n;       /* rows */
    size_t row_len; /* bytes */
};

/* A new row at the end, zeroed; NULL: out of memory.  It stays where it is. */
void *chunks_add(struct chunks *c);
void chunks_fini(struct chunks *c);

static inline void *
chunks_at(const struct chunks *c, size_t i)
{
    assert(i < c->n);
    return c->chunk[i / CHUNKS_ROWS] + i % CHUNKS_ROWS * c->row_len;
}

#endif /* UI_TUI_CHUNKS_H */
