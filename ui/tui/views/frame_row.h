/* SPDX-License-Identifier: MIT */
/*
 * frame_row.h - one frame, or a gap, as a row of a list.
 */
#ifndef UI_TUI_FRAME_ROW_H
#define UI_TUI_FRAME_ROW_H

#include "ui/tui/tui.h"

/* The names of the columns. */
void frame_row_head(struct tui *t, int y, int x, int cols);

/* before_ns: the time of the row before. */
void frame_row_draw(struct tui *t, int y, int x, int cols, uint32_t row,
                    int64_t before_ns);

#endif /* UI_TUI_FRAME_ROW_H */
