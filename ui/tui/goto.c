/* SPDX-License-Identifier: MIT */
#include "ui/tui/goto.h"

#include "ui/tui/palette.h"
#include "ui/tui/tui.h"

void
goto_row(struct tui *t, size_t row)
{
    const struct view *v = tui_view(t);
    struct list *l = v->list ? v->list(t) : NULL;
    if (!l || l->n == 0)
        tui_say(t, "there are no rows here");
    else if (row > l->n)
        tui_say(t, "there are %zu rows", l->n);
    else
        list_go(l, row - 1);
}

static void
draw(struct tui *t, struct rect body)
{
    struct grid *g = &t->grid;
    int y = g->rows - 1;
    (void)body;
    grid_line(g, y, 0, g->cols, ROLE_TEXT, ' ', ' ');
    int x = grid_text(g, y, 0, g->cols, ROLE_KEY, " row: ");
    prompt_draw(&t->prompt, g, y, x, g->cols - x);
}

static void
key(struct tui *t, struct tty_key key)
{
    size_t row;
    if (key.code == TTY_KEY_ESCAPE || key.ch == 3) {
        t->layer = NULL;
    } else if (key.code == TTY_KEY_ENTER) {
        t->layer = NULL;
        if (palette_row(t->prompt.text, &row))
            goto_row(t, row);
        else if (t->prompt.len > 0)
            tui_say(t, "that is no number of a row");
    } else {
        (void)prompt_key(&t->prompt, key);
    }
}

static const struct layer layer_goto = {.draw = draw,
                                        .key = key,
                                        .takes_paste = true};

void
goto_ask(struct tui *t)
{
    prompt_set(&t->prompt, "");
    t->layer = &layer_goto;
}
