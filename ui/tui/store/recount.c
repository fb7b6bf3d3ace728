/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/recount.h"

#include <stdlib.h>
#include <string.h>

#include "ui/tui/store/monotonic.h"
#include "ui/tui/store/rebuild.h"

/* The clock is looked at behind so many rows. */
#define ROWS_A_LOOK 256u

/* What was told of a connection. */
enum {
    TOLD_HANDSHAKE = 1,
    TOLD_END = 2,
};

/* A message that passes, and was not done when its frame was looked at. */
struct recount_wait {
    uint32_t frame; /* row that passed */
    bool owner;     /* its message's row is taken for it */
};

void
recount_reset(struct recount *rc)
{
    stats_free(rc->stats);
    free(rc->told);
    free(rc->taken);
    free(rc->waiting);
    *rc = (struct recount){.stats = NULL};
}

/* ---- memory ---- */

/* Room for n bytes; new ones are 0.  False: out of memory. */
static bool
reserve(uint8_t **bytes, size_t *cap, size_t n)
{
    size_t more = n + n / 2 + 1024;
    if (n <= *cap)
        return true;
    uint8_t *grown = realloc(*bytes, more);
    if (!grown)
        return false;
    memset(grown + *cap, 0, more - *cap);
    *bytes = grown;
    *cap = more;
    return true;
}

static void
wait_for(struct recount *rc, struct recount_wait w)
{
    if (rc->n_waiting == rc->waiting_cap) {
        size_t cap = rc->waiting_cap * 2 + 16;
        struct recount_wait *grown =
            realloc(rc->waiting, cap * sizeof *rc->waiting);
        if (!grown) {
            rc->no_memory = true;
            return;
        }
        rc->waiting = grown;
        rc->waiting_cap = cap;
    }
    rc->waiting[rc->n_waiting++] = w;
}

/* ---- telling ---- */

static void
tell(struct recount *rc, const struct event *event)
{
    struct event_sink sink = stats_sink(rc->stats);
    sink.event(sink.ctx, event);
}

static void
tell_handshake(struct recount *rc, const struct store_conn *c)
{
    struct http1_head heads[2];
    struct event_handshake e;
    if (rc->told[c->row] & TOLD_HANDSHAKE)
        return;
    rc->told[c->row] |= TOLD_HANDSHAKE;
    rebuild_handshake(c, heads, &e);
    tell(rc, &(struct event){.type = EVENT_HANDSHAKE,
                             .conn = c->conn,
                             .handshake = &e});
}

/* Behind its last frame. */
static void
tell_end(struct recount *rc, const struct store_conn *c)
{
    struct event_end e;
    bool behind = c->last_frame == STORE_NONE || c->last_frame < rc->scanned;
    if (!c->ended || !behind || rc->told[c->row] & TOLD_END)
        return;
    rc->told[c->row] |= TOLD_END;
    rebuild_end(c, &e);
    tell(rc, &(struct event){.type = EVENT_END, .conn = c->conn, .end = &e});
}

static void
tell_frame(struct recount *rc, const struct store *s,
           const struct store_conn *c, const struct store_frame *f)
{
    uint8_t bytes[REBUILD_CONTROL_MAX];
    struct event_frame e;
    rebuild_frame(f, &e);
    if (e.header.opcode == WS_OP_CLOSE)
        (void)rebuild_control(s, f, bytes, &e);
    tell(rc,
         &(struct event){.type = EVENT_FRAME, .conn = c->conn, .frame = &e});
}

static void
tell_message(struct recount *rc, const struct store *s,
             const struct store_conn *c, const struct store_message *m)
{
    struct event_message e;
    rebuild_message(s, m, &e);
    tell(rc, &(struct event){.type = EVENT_MESSAGE,
                             .conn = c->conn,
                             .message = &e});
}

/* ---- messages ---- */

/* Takes the message's row for w; false: another frame of it passed before. */
static bool
take(struct recount *rc, struct recount_wait *w, uint32_t message)
{
    if (w->owner)
        return true;
    if (rc->taken[message])
        return false;
    rc->taken[message] = 1;
    w->owner = true;
    return true;
}

/* Counts the message of a frame that passed, once; false: it is not known
 * yet. */
static bool
settle(struct recount *rc, const struct store *s, struct recount_wait *w)
{
    const struct store_frame *f = store_frame(s, w->frame);
    const struct store_conn *c = store_conn(s, f->conn);
    enum ws_sender from = store_frame_from(f);
    struct store_message m;
    if (!store_message_of(s, w->frame, &m))
        return c->ended || c->open_frame[from] != w->frame;
    if (!(f->flags & STORE_SINGLE) && !take(rc, w, f->message))
        return true;
    if (m.flags & STORE_MESSAGE_DONE) {
        tell_message(rc, s, c, &m);
        return true;
    }
    return c->ended || c->open_message[from] != f->message;
}

/* Some of those that wait, in no order. */
static void
look_at_waiting(struct recount *rc, const struct store *s)
{
    for (unsigned n = 0; n < ROWS_A_LOOK && rc->n_waiting > 0; n++) {
        if (rc->wait_at >= rc->n_waiting)
            rc->wait_at = 0;
        if (settle(rc, s, &rc->waiting[rc->wait_at]))
            rc->waiting[rc->wait_at] = rc->waiting[--rc->n_waiting];
        else
            rc->wait_at++;
    }
}

/* ---- rows ---- */

static void
look_at_frame(struct recount *rc, const struct store *s, uint32_t row)
{
    const struct store_frame *f = store_frame(s, row);
    const struct store_conn *c = store_conn(s, f->conn);
    struct recount_wait w = {.frame = row};
    tell_handshake(rc, c);
    if (f->flags & STORE_GAP) {
        struct event_gap e;
        rebuild_gap(f, &e);
        tell(rc,
             &(struct event){.type = EVENT_GAP, .conn = c->conn, .gap = &e});
        return;
    }
    tell_frame(rc, s, c, f);
    if (!ws_opcode_is_control(store_frame_opcode(f)) && !settle(rc, s, &w))
        wait_for(rc, w);
}

static void
look_at_frames(struct recount *rc, const struct refine *r,
               const struct store *s, size_t end)
{
    size_t from = rc->scanned;
    while (rc->scanned < end) {
        size_t row = rc->scanned++;
        const struct store_conn *c = store_conn(s, store_frame(s, row)->conn);
        if (refine_frame(r, row))
            look_at_frame(rc, s, (uint32_t)row);
        if (row == c->last_frame && refine_conn(r, c->row)) {
            tell_handshake(rc, c);
            tell_end(rc, c);
        }
    }
    chunks_rest(&s->frames, from, rc->scanned);
}

/* Connections that pass without a frame, and those that ended behind their
 * frames.  False: nothing has changed since all were looked at. */
static bool
look_at_conns(struct recount *rc, const struct refine *r, const struct store *s,
              size_t n)
{
    if (rc->sweep_at == 0) {
        if (rc->swept_conns == n && rc->swept_shown == r->n_conns &&
            rc->swept_ended == s->n_ended)
            return false;
        rc->swept_conns = n;
        rc->swept_shown = r->n_conns;
        rc->swept_ended = s->n_ended;
    }
    for (size_t end = rc->sweep_at + ROWS_A_LOOK;
         rc->sweep_at < n && rc->sweep_at < end; rc->sweep_at++) {
        if (!refine_conn(r, rc->sweep_at))
            continue;
        const struct store_conn *c = store_conn(s, rc->sweep_at);
        tell_handshake(rc, c);
        tell_end(rc, c);
    }
    if (rc->sweep_at >= n)
        rc->sweep_at = 0;
    return true;
}

static bool
look(struct recount *rc, const struct refine *r, const struct store *s)
{
    size_t n = s->conns.n;
    size_t end = rc->scanned + ROWS_A_LOOK;
    if (!reserve(&rc->told, &rc->told_cap, n) ||
        !reserve(&rc->taken, &rc->taken_cap, s->messages.n)) {
        rc->no_memory = true;
        return false;
    }
    look_at_waiting(rc, s);
    if (rc->scanned < r->scanned) {
        look_at_frames(rc, r, s, end < r->scanned ? end : r->scanned);
        return true;
    }
    return look_at_conns(rc, r, s, n);
}

bool
recount_update(struct recount *rc, const struct refine *r,
               const struct store *s, int64_t slice_ns)
{
    int64_t start = monotonic_ns();
    bool more;
    if (!rc->stats && !(rc->stats = stats_new(NULL))) {
        rc->no_memory = true;
        return false;
    }
    do
        more = look(rc, r, s);
    while (more && monotonic_ns() - start < slice_ns);
    return more;
}
