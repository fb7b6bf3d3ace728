/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/rows.h"

#include <stdlib.h>

/* After so many, those that were read from the file are let go. */
#define REST_ROWS 65536u

void
rows_start(struct rows *r, uint32_t conn)
{
    r->conn = conn;
    r->filter = NULL;
    r->n = r->scanned = 0;
}

void
rows_fini(struct rows *r)
{
    free(r->row);
}

static bool
add(struct rows *r, uint32_t row)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 1024;
        uint32_t *rows = realloc(r->row, cap * sizeof *rows);
        if (!rows)
            return false;
        r->row = rows;
        r->cap = cap;
    }
    r->row[r->n++] = row;
    return true;
}

/* Looks at the rows before stop; false: no memory. */
static bool
scan(struct rows *r, const struct store *s, size_t stop)
{
    size_t from = r->scanned;
    for (; r->scanned < stop; r->scanned++) {
        const struct store_frame *f = store_frame(s, r->scanned);
        if ((r->conn == STORE_NONE || f->conn == r->conn) &&
            (!r->filter || refine_frame(r->filter, r->scanned)) &&
            !add(r, (uint32_t)r->scanned))
            return false;
    }
    chunks_rest(&s->frames, from, stop);
    return true;
}

bool
rows_update(struct rows *r, const struct store *s, size_t end, size_t most)
{
    if (r->filter && r->filter->scanned < end)
        end = r->filter->scanned;
    if (end <= r->scanned)
        return false;
    size_t stop = end - r->scanned > most ? r->scanned + most : end;
    if (rows_are_all(r)) {
        r->n = r->scanned = end;
        return false;
    }
    while (r->scanned < stop) {
        size_t left = stop - r->scanned;
        if (!scan(r, s, r->scanned + (left < REST_ROWS ? left : REST_ROWS)))
            return false;
    }
    return r->scanned < end;
}

size_t
rows_place(const struct rows *r, uint32_t frame)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows_at(r, middle) < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
