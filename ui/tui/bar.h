/* SPDX-License-Identifier: MIT */
/*
 * bar.h - the line below the tabs: what is filtered, and how much of it is
 * shown.
 */
#ifndef UI_TUI_BAR_H
#define UI_TUI_BAR_H

#include "ui/tui/layers/complete.h"

struct tui;

void bar_draw(struct tui *t);

/* Its beginning, with the word for a state: "Filter [ok] ".  Returns the column
 * behind it. */
int bar_state(struct tui *t, enum filter_state state);

#endif /* UI_TUI_BAR_H */
