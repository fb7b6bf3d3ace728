/* SPDX-License-Identifier: MIT */
/*
 * eval.c - runs the program of a filter over one event.
 */
#include <string.h>

#include "ui/filter/filter.h"
#include "ui/filter/program.h"

/* A field has at most two values: those of both sides. */
#define LOADED_MAX 2u

struct loaded {
    uint64_t number;
    int64_t time_ns;
    struct slice bytes;
    struct addr addr;
};

/* What is asked about. */
struct subject {
    const struct filter *f;
    const struct event *event;
    const struct filter_conn *conn;
};

/* ---- Fields ---- */

static size_t
one_number(struct loaded *v, bool there, uint64_t number)
{
    v[0].number = number;
    return there;
}

static size_t
one_time(struct loaded *v, bool there, int64_t ns)
{
    v[0].time_ns = ns;
    return there;
}

static size_t
one_slice(struct loaded *v, struct slice bytes)
{
    v[0].bytes = bytes;
    return bytes.ptr != NULL;
}

static size_t
one_addr(struct loaded *v, uint8_t family, const struct addr *addr)
{
    v[0].addr = *addr;
    return addr->family != 0 && (family == 0 || addr->family == family);
}

static const struct stamp *
stamp_of(const struct event *e)
{
    switch (e->type) {
    case EVENT_HANDSHAKE:
        return &e->handshake->at;
    case EVENT_FRAME:
        return &e->frame->at;
    case EVENT_MESSAGE:
        return &e->message->at;
    case EVENT_GAP:
        return &e->gap->at;
    case EVENT_FINDING:
        return &e->finding->at;
    case EVENT_TCP:
        return &e->tcp->at;
    case EVENT_END:
        break;
    }
    return &e->end->at;
}

/* Who sent it; false: nobody, or both. */
static bool
sender_of(const struct event *e, enum ws_sender *from)
{
    switch (e->type) {
    case EVENT_FRAME:
        *from = e->frame->from;
        return true;
    case EVENT_GAP:
        *from = e->gap->from;
        return true;
    case EVENT_TCP:
        *from = e->tcp->from;
        return true;
    case EVENT_FINDING:
        *from = e->finding->from;
        return e->finding->has_from;
    default:
        return false;
    }
}

/* Sender (0) and receiver (1) as indexes of peer[]: n of them, as many as
 * SRC, DST or ADDR has. */
enum which { SRC, DST, BOTH };

static size_t
sides(const struct subject *s, enum which which, unsigned side[2])
{
    enum ws_sender from;
    side[0] = WS_SENDER_CLIENT;
    side[1] = WS_SENDER_SERVER;
    if (!s->conn->known)
        return 0;
    if (which == BOTH || !sender_of(s->event, &from))
        return 2;
    side[0] = which == SRC ? from : 1u - from;
    return 1;
}

static size_t
load_addrs(const struct subject *s, enum which which, uint8_t family,
           struct loaded *v)
{
    unsigned side[2];
    size_t n = 0, m = sides(s, which, side);
    for (size_t i = 0; i < m; i++)
        n += one_addr(&v[n], family, &s->conn->peer[side[i]].addr);
    return n;
}

static size_t
load_ports(const struct subject *s, enum which which, struct loaded *v)
{
    unsigned side[2];
    size_t m = sides(s, which, side);
    for (size_t i = 0; i < m; i++)
        v[i].number = s->conn->peer[side[i]].port;
    return m;
}

static size_t
load_packets(const struct event *e, struct loaded *v)
{
    const struct stamp *at = stamp_of(e);
    size_t n = 0;
    if (e->type != EVENT_HANDSHAKE)
        return one_number(v, at->packet != 0, at->packet);
    if (e->handshake->request.packet)
        v[n++].number = e->handshake->request.packet;
    if (e->handshake->response.packet)
        v[n++].number = e->handshake->response.packet;
    return n ? n : one_number(v, at->packet != 0, at->packet);
}

/* The payload that is whole at this frame: its own, or its message's. */
static struct slice
payload_of(const struct event_frame *f)
{
    static const uint8_t none[1];
    struct slice s = slice_make(NULL, 0);
    if (ws_opcode_is_control(f->header.opcode))
        s = f->payload;
    else if (f->completed)
        s = f->completed->payload;
    else
        return s;
    return s.ptr ? s : slice_make(none, 0);
}

static size_t
load_text(const struct event_frame *f, struct loaded *v)
{
    return f->completed && f->completed->opcode == WS_OP_TEXT &&
           one_slice(v, payload_of(f));
}

/* What websocket.payload_length reads. */
static uint64_t
length_7bit(const struct ws_frame_header *h)
{
    unsigned extra = h->header_len - 2u - (h->masked ? 4u : 0u);
    return extra == 8 ? 127 : extra == 2 ? 126 : h->payload_len;
}

static size_t
load_message(enum field_id field, const struct event_message *m,
             struct loaded *v)
{
    if (!m)
        return 0;
    return field == FIELD_WS_MSG_LEN ? one_number(v, m->has_len, m->len)
                                     : one_number(v, true, m->n_frames);
}

static size_t
load_frame(enum field_id field, const struct subject *s, struct loaded *v)
{
    const struct event_frame *f = s->event->frame;
    const struct ws_frame_header *h = &f->header;
    const struct filter_conn *c = s->conn;
    switch (field) {
    case FIELD_WEBSOCKET_OPCODE:
        return one_number(v, true, h->opcode);
    case FIELD_WEBSOCKET_FIN:
        return one_number(v, true, h->fin);
    case FIELD_WEBSOCKET_RSV:
        return one_number(v, true, h->rsv);
    case FIELD_WEBSOCKET_MASK:
        return one_number(v, true, h->masked);
    case FIELD_WEBSOCKET_MASKING_KEY:
        v[0].bytes = slice_make(h->mask, 4);
        return h->masked;
    case FIELD_WEBSOCKET_PAYLOAD_LENGTH:
        return one_number(v, true, length_7bit(h));
    case FIELD_WEBSOCKET_PAYLOAD:
        return one_slice(v, payload_of(f)) && v[0].bytes.len > 0;
    case FIELD_WEBSOCKET_PAYLOAD_TEXT: /* in Wireshark empty ones are none */
        return load_text(f, v) && v[0].bytes.len > 0;
    case FIELD_WS_TEXT:
        return load_text(f, v);
    case FIELD_WEBSOCKET_CLOSE_CODE:
    case FIELD_WS_CLOSE_CODE:
        return one_number(v, f->has_close_code, f->close_code);
    case FIELD_WEBSOCKET_CLOSE_REASON:
        return one_slice(v, f->close_reason) && v[0].bytes.len > 0;
    case FIELD_WS_FRAME:
        return one_number(v, true, f->number);
    case FIELD_WS_MSG:
        return one_number(v, f->message != 0, f->message);
    case FIELD_WS_MSG_LEN:
    case FIELD_WS_MSG_FRAMES:
        return load_message(field, f->completed, v);
    case FIELD_WS_LEN:
        return one_number(v, true, h->payload_len);
    case FIELD_WS_WIRE_LEN:
        return one_number(v, true, h->header_len + h->payload_len);
    case FIELD_WS_DELTA:
        return one_time(v, c->has_delta, c->delta_ns);
    case FIELD_WS_RTT:
        return one_time(v, c->has_rtt, c->rtt_ns);
    case FIELD_WS_FRAG_INDEX:
        return one_number(v, f->message != 0, c->frames[f->from].n);
    case FIELD_WS_DEFLATE:
        return one_number(v, f->message != 0, f->compressed);
    case FIELD_WS_COMPLETE:
        return one_number(v, true, f->complete);
    case FIELD_WS_SYNCED:
        return one_number(v, true, f->synced);
    default:
        return 0;
    }
}

static size_t
load_finding(enum field_id field, const struct event_finding *e,
             struct loaded *v)
{
    switch (field) {
    case FIELD_WS_FRAME:
        return one_number(v, e->frame != 0, e->frame);
    case FIELD_WS_MSG:
        return one_number(v, e->message != 0, e->message);
    case FIELD_WS_FINDING:
        return one_number(v, true, e->id);
    case FIELD_WS_SEVERITY:
        return one_number(v, true, e->severity);
    default:
        return 0;
    }
}

static size_t
load_close_codes(const struct event_end *e, struct loaded *v)
{
    size_t n = 0;
    for (unsigned i = 0; i < 2; i++)
        if (e->has_close_code[i])
            v[n++].number = e->close_code[i];
    return n;
}

static size_t
load_end(enum field_id field, const struct event_end *e, struct loaded *v)
{
    switch (field) {
    case FIELD_WS_CLOSE_CODE:
        return load_close_codes(e, v);
    case FIELD_WS_CLOSED_BY:
        return one_number(v, e->closed_by != CLOSED_BY_NOBODY, e->closed_by);
    case FIELD_WS_CLEAN:
        return one_number(v, true, e->clean);
    case FIELD_WS_VERDICT:
        return one_number(v, true, e->verdict);
    case FIELD_WS_DURATION:
        return one_time(v, true, e->duration_ns);
    default:
        return 0;
    }
}

static size_t
load_conn_text(enum field_id field, const struct filter_conn *c,
               struct loaded *v)
{
    switch (field) {
    case FIELD_HTTP_METHOD:
        return one_slice(v, c->text[CONN_TEXT_METHOD]);
    case FIELD_HTTP_URI:
        return one_slice(v, c->text[CONN_TEXT_URI]);
    case FIELD_HTTP_HOST:
        return one_slice(v, c->text[CONN_TEXT_HOST]);
    case FIELD_HTTP_USER_AGENT:
        return one_slice(v, c->text[CONN_TEXT_USER_AGENT]);
    case FIELD_WS_ORIGIN:
        return one_slice(v, c->text[CONN_TEXT_ORIGIN]);
    default:
        return one_slice(v, c->text[CONN_TEXT_SUBPROTOCOL]);
    }
}

static size_t
load_conn(enum field_id field, const struct subject *s, struct loaded *v)
{
    const struct filter_conn *c = s->conn;
    const struct endpoint *client = &c->peer[WS_SENDER_CLIENT];
    const struct endpoint *server = &c->peer[WS_SENDER_SERVER];
    switch (field) {
    case FIELD_IP_SRC:
        return load_addrs(s, SRC, 4, v);
    case FIELD_IP_DST:
        return load_addrs(s, DST, 4, v);
    case FIELD_IP_ADDR:
        return load_addrs(s, BOTH, 4, v);
    case FIELD_IPV6_SRC:
        return load_addrs(s, SRC, 6, v);
    case FIELD_IPV6_DST:
        return load_addrs(s, DST, 6, v);
    case FIELD_IPV6_ADDR:
        return load_addrs(s, BOTH, 6, v);
    case FIELD_TCP_SRCPORT:
        return load_ports(s, SRC, v);
    case FIELD_TCP_DSTPORT:
        return load_ports(s, DST, v);
    case FIELD_TCP_PORT:
        return load_ports(s, BOTH, v);
    case FIELD_TCP_STREAM:
        return one_number(v, c->known && c->flow > 0, c->flow - 1);
    case FIELD_HTTP_STATUS:
    case FIELD_WS_STATUS:
        return one_number(v, c->status != 0, c->status);
    case FIELD_WS_CONN:
        return one_number(v, true, c->conn);
    case FIELD_WS_ACCEPTED:
        return one_number(v, c->known, c->accepted);
    case FIELD_WS_CLIENT_IP:
        return one_addr(v, 0, &client->addr);
    case FIELD_WS_CLIENT_PORT:
        return one_number(v, c->known, client->port);
    case FIELD_WS_SERVER_IP:
        return one_addr(v, 0, &server->addr);
    case FIELD_WS_SERVER_PORT:
        return one_number(v, c->known, server->port);
    default:
        return load_conn_text(field, c, v);
    }
}

/* What any event has. */
static size_t
load_common(enum field_id field, const struct subject *s, struct loaded *v)
{
    static const uint8_t types[] = {
        [EVENT_HANDSHAKE] = 0, [EVENT_FRAME] = 1,   [EVENT_MESSAGE] = 1,
        [EVENT_GAP] = 2,       [EVENT_FINDING] = 3, [EVENT_END] = 4,
        [EVENT_TCP] = 0,
    };
    const struct stamp *at = stamp_of(s->event);
    enum ws_sender from = WS_SENDER_CLIENT;
    switch (field) {
    case FIELD_FRAME_NUMBER:
        return load_packets(s->event, v);
    case FIELD_FRAME_TIME_RELATIVE:
        return one_time(v, s->f->has_start && at->packet != 0,
                        at->time_ns - s->f->start_ns);
    case FIELD_FRAME_TIME_EPOCH:
        return one_time(v, at->packet != 0, at->time_ns);
    case FIELD_WS_TYPE:
        return one_number(v, s->event->type != EVENT_TCP,
                          types[s->event->type]);
    case FIELD_WS_DIR:
        return sender_of(s->event, &from) ? one_number(v, true, from) : 0;
    default:
        return 0;
    }
}

static size_t
load_field(enum field_id field, const struct subject *s, struct loaded *v)
{
    const struct event *e = s->event;
    size_t n = 0;
    if (field_info(field)->on & ON_CONN)
        return load_conn(field, s, v);
    if (e->type == EVENT_FRAME)
        n = load_frame(field, s, v);
    else if (e->type == EVENT_FINDING)
        n = load_finding(field, e->finding, v);
    else if (e->type == EVENT_END)
        n = load_end(field, e->end, v);
    else if (e->type == EVENT_GAP && field == FIELD_WS_GAP_LEN)
        n = one_number(v, true, e->gap->len);
    return n ? n : load_common(field, s, v);
}

/* False: it begins behind the end. */
static bool
cut(struct slice *s, const struct filter_slice *by)
{
    uint64_t start = (uint64_t)by->start;
    if (by->start < 0) {
        if ((uint64_t)-by->start > s->len)
            return false;
        start = s->len - (uint64_t)-by->start;
    }
    if (start >= s->len)
        return false;
    *s = slice_skip(*s, (size_t)start);
    if (by->len < s->len)
        *s = slice_head(*s, (size_t)by->len);
    return true;
}

/* The values of an operand; how many. */
static size_t
load(const struct subject *s, const struct filter_operand *o, struct loaded *v)
{
    size_t n = load_field(o->field, s, v);
    for (size_t i = 0; i < o->n_slices && n > 0; i++)
        if (!cut(&v[0].bytes, &o->slice[i]))
            n = 0;
    /* Bytes and text have one value. */
    if (o->is_len)
        v[0].number = v[0].bytes.len;
    return n;
}

/* ---- Comparing ---- */

static int
compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int
compare_bytes(struct slice a, enum text_case a_as, struct slice b,
              enum text_case b_as)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = 0;
    if (a_as == TEXT_AS_IS && b_as == TEXT_AS_IS)
        order = len ? memcmp(a.ptr, b.ptr, len) : 0;
    else
        for (size_t i = 0; i < len && order == 0; i++)
            order = text_case_of(a.ptr[i], a_as) - text_case_of(b.ptr[i], b_as);
    return order ? order : compare_u64(a.len, b.len);
}

/* The first bits of two addresses; other families are always different. */
static int
compare_addrs(const struct addr *a, const struct addr *b, unsigned bits)
{
    if (a->family != b->family)
        return a->family - b->family;
    int order = memcmp(a->bytes, b->bytes, bits / 8);
    if (order || bits % 8 == 0)
        return order;
    unsigned shift = 8 - bits % 8;
    return (a->bytes[bits / 8] >> shift) - (b->bytes[bits / 8] >> shift);
}

/* What a value is compared with: one of the text, or of another field. */
struct other {
    uint64_t number;
    int64_t time_ns;
    struct slice bytes;
    enum text_case as;
    const struct addr *addr;
    unsigned bits;
};

static int
compare(const struct filter_operand *o, const struct loaded *v,
        const struct other *w)
{
    switch (o->type) {
    case FIELD_TYPE_TIME:
        return (v->time_ns > w->time_ns) - (v->time_ns < w->time_ns);
    case FIELD_TYPE_BYTES:
    case FIELD_TYPE_TEXT:
        return compare_bytes(v->bytes, o->as, w->bytes, w->as);
    case FIELD_TYPE_IPV4:
    case FIELD_TYPE_IPV6:
    case FIELD_TYPE_ADDR:
        return compare_addrs(&v->addr, w->addr, w->bits);
    case FIELD_TYPE_UINT:
    case FIELD_TYPE_BOOL:
    case FIELD_TYPE_WORD:
        break;
    }
    return compare_u64(v->number, w->number);
}

static bool
holds(const struct filter_operand *o, enum token_kind relation,
      const struct loaded *v, const struct other *w)
{
    if (relation == TOKEN_BITS)
        return (v->number & w->number) != 0;
    int order = compare(o, v, w);
    switch (relation) {
    case TOKEN_LT:
        return order < 0;
    case TOKEN_LE:
        return order <= 0;
    case TOKEN_GT:
        return order > 0;
    case TOKEN_GE:
        return order >= 0;
    case TOKEN_NE:
    case TOKEN_ANY_NE:
        return order != 0;
    default:
        return order == 0;
    }
}

/* Whether text has value in it; with as, in linear time too (Knuth, Morris and
 * Pratt). */
static bool
has_bytes(struct slice text, enum text_case as,
          const struct filter_value *value)
{
    struct slice word = value->bytes;
    size_t n = 0;
    if (word.len == 0)
        return true;
    if (!value->borders)
        return text.len > 0 &&
               memmem(text.ptr, text.len, word.ptr, word.len) != NULL;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text_case_of(text.ptr[i], as);
        while (n > 0 && word.ptr[n] != c)
            n = value->borders[n - 1];
        n += word.ptr[n] == c;
        if (n == word.len)
            return true;
    }
    return false;
}

static struct other
other_of_value(const struct filter_value *value)
{
    return (struct other){.number = value->number,
                          .time_ns = value->time_ns,
                          .bytes = value->bytes,
                          .addr = &value->addr,
                          .bits = value->prefix_bits};
}

/* All of them have to pass, not only one. */
static bool
asks_all(enum token_kind relation)
{
    return relation == TOKEN_NE || relation == TOKEN_ALL_EQ;
}

static bool
test_value(const struct subject *s, const struct filter_op *op)
{
    const struct filter_operand *o = &s->f->operands[op->a];
    const struct filter_value *value = &s->f->values[op->b];
    const struct other w = other_of_value(value);
    struct loaded v[LOADED_MAX];
    size_t n = load(s, o, v), passed = 0;
    if (n == 0)
        return false;
    if (op->relation == TOKEN_CONTAINS)
        return has_bytes(v[0].bytes, o->as, value);
    if (op->relation == TOKEN_MATCHES)
        return pattern_found(value->pattern, v[0].bytes, o->as);
    for (size_t i = 0; i < n; i++)
        passed += holds(o, op->relation, &v[i], &w);
    return asks_all(op->relation) ? passed == n : passed > 0;
}

static bool
test_field(const struct subject *s, const struct filter_op *op)
{
    const struct filter_operand *o = &s->f->operands[op->a];
    const struct filter_operand *p = &s->f->operands[op->b];
    struct loaded v[LOADED_MAX], w[LOADED_MAX];
    size_t n = load(s, o, v), m = load(s, p, w), passed = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m; k++) {
            const struct other other = {.number = w[k].number,
                                        .time_ns = w[k].time_ns,
                                        .bytes = w[k].bytes,
                                        .as = p->as,
                                        .addr = &w[k].addr,
                                        .bits =
                                            w[k].addr.family == 4 ? 32 : 128};
            passed += holds(o, op->relation, &v[i], &other);
        }
    return passed > 0 && (!asks_all(op->relation) || passed == n * m);
}

static bool
test_in(const struct subject *s, const struct filter_op *op)
{
    const struct filter_operand *o = &s->f->operands[op->a];
    struct loaded v[LOADED_MAX];
    size_t n = load(s, o, v);
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < op->n; k++) {
            const struct filter_value *value = &s->f->values[op->b + k];
            struct other w = other_of_value(value);
            if (!value->range) {
                if (compare(o, &v[i], &w) == 0)
                    return true;
                continue;
            }
            struct other last = other_of_value(value + 1);
            k++;
            if (compare(o, &v[i], &w) >= 0 && compare(o, &v[i], &last) <= 0)
                return true;
        }
    return false;
}

static bool
test(const struct subject *s, const struct filter_op *op)
{
    struct loaded v[LOADED_MAX];
    switch (op->code) {
    case FILTER_OP_EXISTS:
        return load(s, &s->f->operands[op->a], v) > 0;
    case FILTER_OP_VALUE:
        return test_value(s, op);
    case FILTER_OP_FIELD:
        return test_field(s, op);
    default:
        return test_in(s, op);
    }
}

bool
filter_passes(struct filter *f, const struct event *event,
              const struct filter_conn *conn)
{
    const struct subject s = {f, event, conn};
    /* At most one answer waits in each parenthesis, for ^^. */
    _Static_assert(FILTER_DEPTH_MAX + 2 < 64, "the stack is a word");
    uint64_t stack = 0;
    if (event->type == EVENT_MESSAGE)
        return false;
    for (size_t at = 0; at < f->n_ops; at++) {
        const struct filter_op *op = &f->ops[at];
        bool top = stack & 1u;
        switch (op->code) {
        case FILTER_OP_NOT:
            stack ^= 1u;
            break;
        case FILTER_OP_XOR:
            stack = (stack >> 1) ^ top;
            break;
        case FILTER_OP_AND:
        case FILTER_OP_OR:
            if (top == (op->code == FILTER_OP_OR))
                at = op->b - 1u;
            else
                stack >>= 1;
            break;
        default:
            stack = stack << 1 | test(&s, op);
            break;
        }
    }
    return stack & 1u;
}
