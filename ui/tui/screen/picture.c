/* SPDX-License-Identifier: MIT */
#include "ui/tui/screen/picture.h"

#include <stdio.h>
#include <string.h>

/* Of a cell, in the picture's units: those of most fixed-width fonts at 14. */
#define CELL_WIDTH 8.4
#define CELL_HEIGHT 18
#define BASELINE 13
#define FONT_SIZE 14

#define GROUND "#1c1c1c"
#define INK "#d0d0d0"

#define ROLE(symbol, mono, fg8, bg8, fg256, bg256) {mono, fg256, bg256},
static const struct style {
    unsigned mono; /* 1: bold */
    int fg, bg;    /* of 256; -1: the terminal's own */
} styles[] = {
#include "ui/tui/screen/role.def"
};
#undef ROLE

/* One of the 256 colours of xterm as "#rrggbb": 16 of its own, a cube of 6 x 6
 * x 6, 24 greys. */
static void
color_text(int color, const char *otherwise, char out[8])
{
    static const char *const first[] = {"#000000", "#cd3131", "#0dbc79",
                                        "#e5e510", "#2472c8", "#bc3fbc",
                                        "#11a8cd", "#e5e5e5", "#666666",
                                        "#f14c4c", "#23d18b", "#f5f543",
                                        "#3b8eea", "#d670d6", "#29b8db",
                                        "#ffffff"};
    static const unsigned steps[] = {0, 95, 135, 175, 215, 255};
    unsigned c = (unsigned)color, grey = (8 + 10 * (c - 232)) & 255u;
    if (color < 0)
        snprintf(out, 8, "%s", otherwise);
    else if (c < 16)
        snprintf(out, 8, "%s", first[c]);
    else if (c < 232)
        snprintf(out, 8, "#%02x%02x%02x", steps[(c - 16) / 36],
                 steps[(c - 16) / 6 % 6], steps[(c - 16) % 6]);
    else
        snprintf(out, 8, "#%02x%02x%02x", grey, grey, grey);
}

static void
put_char(struct out *o, uint32_t ch)
{
    uint8_t utf8[4];
    if (ch == '<')
        out_format(o, "&lt;");
    else if (ch == '>')
        out_format(o, "&gt;");
    else if (ch == '&')
        out_format(o, "&amp;");
    else
        /* Renderers make one of several blanks, but not of these. */
        out_put(o, utf8, grid_encode(ch == ' ' ? 0xa0 : ch, utf8));
}

static bool
same_style(const struct cell *a, const struct cell *b)
{
    return a->role == b->role && a->cursor == b->cursor;
}

static bool
is_blank(const struct cell *c)
{
    return c->ch[0] == ' ' && c->ch[1] == 0;
}

/* Cells [from, to) of a row, which look alike. */
static void
put_run(const struct grid *g, struct out *o, int y, int from, int to)
{
    const struct cell *c = grid_cell(g, y, from);
    const struct style *style = &styles[c->cursor ? ROLE_CURSOR : c->role];
    char fg[8], bg[8];
    color_text(style->fg, INK, fg);
    color_text(style->bg, GROUND, bg);
    if (style->bg >= 0)
        out_format(o,
                   "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
                   "fill=\"%s\"/>",
                   from * CELL_WIDTH, y * CELL_HEIGHT, (to - from) * CELL_WIDTH,
                   CELL_HEIGHT, bg);
    while (from < to && is_blank(grid_cell(g, y, from)))
        from++;
    while (from < to && is_blank(grid_cell(g, y, to - 1)))
        to--;
    if (from == to)
        return;
    out_format(o,
               "<text x=\"%.1f\" y=\"%d\" textLength=\"%.1f\" "
               "lengthAdjust=\"spacingAndGlyphs\" fill=\"%s\"%s>",
               from * CELL_WIDTH, y * CELL_HEIGHT + BASELINE,
               (to - from) * CELL_WIDTH, fg,
               style->mono == 1 ? " font-weight=\"bold\"" : "");
    for (int i = from; i < to; i++)
        for (size_t k = 0; k < GRID_CHARS_MAX && grid_cell(g, y, i)->ch[k]; k++)
            put_char(o, grid_cell(g, y, i)->ch[k]);
    out_format(o, "</text>\n");
}

void
picture_write(const struct grid *g, struct out *o)
{
    double width = g->cols * CELL_WIDTH;
    int height = g->rows * CELL_HEIGHT;
    out_format(
        o,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.1f %d\" "
        "font-family=\"monospace\" font-size=\"%d\">\n",
        width, height, FONT_SIZE);
    out_format(o, "<rect width=\"100%%\" height=\"100%%\" fill=\"" GROUND
                  "\"/>\n");
    for (int y = 0; y < g->rows; y++)
        for (int x = 0, end; x < g->cols; x = end) {
            end = x + 1;
            while (end < g->cols &&
                   same_style(grid_cell(g, y, x), grid_cell(g, y, end)))
                end++;
            put_run(g, o, y, x, end);
        }
    out_format(o, "</svg>\n");
}
