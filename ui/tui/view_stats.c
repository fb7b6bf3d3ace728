/* SPDX-License-Identifier: MIT */
/* Statistics: the tables of `wsray stats`. */
#include <stdio.h>
#include <string.h>

#include "ui/tui/tui.h"

static void
draw(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    struct out text;
    if (!t->stats || out_init(&text, -1) != ERR_OK) {
        grid_text(g, r.y, r.x + 1, r.cols - 1, ROLE_DIM, "no statistics");
        return;
    }
    stats_render(t->stats, NULL, &text);
    /* One line of the tables is one row of the list. */
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\n';
    list_fit(&t->stats_list, n, (size_t)r.rows);
    hit_list(t, r, &t->stats_list);
    const uint8_t *at = text.ptr, *end = text.ptr + text.len;
    for (size_t row = 0; at < end; row++) {
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = stop ? (size_t)(stop - at) : (size_t)(end - at);
        if (row >= t->stats_list.top &&
            row < t->stats_list.top + t->stats_list.height) {
            bool heading = len > 0 && at[0] != ' ';
            grid_put(g, r.y + (int)(row - t->stats_list.top), r.x, r.cols,
                     heading ? ROLE_STRONG : ROLE_TEXT, slice_make(at, len),
                     false);
        }
        at += len + 1;
    }
    out_fini(&text);
}

static struct list *
list(struct tui *t)
{
    return &t->stats_list;
}

const struct view view_stats = {
    .draw = draw,
    .list = list,
};
