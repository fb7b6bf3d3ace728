/* SPDX-License-Identifier: MIT */
/*
 * columns.h - which columns of a table a width has room for, and where they
 * stand.
 */
#ifndef UI_TUI_COLUMNS_H
#define UI_TUI_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/tui/screen/grid.h"

struct column {
    const char *name;  /* its heading */
    const char *ascii; /* ... without UTF-8; NULL: the same */
    int cols, most;    /* columns: at least, and as many as are of use */
    int rank;          /* 0 stays longest; those of one rank go together */
    bool right;        /* aligned to the right */
    bool rest;         /* takes what all others leave */
};

/* cols 0: left out. */
struct column_place {
    int x, cols;
};

/* Fits n columns, gap apart, into `cols` columns that begin at x. */
void columns_fit(const struct column *c, size_t n, int x, int cols, int gap,
                 struct column_place *out);

/* The headings; that of column `sorted` (n: none) ends in ^, or v when the
 * order is turned round. */
void columns_head(struct grid *g, int y, const struct column *c, size_t n,
                  const struct column_place *place, size_t sorted,
                  bool inverted);

#endif /* UI_TUI_COLUMNS_H */
