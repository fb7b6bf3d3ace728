/* SPDX-License-Identifier: MIT */
/*
 * prompt.h - one line that the person types.
 */
#ifndef UI_TUI_PROMPT_H
#define UI_TUI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/tui/screen/grid.h"
#include "ui/tui/screen/tty.h"

/* Longest text, bytes. */
#define PROMPT_MAX 1024u

/* Zeroed is empty. */
struct prompt {
    char text[PROMPT_MAX]; /* UTF-8, NUL-terminated */
    size_t len, at;        /* bytes; at: where the next character goes */
};

void prompt_set(struct prompt *p, const char *text);

/* Takes characters, Left, Right, Home, End, Bksp, Del, ^A, ^E, ^U, ^K, ^W.
 * False: the key means nothing here. */
bool prompt_key(struct prompt *p, struct tty_key key);

/* Puts text in place of what stands between byte `from` and the cursor; what
 * does not fit is left out whole. */
void prompt_replace(struct prompt *p, size_t from, const char *text,
                    size_t len);

/* The first byte that prompt_draw() shows. */
size_t prompt_from(const struct prompt *p, bool utf8, int cols);

/* Draws what fits of it with its cursor; cols columns. */
void prompt_draw(const struct prompt *p, struct grid *g, int y, int x,
                 int cols);

#endif /* UI_TUI_PROMPT_H */
