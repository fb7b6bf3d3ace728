/* SPDX-License-Identifier: MIT */
#include "dissect/conn.h"

#include <stdlib.h>

#include "dissect/handshake.h"
#include "dissect/hold.h"
#include "dissect/http1.h"
#include "dissect/proxy_protocol.h"
#include "dissect/ws_conn.h"

/* Requests waiting for their response that are told apart; a client that
 * pipelines more is followed, but its responses are no longer paired. */
#define PENDING_MAX 64u

enum side_state {
    SIDE_SEEK = 0, /* looking for a head at the start of each piece */
    SIDE_HTTP,     /* heads and bodies are followed */
    SIDE_PAUSED,   /* bytes wait in hold until the other side has spoken */
    SIDE_WS,       /* frames */
};

struct side {
    enum side_state state;
    bool strict;      /* SEEK: anything but a head means "not HTTP" */
    bool pause_after; /* HTTP: pause at the end of the current body */
    bool in_line;     /* SEEK: hold is an unfinished first line, no prefix */
    uint64_t unknown; /* SEEK: bytes passed over */
    struct http1 http;
    struct hold hold;
};

struct conn {
    struct ws_conn *ws; /* from the upgrade request on; NULL: none */
    struct conn_shared *shared;
    const struct stream_pair *pair;
    unsigned client_dir; /* valid with role_known */
    bool role_known;
    bool detach;
    bool unpaired;     /* responses cannot be told to requests any more */
    unsigned ended;    /* set of 1u << dir */
    size_t counted;    /* in the budget */
    struct stamp last; /* last packet of interest */
    size_t n_pending;
    struct pending {
        uint8_t method; /* enum http1_method */
        bool upgrade;
    } pending[PENDING_MAX]; /* oldest first */
    struct side side[2];
};

/* A slice on its way through the stages. */
struct run {
    struct slice in;
    uint64_t off; /* of in.ptr[0] */
    const struct pkt_meta *meta;
};

static void replay(struct conn *c, unsigned dir);

static enum ws_sender
sender_of(const struct conn *c, unsigned dir)
{
    return dir == c->client_dir ? WS_SENDER_CLIENT : WS_SENDER_SERVER;
}

static void
note_last(struct conn *c, const struct pkt_meta *meta)
{
    if (meta->number >= c->last.packet)
        c->last = (struct stamp){meta->time_ns, meta->number};
}

struct conn_shared *
conn_shared_of(const struct conn *c)
{
    return c->shared;
}

/* Counts what c takes now. */
static void
count_memory(struct conn *c)
{
    size_t now = budget_block(sizeof *c);
    for (unsigned dir = 0; dir < 2; dir++)
        now +=
            hold_memory(&c->side[dir].hold) + http1_memory(&c->side[dir].http);
    if (c->ws)
        now += ws_conn_memory(c->ws);
    budget_change(c->shared->budget, c->counted, now);
    c->counted = now;
}

struct conn *
conn_new(struct conn_shared *shared, const struct stream_pair *pair)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->shared = shared;
    c->pair = pair;
    for (unsigned dir = 0; dir < 2; dir++) {
        c->side[dir].strict = pair->syn_seen[dir];
        hold_init(&c->side[dir].hold, shared->limits.hold);
        http1_init(&c->side[dir].http, true, shared->limits.http_head);
    }
    count_memory(c);
    return c;
}

static void
finish_ws(struct conn *c)
{
    if (!c->ws)
        return;
    ws_conn_finish(c->ws, c->last);
    c->shared->stats.no_memory += ws_conn_failed(c->ws);
    ws_conn_free(c->ws);
    c->ws = NULL;
}

void
conn_free(struct conn *c)
{
    if (!c)
        return;
    finish_ws(c);
    for (unsigned dir = 0; dir < 2; dir++) {
        hold_fini(&c->side[dir].hold);
        http1_fini(&c->side[dir].http);
    }
    budget_give(c->shared->budget, c->counted);
    free(c);
}

static void
set_state(struct conn *c, unsigned dir, enum side_state state)
{
    c->side[dir].state = state;
    c->side[dir].unknown = 0;
}

/* Starts looking for a head again.  strict: the very next byte begins one, or
 * this is not HTTP. */
static void
seek_again(struct conn *c, unsigned dir, bool strict)
{
    set_state(c, dir, SIDE_SEEK);
    c->side[dir].strict = strict;
    c->side[dir].pause_after = false;
    http1_reset(&c->side[dir].http);
}

static void
learn_roles(struct conn *c, unsigned client_dir)
{
    if (c->role_known)
        return;
    c->role_known = true;
    c->client_dir = client_dir;
    size_t head_max = c->shared->limits.http_head;
    http1_init(&c->side[client_dir].http, true, head_max);
    http1_init(&c->side[!client_dir].http, false, head_max);
}

/* The direction lost its place in HTTP: a hole over a boundary, or bytes that
 * are not HTTP.  Which response belongs to which request is then unknown. */
static void
lose_http(struct conn *c, unsigned dir)
{
    c->n_pending = 0;
    c->unpaired = true;
    finish_ws(c);
    seek_again(c, dir, false);
    unsigned other = !dir;
    if (c->side[other].state == SIDE_PAUSED) {
        seek_again(c, other, false);
        replay(c, other);
    }
}

/* ------------------------------------------------------------- responses */

static void
resume(struct conn *c, unsigned dir, enum side_state state)
{
    if (c->side[dir].state != SIDE_PAUSED)
        return;
    set_state(c, dir, state);
    replay(c, dir);
}

static bool
new_attempt(struct conn *c)
{
    struct ws_conn_config config = {
        .sink = &c->shared->sink,
        .shared = c->shared->ws,
        .pair = c->pair,
        .client_dir = c->client_dir,
        .number = c->shared->n_conns + 1,
    };
    if (ws_conn_new(&c->ws, &config) != ERR_OK) {
        c->shared->stats.no_memory++;
        c->detach = true;
        return false;
    }
    c->shared->n_conns++;
    return true;
}

/* 101: everything behind it, in both directions, is frames. */
static void
accept_upgrade(struct conn *c, const struct http1_head *head,
               const struct pkt_meta *meta)
{
    struct side *client = &c->side[c->client_dir];
    if (!c->ws && !new_attempt(c))
        return;
    ws_conn_response(c->ws, head, true, meta);
    for (size_t i = 0; i < client->hold.n_pieces; i++) {
        const struct hold_piece *piece = &client->hold.pieces[i];
        if (!piece->gap) {
            ws_conn_check_early(c->ws, piece->off, &piece->meta);
            break;
        }
    }
    for (unsigned dir = 0; dir < 2; dir++) {
        set_state(c, dir, SIDE_WS);
        http1_reset(&c->side[dir].http);
    }
    replay(c, c->client_dir);
}

static void
refuse_upgrade(struct conn *c, const struct http1_head *head,
               const struct pkt_meta *meta)
{
    if (!c->ws)
        return;
    ws_conn_response(c->ws, head, false, meta);
    finish_ws(c);
}

/* CONNECT was answered with 2xx: a new conversation of the same two sides
 * begins, with HTTP or with TLS (RFC 9110 section 9.3.6). */
static void
open_tunnel(struct conn *c)
{
    unsigned client = c->client_dir;
    c->n_pending = 0;
    seek_again(c, !client, true);
    if (c->side[client].state == SIDE_PAUSED) {
        seek_again(c, client, true);
        replay(c, client);
    }
}

static struct pending
oldest_pending(const struct conn *c)
{
    if (c->n_pending == 0)
        return (struct pending){.method = HTTP1_METHOD_OTHER};
    return c->pending[0];
}

static void
drop_oldest_pending(struct conn *c)
{
    if (c->n_pending == 0)
        return;
    c->n_pending--;
    memmove(&c->pending[0], &c->pending[1],
            c->n_pending * sizeof c->pending[0]);
}

static void
on_response(struct conn *c, const struct http1_event *ev,
            const struct pkt_meta *meta)
{
    struct http1 *http = &c->side[!c->client_dir].http;
    struct pending request = oldest_pending(c);
    uint64_t len;
    enum http1_body_kind body =
        http1_response_body(&ev->brief, (enum http1_method)request.method,
                            &len);
    http1_body(http, body, len);
    if (body == HTTP1_BODY_INTERIM)
        return;
    drop_oldest_pending(c);
    if (body == HTTP1_BODY_TUNNEL && request.method == HTTP1_METHOD_CONNECT &&
        ev->brief.status != 101) {
        open_tunnel(c);
        return;
    }
    bool accepting = handshake_is_accepting_brief(&ev->brief);
    if (accepting || request.upgrade) {
        struct http1_head head;
        if (!http1_head_parse(&head, ev->text, false))
            return;
        if (accepting)
            accept_upgrade(c, &head, meta);
        else
            refuse_upgrade(c, &head, meta);
    }
    if (body == HTTP1_BODY_TUNNEL && !accepting)
        c->detach = true; /* upgraded to something else */
    else if (request.upgrade || request.method == HTTP1_METHOD_CONNECT)
        resume(c, c->client_dir, SIDE_HTTP);
}

/* -------------------------------------------------------------- requests */

static void
add_pending(struct conn *c, struct pending request)
{
    if (c->n_pending == PENDING_MAX) {
        c->n_pending = 0;
        c->unpaired = true;
    }
    c->pending[c->n_pending++] = request;
}

static void
start_attempt(struct conn *c, const struct http1_event *ev,
              const struct pkt_meta *meta)
{
    struct http1_head head;
    finish_ws(c); /* an earlier one that was never answered */
    if (!http1_head_parse(&head, ev->text, true) || !new_attempt(c))
        return;
    if (ws_conn_request(c->ws, &head, meta) != ERR_OK) {
        c->shared->stats.no_memory++;
        c->detach = true;
    }
}

static void
on_request(struct conn *c, const struct http1_event *ev,
           const struct pkt_meta *meta)
{
    struct side *client = &c->side[c->client_dir];
    struct pending request = {
        .method = ev->brief.method,
        .upgrade = handshake_is_upgrade_brief(&ev->brief),
    };
    uint64_t len;
    enum http1_body_kind body = http1_request_body(&ev->brief, &len);
    if (request.upgrade)
        start_attempt(c, ev, meta);
    http1_body(&client->http, body, len);
    add_pending(c, request);
    if (request.upgrade || request.method == HTTP1_METHOD_CONNECT) {
        if (body == HTTP1_BODY_NONE)
            set_state(c, c->client_dir, SIDE_PAUSED);
        else
            client->pause_after = true;
    }
    resume(c, !c->client_dir, SIDE_HTTP);
}

/* ---------------------------------------------------------- byte by byte */

/* len bytes of dir are no HTTP.  Gives up when that is final. */
static void
pass_over(struct conn *c, unsigned dir, uint64_t len)
{
    struct side *side = &c->side[dir];
    enum side_state other = c->side[!dir].state;
    side->unknown += len;
    if (side->strict ||
        (side->unknown > c->shared->limits.detect && other == SIDE_SEEK))
        c->detach = true;
}

/* The same for empty lines in front of a head, of which a few are allowed. */
static void
pass_over_lines(struct conn *c, unsigned dir, uint64_t len)
{
    c->side[dir].unknown += len;
    if (c->side[dir].unknown > c->shared->limits.detect)
        pass_over(c, dir, 0);
}

/* One event of HTTP in direction dir. */
static void
step_http(struct conn *c, unsigned dir, struct run *r)
{
    struct side *side = &c->side[dir];
    bool client = dir == c->client_dir;
    if (!client && c->n_pending == 0 && !c->unpaired &&
        !(c->ended >> c->client_dir & 1u) && http1_idle(&side->http)) {
        /* A response whose request has yet to come: packets of the two
         * directions may be captured in the wrong order. */
        set_state(c, dir, SIDE_PAUSED);
        return;
    }
    struct http1_event ev;
    size_t before = r->in.len;
    enum http1_step step = http1_next(&side->http, &r->in, &ev);
    r->off += before - r->in.len;
    switch (step) {
    case HTTP1_NEED_INPUT:
        break;
    case HTTP1_HEAD:
        if (client)
            on_request(c, &ev, r->meta);
        else
            on_response(c, &ev, r->meta);
        break;
    case HTTP1_MESSAGE_END:
        if (side->pause_after) {
            side->pause_after = false;
            set_state(c, dir, SIDE_PAUSED);
        }
        break;
    case HTTP1_NOT_HTTP:
        c->shared->stats.long_heads +=
            http1_loss(&side->http) == HTTP1_LOSS_LIMIT;
        c->shared->stats.no_memory +=
            http1_loss(&side->http) == HTTP1_LOSS_MEMORY;
        lose_http(c, dir);
        pass_over(c, dir, r->in.len);
        r->in.len = 0;
        break;
    }
}

enum seek_result {
    SEEK_NOTHING = 0, /* no head begins here */
    SEEK_MORE,        /* cannot tell yet; *skip bytes are empty lines */
    SEEK_HEAD,        /* the roles are known, state is HTTP */
    SEEK_PREFIX,      /* *skip bytes of PROXY protocol stand in front */
};

static enum seek_result
seek(struct conn *c, unsigned dir, uint64_t off, struct slice start,
     size_t *skip)
{
    struct endpoint ends[2];
    bool has_ends;
    c->side[dir].in_line = false;
    if (off == 0 && c->side[dir].strict) {
        switch (proxy_protocol_next(start, skip, ends, &has_ends)) {
        case PROXY_FOUND:
            return SEEK_PREFIX;
        case PROXY_NEED_MORE:
            return SEEK_MORE;
        case PROXY_NONE:
            break;
        }
    }
    enum http1_guess guess = http1_guess_start(start);
    if (guess == HTTP1_GUESS_SHORT) {
        while (*skip < start.len &&
               (start.ptr[*skip] == '\r' || start.ptr[*skip] == '\n'))
            ++*skip;
        c->side[dir].in_line = true;
        return SEEK_MORE;
    }
    if (guess == HTTP1_GUESS_NO)
        return SEEK_NOTHING;
    unsigned client = guess == HTTP1_GUESS_REQUEST ? dir : !dir;
    if (c->role_known && client != c->client_dir)
        return SEEK_NOTHING;
    learn_roles(c, client);
    set_state(c, dir, SIDE_HTTP);
    return SEEK_HEAD;
}

/* What waits in dir's hold cannot wait any longer, because of e. */
static void
hold_overflow(struct conn *c, unsigned dir, enum err e)
{
    c->shared->stats.over_hold += e == ERR_LIMIT;
    c->shared->stats.no_memory += e == ERR_NOMEM;
    if (c->role_known && dir != c->client_dir &&
        c->side[dir].state == SIDE_PAUSED) {
        c->unpaired = true;
        resume(c, dir, SIDE_HTTP);
    } else {
        c->detach = true;
    }
}

static bool
put_on_hold(struct conn *c, unsigned dir, const struct run *r)
{
    struct hold *hold = &c->side[dir].hold;
    enum err e = hold_data(hold, r->off, r->in, r->meta);
    if (e == ERR_OK)
        return true;
    hold_overflow(c, dir, e);
    return false;
}

static void
step_seek(struct conn *c, unsigned dir, struct run *r)
{
    size_t skip = 0;
    switch (seek(c, dir, r->off, r->in, &skip)) {
    case SEEK_HEAD:
        break;
    case SEEK_PREFIX:
        r->in = slice_skip(r->in, skip);
        r->off += skip;
        break;
    case SEEK_MORE:
        put_on_hold(c, dir, r);
        r->in.len = 0;
        break;
    case SEEK_NOTHING:
        pass_over(c, dir, r->in.len);
        r->in.len = 0;
        break;
    }
}

static void
process(struct conn *c, unsigned dir, struct run r)
{
    while (r.in.len > 0 && !c->detach) {
        switch (c->side[dir].state) {
        case SIDE_SEEK:
            step_seek(c, dir, &r);
            break;
        case SIDE_HTTP:
            step_http(c, dir, &r);
            break;
        case SIDE_PAUSED:
            if (put_on_hold(c, dir, &r) || c->detach)
                return;
            break; /* not paused any more */
        case SIDE_WS:
            ws_conn_data(c->ws, sender_of(c, dir), r.off, r.in, r.meta);
            return;
        }
    }
}

static void
process_gap(struct conn *c, unsigned dir, uint64_t off, uint64_t len,
            const struct pkt_meta *meta)
{
    struct side *side = &c->side[dir];
    enum err e;
    switch (side->state) {
    case SIDE_SEEK:
        side->strict = false;
        if (c->ws)
            ws_conn_gap(c->ws, sender_of(c, dir), off, len, meta);
        break;
    case SIDE_HTTP:
        if (http1_gap(&side->http, len))
            break;
        if (c->ws)
            ws_conn_gap(c->ws, sender_of(c, dir), off, len, meta);
        lose_http(c, dir);
        break;
    case SIDE_PAUSED:
        e = hold_gap(&side->hold, off, len, meta);
        if (e != ERR_OK)
            hold_overflow(c, dir, e);
        break;
    case SIDE_WS:
        ws_conn_gap(c->ws, sender_of(c, dir), off, len, meta);
        break;
    }
}

/* Sends everything that waited through the stages, piece by piece. */
static void
replay(struct conn *c, unsigned dir)
{
    struct hold hold = c->side[dir].hold;
    size_t at = 0;
    hold_init(&c->side[dir].hold, c->shared->limits.hold);
    for (size_t i = 0; i < hold.n_pieces && !c->detach; i++) {
        const struct hold_piece *piece = &hold.pieces[i];
        if (piece->gap) {
            process_gap(c, dir, piece->off, piece->len, &piece->meta);
            continue;
        }
        struct run r = {slice_make(hold.bytes.ptr + at, (size_t)piece->len),
                        piece->off, &piece->meta};
        at += (size_t)piece->len;
        process(c, dir, r);
    }
    hold_fini(&hold);
}

static bool
seek_too_long(const struct conn *c, unsigned dir)
{
    return c->side[dir].hold.bytes.len >
           c->shared->limits.detect + PROXY_PROTOCOL_MAX;
}

/* Whether data can change nothing about what stands in hold: its start was
 * judged, its line goes on.  Else a long line would be searched for its end
 * again with each of its pieces. */
static bool
goes_on_in_line(const struct side *side, struct slice data)
{
    return side->in_line && side->hold.bytes.len > 2 * HTTP1_METHOD_MAX &&
           !memchr(data.ptr, '\n', data.len);
}

/* SEEK with a first line that came in pieces: looks at all of it at once, so
 * that the cuts change nothing. */
static void
seek_held(struct conn *c, unsigned dir)
{
    struct side *side = &c->side[dir];
    struct hold *hold = &side->hold;
    size_t skip = 0;
    switch (seek(c, dir, hold->pieces[0].off, buf_slice(&hold->bytes), &skip)) {
    case SEEK_MORE:
        /* Empty lines say nothing, and must not be looked at each time. */
        if (skip > 0) {
            hold_drop_front(hold, skip);
            pass_over_lines(c, dir, skip);
        }
        if (!seek_too_long(c, dir))
            return;
        pass_over(c, dir, hold->bytes.len);
        break;
    case SEEK_NOTHING:
        pass_over(c, dir, hold->bytes.len);
        break;
    case SEEK_HEAD:
        replay(c, dir);
        return;
    case SEEK_PREFIX:
        /* Pieces that end inside the prefix vanish with it. */
        hold_drop_front(hold, skip);
        if (hold_is_empty(hold))
            return;
        replay(c, dir);
        return;
    }
    hold_clear(hold);
}

enum stream_want
conn_data(struct conn *c, unsigned dir, uint64_t off, struct slice data,
          const struct pkt_meta *meta)
{
    struct side *side = &c->side[dir];
    if (side->state == SIDE_WS) {
        ws_conn_data(c->ws, sender_of(c, dir), off, data, meta);
        return STREAM_CONTINUE;
    }
    struct run r = {data, off, meta};
    note_last(c, meta);
    if (side->state == SIDE_SEEK && !hold_is_empty(&side->hold)) {
        bool more_line = goes_on_in_line(side, data);
        if (put_on_hold(c, dir, &r) && (!more_line || seek_too_long(c, dir)))
            seek_held(c, dir);
    } else {
        process(c, dir, r);
    }
    count_memory(c);
    return c->detach ? STREAM_DETACH : STREAM_CONTINUE;
}

enum stream_want
conn_gap(struct conn *c, unsigned dir, uint64_t off, uint64_t len,
         const struct pkt_meta *meta)
{
    note_last(c, meta);
    if (c->side[dir].state == SIDE_SEEK)
        hold_clear(&c->side[dir].hold);
    process_gap(c, dir, off, len, meta);
    count_memory(c);
    return c->detach ? STREAM_DETACH : STREAM_CONTINUE;
}

void
conn_tcp(struct conn *c, unsigned dir, enum stream_tcp what,
         const struct pkt_meta *meta)
{
    if (c->ws)
        ws_conn_tcp(c->ws, sender_of(c, dir), what, meta);
}

void
conn_end(struct conn *c, unsigned dir, enum stream_end why,
         const struct pkt_meta *meta)
{
    note_last(c, meta);
    c->ended |= 1u << dir;
    if (c->role_known && c->side[!c->client_dir].state == SIDE_PAUSED) {
        /* No request will come for what the server said. */
        c->unpaired = true;
        resume(c, !c->client_dir, SIDE_HTTP);
    }
    if (c->ws)
        ws_conn_end(c->ws, sender_of(c, dir), why, meta);
    if (c->ended == 3u)
        finish_ws(c);
    count_memory(c);
}
