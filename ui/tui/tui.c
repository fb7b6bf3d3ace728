/* SPDX-License-Identifier: MIT */
#include "ui/tui/tui.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/bar.h"
#include "ui/tui/hints.h"
#include "ui/tui/layers/find.h"
#include "ui/when.h"

/* Below this nothing is drawn but that it is too small. */
#define ROWS_MIN 10
#define COLS_MIN 40

/* A filter has the lock for so long between two drawings. */
#define SLICE_NS (INT64_C(5) * 1000 * 1000)

static const struct view *const views[VIEW_COUNT] = {
    [VIEW_CONNS] = &view_conns,         [VIEW_FRAMES] = &view_frames,
    [VIEW_TALK] = &view_talk,           [VIEW_LADDER] = &view_ladder,
    [VIEW_HANDSHAKE] = &view_handshake, [VIEW_STATS] = &view_stats,
    [VIEW_FINDINGS] = &view_findings,
};

const struct view *
tui_view(const struct tui *t)
{
    return views[t->view];
}

/* ---- small things that views share ---- */

void
tui_say(struct tui *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(t->message, sizeof t->message, format, args);
    va_end(args);
}

void
tui_time(const struct tui *t, int64_t time_ns, int64_t before_ns, char *out,
         size_t size)
{
    uint8_t text[WHEN_TEXT_MAX];
    struct when when = {0};
    int64_t from = t->store->first_ns;
    if (t->time == TUI_TIME_UTC) {
        /* "07:08:09.123456" of "2024-05-06T07:08:09.123456789Z" */
        (void)when_rfc3339(&when, time_ns, text);
        snprintf(out, size, "%.15s", (const char *)text + 11);
        return;
    }
    if (t->time == TUI_TIME_DELTA)
        from = before_ns;
    else if (t->time == TUI_TIME_REFERENCE && t->reference != STORE_NONE)
        from = store_frame(t->store, t->reference)->time_ns;
    uint8_t *end = when_text(&when, TIME_FORMAT_DELTA, time_ns, from, text);
    snprintf(out, size, "%.*s", (int)(end - text), (const char *)text);
}

const char *
tui_time_name(enum tui_time time)
{
    static const char *const names[TUI_TIME_COUNT] = {
        [TUI_TIME_RELATIVE] = "since the first packet",
        [TUI_TIME_DELTA] = "since the row before",
        [TUI_TIME_UTC] = "of day, UTC",
        [TUI_TIME_REFERENCE] = "since the frame *REF*",
    };
    return names[time];
}

void
tui_bytes(uint64_t n, char *out, size_t size)
{
    static const char units[] = "KMGTPE";
    if (n < 10000) {
        snprintf(out, size, "%" PRIu64, n);
        return;
    }
    double v = (double)n;
    size_t u = 0;
    for (v /= 1000; v >= 1000 && units[u + 1]; v /= 1000)
        u++;
    snprintf(out, size, v < 10 ? "%.1f%c" : "%.0f%c", v, units[u]);
}

enum role
tui_opcode_role(uint8_t opcode)
{
    if (opcode == WS_OP_TEXT)
        return ROLE_OP_TEXT;
    if (opcode == WS_OP_BINARY)
        return ROLE_OP_BINARY;
    if (opcode == WS_OP_CONT)
        return ROLE_OP_CONTINUATION;
    return ROLE_OP_CONTROL;
}

enum role
tui_severity_role(enum severity s)
{
    static const enum role roles[SEVERITY_COUNT] = {
        [SEVERITY_CHAT] = ROLE_CHAT,
        [SEVERITY_NOTE] = ROLE_NOTE,
        [SEVERITY_WARNING] = ROLE_WARNING,
        [SEVERITY_ERROR] = ROLE_ERROR,
    };
    return roles[s];
}

enum role
tui_sender_role(enum ws_sender from)
{
    return from == WS_SENDER_SERVER ? ROLE_SERVER : ROLE_CLIENT;
}

void
tui_go(struct tui *t, enum view_id view)
{
    if (view == t->view)
        return;
    t->before = t->view;
    t->view = view;
}

/* ---- drawing ---- */

static void
draw_tabs(struct tui *t)
{
    struct grid *g = &t->grid;
    int x = 0;
    bool wide = g->cols >= 100;
    grid_line(g, 0, 0, g->cols, ROLE_BAR, ' ', ' ');
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        bool here = v == t->view;
        int left = x;
        if (here)
            x += grid_format(g, 0, x, g->cols - x, ROLE_BAR, "[%u %s]", v + 1,
                             view_name((enum view_id)v));
        else if (wide)
            x += grid_format(g, 0, x, g->cols - x, ROLE_BAR, " %u %s ", v + 1,
                             view_name((enum view_id)v));
        else
            x += grid_format(g, 0, x, g->cols - x, ROLE_BAR, " %u ", v + 1);
        hit_key(t, (struct rect){0, left, 1, x - left},
                (struct tty_key){.ch = '1' + v});
    }
    char right[TUI_TEXT_MAX];
    uint64_t dropped = atomic_load(&t->figures->dropped);
    int len =
        snprintf(right, sizeof right, "%s%s %s%zu conns %zu frames%s",
                 t->present ? "PRESENT" : t->source,
                 atomic_load(t->loading) ? (t->live ? " live" : " loading")
                                         : "",
                 t->paused ? "PAUSED " : "", t->store->conns.n,
                 t->store->frames.n, dropped ? " DROPS" : "");
    if (len > g->cols - x - 2)
        len = snprintf(right, sizeof right, "%s%s%zu frames",
                       t->present ? "PRESENT " : "", t->paused ? "PAUSED " : "",
                       t->store->frames.n);
    if (len > 0 && len < g->cols - x - 1)
        grid_text(g, 0, g->cols - len - 1, len, ROLE_BAR, right);
}

/* Live: what was lost, what it takes, and how much came below what is shown.
 * As much of it as fits. */
static int
live_text(const struct tui *t, const struct list *l, char *out, size_t size)
{
    const struct tui_figures *f = t->figures;
    uint64_t dropped = atomic_load(&f->dropped);
    uint64_t memory = atomic_load(&f->memory) + t->store->room.used;
    size_t below = l && !l->follow ? list_below(l) : 0;
    int n = 0, cols = t->grid.cols;
    out[0] = '\0';
    if (!t->live || cols < 60)
        return 0;
    if (below > 0 && atomic_load(t->loading))
        n += snprintf(out, size, "%zu below (G)  ", below);
    if (cols >= 100)
        n += snprintf(out + n, size - (size_t)n,
                      "dropped %" PRIu64 "  memory %" PRIu64 " MB  ", dropped,
                      memory / 1000000);
    return n;
}

static void
draw_status(struct tui *t)
{
    struct grid *g = &t->grid;
    char left[TUI_TEXT_MAX] = "", right[TUI_TEXT_MAX];
    const struct view *v = tui_view(t);
    const struct list *l = v->list ? v->list(t) : NULL;
    if (t->message[0])
        snprintf(left, sizeof left, "%s", t->message);
    else if (v->status)
        v->status(t, left, sizeof left);
    /* What is missing is told before anything else. */
    store_losses(t->store, right, sizeof right, true);
    if (right[0] && strlen(right) > (size_t)g->cols - 20)
        store_losses(t->store, right, sizeof right, false);
    int n = (int)strlen(right);
    if (n == 0)
        n = live_text(t, l, right, sizeof right);
    if (l && l->n > 0 && n < g->cols - 30)
        n += snprintf(right + n, sizeof right - (size_t)n, "%s%zu of %zu%s",
                      n > 0 && right[n - 1] != ' ' ? "  " : "", l->cursor + 1,
                      l->n, l->follow ? "  follow" : "");
    if (n > g->cols - 3)
        n = g->cols - 3;
    grid_text(g, g->rows - 2, 1, g->cols - n - 3,
              t->message[0] ? ROLE_STRONG : ROLE_DIM, left);
    if (n > 0)
        grid_text(g, g->rows - 2, g->cols - n - 1, n, ROLE_DIM, right);
}

static bool
is_too_small(const struct grid *g)
{
    return g->rows < ROWS_MIN || g->cols < COLS_MIN;
}

static struct rect
body_of(const struct grid *g)
{
    return (struct rect){2, 0, g->rows - 4, g->cols};
}

void
tui_paint(struct tui *t)
{
    struct grid *g = &t->grid;
    grid_clear(g);
    t->hits.n = 0;
    if (is_too_small(g)) {
        grid_format(g, 0, 0, g->cols, ROLE_STRONG,
                    "too small: %dx%d, need %dx%d", g->cols, g->rows, COLS_MIN,
                    ROWS_MIN);
        return;
    }
    struct rect body = body_of(g);
    t->busy = tui_rows_update(t);
    t->busy |= find_go_on(t);
    draw_tabs(t);
    tui_view(t)->draw(t, body);
    bar_draw(t); /* counts what the view has taken in */
    draw_status(t);
    hints_draw(t);
    if (t->layer) {
        t->hits.n = 0;
        t->layer->draw(t, body);
    }
}

void
tui_draw(struct tui *t)
{
    store_lock(t->store);
    tui_paint(t);
    store_unlock(t->store);
}

void
tui_key_locked(struct tui *t, struct tty_key key)
{
    char reason[TUI_TEXT_MAX];
    if (t->layer) {
        t->layer->key(t, key);
        return;
    }
    if (key.ch == 3 && tui_filter_stop(t))
        return;
    enum action a = key.ch == 3 ? ACTION_BACK : tui_action_of(t->view, key);
    const char *why =
        a == ACTION_COUNT ? NULL : tui_why_not(t, a, reason, sizeof reason);
    /* What is selected is known by drawing it, and keys come faster. */
    if (a == ACTION_ENTER)
        tui_paint(t);
    if (why)
        tui_say(t, "not now: %s", why);
    else if (a == ACTION_COUNT || !tui_act(t, a))
        tui_say(t, "no such key here; ? for help");
}

void
tui_key(struct tui *t, struct tty_key key)
{
    if (key.code == TTY_KEY_PASTE || key.code == TTY_KEY_PASTE_END) {
        t->pasting = key.code == TTY_KEY_PASTE;
        if (t->pasting && (!t->layer || !t->layer->takes_paste))
            tui_say(t, "what was pasted is ignored: nothing asks for text");
        return;
    }
    /* Pasted text is no command. */
    if (t->pasting && (!t->layer || !t->layer->takes_paste ||
                       key.code != TTY_KEY_NONE || key.ch < 32))
        return;
    if (key.code == TTY_KEY_RESIZE)
        return;
    t->message[0] = '\0';
    store_lock(t->store);
    if (key.code == TTY_KEY_MOUSE || key.code == TTY_KEY_WHEEL_UP ||
        key.code == TTY_KEY_WHEEL_DOWN)
        hit_mouse(t, key);
    else
        tui_key_locked(t, key);
    store_unlock(t->store);
}

void
tui_init(struct tui *t, struct store *store, struct stats *stats,
         const struct tui_figures *figures)
{
    static atomic_bool done;
    memset(t, 0, sizeof *t);
    t->store = store;
    t->stats = stats;
    t->figures = figures;
    t->source = "";
    t->loading = &done;
    t->conn = t->frame = t->conn_at = STORE_NONE;
    t->finding = t->finding_item.row = STORE_NONE;
    t->reference = t->pane_frame = STORE_NONE;
    rows_start(&t->rows, STORE_NONE);
    rows_start(&t->conn_rows, STORE_NONE);
    t->least = SEVERITY_NOTE;
    t->explain = true;
    t->slice_ns = SLICE_NS;
    shown_init(&t->shown);
    t->conn_order.filter = t->found.filter = &t->shown.refine;
}

void
tui_fini(struct tui *t)
{
    grid_fini(&t->grid);
    rows_fini(&t->rows);
    rows_fini(&t->conn_rows);
    shown_fini(&t->shown);
    recount_reset(&t->recount);
    filter_layer_fini(&t->filter_layer);
    conn_order_fini(&t->conn_order);
    marks_fini(&t->conn_marks);
    finding_list_fini(&t->found);
    ladder_fini(&t->ladder_rows);
    talk_fini(&t->talk_rows);
}
