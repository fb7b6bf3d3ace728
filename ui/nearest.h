/* SPDX-License-Identifier: MIT */
/*
 * nearest.h - "did you mean": the name that is most like a word that is none.
 */
#ifndef UI_NEAREST_H
#define UI_NEAREST_H

#include <stddef.h>

/* Longer words are like nothing, bytes. */
#define NEAREST_WORD_MAX 40u

/* The candidate that is most like word, if any is like it at all.  Words are
 * borrowed and need no terminator. */
struct nearest {
    const char *word;
    size_t len;
    const char *best; /* NULL: none so far */
    size_t best_len;
    size_t best_distance;
};

struct nearest nearest_make(const char *word, size_t len);
void nearest_try(struct nearest *n, const char *candidate, size_t len);

/* The id of a finding, or NULL. */
const char *nearest_finding(const char *word, size_t len);

#endif /* UI_NEAREST_H */
