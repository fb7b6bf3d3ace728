/* SPDX-License-Identifier: MIT */
/*
 * terminal.h - what standard output can show: colour, width, characters.
 */
#ifndef UI_TERMINAL_H
#define UI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/options.h"

/* --color, NO_COLOR, and whether it is a terminal. */
bool terminal_color(const struct options *o);

/* --width, else the terminal's columns, else 80. */
size_t terminal_width(const struct options *o);

/* The terminal's rows; 24 where it does not tell. */
size_t terminal_rows(void);

/* Whether standard input and output are a terminal that the interface of
 * `wsray tui` can use, as far as TERM tells, and this build has one. */
bool terminal_suits_tui(void);

/* Whether the locale (setlocale() comes first) says UTF-8. */
bool terminal_utf8(void);

#endif /* UI_TERMINAL_H */
