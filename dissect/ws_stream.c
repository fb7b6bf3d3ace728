/* SPDX-License-Identifier: MIT */
#include "dissect/ws_stream.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rd.h"
#include "base/utf8.h"
#include "dissect/ws_message.h"
#include "dissect/ws_unmask.h"

/* What a frame's payload is to us. */
enum role {
    ROLE_MESSAGE = 0, /* part of the open message */
    ROLE_CONTROL,     /* close, ping, pong, reserved control */
    ROLE_OTHER,       /* reserved data, continuation of nothing */
};

/* Gaps of one search that wait for their event; more are told as never
 * resynced. */
#define GAPS_MAX 64u

/* Looking for frame boundaries. */
struct search {
    struct ws_sync *sync;
    size_t counted; /* in the budget */
    size_t n_gaps, cap_gaps;
    struct event_gap *gaps;
};

struct ws_stream {
    struct ws_frame frame;
    struct ws_stream_stats stats;
    struct ws_shared *shared;
    struct emitter *emit;
    struct judge *judge; /* NULL: not judged */
    struct judge_public *tally;
    enum ws_sender from;
    bool want_frames, want_messages;
    bool tells;      /* one of the two */
    bool no_payload; /* nobody wants the payload of messages */
    bool has_deflate;
    bool other_open; /* a reserved data frame without FIN came last */
    bool headless;   /* the open message began where nothing is known */
    bool resynced;   /* boundaries were looked for, and found */
    /* With resynced: */
    uint64_t resync_messages; /* messages before */
    uint64_t certain_at;      /* from this offset on ... */
    double certain_bits;      /* ... the evidence is this, */
    double first_bits;        /* and this before */
    struct search *search;    /* while stats.lost; NULL: no memory */
    /* The current frame; counts while in_frame. */
    bool in_frame;
    bool frame_whole; /* no gap in it so far */
    enum role role;
    uint8_t frame_cut; /* header bytes in its first packet, if not all */
    struct stamp frame_first;
    struct stamp header_first; /* of a header that is cut */
    uint8_t header_cut;        /* ... its bytes in that packet */
    /* The open message. */
    uint32_t message_frames;
    struct stamp message_first;
    struct ws_message message;
    uint8_t control_len; /* bytes in control */
    uint8_t control[WS_FRAME_CONTROL_MAX];
};

static void search_free(struct ws_stream *s, struct search *search);
static void search_begin(struct ws_stream *s, struct ws_sync *sync);

enum err
ws_stream_new(struct ws_stream **out, const struct ws_stream_config *config,
              uint64_t offset)
{
    struct ws_stream *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->shared = config->shared;
    budget_take(s->shared->budget, budget_block(sizeof *s));
    s->emit = config->emit;
    s->judge = config->judge;
    s->tally = s->judge ? judge_public(s->judge) : NULL;
    s->from = config->from;
    s->has_deflate = config->has_deflate || config->deflate_inferred;
    s->want_frames = emit_wants(s->emit, EVENT_FRAME);
    s->want_messages = emit_wants(s->emit, EVENT_MESSAGE);
    s->tells = s->want_frames || s->want_messages;
    s->no_payload = s->shared->keep == 0 && !s->shared->digest_name;
    ws_frame_init(&s->frame, s->from, s->has_deflate ? WS_FRAME_RSV1 : 0,
                  offset);
    ws_message_init_config(
        &s->message, s->shared,
        &(struct ws_message_config){.takeover = !config->no_context_takeover,
                                    .window_bits = config->window_bits
                                                       ? config->window_bits
                                                       : 15,
                                    .unknown = config->boundary_unknown,
                                    .inferred = config->deflate_inferred});
    if (config->boundary_unknown)
        search_begin(s, NULL);
    *out = s;
    return ERR_OK;
}

void
ws_stream_free(struct ws_stream *s)
{
    if (!s)
        return;
    ws_message_fini(&s->message);
    search_free(s, s->search);
    budget_give(s->shared->budget, budget_block(sizeof *s));
    free(s);
}

const struct ws_stream_stats *
ws_stream_stats(const struct ws_stream *s)
{
    return &s->stats;
}

static struct stamp
stamp_of(const struct pkt_meta *meta)
{
    return (struct stamp){meta->time_ns, meta->number};
}

/* What ends a frame may be captured before its first byte: an RST that is
 * believed after more came (flow.c). */
static struct stamp
later(struct stamp a, struct stamp b)
{
    return a.packet < b.packet ? b : a;
}

/* ---- Findings ------------------------------------------------------- */

/* frame, message: numbers, or 0 when it concerns none. */
static void
find(struct ws_stream *s, enum finding_id id, struct stamp at, uint64_t off,
     uint64_t frame, uint64_t message, const char *detail)
{
    emit_finding(s->emit, &(struct event_finding){.id = id,
                                                  .has_from = true,
                                                  .from = s->from,
                                                  .at = at,
                                                  .has_offset = true,
                                                  .offset = off,
                                                  .frame = frame,
                                                  .message = message,
                                                  .detail = detail});
}

/* About the current frame. */
static void
find_in_frame(struct ws_stream *s, enum finding_id id, struct stamp at,
              const char *detail)
{
    find(s, id, at, s->frame.cur.offset, s->stats.frames, 0, detail);
}

static void
find_header(struct ws_stream *s, const struct ws_frame_header *h,
            struct stamp at)
{
    static const struct {
        uint32_t bit;
        enum finding_id id;
    } table[] = {
        {WS_FRAME_BAD_RSV1, FINDING_FRAME_RSV1_NOT_NEGOTIATED},
        {WS_FRAME_BAD_RSV23, FINDING_FRAME_RSV2_OR_RSV3_SET},
        {WS_FRAME_BAD_OPCODE, FINDING_FRAME_OPCODE_RESERVED},
        {WS_FRAME_LEN_PADDED, FINDING_FRAME_LENGTH_NOT_MINIMAL},
        {WS_FRAME_CTL_FRAG, FINDING_FRAME_CONTROL_FRAGMENTED},
        {WS_FRAME_CTL_LONG, FINDING_FRAME_CONTROL_TOO_LONG},
        {WS_FRAME_RSV1_CONT, FINDING_DEFLATE_RSV1_ON_CONTINUATION},
        {WS_FRAME_RSV1_CTL, FINDING_DEFLATE_RSV1_ON_CONTROL},
    };
    if (h->findings & WS_FRAME_BAD_MASK)
        find_in_frame(s,
                      s->from == WS_SENDER_CLIENT
                          ? FINDING_FRAME_CLIENT_UNMASKED
                          : FINDING_FRAME_SERVER_MASKED,
                      at, NULL);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (h->findings & table[i].bit)
            find_in_frame(s, table[i].id, at, NULL);
}

/* found: a set of enum ws_message_finding, about the open message. */
static void
find_message(struct ws_stream *s, unsigned found, struct stamp at)
{
    static const struct {
        enum ws_message_finding bit;
        enum finding_id id;
    } table[] = {
        {WS_MESSAGE_BAD_UTF8, FINDING_MESSAGE_INVALID_UTF8},
        {WS_MESSAGE_UTF8_CUT, FINDING_MESSAGE_UTF8_INCOMPLETE},
        {WS_MESSAGE_CONTEXT_MISSING, FINDING_DEFLATE_CONTEXT_MISSING},
        {WS_MESSAGE_INFLATE_FAILED, FINDING_DEFLATE_INFLATE_FAILED},
        {WS_MESSAGE_EMPTY_PAYLOAD, FINDING_DEFLATE_EMPTY_PAYLOAD},
        {WS_MESSAGE_WINDOW, FINDING_DEFLATE_WINDOW_EXCEEDED},
        {WS_MESSAGE_TAKEOVER, FINDING_DEFLATE_TAKEOVER_NOT_ALLOWED},
        {WS_MESSAGE_BFINAL, FINDING_DEFLATE_BFINAL},
        {WS_MESSAGE_TAIL, FINDING_DEFLATE_TAIL_NOT_REMOVED},
        {WS_MESSAGE_BOMB, FINDING_DEFLATE_BOMB},
        {WS_MESSAGE_TOO_LARGE, FINDING_MESSAGE_TOO_LARGE},
    };
    const struct ws_message *m = &s->message;
    char text[WS_MESSAGE_DETAIL_MAX];
    if (!found)
        return;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *detail = NULL;
        if (!(found & table[i].bit))
            continue;
        if (emit_finding_count(s->emit, table[i].id, s->from) == 0)
            detail = ws_message_detail(m, table[i].bit, text);
        find(s, table[i].id, at, s->frame.cur.offset, s->stats.frames,
             s->stats.messages, detail);
    }
}

/* ---- Messages ------------------------------------------------------- */

/* Ends the open message and describes it.  The description and what it points
 * to live until ws_message_release(). */
static const struct event_message *
message_close(struct ws_stream *s, bool finished, struct stamp at)
{
    struct event_message *ev = &s->shared->message_event;
    ev->from = s->from;
    ev->number = s->stats.messages;
    ev->first = s->message_first;
    ev->at = later(at, ev->first);
    ev->n_frames = s->message_frames;
    ev->synced = !s->resynced;
    find_message(s, ws_message_end(&s->message, finished, ev), at);
    if (s->headless)
        ev->has_len = false;
    s->headless = false;
    return ev;
}

/* The open message, if any, will never be finished. */
static void
message_abandon(struct ws_stream *s, struct stamp at)
{
    if (!s->message.open)
        return;
    emit_message(s->emit, message_close(s, false, at));
    ws_message_release(&s->message);
}

static void
message_open(struct ws_stream *s, const struct ws_frame_header *h,
             struct stamp at)
{
    /* A bit whose meaning is unknown may have changed what the payload is:
     * then it is not judged as text. */
    bool judge = !(h->findings & (WS_FRAME_BAD_RSV1 | WS_FRAME_BAD_RSV23));
    bool compressed = s->has_deflate && (h->rsv & WS_FRAME_RSV1);
    s->stats.messages++;
    s->message_frames = 1;
    s->message_first = s->frame_first;
    find_message(s, ws_message_begin(&s->message, h->opcode, compressed, judge),
                 at);
    s->message.want_start = judge && s->tally && s->tally->starts;
}

/* A message goes on whose beginning is not known, nor whether it was text or
 * compressed. */
static void
message_open_headless(struct ws_stream *s)
{
    s->stats.messages++;
    s->message_frames = 1;
    s->message_first = s->frame_first;
    s->headless = true;
    ws_message_begin(&s->message, WS_OP_CONT, false, false);
    ws_message_gap(&s->message, 0);
}

/* ---- Frames --------------------------------------------------------- */

static void
header_data(struct ws_stream *s, const struct ws_frame_header *h,
            struct stamp at)
{
    s->role = ROLE_MESSAGE;
    if (h->opcode == WS_OP_CONT && s->message.open) {
        s->message_frames++;
    } else if (h->opcode == WS_OP_CONT && !s->other_open && s->resynced &&
               s->stats.messages == s->resync_messages) {
        message_open_headless(s);
    } else if (h->opcode == WS_OP_CONT) {
        s->role = ROLE_OTHER;
        /* What continues a reserved data frame is no orphan. */
        if (!s->other_open)
            find_in_frame(s, FINDING_FRAME_CONTINUATION_ORPHAN, at, NULL);
        s->other_open = s->other_open && !h->fin;
    } else if (h->findings & WS_FRAME_BAD_OPCODE) {
        s->role = ROLE_OTHER;
        s->other_open = !h->fin && !s->message.open;
    } else {
        s->other_open = false;
        if (s->message.open) {
            find(s, FINDING_FRAME_MESSAGE_INTERLEAVED, at, h->offset,
                 s->stats.frames, s->stats.messages, NULL);
            message_abandon(s, at);
        }
        message_open(s, h, at);
    }
}

static void
header(struct ws_stream *s, const struct ws_frame_header *h, struct stamp at)
{
    s->stats.frames++;
    if (s->stats.close_frames > 0)
        s->stats.after_close++;
    s->in_frame = true;
    s->frame_whole = true;
    s->control_len = 0;
    if (h->findings)
        find_header(s, h, at);
    if (ws_opcode_is_control(h->opcode))
        s->role = ROLE_CONTROL;
    else
        header_data(s, h, at);
}

/* Keeps the start of a control frame's payload. */
static void
payload_control(struct ws_stream *s, const struct ws_frame_event *ev)
{
    size_t room = sizeof s->control - s->control_len;
    size_t n = ev->data.len < room ? ev->data.len : room;
    /* Behind a gap nothing is kept: it would be taken for the beginning. */
    if (!s->frame_whole || n == 0)
        return;
    ws_unmask(s->control + s->control_len, ev->data.ptr, n, ev->header->mask,
              ev->data_off);
    s->control_len = (uint8_t)(s->control_len + n);
}

static void
payload(struct ws_stream *s, const struct ws_frame_event *ev, struct stamp at)
{
    const struct ws_frame_header *h = ev->header;
    s->stats.payload_bytes += ev->data.len;
    if (s->role == ROLE_CONTROL) {
        payload_control(s, ev);
    } else if (s->role == ROLE_MESSAGE) {
        unsigned found =
            ws_message_data(&s->message, ev->data, h->masked ? h->mask : NULL,
                            ev->data_off, ev->end && h->fin);
        if (found)
            find_message(s, found, at);
        /* RFC 6455 section 5.6: only the whole message must be UTF-8. */
        if (ev->end && !h->fin && s->message.judging &&
            !s->message.compressed && s->message.utf8.n_part > 0)
            find(s, FINDING_MESSAGE_UTF8_SPLIT, at, h->offset, s->stats.frames,
                 s->stats.messages, NULL);
    }
}

/* Reads a Close frame, RFC 6455 section 5.5.1. */
static void
end_close(struct ws_stream *s, struct stamp at)
{
    struct ws_stream_stats *st = &s->stats;
    bool first = st->close_frames++ == 0;
    if (first)
        st->first_close = at;
    if (s->frame.cur.payload_len == 1)
        find_in_frame(s, FINDING_CLOSE_PAYLOAD_ONE_BYTE, at, NULL);
    if (s->control_len < 2)
        return;
    if (first) {
        st->has_close_code = true;
        st->close_code = rd_load_be16(s->control);
    }
    struct utf8 check;
    utf8_init(&check);
    utf8_feed(&check, s->control + 2, s->control_len - 2u);
    /* A reason that we hold only in part may end inside a character. */
    bool all = s->frame_whole && s->frame.cur.payload_len == s->control_len;
    if (check.bad || (all && !utf8_done(&check)))
        find_in_frame(s, FINDING_CLOSE_REASON_INVALID_UTF8, at, NULL);
}

static void
emit_current_frame(struct ws_stream *s, bool ended, struct stamp at,
                   const struct event_message *completed)
{
    struct event_frame *ev = &s->shared->frame_event;
    const struct ws_frame_header *h = &s->frame.cur;
    bool in_message = s->role == ROLE_MESSAGE;
    ev->from = s->from;
    ev->number = s->stats.frames;
    ev->first = s->frame_first;
    ev->at = later(at, ev->first);
    ev->header = *h;
    ev->ended = ended;
    ev->complete = ended && s->frame_whole;
    ev->synced = !s->resynced;
    ev->confidence = 0;
    if (s->resynced)
        ev->confidence =
            h->offset < s->certain_at ? s->first_bits : s->certain_bits;
    ev->message = in_message ? s->stats.messages : 0;
    ev->compressed = in_message && s->message.compressed;
    ev->payload = slice_make(s->control, s->control_len);
    ev->completed = completed;
    ev->has_close_code = h->opcode == WS_OP_CLOSE && s->control_len >= 2;
    ev->close_code = 0;
    ev->close_reason = slice_make(NULL, 0);
    if (ev->has_close_code) {
        ev->close_code = rd_load_be16(s->control);
        ev->close_reason = slice_make(s->control + 2, s->control_len - 2u);
    }
    emit_frame(s->emit, ev);
}

/* The current frame is over; meta: the packet that ended it, one way or
 * another. */
static void
judge_current_frame(struct ws_stream *s, bool ended,
                    const struct pkt_meta *meta)
{
    const struct ws_frame_header *h = &s->frame.cur;
    if (!s->judge)
        return;
    if (ended && !ws_opcode_is_control(h->opcode))
        judge_tally(s->tally, s->from, h, meta);
    judge_frame(s->judge,
                &(struct judged_frame){
                    .from = s->from,
                    .number = s->stats.frames,
                    .message = s->role == ROLE_MESSAGE ? s->stats.messages : 0,
                    .header = h,
                    .first = s->frame_first,
                    .header_cut = s->frame_cut,
                    .meta = meta,
                    .whole = ended && s->frame_whole,
                    .synced = !s->resynced,
                    .inside = s->role == ROLE_CONTROL && s->message.open,
                    .control = slice_make(s->control, s->control_len)});
}

/* The beginning of the message that the current frame ended. */
static void
judge_message_start(struct ws_stream *s, const struct event_message *ev,
                    const struct pkt_meta *meta)
{
    const struct ws_message *m = &s->message;
    judge_payload(s->judge, &(struct judged_payload){
                                .from = s->from,
                                .opcode = ev->opcode,
                                .message = ev->number,
                                .frame = s->stats.frames,
                                .offset = s->frame.cur.offset,
                                .complete = ev->complete && m->want_start,
                                .len = ev->len,
                                .start = slice_make(m->start, m->start_len),
                                .meta = meta});
}

/* The current frame is over. */
static void
frame_end(struct ws_stream *s, const struct pkt_meta *meta)
{
    const struct ws_frame_header *h = &s->frame.cur;
    const struct event_message *message = NULL;
    struct stamp at = stamp_of(meta);
    s->in_frame = false;
    s->stats.last_frame = at;
    if (h->opcode == WS_OP_CLOSE)
        end_close(s, at);
    if (s->role == ROLE_MESSAGE && h->fin)
        message = message_close(s, true, at);
    if (s->want_frames)
        emit_current_frame(s, true, at, s->want_messages ? message : NULL);
    judge_current_frame(s, true, meta);
    if (message) {
        if (s->want_messages)
            emit_message(s->emit, message);
        if (s->tally && s->tally->starts)
            judge_message_start(s, message, meta);
        if (s->judge)
            judge_message(s->judge, message, meta);
        ws_message_release(&s->message);
    }
}

/* The rest of the current frame will never be seen. */
static void
frame_abandon(struct ws_stream *s, struct stamp at, const struct pkt_meta *meta)
{
    if (!s->in_frame)
        return;
    s->in_frame = false;
    if (s->frame.cur.opcode == WS_OP_CLOSE)
        end_close(s, at);
    if (s->want_frames)
        emit_current_frame(s, false, at, NULL);
    judge_current_frame(s, false, meta);
}

/* Whether the bytes, unmasked, are valid UTF-8 as they stand. */
static bool
is_text(struct ws_stream *s, struct slice data, const uint8_t *mask)
{
    if (mask) {
        if (ws_unmask_is_ascii(data.ptr, data.len, mask, 0))
            return true;
        if (data.len > WS_PLAIN_LEN)
            return false;
        ws_unmask(s->shared->plain, data.ptr, data.len, mask, 0);
        data.ptr = s->shared->plain;
    }
    return utf8_prefix(data.ptr, data.len) == data.len;
}

/* The beginning of a message that take_simple() takes. */
static void
judge_simple_start(struct ws_stream *s, const struct ws_frame_header *h,
                   struct slice data, const struct pkt_meta *meta)
{
    static const uint8_t no_mask[4];
    uint8_t start[WS_MESSAGE_START_LEN];
    struct slice head = slice_head(data, sizeof start);
    ws_unmask(start, head.ptr, head.len, h->masked ? h->mask : no_mask, 0);
    judge_payload(s->judge,
                  &(struct judged_payload){.from = s->from,
                                           .opcode = h->opcode,
                                           .message = s->stats.messages,
                                           .frame = s->stats.frames,
                                           .offset = h->offset,
                                           .complete = true,
                                           .len = data.len,
                                           .start = slice_make(start, head.len),
                                           .meta = meta});
}

/* A whole, uncompressed, faultless message in one frame of which nobody wants
 * the payload: most frames there are. */
static bool
is_simple(struct ws_stream *s, const struct ws_frame_header *h, struct slice in)
{
    if (!s->no_payload || (s->tally && s->tally->each) || h->findings ||
        h->rsv || !h->fin || s->message.open || h->opcode > WS_OP_BINARY ||
        h->opcode == WS_OP_CONT || h->payload_len > in.len ||
        h->payload_len > s->shared->large_len)
        return false;
    return h->opcode == WS_OP_BINARY ||
           is_text(s, slice_head(in, (size_t)h->payload_len),
                   h->masked ? h->mask : NULL);
}

/* Judges the frame that take_simple() takes. */
static inline void
judge_simple(struct ws_stream *s, const struct ws_frame_header *h,
             struct stamp first, const struct pkt_meta *meta)
{
    if (s->tally && judge_tally(s->tally, s->from, h, meta))
        judge_frame(s->judge,
                    &(struct judged_frame){.from = s->from,
                                           .number = s->stats.frames,
                                           .message = s->stats.messages,
                                           .header = h,
                                           .first = first,
                                           .meta = meta,
                                           .whole = true,
                                           .synced = !s->resynced});
}

/* The same when it is to be told about: events and findings come in the order
 * of frame_end(). */
static void
tell_simple(struct ws_stream *s, const struct ws_frame_header *h,
            struct stamp first, const struct pkt_meta *meta)
{
    struct stamp at = stamp_of(meta);
    struct event_message *message = NULL;
    if (s->want_messages) {
        message = &s->shared->message_event;
        *message = (struct event_message){.from = s->from,
                                          .number = s->stats.messages,
                                          .first = first,
                                          .at = later(at, first),
                                          .opcode = h->opcode,
                                          .n_frames = 1,
                                          .wire_len = h->payload_len,
                                          .has_len = true,
                                          .len = h->payload_len,
                                          .complete = true,
                                          .synced = !s->resynced,
                                          .truncated = h->payload_len > 0};
    }
    if (s->want_frames) {
        s->role = ROLE_MESSAGE;
        s->message.compressed = false; /* left by the one before */
        s->frame_first = first;
        s->frame_whole = true;
        s->control_len = 0;
        emit_current_frame(s, true, at, message);
    }
    judge_simple(s, h, first, meta);
    if (message)
        emit_message(s->emit, message);
}

/* Takes what is_simple(); false, with nothing changed: it is not. */
static bool
take_simple(struct ws_stream *s, const struct ws_frame_header *h,
            struct slice *in, struct stamp first, const struct pkt_meta *meta)
{
    if (!is_simple(s, h, *in))
        return false;
    struct slice data = slice_head(*in, (size_t)h->payload_len);
    ws_frame_take_rest(&s->frame, in);
    s->stats.frames++;
    s->stats.messages++;
    s->stats.payload_bytes += data.len;
    s->stats.last_frame = stamp_of(meta);
    s->other_open = false;
    if (s->stats.close_frames > 0)
        s->stats.after_close++;
    if (s->tells)
        tell_simple(s, h, first, meta);
    else
        judge_simple(s, h, first, meta);
    if (s->tally && s->tally->starts)
        judge_simple_start(s, h, data, meta);
    return true;
}

/* ---- Looking for boundaries ----------------------------------------- */

static void
search_free(struct ws_stream *s, struct search *search)
{
    if (!search)
        return;
    budget_give(s->shared->budget, search->counted);
    ws_sync_free(search->sync);
    free(search->gaps);
    free(search);
}

/* Counts what the search takes now. */
static void
search_count(struct ws_stream *s)
{
    struct search *search = s->search;
    if (!search)
        return;
    size_t now = budget_block(sizeof *search) + ws_sync_memory(search->sync);
    if (search->gaps)
        now += budget_block(search->cap_gaps * sizeof search->gaps[0]);
    budget_change(s->shared->budget, search->counted, now);
    search->counted = now;
}

/* sync: a search that goes on, or NULL. */
static void
search_begin(struct ws_stream *s, struct ws_sync *sync)
{
    struct ws_sync_config config = {.sender_known = true,
                                    .from = s->from,
                                    .rsv1_ok = s->has_deflate};
    s->stats.lost = true;
    s->other_open = false;
    ws_message_forget(&s->message);
    s->search = calloc(1, sizeof *s->search);
    if (s->search && !sync && ws_sync_new(&sync, &config) != ERR_OK) {
        free(s->search);
        s->search = NULL;
    }
    if (s->search) {
        s->search->sync = sync;
        search_count(s);
    } else {
        s->stats.no_memory = true;
        ws_sync_free(sync);
    }
}

/* Room for one more, up to GAPS_MAX; false: no memory. */
static bool
search_grow_gaps(struct search *search)
{
    if (search->n_gaps < search->cap_gaps || search->n_gaps == GAPS_MAX)
        return true;
    size_t cap = search->cap_gaps ? 4 * search->cap_gaps : 4;
    struct event_gap *gaps = realloc(search->gaps, cap * sizeof gaps[0]);
    if (!gaps)
        return false;
    search->gaps = gaps;
    search->cap_gaps = cap;
    return true;
}

static_assert(GAPS_MAX == 4 * 4 * 4, "search_grow_gaps() comes to it");

/* A gap whose end nobody knows yet. */
static void
search_add_gap(struct ws_stream *s, const struct event_gap *gap)
{
    struct search *search = s->search;
    if (!search || !search_grow_gaps(search)) {
        emit_gap(s->emit, gap);
        return;
    }
    if (search->n_gaps == GAPS_MAX) {
        emit_gap(s->emit, &search->gaps[0]);
        search->n_gaps--;
        memmove(search->gaps, search->gaps + 1,
                search->n_gaps * sizeof search->gaps[0]);
    }
    search->gaps[search->n_gaps++] = *gap;
    search_count(s);
}

/* Boundaries are lost; looking for new ones begins. */
static void
lose(struct ws_stream *s, struct stamp at, const struct pkt_meta *meta)
{
    frame_abandon(s, at, meta);
    message_abandon(s, at);
    s->stats.frame_open = s->stats.message_open = false;
    search_begin(s, NULL);
}

/* ---- The stream ----------------------------------------------------- */

static void resume(struct ws_stream *s);

/* Where the frame after the current one starts. */
static uint64_t
next_frame_offset(const struct ws_frame_header *h)
{
    uint64_t end = h->payload_len + h->header_len;
    return h->offset > UINT64_MAX - end ? UINT64_MAX : h->offset + end;
}

/* Passes over a gap while boundaries are known.  told: its finding came when
 * it did. */
static void
hole(struct ws_stream *s, const struct event_gap *g, bool told,
     const struct pkt_meta *meta)
{
    struct event_gap gap = *g;
    assert(gap.offset == s->frame.offset);
    unsigned header_cut_short = s->frame.have;
    enum ws_frame_hole hole = ws_frame_gap(&s->frame, gap.len);
    if (hole != WS_FRAME_HOLE_LOST) {
        gap.resynced = true;
        gap.resync_offset = next_frame_offset(&s->frame.cur);
        emit_gap(s->emit, &gap);
    }
    if (!told)
        find(s, FINDING_TCP_STREAM_GAP, gap.at, gap.offset,
             s->in_frame ? s->stats.frames : 0, 0, NULL);
    s->frame_whole = false;
    if (hole == WS_FRAME_HOLE_LOST) {
        s->stats.undecoded_bytes += header_cut_short;
        find(s, FINDING_FRAME_SYNC_LOST, gap.at, gap.offset, 0, 0, NULL);
        lose(s, gap.at, meta);
        search_add_gap(s, &gap);
        return;
    }
    if (s->role == ROLE_MESSAGE)
        ws_message_gap(&s->message, gap.len);
    if (hole == WS_FRAME_HOLE_TO_END)
        frame_end(s, meta);
}

static void
take_gap(struct ws_stream *s, uint64_t off, uint64_t len,
         const struct pkt_meta *meta, bool told)
{
    struct event_gap gap = {.from = s->from,
                            .at = stamp_of(meta),
                            .offset = off,
                            .len = len};
    while (s->search && ws_sync_gap(s->search->sync, off, len, meta))
        resume(s);
    if (!s->stats.lost) {
        hole(s, &gap, told, meta);
        return;
    }
    search_add_gap(s, &gap);
    if (!told)
        find(s, FINDING_TCP_STREAM_GAP, gap.at, off, 0, 0, NULL);
}

/* Tells the gaps that waited. */
static void
emit_gaps(struct ws_stream *s, struct search *search, bool resynced,
          uint64_t resync_offset)
{
    for (size_t i = 0; i < search->n_gaps; i++) {
        struct event_gap *gap = &search->gaps[i];
        gap->resynced = resynced;
        gap->resync_offset = resync_offset;
        /* What lies behind comes with the frame it is in. */
        if (!resynced || gap->offset < resync_offset)
            emit_gap(s->emit, gap);
    }
    search->n_gaps = 0;
}

/* Bytes that were counted when they came. */
static void
data_again(struct ws_stream *s, uint64_t off, struct slice data,
           const struct pkt_meta *meta)
{
    s->stats.wire_bytes -= data.len;
    s->stats.undecoded_bytes -= data.len;
    ws_stream_data(s, off, data, meta);
}

/*
 * Boundaries are found: decodes what was held.  Up to verdict.at that cannot
 * lose them again, and behind it less is held than a new search takes to
 * believe, so this does not go deep.
 */
static void
resume(struct ws_stream *s)
{
    struct search *search = s->search;
    const struct ws_sync_verdict *v = ws_sync_verdict(search->sync);
    struct ws_sync_piece piece;
    struct slice data;
    s->search = NULL;
    s->stats.lost = false;
    s->resynced = true;
    s->resync_messages = s->stats.messages;
    s->certain_at = v->at;
    s->certain_bits = v->bits;
    s->first_bits = v->first_bits;
    emit_gaps(s, search, true, v->offset);
    ws_frame_init(&s->frame, s->from, s->has_deflate ? WS_FRAME_RSV1 : 0,
                  v->offset);
    for (size_t i = 0; ws_sync_held(search->sync, i, &piece, &data); i++) {
        if (piece.gap)
            take_gap(s, piece.off, piece.len, &piece.meta, true);
        else
            data_again(s, piece.off, data, &piece.meta);
    }
    search_free(s, search);
}

static void
update_stats(struct ws_stream *s)
{
    s->stats.frame_open = s->in_frame || ws_frame_in_header(&s->frame);
    s->stats.message_open = s->message.open;
}

void
ws_stream_adopt(struct ws_stream *s, struct ws_sync *sync, uint64_t taken)
{
    assert(s->stats.lost && s->stats.wire_bytes == 0);
    s->stats.wire_bytes = s->stats.undecoded_bytes = taken;
    search_free(s, s->search);
    s->search = NULL;
    search_begin(s, sync);
    if (s->search && ws_sync_verdict(sync)->believed)
        resume(s);
    update_stats(s);
}

/* Looks for boundaries, and goes on when they are found.  As a search takes
 * some hundred bytes at least, this does not go deep either. */
static void
search_on(struct ws_stream *s, uint64_t off, struct slice data,
          const struct pkt_meta *meta)
{
    s->stats.undecoded_bytes += data.len;
    if (!s->search || data.len == 0)
        return;
    size_t n = ws_sync_data(s->search->sync, off, data, meta);
    s->stats.no_memory |= ws_sync_failed(s->search->sync);
    search_count(s);
    if (!ws_sync_verdict(s->search->sync)->believed)
        return;
    resume(s);
    if (n < data.len)
        data_again(s, off + n, slice_skip(data, n), meta);
}

/* What follows the handshake is no WebSocket: nothing more is decoded, as in a
 * search that nobody makes. */
static bool
is_foreign(struct ws_stream *s, const struct ws_frame_header *h,
           const struct pkt_meta *meta)
{
    if (s->stats.frames > 0 || s->resynced || !s->judge ||
        !judge_first_header(s->judge, s->from, h, meta))
        return false;
    s->stats.lost = true;
    return true;
}

void
ws_stream_data(struct ws_stream *s, uint64_t off, struct slice data,
               const struct pkt_meta *meta)
{
    struct stamp at = stamp_of(meta);
    uint64_t end = off + data.len;
    struct ws_frame_event ev;
    enum ws_frame_step step;
    s->stats.wire_bytes += data.len;
    if (s->stats.lost) {
        search_on(s, off, data, meta);
        return;
    }
    assert(off == s->frame.offset);
    bool cut = ws_frame_in_header(&s->frame);
    while ((step = ws_frame_next(&s->frame, &data, &ev))) {
        if (step == WS_FRAME_LOST) {
            find(s, FINDING_FRAME_LENGTH_HIGH_BIT, at, ev.header->offset, 0, 0,
                 NULL);
            lose(s, at, meta);
            s->stats.undecoded_bytes += end - data.len - ev.header->offset;
            search_on(s, end - data.len, data, meta);
            return;
        }
        if (step == WS_FRAME_HEADER) {
            if (take_simple(s, ev.header, &data, cut ? s->header_first : at,
                            meta)) {
                cut = false;
                continue;
            }
            if (ev.header->findings && is_foreign(s, ev.header, meta)) {
                s->stats.undecoded_bytes += end - ev.header->offset;
                update_stats(s);
                return;
            }
            s->frame_first = cut ? s->header_first : at;
            s->frame_cut = cut ? s->header_cut : 0;
            cut = false;
            header(s, ev.header, at);
        } else {
            payload(s, &ev, at);
        }
        if (ev.end)
            frame_end(s, meta);
    }
    if (!cut && ws_frame_in_header(&s->frame)) {
        s->header_first = at;
        s->header_cut = s->frame.have;
    }
    s->stats.frame_open = s->in_frame || ws_frame_in_header(&s->frame);
    s->stats.message_open = s->message.open;
}

void
ws_stream_gap(struct ws_stream *s, uint64_t off, uint64_t len,
              const struct pkt_meta *meta)
{
    if (len == 0)
        return;
    s->stats.gap_bytes += len;
    take_gap(s, off, len, meta, false);
    update_stats(s);
}

void
ws_stream_end(struct ws_stream *s, const struct pkt_meta *meta)
{
    struct stamp at = stamp_of(meta);
    while (s->search && ws_sync_end(s->search->sync))
        resume(s);
    if (s->search)
        emit_gaps(s, s->search, false, 0);
    if (!s->stats.lost)
        s->stats.undecoded_bytes += s->frame.have;
    frame_abandon(s, at, meta);
    message_abandon(s, at);
}
