/* SPDX-License-Identifier: MIT */
#include "capture/block_reader.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* From 128 KiB to 1 MiB a 1 GB pcap file of 100-byte packets takes the same
 * time; this leaves most of a second-level cache to the packets' users. */
#ifndef BLOCK_LEN
#define BLOCK_LEN (256u * 1024u)
#endif

enum err
block_reader_init(struct block_reader *r, int fd, uint64_t *n_stored,
                  struct read_wait *wait)
{
    uint8_t *block = malloc(BLOCK_LEN);
    if (!block)
        return ERR_NOMEM;
    *r = (struct block_reader){
        .ptr = block,
        .end = block,
        .block = block,
        .cap = BLOCK_LEN,
        .n_stored = n_stored,
        .wait = wait,
        .fd = fd,
    };
    return ERR_OK;
}

void
block_reader_fini(struct block_reader *r)
{
    decompress_free(r->dec);
    free(r->raw);
    free(r->block);
    *r = (struct block_reader){.fd = -1};
}

enum err
block_reader_decompress(struct block_reader *r, enum decompress_kind kind)
{
    assert(!r->dec && r->ptr == r->block && r->block_off == 0);
    struct decompress *dec;
    enum err e = decompress_new(&dec, kind);
    if (e != ERR_OK)
        return e;
    uint8_t *block = malloc(BLOCK_LEN);
    if (!block) {
        decompress_free(dec);
        return ERR_NOMEM;
    }
    r->dec = dec;
    r->kind = kind;
    r->raw = r->block;
    r->raw_pos = 0;
    r->raw_len = block_reader_left(r);
    r->raw_ended = r->ended;
    r->ended = false;
    r->block = block;
    r->ptr = r->end = block;
    r->cap = BLOCK_LEN;
    return ERR_OK;
}

/* Latches the end of the stream. */
static void
fail(struct block_reader *r, enum err code, const char *what, const char *why)
{
    r->ended = true;
    r->code = code;
    snprintf(r->reason, sizeof r->reason, "%s%s", what, why);
}

/* A file that is being followed has become shorter than what was read. */
static bool
was_cut(const struct block_reader *r)
{
    struct stat st;
    off_t at = lseek(r->fd, 0, SEEK_CUR);
    return at > 0 && fstat(r->fd, &st) == 0 && st.st_size < at;
}

/* read() that always brings something: 0 is the end, false a failure. */
static bool
read_fd(struct block_reader *r, uint8_t *out, size_t cap, size_t *len)
{
    *len = 0;
    while (read_wait_ready(r->wait, r->fd)) {
        ssize_t n = read(r->fd, out, cap);
        if (n > 0) {
            *len = (size_t)n;
            *r->n_stored += (uint64_t)n;
            return true;
        }
        if (n == 0) {
            if (!read_wait_more(r->wait, r->fd))
                return true;
            if (was_cut(r)) {
                fail(r, ERR_DAMAGED, "was cut while it was followed", "");
                return false;
            }
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            /* Standard input can be non-blocking: its other users decide. */
            struct pollfd p = {.fd = r->fd, .events = POLLIN};
            poll(&p, 1, -1);
        } else if (errno != EINTR) {
            fail(r, ERR_READ, "cannot be read: ", strerror(errno));
            return false;
        }
    }
    return true;
}

/* Adds bytes behind end, or latches the end. */
static void
read_plain(struct block_reader *r, uint8_t *at, size_t room)
{
    size_t len;
    if (!read_fd(r, at, room, &len))
        return;
    r->end = at + len;
    r->ended = len == 0;
}

static void
read_compressed(struct block_reader *r, uint8_t *at, size_t room)
{
    const char *name = decompress_name(r->kind);
    char what[32];
    for (;;) {
        if (r->raw_pos == r->raw_len && !r->raw_ended && !r->dec_full) {
            /* As large as the block was when it became the raw buffer. */
            if (!read_fd(r, r->raw, BLOCK_LEN, &r->raw_len))
                return;
            r->raw_pos = 0;
            r->raw_ended = r->raw_len == 0;
        }
        struct slice in =
            slice_make(r->raw + r->raw_pos, r->raw_len - r->raw_pos);
        size_t len;
        bool ok = decompress_run(r->dec, &in, r->raw_ended, at, room, &len);
        r->raw_pos = r->raw_len - in.len;
        r->dec_full = len == room;
        r->end = at + len;
        if (!ok) {
            snprintf(what, sizeof what, "broken %s data: ", name);
            fail(r, ERR_DAMAGED, what, decompress_reason(r->dec));
            return;
        }
        if (len)
            return;
        if (r->raw_ended && in.len == 0) {
            r->ended = true;
            if (!decompress_complete(r->dec))
                fail(r, ERR_DAMAGED, name, " data is cut short");
            return;
        }
    }
}

/* Makes need bytes fit behind ptr, and room behind end.  False: no memory. */
static bool
make_room(struct block_reader *r, size_t need)
{
    size_t left = block_reader_left(r);
    size_t used = (size_t)(r->ptr - r->block);
    size_t room = r->cap - used - left;
    /* Moving happens because it must, or costs at most a quarter of what is
     * read until the next move. */
    bool must = used + need > r->cap;
    bool cheap = room < r->cap / 2 && left < r->cap / 8;
    if (used && (must || cheap)) {
        memmove(r->block, r->ptr, left);
        r->block_off += used;
        r->ptr = r->block;
        r->end = r->block + left;
        room = r->cap - left;
    }
    if (room)
        return true;
    /* Full, and still less than need: grow, at most to double what came. */
    size_t cap = need / 2 > r->cap ? r->cap * 2 : need;
    uint8_t *block = realloc(r->block, cap);
    if (!block)
        return false;
    r->ptr = r->block = block;
    r->end = block + left;
    r->cap = cap;
    return true;
}

enum block_step
block_reader_fill(struct block_reader *r, size_t need)
{
    while (block_reader_left(r) < need) {
        if (r->ended)
            return r->code == ERR_OK ? BLOCK_END : BLOCK_FAILED;
        if (!make_room(r, need)) {
            fail(r, ERR_NOMEM, err_text(ERR_NOMEM), "");
            continue;
        }
        uint8_t *at = r->block + (r->end - r->block);
        size_t room = r->cap - (size_t)(at - r->block);
        if (r->dec)
            read_compressed(r, at, room);
        else
            read_plain(r, at, room);
    }
    return BLOCK_OK;
}

enum block_step
block_reader_skip(struct block_reader *r, uint64_t len)
{
    while (len > block_reader_left(r)) {
        len -= block_reader_left(r);
        r->ptr = r->end;
        enum block_step step = block_reader_need(r, 1);
        if (step != BLOCK_OK)
            return step;
    }
    r->ptr += len;
    return BLOCK_OK;
}
