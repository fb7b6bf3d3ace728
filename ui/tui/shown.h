/* SPDX-License-Identifier: MIT */
/*
 * shown.h - which connections and findings pass the filter.
 *
 *   a connection  when its handshake, its end, or any frame, gap or finding of
 *                 it passes
 *   a finding     when it passes, or the frame that it names
 *
 * Without a filter all do.  While one runs over the frames, more and more pass;
 * none that passed stops to.  The store is locked.
 */
#ifndef UI_TUI_SHOWN_H
#define UI_TUI_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tui;

/* There is a filter: not all need be shown. */
bool tui_filtered(const struct tui *t);

/* Rows of the store. */
bool tui_conn_shown(const struct tui *t, size_t row);
bool tui_finding_shown(const struct tui *t, size_t row);

/* Another number than before when an answer of the two above may have changed
 * for a row that was asked about. */
uint64_t tui_shown_turn(const struct tui *t);

#endif /* UI_TUI_SHOWN_H */
