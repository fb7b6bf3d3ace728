/* SPDX-License-Identifier: MIT */
/*
 * display.h - -Y: a filter (filter/filter.h) in front of a sink, together with
 * --conn and --only.
 *
 * What passes:
 *   frames, gaps   when the filter is true for them
 *   messages       with any of their frames
 *   findings       when the filter is true for them, or with the frame that
 *                  they name; they come behind that frame then
 *   ends           when the filter is true for them, or when anything of their
 *                  connection passed
 *   handshakes     likewise; so that they come late, in front of what passed
 *                  first, when the filter is not true for themselves
 *
 * Until then a handshake is kept as the text of its heads.  What all of them
 * take has a maximum (DISPLAY_KEPT_MAX); past that, and without memory, one
 * passes at once.
 *
 * A filter that asks only for what is the same for all of a connection is run
 * once for each.  Frames, messages and payloads that the sink behind does not
 * want are asked for only if the filter does.
 */
#ifndef UI_DISPLAY_H
#define UI_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "dissect/event.h"
#include "ui/filter/filter.h"
#include "ui/options.h"

/* Bytes of handshakes that wait. */
#define DISPLAY_KEPT_MAX ((size_t)64 << 20)

struct display_conn;

/* Embed it; ready when zeroed; the members are for display.c. */
struct display {
    struct filter *filter;         /* borrowed */
    const struct options *options; /* borrowed; --conn, --only */
    struct event_sink inner;
    uint32_t needs;
    struct map conns;
    struct display_conn *all;  /* the first of a list, in no order */
    struct display_conn *last; /* looked up last; NULL: none */
    size_t kept, kept_max;     /* bytes of handshakes that wait */
    uint64_t not_kept;         /* handshakes that passed for want of room */
    uint64_t without_memory;   /* times there was no memory for something */
};

/* *sink is the one in front of inner (copied).  filter and options must
 * outlive it.  ERR_NOMEM. */
ERR_CHECK enum err display_init(struct display *d, struct filter *filter,
                                const struct options *options,
                                struct event_sink inner,
                                struct event_sink *sink);
void display_fini(struct display *d);

#endif /* UI_DISPLAY_H */
