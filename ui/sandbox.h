/* SPDX-License-Identifier: MIT */
/*
 * sandbox.h - what a process may still ask the kernel for once it reads
 * bytes of strangers.
 *
 * Two walls, each of which would do: a filter of system calls (libseccomp,
 * seccomp(2); what is not on the list fails with EPERM) and Landlock
 * (landlock.h; nothing can be opened, whoever asks).  The decoder works on
 * the descriptors it has.  It can start threads, but no process; it can
 * neither open nor connect, gain executable memory, or signal anyone but
 * itself; frames it cannot send.  Output files come from the broker
 * (broker.h), whose list is shorter still.
 *
 * What the filter cannot see: a path.  fstat(2) is newfstatat() in glibc, so
 * that a taken-over decoder could learn whether a file exists, not read it.
 *
 * Threads started later must end by returning: pthread_exit() and
 * pthread_cancel() load a library (libgcc_s).
 */
#ifndef UI_SANDBOX_H
#define UI_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "ui/guard.h"

enum sandbox_profile { SANDBOX_DECODER = 0, SANDBOX_BROKER };

struct sandbox_options {
    enum sandbox_profile profile;
    /* DECODER: the socket to the broker, -1 without one; the only one that
     * messages can be sent on.  BROKER: its socket. */
    int socket;
    /* DECODER: descriptors that can be written to but must not be, packet
     * sockets above all: what is written to them goes out on the wire. */
    const int *read_only;
    size_t n_read_only;
    /* BROKER: descriptors of the directories to write in. */
    const int *dirs;
    size_t n_dirs;
    /* For tests: one wall alone. */
    bool without_filter;
    bool without_landlock;
};

/* What is in force. */
struct sandbox_state {
    bool entered;
    bool filter;
    int landlock_abi; /* 0: none */
    bool no_capabilities;
};

/* This build and this kernel can filter system calls. */
bool sandbox_has_filter(void);

/*
 * Loads what libraries would load only when first needed, and then could not:
 * the time zone, tables of the locale's character set, OpenSSL's
 * configuration and providers.  After setlocale(); before sandbox_enter().
 */
void sandbox_prepare(void);

/*
 * Locks the process in.  Cannot be undone.  To be called when all is open,
 * after privileges_drop(), before the first thread.
 *
 * What the kernel or this build does not have is left out, and *state tells;
 * with WITHOUT_SANDBOX (sanitizers, coverage) that is everything.  Where a
 * wall is there but cannot be built: ERR_REFUSED or ERR_NOMEM with the reason
 * in *e, and the process must not go on.  Not on Linux: ERR_UNSUPPORTED.
 */
enum err sandbox_enter(const struct sandbox_options *o,
                       struct sandbox_state *state,
                       struct guard_error *e) ERR_CHECK;

/* One line: "system call filter (libseccomp 2.5.4), Landlock ABI 7, no
 * capabilities".  state NULL: what this build could do, for --version. */
void sandbox_describe(const struct sandbox_state *state, char *out,
                      size_t size);

#endif /* UI_SANDBOX_H */
