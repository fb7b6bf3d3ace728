/* SPDX-License-Identifier: MIT */
/*
 * put.h - numbers and constant texts into memory: no locale, no terminator,
 * no check of room.  Each call writes at p and returns the end; the caller
 * has made room (PUT_U64_MAX for a number).
 */
#ifndef UI_PUT_H
#define UI_PUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/slice.h"

#define PUT_U64_MAX 20u /* digits of 2^64 - 1 */

/* For constants: inlined, the length is known when compiling. */
__attribute__((always_inline)) static inline uint8_t *
put_str(uint8_t *p, const char *text)
{
    size_t len = strlen(text);
    memcpy(p, text, len);
    return p + len;
}

static inline uint8_t *
put_mem(uint8_t *p, const void *ptr, size_t len)
{
    memcpy(p, ptr, len);
    return p + len;
}

/* Decimal. */
uint8_t *put_u64(uint8_t *p, uint64_t v);

/* Decimal in exactly n digits, with leading zeros; v < 10^n, n <= 9. */
uint8_t *put_digits(uint8_t *p, uint32_t v, unsigned n);

/* Decimal with a comma between each three digits; up to 26 bytes. */
uint8_t *put_grouped(uint8_t *p, uint64_t v);

/* Lower-case hex, two digits a byte. */
uint8_t *put_hex(uint8_t *p, const uint8_t *ptr, size_t len);

/* Base64 (RFC 4648 section 4) with padding: 4 bytes for each 3 begun. */
uint8_t *put_base64(uint8_t *p, struct slice in);

#endif /* UI_PUT_H */
