/* SPDX-License-Identifier: MIT */
#include "ui/summary.h"

#define NEEDED (1u << EVENT_HANDSHAKE | 1u << EVENT_FINDING | 1u << EVENT_END)

void
summary_init(struct summary *s)
{
    *s = (struct summary){0};
}

void
summary_count(struct summary *s, const struct event *event)
{
    switch (event->type) {
    case EVENT_HANDSHAKE:
        s->connections++;
        if (event->handshake->seen == HANDSHAKE_SEEN_NONE)
            s->midstream++;
        else
            s->accepted += event->handshake->accepted;
        break;
    case EVENT_FINDING:
        /* A later one only brings the total of its kind. */
        if (event->finding->count == 1)
            s->findings[event->finding->severity]++;
        break;
    case EVENT_END:
        s->frames += event->end->frames[0] + event->end->frames[1];
        s->messages += event->end->messages[0] + event->end->messages[1];
        break;
    case EVENT_FRAME:
    case EVENT_MESSAGE:
    case EVENT_GAP:
    case EVENT_TCP:
        break;
    }
}

static void
on_event(void *ctx, const struct event *event)
{
    struct summary *s = ctx;
    summary_count(s, event);
    if (s->inner.wants >> event->type & 1u)
        s->inner.event(s->inner.ctx, event);
}

struct event_sink
summary_sink(struct summary *s, struct event_sink inner)
{
    s->inner = inner;
    struct event_sink sink = inner;
    sink.wants |= NEEDED;
    sink.ctx = s;
    sink.event = on_event;
    return sink;
}
