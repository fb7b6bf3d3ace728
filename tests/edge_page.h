/* SPDX-License-Identifier: MIT */
/*
 * edge_page.h - bytes that end where memory ends: one byte read too far is a
 * SIGSEGV, with every compiler and without a sanitizer.
 */
#ifndef TESTS_EDGE_PAGE_H
#define TESTS_EDGE_PAGE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/slice.h"

struct edge_page {
    uint8_t *map;
    size_t map_len; /* bytes, the unreadable page included */
    size_t room;    /* bytes before the unreadable page */
};

/* Makes room for at least max bytes; aborts when there is no memory. */
static inline void
edge_page_init(struct edge_page *e, size_t max)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    e->room = (max / page + 1) * page;
    e->map_len = e->room + page;
    void *map = mmap(NULL, e->map_len, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED ||
        mprotect((uint8_t *)map + e->room, page, PROT_NONE) != 0)
        abort();
    e->map = (uint8_t *)map;
}

static inline void
edge_page_fini(struct edge_page *e)
{
    munmap(e->map, e->map_len);
}

/* Copies bytes (at most max of init) to the edge; the copy lives until the
 * next put, which overwrites it. */
static inline struct slice
edge_page_put(struct edge_page *e, struct slice bytes)
{
    uint8_t *at = e->map + e->room - bytes.len;
    if (bytes.len > e->room)
        abort();
    /* What stood there before must not be mistaken for it. */
    memset(e->map, 0xa5, e->room);
    if (bytes.len)
        memcpy(at, bytes.ptr, bytes.len);
    return slice_make(at, bytes.len);
}

#endif /* TESTS_EDGE_PAGE_H */
