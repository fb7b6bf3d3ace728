/* SPDX-License-Identifier: MIT */
/*
 * budget.h - what several owners of memory together may take.
 *
 * Whoever allocates for the traffic counts it here, with what the allocator
 * adds; whoever can let go of something (capture/flow.h) looks whether the
 * budget is passed and lets go until it is not.  Counting never fails: between
 * an allocation and the next look the budget may be passed by what one packet
 * brings.
 *
 * Not for several threads.
 */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

/* Embed it with max set and the rest 0. */
struct budget {
    size_t max;  /* bytes */
    size_t used; /* bytes */
    size_t peak; /* the most ever used, bytes */
};

/* What a block of len bytes takes from the system: malloc() of the GNU C
 * library adds 8 bytes and rounds up to 16. */
static inline size_t
budget_block(size_t len)
{
    return (len + 8 + 15) & ~(size_t)15;
}

static inline void
budget_take(struct budget *b, size_t len)
{
    b->used += len;
    if (b->used > b->peak)
        b->peak = b->used;
}

static inline void
budget_give(struct budget *b, size_t len)
{
    assert(len <= b->used);
    b->used -= len;
}

/* Replaces what an owner took before by what it has now. */
static inline void
budget_change(struct budget *b, size_t before, size_t now)
{
    budget_give(b, before);
    budget_take(b, now);
}

static inline bool
budget_is_over(const struct budget *b)
{
    return b->used > b->max;
}

#endif /* BASE_BUDGET_H */
