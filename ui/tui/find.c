/* SPDX-License-Identifier: MIT */
#include "ui/tui/find.h"

#include <stdio.h>

#include "ui/tui/tui.h"

static void
draw(struct tui *t, struct rect body)
{
    struct grid *g = &t->grid;
    int y = g->rows - 1;
    (void)body;
    grid_line(g, y, 0, g->cols, ROLE_TEXT, ' ', ' ');
    int x = grid_text(g, y, 0, g->cols, ROLE_KEY, " find: ");
    prompt_draw(&t->prompt, g, y, x, g->cols - x);
}

static void
key(struct tui *t, struct tty_key key)
{
    if (key.code == TTY_KEY_ESCAPE || key.ch == 3) {
        t->layer = NULL;
    } else if (key.code == TTY_KEY_ENTER) {
        t->layer = NULL;
        snprintf(t->find, sizeof t->find, "%s", t->prompt.text);
        find_next(t, true);
    } else {
        (void)prompt_key(&t->prompt, key);
    }
}

static const struct layer layer_find = {.draw = draw,
                                        .key = key,
                                        .takes_paste = true};

void
find_ask(struct tui *t)
{
    prompt_set(&t->prompt, "");
    t->layer = &layer_find;
}

void
find_next(struct tui *t, bool forward)
{
    const struct view *v = tui_view(t);
    struct list *l = v->list ? v->list(t) : NULL;
    if (!v->match || !l || l->n == 0) {
        tui_say(t, "nothing to find in this view");
        return;
    }
    if (!t->find[0])
        return;
    for (size_t i = 1; i <= l->n; i++) {
        size_t row = (l->cursor + (forward ? i : l->n - i % l->n)) % l->n;
        if (v->match(t, row, t->find)) {
            bool wrapped = forward ? row <= l->cursor : row >= l->cursor;
            list_go(l, row);
            if (wrapped)
                tui_say(t, "found again from the other end");
            return;
        }
    }
    tui_say(t, "not found: %.100s", t->find);
}
