/* SPDX-License-Identifier: MIT */
/*
 * pick.h - a filter out of what is selected: the field of a frame, a
 * connection, a finding.
 */
#ifndef UI_TUI_PICK_H
#define UI_TUI_PICK_H

#include <stdbool.h>
#include <stddef.h>

struct tui;

/* Longest filter that is made so, bytes with NUL. */
#define PICK_MAX 512u

/* Writes the filter that is true for what is selected.  False: nothing is
 * selected, or there is no field for it. */
bool pick_filter(const struct tui *t, char out[PICK_MAX]);

/* Makes it the filter. */
void pick_apply(struct tui *t);

/* Asks how (is, is not, and, or), and opens the filter bar with it. */
void pick_prepare(struct tui *t);

#endif /* UI_TUI_PICK_H */
