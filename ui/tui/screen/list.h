/* SPDX-License-Identifier: MIT */
/*
 * list.h - a cursor in a list that grows at its end, and the part of it that
 * is on the screen.
 *
 * While the reader is anywhere but at the end nothing moves.
 */
#ifndef UI_TUI_LIST_H
#define UI_TUI_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    size_t cursor, top;
    size_t height; /* rows on the screen, of the last drawing */
    size_t n;      /* rows in all, of the last drawing */
    bool follow;   /* the cursor goes with the end */
    bool away;     /* scrolled: the cursor need not be on the screen */
};

/* The list has n rows, of which height fit: moves top and cursor where that
 * makes it necessary. */
void list_fit(struct list *l, size_t n, size_t height);

/* Moves the cursor by rows; follow ends unless it comes to the end of a list
 * that grows. */
void list_move(struct list *l, long rows);
void list_first(struct list *l);
/* follow: and go on with it. */
void list_last(struct list *l, bool follow);
void list_go(struct list *l, size_t row);

/* Moves what is on the screen, and not the cursor; follow ends. */
void list_scroll(struct list *l, long rows);

/* What the cursor is on stands in another place now: both keep their line on
 * the screen, but for a list that shows its beginning. */
void list_keep(struct list *l, size_t row);

/* Rows that follow what is on the screen. */
size_t list_below(const struct list *l);

#endif /* UI_TUI_LIST_H */
