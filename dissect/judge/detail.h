/* SPDX-License-Identifier: MIT */
/*
 * detail.h - the one line that a finding says of what was seen.
 *
 * Values come from the traffic: what is not printable ASCII is written as \xNN,
 * and what does not fit is cut.  What may be a secret is left out by whoever
 * makes the line.
 */
#ifndef DISSECT_JUDGE_DETAIL_H
#define DISSECT_JUDGE_DETAIL_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* Bytes of a line, with its NUL. */
#define DETAIL_MAX 128u

/* Zero is the empty line. */
struct detail {
    size_t len;
    char text[DETAIL_MAX];
};

void detail_add(struct detail *d, const char *text);

void detail_addf(struct detail *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* At most max bytes of what value looks like when it is written, "..." behind
 * it when it was cut. */
void detail_value(struct detail *d, struct slice value, size_t max);

/* A time, such as "12.3 ms" or "2.50 s". */
void detail_time(struct detail *d, int64_t ns);

#endif /* DISSECT_JUDGE_DETAIL_H */
