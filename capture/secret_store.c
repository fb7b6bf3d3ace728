/* SPDX-License-Identifier: MIT */
#include "capture/secret_store.h"

#include <stdlib.h>
#include <string.h>

/* A memset() that no compiler may leave out: nobody reads the bytes again. */
static void
wipe(void *ptr, size_t len)
{
    volatile uint8_t *p = ptr;
    while (len--)
        *p++ = 0;
}

void
secret_store_fini(struct secret_store *s)
{
    for (size_t i = 0; i < s->found.n; i++) {
        /* Ours, made by secret_store_add(). */
        void *copy = (void *)(uintptr_t)s->list[i].data.ptr;
        wipe(copy, s->list[i].data.len);
        free(copy);
    }
    free(s->list);
    *s = (struct secret_store){0};
}

bool
secret_store_fits(const struct secret_store *s, size_t len)
{
    return len <= SOURCE_SECRETS_MAX - s->bytes &&
           s->found.n < SOURCE_SECRETS_COUNT_MAX;
}

static bool
grow(struct secret_store *s)
{
    if (s->found.n < s->cap)
        return true;
    size_t cap = s->cap ? s->cap * 2 : 4;
    struct source_secret *list = realloc(s->list, cap * sizeof *list);
    if (!list)
        return false;
    s->found.list = s->list = list;
    s->cap = cap;
    return true;
}

void
secret_store_add(struct secret_store *s, uint32_t type, struct slice data)
{
    uint8_t *copy = NULL;
    if (data.len == 0)
        return;
    if (secret_store_fits(s, data.len) && grow(s))
        copy = malloc(data.len);
    if (!copy) {
        s->found.dropped++;
        return;
    }
    memcpy(copy, data.ptr, data.len);
    s->list[s->found.n++] =
        (struct source_secret){type, slice_make(copy, data.len)};
    s->bytes += data.len;
}
