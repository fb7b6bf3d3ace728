/* SPDX-License-Identifier: MIT */
#include "ui/tui/layers/filter_layer.h"

#include <stdlib.h>
#include <string.h>

#include "ui/text.h"
#include "ui/tui/bar.h"
#include "ui/tui/tui.h"

/* Of the popup. */
#define POPUP_ROWS 8u
#define TYPE_COLS 13
#define MEANING_COLS 60
#define MEANING_COLS_MIN 24

static struct slice
typed(const struct tui *t)
{
    return slice_make((const uint8_t *)t->prompt.text, t->prompt.len);
}

/* ---- drawing ---- */

static void
draw_bar(struct tui *t, int x)
{
    static const char hint[] = "Enter apply  Esc keep old";
    struct grid *g = &t->grid;
    int cols = g->cols - x;
    if (g->cols >= 80)
        cols -= (int)sizeof hint + 1;
    prompt_draw(&t->prompt, g, 1, x, cols);
    if (g->cols >= 80)
        grid_text(g, 1, g->cols - (int)sizeof hint, (int)sizeof hint, ROLE_DIM,
                  hint);
}

/* Columns of the text from byte `from` to byte `to`. */
static int
columns(const struct tui *t, size_t from, size_t to)
{
    uint8_t shown[PROMPT_MAX * TEXT_CHAR_MAX];
    if (to <= from)
        return 0;
    return (int)text_take(slice_make((const uint8_t *)t->prompt.text + from,
                                     to - from),
                          false, t->grid.utf8, sizeof shown, shown,
                          sizeof shown)
        .cols;
}

/* Points at what is wrong, below it. */
static void
draw_caret(struct tui *t, int y, int x, int cols, size_t from)
{
    const struct filter_error *e = &t->filter_layer.error;
    if (e->offset < from)
        return;
    int at = columns(t, from, e->offset);
    int len = columns(t, e->offset, e->offset + e->len);
    grid_line(&t->grid, y, 0, t->grid.cols, ROLE_TEXT, ' ', ' ');
    if (at >= cols)
        return;
    len = len < 1 ? 1 : len > cols - at ? cols - at : len;
    grid_line(&t->grid, y, x + at, 1, ROLE_BAD, '^', '^');
    grid_line(&t->grid, y, x + at + 1, len - 1, ROLE_BAD, '~', '~');
}

static void
draw_frame(struct grid *g, struct rect r)
{
    int bottom = r.y + r.rows - 1, right = r.x + r.cols - 1;
    for (int y = r.y; y <= bottom; y++)
        grid_line(g, y, r.x, r.cols, ROLE_TEXT, ' ', ' ');
    grid_line(g, r.y, r.x, r.cols, ROLE_DIM, 0x2500, '-');
    grid_line(g, bottom, r.x, r.cols, ROLE_DIM, 0x2500, '-');
    for (int y = r.y + 1; y < bottom; y++) {
        grid_line(g, y, r.x, 1, ROLE_DIM, 0x2502, '|');
        grid_line(g, y, right, 1, ROLE_DIM, 0x2502, '|');
    }
    grid_line(g, r.y, r.x, 1, ROLE_DIM, 0x250c, '+');
    grid_line(g, r.y, right, 1, ROLE_DIM, 0x2510, '+');
    grid_line(g, bottom, r.x, 1, ROLE_DIM, 0x2514, '+');
    grid_line(g, bottom, right, 1, ROLE_DIM, 0x2518, '+');
}

static void
draw_candidate(struct grid *g, int y, struct rect r, int name_cols,
               const struct candidate *c)
{
    int x = r.x + 2, end = r.x + r.cols - 2;
    grid_put(g, y, x, name_cols < end - x ? name_cols : end - x, ROLE_TEXT,
             c->text, false);
    x += name_cols + 2;
    if (x >= end)
        return;
    grid_text(g, y, x, end - x, ROLE_OP_CONTROL, c->type);
    x += TYPE_COLS;
    if (c->meaning && x + 8 < end)
        grid_text(g, y, x, end - x, ROLE_DIM, c->meaning);
}

static const char *
kind_name(enum complete_kind kind, size_t n)
{
    static const char *const names[][2] = {
        [COMPLETE_FIELDS] = {"field", "fields"},
        [COMPLETE_OPERATORS] = {"operator", "operators"},
        [COMPLETE_VALUES] = {"value", "values"},
        [COMPLETE_JOINERS] = {"operator", "operators"},
    };
    return names[kind][n != 1];
}

/* With the meanings where there is room for them. */
static int
popup_cols(const struct completion *c, int name_cols, int room)
{
    bool meant = false;
    for (size_t i = 0; i < c->n; i++)
        meant |= c->list[i].meaning != NULL;
    int cols = name_cols + TYPE_COLS + 6;
    if (!meant)
        return c->kind == COMPLETE_VALUES ? name_cols + 14 : cols;
    if (room < cols + MEANING_COLS_MIN)
        return cols;
    return room < cols + MEANING_COLS ? room : cols + MEANING_COLS;
}

/* Candidates below the word that they would take the place of. */
static void
draw_popup(struct tui *t, int x, struct rect body)
{
    struct grid *g = &t->grid;
    const struct filter_layer *l = &t->filter_layer;
    const struct completion *c = &l->completion;
    size_t height = (size_t)body.rows > POPUP_ROWS + 4 ? POPUP_ROWS
                    : body.rows > 6                    ? (size_t)body.rows - 5
                                                       : 0;
    int name_cols = 8;
    if (height > c->n)
        height = c->n;
    if (height == 0)
        return;
    for (size_t i = 0; i < c->n; i++)
        if ((int)c->list[i].text.len > name_cols)
            name_cols = (int)c->list[i].text.len;
    int cols = popup_cols(c, name_cols, g->cols - x);
    cols = cols < g->cols ? cols : g->cols;
    x = x - 2 > g->cols - cols ? g->cols - cols : x < 2 ? 0 : x - 2;
    struct rect r = {body.y + (l->state == FILTER_STATE_BAD), x,
                     (int)height + 2, cols};
    draw_frame(g, r);
    grid_format(g, r.y, r.x + 2, r.cols - 4, ROLE_DIM, " %zu %s ", c->n,
                kind_name(c->kind, c->n));
    size_t top = l->chosen < height ? 0 : l->chosen - height + 1;
    for (size_t i = 0; i < height; i++) {
        int y = r.y + 1 + (int)i;
        draw_candidate(g, y, r, name_cols, &c->list[top + i]);
        if (top + i == l->chosen)
            grid_cursor(g, y, r.x + 1, r.cols - 2);
    }
}

static void
draw_below(struct tui *t)
{
    struct grid *g = &t->grid;
    const struct filter_layer *l = &t->filter_layer;
    int y = g->rows - 3;
    for (int i = y; i < g->rows; i++)
        grid_line(g, i, 0, g->cols, ROLE_TEXT, ' ', ' ');
    if (l->state == FILTER_STATE_BAD)
        grid_text(g, y, 1, g->cols - 2, ROLE_BAD, l->error.text);
    else if (l->completion.expected[0])
        grid_format(g, y, 1, g->cols - 2, ROLE_TEXT, "expected: %s",
                    l->completion.expected);
    static const char *const said[] = {
        [FILTER_STATE_EMPTY] = "empty: Enter shows everything",
        [FILTER_STATE_OK] = "valid",
        [FILTER_STATE_INCOMPLETE] = "incomplete",
        [FILTER_STATE_BAD] = "invalid",
    };
    grid_format(g, y + 1, 1, g->cols - 2, ROLE_DIM, "%s%s", said[l->state],
                l->state != FILTER_STATE_OK ? ""
                : l->portable               ? "; Wireshark understands it too"
                              : "; not for Wireshark: it has no ws. fields");
    grid_format(g, y + 2, 1, g->cols - 2, ROLE_DIM,
                "Tab complete  %s choose  Ctrl-R history  Ctrl-U clear  "
                "Esc cancel",
                g->utf8 ? "\u2191\u2193" : "Up Down");
}

static void
draw(struct tui *t, struct rect body)
{
    struct grid *g = &t->grid;
    const struct filter_layer *l = &t->filter_layer;
    grid_line(g, 1, 0, g->cols, ROLE_TEXT, ' ', ' ');
    int x = bar_state(t, l->state);
    int cols = g->cols - x - (g->cols >= 80 ? 27 : 0);
    size_t from = prompt_from(&t->prompt, g->utf8, cols);
    draw_bar(t, x);
    draw_below(t);
    if (l->state == FILTER_STATE_BAD)
        draw_caret(t, 2, x, cols, from);
    draw_popup(t, x + columns(t, from, l->completion.start), body);
}

/* ---- keys ---- */

/* The text has changed. */
static void
look(struct tui *t)
{
    struct filter_layer *l = &t->filter_layer;
    l->state = filter_judge(typed(t), &l->error);
    l->portable = l->state == FILTER_STATE_OK && filter_is_portable(typed(t));
    complete(&l->completion, typed(t), t->prompt.at);
    l->chosen = 0;
}

static void
take_candidate(struct tui *t)
{
    const struct completion *c = &t->filter_layer.completion;
    char text[128];
    if (c->n == 0)
        return;
    size_t len = complete_text(c, t->filter_layer.chosen, text, sizeof text);
    /* What does not fit leaves all as it is. */
    if (len == 0 ||
        t->prompt.len - (t->prompt.at - c->start) + len >= PROMPT_MAX)
        return;
    prompt_replace(&t->prompt, c->start, text, len);
    look(t);
}

static void
choose(struct filter_layer *l, bool next)
{
    size_t n = l->completion.n;
    if (n > 0)
        l->chosen = (l->chosen + (next ? 1 : n - 1)) % n;
}

static void
take_history(struct tui *t)
{
    struct filter_layer *l = &t->filter_layer;
    if (l->n_history == 0) {
        tui_say(t, "no filter was used before");
        return;
    }
    l->at_history = (l->at_history ? l->at_history : l->n_history) - 1;
    prompt_set(&t->prompt, l->history[l->at_history]);
    look(t);
}

static void
remember(struct filter_layer *l, const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        return;
    size_t at = 0;
    while (at < l->n_history && strcmp(l->history[at], text) != 0)
        at++;
    if (at == FILTER_HISTORY_MAX)
        at = 0;
    if (at < l->n_history) {
        free(l->history[at]);
        memmove(&l->history[at], &l->history[at + 1],
                (--l->n_history - at) * sizeof l->history[0]);
    }
    l->history[l->n_history++] = copy;
}

void
filter_apply(struct tui *t, const char *text)
{
    struct filter_error error;
    if (!tui_filter(t, text, &error))
        tui_say(t, "not a filter: %s", error.text);
    else if (text[0])
        remember(&t->filter_layer, text);
}

static void
enter(struct tui *t)
{
    const struct filter_layer *l = &t->filter_layer;
    if (l->state == FILTER_STATE_INCOMPLETE || l->state == FILTER_STATE_BAD)
        return;
    t->layer = NULL;
    filter_apply(t, l->state == FILTER_STATE_EMPTY ? "" : t->prompt.text);
}

static void
key(struct tui *t, struct tty_key key)
{
    if (key.code == TTY_KEY_ESCAPE || key.ch == 3)
        t->layer = NULL;
    else if (key.code == TTY_KEY_ENTER)
        enter(t);
    else if (key.code == TTY_KEY_TAB)
        take_candidate(t);
    else if (key.code == TTY_KEY_UP || key.code == TTY_KEY_DOWN)
        choose(&t->filter_layer, key.code == TTY_KEY_DOWN);
    else if (key.ch == 'R' - '@')
        take_history(t);
    else if (prompt_key(&t->prompt, key))
        look(t);
}

static const struct layer layer_filter = {.draw = draw,
                                          .key = key,
                                          .takes_paste = true};

void
filter_ask(struct tui *t, const char *text)
{
    if (!text)
        text = t->shown.text ? t->shown.text : "";
    prompt_set(&t->prompt, text);
    t->filter_layer.at_history = 0;
    t->layer = &layer_filter;
    look(t);
}

void
filter_layer_fini(struct filter_layer *l)
{
    while (l->n_history > 0)
        free(l->history[--l->n_history]);
}
