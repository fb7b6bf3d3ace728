/* SPDX-License-Identifier: MIT */
#include "ui/tui/chunks.h"

#include <stdlib.h>

void *
chunks_add(struct chunks *c)
{
    if (c->n == c->n_chunks * CHUNKS_ROWS) {
        if (c->n_chunks == c->cap) {
            size_t cap = c->cap ? c->cap * 2 : 16;
            uint8_t **chunk = realloc(c->chunk, cap * sizeof *chunk);
            if (!chunk)
                return NULL;
            c->chunk = chunk;
            c->cap = cap;
        }
        uint8_t *rows = calloc(CHUNKS_ROWS, c->row_len);
        if (!rows)
            return NULL;
        c->chunk[c->n_chunks++] = rows;
    }
    c->n++;
    return chunks_at(c, c->n - 1);
}

void
chunks_fini(struct chunks *c)
{
    for (size_t i = 0; i < c->n_chunks; i++)
        free(c->chunk[i]);
    free(c->chunk);
    *c = (struct chunks){.row_len = c->row_len};
}
