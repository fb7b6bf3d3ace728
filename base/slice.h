/* SPDX-License-Identifier: MIT */
/*
 * slice.h - borrowed bytes: a pointer and a length, passed by value.
 *
 * A slice never owns what it points to; whoever hands one out says how long
 * the bytes live.  ptr may be NULL only when len is 0.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *ptr;
    size_t len; /* bytes */
};

static inline struct slice
slice_make(const void *ptr, size_t len)
{
    struct slice s = {(const uint8_t *)ptr, len};
    return s;
}

/* The bytes of a C string without its final NUL. */
static inline struct slice
slice_cstr(const char *text)
{
    return slice_make(text, strlen(text));
}

/* At most the first len bytes of s. */
static inline struct slice
slice_head(struct slice s, size_t len)
{
    return slice_make(s.ptr, len < s.len ? len : s.len);
}

/* s without its first len bytes; len must not exceed s.len. */
static inline struct slice
slice_skip(struct slice s, size_t len)
{
    assert(len <= s.len);
    return slice_make(s.len ? s.ptr + len : s.ptr, s.len - len);
}

static inline bool
slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool
slice_equal_cstr(struct slice a, const char *text)
{
    return slice_equal(a, slice_cstr(text));
}

/* ASCII only, as HTTP field names and tokens compare (RFC 9110 section 5.1). */
bool slice_equal_nocase(struct slice a, struct slice b);

#endif /* BASE_SLICE_H */
