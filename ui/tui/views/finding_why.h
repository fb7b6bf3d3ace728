/* SPDX-License-Identifier: MIT */
/*
 * finding_why.h - why a finding matters: the rule, what was seen, what it
 * teaches.
 */
#ifndef UI_TUI_FINDING_WHY_H
#define UI_TUI_FINDING_WHY_H

#include "ui/tui/tui.h"

/* row: of the finding in the store. */
void finding_why_draw(struct tui *t, struct rect r, uint32_t row);

#endif /* UI_TUI_FINDING_WHY_H */
