/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ui/scratch.h"

enum err
room_init(struct room *r, size_t max, uint64_t file_max)
{
    *r = (struct room){.max = max, .file_max = file_max, .fd = scratch_open()};
    return r->fd >= 0 ? ERR_OK : ERR_OPEN;
}

void
room_fini(struct room *r)
{
    if (r->fd >= 0)
        close(r->fd);
    *r = (struct room){.fd = -1};
}

bool
room_take(struct room *r, size_t len)
{
    if (len > r->max - r->used)
        return false;
    r->used += len;
    return true;
}

void
room_give(struct room *r, size_t len)
{
    r->used -= len;
}

static void *
piece_in_memory(struct room *r)
{
    /* The heads of handshakes have no other place. */
    if (r->max - r->used < r->max / 8 ||
        r->max - r->used - r->max / 8 < ROOM_PIECE_LEN)
        return NULL;
    void *piece = calloc(1, ROOM_PIECE_LEN);
    if (piece)
        r->used += ROOM_PIECE_LEN;
    return piece;
}

static void *
piece_in_file(struct room *r)
{
    if (r->error != 0)
        return NULL;
    if (r->file_max - r->file_len < ROOM_PIECE_LEN) {
        r->error = EFBIG;
        return NULL;
    }
    int error;
    do {
        error =
            posix_fallocate(r->fd, (off_t)r->file_len, (off_t)ROOM_PIECE_LEN);
    } while (error == EINTR);
    r->error = error;
    if (error != 0)
        return NULL;
    void *piece = mmap(NULL, ROOM_PIECE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
                       r->fd, (off_t)r->file_len);
    if (piece == MAP_FAILED) {
        r->error = errno;
        return NULL;
    }
    r->file_len += ROOM_PIECE_LEN;
    return piece;
}

void *
room_piece(struct room *r, bool in_file)
{
    return in_file ? piece_in_file(r) : piece_in_memory(r);
}

void
room_free(void *piece, bool in_file)
{
    if (in_file)
        (void)munmap(piece, ROOM_PIECE_LEN);
    else
        free(piece);
}

void
room_rest(void *piece)
{
    /* Of a shared mapping nothing is lost: what was written stays in the page
     * cache (madvise(2)). */
    (void)madvise(piece, ROOM_PIECE_LEN, MADV_DONTNEED);
}
