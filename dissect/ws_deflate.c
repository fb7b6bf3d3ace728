/* SPDX-License-Identifier: MIT */
#include "dissect/ws_deflate.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

const uint8_t ws_inflate_tail[WS_INFLATE_TAIL_LEN] = {0x00, 0x00, 0xff, 0xff};

/* Raw DEFLATE, 32 KiB (zlib.h, inflateInit2). */
#define WINDOW_BITS (-15)
#define WINDOW_LEN 32768u

/* Each block with BFINAL costs us two copies of the window, so a message gets
 * only so many: a few, and one more per so many bytes. */
#define FINALS_FREE 16u
#define FINALS_PER_LEN 256u

struct ws_inflate_state {
    z_stream z;
    struct ws_inflate *owner;             /* NULL: in the list of free ones */
    struct ws_inflate_state *prev, *next; /* towards older, newer */
};

struct ws_inflate_pool {
    size_t n_states;
    size_t max_states;
    struct ws_inflate_state *newest, *oldest; /* by last use */
    struct ws_inflate_state *spare;           /* by next */
    uint8_t window[WINDOW_LEN];               /* scratch of restart() */
};

enum err
ws_inflate_pool_new(struct ws_inflate_pool **out, size_t memory)
{
    struct ws_inflate_pool *pool = malloc(sizeof *pool);
    if (!pool)
        return ERR_NOMEM;
    pool->n_states = 0;
    pool->max_states = memory / WS_INFLATE_STATE_LEN;
    pool->newest = pool->oldest = pool->spare = NULL;
    *out = pool;
    return ERR_OK;
}

void
ws_inflate_pool_free(struct ws_inflate_pool *pool)
{
    if (!pool)
        return;
    assert(!pool->oldest);
    while (pool->spare) {
        struct ws_inflate_state *s = pool->spare;
        pool->spare = s->next;
        inflateEnd(&s->z);
        free(s);
    }
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
    struct ws_inflate_state *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    if (inflateInit2(&s->z, WINDOW_BITS) != Z_OK) {
        free(s);
        return NULL;
    }
    pool->n_states++;
    return s;
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
    s->owner->lost = s->owner->takeover;
    return s;
}

static bool
state_get(struct ws_inflate *i)
{
    struct ws_inflate_pool *pool = i->pool;
    struct ws_inflate_state *s = pool->spare;
    if (s)
        pool->spare = s->next;
    else if (pool->n_states < pool->max_states)
        s = state_new(pool);
    if (!s)
        s = state_steal(pool);
    if (!s)
        return false;
    inflateReset(&s->z);
    s->owner = i;
    list_add_newest(pool, s);
    i->state = s;
    return true;
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

void
ws_inflate_init(struct ws_inflate *i, struct ws_inflate_pool *pool,
                bool takeover)
{
    *i = (struct ws_inflate){.pool = pool, .takeover = takeover};
}

void
ws_inflate_fini(struct ws_inflate *i)
{
    state_put(i);
}

bool
ws_inflate_begin(struct ws_inflate *i)
{
    if (i->lost)
        return false;
    i->fed_len = 0;
    i->n_finals = 0;
    i->fresh = true;
    if (i->state) {
        if (i->pool->newest != i->state) {
            list_remove(i->pool, i->state);
            list_add_newest(i->pool, i->state);
        }
        return true;
    }
    if (state_get(i))
        return true;
    i->lost = i->takeover;
    return false;
}

/* A block with BFINAL ended DEFLATE's stream but not the message (RFC 7692
 * section 7.2.3.4): start again with the same history. */
static bool
restart(struct ws_inflate *i)
{
    z_stream *z = &i->state->z;
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
    i->lost = i->takeover;
    state_put(i);
    *error = why;
    return WS_INFLATE_FAILED;
}

/* Inflates until input or output is used up, across blocks with BFINAL.
 * Returns NULL, or why it cannot go on. */
static const char *
inflate_all(struct ws_inflate *i, bool tail)
{
    z_stream *z = &i->state->z;
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

enum ws_inflate_step
ws_inflate_run(struct ws_inflate *i, struct slice *in, bool tail, uint8_t *out,
               size_t out_cap, size_t *out_len, const char **error)
{
    *out_len = 0;
    if (!i->state)
        return fail(i, "the inflate state was given to another connection",
                    error);
    assert(in->len <= UINT_MAX && out_cap > 0 && out_cap <= UINT_MAX);
    z_stream *z = &i->state->z;
    z->next_in = in->ptr;
    z->avail_in = (uInt)in->len;
    z->next_out = out;
    z->avail_out = (uInt)out_cap;
    const char *why = inflate_all(i, tail);
    *out_len = out_cap - z->avail_out;
    *in = slice_skip(*in, in->len - z->avail_in);
    if (why)
        return fail(i, why, error);
    bool done = z->avail_in == 0 && (i->fresh || at_border(z));
    /* Nothing may be left to write although out is full; asking again then
     * would take zlib away from the border. */
    if (z->avail_out == 0 && !done)
        return WS_INFLATE_FULL;
    assert(z->avail_in == 0);
    if (tail && !done)
        return fail(i, "the message ends inside a block", error);
    return WS_INFLATE_DONE;
}

void
ws_inflate_end(struct ws_inflate *i, bool whole)
{
    if (!i->takeover || !whole)
        state_put(i);
    if (!whole)
        i->lost = i->takeover;
}
