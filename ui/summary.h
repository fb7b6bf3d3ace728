/* SPDX-License-Identifier: MIT */
/*
 * summary.h - what a run saw, in figures.
 *
 * Counts from handshake, finding and end events alone, so that the cheapest
 * sink has a summary too; frames and messages are those of `end`.  It stands in
 * front of the filter of select.h and counts everything; the report counts once
 * more what came through.
 */
#ifndef UI_SUMMARY_H
#define UI_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "dissect/event.h"

struct summary {
    /* For main to fill in. */
    uint64_t packets;
    uint64_t bytes; /* on the wire */
    uint64_t flows;
    bool has_dropped;    /* live only */
    uint64_t dropped;    /* by the kernel */
    int64_t duration_ns; /* last packet - first packet */
    /* Counted here. */
    uint64_t connections; /* handshakes */
    uint64_t accepted;    /* of these, by the server */
    uint64_t midstream;   /* of these, without their handshake */
    uint64_t frames;
    uint64_t messages;
    uint64_t findings[SEVERITY_COUNT]; /* each id once a connection */
    struct event_sink inner;           /* behind summary_sink() */
};

void summary_init(struct summary *s);

/* Takes one event into account. */
void summary_count(struct summary *s, const struct event *event);

/* A sink that counts and hands everything inner wants on to it.  inner is
 * copied; s must outlive the sink. */
struct event_sink summary_sink(struct summary *s, struct event_sink inner);

#endif /* UI_SUMMARY_H */
