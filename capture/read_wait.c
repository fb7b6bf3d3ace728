/* SPDX-License-Identifier: MIT */
#include "capture/read_wait.h"

#include <poll.h>
#include <stddef.h>
#include <sys/stat.h>

/* A growing file is looked at this often: inotify(7) would have to be opened
 * before the sandbox closes, and says nothing on network file systems. */
#define FOLLOW_MS 20

/* How long to wait, ms; -1: not at all any more. */
static int
ask(struct read_wait *w)
{
    int ms = w->idle(w->ctx);
    w->stopped = ms < 0;
    return ms;
}

bool
read_wait_ready(struct read_wait *w, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (!w->idle)
        return true;
    if (w->interrupt && *w->interrupt && ask(w) < 0)
        return false;
    while (poll(&p, 1, 0) <= 0) {
        int ms = ask(w);
        if (ms < 0)
            return false;
        (void)poll(&p, 1, ms);
    }
    return true;
}

bool
read_wait_more(struct read_wait *w, int fd)
{
    struct stat st;
    if (!w->follow || !w->idle || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    int ms = ask(w);
    if (ms < 0)
        return false;
    (void)poll(NULL, 0, ms < FOLLOW_MS ? ms : FOLLOW_MS);
    return true;
}
