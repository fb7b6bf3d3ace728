/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/search.h"

#include <assert.h>

void
search_start(struct search *s, size_t from, size_t n, bool forward)
{
    assert(from < n || from == 0);
    *s = (struct search){.from = from, .n = n, .forward = forward};
}

/* The row that is the i-th to be looked at, 1 = first. */
static size_t
row_of(const struct search *s, size_t i)
{
    size_t before_end = s->n - 1 - s->from;
    if (s->forward)
        return i <= before_end ? s->from + i : i - before_end - 1;
    return i <= s->from ? s->from - i : s->n - (i - s->from);
}

enum search_step
search_next(struct search *s, size_t most, search_match_fn match, void *ctx,
            size_t *row)
{
    for (; most > 0 && s->looked < s->n; most--) {
        size_t at = row_of(s, ++s->looked);
        if (match(ctx, at)) {
            *row = at;
            return SEARCH_FOUND;
        }
    }
    return s->looked < s->n ? SEARCH_MORE : SEARCH_NONE;
}

unsigned
search_percent(const struct search *s)
{
    return s->n ? (unsigned)((double)s->looked * 100 / (double)s->n) : 100;
}

bool
search_wrapped(const struct search *s)
{
    return s->forward ? s->looked > s->n - 1 - s->from : s->looked > s->from;
}
