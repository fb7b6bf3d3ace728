/* SPDX-License-Identifier: MIT */
/*
 * scratch.h - a file without a name, which is gone with the process.
 */
#ifndef UI_SCRATCH_H
#define UI_SCRATCH_H

/* Opens one in $TMPDIR, else /var/tmp, else /tmp, to be read and written; -1:
 * there is no place for it, errno tells.  Before the sandbox closes. */
int scratch_open(void);

#endif /* UI_SCRATCH_H */
