/* SPDX-License-Identifier: MIT */
/*
 * scratch.h - a file without a name, which is gone with the process.
 */
#ifndef UI_SCRATCH_H
#define UI_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens one in $TMPDIR, else /var/tmp, else /tmp, to be read and written; -1:
 * there is no place for it, errno tells.  Before the sandbox closes. */
int scratch_open(void);

/* Reads len bytes at off; false: they are not all there, or cannot be read. */
bool scratch_read(int fd, uint64_t off, size_t len, uint8_t *out);

#endif /* UI_SCRATCH_H */
