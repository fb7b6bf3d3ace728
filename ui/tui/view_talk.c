/* SPDX-License-Identifier: MIT */
/* Talk: one connection as a conversation, the client on the left, the server
 * on the right. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/rd.h"
#include "ui/text.h"
#include "ui/tui/tui.h"

#define SHOWN_MAX 2048u

/* The rows are those of the frames of the connection. */
static void
prepare(struct tui *t)
{
    if (t->conn != STORE_NONE && t->rows.conn != t->conn)
        tui_set_scope(t, t->conn);
}

static void
draw_hex(struct grid *g, int y, int x, int cols, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n && 3 * (int)i + 2 <= cols; i++)
        grid_format(g, y, x + 3 * (int)i, 2, ROLE_FIELD_PAYLOAD, "%02x",
                    bytes[i]);
}

static void
draw_row(struct tui *t, int y, struct rect r, uint32_t row)
{
    struct grid *g = &t->grid;
    const struct store_frame *f = store_frame(t->store, row);
    enum ws_sender from = store_frame_from(f);
    uint8_t bytes[SHOWN_MAX], opcode = store_frame_opcode(f);
    struct store_message m;
    char time[32];
    bool whole;
    tui_time(t, f->time_ns, f->time_ns, time, sizeof time);
    int x = r.x + grid_format(g, y, r.x, 14, ROLE_DIM, "%12s ", time);
    x += grid_format(g, y, x, 3, tui_sender_role(from), "%s ",
                     from == WS_SENDER_CLIENT ? (g->utf8 ? "\u2192" : ">")
                                              : (g->utf8 ? "\u2190" : "<"));
    int half = (r.x + r.cols - x) / 3;
    int left = from == WS_SENDER_CLIENT ? x : x + half;
    int cols = r.x + r.cols - left - (from == WS_SENDER_CLIENT ? half : 0);
    if (f->flags & STORE_GAP) {
        grid_format(g, y, left, cols, ROLE_GAP,
                    "%" PRIu64 " bytes are not in the capture", f->payload_len);
        return;
    }
    size_t n = store_frame_payload(t->store, f, bytes, sizeof bytes, &whole);
    struct slice payload = slice_make(bytes, n);
    if (opcode & 8) {
        int used = grid_format(g, y, left, cols, ROLE_OP_CONTROL, "%s ",
                               ws_opcode_name(opcode));
        if (opcode == WS_OP_CLOSE && n >= 2) {
            used += grid_format(g, y, left + used, cols - used, ROLE_OP_CONTROL,
                                "%u ", rd_load_be16(bytes));
            payload = slice_skip(payload, 2);
        }
        left += used;
        cols -= used;
    } else if (n == 0 && store_message_of(t->store, row, &m) &&
               m.n_frames > 1) {
        if (m.last_frame != row) {
            grid_format(g, y, left, cols, ROLE_DIM, "... (part)");
            return;
        }
        n = store_message_payload(t->store, &m, 0, bytes, sizeof bytes);
        payload = slice_make(bytes, n);
        whole = n == m.kept;
        opcode = m.opcode;
    }
    if (t->talk_as == 1 || (opcode == WS_OP_BINARY))
        draw_hex(g, y, left, cols, payload.ptr, payload.len);
    else
        grid_put(g, y, left, cols, ROLE_TEXT, payload, !whole);
}

static bool
is_shown(const struct tui *t, uint32_t row)
{
    const struct store_frame *f = store_frame(t->store, row);
    if (t->talk_sender != 0 &&
        (store_frame_from(f) == WS_SENDER_CLIENT) != (t->talk_sender == 1))
        return false;
    return !(t->hide_control && !(f->flags & STORE_GAP) &&
             store_frame_opcode(f) & 8);
}

static void
draw(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    prepare(t);
    if (t->conn == STORE_NONE) {
        grid_text(g, r.y + 1, r.x + 2, r.cols - 4, ROLE_DIM, "no connection");
        return;
    }
    grid_title(g, (struct rect){r.y, r.x, 1, r.cols}, true,
               "Conversation of connection %" PRIu32,
               store_conn(t->store, t->conn)->conn);
    list_fit(&t->frames, t->rows.n, (size_t)r.rows - 1);
    /* What is hidden takes no row: from the top of the list on, as many as
     * fit. */
    int y = r.y + 1;
    for (size_t row = t->frames.top; row < t->rows.n && y < r.y + r.rows;
         row++) {
        if (row != t->frames.cursor && !is_shown(t, rows_at(&t->rows, row)))
            continue;
        draw_row(t, y, r, rows_at(&t->rows, row));
        hit_row(t, (struct rect){y, r.x, 1, r.cols}, &t->frames, row);
        if (row == t->frames.cursor) {
            t->frame = rows_at(&t->rows, row);
            grid_cursor(g, y, r.x, r.cols);
        }
        y++;
    }
}

static bool
act(struct tui *t, enum action a)
{
    switch (a) {
    case ACTION_AS:
        t->talk_as = !t->talk_as;
        return true;
    case ACTION_CONTROL:
        t->hide_control = !t->hide_control;
        return true;
    case ACTION_SENDER:
        t->talk_sender = (t->talk_sender + 1) % 3;
        tui_say(t, "showing %s",
                t->talk_sender == 0   ? "both"
                : t->talk_sender == 1 ? "the client"
                                      : "the server");
        return true;
    case ACTION_ENTER:
        tui_go(t, VIEW_FRAMES);
        return true;
    default:
        return false;
    }
}

static void
status(const struct tui *t, char *out, size_t size)
{
    if (t->rows.n > 0 && t->frame != STORE_NONE)
        snprintf(out, size, "frame %" PRIu32 ", %" PRIu64 " bytes - as %s",
                 store_frame(t->store, t->frame)->number,
                 store_frame(t->store, t->frame)->payload_len,
                 t->talk_as ? "hex" : "text");
}

static bool
match(const struct tui *t, size_t row, const char *text)
{
    return view_frames.match(t, row, text);
}

static struct list *
list(struct tui *t)
{
    return &t->frames;
}

const struct view view_talk = {
    .draw = draw,
    .act = act,
    .status = status,
    .match = match,
    .list = list,
};
