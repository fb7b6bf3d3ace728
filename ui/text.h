/* SPDX-License-Identifier: MIT */
/*
 * text.h - bytes of the traffic as text that is safe on a terminal.
 *
 * What comes out is valid UTF-8 without control characters (C0, DEL, C1),
 * without bidi controls and other invisible format characters, and, when the
 * terminal is not UTF-8, ASCII only:
 *
 *   control characters   Control Pictures (U+2400 ..); ASCII: <1B>
 *   C1, bidi, zero-width <U+202E>
 *   invalid UTF-8        each byte as <FF>
 *
 * Columns are counted with a table of our own (East_Asian_Width W and F count
 * two); where terminals disagree the larger figure is taken, so that a line
 * never wraps.  Independent of the locale; no memory of its own.
 */
#ifndef UI_TEXT_H
#define UI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* The longest that one character becomes: "<U+10FFFF>", bytes and columns. */
#define TEXT_CHAR_MAX 10u

/* What text_take() and text_fit() did. */
struct text_fit {
    size_t in_len;  /* bytes of the input used */
    size_t out_len; /* bytes written */
    size_t cols;    /* columns that they take on a terminal */
    bool cut;       /* text_fit: an ellipsis was put at the end */
};

/*
 * Writes the beginning of in to out, whole characters only, until in is used
 * up or the next one would pass max_cols columns or cap bytes.
 *
 * more  in is only the beginning of the text: a character cut off at its end
 *       is left out (in_len then falls up to 3 bytes short of in.len).
 * utf8  the terminal understands UTF-8.
 *
 * Combining marks stay with their base; more than four on one base, or one at
 * the beginning, are shown as <U+0301>.
 */
struct text_fit text_take(struct slice in, bool more, bool utf8,
                          size_t max_cols, uint8_t *out, size_t cap);

/* The same, and ends in an ellipsis (inside max_cols and cap) when not
 * everything fitted or when `more`.  Nothing but what fits of the ellipsis is
 * written when even that does not fit. */
struct text_fit text_fit(struct slice in, bool more, bool utf8, size_t max_cols,
                         uint8_t *out, size_t cap);

/* No control characters but tab, CR, LF and valid UTF-8: worth showing as
 * text rather than hex. */
bool text_is_plain(struct slice in);

/* in is the beginning of a character and nothing else. */
bool text_is_unfinished(struct slice in);

/* Columns of a character: 0, 1 or 2. */
unsigned text_width(uint32_t cp);

/* Never sent to a terminal: controls, bidi, format and other invisible
 * characters, line separators, noncharacters. */
bool text_is_hidden(uint32_t cp);

#endif /* UI_TEXT_H */
