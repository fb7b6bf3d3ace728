/* SPDX-License-Identifier: MIT */
/*
 * refine.h - a filter (filter/filter.h) over the rows of the store: which
 * frames, findings and connections pass.
 *
 *   rows -> event of a frame, gap, finding, handshake, end -> filter -> a bit
 *
 * Rows are looked at once, in their order, in slices of time, and as they come.
 * Only what the filter needs is read: payload out of the spool when it asks
 * for some.  Frames pass as with -Y (display.h); the same goes for findings
 * and connections (shown.h), but
 *
 *   - findings below note, and sums of findings, are not in the store;
 *   - of a payload only what the store keeps is searched: n_partial.
 *
 * It knows nothing of views.  Everything here is called with the store locked.
 */
#ifndef UI_TUI_REFINE_H
#define UI_TUI_REFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/filter/filter.h"
#include "ui/tui/store/store.h"

struct refine_conn;

/* Embed it; zeroed there is no filter, and everything passes.  Members are for
 * refine.c; others read filter, scanned, n, n_conns, n_partial, starts.
 */
struct refine {
    struct filter *filter; /* owned; NULL: none */
    uint32_t needs;
    bool asks_ends; /* it uses what ends of connections have */
    bool stopped;
    size_t scanned;            /* frames (and gaps) that were looked at */
    size_t n;                  /* ... that passed */
    size_t n_conns;            /* connections that pass so far */
    uint64_t n_partial;        /* payloads that were searched in part */
    uint32_t starts;           /* counts filters */
    bool no_memory;            /* what does not fit passes */
    struct refine_conn *conns; /* as the store's rows */
    size_t conns_cap, conns_looked;
    uint64_t *frames;  /* bits */
    size_t frames_cap; /* bits */
    uint64_t *findings;
    size_t findings_cap, findings_scanned;
    size_t end_at; /* connection to ask next whether it ended */
    uint64_t ends_scanned;
    uint8_t *payload;
    size_t payload_cap;
};

/* Begins anew with f, which is owned from here on; NULL: everything passes. */
void refine_start(struct refine *r, struct filter *f);
void refine_fini(struct refine *r);

/* Goes no further; what passed so far is all. */
void refine_stop(struct refine *r);

/*
 * Looks at rows of frames before `end`, and at all other rows, for about
 * slice_ns.  loading: more may come, also of the last frame.  True: there is
 * more to look at.
 */
bool refine_update(struct refine *r, const struct store *s, size_t end,
                   bool loading, int64_t slice_ns);

/* Whether a row passes, as far as is known.  Without a filter: yes. */
bool refine_frame(const struct refine *r, size_t row);
bool refine_finding(const struct refine *r, const struct store *s, size_t row);
bool refine_conn(const struct refine *r, size_t row);

/* Whether what refine_finding() says is all there is to say: it was looked at,
 * and so was its frame. */
bool refine_finding_settled(const struct refine *r, const struct store *s,
                            size_t row);

#endif /* UI_TUI_REFINE_H */
