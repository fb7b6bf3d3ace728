/* SPDX-License-Identifier: MIT */
#include "ui/display.h"

#include <stdlib.h>
#include <string.h>

#include "dissect/handshake.h"
#include "ui/select.h"

/* Findings of one connection that wait for their frame. */
#define HELD_MAX 16u
#define DETAIL_MAX 256u

struct held {
    struct held *next; /* the one that came after it */
    struct event_finding finding;
    char detail[DETAIL_MAX];
};

/* A handshake that has not passed yet: all of it that does not stand in its
 * heads. */
struct kept {
    size_t size; /* of all this, bytes */
    uint64_t flow;
    struct stamp at, request, response;
    struct endpoint client, server;
    enum handshake_seen seen;
    enum handshake_answer answer;
    enum tristate accept_ok;
    bool accepted, has_deflate;
    struct ws_deflate_params deflate;
    struct kept_head {
        bool there, partial;
        size_t len;
    } heads[2]; /* request, response */
    uint8_t text[];
};

/* One connection, from its handshake to its end. */
struct display_conn {
    struct display_conn *prev, *next;
    struct filter_conn known;
    bool passes;       /* what the filter says of all of it, where it can */
    bool shown;        /* something passed */
    uint64_t frame[2]; /* of each sender, the last one that came */
    uint64_t passed_frame[2]; /* ... that passed */
    uint64_t passed_message[2];
    /* Kinds of findings that passed, of client, server and both: their sums
     * come at the end. */
    uint8_t finding[3][FINDING_COUNT / 8 + 1];
    struct kept *handshake; /* NULL: none, or it passed */
    struct held *held;      /* the oldest first */
    unsigned n_held;
};

/* ---- Connections ---- */

static bool
conn_equal(const void *value, const void *key)
{
    const struct display_conn *c = value;
    return c->known.conn == *(const uint32_t *)key;
}

static struct display_conn *
find_conn(struct display *d, uint32_t number)
{
    if (d->last && d->last->known.conn == number)
        return d->last;
    struct display_conn *c =
        map_find(&d->conns, map_hash(&d->conns, &number, 1), conn_equal,
                 &number);
    if (c)
        d->last = c;
    return c;
}

/* Made if there is none; NULL: no memory. */
static struct display_conn *
get_conn(struct display *d, uint32_t number)
{
    struct display_conn *c = find_conn(d, number);
    if (c)
        return c;
    c = calloc(1, sizeof *c);
    if (!c ||
        map_insert(&d->conns, map_hash(&d->conns, &number, 1), c) != ERR_OK) {
        free(c);
        d->without_memory++;
        return NULL;
    }
    c->known.conn = number;
    c->next = d->all;
    if (c->next)
        c->next->prev = c;
    d->all = c;
    d->last = c;
    return c;
}

static void
drop_handshake(struct display *d, struct display_conn *c)
{
    if (c->handshake)
        d->kept -= c->handshake->size;
    free(c->handshake);
    c->handshake = NULL;
}

static void
conn_free(struct display *d, struct display_conn *c)
{
    for (struct held *held = c->held, *next; held; held = next) {
        next = held->next;
        free(held);
    }
    drop_handshake(d, c);
    filter_conn_fini(&c->known);
    free(c);
}

static void
drop_conn(struct display *d, struct display_conn *c)
{
    if (d->last == c)
        d->last = NULL;
    (void)map_remove(&d->conns, map_hash(&d->conns, &c->known.conn, 1), c);
    if (c->prev)
        c->prev->next = c->next;
    else
        d->all = c->next;
    if (c->next)
        c->next->prev = c->prev;
    conn_free(d, c);
}

/* ---- Handing on ---- */

static void
pass(const struct display *d, const struct event *event)
{
    if (d->inner.wants >> event->type & 1u)
        d->inner.event(d->inner.ctx, event);
}

/* What was kept for the filter alone is cut off. */
static struct event_message
cut_message(const struct display *d, const struct event_message *m)
{
    struct event_message cut = *m;
    cut.payload = slice_head(m->payload, d->inner.keep);
    cut.truncated |= cut.payload.len < m->payload.len;
    return cut;
}

static void
pass_frame(const struct display *d, const struct event *event)
{
    struct event_frame f = *event->frame;
    bool wanted = d->inner.wants >> EVENT_MESSAGE & 1u;
    if (!f.completed || (wanted && f.completed->payload.len <= d->inner.keep)) {
        pass(d, event);
        return;
    }
    struct event_message m = cut_message(d, f.completed);
    f.completed = wanted ? &m : NULL;
    pass(d, &(struct event){.type = EVENT_FRAME,
                            .conn = event->conn,
                            .frame = &f});
}

static void
pass_message(const struct display *d, const struct event *event)
{
    struct event_message m = cut_message(d, event->message);
    pass(d, &(struct event){.type = EVENT_MESSAGE,
                            .conn = event->conn,
                            .message = &m});
}

/* ---- Handshakes that wait ---- */

static size_t
head_len(const struct http1_head *head)
{
    return head ? head->text.len : 0;
}

/* False: there is no room or no memory. */
static bool
keep_handshake(struct display *d, struct display_conn *c,
               const struct event_handshake *e)
{
    const struct http1_head *heads[2] = {e->request_head, e->response_head};
    struct kept *k;
    size_t size = sizeof *k + head_len(heads[0]) + head_len(heads[1]), at = 0;
    if (size > d->kept_max - d->kept || !(k = malloc(size))) {
        d->not_kept++;
        return false;
    }
    *k = (struct kept){.size = size,
                       .flow = e->flow,
                       .at = e->at,
                       .request = e->request,
                       .response = e->response,
                       .client = e->client,
                       .server = e->server,
                       .seen = e->seen,
                       .answer = e->answer,
                       .accept_ok = e->accept_ok,
                       .accepted = e->accepted,
                       .has_deflate = e->has_deflate,
                       .deflate = e->deflate};
    for (unsigned i = 0; i < 2; i++) {
        size_t len = head_len(heads[i]);
        k->heads[i] = (struct kept_head){heads[i] != NULL,
                                         heads[i] && heads[i]->partial, len};
        if (len > 0)
            memcpy(k->text + at, heads[i]->text.ptr, len);
        at += len;
    }
    d->kept += size;
    c->handshake = k;
    return true;
}

/* The event as it was. */
static void
pass_kept(const struct display *d, uint32_t conn, const struct kept *k)
{
    struct http1_head heads[2];
    const struct http1_head *found[2] = {NULL, NULL};
    struct event_handshake e = {0};
    size_t at = 0;
    for (unsigned i = 0; i < 2; i++) {
        struct slice text = slice_make(k->text + at, k->heads[i].len);
        at += text.len;
        if (!k->heads[i].there || !http1_head_parse(&heads[i], text, i == 0))
            continue;
        heads[i].partial = k->heads[i].partial;
        found[i] = &heads[i];
    }
    handshake_describe(&e, found[0], found[1]);
    e.flow = k->flow;
    e.at = k->at;
    e.request = k->request;
    e.response = k->response;
    e.client = k->client;
    e.server = k->server;
    e.seen = k->seen;
    e.answer = k->answer;
    e.accept_ok = k->accept_ok;
    e.accepted = k->accepted;
    e.has_deflate = k->has_deflate;
    e.deflate = k->deflate;
    pass(d, &(struct event){.type = EVENT_HANDSHAKE,
                            .conn = conn,
                            .handshake = &e});
}

/* Something of the connection is about to pass. */
static void
show(struct display *d, struct display_conn *c)
{
    c->shown = true;
    if (!c->handshake)
        return;
    pass_kept(d, c->known.conn, c->handshake);
    drop_handshake(d, c);
}

static void
on_handshake(struct display *d, struct display_conn *c,
             const struct event *event)
{
    c->passes = filter_passes(d->filter, event, &c->known);
    if (!c->passes && keep_handshake(d, c, event->handshake))
        return;
    c->shown = true;
    pass(d, event);
}

/* ---- Findings ---- */

static uint8_t *
finding_bits(struct display_conn *c, const struct event_finding *e)
{
    return &c->finding[e->has_from ? e->from : 2][e->id / 8];
}

static void
pass_finding(struct display *d, struct display_conn *c,
             const struct event_finding *e)
{
    show(d, c);
    *finding_bits(c, e) |= (uint8_t)(1u << e->id % 8);
    pass(d, &(struct event){.type = EVENT_FINDING,
                            .conn = c->known.conn,
                            .finding = e});
}

/* Keeps a finding until its frame has come; false: cannot. */
static bool
hold(struct display *d, struct display_conn *c, const struct event_finding *e)
{
    struct held *held = c->n_held < HELD_MAX ? malloc(sizeof *held) : NULL;
    if (!held) {
        d->without_memory += c->n_held < HELD_MAX;
        return false;
    }
    held->next = NULL;
    held->finding = *e;
    if (e->detail) {
        size_t len = strnlen(e->detail, sizeof held->detail - 1);
        memcpy(held->detail, e->detail, len);
        held->detail[len] = '\0';
        held->finding.detail = held->detail;
    }
    struct held **end = &c->held;
    while (*end)
        end = &(*end)->next;
    *end = held;
    c->n_held++;
    return true;
}

/* That frame came, and passed or not: its findings do the same, and those of
 * frames before it, which will not come. */
static void
settle(struct display *d, struct display_conn *c, enum ws_sender from,
       uint64_t frame, bool passed)
{
    struct held **at = &c->held;
    while (*at) {
        struct held *held = *at;
        if (held->finding.from != from || held->finding.frame > frame) {
            at = &held->next;
            continue;
        }
        *at = held->next;
        c->n_held--;
        if (passed && held->finding.frame == frame)
            pass_finding(d, c, &held->finding);
        free(held);
    }
}

static void
on_finding(struct display *d, struct display_conn *c, const struct event *event)
{
    const struct event_finding *e = event->finding;
    bool of_frame = (d->needs & FILTER_NEEDS_FRAMES) && e->has_from && e->frame;
    bool passes = filter_passes(d->filter, event, &c->known);
    if (e->count > 1)
        passes |= *finding_bits(c, e) >> e->id % 8 & 1u;
    else if (of_frame && e->frame == c->frame[e->from])
        passes |= e->frame == c->passed_frame[e->from];
    else if (of_frame && !passes && e->frame > c->frame[e->from])
        passes = !hold(d, c, e); /* rather one too many than one lost */
    if (passes)
        pass_finding(d, c, e);
}

/* ---- Events ---- */

static void
on_frame(struct display *d, struct display_conn *c, const struct event *event)
{
    const struct event_frame *f = event->frame;
    bool passes = select_passes(d->options, event);
    if (passes)
        passes = d->needs & FILTER_NEEDS_FRAMES
                     ? filter_passes(d->filter, event, &c->known)
                     : c->passes;
    c->frame[f->from] = f->number;
    if (passes) {
        show(d, c);
        c->passed_frame[f->from] = f->number;
        if (f->message)
            c->passed_message[f->from] = f->message;
        pass_frame(d, event);
    }
    if (c->held)
        settle(d, c, f->from, f->number, passes);
}

static void
on_message(struct display *d, struct display_conn *c, const struct event *event)
{
    const struct event_message *m = event->message;
    if (!select_passes(d->options, event))
        return;
    /* Without frames, all that is known of it is its connection. */
    if (c->passed_message[m->from] == m->number ||
        (!(d->needs & FILTER_NEEDS_FRAMES) && c->passes)) {
        show(d, c);
        pass_message(d, event);
    }
}

static void
on_end(struct display *d, struct display_conn *c, const struct event *event)
{
    if (filter_passes(d->filter, event, &c->known))
        show(d, c);
    if (c->shown)
        pass(d, event);
    drop_conn(d, c);
}

static void
on_event(void *ctx, const struct event *event)
{
    struct display *d = ctx;
    if (!options_want_conn(d->options, event->conn))
        return;
    struct display_conn *c = get_conn(d, event->conn);
    if (!c) { /* nothing can be said of it, so nothing is left out */
        pass(d, event);
        return;
    }
    if (!filter_conn_update(&c->known, d->needs, event))
        d->without_memory++;
    switch (event->type) {
    case EVENT_HANDSHAKE:
        on_handshake(d, c, event);
        break;
    case EVENT_FRAME:
        on_frame(d, c, event);
        break;
    case EVENT_MESSAGE:
        on_message(d, c, event);
        break;
    case EVENT_GAP:
        if (filter_passes(d->filter, event, &c->known)) {
            show(d, c);
            pass(d, event);
        }
        break;
    case EVENT_FINDING:
        on_finding(d, c, event);
        break;
    case EVENT_END:
        on_end(d, c, event);
        break;
    case EVENT_TCP: /* nothing can be said of it in a filter */
        if (c->shown)
            pass(d, event);
        break;
    }
}

/* ---- Life ---- */

static uint32_t
wanted(const struct display *d)
{
    uint32_t wants = d->inner.wants | 1u << EVENT_HANDSHAKE |
                     1u << EVENT_FINDING | 1u << EVENT_END;
    if (d->needs & FILTER_NEEDS_FRAMES)
        wants |= 1u << EVENT_FRAME;
    if (d->needs & FILTER_NEEDS_MESSAGES)
        wants |= 1u << EVENT_MESSAGE;
    if (filter_uses(d->filter, FIELD_WS_GAP_LEN) ||
        filter_uses(d->filter, FIELD_WS_TYPE))
        wants |= 1u << EVENT_GAP;
    return wants;
}

enum err
display_init(struct display *d, struct filter *filter,
             const struct options *options, struct event_sink inner,
             struct event_sink *sink)
{
    *d = (struct display){.filter = filter,
                          .options = options,
                          .inner = inner,
                          .needs = filter_needs(filter),
                          .kept_max = DISPLAY_KEPT_MAX};
    enum err e = map_init(&d->conns);
    if (e != ERR_OK)
        return e;
    *sink = inner;
    sink->wants = wanted(d);
    if (d->needs & FILTER_NEEDS_PAYLOAD)
        sink->keep = SIZE_MAX; /* --message-keep is the limit */
    else if (!(inner.wants >> EVENT_MESSAGE & 1u))
        sink->keep = 0;
    sink->ctx = d;
    sink->event = on_event;
    return ERR_OK;
}

void
display_fini(struct display *d)
{
    if (!d->filter)
        return;
    for (struct display_conn *c = d->all, *next; c; c = next) {
        next = c->next;
        conn_free(d, c);
    }
    map_fini(&d->conns);
    *d = (struct display){.filter = NULL};
}
