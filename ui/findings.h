/* SPDX-License-Identifier: MIT */
/*
 * findings.h - what `wsray findings` shows: the list of all findings, or one
 * explained in full.  All of it comes from finding.def and threshold.def.
 *
 * Plain ASCII; errors of out are the caller's to ask for.
 */
#ifndef UI_FINDINGS_H
#define UI_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "dissect/finding.h"
#include "dissect/threshold.h"

struct findings_options {
    size_t columns; /* of a line, 0: the list is one line a finding */
    bool color;
    const struct thresholds *thresholds; /* as set by the user */
};

/* All findings by layer, with severity and text, and all thresholds. */
void findings_write_list(FILE *out, const struct findings_options *o);

/* One in full: text, severity, rule, why it matters, when it is not told, its
 * thresholds. */
void findings_write_one(FILE *out, const struct findings_options *o,
                        enum finding_id id);

#endif /* UI_FINDINGS_H */
