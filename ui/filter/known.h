/* SPDX-License-Identifier: MIT */
/*
 * known.h - what filters need to know of a connection beside the event at
 * hand: its handshake, the frame before, its waiting pings.
 */
#ifndef UI_FILTER_KNOWN_H
#define UI_FILTER_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dissect/event.h"

/* Bytes kept of each text of a handshake. */
#define FILTER_CONN_TEXT_MAX 8192u

enum filter_conn_text {
    CONN_TEXT_METHOD = 0,
    CONN_TEXT_URI,
    CONN_TEXT_HOST,
    CONN_TEXT_USER_AGENT,
    CONN_TEXT_ORIGIN,
    CONN_TEXT_SUBPROTOCOL,
    CONN_TEXT_COUNT
};

struct filter_pings;

/* Embed it; ready when zeroed, with conn set. */
struct filter_conn {
    uint32_t conn;
    bool known; /* its handshake event came */
    bool accepted;
    uint16_t status; /* 0: none was seen */
    uint64_t flow;
    struct endpoint peer[2];            /* by enum ws_sender */
    struct slice text[CONN_TEXT_COUNT]; /* ptr NULL: not there */
    uint8_t *bytes; /* what they point to; NULL: somebody else's */
    /* Of the frame that came last. */
    bool has_last, has_delta, has_rtt;
    int64_t last_ns, delta_ns, rtt_ns;
    /* By its sender: the message that was at work, and how many frames of it
     * there were. */
    struct {
        uint64_t message, n;
    } frames[2];
    struct filter_pings *pings; /* NULL: none yet */
};

/*
 * Takes an event into account; first of all, before filter_passes() is asked
 * about it.  needs: filter_needs().  False: no memory; what is missing is then
 * as if it had not been there.
 */
bool filter_conn_update(struct filter_conn *c, uint32_t needs,
                        const struct event *event);

/* Takes a handshake into account without a copy: its texts must outlive c. */
void filter_conn_borrow(struct filter_conn *c, const struct event_handshake *e);

void filter_conn_fini(struct filter_conn *c);

#endif /* UI_FILTER_KNOWN_H */
