/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/store.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rd.h"

#define SECOND_NS INT64_C(1000000000)
/* Findings that are looked at for a new frame. */
#define PENDING_MAX 256u

static enum err
init_parts(struct store *s, size_t max_bytes, uint64_t index_max,
           uint64_t spool_max)
{
    enum err e = room_init(&s->room, max_bytes, index_max);
    if (e != ERR_OK)
        return e;
    e = spool_init(&s->spool, spool_max);
    if (e != ERR_OK)
        goto no_spool;
    e = ERR_NOMEM;
    if (map_init(&s->by_number) != ERR_OK)
        goto no_map;
    if (pthread_mutex_init(&s->lock, NULL) == 0)
        return ERR_OK;
    map_fini(&s->by_number);
no_map:
    spool_fini(&s->spool);
no_spool:;
    int error = errno;
    room_fini(&s->room);
    errno = error;
    return e;
}

enum err
store_new(struct store **out, size_t max_bytes, uint64_t index_max,
          uint64_t spool_max)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    enum err e = init_parts(s, max_bytes, index_max, spool_max);
    if (e != ERR_OK) {
        free(s);
        return e;
    }
    chunks_init(&s->conns, sizeof(struct store_conn), &s->room);
    chunks_init(&s->frames, sizeof(struct store_frame), &s->room);
    chunks_init(&s->messages, sizeof(struct store_message), &s->room);
    chunks_init(&s->findings, sizeof(struct store_finding), &s->room);
    chunks_init(&s->tcp, sizeof(struct store_tcp), &s->room);
    s->first_ns = INT64_MAX;
    *out = s;
    return ERR_OK;
}

void
store_free(struct store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->conns.n; i++) {
        free(store_conn(s, i)->handshake.bytes);
        free(store_conn(s, i)->text);
    }
    chunks_fini(&s->conns);
    chunks_fini(&s->frames);
    chunks_fini(&s->messages);
    chunks_fini(&s->findings);
    chunks_fini(&s->tcp);
    map_fini(&s->by_number);
    spool_fini(&s->spool);
    room_fini(&s->room);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

/* ---- rows ---- */

void
store_set_start(struct store *s, int64_t start_ns)
{
    if (!s->has_start)
        s->first_ns = start_ns;
    s->has_start = true;
}

static void
came_at(struct store *s, int64_t time_ns)
{
    if (!s->has_start && time_ns < s->first_ns)
        s->first_ns = time_ns;
}

/* A new row of c; NULL: it is not kept, which is counted. */
static void *
add_row(struct store *s, struct chunks *c)
{
    void *row = c->n < STORE_NONE ? chunks_add(c) : NULL;
    s->n_dropped += !row;
    return row;
}

static uint32_t
last_row(const struct chunks *c)
{
    return (uint32_t)(c->n - 1);
}

static bool
has_number(const void *value, const void *key)
{
    return ((const struct store_conn *)value)->conn == *(const uint32_t *)key;
}

static struct store_conn *
find_conn(struct store *s, uint32_t number)
{
    if (!s->last || s->last->conn != number)
        s->last = map_find(&s->by_number, map_hash(&s->by_number, &number, 1),
                           has_number, &number);
    return s->last;
}

static void
keep(struct store *s, struct slice bytes, uint64_t *off, uint8_t *flags,
     uint8_t flag)
{
    if (spool_add(&s->spool, bytes, off))
        *flags |= flag;
    else
        s->n_unkept++;
}

/* Counts one frame in the curve of its connection. */
static void
count_rate(struct store_conn *c, int64_t time_ns)
{
    const int64_t bucket_ns = STORE_RATE_SECONDS * SECOND_NS;
    if (c->rate_ns == 0)
        c->rate_ns = time_ns - time_ns % bucket_ns;
    int64_t steps = (time_ns - c->rate_ns) / bucket_ns;
    if (steps > 0) {
        size_t n = steps < (int64_t)STORE_RATE_BUCKETS ? (size_t)steps
                                                       : STORE_RATE_BUCKETS;
        memmove(c->rate, c->rate + n,
                (STORE_RATE_BUCKETS - n) * sizeof *c->rate);
        memset(c->rate + STORE_RATE_BUCKETS - n, 0, n * sizeof *c->rate);
        c->rate_ns += steps * bucket_ns;
        steps = 0;
    }
    if (steps > -(int64_t)STORE_RATE_BUCKETS) {
        uint16_t *at = &c->rate[(int64_t)STORE_RATE_BUCKETS - 1 + steps];
        *at = (uint16_t)(*at + (*at < UINT16_MAX));
    }
}

/* ---- events ---- */

/* The same bytes in the copy of the text that holds them. */
static struct slice
moved(struct slice part, struct slice text, const uint8_t *copy)
{
    uintptr_t at = (uintptr_t)part.ptr, from = (uintptr_t)text.ptr;
    if (!part.ptr || at < from || at - from > text.len ||
        part.len > text.len - (at - from))
        return slice_make(NULL, 0);
    return slice_make(copy + (at - from), part.len);
}

/* What there is no memory for is not kept. */
static void
copy_heads(struct store *s, struct store_handshake *h,
           const struct event_handshake *e)
{
    struct slice none = slice_make(NULL, 0);
    struct slice request = e->request_head ? e->request_head->text : none;
    struct slice response = e->response_head ? e->response_head->text : none;
    size_t len = request.len + response.len + 1;
    h->bytes = room_take(&s->room, len) ? malloc(len) : NULL;
    if (!h->bytes) {
        s->n_untold++;
        return;
    }
    uint8_t *second = h->bytes + request.len;
    if (request.len > 0)
        memcpy(h->bytes, request.ptr, request.len);
    if (response.len > 0)
        memcpy(second, response.ptr, response.len);
    if (e->request_head) {
        h->request_head = slice_make(h->bytes, request.len);
        h->method = moved(e->request_head->method, request, h->bytes);
        h->target = moved(e->request_head->target, request, h->bytes);
        h->host = moved(e->host, request, h->bytes);
        h->key = moved(e->key, request, h->bytes);
    }
    if (e->response_head) {
        h->response_head = slice_make(second, response.len);
        h->accept = moved(e->accept, response, second);
        h->protocol = moved(e->protocol, response, second);
    }
}

static void
on_handshake(struct store *s, uint32_t number, const struct event_handshake *e)
{
    struct store_conn *c = add_row(s, &s->conns);
    if (!c)
        return;
    struct store_handshake *h = &c->handshake;
    c->conn = number;
    c->row = last_row(&s->conns);
    c->flow = e->flow;
    c->client = e->client;
    c->server = e->server;
    c->start_ns = e->request.packet ? e->request.time_ns : e->at.time_ns;
    c->last_ns = e->at.time_ns;
    c->found_packet = e->at.packet > UINT32_MAX ? 0 : (uint32_t)e->at.packet;
    c->first_frame = c->last_frame = STORE_NONE;
    c->open_message[0] = c->open_message[1] = STORE_NONE;
    c->open_frame[0] = c->open_frame[1] = STORE_NONE;
    c->pending = STORE_NONE;
    c->state = e->accepted || e->seen == HANDSHAKE_SEEN_NONE ? STORE_OPEN
               : e->response_head                            ? STORE_FAILED
                                                             : STORE_UPGRADING;
    h->request = e->request;
    h->response = e->response;
    h->seen = e->seen;
    h->accept_ok = e->accept_ok;
    h->accepted = e->accepted;
    h->has_deflate = e->has_deflate;
    h->deflate = e->deflate;
    h->status = e->response_head ? e->response_head->status : 0;
    memcpy(h->accept_expected, e->accept_expected, sizeof h->accept_expected);
    copy_heads(s, h, e);
    came_at(s, c->start_ns);
    if (map_insert(&s->by_number, map_hash(&s->by_number, &number, 1), c) !=
        ERR_OK)
        s->n_dropped++;
    s->last = c;
}

static struct store_message *
message_row(const struct store *s, size_t row)
{
    return chunks_at(&s->messages, row);
}

/* A row for a message that begins with that frame; STORE_NONE: it is not
 * kept. */
static uint32_t
add_message(struct store *s, uint32_t number, uint32_t frame)
{
    struct store_message *m = add_row(s, &s->messages);
    if (!m)
        return STORE_NONE;
    m->number = number;
    m->first_frame = m->last_frame = frame;
    m->n_frames = 1;
    return last_row(&s->messages);
}

/* A frame that was to be all of a message is not, or the message was never
 * told: now it gets a row. */
static void
open_row(struct store *s, struct store_conn *c, enum ws_sender from)
{
    uint32_t frame = c->open_frame[from];
    if (frame == STORE_NONE)
        return;
    c->open_frame[from] = STORE_NONE;
    c->open_message[from] = add_message(s, c->open_number[from], frame);
    store_frame(s, frame)->message = c->open_message[from];
}

/* Finds the message that the frame belongs to. */
static void
join_message(struct store *s, struct store_conn *c, const struct event_frame *e,
             uint32_t frame)
{
    struct store_frame *f = store_frame(s, frame);
    uint32_t *open = &c->open_message[e->from], number = (uint32_t)e->message;
    f->message = STORE_NONE;
    if (e->message == 0)
        return;
    open_row(s, c, e->from);
    if (*open != STORE_NONE && message_row(s, *open)->number == number) {
        struct store_message *m = message_row(s, *open);
        m->last_frame = frame;
        m->n_frames++;
    } else if (e->header.fin && e->header.opcode != WS_OP_CONT) {
        *open = STORE_NONE;
        c->open_frame[e->from] = frame;
        c->open_number[e->from] = number;
    } else {
        *open = add_message(s, number, frame);
    }
    f->message = *open;
}

static void
link_frame(struct store *s, struct store_conn *c, struct store_frame *f)
{
    uint32_t row = last_row(&s->frames);
    f->conn = c->row;
    if (c->first_frame == STORE_NONE)
        c->first_frame = row;
    c->last_frame = row;
    if (f->time_ns > c->last_ns)
        c->last_ns = f->time_ns;
    came_at(s, f->time_ns);
}

/* Told before the frame it is of, which may still come: those of a sender come
 * in order. */
static bool
is_ahead(const struct store_conn *c, const struct store_finding *n)
{
    return n->frame == STORE_NONE && n->has_from && n->number > 0 &&
           n->number > c->frames[n->from];
}

/* Findings that were told before the frame they are of. */
static void
link_findings(struct store *s, struct store_conn *c, struct store_frame *f,
              uint32_t row)
{
    size_t end = s->findings.n, i = c->pending;
    if (i == STORE_NONE)
        return;
    if (end - i > PENDING_MAX)
        i = end - PENDING_MAX;
    c->pending = STORE_NONE;
    for (; i < end; i++) {
        struct store_finding *n = store_finding(s, i);
        if (n->conn != f->conn)
            continue;
        if (n->frame == STORE_NONE && n->has_from && n->number == f->number &&
            n->from == store_frame_from(f)) {
            n->frame = row;
            if (f->severity < 1 + n->severity)
                f->severity = (uint8_t)(1 + n->severity);
        } else if (c->pending == STORE_NONE && is_ahead(c, n)) {
            c->pending = (uint32_t)i;
        }
    }
}

static void
on_frame(struct store *s, struct store_conn *c, const struct event_frame *e)
{
    const struct ws_frame_header *h = &e->header;
    c->frames[e->from]++;
    if (e->ended || e->complete) /* else it is only announced */
        c->bytes[e->from] += h->payload_len;
    count_rate(c, e->at.time_ns);
    if (!ws_opcode_is_control(h->opcode))
        c->frame_ended[e->from] = h->fin && e->ended;
    if (h->opcode == WS_OP_CLOSE && c->state == STORE_OPEN)
        c->state = STORE_CLOSING;
    struct store_frame *f = add_row(s, &s->frames);
    if (!f)
        return;
    f->time_ns = e->at.time_ns;
    f->packet = e->at.packet;
    f->offset = h->offset;
    f->payload_len = h->payload_len;
    f->number = (uint32_t)e->number;
    f->mask = rd_load_be32(h->mask);
    f->byte0 = (uint8_t)((unsigned)h->fin << 7 | h->rsv << 4 | h->opcode);
    f->header_len = h->header_len;
    f->flags = (uint8_t)((e->from == WS_SENDER_SERVER ? STORE_SERVER : 0) |
                         (h->masked ? STORE_MASKED : 0) |
                         (e->complete ? STORE_COMPLETE : 0) |
                         (e->synced ? STORE_SYNCED : 0) |
                         (e->compressed ? STORE_COMPRESSED : 0));
    link_frame(s, c, f);
    join_message(s, c, e, last_row(&s->frames));
    link_findings(s, c, f, last_row(&s->frames));
    if (e->payload.len > 0) {
        f->plain_len = (uint32_t)e->payload.len;
        keep(s, e->payload, &f->payload_off, &f->flags, STORE_PAYLOAD);
    }
}

/* Whether its one frame tells all about the message. */
static bool
frame_tells(const struct store_frame *f, const struct event_message *e)
{
    return f->flags & STORE_COMPLETE && e->complete && e->has_len &&
           e->len == e->payload.len && e->payload.len <= UINT32_MAX &&
           e->wire_len == f->payload_len &&
           e->opcode == store_frame_opcode(f) &&
           e->compressed == !!(f->flags & STORE_COMPRESSED) && !e->truncated &&
           !e->has_utf8_error && !e->inflate_error;
}

/* When that is not kept, nothing of the payload is known. */
static void
keep_known(struct store *s, struct store_message *m,
           const struct event_message *e)
{
    struct slice ranges =
        slice_make((const uint8_t *)e->known, e->n_known * sizeof e->known[0]);
    uint64_t off;
    bool kept = (m->flags & STORE_MESSAGE_KEPT) &&
                spool_add(&s->spool, ranges, &off) &&
                off == m->payload_off + m->kept;
    assert(e->n_known <= EVENT_KNOWN_MAX);
    m->partly_known = true;
    m->n_known = kept ? e->n_known & 0x3fffu : 0;
    m->known_more = e->known_more || !kept;
}

static void
fill_message(struct store *s, struct store_message *m,
             const struct event_message *e)
{
    m->wire_len = e->wire_len;
    m->len = e->len;
    m->utf8_error = e->utf8_error;
    m->inflate_error = e->inflate_error;
    m->opcode = e->opcode;
    m->flags = (uint8_t)(STORE_MESSAGE_DONE |
                         (e->has_len ? STORE_MESSAGE_HAS_LEN : 0) |
                         (e->complete ? STORE_MESSAGE_COMPLETE : 0) |
                         (e->compressed ? STORE_MESSAGE_COMPRESSED : 0) |
                         (e->truncated ? STORE_MESSAGE_TRUNCATED : 0) |
                         (e->has_utf8_error ? STORE_MESSAGE_BAD_UTF8 : 0));
    m->kept = (uint32_t)e->payload.len;
    keep(s, e->payload, &m->payload_off, &m->flags, STORE_MESSAGE_KEPT);
    if (e->known)
        keep_known(s, m, e);
}

static void
on_message(struct store *s, struct store_conn *c, const struct event_message *e)
{
    uint32_t frame = c->open_frame[e->from], number = (uint32_t)e->number;
    c->messages[e->from]++;
    if (frame != STORE_NONE && c->open_number[e->from] == number) {
        struct store_frame *f = store_frame(s, frame);
        if (frame_tells(f, e)) {
            c->open_frame[e->from] = STORE_NONE;
            f->message = number;
            f->plain_len = (uint32_t)e->payload.len;
            f->flags |= STORE_SINGLE;
            keep(s, e->payload, &f->payload_off, &f->flags, STORE_PAYLOAD);
            return;
        }
        open_row(s, c, e->from);
    }
    uint32_t row = c->open_message[e->from];
    /* Its own row may not have been kept. */
    if (row == STORE_NONE || message_row(s, row)->number != number)
        return;
    c->open_message[e->from] = STORE_NONE;
    fill_message(s, message_row(s, row), e);
    if (c->frame_ended[e->from])
        message_row(s, row)->flags |= STORE_MESSAGE_FINISHED;
}

static void
on_gap(struct store *s, struct store_conn *c, const struct event_gap *e)
{
    c->gap_bytes += e->len;
    struct store_frame *f = add_row(s, &s->frames);
    if (!f)
        return;
    s->n_gaps++;
    f->time_ns = e->at.time_ns;
    f->packet = e->at.packet;
    f->offset = e->offset;
    f->payload_len = e->len;
    f->message = STORE_NONE;
    f->flags =
        (uint8_t)(STORE_GAP | (e->from == WS_SENDER_SERVER ? STORE_SERVER : 0));
    link_frame(s, c, f);
}

/* The row of a sender's frame; looks at the last rows of the connection. */
static uint32_t
frame_row(const struct store *s, const struct store_conn *c,
          enum ws_sender from, uint64_t number)
{
    uint32_t row = c->last_frame;
    if (number == 0 || number > c->frames[from] || row == STORE_NONE)
        return STORE_NONE;
    for (unsigned looks = 0; looks < 4096; looks++) {
        const struct store_frame *f = store_frame(s, row);
        if (f->conn == c->row && f->number == number &&
            store_frame_from(f) == from)
            return row;
        if (row-- == c->first_frame)
            break;
    }
    return STORE_NONE;
}

static void
on_finding(struct store *s, struct store_conn *c, const struct event_finding *e)
{
    if (e->count > 1)
        return; /* the sum of those that were told one by one */
    s->found[e->severity]++;
    c->found[e->severity]++;
    struct store_finding *f = add_row(s, &s->findings);
    if (!f)
        return;
    f->time_ns = e->at.time_ns;
    f->packet = e->at.packet;
    f->offset = e->offset;
    f->count = (uint32_t)e->count;
    f->message = (uint32_t)e->message;
    f->conn = c->row;
    f->id = e->id;
    f->severity = e->severity;
    f->has_from = e->has_from;
    f->has_offset = e->has_offset;
    f->from = e->from;
    f->frame = e->has_from ? frame_row(s, c, e->from, e->frame) : STORE_NONE;
    if (e->detail) {
        struct slice detail = slice_cstr(e->detail);
        if (spool_add(&s->spool, detail, &f->detail_off))
            f->detail_len = (uint32_t)detail.len;
        else
            s->n_untold++;
    }
    f->number = (uint32_t)e->frame;
    if (c->pending == STORE_NONE && is_ahead(c, f))
        c->pending = last_row(&s->findings);
    if (f->frame != STORE_NONE) {
        uint8_t *severity = &store_frame(s, f->frame)->severity;
        if (*severity < 1 + e->severity)
            *severity = (uint8_t)(1 + e->severity);
    }
}

static void
keep_text(struct store *s, struct store_conn *c, const char *text)
{
    if (c->text)
        room_give(&s->room, strlen(c->text) + 1);
    free(c->text);
    c->text = NULL;
    if (!text)
        return;
    if (room_take(&s->room, strlen(text) + 1))
        c->text = strdup(text);
    s->n_untold += !c->text;
}

static void
on_end(struct store *s, struct store_conn *c, const struct event_end *e)
{
    s->n_ended += !c->ended;
    open_row(s, c, WS_SENDER_CLIENT);
    open_row(s, c, WS_SENDER_SERVER);
    c->ended = true;
    c->end = e->at;
    c->clean = e->clean;
    c->closed_by = e->closed_by;
    c->verdict = e->verdict;
    c->onclose_code = e->onclose_code;
    c->duration_ns = e->duration_ns;
    for (unsigned d = 0; d < 2; d++) {
        c->has_close_code[d] = e->has_close_code[d];
        c->close_code[d] = e->close_code[d];
        c->rtt[d] = e->rtt[d];
    }
    if (c->state != STORE_FAILED && e->verdict != VERDICT_CAPTURE_ENDED)
        c->state = STORE_CLOSED;
    keep_text(s, c, e->text);
}

static void
on_tcp(struct store *s, const struct store_conn *c, const struct event_tcp *e)
{
    struct store_tcp *row = add_row(s, &s->tcp);
    if (row)
        store_tcp_fill(row, c->row, e);
}

void
store_take(struct store *s, const struct event *event)
{
    if (event->type == EVENT_HANDSHAKE) {
        on_handshake(s, event->conn, event->handshake);
        return;
    }
    struct store_conn *c = find_conn(s, event->conn);
    if (!c) {
        s->n_dropped++;
        return;
    }
    switch (event->type) {
    case EVENT_FRAME:
        on_frame(s, c, event->frame);
        break;
    case EVENT_MESSAGE:
        on_message(s, c, event->message);
        break;
    case EVENT_GAP:
        on_gap(s, c, event->gap);
        break;
    case EVENT_FINDING:
        on_finding(s, c, event->finding);
        break;
    case EVENT_END:
        on_end(s, c, event->end);
        break;
    case EVENT_TCP:
        on_tcp(s, c, event->tcp);
        break;
    case EVENT_HANDSHAKE:
        break;
    }
}

static void
on_event(void *ctx, const struct event *event)
{
    struct store *s = ctx;
    store_lock(s);
    store_take(s, event);
    store_unlock(s);
}

struct event_sink
store_sink(struct store *s, size_t keep_len)
{
    return (struct event_sink){.wants = 1u << EVENT_HANDSHAKE |
                                        1u << EVENT_FRAME |
                                        1u << EVENT_MESSAGE | 1u << EVENT_GAP |
                                        1u << EVENT_FINDING | 1u << EVENT_END |
                                        1u << EVENT_TCP,
                               .keep = keep_len,
                               .least = SEVERITY_NOTE,
                               .ctx = s,
                               .event = on_event};
}

/* ---- reading ---- */

static size_t
read_kept(const struct store *s, uint64_t off, size_t len, uint8_t *out)
{
    return spool_read(&s->spool, off, len, out) ? len : 0;
}

/* The message that is all of that frame. */
static void
single_message(const struct store_frame *f, uint32_t row,
               struct store_message *out)
{
    *out = (struct store_message){
        .wire_len = f->payload_len,
        .len = f->plain_len,
        .payload_off = f->payload_off,
        .kept = f->plain_len,
        .first_frame = row,
        .last_frame = row,
        .n_frames = 1,
        .number = f->message,
        .opcode = store_frame_opcode(f),
        .flags =
            (uint8_t)(STORE_MESSAGE_DONE | STORE_MESSAGE_HAS_LEN |
                      STORE_MESSAGE_COMPLETE |
                      (f->flags & STORE_COMPRESSED ? STORE_MESSAGE_COMPRESSED
                                                   : 0) |
                      (f->flags & STORE_PAYLOAD ? STORE_MESSAGE_KEPT : 0))};
}

bool
store_message_of(const struct store *s, size_t frame, struct store_message *out)
{
    const struct store_frame *f = store_frame(s, frame);
    if (f->flags & STORE_SINGLE) {
        single_message(f, (uint32_t)frame, out);
        return true;
    }
    if (f->message == STORE_NONE)
        return false;
    *out = *message_row(s, f->message);
    return true;
}

size_t
store_message_payload(const struct store *s, const struct store_message *m,
                      uint64_t off, uint8_t *out, size_t cap)
{
    if (!(m->flags & STORE_MESSAGE_KEPT) || off >= m->kept)
        return 0;
    size_t left = (size_t)(m->kept - off);
    return read_kept(s, m->payload_off + off, left < cap ? left : cap, out);
}

size_t
store_frame_payload(const struct store *s, const struct store_frame *f,
                    uint8_t *out, size_t cap, bool *whole)
{
    size_t n = 0;
    *whole = false;
    if (f->flags & STORE_PAYLOAD) {
        size_t len = f->plain_len < cap ? f->plain_len : cap;
        n = read_kept(s, f->payload_off, len, out);
        *whole = n == f->plain_len &&
                 (f->flags & STORE_SINGLE || f->plain_len == f->payload_len);
    } else if (f->flags & STORE_SINGLE || f->message == STORE_NONE) {
        *whole = f->payload_len == 0;
    } else if (message_row(s, f->message)->n_frames == 1) {
        const struct store_message *m = message_row(s, f->message);
        n = store_message_payload(s, m, 0, out, cap);
        *whole = n == m->kept && (m->flags & STORE_MESSAGE_KEPT) &&
                 !(m->flags & STORE_MESSAGE_TRUNCATED);
    }
    return n;
}

void
store_message_known(const struct store *s, const struct store_message *m,
                    struct store_known *out)
{
    out->bytes = (struct known_bytes){0};
    if (!m->partly_known)
        return;
    out->bytes.ranges = out->ranges;
    out->bytes.more = m->known_more;
    if (m->n_known > 0 && read_kept(s, m->payload_off + m->kept,
                                    m->n_known * sizeof out->ranges[0],
                                    (uint8_t *)out->ranges) > 0)
        out->bytes.n = m->n_known;
}

void
store_frame_known(const struct store *s, const struct store_frame *f,
                  struct store_known *out)
{
    bool of_message = !(f->flags & (STORE_PAYLOAD | STORE_SINGLE)) &&
                      f->message != STORE_NONE;
    out->bytes = (struct known_bytes){0};
    if (of_message)
        store_message_known(s, message_row(s, f->message), out);
}

size_t
store_frame_text(const struct store *s, const struct store_frame *f,
                 uint8_t *out, size_t cap, bool *whole)
{
    struct store_known known;
    struct buf text;
    size_t n = store_frame_payload(s, f, out, cap, whole);
    store_frame_known(s, f, &known);
    if (n == 0 || !known.bytes.ranges)
        return n;
    buf_init(&text, cap);
    *whole &= known_bytes_tell(&known.bytes, slice_make(out, n), &text);
    n = text.len;
    if (n > 0)
        memcpy(out, text.ptr, n);
    buf_fini(&text);
    return n;
}

/* Appends "3 rows", behind a comma unless it is the first. */
static void
add_loss(char *out, size_t size, uint64_t n, const char *what)
{
    size_t len = strlen(out);
    if (n > 0)
        snprintf(out + len, size - len, "%s%" PRIu64 " %s%s", len ? ", " : "",
                 n, what, n == 1 ? "" : "s");
}

void
store_losses(const struct store *s, char *out, size_t size, bool why)
{
    int error = s->room.error ? s->room.error : s->spool.error;
    out[0] = '\0';
    add_loss(out, size, s->n_dropped, "row");
    add_loss(out, size, s->n_unkept, "payload");
    add_loss(out, size, s->n_untold, "text");
    size_t len = strlen(out);
    if (len > 0)
        snprintf(out + len, size - len, " not kept%s%s", why ? ": " : "",
                 !why    ? ""
                 : error ? strerror(error)
                         : "the limit is reached");
}

void
store_rest(const struct store *s)
{
    const struct chunks *all[] = {&s->conns, &s->frames, &s->messages,
                                  &s->findings, &s->tcp};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        chunks_rest(all[i], 0, all[i]->n);
}
