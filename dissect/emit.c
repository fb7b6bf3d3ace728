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

void
emit_tcp(const struct emitter *e, const struct event_tcp *ev)
{
    pass_on(e, &(struct event){.type = EVENT_TCP, .conn = e->conn, .tcp = ev});
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

/* Starts where the last one was found: what goes on being wrong does so in
 * the same order. */
static struct event_finding *
find_seen(const struct emitter *e, enum finding_id id, bool has_from,
          enum ws_sender from)
{
    for (uint32_t n = 0, i = e->last; n < e->n_seen; n++, i++) {
        if (i >= e->n_seen)
            i = 0;
        struct event_finding *seen = &e->seen[i];
        if (seen->id == id && seen->has_from == has_from &&
            (!has_from || seen->from == from))
            return seen;
    }
    return NULL;
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

static size_t
memory(const struct emitter *e)
{
    return e->seen ? budget_block(e->cap_seen * sizeof e->seen[0]) : 0;
}

static bool
grow(struct emitter *e)
{
    uint32_t cap = e->cap_seen ? 2 * e->cap_seen : 2;
    size_t before = memory(e);
    struct event_finding *seen = realloc(e->seen, cap * sizeof seen[0]);
    if (!seen)
        return false;
    e->seen = seen;
    e->cap_seen = cap;
    if (e->budget)
        budget_change(e->budget, before, memory(e));
    return true;
}

/* Without memory it will be told again when it comes again. */
static void
keep_first(struct emitter *e, const struct event_finding *ev)
{
    if (e->n_seen == e->cap_seen && !grow(e)) {
        e->no_memory = true;
        return;
    }
    e->seen[e->n_seen] = *ev;
    e->seen[e->n_seen].detail = NULL;
    e->n_seen++;
}

/* Keeps a broken rule that stands in a frame. */
static void
note_fault(struct emitter *e, const struct event_finding *ev)
{
    struct emit_fault *fault = &e->fault[ev->from];
    enum severity s = ev->lowered ? ev->severity : severity_of(e, ev->id);
    bool in_frame = ev->frame > 0 || ev->id == FINDING_FRAME_LENGTH_HIGH_BIT;
    if (s < SEVERITY_ERROR || !ev->has_from || !in_frame ||
        (fault->any && fault->frame == ev->frame))
        return;
    *fault = (struct emit_fault){true, ev->id, ev->frame, ev->offset, ev->at};
    if (e->first_fault[ev->from].any)
        return;
    e->first_fault[ev->from] = *fault;
    if (e->alarm)
        *e->alarm = true;
}

void
emit_finding(struct emitter *e, const struct event_finding *ev)
{
    note_fault(e, ev);
    struct event_finding *seen = find_seen(e, ev->id, ev->has_from, ev->from);
    if (seen) {
        seen->count++;
        e->last = (uint32_t)(seen - e->seen);
        return;
    }
    struct event_finding first = *ev;
    first.count = 1;
    if (!ev->lowered)
        first.severity = severity_of(e, ev->id);
    keep_first(e, &first);
    pass_finding(e, &first);
}

uint64_t
emit_finding_count(const struct emitter *e, enum finding_id id,
                   enum ws_sender from)
{
    const struct event_finding *seen = find_seen(e, id, true, from);
    return seen ? seen->count : 0;
}

void
emit_repeated_findings(const struct emitter *e)
{
    for (uint32_t i = 0; i < e->n_seen; i++)
        if (e->seen[i].count > 1)
            pass_finding(e, &e->seen[i]);
}

void
emit_fini(struct emitter *e)
{
    if (e->budget)
        budget_give(e->budget, memory(e));
    free(e->seen);
    e->seen = NULL;
    e->n_seen = e->cap_seen = e->last = 0;
}
