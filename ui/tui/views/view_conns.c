/* SPDX-License-Identifier: MIT */
/* Connections: one a row; below, the last frames of the one selected. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/screen/columns.h"
#include "ui/tui/screen/panel.h"
#include "ui/tui/tui.h"
#include "ui/tui/views/frame_row.h"

/* From this many rows on there is a preview, this high. */
#define PREVIEW_FROM 20
#define PREVIEW_ROWS 6

/* In front of the columns: the cursor, and a mark or a warning. */
#define LEAD 2
#define WIDE_COLS 100

static const char *
state_text(const struct store_conn *c, char *out, size_t size)
{
    static const char *const names[] = {
        [STORE_UPGRADING] = "upgrading", [STORE_FAILED] = "failed",
        [STORE_OPEN] = "open",           [STORE_CLOSING] = "closing",
        [STORE_CLOSED] = "closed",
    };
    const char *name = names[c->state];
    if (c->state == STORE_OPEN && c->handshake.seen == HANDSHAKE_SEEN_NONE)
        name = "midstream";
    if (c->state == STORE_CLOSED)
        snprintf(out, size, "%s %u", name, c->onclose_code);
    else if (c->state == STORE_FAILED)
        snprintf(out, size, "%s %u", name, c->handshake.status);
    else
        snprintf(out, size, "%s", name);
    return out;
}

static enum role
state_role(const struct store_conn *c)
{
    if (c->state == STORE_FAILED)
        return ROLE_BAD;
    if (c->state == STORE_CLOSED)
        return c->clean ? ROLE_TEXT : ROLE_WARNING;
    return c->state == STORE_OPEN ? ROLE_GOOD : ROLE_TEXT;
}

static void
age_text(const struct store_conn *c, char *out, size_t size)
{
    int64_t ns = conn_age_ns(c), s = ns / 1000000000;
    if (s >= 3600)
        snprintf(out, size, "%" PRId64 "h%02d", s / 3600, (int)(s / 60 % 60));
    else if (s >= 60)
        snprintf(out, size, "%" PRId64 ":%02d", s / 60, (int)(s % 60));
    else
        snprintf(out, size, "%" PRId64 ".%02ds", s,
                 (int)(ns % 1000000000 / 10000000));
}

/* The last STORE_RATE_BUCKETS times STORE_RATE_SECONDS, or as much of them as
 * there is room for, relative to their largest. */
static void
draw_rate(struct grid *g, int y, int x, int cols, const struct store_conn *c)
{
    uint64_t rate[STORE_RATE_BUCKETS], most = 0;
    size_t n =
        (size_t)cols < STORE_RATE_BUCKETS ? (size_t)cols : STORE_RATE_BUCKETS;
    for (size_t i = 0; i < n; i++) {
        rate[i] = c->rate[STORE_RATE_BUCKETS - n + i];
        most = rate[i] > most ? rate[i] : most;
    }
    panel_spark(g, y, x, (int)n, ROLE_OP_CONTROL, rate, n,
                (struct scale){most, false});
}

/* What was found, then what was agreed. */
static void
draw_flags(struct grid *g, int y, int x, int cols, const struct store_conn *c)
{
    int used = 0;
    for (unsigned s = SEVERITY_COUNT; s-- > SEVERITY_WARNING && used == 0;)
        if (c->found[s] > 0)
            used =
                grid_format(g, y, x, cols, tui_severity_role((enum severity)s),
                            "%" PRIu32 " %s%s", c->found[s],
                            severity_name((enum severity)s),
                            c->found[s] == 1 ? "" : "s");
    used += used > 0;
    if (c->gap_bytes > 0)
        used += 1 + grid_text(g, y, x + used, cols - used, ROLE_GAP, "gaps");
    if (c->handshake.has_deflate)
        used += 1 + grid_text(g, y, x + used, cols - used, ROLE_DIM, "deflate");
    if (c->handshake.protocol.ptr)
        grid_put(g, y, x + used, cols - used, ROLE_DIM, c->handshake.protocol,
                 false);
}

/* Host and path; where both do not fit, it is the path that tells connections
 * of one server apart. */
static void
draw_target(struct grid *g, int y, int x, int cols, const struct store_conn *c)
{
    const struct store_handshake *h = &c->handshake;
    int used = 0, path = (int)(h->target.len < 1000 ? h->target.len : 1000);
    path = path < cols * 2 / 3 ? path : cols * 2 / 3;
    if (h->host.ptr)
        used = grid_put(g, y, x, cols - path, ROLE_TEXT, h->host, false);
    if (h->target.ptr && used < cols)
        grid_put(g, y, x + used, cols - used, ROLE_TEXT, h->target, false);
    if (!h->host.ptr && !h->target.ptr)
        grid_text(g, y, x, cols, ROLE_DIM,
                  store_heads_kept(h) ? "(handshake not captured)"
                                      : "(handshake not kept)");
}

/* With the port where there is room for it. */
static void
draw_peer(struct tui *t, int y, int x, int cols, const struct endpoint *e)
{
    char text[ENDPOINT_TEXT_MAX];
    present_endpoint(t, e, text, sizeof text);
    char *port = strrchr(text, ':');
    if (port && (int)strlen(text) > cols)
        *port = '\0';
    grid_text(&t->grid, y, x, cols, ROLE_TEXT, text);
}

/* In the order of enum conn_sort.  That of numbers is made wider where they
 * are longer. */
static const struct column columns[CONN_SORT_COUNT] = {
    [CONN_SORT_NUMBER] = {"#", NULL, 3, 3, 0, true, false},
    [CONN_SORT_STATE] = {"State", NULL, 11, 11, 1, false, false},
    [CONN_SORT_START] = {"Start", NULL, 12, 12, 10, true, false},
    [CONN_SORT_AGE] = {"Age", NULL, 6, 6, 5, true, false},
    [CONN_SORT_CLIENT] = {"Client", NULL, 15, 21, 6, false, false},
    [CONN_SORT_SERVER] = {"Server", NULL, 15, 21, 11, false, false},
    [CONN_SORT_TARGET] = {"Host / path", NULL, 13, 24, 2, false, true},
    [CONN_SORT_FRAMES] = {"Frames", NULL, 7, 7, 3, true, false},
    [CONN_SORT_FROM_CLIENT] = {"C\u2192S", "C>S", 6, 7, 9, true, false},
    [CONN_SORT_FROM_SERVER] = {"S\u2192C", "S>C", 6, 7, 9, true, false},
    [CONN_SORT_BYTES] = {"Bytes", NULL, 6, 6, 4, true, false},
    [CONN_SORT_RATE] = {"Rate (60 s)", "Rate", 8, 12, 7, false, false},
    [CONN_SORT_FLAGS] = {"Flags", NULL, 9, 16, 8, false, false},
};

/* Where the columns of a screen stand. */
struct table {
    struct column column[CONN_SORT_COUNT];
    struct column_place place[CONN_SORT_COUNT];
};

static void
fit_table(const struct tui *t, struct rect r, struct table *table)
{
    int digits = 1;
    for (size_t n = t->store->conns.n; n >= 10; n /= 10)
        digits++;
    memcpy(table->column, columns, sizeof columns);
    struct column *number = &table->column[CONN_SORT_NUMBER];
    if (digits > number->cols)
        number->cols = number->most = digits;
    struct column *start = &table->column[CONN_SORT_START];
    if (t->time == TUI_TIME_UTC)
        start->cols = start->most = 15; /* "07:08:09.123456" */
    columns_fit(table->column, CONN_SORT_COUNT, r.x + LEAD, r.cols - LEAD,
                r.cols < WIDE_COLS ? 1 : 2, table->place);
    if (table->place[CONN_SORT_RATE].cols < (int)STORE_RATE_BUCKETS)
        table->column[CONN_SORT_RATE].name = "Rate";
}

/* What is text on the right or a number; "" for the others. */
static void
cell_text(const struct tui *t, const struct store_conn *c, enum conn_sort which,
          int cols, int64_t before_ns, char *out, size_t size)
{
    out[0] = '\0';
    switch (which) {
    case CONN_SORT_NUMBER:
        snprintf(out, size, "%" PRIu32, c->conn);
        break;
    case CONN_SORT_START:
        tui_time(t, c->start_ns, before_ns, out, size);
        break;
    case CONN_SORT_AGE:
        age_text(c, out, size);
        break;
    case CONN_SORT_FRAMES:
        panel_count(c->frames[0] + c->frames[1], cols, out, size);
        break;
    case CONN_SORT_FROM_CLIENT:
    case CONN_SORT_FROM_SERVER:
        panel_count(c->frames[which == CONN_SORT_FROM_SERVER], cols, out, size);
        break;
    case CONN_SORT_BYTES:
        tui_bytes(c->bytes[0] + c->bytes[1], out, size);
        break;
    default:
        break;
    }
}

static void
draw_cell(struct tui *t, int y, struct column_place at, enum conn_sort which,
          const struct store_conn *c)
{
    struct grid *g = &t->grid;
    char text[32];
    switch (which) {
    case CONN_SORT_STATE:
        grid_text(g, y, at.x, at.cols, state_role(c),
                  state_text(c, text, sizeof text));
        break;
    case CONN_SORT_CLIENT:
        draw_peer(t, y, at.x, at.cols, &c->client);
        break;
    case CONN_SORT_SERVER:
        draw_peer(t, y, at.x, at.cols, &c->server);
        break;
    case CONN_SORT_TARGET:
        draw_target(g, y, at.x, at.cols, c);
        break;
    case CONN_SORT_RATE:
        draw_rate(g, y, at.x, at.cols, c);
        break;
    case CONN_SORT_FLAGS:
        draw_flags(g, y, at.x, at.cols, c);
        break;
    default:
        break;
    }
}

/* place: in the order shown. */
static void
draw_row(struct tui *t, int y, struct rect r, const struct table *table,
         size_t place)
{
    struct grid *g = &t->grid;
    const uint32_t *rows = t->conn_order.row;
    const struct store_conn *c = store_conn(t->store, rows[place]);
    int64_t before_ns =
        place ? store_conn(t->store, rows[place - 1])->start_ns : c->start_ns;
    bool bad = c->found[SEVERITY_ERROR] > 0 || c->state == STORE_FAILED;
    for (unsigned i = 0; i < CONN_SORT_COUNT; i++) {
        struct column_place at = table->place[i];
        char text[40];
        if (at.cols == 0)
            continue;
        cell_text(t, c, (enum conn_sort)i, at.cols, before_ns, text,
                  sizeof text);
        if (text[0])
            grid_format(g, y, at.x, at.cols,
                        bad && i == CONN_SORT_NUMBER ? ROLE_BAD : ROLE_TEXT,
                        "%*s", at.cols, text);
        else
            draw_cell(t, y, at, (enum conn_sort)i, c);
    }
    if (marks_has(&t->conn_marks, rows[place]))
        grid_text(g, y, r.x + 1, 1, ROLE_SELECTED, "*");
    else if (bad)
        grid_text(g, y, r.x + 1, 1, ROLE_BAD, "!");
    if (place == t->conns.cursor) {
        grid_text(g, y, r.x, 1, ROLE_TEXT, ">");
        grid_cursor(g, y, r.x, r.cols);
    }
}

static void
draw_preview(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    const struct store_conn *c = store_conn(t->store, t->conn);
    grid_title(g, (struct rect){r.y, r.x, 1, r.cols}, false,
               "Last frames of connection %" PRIu32 " (Enter opens it)",
               c->conn);
    /* From the last frame backwards; others' frames lie between. */
    uint32_t rows[PREVIEW_ROWS], row = c->last_frame;
    int n = 0;
    for (unsigned looks = 0; row != STORE_NONE && looks < 10000 &&
                             n < r.rows - 1 && n < PREVIEW_ROWS;
         looks++) {
        if (store_frame(t->store, row)->conn == t->conn)
            rows[n++] = row;
        if (row == c->first_frame)
            break;
        row--;
    }
    for (int i = 0; i < n; i++)
        frame_row_draw(t, r.y + n - i, r.x, r.cols, rows[i], 0);
}

/* Selects a connection: its first frame is the one that other views show,
 * unless they follow what comes. */
static void
select_conn(struct tui *t, uint32_t row)
{
    t->conn = row;
    t->frame = store_conn(t->store, row)->first_frame;
    if (t->rows.conn == STORE_NONE && t->frame != STORE_NONE &&
        !t->frames.follow && t->frame < t->shown_end)
        tui_select_frame(t, t->frame);
}

/* The order as it is now, with the cursor on the connection selected: by keys
 * in this list, or in another view. */
void
view_conns_keep_up(struct tui *t)
{
    struct conn_order *o = &t->conn_order;
    struct list *l = &t->conns;
    uint32_t row = t->conn;
    bool elsewhere = row != t->conn_at && row != STORE_NONE;
    if (!elsewhere && l->cursor < o->n && t->conn_at != STORE_NONE)
        row = o->row[l->cursor];
    if (!t->paused || o->n == 0 || o->starts != t->shown.refine.starts)
        (void)conn_order_update(o, t->store, t->now_ns);
    if (o->n == 0)
        return;
    size_t place = row == STORE_NONE ? 0 : conn_order_place(o, row);
    if (place == o->n) /* came while paused, or does not pass the filter */
        place = l->cursor < o->n ? l->cursor : o->n - 1;
    if (l->follow)
        place = o->n - 1;
    if (elsewhere && !l->follow) {
        l->n = o->n;
        list_go(l, place);
    }
    if (!l->follow)
        list_keep(l, place);
    list_fit(l, o->n, l->height);
    row = o->row[place];
    if (row != t->conn) {
        bool first = t->conn == STORE_NONE;
        t->conn = row;
        t->frame = store_conn(t->store, row)->first_frame;
        if (!first)
            select_conn(t, row);
    }
    t->conn_at = row;
}

void
view_conns_step(struct tui *t, int step)
{
    const struct conn_order *o = &t->conn_order;
    view_conns_keep_up(t);
    if (o->n == 0)
        return;
    size_t at = conn_order_place(o, t->conn);
    if (step > 0)
        at += at + 1 < o->n;
    else
        at -= at > 0;
    t->conn = o->row[at < o->n ? at : o->n - 1];
    t->frame = store_conn(t->store, t->conn)->first_frame;
    if (t->rows.conn != STORE_NONE)
        tui_set_scope(t, t->conn);
    else if (t->frame != STORE_NONE)
        tui_select_frame(t, t->frame);
}

static void
draw(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    struct table table;
    view_conns_keep_up(t);
    size_t n = t->conn_order.n;
    int preview = r.rows >= PREVIEW_FROM && n > 0 ? PREVIEW_ROWS + 1 : 0;
    int height = r.rows - 1 - preview;
    fit_table(t, r, &table);
    columns_head(g, r.y, table.column, CONN_SORT_COUNT, table.place,
                 t->conn_order.by, t->conn_order.inverted);
    list_fit(&t->conns, n, (size_t)height);
    hit_list(t, (struct rect){r.y + 1, r.x, height, r.cols}, &t->conns);
    if (n == 0) {
        grid_text(g, r.y + 2, r.x + 2, r.cols - 4, ROLE_DIM,
                  t->store->conns.n > 0     ? "no connection passes the filter"
                  : atomic_load(t->loading) ? "no WebSocket so far"
                                            : "no WebSocket was found");
        return;
    }
    for (int i = 0; i < height && t->conns.top + (size_t)i < n; i++)
        draw_row(t, r.y + 1 + i, r, &table, t->conns.top + (size_t)i);
    if (preview)
        draw_preview(t, (struct rect){r.y + r.rows - preview, r.x, preview,
                                      r.cols});
}

/* ---- keys ---- */

static void
mark(struct tui *t)
{
    if (t->conn == STORE_NONE)
        return;
    if (!marks_flip(&t->conn_marks, t->conn))
        tui_say(t, "too many marks");
    list_move(&t->conns, 1);
    tui_say(t, "%zu marked", t->conn_marks.n);
}

/* In the order shown, and on from the other end. */
static void
go_to_mark(struct tui *t, bool forward)
{
    const struct conn_order *o = &t->conn_order;
    for (size_t i = 1; i <= o->n && t->conn_marks.n > 0; i++) {
        size_t at = (t->conns.cursor + (forward ? i : o->n - i)) % o->n;
        if (marks_has(&t->conn_marks, o->row[at])) {
            list_go(&t->conns, at);
            return;
        }
    }
    tui_say(t, "nothing is marked: Space does");
}

/* The next column that the screen shows. */
static void
sort_by(struct tui *t, unsigned step)
{
    struct table table;
    struct rect r = {0, 0, 1, t->grid.cols};
    unsigned by = t->conn_order.by;
    fit_table(t, r, &table);
    do
        by = (by + step) % CONN_SORT_COUNT;
    while (table.place[by].cols == 0);
    conn_order_by(&t->conn_order, (enum conn_sort)by, t->conn_order.inverted);
}

static bool
act(struct tui *t, enum action a)
{
    view_conns_keep_up(t);
    switch (a) {
    case ACTION_ENTER:
        if (t->conn == STORE_NONE)
            return false;
        tui_set_scope(t, t->conn);
        tui_go(t, VIEW_FRAMES);
        return true;
    case ACTION_SORT_NEXT:
        sort_by(t, 1);
        return true;
    case ACTION_SORT_BEFORE:
        sort_by(t, CONN_SORT_COUNT - 1);
        return true;
    case ACTION_INVERT:
        conn_order_by(&t->conn_order, t->conn_order.by,
                      !t->conn_order.inverted);
        return true;
    case ACTION_MARK:
        mark(t);
        return true;
    case ACTION_NEXT_MARK:
    case ACTION_PREVIOUS_MARK:
        go_to_mark(t, a == ACTION_NEXT_MARK);
        return true;
    default:
        return false;
    }
}

/* What was agreed, what the handshake proves, how it ended. */
static void
status(const struct tui *t, char *out, size_t size)
{
    if (t->conn == STORE_NONE || t->conn_order.n == 0)
        return;
    const struct store_conn *c = store_conn(t->store, t->conn);
    const struct store_handshake *h = &c->handshake;
    snprintf(out, size, "connection %" PRIu32 "%s - %s%s", c->conn,
             h->has_deflate ? " - permessage-deflate" : "",
             h->accept_ok == TRI_YES  ? "handshake verified"
             : h->accept_ok == TRI_NO ? "Accept is wrong"
                                      : "handshake not verified",
             c->text ? " - " : "");
    size_t len = strlen(out);
    snprintf(out + len, size - len, "%s", c->text ? c->text : "");
}

static bool
match(const struct tui *t, size_t row, const char *text)
{
    const struct store_conn *c = store_conn(t->store, t->conn_order.row[row]);
    const struct store_handshake *h = &c->handshake;
    size_t len = strlen(text);
    return (h->target.ptr && memmem(h->target.ptr, h->target.len, text, len)) ||
           (h->host.ptr && memmem(h->host.ptr, h->host.len, text, len));
}

static struct list *
list(struct tui *t)
{
    return &t->conns;
}

const struct view view_conns = {
    .draw = draw,
    .act = act,
    .status = status,
    .match = match,
    .list = list,
};
