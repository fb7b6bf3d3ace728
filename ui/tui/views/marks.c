/* SPDX-License-Identifier: MIT */
#include "ui/tui/views/marks.h"

#include <stdlib.h>
#include <string.h>

void
marks_fini(struct marks *m)
{
    free(m->row);
    *m = (struct marks){.n = 0};
}

size_t
marks_place(const struct marks *m, uint32_t row)
{
    size_t low = 0, high = m->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->row[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool
marks_has(const struct marks *m, uint32_t row)
{
    size_t i = marks_place(m, row);
    return i < m->n && m->row[i] == row;
}

static bool
reserve(struct marks *m)
{
    if (m->n < m->cap)
        return true;
    if (m->n == MARKS_MAX)
        return false;
    size_t cap = m->cap ? m->cap * 2 : 64;
    uint32_t *row = realloc(m->row, cap * sizeof *row);
    if (!row)
        return false;
    m->row = row;
    m->cap = cap;
    return true;
}

bool
marks_flip(struct marks *m, uint32_t row)
{
    size_t i = marks_place(m, row);
    if (i < m->n && m->row[i] == row) {
        m->n--;
        memmove(m->row + i, m->row + i + 1, (m->n - i) * sizeof *m->row);
        return true;
    }
    if (!reserve(m))
        return false;
    memmove(m->row + i + 1, m->row + i, (m->n - i) * sizeof *m->row);
    m->row[i] = row;
    m->n++;
    return true;
}
