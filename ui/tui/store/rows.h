/* SPDX-License-Identifier: MIT */
/*
 * rows.h - which frames of the store a list shows: an index that is carried on
 * as frames come.
 */
#ifndef UI_TUI_ROWS_H
#define UI_TUI_ROWS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/tui/store/refine.h"
#include "ui/tui/store/store.h"

/* Embed it; zeroed it holds every frame of connection row 0: rows_start(). */
struct rows {
    uint32_t *row; /* of the store, ascending; not used when it is all rows:
                      rows_at() */
    size_t n, cap;
    size_t scanned; /* rows of the store that were looked at */
    uint32_t conn;  /* row of the only connection, or STORE_NONE: all */
    const struct refine *filter; /* borrowed; NULL: none */
};

/* Begins anew, without a filter: nothing was looked at yet. */
void rows_start(struct rows *r, uint32_t conn);
void rows_fini(struct rows *r);

/* Looks at what the store has before row `end`, most rows at a time; what the
 * filter did not look at yet waits.  True: there is more to look at. */
bool rows_update(struct rows *r, const struct store *s, size_t end,
                 size_t most);

/* Every row of the store: then there is no index. */
static inline bool
rows_are_all(const struct rows *r)
{
    return r->conn == STORE_NONE && !r->filter;
}

/* The row of the store at that place, which is below n. */
static inline uint32_t
rows_at(const struct rows *r, size_t place)
{
    assert(place < r->n);
    return rows_are_all(r) ? (uint32_t)place : r->row[place];
}

/* The place of a frame, or of the next one behind it. */
size_t rows_place(const struct rows *r, uint32_t frame);

#endif /* UI_TUI_ROWS_H */
