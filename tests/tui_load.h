/* SPDX-License-Identifier: MIT */
/*
 * tui_load.h - the terminal interface without a terminal, for tests: a capture
 * into its store, keys by their names.
 */
#ifndef TESTS_TUI_LOAD_H
#define TESTS_TUI_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/tui/tui.h"

/* Reads the capture `name` into both, keeping 64 KiB of a message.  False: it
 * could not be opened. */
bool tui_load(const char *name, struct store *store, struct stats *stats);

/* A key as action.def spells it ("PgDn", "^L", "q"), or the mouse at row Y,
 * column X, from 0 on: click:Y,X twice:Y,X (the second of a double click)
 * wheel-up:Y,X wheel-down:Y,X. */
struct tty_key tui_load_key(const char *word);

/*
 * What must hold of a drawn screen: every cell is a character that is safe on a
 * terminal, or the right half of a wide one behind it; in ASCII, ASCII; every
 * row takes exactly g->cols columns; roles exist.  NULL: it holds; else what
 * does not.
 */
const char *tui_load_wrong_grid(const struct grid *g);

/* What must hold of the interface after each key and drawing. */
const char *tui_load_wrong_state(const struct tui *t);

/*
 * Keys, sizes and events as the bytes say, on a store that holds something of
 * everything; aborts when what must hold does not.
 */
void tui_load_steps(const uint8_t *data, size_t size);

#endif /* TESTS_TUI_LOAD_H */
