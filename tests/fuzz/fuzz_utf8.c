/* SPDX-License-Identifier: MIT */
/* Oracle: the fast check agrees with a slow one, whole and in pieces, and
 * utf8_decode() walks over the text with the same result. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
    if (!ok)
        abort();
}

/* RFC 3629 section 3, by arithmetic instead of an automaton: length of the
 * character at p, or 0. */
static size_t
slow_char(const uint8_t *p, size_t len)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80             ? 1
               : (p[0] & 0xe0) == 0xc0 ? 2
               : (p[0] & 0xf0) == 0xe0 ? 3
               : (p[0] & 0xf8) == 0xf0 ? 4
                                       : 0;
    if (n == 0 || n > len)
        return 0;
    uint32_t code = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3fu);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < least[n] || surrogate || code > 0x10ffff ? 0 : n;
}

static size_t
slow_prefix(const uint8_t *p, size_t len)
{
    size_t at = 0;
    while (at < len) {
        size_t n = slow_char(p + at, len - at);
        if (n == 0)
            break;
        at += n;
    }
    return at;
}

static void
check_decode(const uint8_t *p, size_t len)
{
    size_t at = 0;
    while (at < len) {
        uint32_t code;
        size_t n = utf8_decode(slice_make(p + at, len - at), &code);
        size_t slow = slow_char(p + at, len - at);
        must(n >= 1 && n <= 4 && n <= len - at);
        must((code == UTF8_BAD) == (slow == 0));
        must(slow == 0 || n == slow);
        at += n;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t step = data[0] % 40u + 1u;
    data++;
    size--;
    size_t border = slow_prefix(data, size);
    must(utf8_prefix(data, size) == border);
    struct utf8 u;
    utf8_init(&u);
    for (size_t at = 0; at < size; at += step) {
        size_t n = step < size - at ? step : size - at;
        bool ok = utf8_feed(&u, data + at, n);
        must(ok == !u.bad);
        /* Told at the earliest byte: what is left is the start of some
         * character. */
        must(u.valid + u.n_part == at + n || u.bad);
    }
    must(u.valid == border);
    must(utf8_done(&u) == (border == size));
    check_decode(data, size);
    return 0;
}
