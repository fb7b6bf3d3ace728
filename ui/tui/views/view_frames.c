/* SPDX-License-Identifier: MIT */
/* Frames: the list; below it, or beside each other where there is room, the
 * detail and the bytes of the one selected, and what its field means. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/store/payload_find.h"
#include "ui/tui/tui.h"
#include "ui/tui/views/frame_parts.h"
#include "ui/tui/views/frame_row.h"

/* Of the body: detail and bytes beside each other, below each other, any pane
 * beside the list. */
#define WIDE_COLS 140
#define WIDE_ROWS 36
#define TALL_COLS 100
#define TALL_ROWS 26
#define SPLIT_ROWS 18
#define LIST_ROWS_MIN 3
#define PANE_ROWS_MIN 5
#define EXPLAIN_ROWS 5

static void
draw_list(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    hit_pane(t, r, FRAME_PANE_LIST);
    frame_row_head(t, r.y, r.x, r.cols);
    list_fit(&t->frames, t->rows.n, (size_t)r.rows - 1);
    hit_list(t, (struct rect){r.y + 1, r.x, r.rows - 1, r.cols}, &t->frames);
    if (t->rows.n == 0) {
        grid_text(g, r.y + 1, r.x + 2, r.cols - 4, ROLE_DIM,
                  tui_filtered(t) ? "no frame passes the filter"
                                  : "no frames here");
        return;
    }
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

/* ---- where the panes are ---- */

enum layout {
    LAYOUT_ONE,   /* one pane */
    LAYOUT_SPLIT, /* the list, and one of detail and bytes */
    LAYOUT_TALL,  /* the list, the detail, the bytes */
    LAYOUT_WIDE,  /* the list, detail and bytes beside each other */
};

static enum layout
layout_of(const struct tui *t, struct rect r)
{
    if (t->zoom || t->rows.n == 0 || r.rows < SPLIT_ROWS)
        return LAYOUT_ONE;
    if (r.cols >= WIDE_COLS && r.rows >= WIDE_ROWS)
        return LAYOUT_WIDE;
    if (r.cols >= TALL_COLS && r.rows >= TALL_ROWS)
        return LAYOUT_TALL;
    return LAYOUT_SPLIT;
}

static int
between(int least, int n, int most)
{
    return n > most ? most : n < least ? least : n;
}

/* The last rows are for the explanation; returns them, and r is the rest. */
static struct rect
cut_explain(struct rect *r)
{
    r->rows -= EXPLAIN_ROWS;
    return (struct rect){r->y + r->rows, r->x, EXPLAIN_ROWS, r->cols};
}

static void
draw_one(struct tui *t, struct rect r)
{
    struct rect explain = {0, 0, 0, 0};
    if (t->pane == FRAME_PANE_LIST || t->rows.n == 0) {
        draw_list(t, r);
        return;
    }
    if (t->explain && r.rows >= SPLIT_ROWS && t->pane != FRAME_PANE_EXPLAIN)
        explain = cut_explain(&r);
    if (t->pane == FRAME_PANE_DETAIL)
        frame_detail_draw(t, r, true);
    else if (t->pane == FRAME_PANE_BYTES)
        frame_bytes_draw(t, r, true);
    else
        frame_explain_draw(t, r, true);
    if (explain.rows > 0)
        frame_explain_draw(t, explain, false);
}

/* Below a list of some rows. */
static void
draw_split(struct tui *t, struct rect r)
{
    struct rect explain = {0, 0, 0, 0};
    if (t->explain && r.rows >= SPLIT_ROWS && (t->bytes || r.rows >= 24))
        explain = cut_explain(&r);
    if (!t->bytes) {
        struct rect list = r;
        list.rows = between(LIST_ROWS_MIN, r.rows * 2 / 5 + t->border,
                            r.rows - PANE_ROWS_MIN);
        draw_list(t, list);
        r.y += list.rows;
        r.rows -= list.rows;
        frame_detail_draw(t, r, t->pane == FRAME_PANE_DETAIL);
    } else if (r.rows > 24) {
        /* The figure, the bytes and the masking key need so many. */
        struct rect list = r;
        list.rows = between(LIST_ROWS_MIN, r.rows - 20 + t->border,
                            r.rows - PANE_ROWS_MIN);
        draw_list(t, list);
        r.y += list.rows;
        r.rows -= list.rows;
        frame_bytes_draw(t, r, t->pane == FRAME_PANE_BYTES);
    } else {
        frame_bytes_draw(t, r, true);
    }
    if (explain.rows > 0)
        frame_explain_draw(t, explain, t->pane == FRAME_PANE_EXPLAIN);
}

/* With room for all. */
static void
draw_all(struct tui *t, struct rect r, bool wide)
{
    struct rect explain = {0, 0, 0, 0}, list, detail;
    if (t->explain && r.rows >= WIDE_ROWS - 2)
        explain = cut_explain(&r);
    list = r;
    list.rows = between(LIST_ROWS_MIN, r.rows * (wide ? 2 : 1) / 5 + t->border,
                        r.rows - 2 * PANE_ROWS_MIN);
    draw_list(t, list);
    r.y += list.rows;
    r.rows -= list.rows;
    detail = r;
    if (wide) {
        detail.cols = r.cols / 2 - 1;
        r.x += r.cols / 2;
        r.cols -= r.cols / 2;
    } else {
        detail.rows = between(PANE_ROWS_MIN, r.rows - 12, 12);
        r.y += detail.rows;
        r.rows -= detail.rows;
    }
    frame_detail_draw(t, detail, t->pane == FRAME_PANE_DETAIL);
    frame_bytes_draw(t, r, t->pane == FRAME_PANE_BYTES);
    if (explain.rows > 0)
        frame_explain_draw(t, explain, t->pane == FRAME_PANE_EXPLAIN);
}

static void
draw(struct tui *t, struct rect r)
{
    enum layout layout = layout_of(t, r);
    list_fit(&t->frames, t->rows.n, t->frames.height);
    if (t->rows.n > 0) {
        t->frame = rows_at(&t->rows, t->frames.cursor);
        t->conn = store_frame(t->store, t->frame)->conn;
    }
    if (t->pane_frame != t->frame)
        t->detail = t->hex = (struct list){.n = 0};
    t->pane_frame = t->frame;
    if (layout == LAYOUT_ONE)
        draw_one(t, r);
    else if (layout == LAYOUT_SPLIT)
        draw_split(t, r);
    else
        draw_all(t, r, layout == LAYOUT_WIDE);
}

/* ---- keys ---- */

static void
go_to_pane(struct tui *t, unsigned pane)
{
    t->pane = pane;
    /* Where there is room for one of them only. */
    if (pane != FRAME_PANE_EXPLAIN)
        t->bytes = pane == FRAME_PANE_BYTES;
}

static void
step_pane(struct tui *t, unsigned step)
{
    unsigned n = t->explain ? FRAME_PANE_COUNT : FRAME_PANE_EXPLAIN;
    go_to_pane(t, (t->pane + n + step) % n);
}

/* Out of what is shown larger, then out of the pane; false: out of the view. */
static bool
go_up(struct tui *t)
{
    bool went = t->zoom || t->pane != FRAME_PANE_LIST;
    if (t->zoom)
        t->zoom = false;
    else
        go_to_pane(t, FRAME_PANE_LIST);
    return went;
}

/* What the pane does that has the keys. */
static bool
act_in_pane(struct tui *t, enum action a)
{
    bool down = a == ACTION_DOWN || a == ACTION_PAGE_DOWN;
    if (t->pane == FRAME_PANE_DETAIL && (a == ACTION_UP || a == ACTION_DOWN)) {
        frame_field_step(t, down ? 1 : -1);
        return true;
    }
    if (a != ACTION_PAGE_UP && a != ACTION_PAGE_DOWN)
        return false;
    struct list *l = t->pane == FRAME_PANE_DETAIL  ? &t->detail
                     : t->pane == FRAME_PANE_BYTES ? &t->hex
                                                   : NULL;
    if (l)
        list_scroll(l, (down ? 1 : -1) *
                           (l->height > 1 ? (long)l->height - 1 : 1));
    return l != NULL;
}

static bool
act_on_layout(struct tui *t, enum action a)
{
    switch (a) {
    case ACTION_ENTER:
        go_to_pane(t, t->bytes ? FRAME_PANE_BYTES : FRAME_PANE_DETAIL);
        return true;
    case ACTION_PANE:
        step_pane(t, 1);
        return true;
    case ACTION_PANE_BACK:
        step_pane(t, (unsigned)-1);
        return true;
    case ACTION_ZOOM:
        t->zoom = !t->zoom;
        return true;
    case ACTION_GROW:
    case ACTION_SHRINK:
        t->border = between(-50, t->border + (a == ACTION_GROW ? 1 : -1), 50);
        return true;
    case ACTION_BACK:
    case ACTION_ESCAPE:
        return go_up(t);
    default:
        return false;
    }
}

static bool
act(struct tui *t, enum action a)
{
    if (t->rows.n > 0 && act_in_pane(t, a))
        return true;
    switch (a) {
    case ACTION_SCOPE:
        if (t->conn == STORE_NONE)
            return true;
        tui_set_scope(t, t->rows.conn == STORE_NONE ? t->conn : STORE_NONE);
        return true;
    case ACTION_BYTES:
        go_to_pane(t, t->bytes ? FRAME_PANE_LIST : FRAME_PANE_BYTES);
        return true;
    case ACTION_SOURCE:
        t->source_bytes =
            (enum tui_source)((t->source_bytes + 1) % TUI_SOURCE_COUNT);
        go_to_pane(t, FRAME_PANE_BYTES);
        return true;
    case ACTION_EXPLAIN:
        if (t->pane == FRAME_PANE_EXPLAIN)
            go_to_pane(t, FRAME_PANE_LIST);
        return false; /* the rest is the same everywhere */
    case ACTION_LEFT:
    case ACTION_RIGHT:
        if (t->rows.n > 0)
            frame_field_step(t, a == ACTION_RIGHT ? 1 : -1);
        return true;
    default:
        return act_on_layout(t, a);
    }
}

static void
status(const struct tui *t, char *out, size_t size)
{
    if (t->rows.n == 0)
        return;
    const struct store_frame *f = store_frame(t->store, t->frame);
    if (f->flags & STORE_GAP)
        snprintf(out, size, "a gap of %" PRIu64 " bytes", f->payload_len);
    else
        frame_field_status(t, out, size);
}

static bool
match(const struct tui *t, size_t row, const char *text)
{
    uint32_t frame = rows_at(&t->rows, row);
    const struct store_frame *f = store_frame(t->store, frame);
    return strcmp(frame_kind_name(f), text) == 0 ||
           payload_holds(t->store, frame, text);
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
