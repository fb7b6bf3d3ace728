/* SPDX-License-Identifier: MIT */
/*
 * har_parts.h - what the files of har.h share: har.c (connections, messages,
 * the document), har_heads.c (request and response).
 */
#ifndef UI_EXPORT_HAR_PARTS_H
#define UI_EXPORT_HAR_PARTS_H

#include <stdbool.h>

#include "base/buf.h"
#include "dissect/event.h"
#include "ui/out.h"

/* Room for the constant part of anything: names, numbers, times. */
#define HAR_FIXED_MAX ((size_t)512)

/* Writes `"request":{...},"response":{...}` for a handshake.  url is scratch.
 */
void har_write_heads(struct out *o, const struct event_handshake *e,
                     bool no_secrets, struct buf *url);

/* The same where there is no handshake: none was told, or there was no room for
 * it (left_out). */
void har_write_no_heads(struct out *o, bool left_out, struct buf *url);

/* ,"NAME": */
void har_write_name(struct out *o, const char *name);

#endif /* UI_EXPORT_HAR_PARTS_H */
