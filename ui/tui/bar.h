/* SPDX-License-Identifier: MIT */
/*
 * bar.h - the line below the tabs: what is filtered, and how much of it is
 * shown.
 */
#ifndef UI_TUI_BAR_H
#define UI_TUI_BAR_H

struct tui;

void bar_draw(struct tui *t);

#endif /* UI_TUI_BAR_H */
