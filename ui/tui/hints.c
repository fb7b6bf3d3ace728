/* SPDX-License-Identifier: MIT */
#include "ui/tui/hints.h"

#include <string.h>

#include "ui/tui/tui.h"

#define BETWEEN 2

/* Draws a hint at column x, its key first; returns the columns. */
static int
put_hint(struct tui *t, int x, const char *key, size_t key_len,
         const char *text, size_t len)
{
    struct grid *g = &t->grid;
    int y = g->rows - 1;
    int used = grid_put(g, y, x, g->cols - x, ROLE_KEY,
                        slice_make((const uint8_t *)key, key_len), false);
    used += grid_text(g, y, x + used, g->cols - x - used, ROLE_DIM, " ");
    used += grid_put(g, y, x + used, g->cols - x - used, ROLE_DIM,
                     slice_make((const uint8_t *)text, len), false);
    hit_key(t, (struct rect){y, x, 1, used}, tui_key_named(key, key_len));
    return used;
}

/* The first key of a hint's action. */
static const char *
first_key(const struct action_hint *h, size_t *len)
{
    const char *keys = action_info(h->action)->keys;
    *len = strcspn(keys, " ");
    return keys;
}

static int
hint_cols(const struct action_hint *h)
{
    size_t len;
    (void)first_key(h, &len);
    return (int)(len + 1 + strlen(h->text));
}

static int
put_row(struct tui *t, int x, const struct action_hint *h)
{
    size_t len;
    const char *key = first_key(h, &len);
    return put_hint(t, x, key, len, h->text, strlen(h->text));
}

/* The hint of BACK in this view. */
static const struct action_hint *
last_hint(const struct tui *t)
{
    const struct action_hint *h;
    for (size_t i = 0; (h = action_hint(i)); i++)
        if (h->action == ACTION_BACK && h->views >> t->view & 1u)
            return h;
    return NULL;
}

void
hints_draw(struct tui *t)
{
    const struct action_hint *h, *last = last_hint(t);
    char reason[TUI_TEXT_MAX];
    int x = 1, end = t->grid.cols;
    if (last)
        end -= hint_cols(last) + BETWEEN;
    for (size_t i = 0; (h = action_hint(i)); i++)
        if (h->views >> t->view & 1u && h->action != ACTION_BACK &&
            x + hint_cols(h) <= end &&
            !tui_why_not(t, h->action, reason, sizeof reason))
            x += put_row(t, x, h) + BETWEEN;
    if (last)
        put_row(t, x, last);
}

void
hints_text(struct tui *t, const char *text)
{
    struct grid *g = &t->grid;
    int x = 1;
    grid_line(g, g->rows - 1, 0, g->cols, ROLE_TEXT, ' ', ' ');
    while (*text) {
        const char *end = strstr(text, "  ");
        size_t len = end ? (size_t)(end - text) : strlen(text);
        size_t key = strcspn(text, " ");
        if (x + (int)len > g->cols)
            break;
        x += put_hint(t, x, text, key, text + key + 1, len - key - 1);
        x += BETWEEN;
        text += len + (end ? 2 : 0);
    }
}
