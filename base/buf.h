/* SPDX-License-Identifier: MIT */
/*
 * buf.h - owned, growable bytes that cannot be made without a maximum.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* Read ptr and len freely; change them only through the calls below. */
struct buf {
    uint8_t *ptr;
    size_t len; /* bytes in use */
    size_t cap; /* bytes allocated */
    size_t max; /* len never passes this */
};

/* Makes an empty buffer; allocates nothing yet. */
void buf_init(struct buf *b, size_t max);

/* Frees the bytes; the buffer is empty and usable again. */
void buf_fini(struct buf *b);

/* Empties the buffer, keeping its memory. */
static inline void
buf_clear(struct buf *b)
{
    b->len = 0;
}

/* What b->cap will be when len more bytes are there, at most b->max; for who
 * wants to know before. */
size_t buf_cap_for(const struct buf *b, size_t len);

/*
 * Makes room for len more bytes and returns where they go; the caller adds
 * what it wrote to b->len.  NULL, with b unchanged: past the maximum or out
 * of memory.
 */
uint8_t *buf_reserve(struct buf *b, size_t len);

/* ERR_LIMIT (nothing added) past the maximum, ERR_NOMEM without memory. */
ERR_CHECK enum err buf_append(struct buf *b, const void *ptr, size_t len);

/* Appends what fits below the maximum; returns how many bytes that was.  Out
 * of memory counts as not fitting. */
size_t buf_append_some(struct buf *b, const void *ptr, size_t len);

/* Drops the first len (<= b->len) bytes. */
void buf_drop_front(struct buf *b, size_t len);

static inline struct slice
buf_slice(const struct buf *b)
{
    return slice_make(b->ptr, b->len);
}

#endif /* BASE_BUF_H */
