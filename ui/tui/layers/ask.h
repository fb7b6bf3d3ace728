/* SPDX-License-Identifier: MIT */
/*
 * ask.h - a question with one line for the answer, in place of the hints.
 */
#ifndef UI_TUI_ASK_H
#define UI_TUI_ASK_H

struct tui;

/* Asks with label in front (static text), and text as the answer to begin with.
 * Enter closes it and calls done, which finds the answer in t->prompt; Esc only
 * closes it. */
void ask(struct tui *t, const char *label, const char *text,
         void (*done)(struct tui *t));

#endif /* UI_TUI_ASK_H */
