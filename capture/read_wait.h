/* SPDX-License-Identifier: MIT */
/*
 * read_wait.h - what to do while a file or pipe has nothing to read: its owner
 * is asked how long that may last, and a file that still grows is waited for.
 */
#ifndef CAPTURE_READ_WAIT_H
#define CAPTURE_READ_WAIT_H

#include <stdatomic.h>
#include <stdbool.h>

/* Called while there is nothing to read: when a read would block, and then
 * again and again.  Returns how long the next wait may be, ms (signals end it
 * early), or -1: read no more. */
typedef int (*read_idle_fn)(void *ctx);

/* Zeroed: read() blocks, and its 0 is the end of the file. */
struct read_wait {
    read_idle_fn idle; /* NULL: nobody wants to be asked */
    void *ctx;
    /* When not 0, idle is called before each read, too, so that input without
     * an end can be left; NULL: never.  Needs idle. */
    const atomic_int *interrupt;
    bool follow;  /* at the end of a regular file, wait for more; needs idle */
    bool stopped; /* idle said so */
};

/* Waits until read() from fd would not block; false: stopped. */
bool read_wait_ready(struct read_wait *w, int fd);

/* At the end of fd: waits a little and returns true when reading should be
 * tried again, false when that was the end. */
bool read_wait_more(struct read_wait *w, int fd);

#endif /* CAPTURE_READ_WAIT_H */
