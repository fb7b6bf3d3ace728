/* SPDX-License-Identifier: MIT */
#include "ui/tui/hit.h"

#include "ui/tui/tui.h"

/* Rows that a step of the wheel is. */
#define WHEEL_ROWS 3

static void
add(struct tui *t, struct hit hit)
{
    if (t->hits.n < HITS_MAX)
        t->hits.hit[t->hits.n++] = hit;
}

void
hit_key(struct tui *t, struct rect area, struct tty_key key)
{
    add(t, (struct hit){.area = area, .kind = HIT_KEY, .key = key});
}

void
hit_list(struct tui *t, struct rect area, struct list *list)
{
    hit_row(t, area, list, SIZE_MAX);
}

void
hit_row(struct tui *t, struct rect area, struct list *list, size_t row)
{
    add(t,
        (struct hit){.area = area, .kind = HIT_ROW, .list = list, .row = row});
}

void
hit_scroll(struct tui *t, struct rect area, struct list *list)
{
    add(t, (struct hit){.area = area, .kind = HIT_SCROLL, .list = list});
}

void
hit_pane(struct tui *t, struct rect area, unsigned pane)
{
    add(t, (struct hit){.area = area, .kind = HIT_PANE, .n = pane});
}

void
hit_field(struct tui *t, struct rect area, unsigned field)
{
    add(t, (struct hit){.area = area, .kind = HIT_FIELD, .n = field});
}

void
hit_stats(struct tui *t, struct rect area, unsigned panel)
{
    add(t, (struct hit){.area = area, .kind = HIT_STATS, .n = panel});
}

static bool
holds(const struct rect *r, const struct tty_key *key)
{
    return key->y >= r->y && key->y < r->y + r->rows && key->x >= r->x &&
           key->x < r->x + r->cols;
}

/* What was clicked is done as its key says; returns whether it was a row. */
static bool
click(struct tui *t, const struct hit *h, const struct tty_key *key)
{
    size_t row = h->row;
    switch (h->kind) {
    case HIT_KEY:
        tui_key_locked(t, h->key);
        break;
    case HIT_ROW:
        if (row == SIZE_MAX)
            row = h->list->top + (size_t)(key->y - h->area.y);
        if (row >= h->list->n)
            break;
        list_go(h->list, row);
        return true;
    case HIT_PANE:
        t->pane = h->n;
        break;
    case HIT_FIELD:
        t->field = h->n;
        break;
    case HIT_STATS:
        t->stats_panel = (enum stats_panel)h->n;
        break;
    case HIT_SCROLL:
        break;
    }
    return false;
}

void
hit_mouse(struct tui *t, struct tty_key key)
{
    /* A key that is done may lead elsewhere, and draw that. */
    struct hit found[8];
    size_t n = 0;
    bool row = false;
    for (size_t i = 0; i < t->hits.n && n < sizeof found / sizeof *found; i++)
        if (holds(&t->hits.hit[i].area, &key))
            found[n++] = t->hits.hit[i];
    for (size_t i = 0; i < n; i++) {
        if (key.code == TTY_KEY_MOUSE)
            row |= click(t, &found[i], &key);
        else if (found[i].list)
            list_scroll(found[i].list, key.code == TTY_KEY_WHEEL_UP
                                           ? -WHEEL_ROWS
                                           : WHEEL_ROWS);
    }
    if (row && key.twice)
        tui_key_locked(t, (struct tty_key){.code = TTY_KEY_ENTER});
    if (key.code == TTY_KEY_MOUSE && !t->told_shift && !t->message[0])
        tui_say(t, "hold Shift to select text");
    t->told_shift |= key.code == TTY_KEY_MOUSE;
}
