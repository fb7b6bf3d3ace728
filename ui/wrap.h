/* SPDX-License-Identifier: MIT */
/*
 * wrap.h - sentences of ours in columns: plain ASCII, broken at blanks.
 */
#ifndef UI_WRAP_H
#define UI_WRAP_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes text, the cursor being in column at (0 = first); each line starts at
 * column indent, the first on a line of its own when two blanks do not fit
 * before it.  No line is longer than columns unless a word is; 0: all on one
 * line.  Ends the line.
 */
void wrap_write(FILE *out, const char *text, size_t at, size_t indent,
                size_t columns);

#endif /* UI_WRAP_H */
