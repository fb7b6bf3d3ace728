/* SPDX-License-Identifier: MIT */
/*
 * replay.h - a connection of the store told again to a sink: its handshake,
 * frames with the messages that they end, findings.  Not its end, of which the
 * store does not keep enough.
 */
#ifndef UI_TUI_REPLAY_H
#define UI_TUI_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/tui/store/rows.h"
#include "ui/tui/store/store.h"

/* frames: all of connection `conn` (row).  False: out of memory, and not all
 * was told.  Payloads are told as far as the store keeps them. */
bool replay_conn(const struct store *s, uint32_t conn,
                 const struct rows *frames, const struct event_sink *sink);

#endif /* UI_TUI_REPLAY_H */
