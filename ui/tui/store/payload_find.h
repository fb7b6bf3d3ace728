/* SPDX-License-Identifier: MIT */
/*
 * payload_find.h - text in what is kept of payloads.
 */
#ifndef UI_TUI_PAYLOAD_FIND_H
#define UI_TUI_PAYLOAD_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/tui/store/store.h"

/*
 * Whether a frame (row) holds the text: a control frame in its own payload, the
 * last frame of a message in that of the message, as with a filter.  All that
 * the store keeps is searched.  Longer texts than PAYLOAD_FIND_MAX bytes, and
 * "", are not found.  The store is locked.
 */
bool payload_holds(const struct store *s, uint32_t frame, const char *text);

#define PAYLOAD_FIND_MAX 1024u

#endif /* UI_TUI_PAYLOAD_FIND_H */
