/* SPDX-License-Identifier: MIT */
#include "ui/json_write.h"

#include <assert.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/utf8.h"
#include "ui/put.h"

/* What a byte does to a run that can be copied as it is. */
enum byte_class {
    PASS = 0,
    ESCAPE, /* a two-character escape or \u00XX */
    DECODE, /* part of a character beyond ASCII */
};

/* The letter of the two-character escape, 'u' for \u00XX; 0: none. */
static uint8_t
escape_letter(uint8_t c)
{
    switch (c) {
    case '"':
    case '\\':
        return c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return c < 0x20 || c == 0x7f ? 'u' : 0;
    }
}

static inline enum byte_class
classify(uint8_t c)
{
    if (c >= 0x80)
        return DECODE;
    return c < 0x20 || c == '"' || c == '\\' || c == 0x7f ? ESCAPE : PASS;
}

#ifdef __SSE2__
/* Bit i: byte i of v may not be copied.  As signed numbers, bytes from 0x80
 * on and controls are both below 0x20. */
static inline unsigned
special_mask(__m128i v)
{
    __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));
    __m128i any =
        _mm_or_si128(_mm_or_si128(low, quote), _mm_or_si128(slash, del));
    return (unsigned)_mm_movemask_epi8(any);
}
#endif

/* Copies the run of plain ASCII at s (ends before end) to p.  Returns its
 * length; may write up to 15 bytes more. */
static inline size_t
copy_plain(uint8_t *p, const uint8_t *s, const uint8_t *end)
{
    const uint8_t *start = s;
#ifdef __SSE2__
    while (end - s >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)s);
        _mm_storeu_si128((__m128i *)(void *)p, v);
        unsigned mask = special_mask(v);
        if (mask)
            return (size_t)(s - start) + (unsigned)__builtin_ctz(mask);
        s += 16;
        p += 16;
    }
    if (s < end && s - start >= 16) {
        /* The tail, together with bytes that are known to be plain. */
        size_t back = 16 - (size_t)(end - s);
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(end - 16));
        _mm_storeu_si128((__m128i *)(void *)(p - back), v);
        unsigned mask = special_mask(v);
        if (mask == 0)
            return (size_t)(end - start);
        return (size_t)(end - 16 - start) + (unsigned)__builtin_ctz(mask);
    }
#else
    /* Eight at a time: RFC 8259 wants '"', '\' and controls escaped, each
     * found by the usual borrow trick; false alarms only cost the loop below
     * a few bytes. */
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    while (end - s >= 8) {
        uint64_t v;
        memcpy(&v, s, 8);
        uint64_t quote = v ^ ones * '"', slash = v ^ ones * '\\';
        uint64_t del = v ^ ones * 0x7f;
        if ((v | (v - ones * 0x20) | (quote - ones) | (slash - ones) |
             (del - ones)) &
            high)
            break;
        memcpy(p, &v, 8);
        s += 8;
        p += 8;
    }
#endif
    for (; s < end && classify(*s) == PASS; s++)
        *p++ = *s;
    return (size_t)(s - start);
}

static uint8_t *
put_unicode_escape(uint8_t *p, uint32_t cp)
{
    uint8_t two[2] = {(uint8_t)(cp >> 8), (uint8_t)cp};
    *p++ = '\\';
    *p++ = 'u';
    return put_hex(p, two, 2);
}

static uint8_t *
put_escape(uint8_t *p, uint8_t c)
{
    uint8_t letter = escape_letter(c);
    if (letter == 'u')
        return put_unicode_escape(p, c);
    *p++ = '\\';
    *p++ = letter;
    return p;
}

static bool
is_bidi_or_c1(uint32_t cp)
{
    return cp < 0xa0 || cp == 0x61c || cp == 0x200e || cp == 0x200f ||
           (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

static inline bool
is_continuation(uint8_t c)
{
    return (c & 0xc0) == 0x80;
}

/* Length of the character at the front of in if it is one of the many that
 * need no second look: two bytes from U+00C0 on (but for U+061C), three bytes
 * from U+3000 on (but for the surrogates).  0: look closer. */
static inline size_t
common_character(struct slice in)
{
    const uint8_t *s = in.ptr;
    if (in.len >= 2 && s[0] >= 0xc3 && s[0] <= 0xdf && is_continuation(s[1]))
        return s[0] == 0xd8 && s[1] == 0x9c ? 0 : 2;
    if (in.len >= 3 && s[0] >= 0xe3 && s[0] <= 0xef && s[0] != 0xed &&
        is_continuation(s[1]) && is_continuation(s[2]))
        return 3;
    return 0;
}

/* One character beyond ASCII, from the front of in. */
static inline uint8_t *
put_character(uint8_t *p, struct slice in, size_t *used, bool *valid)
{
    uint32_t cp;
    size_t len = utf8_decode(in, &cp);
    *used = len;
    if (cp == UTF8_BAD) {
        *valid = false;
        return put_str(p, "\xef\xbf\xbd");
    }
    if (cp < 0x206a && is_bidi_or_c1(cp))
        return put_unicode_escape(p, cp);
    for (size_t i = 0; i < len; i++)
        p[i] = in.ptr[i];
    return p + len;
}

/* The inside of a string: characters of in that begin before limit.  Returns
 * the end of what was written; *used: bytes of in. */
static uint8_t *
put_inside(uint8_t *p, struct slice in, size_t limit, size_t *used, bool *valid)
{
    const uint8_t *s = in.ptr;
    const uint8_t *end = in.ptr + limit;
    while (s < end) {
        size_t plain = copy_plain(p, s, end);
        s += plain;
        p += plain;
        if (s == end)
            break;
        if (classify(*s) == ESCAPE) {
            p = put_escape(p, *s++);
            continue;
        }
        while (s < end && *s >= 0x80) {
            struct slice rest = slice_skip(in, (size_t)(s - in.ptr));
            size_t len = common_character(rest);
            if (len > 0) {
                memcpy(p, s, 2);
                p[2] = s[len - 1]; /* written over when len is 2 */
                p += len;
            } else {
                p = put_character(p, rest, &len, valid);
            }
            s += len;
        }
    }
    *used = (size_t)(s - in.ptr);
    return p;
}

uint8_t *
json_write_string_at(uint8_t *p, struct slice in, bool *valid)
{
    assert(in.len <= JSON_WRITE_AT_MAX);
    *p++ = '"';
    if (in.len > 0) {
        size_t used;
        p = put_inside(p, in, in.len, &used, valid);
    }
    *p++ = '"';
    return p;
}

bool
json_write_string(struct out *o, struct slice in)
{
    bool valid = true;
    if (in.len <= JSON_WRITE_AT_MAX) {
        uint8_t *p = out_reserve(o, JSON_WRITE_AT_ROOM(in.len));
        out_commit(o, json_write_string_at(p, in, &valid));
        return valid;
    }
    out_put(o, "\"", 1);
    while (in.len > 0) {
        size_t limit = in.len < JSON_WRITE_AT_MAX ? in.len : JSON_WRITE_AT_MAX;
        size_t used;
        /* The last character may reach past limit: 3 bytes at most. */
        uint8_t *p = out_reserve(o, JSON_WRITE_AT_ROOM(limit + 3));
        out_commit(o, put_inside(p, in, limit, &used, &valid));
        in = slice_skip(in, used);
    }
    out_put(o, "\"", 1);
    return valid;
}

void
json_write_hex(struct out *o, struct slice in)
{
    out_put(o, "\"", 1);
    while (in.len > 0) {
        struct slice part = slice_head(in, JSON_WRITE_AT_MAX);
        uint8_t *p = out_reserve(o, 2 * part.len);
        out_commit(o, put_hex(p, part.ptr, part.len));
        in = slice_skip(in, part.len);
    }
    out_put(o, "\"", 1);
}

void
json_write_base64(struct out *o, struct slice in)
{
    /* A multiple of three, so that only the last part is padded. */
    const size_t part_max = 3 * (JSON_WRITE_AT_MAX / 3);
    out_put(o, "\"", 1);
    while (in.len > 0) {
        struct slice part = slice_head(in, part_max);
        uint8_t *p = out_reserve(o, 4 * (part.len / 3 + 1));
        out_commit(o, put_base64(p, part));
        in = slice_skip(in, part.len);
    }
    out_put(o, "\"", 1);
}
