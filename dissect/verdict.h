/* SPDX-License-Identifier: MIT */
/*
 * verdict.h - one sentence for a connection: how it ended, who ended it, and
 * the packets that prove it (RFC 6455 section 7.1).
 *
 * Knows what was seen, not how it was found: conn.c gathers the facts.
 */
#ifndef DISSECT_VERDICT_H
#define DISSECT_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/stream.h"
#include "dissect/event.h"

#define VERDICT_TEXT_MAX 200u

/* What one side did at the end. */
struct verdict_side {
    bool sent_close;
    struct stamp close; /* its first Close frame */
    bool has_code;
    uint16_t code;
    bool ended; /* its stream ended, for the reason why */
    enum stream_end why;
    struct stamp fin;   /* packet 0: no FIN seen */
    struct stamp reset; /* packet 0: no RST seen */
};

struct verdict_facts {
    bool answered;        /* a response head was seen */
    bool accepted;        /* and it was a 101 for WebSocket */
    uint16_t status;      /* when answered */
    struct stamp request; /* packet 0: not seen */
    struct stamp response;
    struct verdict_side side[2]; /* by enum ws_sender */
};

/*
 * Fills closed_by, clean, onclose_code, has_close_code, close_code, verdict,
 * text and evidence of *out from the facts.  out->text points to text.
 */
void verdict_decide(const struct verdict_facts *facts, struct event_end *out,
                    char text[VERDICT_TEXT_MAX]);

#endif /* DISSECT_VERDICT_H */
