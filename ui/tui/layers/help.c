/* SPDX-License-Identifier: MIT */
#include "ui/tui/layers/help.h"

#include <string.h>

#include "ui/tui/hints.h"
#include "ui/tui/layers/goto.h"
#include "ui/tui/layers/palette.h"

/* Columns. */
#define KEYS_COL 3
#define TEXT_COL 16
#define COMMAND_COLS 17
/* So wide that commands are shown. */
#define WIDE_COLS 60

static void
draw_heading(struct tui *t, int y, struct rect r, enum palette_group group)
{
    struct rect line = {y, r.x, 1, r.cols};
    if (group == PALETTE_HERE)
        grid_title(&t->grid, line, true, "Here (%s)", view_name(t->view));
    else
        grid_title(&t->grid, line, group != PALETTE_NOT_NOW, "%s",
                   group == PALETTE_EVERYWHERE ? "Everywhere"
                                               : "Not available now");
}

static void
draw_action(struct tui *t, int y, struct rect r, enum action a)
{
    struct grid *g = &t->grid;
    const struct action_info *info = action_info(a);
    char reason[TUI_TEXT_MAX];
    const char *why = tui_why_not(t, a, reason, sizeof reason);
    enum role role = why ? ROLE_DIM : ROLE_TEXT;
    int right = r.cols >= WIDE_COLS && !why ? COMMAND_COLS : 0;
    int cols = r.cols - TEXT_COL - right - 1;
    grid_text(g, y, r.x + KEYS_COL, TEXT_COL - KEYS_COL - 1,
              why ? ROLE_DIM : ROLE_KEY, info->keys);
    int used = grid_text(g, y, r.x + TEXT_COL, cols, role, info->help);
    if (why && used + 3 < cols)
        grid_format(g, y, r.x + TEXT_COL + used, cols - used, ROLE_NOTE,
                    "  (%s)", why);
    if (right)
        grid_format(g, y, r.x + r.cols - right, right, ROLE_DIM, ":%.*s",
                    (int)strcspn(info->command, " "), info->command);
}

static void
draw_lines(struct tui *t, struct rect r)
{
    struct palette_line lines[PALETTE_LINES_MAX];
    struct list *l = &t->help_list;
    size_t best, row, n = palette_collect(t, t->prompt.text, lines, &best);
    list_fit(l, n, (size_t)r.rows);
    for (size_t i = 0; i < l->height && l->top + i < n; i++) {
        const struct palette_line *line = &lines[l->top + i];
        int y = r.y + (int)i;
        if (line->action == ACTION_COUNT) {
            draw_heading(t, y, r, line->group);
            continue;
        }
        draw_action(t, y, r, line->action);
        hit_row(t, (struct rect){y, r.x, 1, r.cols}, l, l->top + i);
        if (l->top + i == l->cursor)
            grid_cursor(&t->grid, y, r.x, r.cols);
    }
    int y = t->grid.rows - 2;
    if (palette_row(t->prompt.text, &row))
        grid_format(&t->grid, y, 1, r.cols - 1, ROLE_STRONG,
                    "Enter goes to row %zu", row);
    else if (n == 0)
        grid_text(&t->grid, y, 1, r.cols - 1, ROLE_DIM,
                  "nothing fits: Bksp takes a letter back");
}

static void
draw(struct tui *t, struct rect body)
{
    struct grid *g = &t->grid;
    for (int y = 1; y < g->rows; y++)
        grid_line(g, y, 0, g->cols, ROLE_TEXT, ' ', ' ');
    grid_text(g, 1, 1, g->cols - 1, ROLE_DIM,
              "Type to search the keys and commands; a number is a row.");
    int x = 1 + grid_text(g, body.y, 1, g->cols - 1, ROLE_KEY, "find: ");
    prompt_draw(&t->prompt, g, body.y, x, g->cols - x);
    draw_lines(t, (struct rect){body.y + 1, body.x, body.rows - 1, body.cols});
    hints_text(t, "Enter run  Up Down choose  Esc close");
}

/* Moves on until the cursor is no heading. */
static void
move(struct tui *t, long by)
{
    struct palette_line lines[PALETTE_LINES_MAX];
    struct list *l = &t->help_list;
    size_t best, n = palette_collect(t, t->prompt.text, lines, &best);
    if (n == 0)
        return;
    list_fit(l, n, l->height);
    list_move(l, by);
    while (lines[l->cursor].action == ACTION_COUNT) {
        /* The first line is one: from there it is only down. */
        long step = by < 0 && l->cursor > 0 ? -1 : 1;
        list_move(l, step);
    }
    if (l->cursor == 1)
        l->top = 0;
}

/* Does what is selected. */
static void
run(struct tui *t)
{
    struct palette_line lines[PALETTE_LINES_MAX];
    char reason[TUI_TEXT_MAX];
    const char *why;
    size_t best, row, n = palette_collect(t, t->prompt.text, lines, &best);
    t->layer = NULL;
    if (palette_row(t->prompt.text, &row)) {
        goto_row(t, row);
        return;
    }
    if (t->help_list.cursor >= n)
        return;
    enum action a = lines[t->help_list.cursor].action;
    if (a == ACTION_COUNT)
        return;
    if ((why = tui_why_not(t, a, reason, sizeof reason)))
        tui_say(t, "not now: %s", why);
    else if (!tui_act(t, a))
        tui_say(t, "nothing to do that with here");
}

static bool
closes(const struct tui *t, struct tty_key key)
{
    return key.code == TTY_KEY_ESCAPE || key.code == TTY_KEY_F1 ||
           key.ch == 3 || (key.ch == '?' && t->prompt.len == 0);
}

static void
key(struct tui *t, struct tty_key key)
{
    long page = t->help_list.height > 1 ? (long)t->help_list.height - 1 : 1;
    if (closes(t, key)) {
        t->layer = NULL;
    } else if (key.code == TTY_KEY_ENTER) {
        run(t);
    } else if (key.code == TTY_KEY_UP || key.code == TTY_KEY_DOWN) {
        move(t, key.code == TTY_KEY_UP ? -1 : 1);
    } else if (key.code == TTY_KEY_PAGE_UP || key.code == TTY_KEY_PAGE_DOWN) {
        move(t, key.code == TTY_KEY_PAGE_UP ? -page : page);
    } else if (prompt_key(&t->prompt, key)) {
        struct palette_line lines[PALETTE_LINES_MAX];
        size_t best, n = palette_collect(t, t->prompt.text, lines, &best);
        list_fit(&t->help_list, n, t->help_list.height);
        t->help_list.top = 0;
        list_go(&t->help_list, best);
    }
}

static const struct layer layer_help = {.draw = draw,
                                        .key = key,
                                        .takes_paste = true};

void
help_open(struct tui *t)
{
    prompt_set(&t->prompt, "");
    t->help_list = (struct list){.n = 0};
    t->layer = &layer_help;
    move(t, 1);
}
