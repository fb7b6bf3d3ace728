/* SPDX-License-Identifier: MIT */
#include "dissect/tcp_tell.h"

#include <stdlib.h>

#include "base/budget.h"

void
tcp_tell_fini(struct tcp_tell *t)
{
    free(t->early);
    t->early = NULL;
    t->n = 0;
}

size_t
tcp_tell_memory(const struct tcp_tell *t)
{
    return t->early ? budget_block(TCP_TELL_EARLY_MAX * sizeof t->early[0]) : 0;
}

/* False: it is none of those that are told. */
static bool
is_told(enum ws_sender from, enum stream_tcp what, enum event_tcp_what *out)
{
    switch (what) {
    case STREAM_TCP_SYN:
        *out = from == WS_SENDER_CLIENT ? EVENT_TCP_SYN : EVENT_TCP_SYN_ACK;
        return true;
    case STREAM_TCP_FIN:
        *out = EVENT_TCP_FIN;
        return true;
    case STREAM_TCP_RST:
        *out = EVENT_TCP_RST;
        return true;
    case STREAM_TCP_RETRANSMIT:
        *out = EVENT_TCP_RETRANSMIT;
        return true;
    case STREAM_TCP_ZERO_WINDOW:
        *out = EVENT_TCP_ZERO_WINDOW;
        return true;
    case STREAM_TCP_WINDOW_OPEN:
        *out = EVENT_TCP_WINDOW_OPEN;
        return true;
    case STREAM_TCP_ACK:
    case STREAM_TCP_CONFLICT:
    case STREAM_TCP_EARLY:
    case STREAM_TCP_OUT_OF_ORDER:
    case STREAM_TCP_KEEPALIVE:
    case STREAM_TCP_URGENT:
    case STREAM_TCP_TRUNCATED:
        break;
    }
    return false;
}

static void
keep(struct tcp_tell *t, const struct event_tcp *ev)
{
    if (t->n == TCP_TELL_EARLY_MAX)
        return;
    if (!t->early)
        t->early = malloc(TCP_TELL_EARLY_MAX * sizeof t->early[0]);
    if (!t->early) {
        t->no_memory = true;
        return;
    }
    t->early[t->n++] = *ev;
}

void
tcp_tell(struct tcp_tell *t, const struct emitter *e, enum ws_sender from,
         enum stream_tcp what, const struct pkt_meta *meta)
{
    struct event_tcp ev = {.from = from,
                           .at = {meta->time_ns, meta->number},
                           .seq = meta->seq};
    if (!is_told(from, what, &ev.what))
        return;
    if (what == STREAM_TCP_RETRANSMIT) {
        if (t->resent_packet[from] == meta->number)
            return; /* told for each part of it */
        t->resent_packet[from] = meta->number;
    }
    if (what == STREAM_TCP_SYN) {
        if (t->syn[from] || !t->told)
            return; /* the pair has it by then */
        t->syn[from] = true;
    }
    if (t->told)
        emit_tcp(e, &ev);
    else
        keep(t, &ev);
}

void
tcp_tell_handshake(struct tcp_tell *t, const struct emitter *e,
                   const struct stream_pair *pair, unsigned client_dir)
{
    for (unsigned i = 0; i < 2; i++) {
        enum ws_sender from = (enum ws_sender)i;
        unsigned dir = from == WS_SENDER_CLIENT ? client_dir : !client_dir;
        struct event_tcp ev = {
            .from = from,
            .at = {pair->syn_ns[dir], pair->open_packet + pair->syn_after[dir]},
            .seq = pair->syn_seq[dir],
        };
        if (!pair->syn_seen[dir])
            continue;
        (void)is_told(from, STREAM_TCP_SYN, &ev.what);
        t->syn[from] = true;
        emit_tcp(e, &ev);
    }
    t->told = true;
    for (size_t i = 0; i < t->n; i++)
        emit_tcp(e, &t->early[i]);
    tcp_tell_fini(t);
}
