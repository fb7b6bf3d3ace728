/* SPDX-License-Identifier: MIT */
/*
 * when.h - points in time and spans as text.
 *
 * The part up to the second is kept from call to call: neighbouring events
 * mostly share it.  No locale; a time zone only for TIME_FORMAT_LOCAL.
 *
 *   relative, delta   0.001234                     since start_ns
 *   utc               2024-05-06T07:08:09.123456Z
 *   local             2024-05-06T07:08:09.123456   in the local time zone
 *   epoch             1714979289.123456            since 1970-01-01 UTC
 */
#ifndef UI_WHEN_H
#define UI_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/options.h"

/* Length of when_rfc3339() text: "2024-05-06T07:08:09.123456789Z". */
#define WHEN_RFC3339_LEN 30u
/* No text of this module is longer. */
#define WHEN_TEXT_MAX 40u

/* Embed it, zeroed; the members are for when.c. */
struct when {
    int64_t utc_sec, local_sec; /* of the texts below */
    int64_t last_ns;            /* of last */
    bool have_utc, have_local, have_last;
    uint8_t utc[20];   /* "2024-05-06T07:08:09." */
    uint8_t local[20]; /* the same in local time */
    uint8_t last[WHEN_RFC3339_LEN];
};

/* Writes WHEN_RFC3339_LEN bytes at p (RFC 3339, UTC, nanoseconds) and returns
 * their end. */
uint8_t *when_rfc3339(struct when *w, int64_t ns, uint8_t *p);

/* Write a span in seconds with nine or six (the rest cut off) decimals, "-"
 * in front when negative; return the end.  At most WHEN_TEXT_MAX bytes. */
uint8_t *when_span9(int64_t ns, uint8_t *p);
uint8_t *when_span6(int64_t ns, uint8_t *p);

/*
 * Writes ns as format says; start_ns is the beginning of the connection or,
 * for delta, the line before.  Returns the end; at most WHEN_TEXT_MAX bytes.
 */
uint8_t *when_text(struct when *w, enum time_format format, int64_t ns,
                   int64_t start_ns, uint8_t *p);

/* Columns to right-align when_text() in. */
size_t when_columns(enum time_format format);

#endif /* UI_WHEN_H */
