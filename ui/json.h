/* SPDX-License-Identifier: MIT */
/*
 * json.h - events as JSON (RFC 8259), one object a line, version 1.
 *
 * The format is an interface, described by doc/events.schema.json: names do
 * not change, new ones may be added.  Unknown is null, not missing.  Strings
 * hold no raw control characters or bidi controls (they are escaped), so the
 * lines are safe on a terminal.
 *
 * A string that is not valid UTF-8 has U+FFFD in it, and NAME_hex beside it
 * the exact bytes.  For header lists NAME_hex ("request_headers_hex") is the
 * whole list again in hex; names of subprotocols and extensions come from
 * those headers and have no list of their own.
 *
 * A compressed message may copy from history that was not captured: `known`
 * then lists the ranges [start, end) of its bytes that are certain ("length"
 * is exact all the same), and "known_more" is true when there are more of them
 * than are listed; what is shown ends before those.  In "base64" an unknown
 * byte is 00.  In "text" it is one U+FFFD, so that text and ranges can be
 * walked together; where unknown bytes cut a character in two, its known bytes
 * become U+FFFD as well, and "text_hex" has the exact bytes, unknown ones 00.
 *
 * "ping_rtt" of an end has for each sender its pings' round trips: count, and
 * min, median, p95, max in seconds; null: none was answered.  count, min and
 * max are exact, the other two so up to 32 round trips and at most 3.2 % off
 * with more.
 */
#ifndef UI_JSON_H
#define UI_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/source.h"
#include "dissect/event.h"
#include "ui/out.h"
#include "ui/summary.h"

#define JSON_PAYLOAD_LIMIT_DEFAULT ((size_t)64 * 1024)

struct json_options {
    const char *version;  /* of wsray, e.g. "0.1.0"; borrowed */
    size_t payload_limit; /* bytes of a message shown; 0 = none */
    const char *digest;   /* OpenSSL digest name or NULL; borrowed */
};

struct json;

/* Makes a writer to o, which must outlive it.  NULL: out of memory. */
struct json *json_new(const struct json_options *options, struct out *o);
void json_free(struct json *j);

/* The sink to give to the dissector; wants everything. */
struct event_sink json_sink(struct json *j);

/* The line of one event. */
void json_event(struct json *j, const struct event *event);

/* The line that goes in front of the packets of each source. */
void json_capture(struct json *j, const struct source_info *info,
                  uint64_t first_packet);

/* The last line: the counts of the whole capture, whatever --conn and --only
 * let through. */
void json_summary(struct json *j, const struct summary *s);

#endif /* UI_JSON_H */
