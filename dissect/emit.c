/* SPDX-License-Identifier: MIT */
#include "dissect/emit.h"

void
emit_init(struct emitter *e, const struct event_sink *sink, uint32_t conn)
{
    *e = (struct emitter){.sink = sink, .conn = conn};
}

static void
pass_on(const struct emitter *e, const struct event *ev)
{
    if (emit_wants(e, ev->type))
        e->sink->event(e->sink->ctx, ev);
}

void
emit_handshake(const struct emitter *e, const struct event_handshake *ev)
{
    pass_on(e, &(struct event){.type = EVENT_HANDSHAKE,
                               .conn = e->conn,
                               .handshake = ev});
}

void
emit_frame(const struct emitter *e, const struct event_frame *ev)
{
    pass_on(e,
            &(struct event){.type = EVENT_FRAME, .conn = e->conn, .frame = ev});
}

void
emit_message(const struct emitter *e, const struct event_message *ev)
{
    pass_on(e, &(struct event){.type = EVENT_MESSAGE,
                               .conn = e->conn,
                               .message = ev});
}

void
emit_gap(const struct emitter *e, const struct event_gap *ev)
{
    pass_on(e, &(struct event){.type = EVENT_GAP, .conn = e->conn, .gap = ev});
}

void
emit_end(const struct emitter *e, const struct event_end *ev)
{
    pass_on(e, &(struct event){.type = EVENT_END, .conn = e->conn, .end = ev});
}

void
emit_finding(struct emitter *e, const struct event_finding *ev)
{
    if (e->seen[ev->id]++ > 0)
        return;
    struct event_finding first = *ev;
    first.count = 1;
    pass_on(e, &(struct event){.type = EVENT_FINDING,
                               .conn = e->conn,
                               .finding = &first});
}
