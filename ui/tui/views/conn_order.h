/* SPDX-License-Identifier: MIT */
/*
 * conn_order.h - the order in which connections are listed: an index over the
 * rows of the store, sorted by one of their columns.
 *
 * The store's rows never move.  Values change while a capture runs, so that
 * the index is sorted again now and then: from CONN_ORDER_MANY rows on only so
 * often that it takes a small part of the time.
 */
#ifndef UI_TUI_CONN_ORDER_H
#define UI_TUI_CONN_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/tui/store/refine.h"
#include "ui/tui/store/store.h"

/* Fewer are sorted at each call. */
#define CONN_ORDER_MANY 10000u

/* Columns; those of one value keep the order of their numbers. */
enum conn_sort {
    CONN_SORT_NUMBER = 0,
    CONN_SORT_STATE,
    CONN_SORT_START,
    CONN_SORT_AGE,
    CONN_SORT_CLIENT,
    CONN_SORT_SERVER,
    CONN_SORT_TARGET, /* host, then path */
    CONN_SORT_FRAMES,
    CONN_SORT_FROM_CLIENT,
    CONN_SORT_FROM_SERVER,
    CONN_SORT_BYTES,
    CONN_SORT_RATE,  /* frames in the last minute */
    CONN_SORT_FLAGS, /* errors, then warnings, then notes */
    CONN_SORT_COUNT
};

/* Embed it, zeroed. */
struct conn_order {
    uint32_t *row; /* of the store, in the order shown */
    size_t n;
    enum conn_sort by; /* see conn_order_by() */
    bool inverted;
    const struct refine *filter; /* borrowed: only those that pass are listed;
                                    NULL: all */
    uint32_t starts;             /* of the filter, of the last update */
    /* For conn_order.c. */
    struct conn_key *keys;
    size_t cap;
    uint64_t *listed; /* bits: rows of the store that are in row[] */
    size_t n_listed;  /* bits */
    size_t n_passed;  /* connections, of the last update */
    bool stale;
    int64_t sorted_ns;
};

void conn_order_fini(struct conn_order *o);

/* Sorts by that column from the next update on. */
void conn_order_by(struct conn_order *o, enum conn_sort by, bool inverted);

/*
 * Takes in the connections that came since, and sorts where it is time to.
 * now_ns: of any clock that does not go back.  False: out of memory, and new
 * ones are not in it.
 */
bool conn_order_update(struct conn_order *o, const struct store *s,
                       int64_t now_ns);

/* The place of a row of the store; o->n: it is not in it. */
size_t conn_order_place(const struct conn_order *o, uint32_t row);

/* How long a connection lasted, or lasts so far, ns. */
int64_t conn_age_ns(const struct store_conn *c);

#endif /* UI_TUI_CONN_ORDER_H */
