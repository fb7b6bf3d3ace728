/* SPDX-License-Identifier: MIT */
#include "ui/tui/views/stats_panel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dissect/close_code.h"
#include "ui/tui/screen/columns.h"
#include "ui/tui/screen/panel.h"

#define LABEL_COLS 10
#define COUNT_COLS 9
#define BAR_MIN 4
#define BAR_MAX 50
/* Of the two curves: "C>S max 1 234 567 ". */
#define CURVE_COLS 19

static const char *const opcode_names[STATS_OPCODE_ROWS] = {
    [STATS_ROW_TEXT] = "text",   [STATS_ROW_BINARY] = "binary",
    [STATS_ROW_PING] = "ping",   [STATS_ROW_CONTINUATION] = "cont",
    [STATS_ROW_PONG] = "pong",   [STATS_ROW_CLOSE] = "close",
    [STATS_ROW_OTHER] = "other",
};

bool
stats_panel_is_filtered(const struct tui *t)
{
    return tui_filtered(t) && !t->stats_locked && t->recount.stats;
}

const struct stats *
stats_panel_stats(const struct tui *t)
{
    return stats_panel_is_filtered(t) ? t->recount.stats : t->stats;
}

bool
stats_panel_has_sides(enum stats_panel p)
{
    return p == STATS_PANEL_OPCODES || p == STATS_PANEL_CLOSES;
}

struct list *
stats_panel_list(struct tui *t, enum stats_panel p)
{
    return p == STATS_PANEL_CONNS ? &t->conns : &t->stats_lists[p];
}

static const char *
sender_text(const struct grid *g, unsigned from)
{
    if (from == WS_SENDER_SERVER)
        return g->utf8 ? "S\u2192C" : "S>C";
    return g->utf8 ? "C\u2192S" : "C>S";
}

/* "16.4 ms" */
static void
span_text(uint64_t ns, char *out, size_t size)
{
    if (ns < 1000000)
        snprintf(out, size, "%.3g us", (double)ns / 1e3);
    else if (ns < 1000000000)
        snprintf(out, size, "%.3g ms", (double)ns / 1e6);
    else if (ns < UINT64_C(10000000000))
        snprintf(out, size, "%.3g s", (double)ns / 1e9);
    else
        snprintf(out, size, "%.0f s", (double)ns / 1e9);
}

static void
spread_text(const struct stats_spread *s, bool times, char *out, size_t size)
{
    char text[4][24];
    const uint64_t v[4] = {s->median, s->p95, s->max, s->total};
    for (size_t i = 0; i < 4; i++)
        if (times)
            span_text(v[i] * 1000, text[i], sizeof text[i]);
        else
            tui_bytes(v[i], text[i], sizeof text[i]);
    snprintf(out, size, "median %s  p95 %s  max %s%s%s", text[0], text[1],
             text[2], times ? "" : "  total ", times ? "" : text[3]);
}

/* ---- bars ---- */

/* A row of a panel: both senders where there is room, all, a bar. */
struct bar_row {
    char name[40];
    uint64_t n[2]; /* by enum ws_sender; both 0: only all is known */
    uint64_t all;
};

/* Where the columns of bars begin; 0: left out. */
struct bar_columns {
    int name, senders, all, bar, bar_cols;
};

static struct bar_columns
bar_columns(int cols, int name_cols, bool senders)
{
    struct bar_columns c = {.name = name_cols};
    int x = 1 + name_cols + 1;
    if (senders && cols >= x + 3 * COUNT_COLS + BAR_MIN + 1) {
        c.senders = x;
        x += 2 * COUNT_COLS;
    }
    c.all = x;
    x += COUNT_COLS + 1;
    c.bar = x;
    c.bar_cols = cols - x - 2 < BAR_MAX ? cols - x - 2 : BAR_MAX;
    return c;
}

static void
draw_bar(const struct stats_page *page, int y, struct rect r,
         const struct bar_columns *c, const struct bar_row *row, uint64_t most)
{
    struct grid *g = &page->t->grid;
    grid_format(g, y, r.x + 1, c->name, ROLE_TEXT, "%*s", c->name, row->name);
    for (int d = 0; d < 2 && c->senders; d++)
        panel_number(g, y, r.x + c->senders + d * COUNT_COLS, COUNT_COLS,
                     tui_sender_role((enum ws_sender)d), row->n[d]);
    panel_number(g, y, r.x + c->all, COUNT_COLS,
                 row->all ? ROLE_TEXT : ROLE_DIM, row->all);
    panel_bar(g, y, r.x + c->bar, c->bar_cols, ROLE_OP_CONTROL, row->all,
              (struct scale){most, page->t->stats_log});
}

/* On all of the bar, or on one sender's number. */
static void
draw_cursor(struct tui *t, int y, int x, const struct bar_columns *c,
            bool senders)
{
    struct grid *g = &t->grid;
    if (!senders || t->stats_side == 0 || !c->senders) {
        grid_cursor(g, y, x, c->bar - 1);
        return;
    }
    grid_cursor(g, y, x, c->name + 1);
    grid_cursor(g, y, x + c->senders + (int)(t->stats_side - 1) * COUNT_COLS,
                COUNT_COLS);
}

/* Rows in their window, below an optional heading; returns the row behind. */
static int
draw_bars(struct stats_page *page, enum stats_panel p, struct rect r,
          const struct bar_row *rows, size_t n, bool senders)
{
    struct tui *t = page->t;
    struct grid *g = &t->grid;
    struct list *l = stats_panel_list(t, p);
    uint64_t most = 0;
    int y = r.y, name = LABEL_COLS;
    for (size_t i = 0; i < n; i++) {
        int len = (int)strlen(rows[i].name);
        most = rows[i].all > most ? rows[i].all : most;
        name = len > name ? len : name;
    }
    name = name < r.cols / 2 ? name : r.cols / 2;
    struct bar_columns c = bar_columns(r.cols, name, senders);
    if (senders && r.rows > 1) {
        for (unsigned d = 0; d < 2 && c.senders; d++)
            grid_text(g, y, r.x + c.senders + (int)(d + 1) * COUNT_COLS - 3, 3,
                      ROLE_STRONG, sender_text(g, d));
        grid_text(g, y++, r.x + c.all + COUNT_COLS - 3, 3, ROLE_STRONG, "all");
        r.rows--;
    }
    list_fit(l, n, (size_t)(r.rows > 0 ? r.rows : 0));
    hit_list(t, (struct rect){y, r.x, r.rows, r.cols}, l);
    for (size_t i = l->top; i < n && i < l->top + l->height; i++, y++) {
        draw_bar(page, y, r, &c, &rows[i], most);
        if (i == l->cursor && t->stats_panel == p)
            draw_cursor(t, y, r.x, &c, senders);
    }
    return y;
}

static void
title(struct stats_page *page, enum stats_panel p, struct rect *r,
      const char *text)
{
    grid_title(&page->t->grid, (struct rect){r->y, r->x, 1, r->cols},
               page->t->stats_panel == p, "%s", text);
    r->y++;
    r->rows--;
}

static size_t
opcode_rows(const struct stats_figures *f, struct bar_row *rows)
{
    for (size_t i = 0; i < STATS_OPCODE_ROWS; i++) {
        const uint64_t *n = f->opcode[i];
        snprintf(rows[i].name, sizeof rows[i].name, "%s", opcode_names[i]);
        memcpy(rows[i].n, n, sizeof rows[i].n);
        rows[i].all = n[0] + n[1];
    }
    return STATS_OPCODE_ROWS;
}

unsigned
stats_panel_first_size(const struct stats_figures *f, size_t *rows)
{
    unsigned first = 0, end = HISTOGRAM_OCTAVES;
    while (first < HISTOGRAM_OCTAVES && f->size[first] == 0)
        first++;
    while (end > first && f->size[end - 1] == 0)
        end--;
    *rows = end - first;
    return first;
}

/* "16-31"; from 1 KiB on "16K-32K", the end not included. */
static void
size_name(unsigned bits, char *out, size_t size)
{
    static const char units[] = " KMGTPE";
    if (bits < 2) {
        snprintf(out, size, "%u", bits);
        return;
    }
    uint64_t low = UINT64_C(1) << (bits - 1);
    unsigned unit = (bits - 1) / 10;
    if (unit == 0)
        snprintf(out, size, "%" PRIu64 "-%" PRIu64, low, 2 * low - 1);
    else
        snprintf(out, size, "%" PRIu64 "%c-%" PRIu64 "%c", low >> 10 * unit,
                 units[unit], (low >> 10 * unit) * 2, units[unit]);
}

static size_t
size_rows(const struct stats_figures *f, struct bar_row *rows)
{
    size_t n;
    unsigned first = stats_panel_first_size(f, &n);
    for (size_t i = 0; i < n; i++) {
        size_name(first + (unsigned)i, rows[i].name, sizeof rows[i].name);
        rows[i].all = f->size[first + i];
    }
    return n;
}

static size_t
turn_rows(const struct stats_figures *f, struct bar_row *rows)
{
    char from[24] = "0", to[24];
    for (size_t i = 0; i < STATS_TURN_ROWS; i++) {
        if (i + 1 < STATS_TURN_ROWS) {
            span_text(stats_turn_us(i) * 1000, to, sizeof to);
            snprintf(rows[i].name, sizeof rows[i].name, "< %s", to);
        } else {
            snprintf(rows[i].name, sizeof rows[i].name, ">= %s", from);
        }
        memcpy(from, to, sizeof from);
        rows[i].all = f->turn[i];
    }
    return STATS_TURN_ROWS;
}

static size_t
close_rows(const struct stats_figures *f, struct bar_row *rows)
{
    size_t n = 0;
    for (; n < f->n_codes; n++) {
        snprintf(rows[n].name, sizeof rows[n].name, "%u %s", f->code[n].code,
                 close_code_name(f->code[n].code));
        memcpy(rows[n].n, f->code[n].n, sizeof rows[n].n);
        rows[n].all = rows[n].n[0] + rows[n].n[1];
    }
    snprintf(rows[n].name, sizeof rows[n].name, "Close without a code");
    memcpy(rows[n].n, f->close_without, sizeof rows[n].n);
    rows[n].all = rows[n].n[0] + rows[n].n[1];
    return n + 1;
}

#define BAR_ROWS_MAX 72u /* octaves, or codes and one more */

static size_t
bar_rows(const struct stats_figures *f, enum stats_panel p,
         struct bar_row *rows)
{
    memset(rows, 0, BAR_ROWS_MAX * sizeof *rows);
    switch (p) {
    case STATS_PANEL_OPCODES:
        return opcode_rows(f, rows);
    case STATS_PANEL_SIZES:
        return size_rows(f, rows);
    case STATS_PANEL_TURNS:
        return turn_rows(f, rows);
    case STATS_PANEL_CLOSES:
        return close_rows(f, rows);
    default:
        return 0;
    }
}

static void
draw_bar_panel(struct stats_page *page, enum stats_panel p, struct rect r,
               const char *name, const struct stats_spread *spread, bool times)
{
    struct grid *g = &page->t->grid;
    struct bar_row rows[BAR_ROWS_MAX];
    char text[128];
    size_t n = bar_rows(&page->f, p, rows);
    title(page, p, &r, name);
    bool last = spread && r.rows > 3;
    struct rect bars = {r.y, r.x, r.rows - last, r.cols};
    int y = draw_bars(page, p, bars, rows, n, spread == NULL);
    if (n == 0)
        grid_text(g, y, r.x + 1, r.cols - 2, ROLE_DIM, "nothing so far");
    if (!last || spread->n == 0)
        return;
    spread_text(spread, times, text, sizeof text);
    grid_text(g, y, r.x + 1, r.cols - 2, ROLE_STRONG, text);
}

/* ---- closes, pings, compression ---- */

static void
compression_text(const struct stats_page *page, char *out, size_t size)
{
    const struct grid *g = &page->t->grid;
    size_t n = (size_t)snprintf(out, size, "compressed");
    for (unsigned d = 0; d < 2; d++) {
        const struct stats_deflate *z =
            &stats_panel_stats(page->t)->sender[d].deflate;
        char wire[16], inflated[16];
        if (z->n == 0 || n >= size)
            continue;
        tui_bytes(z->wire, wire, sizeof wire);
        tui_bytes(z->inflated, inflated, sizeof inflated);
        n += (size_t)snprintf(out + n, size - n,
                              "  %s %" PRIu64 ": %s of %s (%.0f %%)",
                              sender_text(g, d), z->n, wire, inflated,
                              z->inflated ? 100.0 * (double)z->wire /
                                                (double)z->inflated
                                          : 100.0);
    }
    if (n == strlen("compressed"))
        snprintf(out, size, "no message was compressed");
}

static void
ping_text(const struct stats_page *page, char *out, size_t size)
{
    const struct stats_figures *f = &page->f;
    const uint64_t *pings = f->opcode[STATS_ROW_PING];
    const uint64_t *pongs = f->opcode[STATS_ROW_PONG];
    size_t n = (size_t)snprintf(out, size, "pings %" PRIu64 "  pongs %" PRIu64,
                                pings[0] + pings[1], pongs[0] + pongs[1]);
    for (unsigned d = 0; d < 2; d++) {
        const struct stats_pings *p =
            &stats_panel_stats(page->t)->sender[d].pings;
        char low[24], high[24];
        if (p->n == 0 || n >= size)
            continue;
        span_text((uint64_t)p->min_ns, low, sizeof low);
        span_text((uint64_t)p->max_ns, high, sizeof high);
        n += (size_t)snprintf(out + n, size - n, "  round trip of the %s %s",
                              ws_sender_name((enum ws_sender)d), low);
        if (n < size && p->max_ns != p->min_ns)
            n += (size_t)snprintf(out + n, size - n, " to %s", high);
    }
}

static void
draw_closes(struct stats_page *page, struct rect r)
{
    struct grid *g = &page->t->grid;
    char text[256];
    int lines = r.rows >= 7 ? 3 : r.rows >= 5 ? 1 : 0;
    struct rect bars = {r.y, r.x, r.rows - lines, r.cols};
    draw_bar_panel(page, STATS_PANEL_CLOSES, bars,
                   "Close codes, pings, compression", NULL, false);
    for (int i = 0; i < lines; i++) {
        if (i == 0)
            ping_text(page, text, sizeof text);
        else if (i == 1)
            compression_text(page, text, sizeof text);
        else
            snprintf(text, sizeof text,
                     "%" PRIu64 " of %" PRIu64
                     " connections that ended had no close code",
                     page->f.conns_unclosed, stats_panel_stats(page->t)->ended);
        grid_text(g, bars.y + bars.rows + i, r.x + 1, r.cols - 2, ROLE_TEXT,
                  text);
    }
}

/* ---- the curve ---- */

/* Steps of 2^zoom buckets; returns how many there are. */
static size_t
curve(const struct tui *t, uint64_t v[2][RATES_BUCKETS])
{
    const struct rates *r = &stats_panel_stats(t)->rates;
    unsigned zoom = t->stats_zoom;
    size_t n = r->any ? (r->n_buckets + (1u << zoom) - 1) >> zoom : 0;
    memset(v, 0, 2 * sizeof v[0]);
    for (unsigned i = 0; i < r->n_buckets && r->any; i++)
        for (unsigned d = 0; d < 2; d++)
            v[d][i >> zoom] += r->buckets[i].frames[d];
    return n;
}

uint64_t
stats_panel_frames(const struct tui *t, size_t step)
{
    uint64_t v[2][RATES_BUCKETS];
    return step < curve(t, v) ? v[0][step] + v[1][step] : 0;
}

int64_t
stats_panel_time(const struct tui *t, size_t step)
{
    const struct rates *r = &stats_panel_stats(t)->rates;
    uint64_t ns = r->base_ns + ((uint64_t)step << t->stats_zoom) * r->width_ns;
    return (int64_t)(ns ^ UINT64_C(1) << 63);
}

static void
draw_axis(struct grid *g, int y, struct rect r, uint64_t span_ns)
{
    char text[24];
    int x = r.x + CURVE_COLS, cols = r.cols - CURVE_COLS - 1;
    grid_text(g, y, x, cols, ROLE_DIM, "0 s");
    span_text(span_ns / 2, text, sizeof text);
    if (cols >= 40)
        grid_text(g, y, x + cols / 2, cols / 2, ROLE_DIM, text);
    span_text(span_ns, text, sizeof text);
    int len = (int)strlen(text);
    grid_text(g, y, x + cols - len, len, ROLE_DIM, text);
}

static void
draw_curve(struct stats_page *page, struct rect r)
{
    struct tui *t = page->t;
    struct grid *g = &t->grid;
    struct list *l = stats_panel_list(t, STATS_PANEL_CURVE);
    const struct rates *rates = &stats_panel_stats(t)->rates;
    uint64_t v[2][RATES_BUCKETS], width = rates->width_ns << t->stats_zoom;
    size_t n = curve(t, v);
    char text[96], step[24];
    span_text(width, step, sizeof step);
    snprintf(text, sizeof text, "Frames in steps of %s", n ? step : "time");
    title(page, STATS_PANEL_CURVE, &r, text);
    list_fit(l, n, n);
    if (n == 0) {
        grid_text(g, r.y, r.x + 1, r.cols - 2, ROLE_DIM, "no frames so far");
        return;
    }
    int x = r.x + CURVE_COLS, cols = r.cols - CURVE_COLS - 1;
    for (unsigned d = 0; d < 2; d++) {
        int y = r.y + (int)d;
        uint64_t most = 0;
        for (size_t i = 0; i < n; i++)
            most = v[d][i] > most ? v[d][i] : most;
        panel_count(most, 9, text, sizeof text);
        grid_format(g, y, r.x + 1, CURVE_COLS - 1,
                    tui_sender_role((enum ws_sender)d), "%s max %9s",
                    sender_text(g, d), text);
        panel_spark(g, y, x, cols, tui_sender_role((enum ws_sender)d), v[d], n,
                    (struct scale){most, t->stats_log});
        for (int i = 0; i < cols && t->stats_panel == STATS_PANEL_CURVE; i++)
            if ((size_t)i * n / (size_t)cols == l->cursor)
                grid_cursor(g, y, x + i, 1);
    }
    if (r.rows > 2)
        draw_axis(g, r.y + 2, r, n * width);
}

/* ---- connections ---- */

enum {
    COL_NUMBER = 0,
    COL_PATH,
    COL_FRAMES,
    COL_CLIENT,
    COL_SERVER,
    COL_BYTES,
    COL_SPEED,
    COL_MEAN,
    COL_FOUND,
    COL_ACTIVITY,
    N_COLS
};

static const struct column conn_columns[N_COLS] = {
    [COL_NUMBER] = {"#", NULL, 5, 7, 0, true, false},
    [COL_PATH] = {"path", NULL, 10, 30, 1, false, true},
    [COL_FRAMES] = {"frames", NULL, 8, 8, 2, true, false},
    [COL_CLIENT] = {"C\u2192S", "C>S", 7, 8, 5, true, false},
    [COL_SERVER] = {"S\u2192C", "S>C", 7, 8, 5, true, false},
    [COL_BYTES] = {"bytes", NULL, 6, 6, 3, true, false},
    [COL_SPEED] = {"msg/s", NULL, 7, 7, 7, true, false},
    [COL_MEAN] = {"mean size", NULL, 9, 9, 8, true, false},
    [COL_FOUND] = {"findings", NULL, 9, 9, 6, true, false},
    [COL_ACTIVITY] = {"activity", NULL, 12, 12, 4, false, false},
};

/* The column that the order of connections is by. */
static size_t
sorted_column(enum conn_sort by)
{
    static const uint8_t columns[CONN_SORT_COUNT] = {
        [CONN_SORT_NUMBER] = COL_NUMBER,
        [CONN_SORT_STATE] = N_COLS,
        [CONN_SORT_START] = N_COLS,
        [CONN_SORT_AGE] = N_COLS,
        [CONN_SORT_CLIENT] = N_COLS,
        [CONN_SORT_SERVER] = N_COLS,
        [CONN_SORT_TARGET] = COL_PATH,
        [CONN_SORT_FRAMES] = COL_FRAMES,
        [CONN_SORT_FROM_CLIENT] = COL_CLIENT,
        [CONN_SORT_FROM_SERVER] = COL_SERVER,
        [CONN_SORT_BYTES] = COL_BYTES,
        [CONN_SORT_RATE] = COL_ACTIVITY,
        [CONN_SORT_FLAGS] = COL_FOUND,
    };
    return columns[by];
}

static void
draw_activity(struct grid *g, int y, struct column_place at,
              const struct store_conn *c)
{
    uint64_t v[STORE_RATE_BUCKETS], most = 0;
    for (size_t i = 0; i < STORE_RATE_BUCKETS; i++) {
        v[i] = c->rate[i];
        most = v[i] > most ? v[i] : most;
    }
    panel_spark(g, y, at.x, at.cols, ROLE_OP_CONTROL, v, STORE_RATE_BUCKETS,
                (struct scale){most, false});
}

static void
put_right(struct grid *g, int y, struct column_place at, const char *text)
{
    if (at.cols > 0)
        grid_format(g, y, at.x, at.cols, ROLE_TEXT, "%*s", at.cols, text);
}

static void
draw_conn(struct tui *t, int y, const struct column_place *at,
          const struct store_conn *c)
{
    struct grid *g = &t->grid;
    uint64_t frames = c->frames[0] + c->frames[1];
    uint64_t messages = c->messages[0] + c->messages[1];
    uint64_t bytes = c->bytes[0] + c->bytes[1], found = 0;
    double seconds = (double)conn_age_ns(c) / 1e9;
    char text[32];
    const uint64_t numbers[N_COLS] = {[COL_FRAMES] = frames,
                                      [COL_CLIENT] = c->frames[0],
                                      [COL_SERVER] = c->frames[1]};
    for (unsigned i = COL_FRAMES; i <= COL_SERVER; i++)
        if (at[i].cols > 0)
            panel_number(g, y, at[i].x, at[i].cols, ROLE_TEXT, numbers[i]);
    for (unsigned s = 0; s < SEVERITY_COUNT; s++)
        found += c->found[s];
    snprintf(text, sizeof text, "%" PRIu32, c->conn);
    put_right(g, y, at[COL_NUMBER], text);
    grid_put(g, y, at[COL_PATH].x, at[COL_PATH].cols, ROLE_TEXT,
             c->handshake.target, false);
    tui_bytes(bytes, text, sizeof text);
    put_right(g, y, at[COL_BYTES], text);
    snprintf(text, sizeof text, seconds > 0 ? "%.1f" : "-",
             (double)messages / (seconds > 0 ? seconds : 1));
    put_right(g, y, at[COL_SPEED], text);
    tui_bytes(frames ? bytes / frames : 0, text, sizeof text);
    put_right(g, y, at[COL_MEAN], text);
    snprintf(text, sizeof text, "%" PRIu64, found);
    put_right(g, y, at[COL_FOUND], text);
    if (at[COL_ACTIVITY].cols > 0)
        draw_activity(g, y, at[COL_ACTIVITY], c);
}

static void
draw_conns(struct stats_page *page, struct rect r)
{
    struct tui *t = page->t;
    struct column_place at[N_COLS];
    const struct conn_order *o = &t->conn_order;
    title(page, STATS_PANEL_CONNS, &r,
          tui_filtered(t) ? "Connections that pass, with all they sent"
                          : "Connections (< > sort, Enter filters)");
    columns_fit(conn_columns, N_COLS, r.x + 1, r.cols - 1, r.cols < 100 ? 1 : 2,
                at);
    columns_head(&t->grid, r.y, conn_columns, N_COLS, at, sorted_column(o->by),
                 o->inverted);
    list_fit(&t->conns, o->n, (size_t)(r.rows > 1 ? r.rows - 1 : 0));
    hit_list(t, (struct rect){r.y + 1, r.x, r.rows - 1, r.cols}, &t->conns);
    if (o->n == 0)
        grid_text(&t->grid, r.y + 1, r.x + 2, r.cols - 4, ROLE_DIM,
                  tui_filtered(t) ? "no connection passes the filter"
                                  : "no connection so far");
    for (size_t i = 0; i < t->conns.height && t->conns.top + i < o->n; i++) {
        size_t place = t->conns.top + i;
        int y = r.y + 1 + (int)i;
        draw_conn(t, y, at, store_conn(t->store, o->row[place]));
        if (place == t->conns.cursor && t->stats_panel == STATS_PANEL_CONNS)
            grid_cursor(&t->grid, y, r.x, r.cols);
    }
}

/* ---- all of them ---- */

int
stats_panel_height(const struct stats_page *page, enum stats_panel p)
{
    size_t n;
    switch (p) {
    case STATS_PANEL_CURVE:
        return 4;
    case STATS_PANEL_OPCODES:
        return 2 + STATS_OPCODE_ROWS;
    case STATS_PANEL_SIZES:
        (void)stats_panel_first_size(&page->f, &n);
        return 2 + (int)(n > 0 ? n : 1);
    case STATS_PANEL_TURNS:
        return 2 + (int)STATS_TURN_ROWS;
    case STATS_PANEL_CONNS:
        n = page->t->conn_order.n;
        return 2 + (int)(n < 1000 ? n : 1000);
    case STATS_PANEL_CLOSES:
        return 6 + (int)page->f.n_codes;
    case STATS_PANEL_COUNT:
        break;
    }
    return 0;
}

void
stats_panel_draw(struct stats_page *page, enum stats_panel p, struct rect r)
{
    hit_stats(page->t, r, p);
    switch (p) {
    case STATS_PANEL_CURVE:
        draw_curve(page, r);
        break;
    case STATS_PANEL_OPCODES:
        draw_bar_panel(page, p, r, "Opcodes (frames)", NULL, false);
        break;
    case STATS_PANEL_SIZES:
        draw_bar_panel(page, p, r, "Message size (bytes)", &page->f.sizes,
                       false);
        break;
    case STATS_PANEL_TURNS:
        draw_bar_panel(page, p, r, "Time to the next frame of the other side",
                       &page->f.turns, true);
        break;
    case STATS_PANEL_CONNS:
        draw_conns(page, r);
        break;
    case STATS_PANEL_CLOSES:
        draw_closes(page, r);
        break;
    case STATS_PANEL_COUNT:
        break;
    }
}

void
stats_panel_tell(const struct tui *t, const struct stats_figures *f,
                 enum stats_panel p, char *out, size_t size)
{
    struct bar_row rows[BAR_ROWS_MAX];
    uint64_t v[2][RATES_BUCKETS];
    size_t at = t->stats_lists[p].cursor;
    char time[32];
    out[0] = '\0';
    if (p == STATS_PANEL_CURVE && at < curve(t, v)) {
        tui_time(t, stats_panel_time(t, at), 0, time, sizeof time);
        snprintf(out, size,
                 "from %s: %" PRIu64 " frames of the client, %" PRIu64
                 " of the server",
                 time, v[0][at], v[1][at]);
    } else if (p == STATS_PANEL_CONNS && t->conn != STORE_NONE) {
        snprintf(out, size, "connection %" PRIu32,
                 store_conn(t->store, t->conn)->conn);
    } else if (at < bar_rows(f, p, rows) && t->stats_side &&
               stats_panel_has_sides(p)) {
        snprintf(out, size, "%s of the %s: %" PRIu64, rows[at].name,
                 ws_sender_name((enum ws_sender)(t->stats_side - 1)),
                 rows[at].n[t->stats_side - 1]);
    } else if (at < bar_rows(f, p, rows)) {
        snprintf(out, size, "%s: %" PRIu64, rows[at].name, rows[at].all);
    }
}
