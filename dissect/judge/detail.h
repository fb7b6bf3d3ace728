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

struct detail {
    size_t len; /* bytes, without the NUL */
    char text[DETAIL_MAX];
};

void detail_init(struct detail *d);

/* Our own words. */
void detail_add(struct detail *d, const char *words);

void detail_add_number(struct detail *d, uint64_t n);

/* A value from the wire: bytes that are not printable ASCII as \xHH, a
 * backslash doubled, cut at DETAIL_VALUE_MAX bytes with "..." behind. */
void detail_add_value(struct detail *d, struct slice value);

/* A line of one value between words of our own. */
void detail_value(struct detail *d, const char *before, struct slice value,
                  const char *behind);

#endif /* DISSECT_JUDGE_DETAIL_H */
