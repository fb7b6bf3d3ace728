/* SPDX-License-Identifier: MIT */
/*
 * recount.h - the figures of stats.h once more, over what passes a filter.
 *
 *   rows that refine.h lets pass -> events (rebuild.h) -> struct stats
 *
 * The same passes as with -Y (display.h): messages with any of their frames,
 * handshakes and ends with anything of their connection.  Exact is what
 * stats_figures() gives, the curve, compression and the round trips of pings;
 * of messages that were given up the time is that of their last frame.  Not
 * counted are findings, and payload of frames that were not captured whole.
 *
 * Rows are counted once, in their order, in slices of time, behind the filter.
 * Everything here is called with the store locked.
 */
#ifndef UI_TUI_RECOUNT_H
#define UI_TUI_RECOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/stats.h"
#include "ui/tui/store/refine.h"
#include "ui/tui/store/store.h"

struct recount_wait;

/* Embed it, zeroed.  Members are for recount.c; others read stats and
 * scanned. */
struct recount {
    struct stats *stats; /* owned; NULL: not begun, or out of memory */
    size_t scanned;      /* frames (and gaps) that were looked at */
    bool no_memory;      /* something was not counted */
    uint8_t *told;       /* of connections: set of enum in recount.c */
    size_t told_cap;
    uint8_t *taken; /* of messages that have a row: 1: counted, or waits */
    size_t taken_cap;
    struct recount_wait *waiting; /* messages that are not done */
    size_t n_waiting, waiting_cap, wait_at;
    size_t sweep_at; /* connection to look at next */
    /* What was there when all connections were looked at last. */
    size_t swept_conns, swept_shown;
    uint64_t swept_ended;
};

/* Begins anew; nothing is counted. */
void recount_reset(struct recount *rc);

/*
 * Counts rows that r has looked at for about slice_ns.  r has a filter, the
 * same since the last recount_reset().  True: there is more to count now.
 */
bool recount_update(struct recount *rc, const struct refine *r,
                    const struct store *s, int64_t slice_ns);

#endif /* UI_TUI_RECOUNT_H */
