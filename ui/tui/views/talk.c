/* SPDX-License-Identifier: MIT */
#include "ui/tui/views/talk.h"

#include <stdlib.h>
#include <string.h>

#include "ui/tui/store/payload_find.h"

void
talk_fini(struct talk *k)
{
    free(k->row);
    k->row = NULL;
    k->n = k->cap = 0;
}

static bool
is_wanted(const struct talk *k, enum ws_sender from)
{
    return k->made.sender == TALK_BOTH ||
           (k->made.sender == TALK_CLIENT) == (from == WS_SENDER_CLIENT);
}

static bool
add(struct talk *k, uint32_t row)
{
    if (k->n == k->cap) {
        size_t cap = k->cap ? k->cap * 2 : 1024;
        uint32_t *rows = realloc(k->row, cap * sizeof *rows);
        if (!rows)
            return false;
        k->row = rows;
        k->cap = cap;
    }
    k->row[k->n++] = row;
    return true;
}

static void
begin(struct talk *k, const struct store *s, uint32_t conn)
{
    const struct store_handshake *h = &store_conn(s, conn)->handshake;
    k->begun = true;
    k->ended = false;
    k->conn = conn;
    k->made = k->options;
    k->n = k->pos = k->n_heads = 0;
    k->open[0] = k->open[1] = STORE_NONE;
    k->selected = STORE_NONE;
    if (is_wanted(k, WS_SENDER_CLIENT) || h->seen == HANDSHAKE_SEEN_NONE)
        k->heads[k->n_heads++] = CONVERSATION_REQUEST;
    if (is_wanted(k, WS_SENDER_SERVER) && h->seen != HANDSHAKE_SEEN_NONE)
        k->heads[k->n_heads++] = CONVERSATION_ANSWER;
}

static bool
is_control(const struct store_frame *f)
{
    return !(f->flags & STORE_GAP) && store_frame_opcode(f) & 8;
}

/* The row of a message that will not get its last frame any more. */
static bool
give_up(struct talk *k, unsigned from)
{
    uint32_t row = k->open[from];
    if (row != STORE_NONE && !add(k, row))
        return false;
    k->open[from] = STORE_NONE;
    return true;
}

static bool
of_one_message(const struct store_frame *a, const struct store_frame *b)
{
    return !((a->flags | b->flags) & STORE_SINGLE) && a->message == b->message;
}

/* False: no memory for a row; it is tried again. */
static bool
take_frame(struct talk *k, const struct store *s, uint32_t row)
{
    const struct store_frame *f = store_frame(s, row);
    unsigned from = store_frame_from(f);
    if (!is_wanted(k, store_frame_from(f)) ||
        (k->made.hide_control && is_control(f)))
        return true;
    if (k->made.frames || is_control(f) || f->message == STORE_NONE)
        return add(k, row);
    uint32_t open = k->open[from];
    if (open != STORE_NONE && !of_one_message(store_frame(s, open), f) &&
        !give_up(k, from))
        return false;
    bool last = f->byte0 & 0x80;
    if (last && !add(k, row))
        return false;
    k->open[from] = last ? STORE_NONE : row;
    return true;
}

static bool
is_same(const struct talk_options *a, const struct talk_options *b)
{
    return a->sender == b->sender && a->frames == b->frames &&
           a->hide_control == b->hide_control;
}

void
talk_update(struct talk *k, const struct store *s, uint32_t conn,
            const struct rows *frames, bool end)
{
    /* Behind the end nothing comes but frames found late. */
    if (!k->begun || k->conn != conn || !is_same(&k->made, &k->options) ||
        frames->n < k->pos)
        begin(k, s, conn);
    for (; k->pos < frames->n; k->pos++)
        if (!take_frame(k, s, rows_at(frames, k->pos)))
            return;
    if (end && store_conn(s, conn)->ended && !k->ended && give_up(k, 0) &&
        give_up(k, 1))
        k->ended = true;
}

uint32_t
talk_frame(const struct talk *k, size_t row)
{
    if (row < k->n_heads || row - k->n_heads >= k->n)
        return STORE_NONE;
    return k->row[row - k->n_heads];
}

size_t
talk_place(const struct talk *k, const struct store *s, uint32_t frame)
{
    struct store_message m;
    if (!k->made.frames && store_message_of(s, frame, &m))
        frame = m.last_frame;
    size_t low = 0, high = k->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (k->row[middle] < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return k->n_heads + low;
}

/* ---- what a row says ---- */

static struct conversation_unit
head_unit(const struct store_conn *c, enum conversation_kind kind,
          int64_t *time_ns)
{
    const struct store_handshake *h = &c->handshake;
    bool answer = kind == CONVERSATION_ANSWER;
    struct conversation_unit u = {.kind = kind,
                                  .from = answer ? WS_SENDER_SERVER
                                                 : WS_SENDER_CLIENT,
                                  .accepted = h->accepted,
                                  .accept_ok = h->accept_ok};
    struct stamp at = answer ? h->response : h->request;
    u.unkept =
        !store_heads_kept(h) && (answer ? h->status : h->request.packet) != 0;
    u.text =
        conversation_first_line(answer ? h->response_head : h->request_head,
                                answer);
    *time_ns = at.packet ? at.time_ns : c->start_ns;
    return u;
}

static struct conversation_unit
end_unit(const struct store_conn *c, int64_t *time_ns)
{
    const char *text = c->text ? c->text : verdict_name(c->verdict);
    *time_ns = c->start_ns + c->duration_ns;
    return (struct conversation_unit){.kind = CONVERSATION_END,
                                      .text = slice_cstr(text),
                                      .accepted =
                                          c->verdict == VERDICT_CLEAN_CLOSE};
}

/* The payload of the message; its last frame stands for it. */
static void
fill_message(struct conversation_unit *u, const struct store *s,
             const struct store_message *m, struct talk_payload *room)
{
    u->fragment = false;
    u->has_len = m->flags & STORE_MESSAGE_HAS_LEN;
    u->len = m->len;
    u->incomplete = !(m->flags & STORE_MESSAGE_COMPLETE);
    u->bad_utf8 = m->flags & STORE_MESSAGE_BAD_UTF8;
    u->inflate_error = m->inflate_error;
    /* How it came is of no interest to who reads messages. */
    if (u->is_frame) {
        u->n_frames = m->n_frames;
        u->compressed = m->flags & STORE_MESSAGE_COMPRESSED;
        u->wire_len = m->wire_len;
    }
    u->opcode = m->opcode;
    if (!room)
        return;
    size_t n = store_message_payload(s, m, 0, room->bytes, room->cap);
    u->payload = slice_make(room->bytes, n);
    store_message_known(s, m, &room->known);
    u->known = room->known.bytes;
}

static struct conversation_unit
frame_unit(const struct talk *k, const struct store *s, uint32_t row,
           struct talk_payload *room)
{
    const struct store_frame *f = store_frame(s, row);
    struct conversation_unit u = {
        .kind = is_control(f) ? CONVERSATION_CONTROL : CONVERSATION_DATA,
        .from = store_frame_from(f),
        .number = f->number,
        .is_frame = true,
        .opcode = store_frame_opcode(f),
        .len = f->payload_len,
        .has_len = true,
        .fragment = !is_control(f),
        .incomplete = !(f->flags & STORE_COMPLETE),
        .resynced = !(f->flags & STORE_SYNCED),
    };
    if (is_control(f)) {
        bool whole;
        if (room)
            u.payload =
                slice_make(room->bytes, store_frame_payload(s, f, room->bytes,
                                                            room->cap, &whole));
        return u;
    }
    struct store_message m;
    if (!store_message_of(s, row, &m))
        return u;
    if (!k->made.frames) {
        u.number = m.number;
        u.is_frame = false;
    }
    if (m.last_frame == row && m.flags & STORE_MESSAGE_DONE)
        fill_message(&u, s, &m, room);
    return u;
}

struct conversation_unit
talk_unit(const struct talk *k, const struct store *s, size_t row,
          struct talk_payload *room, int64_t *time_ns)
{
    const struct store_conn *c = store_conn(s, k->conn);
    uint32_t at = talk_frame(k, row);
    if (row < k->n_heads)
        return head_unit(c, k->heads[row], time_ns);
    if (at == STORE_NONE)
        return end_unit(c, time_ns);
    const struct store_frame *f = store_frame(s, at);
    *time_ns = f->time_ns;
    if (f->flags & STORE_GAP)
        return (struct conversation_unit){.kind = CONVERSATION_GAP,
                                          .from = store_frame_from(f),
                                          .len = f->payload_len};
    return frame_unit(k, s, at, room);
}

static bool
holds(struct slice in, const char *text)
{
    return in.len > 0 && memmem(in.ptr, in.len, text, strlen(text));
}

bool
talk_holds(const struct talk *k, const struct store *s, size_t row,
           const char *text)
{
    uint32_t frame = talk_frame(k, row);
    int64_t time_ns;
    if (row >= talk_rows(k) || !text[0])
        return false;
    struct conversation_unit u = talk_unit(k, s, row, NULL, &time_ns);
    if (u.kind == CONVERSATION_GAP)
        return strcmp(text, "gap") == 0;
    if (u.kind == CONVERSATION_CONTROL &&
        strcmp(text, ws_opcode_name(u.opcode)) == 0)
        return true;
    return holds(u.text, text) ||
           (frame != STORE_NONE && payload_holds(s, frame, text));
}
