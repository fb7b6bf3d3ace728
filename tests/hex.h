/* SPDX-License-Identifier: MIT */
/* hex.h - bytes written as hexadecimal text, for the tables of tests. */
#ifndef TESTS_HEX_H
#define TESTS_HEX_H

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

/* Reads pairs of digits, with blanks anywhere between them, to out, which has
 * room for max bytes; fails the test for anything else.  Returns the bytes. */
static inline size_t
from_hex(const char *hex, uint8_t *out, size_t max)
{
    size_t len = 0;
    for (const char *p = hex; *p; p++) {
        if (*p == ' ')
            continue;
        const char two[3] = {p[0], p[1], 0};
        char *end;
        ck_assert_uint_lt(len, max);
        out[len++] = (uint8_t)strtoul(two, &end, 16);
        ck_assert_msg(*end == 0, "bad hex: %s", hex);
        p++;
    }
    return len;
}

#endif /* TESTS_HEX_H */
