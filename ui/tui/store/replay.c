/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/replay.h"

#include <stdlib.h>

#include "ui/tui/store/rebuild.h"

/* A finding's detail is one line. */
#define DETAIL_MAX 512u

struct replay {
    const struct store *s;
    const struct store_conn *c;
    const struct event_sink *sink;
    uint8_t *payload; /* of the message at hand */
    size_t cap;
    struct store_known known; /* of it */
};

static void
tell(const struct replay *r, struct event event)
{
    event.conn = r->c->conn;
    if (r->sink->wants >> event.type & 1u)
        r->sink->event(r->sink->ctx, &event);
}

static void
tell_handshake(const struct replay *r)
{
    struct http1_head heads[2];
    struct event_handshake e;
    rebuild_handshake(r->c, heads, &e);
    tell(r, (struct event){.type = EVENT_HANDSHAKE, .handshake = &e});
}

/* The message that ended with a frame (row).  False: out of memory. */
static bool
tell_message(struct replay *r, uint32_t row)
{
    struct store_message m;
    struct event_message e;
    if (!store_message_of(r->s, row, &m) || m.last_frame != row ||
        !(m.flags & STORE_MESSAGE_DONE))
        return true;
    if (m.kept > r->cap) {
        uint8_t *grown = realloc(r->payload, m.kept);
        if (!grown)
            return false;
        r->payload = grown;
        r->cap = m.kept;
    }
    rebuild_message(r->s, &m, &e);
    size_t n = store_message_payload(r->s, &m, 0, r->payload, m.kept);
    e.payload = slice_make(r->payload, n);
    e.truncated |= n < m.kept;
    store_message_known(r->s, &m, &r->known);
    e.known = r->known.bytes.ranges;
    e.n_known = r->known.bytes.n;
    e.known_more = r->known.bytes.more;
    tell(r, (struct event){.type = EVENT_MESSAGE, .message = &e});
    return true;
}

static bool
tell_row(struct replay *r, uint32_t row)
{
    const struct store_frame *f = store_frame(r->s, row);
    uint8_t bytes[REBUILD_CONTROL_MAX];
    struct event_frame e;
    if (f->flags & STORE_GAP) {
        struct event_gap gap;
        rebuild_gap(f, &gap);
        tell(r, (struct event){.type = EVENT_GAP, .gap = &gap});
        return true;
    }
    rebuild_frame(f, &e);
    if (ws_opcode_is_control(e.header.opcode))
        (void)rebuild_control(r->s, f, bytes, &e);
    tell(r, (struct event){.type = EVENT_FRAME, .frame = &e});
    return ws_opcode_is_control(e.header.opcode) || tell_message(r, row);
}

static void
tell_findings(const struct replay *r)
{
    char detail[DETAIL_MAX];
    for (size_t i = 0; i < r->s->findings.n; i++) {
        const struct store_finding *f = store_finding(r->s, i);
        struct event_finding e;
        if (f->conn != r->c->row)
            continue;
        rebuild_finding(f, &e);
        size_t n = f->detail_len < sizeof detail ? f->detail_len : 0;
        if (n > 0 &&
            spool_read(&r->s->spool, f->detail_off, n, (uint8_t *)detail)) {
            detail[n] = '\0';
            e.detail = detail;
        }
        tell(r, (struct event){.type = EVENT_FINDING, .finding = &e});
    }
}

bool
replay_conn(const struct store *s, uint32_t conn, const struct rows *frames,
            const struct event_sink *sink)
{
    struct replay r = {.s = s, .c = store_conn(s, conn), .sink = sink};
    bool all = true;
    tell_handshake(&r);
    for (size_t i = 0; i < frames->n && all; i++)
        all = tell_row(&r, rows_at(frames, i));
    tell_findings(&r);
    free(r.payload);
    return all;
}
