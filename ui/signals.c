/* SPDX-License-Identifier: MIT */
#include "ui/signals.h"

#include <stddef.h>

volatile sig_atomic_t signals_pending;

static volatile sig_atomic_t stop, rotate, figures;

static void
on_stop(int number)
{
    stop = number;
    signals_pending = 1;
}

static void
on_rotate(int number)
{
    (void)number;
    rotate = 1;
    signals_pending = 1;
}

static void
on_figures(int number)
{
    (void)number;
    figures = 1;
    signals_pending = 1;
}

/* Without SA_RESTART: a read() that waits ends with EINTR, and its caller
 * looks here. */
static void
take(int number, void (*handler)(int), int flags)
{
    struct sigaction old, new = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&new.sa_mask);
    /* nohup(1) is obeyed.  Shells ignore SIGINT for what they start with &, and
     * `kill -INT` must end that all the same. */
    if (number == SIGHUP && sigaction(number, NULL, &old) == 0 &&
        old.sa_handler == SIG_IGN)
        return;
    (void)sigaction(number, &new, NULL);
}

void
signals_init(bool rotates)
{
    /* The second one finds the default: the end. */
    take(SIGINT, on_stop, (int)SA_RESETHAND);
    take(SIGTERM, on_stop, 0);
    take(SIGHUP, rotates ? on_rotate : on_stop, 0);
    take(SIGUSR1, on_figures, 0);
}

int
signals_stop(void)
{
    return stop;
}

/* Reads and clears a wish. */
static bool
take_wish(volatile sig_atomic_t *wish)
{
    bool was = *wish != 0;
    *wish = 0;
    return was;
}

bool
signals_take_rotate(void)
{
    return take_wish(&rotate);
}

bool
signals_take_figures(void)
{
    return take_wish(&figures);
}
