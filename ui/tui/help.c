/* SPDX-License-Identifier: MIT */
#include "ui/tui/help.h"

#include "ui/tui/tui.h"

#define KEYS_COL 2
#define TEXT_COL 20

static void
draw(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    size_t n = 0;
    enum action shown[ACTION_COUNT];
    for (unsigned a = 0; a < ACTION_COUNT; a++)
        if (action_info((enum action)a)->views >> t->view & 1u)
            shown[n++] = (enum action)a;
    for (int y = r.y; y < r.y + r.rows; y++)
        grid_line(g, y, r.x, r.cols, ROLE_TEXT, ' ', ' ');
    grid_title(g, (struct rect){r.y, r.x, 1, r.cols}, true,
               "Keys of this view (q closes)");
    list_fit(&t->help_list, n, (size_t)r.rows - 1);
    for (size_t i = 0; i < t->help_list.height; i++) {
        size_t row = t->help_list.top + i;
        int y = r.y + 1 + (int)i;
        if (row >= n)
            break;
        const struct action_info *a = action_info(shown[row]);
        grid_text(g, y, r.x + KEYS_COL, TEXT_COL - KEYS_COL - 1, ROLE_KEY,
                  a->keys);
        grid_text(g, y, r.x + TEXT_COL, r.cols - TEXT_COL, ROLE_TEXT, a->help);
        if (row == t->help_list.cursor)
            grid_cursor(g, y, r.x, r.cols);
    }
}

static void
key(struct tui *t, struct tty_key key)
{
    enum action a = tui_action_of(t->view, key);
    long page = (long)t->help_list.height;
    if (key.ch == 3 || a == ACTION_BACK || a == ACTION_ESCAPE ||
        a == ACTION_HELP)
        t->layer = NULL;
    else if (a == ACTION_UP || a == ACTION_DOWN)
        list_move(&t->help_list, a == ACTION_DOWN ? 1 : -1);
    else if (a == ACTION_PAGE_UP || a == ACTION_PAGE_DOWN)
        list_move(&t->help_list, a == ACTION_PAGE_DOWN ? page : -page);
    else if (a == ACTION_FIRST)
        list_first(&t->help_list);
    else if (a == ACTION_LAST)
        list_last(&t->help_list, false);
}

static const struct layer layer_help = {.draw = draw, .key = key};

void
help_open(struct tui *t)
{
    t->help_list = (struct list){.n = 0};
    t->layer = &layer_help;
}
