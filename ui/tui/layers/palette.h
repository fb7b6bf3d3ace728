/* SPDX-License-Identifier: MIT */
/*
 * palette.h - which actions a text finds: what the help shows, in groups.
 */
#ifndef UI_TUI_PALETTE_H
#define UI_TUI_PALETTE_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/tui/tui.h"

enum palette_group {
    PALETTE_HERE = 0,   /* in this view, and not in all */
    PALETTE_EVERYWHERE, /* in all views */
    PALETTE_NOT_NOW,    /* tui_why_not() tells why */
    PALETTE_GROUPS
};

/* A line of the list: an action, or the heading of a group. */
struct palette_line {
    enum action action; /* ACTION_COUNT: a heading */
    enum palette_group group;
};

#define PALETTE_LINES_MAX ((size_t)ACTION_COUNT + PALETTE_GROUPS)

/*
 * How well a text fits an action; 0: it does not.  It fits its keys and the
 * names of its command from the first letter on; its help word by word; and
 * letters that stand in either in this order, each behind the one before or at
 * the begin of a word.
 */
unsigned palette_score(const struct action_info *info, const char *text);

/* The lines of what fits, all when text is empty.  *best: the line that fits
 * best of what can be done.  Returns how many lines. */
size_t palette_collect(struct tui *t, const char *text,
                       struct palette_line out[PALETTE_LINES_MAX],
                       size_t *best);

/* Whether text is a number: of a row, from 1 on, at most SIZE_MAX. */
bool palette_row(const char *text, size_t *row);

#endif /* UI_TUI_PALETTE_H */
