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
#include "ui/guard.h"
#include "ui/options.h"
#include "ui/out.h"
#include "ui/pipeline.h"
#include "ui/summary.h"
#include "ui/tell.h"

struct export;

#define EXPORT_DIRS_MAX 2u

/* The directories that the broker needs for a command that writes many files;
 * returns their number, 0 for any other command.  Their texts are those of
 * options. */
size_t export_dirs(const struct options *options,
                   struct broker_dir dirs[EXPORT_DIRS_MAX]);

/*
 * Makes it; *sink gets what it wants to know.  options, tell and
 * standard (of standard output) are borrowed until export_free().  ERR_NOMEM,
 * ERR_OPEN (the nameless file; errno tells).
 */
ERR_CHECK enum err export_new(struct export **e, const struct options *options,
                              const struct tell *tell, struct out *standard,
                              struct event_sink *sink);

/* NULL is fine. */
void export_free(struct export *e);

/* Opens what -w names, if it is given, by broker (borrowed) with its
 * directories, or here where that is NULL.  ERR_OPEN or ERR_USAGE
 * (standard output is a terminal) with the reason in *error. */
ERR_CHECK enum err export_open(struct export *e, struct broker *broker,
                               struct guard_error *error);

/* Whether the input is read twice: export_see() behind each packet the first
 * time, then export_turn(), then export_take() behind each packet. */
bool export_reads_twice(const struct options *options);
void export_see(struct export *e, uint64_t packet,
                const struct pipeline_sight *sight);
void export_turn(struct export *e);
void export_take(struct export *e, const struct packet *packet,
                 const struct source_info *info,
                 const struct pipeline_sight *sight);

/* Nothing that comes will arrive: time to stop reading. */
bool export_is_over(const struct export *e);

/* The end: writes what waits, and tells what failed and what was left out.
 * summary counts all connections.  Returns what that means for the exit
 * status. */
enum exit_status export_finish(struct export *e, const struct summary *summary);

#endif /* UI_EXPORT_H */
