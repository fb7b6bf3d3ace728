/* SPDX-License-Identifier: MIT */
#include "dissect/judge/detail.h"

#include <stdarg.h>
#include <stdio.h>

void
detail_addf(struct detail *d, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(d->text + d->len, DETAIL_MAX - d->len, format, ap);
    va_end(ap);
    if (n < 0)
        return;
    size_t room = DETAIL_MAX - 1 - d->len;
    d->len += (size_t)n < room ? (size_t)n : room;
}

void
detail_add(struct detail *d, const char *text)
{
    detail_addf(d, "%s", text);
}

/* One byte as it is shown; returns the length. */
static size_t
show_byte(uint8_t c, char out[5])
{
    if (c >= ' ' && c < 0x7f && c != '\\') {
        out[0] = (char)c;
        out[1] = '\0';
        return 1;
    }
    return (size_t)snprintf(out, 5, "\\x%02x", c);
}

void
detail_value(struct detail *d, struct slice value, size_t max)
{
    char shown[5];
    size_t used = 0;
    for (size_t i = 0; i < value.len; i++) {
        size_t n = show_byte(value.ptr[i], shown);
        /* An ellipsis takes the place of what is more. */
        if (used + n > max) {
            detail_add(d, "...");
            return;
        }
        detail_add(d, shown);
        used += n;
    }
}

void
detail_time(struct detail *d, int64_t ns)
{
    if (ns < 1000000000)
        detail_addf(d, "%.1f ms", (double)ns / 1e6);
    else
        detail_addf(d, "%.2f s", (double)ns / 1e9);
}
