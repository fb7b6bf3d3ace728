/* SPDX-License-Identifier: MIT */
/*
 * app.h - the terminal interface as a command: the store and the statistics
 * that events go into, the thread that brings them, the terminal.
 *
 *   app_new()    before the sandbox closes: the spool file
 *   app_open()   the terminal (reads terminfo), as late as possible
 *   app_run()    work in a thread of its own, the interface in this one
 *   app_close()  the terminal is given back
 */
#ifndef UI_TUI_APP_H
#define UI_TUI_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dissect/event.h"
#include "ui/broker.h"
#include "ui/options.h"
#include "ui/summary.h"

struct app;

#define APP_REASON_MAX 160u

/* o is borrowed until app_free(); its -Y, which is one, is the filter that the
 * interface begins with.  ERR_NOMEM; ERR_OPEN: no place for the spool
 * file, errno tells. */
ERR_CHECK enum err app_new(struct app **out, const struct options *o);
void app_free(struct app *a);

struct event_sink app_sink(struct app *a);

/* Where the person may save, for the broker. */
struct broker_dir app_dir(void);

/* The broker that makes such files, whose directory `dir` it is; borrowed.
 * NULL: there is none, and none is needed. */
void app_set_broker(struct app *a, struct broker *broker, unsigned dir);

/* False: the terminal cannot be used, and reason says why. */
bool app_open(struct app *a, char reason[APP_REASON_MAX]);

/*
 * Calls work(ctx) in another thread and shows what comes until the person
 * leaves, then stop(ctx), which makes work return soon.  source names what is
 * read.  False: the terminal went away, or there is no thread.
 */
bool app_run(struct app *a, const char *source, bool live,
             void (*work)(void *ctx), void (*stop)(void *ctx), void *ctx);

/* Gives the terminal back.  Works twice, and on NULL. */
void app_close(struct app *a);

/* A message for the person; from any thread.  The first of them are kept. */
void app_say(struct app *a, const char *line);

/* The i-th line that was said, i from 0 on; NULL: there are no more, or no more
 * are kept.  After app_run(). */
const char *app_said(const struct app *a, size_t i);

/* The time of the first packet; from the thread of work. */
void app_set_start(struct app *a, int64_t start_ns);

/* Figures that no event tells; from the thread of work.  memory: of the stages
 * in front, bytes. */
void app_figures(struct app *a, const struct summary *summary, uint64_t dropped,
                 uint64_t memory);

#endif /* UI_TUI_APP_H */
