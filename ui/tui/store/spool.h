/* SPDX-License-Identifier: MIT */
/*
 * spool.h - bytes that are kept but not in memory: appended to a file that has
 * no name, read back by their place.
 *
 * The file (scratch.h) is opened before the sandbox closes.
 * When it cannot be written any more (disk full) appending says so, and what
 * is there can still be read.
 */
#ifndef UI_TUI_SPOOL_H
#define UI_TUI_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* Bytes collected before they are written. */
#define SPOOL_BUFFER_LEN ((size_t)256 * 1024)

/* A piece of the file that was read last. */
#define SPOOL_WINDOW_LEN ((size_t)64 * 1024)

struct spool_window {
    uint64_t off; /* a multiple of SPOOL_WINDOW_LEN */
    size_t len;
    uint8_t bytes[SPOOL_WINDOW_LEN];
};

/* Members are for spool.c. */
struct spool {
    int fd;
    uint8_t *buffer;
    struct spool_window *window;
    size_t buffered;  /* bytes in it, which are behind written in the file */
    uint64_t written; /* bytes in the file */
    uint64_t max;     /* bytes that the file may have */
    int error;        /* errno of the first write that failed; 0: none */
};

/* ERR_NOMEM; ERR_OPEN: no place for the file, errno tells. */
ERR_CHECK enum err spool_init(struct spool *s, uint64_t max);
void spool_fini(struct spool *s);

/* Appends bytes; *off is where they stand.  False: they are not kept (max, or
 * a write failed). */
bool spool_add(struct spool *s, struct slice bytes, uint64_t *off);

/* Reads len bytes at off (both within what was added) into out; false: the
 * file could not be read.  One system call for many small reads near each
 * other: a search reads every row. */
bool spool_read(const struct spool *s, uint64_t off, size_t len, uint8_t *out);

#endif /* UI_TUI_SPOOL_H */
