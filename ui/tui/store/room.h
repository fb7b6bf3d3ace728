/* SPDX-License-Identifier: MIT */
/*
 * room.h - where the rows of the store are: in memory up to a maximum, past it
 * in a file without a name that is mapped, piece by piece.
 *
 *   memory  [piece][piece][piece]
 *   file                         [piece][piece][piece] ...
 *
 * To who holds a pointer it makes no difference.  The space of each piece is
 * taken from the disk before it is mapped (posix_fallocate(3)): writing to a
 * page of a hole on a full disk would be SIGBUS.  What was written and is not
 * looked at stands in the kernel's page cache and on the disk, and does not
 * count as memory of the process once room_rest() was called.
 */
#ifndef UI_TUI_ROOM_H
#define UI_TUI_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Bytes of a piece: a multiple of every page size. */
#define ROOM_PIECE_LEN ((size_t)1 << 20)

/* Members are for room.c and tests. */
struct room {
    size_t max;  /* bytes in memory */
    size_t used; /* ... of which so many are taken */
    int fd;
    uint64_t file_len; /* bytes of the file that are mapped */
    uint64_t file_max;
    int error; /* errno of the first piece that the file did not take; 0: none;
                  it gets no more */
};

/* ERR_OPEN: no place for the file, errno tells. */
ERR_CHECK enum err room_init(struct room *r, size_t max, uint64_t file_max);
/* Pieces have been given back. */
void room_fini(struct room *r);

/* Counts len bytes that the caller allocates; false: there are not so many. */
bool room_take(struct room *r, size_t len);
void room_give(struct room *r, size_t len);

/*
 * A zeroed piece.  in_file: is it to be in the file?  The caller asks for
 * memory first, of which rows get all but an eighth.  NULL: there is none.
 */
void *room_piece(struct room *r, bool in_file);
void room_free(void *piece, bool in_file);

/* The piece, one in the file, is not looked at for now. */
void room_rest(void *piece);

#endif /* UI_TUI_ROOM_H */
