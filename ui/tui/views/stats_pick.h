/* SPDX-License-Identifier: MIT */
/*
 * stats_pick.h - the filter that the cursor stands for in the view of
 * statistics: a bar, a step of the curve, a connection.
 */
#ifndef UI_TUI_STATS_PICK_H
#define UI_TUI_STATS_PICK_H

#include <stddef.h>

#include "ui/tui/tui.h"

/* Writes it, size bytes at most.  NULL: it is written; else why there is none,
 * static text. */
const char *stats_pick(struct tui *t, char *out, size_t size);

/* Narrows the filter there is by it, unless the figures are of everything, and
 * shows the frames that pass from the first one on. */
void stats_pick_apply(struct tui *t);

#endif /* UI_TUI_STATS_PICK_H */
