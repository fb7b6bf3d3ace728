/* SPDX-License-Identifier: MIT */
#include "ui/signals.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* A second SIGINT that soon is the first one come twice: timeout(1) sends one
 * to its child and one to the group, a terminal and a wrapper one each. */
#define SAME_NS (INT64_C(200) * 1000 * 1000)

/* A handler may use atomics that need no lock (C11 section 7.14.1.1). */
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "signal handlers use atomic_int");

atomic_int signals_pending;

static atomic_int stop, rotate, figures;
static void (*_Atomic before_death)(void);
static int64_t interrupted_ns; /* only the handler's; 0: not yet */

static void
on_stop(int number)
{
    stop = number;
    signals_pending = 1;
}

static void
on_interrupt(int number)
{
    struct timespec t = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t now = (int64_t)t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
    if (interrupted_ns == 0) {
        interrupted_ns = now;
    } else if (now - interrupted_ns >= SAME_NS) {
        void (*fn)(void) = atomic_load(&before_death);
        if (fn)
            fn();
        /* Once the handler returns. */
        (void)signal(number, SIG_DFL);
        (void)raise(number);
    }
    on_stop(number);
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
take(int number, void (*handler)(int))
{
    struct sigaction old, new = {.sa_handler = handler};
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
    take(SIGINT, on_interrupt);
    take(SIGTERM, on_stop);
    take(SIGHUP, rotates ? on_rotate : on_stop);
    take(SIGUSR1, on_figures);
}

void
signals_before_death(void (*fn)(void))
{
    atomic_store(&before_death, fn);
}

int
signals_stop(void)
{
    return stop;
}

/* Reads and clears a wish. */
static bool
take_wish(atomic_int *wish)
{
    return atomic_exchange(wish, 0) != 0;
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
