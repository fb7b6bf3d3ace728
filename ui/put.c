/* SPDX-License-Identifier: MIT */
#include "ui/put.h"

#include <assert.h>

#include "base/rd.h"

static const char pairs[200] =
    "00010203040506070809101112131415161718192021222324"
    "25262728293031323334353637383940414243444546474849"
    "50515253545556575859606162636465666768697071727374"
    "75767778798081828384858687888990919293949596979899";

static uint8_t *
put_pair(uint8_t *p, uint32_t v)
{
    memcpy(p, pairs + 2 * v, 2);
    return p + 2;
}

uint8_t *
put_u64(uint8_t *p, uint64_t v)
{
    if (v < 10) {
        *p = (uint8_t)('0' + v);
        return p + 1;
    }
    if (v < 100)
        return put_pair(p, (uint32_t)v);
    /* From the right into a scratch, two digits a step. */
    uint8_t scratch[PUT_U64_MAX];
    size_t at = sizeof scratch;
    while (v > UINT32_MAX) {
        at -= 2;
        put_pair(scratch + at, (uint32_t)(v % 100));
        v /= 100;
    }
    uint32_t small = (uint32_t)v;
    while (small >= 100) {
        at -= 2;
        put_pair(scratch + at, small % 100);
        small /= 100;
    }
    if (small >= 10) {
        at -= 2;
        put_pair(scratch + at, small);
    } else {
        scratch[--at] = (uint8_t)('0' + small);
    }
    return put_mem(p, scratch + at, sizeof scratch - at);
}

uint8_t *
put_digits(uint8_t *p, uint32_t v, unsigned n)
{
    uint8_t *end = p + n;
    uint8_t *at = end;
    for (; n >= 2; n -= 2) {
        at -= 2;
        put_pair(at, v % 100);
        v /= 100;
    }
    if (n) {
        *--at = (uint8_t)('0' + v % 10);
        v /= 10;
    }
    assert(v == 0 && at == p);
    return end;
}

uint8_t *
put_grouped(uint8_t *p, uint64_t v)
{
    uint8_t digits[PUT_U64_MAX];
    size_t n = (size_t)(put_u64(digits, v) - digits);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            *p++ = ',';
        *p++ = digits[i];
    }
    return p;
}

uint8_t *
put_hex(uint8_t *p, const uint8_t *ptr, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *p++ = (uint8_t)digits[ptr[i] >> 4];
        *p++ = (uint8_t)digits[ptr[i] & 15];
    }
    return p;
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz0123456789+/";

uint8_t *
put_base64(uint8_t *p, struct slice in)
{
    const uint8_t *s = in.ptr;
    size_t len = in.len;
    /* Six bytes a step, loaded as eight. */
    for (; len >= 8; s += 6, len -= 6, p += 8) {
        uint64_t v = rd_load_be64(s);
        for (unsigned i = 0; i < 8; i++)
            p[i] = (uint8_t)base64[v >> (58 - 6 * i) & 63];
    }
    for (; len >= 3; s += 3, len -= 3, p += 4) {
        uint32_t v = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];
        for (unsigned i = 0; i < 4; i++)
            p[i] = (uint8_t)base64[v >> (18 - 6 * i) & 63];
    }
    if (len > 0) {
        uint32_t v = (uint32_t)s[0] << 16;
        if (len == 2)
            v |= (uint32_t)s[1] << 8;
        p[0] = (uint8_t)base64[v >> 18 & 63];
        p[1] = (uint8_t)base64[v >> 12 & 63];
        p[2] = len == 2 ? (uint8_t)base64[v >> 6 & 63] : '=';
        p[3] = '=';
        p += 4;
    }
    return p;
}
