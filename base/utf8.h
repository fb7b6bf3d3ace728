/* SPDX-License-Identifier: MIT */
/*
 * utf8.h - UTF-8 (RFC 3629): a check that can stop and go on anywhere, and a
 * decoder for one character.
 *
 * Valid is the grammar of RFC 3629 section 4: no overlong forms, no
 * surrogates, nothing above U+10FFFF.  U+0000, a byte order mark and
 * non-characters such as U+FFFE are valid.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* What utf8_decode() tells for bytes that are no character. */
#define UTF8_BAD 0xffffffffu

/* State of a check over several pieces.  Zero-initialised it is ready. */
struct utf8 {
    uint64_t valid;  /* bytes of whole valid characters seen so far */
    uint8_t part[4]; /* the character being read */
    uint8_t n_part;  /* bytes in part, 0..3 */
    bool bad;        /* latched: the bytes at offset `valid` are invalid */
};

static inline void
utf8_init(struct utf8 *u)
{
    *u = (struct utf8){0};
}

/*
 * Checks the next len bytes.  Returns false from the first byte on that no
 * valid text can have there; u->valid is then the offset, from the first
 * piece on, at which the invalid sequence starts.
 */
bool utf8_feed(struct utf8 *u, const void *ptr, size_t len);

/* Adds len bytes that the caller knows to be ASCII; n_part must be 0. */
static inline void
utf8_skip_ascii(struct utf8 *u, size_t len)
{
    assert(u->n_part == 0);
    u->valid += len;
}

/* Whether text may end here: nothing invalid, no character unfinished. */
static inline bool
utf8_done(const struct utf8 *u)
{
    return !u->bad && u->n_part == 0;
}

/* Length in bytes of the longest prefix made of whole valid characters. */
size_t utf8_prefix(const void *ptr, size_t len);

/*
 * Reads one character from the front of s (not empty) and returns how many
 * bytes it takes, 1..4.  *out is the code point, or UTF8_BAD and the length of
 * the bytes to replace by one U+FFFD (Unicode 15 section 3.9, "maximal
 * subpart"); an unfinished character at the end of s counts as bad.
 */
size_t utf8_decode(struct slice s, uint32_t *out);

#endif /* BASE_UTF8_H */
