/* SPDX-License-Identifier: MIT */
/*
 * check.h - what `wsray check` shows: findings and verdicts alone, and
 * whether the capture passes.
 *
 * By rule, memory does not grow with the capture: counters, the first
 * occurrences of each finding, and a few words for each open connection that
 * has findings.  By connection, findings wait for the end of theirs, up to a
 * limit.
 *
 * Words: an *occurrence* is one time that a rule was broken.  A finding event
 * is the first occurrence on a connection by a sender, or brings at last how
 * many there were; see emit.h.
 */
#ifndef UI_CHECK_H
#define UI_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "dissect/event.h"
#include "ui/expect.h"
#include "ui/options.h"
#include "ui/out.h"
#include "ui/summary.h"

struct check_options {
    enum output_format format;
    enum check_by by;
    enum fail_on fail_on; /* not looked at where there is expect */
    bool verbose;         /* findings of severity chat too, and why each rule
                             matters */
    size_t max;           /* occurrences shown of each finding */
    struct option_ids only, ignore;
    const struct expect *expect; /* borrowed; NULL: none */
    size_t width;                /* columns */
    bool color, utf8;            /* as in report.h */
};

struct check;

/* Makes a writer to o, which must outlive it.  NULL: out of memory. */
struct check *check_new(const struct check_options *options, struct out *o);
void check_free(struct check *c);

/* The sink to give to the dissector. */
struct event_sink check_sink(struct check *c);

/*
 * Writes what comes last, once.  whole: all input was read; if not, it says
 * so instead of "passed".  s is for JSON.
 */
void check_finish(struct check *c, const struct summary *s, bool whole);

/* Whether it has failed, by what came so far. */
bool check_failed(const struct check *c);

#endif /* UI_CHECK_H */
