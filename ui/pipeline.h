/* SPDX-License-Identifier: MIT */
/*
 * pipeline.h - the one place where capture/ meets dissect/: packets of files
 * in, events into a sink.
 *
 *   source -> decap -> flow table -> dissector -> sink
 *
 * Prints nothing: what goes wrong with the input comes through a callback.
 */
#ifndef UI_PIPELINE_H
#define UI_PIPELINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/decap.h"
#include "capture/flow.h"
#include "capture/source.h"
#include "dissect/dissect.h"
#include "ui/options.h"

struct pipeline;

/* What the owner wants to know while it runs; each gets ctx. */
struct pipeline_watch {
    void *ctx;
    /* Before the first packet of a source, and when it has a new interface. */
    void (*capture)(void *ctx, const struct source_info *info,
                    uint64_t first_packet);
    /* A file failed; the next one goes on. */
    void (*failed)(void *ctx, const struct source_error *error);
    /* A link type that cannot be read; once for each interface. */
    void (*unknown_link)(void *ctx, const struct source_info *info,
                         uint32_t link);
    /* After each packet; false stops reading. */
    bool (*packet)(void *ctx, const struct source_info *info, uint64_t packets);
};

struct pipeline_totals {
    uint64_t packets;
    uint64_t bytes;      /* on the wire */
    int64_t duration_ns; /* between the earliest and the latest packet */
    struct flow_stats flow;
    const struct decap_stats *decap;
    struct dissect_stats dissect;
    uint64_t secrets_dropped; /* secrets of pcapng files not kept */
    size_t memory_peak;       /* the most counted for --memory, bytes */
};

/*
 * Puts the stages together by the limits of options, which are borrowed, like
 * sink's ctx, until pipeline_free().  ERR_NOMEM, ERR_UNSUPPORTED (no random
 * numbers), or ERR_USAGE when sink->digest names no digest.
 */
ERR_CHECK enum err pipeline_new(struct pipeline **out,
                                const struct options *options,
                                const struct event_sink *sink);
void pipeline_free(struct pipeline *p);

/* Reads everything and ends every flow. */
void pipeline_run(struct pipeline *p, const struct pipeline_watch *watch);

/* The figures so far; decap lives as long as p. */
struct pipeline_totals pipeline_totals(const struct pipeline *p);

#endif /* UI_PIPELINE_H */
