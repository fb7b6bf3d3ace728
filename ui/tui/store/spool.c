/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ui/scratch.h"

enum err
spool_init(struct spool *s, uint64_t max)
{
    *s = (struct spool){.fd = -1, .max = max};
    s->buffer = malloc(SPOOL_BUFFER_LEN);
    s->window = malloc(sizeof *s->window);
    if (!s->buffer || !s->window) {
        free(s->buffer);
        free(s->window);
        s->buffer = NULL;
        return ERR_NOMEM;
    }
    s->window->off = s->window->len = 0;
    s->fd = scratch_open();
    if (s->fd >= 0)
        return ERR_OK;
    int error = errno;
    free(s->buffer);
    free(s->window);
    s->buffer = NULL;
    errno = error;
    return ERR_OPEN;
}

void
spool_fini(struct spool *s)
{
    if (s->buffer)
        close(s->fd);
    free(s->buffer);
    free(s->window);
    *s = (struct spool){.fd = -1};
}

/* Writes at the end of the file; what a failed call leaves behind there is
 * overwritten by the next one, or never read. */
static bool
write_out(struct spool *s, const uint8_t *ptr, size_t len)
{
    size_t at = 0;
    while (at < len) {
        ssize_t n = pwrite(s->fd, ptr + at, len - at, (off_t)(s->written + at));
        if (n > 0) {
            at += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            s->error = n == 0 ? ENOSPC : errno;
            return false;
        }
    }
    s->written += len;
    return true;
}

static bool
flush(struct spool *s)
{
    if (!write_out(s, s->buffer, s->buffered))
        return false;
    s->buffered = 0;
    return true;
}

bool
spool_add(struct spool *s, struct slice bytes, uint64_t *off)
{
    uint64_t end = s->written + s->buffered;
    if (s->error != 0 || bytes.len > s->max || end > s->max - bytes.len)
        return false;
    if (bytes.len > SPOOL_BUFFER_LEN - s->buffered && !flush(s))
        return false;
    if (bytes.len > SPOOL_BUFFER_LEN) {
        if (!write_out(s, bytes.ptr, bytes.len))
            return false;
    } else if (bytes.len > 0) {
        memcpy(s->buffer + s->buffered, bytes.ptr, bytes.len);
        s->buffered += bytes.len;
    }
    *off = end;
    return true;
}

/* Moves the window to where byte off of the file is in it: what is in the file
 * stays as it is. */
static bool
move_window(const struct spool *s, uint64_t off)
{
    struct spool_window *w = s->window;
    if (off - w->off < w->len)
        return true;
    uint64_t start = off - off % SPOOL_WINDOW_LEN, left = s->written - start;
    w->len = 0;
    size_t len = left < SPOOL_WINDOW_LEN ? (size_t)left : SPOOL_WINDOW_LEN;
    if (!scratch_read(s->fd, start, len, w->bytes))
        return false;
    w->off = start;
    w->len = len;
    return true;
}

bool
spool_read(const struct spool *s, uint64_t off, size_t len, uint8_t *out)
{
    while (len > 0 && off < s->written) {
        uint64_t left = s->written - off;
        size_t n = len < left ? len : (size_t)left;
        if (n > SPOOL_WINDOW_LEN / 4) {
            if (!scratch_read(s->fd, off, n, out))
                return false;
        } else {
            if (!move_window(s, off))
                return false;
            size_t at = (size_t)(off - s->window->off);
            n = n < s->window->len - at ? n : s->window->len - at;
            memcpy(out, s->window->bytes + at, n);
        }
        out += n;
        off += n;
        len -= n;
    }
    if (len == 0)
        return true;
    uint64_t at = off - s->written;
    if (at > s->buffered || len > s->buffered - at)
        return false;
    memcpy(out, s->buffer + at, len);
    return true;
}
