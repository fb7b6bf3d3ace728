/* SPDX-License-Identifier: MIT */
/*
 * json_write.h - JSON strings (RFC 8259 section 7) into an output buffer.
 *
 * Escaped are '"', '\', C0, DEL and C1 controls, and the bidi controls
 * (U+061C, U+200E, U+200F, U+202A-202E, U+2066-2069): a line of JSON on a
 * terminal does nothing but appear.  Other valid UTF-8 passes as it is;
 * invalid bytes become U+FFFD, one for each maximal subpart.
 */
#ifndef UI_JSON_WRITE_H
#define UI_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "ui/out.h"

/* Longest text for json_write_string_at(), and what it needs: six bytes a
 * byte, the quotes, and room for a vector store behind the end. */
#define JSON_WRITE_AT_MAX ((size_t)8192)
#define JSON_WRITE_AT_ROOM(len) (6 * (len) + 2 + 16)

/*
 * Writes in (at most JSON_WRITE_AT_MAX bytes) with its quotes at p and
 * returns the end.  *valid is cleared if in was not valid UTF-8, else left.
 */
uint8_t *json_write_string_at(uint8_t *p, struct slice in, bool *valid);

/* The same for any length; returns whether in was valid UTF-8. */
bool json_write_string(struct out *o, struct slice in);

/* in as a quoted string of hex digits, of base64. */
void json_write_hex(struct out *o, struct slice in);
void json_write_base64(struct out *o, struct slice in);

#endif /* UI_JSON_WRITE_H */
