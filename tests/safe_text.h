/* SPDX-License-Identifier: MIT */
/*
 * safe_text.h - what text.h promises about its output, as a check for tests
 * and fuzzing.
 */
#ifndef TESTS_SAFE_TEXT_H
#define TESTS_SAFE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utf8.h"

/* No control character, no bidi control, no invisible character but the
 * variation selectors U+FE0E and U+FE0F, valid UTF-8. */
static inline bool
safe_code_point(uint32_t cp)
{
    if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
        return false;
    if (cp == 0xad || cp == 0x61c || cp == 0xfeff)
        return false;
    if (cp >= 0x200b && cp <= 0x200f)
        return false;
    if (cp >= 0x2028 && cp <= 0x202e)
        return false;
    if (cp >= 0x2060 && cp <= 0x206f)
        return false;
    if (cp >= 0xfe00 && cp <= 0xfe0d)
        return false;
    return cp < 0xe0000 || cp > 0xe0fff;
}

static inline bool
safe_text(struct slice out, bool utf8)
{
    while (out.len > 0) {
        uint32_t cp;
        size_t len = utf8_decode(out, &cp);
        if (cp == UTF8_BAD || !safe_code_point(cp))
            return false;
        if (!utf8 && cp > 0x7e)
            return false;
        out = slice_skip(out, len);
    }
    return true;
}

#endif /* TESTS_SAFE_TEXT_H */
