/* SPDX-License-Identifier: MIT */
/*
 * table.h - a small table: columns as wide as what stands in them.
 *
 * Where a line is too short, text and bars shrink first, then the columns that
 * matter least are left out.  Cells are texts of ours, numbers, bars, or bytes
 * of the traffic, which go through text.h.
 */
#ifndef UI_TABLE_H
#define UI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "ui/page.h"

#define TABLE_COLUMNS_MAX 10u
#define TABLE_ROWS_MAX 80u
/* Bytes of a cell of ours. */
#define TABLE_CELL_MAX 40u

enum table_kind {
    TABLE_LEFT = 0,
    TABLE_RIGHT,
    TABLE_TEXT, /* table_text(): cut with an ellipsis where there is no room */
    TABLE_BAR,  /* table_bar(): as long as its share of the longest */
};

struct table_column {
    const char *title; /* ASCII */
    enum table_kind kind;
    unsigned leave; /* the highest is left out first; 0: never */
    enum report_style style;
    size_t least; /* TABLE_TEXT: never narrower, unless shorter; 0: 8 */
};

struct table_cell {
    char ours[TABLE_CELL_MAX];
    size_t len;
    struct slice text; /* TABLE_TEXT */
    bool more;
    uint64_t value; /* TABLE_BAR */
};

/* The members are for table.c. */
struct table {
    const struct table_column *columns;
    size_t n_columns;
    size_t n_rows;
    size_t at;                       /* the column of the next cell */
    size_t width[TABLE_COLUMNS_MAX]; /* 0: left out */
    struct table_cell cell[TABLE_ROWS_MAX][TABLE_COLUMNS_MAX];
};

/* Begins a table of n columns, which must live until table_draw(). */
void table_begin(struct table *t, const struct table_column *columns, size_t n);

/* The next row; cells are filled from the left, missing ones are empty. */
void table_row(struct table *t);
void table_word(struct table *t, const char *ascii);
void table_number(struct table *t, uint64_t v);
/* Borrowed until table_draw(); more: the text goes on behind them. */
void table_text(struct table *t, struct slice text, bool more);
void table_bar(struct table *t, uint64_t value);

/* Titles and rows, below what stands on the page. */
void table_draw(struct table *t, struct page *p);

#endif /* UI_TABLE_H */
