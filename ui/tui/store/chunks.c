/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/chunks.h"

#include <stdbool.h>
#include <stdlib.h>

/* Chunks at the end that are written to and looked at. */
#define BUSY 2u

void
chunks_init(struct chunks *c, size_t row_len, struct room *room)
{
    assert(row_len > 0 && row_len <= ROOM_PIECE_LEN);
    *c = (struct chunks){.row_len = row_len, .room = room};
    while (row_len << (c->shift + 1) <= ROOM_PIECE_LEN)
        c->shift++;
}

static bool
add_chunk(struct chunks *c)
{
    if (c->n_chunks == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 16;
        uint8_t **chunk = realloc(c->chunk, cap * sizeof *chunk);
        if (!chunk)
            return false;
        c->chunk = chunk;
        c->cap = cap;
    }
    /* Once in the file, always: so one number tells which are where. */
    bool in_file = c->n_memory < c->n_chunks;
    void *rows = in_file ? NULL : room_piece(c->room, false);
    if (rows)
        c->n_memory++;
    else
        rows = room_piece(c->room, true);
    if (!rows)
        return false;
    c->chunk[c->n_chunks++] = rows;
    if (c->n_chunks > c->n_memory + BUSY)
        room_rest(c->chunk[c->n_chunks - BUSY - 1]);
    return true;
}

void *
chunks_add(struct chunks *c)
{
    if (c->n == c->n_chunks << c->shift && !add_chunk(c))
        return NULL;
    c->n++;
    return chunks_at(c, c->n - 1);
}

void
chunks_rest(const struct chunks *c, size_t from, size_t to)
{
    size_t i = from >> c->shift, end = to >> c->shift;
    if (c->n_chunks < BUSY)
        return;
    i = i > c->n_memory ? i : c->n_memory;
    end = end < c->n_chunks - BUSY ? end : c->n_chunks - BUSY;
    for (; i < end; i++)
        room_rest(c->chunk[i]);
}

void
chunks_fini(struct chunks *c)
{
    for (size_t i = 0; i < c->n_chunks; i++)
        room_free(c->chunk[i], i >= c->n_memory);
    free(c->chunk);
    *c = (struct chunks){.row_len = c->row_len};
}
