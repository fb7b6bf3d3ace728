/* SPDX-License-Identifier: MIT */
#include "ui/known_bytes.h"

#include <inttypes.h>
#include <stdio.h>

bool
known_bytes_at(const struct known_bytes *k, uint64_t at, size_t *i)
{
    if (!k->ranges)
        return true;
    while (*i < k->n && k->ranges[*i].end <= at)
        ++*i;
    return *i < k->n && k->ranges[*i].start <= at;
}

uint64_t
known_bytes_run(const struct known_bytes *k, uint64_t at, uint64_t end,
                size_t *i, bool *known)
{
    uint64_t stop = end;
    *known = known_bytes_at(k, at, i);
    if (k->ranges && *i < k->n)
        stop = *known ? k->ranges[*i].end : k->ranges[*i].start;
    return stop < end ? stop : end;
}

uint64_t
known_bytes_missing(const struct known_bytes *k, uint64_t len)
{
    uint64_t missing = 0;
    size_t i = 0;
    for (uint64_t at = 0; at < len;) {
        bool known;
        uint64_t end = known_bytes_run(k, at, len, &i, &known);
        missing += known ? 0 : end - at;
        at = end;
    }
    return missing;
}

/* n times text; false: not all of them. */
static bool
append_marks(struct buf *out, const char *text, size_t len, uint64_t n)
{
    for (; n > 0; n--)
        if (buf_append(out, text, len) != ERR_OK)
            return false;
    return true;
}

bool
known_bytes_mark(const struct known_bytes *k, uint64_t at, struct slice bytes,
                 struct buf *out)
{
    uint64_t from = at, end = at + bytes.len;
    size_t i = 0;
    bool all = true;
    while (all && at < end) {
        bool known;
        uint64_t stop = known_bytes_run(k, at, end, &i, &known);
        size_t n = (size_t)(stop - at);
        all = known ? buf_append_some(out, bytes.ptr + (at - from), n) == n
                    : append_marks(out, KNOWN_BYTES_MARK, KNOWN_BYTES_MARK_LEN,
                                   n);
        at = stop;
    }
    return all;
}

bool
known_bytes_tell(const struct known_bytes *k, struct slice bytes,
                 struct buf *out)
{
    uint64_t at = 0;
    size_t i = 0;
    bool all = true;
    while (all && at < bytes.len) {
        bool known;
        char text[40];
        uint64_t stop = known_bytes_run(k, at, bytes.len, &i, &known);
        int len =
            snprintf(text, sizeof text, "<%" PRIu64 " unknown>", stop - at);
        all = known ? buf_append_some(out, bytes.ptr + at,
                                      (size_t)(stop - at)) == stop - at
                    : append_marks(out, text, (size_t)len, 1);
        at = stop;
    }
    return all;
}
