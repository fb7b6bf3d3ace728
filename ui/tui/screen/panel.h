/* SPDX-License-Identifier: MIT */
/*
 * panel.h - figures as pictures: bars, sparklines, and numbers that fit their
 * column.
 *
 * A value above 0 always shows something.  Without UTF-8 the eight heights of
 * a sparkline, and the last cell of a bar, are " .:-=+*#".
 */
#ifndef UI_TUI_PANEL_H
#define UI_TUI_PANEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/tui/screen/grid.h"

/* How values become lengths: from 0, most being all of it. */
struct scale {
    uint64_t most;
    bool log;
};

/* v in parts of `parts`: 1 at least for v > 0, `parts` at most. */
unsigned scale_parts(struct scale s, uint64_t v, unsigned parts);

/* n values over cols columns, a row high: each value as wide as it takes, or
 * the largest of those that share a column. */
void panel_spark(struct grid *g, int y, int x, int cols, enum role role,
                 const uint64_t *v, size_t n, struct scale s);

/* A bar of at most cols columns. */
void panel_bar(struct grid *g, int y, int x, int cols, enum role role,
               uint64_t v, struct scale s);

/* "7 920" where cols columns have room for it, else "7920", else "1.2M". */
void panel_count(uint64_t n, int cols, char *out, size_t size);

/* The same, on the right of its column. */
void panel_number(struct grid *g, int y, int x, int cols, enum role role,
                  uint64_t n);

#endif /* UI_TUI_PANEL_H */
