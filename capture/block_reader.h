/* SPDX-License-Identifier: MIT */
/*
 * block_reader.h - bytes of a file, pipe or compressed stream in one block of
 * memory.
 *
 *      block               ptr                    end          block + cap
 *        |  used already    |  there to be parsed  |  free        |
 *
 * read() (or the decompressor) writes behind end; parsing moves ptr.  Who
 * needs n bytes in a row asks for them: what is there is moved to the front
 * only when n bytes would not fit behind it, so a record is copied at most
 * once in a block, and the block grows only as bytes really arrive.
 *
 * A read() that brings less than asked for is used at once: nothing waits for
 * a full block while a pipe is being written.
 *
 * Knows nothing of what the bytes mean.
 */
#ifndef CAPTURE_BLOCK_READER_H
#define CAPTURE_BLOCK_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/decompress.h"
#include "capture/read_wait.h"

#define BLOCK_READER_REASON_MAX 128u

/* ptr may be moved up to end; the other members are for block_reader.c. */
struct block_reader {
    const uint8_t *ptr; /* next byte to parse */
    const uint8_t *end; /* behind the last byte that is there */
    uint8_t *block;
    size_t cap;
    uint64_t block_off; /* of block[0] in the decompressed stream, bytes */
    uint64_t *n_stored; /* counts bytes read from fd */
    struct read_wait *wait;
    int fd;
    bool ended;    /* nothing more will come; see code */
    enum err code; /* ERR_OK: a clean end */
    char reason[BLOCK_READER_REASON_MAX];

    /* Only for compressed streams; else NULL. */
    struct decompress *dec;
    enum decompress_kind kind;
    uint8_t *raw; /* compressed bytes */
    size_t raw_pos, raw_len;
    bool raw_ended;
    bool dec_full; /* the decompressor may hold more output */
};

enum block_step {
    BLOCK_OK = 0, /* the bytes are there */
    BLOCK_END,    /* the stream ends before them; what there is, is there */
    BLOCK_FAILED, /* as BLOCK_END, but it should have gone on: code, reason */
};

/*
 * Starts reading fd, which is borrowed until block_reader_fini(), like wait:
 * what happens while there is nothing to read; when that stops the reading,
 * the input ends there.  *n_stored is counted up by each read(), with
 * compressed bytes where they are.
 */
ERR_CHECK enum err block_reader_init(struct block_reader *r, int fd,
                                     uint64_t *n_stored,
                                     struct read_wait *wait);

/* Frees the block; needs a successful init, or a zeroed *r. */
void block_reader_fini(struct block_reader *r);

/*
 * From here on, what is left of the input and what follows is a stream
 * compressed with kind; ptr then walks the decompressed bytes, from offset 0.
 * Only once and before anything was parsed.  ERR_NOMEM or ERR_UNSUPPORTED
 * (built without it).
 */
ERR_CHECK enum err block_reader_decompress(struct block_reader *r,
                                           enum decompress_kind kind);

/* Bytes that are there. */
static inline size_t
block_reader_left(const struct block_reader *r)
{
    return (size_t)(r->end - r->ptr);
}

/* Offset of ptr in the decompressed stream, bytes. */
static inline uint64_t
block_reader_off(const struct block_reader *r)
{
    return r->block_off + (uint64_t)(r->ptr - r->block);
}

/* Offset of end: how far the stream could be read. */
static inline uint64_t
block_reader_end_off(const struct block_reader *r)
{
    return r->block_off + (uint64_t)(r->end - r->block);
}

/* The slow half of block_reader_need(). */
enum block_step block_reader_fill(struct block_reader *r, size_t need);

/*
 * Sees to it that at least need bytes stand at ptr.  Reads no more than once
 * when one read() brings enough.  need bounds the memory: the caller checks
 * it first.  Moves ptr and end: older pointers into the block are dead.
 */
static inline enum block_step
block_reader_need(struct block_reader *r, size_t need)
{
    return block_reader_left(r) >= need ? BLOCK_OK : block_reader_fill(r, need);
}

/* Drops the next len bytes, read or not, without ever holding them all. */
enum block_step block_reader_skip(struct block_reader *r, uint64_t len);

#endif /* CAPTURE_BLOCK_READER_H */
