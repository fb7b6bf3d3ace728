/* SPDX-License-Identifier: MIT */
#include "dissect/conn.h"

#include <stdlib.h>

#include "dissect/handshake.h"
#include "dissect/hold.h"
#include "dissect/http1.h"
#include "dissect/midstream.h"
#include "dissect/proxy_protocol.h"
#include "dissect/tcp_news.h"
#include "dissect/ws_conn.h"

/* Requests waiting for their response that are told apart; a client that
 * pipelines more is followed, but its responses are no longer paired.  Few
 * have more than one, and a WebSocket has none. */
#define PENDING_FIRST 4u
#define PENDING_MAX 64u

/* How long a response waits for a request that may have been captured behind
 * it: as long as capture/ waits with a hole (flow.h). */
#define PATIENCE_NS INT64_C(50000000)
#define PATIENCE_PIECES 64u

/* Bytes of one direction that are searched for frames where its beginning was
 * not captured, in units of limits.detect: a capture may start inside a long
 * message.  More of them when they look promising (midstream.h). */
#define SEARCH_DETECTS 32u
#define PROMISING_DETECTS 256u

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
    bool replaying;   /* hold is on its way through the stages */
    bool holed;       /* bytes are missing, or were passed over */
    uint64_t unknown; /* SEEK: bytes passed over */
    struct http1 http;
    struct hold hold;
    /* What TCP said before there was a WebSocket to tell it to: hand_over().
     * packet 0: nothing yet. */
    struct stamp fin, reset;
    uint32_t fin_seq, reset_seq;
    enum stream_end why; /* valid when c->ended has the direction */
};

struct conn {
    struct ws_conn *ws;          /* from the upgrade request on; NULL: none */
    struct midstream *midstream; /* NULL: no search for frames */
    struct conn_shared *shared;
    const struct stream_pair *pair;
    unsigned client_dir; /* valid with role_known */
    bool role_known;
    bool detach;
    struct tcp_news news; /* here for what each packet needs in one line */
    bool unpaired;        /* responses cannot be told to requests any more */
    bool tunnelled;       /* a proxy answered CONNECT with 2xx */
    unsigned ended;       /* set of 1u << dir */
    size_t counted;       /* in the budget */
    struct stamp last;    /* last packet of interest */
    uint16_t n_pending, cap_pending;
    struct pending {
        uint8_t method; /* enum http1_method */
        bool upgrade;
        uint32_t end_seq; /* TCP sequence number behind it, or a bit less */
    } * pending;          /* oldest first */
    struct side side[2];
};

/* A slice on its way through the stages. */
struct run {
    struct slice in;
    uint64_t off; /* of in.ptr[0] */
    const struct pkt_meta *meta;
    uint64_t start; /* off of the first byte of that packet's data */
};

static void replay(struct conn *c, unsigned dir);
static void search_held(struct conn *c, unsigned dir, size_t len);
static void drop_search(struct conn *c);
static bool is_early_frame(struct conn *c, unsigned dir, const struct run *r);
static void partial_head(struct conn *c, unsigned dir,
                         const struct pkt_meta *meta);

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
    size_t now = budget_block(sizeof *c) + tcp_news_memory(&c->news);
    if (c->pending)
        now += budget_block(c->cap_pending * sizeof c->pending[0]);
    for (unsigned dir = 0; dir < 2; dir++)
        now +=
            hold_memory(&c->side[dir].hold) + http1_memory(&c->side[dir].http);
    if (c->ws)
        now += ws_conn_memory(c->ws);
    if (c->midstream)
        now += midstream_memory(c->midstream);
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
        c->side[dir].holed = !pair->syn_seen[dir];
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
    c->shared->stats.no_memory +=
        midstream_failed(c->midstream) + c->news.no_memory;
    tcp_news_fini(&c->news);
    midstream_free(c->midstream);
    for (unsigned dir = 0; dir < 2; dir++) {
        hold_fini(&c->side[dir].hold);
        http1_fini(&c->side[dir].http);
    }
    budget_give(c->shared->budget, c->counted);
    free(c->pending);
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

static void
resume(struct conn *c, unsigned dir, enum side_state state)
{
    if (c->side[dir].state != SIDE_PAUSED)
        return;
    set_state(c, dir, state);
    replay(c, dir);
}

/* A response that waits for its request will not see it any more. */
static void
stop_waiting(struct conn *c)
{
    if (!c->role_known || c->side[!c->client_dir].state != SIDE_PAUSED)
        return;
    c->unpaired = true;
    resume(c, !c->client_dir, SIDE_HTTP);
}

/*
 * The direction lost its place in HTTP: a hole over a boundary, or bytes that
 * are not HTTP.  Which response belongs to which request is then unknown.  An
 * upgrade that still waits for its answer goes on waiting: the answer may be
 * in the hole, and then frames follow (found()).
 */
static void
lose_http(struct conn *c, unsigned dir)
{
    c->n_pending = 0;
    c->unpaired = true;
    seek_again(c, dir, false);
    if (c->ws)
        return;
    unsigned other = !dir;
    if (c->side[other].state == SIDE_PAUSED) {
        seek_again(c, other, false);
        replay(c, other);
    }
}

/* ------------------------------------------------------------- responses */

/* Tells a new WebSocket what TCP said of the pair before: it may be found only
 * when the streams have ended already. */
static void
hand_over(struct conn *c)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        const struct side *side = &c->side[dir];
        enum ws_sender from = sender_of(c, dir);
        struct pkt_meta fin = {.number = side->fin.packet,
                               .time_ns = side->fin.time_ns,
                               .seq = side->fin_seq};
        struct pkt_meta reset = {.number = side->reset.packet,
                                 .time_ns = side->reset.time_ns,
                                 .seq = side->reset_seq};
        struct pkt_meta last = {.number = c->last.packet,
                                .time_ns = c->last.time_ns};
        if (fin.number)
            ws_conn_tcp(c->ws, from, STREAM_TCP_FIN, &fin);
        if (reset.number)
            ws_conn_tcp(c->ws, from, STREAM_TCP_RST, &reset);
        if (c->ended >> dir & 1u)
            ws_conn_end(c->ws, from, side->why, &last);
    }
    for (size_t i = 0; i < c->news.n; i++) {
        const struct tcp_heard *heard = &c->news.heard[i];
        ws_conn_tcp(c->ws, sender_of(c, heard->dir), heard->what, &heard->meta);
    }
    tcp_news_fini(&c->news);
}

static bool
new_attempt(struct conn *c)
{
    struct ws_conn_config config = {
        .sink = &c->shared->sink,
        .shared = c->shared->ws,
        .limits = &c->shared->limits.thresholds,
        .peers = c->shared->peers,
        .pair = c->pair,
        .client_dir = c->client_dir,
        .number = c->shared->n_conns + 1,
        .via_connect = c->tunnelled,
    };
    if (ws_conn_new(&c->ws, &config) != ERR_OK) {
        c->shared->stats.no_memory++;
        c->detach = true;
        return false;
    }
    c->shared->n_conns++;
    hand_over(c);
    return true;
}

/* 101: everything behind it, in both directions, is frames. */
static void
accept_upgrade(struct conn *c, const struct http1_head *head,
               const struct pkt_meta *meta)
{
    struct side *client = &c->side[c->client_dir];
    if (!c->ws)
        partial_head(c, c->client_dir, meta); /* its gap is still waited for */
    if (!c->ws && !new_attempt(c))
        return;
    ws_conn_response(c->ws, head, true, meta);
    if (!head->partial && !hold_is_empty(&client->hold) &&
        !hold_front(&client->hold)->gap)
        ws_conn_check_early(c->ws, hold_front(&client->hold)->off,
                            &hold_front(&client->hold)->meta);
    drop_search(c);
    if (c->n_pending == 0) {
        free(c->pending);
        c->pending = NULL;
        c->cap_pending = 0;
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
    c->tunnelled = true;
    c->n_pending = 0;
    drop_search(c);
    seek_again(c, !client, true);
    if (c->side[client].state == SIDE_PAUSED) {
        seek_again(c, client, true);
        replay(c, client);
    }
}

/* The request that a response in this packet answers: the oldest that its
 * sender had received by then. */
static struct pending
oldest_pending(const struct conn *c, const struct pkt_meta *meta)
{
    if (c->n_pending == 0 || ((meta->flags & TCP_ACK) &&
                              (int32_t)(meta->ack - c->pending[0].end_seq) < 0))
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
    struct pending request = oldest_pending(c, meta);
    bool paired = c->n_pending > 0 && request.end_seq == c->pending[0].end_seq;
    uint64_t len;
    enum http1_body_kind body =
        http1_response_body(&ev->brief, (enum http1_method)request.method,
                            &len);
    http1_body(http, body, len);
    if (body == HTTP1_BODY_INTERIM)
        return;
    if (paired)
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

/* Room for one more; false: no memory. */
static bool
grow_pending(struct conn *c)
{
    if (c->n_pending < c->cap_pending)
        return true;
    size_t cap = c->cap_pending ? 2u * c->cap_pending : PENDING_FIRST;
    struct pending *pending = realloc(c->pending, cap * sizeof pending[0]);
    if (!pending)
        return false;
    c->pending = pending;
    c->cap_pending = (uint16_t)cap;
    return true;
}

static void
add_pending(struct conn *c, struct pending request)
{
    if (c->n_pending == PENDING_MAX) {
        c->n_pending = 0;
        c->unpaired = true;
    }
    if (!grow_pending(c)) {
        c->shared->stats.no_memory++;
        c->n_pending = 0;
        c->unpaired = true;
        return;
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
on_request(struct conn *c, const struct http1_event *ev, const struct run *r)
{
    struct side *client = &c->side[c->client_dir];
    struct pending request = {
        .method = ev->brief.method,
        /* A tunnel is asked for before the WebSocket is. */
        .upgrade = ev->brief.method != HTTP1_METHOD_CONNECT &&
                   handshake_is_upgrade_brief(&ev->brief),
        .end_seq = r->meta->seq + (uint32_t)(r->off - r->start),
    };
    uint64_t len;
    enum http1_body_kind body = http1_request_body(&ev->brief, &len);
    if (request.upgrade)
        start_attempt(c, ev, r->meta);
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
    uint64_t max = c->shared->limits.detect;
    side->unknown += len;
    side->holed = true;
    if (c->midstream && !midstream_is_refuted(c->midstream))
        max *= midstream_is_promising(c->midstream, dir) ? PROMISING_DETECTS
                                                         : SEARCH_DETECTS;
    if (side->strict ||
        (side->unknown > max && !c->ws && c->side[!dir].state == SIDE_SEEK))
        c->detach = true;
    else if (c->role_known && dir == c->client_dir)
        stop_waiting(c);
}

/* ------------------------------------------------ frames in mid-stream */

static void
drop_search(struct conn *c)
{
    c->shared->stats.no_memory += midstream_failed(c->midstream);
    midstream_free(c->midstream);
    c->midstream = NULL;
}

/* The rest of an adopted search's bytes are frames, or what wsray cannot read;
 * the directions go on in state WS. */
static void
adopt_search(struct conn *c, unsigned dir)
{
    uint64_t taken;
    struct ws_sync *sync =
        c->midstream ? midstream_take(c->midstream, dir, &taken) : NULL;
    if (sync)
        ws_conn_adopt(c->ws, sender_of(c, dir), sync, taken);
    set_state(c, dir, SIDE_WS);
    http1_reset(&c->side[dir].http);
}

/* Frames were found although no 101 was seen: the capture lacks it. */
static void
found(struct conn *c, unsigned client_dir, const struct pkt_meta *meta)
{
    if (c->role_known && c->client_dir != client_dir) {
        drop_search(c);
        return;
    }
    learn_roles(c, client_dir);
    if (!c->ws && !new_attempt(c))
        return;
    ws_conn_infer(c->ws, meta);
    for (unsigned dir = 0; dir < 2; dir++)
        adopt_search(c, dir);
    drop_search(c);
    for (unsigned dir = 0; dir < 2; dir++)
        replay(c, dir);
}

/* Bytes that are no HTTP, at a place where HTTP could have begun: do they hold
 * frames?  Takes all of r. */
static void
search(struct conn *c, unsigned dir, struct run *r)
{
    unsigned client;
    uint64_t len = r->in.len;
    if (c->side[dir].strict || !c->shared->limits.midstream) {
        pass_over(c, dir, len);
        r->in.len = 0;
        return;
    }
    int known = c->role_known ? (int)c->client_dir : -1;
    bool rsv1_ok = !c->ws || ws_conn_offers_deflate(c->ws);
    if (!c->midstream &&
        midstream_new(&c->midstream, known, rsv1_ok) != ERR_OK) {
        c->shared->stats.no_memory++;
        c->detach = true;
        return;
    }
    size_t taken = midstream_data(c->midstream, dir, r->off, r->in, r->meta);
    r->in = slice_skip(r->in, taken);
    r->off += taken;
    if (midstream_found(c->midstream, &client))
        found(c, client, r->meta);
    else
        pass_over(c, dir, len);
}

/* Do these bytes, which a client sent behind its upgrade request, begin with
 * frames by the rules?  Anything else it may send there is a request, which
 * begins with a letter: RSV bits that nobody agreed on. */
static bool
begins_with_frames(struct slice in, bool rsv1_ok)
{
    struct ws_frame frame;
    struct ws_frame_event ev;
    unsigned headers = 0;
    ws_frame_init(&frame, WS_SENDER_CLIENT, rsv1_ok ? WS_FRAME_RSV1 : 0, 0);
    for (;;) {
        bool whole = in.len == 0;
        switch (ws_frame_next(&frame, &in, &ev)) {
        case WS_FRAME_NEED_INPUT:
            /* One header may be a coincidence, if nothing stands behind it. */
            return headers > 1 || (headers == 1 && whole && frame.left == 0);
        case WS_FRAME_LOST:
            return false;
        case WS_FRAME_HEADER:
            if (ev.header->findings != 0)
                return false;
            headers++;
            break;
        case WS_FRAME_PAYLOAD:
            break;
        }
    }
}

/* The capture has no answer to an upgrade: does what waits behind the request
 * tell that it was accepted? */
static void
judge_by_client(struct conn *c, const struct pkt_meta *meta)
{
    struct side *client = &c->side[c->client_dir];
    struct slice run = hold_run(&client->hold);
    if (run.len > 0 && begins_with_frames(run, ws_conn_offers_deflate(c->ws))) {
        found(c, c->client_dir, meta);
        return;
    }
    seek_again(c, c->client_dir, false);
    replay(c, c->client_dir);
    search_held(c, c->client_dir, SIZE_MAX);
    c->detach = false; /* it ends anyway */
    if (c->midstream)
        midstream_end(c->midstream, c->client_dir);
}

/* dir ended: frames may be found in what was searched so far. */
static void
last_search(struct conn *c, unsigned dir, const struct pkt_meta *meta)
{
    unsigned client_dir;
    if (c->ended == 3u && c->ws && c->shared->limits.midstream &&
        c->side[c->client_dir].state == SIDE_PAUSED)
        judge_by_client(c, meta);
    if (!c->side[dir].strict)
        search_held(c, dir,
                    SIZE_MAX); /* a first line that will not be complete */
    if (!c->midstream)
        return;
    midstream_end(c->midstream, dir);
    if (midstream_found(c->midstream, &client_dir))
        found(c, client_dir, meta);
}

/* The same for empty lines in front of a head, of which a few are allowed. */
static void
pass_over_lines(struct conn *c, unsigned dir, uint64_t len)
{
    c->side[dir].unknown += len;
    if (c->side[dir].unknown > c->shared->limits.detect)
        pass_over(c, dir, 0);
}

/* A response whose request has yet to come: packets of the two directions may
 * be captured in the wrong order.  Nothing to wait for when the request may
 * have been missed. */
static bool
must_wait(const struct conn *c, const struct http1 *responses)
{
    return c->n_pending == 0 && !c->unpaired && !c->side[c->client_dir].holed &&
           !(c->ended >> c->client_dir & 1u) && http1_idle(responses);
}

/* One event of HTTP in direction dir. */
static void
step_http(struct conn *c, unsigned dir, struct run *r)
{
    struct side *side = &c->side[dir];
    bool client = dir == c->client_dir;
    if (!client && must_wait(c, &side->http)) {
        set_state(c, dir, SIDE_PAUSED);
        return;
    }
    struct http1_event ev;
    size_t before = r->in.len;
    bool idle = http1_idle(&side->http);
    enum http1_step step = http1_next(&side->http, &r->in, &ev);
    r->off += before - r->in.len;
    switch (step) {
    case HTTP1_NEED_INPUT:
        break;
    case HTTP1_HEAD:
        if (client)
            on_request(c, &ev, r);
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
        if (idle)
            is_early_frame(c, dir, r);
        lose_http(c, dir);
        search(c, dir, r);
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

static void process(struct conn *c, unsigned dir, struct run *r);

/* The first len bytes, or all up to a gap, of what waits in dir as the
 * beginning of a first line will not become one: they are searched for frames
 * like all that is no head, each piece with its own packet.  If they hold
 * some, all that waits goes on. */
static void
search_held(struct conn *c, unsigned dir, size_t len)
{
    struct side *side = &c->side[dir];
    struct hold *hold = &side->hold;
    bool replaying = side->replaying;
    side->replaying = true; /* else found() would send the bytes again */
    while (len > 0 && side->state == SIDE_SEEK && !c->detach &&
           !hold_is_empty(hold) && !hold_front(hold)->gap) {
        struct hold_piece front = *hold_front(hold);
        struct run r = {.in = slice_head(hold_front_data(hold), len),
                        .off = front.off,
                        .meta = &front.meta,
                        .start = front.off};
        size_t taken = r.in.len;
        search(c, dir, &r);
        taken -= r.in.len;
        hold_drop(hold, taken);
        len -= taken;
    }
    side->replaying = replaying;
    if (side->state == SIDE_WS)
        replay(c, dir);
}

/* What waits in dir's hold cannot wait any longer, because of e: it goes on as
 * what it most likely is, or nothing does. */
static void
hold_overflow(struct conn *c, unsigned dir, enum err e,
              const struct pkt_meta *meta)
{
    struct side *side = &c->side[dir];
    if (side->state == SIDE_SEEK && !side->strict && e == ERR_LIMIT) {
        search_held(c, dir,
                    SIZE_MAX); /* too long for a first line: nothing is lost */
        return;
    }
    c->shared->stats.over_hold += e == ERR_LIMIT;
    c->shared->stats.no_memory += e == ERR_NOMEM;
    if (!c->role_known || side->state != SIDE_PAUSED) {
        c->detach = true;
    } else if (dir != c->client_dir) {
        c->unpaired = true;
        resume(c, dir, SIDE_HTTP);
    } else if (c->ws && c->shared->limits.midstream &&
               begins_with_frames(hold_run(&side->hold),
                                  ws_conn_offers_deflate(c->ws))) {
        found(c, dir, meta);
    } else {
        c->detach = true;
    }
}

static void
put_on_hold(struct conn *c, unsigned dir, struct run *r)
{
    struct hold *hold = &c->side[dir].hold;
    enum err e = hold_data(hold, r->off, r->in, r->meta);
    if (e == ERR_OK)
        return;
    hold_overflow(c, dir, e, r->meta);
    process(c, dir, r); /* behind what waited and has gone on */
    if (r->in.len > 0 && !c->detach &&
        hold_data(hold, r->off, r->in, r->meta) != ERR_OK)
        c->detach = true;
}

/* Does the server send frames where its answer to an upgrade should stand? */
static bool
is_early_frame(struct conn *c, unsigned dir, const struct run *r)
{
    return c->ws && dir != c->client_dir && !c->side[dir].holed &&
           ws_conn_early_server(c->ws, r->off, r->in, r->meta);
}

/* Are len bytes more than an unfinished first line can have? */
static bool
is_too_long(const struct conn *c, size_t len)
{
    return len > c->shared->limits.detect + PROXY_PROTOCOL_MAX;
}

/* A search that has begun is given all bytes, also those of empty lines. */
static bool
is_searched(const struct conn *c, unsigned dir)
{
    return c->midstream && !c->side[dir].strict;
}

/* Takes len bytes of empty lines from the front of r; they say nothing, and
 * must not be looked at each time. */
static void
take_lines(struct conn *c, unsigned dir, struct run *r, size_t len)
{
    struct run lines = *r;
    lines.in = slice_head(r->in, len);
    if (is_searched(c, dir)) {
        search(c, dir, &lines);
        len -= lines.in.len;
    } else {
        pass_over_lines(c, dir, len);
    }
    r->in = slice_skip(r->in, len);
    r->off += len;
}

/* False: what stands in r is not enough to tell. */
static bool
step_seek(struct conn *c, unsigned dir, struct run *r)
{
    size_t skip = 0;
    switch (seek(c, dir, r->off, r->in, &skip)) {
    case SEEK_HEAD:
        drop_search(c);
        return true;
    case SEEK_PREFIX:
        r->in = slice_skip(r->in, skip);
        r->off += skip;
        return true;
    case SEEK_MORE:
        if (skip > 0)
            take_lines(c, dir, r, skip);
        if (c->side[dir].state != SIDE_SEEK)
            return true;
        if (!is_too_long(c, r->in.len))
            return false;
        search(c, dir, r);
        return true;
    case SEEK_NOTHING:
        if (c->side[dir].strict && is_early_frame(c, dir, r))
            c->side[dir].strict = false; /* the answer may still come */
        search(c, dir, r);
        return true;
    }
    return false;
}

/* Sends r through the stages as far as it goes; what is left in it waits. */
static void
process(struct conn *c, unsigned dir, struct run *r)
{
    while (r->in.len > 0 && !c->detach) {
        switch (c->side[dir].state) {
        case SIDE_SEEK:
            if (!step_seek(c, dir, r))
                return;
            break;
        case SIDE_HTTP:
            step_http(c, dir, r);
            break;
        case SIDE_PAUSED:
            return;
        case SIDE_WS:
            ws_conn_data(c->ws, sender_of(c, dir), r->off, r->in, r->meta);
            r->in.len = 0;
            return;
        }
    }
}

/* The head of an upgrade request or its 101 in dir is cut by a gap: goes on
 * with what is known of it. */
static void
partial_head(struct conn *c, unsigned dir, const struct pkt_meta *meta)
{
    struct slice text;
    struct http1_head head;
    bool is_request = dir == c->client_dir;
    if (c->side[dir].state != SIDE_HTTP ||
        !http1_partial(&c->side[dir].http, &text) ||
        !http1_head_parse(&head, text, is_request))
        return;
    if (!is_request) {
        if (c->ws && handshake_is_accepting(&head))
            accept_upgrade(c, &head, meta);
    } else if (handshake_is_upgrade_request(&head)) {
        finish_ws(c);
        if (new_attempt(c) && ws_conn_request(c->ws, &head, meta) != ERR_OK) {
            c->shared->stats.no_memory++;
            c->detach = true;
        }
    }
}

static void
process_gap(struct conn *c, unsigned dir, uint64_t off, uint64_t len,
            const struct pkt_meta *meta)
{
    struct side *side = &c->side[dir];
    unsigned client;
    side->holed = true;
    if (side->state == SIDE_SEEK && c->midstream) {
        midstream_gap(c->midstream, dir, off, len, meta);
        if (midstream_found(c->midstream, &client))
            found(c, client, meta);
    }
    switch (side->state) {
    case SIDE_SEEK:
        side->strict = false;
        if (c->ws)
            ws_conn_gap(c->ws, sender_of(c, dir), off, len, meta);
        break;
    case SIDE_HTTP:
        partial_head(c, dir, meta);
        if (side->state == SIDE_WS) {
            ws_conn_gap(c->ws, sender_of(c, dir), off, len, meta);
            break;
        }
        if (http1_gap(&side->http, len))
            break;
        if (c->ws)
            ws_conn_gap(c->ws, sender_of(c, dir), off, len, meta);
        lose_http(c, dir);
        break;
    case SIDE_PAUSED:
        break; /* conn_gap() put it on hold */
    case SIDE_WS:
        ws_conn_gap(c->ws, sender_of(c, dir), off, len, meta);
        break;
    }
    if (c->role_known && dir == c->client_dir)
        stop_waiting(c);
}

/* The first line came in pieces: all of them are looked at together, so that
 * the cuts change nothing.  False: still not enough. */
static bool
replay_seek(struct conn *c, unsigned dir)
{
    struct side *side = &c->side[dir];
    struct slice run = hold_run(&side->hold);
    size_t skip = 0;
    switch (seek(c, dir, hold_front(&side->hold)->off, run, &skip)) {
    case SEEK_HEAD:
        drop_search(c);
        return true;
    case SEEK_PREFIX:
        hold_drop(&side->hold, skip);
        return true;
    case SEEK_MORE:
        if (is_searched(c, dir)) {
            search_held(c, dir, skip);
        } else {
            pass_over_lines(c, dir, skip);
            hold_drop(&side->hold, skip);
        }
        if (side->state != SIDE_SEEK)
            return true;
        if (hold_has_gap(&side->hold))
            side->strict = false; /* the line will not be complete */
        else if (!is_too_long(c, run.len - skip))
            return false;
        search_held(c, dir, SIZE_MAX);
        return true;
    case SEEK_NOTHING:
        search_held(c, dir, SIZE_MAX);
        return true;
    }
    return false;
}

/* Sends the piece that has waited longest through the stages. */
static void
replay_piece(struct conn *c, unsigned dir)
{
    struct hold *hold = &c->side[dir].hold;
    struct hold_piece front = *hold_front(hold);
    if (front.gap) {
        hold_drop_gap(hold);
        process_gap(c, dir, front.off, front.len, &front.meta);
        return;
    }
    struct run r = {.in = hold_front_data(hold),
                    .off = front.off,
                    .meta = &front.meta,
                    .start = front.off};
    size_t before = r.in.len;
    process(c, dir, &r);
    hold_drop(hold, before - r.in.len);
}

/* Sends what waits in dir through the stages, as far as it goes. */
static void
replay(struct conn *c, unsigned dir)
{
    struct side *side = &c->side[dir];
    if (side->replaying)
        return; /* whoever does it goes on by itself */
    side->replaying = true;
    while (!hold_is_empty(&side->hold) && !c->detach &&
           side->state != SIDE_PAUSED) {
        if (side->state != SIDE_SEEK || hold_front(&side->hold)->gap)
            replay_piece(c, dir);
        else if (!replay_seek(c, dir))
            break;
    }
    side->replaying = false;
}

/* Whether data can change nothing about what stands in hold: its start was
 * judged, its line goes on.  Else a long line would be searched for its end
 * again with each of its pieces. */
static bool
goes_on_in_line(const struct conn *c, const struct side *side,
                struct slice data)
{
    size_t held = side->hold.bytes.len - side->hold.bytes_done;
    return side->state == SIDE_SEEK && side->in_line &&
           held > 2 * HTTP1_METHOD_MAX &&
           held <= c->shared->limits.detect + PROXY_PROTOCOL_MAX &&
           !memchr(data.ptr, '\n', data.len);
}

/* A response waited longer for its request than captures reorder packets. */
static bool
waited_enough(const struct conn *c, unsigned dir, const struct pkt_meta *meta)
{
    const struct hold *hold = &c->side[dir].hold;
    return c->side[dir].state == SIDE_PAUSED && dir != c->client_dir &&
           (meta->time_ns - hold_front(hold)->meta.time_ns > PATIENCE_NS ||
            hold->n_pieces - hold->pieces_done > PATIENCE_PIECES);
}

/* Data of a direction in which something waits already. */
static void
data_behind_hold(struct conn *c, unsigned dir, struct run *r)
{
    bool more_line = goes_on_in_line(c, &c->side[dir], r->in);
    put_on_hold(c, dir, r);
    if (c->detach || more_line)
        return;
    if (!hold_is_empty(&c->side[dir].hold) && waited_enough(c, dir, r->meta))
        stop_waiting(c);
    replay(c, dir);
}

/* A WebSocket, or one that may become one, is kept however quiet it is. */
static enum stream_want
answer(const struct conn *c)
{
    if (c->detach)
        return STREAM_DETACH;
    return c->ws ? STREAM_KEEP : STREAM_CONTINUE;
}

enum stream_want
conn_data(struct conn *c, unsigned dir, uint64_t off, struct slice data,
          const struct pkt_meta *meta)
{
    struct side *side = &c->side[dir];
    tcp_news_segment(&c->news, dir, meta);
    if (side->state == SIDE_WS) {
        ws_conn_data(c->ws, sender_of(c, dir), off, data, meta);
        return STREAM_KEEP;
    }
    if (meta->acks)
        conn_tcp(c, dir, STREAM_TCP_ACK, meta);
    struct run r = {.in = data, .off = off, .meta = meta, .start = off};
    note_last(c, meta);
    if (!hold_is_empty(&side->hold)) {
        data_behind_hold(c, dir, &r);
    } else {
        process(c, dir, &r);
        if (r.in.len > 0 && !c->detach)
            put_on_hold(c, dir, &r);
    }
    count_memory(c);
    return answer(c);
}

enum stream_want
conn_gap(struct conn *c, unsigned dir, uint64_t off, uint64_t len,
         const struct pkt_meta *meta)
{
    struct side *side = &c->side[dir];
    note_last(c, meta);
    if (side->state == SIDE_SEEK && !hold_is_empty(&side->hold)) {
        side->strict = false;
        search_held(c, dir,
                    SIZE_MAX); /* a first line that will not be complete */
    }
    if (side->state == SIDE_PAUSED) {
        enum err e = hold_gap(&side->hold, off, len, meta);
        if (e != ERR_OK) {
            hold_overflow(c, dir, e, meta);
            if (!c->detach)
                process_gap(c, dir, off, len, meta);
        }
        side->holed = true;
        stop_waiting(c);
    } else {
        process_gap(c, dir, off, len, meta);
    }
    count_memory(c);
    return answer(c);
}

/* Whether a WebSocket that is found later will want to know; FIN and RST are
 * kept anyway. */
static bool
is_news(enum stream_tcp what)
{
    return what != STREAM_TCP_SYN && what != STREAM_TCP_ACK &&
           what != STREAM_TCP_FIN && what != STREAM_TCP_RST &&
           what != STREAM_TCP_EARLY;
}

void
conn_tcp(struct conn *c, unsigned dir, enum stream_tcp what,
         const struct pkt_meta *meta)
{
    struct side *side = &c->side[dir];
    const struct thresholds *limits = &c->shared->limits.thresholds;
    if (what == STREAM_TCP_EARLY)
        tcp_news_segment(&c->news, dir, meta);
    if (what == STREAM_TCP_RETRANSMIT &&
        tcp_news_is_twin(&c->news, dir, meta,
                         (int64_t)limits->value[THRESHOLD_DUPLICATE_CAPTURE]))
        return;
    if (what == STREAM_TCP_FIN && side->fin.packet == 0) {
        side->fin = (struct stamp){meta->time_ns, meta->number};
        side->fin_seq = meta->seq;
    }
    if (what == STREAM_TCP_RST && side->reset.packet == 0) {
        side->reset = (struct stamp){meta->time_ns, meta->number};
        side->reset_seq = meta->seq;
    }
    if (c->ws) {
        ws_conn_tcp(c->ws, sender_of(c, dir), what, meta);
    } else if (is_news(what)) {
        tcp_news_keep(&c->news, dir, what, meta);
        count_memory(c);
    }
}

void
conn_end(struct conn *c, unsigned dir, enum stream_end why,
         const struct pkt_meta *meta)
{
    note_last(c, meta);
    c->ended |= 1u << dir;
    c->side[dir].why = why;
    stop_waiting(c); /* no request will come for what the server said */
    last_search(c, dir, meta);
    if (c->ws)
        ws_conn_end(c->ws, sender_of(c, dir), why, meta);
    if (c->ended == 3u)
        finish_ws(c);
    count_memory(c);
}
