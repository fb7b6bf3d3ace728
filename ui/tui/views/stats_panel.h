/* SPDX-License-Identifier: MIT */
/*
 * stats_panel.h - the panels of the statistics: each a list of bars, or of
 * connections, with a cursor of its own.
 */
#ifndef UI_TUI_STATS_PANEL_H
#define UI_TUI_STATS_PANEL_H

#include "ui/stats_figures.h"
#include "ui/tui/tui.h"

/* What is drawn: the figures of now. */
struct stats_page {
    struct tui *t;
    struct stats_figures f;
};

/* The figures that are shown: of everything, or of what passes the filter. */
const struct stats *stats_panel_stats(const struct tui *t);
bool stats_panel_is_filtered(const struct tui *t);

/* Bars of that panel are of both senders, and the cursor can be on one. */
bool stats_panel_has_sides(enum stats_panel p);

/* The cursor and the window of a panel. */
struct list *stats_panel_list(struct tui *t, enum stats_panel p);

/* Rows that it would like to have, its title among them. */
int stats_panel_height(const struct stats_page *page, enum stats_panel p);

void stats_panel_draw(struct stats_page *page, enum stats_panel p,
                      struct rect r);

/* What stands under the cursor, in full. */
void stats_panel_tell(const struct tui *t, const struct stats_figures *f,
                      enum stats_panel p, char *out, size_t size);

/* Where a step of the curve begins, as the events count time, ns. */
int64_t stats_panel_time(const struct tui *t, size_t step);

/* Frames in a step of the curve; 0 behind its end. */
uint64_t stats_panel_frames(const struct tui *t, size_t step);

/* The lowest number of bits that a row of the sizes stands for, and how many
 * rows there are. */
unsigned stats_panel_first_size(const struct stats_figures *f, size_t *rows);

#endif /* UI_TUI_STATS_PANEL_H */
