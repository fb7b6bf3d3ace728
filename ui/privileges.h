/* SPDX-License-Identifier: MIT */
/*
 * privileges.h - giving up what opening devices needed: user and group ids,
 * supplementary groups, capabilities, the way back.
 *
 *   who starts wsray         the decoding process becomes  the broker becomes
 *   anyone, with -Z USER     USER                          USER
 *   a user, through sudo     that user                     that user
 *   root                     nobody                        root, see below
 *   root that may not        root, no capability           root, no capability
 *   setuid-root binary       its real user                 its real user
 *   an ordinary user         who it is                     who it is
 *
 * The broker of root stays user 0 so that files are root's, as root expects.
 * It has no capability, unless its directory is somebody else's: then it keeps
 * CAP_DAC_OVERRIDE, without which user 0 could not write there.
 *
 * Root that may not: a container that was started without CAP_SETUID or
 * CAP_SETGID.
 *
 * To be called before the first thread: capabilities belong to a thread
 * (capabilities(7)).  Knows nothing of system call filters: sandbox.h.
 * Linux; elsewhere the calls say ERR_UNSUPPORTED.
 */
#ifndef UI_PRIVILEGES_H
#define UI_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "ui/guard.h"

/* Why these ids. */
enum privileges_reason {
    PRIVILEGES_STAY = 0, /* an ordinary user, or nobody else to become */
    PRIVILEGES_REAL,     /* set-user-ID binary: back to the real ids */
    PRIVILEGES_SUDO,     /* who called sudo */
    PRIVILEGES_USER,     /* -Z */
    PRIVILEGES_NOBODY,   /* started by root itself */
    PRIVILEGES_BOUND,    /* root without the right to become another */
};

/* Who to become. */
struct privileges {
    uid_t uid;
    gid_t gid;
    enum privileges_reason reason;
    /* Neither core dumps nor ptrace by others of the same user: captured
     * bytes and packet sockets are none of their business (prctl(2),
     * PR_SET_DUMPABLE). */
    bool undumpable;
    /* CAP_DAC_OVERRIDE stays, if it is there. */
    bool override;
};

/* What privileges_plan() finds out about the process; tests make it up. */
struct privileges_facts {
    const char *user; /* -Z, or NULL */
    uid_t uid, euid;
    gid_t gid, egid;
    const char *sudo_uid, *sudo_gid; /* environment, or NULL */
    /* No user namespace that knows only root: `unshare -r` has no nobody, and
     * its root is an ordinary user outside (user_namespaces(7)). */
    bool nobody_is_mapped;
    bool bound; /* no right to become another: PRIVILEGES_BOUND */
};

/*
 * Decides who to become; changes nothing.  Looks into the user database: to
 * be called before anything is locked.
 *
 * user   of -Z: a name, a number, or NUMBER:NUMBER (user and group, which
 *        need not be in the user database); NULL without it.
 *
 * SUDO_UID and SUDO_GID count only when real and effective user are root:
 * otherwise whoever started a setuid binary could choose.
 *
 * Errors: ERR_USAGE (no such user; SUDO_UID or SUDO_GID is nonsense; -Z names
 * someone else and it is not root who asks), ERR_UNSUPPORTED (not Linux); *e
 * tells.
 */
enum err privileges_plan(struct privileges *p, const char *user,
                         struct guard_error *e) ERR_CHECK;
enum err privileges_plan_from(struct privileges *p,
                              const struct privileges_facts *facts,
                              struct guard_error *e) ERR_CHECK;

/* The plan for the process that opens output files; see the table above. */
struct privileges privileges_for_broker(const struct privileges *p);

/*
 * Becomes p: supplementary groups away (where that is allowed: an ordinary
 * user keeps his), real, effective and saved ids, no capability in any set (but
 * for p->override), none to be gained by execve(2).  Checks all of it by asking
 * the kernel, and that user 0 cannot be had again.  Cannot be undone.
 *
 * After an error (ERR_REFUSED, ERR_UNSUPPORTED) the process may have lost a
 * part of its rights and must not go on.
 */
enum err privileges_drop(const struct privileges *p,
                         struct guard_error *e) ERR_CHECK;

/* This thread has no capability: permitted, effective, inheritable, ambient. */
bool privileges_none(void);

/* "as user 1000, group 1000 (who called sudo)". */
void privileges_describe(const struct privileges *p, char *out, size_t size);

#endif /* UI_PRIVILEGES_H */
