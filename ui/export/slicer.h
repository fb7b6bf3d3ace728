/* SPDX-License-Identifier: MIT */
/*
 * slicer.h - which packets belong to chosen connections: all of their TCP
 * flows, from the SYN on, with every fragment of a datagram that was put
 * together.
 *
 *   first reading    slicer_choose() whenever a connection is chosen,
 *                    slicer_see() behind each packet
 *   slicer_turn()
 *   second reading   slicer_wants() behind each packet
 *
 * Both readings go through the same pipeline with the same limits, so that
 * flows and datagrams get the same numbers.  Knows neither files nor options.
 *
 * Not found: fragments of datagrams that never became whole, and of a
 * fragmented datagram that was carried in parts by a tunnel.
 */
#ifndef UI_EXPORT_SLICER_H
#define UI_EXPORT_SLICER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dissect/event.h"
#include "ui/pipeline.h"

/* Memory for fragments of which it is not known yet what they are part of,
 * bytes: 16 for each, and for each datagram. */
#define SLICER_PARTS_BYTES ((size_t)64 << 20)

struct slicer_figures {
    uint64_t flows;     /* chosen; after slicer_turn() */
    uint64_t over;      /* fragments left out for parts_max */
    uint64_t no_memory; /* connections or fragments left out */
};

struct slicer;

/* parts_max: as SLICER_PARTS_BYTES.  ERR_NOMEM. */
ERR_CHECK enum err slicer_new(struct slicer **s, size_t parts_max);

/* NULL is fine. */
void slicer_free(struct slicer *s);

/* Chooses the connection on this flow (event_handshake.flow). */
void slicer_choose(struct slicer *s, uint64_t flow);

/* A sink that chooses each connection whose handshake comes. */
struct event_sink slicer_sink(struct slicer *s);

/* First reading: the packet at hand. */
void slicer_see(struct slicer *s, uint64_t packet,
                const struct pipeline_sight *sight);

/* Between the readings. */
void slicer_turn(struct slicer *s);

/* Second reading: whether the packet at hand belongs to what was chosen.
 * Packets come in the order of their numbers. */
bool slicer_wants(struct slicer *s, uint64_t packet,
                  const struct pipeline_sight *sight);

/* Lives as long as s. */
const struct slicer_figures *slicer_figures(const struct slicer *s);

#endif /* UI_EXPORT_SLICER_H */
