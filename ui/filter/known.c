/* SPDX-License-Identifier: MIT */
#include "ui/filter/known.h"

#include <stdlib.h>
#include <string.h>

#include "ui/filter/field.h"

/* Pings of one side that wait for their pong; an older one is forgotten. */
#define WAITING_MAX 16u

struct waiting {
    uint64_t hash;
    int64_t time_ns;
};

/* By who sent them; the newest last. */
struct filter_pings {
    size_t n[2];
    struct waiting waiting[2][WAITING_MAX];
};

static struct slice
find_header(const struct http1_head *head, const char *name)
{
    for (size_t i = 0; head && i < head->n_headers; i++)
        if (head->headers[i].value.ptr &&
            slice_equal_nocase(head->headers[i].name, slice_cstr(name)))
            return head->headers[i].value;
    return slice_make(NULL, 0);
}

/* As they stand in the heads. */
static void
find_texts(struct filter_conn *c, const struct event_handshake *e)
{
    const struct http1_head *request = e->request_head;
    c->text[CONN_TEXT_HOST] = e->host;
    c->text[CONN_TEXT_USER_AGENT] = find_header(request, "User-Agent");
    c->text[CONN_TEXT_ORIGIN] = e->origin;
    c->text[CONN_TEXT_SUBPROTOCOL] = e->protocol;
    c->text[CONN_TEXT_METHOD] = c->text[CONN_TEXT_URI] = slice_make(NULL, 0);
    if (request) {
        c->text[CONN_TEXT_METHOD] = request->method;
        c->text[CONN_TEXT_URI] = request->target;
    }
    for (unsigned i = 0; i < CONN_TEXT_COUNT; i++)
        c->text[i] = slice_head(c->text[i], FILTER_CONN_TEXT_MAX);
}

/* Makes a copy of them; false: no memory, and there are none. */
static bool
keep_texts(struct filter_conn *c)
{
    size_t len = 0;
    for (unsigned i = 0; i < CONN_TEXT_COUNT; i++)
        len += c->text[i].len;
    uint8_t *bytes = malloc(len + 1);
    if (!bytes) {
        memset(c->text, 0, sizeof c->text);
        return false;
    }
    c->bytes = bytes;
    for (unsigned i = 0; i < CONN_TEXT_COUNT; i++) {
        struct slice *text = &c->text[i];
        if (text->len > 0)
            memcpy(bytes, text->ptr, text->len);
        if (text->ptr)
            text->ptr = bytes;
        bytes += text->len;
    }
    return true;
}

void
filter_conn_borrow(struct filter_conn *c, const struct event_handshake *e)
{
    free(c->bytes);
    c->bytes = NULL;
    c->known = true;
    c->accepted = e->accepted;
    c->status = e->response_head ? e->response_head->status : 0;
    c->flow = e->flow;
    c->peer[WS_SENDER_CLIENT] = e->client;
    c->peer[WS_SENDER_SERVER] = e->server;
    find_texts(c, e);
}

/* FNV-1a; enough to know one pong again. */
static uint64_t
hash(struct slice payload)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ payload.len;
    for (size_t i = 0; i < payload.len; i++)
        h = (h ^ payload.ptr[i]) * UINT64_C(0x100000001b3);
    return h;
}

static void
add_ping(struct filter_pings *p, const struct event_frame *f)
{
    struct waiting *w = p->waiting[f->from];
    if (p->n[f->from] == WAITING_MAX) {
        memmove(w, w + 1, (WAITING_MAX - 1) * sizeof w[0]);
        p->n[f->from]--;
    }
    w[p->n[f->from]++] = (struct waiting){hash(f->payload), f->at.time_ns};
}

/* The most recent ping with its payload is the one it answers (RFC 6455
 * section 5.5.3), as in the sums of the end. */
static void
take_pong(struct filter_conn *c, const struct event_frame *f)
{
    struct filter_pings *p = c->pings;
    unsigned pinger = 1u - f->from;
    uint64_t h = hash(f->payload);
    for (size_t i = p->n[pinger]; i-- > 0;) {
        struct waiting *w = &p->waiting[pinger][i];
        if (w->hash != h)
            continue;
        c->has_rtt = true;
        c->rtt_ns = f->at.time_ns - w->time_ns;
        memmove(w, w + 1, (--p->n[pinger] - i) * sizeof w[0]);
        return;
    }
}

/* What is not known whole cannot be compared. */
static bool
note_ping(struct filter_conn *c, const struct event_frame *f)
{
    uint8_t opcode = f->header.opcode;
    if ((opcode != WS_OP_PING && opcode != WS_OP_PONG) || !f->complete ||
        f->payload.len != f->header.payload_len)
        return true;
    if (!c->pings && opcode == WS_OP_PING)
        c->pings = calloc(1, sizeof *c->pings);
    if (!c->pings)
        return opcode == WS_OP_PONG;
    if (opcode == WS_OP_PING)
        add_ping(c->pings, f);
    else
        take_pong(c, f);
    return true;
}

static bool
note_frame(struct filter_conn *c, uint32_t needs, const struct event_frame *f)
{
    c->has_delta = c->has_last;
    c->delta_ns = f->at.time_ns - c->last_ns;
    c->has_last = true;
    c->last_ns = f->at.time_ns;
    if (f->message && f->message == c->frames[f->from].message) {
        c->frames[f->from].n++;
    } else if (f->message) {
        c->frames[f->from].message = f->message;
        c->frames[f->from].n = 1;
    }
    c->has_rtt = false;
    return !(needs & FILTER_NEEDS_PINGS) || note_ping(c, f);
}

bool
filter_conn_update(struct filter_conn *c, uint32_t needs,
                   const struct event *event)
{
    if (event->type == EVENT_HANDSHAKE) {
        filter_conn_borrow(c, event->handshake);
        return keep_texts(c);
    }
    return event->type != EVENT_FRAME || note_frame(c, needs, event->frame);
}

void
filter_conn_fini(struct filter_conn *c)
{
    free(c->bytes);
    free(c->pings);
    c->bytes = NULL;
    c->pings = NULL;
}
