/* SPDX-License-Identifier: MIT */
/*
 * report.h - events as text for a person.
 *
 * Each connection: its handshake with the Accept line proved, the timeline of
 * its frames, findings behind the frame they name, how it ended; at last a
 * summary.
 * Connections are interleaved as the traffic was, so each line carries its
 * connection (#1) and stands alone.  No byte of the traffic gets out but
 * through text.h.
 *
 *   #1     1   0.001234  client →  text   FIN    MASK      5  Hello
 *   conn   |   time      from      opcode flags       length  payload
 *          number of the frame, counted per sender
 */
#ifndef UI_REPORT_H
#define UI_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "dissect/event.h"
#include "ui/out.h"
#include "ui/summary.h"
#include "ui/when.h"

/* How much is said. */
enum report_detail {
    REPORT_QUIET = 0, /* -q: one line a connection, at its end */
    REPORT_NORMAL,
    REPORT_VERBOSE, /* -v: all headers, header bits, evidence */
};

struct report_options {
    enum report_detail detail;
    enum time_format time;
    size_t width; /* columns; 0 = no limit (4096 for payloads) */
    bool color;   /* ANSI colours */
    bool utf8;    /* the terminal understands UTF-8 */
    bool partial; /* not all of a connection may come (-Y) */
};

struct report;

/* Makes a writer to o, which must outlive it.  NULL: out of memory. */
struct report *report_new(const struct report_options *options, struct out *o);
void report_free(struct report *r);

/* The sink to give to the dissector; REPORT_QUIET wants no frames. */
struct event_sink report_sink(struct report *r);

/* The last lines.  When s has other connections than came to the sink (--conn,
 * -Y), connections, frames, messages and findings are those of the sink, beside
 * the number of all connections; with options.partial, also how many frames and
 * messages of these connections were shown. */
void report_summary(struct report *r, const struct summary *s);

#endif /* UI_REPORT_H */
