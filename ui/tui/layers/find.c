/* SPDX-License-Identifier: MIT */
#include "ui/tui/layers/find.h"

#include <stdio.h>

#include "ui/tui/layers/ask.h"
#include "ui/tui/store/monotonic.h"
#include "ui/tui/tui.h"

static void
look_for(struct tui *t)
{
    snprintf(t->find, sizeof t->find, "%s", t->prompt.text);
    find_next(t, true);
}

void
find_ask(struct tui *t)
{
    ask(t, " find: ", "", look_for);
}

/* ---- looking ---- */

/* Rows in a turn, if they take no longer than a slice of time: the decoding
 * thread waits that long for the store. */
#define TURN_ROWS 20000u
/* Rows after which the clock is looked at: payloads may be long. */
#define LOOK_ROWS 256u
/* Rows after which those that were read from the file are let go. */
#define REST_ROWS (16u * TURN_ROWS)

static void
looking_draw(struct tui *t, struct rect body)
{
    struct grid *g = &t->grid;
    int y = g->rows - 1;
    (void)body;
    grid_line(g, y, 0, g->cols, ROLE_TEXT, ' ', ' ');
    grid_format(g, y, 0, g->cols, ROLE_KEY, " looking: %u %%  any key stops it",
                search_percent(&t->search));
}

static void
looking_key(struct tui *t, struct tty_key key)
{
    (void)key;
    t->layer = NULL;
    tui_say(t, "stopped after %u %% of the rows", search_percent(&t->search));
    store_rest(t->store);
}

static const struct layer layer_looking = {.draw = looking_draw,
                                           .key = looking_key};

static bool
matches(void *ctx, size_t row)
{
    struct tui *t = ctx;
    const struct view *v = tui_view(t);
    return row < v->list(t)->n && v->match(t, row, t->find);
}

/* As search_next(), for a slice of time. */
static enum search_step
take_turn(struct tui *t, size_t *row)
{
    int64_t start = monotonic_ns();
    size_t rests = t->search.looked / REST_ROWS;
    enum search_step step = SEARCH_MORE;
    for (size_t n = 0; step == SEARCH_MORE && n < TURN_ROWS; n += LOOK_ROWS) {
        step = search_next(&t->search, LOOK_ROWS, matches, t, row);
        if (monotonic_ns() - start >= t->slice_ns)
            break;
    }
    if (t->search.looked / REST_ROWS > rests)
        store_rest(t->store);
    return step;
}

bool
find_go_on(struct tui *t)
{
    size_t row;
    if (t->layer != &layer_looking)
        return false;
    enum search_step step = take_turn(t, &row);
    if (step == SEARCH_MORE)
        return true;
    t->layer = NULL;
    if (step == SEARCH_NONE) {
        tui_say(t, "not found: %.100s", t->find);
    } else {
        list_go(tui_view(t)->list(t), row);
        if (search_wrapped(&t->search))
            tui_say(t, "found again from the other end");
    }
    store_rest(t->store);
    return false;
}

void
find_next(struct tui *t, bool forward)
{
    const struct view *v = tui_view(t);
    struct list *l = v->list ? v->list(t) : NULL;
    if (!v->match || !l || l->n == 0) {
        tui_say(t, "nothing to find in this view");
        return;
    }
    if (!t->find[0])
        return;
    search_start(&t->search, l->cursor, l->n, forward);
    t->layer = &layer_looking;
    (void)find_go_on(t);
}
