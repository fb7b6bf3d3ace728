/* SPDX-License-Identifier: MIT */
/* Frames: the list; below it, or beside each other where there is room, the
 * detail and the bytes of the one selected, and what its field means. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/frame_parts.h"
#include "ui/tui/frame_row.h"
#include "ui/tui/tui.h"

#define WIDE_COLS 140
#define WIDE_ROWS 40
#define SPLIT_ROWS 18
#define EXPLAIN_ROWS 5

static void
draw_list(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    frame_row_head(t, r.y, r.x, r.cols);
    list_fit(&t->frames, t->rows.n, (size_t)r.rows - 1);
    hit_list(t, (struct rect){r.y + 1, r.x, r.rows - 1, r.cols}, &t->frames);
    if (t->rows.n == 0) {
        grid_text(g, r.y + 1, r.x + 2, r.cols - 4, ROLE_DIM,
                  tui_filtered(t) ? "no frame passes the filter"
                                  : "no frames here");
        return;
    }
    t->frame = rows_at(&t->rows, t->frames.cursor);
    t->conn = store_frame(t->store, t->frame)->conn;
    for (size_t i = 0; i < t->frames.height; i++) {
        size_t row = t->frames.top + i;
        if (row >= t->rows.n)
            break;
        int64_t before =
            row ? store_frame(t->store, rows_at(&t->rows, row - 1))->time_ns
                : 0;
        frame_row_draw(t, r.y + 1 + (int)i, r.x, r.cols, rows_at(&t->rows, row),
                       before);
        if (row == t->frames.cursor)
            grid_cursor(g, r.y + 1 + (int)i, r.x, r.cols);
    }
}

static void
draw_panes(struct tui *t, struct rect r)
{
    /* The figure of a frame needs the room more. */
    bool figure = t->bytes && r.cols < WIDE_COLS && r.rows < 20;
    int explain = t->explain && r.rows >= 12 && !figure ? EXPLAIN_ROWS : 0;
    struct rect parts = {r.y, r.x, r.rows - explain, r.cols};
    if (r.cols >= WIDE_COLS) {
        struct rect left = parts, right = parts;
        left.cols = r.cols / 2;
        right.x += left.cols;
        right.cols -= left.cols;
        left.cols--;
        frame_detail_draw(t, left, !t->bytes);
        frame_bytes_draw(t, right, t->bytes);
    } else if (t->bytes) {
        frame_bytes_draw(t, parts, true);
    } else {
        frame_detail_draw(t, parts, true);
    }
    if (explain)
        frame_explain_draw(t, (struct rect){r.y + parts.rows, r.x, explain,
                                            r.cols});
}

static void
draw(struct tui *t, struct rect r)
{
    bool wide = r.cols >= WIDE_COLS && r.rows >= WIDE_ROWS - 3;
    int panes = r.rows < SPLIT_ROWS ? 0
                : wide              ? r.rows * 3 / 5
                                    : r.rows * 3 / 5;
    if (t->rows.n == 0)
        panes = 0;
    if (panes == 0 && t->pane == 1 && t->rows.n > 0) {
        t->frame = rows_at(&t->rows, t->frames.cursor);
        draw_panes(t, r);
        return;
    }
    draw_list(t, (struct rect){r.y, r.x, r.rows - panes, r.cols});
    if (panes > 0)
        draw_panes(t, (struct rect){r.y + r.rows - panes, r.x, panes, r.cols});
}

static bool
act(struct tui *t, enum action a)
{
    switch (a) {
    case ACTION_SCOPE:
        if (t->conn == STORE_NONE)
            return true;
        tui_set_scope(t, t->rows.conn == STORE_NONE ? t->conn : STORE_NONE);
        return true;
    case ACTION_BYTES:
        t->bytes = !t->bytes;
        return true;
    case ACTION_SOURCE:
        t->source_bytes =
            (enum tui_source)((t->source_bytes + 1) % TUI_SOURCE_COUNT);
        t->bytes = true;
        return true;
    case ACTION_LEFT:
    case ACTION_RIGHT:
        if (t->rows.n > 0)
            frame_field_step(t, a == ACTION_RIGHT ? 1 : -1);
        return true;
    case ACTION_ENTER:
    case ACTION_PANE:
        t->pane = !t->pane;
        return true;
    default:
        return false;
    }
}

static void
status(const struct tui *t, char *out, size_t size)
{
    if (t->rows.n == 0)
        return;
    const struct store_frame *f = store_frame(t->store, t->frame);
    const struct store_conn *c = store_conn(t->store, f->conn);
    snprintf(out, size, "connection %" PRIu32 " - %s of frame %" PRIu32,
             c->conn, frame_field_info((enum frame_field)t->field)->name,
             f->number);
}

static bool
match(const struct tui *t, size_t row, const char *text)
{
    uint8_t bytes[4096];
    bool whole;
    const struct store_frame *f = store_frame(t->store, rows_at(&t->rows, row));
    size_t n = store_frame_payload(t->store, f, bytes, sizeof bytes, &whole);
    return memmem(bytes, n, text, strlen(text)) ||
           strcmp(ws_opcode_name(store_frame_opcode(f)), text) == 0;
}

static struct list *
list(struct tui *t)
{
    return &t->frames;
}

const struct view view_frames = {
    .draw = draw,
    .act = act,
    .status = status,
    .match = match,
    .list = list,
};
