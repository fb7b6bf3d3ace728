/* SPDX-License-Identifier: MIT */
#include "ui/tui/layers/ask.h"

#include "ui/tui/tui.h"

static void
draw(struct tui *t, struct rect body)
{
    struct grid *g = &t->grid;
    int y = g->rows - 1;
    (void)body;
    grid_line(g, y, 0, g->cols, ROLE_TEXT, ' ', ' ');
    int x = grid_text(g, y, 0, g->cols, ROLE_KEY, t->ask_label);
    prompt_draw(&t->prompt, g, y, x, g->cols - x);
}

static void
key(struct tui *t, struct tty_key key)
{
    if (key.code == TTY_KEY_ESCAPE || key.ch == 3) {
        t->layer = NULL;
    } else if (key.code == TTY_KEY_ENTER) {
        t->layer = NULL;
        t->ask_done(t);
    } else {
        (void)prompt_key(&t->prompt, key);
    }
}

static const struct layer layer_ask = {.draw = draw,
                                       .key = key,
                                       .takes_paste = true};

void
ask(struct tui *t, const char *label, const char *text,
    void (*done)(struct tui *t))
{
    t->ask_label = label;
    t->ask_done = done;
    prompt_set(&t->prompt, text);
    t->layer = &layer_ask;
}
