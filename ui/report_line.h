/* SPDX-License-Identifier: MIT */
/*
 * report_line.h - one line of the report, built with its columns counted.
 *
 * Colours take bytes but no columns.  Texts of ours are ASCII; arrows have an
 * ASCII form; whatever came from the network goes through text.h.
 */
#ifndef UI_REPORT_LINE_H
#define UI_REPORT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "ui/out.h"
#include "ui/text.h"

/* Columns of a line without limit. */
#define REPORT_LINE_COLUMNS_MAX ((size_t)4096)
/* Bytes of a line: text of two bytes a column and more, but see text_take()
 * for what happens when there are too many. */
#define REPORT_LINE_BYTES ((size_t)32 * 1024)

enum report_style {
    STYLE_PLAIN = 0,
    STYLE_DIM, /* what is always the same */
    STYLE_STRONG,
    STYLE_CLIENT,
    STYLE_SERVER,
    STYLE_GOOD,
    STYLE_WARNING,
    STYLE_ERROR,
    STYLE_NOTE,
    STYLE_COUNT
};

struct report_line {
    uint8_t *bytes; /* REPORT_LINE_BYTES */
    size_t len;
    size_t cols;
    size_t width; /* columns of the terminal, or REPORT_LINE_COLUMNS_MAX */
    enum report_style style;
    bool color;
    bool utf8;
    bool clip; /* texts of ours are cut at the width, too */
};

/* Columns left in the line. */
size_t line_left(const struct report_line *l);

/* What follows has that style. */
void line_style(struct report_line *l, enum report_style style);

/* ASCII of ours, never cut but by the end of the buffer and with clip. */
void line_put(struct report_line *l, const char *text);
void line_put_mem(struct report_line *l, const void *ptr, size_t len);
void line_u64(struct report_line *l, uint64_t v);

/* "1,234 bytes", "1 byte": v and the noun, in the plural unless v is 1. */
void line_count(struct report_line *l, uint64_t v, const char *noun);

/* Spaces up to that column; at least `gap` of them. */
void line_to(struct report_line *l, size_t col, size_t gap);

/* Spaces so that the next cols columns end at end_col; at least `gap`. */
void line_right(struct report_line *l, size_t end_col, size_t cols, size_t gap);

/* An arrow: one column, or "->" and "<-". */
void line_arrow(struct report_line *l, bool right);
size_t line_arrow_cols(const struct report_line *l);

/* Bytes of the traffic, cut with an ellipsis at max_cols or the end of the
 * line; more: the text goes on behind them. */
void line_text(struct report_line *l, struct slice text, bool more,
               size_t max_cols);

/* The same without an ellipsis: as much as there is room for; tells how much
 * that was. */
struct text_fit line_take(struct report_line *l, struct slice text);

/* Ends the line and hands it to o; the next one is empty and plain. */
void line_end(struct report_line *l, struct out *o);

/* The same as a row of a screen: what stands behind it in that row is erased,
 * and there is no line feed. */
void line_end_row(struct report_line *l, struct out *o);

/* Forgets the line. */
void line_drop(struct report_line *l);

#endif /* UI_REPORT_LINE_H */
