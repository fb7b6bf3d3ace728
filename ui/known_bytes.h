/* SPDX-License-Identifier: MIT */
/*
 * known_bytes.h - payloads of which some bytes are not known: those that
 * inflating copied from history that was not captured (ws_track.h).  They are
 * zeros in the payload and must not be shown as such.
 */
#ifndef UI_KNOWN_BYTES_H
#define UI_KNOWN_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "dissect/event.h"

/* As in struct event_message.  ranges NULL: all bytes are known. */
struct known_bytes {
    const struct event_range *ranges;
    size_t n;
    bool more; /* there are more ranges, behind the payload that is there */
};

static inline struct known_bytes
known_bytes_of(const struct event_message *m)
{
    return (struct known_bytes){m->known, m->n_known, m->known_more};
}

/* Whether byte `at` is known; *i, 0 at first, is for calls with growing
 * `at`. */
bool known_bytes_at(const struct known_bytes *k, uint64_t at, size_t *i);

/*
 * The run that begins at `at`, of known bytes (*known) or of others: returns
 * where it ends, `end` at most.  *i as above.
 */
uint64_t known_bytes_run(const struct known_bytes *k, uint64_t at, uint64_t end,
                         size_t *i, bool *known);

/* How many of the first len bytes are not known. */
uint64_t known_bytes_missing(const struct known_bytes *k, uint64_t len);

#define KNOWN_BYTES_MARK "\xef\xbf\xbd" /* U+FFFD */
#define KNOWN_BYTES_MARK_LEN (sizeof KNOWN_BYTES_MARK - 1)

/* Appends bytes, the beginning of the payload, with KNOWN_BYTES_MARK for each
 * that is not known.  False: not all of them, for want of memory or since out
 * is full. */
bool known_bytes_mark(const struct known_bytes *k, struct slice bytes,
                      struct buf *out);

/* Appends bytes, with "<3 unknown>" for three in a row that are not known;
 * false as above. */
bool known_bytes_tell(const struct known_bytes *k, struct slice bytes,
                      struct buf *out);

#endif /* UI_KNOWN_BYTES_H */
