/* SPDX-License-Identifier: MIT */
/*
 * shown.h - what the lists show: the filter, and how the rows of the Frames
 * view follow it.
 *
 *   a frame, a gap  when the filter is true for it
 *   a connection    when it is for its handshake, its end, or any frame, gap or
 *                   finding of it
 *   a finding       when it is for it, or for the frame that it names
 *
 * Without a filter all do.  While one runs over the frames, more and more pass;
 * none that passed stops to.  The store is locked.
 */
#ifndef UI_TUI_SHOWN_H
#define UI_TUI_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/filter/filter.h"
#include "ui/tui/store/refine.h"

struct tui;

/* Members are for shown.c; others read. */
struct shown {
    struct refine refine;
    char *text;     /* of the filter, as it was typed; NULL: none */
    uint32_t want;  /* frame to select once the rows reach it; STORE_NONE */
    size_t want_at; /* where the cursor stood: if it moved, never mind */
};

void shown_init(struct shown *s);
void shown_fini(struct shown *s);

/* Takes that filter from here on; "": none.  False: it is none, *error tells
 * why, and the old one stays. */
bool tui_filter(struct tui *t, const char *text, struct filter_error *error);

/* Stops a filter that runs; false: none does. */
bool tui_filter_stop(struct tui *t);

/* There is a filter: not all need be shown. */
bool tui_filtered(const struct tui *t);

#endif /* UI_TUI_SHOWN_H */
