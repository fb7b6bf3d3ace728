/* SPDX-License-Identifier: MIT */
#include "ui/known_bytes.h"

#include <stdio.h>
#include <string.h>

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

/* Appends bytes; mark stands for each unknown one, NULL: "<3 unknown>" for a
 * run of three.  False: not all of them. */
static bool
append(const struct known_bytes *k, struct slice bytes, const char *mark,
       struct buf *out)
{
    char told[40];
    size_t i = 0;
    for (uint64_t at = 0; at < bytes.len;) {
        bool known;
        uint64_t end = known_bytes_run(k, at, bytes.len, &i, &known);
        size_t n = (size_t)(end - at);
        const char *text = mark ? mark : told;
        if (known && buf_append_some(out, bytes.ptr + at, n) < n)
            return false;
        at = end;
        if (known)
            continue;
        snprintf(told, sizeof told, "<%zu unknown>", n);
        for (size_t times = mark ? n : 1; times > 0; times--)
            if (buf_append(out, text, strlen(text)) != ERR_OK)
                return false;
    }
    return true;
}

bool
known_bytes_mark(const struct known_bytes *k, struct slice bytes,
                 struct buf *out)
{
    return append(k, bytes, KNOWN_BYTES_MARK, out);
}

bool
known_bytes_tell(const struct known_bytes *k, struct slice bytes,
                 struct buf *out)
{
    return append(k, bytes, NULL, out);
}
