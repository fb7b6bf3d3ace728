/* SPDX-License-Identifier: MIT */
/*
 * quiet_watch.h - what a reader of captures watches (ui/pipeline.h) when it is
 * only the events that matter.
 */
#ifndef TESTS_QUIET_WATCH_H
#define TESTS_QUIET_WATCH_H

#include "ui/pipeline.h"

static inline void
quiet_failed(void *ctx, const struct source_error *error)
{
    (void)ctx;
    (void)error; /* a sample that is cut */
}

static inline void
quiet_unknown_link(void *ctx, const struct source_info *info, uint32_t link)
{
    (void)ctx;
    (void)info;
    (void)link;
}

static inline bool
quiet_packet(void *ctx, const struct source_info *info,
             const struct packet *packet, uint64_t packets)
{
    (void)ctx;
    (void)info;
    (void)packet;
    (void)packets;
    return true;
}

#endif /* TESTS_QUIET_WATCH_H */
