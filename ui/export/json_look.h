/* SPDX-License-Identifier: MIT */
/*
 * json_look.h - is this JSON (RFC 8259)?
 *
 * Only to name a file: an object or an array, nothing behind it.  The text must
 * be known to be UTF-8.  One pass, no memory.
 */
#ifndef UI_EXPORT_JSON_LOOK_H
#define UI_EXPORT_JSON_LOOK_H

#include <stdbool.h>

#include "base/slice.h"

/* What nests deeper is not called JSON (RFC 8259 section 9 allows a limit). */
#define JSON_LOOK_DEPTH_MAX 1024u

bool json_look(struct slice text);

#endif /* UI_EXPORT_JSON_LOOK_H */
