/* SPDX-License-Identifier: MIT */
/* Statistics: panels of what all connections together did, or of what passes
 * the filter.  The curve stands
 * on top; of the others as many as there is room for, that with the keys among
 * them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/views/stats_panel.h"
#include "ui/tui/views/stats_pick.h"

/* Columns from which on panels stand beside each other. */
#define TWO_COLS 90
#define THREE_COLS 140
#define CURVE_ROWS_FROM 12
#define CONNS_ROWS_MIN 5
#define BAND_ROWS_MIN 3
#define BAND_PANELS 3

/* Panels beside each other. */
struct band {
    enum stats_panel panel[BAND_PANELS];
    int n, rows;
};

#define O STATS_PANEL_OPCODES
#define S STATS_PANEL_SIZES
#define T STATS_PANEL_TURNS
#define C STATS_PANEL_CONNS
#define L STATS_PANEL_CLOSES
#define BANDS_MAX 5

static const struct layout {
    int cols; /* at least */
    int n_bands;
    struct band band[BANDS_MAX];
} layouts[] = {
    {THREE_COLS, 3, {{{O, S, T}, 3, 0}, {{C}, 1, 0}, {{L}, 1, 0}}},
    {TWO_COLS, 3, {{{O, S}, 2, 0}, {{T, L}, 2, 0}, {{C}, 1, 0}}},
    {0, 5, {{{O}, 1, 0}, {{S}, 1, 0}, {{T}, 1, 0}, {{C}, 1, 0}, {{L}, 1, 0}}},
};

#undef O
#undef S
#undef T
#undef C
#undef L

static bool
has_panel(const struct band *b, enum stats_panel p)
{
    for (int i = 0; i < b->n; i++)
        if (b->panel[i] == p)
            return true;
    return false;
}

static int
wanted_rows(const struct stats_page *page, const struct band *b)
{
    int rows = 0;
    for (int i = 0; i < b->n; i++) {
        int want = stats_panel_height(page, b->panel[i]);
        /* Sizes can be scrolled. */
        if (b->panel[i] == STATS_PANEL_SIZES && want > 11)
            want = 11;
        rows = want > rows ? want : rows;
    }
    return rows;
}

/* How many rows each band gets, 0 for those that are not shown; that with the
 * panel that has the keys is. */
static void
fit_bands(const struct stats_page *page, struct layout *l, int rows)
{
    int focus = 0, start = 0, sum = 0, left = rows;
    for (int i = 0; i < l->n_bands; i++) {
        l->band[i].rows = wanted_rows(page, &l->band[i]);
        sum += l->band[i].rows;
        if (has_panel(&l->band[i], page->t->stats_panel))
            focus = i;
    }
    /* Connections are many: they give way first. */
    for (int i = 0; i < l->n_bands; i++) {
        struct band *b = &l->band[i];
        if (!has_panel(b, STATS_PANEL_CONNS) || sum <= rows)
            continue;
        int to = b->rows - (sum - rows);
        to = to < CONNS_ROWS_MIN ? CONNS_ROWS_MIN : to;
        b->rows = to < b->rows ? to : b->rows;
    }
    sum = 0;
    for (int i = 0; i <= focus; i++)
        sum += l->band[i].rows;
    for (; start < focus && sum > rows; start++)
        sum -= l->band[start].rows;
    for (int i = 0; i < l->n_bands; i++) {
        struct band *b = &l->band[i];
        if (i < start || left < BAND_ROWS_MIN)
            b->rows = 0;
        else if (b->rows > left)
            b->rows = left;
        left -= b->rows;
    }
}

static void
draw_band(struct stats_page *page, const struct band *b, struct rect r)
{
    struct grid *g = &page->t->grid;
    int x = r.x;
    for (int i = 0; i < b->n; i++) {
        int end = r.x + r.cols * (i + 1) / b->n;
        bool line = i + 1 < b->n;
        stats_panel_draw(page, b->panel[i],
                         (struct rect){r.y, x, r.rows, end - x - line});
        for (int y = r.y + 1; line && y < r.y + r.rows; y++)
            grid_line(g, y, end - 1, 1, ROLE_DIM, 0x2502, '|');
        if (line)
            grid_line(g, r.y, end - 1, 1, ROLE_DIM, 0x252c, '+');
        x = end;
    }
}

/* Counts on; while the filter still runs, that has most of the time. */
static void
count(struct tui *t)
{
    int64_t slice_ns = t->busy ? t->slice_ns / 4 : t->slice_ns;
    if (tui_filtered(t) && !t->stats_locked)
        t->busy |=
            recount_update(&t->recount, &t->shown.refine, t->store, slice_ns);
}

static void
draw(struct tui *t, struct rect r)
{
    struct stats_page page = {.t = t};
    struct layout layout;
    size_t which = 0;
    if (!t->stats) {
        grid_text(&t->grid, r.y, r.x + 1, r.cols - 1, ROLE_DIM,
                  "no statistics");
        return;
    }
    count(t);
    stats_figures(stats_panel_stats(t), &page.f);
    view_conns_keep_up(t);
    bool curve =
        r.rows >= CURVE_ROWS_FROM || t->stats_panel == STATS_PANEL_CURVE;
    if (curve) {
        stats_panel_draw(&page, STATS_PANEL_CURVE,
                         (struct rect){r.y, r.x, 4, r.cols});
        r.y += 4;
        r.rows -= 4;
    }
    while (layouts[which].cols > r.cols)
        which++;
    layout = layouts[which];
    fit_bands(&page, &layout, r.rows);
    for (int i = 0; i < layout.n_bands; i++) {
        const struct band *b = &layout.band[i];
        if (b->rows == 0)
            continue;
        draw_band(&page, b, (struct rect){r.y, r.x, b->rows, r.cols});
        r.y += b->rows;
    }
}

/* ---- keys ---- */

/* From a bar to one side of it and back; false: its panel has no sides. */
static bool
step_side(struct tui *t, bool right)
{
    if (!stats_panel_has_sides(t->stats_panel))
        return false;
    if (right && t->stats_side < 2)
        t->stats_side++;
    else if (!right && t->stats_side > 0)
        t->stats_side--;
    return true;
}

static void
lock(struct tui *t)
{
    t->stats_locked = !t->stats_locked;
    tui_say(t, "%s",
            t->stats_locked ? "figures of everything, whatever the filter"
                            : "figures of what passes the filter");
}

/* Steps of the curve as wide as 2^zoom of what was counted. */
static void
zoom(struct tui *t, int by)
{
    if (by < 0 && t->stats_zoom == 0)
        tui_say(t, "steps cannot be narrower");
    else if (by < 0)
        t->stats_zoom--;
    else if (stats_panel_stats(t)->rates.n_buckets > 1u << t->stats_zoom)
        t->stats_zoom++;
}

static bool
act(struct tui *t, enum action a)
{
    if (!t->stats)
        return false;
    view_conns_keep_up(t);
    struct list *l = stats_panel_list(t, t->stats_panel);
    switch (a) {
    case ACTION_PANE:
        t->stats_panel =
            (enum stats_panel)((t->stats_panel + 1) % STATS_PANEL_COUNT);
        return true;
    case ACTION_ENTER:
        stats_pick_apply(t);
        return true;
    case ACTION_LEFT:
    case ACTION_RIGHT:
        if (!step_side(t, a == ACTION_RIGHT))
            list_move(l, a == ACTION_RIGHT ? 1 : -1);
        return true;
    case ACTION_LOCK:
        lock(t);
        return true;
    case ACTION_LOG_SCALE:
        t->stats_log = !t->stats_log;
        tui_say(t, "%s scale", t->stats_log ? "logarithmic" : "linear");
        return true;
    case ACTION_WIDER:
    case ACTION_NARROWER:
        zoom(t, a == ACTION_WIDER ? 1 : -1);
        return true;
    case ACTION_SORT_NEXT:
    case ACTION_SORT_BEFORE:
    case ACTION_INVERT:
        return view_conns.act(t, a);
    default:
        return false;
    }
}

static void
status(const struct tui *t, char *out, size_t size)
{
    struct stats_figures f;
    if (!t->stats)
        return;
    stats_figures(stats_panel_stats(t), &f);
    int n = snprintf(out, size, "panel %u of %u  ", t->stats_panel + 1u,
                     (unsigned)STATS_PANEL_COUNT);
    stats_panel_tell(t, &f, t->stats_panel, out + n, size - (size_t)n);
}

static struct list *
list(struct tui *t)
{
    return t->stats ? stats_panel_list(t, t->stats_panel) : NULL;
}

const struct view view_stats = {
    .draw = draw,
    .act = act,
    .status = status,
    .list = list,
};
