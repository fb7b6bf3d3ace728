/* SPDX-License-Identifier: MIT */
/*
 * hints.h - the last line of the screen: which keys matter here.
 */
#ifndef UI_TUI_HINTS_H
#define UI_TUI_HINTS_H

struct tui;

/* Those of the view, from action.def: what fits, "? help" first, "q" last. */
void hints_draw(struct tui *t);

/* Those of a layer: "Enter run  Esc close", a key's name (tui_key_named())
 * first in each, two blanks between. */
void hints_text(struct tui *t, const char *text);

#endif /* UI_TUI_HINTS_H */
