/* SPDX-License-Identifier: MIT */
#include "dissect/ws_message.h"

#include <stdlib.h>

#include "dissect/ws_frame.h"
#include "dissect/ws_stream.h"
#include "dissect/ws_unmask.h"

/* A message is called a bomb from this ratio and size on. */
#define BOMB_RATIO 100u
#define BOMB_LEN ((uint64_t)1 << 20)

/* Text is searched for non-ASCII in pieces that stay in the first cache. */
#define ASCII_PIECE_LEN 8192u

/* A buffer up to this size is worth keeping for the next message. */
#define KEPT_IDLE_LEN 4096u

static enum err
shared_init(struct ws_shared *s, const struct dissect_limits *limits,
            const struct event_sink *sink)
{
    bool messages = (sink->wants >> EVENT_MESSAGE & 1u) != 0;
    s->inflate_len = limits->inflate_len;
    if (messages) {
        s->keep = sink->keep < limits->message_keep ? sink->keep
                                                    : limits->message_keep;
        s->digest_name = sink->digest;
    }
    s->plain = malloc(WS_PLAIN_LEN);
    s->inflated = malloc(WS_INFLATED_LEN);
    if (!s->plain || !s->inflated)
        return ERR_NOMEM;
    if (sink->digest) {
        enum err e = digest_new(&s->digest, sink->digest);
        if (e != ERR_OK)
            return e;
    }
    return ws_inflate_pool_new(&s->pool, limits->inflate_memory);
}

enum err
ws_shared_new(struct ws_shared **out, const struct dissect_limits *limits,
              const struct event_sink *sink)
{
    struct ws_shared *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    enum err e = shared_init(s, limits, sink);
    if (e != ERR_OK) {
        ws_shared_free(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void
ws_shared_free(struct ws_shared *shared)
{
    if (!shared)
        return;
    ws_inflate_pool_free(shared->pool);
    digest_free(shared->digest);
    free(shared->inflated);
    free(shared->plain);
    free(shared);
}

void
ws_message_init(struct ws_message *m, struct ws_shared *shared, bool takeover)
{
    *m = (struct ws_message){.shared = shared};
    ws_inflate_init(&m->inflate, shared->pool, takeover);
    buf_init(&m->kept, shared->keep);
}

void
ws_message_fini(struct ws_message *m)
{
    ws_message_release(m);
    buf_fini(&m->kept);
    ws_inflate_fini(&m->inflate);
    digest_free(m->digest);
}

unsigned
ws_message_begin(struct ws_message *m, uint8_t opcode, bool compressed,
                 bool judge)
{
    assert(!m->open);
    m->open = true;
    m->opcode = opcode;
    m->compressed = compressed;
    m->judging = judge && opcode == WS_OP_TEXT;
    m->hashing = m->shared->digest_name != NULL;
    m->digest_direct = false;
    m->inflating = false;
    m->whole = true;
    m->limited = false;
    m->ended = false;
    m->truncated = false;
    m->wire_len = 0;
    m->plain_len = 0;
    m->inflate_error = NULL;
    m->direct = slice_make(NULL, 0);
    utf8_init(&m->utf8);
    if (!compressed)
        return 0;
    m->inflating = ws_inflate_begin(&m->inflate);
    if (m->inflating)
        return 0;
    m->whole = false;
    return WS_MESSAGE_CONTEXT_MISSING;
}

/* What was decoded so far stays true, but the rest will never be known. */
static void
give_up(struct ws_message *m)
{
    m->whole = false;
    m->judging = false;
    m->hashing = false;
    m->inflating = false;
}

/* Adds to what is kept; only: the piece is the whole message. */
static void
keep(struct ws_message *m, struct slice plain, bool only)
{
    struct ws_shared *s = m->shared;
    if (only) {
        m->direct = slice_head(plain, s->keep);
        m->truncated = plain.len > s->keep;
        return;
    }
    if (m->truncated)
        return;
    size_t n = s->kept >= WS_KEPT_MAX
                   ? 0
                   : buf_append_some(&m->kept, plain.ptr, plain.len);
    s->kept += n;
    m->truncated = n < plain.len;
}

static void
hash(struct ws_message *m, struct slice plain, bool only)
{
    if (only) {
        digest_reset(m->shared->digest);
        digest_update(m->shared->digest, plain.ptr, plain.len);
        m->digest_direct = true;
        return;
    }
    if (!m->digest && digest_new(&m->digest, m->shared->digest_name) != ERR_OK)
        m->hashing = false;
    else if (m->plain_len == 0)
        digest_reset(m->digest);
    if (m->hashing)
        digest_update(m->digest, plain.ptr, plain.len);
}

/* Takes decoded bytes.  only: they are the whole message. */
static unsigned
take_plain(struct ws_message *m, struct slice plain, bool only)
{
    unsigned found = 0;
    if (plain.len == 0)
        return 0;
    if (m->judging && !utf8_feed(&m->utf8, plain.ptr, plain.len)) {
        m->judging = false;
        found = WS_MESSAGE_BAD_UTF8;
    }
    if (m->hashing)
        hash(m, plain, only);
    if (m->shared->keep > 0)
        keep(m, plain, only);
    m->plain_len += plain.len;
    return found;
}

/* Inflates wire bytes, of which the last four are the tail if `tail`. */
static unsigned
inflate_run(struct ws_message *m, struct slice wire, bool tail, bool last)
{
    struct ws_shared *s = m->shared;
    unsigned found = 0;
    enum ws_inflate_step step = WS_INFLATE_FULL;
    while (step == WS_INFLATE_FULL) {
        bool first = m->plain_len == 0;
        uint64_t room = s->inflate_len - m->plain_len;
        size_t cap = WS_INFLATED_LEN;
        size_t n = 0;
        const char *error = NULL;
        /* One byte more than allowed proves that the limit is passed. */
        if (cap > room)
            cap = (size_t)room + 1;
        step = ws_inflate_run(&m->inflate, &wire, tail, s->inflated, cap, &n,
                              &error);
        bool over = n > room;
        if (over)
            n = (size_t)room;
        bool only = first && last && step == WS_INFLATE_DONE;
        found |= take_plain(m, slice_make(s->inflated, n), only);
        if (over || step == WS_INFLATE_FAILED) {
            m->limited = over;
            m->inflate_error =
                over ? "the limit for inflated messages is reached" : error;
            ws_inflate_end(&m->inflate, false);
            give_up(m);
            return over ? found : found | WS_MESSAGE_INFLATE_FAILED;
        }
    }
    m->ended = tail;
    return found;
}

/* Unmasks and inflates a run of a compressed message. */
static unsigned
data_compressed(struct ws_message *m, struct slice run, const uint8_t *mask,
                uint64_t off, bool last)
{
    struct ws_shared *s = m->shared;
    unsigned found = 0;
    bool alone = m->wire_len == run.len;
    while (run.len > 0 && m->inflating) {
        size_t room = WS_PLAIN_LEN - WS_INFLATE_TAIL_LEN;
        struct slice piece = slice_head(run, room);
        run = slice_skip(run, piece.len);
        bool tail = last && run.len == 0;
        struct slice wire = piece;
        if (mask || tail) {
            if (mask)
                ws_unmask(s->plain, piece.ptr, piece.len, mask, off);
            else
                memcpy(s->plain, piece.ptr, piece.len);
            wire.ptr = s->plain;
        }
        if (tail) {
            memcpy(s->plain + piece.len, ws_inflate_tail, WS_INFLATE_TAIL_LEN);
            wire.len += WS_INFLATE_TAIL_LEN;
        }
        off += piece.len;
        found |= inflate_run(m, wire, tail, alone && tail);
    }
    return found;
}

/* Text of which nothing is kept or hashed: only non-ASCII is unmasked. */
static unsigned
data_text_only(struct ws_message *m, struct slice run, const uint8_t *mask,
               uint64_t off)
{
    struct ws_shared *s = m->shared;
    while (run.len > 0 && m->judging) {
        struct slice piece = slice_head(run, ASCII_PIECE_LEN);
        run = slice_skip(run, piece.len);
        m->plain_len += piece.len;
        if (mask && m->utf8.n_part == 0 &&
            ws_unmask_is_ascii(piece.ptr, piece.len, mask, off)) {
            utf8_skip_ascii(&m->utf8, piece.len);
        } else {
            if (mask) {
                ws_unmask(s->plain, piece.ptr, piece.len, mask, off);
                piece.ptr = s->plain;
            }
            if (!utf8_feed(&m->utf8, piece.ptr, piece.len)) {
                m->judging = false;
                return WS_MESSAGE_BAD_UTF8;
            }
        }
        off += piece.len;
    }
    return 0;
}

unsigned
ws_message_data(struct ws_message *m, struct slice run, const uint8_t *mask,
                uint64_t off, bool last)
{
    struct ws_shared *s = m->shared;
    unsigned found = 0;
    bool alone = m->wire_len == 0;
    m->wire_len += run.len;
    if (m->compressed)
        return m->inflating ? data_compressed(m, run, mask, off, last) : 0;
    bool keeping = s->keep > 0 && !m->truncated && m->whole;
    if (!keeping && !m->hashing) {
        if (s->keep > 0)
            m->truncated = true;
        return m->judging ? data_text_only(m, run, mask, off) : 0;
    }
    if (!mask)
        return take_plain(m, run, alone && last);
    while (run.len > 0) {
        struct slice piece = slice_head(run, WS_PLAIN_LEN);
        run = slice_skip(run, piece.len);
        ws_unmask(s->plain, piece.ptr, piece.len, mask, off);
        off += piece.len;
        found |= take_plain(m, slice_make(s->plain, piece.len),
                            alone && last && run.len == 0);
        alone = false;
    }
    return found;
}

void
ws_message_gap(struct ws_message *m, uint64_t len)
{
    m->wire_len += len;
    if (m->compressed && m->inflating)
        ws_inflate_end(&m->inflate, false);
    m->truncated = true;
    give_up(m);
}

static unsigned
end_compressed(struct ws_message *m, bool finished)
{
    unsigned found = 0;
    if (m->inflating && finished && !m->ended)
        found = inflate_run(m, slice_make(ws_inflate_tail, WS_INFLATE_TAIL_LEN),
                            true, false);
    if (m->inflating)
        ws_inflate_end(&m->inflate, finished);
    if (m->plain_len > BOMB_LEN && m->plain_len / BOMB_RATIO >= m->wire_len)
        found |= WS_MESSAGE_BOMB;
    else if (m->limited)
        found |= WS_MESSAGE_TOO_LARGE;
    return found;
}

static void
end_digest(struct ws_message *m, struct event_message *out)
{
    struct ws_shared *s = m->shared;
    struct digest *d = m->digest_direct ? s->digest : m->digest;
    size_t len = 0;
    if (m->plain_len == 0) {
        d = s->digest;
        digest_reset(d);
    }
    if (digest_final(d, s->digest_out, &len) != ERR_OK)
        return;
    out->has_digest = true;
    out->digest = slice_make(s->digest_out, len);
}

unsigned
ws_message_end(struct ws_message *m, bool finished, struct event_message *out)
{
    unsigned found = 0;
    assert(m->open);
    if (m->compressed)
        found = end_compressed(m, finished);
    bool complete = finished && m->whole;
    if (complete && m->judging && !utf8_done(&m->utf8))
        found |= WS_MESSAGE_UTF8_CUT;
    out->opcode = m->opcode;
    out->wire_len = m->wire_len;
    out->compressed = m->compressed;
    out->has_len = finished && (m->whole || !m->compressed);
    out->len = !out->has_len ? 0 : m->compressed ? m->plain_len : m->wire_len;
    out->complete = complete;
    out->has_utf8_error = m->utf8.bad || (found & WS_MESSAGE_UTF8_CUT) != 0;
    out->utf8_error = out->has_utf8_error ? m->utf8.valid : 0;
    out->payload = m->direct.len ? m->direct : buf_slice(&m->kept);
    out->truncated = !complete || out->payload.len < out->len;
    out->inflate_error = m->inflate_error;
    out->has_digest = false;
    if (complete && m->hashing)
        end_digest(m, out);
    m->open = false;
    return found;
}

void
ws_message_release(struct ws_message *m)
{
    m->shared->kept -= m->kept.len;
    m->direct = slice_make(NULL, 0);
    if (m->kept.cap > KEPT_IDLE_LEN)
        buf_fini(&m->kept);
    buf_clear(&m->kept);
}
