/* SPDX-License-Identifier: MIT */
/*
 * writer.h - what the command writes to standard output: the one of report,
 * json, check, stats and follow that was asked for, set up from the options.
 */
#ifndef UI_WRITER_H
#define UI_WRITER_H

#include <stdbool.h>

#include "base/err.h"
#include "capture/source.h"
#include "dissect/event.h"
#include "ui/check.h"
#include "ui/expect.h"
#include "ui/follow.h"
#include "ui/json.h"
#include "ui/options.h"
#include "ui/out.h"
#include "ui/report.h"
#include "ui/stats.h"
#include "ui/summary.h"

struct writer {
    const struct options *options;
    struct out *out;
    /* One of these; the others are NULL. */
    struct json *json;
    struct report *report;
    struct check *check;
    struct stats *stats;
    struct follow *follow;
};

/*
 * Makes it; *sink gets what it wants to know.  options and expect (what
 * --expect names) are borrowed until writer_fini(), like out.  ERR_NOMEM, and
 * writer_fini() is needed all the same.
 */
ERR_CHECK enum err writer_init(struct writer *w, const struct options *options,
                               const struct expect *expect, struct out *out,
                               struct event_sink *sink);
void writer_fini(struct writer *w);

/* A source, or an interface of it, that is new. */
void writer_capture(struct writer *w, const struct source_info *info,
                    uint64_t first_packet);

/* Draws the figures so far; for `stats` on a terminal. */
void writer_redraw(struct writer *w, const struct summary *summary,
                   const struct stats_live *live);

/* Takes what writer_redraw() drew off the screen. */
void writer_clear(struct writer *w);

/* The end.  intact: all of the input was read. */
void writer_finish(struct writer *w, const struct summary *summary,
                   bool intact);

/* Whether it goes on though nobody reads what it writes: the status of a check
 * does not depend on who does. */
static inline bool
writer_outlives(const struct writer *w, const struct out *out)
{
    return w->check && out->error == ERR_OK && out->closed;
}

/* Whether `check` has failed, after writer_finish(). */
bool writer_failed(const struct writer *w);

#endif /* UI_WRITER_H */
