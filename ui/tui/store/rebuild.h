/* SPDX-License-Identifier: MIT */
/*
 * rebuild.h - events (dissect/event.h) made again of the rows of the store.
 *
 * What no row keeps is 0: of a handshake whether there was no answer, of a
 * frame its first packet and its confidence, of an end its counts and evidence.
 * A frame of which every byte was captured counts as ended; others do not.
 *
 * Slices point into the store's texts, or to where the caller says.  Everything
 * here is called with the store locked.
 */
#ifndef UI_TUI_REBUILD_H
#define UI_TUI_REBUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dissect/event.h"
#include "ui/tui/store/store.h"

/* Longest payload of a control frame (RFC 6455 section 5.5). */
#define REBUILD_CONTROL_MAX 125u

/* The handshake as it was told; e points into heads, which are filled, and to
 * the texts of the row. */
void rebuild_handshake(const struct store_conn *row, struct http1_head heads[2],
                       struct event_handshake *e);

/* The end of a connection that ended, without its sentence. */
void rebuild_end(const struct store_conn *row, struct event_end *e);

/* A frame without its payload and its message. */
void rebuild_frame(const struct store_frame *f, struct event_frame *e);

/* Fills in the payload of a control frame, read into bytes, and what it says.
 * False: not all of it could be read. */
bool rebuild_control(const struct store *s, const struct store_frame *f,
                     uint8_t bytes[REBUILD_CONTROL_MAX], struct event_frame *e);

/* A message without its payload. */
void rebuild_message(const struct store *s, const struct store_message *m,
                     struct event_message *e);

/* A gap, not knowing whether frames start again behind it. */
void rebuild_gap(const struct store_frame *f, struct event_gap *e);

/* A finding without its detail. */
void rebuild_finding(const struct store_finding *f, struct event_finding *e);

#endif /* UI_TUI_REBUILD_H */
