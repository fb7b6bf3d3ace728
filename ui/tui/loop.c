/* SPDX-License-Identifier: MIT */
/* The interface on a terminal: draws, waits, takes keys. */
#include "ui/tui/store/monotonic.h"
#include "ui/tui/tui.h"

/* How often the screen is drawn while something comes. */
#define REDRAW_MS 33
/* How often it looks for signals when nothing comes. */
#define IDLE_MS 500

static bool
draw_on(struct tui *t, struct tty *tty)
{
    int rows, cols;
    tty_size(tty, &rows, &cols);
    if ((t->grid.rows != rows || t->grid.cols != cols) &&
        !grid_resize(&t->grid, rows, cols))
        return false;
    tui_draw(t);
    tty_mouse(tty, t->mouse);
    if (t->redraw)
        tty_redraw(tty);
    t->redraw = false;
    tty_draw(tty, &t->grid);
    return true;
}

/* What a key made the views look at may be many rows here and there. */
static void
rest(struct tui *t)
{
    store_lock(t->store);
    store_rest(t->store);
    store_unlock(t->store);
}

bool
tui_loop(struct tui *t, struct tty *tty, void (*tick)(void *ctx), void *ctx)
{
    bool keys = false;
    while (!t->quit) {
        struct tty_key key;
        /* Asked before drawing: what comes last is drawn soon, too. */
        bool loading = atomic_load(t->loading);
        tick(ctx);
        t->now_ns = monotonic_ns();
        if (!draw_on(t, tty))
            return false;
        if (keys)
            rest(t);
        keys = false;
        int wait_ms = t->busy ? 0 : loading ? REDRAW_MS : IDLE_MS;
        if (!tty_wait(tty, wait_ms))
            return false;
        while (!t->quit &&
               ((key = tty_key(tty)).code != TTY_KEY_NONE || key.ch)) {
            tui_key(t, key);
            keys = true;
            if (t->suspend)
                tty_suspend(tty);
            t->suspend = false;
        }
    }
    return true;
}
