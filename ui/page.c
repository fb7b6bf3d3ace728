/* SPDX-License-Identifier: MIT */
#include "ui/page.h"

#include <stdlib.h>
#include <string.h>

/* Where pieces begin behind their label. */
#define PIECE_COL 13u

/* ECMA-48 section 8.3: cursor position (home), erase in page to its end. */
#define HOME "\033[H"
#define CLEAR_BELOW "\033[J"

bool
page_init(struct page *p, size_t width, bool color, bool utf8)
{
    uint8_t *bytes = malloc(REPORT_LINE_BYTES);
    *p = (struct page){0};
    if (!bytes)
        return false;
    if (width == 0 || width > REPORT_LINE_COLUMNS_MAX)
        width = REPORT_LINE_COLUMNS_MAX;
    p->width = width;
    p->line = (struct report_line){.bytes = bytes,
                                   .color = color,
                                   .utf8 = utf8,
                                   .clip = true};
    return true;
}

void
page_fini(struct page *p)
{
    free(p->line.bytes);
    *p = (struct page){0};
}

void
page_begin(struct page *p, struct out *o)
{
    p->out = o;
    p->screen = false;
    p->used = 0;
    p->pieces = 0;
    p->line.width = p->width;
}

void
page_begin_screen(struct page *p, size_t rows, size_t columns, struct out *o)
{
    page_begin(p, o);
    p->screen = true;
    p->rows = rows;
    /* In the last column terminals differ in where the cursor is. */
    p->line.width = columns > 1 ? columns - 1 : 1;
    if (p->line.width > REPORT_LINE_COLUMNS_MAX)
        p->line.width = REPORT_LINE_COLUMNS_MAX;
    out_put(o, HOME, strlen(HOME));
}

void
page_end_line(struct page *p)
{
    p->pieces = 0;
    if (!p->screen) {
        line_end(&p->line, p->out);
    } else if (p->used < p->rows) {
        if (p->used > 0)
            out_put(p->out, "\r\n", 2);
        line_end_row(&p->line, p->out);
    } else {
        line_drop(&p->line);
    }
    p->used++;
}

void
page_heading(struct page *p, const char *title)
{
    if (!p->screen && p->used > 0)
        page_end_line(p);
    line_style(&p->line, STYLE_STRONG);
    line_put(&p->line, title);
    line_style(&p->line, STYLE_PLAIN);
    page_end_line(p);
}

void
page_label(struct page *p, const char *label)
{
    line_style(&p->line, STYLE_STRONG);
    line_put(&p->line, label);
    line_style(&p->line, STYLE_PLAIN);
    line_to(&p->line, PIECE_COL, 1);
}

void
page_piece(struct page *p, const char *text)
{
    bool first = p->pieces == 0;
    if (!first) {
        line_put(&p->line, ",");
        /* Room for a space in front and a comma behind. */
        if (line_left(&p->line) < strlen(text) + 2) {
            page_end_line(p);
            line_to(&p->line, PIECE_COL, 0);
        } else {
            line_put(&p->line, " ");
        }
    }
    line_put(&p->line, text);
    p->pieces++;
}

void
page_finish(struct page *p)
{
    if (p->screen)
        out_put(p->out, CLEAR_BELOW, strlen(CLEAR_BELOW));
}
