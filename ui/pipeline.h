/* SPDX-License-Identifier: MIT */
/*
 * pipeline.h - the one place where capture/ meets dissect/: packets of a source
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
    /* After each packet, the packets-th; false stops reading. */
    bool (*packet)(void *ctx, const struct source_info *info,
                   const struct packet *packet, uint64_t packets);
};

struct pipeline_totals {
    uint64_t packets;
    uint64_t bytes;      /* on the wire */
    int64_t duration_ns; /* between the earliest and the latest packet */
    struct flow_stats flow;
    const struct decap_stats *decap;
    struct dissect_stats dissect;
    uint64_t secrets_dropped; /* secrets of pcapng files not kept */
    /* What is counted for --memory, bytes: now, the most so far, allowed. */
    size_t memory_now, memory_peak, memory_max;
};

/*
 * Puts the stages together by the limits of options, which are borrowed, like
 * sink's ctx, until pipeline_free().  source is the pipeline's from now on,
 * whatever comes of it.  ERR_NOMEM, ERR_UNSUPPORTED (no random numbers), or
 * ERR_USAGE when sink->digest names no digest.
 */
ERR_CHECK enum err pipeline_new(struct pipeline **out,
                                const struct options *options,
                                struct source *source,
                                const struct event_sink *sink);
void pipeline_free(struct pipeline *p);

/* Reads everything and ends every flow. */
void pipeline_run(struct pipeline *p, const struct pipeline_watch *watch);

/* It is time_ns (of the packets' clock) and nothing comes: what waits for its
 * time and not for packets happens now.  From within source_on_idle(). */
void pipeline_tick(struct pipeline *p, int64_t time_ns);

/* What became of the packet at hand, from within packet(). */
struct pipeline_sight {
    enum decap_result decap;
    struct flow_sight flow; /* with DECAP_TCP */
    uint64_t datagram;      /* decap_datagram() */
};
struct pipeline_sight pipeline_sight(const struct pipeline *p);

/* The figures so far; decap lives as long as p. */
/* The time of the first packet, from its pipeline_watch.capture on. */
int64_t pipeline_start_ns(const struct pipeline *p);

struct pipeline_totals pipeline_totals(const struct pipeline *p);

#endif /* UI_PIPELINE_H */
