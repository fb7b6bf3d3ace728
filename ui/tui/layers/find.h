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

/* Goes to the next row, or the one before, that holds what was asked for: at
 * once if it is near, else while drawing, until a key comes. */
void find_next(struct tui *t, bool forward);

/* Looks at some more rows if that goes on.  True: it still does. */
bool find_go_on(struct tui *t);

#endif /* UI_TUI_FIND_H */
