/* SPDX-License-Identifier: MIT */
#include "ui/tui/views/finding_list.h"

#include <stdlib.h>
#include <string.h>

void
finding_list_fini(struct finding_list *l)
{
    free(l->all.row);
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        free(l->group[i].rows.row);
    *l = (struct finding_list){.scanned = 0};
}

static bool
add(struct finding_rows *r, uint32_t row)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 8;
        uint32_t *rows = realloc(r->row, cap * sizeof *rows);
        if (!rows)
            return false;
        r->row = rows;
        r->cap = cap;
    }
    r->row[r->n++] = row;
    return true;
}

/* The first of those that are not before row. */
static size_t
place_in(const struct finding_rows *r, uint32_t row)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->row[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool
is_before(const struct finding_list *l, unsigned a, unsigned b)
{
    const struct finding_group *x = &l->group[a], *y = &l->group[b];
    if (x->worst != y->worst)
        return x->worst > y->worst;
    return x->rows.row[0] < y->rows.row[0];
}

/* Moves group number i of the order to where it belongs. */
static void
move_up(struct finding_list *l, size_t i)
{
    uint16_t id = l->order[i];
    for (; i > 0 && is_before(l, id, l->order[i - 1]); i--)
        l->order[i] = l->order[i - 1];
    l->order[i] = id;
}

static bool
take(struct finding_list *l, const struct store_finding *f, uint32_t row)
{
    struct finding_group *g = &l->group[f->id];
    if (!add(&l->all, row))
        return false;
    if (!add(&g->rows, row)) {
        l->all.n--;
        return false;
    }
    size_t i = 0;
    if (g->rows.n == 1) {
        g->worst = f->severity;
        i = l->n_groups++;
        l->order[i] = (uint16_t)f->id;
    } else if (f->severity > g->worst) {
        g->worst = f->severity;
        while (l->order[i] != (uint16_t)f->id)
            i++;
    }
    move_up(l, i);
    return true;
}

bool
finding_list_update(struct finding_list *l, const struct store *s, size_t end)
{
    const struct refine *filter = l->filter;
    if (filter && filter->starts != l->starts) {
        l->starts = filter->starts;
        finding_list_least(l, l->least);
    }
    for (; l->scanned < end; l->scanned++) {
        const struct store_finding *f = store_finding(s, l->scanned);
        if (filter && !refine_finding_settled(filter, s, l->scanned))
            return true;
        if (filter && !refine_finding(filter, s, l->scanned))
            continue;
        if (f->severity >= l->least && !take(l, f, (uint32_t)l->scanned))
            return false;
        l->passed[f->severity]++;
    }
    return true;
}

void
finding_list_least(struct finding_list *l, enum severity least)
{
    l->least = least;
    l->scanned = l->all.n = l->n_groups = 0;
    memset(l->passed, 0, sizeof l->passed);
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        l->group[i].rows.n = 0;
}

/* Lines of a group, its head among them. */
static size_t
lines_of(const struct finding_group *g)
{
    return 1 + (g->unfolded ? g->rows.n : 0);
}

size_t
finding_list_n(const struct finding_list *l)
{
    size_t n = 0;
    if (l->flat)
        return l->all.n;
    for (size_t i = 0; i < l->n_groups; i++)
        n += lines_of(&l->group[l->order[i]]);
    return n;
}

struct finding_item
finding_list_at(const struct finding_list *l, size_t at)
{
    if (l->flat)
        return (struct finding_item){false, l->all.row[at]};
    size_t i = 0;
    for (; at >= lines_of(&l->group[l->order[i]]); i++)
        at -= lines_of(&l->group[l->order[i]]);
    const struct finding_rows *r = &l->group[l->order[i]].rows;
    return (struct finding_item){at == 0, r->row[at > 0 ? at - 1 : 0]};
}

size_t
finding_list_place(const struct finding_list *l, const struct store *s,
                   struct finding_item item)
{
    size_t n = finding_list_n(l), line = 0, i;
    i = place_in(&l->all, item.row);
    if (i == l->all.n || l->all.row[i] != item.row)
        return n;
    if (l->flat)
        return i;
    enum finding_id id = store_finding(s, item.row)->id;
    for (i = 0; l->order[i] != (uint16_t)id; i++)
        line += lines_of(&l->group[l->order[i]]);
    const struct finding_group *g = &l->group[id];
    if (!item.head && g->unfolded)
        line += 1 + place_in(&g->rows, item.row);
    return line;
}

uint32_t
finding_list_step(const struct finding_list *l, uint32_t row, int step)
{
    const struct finding_rows *r = &l->all;
    if (r->n == 0)
        return STORE_NONE;
    if (row == STORE_NONE)
        return r->row[step > 0 ? 0 : r->n - 1];
    size_t at = place_in(r, row);
    if (step > 0 && at < r->n && r->row[at] == row)
        at++;
    if (step < 0)
        at = at > 0 ? at - 1 : r->n - 1;
    return r->row[at < r->n ? at : 0];
}
