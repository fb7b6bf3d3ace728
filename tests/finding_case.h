/* SPDX-License-Identifier: MIT */
/*
 * finding_case.h - one conversation and what has to be found in it; the
 * tables tests/cases_*.c are played by tests/test_findings.c.
 *
 * Lists of findings are ids with one space between them.  In expect and also
 * an id may have a suffix that is checked: ":client", ":server", ":both" (of
 * nobody in particular), and "*3", how often on a connection.
 */
#ifndef TESTS_FINDING_CASE_H
#define TESTS_FINDING_CASE_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/scene.h"

struct finding_case {
    const char *name; /* a sentence, or the number of the case */
    /* All findings of severity warning and error, exactly; NULL, "": none. */
    const char *expect;
    const char *also;   /* these, of lower severity, too */
    const char *absent; /* not these: the near misses shown by this case */
    /* Of the first connection: an id, or several with '|' between them; NULL:
     * not looked at. */
    const char *verdict;
    int onclose; /* 0: not looked at */
    /* Segment borders, and packets of others, matter here: not moved. */
    bool not_cuttable;
    bool needs_acks; /* bare acknowledgements are part of the proof */
    bool sampled;    /* one of many alike: cut at a few places only */
    /* Too large to be played more than once. */
    bool heavy;
    void (*play)(struct scene *s);
    /* Instead of play, for tables made of data. */
    void (*play_with)(struct scene *s, const void *data);
    const void *data;
    struct scene_options options; /* what the capture suffers */
};

struct finding_cases {
    const char *topic;
    const struct finding_case *list;
    size_t n;
};

extern const struct finding_cases cases_close;
extern const struct finding_cases cases_frame;
extern const struct finding_cases cases_opening;
extern const struct finding_cases cases_negotiation;
extern const struct finding_cases cases_security;
extern const struct finding_cases cases_ping;
extern const struct finding_cases cases_traffic;
extern const struct finding_cases cases_tcp;
const struct finding_cases *cases_autobahn(void); /* made at the first call */

#endif /* TESTS_FINDING_CASE_H */
