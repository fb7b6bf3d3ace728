/* SPDX-License-Identifier: MIT */
/*
 * tell.h - messages to the person on standard error, behind what was already
 * written to standard output and without disturbing the line of progress.
 */
#ifndef UI_TELL_H
#define UI_TELL_H

#include <stdbool.h>

#include "base/slice.h"
#include "ui/out.h"
#include "ui/pipeline.h"
#include "ui/progress.h"

struct tell {
    struct out *out;
    struct progress *progress;
    bool utf8; /* the terminal understands UTF-8 */
    /* Where lines go while something else has the terminal; NULL: standard
     * error. */
    void (*show)(void *ctx, const char *line);
    void *show_ctx;
};

/* One line, "wsray: NAME: text".  Both are made harmless. */
void tell(const struct tell *t, const char *name, const char *text);

/* The same, with a format. */
void tell_format(const struct tell *t, const char *name, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

/* A line of text, as much of it as fits, and below it marks under len bytes
 * from offset on (at least one). */
void tell_place(const struct tell *t, struct slice text, size_t offset,
                size_t len);

/* One limit that was reached count times, and the option that sets it; nothing
 * when count is 0. */
void tell_limit(const struct tell *t, uint64_t count, const char *what,
                const char *option);

/* The limits that were reached. */
void tell_limits(const struct tell *t, const struct pipeline_totals *totals);

/* What the capture holds beside what is reported; for -v. */
void tell_oddities(const struct tell *t, const struct pipeline_totals *totals);

#endif /* UI_TELL_H */
