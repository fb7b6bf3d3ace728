/* SPDX-License-Identifier: MIT */
#include "dissect/emit.h"

#include <stdlib.h>

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

static void
pass_finding(const struct emitter *e, const struct event_finding *ev)
{
    if (ev->severity < e->sink->least)
        return;
    pass_on(e, &(struct event){.type = EVENT_FINDING,
                               .conn = e->conn,
                               .finding = ev});
}

/* Index into the second dimension of emitter.seen. */
static unsigned
sender_slot(const struct event_finding *ev)
{
    return ev->has_from ? ev->from : 2;
}

static enum severity
severity_of(const struct emitter *e, enum finding_id id)
{
    enum severity s = finding_info(id)->severity;
    return e->handshake_unseen && s > SEVERITY_NOTE &&
                   finding_needs_handshake(id)
               ? SEVERITY_NOTE
               : s;
}

/* Without memory the total is not told; the finding itself was. */
static void
keep_first(struct emitter *e, const struct event_finding *ev)
{
    struct event_finding *first =
        realloc(e->first, (e->n_first + 1) * sizeof e->first[0]);
    if (!first)
        return;
    e->first = first;
    e->first[e->n_first] = *ev;
    e->first[e->n_first].detail = NULL;
    e->n_first++;
}

void
emit_finding(struct emitter *e, const struct event_finding *ev)
{
    if (e->seen[ev->id][sender_slot(ev)]++ > 0)
        return;
    struct event_finding first = *ev;
    first.count = 1;
    if (!ev->lowered)
        first.severity = severity_of(e, ev->id);
    keep_first(e, &first);
    pass_finding(e, &first);
}

void
emit_repeated_findings(const struct emitter *e)
{
    for (size_t i = 0; i < e->n_first; i++) {
        struct event_finding all = e->first[i];
        all.count = e->seen[all.id][sender_slot(&all)];
        if (all.count > 1)
            pass_finding(e, &all);
    }
}

void
emit_fini(struct emitter *e)
{
    free(e->first);
    e->first = NULL;
    e->n_first = 0;
}
