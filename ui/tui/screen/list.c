/* SPDX-License-Identifier: MIT */
#include "ui/tui/screen/list.h"

static void
show_cursor(struct list *l)
{
    if (l->cursor < l->top)
        l->top = l->cursor;
    if (l->height > 0 && l->cursor >= l->top + l->height)
        l->top = l->cursor - l->height + 1;
}

void
list_fit(struct list *l, size_t n, size_t height)
{
    l->n = n;
    l->height = height;
    if (n == 0) {
        l->cursor = l->top = 0;
        return;
    }
    if (l->follow || l->cursor >= n)
        l->cursor = n - 1;
    if (l->top >= n)
        l->top = n - 1;
    /* No blank rows at the end while there are rows above. */
    if (height > 0 && n >= height && l->top > n - height)
        l->top = n - height;
    if (n < height)
        l->top = 0;
    if (!l->away)
        show_cursor(l);
}

void
list_go(struct list *l, size_t row)
{
    if (l->n == 0)
        return;
    l->cursor = row < l->n ? row : l->n - 1;
    l->follow = l->away = false;
    show_cursor(l);
}

void
list_move(struct list *l, long rows)
{
    size_t to = l->cursor;
    if (rows < 0)
        to = (size_t)-rows > to ? 0 : to - (size_t)-rows;
    else
        to += (size_t)rows;
    list_go(l, to);
}

void
list_first(struct list *l)
{
    list_go(l, 0);
}

void
list_last(struct list *l, bool follow)
{
    if (l->n > 0)
        list_go(l, l->n - 1);
    l->follow = follow;
}

void
list_scroll(struct list *l, long rows)
{
    size_t most = l->n > l->height ? l->n - l->height : 0;
    if (rows < 0)
        l->top = (size_t)-rows > l->top ? 0 : l->top - (size_t)-rows;
    else
        l->top = (size_t)rows > most - (l->top < most ? l->top : most)
                     ? most
                     : l->top + (size_t)rows;
    l->follow = false;
    l->away = true;
}

void
list_keep(struct list *l, size_t row)
{
    size_t line = l->cursor - l->top;
    if (l->top > 0)
        l->top = row > line ? row - line : 0;
    l->cursor = row;
}

size_t
list_below(const struct list *l)
{
    size_t shown = l->top + l->height;
    return l->n > shown ? l->n - shown : 0;
}
