/* SPDX-License-Identifier: MIT */
/*
 * check_parts.h - what the files of the check share: check.c (sink, counters,
 * judgement), check_text.c, check_json.c.
 */
#ifndef UI_CHECK_PARTS_H
#define UI_CHECK_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "ui/check.h"
#include "ui/json.h"
#include "ui/report_parts.h"

/* Bytes of a finding's detail that are kept, with a NUL. */
#define CHECK_DETAIL_MAX 256u
/* By connection: findings kept of each, and bytes of them in all. */
#define CHECK_HELD_MAX 64u
#define CHECK_HELD_BYTES ((size_t)64 * 1024 * 1024)

/* The first occurrence of a finding on a connection by a sender. */
struct check_place {
    uint32_t conn;
    struct event_finding finding;
    char *detail; /* of finding, owned; NULL: none */
};

/* What is known of one finding. */
struct check_rule {
    uint64_t count;         /* occurrences */
    uint64_t judged;        /* of these, what --expect looks at */
    uint64_t conns;         /* connections that have any */
    uint64_t places;        /* first occurrences, kept or not */
    enum severity severity; /* the highest it had */
    size_t n_kept, cap_kept;
    struct check_place *kept; /* the first ones */
};

#define CHECK_WORDS ((FINDING_COUNT + 63) / 64)

/* A finding that waits for the end of its connection. */
struct check_held {
    struct check_held *next;
    size_t size; /* of all of it, bytes */
    struct event_finding finding;
    char detail[];
};

/* An open connection that has findings; by connection, any. */
struct check_conn {
    struct check_conn *prev, *next; /* all of them, in no order */
    uint32_t conn;
    uint64_t has[CHECK_WORDS]; /* set of findings */
    bool any;
    /* By connection only. */
    bool seen; /* client, server and target are known */
    struct endpoint client, server;
    bool target_cut;
    size_t target_len;
    uint8_t *target;
    struct check_held *held, *held_last; /* the oldest first */
    unsigned n_held;
    uint64_t not_held;
};

struct check {
    struct check_options options;
    struct out *out;     /* borrowed */
    struct report *page; /* lines are written with its calls; NULL: JSON */
    struct json *json;   /* NULL: text */
    struct check_rule rule[FINDING_COUNT];
    uint64_t verdicts[VERDICT_COUNT];
    uint64_t connections;            /* seen */
    uint64_t with_findings;          /* of these */
    uint64_t counts[SEVERITY_COUNT]; /* occurrences */
    uint64_t ignored;                /* occurrences */
    uint64_t reaching;               /* occurrences that reach --fail-on */
    uint64_t without_memory;
    struct map conns;
    struct check_conn all;   /* head of the list */
    struct check_conn *last; /* looked up last; NULL: none */
    size_t held_bytes;
    bool taught[FINDING_COUNT]; /* why it matters was told */
    uint64_t n_blocks;          /* connections written */
};

/* Whether --expect has a say about id. */
bool check_expects(const struct check *c, enum finding_id id);

/* A finding that occurred more or less often than --expect wants. */
struct check_difference {
    enum finding_id id;
    uint64_t expected, found;
};

/* The next difference from finding *at on, which moves behind it; false: there
 * is none. */
bool check_next_difference(const struct check *c, unsigned *at,
                           struct check_difference *out);

/* One connection that has ended, with its findings. */
void check_write_connection(struct check *c, const struct check_conn *conn,
                            const struct event_end *end);

/* All that stands at the end. */
void check_write_text(struct check *c, bool whole);
void check_write_expect(struct check *c);
void check_write_json(struct check *c, bool whole);

#endif /* UI_CHECK_PARTS_H */
