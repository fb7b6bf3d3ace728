/* SPDX-License-Identifier: MIT */
#include "ui/select.h"

bool
select_passes(const struct options *options, const struct event *event)
{
    if (!options_want_conn(options, event->conn))
        return false;
    switch (event->type) {
    case EVENT_FRAME: {
        const struct event_frame *f = event->frame;
        return options_want_opcode(options, f->header.opcode) ||
               (f->header.opcode == WS_OP_CONT && f->completed &&
                options_want_opcode(options, f->completed->opcode));
    }
    case EVENT_MESSAGE:
        return options_want_opcode(options, event->message->opcode);
    case EVENT_HANDSHAKE:
    case EVENT_GAP:
    case EVENT_FINDING:
    case EVENT_END:
    case EVENT_TCP:
        break;
    }
    return true;
}

static void
on_event(void *ctx, const struct event *event)
{
    const struct select *s = ctx;
    if (select_passes(s->options, event))
        s->inner.event(s->inner.ctx, event);
}

struct event_sink
select_sink(struct select *s, const struct options *options,
            struct event_sink inner)
{
    s->options = options;
    s->inner = inner;
    if (options->conns.n == 0 && options->only_opcodes == 0)
        return inner;
    struct event_sink sink = inner;
    sink.ctx = s;
    sink.event = on_event;
    return sink;
}
