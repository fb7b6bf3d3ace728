/* SPDX-License-Identifier: MIT */
/*
 * find.h - looking for text in the rows of a view: the prompt, and the next
 * hit.
 */
#ifndef UI_TUI_FIND_H
#define UI_TUI_FIND_H

#include <stdbool.h>

struct tui;

/* Opens the prompt. */
void find_ask(struct tui *t);

/* Goes to the next row, or the one before, that holds what was asked for. */
void find_next(struct tui *t, bool forward);

#endif /* UI_TUI_FIND_H */
