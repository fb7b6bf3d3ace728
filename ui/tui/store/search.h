/* SPDX-License-Identifier: MIT */
/*
 * search.h - looking through all rows of a list, some at a time: from the one
 * beside the cursor around to the cursor itself.
 *
 *      0 ....... from ....... n        forward   from + 1 ... n - 1, 0 ... from
 *                                      backward  from - 1 ... 0, n - 1 ... from
 *
 * It knows rows by their numbers only; the caller tells which of them it is.
 */
#ifndef UI_TUI_SEARCH_H
#define UI_TUI_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

enum search_step {
    SEARCH_MORE = 0, /* there are more rows to look at */
    SEARCH_FOUND,
    SEARCH_NONE, /* all were looked at */
};

/* Members are for search.c. */
struct search {
    size_t from, n;
    size_t looked; /* rows */
    bool forward;
};

/* Whether that is one. */
typedef bool (*search_match_fn)(void *ctx, size_t row);

/* n: rows in all; from: below n, or 0. */
void search_start(struct search *s, size_t from, size_t n, bool forward);

/* Looks at most rows (at least 1).  With SEARCH_FOUND *row is the one; another
 * call goes on behind it. */
enum search_step search_next(struct search *s, size_t most,
                             search_match_fn match, void *ctx, size_t *row);

/* Of what is to be looked at, 0 to 100. */
unsigned search_percent(const struct search *s);

/* The row that was looked at last is beyond the end of the list, or is the
 * first again. */
bool search_wrapped(const struct search *s);

#endif /* UI_TUI_SEARCH_H */
