/* SPDX-License-Identifier: MIT */
#include "dissect/ws_sync.h"

#include <stdlib.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/rd.h"
#include "base/utf8.h"
#include "dissect/ws_unmask.h"

/* Densities are measured in blocks; a header is judged when the block behind
 * its own is complete, so that they are known on both of its sides. */
#define BLOCK_LEN 256u
#define N_NEAR 3u /* blocks: before, its own, behind */
#define N_FAR 16u
#define N_BLOCKS 32u      /* in the ring, a power of two */
#define PSEUDO_LEN 128.0f /* bytes of random data assumed to have been seen */
#define PSEUDO_N 0.25f    /* what they would hold of one class */

#define N_HITS 1024u /* positions waiting, more than fit in N_NEAR blocks */
#define CHAINS_MAX 512u
#define CHAINS_FIRST 16u
#define PIECE_COST 64u /* as in hold.c: a flood of tiny packets is bounded */
#define TRIM_FIRST 8192u
/* Room for what waits to be judged, even if each byte is a packet. */
#define HOLD_LEAST ((size_t)128 << 10)

#define LOOK_TEXT 64u  /* payload bytes looked at as text */
#define LOOK_SAME 128u /* ... and compared with the last frame's */
#define MISS_BITS 5.0f /* bad UTF-8, unknown close code, a second Close */
#define SEG_BITS_MAX 8.0f
#define RIVAL_BITS 32.0f
#define RECHECK_BITS 4.0f
/* A chain may be that much worse than a new one before it is given up: what
 * is learned of the sender's habits costs some bits at first. */
#define SLACK_BITS 8.0f

/* First bytes of headers that may be. */
enum kind {
    KIND_TEXT = 0,
    KIND_BINARY,
    KIND_LAST,  /* final continuation */
    KIND_NEXT,  /* continuation with more to come */
    KIND_TEXT1, /* a first fragment */
    KIND_BINARY1,
    KIND_CLOSE,
    KIND_PING,
    KIND_PONG,
    KIND_ZTEXT, /* with RSV1 */
    KIND_ZBINARY,
    KIND_ZTEXT1,
    KIND_ZBINARY1,
    N_KINDS,
};

/* Where the length is. */
enum form {
    FORM_EMPTY = 0,
    FORM_7,
    FORM_16,
    FORM_64,
    N_FORMS,
};

/* How a position stands to the packets. */
enum seg {
    SEG_INSIDE = 0,
    SEG_START, /* the first byte of a packet */
    SEG_PUSH,  /* ... behind one with PSH */
    N_SEGS,
};

#define N_CLASSES (N_KINDS * N_FORMS * 2u) /* 2: masked or not */

/* How often each occurs in frames.  Rough on purpose: what a chain has shown
 * so far counts half. */
static const float kind_share[N_KINDS] = {.25f, .25f, .06f, .06f, .05f,
                                          .05f, .01f, .05f, .05f, .06f,
                                          .05f, .03f, .03f};
static const float form_share[N_FORMS] = {.05f, .55f, .3f, .1f};

struct block {
    uint16_t n[N_CLASSES]; /* positions that could be headers */
    uint16_t seg[N_SEGS];
    uint16_t len;    /* bytes */
    uint16_t n_hits; /* sum of n */
};

/* Is a message open? */
enum msg {
    MSG_UNKNOWN = 0,
    MSG_NONE,
    MSG_OPEN,
};

/* Headers remembered: repetition is seen up to a period of two less. */
#define N_MEMORY 10u

struct chain {
    uint64_t next;   /* where its next header must stand */
    uint64_t report; /* first proven header that is still held */
    float score;
    float repeats; /* what of it was earned by repetition */
    float report_score;
    float check_at; /* ask for rivals from this score on */
    uint32_t mask;  /* of the last header */
    uint8_t n;      /* headers, up to 255 */
    uint8_t msg;
    uint8_t kind, form;
    bool masked;
    bool reporting;
    bool rsv1;
    bool closed;
    uint16_t seg[N_SEGS];
    /* Of its last headers, the newest first: form and length, and the start
     * of the payload, as hashes; 0: none. */
    uint16_t sigs[N_MEMORY], data[N_MEMORY];
};

/* A header as far as it matters here. */
struct head {
    uint64_t off;
    uint64_t payload_len;
    const uint8_t *at;      /* its bytes */
    const uint8_t *payload; /* what is there of its payload ... */
    size_t have;            /* ... bytes */
    uint8_t header_len;
    uint8_t kind, form;
    uint8_t seg;
    bool masked;
    uint32_t mask;
};

struct due {
    uint64_t next;
    uint16_t chain;
};

struct ws_sync {
    struct ws_sync_config config;
    struct ws_sync_verdict verdict;
    bool failed; /* no memory */
    /* A position is a hit when first[b0] & second[b1]. */
    uint8_t first[256], second[256];
    uint8_t kind_of[256];
    /* What is held: bytes, and the pieces they came in. */
    struct buf bytes;
    uint64_t end_off; /* behind the last byte or gap taken */
    uint64_t run_off; /* where the bytes behind the last gap start */
    size_t trim_at, trim_pieces_at; /* when to let go of some */
    struct ws_sync_piece *pieces;
    size_t n_pieces, cap_pieces;
    size_t seg_piece; /* where looking for a packet's start goes on */
    bool any_piece;   /* ever */
    /* Counting. */
    uint64_t count_off;   /* next position to count */
    uint64_t n_tried[2];  /* positions, packets' starts */
    uint64_t block;       /* being filled; modulo N_BLOCKS in the ring */
    uint64_t first_block; /* first one that is not judged yet */
    struct block blocks[N_BLOCKS];
    uint32_t far_n[N_CLASSES]; /* of N_FAR blocks up to far_block */
    uint32_t far_seg[N_SEGS];
    uint32_t far_len;
    uint64_t hits[N_HITS];
    uint32_t hit_head, hit_tail;
    /* Chains, and a heap of them by next. */
    struct chain *chains;
    uint16_t *free_chains;
    struct due *heap;
    uint16_t n_heap, n_free, cap_chains;
};

/* ---- Small help ----------------------------------------------------- */

/* Good to 0.01; v > 0. */
static float
log2_of(float v)
{
    uint32_t u;
    memcpy(&u, &v, sizeof u);
    float exponent = (float)(int32_t)(u >> 23) - 127.0f;
    u = (u & 0x7fffffu) | 0x3f800000u;
    memcpy(&v, &u, sizeof v);
    return exponent + (-1.0f / 3.0f * v + 2.0f) * v - 2.0f / 3.0f - 1.0f;
}

static uint16_t
hash16(const uint8_t *p, size_t len)
{
    uint32_t h = 0x811c9dc5u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * 0x01000193u;
    return (uint16_t)(h ^ h >> 16);
}

static unsigned
class_of(unsigned kind, unsigned form, bool masked)
{
    return (kind * N_FORMS + form) * 2 + masked;
}

static unsigned
form_of(uint8_t byte1)
{
    unsigned len7 = byte1 & 0x7fu;
    return len7 == 0     ? FORM_EMPTY
           : len7 < 126  ? FORM_7
           : len7 == 126 ? FORM_16
                         : FORM_64;
}

static bool
kind_is_control(unsigned kind)
{
    return kind >= KIND_CLOSE && kind <= KIND_PONG;
}

static bool
kind_is_text(unsigned kind)
{
    return kind == KIND_TEXT || kind == KIND_TEXT1;
}

/* The byte at offset off of the run behind the last gap. */
static const uint8_t *
byte_at(const struct ws_sync *s, uint64_t off)
{
    assert(off >= s->run_off && s->end_off - off <= s->bytes.len);
    return s->bytes.ptr + s->bytes.len - (size_t)(s->end_off - off);
}

/* ---- Making --------------------------------------------------------- */

#define HIT_DATA 1u
#define HIT_CONTROL 2u

static void
make_tables(struct ws_sync *s)
{
    static const uint8_t bytes[N_KINDS] = {0x81, 0x82, 0x80, 0x00, 0x01,
                                           0x02, 0x88, 0x89, 0x8a, 0xc1,
                                           0xc2, 0x41, 0x42};
    for (unsigned k = 0; k < N_KINDS; k++) {
        if (k >= KIND_ZTEXT && !s->config.rsv1_ok)
            break;
        s->first[bytes[k]] = kind_is_control(k) ? HIT_CONTROL : HIT_DATA;
        s->kind_of[bytes[k]] = (uint8_t)k;
    }
    for (unsigned b = 0; b < 256; b++) {
        bool client = b >= 0x80;
        if (s->config.sender_known &&
            client != (s->config.from == WS_SENDER_CLIENT))
            continue;
        s->second[b] = HIT_DATA;
        if ((b & 0x7fu) <= WS_FRAME_CONTROL_MAX)
            s->second[b] |= HIT_CONTROL;
    }
}

/* Room for n chains; those there are stay. */
static bool
grow_chains(struct ws_sync *s, uint16_t n)
{
    struct chain *chains = realloc(s->chains, n * sizeof chains[0]);
    if (chains)
        s->chains = chains;
    uint16_t *list = realloc(s->free_chains, n * sizeof list[0]);
    if (list)
        s->free_chains = list;
    struct due *heap = realloc(s->heap, n * sizeof heap[0]);
    if (heap)
        s->heap = heap;
    if (!chains || !list || !heap)
        return false;
    while (s->cap_chains < n)
        s->free_chains[s->n_free++] = s->cap_chains++;
    return true;
}

enum err
ws_sync_new(struct ws_sync **out, const struct ws_sync_config *config)
{
    struct ws_sync *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->config = *config;
    if (s->config.bits < WS_SYNC_BITS)
        s->config.bits = WS_SYNC_BITS;
    if (s->config.hold_max == 0)
        s->config.hold_max = WS_SYNC_HOLD_MAX;
    if (s->config.hold_max < HOLD_LEAST)
        s->config.hold_max = HOLD_LEAST;
    s->trim_at = TRIM_FIRST;
    s->trim_pieces_at = TRIM_FIRST / PIECE_COST;
    /* One block more than the limit may come in before it is enforced. */
    buf_init(&s->bytes, s->config.hold_max + BLOCK_LEN);
    make_tables(s);
    if (!grow_chains(s, CHAINS_FIRST)) {
        ws_sync_free(s);
        return ERR_NOMEM;
    }
    *out = s;
    return ERR_OK;
}

void
ws_sync_free(struct ws_sync *s)
{
    if (!s)
        return;
    buf_fini(&s->bytes);
    free(s->pieces);
    free(s->chains);
    free(s->free_chains);
    free(s->heap);
    free(s);
}

const struct ws_sync_verdict *
ws_sync_verdict(const struct ws_sync *s)
{
    return &s->verdict;
}

bool
ws_sync_failed(const struct ws_sync *s)
{
    return s->failed;
}

size_t
ws_sync_memory(const struct ws_sync *s)
{
    return budget_block(sizeof *s) + budget_block(s->bytes.cap) +
           budget_block(s->cap_pieces * sizeof s->pieces[0]) +
           budget_block(s->cap_chains * sizeof s->chains[0]) +
           budget_block(s->cap_chains * sizeof s->free_chains[0]) +
           budget_block(s->cap_chains * sizeof s->heap[0]);
}

/* ---- Chains by the offset at which they go on ----------------------- */

static void
heap_down(struct ws_sync *s, unsigned i)
{
    struct due moved = s->heap[i];
    for (;;) {
        unsigned child = 2 * i + 1;
        if (child + 1 < s->n_heap &&
            s->heap[child + 1].next < s->heap[child].next)
            child++;
        if (child >= s->n_heap || s->heap[child].next >= moved.next)
            break;
        s->heap[i] = s->heap[child];
        i = child;
    }
    s->heap[i] = moved;
}

static void
heap_push(struct ws_sync *s, uint16_t chain)
{
    struct due added = {s->chains[chain].next, chain};
    unsigned i = s->n_heap++;
    while (i > 0 && s->heap[(i - 1) / 2].next > added.next) {
        s->heap[i] = s->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    s->heap[i] = added;
}

static uint16_t
heap_pop(struct ws_sync *s)
{
    uint16_t chain = s->heap[0].chain;
    s->heap[0] = s->heap[--s->n_heap];
    if (s->n_heap > 0)
        heap_down(s, 0);
    return chain;
}

static void
drop_chain(struct ws_sync *s, uint16_t chain)
{
    s->free_chains[s->n_free++] = chain;
}

/* There are too many: those that are not better than the average go, and
 * half of them at least: full again only after as many new ones. */
static void
thin_out(struct ws_sync *s)
{
    float sum = 0, best = -1e9f;
    unsigned kept = 0, n = s->n_heap;
    for (unsigned i = 0; i < n; i++) {
        float score = s->chains[s->heap[i].chain].score;
        sum += score;
        best = score > best ? score : best;
    }
    float least = sum / (float)n;
    bool have_best = false;
    for (unsigned i = 0; i < n; i++) {
        struct due d = s->heap[i];
        float score = s->chains[d.chain].score;
        bool is_best = score >= best && !have_best;
        have_best = have_best || is_best;
        if (is_best || (score > least && kept < n / 2))
            s->heap[kept++] = d;
        else
            drop_chain(s, d.chain);
    }
    s->n_heap = (uint16_t)kept;
    for (unsigned i = kept / 2; i-- > 0;)
        heap_down(s, i);
}

/* A chain to fill, or none: CHAINS_MAX. */
static uint16_t
new_chain(struct ws_sync *s)
{
    if (s->n_free == 0) {
        if (s->cap_chains >= CHAINS_MAX ||
            !grow_chains(s, (uint16_t)(s->cap_chains * 2)))
            thin_out(s);
    }
    return s->n_free > 0 ? s->free_chains[--s->n_free] : (uint16_t)CHAINS_MAX;
}

/* The best of the chains that go on at off, the others being dropped; or
 * CHAINS_MAX. */
static uint16_t
chain_at(struct ws_sync *s, uint64_t off)
{
    uint16_t best = CHAINS_MAX;
    while (s->n_heap > 0 && s->heap[0].next <= off) {
        bool missed = s->heap[0].next < off;
        uint16_t c = heap_pop(s);
        if (missed) {
            drop_chain(s, c);
        } else if (best == CHAINS_MAX) {
            best = c;
        } else {
            bool better = s->chains[c].score > s->chains[best].score;
            drop_chain(s, better ? best : c);
            best = better ? c : best;
        }
    }
    return best;
}

/* ---- Judging one header --------------------------------------------- */

/* Reads the header at off.  False: it is none, or not all there. */
static bool
read_head(const struct ws_sync *s, uint64_t off, struct head *h)
{
    const uint8_t *p = byte_at(s, off);
    uint64_t have = s->end_off - off;
    unsigned len = 2;
    *h = (struct head){.off = off,
                       .at = p,
                       .kind = s->kind_of[p[0]],
                       .form = (uint8_t)form_of(p[1]),
                       .masked = p[1] >= 0x80};
    h->payload_len = p[1] & 0x7fu;
    if (h->form >= FORM_16)
        len += h->form == FORM_16 ? 2 : 8;
    h->header_len = (uint8_t)(len + (h->masked ? 4 : 0));
    if (have < h->header_len)
        return false;
    if (h->form == FORM_16 && (h->payload_len = rd_load_be16(p + 2)) < 126)
        return false;
    if (h->form == FORM_64) {
        h->payload_len = rd_load_be64(p + 2);
        if (h->payload_len <= UINT16_MAX ||
            h->payload_len > WS_SYNC_PAYLOAD_MAX)
            return false;
    }
    if (h->kind == KIND_CLOSE && h->payload_len == 1)
        return false;
    if (h->masked)
        h->mask = rd_load_be32(p + len);
    h->payload = p + h->header_len;
    have -= h->header_len;
    h->have = (size_t)(have < h->payload_len ? have : h->payload_len);
    return true;
}

/* Whether the chain may go on with the header. */
static bool
fits(const struct chain *c, const struct head *h)
{
    if (c->masked != h->masked)
        return false;
    if (kind_is_control(h->kind) || c->msg == MSG_UNKNOWN)
        return true;
    bool more = h->kind == KIND_LAST || h->kind == KIND_NEXT;
    return more == (c->msg == MSG_OPEN);
}

/* Share of the positions around that could be a header of its class. */
static float
density(const struct ws_sync *s, unsigned class, uint64_t block)
{
    uint32_t n = 0, len = 0;
    for (uint64_t b = block > 0 ? block - 1 : 0; b <= block + 1; b++) {
        const struct block *bl = &s->blocks[b % N_BLOCKS];
        if (b > s->block)
            break;
        n += bl->n[class];
        len += bl->len;
    }
    float near = ((float)n + PSEUDO_N) / ((float)len + PSEUDO_LEN);
    float far =
        ((float)s->far_n[class] + PSEUDO_N) / ((float)s->far_len + PSEUDO_LEN);
    return near > far ? near : far;
}

/* What is seen of the payload, unmasked, in out; returns its length. */
static size_t
look(const struct head *h, uint8_t *out, size_t cap)
{
    uint8_t mask[4] = {0};
    size_t n = h->have < cap ? h->have : cap;
    if (h->masked)
        memcpy(mask, h->payload - 4, 4);
    ws_unmask(out, h->payload, n, mask, 0);
    return n;
}

/* Bits that the payload takes away. */
static float
payload_penalty(const struct head *h)
{
    uint8_t plain[LOOK_TEXT];
    if (kind_is_text(h->kind)) {
        size_t n = look(h, plain, sizeof plain);
        struct utf8 check;
        utf8_init(&check);
        bool ok = utf8_feed(&check, plain, n);
        if (ok && h->kind == KIND_TEXT && n == h->payload_len)
            ok = utf8_done(&check);
        return ok ? 0 : MISS_BITS;
    }
    if (h->kind == KIND_CLOSE && h->have >= 2) {
        look(h, plain, 2);
        unsigned code = rd_load_be16(plain);
        return code >= 1000 && code < 5000 ? 0 : MISS_BITS;
    }
    return 0;
}

/* Bits for where the header stands in its packet, against chance; the chain
 * has shown how its sender packs frames. */
static float
seg_bits(const struct ws_sync *s, const struct chain *c, unsigned seg)
{
    static const float before[N_SEGS] = {1, .5f, .5f};
    float n = (float)c->seg[0] + (float)c->seg[1] + (float)c->seg[2] + 2;
    float among = ((float)c->seg[seg] + before[seg]) / n;
    float len = (float)s->far_len + 2;
    float chance = ((float)s->far_seg[seg] + 1) / len;
    if (seg == SEG_INSIDE)
        chance = 1 - ((float)s->far_seg[1] + (float)s->far_seg[2]) / len;
    float bits = log2_of(among / chance);
    return bits < SEG_BITS_MAX ? bits : SEG_BITS_MAX;
}

static uint16_t
signature(const struct head *h)
{
    uint8_t b[6] = {h->kind, h->form};
    for (unsigned i = 0; i < 4; i++)
        b[2 + i] = (uint8_t)(h->payload_len >> (8 * i));
    /* 0 is for "nothing". */
    return hash16(b, sizeof b) | 1u;
}

/*
 * Remembers the header and tells how long ago the chain had one like it behind
 * one like the last, in headers; 0: it had not.
 */
static unsigned
remember(struct chain *c, uint16_t sig, uint16_t data)
{
    unsigned period = 0;
    for (unsigned k = 1; k < N_MEMORY && period == 0; k++)
        if (c->sigs[k - 1] == sig && c->sigs[k] != 0 &&
            c->sigs[k] == c->sigs[0])
            period = k;
    memmove(c->sigs + 1, c->sigs, sizeof c->sigs - sizeof c->sigs[0]);
    memmove(c->data + 1, c->data, sizeof c->data - sizeof c->data[0]);
    c->sigs[0] = sig;
    c->data[0] = data;
    return period;
}

/*
 * What the header is worth to the chain: bits for itself and seg for its place
 * in the packet, but not much when the chain's own past foretold it.
 */
static float
discount(struct chain *c, const struct head *h, float bits, float seg)
{
    size_t n = h->have < LOOK_SAME ? h->have : LOOK_SAME;
    unsigned period = remember(c, signature(h), hash16(h->payload, n));
    if (period == 0)
        return bits + seg;
    bool same = h->payload_len == 0 || (h->masked && h->mask == c->mask) ||
                c->data[period] == c->data[0];
    float most =
        same ? 0 : (float)(h->payload_len + h->header_len) / WS_SYNC_REPEAT_LEN;
    bits = bits < most ? bits : most;
    c->repeats += bits > 0 ? bits : 0;
    /* Records may go into packets as frames do, but more than one each. */
    if (same || c->seg[SEG_INSIDE] > 2)
        seg = 0;
    return bits + seg;
}

/* Adds the header to the chain; seg: bits for its place in the packet. */
static void
add_head(const struct ws_sync *s, struct chain *c, const struct head *h,
         uint64_t block, float seg)
{
    unsigned class = class_of(h->kind, h->form, h->masked);
    float kind = kind_share[h->kind], form = form_share[h->form];
    if (c->n > 0) {
        kind = .5f * kind + (h->kind == c->kind ? .5f : 0);
        form = .5f * form + (h->form == c->form ? .5f : 0);
    }
    float bits = log2_of(kind * form / density(s, class, block));
    bits = discount(c, h, bits, seg) - payload_penalty(h);
    if (h->kind == KIND_CLOSE && c->closed)
        bits -= MISS_BITS;
    c->score += bits;
    c->next = h->off + h->header_len + h->payload_len;
    c->kind = h->kind;
    c->form = h->form;
    c->mask = h->mask;
    c->rsv1 = c->rsv1 || h->kind >= KIND_ZTEXT;
    c->closed = c->closed || h->kind == KIND_CLOSE;
    if (!kind_is_control(h->kind))
        c->msg = h->kind == KIND_LAST || h->kind == KIND_TEXT ||
                         h->kind == KIND_BINARY || h->kind == KIND_ZTEXT ||
                         h->kind == KIND_ZBINARY
                     ? MSG_NONE
                     : MSG_OPEN;
    c->n = (uint8_t)(c->n < UINT8_MAX ? c->n + 1 : c->n);
    if (c->seg[h->seg] < UINT16_MAX)
        c->seg[h->seg]++;
}

/* Score of a chain before its first header, by the positions tried. */
static float
first_score(const struct ws_sync *s, const struct head *h)
{
    bool start = h->seg != SEG_INSIDE;
    float sender = s->config.sender_known ? 0 : 1;
    return -1 - sender - log2_of((float)s->n_tried[start] + 1);
}

/* ---- Believing ------------------------------------------------------ */

static void
believe(struct ws_sync *s, const struct chain *c, uint64_t at)
{
    s->verdict = (struct ws_sync_verdict){
        .believed = true,
        .from = c->masked ? WS_SENDER_CLIENT : WS_SENDER_SERVER,
        .offset = c->report,
        .first_bits = (double)c->report_score,
        .at = at,
        .bits = (double)c->score,
        .rsv1_seen = c->rsv1,
    };
}

static void
decide(struct ws_sync *s, struct chain *c, uint64_t at)
{
    float second = -1e9f;
    bool enough = (double)c->score >= s->config.bits;
    if (!enough && (double)(c->score - c->repeats) < WS_SYNC_PROOF_BITS)
        return;
    if (!c->reporting) {
        c->reporting = true;
        c->report = at;
        c->report_score = c->score;
    }
    if (!enough || c->score < c->check_at)
        return;
    /* c itself is not on the heap now. */
    for (unsigned i = 0; i < s->n_heap; i++) {
        float score = s->chains[s->heap[i].chain].score;
        second = score > second ? score : second;
    }
    if (c->score - second >= RIVAL_BITS)
        believe(s, c, at);
    c->check_at = c->score + RECHECK_BITS;
}

/* Judges the position at off, which is in block. */
static void
take_hit(struct ws_sync *s, uint64_t off, uint64_t block, enum seg seg)
{
    struct head h;
    uint16_t id = chain_at(s, off);
    bool head = read_head(s, off, &h);
    h.seg = (uint8_t)seg;
    float fresh = head ? first_score(s, &h) : 0;
    if (id != CHAINS_MAX) {
        struct chain *c = &s->chains[id];
        if (head && fits(c, &h) && c->score >= fresh - SLACK_BITS) {
            add_head(s, c, &h, block, seg_bits(s, c, seg));
            decide(s, c, off);
            heap_push(s, id);
            return;
        }
        drop_chain(s, id);
    }
    /* Nothing is found sooner by starting with an empty frame. */
    if (!head || h.form == FORM_EMPTY)
        return;
    id = new_chain(s);
    if (id == CHAINS_MAX)
        return;
    s->chains[id] = (struct chain){.score = fresh, .masked = h.masked};
    add_head(s, &s->chains[id], &h, block, 0);
    heap_push(s, id);
}

/* ---- What is held --------------------------------------------------- */

/* The first offset that is still to be judged, and the one before it, which
 * shows where packets start. */
static uint64_t
waiting_from(const struct ws_sync *s)
{
    uint64_t from = s->count_off;
    if (s->hit_head != s->hit_tail && s->hits[s->hit_head % N_HITS] < from)
        from = s->hits[s->hit_head % N_HITS];
    return from > 0 ? from - 1 : 0;
}

/* The first offset that may still be needed. */
static uint64_t
keep_from(const struct ws_sync *s)
{
    uint64_t from = waiting_from(s);
    for (unsigned i = 0; i < s->n_heap; i++) {
        const struct chain *c = &s->chains[s->heap[i].chain];
        if (c->reporting && c->report < from)
            from = c->report;
    }
    return from;
}

static void
drop_before(struct ws_sync *s, uint64_t off)
{
    size_t n = 0, len = 0;
    while (n < s->n_pieces && s->pieces[n].off + s->pieces[n].len <= off) {
        len += s->pieces[n].gap ? 0 : (size_t)s->pieces[n].len;
        n++;
    }
    s->n_pieces -= n;
    memmove(s->pieces, s->pieces + n, s->n_pieces * sizeof s->pieces[0]);
    s->seg_piece = s->seg_piece > n ? s->seg_piece - n : 0;
    if (s->n_pieces > 0 && s->pieces[0].off < off) {
        uint64_t cut = off - s->pieces[0].off;
        s->pieces[0].off += cut;
        s->pieces[0].len -= cut;
        len += s->pieces[0].gap ? 0 : (size_t)cut;
    }
    buf_drop_front(&s->bytes, len);
    for (unsigned i = 0; i < s->n_heap; i++) {
        struct chain *c = &s->chains[s->heap[i].chain];
        c->reporting = c->reporting && c->report >= off;
    }
}

/* Where to cut so that no more than half of what is allowed stays. */
static uint64_t
half_off(const struct ws_sync *s)
{
    size_t n = s->n_pieces, bytes = 0;
    size_t n_most = s->config.hold_max / PIECE_COST / 2;
    size_t most = s->config.hold_max / 2;
    while (n > 0 && s->n_pieces - n < n_most) {
        const struct ws_sync_piece *p = &s->pieces[n - 1];
        size_t len = p->gap ? 0 : (size_t)p->len;
        if (bytes + len > most)
            return p->off + (bytes + len - most);
        bytes += len;
        n--;
    }
    return n > 0 ? s->pieces[n].off : 0;
}

/* Lets go of what nobody needs, and of the older half when that is not
 * enough. */
static void
trim(struct ws_sync *s)
{
    size_t max = s->config.hold_max, n_max = max / PIECE_COST;
    if (s->bytes.len < s->trim_at && s->n_pieces < s->trim_pieces_at)
        return;
    drop_before(s, keep_from(s));
    uint64_t waiting = waiting_from(s);
    if (s->bytes.len > max / 2 || s->n_pieces > n_max / 2) {
        uint64_t off = half_off(s);
        drop_before(s, off < waiting ? off : waiting);
    }
    s->trim_at = 2 * s->bytes.len;
    s->trim_at = s->trim_at < TRIM_FIRST ? TRIM_FIRST : s->trim_at;
    s->trim_at = s->trim_at > max ? max : s->trim_at;
    s->trim_pieces_at = 2 * s->n_pieces + TRIM_FIRST / PIECE_COST;
}

/* Adds to the last piece, or one more; false without memory. */
static bool
add_piece(struct ws_sync *s, const struct ws_sync_piece *piece)
{
    if (s->n_pieces > 0) {
        struct ws_sync_piece *last = &s->pieces[s->n_pieces - 1];
        if (last->meta.number == piece->meta.number && !last->gap &&
            !piece->gap) {
            last->len += piece->len;
            return true;
        }
    }
    if (s->n_pieces == s->cap_pieces) {
        size_t cap = s->cap_pieces ? s->cap_pieces * 2 : 8;
        struct ws_sync_piece *pieces =
            realloc(s->pieces, cap * sizeof pieces[0]);
        if (!pieces)
            return false;
        s->pieces = pieces;
        s->cap_pieces = cap;
    }
    s->pieces[s->n_pieces++] = *piece;
    return true;
}

bool
ws_sync_held(const struct ws_sync *s, size_t i, struct ws_sync_piece *piece,
             struct slice *data)
{
    uint64_t from = s->verdict.offset;
    size_t at = 0;
    assert(s->verdict.believed);
    for (size_t k = 0; k < s->n_pieces; k++) {
        struct ws_sync_piece p = s->pieces[k];
        size_t len = p.gap ? 0 : (size_t)p.len;
        uint64_t cut = 0;
        if (p.off < from)
            cut = from - p.off < p.len ? from - p.off : p.len;
        if (cut < p.len && i-- == 0) {
            p.off += cut;
            p.len -= cut;
            *piece = p;
            *data = p.gap ? slice_make(NULL, 0)
                          : slice_make(s->bytes.ptr + at + cut, (size_t)p.len);
            return true;
        }
        at += len;
    }
    return false;
}

/* ---- Counting and judging in turn ----------------------------------- */

/* The far window moves on to block. */
static void
far_add(struct ws_sync *s, uint64_t block)
{
    const struct block *in = &s->blocks[block % N_BLOCKS];
    const struct block *out = NULL;
    if (block >= N_FAR)
        out = &s->blocks[(block - N_FAR) % N_BLOCKS];
    for (unsigned i = 0; i < N_CLASSES; i++)
        s->far_n[i] += in->n[i] - (out ? out->n[i] : 0u);
    for (unsigned i = 0; i < N_SEGS; i++)
        s->far_seg[i] += in->seg[i] - (out ? out->seg[i] : 0u);
    s->far_len += in->len - (out ? out->len : 0u);
}

/* How off stands to the packets; offsets must not go back. */
static enum seg
seg_of(struct ws_sync *s, uint64_t off)
{
    size_t k = s->seg_piece;
    while (k < s->n_pieces && s->pieces[k].off + s->pieces[k].len <= off)
        k++;
    s->seg_piece = k;
    if (k == s->n_pieces || s->pieces[k].off != off || s->pieces[k].gap)
        return SEG_INSIDE;
    if (k == 0 || s->pieces[k - 1].gap)
        return SEG_START;
    return s->pieces[k - 1].meta.flags & TCP_PSH ? SEG_PUSH : SEG_START;
}

/* Judges the hits of the next block. */
static void
judge_block(struct ws_sync *s)
{
    const struct block *b = &s->blocks[s->first_block % N_BLOCKS];
    uint64_t block = s->first_block++;
    for (unsigned i = 0; i < b->n_hits && !s->verdict.believed; i++) {
        uint64_t off = s->hits[s->hit_head++ % N_HITS];
        take_hit(s, off, block, seg_of(s, off));
    }
    s->n_tried[0] += b->len;
    s->n_tried[1] += b->seg[SEG_START] + (uint64_t)b->seg[SEG_PUSH];
}

/* The block being filled is over; the one before it can be judged. */
static void
next_block(struct ws_sync *s)
{
    far_add(s, s->block);
    while (s->first_block < s->block && !s->verdict.believed)
        judge_block(s);
    s->block++;
    s->blocks[s->block % N_BLOCKS] = (struct block){0};
}

/* Counts positions up to end, within the current block. */
static void
count(struct ws_sync *s, uint64_t end)
{
    struct block *b = &s->blocks[s->block % N_BLOCKS];
    const uint8_t *p = byte_at(s, s->count_off);
    size_t n = (size_t)(end - s->count_off);
    for (size_t i = 0; i < n; i++) {
        if (!(s->first[p[i]] & s->second[p[i + 1]]))
            continue;
        s->hits[s->hit_tail++ % N_HITS] = s->count_off + i;
        b->n_hits++;
        b->n[class_of(s->kind_of[p[i]], form_of(p[i + 1]), p[i + 1] >= 0x80)]++;
    }
    b->len = (uint16_t)(b->len + n);
    s->count_off = end;
}

/* Counts all that can be, which is all but the last byte. */
static void
count_all(struct ws_sync *s)
{
    while (s->count_off + 1 < s->end_off && !s->verdict.believed) {
        uint64_t room = BLOCK_LEN - s->blocks[s->block % N_BLOCKS].len;
        uint64_t left = s->end_off - 1 - s->count_off;
        count(s, s->count_off + (left < room ? left : room));
        if (s->blocks[s->block % N_BLOCKS].len == BLOCK_LEN)
            next_block(s);
    }
}

/* Judges all there is: what comes next does not join on. */
static void
flush(struct ws_sync *s)
{
    uint64_t last = s->block;
    if (s->failed || s->verdict.believed)
        return;
    next_block(s);
    while (s->first_block <= last && !s->verdict.believed)
        judge_block(s);
}

static void
fail(struct ws_sync *s)
{
    s->failed = true;
    buf_fini(&s->bytes);
    s->n_pieces = 0;
}

/* A packet's first byte is at the end of what is held. */
static void
count_seg(struct ws_sync *s, const struct pkt_meta *meta)
{
    const struct ws_sync_piece *last = NULL;
    struct block *b = &s->blocks[s->block % N_BLOCKS];
    if (s->n_pieces > 0)
        last = &s->pieces[s->n_pieces - 1];
    if (last && !last->gap && last->meta.number == meta->number)
        return;
    if (last && !last->gap && last->meta.flags & TCP_PSH)
        b->seg[SEG_PUSH]++;
    else
        b->seg[SEG_START]++;
}

size_t
ws_sync_data(struct ws_sync *s, uint64_t off, struct slice data,
             const struct pkt_meta *meta)
{
    size_t taken = 0;
    assert(!s->verdict.believed);
    if (!s->any_piece) {
        s->any_piece = true;
        s->count_off = s->run_off = s->end_off = off;
    }
    assert(off == s->end_off);
    while (taken < data.len && !s->verdict.believed && !s->failed) {
        struct slice part = slice_head(slice_skip(data, taken), BLOCK_LEN);
        struct ws_sync_piece piece = {.meta = *meta,
                                      .off = s->end_off,
                                      .len = part.len};
        count_seg(s, meta);
        if (buf_append(&s->bytes, part.ptr, part.len) != ERR_OK ||
            !add_piece(s, &piece)) {
            fail(s);
            break;
        }
        s->end_off += part.len;
        taken += part.len;
        count_all(s);
        if (!s->verdict.believed)
            trim(s);
    }
    if (!s->failed)
        return taken;
    s->end_off = off + data.len;
    return data.len;
}

bool
ws_sync_gap(struct ws_sync *s, uint64_t off, uint64_t len,
            const struct pkt_meta *meta)
{
    struct ws_sync_piece piece = {.meta = *meta,
                                  .off = off,
                                  .len = len,
                                  .gap = true};
    assert(!s->verdict.believed);
    flush(s);
    if (s->verdict.believed)
        return true;
    s->any_piece = true;
    s->count_off = s->run_off = s->end_off = off + len;
    if (!s->failed && !add_piece(s, &piece))
        fail(s);
    if (!s->failed)
        trim(s);
    return false;
}

bool
ws_sync_end(struct ws_sync *s)
{
    flush(s);
    return s->verdict.believed;
}

double
ws_sync_best(const struct ws_sync *s)
{
    float best = -1;
    for (size_t i = 0; i < s->n_heap; i++) {
        float score = s->chains[s->heap[i].chain].score;
        best = score > best ? score : best;
    }
    return (double)best;
}
