/* SPDX-License-Identifier: MIT */
/*
 * broker.h - the process that opens output files for the decoder.
 *
 *   decoder                                   broker
 *     | request: kind, directory, name          |   socketpair(2),
 *     |---------------------------------------->|   AF_UNIX, SOCK_SEQPACKET:
 *     | answer: errno [+ descriptor]            |   one message is one request
 *     |<----------------------------------------|
 *
 * The decoder reads bytes of strangers and can open nothing.  What it asks
 * for is therefore believed to come from a stranger too.  The broker
 *  - knows the directories that it was started with, by number;
 *  - takes plain names only (no '/', no "..", 1 to 255 bytes), that begin and
 *    end as the directory's rule says, so that `-w ~/x.pcap` does not put
 *    ~/.profile in reach;
 *  - opens for writing only; regular files, which it empties, FIFOs and
 *    /dev/null; never through a symbolic link;
 *  - removes only what it has made or emptied itself;
 *  - takes no descriptors.
 *
 * Files are made with mode 0600: a capture holds what people wrote.
 *
 * It has the ids of privileges_for_broker(), no capability (privileges.h has
 * the one exception), a filter of system calls and Landlock.  It ends when its
 * socket is closed, not before: signals of the terminal do not reach it,
 * because the last file may be opened after ^C.  Linux; elsewhere
 * broker_start() says ERR_UNSUPPORTED.
 */
#ifndef UI_BROKER_H
#define UI_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "ui/guard.h"
#include "ui/privileges.h"

#define BROKER_DIRS_MAX 8u
#define BROKER_NAME_MAX 255u
/* Names that are remembered for broker_remove(), more than SAVE_RING_MAX of
 * save.h; then the oldest is forgotten and stays on the disk. */
#define BROKER_MADE_MAX 131072u

/* Files in directories whose files must be fresh. */
#define BROKER_FRESH_MAX 1000u

/* A directory to write in. */
struct broker_dir {
    const char *path;
    /* How every name must begin and end; NULL: as it likes, but not with a
     * dot.  Prefix and suffix do not overlap: "a" and "a" do not allow "a". */
    const char *prefix;
    const char *suffix;
    /* Makes it when it is not there (output_dir.h); else it has to be empty,
     * unless any. */
    bool make, any;
    /* Only files that are not there yet, BROKER_FRESH_MAX at most, and none is
     * removed: for files that a person asks for now and then. */
    bool fresh;
};

struct broker_options {
    const struct broker_dir *dirs;
    size_t n_dirs; /* 1 .. BROKER_DIRS_MAX */
    /* The decoder's plan; NULL: stay who you are (tests, --no-sandbox). */
    const struct privileges *privileges;
    bool sandbox; /* sandbox_enter() */
};

/* The decoder's end.  Members are for broker.c and tests; socket is also what
 * sandbox_enter() wants to know. */
struct broker {
    int socket;
    pid_t pid;
};

/*
 * Forks the broker.  To be called while the process has one thread; best
 * before devices are opened, since a mapped packet ring is inherited though
 * its descriptor is closed (packet(7)).
 *
 * The directories are opened by the broker after it gave up its privileges:
 * with the rights of the user it became.
 *
 * Errors, with the reason in *e and no process left behind: ERR_OPEN (a
 * directory), ERR_REFUSED (fork, privileges, sandbox), ERR_NOMEM,
 * ERR_UNSUPPORTED.
 */
enum err broker_start(struct broker *b, const struct broker_options *o,
                      struct guard_error *e) ERR_CHECK;

/*
 * Makes or empties the file name in directory dir (an index into
 * broker_options.dirs); of a `fresh` one it only makes.  Returns a descriptor
 * for writing, close-on-exec, that the caller closes; -1 with errno: that of
 * open(2), and
 *   EINVAL  the name is none
 *   EPERM   the name does not begin or end as agreed, or it is a device, or a
 *           FIFO of another user
 *   EDQUOT  there were BROKER_FRESH_MAX of them
 *   EEXIST  it is there already, and only fresh files may be made
 *   ELOOP   it is a symbolic link
 *   ENXIO   it is a FIFO that nobody reads
 *   EPIPE   the broker has died
 */
int broker_create(struct broker *b, unsigned dir, const char *name);

/* Removes a regular file that broker_create() made or emptied in this run: 0,
 * or -1 with errno (EPERM: it did not; EPIPE; unlink(2)). */
int broker_remove(struct broker *b, unsigned dir, const char *name);

/* Ends the broker and waits for it.  Does nothing after a failed
 * broker_start() or a second time. */
void broker_stop(struct broker *b);

#endif /* UI_BROKER_H */
