/* SPDX-License-Identifier: MIT */
/*
 * progress.h - one line on standard error while reading takes long.
 *
 * It appears after a second of real time, is drawn again four times a second
 * at most, and only on a terminal.  The clock is looked at once in 65,536
 * packets, so that asking costs nothing.
 */
#ifndef UI_PROGRESS_H
#define UI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct source_info;

/* Embed it; the members are for progress.c and progress_step(). */
struct progress {
    FILE *out;
    int64_t start_ns; /* of the clock that now_ns comes from */
    int64_t next_ns;  /* do not draw before */
    unsigned columns; /* of the terminal */
    bool on;
    bool shown; /* the line is on the screen now */
};

/* Starts the clock.  Nothing will ever be drawn unless out is a terminal. */
void progress_init(struct progress *p, FILE *out);

/* Draws if it is time to; use progress_step(). */
void progress_look(struct progress *p, const struct source_info *info,
                   uint64_t packets);

/* What progress_look() does, at a time given in ns since any start (tests). */
void progress_draw(struct progress *p, const struct source_info *info,
                   uint64_t packets, int64_t now_ns);

/* To be called after each packet; packets is how many were read so far. */
static inline void
progress_step(struct progress *p, const struct source_info *info,
              uint64_t packets)
{
    if ((packets & 0xffffu) == 0 && p->on)
        progress_look(p, info, packets);
}

/* Takes the line off the screen; call it before anything else is written to
 * the terminal, and at the end.  Costs one comparison when there is none. */
void progress_clear(struct progress *p);

#endif /* UI_PROGRESS_H */
