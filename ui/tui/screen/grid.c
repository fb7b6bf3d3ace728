/* SPDX-License-Identifier: MIT */
#include "ui/tui/screen/grid.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/text.h"

/* Of one text on one row, bytes; rows beyond are cut. */
#define TEXT_MAX 4096u

/* No screen has more; 96 MiB. */
#define CELLS_MAX ((size_t)1 << 22)

static const struct cell blank = {.ch = {' '}, .role = ROLE_TEXT};

void
grid_clear(struct grid *g)
{
    for (size_t i = 0; i < (size_t)g->rows * (size_t)g->cols; i++)
        g->cells[i] = blank;
}

bool
grid_resize(struct grid *g, int rows, int cols)
{
    rows = rows < 1 ? 1 : rows;
    cols = cols < 1 ? 1 : cols;
    if ((size_t)rows > CELLS_MAX / (size_t)cols)
        return false;
    struct cell *cells =
        realloc(g->cells, (size_t)rows * (size_t)cols * sizeof *cells);
    if (!cells)
        return false;
    g->cells = cells;
    g->rows = rows;
    g->cols = cols;
    grid_clear(g);
    return true;
}

void
grid_fini(struct grid *g)
{
    free(g->cells);
    g->cells = NULL;
}

/* A wide character of which one half is overwritten leaves a blank. */
static void
break_wide(struct grid *g, int y, int x)
{
    if (grid_cell(g, y, x)->ch[0] == 0 && x > 0)
        *grid_cell(g, y, x - 1) = blank;
    if (x + 1 < g->cols && grid_cell(g, y, x + 1)->ch[0] == 0)
        *grid_cell(g, y, x + 1) = blank;
}

static void
set_cell(struct grid *g, int y, int x, enum role role, uint32_t ch,
         unsigned width)
{
    break_wide(g, y, x);
    if (width == 2)
        break_wide(g, y, x + 1);
    *grid_cell(g, y, x) = (struct cell){.ch = {ch}, .role = (uint8_t)role};
    if (width == 2)
        *grid_cell(g, y, x + 1) = (struct cell){.role = (uint8_t)role};
}

static void
add_mark(struct cell *c, uint32_t mark)
{
    for (size_t i = 1; i < GRID_CHARS_MAX; i++)
        if (c->ch[i] == 0) {
            c->ch[i] = mark;
            return;
        }
}

/* U+FE0E and U+FE0F.  Terminals disagree on how wide they make a character, and
 * then all behind it would stand elsewhere than curses believes: they are not
 * sent, and their column (text.h) stays blank. */
static bool
is_selector(uint32_t ch)
{
    return ch == 0xfe0e || ch == 0xfe0f;
}

/* Puts safe UTF-8 that fits. */
static int
put_safe(struct grid *g, int y, int x, enum role role, const uint8_t *text,
         size_t len)
{
    int start = x, base = x;
    for (size_t at = 0; at < len;) {
        uint32_t ch;
        size_t n = utf8_decode(slice_make(text + at, len - at), &ch);
        if (n == 0)
            break;
        at += n;
        unsigned width = text_width(ch);
        if (is_selector(ch)) {
            if (x == base + 1)
                set_cell(g, y, x++, role, ' ', 1);
        } else if (width > 0) {
            base = x;
            set_cell(g, y, x, role, ch, width);
            x += (int)width;
        } else if (x > start) {
            add_mark(grid_cell(g, y, base), ch);
        }
    }
    return x - start;
}

int
grid_put(struct grid *g, int y, int x, int cols, enum role role,
         struct slice text, bool more)
{
    uint8_t safe[TEXT_MAX];
    if (y < 0 || y >= g->rows || x < 0 || x >= g->cols)
        return 0;
    if (cols > g->cols - x)
        cols = g->cols - x;
    if (cols <= 0)
        return 0;
    struct text_fit fit =
        text_take(text, more, g->utf8, (size_t)cols, safe, sizeof safe);
    bool cut = more || fit.in_len < text.len;
    if (cut && fit.cols == (size_t)cols)
        fit =
            text_take(text, more, g->utf8, (size_t)cols - 1, safe, sizeof safe);
    int used = put_safe(g, y, x, role, safe, fit.out_len);
    if (cut && used < cols) {
        set_cell(g, y, x + used, ROLE_DIM, '~', 1);
        used++;
    }
    return used;
}

int
grid_text(struct grid *g, int y, int x, int cols, enum role role,
          const char *text)
{
    return grid_put(g, y, x, cols, role, slice_cstr(text), false);
}

int
grid_format(struct grid *g, int y, int x, int cols, enum role role,
            const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return grid_text(g, y, x, cols, role, text);
}

void
grid_line(struct grid *g, int y, int x, int cols, enum role role, uint32_t ch,
          char ascii)
{
    if (y < 0 || y >= g->rows)
        return;
    for (int i = 0; i < cols; i++)
        if (x + i >= 0 && x + i < g->cols)
            set_cell(g, y, x + i, role, g->utf8 ? ch : (uint32_t)ascii, 1);
}

void
grid_role(struct grid *g, int y, int x, int cols, enum role role)
{
    for (int i = x < 0 ? 0 : x; i < x + cols && i < g->cols; i++)
        if (y >= 0 && y < g->rows)
            grid_cell(g, y, i)->role = (uint8_t)role;
}

void
grid_cursor(struct grid *g, int y, int x, int cols)
{
    for (int i = x < 0 ? 0 : x; i < x + cols && i < g->cols; i++)
        if (y >= 0 && y < g->rows)
            grid_cell(g, y, i)->cursor = true;
}

void
grid_title(struct grid *g, struct rect r, bool focused, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    grid_line(g, r.y, r.x, r.cols, ROLE_DIM, 0x2500, '-');
    if (r.cols < 8)
        return;
    enum role role = focused ? ROLE_TITLE : ROLE_DIM;
    int used = grid_text(g, r.y, r.x + 3, r.cols - 5, role, text);
    grid_text(g, r.y, r.x + 2, 1, role, " ");
    grid_text(g, r.y, r.x + 3 + used, 1, role, " ");
}

/* RFC 3629 section 3. */
size_t
grid_encode(uint32_t ch, uint8_t out[4])
{
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned more = ch < 0x80 ? 0 : ch < 0x800 ? 1 : ch < 0x10000 ? 2 : 3;
    out[0] = (uint8_t)(lead[more] | ch >> (6 * more));
    for (unsigned i = 1; i <= more; i++)
        out[i] = (uint8_t)(0x80 | (ch >> (6 * (more - i)) & 0x3f));
    return more + 1;
}

void
grid_write(const struct grid *g, struct out *o)
{
    for (int y = 0; y < g->rows; y++) {
        int end = g->cols;
        while (end > 0 && grid_cell(g, y, end - 1)->ch[0] == ' ' &&
               grid_cell(g, y, end - 1)->ch[1] == 0)
            end--;
        for (int x = 0; x < end; x++) {
            const struct cell *c = grid_cell(g, y, x);
            for (size_t i = 0; i < GRID_CHARS_MAX && c->ch[i]; i++) {
                uint8_t *p = out_reserve(o, 4);
                out_commit(o, p + grid_encode(c->ch[i], p));
            }
        }
        out_put(o, "\n", 1);
    }
}
