/* SPDX-License-Identifier: MIT */
#include "dissect/ws_deflate.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"

#define ZLIB_CONST
#include <zlib.h>

const uint8_t ws_inflate_tail[WS_INFLATE_TAIL_LEN] = {0x00, 0x00, 0xff, 0xff};

/* Raw DEFLATE, 32 KiB (zlib.h, inflateInit2). */
#define WINDOW_BITS (-15)
#define WINDOW_LEN 32768u

/* What malloc() adds to a block whose counted length is a multiple of 16. */
#define BLOCK_HEAD 8u

/* Each block with BFINAL costs us two copies of the window, so a message gets
 * only so many: a few, and one more per so many bytes. */
#define FINALS_FREE 16u
#define FINALS_PER_LEN 256u

/* Compressed bytes of a message that are kept to inflate it again.  A sender
 * with history uses it at once: what it compresses resembles what it sent. */
#define PAST_LEN 768u

/* zlib may have read so many bytes ahead of where it failed. */
#define AHEAD_LEN 16u

/* zlib's own alignment is that of malloc(). */
#define ARENA_ALIGN 16u

/* zlib takes its memory out of the block that it lies in.  Nothing is given
 * back: all goes at once when the block is used for something else. */
struct zlib_state {
    z_stream z;
    size_t used; /* bytes of the block behind ARENA_START */
};

/*
 * A block of the pool.  All have the same length, whichever inflater they are
 * used by, so that any can become any: blocks of two lengths, freed and made in
 * turns, would leave holes that the allocator cannot use.
 */
struct ws_inflate_state {
    struct ws_inflate *owner;             /* NULL: in the list of free ones */
    struct ws_inflate_state *prev, *next; /* towards older, newer */
    enum { KIND_NONE = 0, KIND_ZLIB, KIND_TRACK } kind;
    size_t n_past;          /* the first bytes of the message in progress, */
    uint8_t past[PAST_LEN]; /* as long as they may be asked for */
    union {
        struct ws_track track;
        struct zlib_state zlib;
    } as;
};

#define ARENA_START                                                            \
    ((offsetof(struct ws_inflate_state, as) + sizeof(struct zlib_state) +      \
      ARENA_ALIGN - 1) &                                                       \
     ~(size_t)(ARENA_ALIGN - 1))

static_assert(sizeof(struct ws_inflate_state) <=
                  WS_INFLATE_STATE_LEN - BLOCK_HEAD,
              "a block holds a tracker");

struct ws_inflate_pool {
    size_t n_states;
    size_t max_states;
    size_t block_len;                         /* of a state, bytes */
    struct ws_inflate_state *newest, *oldest; /* by last use */
    struct ws_inflate_state *spare;           /* by next */
    uint8_t window[WINDOW_LEN];               /* scratch */
};

static size_t
arena_round(size_t len)
{
    return (len + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

/* ---- What zlib needs ------------------------------------------------ */

static voidpf
measure_alloc(voidpf opaque, uInt n, uInt len)
{
    size_t *sum = opaque;
    *sum += arena_round((size_t)n * len);
    return calloc(n, len);
}

static void
measure_free(voidpf opaque, voidpf p)
{
    (void)opaque;
    free(p);
}

/* What zlib allocates for a state and its window, which it makes when there
 * is history; 0: no memory.  Asked of zlib itself, as those that take its
 * place (zlib-ng) need more. */
static size_t
zlib_need(void)
{
    static const Bytef history[1];
    size_t sum = 0;
    z_stream z = {.zalloc = measure_alloc,
                  .zfree = measure_free,
                  .opaque = &sum};
    if (inflateInit2(&z, WINDOW_BITS) != Z_OK)
        return 0;
    bool ok = inflateSetDictionary(&z, history, 1) == Z_OK;
    inflateEnd(&z);
    return ok ? sum : 0;
}

/* ---- The pool ------------------------------------------------------- */

enum err
ws_inflate_pool_new(struct ws_inflate_pool **out, size_t memory)
{
    size_t need = zlib_need();
    struct ws_inflate_pool *pool = malloc(sizeof *pool);
    if (!pool || need == 0) {
        free(pool);
        return ERR_NOMEM;
    }
    need += ARENA_START;
    size_t counted = WS_INFLATE_STATE_LEN;
    if (budget_block(need) > counted)
        counted = budget_block(need);
    pool->n_states = 0;
    pool->max_states = memory / counted;
    pool->block_len = counted - BLOCK_HEAD;
    pool->newest = pool->oldest = NULL;
    pool->spare = NULL;
    *out = pool;
    return ERR_OK;
}

/* Takes one from the list of free ones; NULL: there is none. */
static struct ws_inflate_state *
spare_take(struct ws_inflate_pool *pool)
{
    struct ws_inflate_state *s = pool->spare;
    if (s)
        pool->spare = s->next;
    return s;
}

void
ws_inflate_pool_free(struct ws_inflate_pool *pool)
{
    struct ws_inflate_state *s;
    if (!pool)
        return;
    assert(!pool->oldest);
    while ((s = spare_take(pool)))
        free(s);
    free(pool);
}

size_t
ws_inflate_pool_states(const struct ws_inflate_pool *pool)
{
    return pool->n_states;
}

static void
list_remove(struct ws_inflate_pool *pool, struct ws_inflate_state *s)
{
    if (s->prev)
        s->prev->next = s->next;
    else
        pool->oldest = s->next;
    if (s->next)
        s->next->prev = s->prev;
    else
        pool->newest = s->prev;
}

static void
list_add_newest(struct ws_inflate_pool *pool, struct ws_inflate_state *s)
{
    s->prev = pool->newest;
    s->next = NULL;
    if (pool->newest)
        pool->newest->next = s;
    else
        pool->oldest = s;
    pool->newest = s;
}

static struct ws_inflate_state *
state_new(struct ws_inflate_pool *pool)
{
    struct ws_inflate_state *s = malloc(pool->block_len);
    if (!s)
        return NULL;
    s->kind = KIND_NONE;
    pool->n_states++;
    return s;
}

/* One of zlib's allocations; opaque is the block.  NULL: it is full. */
static voidpf
arena_alloc(voidpf opaque, uInt n, uInt len)
{
    struct ws_inflate_state *s = opaque;
    struct zlib_state *zs = &s->as.zlib;
    size_t start = zs->used;
    size_t room = s->owner->pool->block_len - ARENA_START;
    if (len > 0 && n > (room - start) / len)
        return Z_NULL;
    size_t end = arena_round(start + (size_t)n * len);
    zs->used = end < room ? end : room;
    return (uint8_t *)s + ARENA_START + start;
}

static void
arena_free(voidpf opaque, voidpf p)
{
    (void)opaque;
    (void)p;
}

/* Makes the block zlib's, without history. */
static bool
state_use_zlib(struct ws_inflate_state *s)
{
    struct zlib_state *zs = &s->as.zlib;
    if (s->kind == KIND_ZLIB)
        return inflateReset(&zs->z) == Z_OK;
    s->kind = KIND_NONE;
    zs->used = 0;
    zs->z = (z_stream){.zalloc = arena_alloc, .zfree = arena_free, .opaque = s};
    if (inflateInit2(&zs->z, WINDOW_BITS) != Z_OK)
        return false;
    s->kind = KIND_ZLIB;
    return true;
}

/* History is not known any more, if it counts at all. */
static void
lose(struct ws_inflate *i)
{
    i->lost = i->takeover || i->takes_over;
    i->told = false;
    i->past_len = WINDOW_LEN;
}

/* Takes the state that was used longest ago away from its owner. */
static struct ws_inflate_state *
state_steal(struct ws_inflate_pool *pool)
{
    struct ws_inflate_state *s = pool->oldest;
    if (!s)
        return NULL;
    list_remove(pool, s);
    s->owner->state = NULL;
    lose(s->owner);
    return s;
}

/* A state that nobody owns; NULL: there is no memory. */
static struct ws_inflate_state *
state_find(struct ws_inflate_pool *pool)
{
    struct ws_inflate_state *s = spare_take(pool);
    if (!s && pool->n_states < pool->max_states)
        s = state_new(pool);
    return s ? s : state_steal(pool);
}

static void
state_put(struct ws_inflate *i)
{
    struct ws_inflate_state *s = i->state;
    if (!s)
        return;
    list_remove(i->pool, s);
    s->owner = NULL;
    s->next = i->pool->spare;
    i->pool->spare = s;
    i->state = NULL;
}

static bool
state_get(struct ws_inflate *i, bool tracking)
{
    struct ws_inflate_state *s = state_find(i->pool);
    if (!s)
        return false;
    s->owner = i;
    list_add_newest(i->pool, s);
    i->state = s;
    if (tracking) {
        s->kind = KIND_TRACK;
        ws_track_init(&s->as.track, i->window_bits);
    } else if (!state_use_zlib(s)) {
        state_put(i);
        return false;
    }
    return true;
}

/* The tracker at work; NULL: zlib is. */
static struct ws_track *
tracker(struct ws_inflate_state *s)
{
    return s->kind == KIND_TRACK ? &s->as.track : NULL;
}

void
ws_inflate_init(struct ws_inflate *i, struct ws_inflate_pool *pool,
                const struct ws_inflate_config *config)
{
    assert(config->window_bits >= 8 && config->window_bits <= 15);
    *i = (struct ws_inflate){.pool = pool,
                             .takeover = config->takeover,
                             .window_bits = config->window_bits};
    if (config->unknown)
        lose(i);
}

void
ws_inflate_fini(struct ws_inflate *i)
{
    state_put(i);
}

/* Nothing unknown can be reached any more: zlib, which is faster, goes on
 * with what the tracker knows. */
static bool
heal(struct ws_inflate *i)
{
    size_t len = ws_track_history(&i->state->as.track, i->pool->window);
    if (!state_use_zlib(i->state))
        return false;
    return len == 0 || inflateSetDictionary(&i->state->as.zlib.z,
                                            i->pool->window, (uInt)len) == Z_OK;
}

/* Sees to it that there is a state, of the kind that is needed. */
static bool
state_ready(struct ws_inflate *i)
{
    struct ws_inflate_state *s = i->state;
    if (!s) {
        if (!state_get(i, i->lost || i->takes_over || i->window_bits < 15))
            return false;
        if (i->lost)
            ws_track_forget(&i->state->as.track);
        i->lost = false;
        return true;
    }
    if (i->pool->newest != s) {
        list_remove(i->pool, s);
        list_add_newest(i->pool, s);
    }
    if (tracker(s) && i->window_bits == 15 && !i->takes_over &&
        ws_track_is_certain(&s->as.track))
        return heal(i);
    return true;
}

bool
ws_inflate_begin(struct ws_inflate *i)
{
    i->fed_len = i->out_len = i->taken = 0;
    i->n_finals = 0;
    i->missing.dist = i->wide.dist = i->before.dist = 0;
    i->replayed = false;
    i->fresh = true;
    if (!state_ready(i)) {
        state_put(i);
        lose(i);
        return false;
    }
    i->state->n_past = 0;
    if (tracker(i->state))
        ws_track_begin(&i->state->as.track, i->takeover || i->takes_over);
    return true;
}

/* A block with BFINAL ended DEFLATE's stream but not the message (RFC 7692
 * section 7.2.3.4): start again with the same history. */
static bool
restart(struct ws_inflate *i)
{
    z_stream *z = &i->state->as.zlib.z;
    uInt len = 0;
    if (++i->n_finals > FINALS_FREE + i->fed_len / FINALS_PER_LEN)
        return false;
    if (inflateGetDictionary(z, i->pool->window, &len) != Z_OK ||
        inflateReset(z) != Z_OK)
        return false;
    i->fresh = true;
    return len == 0 || inflateSetDictionary(z, i->pool->window, len) == Z_OK;
}

/* At the border of two blocks, with no bits left over: zlib.h describes
 * data_type under inflate(). */
static bool
at_border(const z_stream *z)
{
    return z->data_type == 128;
}

static enum ws_inflate_step
fail(struct ws_inflate *i, const char *why, const char **error)
{
    if (i->replayed)
        i->takes_over = false;
    lose(i);
    state_put(i);
    *error = why;
    return WS_INFLATE_FAILED;
}

/* Inflates until input or output is used up, across blocks with BFINAL.
 * Returns NULL, or why it cannot go on. */
static const char *
inflate_all(struct ws_inflate *i, bool tail)
{
    z_stream *z = &i->state->as.zlib.z;
    for (;;) {
        if (tail && i->fresh && z->avail_in == WS_INFLATE_TAIL_LEN) {
            z->avail_in = 0;
            return NULL;
        }
        if (z->avail_in > 0)
            i->fresh = false;
        uInt before = z->avail_in;
        int r = inflate(z, Z_SYNC_FLUSH);
        i->fed_len += before - z->avail_in;
        if (r == Z_STREAM_END) {
            if (!restart(i))
                return "too many blocks with BFINAL";
            if (z->avail_in > 0 && z->avail_out > 0)
                continue;
            return NULL;
        }
        /* Z_BUF_ERROR: there was nothing left to do, which is no error. */
        if (r != Z_OK && r != Z_BUF_ERROR)
            return z->msg ? z->msg : "out of memory";
        return NULL;
    }
}

/* Runs the tracker once and takes over what it tells.  Returns NULL, or why it
 * cannot go on. */
static const char *
track_some(struct ws_inflate *i, struct slice *in, size_t out_cap,
           struct ws_track_piece *piece, bool *full)
{
    struct ws_track *t = &i->state->as.track;
    enum ws_track_step step = ws_track_run(t, in, out_cap, piece);
    *full = step == WS_TRACK_FULL;
    i->n_finals = t->n_finals;
    i->fed_len = (t->in_bits + 7) / 8;
    i->broke = t->broke;
    i->wide = t->wide;
    if (i->takes_over)
        i->before = t->before;
    else
        i->missing = t->missing;
    return step == WS_TRACK_FAILED ? ws_track_error_text(t->error) : NULL;
}

/*
 * What inflate_all() does, by the tracker.  That holds bits which it was given
 * but had no room to inflate, and a block with BFINAL may end among them.  So
 * whether the tail is needed can only be told when all in front of it is done,
 * and it is given apart.
 */
static const char *
track_all(struct ws_inflate *i, struct slice *in, bool tail, size_t out_cap,
          struct ws_track_piece *piece, bool *full)
{
    size_t tail_len =
        tail && in->len >= WS_INFLATE_TAIL_LEN ? WS_INFLATE_TAIL_LEN : 0;
    struct slice some = slice_head(*in, in->len - tail_len);
    size_t len = some.len;
    const char *why = track_some(i, &some, out_cap, piece, full);
    *in = slice_skip(*in, len - some.len);
    if (why || *full || tail_len == 0)
        return why;
    if (ws_track_is_fresh(&i->state->as.track)) {
        *in = slice_skip(*in, tail_len);
        return NULL;
    }
    /* A piece at a time: there is room for the tail's when there was none. */
    if (piece->bytes.len == 0)
        return track_some(i, in, out_cap, piece, full);
    *full = true;
    return NULL;
}

/* ---- A sender that takes over although it may not ------------------- */

/* Keeps the first bytes of a message that goes on, in case that it has to be
 * inflated again. */
static void
keep_past(struct ws_inflate *i, struct slice used)
{
    struct ws_inflate_state *s = i->state;
    i->taken += used.len;
    if (i->takeover || i->takes_over || i->past_len == 0)
        return;
    used = slice_head(used, PAST_LEN - s->n_past);
    if (used.len > 0)
        memcpy(s->past + s->n_past, used.ptr, used.len);
    s->n_past += used.len;
}

/* Inflates what was told already.  False: it comes to something else.  To fail
 * right behind it is no matter: what failed is next, and will tell why. */
static bool
skip_told(const struct ws_inflate *i, struct slice *in, bool all)
{
    struct ws_track *t = &i->state->as.track;
    while (t->out_len < i->out_len || (all && in->len > 0)) {
        struct ws_track_piece piece;
        size_t left = (size_t)(i->out_len - t->out_len);
        enum ws_track_step step = ws_track_run(t, in, left ? left : 1, &piece);
        if (t->out_len > i->out_len)
            return false;
        if (step == WS_TRACK_FAILED)
            return t->out_len == i->out_len;
        if (step == WS_TRACK_DONE)
            return all || t->out_len == i->out_len;
    }
    return true;
}

/*
 * The message reached before its start.  Tries it again with a history that
 * is unknown, up to where it failed; in: what the failed call was given.
 * False: that is not possible, or there was nothing before.
 */
static bool
replay(struct ws_inflate *i, struct slice *in, bool tail, const char *why)
{
    struct ws_inflate_state *s = i->state;
    const char *far_back = ws_track_error_text(WS_TRACK_TOO_FAR_BACK);
    uint8_t past[PAST_LEN];
    size_t n_past = s->n_past;
    if (i->takeover || i->takes_over || i->past_len == 0 ||
        strcmp(why, far_back) != 0 || i->taken != n_past ||
        i->broke.in_bit / 8 >= PAST_LEN - AHEAD_LEN)
        return false;
    memcpy(past, s->past, n_past);
    s->kind = KIND_TRACK;
    ws_track_init(&s->as.track, i->window_bits);
    ws_track_forget_past(&s->as.track, i->past_len);
    ws_track_begin(&s->as.track, true);
    struct slice before = slice_make(past, n_past);
    size_t tail_len =
        tail && in->len >= WS_INFLATE_TAIL_LEN ? WS_INFLATE_TAIL_LEN : 0;
    struct slice now = slice_head(*in, in->len - tail_len);
    size_t len = now.len;
    if (!skip_told(i, &before, true) || !skip_told(i, &now, false))
        return false;
    *in = slice_skip(*in, len - now.len);
    i->takes_over = i->replayed = true;
    return true;
}

/* ---- Running -------------------------------------------------------- */

static enum ws_inflate_step
run_tracker(struct ws_inflate *i, struct slice *in, bool tail, uint8_t *out,
            size_t out_cap, struct ws_track_piece *piece, const char **error)
{
    bool full = false;
    struct slice given = *in;
    const char *why = track_all(i, in, tail, out_cap, piece, &full);
    i->out_len += piece->bytes.len;
    if (why) {
        /* The window that it lies in is about to go. */
        if (piece->certain && piece->bytes.len > 0) {
            memcpy(out, piece->bytes.ptr, piece->bytes.len);
            piece->bytes.ptr = out;
        }
        if (!replay(i, &given, tail, why))
            return fail(i, why, error);
        *in = given;
        return WS_INFLATE_FULL;
    }
    if (full)
        return WS_INFLATE_FULL;
    if (tail && !ws_track_at_border(&i->state->as.track)) {
        i->broke =
            (struct ws_track_spot){i->state->as.track.in_bits, i->out_len, 0};
        return fail(i, "the message ends inside a block", error);
    }
    return WS_INFLATE_DONE;
}

static enum ws_inflate_step
run_zlib(struct ws_inflate *i, struct slice *in, bool tail, uint8_t *out,
         size_t out_cap, struct ws_track_piece *piece, const char **error)
{
    z_stream *z = &i->state->as.zlib.z;
    struct slice given = *in;
    z->next_in = in->ptr;
    z->avail_in = (uInt)in->len;
    z->next_out = out;
    z->avail_out = (uInt)out_cap;
    const char *why = inflate_all(i, tail);
    size_t len = out_cap - z->avail_out;
    piece->bytes = slice_make(out, len);
    i->out_len += len;
    *in = slice_skip(*in, in->len - z->avail_in);
    bool done = z->avail_in == 0 && (i->fresh || at_border(z));
    /* Nothing may be left to write although out is full; asking again then
     * would take zlib away from the border. */
    if (!why && z->avail_out == 0 && !done)
        return WS_INFLATE_FULL;
    assert(why || z->avail_in == 0);
    if (!why && tail && !done)
        why = "the message ends inside a block";
    if (!why)
        return WS_INFLATE_DONE;
    /* The low bits of data_type: bits that were read ahead (zlib.h). */
    unsigned ahead = (unsigned)z->data_type & 63;
    i->broke = (struct ws_track_spot){8 * i->fed_len - ahead, i->out_len, 0};
    if (!replay(i, &given, tail, why))
        return fail(i, why, error);
    *in = given;
    return WS_INFLATE_FULL;
}

enum ws_inflate_step
ws_inflate_run(struct ws_inflate *i, struct slice *in, bool tail, uint8_t *out,
               size_t out_cap, struct ws_track_piece *piece, const char **error)
{
    struct slice given = *in;
    enum ws_inflate_step step;
    piece->certain = true;
    if (!i->state) {
        piece->bytes = slice_make(NULL, 0);
        i->broke = (struct ws_track_spot){8 * i->fed_len, i->out_len, 0};
        return fail(i, "the inflate state was given to another connection",
                    error);
    }
    assert(in->len <= UINT_MAX && out_cap > 0 && out_cap <= UINT_MAX);
    if (tracker(i->state))
        step = run_tracker(i, in, tail, out, out_cap, piece, error);
    else
        step = run_zlib(i, in, tail, out, out_cap, piece, error);
    if (step == WS_INFLATE_FULL || (step == WS_INFLATE_DONE && !tail))
        keep_past(i, slice_head(given, given.len - in->len));
    return step;
}

bool
ws_inflate_at_border(const struct ws_inflate *i)
{
    if (!i->state)
        return false;
    if (tracker(i->state))
        return ws_track_at_border(&i->state->as.track);
    return i->fresh || at_border(&i->state->as.zlib.z);
}

const struct ws_track *
ws_inflate_tracker(const struct ws_inflate *i)
{
    return i->state ? tracker(i->state) : NULL;
}

void
ws_inflate_end(struct ws_inflate *i, bool whole)
{
    if (!whole && i->replayed)
        i->takes_over = false;
    if (!(i->takeover || i->takes_over) || !whole)
        state_put(i);
    if (!whole)
        lose(i);
    else if (i->out_len >= WINDOW_LEN - i->past_len)
        i->past_len = WINDOW_LEN;
    else
        i->past_len += (uint32_t)i->out_len;
}

void
ws_inflate_forget(struct ws_inflate *i)
{
    state_put(i);
    lose(i);
}
