/* SPDX-License-Identifier: MIT */
/*
 * dissect.h - the dissector as a whole: pairs of byte streams in (struct
 * stream_ops), events out (struct event_sink).
 *
 * One dissector is one thread without locks and without globals; several can
 * run side by side.  What stands behind it: conn.h.
 */
#ifndef DISSECT_DISSECT_H
#define DISSECT_DISSECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/err.h"
#include "base/stream.h"
#include "dissect/event.h"
#include "dissect/threshold.h"

/* Limits, all in bytes; defaults by dissect_limits_default(). */
struct dissect_limits {
    size_t http_head;      /* a longer head is not HTTP: 64 KiB */
    size_t message_keep;   /* one message kept for display: 16 MiB */
    uint64_t inflate_len;  /* one message inflated: 64 MiB */
    size_t detect;         /* unrecognised bytes a direction: 64 KiB */
    size_t hold;           /* bytes held while a handshake is open: 256 KiB */
    size_t inflate_memory; /* all inflate states together: 256 MiB */
    bool midstream;        /* look for frames without a handshake: true */
    struct thresholds thresholds; /* of the findings */
    /* What connections and their messages take is counted here; capture/ ends
     * connections when it is passed.  Borrowed; NULL: not counted. */
    struct budget *budget;
};

/* What was let go, and why; never silent: ui/main.c tells. */
struct dissect_stats {
    uint64_t long_heads; /* heads longer than http_head: not HTTP then */
    uint64_t over_hold;  /* bytes waiting for the other side passed hold */
    uint64_t no_memory;  /* connections or directions not followed */
};

struct dissect;

struct dissect_limits dissect_limits_default(void);

/*
 * Makes a dissector that reports to sink.  limits and sink are copied.
 * ERR_NOMEM, or ERR_USAGE when sink->digest names no digest.
 */
ERR_CHECK enum err dissect_new(struct dissect **out,
                               const struct dissect_limits *limits,
                               const struct event_sink *sink);
void dissect_free(struct dissect *d);

/* Counters so far. */
struct dissect_stats dissect_stats(const struct dissect *d);

/* What to plug into capture/: `user` of ops->open() is the dissector. */
const struct stream_ops *dissect_stream_ops(void);

#endif /* DISSECT_DISSECT_H */
