/* SPDX-License-Identifier: MIT */
#include "ui/tui/tui.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ui/tui/help.h"

/* Below this nothing is drawn but that it is too small. */
#define ROWS_MIN 10
#define COLS_MIN 40
/* How often the screen is drawn while something comes. */
#define REDRAW_MS 33
/* How often it looks for signals when nothing comes. */
#define IDLE_MS 500

#define ACTION(symbol, keys, views, help) {keys, views, help},
static const struct action_info actions[] = {
#include "ui/tui/action.def"
};
#undef ACTION

static const struct view *const views[VIEW_COUNT] = {
    [VIEW_CONNS] = &view_conns,         [VIEW_FRAMES] = &view_frames,
    [VIEW_TALK] = &view_talk,           [VIEW_LADDER] = &view_ladder,
    [VIEW_HANDSHAKE] = &view_handshake, [VIEW_STATS] = &view_stats,
    [VIEW_FINDINGS] = &view_findings,
};

const struct action_info *
action_info(enum action a)
{
    return &actions[a];
}

/* ---- keys ---- */

/* A key as action.def spells it. */
static void
key_name(struct tty_key key, char out[8])
{
    static const char *const names[] = {
        [TTY_KEY_UP] = "Up",          [TTY_KEY_DOWN] = "Down",
        [TTY_KEY_LEFT] = "Left",      [TTY_KEY_RIGHT] = "Right",
        [TTY_KEY_PAGE_UP] = "PgUp",   [TTY_KEY_PAGE_DOWN] = "PgDn",
        [TTY_KEY_HOME] = "Home",      [TTY_KEY_END] = "End",
        [TTY_KEY_ENTER] = "Enter",    [TTY_KEY_ESCAPE] = "Esc",
        [TTY_KEY_TAB] = "Tab",        [TTY_KEY_BACK_TAB] = "BackTab",
        [TTY_KEY_BACKSPACE] = "Bksp", [TTY_KEY_DELETE] = "Del",
        [TTY_KEY_WHEEL_UP] = "Up",    [TTY_KEY_WHEEL_DOWN] = "Down",
    };
    out[0] = '\0';
    if (key.ch == ' ')
        snprintf(out, 8, "Space");
    else if (key.ch > 0 && key.ch < 27)
        snprintf(out, 8, "^%c", (char)('@' + key.ch));
    else if (key.ch > 32 && key.ch < 127)
        snprintf(out, 8, "%c", (char)key.ch);
    else if (key.ch == 0 && key.code >= TTY_KEY_F1 &&
             key.code < TTY_KEY_F1 + 12)
        snprintf(out, 8, "F%d", (int)(key.code - TTY_KEY_F1) + 1);
    else if (key.ch == 0 && (size_t)key.code < sizeof names / sizeof *names &&
             names[key.code])
        snprintf(out, 8, "%s", names[key.code]);
}

/* Whether the words of keys hold name. */
static bool
has_key(const char *keys, const char *name)
{
    size_t len = strlen(name);
    while (*keys) {
        size_t n = strcspn(keys, " ");
        if (n == len && memcmp(keys, name, n) == 0)
            return true;
        keys += n + (keys[n] == ' ');
    }
    return false;
}

enum action
tui_action_of(enum view_id view, struct tty_key key)
{
    char name[8];
    key_name(key, name);
    for (unsigned a = 0; name[0] && a < ACTION_COUNT; a++)
        if ((actions[a].views >> view & 1u) && has_key(actions[a].keys, name))
            return (enum action)a;
    return ACTION_COUNT;
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
    if (t->time == TUI_TIME_UTC) {
        time_t seconds = (time_t)(time_ns / INT64_C(1000000000));
        struct tm tm;
        if (gmtime_r(&seconds, &tm))
            snprintf(out, size, "%02d:%02d:%02d.%06d", tm.tm_hour, tm.tm_min,
                     tm.tm_sec, (int)(time_ns % 1000000000 / 1000));
        else
            snprintf(out, size, "?");
        return;
    }
    int64_t from = t->time == TUI_TIME_DELTA ? before_ns : t->store->first_ns;
    int64_t ns = time_ns - from;
    const char *sign = ns < 0 ? "-" : "";
    uint64_t us = (uint64_t)(ns < 0 ? -ns : ns) / 1000;
    snprintf(out, size, "%s%" PRIu64 ".%06" PRIu64, sign, us / 1000000,
             us % 1000000);
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

/* ---- rows of frames ---- */

static bool
add_row(struct tui_rows *r, uint32_t row)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 1024;
        uint32_t *rows = realloc(r->row, cap * sizeof *rows);
        if (!rows)
            return false;
        r->row = rows;
        r->cap = cap;
    }
    r->row[r->n++] = row;
    return true;
}

/* Looks at the rows of the store before end. */
static void
scan_rows(struct tui *t, size_t end)
{
    struct tui_rows *r = &t->rows;
    for (; r->scanned < end; r->scanned++) {
        const struct store_frame *f = store_frame(t->store, r->scanned);
        if ((r->conn == STORE_NONE || f->conn == r->conn) &&
            !add_row(r, (uint32_t)r->scanned))
            return;
    }
}

void
tui_rows_update(struct tui *t)
{
    if (!t->paused)
        scan_rows(t, t->store->frames.n);
}

void
tui_set_scope(struct tui *t, uint32_t conn)
{
    uint32_t frame = t->frame;
    /* While paused, what came since stays away. */
    size_t end = t->paused ? t->rows.scanned : t->store->frames.n;
    if (t->rows.conn == conn && t->rows.scanned > 0)
        return;
    t->rows.conn = conn;
    t->rows.n = t->rows.scanned = 0;
    scan_rows(t, end);
    t->frames.cursor = t->frames.top = 0;
    t->frames.n = t->rows.n;
    if (frame != STORE_NONE)
        tui_select_frame(t, frame);
}

/* The place of a frame among the rows: they are in order. */
static size_t
place_of(const struct tui_rows *r, uint32_t frame)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->row[middle] < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void
tui_select_frame(struct tui *t, uint32_t frame)
{
    tui_rows_update(t);
    t->frame = frame;
    t->conn = store_frame(t->store, frame)->conn;
    t->frames.n = t->rows.n;
    list_go(&t->frames, place_of(&t->rows, frame));
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
        if (here)
            x += grid_format(g, 0, x, g->cols - x, ROLE_BAR, "[%u %s]", v + 1,
                             views[v]->name);
        else if (wide)
            x += grid_format(g, 0, x, g->cols - x, ROLE_BAR, " %u %s ", v + 1,
                             views[v]->name);
        else
            x += grid_format(g, 0, x, g->cols - x, ROLE_BAR, " %u ", v + 1);
    }
    char right[TUI_TEXT_MAX];
    uint64_t dropped = atomic_load(&t->figures->dropped);
    int len =
        snprintf(right, sizeof right, "%s%s %s%zu conns %zu frames%s",
                 t->source,
                 atomic_load(t->loading) ? (t->live ? " live" : " loading")
                                         : "",
                 t->paused ? "PAUSED " : "", t->store->conns.n,
                 t->store->frames.n, dropped ? " DROPS" : "");
    if (len > g->cols - x - 2)
        len = snprintf(right, sizeof right, "%s%zu frames",
                       t->paused ? "PAUSED " : "", t->store->frames.n);
    if (len > 0 && len < g->cols - x - 1)
        grid_text(g, 0, g->cols - len - 1, len, ROLE_BAR, right);
}

static void
draw_status(struct tui *t)
{
    struct grid *g = &t->grid;
    char left[TUI_TEXT_MAX] = "", right[TUI_TEXT_MAX];
    const struct view *v = views[t->view];
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
    if (l && l->n > 0 && n < g->cols - 40)
        n += snprintf(right + n, sizeof right - (size_t)n, "%s%zu of %zu%s",
                      n ? "  " : "", l->cursor + 1, l->n,
                      l->follow ? "  follow" : "");
    if (n > g->cols - 3)
        n = g->cols - 3;
    grid_text(g, g->rows - 2, 1, g->cols - n - 3,
              t->message[0] ? ROLE_STRONG : ROLE_DIM, left);
    if (n > 0)
        grid_text(g, g->rows - 2, g->cols - n - 1, n, ROLE_DIM, right);
}

static void
draw_hints(struct tui *t)
{
    struct grid *g = &t->grid;
    int y = g->rows - 1;
    if (t->asking) {
        int x = grid_text(g, y, 0, g->cols, ROLE_KEY, " find: ");
        x += grid_put(g, y, x, g->cols - x, ROLE_TEXT,
                      slice_make((const uint8_t *)t->question, t->question_len),
                      false);
        grid_text(g, y, x, 1, ROLE_KEY, "_");
        return;
    }
    int x = grid_text(g, y, 1, g->cols - 1, ROLE_KEY, "? help");
    grid_format(g, y, 1 + x, g->cols - 1 - x, ROLE_DIM, "  %s  q back",
                views[t->view]->hints);
}

void
tui_draw(struct tui *t)
{
    struct grid *g = &t->grid;
    grid_clear(g);
    if (g->rows < ROWS_MIN || g->cols < COLS_MIN) {
        grid_format(g, 0, 0, g->cols, ROLE_STRONG,
                    "too small: %dx%d, need %dx%d", g->cols, g->rows, COLS_MIN,
                    ROWS_MIN);
        return;
    }
    struct rect body = {1, 0, g->rows - 3, g->cols};
    store_lock(t->store);
    tui_rows_update(t);
    draw_tabs(t);
    if (t->help)
        help_draw(t, body);
    else
        views[t->view]->draw(t, body);
    draw_status(t);
    draw_hints(t);
    store_unlock(t->store);
}

/* ---- keys ---- */

static void
find_from(struct tui *t, bool forward)
{
    const struct view *v = views[t->view];
    struct list *l = v->list ? v->list(t) : NULL;
    if (!v->match || !l || l->n == 0) {
        tui_say(t, "nothing to find in this view");
        return;
    }
    if (!t->find[0]) {
        tui_say(t, "nothing was looked for yet: / asks");
        return;
    }
    for (size_t i = 1; i <= l->n; i++) {
        size_t row = (l->cursor + (forward ? i : l->n - i % l->n)) % l->n;
        if (v->match(t, row, t->find)) {
            bool wrapped = forward ? row <= l->cursor : row >= l->cursor;
            list_go(l, row);
            if (wrapped)
                tui_say(t, "found again from the other end");
            return;
        }
    }
    tui_say(t, "not found: %.100s", t->find);
}

/* A key while the prompt has them. */
static void
ask_key(struct tui *t, struct tty_key key)
{
    if (key.code == TTY_KEY_ESCAPE || key.ch == 3) {
        t->asking = false;
    } else if (key.code == TTY_KEY_ENTER) {
        t->asking = false;
        memcpy(t->find, t->question, t->question_len);
        t->find[t->question_len] = '\0';
        find_from(t, true);
    } else if (key.code == TTY_KEY_BACKSPACE) {
        if (t->question_len > 0)
            t->question_len--;
        while (t->question_len > 0 &&
               ((uint8_t)t->question[t->question_len] & 0xc0) == 0x80)
            t->question_len--;
    } else if (key.ch == 21) {
        t->question_len = 0;
    } else if (key.ch >= 32) {
        char utf8[4];
        size_t n = grid_encode(key.ch, (uint8_t *)utf8);
        if (t->question_len + n < sizeof t->question) {
            memcpy(t->question + t->question_len, utf8, n);
            t->question_len += n;
        }
    }
}

static bool
act_on_list(struct tui *t, enum action a)
{
    const struct view *v = views[t->view];
    struct list *l = t->help ? &t->help_list : v->list ? v->list(t) : NULL;
    if (!l)
        return false;
    long page = l->height > 1 ? (long)l->height - 1 : 1;
    switch (a) {
    case ACTION_UP:
        list_move(l, -1);
        return true;
    case ACTION_DOWN:
        list_move(l, 1);
        return true;
    case ACTION_PAGE_UP:
        list_move(l, -page);
        return true;
    case ACTION_PAGE_DOWN:
        list_move(l, page);
        return true;
    case ACTION_FIRST:
        list_first(l);
        return true;
    case ACTION_LAST:
        list_last(l, atomic_load(t->loading));
        return true;
    case ACTION_FOLLOW:
        list_last(l, !l->follow);
        return true;
    default:
        return false;
    }
}

static void
step_conn(struct tui *t, int step)
{
    size_t n = t->store->conns.n;
    if (n == 0)
        return;
    size_t now = t->conn == STORE_NONE ? 0 : t->conn;
    size_t to = step > 0 ? (now + 1 < n ? now + 1 : now) : now ? now - 1 : 0;
    t->conn = (uint32_t)to;
    t->frame = store_conn(t->store, to)->first_frame;
    list_go(&t->conns, to);
    if (t->rows.conn != STORE_NONE)
        tui_set_scope(t, (uint32_t)to);
    else if (t->frame != STORE_NONE)
        tui_select_frame(t, t->frame);
}

static void
step_frame(struct tui *t, long step)
{
    if (t->rows.n == 0)
        return;
    t->frames.n = t->rows.n;
    list_move(&t->frames, step);
    t->frame = t->rows.row[t->frames.cursor];
    t->conn = store_frame(t->store, t->frame)->conn;
}

static void
next_finding(struct tui *t)
{
    const struct chunks *all = &t->store->findings;
    if (all->n == 0) {
        tui_say(t, "no findings");
        return;
    }
    list_fit(&t->findings, all->n, t->findings.height);
    list_go(&t->findings, (t->findings.cursor + 1) % all->n);
    const struct store_finding *f = store_finding(t->store, t->findings.cursor);
    if (f->frame != STORE_NONE)
        tui_select_frame(t, f->frame);
    tui_say(t, "%s: %s", finding_info(f->id)->id, finding_info(f->id)->text);
}

static void
go_back(struct tui *t)
{
    if (t->help)
        t->help = false;
    else if (t->view == VIEW_CONNS)
        t->quit = true;
    else
        t->view = t->before != t->view ? t->before : VIEW_CONNS,
        t->before = VIEW_CONNS;
}

/* What means the same in all views. */
static bool
act_everywhere(struct tui *t, enum action a)
{
    if (a >= ACTION_VIEW_CONNS && a <= ACTION_VIEW_FINDINGS) {
        t->help = false;
        tui_go(t, (enum view_id)(a - ACTION_VIEW_CONNS));
        return true;
    }
    switch (a) {
    case ACTION_HELP:
        t->help = !t->help;
        return true;
    case ACTION_BACK:
        go_back(t);
        return true;
    case ACTION_ESCAPE:
        if (t->help || t->view != VIEW_CONNS)
            go_back(t);
        else
            tui_say(t, "q quits");
        return true;
    case ACTION_QUIT:
        t->quit = true;
        return true;
    case ACTION_PAUSE:
        t->paused = !t->paused;
        return true;
    case ACTION_NEXT_FRAME:
        step_frame(t, 1);
        return true;
    case ACTION_PREVIOUS_FRAME:
        step_frame(t, -1);
        return true;
    case ACTION_NEXT_CONN:
        step_conn(t, 1);
        return true;
    case ACTION_PREVIOUS_CONN:
        step_conn(t, -1);
        return true;
    case ACTION_NEXT_FINDING:
        next_finding(t);
        return true;
    case ACTION_FIND:
        t->asking = true;
        t->question_len = 0;
        return true;
    case ACTION_FIND_NEXT:
        find_from(t, true);
        return true;
    case ACTION_FIND_PREVIOUS:
        find_from(t, false);
        return true;
    case ACTION_TIME:
        t->time = (enum tui_time)((t->time + 1) % TUI_TIME_COUNT);
        return true;
    case ACTION_EXPLAIN:
        t->explain = !t->explain;
        return true;
    case ACTION_REDRAW:
        t->redraw = true;
        return true;
    case ACTION_SUSPEND:
        t->suspend = true;
        return true;
    default:
        return false;
    }
}

void
tui_key(struct tui *t, struct tty_key key)
{
    if (key.code == TTY_KEY_PASTE || key.code == TTY_KEY_PASTE_END) {
        t->pasting = key.code == TTY_KEY_PASTE;
        return;
    }
    /* Pasted text is no command. */
    if (t->pasting && (!t->asking || key.code != TTY_KEY_NONE))
        return;
    t->message[0] = '\0';
    store_lock(t->store);
    if (t->asking) {
        ask_key(t, key);
    } else {
        enum action a = tui_action_of(t->view, key);
        if (key.ch == 3)
            a = ACTION_BACK;
        bool done =
            a < ACTION_COUNT &&
            ((!t->help && views[t->view]->act && views[t->view]->act(t, a)) ||
             act_on_list(t, a) || act_everywhere(t, a));
        if (!done && key.code != TTY_KEY_RESIZE)
            tui_say(t, "no such key here; ? for help");
    }
    store_unlock(t->store);
}

/* ---- the loop ---- */

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
    t->conn = t->frame = STORE_NONE;
    t->rows.conn = STORE_NONE;
    t->least = SEVERITY_NOTE;
    t->explain = true;
}

void
tui_fini(struct tui *t)
{
    grid_fini(&t->grid);
    free(t->rows.row);
}

static bool
draw_on(struct tui *t, struct tty *tty)
{
    int rows, cols;
    tty_size(tty, &rows, &cols);
    if ((t->grid.rows != rows || t->grid.cols != cols) &&
        !grid_resize(&t->grid, rows, cols))
        return false;
    tui_draw(t);
    if (t->redraw)
        tty_redraw(tty);
    t->redraw = false;
    tty_draw(tty, &t->grid);
    return true;
}

bool
tui_loop(struct tui *t, struct tty *tty, void (*tick)(void *ctx), void *ctx)
{
    while (!t->quit) {
        struct tty_key key;
        /* Asked before drawing: what comes last is drawn soon, too. */
        bool loading = atomic_load(t->loading);
        tick(ctx);
        if (!draw_on(t, tty) || !tty_wait(tty, loading ? REDRAW_MS : IDLE_MS))
            return false;
        while (!t->quit &&
               ((key = tty_key(tty)).code != TTY_KEY_NONE || key.ch)) {
            tui_key(t, key);
            if (t->suspend)
                tty_suspend(tty);
            t->suspend = false;
        }
    }
    return true;
}
