/* SPDX-License-Identifier: MIT */
#include "ui/nearest.h"

#include <string.h>

#include "dissect/finding.h"

static size_t
min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * Edits (insert, delete, replace, swap neighbours) that make a into b: optimal
 * string alignment.  Both at most NEAREST_WORD_MAX bytes.
 */
static size_t
edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][NEAREST_WORD_MAX + 1];
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t d = above[j - 1] + (a[i - 1] != b[j - 1]);
            d = min_of(d, min_of(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d = min_of(d, above2[j - 2] + 1);
            row[j] = d;
        }
    }
    return rows[a_len % 3][b_len];
}

struct nearest
nearest_make(const char *word, size_t len)
{
    struct nearest n = {word, len, NULL, 0, 0};
    return n;
}

void
nearest_try(struct nearest *n, const char *candidate, size_t len)
{
    if (n->len > NEAREST_WORD_MAX || len > NEAREST_WORD_MAX)
        return;
    size_t limit = n->len < 6 ? 1 : n->len / 3;
    size_t distance = edit_distance(n->word, n->len, candidate, len);
    /* A beginning is meant, however much is left out: names are not
     * abbreviated here, but people try. */
    if (n->len >= 2 && n->len < len && memcmp(n->word, candidate, n->len) == 0)
        distance = 1;
    if (distance > limit || (n->best && distance >= n->best_distance))
        return;
    n->best = candidate;
    n->best_len = len;
    n->best_distance = distance;
}

const char *
nearest_finding(const char *word, size_t len)
{
    struct nearest n = nearest_make(word, len);
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        const char *id = finding_info((enum finding_id)i)->id;
        nearest_try(&n, id, strlen(id));
    }
    return n.best;
}
