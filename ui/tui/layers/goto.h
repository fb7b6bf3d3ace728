/* SPDX-License-Identifier: MIT */
/*
 * goto.h - going to a row by its number, as the status line counts them.
 */
#ifndef UI_TUI_GOTO_H
#define UI_TUI_GOTO_H

#include <stddef.h>

struct tui;

/* Opens the prompt. */
void goto_ask(struct tui *t);

/* 1 = first. */
void goto_row(struct tui *t, size_t row);

#endif /* UI_TUI_GOTO_H */
