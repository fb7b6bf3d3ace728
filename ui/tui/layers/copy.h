/* SPDX-License-Identifier: MIT */
/*
 * copy.h - the menus that take something out of the interface: to the clipboard
 * of the terminal, or into a file.
 *
 * Files are new ones in the directory where wsray was started, and their names
 * begin with SAVE_PREFIX: the process that makes them (broker.h) allows no
 * others.
 */
#ifndef UI_TUI_COPY_H
#define UI_TUI_COPY_H

struct tui;

#define SAVE_PREFIX "wsray-"

/* Most that is sent to the clipboard, bytes: terminals cut what is longer
 * (74,994 bytes are 100,000 in base64). */
#define COPY_MAX 74994u

void copy_open(struct tui *t);
void save_open(struct tui *t);

#endif /* UI_TUI_COPY_H */
