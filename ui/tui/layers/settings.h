/* SPDX-License-Identifier: MIT */
/*
 * settings.h - how things are shown, to be changed while it runs; nothing is
 * written anywhere.
 */
#ifndef UI_TUI_SETTINGS_H
#define UI_TUI_SETTINGS_H

struct tui;

void settings_open(struct tui *t);

#endif /* UI_TUI_SETTINGS_H */
