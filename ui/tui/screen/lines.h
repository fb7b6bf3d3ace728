/* SPDX-License-Identifier: MIT */
/*
 * lines.h - a part of the grid that is filled with text from the top, line by
 * line; what does not fit is left out.
 */
#ifndef UI_TUI_LINES_H
#define UI_TUI_LINES_H

#include <stdbool.h>

#include "ui/tui/screen/grid.h"

struct lines {
    struct grid *g;
    struct rect r;
    int y; /* of the next line */
};

static inline struct lines
lines_in(struct grid *g, struct rect r)
{
    return (struct lines){g, r, r.y};
}

static inline bool
lines_full(const struct lines *l)
{
    return l->y >= l->r.y + l->r.rows;
}

/* An empty line. */
void lines_skip(struct lines *l);

/* Text of ours, broken at blanks; lines after the first begin indent columns
 * further right. */
void lines_add(struct lines *l, enum role role, int indent, const char *format,
               ...) __attribute__((format(printf, 4, 5)));

/* Untrusted text in one line, indent columns from the left. */
void lines_put(struct lines *l, enum role role, int indent, struct slice text,
               bool more);

/* A name in a column of its own, and untrusted text beside it. */
void lines_pair(struct lines *l, int name_cols, const char *name,
                enum role role, struct slice text, bool more);

#endif /* UI_TUI_LINES_H */
