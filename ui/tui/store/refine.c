/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/refine.h"

#include <stdlib.h>
#include <string.h>

#include "ui/filter/known.h"
#include "ui/tui/store/monotonic.h"
#include "ui/tui/store/rebuild.h"

/* The clock is looked at behind so many rows. */
#define ROWS_A_LOOK 256u

/* What is known of a connection. */
struct refine_conn {
    struct filter_conn known;
    bool passes; /* the filter says so of its handshake */
    bool shown;  /* something passed */
    bool ended;  /* its end was looked at */
};

/* ---- bits ---- */

/* Room for bits before n; those that are new are 0.  False: out of memory. */
static bool
reserve(uint64_t **bits, size_t *cap, size_t n)
{
    size_t more = *cap ? *cap : 1024;
    if (n <= *cap)
        return true;
    while (more < n)
        more *= 2;
    uint64_t *grown = realloc(*bits, more / 8);
    if (!grown)
        return false;
    memset(grown + *cap / 64, 0, (more - *cap) / 8);
    *bits = grown;
    *cap = more;
    return true;
}

static bool
get(const uint64_t *bits, size_t at)
{
    return bits[at / 64] >> at % 64 & 1u;
}

static void
set(uint64_t *bits, size_t at)
{
    bits[at / 64] |= UINT64_C(1) << at % 64;
}

/* ---- life ---- */

static void
clear(struct refine *r)
{
    for (size_t i = 0; i < r->conns_looked; i++)
        filter_conn_fini(&r->conns[i].known);
    free(r->conns);
    filter_free(r->filter);
    free(r->frames);
    free(r->findings);
    free(r->payload);
}

static bool
asks_ends(const struct filter *f)
{
    for (unsigned i = 0; i < FIELD_COUNT; i++)
        if (filter_uses(f, (enum field_id)i) &&
            field_info((enum field_id)i)->on & ON_END)
            return true;
    return false;
}

void
refine_start(struct refine *r, struct filter *f)
{
    uint32_t starts = r->starts + 1;
    clear(r);
    *r = (struct refine){.filter = f, .starts = starts};
    if (f) {
        r->needs = filter_needs(f);
        r->asks_ends = asks_ends(f);
    }
}

void
refine_fini(struct refine *r)
{
    refine_start(r, NULL);
}

void
refine_stop(struct refine *r)
{
    r->stopped = true;
}

/* ---- connections ---- */

static void
show(struct refine *r, struct refine_conn *c)
{
    r->n_conns += !c->shown;
    c->shown = true;
}

/* The handshake as it was told; its texts are those of the store. */
static void
look_at_handshake(struct refine *r, const struct store_conn *row,
                  struct refine_conn *c)
{
    struct http1_head heads[2];
    struct event_handshake e;
    rebuild_handshake(row, heads, &e);
    c->known.conn = row->conn;
    filter_conn_borrow(&c->known, &e);
    c->known.status =
        row->handshake.status; /* also when its head was not kept */
    c->passes = filter_passes(r->filter,
                              &(struct event){.type = EVENT_HANDSHAKE,
                                              .conn = row->conn,
                                              .handshake = &e},
                              &c->known);
    if (c->passes)
        show(r, c);
}

/* False: out of memory. */
static bool
look_at_conns(struct refine *r, const struct store *s, size_t most)
{
    if (s->conns.n > r->conns_cap) {
        size_t cap = s->conns.n + s->conns.n / 2 + 16;
        struct refine_conn *grown = realloc(r->conns, cap * sizeof *grown);
        if (!grown)
            return false;
        r->conns = grown;
        r->conns_cap = cap;
    }
    for (; r->conns_looked < s->conns.n && most > 0; most--) {
        struct refine_conn *c = &r->conns[r->conns_looked];
        memset(c, 0, sizeof *c);
        look_at_handshake(r, store_conn(s, r->conns_looked++), c);
    }
    return true;
}

static void
look_at_end(struct refine *r, const struct store_conn *row,
            struct refine_conn *c)
{
    struct event_end e;
    rebuild_end(row, &e);
    c->ended = true;
    r->ends_scanned++;
    if (filter_passes(
            r->filter,
            &(struct event){.type = EVENT_END, .conn = row->conn, .end = &e},
            &c->known))
        show(r, c);
}

/* Those that ended since the last time, in no order. */
static void
look_at_ends(struct refine *r, const struct store *s, size_t most)
{
    if (!r->asks_ends)
        return;
    for (; most > 0 && r->ends_scanned < s->n_ended; most--) {
        if (r->end_at >= r->conns_looked)
            r->end_at = 0;
        const struct store_conn *row = store_conn(s, r->end_at);
        struct refine_conn *c = &r->conns[r->end_at++];
        if (row->ended && !c->ended)
            look_at_end(r, row, c);
    }
}

/* ---- frames ---- */

/* Payload of len bytes at off, in r->payload; ptr NULL: it cannot be read. */
static struct slice
read_payload(struct refine *r, const struct store *s,
             const struct store_message *m)
{
    if (m->kept > r->payload_cap) {
        uint8_t *grown = realloc(r->payload, m->kept);
        if (!grown)
            return slice_make(NULL, 0);
        r->payload = grown;
        r->payload_cap = m->kept;
    }
    size_t n = store_message_payload(s, m, 0, r->payload, m->kept);
    return n > 0 ? slice_make(r->payload, n) : slice_make(NULL, 0);
}

/* The message that a frame completed; false: none. */
static bool
completed_message(struct refine *r, const struct store *s, size_t row,
                  const struct store_message *m, struct event_message *out)
{
    bool done = store_frame(s, row)->flags & STORE_SINGLE ||
                m->flags & STORE_MESSAGE_FINISHED;
    if (!(r->needs & FILTER_NEEDS_MESSAGES) || m->last_frame != row || !done)
        return false;
    rebuild_message(s, m, out);
    if (r->needs & FILTER_NEEDS_PAYLOAD) {
        out->payload = read_payload(r, s, m);
        r->n_partial +=
            (m->flags & STORE_MESSAGE_TRUNCATED) || out->payload.len < m->kept;
    }
    return true;
}

static bool
needs_control(const struct refine *r, uint8_t opcode)
{
    const struct filter *f = r->filter;
    return r->needs & FILTER_NEEDS_PAYLOAD ||
           (opcode == WS_OP_CLOSE &&
            (filter_uses(f, FIELD_WS_CLOSE_CODE) ||
             filter_uses(f, FIELD_WEBSOCKET_CLOSE_CODE) ||
             filter_uses(f, FIELD_WEBSOCKET_CLOSE_REASON))) ||
           (opcode != WS_OP_CLOSE && r->needs & FILTER_NEEDS_PINGS);
}

static bool
frame_passes(struct refine *r, const struct store *s, size_t row,
             struct refine_conn *c)
{
    const struct store_frame *f = store_frame(s, row);
    struct event_frame e;
    struct event_message message;
    struct store_message m;
    uint8_t bytes[REBUILD_CONTROL_MAX];
    if (!(r->needs & FILTER_NEEDS_FRAMES))
        return c->passes;
    rebuild_frame(f, &e);
    if (ws_opcode_is_control(e.header.opcode)) {
        if (needs_control(r, e.header.opcode))
            r->n_partial += !rebuild_control(s, f, bytes, &e);
    } else if (store_message_of(s, row, &m)) {
        e.message = m.number;
        if (completed_message(r, s, row, &m, &message))
            e.completed = &message;
    }
    struct event event = {.type = EVENT_FRAME,
                          .conn = c->known.conn,
                          .frame = &e};
    /* Without memory for a ping its pong has no round trip. */
    r->no_memory |= !filter_conn_update(&c->known, r->needs, &event);
    return filter_passes(r->filter, &event, &c->known);
}

static bool
gap_passes(struct refine *r, const struct store_frame *f,
           const struct refine_conn *c)
{
    struct event_gap e;
    rebuild_gap(f, &e);
    return filter_passes(r->filter,
                         &(struct event){.type = EVENT_GAP,
                                         .conn = c->known.conn,
                                         .gap = &e},
                         &c->known);
}

/* The last frame of all may still be told to be all of a message, or to
 * complete one. */
static bool
is_unsettled(const struct store *s, size_t row)
{
    const struct store_frame *f = store_frame(s, row);
    const struct store_conn *c = store_conn(s, f->conn);
    enum ws_sender from = store_frame_from(f);
    struct store_message m;
    if (row + 1 < s->frames.n || f->flags & (STORE_GAP | STORE_SINGLE) ||
        ws_opcode_is_control(store_frame_opcode(f)))
        return false;
    return c->open_frame[from] == row ||
           (f->byte0 >> 7 && store_message_of(s, row, &m) &&
            !(m.flags & STORE_MESSAGE_DONE));
}

/* False: the last one is left for later. */
static bool
look_at_frames(struct refine *r, const struct store *s, size_t end,
               bool loading)
{
    size_t from = r->scanned;
    for (; r->scanned < end; r->scanned++) {
        const struct store_frame *f = store_frame(s, r->scanned);
        if (f->conn >= r->conns_looked) /* out of memory */
            return false;
        if (loading && is_unsettled(s, r->scanned))
            return false;
        struct refine_conn *c = &r->conns[f->conn];
        if (f->flags & STORE_GAP ? gap_passes(r, f, c)
                                 : frame_passes(r, s, r->scanned, c)) {
            set(r->frames, r->scanned);
            r->n++;
            show(r, c);
        }
    }
    chunks_rest(&s->frames, from, r->scanned);
    return true;
}

/* ---- findings ---- */

static void
look_at_finding(struct refine *r, const struct store *s, size_t row)
{
    const struct store_finding *f = store_finding(s, row);
    struct refine_conn *c = &r->conns[f->conn];
    struct event_finding e;
    rebuild_finding(f, &e);
    if (filter_passes(r->filter,
                      &(struct event){.type = EVENT_FINDING,
                                      .conn = c->known.conn,
                                      .finding = &e},
                      &c->known)) {
        set(r->findings, row);
        show(r, c);
    }
}

/* ---- all of it ---- */

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Some rows of each kind.  False: nothing more can be done now. */
static bool
look(struct refine *r, const struct store *s, size_t end, bool loading)
{
    size_t frames = least(end, r->scanned + ROWS_A_LOOK);
    size_t findings = least(s->findings.n, r->findings_scanned + ROWS_A_LOOK);
    if (!look_at_conns(r, s, ROWS_A_LOOK) ||
        !reserve(&r->frames, &r->frames_cap, frames) ||
        !reserve(&r->findings, &r->findings_cap, findings)) {
        r->no_memory = true;
        return false;
    }
    if (r->conns_looked < s->conns.n)
        return true;
    for (; r->findings_scanned < findings; r->findings_scanned++)
        look_at_finding(r, s, r->findings_scanned);
    look_at_ends(r, s, ROWS_A_LOOK);
    return look_at_frames(r, s, frames, loading) &&
           (r->scanned < end || r->findings_scanned < s->findings.n ||
            (r->asks_ends && r->ends_scanned < s->n_ended));
}

bool
refine_update(struct refine *r, const struct store *s, size_t end, bool loading,
              int64_t slice_ns)
{
    if (!r->filter || r->stopped)
        return false;
    int64_t start = monotonic_ns();
    bool more;
    do
        more = look(r, s, end, loading);
    while (more && monotonic_ns() - start < slice_ns);
    if (r->no_memory && !more)
        r->stopped = r->scanned < end;
    return more;
}

bool
refine_frame(const struct refine *r, size_t row)
{
    return !r->filter || (row < r->scanned && get(r->frames, row));
}

bool
refine_finding(const struct refine *r, const struct store *s, size_t row)
{
    if (!r->filter || (row < r->findings_scanned && get(r->findings, row)))
        return true;
    uint32_t frame = store_finding(s, row)->frame;
    return frame != STORE_NONE && refine_frame(r, frame);
}

bool
refine_conn(const struct refine *r, size_t row)
{
    return !r->filter || (row < r->conns_looked && r->conns[row].shown);
}

bool
refine_finding_settled(const struct refine *r, const struct store *s,
                       size_t row)
{
    const struct store_finding *f = store_finding(s, row);
    const struct store_conn *c = store_conn(s, f->conn);
    if (!r->filter || r->stopped)
        return true;
    if (f->frame != STORE_NONE)
        return row < r->findings_scanned && f->frame < r->scanned;
    /* Its frame may still come. */
    bool ahead = f->has_from && f->number > c->frames[f->from] && !c->ended;
    return row < r->findings_scanned && !ahead;
}
