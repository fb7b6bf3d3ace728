/* SPDX-License-Identifier: MIT */
#include "dissect/judge/detail.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
detail_init(struct detail *d)
{
    d->len = 0;
    d->text[0] = '\0';
}

static void
add_bytes(struct detail *d, const char *ptr, size_t len)
{
    size_t room = sizeof d->text - 1 - d->len;
    if (len > room)
        len = room;
    memcpy(d->text + d->len, ptr, len);
    d->len += len;
    d->text[d->len] = '\0';
}

void
detail_add(struct detail *d, const char *words)
{
    add_bytes(d, words, strlen(words));
}

void
detail_add_number(struct detail *d, uint64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, n);
    detail_add(d, text);
}

void
detail_addf(struct detail *d, const char *format, ...)
{
    char text[DETAIL_MAX];
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (n >= 0)
        detail_add(d, text);
}

void
detail_add_time(struct detail *d, int64_t ns)
{
    if (ns < 1000000000)
        detail_addf(d, "%.1f ms", (double)ns / 1e6);
    else
        detail_addf(d, "%.2f s", (double)ns / 1e9);
}

void
detail_add_value(struct detail *d, struct slice value)
{
    detail_add_part(d, value, DETAIL_VALUE_MAX);
}

size_t
detail_escape(char *out, size_t size, struct slice value, size_t max)
{
    static const char hex[] = "0123456789abcdef";
    const size_t room = size > sizeof "..." ? size - sizeof "..." : 0;
    size_t n = 0, i = 0;
    for (; i < value.len && i < max; i++) {
        uint8_t c = value.ptr[i];
        char text[4] = {(char)c};
        size_t len = 1;
        if (c < 0x20 || c > 0x7e) {
            memcpy(text, "\\x", 2);
            text[2] = hex[c >> 4];
            text[3] = hex[c & 15];
            len = 4;
        } else if (c == '\\') {
            text[len++] = '\\';
        }
        if (len > room - n)
            break;
        memcpy(out + n, text, len);
        n += len;
    }
    const char *end = i < value.len && room > 0 ? "..." : "";
    memcpy(out + n, end, strlen(end) + 1);
    return n + strlen(end);
}

void
detail_add_part(struct detail *d, struct slice value, size_t max)
{
    /* One more, for a quotation mark behind it. */
    size_t room = sizeof d->text - d->len;
    if (room > 1)
        d->len += detail_escape(d->text + d->len, room - 1, value, max);
}

static void
add_mark(struct detail *d)
{
    detail_add(d, "\"");
}

void
detail_add_quoted(struct detail *d, const char *before, struct slice value,
                  size_t max)
{
    detail_add(d, before);
    add_mark(d);
    detail_add_part(d, value, max);
    add_mark(d);
}

void
detail_add_quoted_address(struct detail *d, const char *before,
                          struct slice address, size_t max)
{
    detail_add(d, before);
    add_mark(d);
    detail_add_address(d, address, max);
    add_mark(d);
}

void
detail_add_address(struct detail *d, struct slice address, size_t max)
{
    size_t authority = 0, end = 0, host = 0;
    while (end < address.len && !memchr("?#", address.ptr[end], 2))
        end++;
    address = slice_head(address, end);
    for (size_t i = 0; i + 3 <= end && authority == 0; i++)
        if (memcmp(address.ptr + i, "://", 3) == 0)
            authority = i + 3;
    for (size_t i = authority; i < end && address.ptr[i] != '/'; i++)
        if (address.ptr[i] == '@')
            host = i;
    if (host > 0) {
        detail_add_part(d, slice_head(address, authority), max);
        detail_add(d, "(hidden)");
    }
    detail_add_part(d, slice_skip(address, host), max);
}

void
detail_value(struct detail *d, const char *before, struct slice value,
             const char *behind)
{
    detail_init(d);
    detail_add(d, before);
    detail_add_value(d, value);
    detail_add(d, behind);
}
