/* SPDX-License-Identifier: MIT */
/* Talk: one connection as a conversation, the client on the left, the server
 * on the right; each row one line, and all of the one selected below. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/tui.h"

/* Bytes of a payload that a row can show, and the pane. */
#define ROW_BYTES 4096u
#define PANE_BYTES 65536u

/* "12345.678901", and "07:08:09.123456". */
#define TIME_COLS 12u
#define TIME_UTC_COLS 15u

/* ---- lines of a conversation in the grid ---- */

struct canvas {
    struct grid *g;
    struct rect r;
    size_t line, skip; /* lines so far, and those above the first one shown */
};

static enum role
role_of(enum conversation_style style)
{
    static const enum role roles[CONVERSATION_STYLE_COUNT] = {
        [CONVERSATION_PLAIN] = ROLE_TEXT,
        [CONVERSATION_DIM] = ROLE_DIM,
        [CONVERSATION_STRONG] = ROLE_STRONG,
        [CONVERSATION_CLIENT] = ROLE_CLIENT,
        [CONVERSATION_SERVER] = ROLE_SERVER,
        [CONVERSATION_OF_CONTROL] = ROLE_OP_CONTROL,
        [CONVERSATION_KEY] = ROLE_KEY,
        [CONVERSATION_GOOD] = ROLE_GOOD,
        [CONVERSATION_WARNING] = ROLE_WARNING,
        [CONVERSATION_BAD] = ROLE_BAD,
    };
    return roles[style];
}

static bool
is_on_canvas(const struct canvas *c)
{
    return c->line >= c->skip && c->line - c->skip < (size_t)c->r.rows;
}

static void
put(void *ctx, size_t col, size_t cols, enum conversation_style style,
    struct slice text)
{
    const struct canvas *c = ctx;
    int left = c->r.cols - (int)col;
    if (!is_on_canvas(c) || col >= (size_t)c->r.cols)
        return;
    (void)grid_put(c->g, c->r.y + (int)(c->line - c->skip), c->r.x + (int)col,
                   (int)cols < left ? (int)cols : left, role_of(style), text,
                   false);
}

static bool
end(void *ctx)
{
    struct canvas *c = ctx;
    c->line++;
    return true;
}

/* Draws lines of u into r from the skip-th on; returns how many there are. */
static size_t
draw_unit(struct tui *t, struct rect r, const struct conversation_unit *u,
          bool whole, size_t skip)
{
    struct canvas canvas = {.g = &t->grid, .r = r, .skip = skip};
    struct conversation_sink sink = {.ctx = &canvas, .put = put, .end = end};
    struct conversation_look look = {
        .form = t->talk_rows.form,
        .utf8 = t->grid.utf8,
        .whole = whole,
        .level = whole,
        .width = (size_t)r.cols,
        .time_cols = whole || r.cols < 60      ? 0
                     : t->time == TUI_TIME_UTC ? TIME_UTC_COLS
                                               : TIME_COLS,
    };
    conversation_write(&look, u, &sink);
    return canvas.line;
}

/* ---- the list ---- */

static void
draw_row(struct tui *t, struct rect r, size_t row, int64_t *before_ns)
{
    uint8_t bytes[ROW_BYTES];
    struct talk_payload room;
    char time[32];
    int64_t time_ns;
    room.bytes = bytes;
    room.cap = sizeof bytes;
    struct conversation_unit u =
        talk_unit(&t->talk_rows, t->store, row, &room, &time_ns);
    tui_time(t, time_ns, *before_ns == INT64_MIN ? time_ns : *before_ns, time,
             sizeof time);
    *before_ns = time_ns;
    u.time = slice_cstr(time);
    (void)draw_unit(t, r, &u, false, 0);
    if (row == t->talk.cursor)
        grid_cursor(&t->grid, r.y, r.x, r.cols);
}

/* The cursor and the frame selected go together, whoever moved. */
static void
follow_selection(struct tui *t, int height)
{
    struct talk *k = &t->talk_rows;
    struct list *l = &t->talk;
    size_t before = l->cursor;
    if (t->frame != STORE_NONE && t->frame != k->selected && !l->follow &&
        store_frame(t->store, t->frame)->conn == k->conn) {
        l->n = talk_rows(k);
        list_go(l, talk_place(k, t->store, t->frame));
        before = l->cursor;
    }
    list_fit(l, talk_rows(k), (size_t)height);
    uint32_t frame = talk_frame(k, l->cursor);
    /* Another frame of the message may be selected. */
    if (frame != STORE_NONE && frame != t->frame &&
        (l->cursor != before || t->frame == STORE_NONE ||
         talk_place(k, t->store, t->frame) != l->cursor))
        tui_select_frame(t, frame);
    k->selected = t->frame;
}

static void
draw_title(struct tui *t, struct rect r)
{
    static const char *const senders[TALK_SENDER_COUNT] = {"both",
                                                           "only the client",
                                                           "only the server"};
    const struct talk *k = &t->talk_rows;
    grid_title(&t->grid, (struct rect){r.y, r.x, 1, r.cols}, !k->in_pane,
               "Conversation of connection %" PRIu32 ": %s, as %s, %s%s",
               store_conn(t->store, t->conn)->conn, senders[k->made.sender],
               conversation_form_name(k->form),
               k->made.frames ? "frames" : "messages",
               k->made.hide_control ? ", no control frames" : "");
}

static void
draw_list(struct tui *t, struct rect r)
{
    struct list *l = &t->talk;
    int64_t before_ns = INT64_MIN;
    draw_title(t, r);
    follow_selection(t, r.rows - 1);
    hit_list(t, (struct rect){r.y + 1, r.x, r.rows - 1, r.cols}, l);
    if (l->top > 0 && t->time == TUI_TIME_DELTA)
        (void)talk_unit(&t->talk_rows, t->store, l->top - 1, NULL, &before_ns);
    for (size_t i = 0; i < l->height && l->top + i < l->n; i++)
        draw_row(t, (struct rect){r.y + 1 + (int)i, r.x, 1, r.cols}, l->top + i,
                 &before_ns);
}

/* ---- the pane ---- */

static void
pane_title(const struct conversation_unit *u, char *out, size_t size)
{
    const char *from = ws_sender_name(u->from);
    const char *what = u->kind == CONVERSATION_REQUEST  ? "request"
                       : u->kind == CONVERSATION_ANSWER ? "answer"
                       : u->kind == CONVERSATION_GAP    ? "gap"
                       : u->is_frame                    ? "frame"
                                                        : "message";
    if (u->kind == CONVERSATION_END)
        snprintf(out, size, "End");
    else if (u->number == 0)
        snprintf(out, size, "The %s's %s", from, what);
    else
        snprintf(out, size, "The %s's %s %" PRIu64, from, what, u->number);
}

static void
draw_pane(struct tui *t, struct rect r)
{
    struct talk *k = &t->talk_rows;
    struct list *l = &k->list;
    uint8_t bytes[PANE_BYTES];
    struct talk_payload room;
    int64_t time_ns;
    char title[64];
    struct rect body = {r.y + 1, r.x, r.rows - 1, r.cols};
    struct rect nothing = {body.y, body.x, 0, body.cols};
    room.bytes = bytes;
    room.cap = sizeof bytes;
    struct conversation_unit u =
        talk_unit(k, t->store, t->talk.cursor, &room, &time_ns);
    pane_title(&u, title, sizeof title);
    grid_title(&t->grid, (struct rect){r.y, r.x, 1, r.cols}, k->in_pane, "%s",
               title);
    if (k->shown != t->talk.cursor)
        *l = (struct list){0};
    k->shown = t->talk.cursor;
    list_fit(l, draw_unit(t, nothing, &u, true, 0), (size_t)body.rows);
    (void)draw_unit(t, body, &u, true, l->top);
    if (k->in_pane)
        grid_cursor(&t->grid, body.y + (int)(l->cursor - l->top), r.x, r.cols);
}

static void
draw(struct tui *t, struct rect r)
{
    struct talk *k = &t->talk_rows;
    if (t->conn == STORE_NONE) {
        grid_text(&t->grid, r.y + 1, r.x + 2, r.cols - 4, ROLE_DIM,
                  "no connection");
        return;
    }
    talk_update(k, t->store, t->conn, tui_conn_rows(t),
                t->shown_end == t->store->frames.n);
    int pane = k->pane ? r.rows / 2 : 0;
    draw_list(t, (struct rect){r.y, r.x, r.rows - pane, r.cols});
    if (pane > 0 && t->talk.n > 0)
        draw_pane(t, (struct rect){r.y + r.rows - pane, r.x, pane, r.cols});
}

/* ---- keys ---- */

static void
set_pane(struct talk *k, bool on)
{
    k->pane = on;
    k->in_pane = k->in_pane && on;
}

/* What has rows is another now: the row of the frame selected is found again.
 */
static void
changed(struct tui *t)
{
    t->talk_rows.selected = STORE_NONE;
}

static void
open_selected(struct tui *t)
{
    if (t->talk.cursor < t->talk_rows.n_heads) {
        tui_go(t, VIEW_HANDSHAKE);
        return;
    }
    if (t->frame != STORE_NONE)
        tui_select_frame(t, t->frame);
    tui_go(t, VIEW_FRAMES);
}

static bool
act(struct tui *t, enum action a)
{
    struct talk *k = &t->talk_rows;
    struct talk_options *o = &k->options;
    switch (a) {
    case ACTION_AS:
        k->form =
            (enum conversation_form)((k->form + 1) % CONVERSATION_FORM_COUNT);
        set_pane(k, k->form != CONVERSATION_TEXT);
        return true;
    case ACTION_TALK_UNITS:
        o->frames = !o->frames;
        changed(t);
        return true;
    case ACTION_TALK_WHOLE:
        set_pane(k, !k->pane);
        return true;
    case ACTION_PANE:
        set_pane(k, true);
        k->in_pane = !k->in_pane;
        return true;
    case ACTION_CONTROL:
        o->hide_control = !o->hide_control;
        changed(t);
        return true;
    case ACTION_SENDER:
        o->sender = (enum talk_sender)((o->sender + 1) % TALK_SENDER_COUNT);
        changed(t);
        return true;
    case ACTION_ENTER:
        open_selected(t);
        return true;
    case ACTION_FIND:
    case ACTION_FIND_NEXT:
    case ACTION_FIND_PREVIOUS:
        k->in_pane = false; /* it is for rows */
        return false;
    default:
        return false;
    }
}

static void
status(const struct tui *t, char *out, size_t size)
{
    const struct talk *k = &t->talk_rows;
    uint32_t row = k->begun ? talk_frame(k, t->talk.cursor) : STORE_NONE;
    if (row == STORE_NONE)
        return;
    const struct store_frame *f = store_frame(t->store, row);
    int n = snprintf(out, size, "frame %" PRIu32, f->number);
    if (f->number > 0 && n > 0 && (size_t)n < size)
        n += snprintf(out + n, size - (size_t)n, ", %" PRIu64 " bytes",
                      f->payload_len);
    struct store_message m;
    if (n < 0 || (size_t)n >= size || !store_message_of(t->store, row, &m))
        return;
    n += snprintf(out + n, size - (size_t)n, " - message %" PRIu32, m.number);
    if (m.flags & STORE_MESSAGE_HAS_LEN && (size_t)n < size)
        snprintf(out + n, size - (size_t)n, ", %" PRIu64 " bytes", m.len);
}

static bool
match(const struct tui *t, size_t row, const char *text)
{
    return talk_holds(&t->talk_rows, t->store, row, text);
}

static struct list *
list(struct tui *t)
{
    return t->talk_rows.in_pane ? &t->talk_rows.list : &t->talk;
}

const struct view view_talk = {
    .draw = draw,
    .act = act,
    .status = status,
    .match = match,
    .list = list,
};
