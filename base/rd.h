/* SPDX-License-Identifier: MIT */
/*
 * rd.h - bounds-checked reads from a slice.
 *
 * Each call takes bytes from the front of *s and returns true, or leaves both
 * *s and *out alone and returns false when the slice is too short.
 */
#ifndef BASE_RD_H
#define BASE_RD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* Unchecked big-endian (network order) and little-endian loads. */
static inline uint16_t
rd_load_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
rd_load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static inline uint64_t
rd_load_be64(const uint8_t *p)
{
    return (uint64_t)rd_load_be32(p) << 32 | rd_load_be32(p + 4);
}

static inline uint16_t
rd_load_le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t
rd_load_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 |
           p[0];
}

static inline bool
rd_bytes(struct slice *s, size_t len, struct slice *out)
{
    if (s->len < len)
        return false;
    *out = slice_make(s->ptr, len);
    *s = slice_skip(*s, len);
    return true;
}

static inline bool
rd_skip(struct slice *s, size_t len)
{
    struct slice skipped;
    return rd_bytes(s, len, &skipped);
}

static inline bool
rd_u8(struct slice *s, uint8_t *out)
{
    struct slice b;
    if (!rd_bytes(s, 1, &b))
        return false;
    *out = b.ptr[0];
    return true;
}

static inline bool
rd_be16(struct slice *s, uint16_t *out)
{
    struct slice b;
    if (!rd_bytes(s, 2, &b))
        return false;
    *out = rd_load_be16(b.ptr);
    return true;
}

static inline bool
rd_be32(struct slice *s, uint32_t *out)
{
    struct slice b;
    if (!rd_bytes(s, 4, &b))
        return false;
    *out = rd_load_be32(b.ptr);
    return true;
}

#endif /* BASE_RD_H */
