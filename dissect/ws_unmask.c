/* SPDX-License-Identifier: MIT */
#include "dissect/ws_unmask.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define HIGH_BITS 0x8080808080808080u

/* The mask as it lies in memory, turned so that its first byte belongs to
 * offset. */
static inline uint32_t
turn(const uint8_t mask[4], uint64_t offset)
{
    uint32_t word;
    unsigned by = (unsigned)(offset & 3u) * 8u;
    memcpy(&word, mask, sizeof word);
    /* Without the "& 31" a shift by 32 bits would be undefined. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return word << by | word >> ((32u - by) & 31u);
#else
    return word >> by | word << ((32u - by) & 31u);
#endif
}

static inline uint64_t
twice(uint32_t word)
{
    return (uint64_t)word << 32 | word;
}

static inline uint32_t
load32(const uint8_t *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static inline uint64_t
load64(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

#ifdef __SSE2__
/* Unmasks whole blocks; returns how many bytes that was. */
static size_t
unmask_blocks(uint8_t *dst, const uint8_t *src, size_t len, uint64_t word)
{
    const __m128i mask = _mm_set1_epi64x((long long)word);
    size_t i = 0;
    for (; len - i >= 64; i += 64) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(src + i));
        __m128i b =
            _mm_loadu_si128((const __m128i *)(const void *)(src + i + 16));
        __m128i c =
            _mm_loadu_si128((const __m128i *)(const void *)(src + i + 32));
        __m128i d =
            _mm_loadu_si128((const __m128i *)(const void *)(src + i + 48));
        _mm_storeu_si128((__m128i *)(void *)(dst + i), _mm_xor_si128(a, mask));
        _mm_storeu_si128((__m128i *)(void *)(dst + i + 16),
                         _mm_xor_si128(b, mask));
        _mm_storeu_si128((__m128i *)(void *)(dst + i + 32),
                         _mm_xor_si128(c, mask));
        _mm_storeu_si128((__m128i *)(void *)(dst + i + 48),
                         _mm_xor_si128(d, mask));
    }
    return i;
}

static inline __m128i
masked_block(const uint8_t *p, uint32_t mask)
{
    return _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)p),
                         _mm_set1_epi32((int)mask));
}

/*
 * For 16 bytes and more.  The last block overlaps the one before it instead
 * of a loop over single bytes, and up to 64 bytes there is no loop at all: how
 * often it runs is what the processor guesses wrong on short texts.
 */
static bool
ascii_blocks(const uint8_t *src, size_t len, const uint8_t mask[4],
             uint64_t offset)
{
    uint32_t first = turn(mask, offset);
    size_t last_off = len - 16;
    uint32_t last = turn(mask, offset + last_off);
    __m128i seen = _mm_or_si128(masked_block(src, first),
                                masked_block(src + last_off, last));
    if (len <= 64) {
        bool two = last_off >= 16;
        bool three = last_off >= 32;
        seen = _mm_or_si128(seen, masked_block(src + (two ? 16 : last_off),
                                               two ? first : last));
        seen = _mm_or_si128(seen, masked_block(src + (three ? 32 : last_off),
                                               three ? first : last));
        return _mm_movemask_epi8(seen) == 0;
    }
    for (size_t i = 16; i < last_off; i += 16)
        seen = _mm_or_si128(seen, masked_block(src + i, first));
    return _mm_movemask_epi8(seen) == 0;
}
#else
static size_t
unmask_blocks(uint8_t *dst, const uint8_t *src, size_t len, uint64_t word)
{
    (void)dst, (void)src, (void)len, (void)word;
    return 0;
}

#endif

void
ws_unmask(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t mask[4],
          uint64_t offset)
{
    uint64_t word = twice(turn(mask, offset));
    size_t i = unmask_blocks(dst, src, len, word);
    for (; len - i >= sizeof word; i += sizeof word) {
        uint64_t plain = load64(src + i) ^ word;
        memcpy(dst + i, &plain, sizeof plain);
    }
    /* Blocks and words are multiples of four, so the mask has not turned. */
    if (len - i >= 4) {
        uint32_t plain = load32(src + i) ^ (uint32_t)word;
        memcpy(dst + i, &plain, sizeof plain);
        i += 4;
    }
    for (; i < len; i++)
        dst[i] = src[i] ^ mask[(offset + i) & 3u];
}

/* For up to 16 bytes, and for machines without SSE2. */
static bool
ascii_words(const uint8_t *src, size_t len, const uint8_t mask[4],
            uint64_t offset)
{
    uint64_t word = twice(turn(mask, offset));
    uint64_t seen = 0;
    size_t i = 0;
    for (; len - i >= sizeof word; i += sizeof word)
        seen |= load64(src + i) ^ word;
    if (len - i >= 4) {
        seen |= load32(src + i) ^ turn(mask, offset);
        i += 4;
    }
    for (; i < len; i++)
        seen |= (uint64_t)(src[i] ^ mask[(offset + i) & 3u]);
    return (seen & HIGH_BITS) == 0;
}

bool
ws_unmask_is_ascii(const uint8_t *src, size_t len, const uint8_t mask[4],
                   uint64_t offset)
{
#ifdef __SSE2__
    if (len >= 16)
        return ascii_blocks(src, len, mask, offset);
#endif
    return ascii_words(src, len, mask, offset);
}
