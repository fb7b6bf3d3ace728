/* SPDX-License-Identifier: MIT */
/*
 * verdict.h - one sentence for a connection: how it ended, who ended it, and
 * the packets that prove it (RFC 6455 section 7.1).
 *
 * That something was not sent is said only when the capture holds all of the
 * place where it would stand.
 *
 * Knows what was seen, not how it was found: conn.c gathers the facts.
 */
#ifndef DISSECT_VERDICT_H
#define DISSECT_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/stream.h"
#include "dissect/event.h"

#define VERDICT_TEXT_MAX 240u

/* Bytes of the name of another protocol, with its NUL. */
#define VERDICT_PROTOCOL_MAX 32u

/* What one side did at the end, and how much of that was seen. */
struct verdict_side {
    bool sent_close;
    struct stamp close; /* its first Close frame */
    bool has_code;
    uint16_t code;
    bool ended; /* its stream ended, for the reason why */
    enum stream_end why;
    struct stamp fin;   /* packet 0: no FIN seen */
    struct stamp reset; /* packet 0: no RST seen */
    bool captured;      /* any byte or packet that it sent was seen */
    bool lost;          /* frame boundaries were not known at its end */
    /* Bytes of its answer or its frames that were not captured, if no frame
     * of it was seen behind them: a Close frame is the last one (RFC 6455
     * section 5.5.1). */
    uint64_t gap_bytes;
};

struct verdict_facts {
    bool answered;   /* a response head was seen */
    bool accepted;   /* frames followed: a 101 for WebSocket, or inferred */
    uint16_t status; /* when answered */
    struct stamp request; /* packet 0: its end was not seen */
    struct stamp response;
    /* Not accepted, status 101: the name of the protocol instead, printable
     * ASCII; "": the response names none.  See verdict_set_protocol(). */
    char protocol[VERDICT_PROTOCOL_MAX];
    /* Both sent a Close frame, and the later of the two was sent before the
     * first one had come: its packet does not acknowledge that. */
    bool crossed;
    struct verdict_side side[2]; /* by enum ws_sender */
};

/* Keeps the value of the Upgrade header of a 101 that is not for WebSocket;
 * ptr NULL: it has none. */
void verdict_set_protocol(struct verdict_facts *facts, struct slice upgrade);

/* A request was not answered, TCP was ended by a FIN or RST, and nothing of
 * the direction of the answer is missing: there was none. */
bool verdict_is_unanswered(const struct verdict_facts *facts);

/*
 * Fills closed_by, clean, onclose_code, has_close_code, close_code, verdict,
 * text and evidence of *out from the facts.  out->text points to text.
 */
void verdict_decide(const struct verdict_facts *facts, struct event_end *out,
                    char text[VERDICT_TEXT_MAX]);

#endif /* DISSECT_VERDICT_H */
