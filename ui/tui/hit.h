/* SPDX-License-Identifier: MIT */
/*
 * hit.h - what the mouse hits: who draws something that can be clicked says
 * where it stands, each time it draws it.
 *
 * tui_draw() forgets all of them before; what a layer draws hides what lies
 * below it.
 */
#ifndef UI_TUI_HIT_H
#define UI_TUI_HIT_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/tui/screen/grid.h"
#include "ui/tui/screen/list.h"
#include "ui/tui/screen/tty.h"

struct tui;

enum hit_kind {
    HIT_KEY = 0, /* the same as that key */
    HIT_ROW,     /* a row of a list, which it selects */
    HIT_SCROLL,  /* a list, for the wheel only */
    HIT_PANE,    /* t->pane */
    HIT_FIELD,   /* t->field */
    HIT_STATS,   /* t->stats_panel */
};

struct hit {
    struct rect area;
    enum hit_kind kind;
    struct tty_key key;
    struct list *list; /* of struct tui */
    size_t row;        /* of the first line; SIZE_MAX: list->top */
    unsigned n;        /* of the pane, field or panel */
};

/* What is drawn behind that many cannot be clicked. */
#define HITS_MAX 256u

struct hits {
    struct hit hit[HITS_MAX];
    size_t n;
};

void hit_key(struct tui *t, struct rect area, struct tty_key key);
/* A list whose rows stand in its area one below the other, from list->top on.
 */
void hit_list(struct tui *t, struct rect area, struct list *list);
/* One row of a list. */
void hit_row(struct tui *t, struct rect area, struct list *list, size_t row);
void hit_scroll(struct tui *t, struct rect area, struct list *list);
void hit_pane(struct tui *t, struct rect area, unsigned pane);
void hit_stats(struct tui *t, struct rect area, unsigned panel);
void hit_field(struct tui *t, struct rect area, unsigned field);

/* Does what a button or the wheel does there.  Everything that was hit counts,
 * in the order in which it was drawn. */
void hit_mouse(struct tui *t, struct tty_key key);

#endif /* UI_TUI_HIT_H */
