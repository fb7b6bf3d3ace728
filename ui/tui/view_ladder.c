/* SPDX-License-Identifier: MIT */
/* Ladder: one connection, an arrow a frame between its two sides. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/rd.h"
#include "ui/tui/tui.h"

#define LEFT_COLS 21 /* number and time */
#define SHOWN_MAX 256u

static void
draw_lanes(struct tui *t, struct rect r, int left, int right)
{
    const struct store_conn *c = store_conn(t->store, t->conn);
    char client[ENDPOINT_TEXT_MAX], server[ENDPOINT_TEXT_MAX];
    struct grid *g = &t->grid;
    (void)endpoint_text(&c->client, client);
    (void)endpoint_text(&c->server, server);
    int half = (right - left) / 2;
    grid_text(g, r.y,
              left - (int)strlen(client) / 2 > r.x
                  ? left - (int)strlen(client) / 2
                  : r.x,
              half, ROLE_CLIENT, client);
    int x = right - (int)strlen(server) / 2;
    if (x + (int)strlen(server) > r.x + r.cols)
        x = r.x + r.cols - (int)strlen(server);
    grid_text(g, r.y, x, r.x + r.cols - x, ROLE_SERVER, server);
}

/* The text in the middle of the arrow. */
static void
label(struct tui *t, const struct store_frame *f, char *out, size_t size)
{
    char bytes[16];
    tui_bytes(f->payload_len, bytes, sizeof bytes);
    snprintf(out, size, " %s %s B ",
             f->flags & STORE_GAP ? "gap"
                                  : ws_opcode_name(store_frame_opcode(f)),
             bytes);
    (void)t;
}

static void
draw_arrow(struct tui *t, int y, int left, int right,
           const struct store_frame *f)
{
    struct grid *g = &t->grid;
    enum ws_sender from = store_frame_from(f);
    uint8_t bytes[SHOWN_MAX];
    bool whole;
    char text[64];
    int cols = right - left - 1;
    enum role role = f->flags & STORE_GAP ? ROLE_GAP : tui_sender_role(from);
    grid_line(g, y, left, 1, ROLE_DIM, 0x2502, '|');
    grid_line(g, y, right, 1, ROLE_DIM, 0x2502, '|');
    grid_line(g, y, left + 1, cols, role,
              f->flags & STORE_GAP ? 0x2504 : 0x2500,
              f->flags & STORE_GAP ? '.' : '-');
    if (from == WS_SENDER_CLIENT)
        grid_line(g, y, right - 1, 1, role, '>', '>');
    else
        grid_line(g, y, left + 1, 1, role, '<', '<');
    label(t, f, text, sizeof text);
    size_t n = f->flags & STORE_GAP ? 0
                                    : store_frame_payload(t->store, f, bytes,
                                                          sizeof bytes, &whole);
    struct slice shown = slice_make(bytes, n);
    if (n >= 2 && store_frame_opcode(f) == WS_OP_CLOSE) {
        snprintf(text, sizeof text, " close %u ", rd_load_be16(bytes));
        shown = slice_skip(shown, 2);
    }
    n = shown.len;
    int room = cols - 4, used = (int)strlen(text);
    int payload =
        n > 0 && store_frame_opcode(f) != WS_OP_BINARY ? (int)n + 1 : 0;
    if (payload > room - used)
        payload = room - used;
    if (payload < 4)
        payload = 0;
    int x = left + 2 + (room - used - payload) / 2;
    x += grid_text(g, y, x, room, tui_opcode_role(store_frame_opcode(f)), text);
    if (payload) {
        x += grid_put(g, y, x, payload - 1, ROLE_TEXT, shown, !whole);
        grid_text(g, y, x, 1, ROLE_TEXT, " ");
    }
}

static void
draw(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    if (t->conn != STORE_NONE && t->rows.conn != t->conn)
        tui_set_scope(t, t->conn);
    if (t->conn == STORE_NONE) {
        grid_text(g, r.y + 1, r.x + 2, r.cols - 4, ROLE_DIM, "no connection");
        return;
    }
    bool narrow = r.cols < 60;
    int left = r.x + (narrow ? 8 : LEFT_COLS), right = r.x + r.cols - 14;
    if (narrow)
        right = r.x + r.cols - 2;
    draw_lanes(t, r, left, right);
    list_fit(&t->frames, t->rows.n, (size_t)r.rows - 1);
    for (size_t i = 0; i < t->frames.height; i++) {
        size_t row = t->frames.top + i;
        int y = r.y + 1 + (int)i;
        if (row >= t->rows.n)
            break;
        const struct store_frame *f = store_frame(t->store, t->rows.row[row]);
        char time[32];
        tui_time(t, f->time_ns, f->time_ns, time, sizeof time);
        grid_format(g, y, r.x, left - r.x - 1, ROLE_DIM,
                    narrow ? "%5u" : "%5u %s", f->number, time);
        draw_arrow(t, y, left, right, f);
        if (row > 0 && !narrow) {
            const struct store_frame *p =
                store_frame(t->store, t->rows.row[row - 1]);
            grid_format(g, y, right + 2, 12, ROLE_DIM, "+%.1f ms",
                        (double)(f->time_ns - p->time_ns) / 1e6);
        }
        if (row == t->frames.cursor) {
            t->frame = t->rows.row[row];
            grid_cursor(g, y, r.x, left - r.x - 1);
        }
    }
}

static bool
act(struct tui *t, enum action a)
{
    if (a != ACTION_ENTER)
        return false;
    tui_go(t, VIEW_FRAMES);
    return true;
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

const struct view view_ladder = {
    .draw = draw,
    .act = act,
    .match = match,
    .list = list,
};
