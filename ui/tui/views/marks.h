/* SPDX-License-Identifier: MIT */
/*
 * marks.h - rows that the person marked: at most MARKS_MAX, 4 bytes each.
 */
#ifndef UI_TUI_MARKS_H
#define UI_TUI_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MARKS_MAX 65536u

/* Embed it; zeroed it is empty. */
struct marks {
    uint32_t *row; /* ascending */
    size_t n, cap;
};

void marks_fini(struct marks *m);

/* Marks the row, or takes its mark away.  False: there are too many, or no
 * memory, and it is as it was. */
bool marks_flip(struct marks *m, uint32_t row);

bool marks_has(const struct marks *m, uint32_t row);

/* The mark with the least row at or behind `row`, as an index of m->row; m->n:
 * none. */
size_t marks_place(const struct marks *m, uint32_t row);

#endif /* UI_TUI_MARKS_H */
