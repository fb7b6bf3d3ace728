/* SPDX-License-Identifier: MIT */
#include "ui/out.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Larger writes cost no less a byte (measured with /dev/null, a pipe and a
 * file); smaller ones do. */
#define CAPACITY ((size_t)256 * 1024)

enum err
out_init(struct out *o, int fd)
{
    uint8_t *ptr = malloc(CAPACITY);
    if (!ptr)
        return ERR_NOMEM;
    *o = (struct out){.ptr = ptr, .cap = CAPACITY, .fd = fd};
    return ERR_OK;
}

void
out_fini(struct out *o)
{
    free(o->ptr);
    *o = (struct out){.fd = -1};
}

/* Waits until a non-blocking fd takes bytes again. */
static bool
wait_writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

static void
write_all(struct out *o, const uint8_t *ptr, size_t len)
{
    if (o->fd < 0)
        o->written += len;
    while (len > 0 && o->fd >= 0 && !out_over(o)) {
        ssize_t n = write(o->fd, ptr, len);
        if (n >= 0) {
            ptr += n;
            len -= (size_t)n;
            o->written += (uint64_t)n;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN && wait_writable(o->fd))
            continue;
        if (errno == EPIPE) {
            o->closed = true;
            continue;
        }
        o->error = ERR_WRITE;
        o->error_errno = errno;
    }
}

enum err
out_flush(struct out *o)
{
    write_all(o, o->ptr, o->len);
    o->len = 0;
    return o->error;
}

void
out_make_room(struct out *o, size_t len)
{
    assert(len <= OUT_RESERVE_MAX && o->ptr);
    (void)out_flush(o); /* remembered in *o */
}

void
out_put(struct out *o, const void *ptr, size_t len)
{
    if (len == 0)
        return;
    if (o->cap - o->len < len) {
        (void)out_flush(o); /* remembered in *o */
        if (len >= o->cap) {
            write_all(o, ptr, len);
            return;
        }
    }
    memcpy(o->ptr + o->len, ptr, len);
    o->len += len;
}

void
out_format(struct out *o, const char *format, ...)
{
    char text[OUT_FORMAT_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n > 0)
        out_put(o, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}
