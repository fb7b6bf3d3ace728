/* SPDX-License-Identifier: MIT */
/*
 * help.h - the keys and commands, to look for and to run.
 */
#ifndef UI_TUI_HELP_H
#define UI_TUI_HELP_H

struct tui;

void help_open(struct tui *t);

#endif /* UI_TUI_HELP_H */
