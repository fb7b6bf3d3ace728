/* SPDX-License-Identifier: MIT */
/*
 * export.h - `wsray export`: sets up what is to be made from the options, says
 * where it goes, and tells what became of it.
 *
 * The makers are in ui/export/; they know neither options nor the sandbox.
 */
#ifndef UI_EXPORT_H
#define UI_EXPORT_H

#include <stdbool.h>

#include "base/err.h"
#include "dissect/event.h"
#include "ui/broker.h"
#include "ui/exit_status.h"
#include "ui/options.h"
#include "ui/out.h"
#include "ui/summary.h"
#include "ui/tell.h"

struct export;

/*
 * Makes it; *sink gets what it wants to know.  options and standard (of
 * standard output) are borrowed until export_free().  ERR_NOMEM, ERR_OPEN (the
 * nameless file; errno tells).
 */
ERR_CHECK enum err export_new(struct export **e, const struct options *options,
                              struct out *standard, struct event_sink *sink);

/* NULL is fine. */
void export_free(struct export *e);

/* Opens the file of -w, if there is one, by broker in its directory 0 or here
 * where that is NULL.  ERR_OPEN (errno tells), ERR_NOMEM. */
ERR_CHECK enum err export_open(struct export *e, struct broker *broker);

/* Nothing that comes will arrive: time to stop reading. */
bool export_is_over(const struct export *e);

/* The end: writes what waits, and tells what failed and what was left out.
 * summary counts all connections.  Returns what that means for the exit
 * status. */
enum exit_status export_finish(struct export *e, const struct tell *tell,
                               const struct summary *summary);

#endif /* UI_EXPORT_H */
