/* SPDX-License-Identifier: MIT */
#include "ui/table.h"

#include <assert.h>
#include <string.h>

#include "ui/put.h"

#define INDENT 2u
#define GAP 2u
/* Columns that a text or bar has at least (a shorter text less) and at most. */
#define TEXT_LEAST 8u
#define TEXT_MOST 512u
#define BAR_LEAST 6u
#define BAR_MOST 32u

void
table_begin(struct table *t, const struct table_column *columns, size_t n)
{
    assert(n > 0 && n <= TABLE_COLUMNS_MAX);
    t->columns = columns;
    t->n_columns = n;
    t->n_rows = 0;
    t->at = n;
}

void
table_row(struct table *t)
{
    assert(t->n_rows < TABLE_ROWS_MAX);
    memset(t->cell[t->n_rows++], 0, sizeof t->cell[0]);
    t->at = 0;
}

static struct table_cell *
next_cell(struct table *t)
{
    assert(t->n_rows > 0 && t->at < t->n_columns);
    return &t->cell[t->n_rows - 1][t->at++];
}

void
table_word(struct table *t, const char *ascii)
{
    struct table_cell *c = next_cell(t);
    c->len = strnlen(ascii, sizeof c->ours);
    memcpy(c->ours, ascii, c->len);
}

void
table_number(struct table *t, uint64_t v)
{
    uint8_t digits[2 * PUT_U64_MAX];
    struct table_cell *c = next_cell(t);
    c->len = (size_t)(put_grouped(digits, v) - digits);
    assert(c->len <= sizeof c->ours);
    memcpy(c->ours, digits, c->len);
}

void
table_text(struct table *t, struct slice text, bool more)
{
    struct table_cell *c = next_cell(t);
    c->text = text;
    c->more = more;
}

void
table_bar(struct table *t, uint64_t value)
{
    next_cell(t)->value = value;
}

/* ---- widths ---- */

static size_t
text_cols(const struct table_cell *c, bool utf8)
{
    uint8_t unused[4 * TEXT_MOST];
    return text_fit(c->text, c->more, utf8, TEXT_MOST, unused, sizeof unused)
        .cols;
}

/* What column i takes when there is room for everything. */
static size_t
full_width(const struct table *t, size_t i, bool utf8)
{
    const struct table_column *column = &t->columns[i];
    size_t width = strlen(column->title);
    if (column->kind == TABLE_BAR)
        return BAR_MOST;
    for (size_t row = 0; row < t->n_rows; row++) {
        const struct table_cell *c = &t->cell[row][i];
        size_t cols = column->kind == TABLE_TEXT ? text_cols(c, utf8) : c->len;
        if (cols > width)
            width = cols;
    }
    return width;
}

static size_t
least_width(const struct table *t, size_t i, size_t full)
{
    size_t least = full;
    if (t->columns[i].kind == TABLE_BAR)
        least = BAR_LEAST;
    else if (t->columns[i].kind == TABLE_TEXT)
        least = t->columns[i].least ? t->columns[i].least : TEXT_LEAST;
    return least < full ? least : full;
}

/* Leaves out the column that matters least; false: all of them must stay. */
static bool
leave_out(struct table *t)
{
    size_t which = t->n_columns;
    unsigned most = 0;
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->width[i] > 0 && t->columns[i].leave > most) {
            most = t->columns[i].leave;
            which = i;
        }
    if (which == t->n_columns)
        return false;
    t->width[which] = 0;
    return true;
}

static void
fit(struct table *t, size_t width, bool utf8)
{
    size_t full[TABLE_COLUMNS_MAX], sum;
    for (size_t i = 0; i < t->n_columns; i++) {
        full[i] = full_width(t, i, utf8);
        t->width[i] = least_width(t, i, full[i]);
    }
    do {
        sum = INDENT;
        for (size_t i = 0; i < t->n_columns; i++)
            if (t->width[i] > 0)
                sum += t->width[i] + (sum > INDENT ? GAP : 0);
    } while (sum > width && leave_out(t));
    for (size_t i = 0; i < t->n_columns && sum < width; i++) {
        size_t more = full[i] - t->width[i];
        if (t->width[i] == 0)
            continue;
        if (more > width - sum)
            more = width - sum;
        t->width[i] += more;
        sum += more;
    }
}

/* ---- drawing ---- */

static uint64_t
greatest(const struct table *t, size_t column)
{
    uint64_t most = 0;
    for (size_t row = 0; row < t->n_rows; row++)
        if (t->cell[row][column].value > most)
            most = t->cell[row][column].value;
    return most;
}

/* Blocks from U+2588 (full) to U+258F (an eighth), or #.  What is not 0 has at
 * least the least mark. */
static void
put_bar(struct report_line *l, uint64_t value, uint64_t most, size_t width)
{
    unsigned parts = l->utf8 ? 8 : 1;
    uint8_t block[3] = {0xe2, 0x96, 0x88};
    size_t n =
        most == 0
            ? 0
            : (size_t)((double)value / (double)most * (double)(width * parts) +
                       0.5);
    if (value > 0 && n == 0)
        n = 1;
    if (!l->utf8) {
        for (; n > 0; n--)
            line_put(l, "#");
        return;
    }
    for (; n >= parts; n -= parts)
        line_text(l, slice_make(block, sizeof block), false, 1);
    block[2] = (uint8_t)(0x90 - n);
    if (n > 0)
        line_text(l, slice_make(block, sizeof block), false, 1);
}

static void
put_cell(const struct table *t, struct page *p, size_t row, size_t i,
         size_t start)
{
    struct report_line *l = &p->line;
    const struct table_cell *c = &t->cell[row][i];
    const struct table_column *column = &t->columns[i];
    line_style(l, column->style);
    switch (column->kind) {
    case TABLE_LEFT:
        line_put_mem(l, c->ours, c->len);
        break;
    case TABLE_RIGHT:
        line_right(l, start + t->width[i], c->len, 0);
        line_put_mem(l, c->ours, c->len);
        break;
    case TABLE_TEXT:
        line_text(l, c->text, c->more, t->width[i]);
        break;
    case TABLE_BAR:
        put_bar(l, c->value, greatest(t, i), t->width[i]);
        break;
    }
    line_style(l, STYLE_PLAIN);
}

static void
put_title(const struct table *t, struct page *p, size_t i, size_t start)
{
    struct report_line *l = &p->line;
    const char *title = t->columns[i].title;
    line_style(l, STYLE_DIM);
    if (t->columns[i].kind == TABLE_RIGHT)
        line_right(l, start + t->width[i], strlen(title), 0);
    line_put(l, title);
    line_style(l, STYLE_PLAIN);
}

void
table_draw(struct table *t, struct page *p)
{
    fit(t, p->line.width, p->line.utf8);
    for (size_t row = 0; row <= t->n_rows; row++) {
        size_t start = INDENT;
        for (size_t i = 0; i < t->n_columns; i++) {
            if (t->width[i] == 0)
                continue;
            line_to(&p->line, start, 0);
            if (row == 0)
                put_title(t, p, i, start);
            else
                put_cell(t, p, row - 1, i, start);
            start += t->width[i] + GAP;
        }
        page_end_line(p);
    }
}
