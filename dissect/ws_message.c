/* SPDX-License-Identifier: MIT */
#include "dissect/ws_message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rd.h"
#include "dissect/ws_frame.h"
#include "dissect/ws_stream.h"
#include "dissect/ws_unmask.h"

/* Text is searched for non-ASCII in pieces that stay in the first cache. */
#define ASCII_PIECE_LEN 8192u

/* An inferred compression is believed after so many messages, or one that
 * inflates to so many bytes; not any more after so many that do not inflate. */
#define TRIALS_PROVE 2u
#define TRIAL_PROVES_LEN 64u
#define TRIALS_REFUTE 3u

/* A buffer up to this size is worth keeping for the next message. */
#define KEPT_IDLE_LEN 4096u

static enum err
shared_init(struct ws_shared *s, const struct dissect_limits *limits,
            const struct event_sink *sink)
{
    bool messages = (sink->wants >> EVENT_MESSAGE & 1u) != 0;
    s->own_budget.max = SIZE_MAX;
    s->budget = limits->budget ? limits->budget : &s->own_budget;
    s->inflate_len = limits->inflate_len;
    s->large_len = limits->thresholds.value[THRESHOLD_MESSAGE_LARGE];
    s->bomb_len = limits->thresholds.value[THRESHOLD_BOMB_SIZE];
    s->bomb_ratio = limits->thresholds.value[THRESHOLD_BOMB_RATIO];
    if (messages) {
        s->want_known = true;
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

/* ---- Memory --------------------------------------------------------- */

static void
list_leave(struct ws_message *m)
{
    struct ws_message_list *list = m->list;
    if (!list)
        return;
    if (m->prev)
        m->prev->next = m->next;
    else
        list->oldest = m->next;
    if (m->next)
        m->next->prev = m->prev;
    else
        list->newest = m->prev;
    m->list = NULL;
}

/* As the newest of the list. */
static void
list_enter(struct ws_message *m, struct ws_message_list *list)
{
    if (list->newest == m)
        return;
    list_leave(m);
    m->list = list;
    m->prev = list->newest;
    m->next = NULL;
    if (m->prev)
        m->prev->next = m;
    else
        list->oldest = m;
    list->newest = m;
}

static size_t
buf_memory(const struct buf *b)
{
    return b->ptr ? budget_block(b->cap) : 0;
}

/* Counts what m takes now. */
static void
count_memory(struct ws_message *m)
{
    size_t now = buf_memory(&m->kept) + buf_memory(&m->known);
    if (m->digest)
        now += DIGEST_MEMORY;
    if (now == m->counted)
        return;
    budget_change(m->shared->budget, m->counted, now);
    m->shared->kept = m->shared->kept - m->counted + now;
    m->counted = now;
}

/* Lets go of what waits for the next message. */
static void
drop_idle(struct ws_message *m)
{
    assert(m->kept.len == 0 && m->known.len == 0);
    list_leave(m);
    buf_fini(&m->kept);
    buf_fini(&m->known);
    digest_free(m->digest);
    m->digest = NULL;
    count_memory(m);
}

/* Lets go of what is kept of a message in progress; its digest goes on. */
static void
drop_kept(struct ws_message *m)
{
    list_leave(m);
    m->truncated = true;
    m->known_more |= m->known.len > 0;
    buf_fini(&m->kept);
    buf_fini(&m->known);
    count_memory(m);
}

/* Makes room for need more bytes of m, which is busy.  False: there is none
 * even without the others. */
static bool
make_room(const struct ws_message *m, size_t need)
{
    struct ws_shared *s = m->shared;
    size_t max = s->budget->max / WS_KEPT_SHARE;
    if (need > max)
        return false;
    while (s->kept > max - need) {
        if (s->idle.oldest)
            drop_idle(s->idle.oldest);
        else if (s->busy.oldest != m)
            drop_kept(s->busy.oldest);
        else
            return false;
    }
    return true;
}

void
ws_shared_relieve(struct ws_shared *shared)
{
    while (budget_is_over(shared->budget) && shared->idle.oldest)
        drop_idle(shared->idle.oldest);
}

/* ---- Messages ------------------------------------------------------- */

void
ws_message_init(struct ws_message *m, struct ws_shared *shared, bool takeover)
{
    ws_message_init_config(m, shared,
                           &(struct ws_message_config){.takeover = takeover,
                                                       .window_bits = 15});
}

void
ws_message_init_config(struct ws_message *m, struct ws_shared *shared,
                       const struct ws_message_config *config)
{
    *m = (struct ws_message){.shared = shared};
    ws_inflate_init(&m->inflate, shared->pool,
                    &(struct ws_inflate_config){
                        .takeover = config->takeover || config->inferred,
                        .window_bits = config->window_bits,
                        .unknown = config->unknown || config->inferred});
    if (config->inferred)
        m->trial = WS_TRIAL_OPEN;
    buf_init(&m->kept, shared->keep);
    buf_init(&m->known, EVENT_KNOWN_MAX * sizeof(struct event_range));
}

void
ws_message_fini(struct ws_message *m)
{
    ws_message_release(m);
    drop_idle(m);
    ws_inflate_fini(&m->inflate);
}

void
ws_message_forget(struct ws_message *m)
{
    assert(!m->open);
    ws_inflate_forget(&m->inflate);
}

unsigned
ws_message_begin(struct ws_message *m, uint8_t opcode, bool compressed,
                 bool judge)
{
    assert(!m->open);
    /* What RSV1 means then, nobody knows. */
    if (compressed && m->trial == WS_TRIAL_REFUTED)
        compressed = judge = false;
    m->open = true;
    m->opcode = opcode;
    m->compressed = compressed;
    m->trying = compressed && m->trial == WS_TRIAL_OPEN;
    m->judging = judge && opcode == WS_OP_TEXT && !m->trying;
    m->hashing = m->shared->digest_name != NULL;
    m->digest_direct = false;
    m->inflating = false;
    m->whole = true;
    m->limited = false;
    m->ended = false;
    m->truncated = false;
    m->uncertain = false;
    m->known_more = false;
    m->held = m->told = 0;
    m->want_start = false;
    m->start_len = 0;
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
    return m->trying ? 0 : WS_MESSAGE_CONTEXT_MISSING;
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
    list_enter(m, &s->busy);
    size_t n = slice_head(plain, m->kept.max - m->kept.len).len;
    size_t cap = buf_cap_for(&m->kept, n);
    if (cap > m->kept.cap &&
        !make_room(m, budget_block(cap) - buf_memory(&m->kept)))
        n = slice_head(plain, m->kept.cap - m->kept.len).len;
    n = buf_append_some(&m->kept, plain.ptr, n);
    count_memory(m);
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
    if (!m->hashing)
        return;
    list_enter(m, &m->shared->busy);
    count_memory(m);
    digest_update(m->digest, plain.ptr, plain.len);
}

/* Keeps the first decoded bytes.  mask: NULL, or the run is still masked. */
static void
note_start(struct ws_message *m, struct slice run, const uint8_t *mask,
           uint64_t off)
{
    static const uint8_t no_mask[4];
    size_t room = sizeof m->start - m->start_len;
    size_t n = run.len < room ? run.len : room;
    if (n == 0)
        return;
    ws_unmask(m->start + m->start_len, run.ptr, n, mask ? mask : no_mask, off);
    m->start_len = (uint8_t)(m->start_len + n);
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
    if (m->want_start)
        note_start(m, plain, NULL, 0);
    if (m->hashing)
        hash(m, plain, only);
    if (m->shared->keep > 0)
        keep(m, plain, only);
    m->plain_len += plain.len;
    return found;
}

/* Remembers that the next n bytes are certain. */
static void
add_known(struct ws_message *m, uint64_t start, uint64_t n)
{
    struct event_range range = {start, start + n};
    struct event_range *last = NULL;
    if (!m->shared->want_known || m->known_more || n == 0)
        return;
    if (m->known.len > 0)
        last = (struct event_range *)(void *)(m->known.ptr + m->known.len) - 1;
    if (last && last->end == start)
        last->end = range.end;
    else if (buf_append(&m->known, &range, sizeof range) != ERR_OK)
        m->known_more = true;
    list_enter(m, &m->shared->busy);
    count_memory(m);
}

/* Takes inflated bytes of which some are unknown, or that come behind such. */
static void
take_uncertain(struct ws_message *m, const struct ws_track_piece *piece)
{
    size_t n = 0;
    for (size_t at = 0; at < piece->bytes.len; at += n) {
        bool known = true;
        n = ws_track_piece_run(piece, at, &known);
        if (!known && !m->uncertain) {
            m->uncertain = true;
            m->judging = false;
            m->hashing = false;
            add_known(m, 0, m->plain_len);
        }
        if (known)
            add_known(m, m->plain_len, n);
        /* Bytes of which nothing is told are not shown. */
        if (m->known_more)
            m->truncated = true;
        if (m->shared->keep > 0)
            keep(m, slice_make(piece->bytes.ptr + at, n), false);
        m->plain_len += n;
    }
}

/* Takes inflated bytes, the first of which are certain, then not. */
static unsigned
take_mixed(struct ws_message *m, const struct ws_track_piece *piece)
{
    unsigned found = 0;
    struct ws_track_piece rest = *piece;
    if (!m->uncertain) {
        bool known = true;
        size_t n = ws_track_piece_run(piece, 0, &known);
        if (!known)
            n = 0;
        found = take_plain(m, slice_head(piece->bytes, n), false);
        rest.bytes = slice_skip(rest.bytes, n);
        rest.known_bit += n;
    }
    take_uncertain(m, &rest);
    return found;
}

/* What inflating has come upon. */
static unsigned
inflate_notes(struct ws_message *m)
{
    unsigned found = 0;
    if (!(m->inflate.missing.dist | m->inflate.wide.dist))
        return 0;
    if (m->inflate.missing.dist && !m->inflate.told) {
        m->inflate.told = true;
        found |= WS_MESSAGE_CONTEXT_MISSING;
    }
    if (m->inflate.wide.dist)
        found |= WS_MESSAGE_WINDOW;
    found &= ~m->told;
    m->told |= found;
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
        struct ws_track_piece piece;
        const char *error = NULL;
        /* One byte more than allowed proves that the limit is passed. */
        if (cap > room)
            cap = (size_t)room + 1;
        step = ws_inflate_run(&m->inflate, &wire, tail, s->inflated, cap,
                              &piece, &error);
        bool over = piece.bytes.len > room;
        if (over)
            piece.bytes.len = (size_t)room;
        bool only = first && last && step == WS_INFLATE_DONE;
        if (piece.certain && !m->uncertain)
            found |= take_plain(m, piece.bytes, only);
        else if (piece.bytes.len > 0)
            found |= take_mixed(m, &piece);
        found |= inflate_notes(m);
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

/* All of the payload was inflated: the tail. */
static unsigned
inflate_tail(struct ws_message *m)
{
    if (m->wire_len >= WS_INFLATE_TAIL_LEN &&
        m->last4 == rd_load_be32(ws_inflate_tail) &&
        ws_inflate_at_border(&m->inflate)) {
        /* A second tail would only confuse the next message. */
        m->ended = true;
        return WS_MESSAGE_TAIL;
    }
    return inflate_run(m, slice_make(ws_inflate_tail, WS_INFLATE_TAIL_LEN),
                       true, false);
}

/* Keeps m->last4 up to date. */
static void
note_last(struct ws_message *m, struct slice wire)
{
    if (wire.len >= 4) {
        m->last4 = rd_load_be32(wire.ptr + wire.len - 4);
        return;
    }
    for (size_t i = 0; i < wire.len; i++)
        m->last4 = m->last4 << 8 | wire.ptr[i];
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
        bool end = last && run.len == 0;
        struct slice wire = piece;
        if (mask || end) {
            if (mask)
                ws_unmask(s->plain, piece.ptr, piece.len, mask, off);
            else
                memcpy(s->plain, piece.ptr, piece.len);
            wire.ptr = s->plain;
        }
        note_last(m, wire);
        /* What looks like a tail must be inflated on its own. */
        bool odd = end && m->last4 == rd_load_be32(ws_inflate_tail);
        bool tail = end && !odd;
        if (tail) {
            memcpy(s->plain + piece.len, ws_inflate_tail, WS_INFLATE_TAIL_LEN);
            wire.len += WS_INFLATE_TAIL_LEN;
        }
        off += piece.len;
        found |= inflate_run(m, wire, tail, alone && tail);
        if (odd && m->inflating)
            found |= inflate_tail(m);
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

/* What is found in a trial counts only if that succeeds. */
static unsigned
hold_back(struct ws_message *m, unsigned found)
{
    if (!m->trying)
        return found;
    m->held |= found;
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
    if (m->compressed) {
        if (m->inflating)
            found = data_compressed(m, run, mask, off, last);
        return hold_back(m, found);
    }
    bool keeping = s->keep > 0 && !m->truncated && m->whole;
    if (!keeping && !m->hashing) {
        if (s->keep > 0)
            m->truncated = true;
        if (m->want_start)
            note_start(m, run, mask, off);
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

/* Whether the trial that this message was succeeded.  If not, what came of
 * it means nothing. */
static bool
end_trial(struct ws_message *m, bool finished)
{
    if (finished && m->whole && m->wire_len > 0) {
        m->n_tried++;
        if (m->n_tried >= TRIALS_PROVE || m->plain_len >= TRIAL_PROVES_LEN)
            m->trial = WS_TRIAL_PROVED;
        return true;
    }
    if (m->inflate_error && !m->limited && m->n_tried == 0 &&
        ++m->n_refused >= TRIALS_REFUTE)
        m->trial = WS_TRIAL_REFUTED;
    m->inflate_error = NULL;
    m->uncertain = false;
    ws_message_release(m);
    return false;
}

static unsigned
end_compressed(struct ws_message *m, bool finished)
{
    unsigned found = 0;
    if (m->inflating && finished && !m->ended)
        found = inflate_tail(m);
    if (m->inflating)
        ws_inflate_end(&m->inflate, finished);
    const struct ws_shared *s = m->shared;
    uint64_t ratio = s->bomb_ratio ? s->bomb_ratio : 1;
    if (m->plain_len > s->bomb_len && m->plain_len / ratio >= m->wire_len)
        found |= WS_MESSAGE_BOMB;
    else if (m->limited || m->plain_len > s->large_len)
        found |= WS_MESSAGE_TOO_LARGE;
    if (finished && m->wire_len == 0)
        found |= WS_MESSAGE_EMPTY_PAYLOAD;
    if (m->inflate.n_finals > 0)
        found |= WS_MESSAGE_BFINAL;
    if (m->inflate.before.dist && m->ended && !m->inflate_error)
        found |= WS_MESSAGE_TAKEOVER;
    if (m->trying)
        found = end_trial(m, finished) ? found | m->held : 0;
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

static void
end_known(const struct ws_message *m, struct event_message *out)
{
    static const struct event_range nothing[1];
    out->known = NULL;
    out->n_known = 0;
    out->known_more = false;
    if (!m->uncertain)
        return;
    out->n_known = m->known.len / sizeof nothing[0];
    out->known = nothing;
    if (out->n_known > 0)
        out->known = (const struct event_range *)(const void *)m->known.ptr;
    out->known_more = m->known_more;
}

unsigned
ws_message_end(struct ws_message *m, bool finished, struct event_message *out)
{
    unsigned found = 0;
    assert(m->open);
    if (m->compressed)
        found = end_compressed(m, finished);
    else if (m->wire_len > m->shared->large_len)
        found = WS_MESSAGE_TOO_LARGE;
    bool decoded = finished && m->whole;
    bool complete = decoded && !m->uncertain;
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
    out->truncated = !decoded || out->payload.len < out->len;
    end_known(m, out);
    out->inflate_error = m->inflate_error;
    out->has_digest = false;
    if (complete && m->hashing)
        end_digest(m, out);
    m->open = false;
    return found;
}

const char *
ws_message_detail(const struct ws_message *m, enum ws_message_finding finding,
                  char *text)
{
    const struct ws_inflate *i = &m->inflate;
    const size_t cap = WS_MESSAGE_DETAIL_MAX;
    switch (finding) {
    case WS_MESSAGE_BAD_UTF8:
    case WS_MESSAGE_UTF8_CUT:
        snprintf(text, cap, "valid up to byte %" PRIu64 " of the message",
                 m->utf8.valid);
        return text;
    case WS_MESSAGE_INFLATE_FAILED:
        snprintf(text, cap,
                 "%s: at byte %" PRIu64 ", bit %u of the payload, behind "
                 "%" PRIu64 " inflated bytes",
                 m->inflate_error, i->broke.in_bit / 8,
                 (unsigned)(i->broke.in_bit % 8), i->broke.out);
        return text;
    case WS_MESSAGE_CONTEXT_MISSING:
        if (i->missing.dist == 0)
            return "no memory for an inflate state";
        snprintf(text, cap,
                 "byte %" PRIu64 " was copied from %" PRIu32 " bytes before "
                 "it; what is unknown is marked, until %u known bytes in a "
                 "row have passed",
                 i->missing.out, i->missing.dist, WS_TRACK_WINDOW_LEN);
        return text;
    case WS_MESSAGE_TAKEOVER:
        snprintf(text, cap,
                 "byte %" PRIu64 " was copied from %" PRIu32 " bytes before it",
                 i->before.out, i->before.dist);
        return text;
    case WS_MESSAGE_WINDOW:
        snprintf(text, cap,
                 "a distance of %" PRIu32 " bytes at byte %" PRIu64
                 ", bit %u of the payload; %u were agreed",
                 i->wide.dist, i->wide.in_bit / 8,
                 (unsigned)(i->wide.in_bit % 8), 1u << i->window_bits);
        return text;
    default:
        return NULL;
    }
}

void
ws_message_release(struct ws_message *m)
{
    m->direct = slice_make(NULL, 0);
    if (m->list == &m->shared->idle || (m->counted == 0 && !m->list))
        return;
    if (m->kept.cap > KEPT_IDLE_LEN)
        buf_fini(&m->kept);
    buf_clear(&m->kept);
    if (m->known.cap > KEPT_IDLE_LEN)
        buf_fini(&m->known);
    buf_clear(&m->known);
    count_memory(m);
    if (m->counted > 0)
        list_enter(m, &m->shared->idle);
    else
        list_leave(m);
}
