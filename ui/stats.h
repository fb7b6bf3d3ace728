/* SPDX-License-Identifier: MIT */
/*
 * stats.h - figures of all connections together: a sink that counts, and what
 * it has counted.
 *
 * Counting (stats.c) knows nothing of text; tables of what was counted are
 * drawn by stats_text.c at any time, also while events still come.  Payload is
 * never asked for.
 *
 * Memory does not grow with the traffic: counters and histograms, and a few
 * words for each open connection, up to STATS_CONNS_MAX of them.  Connections
 * beyond count in every sum, but their path and peers are unknown; over_limit
 * says how many there were.
 *
 * Payload that a frame announced but that never came does not count; payload
 * that was sent and not captured does.  Sums of lengths stay at UINT64_MAX when
 * they would pass it: a header may announce 2^63 - 1 bytes.
 */
#ifndef UI_STATS_H
#define UI_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/map.h"
#include "dissect/event.h"
#include "ui/out.h"
#include "ui/rates.h"
#include "ui/summary.h"

/* Open connections known by path and peers. */
#define STATS_CONNS_MAX 65536u
/* Bytes of a request target that are kept. */
#define STATS_TARGET_MAX 128u
/* Connections with most bytes that are told. */
#define STATS_TOP 10u
/* Different close codes that are told one by one. */
#define STATS_CODES_MAX 32u

enum stats_kind {
    STATS_TEXT = 0,
    STATS_BINARY,
    STATS_OTHER, /* of a reserved opcode */
    STATS_KIND_COUNT
};

/* Messages of a kind by one sender. */
struct stats_messages {
    uint64_t n;
    uint64_t n_frames;
    uint64_t fragmented;     /* in more than one frame */
    uint64_t unknown;        /* messages whose length is not known */
    struct histogram length; /* of the others, after inflating, bytes */
};

/* Compressed messages of one sender. */
struct stats_deflate {
    uint64_t n;
    uint64_t unknown; /* of these, with a length that is not known */
    /* Of the others, bytes: */
    uint64_t wire;
    uint64_t inflated;
};

/* Round trips of the pings of one sender, of connections that ended.  Of the
 * percentiles of connections only the range is known. */
struct stats_pings {
    uint64_t conns; /* that had any */
    uint64_t n;
    int64_t min_ns, max_ns;
    int64_t median_ns[2]; /* least and greatest of a connection */
    int64_t p95_ns[2];
};

/* What one side sent, on all connections. */
struct stats_sender {
    uint64_t frames[16];   /* by opcode */
    uint64_t payload[16];  /* of those whose end was reached, bytes */
    uint64_t header_bytes; /* with masks */
    uint64_t masked;       /* frames */
    uint64_t incomplete;   /* frames of which bytes were not captured */
    uint64_t found_again;  /* frames behind a loss or in mid-stream */
    uint64_t heads;        /* HTTP heads of handshakes */
    uint64_t head_bytes;
    uint64_t gaps;
    uint64_t gap_bytes;
    uint64_t undecoded_bytes; /* captured, but in no frame that was told */
    uint64_t close_without;   /* Close frames that have no code */
    uint64_t close_unknown;   /* ... whose code was not captured */
    uint64_t close_more;      /* ... with a code beyond STATS_CODES_MAX */
    struct stats_messages messages[STATS_KIND_COUNT];
    struct stats_deflate deflate;
    struct stats_pings pings;
};

struct stats_code {
    uint16_t code;
    uint64_t n[2]; /* Close frames, by enum ws_sender */
};

/* One connection. */
struct stats_conn {
    struct stats_conn *prev, *next; /* open ones */
    uint32_t conn;
    bool seen; /* client, server and target are known */
    bool ended;
    enum verdict_id verdict; /* with ended */
    struct endpoint client, server;
    uint64_t frames[2]; /* by enum ws_sender */
    uint64_t messages[2];
    uint64_t bytes[2]; /* payload */
    int64_t last_ns;   /* of its last frame, with frames */
    enum ws_sender last_from;
    bool target_cut;
    size_t target_len;
    uint8_t target[STATS_TARGET_MAX];
};

/* What no event tells; for the owner to set. */
struct stats_capture {
    uint64_t packets;
    uint64_t bytes; /* on the wire */
    uint64_t flows;
    int64_t duration_ns; /* last packet - first packet */
    bool has_dropped;    /* live only */
    uint64_t dropped;    /* by the kernel */
    uint64_t conns;      /* connections in all, before --conn; 0: not known */
};

/* How tables are drawn. */
struct stats_options {
    size_t width; /* columns; 0: no limit */
    bool color;   /* ANSI colours */
    bool utf8;    /* the terminal understands UTF-8 */
};

struct stats_text;

/* For stats.c to write and for all to read. */
struct stats {
    struct stats_capture capture;
    /* Connections: all of them, and of these */
    uint64_t conns;
    uint64_t midstream; /* found without their handshake */
    /* The others were asked for, and */
    uint64_t accepted;
    uint64_t refused; /* answered, but not with an upgrade to WebSocket */
    uint64_t unanswered;
    uint64_t deflate_agreed;
    uint64_t ended;
    uint64_t clean;
    uint64_t unclosed; /* ended, and no Close frame had a code */
    uint64_t verdicts[VERDICT_COUNT];
    struct stats_sender sender[2]; /* by enum ws_sender */
    struct rates rates;
    struct histogram turns; /* from a frame to the next one of the other side,
                               us; of connections that are kept */
    struct stats_code codes[STATS_CODES_MAX];
    size_t n_codes;
    /* How often each finding occurred, and with which severity at most. */
    uint64_t findings[FINDING_COUNT];
    enum severity severity[FINDING_COUNT];
    uint64_t severities[SEVERITY_COUNT];
    /* Those that ended with most bytes, the one with most first. */
    struct stats_conn top[STATS_TOP];
    size_t n_top;
    /* Connections without path and peers: beyond STATS_CONNS_MAX, or for want
     * of memory. */
    uint64_t over_limit, no_memory;
    struct map map;
    size_t n_open;           /* in the list and in the map */
    struct stats_conn open;  /* head of the list */
    struct stats_conn *last; /* looked up last; NULL: none */
    struct stats_text *text; /* of stats_text.c; NULL: nothing is drawn */
};

/* options NULL: only counts.  NULL: out of memory. */
struct stats *stats_new(const struct stats_options *options);
void stats_free(struct stats *s);

/* The sink to give to the dissector. */
struct event_sink stats_sink(struct stats *s);

/* Takes over the figures that main.c has; before stats_render() and
 * stats_screen(). */
void stats_set_capture(struct stats *s, const struct summary *summary);

/* Fills out (STATS_TOP) with the connections, open and ended, that have most
 * payload bytes, the one with most first; returns their number.  Connections
 * without frames are left out.  Pointers live until the next event. */
size_t stats_top(const struct stats *s, const struct stats_conn **out);

/* ---- stats_text.c ---- */

/* How a live capture is doing. */
struct stats_live {
    int64_t elapsed_ns;                             /* since it began */
    uint64_t received;                              /* packets */
    uint64_t dropped;                               /* by the kernel */
    uint64_t queue_now, queue_peak, queue_capacity; /* bytes */
    uint64_t memory_now, memory_peak;               /* bytes */
};

/* Makes what stats_new() keeps in stats.text.  NULL: out of memory. */
struct stats_text *stats_text_new(const struct stats_options *options);
void stats_text_free(struct stats_text *t);

/* Draws all tables; those that would be empty are left out.  live NULL: not
 * live.  s was made with options. */
void stats_render(struct stats *s, const struct stats_live *live,
                  struct out *o);

/*
 * Draws as much of the same as a terminal of rows and columns shows: cursor
 * home, each row cleared to its end, the rest of the screen cleared, no line
 * feed behind the last row.  Columns count instead of options.width.
 */
void stats_screen(struct stats *s, const struct stats_live *live, size_t rows,
                  size_t columns, struct out *o);

#endif /* UI_STATS_H */
