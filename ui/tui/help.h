/* SPDX-License-Identifier: MIT */
/*
 * help.h - the keys of the view at hand and what they do, from action.def.
 */
#ifndef UI_TUI_HELP_H
#define UI_TUI_HELP_H

#include "ui/tui/tui.h"

void help_draw(struct tui *t, struct rect r);

#endif /* UI_TUI_HELP_H */
