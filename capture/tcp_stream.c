/* SPDX-License-Identifier: MIT */
#include "capture/tcp_stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Levels of the skip list; one node in four reaches the next level, so eight
 * serve 4^8 segments. */
#define LEVELS 8u

/* Segments in a row far from the expected one before they are believed: the
 * capture lost so much that the sequence number went out of sight. */
#define WILD_MAX 16u

/* An early segment, or a piece of one. */
struct seg {
    uint64_t off;
    uint32_t len;
    uint32_t height;
    struct pkt_meta meta;
    struct seg *next[]; /* height links, then len bytes */
};

struct tcp_hold {
    struct seg *head[LEVELS];
    /* The links behind which a new last segment goes: head, or the next[] of
     * the last segment that reaches the level. */
    struct seg **tail[LEVELS];
    struct seg *last;
    size_t bytes;    /* of all segments, bookkeeping included */
    uint32_t ranges; /* runs of segments without a hole between */
    bool waiting;    /* the three below are set */
    uint32_t wait_packets;
    uint64_t wait_ns;
    uint64_t wait_off; /* holes before it are given up */
    unsigned dir;
    void *owner;
    struct tcp_hold *older, *newer;
};

/* A place in the skip list: links[l] is what leads on at level l. */
struct place {
    struct seg **links[LEVELS];
    struct seg *before; /* NULL: at the head */
};

static uint64_t
seg_end(const struct seg *g)
{
    return g->off + g->len;
}

static uint8_t *
seg_bytes(struct seg *g)
{
    return (uint8_t *)(g->next + g->height);
}

static size_t
seg_size(uint32_t height, uint32_t len)
{
    return sizeof(struct seg) + height * sizeof(struct seg *) + len;
}

static struct seg *
first(const struct tcp_stream *s)
{
    return s->hold ? s->hold->head[0] : NULL;
}

static void
charge(struct tcp_pool *pool, size_t cost)
{
    pool->held += cost;
    budget_take(pool->budget, cost);
    if (pool->held > pool->held_peak)
        pool->held_peak = pool->held;
}

static void
discharge(struct tcp_pool *pool, size_t cost)
{
    pool->held -= cost;
    budget_give(pool->budget, cost);
}

static void
list_remove(struct tcp_pool *pool, struct tcp_hold *h)
{
    *(h->older ? &h->older->newer : &pool->oldest) = h->newer;
    *(h->newer ? &h->newer->older : &pool->newest) = h->older;
}

static void
list_add(struct tcp_pool *pool, struct tcp_hold *h)
{
    h->newer = NULL;
    h->older = pool->newest;
    *(h->older ? &h->older->newer : &pool->oldest) = h;
    pool->newest = h;
}

/* The stream's hold, made when there is none; NULL without memory. */
static struct tcp_hold *
hold_get(struct tcp_stream *s, const struct tcp_call *c)
{
    if (s->hold)
        return s->hold;
    struct tcp_hold *h = calloc(1, sizeof(*h));
    if (!h) {
        c->pool->stats.no_memory++;
        return NULL;
    }
    for (size_t l = 0; l < LEVELS; l++)
        h->tail[l] = h->head;
    h->owner = c->owner;
    h->dir = c->dir;
    list_add(c->pool, h);
    charge(c->pool, budget_block(sizeof(*h)));
    s->hold = h;
    return h;
}

/* Takes the first segment out; the caller frees it. */
static struct seg *
hold_pop(struct tcp_hold *h, struct tcp_pool *pool)
{
    struct seg *g = h->head[0];
    for (size_t l = 0; l < g->height; l++) {
        h->head[l] = g->next[l];
        if (h->tail[l] == g->next)
            h->tail[l] = h->head;
    }
    if (h->last == g)
        h->last = NULL;
    if (!h->head[0] || h->head[0]->off != seg_end(g))
        h->ranges--;
    size_t cost = budget_block(seg_size(g->height, g->len));
    h->bytes -= cost;
    discharge(pool, cost);
    return g;
}

void
tcp_stream_drop(struct tcp_stream *s, struct tcp_pool *pool)
{
    struct tcp_hold *h = s->hold;
    if (!h)
        return;
    struct seg *g = h->head[0];
    while (g) {
        struct seg *next = g->next[0];
        free(g);
        g = next;
    }
    discharge(pool, h->bytes + budget_block(sizeof(*h)));
    list_remove(pool, h);
    free(h);
    s->hold = NULL;
}

/* Finds the last segment that starts at off or before. */
static void
place_find(struct place *at, struct tcp_hold *h, uint64_t off)
{
    if (h->last && h->last->off <= off) {
        memcpy(at->links, h->tail, sizeof(at->links));
        at->before = h->last;
        return;
    }
    struct seg **links = h->head;
    at->before = NULL;
    for (size_t l = LEVELS; l-- > 0;) {
        while (links[l] && links[l]->off <= off) {
            at->before = links[l];
            links = links[l]->next;
        }
        at->links[l] = links;
    }
}

/* Steps behind the next segment. */
static void
place_step(struct place *at)
{
    struct seg *g = at->links[0][0];
    for (size_t l = 0; l < g->height; l++)
        at->links[l] = g->next;
    at->before = g;
}

/* xorshift64 (Marsaglia, "Xorshift RNGs", 2003). */
static uint32_t
random_height(struct tcp_pool *pool)
{
    uint64_t x = pool->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    pool->random = x;
    uint32_t height = 1;
    for (x >>= 32; height < LEVELS && (x & 3) == 0; x >>= 2)
        height++;
    return height;
}

/* Copies bytes into the hole at the place and steps behind them. */
static bool
place_insert(struct place *at, struct tcp_hold *h, const struct tcp_call *c,
             uint64_t off, struct slice bytes)
{
    uint32_t height = random_height(c->pool);
    uint32_t len = (uint32_t)bytes.len;
    size_t size = seg_size(height, len), cost = budget_block(size);
    struct seg *g = malloc(size);
    if (!g) {
        c->pool->stats.no_memory++;
        return false;
    }
    struct seg *after = at->links[0][0];
    g->off = off;
    g->len = len;
    g->height = height;
    g->meta = *c->meta;
    memcpy(seg_bytes(g), bytes.ptr, len);
    bool joins_before = at->before && seg_end(at->before) == off;
    bool joins_after = after && after->off == off + len;
    h->ranges += 1u - joins_before - joins_after;
    for (size_t l = 0; l < height; l++) {
        g->next[l] = at->links[l][l];
        at->links[l][l] = g;
        if (!g->next[l])
            h->tail[l] = g->next;
        at->links[l] = g->next;
    }
    if (!after)
        h->last = g;
    at->before = g;
    h->bytes += cost;
    charge(c->pool, cost);
    return true;
}

static void
tell(const struct tcp_call *c, enum stream_tcp what)
{
    if (c->pool->ops->tcp)
        c->pool->ops->tcp(c->ctx, c->dir, what, c->meta);
}

/* What a segment met among the held bytes; told once per segment. */
struct overlap {
    bool seen, conflict;
};

/* Compares what is both held in g and in bytes, which start at off. */
static void
compare(struct seg *g, uint64_t off, struct slice bytes,
        const struct tcp_call *c, struct overlap *o)
{
    const uint8_t *held = seg_bytes(g) + (off - g->off);
    size_t len = (size_t)(seg_end(g) - off);
    if (len > bytes.len)
        len = bytes.len;
    if (!o->seen) {
        o->seen = true;
        c->pool->stats.retransmitted++;
        tell(c, STREAM_TCP_RETRANSMIT);
    }
    if (memcmp(held, bytes.ptr, len) == 0)
        return;
    for (size_t i = 0; i < len; i++)
        c->pool->stats.conflicts += held[i] != bytes.ptr[i];
    if (!o->conflict) {
        o->conflict = true;
        tell(c, STREAM_TCP_CONFLICT);
    }
}

/* Sorts out the answer of a stage. */
static enum stream_want
heard(const struct tcp_call *c, enum stream_want want)
{
    *c->said = want;
    return want == STREAM_DETACH ? STREAM_DETACH : STREAM_CONTINUE;
}

static enum stream_want
deliver(struct tcp_stream *s, const struct tcp_call *c, struct slice bytes,
        const struct pkt_meta *meta)
{
    uint64_t off = s->off;
    s->off += bytes.len;
    s->next += (uint32_t)bytes.len;
    c->pool->stats.delivered += bytes.len;
    return heard(c, c->pool->ops->data(c->ctx, c->dir, off, bytes, meta));
}

static enum stream_want
deliver_first(struct tcp_stream *s, const struct tcp_call *c)
{
    struct seg *g = hold_pop(s->hold, c->pool);
    enum stream_want want =
        deliver(s, c, slice_make(seg_bytes(g), g->len), &g->meta);
    free(g);
    return want;
}

/* Delivers the held bytes whose turn has come. */
static enum stream_want
drain(struct tcp_stream *s, const struct tcp_call *c)
{
    enum stream_want want = STREAM_CONTINUE;
    while (want == STREAM_CONTINUE && first(s) && first(s)->off == s->off)
        want = deliver_first(s, c);
    return want;
}

/* Goes on to offset target or behind it: held bytes are delivered, holes are
 * given up. */
static enum stream_want
advance(struct tcp_stream *s, const struct tcp_call *c, uint64_t target)
{
    enum stream_want want = drain(s, c);
    while (want == STREAM_CONTINUE && s->off < target) {
        uint64_t stop = target;
        if (first(s) && first(s)->off < target)
            stop = first(s)->off;
        uint64_t off = s->off, len = stop - off;
        s->off = stop;
        s->next += (uint32_t)len;
        c->pool->stats.gaps++;
        c->pool->stats.gap_bytes += len;
        want = heard(c, c->pool->ops->gap(c->ctx, c->dir, off, len, c->meta));
        if (want == STREAM_CONTINUE)
            want = drain(s, c);
    }
    return want;
}

/* Delivers bytes that start at s->off, where not held already. */
static enum stream_want
take(struct tcp_stream *s, const struct tcp_call *c, struct slice bytes,
     struct overlap *o)
{
    enum stream_want want = STREAM_CONTINUE;
    while (bytes.len > 0 && want == STREAM_CONTINUE) {
        struct seg *g = first(s);
        size_t n = bytes.len;
        if (g && g->off == s->off) {
            compare(g, g->off, bytes, c, o);
            if (g->len < n)
                n = g->len;
            want = deliver_first(s, c);
        } else {
            if (g && g->off - s->off < n)
                n = (size_t)(g->off - s->off);
            want = deliver(s, c, slice_head(bytes, n), c->meta);
        }
        bytes = slice_skip(bytes, n);
    }
    return want == STREAM_CONTINUE ? drain(s, c) : want;
}

/* Copies bytes at off > s->off into the holes there; false without memory. */
static bool
hold_bytes(struct tcp_stream *s, const struct tcp_call *c, uint64_t off,
           struct slice bytes, struct overlap *o)
{
    struct tcp_hold *h = hold_get(s, c);
    if (!h)
        return false;
    list_remove(c->pool, h);
    list_add(c->pool, h);
    struct place at;
    bool early = false;
    place_find(&at, h, off);
    while (bytes.len > 0) {
        size_t n = bytes.len;
        if (at.before && seg_end(at.before) > off) {
            compare(at.before, off, bytes, c, o);
            if (seg_end(at.before) - off < n)
                n = (size_t)(seg_end(at.before) - off);
        } else {
            struct seg *after = at.links[0][0];
            if (after && after->off == off) {
                place_step(&at);
                continue;
            }
            if (after && after->off - off < n)
                n = (size_t)(after->off - off);
            if (!place_insert(&at, h, c, off, slice_head(bytes, n)))
                return false;
            early = true;
        }
        off += n;
        bytes = slice_skip(bytes, n);
    }
    if (early)
        tell(c, STREAM_TCP_EARLY);
    return true;
}

/* Holds bytes that came early, within the limits. */
static enum stream_want
take_early(struct tcp_stream *s, const struct tcp_call *c, uint64_t off,
           struct slice bytes)
{
    const struct tcp_pool *pool = c->pool;
    struct overlap o = {false, false};
    if (!hold_bytes(s, c, off, bytes, &o)) {
        /* Without memory to wait in, waiting ends. */
        enum stream_want want = advance(s, c, off);
        if (want != STREAM_CONTINUE || s->off - off >= bytes.len)
            return want;
        return take(s, c, slice_skip(bytes, (size_t)(s->off - off)), &o);
    }
    enum stream_want want = STREAM_CONTINUE;
    while (want == STREAM_CONTINUE && first(s) &&
           (s->hold->bytes > pool->early_bytes ||
            s->hold->ranges > pool->early_ranges)) {
        c->pool->stats.over_early++;
        want = advance(s, c, first(s)->off);
    }
    return want;
}

/* Where the FIN stands; no byte of the stream lies behind it. */
static uint64_t
fin_off(const struct tcp_stream *s)
{
    return s->flags & TCP_STREAM_FIN ? s->off + (uint32_t)(s->fin - s->next)
                                     : UINT64_MAX;
}

/* A segment that cannot be placed.  A stray one is ignored; when they keep
 * coming, the stream has moved there (by a multiple of 4 GiB more or less,
 * which nothing can tell). */
static enum stream_want
take_wild(struct tcp_stream *s, const struct tcp_call *c, uint32_t seq)
{
    c->pool->stats.wild++;
    if (++s->wild < WILD_MAX || (s->flags & TCP_STREAM_FIN))
        return STREAM_CONTINUE;
    s->wild = 0;
    s->flags &= (uint8_t)~TCP_STREAM_ACKED; /* what was acknowledged is far */
    return advance(s, c, s->off + (uint32_t)(seq - s->next));
}

/* Longest time that packets overtake one another by; a segment that was lost
 * comes again a round trip later at least. */
#define OVERTAKEN_NS INT64_C(3000000)
/* The same, when the IP identification shows that it was sent before. */
#define OVERTAKEN_ID_NS INT64_C(50000000)
/* How many packets a sender may have numbered in between. */
#define IP_IDS_NEAR 1000

/* Whether the packet late, which fills the hole before the held packet early,
 * was sent before it: lost ones come again, but later. */
static bool
overtaken(const struct pkt_meta *late, const struct pkt_meta *early)
{
    int64_t by = late->time_ns - early->time_ns;
    int16_t ids = (int16_t)(uint16_t)(late->ip_id - early->ip_id);
    bool has_ids = late->ip_id != 0 && early->ip_id != 0;
    /* Each interface has a queue of its own on the way into a capture. */
    if (late->iface != early->iface || late->source != early->source)
        return false;
    if (by <= OVERTAKEN_NS)
        return !(has_ids && ids > 0 && ids < IP_IDS_NEAR);
    return by <= OVERTAKEN_ID_NS && has_ids && ids < 0 && ids > -IP_IDS_NEAR;
}

/* Takes the bytes before s->off away from a segment that starts there. */
static void
trim_old(uint32_t old, const struct tcp_call *c, struct slice *payload,
         uint32_t *missing)
{
    /* RFC 9293 section 3.8.4: a keep-alive probe repeats the last sequence
     * number, with one byte of garbage or none. */
    if (old == 1 && payload->len <= 1 && *missing == 0) {
        c->pool->stats.keep_alives++;
        payload->len = 0;
        return;
    }
    c->pool->stats.retransmitted++;
    tell(c, STREAM_TCP_RETRANSMIT);
    uint32_t captured = (uint32_t)payload->len;
    uint32_t skip = old < captured ? old : captured;
    *payload = slice_skip(*payload, skip);
    old -= skip;
    *missing -= old < *missing ? old : *missing;
}

static enum stream_want
segment(struct tcp_stream *s, const struct tcp_call *c, uint32_t seq,
        struct slice payload, uint32_t missing)
{
    int32_t ahead = (int32_t)(seq - s->next);
    if (ahead < -TCP_BEHIND_MAX || ahead > TCP_AHEAD_MAX) {
        uint64_t was = s->off;
        enum stream_want want = take_wild(s, c, seq);
        if (want != STREAM_CONTINUE || s->off == was)
            return want;
        ahead = (int32_t)(seq - s->next);
    }
    s->wild = 0;
    if (ahead < 0) {
        trim_old((uint32_t)-ahead, c, &payload, &missing);
        ahead = 0;
    }
    uint64_t off = s->off + (uint32_t)ahead;
    uint64_t room = fin_off(s);
    room = room > off ? room - off : 0;
    if (room < payload.len)
        payload = slice_head(payload, (size_t)room);
    room -= payload.len;
    if (room < missing)
        missing = (uint32_t)room;
    if (ahead > 0) {
        /* What was cut off stays a hole like any other. */
        c->pool->stats.out_of_order++;
        return payload.len ? take_early(s, c, off, payload) : STREAM_CONTINUE;
    }
    if (first(s) && payload.len && overtaken(c->meta, &first(s)->meta))
        tell(c, STREAM_TCP_OUT_OF_ORDER);
    struct overlap o = {false, false};
    uint64_t end = off + payload.len + missing;
    enum stream_want want = take(s, c, payload, &o);
    if (want == STREAM_CONTINUE && missing)
        want = advance(s, c, end);
    if (want == STREAM_CONTINUE && s->off > off)
        tcp_stream_withdraw(s);
    return want;
}

enum stream_want
tcp_stream_segment(struct tcp_stream *s, const struct tcp_call *c, uint32_t seq,
                   struct slice payload, uint32_t missing)
{
    assert(s->flags & TCP_STREAM_STARTED);
    if (s->flags & TCP_STREAM_ENDED)
        return STREAM_CONTINUE;
    enum stream_want want = segment(s, c, seq, payload, missing);
    tcp_stream_pull_acked(s);
    return want;
}

uint32_t
tcp_stream_reach(const struct tcp_stream *s)
{
    if ((s->flags & (TCP_STREAM_FIN | TCP_STREAM_ENDED)) == TCP_STREAM_FIN)
        return s->fin - s->next + 1;
    return first(s) ? (uint32_t)(seg_end(s->hold->last) - s->off) : 0;
}

void
tcp_stream_withdraw(struct tcp_stream *s)
{
    uint32_t reach = tcp_stream_reach(s);
    if (!tcp_stream_lacks(s) || s->acked - s->next <= reach)
        return;
    s->acked = s->next + reach;
    if (s->hold)
        s->hold->waiting = false;
}

bool
tcp_stream_fin(struct tcp_stream *s, uint32_t seq)
{
    if (s->flags & (TCP_STREAM_FIN | TCP_STREAM_ENDED))
        return false;
    if (!(s->flags & TCP_STREAM_STARTED))
        tcp_stream_start(s, seq);
    int32_t ahead = (int32_t)(seq - s->next);
    if (ahead < 0 || ahead > TCP_AHEAD_MAX)
        return false;
    if (first(s) && seg_end(s->hold->last) > s->off + (uint32_t)ahead)
        return false;
    s->fin = seq;
    s->flags |= TCP_STREAM_FIN;
    return true;
}

/* The offset before which the receiver has everything. */
static uint64_t
known_off(const struct tcp_stream *s, const struct tcp_call *c)
{
    uint64_t known = s->off;
    if (c->one_way) {
        if (s->flags & TCP_STREAM_FIN)
            known = fin_off(s);
        else if (first(s))
            known = seg_end(s->hold->last);
    } else if (tcp_stream_lacks(s)) {
        known += (uint32_t)(s->acked - s->next);
    }
    if (s->flags & TCP_STREAM_FIN)
        return known < fin_off(s) ? known : fin_off(s);
    /* One byte and nothing behind it: a FIN that the capture lost counts as
     * one byte too (RFC 9293 section 3.4). */
    return !first(s) && known == s->off + 1 ? s->off : known;
}

static bool
is_due(const struct tcp_hold *h, const struct tcp_pool *pool, uint64_t clock_ns)
{
    return h->waiting && (int64_t)(clock_ns - h->wait_ns) >= pool->gap_ns;
}

enum stream_want
tcp_stream_wait(struct tcp_stream *s, const struct tcp_call *c)
{
    enum stream_want want = STREAM_CONTINUE;
    struct tcp_hold *h = s->hold;
    if (h && h->waiting && s->off < h->wait_off &&
        (c->packets - h->wait_packets >= c->pool->gap_packets ||
         is_due(h, c->pool, c->clock_ns))) {
        h->waiting = false;
        want =
            advance(s, c, h->wait_off < fin_off(s) ? h->wait_off : fin_off(s));
    }
    if (want != STREAM_CONTINUE)
        return want;
    uint64_t known = known_off(s, c);
    if (known <= s->off) {
        if (h && !h->head[0])
            tcp_stream_drop(s, c->pool);
        else if (h)
            h->waiting = false;
        return want;
    }
    if (h && h->waiting && s->off < h->wait_off)
        return want;
    h = hold_get(s, c);
    if (!h)
        return advance(s, c, known);
    h->waiting = true;
    h->wait_off = known;
    h->wait_packets = c->packets;
    h->wait_ns = c->clock_ns;
    return want;
}

enum stream_want
tcp_stream_flush(struct tcp_stream *s, const struct tcp_call *c, bool tail)
{
    enum stream_want want = STREAM_CONTINUE;
    if (first(s))
        want = advance(s, c, seg_end(s->hold->last));
    if (want != STREAM_CONTINUE || !tail)
        return want;
    return advance(s, c,
                   s->flags & TCP_STREAM_FIN ? fin_off(s) : known_off(s, c));
}

enum stream_want
tcp_stream_skip(struct tcp_stream *s, const struct tcp_call *c, uint32_t seq)
{
    int32_t ahead = (int32_t)(seq - s->next);
    uint64_t target = ahead > 0 ? s->off + (uint32_t)ahead : s->off;
    return advance(s, c, target < fin_off(s) ? target : fin_off(s));
}

void *
tcp_pool_oldest(const struct tcp_pool *pool, unsigned *dir)
{
    if (!pool->oldest)
        return NULL;
    *dir = pool->oldest->dir;
    return pool->oldest->owner;
}

void *
tcp_pool_due(const struct tcp_pool *pool, uint64_t clock_ns, unsigned *dir,
             unsigned *looks)
{
    for (const struct tcp_hold *h = pool->oldest; h && *looks > 0;
         h = h->newer) {
        --*looks;
        if (is_due(h, pool, clock_ns)) {
            *dir = h->dir;
            return h->owner;
        }
    }
    return NULL;
}
