/* SPDX-License-Identifier: MIT */
/*
 * follow.h - one connection as a conversation on standard output; how it looks
 * is conversation.h's.
 *
 * The connection is the first one that was accepted, or, with any set, the
 * first one that comes at all.
 */
#ifndef UI_FOLLOW_H
#define UI_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dissect/event.h"
#include "ui/options.h"
#include "ui/out.h"

struct follow_options {
    enum output_format format; /* text, json, hex, c or raw */
    enum time_format time;
    enum follow_from from;
    enum follow_units units;
    bool no_control;
    bool any;             /* not only an accepted connection (--conn) */
    size_t payload_limit; /* bytes of a message */
    size_t width;         /* columns; 0: lines are not wrapped */
    bool color, utf8;
};

/* What became of it. */
struct follow_figures {
    uint32_t conn;       /* that was followed; 0: none */
    uint64_t n_conns;    /* that came */
    uint64_t n_accepted; /* of these */
    uint64_t n_cut;      /* messages longer than payload_limit */
    uint64_t n_partial;  /* messages that the capture does not hold whole */
};

struct follow;

/* Makes a writer to o, which must outlive it.  NULL: out of memory. */
struct follow *follow_new(const struct follow_options *options, struct out *o);
void follow_free(struct follow *f);

/* The sink to give to the dissector. */
struct event_sink follow_sink(struct follow *f);

struct follow_figures follow_figures(const struct follow *f);

#endif /* UI_FOLLOW_H */
