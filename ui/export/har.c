/* SPDX-License-Identifier: MIT */
#include "ui/export/har.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/utf8.h"
#include "ui/export/har_parts.h"
#include "ui/json.h"
#include "ui/json_parts.h"
#include "ui/json_write.h"
#include "ui/put.h"
#include "ui/scratch.h"
#include "ui/when.h"

/* A URL that is longer is cut; heads have their own limit. */
#define URL_MAX ((size_t)1 << 20)
#define COPY_LEN ((size_t)32 * 1024)
/* Bytes that wait of a chain, and of one thing for that. */
#define LATE_MIN ((size_t)512)
#define LATE_MAX ((size_t)8 * 1024)
#define LATE_THING_MAX ((size_t)4 * 1024)
#define NS_PER_MS INT64_C(1000000)

/* Neighbours in the nameless file. */
struct run {
    uint64_t off, len; /* bytes */
    uint64_t n;        /* things in it */
};

/* Things of one connection in the order they came, each ",{...}": those in the
 * file first, then the last few, which wait in memory: one system call for many
 * of them, both when they are written and when they are read. */
struct chain {
    struct run *runs;
    size_t n, cap;
    uint8_t *late;
    size_t late_len, late_cap; /* bytes */
    uint64_t n_late;
    uint64_t things;
    uint64_t left_out;
};

struct har_conn {
    struct har_conn *prev, *next;
    uint32_t number;
    bool has_handshake;
    struct stamp request, response, at; /* of the handshake */
    struct stamp first;                 /* what was told first, if anything */
    struct endpoint client, server;
    struct chain heads, messages, findings;
};

struct har {
    struct har_options options;
    struct har_figures figures;
    struct out *out;
    int fd;
    struct out spool;        /* in front of fd */
    struct json *spool_json; /* to spool */
    struct json *json;       /* to out */
    struct map conns;
    struct har_conn *all; /* in no order */
    struct buf url;
    struct buf text; /* with its unknown bytes marked */
    struct when when;
    size_t index_len; /* bytes of all runs and of what waits in memory ... */
    size_t late_len;  /* ... of which that */
    bool any;         /* an entry was written */
    uint8_t copy[COPY_LEN];
};

/* ---- The nameless file ---- */

static uint64_t
spool_end(const struct har *h)
{
    return h->spool.written + h->spool.len;
}

/* Room for one more run; false: there is none. */
static bool
grow(struct har *h, struct chain *c)
{
    if (c->n < c->cap)
        return true;
    size_t cap = c->cap > 0 ? 2 * c->cap : 1;
    size_t more = (cap - c->cap) * sizeof *c->runs;
    if (more > h->options.index_max - h->index_len)
        return false;
    struct run *runs = realloc(c->runs, cap * sizeof *runs);
    if (!runs)
        return false;
    h->index_len += more;
    c->runs = runs;
    c->cap = cap;
    return true;
}

static void
leave_out(struct har *h, struct chain *c, uint64_t n)
{
    if (out_over(&h->spool))
        h->figures.spool_errno = h->spool.error_errno;
    else
        h->figures.over += n;
    c->left_out += n;
}

/* What stands in the spool from off on, len bytes, are n things. */
static void
add_run(struct har *h, struct chain *c, uint64_t off, uint64_t len, uint64_t n)
{
    struct run *last = c->n > 0 ? &c->runs[c->n - 1] : NULL;
    if (!last || last->off + last->len != off) {
        if (!grow(h, c)) {
            leave_out(h, c, n);
            return;
        }
        last = &c->runs[c->n++];
        *last = (struct run){.off = off};
    }
    last->len += len;
    last->n += n;
    c->things += n;
}

/* Moves what waits in memory to the spool. */
static void
add_late(struct har *h, struct chain *c)
{
    uint64_t off = spool_end(h), n = c->n_late;
    if (n == 0)
        return;
    out_put(&h->spool, c->late, c->late_len);
    c->things -= n;
    if (out_over(&h->spool))
        leave_out(h, c, n);
    else
        add_run(h, c, off, c->late_len, n);
    c->late_len = 0;
    c->n_late = 0;
}

/* Room for len more bytes that wait, at most LATE_MAX in all, in no more than
 * half of the memory; false: there is none. */
static bool
grow_late(struct har *h, struct chain *c, size_t len)
{
    size_t cap = c->late_cap > 0 ? c->late_cap : LATE_MIN;
    if (len <= c->late_cap - c->late_len)
        return true;
    while (cap - c->late_len < len)
        cap *= 2;
    size_t more = cap - c->late_cap, half = h->options.index_max / 2;
    if (cap > LATE_MAX || more > half || h->late_len > half - more ||
        h->index_len > h->options.index_max - more)
        return false;
    uint8_t *late = realloc(c->late, cap);
    if (!late)
        return false;
    h->index_len += more;
    h->late_len += more;
    c->late = late;
    c->late_cap = cap;
    return true;
}

/* Lets the thing at the end of the spool wait in memory; false: it stays where
 * it is. */
static bool
take_late(struct har *h, struct chain *c, uint64_t off, size_t len)
{
    uint8_t thing[LATE_THING_MAX];
    if (len > sizeof thing || off < h->spool.written)
        return false;
    memcpy(thing, h->spool.ptr + h->spool.len - len, len);
    h->spool.len -= len;
    if (len > LATE_MAX - c->late_len)
        add_late(h, c);
    if (!grow_late(h, c, len)) {
        out_put(&h->spool, thing, len);
        return false;
    }
    memcpy(c->late + c->late_len, thing, len);
    c->late_len += len;
    c->n_late++;
    c->things++;
    return true;
}

/* Whether a thing can be written to the spool for the chain now, which is
 * needed before chain_add(); else it is left out. */
static bool
chain_ready(struct har *h, struct chain *c)
{
    if (!out_over(&h->spool))
        return true;
    leave_out(h, c, 1);
    return false;
}

/* What was written to the spool from off on is one thing of the chain. */
static void
chain_add(struct har *h, struct chain *c, uint64_t off)
{
    uint64_t len = spool_end(h) - off;
    if (out_over(&h->spool)) { /* it was not */
        leave_out(h, c, 1);
        return;
    }
    if (len <= LATE_THING_MAX && take_late(h, c, off, (size_t)len))
        return;
    off = spool_end(h) - len;
    add_late(h, c);
    if (out_over(&h->spool))
        leave_out(h, c, 1);
    else
        add_run(h, c, off, len, 1);
}

/* Copies a run, without its first byte if it is the first: the comma.  False:
 * it could not be read, and nothing of it was written. */
static bool
copy_run(struct har *h, const struct run *run, bool first)
{
    uint64_t off = run->off + first, left = run->len - first;
    if (run->off + run->len > h->spool.written)
        return false;
    while (left > 0) {
        size_t n = left < COPY_LEN ? (size_t)left : COPY_LEN;
        if (!scratch_read(h->fd, off, n, h->copy)) {
            h->figures.spool_errno = errno != 0 ? errno : EIO;
            /* Half a thing is there: the document is broken anyway. */
            h->out->error = ERR_WRITE;
            h->out->error_errno = h->figures.spool_errno;
            return true;
        }
        out_put(h->out, h->copy, n);
        off += n;
        left -= n;
    }
    return true;
}

/* The counts stay. */
static void
chain_free(struct har *h, struct chain *c)
{
    h->index_len -= c->cap * sizeof *c->runs + c->late_cap;
    h->late_len -= c->late_cap;
    free(c->runs);
    free(c->late);
    c->runs = NULL;
    c->late = NULL;
    c->n = c->cap = c->late_len = c->late_cap = 0;
    c->n_late = 0;
}

/* Writes what a chain holds, and empties it. */
static void
chain_write(struct har *h, struct chain *c)
{
    bool first = true;
    if (c->n > 0)
        (void)out_flush(&h->spool); /* out_over() is looked at below */
    if (out_over(&h->spool))
        h->figures.spool_errno = h->spool.error_errno;
    for (size_t i = 0; i < c->n; i++) {
        if (copy_run(h, &c->runs[i], first)) {
            first = false;
        } else {
            c->left_out += c->runs[i].n;
            c->things -= c->runs[i].n;
        }
    }
    if (c->n_late > 0)
        out_put(h->out, c->late + first, c->late_len - first);
    chain_free(h, c);
}

/* ---- Connections ---- */

static bool
conn_equal(const void *value, const void *key)
{
    return ((const struct har_conn *)value)->number == *(const uint32_t *)key;
}

/* Made if there is none; NULL: no memory. */
static struct har_conn *
get_conn(struct har *h, uint32_t number)
{
    uint32_t hash = map_hash(&h->conns, &number, 1);
    struct har_conn *c = map_find(&h->conns, hash, conn_equal, &number);
    if (c)
        return c;
    c = calloc(1, sizeof *c);
    if (!c || map_insert(&h->conns, hash, c) != ERR_OK) {
        free(c);
        return NULL;
    }
    c->number = number;
    c->next = h->all;
    if (c->next)
        c->next->prev = c;
    h->all = c;
    return c;
}

static void
drop_conn(struct har *h, struct har_conn *c)
{
    (void)map_remove(&h->conns, map_hash(&h->conns, &c->number, 1), c);
    if (c->prev)
        c->prev->next = c->next;
    else
        h->all = c->next;
    if (c->next)
        c->next->prev = c->prev;
    chain_free(h, &c->heads);
    chain_free(h, &c->messages);
    chain_free(h, &c->findings);
    free(c);
}

/* ---- Entries ---- */

/* Milliseconds with six decimals; less than none is none. */
static uint8_t *
put_ms(uint8_t *p, int64_t ns)
{
    if (ns < 0)
        ns = 0;
    p = put_u64(p, (uint64_t)(ns / NS_PER_MS));
    *p++ = '.';
    return put_digits(p, (uint32_t)(ns % NS_PER_MS), 6);
}

static int64_t
span(int64_t from, int64_t to)
{
    int64_t ns;
    return __builtin_sub_overflow(to, from, &ns) || ns < 0 ? 0 : ns;
}

/* The request, or what was seen first. */
static struct stamp
start_of(const struct har_conn *c)
{
    if (c->request.packet != 0)
        return c->request;
    return c->has_handshake && c->at.packet != 0 ? c->at : c->first;
}

/* The document is sorted by nobody: readers do that by this field.  Times of
 * messages have all nine digits. */
static void
write_start(struct har *h, const struct har_conn *c)
{
    uint8_t text[WHEN_RFC3339_LEN];
    uint8_t *p = out_reserve(h->out, HAR_FIXED_MAX);
    (void)when_rfc3339(&h->when, start_of(c).time_ns, text);
    p = put_str(p, "{\"startedDateTime\":\"");
    p = put_mem(p, text, WHEN_RFC3339_LEN - 7); /* milliseconds */
    out_commit(h->out, put_str(p, "Z\""));
}

/* Sending a request takes no time here, since only its end was seen; all
 * behind the response is its receipt, as for DevTools. */
static void
write_timings(struct har *h, const struct har_conn *c,
              const struct event_end *end)
{
    int64_t start = start_of(c).time_ns;
    int64_t total = end ? end->duration_ns : 0;
    int64_t wait =
        c->response.packet != 0 ? span(start, c->response.time_ns) : 0;
    if (total < wait)
        total = wait;
    uint8_t *p = out_reserve(h->out, HAR_FIXED_MAX);
    p = put_str(p, ",\"time\":");
    p = put_ms(p, total);
    p = put_str(p, ",\"timings\":{\"blocked\":-1,\"dns\":-1,\"connect\":-1,"
                   "\"ssl\":-1,\"send\":0,\"wait\":");
    p = put_ms(p, wait);
    p = put_str(p, ",\"receive\":");
    p = put_ms(p, total - wait);
    out_commit(h->out, put_str(p, "}"));
}

static void
write_places(struct har *h, const struct har_conn *c)
{
    char text[ENDPOINT_TEXT_MAX];
    if (c->has_handshake) {
        size_t len = addr_text(&c->server.addr, text);
        har_write_name(h->out, "serverIPAddress");
        (void)json_write_string(h->out, slice_make(text, len));
        uint8_t *p = out_reserve(h->out, HAR_FIXED_MAX);
        p = put_str(p, ",\"connection\":\"");
        p = put_u64(p, c->server.port);
        out_commit(h->out, put_str(p, "\""));
        len = endpoint_text(&c->client, text);
        har_write_name(h->out, "_client");
        (void)json_write_string(h->out, slice_make(text, len));
    }
    uint8_t *p = out_reserve(h->out, HAR_FIXED_MAX);
    p = put_str(p, ",\"_conn\":");
    p = put_u64(p, c->number);
    out_commit(h->out,
               put_str(p, ",\"_resourceType\":\"websocket\",\"cache\":{}"));
}

/* end is NULL when it was not told. */
static void
write_entry(struct har *h, struct har_conn *c, const struct event *end)
{
    struct out *o = h->out;
    json_write_raw(o, h->any ? ",\n" : "\n");
    h->any = true;
    write_start(h, c);
    write_timings(h, c, end ? end->end : NULL);
    write_places(h, c);
    json_write_raw(o, ",\n");
    chain_write(h, &c->heads);
    if (c->heads.things == 0)
        har_write_no_heads(o, c->heads.left_out > 0, &h->url);
    json_write_raw(o, ",\n\"_webSocketMessages\":[");
    chain_write(h, &c->messages);
    json_write_raw(o, "],\n\"_findings\":[");
    chain_write(h, &c->findings);
    json_write_raw(o, "],\n\"_end\":");
    if (end)
        json_event(h->json, end);
    else
        json_write_raw(o, "null\n");
    if (c->messages.left_out > 0) {
        uint8_t *p = out_reserve(o, HAR_FIXED_MAX);
        p = put_str(p, ",\"_messagesLeftOut\":");
        out_commit(o, put_u64(p, c->messages.left_out));
    }
    json_write_raw(o, "}");
    h->figures.entries++;
    h->figures.messages += c->messages.things;
    h->figures.left_out += c->messages.left_out + c->findings.left_out;
}

/* ---- Events ---- */

static void
on_handshake(struct har *h, struct har_conn *c, const struct event_handshake *e)
{
    c->has_handshake = true;
    c->at = e->at;
    c->request = e->request;
    c->response = e->response;
    c->client = e->client;
    c->server = e->server;
    if (!chain_ready(h, &c->heads))
        return;
    uint64_t off = spool_end(h);
    json_write_raw(&h->spool, ",");
    har_write_heads(&h->spool, e, h->options.no_secrets, &h->url);
    chain_add(h, &c->heads, off);
}

/* What goes into _webSocketMessages. */
struct har_message {
    enum ws_sender from;
    struct stamp at;
    uint8_t opcode;
    struct slice payload;
    struct known_bytes known;
    bool complete, cut;
    bool has_len;
    uint64_t len; /* of all of it, bytes */
};

static void
write_data(struct har *h, const struct har_message *m)
{
    struct out *o = &h->spool;
    struct slice text = m->payload;
    bool all = true;
    if (m->opcode != WS_OP_TEXT) {
        json_write_base64(o, m->payload);
        return;
    }
    if (m->known.ranges) {
        buf_clear(&h->text);
        all = known_bytes_mark(&m->known, m->payload, &h->text);
        text = buf_slice(&h->text);
    }
    if (!json_write_string(o, text) || !all) {
        har_write_name(o, "_base64");
        json_write_base64(o, m->payload);
    }
}

static void
write_message(struct har *h, const struct har_message *m)
{
    struct out *o = &h->spool;
    uint8_t *p = out_reserve(o, HAR_FIXED_MAX);
    p = put_str(p, m->from == WS_SENDER_CLIENT ? ",\n{\"type\":\"send\""
                                               : ",\n{\"type\":\"receive\"");
    p = put_str(p, ",\"time\":");
    p = when_span9(m->at.time_ns, p);
    p = put_str(p, ",\"opcode\":");
    p = put_u64(p, m->opcode);
    out_commit(o, put_str(p, ",\"data\":"));
    write_data(h, m);
    if (m->known.ranges) {
        har_write_name(o, "_known");
        json_write_known(o, &m->known);
    }
    p = out_reserve(o, HAR_FIXED_MAX);
    p = put_str(p, ",\"_packet\":");
    p = put_u64(p, m->at.packet);
    if (!m->complete)
        p = put_str(p, ",\"_complete\":false");
    if (m->cut && m->has_len) {
        p = put_str(p, ",\"_length\":");
        p = put_u64(p, m->len);
    }
    out_commit(o, put_str(p, "}"));
}

static void
add_message(struct har *h, struct har_conn *c, const struct har_message *m)
{
    if (!chain_ready(h, &c->messages))
        return;
    uint64_t off = spool_end(h);
    write_message(h, m);
    chain_add(h, &c->messages, off);
}

static void
on_message(struct har *h, struct har_conn *c, const struct event_message *e)
{
    const struct har_message m = {.from = e->from,
                                  .at = e->at,
                                  .opcode = e->opcode,
                                  .payload = e->payload,
                                  .known = known_bytes_of(e),
                                  .complete = e->complete,
                                  .cut = e->truncated,
                                  .has_len = e->has_len,
                                  .len = e->len};
    h->figures.cut += e->truncated && e->complete;
    add_message(h, c, &m);
}

/* Control frames are no part of any message. */
static void
on_frame(struct har *h, struct har_conn *c, const struct event_frame *e)
{
    const struct har_message m = {.from = e->from,
                                  .at = e->at,
                                  .opcode = e->header.opcode,
                                  .payload = e->payload,
                                  .complete = e->complete};
    if (e->header.opcode & 8u)
        add_message(h, c, &m);
}

static void
on_finding(struct har *h, struct har_conn *c, const struct event *event)
{
    if (!chain_ready(h, &c->findings))
        return;
    uint64_t off = spool_end(h);
    json_write_raw(&h->spool, ",\n");
    json_event(h->spool_json, event);
    chain_add(h, &c->findings, off);
}

static struct stamp
stamp_of(const struct event *event)
{
    switch (event->type) {
    case EVENT_HANDSHAKE:
        return event->handshake->at;
    case EVENT_FRAME:
        return event->frame->first;
    case EVENT_MESSAGE:
        return event->message->first;
    case EVENT_GAP:
        return event->gap->at;
    case EVENT_FINDING:
        return event->finding->at;
    case EVENT_TCP:
        return event->tcp->at;
    case EVENT_END:
        break;
    }
    return event->end->at;
}

static void
on_event(void *ctx, const struct event *event)
{
    struct har *h = ctx;
    struct har_conn *c = get_conn(h, event->conn);
    if (!c) {
        h->figures.no_memory += event->type == EVENT_END;
        return;
    }
    if (c->first.packet == 0)
        c->first = stamp_of(event);
    switch (event->type) {
    case EVENT_HANDSHAKE:
        on_handshake(h, c, event->handshake);
        break;
    case EVENT_FRAME:
        on_frame(h, c, event->frame);
        break;
    case EVENT_MESSAGE:
        on_message(h, c, event->message);
        break;
    case EVENT_FINDING:
        on_finding(h, c, event);
        break;
    case EVENT_END:
        write_entry(h, c, event);
        drop_conn(h, c);
        break;
    case EVENT_GAP:
    case EVENT_TCP:
        break;
    }
}

/* ---- Life ---- */

static void
write_document_start(struct har *h)
{
    struct out *o = h->out;
    json_write_raw(o, "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":"
                      "\"wsray\",\"version\":");
    (void)json_write_string(o, slice_cstr(h->options.version));
    json_write_raw(o, "},\"pages\":[]");
    if (h->options.comment) {
        har_write_name(o, "comment");
        (void)json_write_string(o, slice_cstr(h->options.comment));
    }
    json_write_raw(o, ",\"entries\":[");
}

static int
empty(int fd)
{
    return ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 ? fd : -1;
}

enum err
har_new(struct har **out, const struct har_options *options, struct out *o)
{
    const struct json_options json = {.version = options->version};
    struct har *h = calloc(1, sizeof *h);
    if (!h)
        return ERR_NOMEM;
    h->options = *options;
    h->out = o;
    h->fd = -1;
    buf_init(&h->url, URL_MAX);
    buf_init(&h->text, SIZE_MAX);
    enum err e = map_init(&h->conns);
    if (e == ERR_OK) {
        h->fd = options->has_scratch ? empty(options->scratch) : scratch_open();
        e = h->fd >= 0 ? out_init(&h->spool, h->fd) : ERR_OPEN;
    }
    if (e == ERR_OK) {
        h->spool_json = json_new(&json, &h->spool);
        h->json = json_new(&json, o);
        e = h->spool_json && h->json ? ERR_OK : ERR_NOMEM;
    }
    if (e != ERR_OK) {
        int error = errno;
        har_free(h);
        errno = error;
        return e;
    }
    write_document_start(h);
    *out = h;
    return ERR_OK;
}

void
har_free(struct har *h)
{
    if (!h)
        return;
    while (h->all)
        drop_conn(h, h->all);
    map_fini(&h->conns);
    json_free(h->spool_json);
    json_free(h->json);
    out_fini(&h->spool);
    if (h->fd >= 0 && !h->options.has_scratch)
        close(h->fd);
    buf_fini(&h->url);
    buf_fini(&h->text);
    free(h);
}

struct event_sink
har_sink(struct har *h)
{
    return (struct event_sink){
        .wants = 1u << EVENT_HANDSHAKE | 1u << EVENT_FRAME |
                 1u << EVENT_MESSAGE | 1u << EVENT_FINDING | 1u << EVENT_END,
        .keep = SIZE_MAX, /* --message-keep is the limit */
        .least = SEVERITY_NOTE,
        .ctx = h,
        .event = on_event,
    };
}

void
har_finish(struct har *h)
{
    struct har_conn *c = h->all;
    while (c && c->next) /* the first one that was made */
        c = c->next;
    for (struct har_conn *prev; c; c = prev) {
        prev = c->prev;
        write_entry(h, c, NULL);
        drop_conn(h, c);
    }
    json_write_raw(h->out, "\n]}}\n");
}

const struct har_figures *
har_figures(const struct har *h)
{
    return &h->figures;
}
