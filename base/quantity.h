/* SPDX-License-Identifier: MIT */
/*
 * quantity.h - numbers, sizes and times as a user writes them on a command
 * line.
 */
#ifndef BASE_QUANTITY_H
#define BASE_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

/* Reads digits at *text and moves *text behind them.  False: there are none,
 * or the number is over UINT64_MAX. */
bool quantity_digits(const char **text, uint64_t *out);

/* All of text as bytes: "65536", "64K", "64KiB"; K, M, G and T are powers of
 * 1024.  False: it is something else, or too large. */
bool quantity_size(const char *text, uint64_t *out);

/* All of text as nanoseconds, at most INT64_MAX: "50ms", "1.5s", "30"
 * (seconds); units are ns, us, ms, s, min and h.  False: it is something
 * else, or too long. */
bool quantity_time(const char *text, uint64_t *out);

#endif /* BASE_QUANTITY_H */
