/* SPDX-License-Identifier: MIT */
/*
 * help.h - the keys of the view at hand.
 */
#ifndef UI_TUI_HELP_H
#define UI_TUI_HELP_H

struct tui;

void help_open(struct tui *t);

#endif /* UI_TUI_HELP_H */
