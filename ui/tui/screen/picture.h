/* SPDX-License-Identifier: MIT */
/*
 * picture.h - a screen as a picture: SVG, with the colours of a terminal that
 * has 256 of them on a dark ground.
 */
#ifndef UI_TUI_PICTURE_H
#define UI_TUI_PICTURE_H

#include "ui/out.h"
#include "ui/tui/screen/grid.h"

/* Writes it to o; every cell keeps its place whatever font there is. */
void picture_write(const struct grid *g, struct out *o);

#endif /* UI_TUI_PICTURE_H */
