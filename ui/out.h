/* SPDX-License-Identifier: MIT */
/*
 * out.h - buffered output to a file descriptor.
 *
 * Writers reserve room, fill it, and commit; the bytes leave when the buffer
 * is full or at out_flush().  A failed write is remembered: from then on
 * everything is swallowed, so that writers need not look and only the owner
 * asks out_over() now and then and out_flush() at the end.
 *
 * The owner ignores SIGPIPE; a reader that went away is then not an error but
 * `closed` (`wsray json | head` ends quietly).
 */
#ifndef UI_OUT_H
#define UI_OUT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The most one out_reserve() may ask for, bytes. */
#define OUT_RESERVE_MAX ((size_t)64 * 1024)

/* Embed it; the members are for out.c, the calls below and tests. */
struct out {
    uint8_t *ptr;
    size_t len;       /* bytes waiting */
    size_t cap;       /* bytes allocated */
    int fd;           /* borrowed; -1 swallows everything */
    enum err error;   /* ERR_OK or ERR_WRITE */
    int error_errno;  /* errno of that failure, e.g. ENOSPC; 0 = none */
    bool closed;      /* the reader has gone (EPIPE) */
    uint64_t written; /* bytes that reached fd, or that -1 swallowed */
};

/* Makes a buffer in front of fd, which stays the caller's.  ERR_NOMEM. */
ERR_CHECK enum err out_init(struct out *o, int fd);

/* Frees the buffer without writing what waits in it.  Works on {0}. */
void out_fini(struct out *o);

/*
 * Writes everything that waits.  ERR_OK also when the reader has gone;
 * ERR_WRITE (o->error_errno says why) once any write failed.
 */
enum err out_flush(struct out *o);

/* Makes room for len bytes by writing; used by out_reserve(). */
void out_make_room(struct out *o, size_t len);

/* Room for len (<= OUT_RESERVE_MAX) bytes; cannot fail.  Valid until the next
 * call on o. */
static inline uint8_t *
out_reserve(struct out *o, size_t len)
{
    assert(len <= OUT_RESERVE_MAX);
    if (o->cap - o->len < len)
        out_make_room(o, len);
    return o->ptr + o->len;
}

/* Ends what out_reserve() began: end is one past the last byte written. */
static inline void
out_commit(struct out *o, const uint8_t *end)
{
    o->len = (size_t)(end - o->ptr);
    assert(o->len <= o->cap);
}

/* Appends len bytes, any number. */
void out_put(struct out *o, const void *ptr, size_t len);

/* Appends what a format makes, cut at OUT_FORMAT_MAX - 1 bytes: for our own
 * words and numbers. */
#define OUT_FORMAT_MAX 512u
void out_format(struct out *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Nothing written from now on will arrive: time to stop working. */
static inline bool
out_over(const struct out *o)
{
    return o->closed || o->error != ERR_OK;
}

#endif /* UI_OUT_H */
