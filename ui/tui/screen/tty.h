/* SPDX-License-Identifier: MIT */
/*
 * tty.h - the terminal: grids onto it, keys from it.  The one file that knows
 * curses.
 *
 * Only the main thread calls it.  What it changed is undone by tty_close(),
 * and by a handler when the process dies of a signal.
 */
#ifndef UI_TUI_TTY_H
#define UI_TUI_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/tui/screen/grid.h"

struct tty;

/* What is no character. */
enum tty_key_code {
    TTY_KEY_NONE = 0,
    TTY_KEY_UP,
    TTY_KEY_DOWN,
    TTY_KEY_LEFT,
    TTY_KEY_RIGHT,
    TTY_KEY_PAGE_UP,
    TTY_KEY_PAGE_DOWN,
    TTY_KEY_HOME,
    TTY_KEY_END,
    TTY_KEY_ENTER,
    TTY_KEY_ESCAPE,
    TTY_KEY_TAB,
    TTY_KEY_BACK_TAB,
    TTY_KEY_BACKSPACE,
    TTY_KEY_DELETE,
    TTY_KEY_RESIZE,
    TTY_KEY_PASTE,     /* pasted text begins */
    TTY_KEY_PASTE_END, /* and ends */
    TTY_KEY_MOUSE,     /* pressed at y, x */
    TTY_KEY_WHEEL_UP,
    TTY_KEY_WHEEL_DOWN,
    TTY_KEY_F1, /* to F12 = TTY_KEY_F1 + 11 */
};

/* ch 0: code; a control character is ch 1 .. 26 (Ctrl-A ..). */
struct tty_key {
    uint32_t ch;
    enum tty_key_code code;
    int y, x;   /* with the mouse */
    bool twice; /* the second press there in a short time */
};

struct tty_options {
    bool color; /* else bold, underline and reverse */
    bool mouse;
};

#define TTY_REASON_MAX 160u

/* Takes the terminal over.  NULL: it cannot be used, and reason says why; it is
 * as it was. */
struct tty *tty_open(const struct tty_options *o, char reason[TTY_REASON_MAX]);
/* NULL is fine. */
void tty_close(struct tty *t);

/* Gives the terminal back as it was, from a handler of signals
 * (signal-safety(7)) of a process that is about to die.  Does nothing while
 * none is taken over. */
void tty_restore(void);

void tty_size(const struct tty *t, int *rows, int *cols);

/* Shows what differs from the grid shown last. */
void tty_draw(struct tty *t, const struct grid *g);

/* Whether it reports the mouse. */
void tty_mouse(struct tty *t, bool on);

/* Everything is drawn again the next time. */
void tty_redraw(struct tty *t);

/* Sends bytes to the clipboard of the terminal (OSC 52 of xterm), in base64.
 * The terminal does not answer: whether it takes them is not known. */
void tty_copy(struct tty *t, struct slice bytes);

/* Waits for a key, a signal, or ms.  False: the terminal is gone. */
bool tty_wait(struct tty *t, int ms);

/* The next key; TTY_KEY_NONE: there is none. */
struct tty_key tty_key(struct tty *t);

/* Gives the terminal back, stops the process as Ctrl-Z does, and takes it over
 * again when it goes on. */
void tty_suspend(struct tty *t);

#endif /* UI_TUI_TTY_H */
