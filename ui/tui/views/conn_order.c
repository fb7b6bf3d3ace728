/* SPDX-License-Identifier: MIT */
#include "ui/tui/views/conn_order.h"

#include <stdlib.h>
#include <string.h>

#define SORT_AGAIN_NS INT64_C(250000000)
/* Sorting takes well below a microsecond a row. */
#define SORT_AGAIN_ROW_NS INT64_C(4000)
/* Rows that may move by one place, for each row of an order that is nearly
 * right, before it is sorted as one that is not. */
#define MOVES_A_ROW 8u

/* What is compared: first a number; where that is the same, what it is of. */
struct conn_key {
    uint64_t value;
    const struct store_conn *conn;
    enum conn_sort by;
};

void
conn_order_fini(struct conn_order *o)
{
    free(o->row);
    free(o->keys);
    free(o->listed);
    *o = (struct conn_order){.n = 0};
}

void
conn_order_by(struct conn_order *o, enum conn_sort by, bool inverted)
{
    o->by = by;
    o->inverted = inverted;
    o->stale = true;
}

int64_t
conn_age_ns(const struct store_conn *c)
{
    return c->ended ? c->duration_ns : c->last_ns - c->start_ns;
}

/* ---- keys ---- */

/* The first eight bytes, so that most texts are compared as numbers. */
static uint64_t
text_value(struct slice text)
{
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++)
        v = v << 8 | (i < text.len ? text.ptr[i] : 0);
    return v;
}

/* IPv4 before IPv6: family, then seven bytes. */
static uint64_t
endpoint_value(const struct endpoint *e)
{
    return (uint64_t)e->addr.family << 56 |
           text_value(slice_make(e->addr.bytes, sizeof e->addr.bytes)) >> 8;
}

/* Signed, as a number that sorts the same. */
static uint64_t
signed_value(int64_t v)
{
    return (uint64_t)v ^ UINT64_C(1) << 63;
}

static uint64_t
rate_value(const struct store_conn *c)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < STORE_RATE_BUCKETS; i++)
        sum += c->rate[i];
    return sum;
}

static uint64_t
found_value(const struct store_conn *c)
{
    uint64_t v = 0;
    for (unsigned s = SEVERITY_COUNT; s-- > SEVERITY_NOTE;) {
        uint32_t n = c->found[s] < 0xfffff ? c->found[s] : 0xfffff;
        v = v << 20 | n;
    }
    return v;
}

static uint64_t
value_of(const struct store_conn *c, enum conn_sort by)
{
    switch (by) {
    case CONN_SORT_NUMBER:
        return c->conn;
    case CONN_SORT_STATE:
        return (uint64_t)c->state << 16 | c->onclose_code;
    case CONN_SORT_START:
        return signed_value(c->start_ns);
    case CONN_SORT_AGE:
        return signed_value(conn_age_ns(c));
    case CONN_SORT_CLIENT:
        return endpoint_value(&c->client);
    case CONN_SORT_SERVER:
        return endpoint_value(&c->server);
    case CONN_SORT_TARGET:
        return text_value(c->handshake.host);
    case CONN_SORT_FRAMES:
        return c->frames[0] + c->frames[1];
    case CONN_SORT_FROM_CLIENT:
        return c->frames[WS_SENDER_CLIENT];
    case CONN_SORT_FROM_SERVER:
        return c->frames[WS_SENDER_SERVER];
    case CONN_SORT_BYTES:
        return c->bytes[0] + c->bytes[1];
    case CONN_SORT_RATE:
        return rate_value(c);
    case CONN_SORT_FLAGS:
        return found_value(c);
    case CONN_SORT_COUNT:
        break;
    }
    return 0;
}

static int
compare_slices(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int d = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;
    return d ? d : (a.len > b.len) - (a.len < b.len);
}

static int
compare_endpoints(const struct endpoint *a, const struct endpoint *b)
{
    int d = memcmp(a->addr.bytes, b->addr.bytes, sizeof a->addr.bytes);
    return d ? d : (int)a->port - (int)b->port;
}

/* Of the same number. */
static int
compare_conns(const struct store_conn *a, const struct store_conn *b,
              enum conn_sort by)
{
    int d = 0;
    if (by == CONN_SORT_CLIENT)
        d = compare_endpoints(&a->client, &b->client);
    else if (by == CONN_SORT_SERVER)
        d = compare_endpoints(&a->server, &b->server);
    else if (by == CONN_SORT_TARGET)
        d = compare_slices(a->handshake.host, b->handshake.host);
    if (d == 0 && by == CONN_SORT_TARGET)
        d = compare_slices(a->handshake.target, b->handshake.target);
    return d ? d : (a->conn > b->conn) - (a->conn < b->conn);
}

static int
compare_keys(const void *x, const void *y)
{
    const struct conn_key *a = x, *b = y;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return compare_conns(a->conn, b->conn, a->by);
}

/* ---- sorting ---- */

/* By moving what is out of place; false: that would be too much. */
static bool
sort_nearly_sorted(struct conn_key *k, size_t n)
{
    size_t moves = n * MOVES_A_ROW;
    for (size_t i = 1; i < n; i++) {
        struct conn_key key = k[i];
        size_t to = i;
        for (; to > 0 && compare_keys(&k[to - 1], &key) > 0; to--) {
            if (moves-- == 0) {
                k[to] = key;
                return false;
            }
            k[to] = k[to - 1];
        }
        k[to] = key;
    }
    return true;
}

/* The order of before is where it begins: mostly it still is right. */
static void
sort(struct conn_order *o, const struct store *s)
{
    for (size_t i = 0; i < o->n; i++) {
        uint32_t row = o->row[o->inverted ? o->n - 1 - i : i];
        const struct store_conn *c = store_conn(s, row);
        o->keys[i] = (struct conn_key){value_of(c, o->by), c, o->by};
    }
    if (!sort_nearly_sorted(o->keys, o->n))
        qsort(o->keys, o->n, sizeof *o->keys, compare_keys);
    for (size_t i = 0; i < o->n; i++)
        o->row[o->inverted ? o->n - 1 - i : i] = o->keys[i].conn->row;
}

static bool
reserve(struct conn_order *o, size_t n)
{
    if (n <= o->cap)
        return true;
    size_t cap = o->cap ? o->cap * 2 : 256;
    cap = cap < n ? n : cap;
    uint32_t *row = realloc(o->row, cap * sizeof *row);
    if (row)
        o->row = row;
    struct conn_key *keys = row ? realloc(o->keys, cap * sizeof *keys) : NULL;
    if (!keys)
        return false;
    o->keys = keys;
    o->cap = cap;
    return true;
}

/* Those that do not pass another filter are left out. */
static void
leave_out(struct conn_order *o)
{
    size_t n = 0;
    memset(o->listed, 0, (o->n_listed + 63) / 64 * sizeof o->listed[0]);
    for (size_t i = 0; i < o->n; i++)
        if (!o->filter || refine_conn(o->filter, o->row[i])) {
            o->listed[o->row[i] / 64] |= UINT64_C(1) << o->row[i] % 64;
            o->row[n++] = o->row[i];
        }
    o->n = n;
}

/* Behind the others; none that passes a filter stops to. */
static void
add_passing(struct conn_order *o, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++) {
        uint64_t bit = UINT64_C(1) << i % 64;
        if (o->listed[i / 64] & bit ||
            (o->filter && !refine_conn(o->filter, i)))
            continue;
        o->listed[i / 64] |= bit;
        o->row[o->n++] = (uint32_t)i;
    }
}

static bool
reserve_bits(struct conn_order *o, size_t n)
{
    size_t words = (o->n_listed + 63) / 64, more = (n + 63) / 64;
    if (more > words) {
        uint64_t *bits = realloc(o->listed, 2 * more * sizeof bits[0]);
        if (!bits)
            return false;
        memset(bits + words, 0, (2 * more - words) * sizeof bits[0]);
        o->listed = bits;
        o->n_listed = 2 * more * 64;
    }
    return true;
}

/* False: out of memory. */
static bool
take_in(struct conn_order *o, const struct store *s)
{
    const struct refine *f = o->filter;
    if (!reserve(o, s->conns.n) || !reserve_bits(o, s->conns.n))
        return false;
    if (s->conns.n == 0)
        return true;
    if (f && f->starts != o->starts) {
        leave_out(o);
        o->starts = f->starts;
        add_passing(o, 0, s->conns.n);
    } else if (!f || !f->filter) {
        add_passing(o, o->n, s->conns.n);
    } else if (f->n_conns != o->n_passed) {
        add_passing(o, 0, s->conns.n);
    }
    o->n_passed = f ? f->n_conns : 0;
    return true;
}

bool
conn_order_update(struct conn_order *o, const struct store *s, int64_t now_ns)
{
    bool fits = take_in(o, s);
    int64_t every = (int64_t)o->n * SORT_AGAIN_ROW_NS;
    every = every < SORT_AGAIN_NS ? SORT_AGAIN_NS : every;
    if (o->stale || o->n < CONN_ORDER_MANY || now_ns - o->sorted_ns >= every) {
        sort(o, s);
        o->stale = false;
        o->sorted_ns = now_ns;
    }
    return fits;
}

size_t
conn_order_place(const struct conn_order *o, uint32_t row)
{
    size_t i = 0;
    while (i < o->n && o->row[i] != row)
        i++;
    return i;
}
