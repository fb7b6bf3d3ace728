/* SPDX-License-Identifier: MIT */
/*
 * ladder_detail.h - what one row of the ladder stands for, in words.
 */
#ifndef UI_TUI_LADDER_DETAIL_H
#define UI_TUI_LADDER_DETAIL_H

#include "ui/tui/screen/lines.h"
#include "ui/tui/tui.h"

/* "Frame 2, client to server"; at most size bytes. */
void ladder_detail_title(const struct tui *t, const struct ladder_row *row,
                         char *out, size_t size);

/* The most telling lines come first. */
void ladder_detail_lines(struct tui *t, const struct ladder_row *row,
                         struct lines *out);

/* "32 ms", "1.05 s", "80 us". */
void ladder_duration(int64_t ns, char *out, size_t size);

#endif /* UI_TUI_LADDER_DETAIL_H */
