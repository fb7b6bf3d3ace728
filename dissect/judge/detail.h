/* SPDX-License-Identifier: MIT */
/*
 * detail.h - the one line that a finding has to say of what was seen: put
 * together piece by piece, printable ASCII whatever stood on the wire.
 */
#ifndef DISSECT_JUDGE_DETAIL_H
#define DISSECT_JUDGE_DETAIL_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* A line with its NUL; what does not fit is left out. */
#define DETAIL_MAX 128u

/* Bytes of a value from the wire that are shown. */
#define DETAIL_VALUE_MAX 48u

/* Zero is the empty line too. */
struct detail {
    size_t len; /* bytes, without the NUL */
    char text[DETAIL_MAX];
};

void detail_init(struct detail *d);

/* Our own words. */
void detail_add(struct detail *d, const char *words);

void detail_add_number(struct detail *d, uint64_t n);

/* Our own words, with numbers in them. */
void detail_addf(struct detail *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A time, such as "12.3 ms" or "2.50 s". */
void detail_add_time(struct detail *d, int64_t ns);

/* A value from the wire: bytes that are not printable ASCII as \xHH, a
 * backslash doubled, cut at DETAIL_VALUE_MAX bytes with "..." behind. */
void detail_add_value(struct detail *d, struct slice value);

/* The same, cut at max bytes, or where the line ends. */
void detail_add_part(struct detail *d, struct slice value, size_t max);

/* The same behind words of our own and in quotation marks. */
void detail_add_quoted(struct detail *d, const char *before, struct slice value,
                       size_t max);

/* The same for a URI, an origin or a host, without what may be a secret: query
 * and fragment are left out, and "user:password@" (RFC 3986 section 3.2.1) is
 * hidden. */
void detail_add_address(struct detail *d, struct slice address, size_t max);

/* The same behind words of our own and in quotation marks. */
void detail_add_quoted_address(struct detail *d, const char *before,
                               struct slice address, size_t max);

/* Writes a value as detail_add_part() does to out, which has room for size > 0
 * bytes with the NUL; returns the length. */
size_t detail_escape(char *out, size_t size, struct slice value, size_t max);

/* A line of one value between words of our own. */
void detail_value(struct detail *d, const char *before, struct slice value,
                  const char *behind);

#endif /* DISSECT_JUDGE_DETAIL_H */
