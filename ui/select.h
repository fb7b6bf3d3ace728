/* SPDX-License-Identifier: MIT */
/*
 * select.h - --conn and --only: a filter in front of a sink.
 *
 * --conn drops everything about other connections.  --only drops frames and
 * messages of other kinds; handshakes, gaps, findings and ends stay.  A
 * continuation frame also passes when it completes a message of a selected
 * kind.
 */
#ifndef UI_SELECT_H
#define UI_SELECT_H

#include <stdbool.h>

#include "dissect/event.h"
#include "ui/options.h"

/* Embed it; the members are for select.c. */
struct select {
    const struct options *options; /* borrowed */
    struct event_sink inner;
};

/* Whether options (conns, only_opcodes) let the event pass. */
bool select_passes(const struct options *options, const struct event *event);

/*
 * The sink that hands on to inner (copied) what passes; inner itself when
 * options select everything.  s and options must outlive it.
 */
struct event_sink select_sink(struct select *s, const struct options *options,
                              struct event_sink inner);

#endif /* UI_SELECT_H */
