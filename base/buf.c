/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

void
buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void
buf_fini(struct buf *b)
{
    free(b->ptr);
    b->ptr = NULL;
    b->len = b->cap = 0;
}

size_t
buf_cap_for(const struct buf *b, size_t len)
{
    size_t want = len > b->max - b->len ? b->max : b->len + len;
    size_t cap = b->cap ? b->cap : 256;
    while (cap < want)
        cap = cap > SIZE_MAX / 2 ? want : cap * 2;
    return cap < b->max ? cap : b->max;
}

uint8_t *
buf_reserve(struct buf *b, size_t len)
{
    if (len > b->max - b->len)
        return NULL;
    size_t want = b->len + len;
    if (want > b->cap || !b->ptr) {
        size_t cap = buf_cap_for(b, len);
        uint8_t *ptr = realloc(b->ptr, cap ? cap : 1);
        if (!ptr)
            return NULL;
        b->ptr = ptr;
        b->cap = cap;
    }
    return b->ptr + b->len;
}

enum err
buf_append(struct buf *b, const void *ptr, size_t len)
{
    if (len > b->max - b->len)
        return ERR_LIMIT;
    if (len == 0)
        return ERR_OK;
    uint8_t *at = buf_reserve(b, len);
    if (!at)
        return ERR_NOMEM;
    memcpy(at, ptr, len);
    b->len += len;
    return ERR_OK;
}

size_t
buf_append_some(struct buf *b, const void *ptr, size_t len)
{
    size_t room = b->max - b->len;
    if (len > room)
        len = room;
    return buf_append(b, ptr, len) == ERR_OK ? len : 0;
}

void
buf_drop_front(struct buf *b, size_t len)
{
    assert(len <= b->len);
    if (len == 0)
        return;
    memmove(b->ptr, b->ptr + len, b->len - len);
    b->len -= len;
}
