/* SPDX-License-Identifier: MIT */
#include "ui/stats.h"

#include <stdlib.h>
#include <string.h>

static void
add(uint64_t *sum, uint64_t v)
{
    if (__builtin_add_overflow(*sum, v, sum))
        *sum = UINT64_MAX;
}

/* ---- connections ---- */

static bool
conn_equal(const void *value, const void *key)
{
    const struct stats_conn *c = value;
    return c->conn == *(const uint32_t *)key;
}

/* NULL: it is not kept. */
static struct stats_conn *
find_conn(struct stats *s, uint32_t number)
{
    if (s->last && s->last->conn == number)
        return s->last;
    struct stats_conn *c =
        map_find(&s->map, map_hash(&s->map, &number, 1), conn_equal, &number);
    if (c)
        s->last = c;
    return c;
}

/* NULL: no room. */
static struct stats_conn *
new_conn(struct stats *s, uint32_t number)
{
    if (s->n_open >= STATS_CONNS_MAX) {
        s->over_limit++;
        return NULL;
    }
    struct stats_conn *c = malloc(sizeof *c);
    if (!c || map_insert(&s->map, map_hash(&s->map, &number, 1), c) != ERR_OK) {
        free(c);
        s->no_memory++;
        return NULL;
    }
    *c = (struct stats_conn){.conn = number,
                             .prev = &s->open,
                             .next = s->open.next};
    if (c->next)
        c->next->prev = c;
    s->open.next = c;
    s->n_open++;
    s->last = c;
    return c;
}

static void
drop_conn(struct stats *s, struct stats_conn *c)
{
    if (s->last == c)
        s->last = NULL;
    (void)map_remove(&s->map, map_hash(&s->map, &c->conn, 1), c);
    c->prev->next = c->next;
    if (c->next)
        c->next->prev = c->prev;
    s->n_open--;
    free(c);
}

static void
note_peers(struct stats_conn *c, const struct event_handshake *e)
{
    c->seen = true;
    c->client = e->client;
    c->server = e->server;
    if (!e->request_head)
        return;
    struct slice target = slice_head(e->request_head->target, sizeof c->target);
    if (target.len > 0)
        memcpy(c->target, target.ptr, target.len);
    c->target_len = target.len;
    c->target_cut = target.len < e->request_head->target.len;
}

/* ---- most bytes ---- */

static uint64_t
conn_bytes(const struct stats_conn *c)
{
    uint64_t sum = c->bytes[0];
    add(&sum, c->bytes[1]);
    return sum;
}

/* Whether a stands before b: more bytes, then frames, then the older one. */
static bool
is_before(const struct stats_conn *a, const struct stats_conn *b)
{
    uint64_t x = conn_bytes(a), y = conn_bytes(b);
    if (x != y)
        return x > y;
    x = a->frames[0] + a->frames[1];
    y = b->frames[0] + b->frames[1];
    if (x != y)
        return x > y;
    return a->conn < b->conn;
}

static bool
has_frames(const struct stats_conn *c)
{
    return c->frames[0] + c->frames[1] > 0;
}

static void
keep_top(struct stats *s, const struct stats_conn *c)
{
    size_t i = s->n_top;
    if (!has_frames(c))
        return;
    if (i == STATS_TOP) {
        if (!is_before(c, &s->top[STATS_TOP - 1]))
            return;
        i--;
    } else {
        s->n_top++;
    }
    for (; i > 0 && is_before(c, &s->top[i - 1]); i--)
        s->top[i] = s->top[i - 1];
    s->top[i] = *c;
}

size_t
stats_top(const struct stats *s, const struct stats_conn **out)
{
    size_t n = s->n_top;
    for (size_t i = 0; i < n; i++)
        out[i] = &s->top[i];
    for (const struct stats_conn *c = s->open.next; c; c = c->next) {
        if (!has_frames(c) || (n == STATS_TOP && !is_before(c, out[n - 1])))
            continue;
        size_t i = n < STATS_TOP ? n++ : n - 1;
        for (; i > 0 && is_before(c, out[i - 1]); i--)
            out[i] = out[i - 1];
        out[i] = c;
    }
    return n;
}

/* ---- events ---- */

static void
count_head(struct stats_sender *sender, const struct http1_head *head)
{
    if (!head)
        return;
    sender->heads++;
    add(&sender->head_bytes, head->text.len);
}

static void
on_handshake(struct stats *s, uint32_t conn, const struct event_handshake *e)
{
    s->conns++;
    if (e->seen == HANDSHAKE_SEEN_NONE)
        s->midstream++;
    else if (e->accepted)
        s->accepted++;
    else if (e->response_head)
        s->refused++;
    else
        s->unanswered++;
    s->deflate_agreed += e->has_deflate;
    count_head(&s->sender[WS_SENDER_CLIENT], e->request_head);
    count_head(&s->sender[WS_SENDER_SERVER], e->response_head);
    struct stats_conn *c = find_conn(s, conn);
    if (!c)
        c = new_conn(s, conn);
    if (c)
        note_peers(c, e);
}

/* Codes are the peers' to choose: those beyond the maximum share a row. */
static void
count_code(struct stats *s, enum ws_sender from, uint16_t code)
{
    size_t i = 0;
    while (i < s->n_codes && s->codes[i].code != code)
        i++;
    if (i == STATS_CODES_MAX) {
        s->sender[from].close_more++;
        return;
    }
    if (i == s->n_codes)
        s->codes[s->n_codes++] = (struct stats_code){.code = code};
    s->codes[i].n[from]++;
}

static void
on_close(struct stats *s, const struct event_frame *e)
{
    if (e->has_close_code)
        count_code(s, e->from, e->close_code);
    else if (e->header.payload_len < 2)
        s->sender[e->from].close_without++;
    else
        s->sender[e->from].close_unknown++;
}

/* Frames that were found late are older than the one before. */
static void
count_turn(struct stats *s, struct stats_conn *c, const struct event_frame *e)
{
    int64_t ns;
    if (c->frames[0] + c->frames[1] > 0 && c->last_from != e->from &&
        !__builtin_sub_overflow(e->at.time_ns, c->last_ns, &ns) && ns >= 0)
        histogram_add(&s->turns, (uint64_t)ns / 1000);
    c->last_ns = e->at.time_ns;
    c->last_from = e->from;
}

static void
on_frame(struct stats *s, uint32_t conn, const struct event_frame *e)
{
    const struct ws_frame_header *h = &e->header;
    struct stats_sender *sender = &s->sender[e->from];
    struct stats_conn *c = find_conn(s, conn);
    uint64_t payload = e->ended ? h->payload_len : 0;
    unsigned opcode = h->opcode & 15u;
    sender->frames[opcode]++;
    add(&sender->payload[opcode], payload);
    sender->header_bytes += h->header_len;
    sender->masked += h->masked;
    sender->incomplete += !e->complete;
    sender->found_again += !e->synced;
    if (opcode == WS_OP_CLOSE)
        on_close(s, e);
    if (c) {
        count_turn(s, c, e);
        c->frames[e->from]++;
        add(&c->bytes[e->from], payload);
    }
    rates_frame(&s->rates, e->at.time_ns, e->from, payload + h->header_len);
}

static enum stats_kind
kind_of(uint8_t opcode)
{
    if (opcode == WS_OP_TEXT)
        return STATS_TEXT;
    return opcode == WS_OP_BINARY ? STATS_BINARY : STATS_OTHER;
}

static void
on_message(struct stats *s, uint32_t conn, const struct event_message *e)
{
    struct stats_sender *sender = &s->sender[e->from];
    struct stats_messages *m = &sender->messages[kind_of(e->opcode)];
    struct stats_conn *c = find_conn(s, conn);
    m->n++;
    m->n_frames += e->n_frames;
    m->fragmented += e->n_frames > 1;
    if (e->has_len)
        histogram_add(&m->length, e->len);
    else
        m->unknown++;
    if (e->compressed) {
        struct stats_deflate *d = &sender->deflate;
        d->n++;
        d->unknown += !e->has_len;
        if (e->has_len) {
            add(&d->wire, e->wire_len);
            add(&d->inflated, e->len);
        }
    }
    if (c)
        c->messages[e->from]++;
    rates_message(&s->rates, e->at.time_ns);
}

static void
on_gap(struct stats *s, const struct event_gap *e)
{
    s->sender[e->from].gaps++;
    add(&s->sender[e->from].gap_bytes, e->len);
}

static void
on_finding(struct stats *s, const struct event_finding *e)
{
    /* The first occurrence comes alone, the others as a number at the end. */
    uint64_t times = e->count > 1 ? e->count - 1 : 1;
    if (s->findings[e->id] == 0 || e->severity > s->severity[e->id])
        s->severity[e->id] = e->severity;
    s->findings[e->id] += times;
    s->severities[e->severity] += times;
}

static void
least(int64_t *to, int64_t v, bool first)
{
    if (first || v < *to)
        *to = v;
}

static void
greatest(int64_t *to, int64_t v, bool first)
{
    if (first || v > *to)
        *to = v;
}

static void
merge_pings(struct stats_pings *p, const struct event_rtt *rtt)
{
    bool first = p->conns == 0;
    if (rtt->n == 0)
        return;
    p->conns++;
    p->n += rtt->n;
    least(&p->min_ns, rtt->min_ns, first);
    greatest(&p->max_ns, rtt->max_ns, first);
    least(&p->median_ns[0], rtt->median_ns, first);
    greatest(&p->median_ns[1], rtt->median_ns, first);
    least(&p->p95_ns[0], rtt->p95_ns, first);
    greatest(&p->p95_ns[1], rtt->p95_ns, first);
}

static void
on_end(struct stats *s, uint32_t conn, const struct event_end *e)
{
    s->ended++;
    s->clean += e->clean;
    s->unclosed += !e->has_close_code[0] && !e->has_close_code[1];
    s->verdicts[e->verdict]++;
    for (unsigned i = 0; i < 2; i++) {
        merge_pings(&s->sender[i].pings, &e->rtt[i]);
        add(&s->sender[i].undecoded_bytes, e->undecoded_bytes[i]);
    }
    struct stats_conn *c = find_conn(s, conn);
    struct stats_conn whole = {.conn = conn};
    if (c)
        whole = *c;
    whole.ended = true;
    whole.verdict = e->verdict;
    /* Of a connection that was not kept, too; --only does not change them. */
    memcpy(whole.frames, e->frames, sizeof whole.frames);
    memcpy(whole.messages, e->messages, sizeof whole.messages);
    memcpy(whole.bytes, e->payload_bytes, sizeof whole.bytes);
    keep_top(s, &whole);
    if (c)
        drop_conn(s, c);
}

static void
on_event(void *ctx, const struct event *event)
{
    struct stats *s = ctx;
    switch (event->type) {
    case EVENT_HANDSHAKE:
        on_handshake(s, event->conn, event->handshake);
        break;
    case EVENT_FRAME:
        on_frame(s, event->conn, event->frame);
        break;
    case EVENT_MESSAGE:
        on_message(s, event->conn, event->message);
        break;
    case EVENT_GAP:
        on_gap(s, event->gap);
        break;
    case EVENT_FINDING:
        on_finding(s, event->finding);
        break;
    case EVENT_END:
        on_end(s, event->conn, event->end);
        break;
    case EVENT_TCP:
        break;
    }
}

struct event_sink
stats_sink(struct stats *s)
{
    return (struct event_sink){
        .wants = 1u << EVENT_HANDSHAKE | 1u << EVENT_FRAME |
                 1u << EVENT_MESSAGE | 1u << EVENT_GAP | 1u << EVENT_FINDING |
                 1u << EVENT_END,
        .least = SEVERITY_NOTE,
        .ctx = s,
        .event = on_event,
    };
}

void
stats_set_capture(struct stats *s, const struct summary *summary)
{
    s->capture = (struct stats_capture){
        .packets = summary->packets,
        .bytes = summary->bytes,
        .flows = summary->flows,
        .duration_ns = summary->duration_ns,
        .has_dropped = summary->has_dropped,
        .dropped = summary->dropped,
        .conns = summary->connections,
    };
}

/* ---- life ---- */

struct stats *
stats_new(const struct stats_options *options)
{
    struct stats *s = calloc(1, sizeof *s);
    if (!s || map_init(&s->map) != ERR_OK) {
        free(s);
        return NULL;
    }
    if (options && !(s->text = stats_text_new(options))) {
        stats_free(s);
        return NULL;
    }
    return s;
}

void
stats_free(struct stats *s)
{
    if (!s)
        return;
    for (struct stats_conn *c = s->open.next, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    map_fini(&s->map);
    stats_text_free(s->text);
    free(s);
}
