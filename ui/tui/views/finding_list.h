/* SPDX-License-Identifier: MIT */
/*
 * finding_list.h - findings as a list: in the order they came, or grouped by
 * rule with the findings of a rule below it when it is unfolded.  Carried on as
 * findings come.
 *
 *   v ERROR  frame-client-unmasked   2     a group, unfolded
 *       F 14                               its findings
 *       F 15
 *   > WARN   close-unanswered        1     a group
 *
 * Groups stand by the worst severity of what is in them, then by what was found
 * first.  8 bytes a finding.
 */
#ifndef UI_TUI_FINDING_LIST_H
#define UI_TUI_FINDING_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/tui/store/refine.h"
#include "ui/tui/store/store.h"

/* Rows of findings in the store, ascending. */
struct finding_rows {
    uint32_t *row;
    size_t n, cap;
};

struct finding_group {
    struct finding_rows rows;
    enum severity worst;
    bool unfolded;
};

/* Embed it, zeroed. */
struct finding_list {
    enum severity
        least;      /* what is less is left out; see finding_list_least() */
    bool flat;      /* one list in the order they came */
    size_t scanned; /* rows of the store that were looked at */
    const struct refine *filter; /* borrowed: only those that pass are listed;
                                    NULL: all */
    uint32_t starts;             /* of the filter, of the last update */
    uint64_t passed[SEVERITY_COUNT]; /* those left out as less, too */
    struct finding_rows all;
    struct finding_group group[FINDING_COUNT]; /* by enum finding_id */
    uint16_t order[FINDING_COUNT]; /* groups with anything in them */
    size_t n_groups;
};

/* What stands in a line. */
struct finding_item {
    bool head;    /* of a group */
    uint32_t row; /* of the finding; of a head the first of its group */
};

void finding_list_fini(struct finding_list *l);

/* Takes in what came since, of the store's rows before `end`.  False: out of
 * memory, and some are missing. */
bool finding_list_update(struct finding_list *l, const struct store *s,
                         size_t end);

/* Leaves out what is less, from the next update on.  What is unfolded stays
 * so. */
void finding_list_least(struct finding_list *l, enum severity least);

/* Lines of the list. */
size_t finding_list_n(const struct finding_list *l);

/* What stands in line `at` < finding_list_n(). */
struct finding_item finding_list_at(const struct finding_list *l, size_t at);

/* The line of an item; of a finding whose group is folded that of its group.
 * finding_list_n(): it is not in the list. */
size_t finding_list_place(const struct finding_list *l, const struct store *s,
                          struct finding_item item);

/* The finding behind `row` in the order they came, or with -1 before it, and on
 * from the other end; STORE_NONE as row: the first, or the last.  STORE_NONE:
 * there is none at all. */
uint32_t finding_list_step(const struct finding_list *l, uint32_t row,
                           int step);

#endif /* UI_TUI_FINDING_LIST_H */
