/* SPDX-License-Identifier: MIT */
#include "capture/ip_frag.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

#define UNIT_LEN 8u          /* fragments are cut at multiples of it */
#define DATAGRAM_MAX 0xffffu /* bytes: the length fields have 16 bits */
#define PAGE_LEN 2048u       /* bytes */
#define PAGE_UNITS (PAGE_LEN / UNIT_LEN)
#define PAGES_MAX ((DATAGRAM_MAX + 1) / PAGE_LEN)
#define TOTAL_UNKNOWN UINT32_MAX
/* What malloc() takes for itself with each block. */
#define BLOCK_OVERHEAD 16u

struct page {
    uint64_t have[PAGE_UNITS / 64]; /* a bit for each unit that came */
    uint8_t bytes[PAGE_LEN];
};

/* In 32-bit words, for the hash: source, destination, identification, and
 * family with (IPv4 only, RFC 791 section 3.2) the protocol. */
#define KEY_WORDS 10u
struct key {
    uint32_t words[KEY_WORDS];
};

struct datagram {
    struct datagram *older, *newer; /* by arrival of the first fragment */
    struct key key;
    uint64_t number; /* for ip_frag_datagram() */
    uint32_t hash;
    int64_t first_ns; /* when that was */
    uint32_t total;   /* payload bytes; TOTAL_UNKNOWN before the last one */
    uint32_t end;     /* end of the farthest fragment so far, bytes */
    uint32_t n_units; /* units in store */
    uint16_t id;      /* this and below: of the fragment at offset 0 */
    uint8_t proto;
    uint8_t ttl;
    struct page *pages[PAGES_MAX]; /* NULL: nothing of it came yet */
};

struct ip_frag_store {
    struct ip_frag_limits limits;
    struct ip_frag_stats stats;
    uint64_t n_datagrams; /* ever; the number of the last one */
    uint64_t added_to;    /* by the last call; 0: none */
    struct datagram *oldest, *newest;
    struct map datagrams;            /* by key */
    uint8_t whole[DATAGRAM_MAX + 1]; /* the last whole datagram */
};

struct ip_frag_limits
ip_frag_limits_default(void)
{
    struct ip_frag_limits limits = {
        .bytes = (size_t)16 << 20,
        .timeout_ns = INT64_C(30) * 1000000000,
        .n_datagrams = 4096,
    };
    return limits;
}

enum err
ip_frag_new(struct ip_frag_store **out, const struct ip_frag_limits *limits)
{
    struct ip_frag_store *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->limits = *limits;
    if (map_init(&s->datagrams) != ERR_OK) {
        free(s);
        return ERR_NOMEM;
    }
    *out = s;
    return ERR_OK;
}

/* Takes d out of the map and of the list by age, and frees it. */
static void
drop_datagram(struct ip_frag_store *s, struct datagram *d)
{
    map_remove(&s->datagrams, d->hash, d);
    if (d->older)
        d->older->newer = d->newer;
    else
        s->oldest = d->newer;
    if (d->newer)
        d->newer->older = d->older;
    else
        s->newest = d->older;
    for (size_t i = 0; i < PAGES_MAX; i++) {
        if (d->pages[i])
            s->stats.bytes -= sizeof(struct page) + BLOCK_OVERHEAD;
        free(d->pages[i]);
    }
    s->stats.bytes -= sizeof *d + BLOCK_OVERHEAD;
    s->stats.waiting--;
    free(d);
}

void
ip_frag_free(struct ip_frag_store *s)
{
    if (!s)
        return;
    while (s->oldest)
        drop_datagram(s, s->oldest);
    map_fini(&s->datagrams);
    free(s);
}

uint64_t
ip_frag_datagram(const struct ip_frag_store *s)
{
    return s->added_to;
}

const struct ip_frag_stats *
ip_frag_stats(const struct ip_frag_store *s)
{
    return &s->stats;
}

static struct key
make_key(const struct ip_fragment *frag, const struct ip_packet *ip)
{
    struct key key;
    memcpy(key.words, ip->src.bytes, 16);
    memcpy(key.words + 4, ip->dst.bytes, 16);
    key.words[8] = frag->id;
    key.words[9] = ip->src.family;
    if (ip->src.family == 4)
        key.words[9] |= (uint32_t)ip->proto << 8;
    return key;
}

/* Capture time may step back, between two files for instance: far enough
 * away in either direction is too old. */
static bool
is_expired(const struct ip_frag_store *s, const struct datagram *d,
           int64_t now_ns)
{
    uint64_t age = now_ns >= d->first_ns
                       ? (uint64_t)now_ns - (uint64_t)d->first_ns
                       : (uint64_t)d->first_ns - (uint64_t)now_ns;
    return s->limits.timeout_ns < 0 || age > (uint64_t)s->limits.timeout_ns;
}

static void
drop_expired(struct ip_frag_store *s, int64_t now_ns)
{
    while (s->oldest && is_expired(s, s->oldest, now_ns)) {
        s->stats.expired++;
        drop_datagram(s, s->oldest);
    }
}

/* Makes room for a block of len bytes by dropping the oldest datagrams, but
 * not keep.  False when that is not enough. */
static bool
make_room(struct ip_frag_store *s, size_t len, const struct datagram *keep)
{
    if (len > s->limits.bytes)
        return false;
    while (s->stats.bytes > s->limits.bytes - len) {
        struct datagram *d = s->oldest;
        if (d == keep && d)
            d = d->newer;
        if (!d)
            return false;
        s->stats.evicted++;
        drop_datagram(s, d);
    }
    return true;
}

static struct datagram *
new_datagram(struct ip_frag_store *s, const struct key *key, uint32_t hash,
             int64_t now_ns)
{
    if (s->limits.n_datagrams == 0)
        return NULL;
    if (s->stats.waiting >= s->limits.n_datagrams) {
        s->stats.evicted++;
        drop_datagram(s, s->oldest);
    }
    size_t block = sizeof(struct datagram) + BLOCK_OVERHEAD;
    if (!make_room(s, block, NULL))
        return NULL;
    struct datagram *d = calloc(1, sizeof *d);
    if (!d || map_insert(&s->datagrams, hash, d) != ERR_OK) {
        free(d);
        return NULL;
    }
    s->stats.bytes += block;
    s->stats.waiting++;
    d->key = *key;
    d->number = ++s->n_datagrams;
    d->hash = hash;
    d->first_ns = now_ns;
    d->total = TOTAL_UNKNOWN;
    d->older = s->newest;
    if (s->newest)
        s->newest->newer = d;
    else
        s->oldest = d;
    s->newest = d;
    return d;
}

/* Makes the pages that bytes off to end of d need; false without memory. */
static bool
make_pages(struct ip_frag_store *s, struct datagram *d, uint32_t off,
           uint32_t end)
{
    size_t block = sizeof(struct page) + BLOCK_OVERHEAD;
    for (size_t i = off / PAGE_LEN; i * PAGE_LEN < end; i++) {
        if (d->pages[i])
            continue;
        if (!make_room(s, block, d))
            return false;
        d->pages[i] = malloc(sizeof(struct page));
        if (!d->pages[i])
            return false;
        memset(d->pages[i]->have, 0, sizeof d->pages[i]->have);
        s->stats.bytes += block;
    }
    return true;
}

/* The bits of word w of page->have for units first to end - 1. */
static uint64_t
unit_mask(uint32_t w, uint32_t first, uint32_t end)
{
    uint32_t from = first > w * 64 ? first - w * 64 : 0;
    uint32_t to = end < (w + 1) * 64 ? end - w * 64 : 64;
    uint64_t below_to = to == 64 ? UINT64_MAX : (UINT64_C(1) << to) - 1;
    return below_to & ~((UINT64_C(1) << from) - 1);
}

/* Copies what is new of data, which lies in one page; a unit that came before
 * stays as it was.  Returns the number of new units. */
static uint32_t
store_in_page(struct page *page, uint32_t off, struct slice data)
{
    uint32_t first = off / UNIT_LEN;
    uint32_t n = ((uint32_t)data.len + UNIT_LEN - 1) / UNIT_LEN;
    uint32_t end = first + n;
    uint64_t seen = 0;
    for (uint32_t w = first / 64; w * 64 < end; w++)
        seen |= page->have[w] & unit_mask(w, first, end);
    if (seen == 0) { /* nearly always */
        memcpy(page->bytes + off, data.ptr, data.len);
        for (uint32_t w = first / 64; w * 64 < end; w++)
            page->have[w] |= unit_mask(w, first, end);
        return n;
    }

    uint32_t n_new = 0;
    for (uint32_t unit = first; unit < end; unit++) {
        struct slice piece = slice_head(data, UNIT_LEN);
        uint64_t bit = UINT64_C(1) << (unit % 64);
        if ((page->have[unit / 64] & bit) == 0) {
            page->have[unit / 64] |= bit;
            memcpy(page->bytes + unit * UNIT_LEN, piece.ptr, piece.len);
            n_new++;
        }
        data = slice_skip(data, piece.len);
    }
    return n_new;
}

static void
store_units(struct datagram *d, uint32_t off, struct slice data)
{
    while (data.len > 0) {
        uint32_t in_page = off % PAGE_LEN;
        struct slice piece = slice_head(data, PAGE_LEN - in_page);
        d->n_units += store_in_page(d->pages[off / PAGE_LEN], in_page, piece);
        off += (uint32_t)piece.len;
        data = slice_skip(data, piece.len);
    }
}

/* Gathers d in s->whole, hands it out through ip and forgets it. */
static void
deliver(struct ip_frag_store *s, struct datagram *d, struct ip_packet *ip)
{
    for (uint32_t off = 0; off < d->total; off += PAGE_LEN) {
        uint32_t left = d->total - off;
        memcpy(s->whole + off, d->pages[off / PAGE_LEN]->bytes,
               left < PAGE_LEN ? left : PAGE_LEN);
    }
    ip->payload = slice_make(s->whole, d->total);
    ip->missing = 0;
    ip->proto = d->proto;
    ip->ttl = d->ttl;
    ip->id = d->id;
    s->stats.reassembled++;
    drop_datagram(s, d);
}

/* What no sender may send (RFC 8200 section 4.5), and what was cut. */
static bool
is_bad(const struct ip_fragment *frag, const struct ip_packet *ip)
{
    size_t len = ip->payload.len;
    if (ip->missing > 0 || len > DATAGRAM_MAX - frag->off)
        return true;
    return frag->more ? len == 0 || len % UNIT_LEN != 0 : false;
}

/* Whether a fragment and what came before disagree on the datagram's end. */
static bool
contradicts(const struct datagram *d, const struct ip_fragment *frag,
            uint32_t end)
{
    if (d->total != TOTAL_UNKNOWN)
        return end > d->total || (!frag->more && end != d->total);
    return !frag->more && end < d->end;
}

static bool
has_key(const void *datagram, const void *key)
{
    const struct datagram *d = datagram;
    return memcmp(&d->key, key, sizeof d->key) == 0;
}

/* The datagram that a fragment belongs to; NULL: none yet. */
static struct datagram *
current_datagram(struct ip_frag_store *s, const struct key *key, uint32_t hash,
                 int64_t now_ns)
{
    struct datagram *d = map_find(&s->datagrams, hash, has_key, key);
    if (d && is_expired(s, d, now_ns)) {
        s->stats.expired++;
        drop_datagram(s, d);
        return NULL;
    }
    return d;
}

static void
store_fragment(struct datagram *d, const struct ip_fragment *frag,
               const struct ip_packet *ip, uint32_t end)
{
    bool is_first =
        frag->off == 0 && (!d->pages[0] || (d->pages[0]->have[0] & 1) == 0);
    if (is_first) {
        d->proto = ip->proto;
        d->ttl = ip->ttl;
        d->id = ip->id;
    }
    store_units(d, frag->off, ip->payload);
    if (end > d->end)
        d->end = end;
    if (!frag->more)
        d->total = end;
}

enum ip_frag_result
ip_frag_add(struct ip_frag_store *s, int64_t now_ns,
            const struct ip_fragment *frag, struct ip_packet *ip)
{
    assert(frag->off <= DATAGRAM_MAX && frag->off % UNIT_LEN == 0);
    s->stats.fragments++;
    s->added_to = 0;
    drop_expired(s, now_ns);
    if (is_bad(frag, ip)) {
        s->stats.bad++;
        return IP_FRAG_BAD;
    }
    uint32_t end = frag->off + (uint32_t)ip->payload.len;
    struct key key = make_key(frag, ip);
    uint32_t hash = map_hash(&s->datagrams, key.words, KEY_WORDS);
    struct datagram *d = current_datagram(s, &key, hash, now_ns);
    if (d && contradicts(d, frag, end)) {
        s->stats.bad++;
        return IP_FRAG_BAD;
    }
    if (!d)
        d = new_datagram(s, &key, hash, now_ns);
    if (!d || !make_pages(s, d, frag->off, end)) {
        s->stats.no_memory++;
        if (d) {
            s->stats.evicted++;
            drop_datagram(s, d);
        }
        return IP_FRAG_WAITING;
    }
    store_fragment(d, frag, ip, end);
    s->added_to = d->number;
    if (d->total == TOTAL_UNKNOWN ||
        d->n_units < (d->total + UNIT_LEN - 1) / UNIT_LEN)
        return IP_FRAG_WAITING;
    deliver(s, d, ip);
    return IP_FRAG_WHOLE;
}
