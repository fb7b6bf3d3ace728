/* SPDX-License-Identifier: MIT */
#include "ui/tui/bar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/tui.h"

/* From here on words are written out. */
#define WIDE_COLS 100

static bool
is_filtered_view(const struct tui *t)
{
    return FILTERED_VIEWS >> t->view & 1u;
}

int
bar_state(struct tui *t, enum filter_state state)
{
    static const struct {
        const char *word;
        enum role role;
    } states[] = {
        [FILTER_STATE_EMPTY] = {"[  ]", ROLE_DIM},
        [FILTER_STATE_OK] = {"[ok]", ROLE_GOOD},
        [FILTER_STATE_INCOMPLETE] = {"[..]", ROLE_WARNING},
        [FILTER_STATE_BAD] = {"[!!]", ROLE_BAD},
    };
    struct grid *g = &t->grid;
    int x = 1;
    x += grid_text(g, 1, x, g->cols - x, ROLE_KEY,
                   g->cols >= WIDE_COLS || !is_filtered_view(t) ? "Filter "
                                                                : "/ ");
    x +=
        grid_text(g, 1, x, g->cols - x, states[state].role, states[state].word);
    return x + 1;
}

/* What is counted in this view: shown of all. */
static const char *
count(const struct tui *t, size_t *shown, size_t *all)
{
    const struct store *s = t->store;
    *shown = 0;
    if (t->view == VIEW_CONNS) {
        *all = s->conns.n;
        *shown = tui_filtered(t) ? t->shown.refine.n_conns : *all;
        return "connections";
    }
    if (t->view == VIEW_FINDINGS) {
        *all = s->findings.n;
        *shown = t->found.all.n;
        return "findings";
    }
    *all = t->shown_end;
    *shown = t->view == VIEW_FRAMES ? t->rows.n
             : tui_filtered(t)      ? t->shown.refine.n
                                    : *all;
    if (t->view == VIEW_FRAMES && t->rows.conn != STORE_NONE) {
        const struct store_conn *c = store_conn(s, t->rows.conn);
        *all = (size_t)(c->frames[0] + c->frames[1]);
        if (*all < *shown)
            *all = *shown; /* gaps are rows, too */
    }
    return "frames";
}

/* What the figures of the statistics are of, or how far they are. */
static void
write_counted(const struct tui *t, size_t shown, size_t all, char *out,
              size_t size)
{
    const struct recount *rc = &t->recount;
    bool wide = t->grid.cols >= WIDE_COLS;
    if (rc->no_memory)
        snprintf(out, size, "not all counted: out of memory");
    else if (rc->scanned < all)
        snprintf(out, size, "%zu %% counted", rc->scanned * 100 / all);
    else
        snprintf(out, size,
                 wide ? "figures of %zu of %zu frames (L locks)" : "%zu/%zu",
                 shown, all);
}

/* How much is shown, or how far the filter is. */
static void
write_counts(const struct tui *t, char *out, size_t size)
{
    const struct refine *r = &t->shown.refine;
    bool wide = t->grid.cols >= WIDE_COLS;
    size_t shown, all;
    const char *what = count(t, &shown, &all);
    bool behind = r->filter && r->scanned < t->shown_end;
    unsigned percent =
        behind ? (unsigned)(r->scanned * 100 / t->shown_end) : 100;
    const char *dot = t->grid.utf8 ? "\u00b7" : "-";
    if (r->filter && !is_filtered_view(t))
        snprintf(out, size, "not in this view");
    else if (r->filter && t->view == VIEW_STATS && t->stats_locked)
        snprintf(out, size,
                 wide ? "locked: figures of all %zu frames" : "locked: all %zu",
                 all);
    else if (behind && r->stopped)
        snprintf(out, size, "stopped at %u %% %s %zu hits", percent, dot, r->n);
    else if (behind)
        snprintf(out, size, "%u %% %s %zu hits%s%s%s", percent, dot, r->n,
                 wide ? " " : "", wide ? dot : "", wide ? " Ctrl-C stops" : "");
    else if (r->filter && t->view == VIEW_STATS)
        write_counted(t, shown, all, out, size);
    else if (wide)
        snprintf(out, size, "%zu of %zu %s shown", shown, all, what);
    else
        snprintf(out, size, "%zu/%zu", shown, all);
}

void
bar_draw(struct tui *t)
{
    struct grid *g = &t->grid;
    const struct refine *r = &t->shown.refine;
    char right[TUI_TEXT_MAX] = "", counts[64];
    int n = 0;
    int x = bar_state(t, r->filter ? FILTER_STATE_OK : FILTER_STATE_EMPTY);
    if (r->filter && r->n_partial)
        n += snprintf(right, sizeof right,
                      g->cols >= WIDE_COLS ? "%" PRIu64
                                             " payloads known in part  "
                                           : "%" PRIu64 " in part  ",
                      r->n_partial);
    if (t->rows.conn != STORE_NONE && t->view == VIEW_FRAMES)
        n += snprintf(right + n, sizeof right - (size_t)n,
                      g->cols >= 60 ? "connection %" PRIu32 "  "
                                    : "#%" PRIu32 " ",
                      store_conn(t->store, t->rows.conn)->conn);
    write_counts(t, counts, sizeof counts);
    n += snprintf(right + n, sizeof right - (size_t)n, "%s", counts);
    int cols = (int)strlen(right) - (strstr(right, "\u00b7") ? 1 : 0);
    if (strstr(right, "stops") && g->utf8)
        cols--;
    if (r->filter)
        grid_text(g, 1, x, g->cols - x - cols - 2, ROLE_STRONG, t->shown.text);
    grid_text(g, 1, g->cols - cols - 1, cols, ROLE_DIM, right);
}
