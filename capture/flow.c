/* SPDX-License-Identifier: MIT */
#include "capture/flow.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "capture/tcp.h"
#include "capture/tcp_stream.h"

/* Keeps what is rare out of flow_table_packet(): inlined there it costs
 * registers and half of the speed. */
#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))

#define SECOND_NS INT64_C(1000000000)

/* How long a closed flow stays, to swallow late copies of its packets. */
#define CLOSED_NS (5 * SECOND_NS)

/* A flow moves to the young end of its queue when it was last moved this long
 * ago, so that most packets do not touch its neighbours.  Time-outs are later
 * by this much. */
#define QUEUE_STEP_NS SECOND_NS

/* Capture time that steps back by more than this is another capture. */
#define CLOCK_BACK_NS (60 * SECOND_NS)

/* How long a RST is held in doubt: longer than most round trips, so that an
 * answer to it, or the lack of one, was captured. */
#define RESET_NS SECOND_NS

/* Captures reorder packets by no more than this. */
#define LATE_NS (SECOND_NS / 20)

/* A SYN that comes again this soon is the same packet, recorded twice. */
#define SYN_TWICE_NS INT64_C(1000000)

/* Silence before a segment that may be a keep-alive probe. */
#define PROBE_IDLE_NS (SECOND_NS / 2)

/* Acknowledgements in a row beyond all that could have been sent before they
 * are believed: the capture lost that much. */
#define DOUBTS_MAX 8u

/* Flows with one 4-tuple in different VLANs or tunnels. */
#define SCOPES_MAX 8u
/* In struct flow: the scope must be the same, not only the 4-tuple. */
#define SCOPE_STRICT (UINT32_C(1) << 31)

#define EXPIRE_PER_PACKET 8u
#define HOLDS_PER_TICK 65536u
#define SECOND_CHANCES 8u
#define CHUNK_FLOWS 256u

enum flow_state {
    FLOW_FREE = 0, /* not in the table */
    FLOW_NEW,      /* no payload captured yet */
    FLOW_OPEN,     /* a stage listens */
    FLOW_RESET,    /* the same, and a RST waits to be believed */
    FLOW_IGNORED,  /* no stage wants it */
    FLOW_CLOSED,   /* over; late copies may come */
};

/* Flows with the same time-out, the least recently active first; when the
 * table is full, flows go in the order of these. */
enum flow_class {
    CLASS_CLOSED = 0,
    CLASS_RESET, /* FLOW_RESET */
    CLASS_BRIEF, /* half-open, or both FINs seen and bytes missing */
    CLASS_IDLE,  /* ignored */
    CLASS_QUIET, /* open */
    CLASS_KEPT,  /* open, the stage answers STREAM_KEEP: no time-out */
    CLASS_COUNT
};

/* A RST that waits to be believed, and where the flow stood then. */
struct flow_reset {
    struct pkt_meta meta;
    uint64_t clock_ns;
    uint64_t off[2];  /* of both streams */
    uint32_t next;    /* of the stream of who sent it */
    uint32_t packets; /* of the flow */
    unsigned dir;     /* who sent it */
};

#define RESET_COST budget_block(sizeof(struct flow_reset))

/* One connection.  The first cache line serves ignored flows alone. */
struct flow {
    uint64_t queued_ns; /* clock when it was moved in its queue */
    uint32_t packets;
    uint8_t state;   /* enum flow_state */
    uint8_t class;   /* enum flow_class */
    bool active;     /* since it was moved in its queue */
    uint8_t swapped; /* 1: end[0] is not the first in the order of keys */
    /* Of each direction's packets; assumed the same until one was captured. */
    uint32_t scope[2];
    struct stream_pair pair;
    struct tcp_stream stream[2];
    void *ctx;
    struct flow *older, *newer; /* in its queue; older: free list too */
    struct pkt_meta meta;       /* its last packet */
    struct flow_reset *reset;   /* with FLOW_RESET */
    uint32_t hash;
    enum stream_want said; /* the last answer of the stage */
    uint32_t doubt[2];  /* the last acknowledgement not believed, by sender */
    uint8_t doubts[2];  /* how many in a row */
    uint8_t reset_from; /* 1 + direction of the RST that closed it; 0: none */
    bool syn_again;     /* a SYN was sent twice: no round trip is measured */
};

struct chunk {
    struct chunk *next;
    alignas(64) struct flow flows[CHUNK_FLOWS];
};

/* aligned_alloc() may lose as much as the alignment. */
#define CHUNK_COST (sizeof(struct chunk) + 64)

struct queue {
    struct flow *oldest, *newest;
    int64_t timeout_ns;
};

struct flow_table {
    struct map map;
    struct tcp_pool pool;
    struct stream_ops ops;
    void *user;
    struct budget own_budget;
    size_t map_cost; /* counted for the map's slots */
    size_t entries;  /* counted for them and the chunks */
    size_t n_strict; /* flows with SCOPE_STRICT */
    uint32_t flows_max;
    uint64_t clock_ns;  /* capture time; never goes back */
    uint64_t shift_ns;  /* clock minus packet time, since it last jumped */
    uint64_t expire_ns; /* clock when the next flow may expire */
    struct queue queue[CLASS_COUNT];
    const struct flow *last; /* of the packet fed last; NULL: none */
    struct flow *unused;
    struct chunk *chunks;
    struct flow_stats stats;
};

/* What a packet is looked up by. */
struct key {
    const struct ip_packet *ip;
    uint16_t src_port, dst_port;
    unsigned swapped; /* 1: the source is not the first in the order of keys */
    uint32_t hash;
};

struct flow_limits
flow_limits_default(void)
{
    return (struct flow_limits){
        .early_bytes = (size_t)16 << 20,
        .early_ranges = 16384,
        .gap_packets = 64,
        .memory = (size_t)512 << 20,
        .flows = 1000000,
        .half_open_ns = 60 * SECOND_NS,
        .idle_ns = 600 * SECOND_NS,
        .gap_ns = SECOND_NS / 20,
    };
}

/* Counts the map's slots, and half as much again: growing needs the old ones
 * beside the new ones. */
static void
count_map(struct flow_table *t)
{
    size_t cost = (t->map.mask + 1) * sizeof(struct map_slot);
    cost += cost / 2;
    if (cost == t->map_cost)
        return;
    budget_change(t->pool.budget, t->map_cost, cost);
    t->entries = t->entries - t->map_cost + cost;
    t->map_cost = cost;
}

enum err
flow_table_new(struct flow_table **out, const struct flow_limits *limits,
               const struct stream_ops *ops, void *user)
{
    const struct flow_limits defaults = flow_limits_default();
    const struct flow_limits *l = limits ? limits : &defaults;
    struct flow_table *t = calloc(1, sizeof(*t));
    if (!t)
        return ERR_NOMEM;
    if (map_init(&t->map) != ERR_OK) {
        free(t);
        return ERR_NOMEM;
    }
    t->ops = *ops;
    t->user = user;
    t->own_budget.max = l->memory;
    t->pool.budget = l->budget ? l->budget : &t->own_budget;
    count_map(t);
    t->flows_max = l->flows ? l->flows : 1;
    t->expire_ns = UINT64_MAX;
    t->queue[CLASS_CLOSED].timeout_ns =
        l->half_open_ns < CLOSED_NS ? l->half_open_ns : CLOSED_NS;
    t->queue[CLASS_BRIEF].timeout_ns = l->half_open_ns;
    t->queue[CLASS_RESET].timeout_ns = RESET_NS;
    t->queue[CLASS_IDLE].timeout_ns = l->idle_ns;
    t->queue[CLASS_QUIET].timeout_ns = l->idle_ns;
    t->pool.ops = &t->ops;
    t->pool.early_bytes = l->early_bytes;
    t->pool.early_ranges = l->early_ranges;
    t->pool.gap_packets = l->gap_packets;
    t->pool.gap_ns = l->gap_ns;
    map_random(&t->pool.random, sizeof(t->pool.random));
    t->pool.random |= 1; /* xorshift stays at 0 */
    *out = t;
    return ERR_OK;
}

/* Keys and their hash */

INLINE uint32_t
load32(const uint8_t *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof(x));
    return x;
}

INLINE uint64_t
load64(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof(x));
    return x;
}

/* Whether the 4-tuple is that of f.  Both directions have one order, so dir
 * is the direction if it is the flow at all. */
INLINE bool
tuple_is(const struct flow *f, const struct key *k, size_t dir)
{
    const struct endpoint *src = &f->pair.end[0] + dir;
    const struct endpoint *dst = &f->pair.end[1] - dir;
    const uint8_t *a = k->ip->src.bytes, *b = k->ip->dst.bytes;
    if (f->pair.end[0].addr.family != k->ip->src.family)
        return false;
    unsigned ports = (unsigned)(src->port ^ k->src_port) |
                     (unsigned)(dst->port ^ k->dst_port);
    if (k->ip->src.family == 4)
        return (ports | (load32(src->addr.bytes) ^ load32(a)) |
                (load32(dst->addr.bytes) ^ load32(b))) == 0;
    return (ports | (load64(src->addr.bytes) ^ load64(a)) |
            (load64(src->addr.bytes + 8) ^ load64(a + 8)) |
            (load64(dst->addr.bytes) ^ load64(b)) |
            (load64(dst->addr.bytes + 8) ^ load64(b + 8))) == 0;
}

static inline bool
flow_is(const void *value, const void *key)
{
    const struct flow *f = value;
    const struct key *k = key;
    size_t dir = f->swapped ^ k->swapped;
    uint32_t scope = f->scope[dir];
    if ((scope & SCOPE_STRICT) && scope != (k->ip->scope | SCOPE_STRICT))
        return false;
    return tuple_is(f, k, dir);
}

/* Of two addresses and ports; any order will do, as long as both directions
 * give the same. */
INLINE bool
less6(const uint8_t *a, uint32_t a_port, const uint8_t *b, uint32_t b_port)
{
    if (load64(a) != load64(b))
        return load64(a) < load64(b);
    if (load64(a + 8) != load64(b + 8))
        return load64(a + 8) < load64(b + 8);
    return a_port < b_port;
}

static NOINLINE struct key
key_make6(const struct map *m, const struct ip_packet *ip, uint16_t src_port,
          uint16_t dst_port)
{
    struct key k = {ip, src_port, dst_port, 0, 0};
    const uint8_t *a = ip->src.bytes, *b = ip->dst.bytes;
    k.swapped = less6(b, dst_port, a, src_port);
    uint32_t ports = k.swapped ? (uint32_t)dst_port << 16 | src_port
                               : (uint32_t)src_port << 16 | dst_port;
    const uint8_t *lo = k.swapped ? b : a, *hi = k.swapped ? a : b;
    uint32_t w[9] = {ports};
    memcpy(w + 1, lo, 16);
    memcpy(w + 5, hi, 16);
    k.hash = map_hash(m, w, 9);
    return k;
}

INLINE struct key
key_make(const struct map *m, const struct ip_packet *ip, uint16_t src_port,
         uint16_t dst_port)
{
    if (ip->src.family != 4)
        return key_make6(m, ip, src_port, dst_port);
    uint64_t a = (uint64_t)load32(ip->src.bytes) << 16 | src_port;
    uint64_t b = (uint64_t)load32(ip->dst.bytes) << 16 | dst_port;
    uint64_t lo = a < b ? a : b, hi = a < b ? b : a;
    const uint32_t w[3] = {(uint32_t)(lo >> 16), (uint32_t)(hi >> 16),
                           (uint32_t)lo << 16 | (uint16_t)hi};
    struct key k = {ip, src_port, dst_port, b < a, map_hash(m, w, 3)};
    return k;
}

static bool
near(uint32_t a, uint32_t b, uint32_t distance)
{
    return a - b <= distance || b - a <= distance;
}

/* Queues and time */

static void
queue_remove(struct flow_table *t, struct flow *f)
{
    struct queue *q = &t->queue[f->class];
    *(f->older ? &f->older->newer : &q->oldest) = f->newer;
    *(f->newer ? &f->newer->older : &q->newest) = f->older;
}

static void
queue_add(struct flow_table *t, struct flow *f, enum flow_class class)
{
    struct queue *q = &t->queue[class];
    f->class = (uint8_t) class;
    f->active = false;
    f->queued_ns = t->clock_ns;
    f->newer = NULL;
    f->older = q->newest;
    *(f->older ? &f->older->newer : &q->oldest) = f;
    q->newest = f;
    if (class != CLASS_KEPT) {
        uint64_t due = t->clock_ns + (uint64_t)q->timeout_ns + QUEUE_STEP_NS;
        if (due < t->expire_ns)
            t->expire_ns = due;
    }
}

static NOINLINE void
queue_move(struct flow_table *t, struct flow *f, enum flow_class class)
{
    queue_remove(t, f);
    queue_add(t, f, class);
}

/* The clock follows the packets' time, but never goes back: small steps back
 * (captures reorder) leave it alone; after a large one (the next file) it goes
 * on from where it was. */
static inline void
clock_set(struct flow_table *t, int64_t time_ns)
{
    uint64_t now = (uint64_t)time_ns + t->shift_ns;
    int64_t step = (int64_t)(now - t->clock_ns);
    if (step >= 0)
        t->clock_ns = now;
    else if (step < -CLOCK_BACK_NS)
        t->shift_ns = t->clock_ns - (uint64_t)time_ns;
}

/* Talking to the stages */

static inline bool
is_open(const struct flow *f)
{
    return f->state == FLOW_OPEN || f->state == FLOW_RESET;
}

static struct tcp_call
flow_call(struct flow_table *t, struct flow *f, unsigned dir,
          const struct pkt_meta *meta)
{
    struct tcp_call c = {
        .pool = &t->pool,
        .ctx = f->ctx,
        .owner = f,
        .meta = meta,
        .clock_ns = t->clock_ns,
        .packets = f->packets,
        .dir = dir,
        .one_way = !(f->stream[dir ^ 1].flags & TCP_STREAM_SEEN),
        .said = &f->said,
    };
    return c;
}

static inline void
flow_tell(const struct flow_table *t, const struct flow *f, unsigned dir,
          enum stream_tcp what)
{
    if (t->ops.tcp && is_open(f))
        t->ops.tcp(f->ctx, dir, what, &f->meta);
}

/* No RST is in doubt any more; the state is the caller's. */
static void
reset_drop(struct flow_table *t, struct flow *f)
{
    if (!f->reset)
        return;
    free(f->reset);
    f->reset = NULL;
    budget_give(t->pool.budget, RESET_COST);
}

/* The pair is gone: nothing is held, ctx dies. */
static NOINLINE void
flow_close(struct flow_table *t, struct flow *f, enum flow_state next)
{
    assert(is_open(f));
    reset_drop(t, f);
    tcp_stream_drop(&f->stream[0], &t->pool);
    tcp_stream_drop(&f->stream[1], &t->pool);
    void *ctx = f->ctx;
    f->ctx = NULL;
    f->state = (uint8_t)next;
    queue_move(t, f, next == FLOW_CLOSED ? CLASS_CLOSED : CLASS_IDLE);
    t->ops.close(ctx);
}

/* False: the stage detached, and f is ignored from here on. */
static inline bool
flow_goes_on(struct flow_table *t, struct flow *f, enum stream_want want)
{
    if (want == STREAM_DETACH) {
        flow_close(t, f, FLOW_IGNORED);
        return false;
    }
    enum flow_class class = f->said == STREAM_KEEP ? CLASS_KEPT : CLASS_QUIET;
    if (f->class != class && f->class >= CLASS_QUIET)
        queue_move(t, f, class);
    return true;
}

static void
flow_end_dir(struct flow_table *t, struct flow *f, unsigned dir,
             enum stream_end why)
{
    struct tcp_stream *s = &f->stream[dir];
    if (s->flags & TCP_STREAM_ENDED)
        return;
    s->flags |= TCP_STREAM_ENDED;
    /* The FIN has a sequence number too (RFC 9293 section 3.4). */
    if (why == STREAM_END_FIN)
        s->next++;
    tcp_stream_drop(s, &t->pool);
    t->ops.end(f->ctx, dir, why, &f->meta);
}

static bool reset_decide(struct flow_table *t, struct flow *f);

/* Ends an open flow for a reason other than its own packets. */
static void
flow_finish(struct flow_table *t, struct flow *f, enum stream_end why)
{
    if (f->state == FLOW_RESET && reset_decide(t, f))
        return;
    for (unsigned d = 0; d < 2; d++) {
        struct tcp_stream *s = &f->stream[d];
        if (s->flags & TCP_STREAM_ENDED)
            continue;
        struct tcp_call c = flow_call(t, f, d, &f->meta);
        if (!flow_goes_on(t, f, tcp_stream_flush(s, &c, true)))
            return;
    }
    for (unsigned d = 0; d < 2; d++)
        flow_end_dir(t, f, d,
                     tcp_stream_at_fin(&f->stream[d]) ? STREAM_END_FIN : why);
    flow_close(t, f, FLOW_CLOSED);
}

/* After the packets of a flow: does a direction end here, or the pair? */
static void
flow_settle(struct flow_table *t, struct flow *f)
{
    bool fin = true, done = true;
    for (unsigned d = 0; d < 2; d++) {
        struct tcp_stream *s = &f->stream[d];
        if (is_open(f) && tcp_stream_at_fin(s))
            flow_end_dir(t, f, d, STREAM_END_FIN);
        fin = fin && (s->flags & TCP_STREAM_FIN);
        done = done && ((s->flags & TCP_STREAM_ENDED) ||
                        (f->state == FLOW_NEW && tcp_stream_at_fin(s)));
    }
    if (done && is_open(f)) {
        flow_close(t, f, FLOW_CLOSED);
    } else if (done) {
        f->state = FLOW_CLOSED;
        queue_move(t, f, CLASS_CLOSED);
    } else if (fin && f->class >= CLASS_QUIET) {
        queue_move(t, f, CLASS_BRIEF);
    }
}

/* Making and dropping flows */

static bool
chunk_add(struct flow_table *t)
{
    struct chunk *chunk = aligned_alloc(alignof(struct chunk), sizeof(*chunk));
    if (!chunk)
        return false;
    budget_take(t->pool.budget, CHUNK_COST);
    t->entries += CHUNK_COST;
    chunk->next = t->chunks;
    t->chunks = chunk;
    for (size_t i = CHUNK_FLOWS; i-- > 0;) {
        chunk->flows[i].state = FLOW_FREE;
        chunk->flows[i].older = t->unused;
        t->unused = &chunk->flows[i];
    }
    return true;
}

static void
flow_drop(struct flow_table *t, struct flow *f)
{
    queue_remove(t, f);
    bool found = map_remove(&t->map, f->hash, f);
    assert(found);
    (void)found;
    t->n_strict -= f->scope[0] >> 31;
    f->state = FLOW_FREE;
    f->older = t->unused;
    t->unused = f;
}

static void
flow_evict(struct flow_table *t, struct flow *f)
{
    if (is_open(f))
        flow_finish(t, f, STREAM_END_EVICTED);
    flow_drop(t, f);
}

/* The one to go first, or NULL: the oldest, but for a few that were active
 * since they were moved. */
static struct flow *
queue_oldest(struct flow_table *t, enum flow_class class)
{
    const struct queue *q = &t->queue[class];
    for (unsigned i = 0; i < SECOND_CHANCES && q->oldest && q->oldest->active &&
                         q->oldest->newer;
         i++)
        queue_move(t, q->oldest, class);
    return q->oldest;
}

/* Makes room when the table is full: see enum flow_class. */
static void
evict_one(struct flow_table *t)
{
    for (unsigned class = 0; class < CLASS_COUNT; class ++) {
        struct flow *f = queue_oldest(t, class);
        if (f) {
            flow_evict(t, f);
            return;
        }
    }
}

/* Drops flows whose time is over, a few at a time. */
static NOINLINE void
expire(struct flow_table *t)
{
    unsigned left = EXPIRE_PER_PACKET;
    t->expire_ns = UINT64_MAX;
    for (unsigned class = 0; class < CLASS_KEPT; class ++) {
        struct queue *q = &t->queue[class];
        while (q->oldest) {
            uint64_t due =
                q->oldest->queued_ns + (uint64_t)q->timeout_ns + QUEUE_STEP_NS;
            if (due > t->clock_ns || left == 0) {
                if (due < t->expire_ns)
                    t->expire_ns = due;
                break;
            }
            left--;
            if (class == CLASS_RESET) {
                reset_decide(t, q->oldest);
                continue;
            }
            t->stats.expired++;
            flow_evict(t, q->oldest);
        }
    }
}

/* Whether the budget lets the table grow by what one more flow needs.  Entries
 * never take all of it, or a flood of SYNs would leave nothing for the flows
 * that carry something. */
static bool
has_room(const struct flow_table *t)
{
    const struct budget *b = t->pool.budget;
    size_t need = t->unused ? 0 : CHUNK_COST;
    if (t->map.count >= (t->map.mask + 1) / 2)
        need += t->map_cost; /* it doubles */
    return need == 0 || (b->used < b->max && need <= b->max - b->used &&
                         t->entries + need <= b->max / 8 * 7);
}

/* Makes room for one flow more. */
static void
make_room(struct flow_table *t)
{
    while (t->map.count >= t->flows_max) {
        t->stats.evicted++;
        evict_one(t);
    }
    while (t->map.count > 0 && !has_room(t)) {
        t->stats.evicted_memory++;
        evict_one(t);
    }
}

/* Flows with the 4-tuple of a packet, whatever their scope. */
struct siblings {
    const struct key *key;
    const struct tcp_header *h;
    unsigned *n;
};

/* Counts all of them, up to a limit. */
static bool
sibling_counts(const void *value, const void *key)
{
    const struct siblings *k = key;
    const struct flow *f = value;
    if (!tuple_is(f, k->key, f->swapped ^ k->key->swapped))
        return false;
    return ++*k->n >= SCOPES_MAX;
}

/* Whether the packet may be the first of its direction: each direction may
 * come through a VLAN or tunnel of its own. */
static bool
sibling_fits(const void *value, const void *key)
{
    const struct siblings *k = key;
    const struct flow *f = value;
    size_t dir = f->swapped ^ k->key->swapped;
    const struct tcp_stream *o = &f->stream[1] - dir;
    return tuple_is(f, k->key, dir) &&
           !(f->stream[dir].flags & TCP_STREAM_SEEN) &&
           (o->flags & TCP_STREAM_STARTED) && (k->h->flags & TCP_ACK) &&
           near(k->h->ack, o->next, UINT16_MAX);
}

/* How many there are; *last: one of them if there are too many. */
static unsigned
count_siblings(const struct flow_table *t, const struct key *k,
               struct flow **last)
{
    unsigned n = 0;
    const struct siblings s = {k, NULL, &n};
    *last = map_find(&t->map, k->hash, sibling_counts, &s);
    return n;
}

/* The flow that only lacks this scope in the packet's direction, or NULL. */
static struct flow *
flow_adopt(struct flow_table *t, const struct key *k,
           const struct tcp_header *h)
{
    const struct siblings s = {k, h, NULL};
    if (t->n_strict == 0)
        return NULL;
    struct flow *f = map_find(&t->map, k->hash, sibling_fits, &s);
    if (f)
        f->scope[f->swapped ^ k->swapped] = k->ip->scope | SCOPE_STRICT;
    return f;
}

/* A flow that starts with this packet; NULL without memory. */
static struct flow *
flow_new(struct flow_table *t, const struct key *k, const struct tcp_header *h,
         const struct packet *p)
{
    uint32_t strict = 0;
    struct flow *last;
    if (t->n_strict > 0 && count_siblings(t, k, &last) > 0) {
        strict = SCOPE_STRICT;
        if (last) {
            t->stats.evicted++;
            flow_evict(t, last);
        }
    }
    make_room(t);
    if ((!t->unused && !chunk_add(t)) ||
        map_insert(&t->map, k->hash, t->unused) != ERR_OK) {
        t->pool.stats.no_memory++;
        return NULL;
    }
    count_map(t);
    struct flow *f = t->unused;
    t->unused = f->older;
    memset(f, 0, sizeof(*f));
    f->state = FLOW_NEW;
    f->hash = k->hash;
    /* end[0] asks; a SYN-ACK answers. */
    unsigned src = (h->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
    f->swapped = k->swapped != src;
    f->pair.end[src].addr = k->ip->src;
    f->pair.end[src].port = k->src_port;
    f->pair.end[src ^ 1].addr = k->ip->dst;
    f->pair.end[src ^ 1].port = k->dst_port;
    f->pair.flow = ++t->stats.flows;
    f->scope[0] = f->scope[1] = k->ip->scope | strict;
    t->n_strict += strict != 0;
    f->pair.open_ns = p->time_ns;
    f->pair.open_packet = p->number;
    f->pair.rtt_ns = -1;
    queue_add(t, f, CLASS_BRIEF);
    return f;
}

/* SYN, FIN, RST */

/* Both SYNs carried the window scale option, or scaling is off (RFC 7323
 * section 2.2). */
static void
set_window_shift(struct flow *f)
{
    const uint8_t both = f->stream[0].flags & f->stream[1].flags;
    if ((both & (TCP_STREAM_SYN | TCP_STREAM_WSCALE)) !=
        (TCP_STREAM_SYN | TCP_STREAM_WSCALE))
        return;
    for (unsigned d = 0; d < 2; d++)
        f->pair.shift[d] = f->stream[d].shift = f->stream[d].wscale;
}

/* Whether a SYN, captured late, stands before the first captured byte, and
 * bytes between lack.  Should they be late as well they are not told: a flow of
 * their own would tell second copies of what came after them again. */
static bool
is_syn_before(const struct flow *f, unsigned dir, const struct tcp_header *h)
{
    const struct tcp_stream *s = &f->stream[dir];
    uint32_t lack = s->isn - h->seq;
    return (s->flags & (TCP_STREAM_STARTED | TCP_STREAM_SYN)) ==
               TCP_STREAM_STARTED &&
           f->state == FLOW_OPEN && lack > 0 && lack <= UINT16_MAX;
}

/* Whether a SYN that was captured behind the end of a flow, at time_ns, is the
 * one that began it, and no other connection of the same two ports. */
static bool
is_syn_of_closed(const struct flow *f, unsigned dir, const struct tcp_header *h,
                 int64_t time_ns)
{
    const struct tcp_stream *s = &f->stream[dir];
    int64_t late_ns = time_ns - f->meta.time_ns;
    return (s->flags & TCP_STREAM_STARTED) && s->isn - h->seq <= UINT16_MAX &&
           late_ns >= 0 && late_ns <= LATE_NS;
}

/* Whether a SYN belongs to this flow: the same SYN again, one that was
 * captured late, or the answer to its SYN. */
static bool
syn_belongs(const struct flow *f, unsigned dir, const struct tcp_header *h,
            int64_t time_ns)
{
    const struct tcp_stream *s = &f->stream[dir], *o = &f->stream[dir ^ 1];
    bool answer = h->flags & TCP_ACK;
    if (f->state == FLOW_CLOSED && !answer)
        return is_syn_of_closed(f, dir, h, time_ns);
    if (s->flags & TCP_STREAM_STARTED) {
        if (h->seq == s->isn || is_syn_before(f, dir, h))
            return true;
        /* A second answer to the same SYN replaces the first. */
        return f->state == FLOW_NEW && answer && (o->flags & TCP_STREAM_SYN) &&
               h->ack == o->isn + 1;
    }
    if (s->flags & TCP_STREAM_ACKED)
        return (int32_t)(s->acked - h->seq) > 0 &&
               (int32_t)(s->acked - h->seq) <= UINT16_MAX;
    return f->state != FLOW_CLOSED && !(s->flags & TCP_STREAM_SEEN);
}

static void
flow_syn(struct flow_table *t, struct flow *f, unsigned dir,
         const struct tcp_header *h)
{
    struct tcp_stream *s = &f->stream[dir];
    if ((s->flags & TCP_STREAM_SYN) && h->seq == s->isn) {
        f->syn_again |= f->meta.time_ns - f->pair.syn_ns[dir] > SYN_TWICE_NS;
        return;
    }
    bool lacks = is_syn_before(f, dir, h);
    if (lacks)
        s->isn = h->seq;
    else if (!(s->flags & TCP_STREAM_STARTED) || h->seq != s->isn)
        tcp_stream_start(s, h->seq + 1);
    bool first = !(s->flags & TCP_STREAM_SYN);
    s->flags |= TCP_STREAM_SYN;
    f->syn_again |= !first;
    f->pair.syn_seen[dir] = !lacks;
    f->pair.syn_ns[dir] = f->meta.time_ns;
    f->pair.syn_seq[dir] = h->seq;
    f->pair.syn_after[dir] = (uint32_t)(f->meta.number - f->pair.open_packet);
    struct tcp_options options;
    tcp_options_parse(h->options, &options);
    f->pair.mss[dir] = options.has_mss ? options.mss : 0;
    f->pair.timestamps[dir] = options.has_timestamps;
    if (options.has_wscale) {
        s->flags |= TCP_STREAM_WSCALE;
        s->wscale = options.wscale;
    }
    set_window_shift(f);
    if (first)
        flow_tell(t, f, dir, STREAM_TCP_SYN);
}

/* Is it the ACK that completes the TCP handshake (RFC 9293 section 3.5)? */
static void
flow_ack_of_syn(struct flow *f, unsigned dir, const struct tcp_header *h)
{
    struct stream_pair *p = &f->pair;
    if (p->opened_packet || dir != 0 || !p->syn_seen[0] || !p->syn_seen[1] ||
        (h->flags & (TCP_SYN | TCP_RST | TCP_ACK)) != TCP_ACK ||
        h->ack != f->stream[1].isn + 1)
        return;
    p->opened_packet = f->meta.number;
    p->opened_ns = f->meta.time_ns;
    /* With bytes in it, it may have waited for them. */
    if (!f->syn_again && h->payload.len + h->missing == 0 &&
        !(h->flags & TCP_FIN) && p->syn_ns[0] <= p->syn_ns[1] &&
        p->syn_ns[1] <= p->opened_ns)
        p->rtt_ns = p->opened_ns - p->syn_ns[0];
}

/* The SYN came late and tells that end[1] asked: exchanges the directions, as
 * long as nobody knows them.  Returns the direction of the packet. */
static unsigned
flow_turn(struct flow *f, unsigned dir, const struct tcp_header *h)
{
    unsigned asks = h->flags & TCP_ACK ? dir ^ 1 : dir;
    if (f->state != FLOW_NEW || f->pair.syn_seen[0] || f->pair.syn_seen[1] ||
        asks == 0)
        return dir;
    struct endpoint end = f->pair.end[0];
    f->pair.end[0] = f->pair.end[1];
    f->pair.end[1] = end;
    struct tcp_stream stream = f->stream[0];
    f->stream[0] = f->stream[1];
    f->stream[1] = stream;
    bool seen = f->pair.seen[0];
    f->pair.seen[0] = f->pair.seen[1];
    f->pair.seen[1] = seen;
    uint32_t scope = f->scope[0];
    f->scope[0] = f->scope[1];
    f->scope[1] = scope;
    f->swapped ^= 1;
    return dir ^ 1;
}

/* Payload */

/* The first captured payload byte: asks the stages.  False: nobody wants the
 * flow. */
static bool
flow_open(struct flow_table *t, struct flow *f)
{
    f->ctx = t->ops.open(t->user, &f->pair, &f->meta);
    f->state = f->ctx ? FLOW_OPEN : FLOW_IGNORED;
    queue_move(t, f, f->ctx ? CLASS_QUIET : CLASS_IDLE);
    if (!f->ctx)
        return false;
    t->stats.opened++;
    for (unsigned d = 0; d < 2; d++) {
        /* Segments before it of which no byte was captured. */
        uint64_t len = f->stream[d].off;
        if (len == 0)
            continue;
        flow_tell(t, f, d, STREAM_TCP_TRUNCATED);
        t->pool.stats.gaps++;
        t->pool.stats.gap_bytes += len;
        enum stream_want want = t->ops.gap(f->ctx, d, 0, len, &f->meta);
        f->said = want;
        if (!flow_goes_on(t, f, want))
            return false;
    }
    return true;
}

/* The first bytes of a direction whose SYN was not captured. */
static void
start_in_the_middle(struct tcp_stream *s, const struct tcp_header *h)
{
    uint32_t seq = h->seq;
    /* One byte that was acknowledged before: the garbage of a keep-alive
     * probe. */
    if (h->payload.len + h->missing == 1 && (s->flags & TCP_STREAM_ACKED) &&
        s->acked == seq + 1)
        seq++;
    tcp_stream_start(s, seq);
}

/* What the packet carries, when it is not simply the next bytes. */
static bool
flow_payload(struct flow_table *t, struct flow *f, unsigned dir,
             const struct tcp_header *h)
{
    struct tcp_stream *s = &f->stream[dir];
    uint32_t seq = h->seq + ((h->flags & TCP_SYN) != 0);
    if (h->payload.len == 0 && h->missing == 0)
        return true;
    if (!(s->flags & TCP_STREAM_STARTED))
        start_in_the_middle(s, h);
    if (f->state == FLOW_NEW) {
        /* Only bytes that were cut off. */
        if (seq == s->next && !(s->flags & TCP_STREAM_FIN)) {
            s->off += h->missing;
            s->next += h->missing;
        }
        return true;
    }
    struct tcp_call c = flow_call(t, f, dir, &f->meta);
    return flow_goes_on(t, f,
                        tcp_stream_segment(s, &c, seq, h->payload, h->missing));
}

/* The streams that held nothing new for the longest time give up what they
 * hold. */
static void
relieve_held(struct flow_table *t, const struct pkt_meta *now)
{
    unsigned dir;
    struct flow *f;
    while (budget_is_over(t->pool.budget) &&
           (f = tcp_pool_oldest(&t->pool, &dir)) != NULL) {
        struct tcp_stream *s = &f->stream[dir];
        struct tcp_call c = flow_call(t, f, dir, now);
        t->pool.stats.over_memory++;
        if (!flow_goes_on(t, f, tcp_stream_flush(s, &c, false)))
            continue;
        tcp_stream_drop(s, &t->pool);
        flow_settle(t, f);
    }
}

/*
 * Over the budget.  When giving up what is held is not enough, it is what
 * stages keep: open flows end, the least recently active first.  (Ending one
 * that is not open would free nothing.)
 */
static NOINLINE void
relieve(struct flow_table *t, const struct pkt_meta *now)
{
    static const enum flow_class order[] = {CLASS_QUIET, CLASS_KEPT,
                                            CLASS_RESET, CLASS_BRIEF};
    relieve_held(t, now);
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        struct flow *f;
        while (budget_is_over(t->pool.budget) &&
               (f = queue_oldest(t, order[i])) != NULL) {
            t->stats.evicted_memory++;
            flow_evict(t, f);
        }
    }
}

/* Gives up a hole of direction dir when it is time; false: the stage
 * detached. */
static bool
flow_wait(struct flow_table *t, struct flow *f, unsigned dir)
{
    struct tcp_stream *s = &f->stream[dir];
    if (!is_open(f) || (!s->hold && !tcp_stream_lacks(s)))
        return true;
    struct tcp_call c = flow_call(t, f, dir, &f->meta);
    return flow_goes_on(t, f, tcp_stream_wait(s, &c));
}

/* What is special about the payload. */
static void
flow_tell_payload(struct flow_table *t, struct flow *f, unsigned dir,
                  const struct tcp_header *h)
{
    if (h->missing > 0)
        flow_tell(t, f, dir, STREAM_TCP_TRUNCATED);
    /* The pointer is counted from the sequence number to the byte behind the
     * urgent ones, or to their last (RFC 6093 section 2). */
    if ((h->flags & TCP_URG) && h->urgent > 0 &&
        h->urgent <= h->payload.len + h->missing)
        flow_tell(t, f, dir, STREAM_TCP_URGENT);
}

/* What a packet brings besides its acknowledgement. */
static void
flow_take(struct flow_table *t, struct flow *f, unsigned dir,
          const struct tcp_header *h)
{
    /* A hole of the other direction comes before what answers it; one of this
     * direction may be filled by the packet. */
    if (!flow_wait(t, f, dir ^ 1))
        return;
    if (h->missing > 0 || (h->flags & TCP_URG))
        flow_tell_payload(t, f, dir, h);
    if (!flow_payload(t, f, dir, h))
        return;
    if (h->flags & TCP_FIN) {
        uint32_t seq = h->seq + ((h->flags & TCP_SYN) != 0) +
                       (uint32_t)h->payload.len + h->missing;
        if (tcp_stream_fin(&f->stream[dir], seq))
            flow_tell(t, f, dir, STREAM_TCP_FIN);
    }
    if (!flow_wait(t, f, dir))
        return;
    flow_settle(t, f);
}

/* How many bytes the side may have let the other send: its window, as far as
 * that is known.  Unless both SYNs told the scale it may be any (RFC 7323
 * section 2.3). */
static uint32_t
window_reach(const struct flow *f, unsigned dir)
{
    uint32_t window = f->stream[dir].window;
    if (!(f->stream[0].flags & f->stream[1].flags & TCP_STREAM_SYN))
        window = window < TCP_AHEAD_MAX >> TCP_WSCALE_MAX
                     ? window << TCP_WSCALE_MAX
                     : TCP_AHEAD_MAX;
    return window > UINT16_MAX ? window : UINT16_MAX;
}

/*
 * An acknowledgement of what was not captured makes holes, so it must be of
 * something that can have been sent: what the window of its sender allows
 * (RFC 9293 section 3.8.6), or what was captured beyond a hole.  When they
 * keep coming, the capture lost more than that.
 */
static bool
ack_believed(struct flow_table *t, struct flow *f, unsigned dir,
             const struct tcp_header *h)
{
    const struct tcp_stream *o = &f->stream[dir ^ 1];
    int32_t ahead = (int32_t)(h->ack - o->next);
    uint32_t reach = window_reach(f, dir);
    uint32_t from = tcp_stream_lacks(o) ? o->acked : o->next;
    if (!(o->flags & TCP_STREAM_STARTED))
        return true;
    if (ahead <= 0 || (uint32_t)ahead <= tcp_stream_reach(o) ||
        (ahead <= TCP_AHEAD_MAX &&
         (int32_t)(h->ack - from) <= (int32_t)reach)) {
        f->doubts[dir] = 0;
        return true;
    }
    bool again = f->doubts[dir] > 0 && h->ack - f->doubt[dir] <= reach;
    f->doubts[dir] = again ? (uint8_t)(f->doubts[dir] + 1) : 1;
    f->doubt[dir] = h->ack;
    if (f->doubts[dir] >= DOUBTS_MAX && ahead <= TCP_AHEAD_MAX) {
        f->doubts[dir] = 0;
        return true;
    }
    t->stats.acks_ignored++;
    return false;
}

/* The acknowledgement and the window that a packet brings. */
static void
flow_ack(struct flow_table *t, struct flow *f, unsigned dir,
         const struct tcp_header *h)
{
    struct tcp_stream *s = &f->stream[dir], *o = &f->stream[dir ^ 1];
    if ((h->flags & TCP_ACK) && ack_believed(t, f, dir, h)) {
        if (!(o->flags & TCP_STREAM_ACKED)) {
            o->flags |= TCP_STREAM_ACKED;
            o->acked = h->ack;
        } else if ((int32_t)(h->ack - o->acked) > 0) {
            o->acked = h->ack;
            flow_tell(t, f, dir, STREAM_TCP_ACK);
        } else if (h->ack == o->next && h->seq == s->next) {
            /* Newer, and for no more than was captured. */
            tcp_stream_withdraw(o);
        }
    }
    if (!(h->flags & TCP_RST)) {
        s->window = f->meta.window;
        bool zero = s->window == 0, was = s->flags & TCP_STREAM_ZERO;
        if (zero != was) {
            s->flags ^= TCP_STREAM_ZERO;
            flow_tell(t, f, dir,
                      zero ? STREAM_TCP_ZERO_WINDOW : STREAM_TCP_WINDOW_OPEN);
        }
    }
}

/* RST */

/*
 * RFC 9293 section 3.10.7: a RST counts inside the window only, RFC 5961
 * section 3: only exactly at the next byte, else it is answered by a challenge.
 * What the receiver expected next lies between what it acknowledged and what
 * was captured of it, or beyond that where bytes are missing.
 */
static bool
rst_plausible(const struct flow *f, unsigned dir, const struct tcp_header *h)
{
    const struct tcp_stream *s = &f->stream[dir];
    uint32_t reach = window_reach(f, dir ^ 1);
    if (!(s->flags & TCP_STREAM_STARTED))
        return !(s->flags & TCP_STREAM_ACKED) || h->seq - s->acked <= reach;
    if (h->seq - s->next <= reach)
        return true;
    if ((s->flags & TCP_STREAM_FIN) && h->seq == s->fin)
        return true;
    return s->next - h->seq <= reach && (!(s->flags & TCP_STREAM_ACKED) ||
                                         (int32_t)(h->seq - s->acked) >= 0);
}

/* Ends the flow by the RST. */
static void
reset_accept(struct flow_table *t, struct flow *f, const struct flow_reset *r)
{
    f->meta = r->meta;
    f->reset_from = (uint8_t)(1 + r->dir);
    flow_tell(t, f, r->dir, STREAM_TCP_RST);
    for (unsigned i = 0; i < 2; i++) {
        unsigned d = r->dir ^ i;
        struct tcp_stream *s = &f->stream[d];
        struct tcp_call c = flow_call(t, f, d, &f->meta);
        if (s->flags & TCP_STREAM_ENDED)
            continue;
        if (!flow_goes_on(t, f, tcp_stream_flush(s, &c, false)))
            return;
        /* What is missing before the RST was sent as well. */
        if (i == 0 && (s->flags & TCP_STREAM_STARTED) &&
            !flow_goes_on(t, f, tcp_stream_skip(s, &c, f->meta.seq)))
            return;
    }
    flow_end_dir(t, f, r->dir, STREAM_END_RST);
    flow_end_dir(t, f, r->dir ^ 1, STREAM_END_RST);
    flow_close(t, f, FLOW_CLOSED);
}

/*
 * Whether both sides went on after the RST, so that it was not believed: its
 * sender with bytes that do not lead up to it, the other side with new ones
 * (alone they may have been on the way) or with an acknowledgement of some.
 */
static bool
reset_denied(const struct flow *f)
{
    const struct flow_reset *r = f->reset;
    const struct tcp_stream *s = &f->stream[r->dir];
    const struct tcp_stream *o = &f->stream[r->dir ^ 1];
    bool sender = s->off > r->off[r->dir] && s->next != r->meta.seq;
    bool other =
        o->off > r->off[r->dir ^ 1] ||
        ((s->flags & TCP_STREAM_ACKED) && (int32_t)(s->acked - r->next) > 0);
    return sender && other;
}

/* Makes up its mind about the RST; true: the flow is over. */
static bool
reset_decide(struct flow_table *t, struct flow *f)
{
    struct flow_reset r = *f->reset;
    bool denied = reset_denied(f);
    reset_drop(t, f);
    f->state = FLOW_OPEN;
    if (!denied) {
        reset_accept(t, f, &r);
        return true;
    }
    t->stats.resets_ignored++;
    queue_move(t, f, f->said == STREAM_KEEP ? CLASS_KEPT : CLASS_QUIET);
    return false;
}

/* After each packet: is there reason to decide? */
static void
reset_check(struct flow_table *t, struct flow *f)
{
    const struct flow_reset *r = f->reset;
    uint64_t waited = t->clock_ns - r->clock_ns;
    /* Bytes before the RST may have been captured behind it. */
    bool past = (int32_t)(f->stream[r->dir].next - r->meta.seq) > 0 ||
                waited >= (uint64_t)t->pool.gap_ns ||
                f->packets - r->packets >= t->pool.gap_packets;
    if (waited >= RESET_NS || (past && reset_denied(f)))
        (void)reset_decide(t, f);
}

/*
 * A RST is not believed at once: anybody can send one, a capture holds those
 * too that a firewall dropped, and some come before the bytes that they follow.
 * The flow ends when nobody contradicted for a while: reset_denied().
 */
static void
flow_rst(struct flow_table *t, struct flow *f, unsigned dir,
         const struct tcp_header *h)
{
    if (!rst_plausible(f, dir, h)) {
        t->pool.stats.wild++;
        return;
    }
    flow_ack(t, f, dir, h);
    if (!is_open(f)) {
        /* Nothing to tell; it is only forgotten soon. */
        queue_move(t, f, CLASS_CLOSED);
        return;
    }
    const struct tcp_stream *s = &f->stream[dir];
    struct flow_reset r = {.meta = f->meta,
                           .clock_ns = t->clock_ns,
                           .off = {f->stream[0].off, f->stream[1].off},
                           .next = s->next,
                           .packets = f->packets,
                           .dir = dir};
    if (f->state == FLOW_RESET) {
        /* The first one, but for one that fits better. */
        if (f->reset->dir == dir && f->reset->meta.seq != f->reset->next &&
            h->seq == s->next)
            *f->reset = r;
        return;
    }
    f->reset = malloc(sizeof(r));
    if (!f->reset) {
        t->pool.stats.no_memory++;
        reset_accept(t, f, &r);
        return;
    }
    budget_take(t->pool.budget, RESET_COST);
    *f->reset = r;
    f->state = FLOW_RESET;
    queue_move(t, f, CLASS_RESET);
}

/* A packet of a flow that is new or open: everything but the fast path. */
static void
flow_input(struct flow_table *t, struct flow *f, unsigned dir,
           const struct tcp_header *h)
{
    f->stream[dir].flags |= TCP_STREAM_SEEN;
    f->pair.seen[dir] = true;
    if ((h->flags & (TCP_SYN | TCP_RST)) == TCP_SYN)
        flow_syn(t, f, dir, h);
    flow_ack_of_syn(f, dir, h);
    if (f->state == FLOW_NEW && h->payload.len > 0 && !(h->flags & TCP_RST) &&
        !flow_open(t, f))
        return;
    if (h->flags & TCP_RST) {
        flow_rst(t, f, dir, h);
    } else {
        flow_ack(t, f, dir, h);
        flow_take(t, f, dir, h);
    }
    if (f->state == FLOW_RESET)
        reset_check(t, f);
}

/* Whether a RST came before any payload. */
static bool
is_refused(const struct flow *f)
{
    return f->state == FLOW_NEW && f->class == CLASS_CLOSED;
}

/* Whether the packet starts another connection on the 4-tuple of f. */
static bool
starts_anew(const struct flow *f, unsigned dir, const struct tcp_header *h,
            int64_t time_ns)
{
    if ((h->flags & (TCP_SYN | TCP_RST)) == TCP_SYN)
        return !syn_belongs(f, dir, h, time_ns) ||
               (is_refused(f) && !(h->flags & TCP_ACK));
    if ((f->state != FLOW_CLOSED && f->state != FLOW_RESET) ||
        h->payload.len == 0 || (h->flags & TCP_RST))
        return false;
    /* Payload far from where the closed flow was: the SYN got lost. */
    const struct tcp_stream *s = &f->stream[dir];
    if (!(s->flags & TCP_STREAM_STARTED))
        return false;
    if (!near(h->seq, s->next, TCP_BEHIND_MAX))
        return true;
    /* New payload from whoever sent the RST: it was not theirs, and the flow
     * goes on after all. */
    return f->state == FLOW_CLOSED && f->reset_from == dir + 1 &&
           (int32_t)(h->seq - s->next) >= 0;
}

/* Whether a SYN that starts another connection comes from elsewhere: tenants
 * of VLANs and tunnels may use the same addresses.  Before that shows, scopes
 * mean nothing: routers exchange them on the way, a capture may hold the same
 * packet in several, and each direction may have its own. */
static bool
is_elsewhere(const struct flow *f, const struct key *k, unsigned dir,
             const struct tcp_header *h)
{
    return (h->flags & (TCP_SYN | TCP_RST)) == TCP_SYN &&
           f->state != FLOW_CLOSED &&
           (f->stream[dir].flags & TCP_STREAM_SEEN) &&
           (f->scope[dir] & ~SCOPE_STRICT) != k->ip->scope;
}

/* From here on both directions of f must keep their scopes. */
static void
make_strict(struct flow_table *t, struct flow *f)
{
    t->n_strict += !(f->scope[0] & SCOPE_STRICT);
    f->scope[0] |= SCOPE_STRICT;
    f->scope[1] |= SCOPE_STRICT;
}

/* A FIN or RST on an ignored flow: it need not be remembered for long. */
static void
flow_skip(struct flow_table *t, struct flow *f, unsigned dir,
          const struct tcp_header *h)
{
    if (!(h->flags & (TCP_FIN | TCP_RST)) || f->class != CLASS_IDLE)
        return;
    if (h->flags & TCP_FIN)
        f->stream[dir].flags |= TCP_STREAM_FIN;
    if ((h->flags & TCP_RST) ||
        (f->stream[0].flags & f->stream[1].flags & TCP_STREAM_FIN))
        queue_move(t, f, CLASS_CLOSED);
}

/* Whether a packet that comes after a silence is a keep-alive probe: of the
 * last sequence number again, which was acknowledged, with one byte or none
 * (RFC 9293 section 3.8.4).  Probes of a closed window look the same. */
static bool
is_probe(const struct flow *f, unsigned dir, const struct tcp_header *h,
         int64_t time_ns)
{
    const struct tcp_stream *s = &f->stream[dir], *o = &f->stream[dir ^ 1];
    return is_open(f) && (s->flags & TCP_STREAM_STARTED) && s->off > 0 &&
           !(s->flags & (TCP_STREAM_FIN | TCP_STREAM_ENDED)) &&
           h->seq + 1 == s->next && h->payload.len + h->missing <= 1 &&
           (h->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK &&
           (!(s->flags & TCP_STREAM_ACKED) || s->acked == s->next) &&
           !(o->flags & TCP_STREAM_ZERO) &&
           time_ns - f->meta.time_ns >= PROBE_IDLE_NS;
}

INLINE void
fill_meta(struct pkt_meta *m, const struct packet *p,
          const struct ip_packet *ip)
{
    m->number = p->number;
    m->time_ns = p->time_ns;
    m->file_off = p->file_off;
    m->wire_len = p->wire_len;
    m->source = p->source;
    m->iface = p->iface;
    m->ip_id = ip->id;
    m->ttl = ip->ttl;
    m->acks = false;
}

/* Any packet that is not for the fast path; f is NULL when it has no flow. */
static NOINLINE void
flow_any(struct flow_table *t, struct flow *f, const struct packet *p,
         const struct ip_packet *ip)
{
    struct tcp_header h;
    if (!tcp_parse(ip->payload, ip->missing, &h)) {
        t->stats.malformed++;
        return;
    }
    const struct key k = key_make(&t->map, ip, h.src_port, h.dst_port);
    if (f && starts_anew(f, f->swapped ^ k.swapped, &h, p->time_ns)) {
        if (is_elsewhere(f, &k, f->swapped ^ k.swapped, &h)) {
            make_strict(t, f);
        } else {
            t->stats.reused += f->state == FLOW_OPEN;
            flow_evict(t, f);
        }
        f = NULL;
    } else if (!f) {
        f = flow_adopt(t, &k, &h);
    }
    if (!f && !(f = flow_new(t, &k, &h, p)))
        return;
    t->last = f;
    unsigned dir = f->swapped ^ k.swapped;
    if ((h.flags & (TCP_SYN | TCP_RST)) == TCP_SYN)
        dir = flow_turn(f, dir, &h);
    if (f->state == FLOW_IGNORED)
        flow_skip(t, f, dir, &h);
    if (f->state != FLOW_NEW && !is_open(f))
        return;
    if (!(f->stream[dir].flags & TCP_STREAM_SEEN))
        f->scope[dir] = (f->scope[dir] & SCOPE_STRICT) | ip->scope;
    f->packets++;
    bool probe = is_probe(f, dir, &h, p->time_ns);
    fill_meta(&f->meta, p, ip);
    f->meta.seq = h.seq;
    f->meta.ack = h.ack;
    f->meta.flags = h.flags;
    /* The window of a SYN is never scaled (RFC 7323 section 2.2). */
    f->meta.window = (uint32_t)h.window
                     << (h.flags & TCP_SYN ? 0 : f->stream[dir].shift);
    if (probe)
        flow_tell(t, f, dir, STREAM_TCP_KEEPALIVE);
    flow_input(t, f, dir, &h);
    if (budget_is_over(t->pool.budget))
        relieve(t, &f->meta);
}

/* Another answer than the last one. */
static NOINLINE void
flow_answer(struct flow_table *t, struct flow *f, enum stream_want want)
{
    f->said = want;
    (void)flow_goes_on(t, f, want);
}

/*
 * The fast path: an acknowledgement, the next bytes, or both, on an open flow
 * that waits for nothing.  False, with nothing done: it is something else.
 * header_len: of the TCP header, known to be captured whole.
 *
 * An acknowledgement of bytes that were not delivered is something else, so
 * where no stream has a hold, none lacks acknowledged bytes either (but for
 * the single byte that tcp_stream_wait() takes for a FIN).
 */
INLINE bool
flow_fast(struct flow_table *t, struct flow *f, size_t dir, size_t header_len,
          const struct packet *p, const struct ip_packet *ip)
{
    struct tcp_stream *s = &f->stream[0] + dir, *o = &f->stream[1] - dir;
    const unsigned s_must = TCP_STREAM_STARTED | TCP_STREAM_SEEN;
    const unsigned s_not = TCP_STREAM_FIN | TCP_STREAM_ENDED | TCP_STREAM_ZERO;
    const uint8_t *head = ip->payload.ptr;
    const size_t len = ip->payload.len - header_len;
    const uint32_t seq = rd_load_be32(head + 4), ack = rd_load_be32(head + 8);
    const uint32_t window = rd_load_be16(head + 14);
    if ((s->flags & (s_must | s_not)) != s_must ||
        !(o->flags & TCP_STREAM_ACKED) || window == 0 ||
        ((uintptr_t)s->hold | (uintptr_t)o->hold | s->wild | ip->missing) != 0)
        return false;
    if ((int32_t)(ack - o->next) > 0 && (o->flags & TCP_STREAM_STARTED))
        return false;
    if ((len > 0 ? seq != s->next : seq + 1 == s->next) ||
        len > TCP_PAYLOAD_MAX / 2)
        return false;
    f->packets++;
    fill_meta(&f->meta, p, ip);
    f->meta.seq = seq;
    f->meta.ack = ack;
    f->meta.flags = head[13];
    f->meta.window = s->window = window << s->shift;
    f->meta.acks = (int32_t)(ack - o->acked) > 0;
    if (f->meta.acks)
        o->acked = ack;
    if (len == 0) {
        if (f->meta.acks)
            flow_tell(t, f, (unsigned)dir, STREAM_TCP_ACK);
        return true;
    }
    uint64_t off = s->off;
    s->off = off + len;
    s->next += (uint32_t)len;
    tcp_stream_pull_acked(s);
    t->pool.stats.delivered += len;
    enum stream_want want =
        t->ops.data(f->ctx, (unsigned)dir, off,
                    slice_make(head + header_len, len), &f->meta);
    if (want != f->said)
        flow_answer(t, f, want);
    if (budget_is_over(t->pool.budget))
        relieve(t, &f->meta);
    return true;
}

void
flow_table_packet(struct flow_table *t, const struct packet *p,
                  const struct ip_packet *ip)
{
    t->last = NULL;
    if (ip->proto != IP_PROTO_TCP)
        return;
    t->stats.packets++;
    clock_set(t, p->time_ns);
    if (t->clock_ns >= t->expire_ns)
        expire(t);
    const uint8_t *head = ip->payload.ptr;
    if (ip->payload.len < TCP_HEADER_MIN) {
        t->stats.malformed++;
        return;
    }
    const struct key k =
        key_make(&t->map, ip, rd_load_be16(head), rd_load_be16(head + 2));
    struct flow *f = map_find(&t->map, k.hash, flow_is, &k);
    const unsigned turns = TCP_SYN | TCP_FIN | TCP_RST;
    size_t header_len = (size_t)(head[12] >> 4) * 4;
    t->last = f;
    if (f && f->state != FLOW_CLOSED) {
        f->active = true;
        if (t->clock_ns - f->queued_ns > QUEUE_STEP_NS)
            queue_move(t, f, f->class);
        if (f->state == FLOW_IGNORED && (head[13] & turns) == 0)
            return;
        if (f->state == FLOW_OPEN &&
            (head[13] & (turns | TCP_ACK | TCP_URG)) == TCP_ACK &&
            header_len >= TCP_HEADER_MIN && header_len <= ip->payload.len &&
            flow_fast(t, f, f->swapped ^ k.swapped, header_len, p, ip))
            return;
    }
    flow_any(t, f, p, ip);
}

struct flow_sight
flow_table_sight(const struct flow_table *t)
{
    const struct flow *f = t->last;
    if (!f)
        return (struct flow_sight){0, false};
    return (struct flow_sight){f->pair.flow,
                               f->state == FLOW_NEW || is_open(f)};
}

void
flow_table_tick(struct flow_table *t, int64_t time_ns)
{
    unsigned looks = HOLDS_PER_TICK, dir;
    struct flow *f;
    clock_set(t, time_ns);
    while (t->clock_ns >= t->expire_ns)
        expire(t);
    while ((f = tcp_pool_due(&t->pool, t->clock_ns, &dir, &looks)) != NULL)
        if (flow_wait(t, f, dir))
            flow_settle(t, f);
}

/* The end */

/* Sorts flows linked by newer by their numbers (merge sort: no memory, and
 * O(n log n) whoever made the flows). */
static struct flow *
sort_flows(struct flow *list)
{
    for (size_t width = 1;; width *= 2) {
        struct flow *rest = list, *sorted = NULL, **end = &sorted;
        size_t merges = 0;
        while (rest) {
            struct flow *a = rest, *b = rest;
            size_t a_left = 0, b_left = width;
            while (b && a_left < width) {
                b = b->newer;
                a_left++;
            }
            while (a_left > 0 || (b_left > 0 && b)) {
                bool from_a = a_left > 0 && (b_left == 0 || !b ||
                                             a->pair.flow <= b->pair.flow);
                struct flow **from = from_a ? &a : &b;
                *(from_a ? &a_left : &b_left) -= 1;
                *end = *from;
                end = &(*from)->newer;
                *from = (*from)->newer;
            }
            rest = b;
            merges++;
        }
        *end = NULL;
        list = sorted;
        if (merges <= 1)
            return list;
    }
}

/* Takes every open flow out of the queues, in the order of their numbers. */
static struct flow *
open_flows(struct flow_table *t)
{
    struct flow *list = NULL;
    for (unsigned class = 0; class < CLASS_COUNT; class ++) {
        struct flow *f = t->queue[class].oldest;
        while (f) {
            struct flow *next = f->newer;
            if (is_open(f)) {
                queue_remove(t, f);
                f->newer = list;
                list = f;
            }
            f = next;
        }
    }
    return sort_flows(list);
}

static void
flow_table_clear(struct flow_table *t)
{
    map_clear(&t->map);
    t->last = NULL;
    t->unused = NULL;
    for (unsigned class = 0; class < CLASS_COUNT; class ++)
        t->queue[class].oldest = t->queue[class].newest = NULL;
    t->expire_ns = UINT64_MAX;
    while (t->chunks) {
        struct chunk *next = t->chunks->next;
        budget_give(t->pool.budget, CHUNK_COST);
        t->entries -= CHUNK_COST;
        free(t->chunks);
        t->chunks = next;
    }
}

void
flow_table_finish(struct flow_table *t)
{
    struct flow *f = open_flows(t);
    while (f) {
        struct flow *next = f->newer;
        queue_add(t, f, CLASS_KEPT);
        flow_finish(t, f, STREAM_END_CAPTURE);
        f = next;
    }
    flow_table_clear(t);
    assert(t->pool.held == 0);
}

void
flow_table_free(struct flow_table *t)
{
    if (!t)
        return;
    struct flow *f = open_flows(t);
    while (f) {
        struct flow *next = f->newer;
        queue_add(t, f, CLASS_KEPT);
        flow_close(t, f, FLOW_CLOSED);
        f = next;
    }
    flow_table_clear(t);
    map_fini(&t->map);
    budget_give(t->pool.budget, t->map_cost);
    free(t);
}

struct flow_stats
flow_table_stats(const struct flow_table *t)
{
    struct flow_stats out = t->stats;
    const struct tcp_stream_stats *s = &t->pool.stats;
    out.delivered = s->delivered;
    out.gaps = s->gaps;
    out.gap_bytes = s->gap_bytes;
    out.out_of_order = s->out_of_order;
    out.retransmitted = s->retransmitted;
    out.keep_alives = s->keep_alives;
    out.conflicts = s->conflicts;
    out.wild = s->wild;
    out.over_early = s->over_early;
    out.over_memory = s->over_memory;
    out.no_memory = s->no_memory;
    out.flows_now = t->map.count;
    out.held_now = t->pool.held;
    out.held_peak = t->pool.held_peak;
    return out;
}
