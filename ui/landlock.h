/* SPDX-License-Identifier: MIT */
/*
 * landlock.h - Landlock (landlock(7)): what this process opens from now on.
 *
 * Descriptors that are open stay as they are.  Holds for the calling thread
 * and those it starts later; cannot be undone.  Needs no_new_privs.
 */
#ifndef UI_LANDLOCK_H
#define UI_LANDLOCK_H

#include <stddef.h>

#include "base/err.h"
#include "ui/guard.h"

/* The highest ABI whose rights are known here. */
#define LANDLOCK_ABI_KNOWN 7

/* The ABI that kernel and wsray both know; 0 when the kernel has none. */
int landlock_abi(void);

/*
 * Forbids everything that this ABI can forbid: files, TCP bind and connect
 * (ABI 4), ioctl on devices opened later (5), signals to and abstract sockets
 * of other processes (6).  Only beneath the directories dirs[] files may be
 * created, written, truncated and removed.
 *
 * dirs   descriptors of directories, O_PATH is enough; n_dirs may be 0.
 * *abi   what is in force now; 0 when the kernel has no Landlock.
 *
 * ERR_REFUSED with the reason in *e.
 */
enum err landlock_enter(const int *dirs, size_t n_dirs, int *abi,
                        struct guard_error *e) ERR_CHECK;

#endif /* UI_LANDLOCK_H */
