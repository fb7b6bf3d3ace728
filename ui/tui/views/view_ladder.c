/* SPDX-License-Identifier: MIT */
/*
 * Ladder: one connection as arrows between its two sides, with what TCP did,
 * the handshake and the end.
 *
 *     number  time   | ------- label ------> |  delta    | detail
 *                  left                    right
 *
 * The detail stands at the side, at the bottom, or nowhere; the delta and the
 * time go before the lanes are covered.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/rd.h"
#include "ui/text.h"
#include "ui/tui/store/payload_find.h"
#include "ui/tui/tui.h"
#include "ui/tui/views/frame_parts.h"
#include "ui/tui/views/ladder_detail.h"

#define SHOWN_MAX 256u
#define NUMBER_COLS 9 /* "1000-1999" */
#define SIDE_COLS 140 /* from here on the detail stands at the side */
#define SIDE_WIDTH 48
#define BOTTOM_ROWS 16 /* from here on it stands at the bottom */

/* Where things stand. */
struct lanes {
    int number, time, left, right, delta;
    int time_cols, delta_cols; /* 0: not shown */
};

static struct lanes
lanes_of(const struct tui *t, struct rect r)
{
    struct lanes l = {.number = r.x};
    int x = r.x + (r.cols < 60 ? 5 : r.cols < 100 ? 7 : NUMBER_COLS) + 1;
    if (r.cols >= 60) {
        l.time = x;
        l.time_cols = t->time == TUI_TIME_UTC ? 15 : 12;
        x += l.time_cols + 1;
    }
    l.left = x;
    l.delta_cols = r.cols >= 100 ? 25 : r.cols >= 78 ? 9 : 0;
    l.right = r.x + r.cols - 2 - (l.delta_cols ? l.delta_cols + 1 : 0);
    l.delta = l.right + 2;
    return l;
}

/* ---- Arrows ---- */

/* What stands in the middle of an arrow. */
struct label {
    char text[160];
    enum role role;
    struct slice more; /* untrusted, behind the text; ptr NULL: nothing */
    bool cut;          /* of more there is more */
    bool hex;
};

struct stroke {
    enum role role;
    uint32_t ch;
    char ascii;
};

static int
width_of(const struct grid *g, const struct label *l, int room)
{
    uint8_t safe[1024];
    if (!l->more.ptr || l->more.len == 0 || room < 4)
        return 0;
    if (l->hex) {
        int all = 3 * (int)l->more.len - 1;
        return all < room ? all : (room + 1) / 3 * 3 - 1;
    }
    struct text_fit fit =
        text_take(l->more, l->cut, g->utf8, (size_t)room, safe, sizeof safe);
    bool cut = l->cut || fit.in_len < l->more.len;
    int cols = (int)fit.cols + cut;
    return cols < room ? cols : room;
}

static void
draw_label(struct grid *g, int y, int left, int right, const struct label *l)
{
    int cols = right - left - 5; /* the point, and a stroke on each side */
    int text = (int)strlen(l->text);
    if (cols < 3)
        return;
    if (text > cols - 2)
        text = cols - 2;
    int more = width_of(g, l, cols - 2 - text - 1);
    int all = text + 2 + (more ? more + 1 : 0);
    int x = left + 3 + (cols - all) / 2;
    grid_line(g, y, x, all, ROLE_TEXT, ' ', ' ');
    grid_text(g, y, x + 1, text, l->role, l->text);
    x += text + 2;
    if (more && l->hex)
        for (int i = 0; 3 * i + 2 <= more; i++)
            grid_format(g, y, x + 3 * i, 2, ROLE_FIELD_PAYLOAD, "%02x",
                        l->more.ptr[i]);
    else if (more)
        grid_put(g, y, x, more, ROLE_FIELD_PAYLOAD, l->more, l->cut);
}

static void
draw_sides(struct grid *g, int y, const struct lanes *l, uint32_t ch,
           char ascii)
{
    grid_line(g, y, l->left, 1, ROLE_DIM, ch, ascii);
    grid_line(g, y, l->right, 1, ROLE_DIM, ch, ascii);
}

static void
draw_arrow(struct grid *g, int y, const struct lanes *l, enum ws_sender from,
           struct stroke s, const struct label *label)
{
    draw_sides(g, y, l, 0x2502, '|');
    grid_line(g, y, l->left + 1, l->right - l->left - 1, s.role, s.ch, s.ascii);
    if (from == WS_SENDER_CLIENT)
        grid_line(g, y, l->right - 1, 1, s.role, '>', '>');
    else
        grid_line(g, y, l->left + 1, 1, s.role, '<', '<');
    draw_label(g, y, l->left, l->right, label);
}

/* A row that is no arrow: something about the connection. */
static void
draw_state(struct grid *g, int y, const struct lanes *l, bool open,
           const char *text)
{
    struct label label = {.role = open ? ROLE_GOOD : ROLE_STRONG};
    snprintf(label.text, sizeof label.text, "%s", text);
    if (open) {
        grid_line(g, y, l->left, l->right - l->left + 1, ROLE_GOOD, 0x2550,
                  '=');
        grid_line(g, y, l->left, 1, ROLE_GOOD, 0x256a, '+');
        grid_line(g, y, l->right, 1, ROLE_GOOD, 0x256a, '+');
        draw_label(g, y, l->left, l->right, &label);
    } else {
        draw_sides(g, y, l, 0x250a, ':');
        grid_text(g, y, l->left + 2, l->right - l->left - 3, label.role,
                  label.text);
    }
}

/* ---- Rows ---- */

/* The first line of a head, without its method or its HTTP version. */
static struct slice
first_line(struct slice head)
{
    const uint8_t *end = head.len > 0 ? memchr(head.ptr, '\n', head.len) : NULL;
    if (end)
        head = slice_head(head, (size_t)(end - head.ptr));
    if (head.len > 0 && head.ptr[head.len - 1] == '\r')
        head.len--;
    return head;
}

static struct slice
status_of(struct slice head)
{
    struct slice line = first_line(head);
    const uint8_t *blank =
        line.len > 0 ? memchr(line.ptr, ' ', line.len) : NULL;
    return blank ? slice_skip(line, (size_t)(blank - line.ptr) + 1) : line;
}

static void
draw_head(struct tui *t, int y, const struct lanes *l, bool request)
{
    const struct store_handshake *h = &store_conn(t->store, t->conn)->handshake;
    enum ws_sender from = request ? WS_SENDER_CLIENT : WS_SENDER_SERVER;
    struct stroke s = {tui_sender_role(from), 0x2500, '-'};
    struct label label = {.role = ROLE_STRONG};
    if (request) {
        snprintf(label.text, sizeof label.text, "%s",
                 h->target.ptr ? "GET" : "request");
        if (h->target.ptr && h->method.len < 16)
            snprintf(label.text, sizeof label.text, "%.*s", (int)h->method.len,
                     (const char *)h->method.ptr);
        label.more = h->target;
    } else {
        snprintf(label.text, sizeof label.text, "%u", h->status);
        struct slice line = status_of(h->response_head);
        if (line.len > 4)
            label.more = slice_skip(line, 4);
    }
    draw_arrow(&t->grid, y, l, from, s, &label);
}

static void
draw_tcp(struct tui *t, int y, const struct lanes *l,
         const struct ladder_row *row)
{
    const struct store_tcp *e = chunks_at(&t->store->tcp, row->ref);
    enum ws_sender from = (enum ws_sender)e->from;
    struct stroke s = {ROLE_DIM, 0x254c, '-'};
    struct label label = {.role = ROLE_DIM};
    if (e->what == EVENT_TCP_RST)
        label.role = ROLE_BAD;
    else if (e->what >= EVENT_TCP_RETRANSMIT)
        label.role = ROLE_GAP;
    snprintf(label.text, sizeof label.text, "TCP %s",
             event_tcp_name((enum event_tcp_what)e->what));
    draw_arrow(&t->grid, y, l, from, s, &label);
}

/* What is shown of the payload; bytes is where it goes. */
static void
label_payload(struct tui *t, const struct store_frame *f, struct label *label,
              uint8_t bytes[SHOWN_MAX])
{
    bool whole;
    size_t n = store_frame_text(t->store, f, bytes, SHOWN_MAX, &whole);
    uint8_t opcode = store_frame_opcode(f);
    label->more = slice_make(bytes, n);
    label->cut = !whole;
    if (opcode == WS_OP_CLOSE && n >= 2) {
        snprintf(label->text, sizeof label->text, "close %u",
                 rd_load_be16(bytes));
        label->more = slice_skip(label->more, 2);
    }
    struct store_known known;
    store_frame_known(t->store, f, &known);
    /* With "<3 unknown>" in it, it is text. */
    label->hex = opcode != WS_OP_TEXT && opcode != WS_OP_CLOSE &&
                 !known.bytes.ranges && !text_is_plain(label->more);
}

static void
draw_frame(struct tui *t, int y, const struct lanes *l,
           const struct store_frame *f)
{
    uint8_t bytes[SHOWN_MAX];
    char len[16];
    enum ws_sender from = store_frame_from(f);
    struct stroke s = {tui_sender_role(from), 0x2500, '-'};
    struct label label = {.role = tui_opcode_role(store_frame_opcode(f))};
    tui_bytes(f->payload_len, len, sizeof len);
    if (f->flags & STORE_GAP) {
        s = (struct stroke){ROLE_GAP, 0x2504, '.'};
        label.role = ROLE_GAP;
        snprintf(label.text, sizeof label.text, "gap, %s B not captured", len);
    } else {
        snprintf(label.text, sizeof label.text, "%s%s %s B",
                 f->severity > SEVERITY_WARNING ? "! " : "",
                 ws_opcode_name(store_frame_opcode(f)), len);
        label_payload(t, f, &label, bytes);
    }
    draw_arrow(&t->grid, y, l, from, s, &label);
}

static void
draw_run(struct tui *t, int y, const struct lanes *l,
         const struct ladder_row *row)
{
    const struct rows *rows = &t->conn_rows;
    const struct store_frame *a = store_frame(t->store, row->ref);
    const struct store_frame *b =
        store_frame(t->store, rows_at(rows, row->pos + row->n - 1));
    enum ws_sender from = store_frame_from(a);
    struct stroke s = {tui_sender_role(from), 0x2504, '.'};
    struct label label = {.role = tui_opcode_role(store_frame_opcode(a))};
    char len[40], every[32];
    int64_t by = b->time_ns - a->time_ns;
    tui_bytes(a->payload_len, len, sizeof len);
    if (!(row->flags & LADDER_SAME_LEN))
        snprintf(len, sizeof len, "about %" PRIu64,
                 (uint64_t)(a->payload_len + b->payload_len) / 2);
    ladder_duration(row->flags & LADDER_REGULAR ? by / (row->n - 1) : by, every,
                    sizeof every);
    snprintf(label.text, sizeof label.text,
             t->grid.utf8 ? "%" PRIu32 " \u00d7 %s %s B %s %s"
                          : "%" PRIu32 " x %s %s B %s %s",
             row->n, ws_opcode_name(store_frame_opcode(a)), len,
             row->flags & LADDER_REGULAR ? "every" : "in", every);
    draw_arrow(&t->grid, y, l, from, s, &label);
}

static void
draw_end(struct tui *t, int y, const struct lanes *l)
{
    const struct store_conn *c = store_conn(t->store, t->conn);
    bool open = c->verdict == VERDICT_CAPTURE_ENDED;
    draw_state(&t->grid, y, l, false,
               open      ? "capture ends here: no Close frame seen"
               : c->text ? c->text
                         : verdict_name(c->verdict));
}

/* What stands in front of the row. */
static void
draw_number(struct tui *t, int y, const struct lanes *l,
            const struct ladder_row *row)
{
    const struct rows *rows = &t->conn_rows;
    int cols = (l->time_cols ? l->time : l->left) - l->number - 1;
    char text[32] = "";
    switch ((enum ladder_kind)row->kind) {
    case LADDER_REQUEST:
        snprintf(text, sizeof text, "H1");
        break;
    case LADDER_RESPONSE:
        snprintf(text, sizeof text, "H2");
        break;
    case LADDER_FRAME:
        if (!(store_frame(t->store, row->ref)->flags & STORE_GAP))
            snprintf(text, sizeof text, "%" PRIu32,
                     store_frame(t->store, row->ref)->number);
        break;
    case LADDER_RUN:
        snprintf(text, sizeof text, "%" PRIu32 "-%" PRIu32,
                 store_frame(t->store, row->ref)->number,
                 store_frame(t->store, rows_at(rows, row->pos + row->n - 1))
                     ->number);
        break;
    default:
        break;
    }
    int len = (int)strlen(text);
    int x = l->number + (len < cols ? cols - len : 0);
    grid_text(&t->grid, y, x, cols, ROLE_DIM, text);
}

static bool
has_time(const struct ladder_row *row)
{
    return row->kind != LADDER_BLANK && row->kind != LADDER_OPEN &&
           row->kind != LADDER_MIDSTREAM && row->kind != LADDER_END;
}

static void
draw_times(struct tui *t, int y, const struct lanes *l, size_t i)
{
    const struct ladder *la = &t->ladder_rows;
    const struct rows *rows = &t->conn_rows;
    const struct ladder_row *row = &la->row[i];
    char text[32], took[32];
    if (!has_time(row))
        return;
    int64_t at = ladder_start_ns(la, t->store, rows, i);
    size_t above = ladder_above(la, i);
    int64_t before = at;
    if (above != SIZE_MAX && la->row[above].kind != LADDER_MIDSTREAM)
        before = ladder_end_ns(la, t->store, rows, above);
    else
        above = SIZE_MAX;
    if (l->time_cols) {
        tui_time(t, at, before, text, sizeof text);
        grid_format(&t->grid, y, l->time, l->time_cols, ROLE_DIM, "%12s", text);
    }
    if (!l->delta_cols || above == SIZE_MAX)
        return;
    ladder_duration(at - before, took, sizeof took);
    bool same =
        ladder_packet(la, t->store, i) == ladder_packet(la, t->store, above) &&
        la->row[above].kind != LADDER_RUN;
    bool head = la->row[above].kind == LADDER_OPEN ||
                la->row[above].kind == LADDER_RESPONSE;
    grid_format(&t->grid, y, l->delta, l->delta_cols, ROLE_DIM, "%s%s%s",
                at < before ? "" : "+", took,
                !same || l->delta_cols < 20 ? ""
                : head                      ? ", same packet as H2"
                                            : ", same packet");
}

static void
draw_blank(struct tui *t, int y, const struct lanes *l, size_t i)
{
    const struct ladder *la = &t->ladder_rows;
    const struct rows *rows = &t->conn_rows;
    size_t below = i, above = ladder_above(la, i);
    char took[32], text[64];
    draw_sides(&t->grid, y, l, 0x2502, '|');
    if (!(la->row[i].flags & LADDER_LONG) || above == SIZE_MAX)
        return;
    while (below < la->n && la->row[below].kind == LADDER_BLANK)
        below++;
    if (below == la->n)
        return;
    ladder_duration(ladder_start_ns(la, t->store, rows, below) -
                        ladder_end_ns(la, t->store, rows, above),
                    took, sizeof took);
    snprintf(text, sizeof text, "%s of nothing", took);
    draw_sides(&t->grid, y, l, 0x250a, ':');
    int cols = l->right - l->left - 3, len = (int)strlen(text);
    grid_text(&t->grid, y, l->left + 2 + (len < cols ? (cols - len) / 2 : 0),
              cols, ROLE_DIM, text);
}

static void
draw_row(struct tui *t, int y, const struct lanes *l, size_t i)
{
    const struct ladder_row *row = &t->ladder_rows.row[i];
    draw_number(t, y, l, row);
    draw_times(t, y, l, i);
    switch ((enum ladder_kind)row->kind) {
    case LADDER_MIDSTREAM:
        draw_state(&t->grid, y, l, false, "the capture begins in mid-stream");
        break;
    case LADDER_REQUEST:
    case LADDER_RESPONSE:
        draw_head(t, y, l, row->kind == LADDER_REQUEST);
        break;
    case LADDER_OPEN:
        draw_state(&t->grid, y, l, true, "WebSocket open");
        break;
    case LADDER_TCP:
        draw_tcp(t, y, l, row);
        break;
    case LADDER_FRAME:
        draw_frame(t, y, l, store_frame(t->store, row->ref));
        break;
    case LADDER_RUN:
        draw_run(t, y, l, row);
        break;
    case LADDER_BLANK:
        draw_blank(t, y, l, i);
        break;
    case LADDER_END:
        draw_end(t, y, l);
        break;
    }
}

/* ---- The view ---- */

/* A name in the middle above its lane, between the columns from and to. */
static void
draw_name(struct grid *g, int y, int lane, int from, int to, enum role role,
          const char *name)
{
    int len = (int)strlen(name), x = lane - len / 2;
    if (x + len > to)
        x = to - len;
    if (x < from)
        x = from;
    grid_text(g, y, x, to - x, role, name);
}

/* Returns the rows taken. */
static int
draw_names(struct tui *t, struct rect r, const struct lanes *l)
{
    const struct store_conn *c = store_conn(t->store, t->conn);
    char client[ENDPOINT_TEXT_MAX], server[ENDPOINT_TEXT_MAX];
    struct grid *g = &t->grid;
    int middle = (l->left + l->right) / 2, end = r.x + r.cols, y = r.y;
    present_endpoint(t, &c->client, client, sizeof client);
    present_endpoint(t, &c->server, server, sizeof server);
    draw_name(g, y, l->left, r.x, middle, ROLE_CLIENT, client);
    draw_name(g, y++, l->right, middle + 1, end, ROLE_SERVER, server);
    if (r.rows < 20)
        return 1;
    draw_name(g, y, l->left, r.x, middle, ROLE_CLIENT, "client");
    draw_name(g, y++, l->right, middle + 1, end, ROLE_SERVER, "server");
    return 2;
}

static uint32_t
frame_of(const struct tui *t, const struct ladder_row *row)
{
    const struct rows *rows = &t->conn_rows;
    if (row->kind == LADDER_FRAME)
        return row->ref;
    if (row->kind != LADDER_RUN)
        return STORE_NONE;
    /* Another frame of it may be selected. */
    if (t->frame != STORE_NONE && t->frame >= row->ref &&
        t->frame <= rows_at(rows, row->pos + row->n - 1))
        return t->frame;
    return row->ref;
}

/* The cursor and the frame selected go together, whoever moved. */
static void
follow_selection(struct tui *t, int height)
{
    struct ladder *la = &t->ladder_rows;
    struct list *l = &t->ladder;
    if (t->frame != STORE_NONE && t->frame != la->selected && !l->follow) {
        l->n = la->n;
        list_go(l, ladder_place(la, &t->conn_rows, t->frame));
    }
    list_fit(l, la->n, (size_t)height);
    if (la->n > 0) {
        uint32_t frame = frame_of(t, &la->row[l->cursor]);
        if (frame != STORE_NONE && frame != t->frame)
            tui_select_frame(t, frame);
    }
    la->selected = t->frame;
}

static void
update(struct tui *t)
{
    struct rows *rows = tui_conn_rows(t);
    struct ladder *la = &t->ladder_rows;
    if (!t->paused)
        t->ladder_tcp_end = t->store->tcp.n;
    ladder_update(la, t->store, t->conn, rows, t->ladder_tcp_end,
                  t->shown_end == t->store->frames.n);
}

static void
draw_detail(struct tui *t, struct rect r, bool side)
{
    struct grid *g = &t->grid;
    const struct ladder *la = &t->ladder_rows;
    char title[96];
    if (la->n == 0)
        return;
    const struct ladder_row *row = &la->row[t->ladder.cursor];
    ladder_detail_title(t, row, title, sizeof title);
    if (side) {
        for (int y = 0; y < r.rows; y++)
            grid_line(g, r.y + y, r.x, 1, ROLE_DIM, 0x2502, '|');
        r.x += 2;
        r.cols -= 3;
        grid_text(g, r.y, r.x, r.cols, ROLE_TITLE, title);
    } else {
        grid_title(g, (struct rect){r.y, r.x, 1, r.cols}, false, "%s", title);
        r.x++;
        r.cols -= 2;
    }
    struct lines out =
        lines_in(g, (struct rect){r.y + 1, r.x, r.rows - 1, r.cols});
    ladder_detail_lines(t, row, &out);
}

static void
draw(struct tui *t, struct rect r)
{
    if (t->conn == STORE_NONE && t->store->conns.n > 0)
        t->conn = 0;
    if (t->conn == STORE_NONE) {
        grid_text(&t->grid, r.y + 1, r.x + 2, r.cols - 4, ROLE_DIM,
                  "no connection");
        return;
    }
    update(t);
    bool side = r.cols >= SIDE_COLS;
    int bottom = side || r.rows < BOTTOM_ROWS ? 0 : r.rows < 24 ? 4 : 7;
    struct rect main = {r.y, r.x, r.rows - bottom,
                        r.cols - (side ? SIDE_WIDTH : 0)};
    struct lanes lanes = lanes_of(t, main);
    int names = draw_names(t, main, &lanes);
    const struct ladder *la = &t->ladder_rows;
    follow_selection(t, main.rows - names);
    hit_list(t,
             (struct rect){main.y + names, main.x, main.rows - names,
                           main.cols},
             &t->ladder);
    for (size_t i = 0; i < t->ladder.height; i++) {
        size_t row = t->ladder.top + i;
        int y = main.y + names + (int)i;
        if (row >= la->n)
            break;
        draw_row(t, y, &lanes, row);
        if (row == t->ladder.cursor)
            grid_cursor(&t->grid, y, main.x, lanes.left - main.x);
    }
    if (side)
        draw_detail(t,
                    (struct rect){r.y, main.x + main.cols, r.rows, SIDE_WIDTH},
                    true);
    else if (bottom)
        draw_detail(t, (struct rect){r.y + main.rows, r.x, bottom, r.cols},
                    false);
}

/* Blank rows are no place to stop at. */
static void
step(struct tui *t, long by)
{
    const struct ladder *la = &t->ladder_rows;
    struct list *l = &t->ladder;
    size_t before;
    do {
        before = l->cursor;
        list_move(l, by);
    } while (l->cursor != before && l->cursor < la->n &&
             la->row[l->cursor].kind == LADDER_BLANK);
}

static void
next_hiding(struct tui *t)
{
    static const char *const texts[] = {"showing all", "TCP is hidden",
                                        "control frames are hidden",
                                        "TCP and control frames are hidden"};
    struct ladder_options *o = &t->ladder_rows.options;
    unsigned now = (unsigned)o->hide_control << 1 | o->hide_tcp;
    now = (now + 1) % 4;
    o->hide_tcp = now & 1;
    o->hide_control = now & 2;
    t->ladder_rows.selected = STORE_NONE; /* find its row again */
    tui_say(t, "%s", texts[now]);
}

static void
next_scale(struct tui *t)
{
    struct ladder *la = &t->ladder_rows;
    char row[32];
    la->options.time = !la->options.time;
    la->selected = STORE_NONE;
    if (t->conn == STORE_NONE)
        return;
    update(t);
    ladder_duration(la->step_ns, row, sizeof row);
    if (la->options.time)
        tui_say(t, "scale of time: a row is %s", row);
    else
        tui_say(t, "in order, one row each");
}

static bool
act(struct tui *t, enum action a)
{
    struct ladder *la = &t->ladder_rows;
    switch (a) {
    case ACTION_ENTER:
        if (t->frame != STORE_NONE)
            tui_select_frame(t, t->frame);
        tui_go(t, VIEW_FRAMES);
        return true;
    case ACTION_UP:
        step(t, -1);
        return true;
    case ACTION_DOWN:
        step(t, 1);
        return true;
    case ACTION_LADDER_HIDE:
        next_hiding(t);
        return true;
    case ACTION_LADDER_SCALE:
        next_scale(t);
        return true;
    case ACTION_LADDER_FOLD:
        la->options.unfold = !la->options.unfold;
        la->selected = STORE_NONE;
        tui_say(t, la->options.unfold ? "runs are unfolded"
                                      : "runs of frames alike are folded");
        return true;
    default:
        return false;
    }
}

static void
status(const struct tui *t, char *out, size_t size)
{
    const struct ladder *la = &t->ladder_rows;
    char step_text[32];
    if (t->conn == STORE_NONE)
        return;
    ladder_duration(la->step_ns, step_text, sizeof step_text);
    int n = snprintf(out, size, "connection %" PRIu32 " - ",
                     store_conn(t->store, t->conn)->conn);
    if (n < 0 || (size_t)n >= size)
        return;
    if (la->made.time)
        n += snprintf(out + n, size - (size_t)n, "a row is %s", step_text);
    else
        n += snprintf(out + n, size - (size_t)n, "in order");
    if (la->folded && (size_t)n < size)
        n += snprintf(out + n, size - (size_t)n, ", %zu frames folded",
                      la->folded);
    if ((size_t)n < size)
        snprintf(out + n, size - (size_t)n, "%s%s",
                 la->made.hide_tcp ? ", no TCP" : "",
                 la->made.hide_control ? ", no control frames" : "");
}

static bool
match_frame(const struct tui *t, uint32_t row, const char *text)
{
    const struct store_frame *f = store_frame(t->store, row);
    return strcmp(frame_kind_name(f), text) == 0 ||
           payload_holds(t->store, row, text);
}

static bool
match(const struct tui *t, size_t row, const char *text)
{
    const struct ladder *la = &t->ladder_rows;
    const struct store_handshake *h = &store_conn(t->store, t->conn)->handshake;
    if (row >= la->n)
        return false;
    const struct ladder_row *r = &la->row[row];
    struct slice in = slice_make(NULL, 0);
    switch ((enum ladder_kind)r->kind) {
    case LADDER_FRAME:
        return match_frame(t, r->ref, text);
    case LADDER_RUN: {
        const struct rows *rows = &t->conn_rows;
        for (uint32_t i = 0; i < r->n; i++)
            if (match_frame(t, rows_at(rows, r->pos + i), text))
                return true;
        return false;
    }
    case LADDER_TCP: {
        const struct store_tcp *e = chunks_at(&t->store->tcp, r->ref);
        return strstr(event_tcp_name((enum event_tcp_what)e->what), text) !=
               NULL;
    }
    case LADDER_REQUEST:
        in = first_line(h->request_head);
        break;
    case LADDER_RESPONSE:
        in = first_line(h->response_head);
        break;
    case LADDER_MIDSTREAM:
    case LADDER_OPEN:
    case LADDER_BLANK:
    case LADDER_END:
        break;
    }
    return in.len > 0 && memmem(in.ptr, in.len, text, strlen(text));
}

static struct list *
list(struct tui *t)
{
    return &t->ladder;
}

const struct view view_ladder = {
    .draw = draw,
    .act = act,
    .status = status,
    .match = match,
    .list = list,
};
