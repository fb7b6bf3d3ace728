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

void
detail_add_part(struct detail *d, struct slice value, size_t max)
{
    struct slice shown = slice_head(value, max);
    for (size_t i = 0; i < shown.len; i++) {
        uint8_t c = shown.ptr[i];
        char text[8];
        if (c < 0x20 || c > 0x7e)
            snprintf(text, sizeof text, "\\x%02x", c);
        else
            snprintf(text, sizeof text, c == '\\' ? "\\\\" : "%c", c);
        detail_add(d, text);
    }
    if (shown.len < value.len)
        detail_add(d, "...");
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
