/* SPDX-License-Identifier: MIT */
/*
 * emit.h - the way out of the dissector: one per connection, it stamps events
 * with the connection's number and counts repeated findings.
 */
#ifndef DISSECT_EMIT_H
#define DISSECT_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/budget.h"
#include "dissect/event.h"

/* The last broken rule of a sender's frames or messages (severity error): what
 * a receiver may end the connection for (RFC 6455 section 7.1.7).  Of several
 * in one frame it is the first. */
struct emit_fault {
    bool any;
    enum finding_id id;
    uint64_t frame;  /* 0: its header could not be read */
    uint64_t offset; /* in the sender's stream, bytes */
    struct stamp at;
};

/* A connection has few kinds of findings, so they are looked for one by one. */
struct emitter {
    const struct event_sink *sink; /* borrowed, outlives the emitter */
    uint32_t conn;
    /* Extensions and subprotocol were not seen being agreed: what depends on
     * them is told as a note (finding_needs_handshake()). */
    bool handshake_unseen;
    /* Each id and sender that occurred: its first occurrence without the
     * detail, with the count of all. */
    uint32_t n_seen, cap_seen;
    uint32_t last; /* the one counted last */
    struct event_finding *seen;
    /* What seen takes is counted here; NULL: nowhere.  Borrowed; set it
     * before the first finding. */
    struct budget *budget;
    struct emit_fault fault[2]; /* by enum ws_sender */
    struct emit_fault first_fault[2];
    bool *alarm;    /* becomes true with the first fault; NULL: nobody asks */
    bool no_memory; /* for an entry: that one's repeats are not counted */
};

static inline bool
emit_wants(const struct emitter *e, enum event_type type)
{
    return (e->sink->wants >> type & 1u) != 0;
}

void emit_init(struct emitter *e, const struct event_sink *sink, uint32_t conn);
void emit_fini(struct emitter *e);

/* Each passes one event on, if the sink wants its type. */
void emit_handshake(const struct emitter *e, const struct event_handshake *ev);
void emit_frame(const struct emitter *e, const struct event_frame *ev);
void emit_message(const struct emitter *e, const struct event_message *ev);
void emit_gap(const struct emitter *e, const struct event_gap *ev);
void emit_end(const struct emitter *e, const struct event_end *ev);
void emit_tcp(const struct emitter *e, const struct event_tcp *ev);

/* Passes the first finding of its id and sender on; later ones are only
 * counted.  ev->count is ignored, and ev->severity unless ev->lowered. */
void emit_finding(struct emitter *e, const struct event_finding *ev);

/* For each id and sender that occurred more than once: the first occurrence
 * again, with the count of all (without the detail, which was its own). */
void emit_repeated_findings(const struct emitter *e);

/* How often the finding id of that sender occurred on this connection. */
uint64_t emit_finding_count(const struct emitter *e, enum finding_id id,
                            enum ws_sender from);

#endif /* DISSECT_EMIT_H */
