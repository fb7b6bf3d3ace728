/* SPDX-License-Identifier: MIT */
#include "ui/tui/layers/goto.h"

#include "ui/tui/layers/ask.h"
#include "ui/tui/layers/palette.h"
#include "ui/tui/tui.h"

void
goto_row(struct tui *t, size_t row)
{
    const struct view *v = tui_view(t);
    struct list *l = v->list ? v->list(t) : NULL;
    if (!l || l->n == 0)
        tui_say(t, "there are no rows here");
    else if (row > l->n)
        tui_say(t, "there are %zu rows", l->n);
    else
        list_go(l, row - 1);
}

static void
go(struct tui *t)
{
    size_t row;
    if (palette_row(t->prompt.text, &row))
        goto_row(t, row);
    else if (t->prompt.len > 0)
        tui_say(t, "that is no number of a row");
}

void
goto_ask(struct tui *t)
{
    ask(t, " row: ", "", go);
}
