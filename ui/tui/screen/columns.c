/* SPDX-License-Identifier: MIT */
#include "ui/tui/screen/columns.h"

#include <stdio.h>

/* Columns that are left out. */
#define OUT (-1)

static int
needed(const struct column *c, size_t n, int gap,
       const struct column_place *place)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++)
        if (place[i].cols != OUT)
            sum += (sum ? gap : 0) + c[i].cols;
    return sum;
}

/* Leaves out what has the highest rank.  False: only rank 0 is left. */
static bool
leave_out(const struct column *c, size_t n, struct column_place *place)
{
    int worst = 0;
    for (size_t i = 0; i < n; i++)
        if (place[i].cols != OUT && c[i].rank > worst)
            worst = c[i].rank;
    for (size_t i = 0; i < n && worst > 0; i++)
        if (c[i].rank == worst)
            place[i].cols = OUT;
    return worst > 0;
}

/* What is left goes to those of low rank first. */
static void
grow(const struct column *c, size_t n, int left, struct column_place *place)
{
    int rank = 0, most = 0;
    for (size_t i = 0; i < n; i++)
        most = c[i].rank > most ? c[i].rank : most;
    for (; rank <= most; rank++)
        for (size_t i = 0; i < n; i++) {
            int more = c[i].most - c[i].cols;
            if (c[i].rank != rank || place[i].cols == OUT || more <= 0)
                continue;
            more = more < left ? more : left;
            place[i].cols += more;
            left -= more;
        }
    for (size_t i = 0; i < n; i++)
        if (c[i].rest && place[i].cols != OUT)
            place[i].cols += left;
}

void
columns_fit(const struct column *c, size_t n, int x, int cols, int gap,
            struct column_place *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (struct column_place){.cols = 0};
    while (needed(c, n, gap, out) > cols && leave_out(c, n, out))
        ;
    int left = cols - needed(c, n, gap, out);
    for (size_t i = 0; i < n; i++)
        if (out[i].cols != OUT)
            out[i].cols = c[i].cols;
    grow(c, n, left > 0 ? left : 0, out);
    for (size_t i = 0; i < n; i++) {
        if (out[i].cols == OUT)
            out[i].cols = 0;
        out[i].x = x;
        if (out[i].cols > 0)
            x += out[i].cols + gap;
    }
}

void
columns_head(struct grid *g, int y, const struct column *c, size_t n,
             const struct column_place *place, size_t sorted, bool inverted)
{
    for (size_t i = 0; i < n; i++) {
        char text[40];
        const char *name = g->utf8 || !c[i].ascii ? c[i].name : c[i].ascii;
        if (place[i].cols == 0)
            continue;
        snprintf(text, sizeof text, "%s%s", name,
                 i != sorted ? ""
                 : inverted  ? "v"
                             : "^");
        int len = 0;
        for (const char *p = text; *p; p++)
            len += ((unsigned char)*p & 0xc0) != 0x80;
        int skip = c[i].right && len < place[i].cols ? place[i].cols - len : 0;
        grid_text(g, y, place[i].x + skip, place[i].cols - skip, ROLE_STRONG,
                  text);
    }
}
