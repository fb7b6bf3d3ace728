/* SPDX-License-Identifier: MIT */
/*
 * report_parts.h - what the files of the report share: report.c (sink, ends,
 * summary), report_handshake.c, report_frames.c, report_field.c; and with
 * check_text.c, whose lines have the same form.
 */
#ifndef UI_REPORT_PARTS_H
#define UI_REPORT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"
#include "dissect/event.h"
#include "ui/report.h"
#include "ui/report_line.h"
#include "ui/when.h"

/* Columns of everything but the timeline: "#1    label         value". */
#define REPORT_CONN_COLS 4u
#define REPORT_LABEL_COL 6u
#define REPORT_VALUE_COL 20u

/* At this width, the default, every column of the timeline is there. */
#define REPORT_FULL 80u
/* Below this one, fields have less to the left of them, and their second line
 * less still: "#1  label       value". */
#define REPORT_NARROW 56u
#define REPORT_NARROW_LABEL_COL 4u
#define REPORT_NARROW_VALUE_COL 16u
#define REPORT_NARROW_HANG_COL 6u

/* Widths from which on a line of -q has more in it. */
#define REPORT_QUIET_SHORT 80u
#define REPORT_QUIET_WHOLE 100u

#define REPORT_SUMMARY_HANG 2u

/* Bytes of a request target kept for the line of -q. */
#define REPORT_TARGET_MAX 256u

/* Findings of one connection that wait for the line of their frame. */
#define REPORT_HELD_MAX 16u
/* Bytes of a finding's detail that are kept meanwhile, with a NUL. */
#define REPORT_DETAIL_MAX 256u

struct report_held {
    struct report_held *next; /* the one that came after it */
    struct event_finding finding;
    char detail[REPORT_DETAIL_MAX];
};

/* One connection, from its first event to its end. */
struct report_conn {
    struct report_conn *prev, *next; /* all of them, in no order */
    uint32_t conn;
    int64_t start_ns;         /* zero of relative times */
    int64_t last_ns;          /* of its line before, for delta times */
    uint64_t shown[2];        /* last message shown with its frame, by sender */
    uint64_t frame[2];        /* last frame shown, by sender */
    struct report_held *held; /* the oldest first */
    unsigned n_held;
    uint64_t n_findings;
    struct endpoint client, server;
    bool seen; /* its handshake event came */
    bool has_status;
    uint16_t status;
    enum tristate accept_ok;
    bool accepted;
    bool target_cut;
    size_t target_len;
    uint8_t target[REPORT_TARGET_MAX];
};

struct report {
    struct report_options options;
    struct out *out; /* borrowed */
    struct report_line line;
    struct when when;
    struct map conns;
    struct report_conn all;   /* head of the list */
    struct report_conn spare; /* stands in when there is no memory */
    struct report_conn *last; /* looked up last; NULL: none */
    struct summary shown;     /* counts of what came in */
    struct buf scratch;       /* a value being put together, raw */
    uint64_t shown_frames;    /* that came in */
    uint64_t shown_messages;
    uint64_t without_memory; /* times there was no memory for a connection */
    bool begun;              /* something was printed */
    bool timeline;           /* the heading of the timeline was printed */
};

/* The state of connection conn; made, starting at start_ns, if there is none.
 * Never NULL. */
struct report_conn *report_conn(struct report *r, uint32_t conn,
                                int64_t start_ns);

/* Begins a line with "#conn". */
void report_prefix(struct report *r, uint32_t conn);

/* A label in its column, the value after it.  What follows it in the line has
 * style. */
void report_label(struct report *r, uint32_t conn, const char *label,
                  enum report_style style);

bool report_is_narrow(const struct report *r);

/* Where the second line of a field's value begins. */
size_t report_hang_col(const struct report *r);

/* Ends the line and begins another, hanging columns from its left; conn 0: one
 * of no connection. */
void report_next_line(struct report *r, uint32_t conn, enum report_style style,
                      size_t hang);

/* Puts text (raw) behind what stands in the line, broken at spaces into as many
 * lines as it takes, and where there are none anywhere.  Nothing is left out.
 * Does not end the last line. */
void report_wrap(struct report *r, uint32_t conn, struct slice value,
                 enum report_style style, size_t hang);

/* A whole field: label and value (raw), one line with an ellipsis if it is too
 * long (a few lines where lines are short), or as many lines as it takes. */
void report_field_cut(struct report *r, uint32_t conn, const char *label,
                      struct slice value, enum report_style style);
void report_field_wrap(struct report *r, uint32_t conn, const char *label,
                       struct slice value, enum report_style style);

/* Puts a value together in r->scratch; too long ones are cut. */
void report_add(struct report *r, struct slice s);
void report_add_str(struct report *r, const char *text);
void report_add_u64(struct report *r, uint64_t v);
/* "1,234 bytes", "1 byte": v and the noun, in the plural unless v is 1. */
void report_add_count(struct report *r, uint64_t v, const char *noun);

/* The absolute time of a connection's beginning, and its columns. */
size_t report_date_cols(const struct report *r);
void report_put_date(struct report *r, int64_t ns);

/* A finding as a field of its connection. */
void report_finding(struct report *r, uint32_t conn,
                    const struct event_finding *e);
enum report_style report_severity_style(enum severity s);

void report_handshake(struct report *r, struct report_conn *c,
                      const struct event_handshake *e);
/* The names of the columns, in front of the first frame of all. */
void report_timeline_heading(struct report *r);
void report_frame(struct report *r, struct report_conn *c,
                  const struct event_frame *e);
/* A message that no frame line has shown. */
void report_message(struct report *r, struct report_conn *c,
                    const struct event_message *e);

#endif /* UI_REPORT_PARTS_H */
