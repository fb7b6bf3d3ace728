/* SPDX-License-Identifier: MIT */
/*
 * page.h - lines one below the other, on paper or on a screen.
 *
 * Paper grows: a blank line in front of each heading, a line feed behind each
 * line.  A screen has so many rows: drawn over what was there, from its upper
 * left corner, each row cleared to its end, what does not fit left out, the
 * rows below cleared.  No line is wider than the page.
 */
#ifndef UI_PAGE_H
#define UI_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/out.h"
#include "ui/report_line.h"

/* Embed it; the members but line are for page.c. */
struct page {
    struct report_line line; /* the one being built */
    struct out *out;         /* borrowed */
    size_t width;            /* of paper, columns */
    bool screen;
    size_t rows; /* of the screen */
    size_t used; /* lines ended */
    unsigned pieces;
};

/* width 0: no limit.  False: out of memory. */
bool page_init(struct page *p, size_t width, bool color, bool utf8);
/* Works on {0}. */
void page_fini(struct page *p);

/* Begin a new page on paper, or draw a screen. */
void page_begin(struct page *p, struct out *o);
void page_begin_screen(struct page *p, size_t rows, size_t columns,
                       struct out *o);

void page_end_line(struct page *p);

/* A line of its own. */
void page_heading(struct page *p, const char *title);

/* "label   piece, piece, piece": as many lines as it takes, ended by
 * page_end_line(). */
void page_label(struct page *p, const char *label);
void page_piece(struct page *p, const char *text);

/* Clears the rest of a screen. */
void page_finish(struct page *p);

#endif /* UI_PAGE_H */
