/* SPDX-License-Identifier: MIT */
/*
 * signals.h - what signals asked for, to be looked at between packets.
 *
 *   SIGINT   end cleanly; a second one, 0.2 s later or more, ends at once
 *   SIGTERM  end cleanly
 *   SIGHUP   with rotate: begin the next file (-w); else end cleanly
 *   SIGUSR1  show the figures so far
 *
 * Any thread may look.
 */
#ifndef UI_SIGNALS_H
#define UI_SIGNALS_H

#include <stdatomic.h>
#include <stdbool.h>

/* Not 0: something was asked for; look at the calls below.  Cheap enough for
 * each packet. */
extern atomic_int signals_pending;

/* Takes the signals over, but for a SIGHUP that is ignored (nohup).  Once a
 * program. */
void signals_init(bool rotate);

/* Called, from the handler, before a second SIGINT ends the program at once:
 * may only do what a handler may (signal-safety(7)).  NULL: nothing. */
void signals_before_death(void (*fn)(void));

/* The signal that asked to end, or 0. */
int signals_stop(void);

/* Whether it was asked for since the last call. */
bool signals_take_rotate(void);
bool signals_take_figures(void);

#endif /* UI_SIGNALS_H */
